/* SPDX-License-Identifier: GPL-2.0-only */
#include "analysis.hh"

/* The name that a caller knows a value by. False for what no caller can see. */
bool Analysis::term_of(const Value &v, Term &t)
{
	Object *o = v.object->memory;

	t = Term();
	t.inside = v.offset;
	if (o->inside) {
		Value whole(o->parent, v.offset == ANY ? ANY : o->offset + v.offset);

		return term_of(whole, t);
	}
	for (; o->parent; o = o->parent)
		t.path.insert(t.path.begin(), o->offset);
	switch (o->kind) {
	case Kind::param:
		t.root = Term::argument;
		t.index = o->argument;
		/* A variable argument is what va_arg() reads, not where it is. */
		if (t.index == VARARGS && !t.path.empty())
			t.path.erase(t.path.begin());
		return true;
	case Kind::global:
		t.root = Term::global;
		t.name = o->symbol;
		return o->holds.empty();
	case Kind::unknown:
		t = Term();
		return true;
	case Kind::code:
		t.root = Term::code;
		t.name = o->name;
		t.decl = o->decl;
		return true;
	case Kind::frame:
	case Kind::heap:
	case Kind::mark:
		t.root = Term::made;
		t.index = numbered.emplace(o, numbered.size() + 1).first->second;
		return true;
	case Kind::local:
		return false;
	}
	return false;
}

void Analysis::event(Does does, const Values &what, const std::string &name)
{
	if (!reporting)
		return;
	for (const Value &v : what) {
		Term t;

		if (v.object->root()->kind == Kind::param && term_of(v, t))
			summary.add(does, t, name);
	}
}

/*
 * These values leave, to what @holder holds, or to the result, or to nobody
 * knows where. Of a parameter that is -m's business, of a heap object too.
 */
void Analysis::leaks(const Values &values, Object *holder, bool result, gimple *by,
		     State &state)
{
	if (!reporting)
		return;
	for (const Value &v : values) {
		for (Object *o : reachable(Values(v.object), state)) {
			bool direct = o == v.object->memory;
			Object *root = o->root();

			if (o->kind == Kind::heap || (o->kind == Kind::frame && !holder && !result))
				left.emplace(o, Departure{ by, result ? "{result}" : "{heap}",
							   result ? "returned" : "stored" });
			if (root->kind != Kind::param || (holder && holder->root() == root))
				continue;

			Flow &flow = flows.emplace(root->argument, Flow{}).first->second;
			bool itself = o == root && !root->own_copy;

			if (itself && result && direct)
				flow.to_result = true;
			else if (itself)
				flow.leaks = true;
			else
				flow.content = true;
			if (!flow.by || itself)
				flow.by = by;
		}
	}
}

/*
 * Global variables that hold on each way out something else than at the start:
 * what the caller had put there is gone.
 */
void Analysis::note_replaced(const State &state)
{
	std::set<Place> here;

	for (const auto &at : state.memory()) {
		Object *holder = at.first.holder;

		if (holder->kind == Kind::global && !holder->parent && holder->holds.empty() &&
		    at.first.offset != ANY &&
		    !at.second.has(objects.read_from(holder, at.first.offset)) &&
		    (!replaced || replaced->count(at.first)))
			here.insert(at.first);
	}
	replaced = std::make_unique<std::set<Place>>(std::move(here));
}

void Analysis::note_exit(State &state, const Values &returned,
			 const std::vector<std::pair<long, Values>> &fields, gimple *stmt)
{
	std::vector<Object *> todo;
	ObjectSet written;
	auto usable = [&](const Value &v) {
		auto life = state.life.find(v.object);

		return life == state.life.end() || life->second.alive;
	};
	auto name = [&](const Value &v, Term &t) {
		if (!usable(v) || !term_of(v, t))
			return false;
		if (t.root == Term::made)
			todo.push_back(v.object->memory);
		return true;
	};
	auto write_places = [&](Object *holder) {
		for (auto at = state.memory().lower_bound(Place{ holder, ANY });
		     at != state.memory().end() && at->first.holder == holder; ++at) {
			for (const Value &v : at->second) {
				Term what, to;

				if (!v.stored || !name(v, what))
					continue;
				if (holder->kind == Kind::global && !holder->holds.empty()) {
					summary.add(Does::captures, what,
						    holder->holds.substr(strlen("captured by callback ")));
				} else if (!holder->holds.empty() && at->first.offset == 0) {
					Effect e;

					e.does = Does::defer;
					if (holder->region)
						term_of(Value(holder->region), e.other);
					e.with.push_back(what);
					summary.effects.insert(e);
				} else if (holder->holds.empty() &&
					   term_of(Value(holder, at->first.offset), to)) {
					summary.add(Does::stores, what, to);
				}
			}
		}
	};

	if (fields.empty())
		for (const Value &v : returned) {
			Term t;

			if (name(v, t))
				summary.add(Does::returns, t);
		}
	for (const auto &field : fields)
		for (const Value &v : field.second) {
			Term t, to;

			to.root = Term::result;
			to.inside = field.first;
			if (name(v, t))
				summary.add(Does::stores, t, to);
		}
	leaks(returned, nullptr, true, stmt, state);
	note_replaced(state);

	for (const auto &at : state.memory()) {
		Object *holder = at.first.holder;
		bool record = holder->kind == Kind::frame && !holder->holds.empty();

		if (!holder->outlives() && !record)
			continue;
		if (written.insert(holder).second)
			write_places(holder);
		if (record)
			continue;
		for (const Value &v : at.second)
			if (v.stored)
				leaks(Values(v.object), holder, false, v.stored, state);
	}

	/* What was made here, and what that holds. */
	while (!todo.empty()) {
		Object *o = todo.back();

		todo.pop_back();
		if (!written.insert(o).second)
			continue;
		Term made = term_made(numbered[o]), region;

		if (o->region)
			term_of(Value(o->region), region);
		if (o->kind == Kind::frame)
			summary.add(Does::make_frame, made, region, word(o->name));
		else if (o->kind == Kind::heap)
			summary.add(Does::make_heap, made);
		else if (state.frames.has(o))
			summary.add(Does::push, made, region);
		if (o->kind != Kind::mark)
			write_places(o);
	}
}

/* A name that a summary file can hold. */
std::string Analysis::word(const std::string &name)
{
	return name.find_first_of(" (),") == std::string::npos ? name : "";
}

/* More than this, and a summary is told in fewer words. */
static const size_t MAX_EFFECTS = 64;

/* What neither the caller gave nor the function made. */
static bool is_elsewhere(const Term &t)
{
	return t.root == Term::global || t.root == Term::unknown;
}

static bool is_same_root(const Term &a, const Term &b)
{
	return a.root == b.root && a.index == b.index && a.name == b.name;
}

/* Somewhere in what the root points to, however many steps away. */
static Term widened(Term t)
{
	if (t.path.size() > 1)
		t.path = { ANY };
	if (!t.path.empty())
		t.inside = ANY;
	return t;
}

/*
 * The effects that matter to callers, and not too many of them: a tree that is
 * rebalanced links each of its nodes to each other one. What is stored from one
 * place elsewhere to another was elsewhere before.
 */
Summary Analysis::summarize()
{
	tree type = TREE_TYPE(fun->decl);
	bool many = summary.effects.size() > MAX_EFFECTS;
	Summary result;

	result.analyzed = true;
	for (Effect e : summary.effects) {
		bool keeps = e.does == Does::unknown || e.does == Does::captures ||
			     e.does == Does::leaks || e.does == Does::stores;

		if (keeps && e.what.root == Term::argument &&
		    attribute_noescape(type, e.what.index))
			continue;
		if (e.does == Does::stores && is_elsewhere(e.what) && is_elsewhere(e.other))
			continue;
		if (many && e.does == Does::stores && is_same_root(e.what, e.other))
			continue;
		if (many && (e.does == Does::stores || e.does == Does::returns)) {
			e.what = widened(e.what);
			e.other = widened(e.other);
		}
		result.effects.insert(e);
	}
	for (const Place &place : replaced ? *replaced : std::set<Place>()) {
		Term t;

		if (term_of(Value(place.holder, place.offset), t))
			result.add(Does::replaces, t);
	}
	return result;
}

/* -m is about the file that is compiled, not about what it includes. */
bool Analysis::speaks_of(location_t loc) const
{
	const char *file = LOCATION_FILE(loc);

	return program.report.options.explain && file && main_input_filename &&
	       !strcmp(file, main_input_filename);
}

void Analysis::explain_results()
{
	if (!speaks_of(DECL_SOURCE_LOCATION(fun->decl)))
		return;
	say_parameters();
	say_objects();
}

void Analysis::say_parameters()
{
	int index = 0;

	for (tree p = DECL_ARGUMENTS(fun->decl); p; p = DECL_CHAIN(p), index++) {
		auto found = flows.find(index);
		location_t at = DECL_SOURCE_LOCATION(p);
		std::string name = spell(p);

		if (!POINTER_TYPE_P(TREE_TYPE(p)) || !DECL_NAME(p))
			continue;
		if (found == flows.end()) {
			program.report.say(at, name + " does not escape");
			continue;
		}
		const Flow &f = found->second;
		std::string text = f.leaks ? "leaking param: " + name :
				   f.to_result ? "leaking param: " + name + " to result" :
				   "leaking param content: " + name;
		std::string to = f.leaks || !f.to_result ? "{heap}" : "{result}";

		program.report.say(at, text, !wants_flow() ? "" :
				   flow(objects.argument(index, name), at,
					"parameter " + name + " leaks to " + to,
					f.by, to, "leaks"));
	}
}

void Analysis::say_objects()
{
	for (const auto &m : moved) {
		std::string name = m.second >= 0 &&
				   m.second < (int)gimple_call_num_args(m.first) ?
				   spell(gimple_call_arg(m.first, m.second)) : "its object";

		program.report.say(place_of(m.first), "moved to heap: " + name);
	}
	for (const auto &each : objects.all()) {
		Object *o = each.get();

		if ((o->kind != Kind::frame && o->kind != Kind::heap) || o->memory != o ||
		    !o->holds.empty() || moved.count(o->site) ||
		    (!o->direct && o->kind == Kind::heap) ||
		    !gimple_call_lhs(o->site))
			continue;
		auto leaving = left.find(o);
		location_t at = place_of(o->site);

		if (leaving != left.end()) {
			const Departure &d = leaving->second;

			program.report.say(at, o->name + " escapes to heap",
					   !wants_flow() ? "" : flow(o, at, o->name + " escapes to heap", d.by, d.to,
						d.why));
		} else if (o->kind == Kind::frame) {
			program.report.say(at, o->name + " does not escape");
		} else {
			tree decl = gimple_call_fndecl(o->site);

			program.report.say(at, (decl ? spell(decl) : "allocation") + " of " +
					   o->name + " does not escape: could live in the frame");
		}
	}
}
