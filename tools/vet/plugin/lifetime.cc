/* SPDX-License-Identifier: GPL-2.0-only */
#include "analysis.hh"

static const char fix[] = "; use strata_region_escape()";

void Analysis::open_frame(Object *mark, State &state, gimple *stmt)
{
	/* Opened in a loop and not closed. */
	if (state.frames.has(mark)) {
		if (reporting && !state.kept.count(mark))
			program.report.warn(place_of(stmt), "frame of " + mark->name +
					    " is left open on some path");
		return;
	}
	state.frames.open.push_back(mark);
}

/* @marks are those to close, or point to what holds them. */
void Analysis::close_frame(const Values &given, State &state, gimple *stmt)
{
	ObjectSet marks;
	auto take = [&](const Value &v) {
		if (v.object->kind == Kind::mark)
			marks.insert(v.object);
	};

	for (const Value &v : given) {
		take(v);
		if (v.object->kind == Kind::mark || v.object->kind == Kind::code)
			continue;
		for (const Value &held : state.read(v.object, ANY, objects))
			take(held);
	}
	if (marks.empty()) {
		/* Of a frame of the caller. */
		event(Does::pop, given, "");
		return;
	}

	/* Of several that it may be, the one that is open here. */
	Object *mark = nullptr;

	for (Object *m : marks)
		if (state.frames.has(m))
			mark = m;
	if (!mark) {
		if (reporting && !state.excused.count(*marks.begin()))
			program.report.warn(place_of(stmt), "frames popped out of order: "
					    "this frame is popped already");
		return;
	}

	auto &open = state.frames.open;
	auto at = std::find(open.begin(), open.end(), mark);
	ObjectSet closed;

	for (auto inner = at; inner != open.end(); ++inner) {
		if (*inner != mark && (!mark->region || (*inner)->region != mark->region))
			continue;
		if (*inner != mark && reporting)
			program.report.warn(place_of(stmt), "frames popped out of order: "
				"the frame opened at " + spell(place_of((*inner)->site)) +
				" is still open");
		if (*inner != mark)
			state.excused.insert(*inner);
		closed.insert(*inner);
	}

	ObjectSet dying;

	for (const auto &o : state.life)
		if (o.second.alive && o.second.frame && closed.count(o.second.frame))
			dying.insert(o.first);
	open.erase(std::remove_if(open.begin(), open.end(), [&](Object *m) {
		return closed.count(m);
	}), open.end());
	end(dying, state, stmt);
}

void Analysis::close_region(Object *region, bool destroy, State &state, gimple *stmt)
{
	auto &open = state.frames.open;
	ObjectSet dying;

	for (const auto &o : state.life)
		if (o.second.alive && o.first->region == region)
			dying.insert(o.first);
	open.erase(std::remove_if(open.begin(), open.end(), [&](Object *m) {
		return m->region == region;
	}), open.end());
	end(dying, state, stmt);
	if (destroy)
		state.frames.destroyed.insert(region);
}

void Analysis::end(const ObjectSet &dying, State &state, gimple *)
{
	if (reporting)
		check_holders(dying, state);
	for (Object *o : dying) {
		Life &life = state.life[o];

		life.alive = false;
		life.ended = true;
	}
}

/* Does anything that stays hold what goes? */
void Analysis::check_holders(const ObjectSet &dying, State &state)
{
	for (const auto &at : state.memory()) {
		std::string how = how_held(at.first.holder, state, dying);

		if (how.empty())
			continue;
		for (const Value &v : at.second)
			if (dying.count(v.object) && v.stored)
				escapes(v, how, v.stored);
	}
}

/* How a holder keeps an object past the ends of @dying; empty if it does not. */
std::string Analysis::how_held(Object *holder, const State &state,
			       const ObjectSet &dying) const
{
	auto life = state.life.find(holder);
	bool ended = life != state.life.end() && !life->second.alive;

	switch (holder->kind) {
	case Kind::global:
		return holder->holds.empty() ? "stored in global " + holder->name :
					       holder->holds;
	case Kind::param:
	case Kind::unknown:
		return holder->outlives() ? "stored in *" + holder->name +
					    ", which outlives the frame" : "";
	case Kind::frame:
		if (ended || dying.count(holder))
			return "";
		return holder->holds.empty() ? "stored in an outer frame's object" :
					       holder->holds;
	case Kind::heap:
		return ended || life == state.life.end() ? "" : "stored in a heap object";
	default:
		return "";
	}
}

void Analysis::escapes(const Value &v, const std::string &how, gimple *stmt)
{
	Object *o = v.object->memory;

	if (!o->holds.empty())
		return;
	if (v.cast)
		program.report.note(place_of(v.cast), o->name + " converted to an integer");
	else
		program.report.warn(place_of(stmt), o->name + " escapes its frame: " + how + fix);
	left.emplace(o, Departure{ stmt, "{heap}", how });
}

/* What is dead already goes nowhere any more. */
void Analysis::check_stored(const Values &to, const Values &what, State &state,
			    gimple *stmt)
{
	if (!reporting)
		return;
	for (const Value &v : what) {
		auto life = state.life.find(v.object);

		if (v.object->kind != Kind::frame || life == state.life.end() ||
		    !life->second.ended)
			continue;
		for (const Value &t : to) {
			std::string how = how_held(t.object->memory, state, ObjectSet());

			if (!how.empty())
				escapes(v, how, stmt);
		}
	}
}

/* Objects that can be reached from these without leaving what we made. */
ObjectSet Analysis::reachable(const Values &from, State &state)
{
	ObjectSet found;
	std::vector<Object *> todo;

	for (const Value &v : from)
		todo.push_back(v.object->memory);
	while (!todo.empty()) {
		Object *o = todo.back();

		todo.pop_back();
		if (!found.insert(o).second || o->foreign() || o->kind == Kind::code)
			continue;
		for (const Value &v : state.read(o, ANY, objects))
			todo.push_back(v.object->memory);
	}
	return found;
}

/* What is returned; for a struct its fields, by offset. */
Values Analysis::returned_values(tree retval, State &state, gimple *stmt,
				 std::vector<std::pair<long, Values>> *fields)
{
	Values all;

	if (!retval)
		return all;
	if (is_gimple_reg_type(TREE_TYPE(retval)))
		return value(retval, state, stmt);
	for (const Value &at : where(retval, state, stmt)) {
		for (const auto &place : state.memory()) {
			if (place.first.holder != at.object->memory)
				continue;
			fields->emplace_back(place.first.offset, place.second);
			all.add(place.second);
		}
		if (at.object->foreign())
			all.add(state.read(at.object, ANY, objects));
	}
	return all;
}

void Analysis::leave_function(greturn *stmt, State &state)
{
	if (!reporting)
		return;

	tree retval = gimple_return_retval(stmt);
	std::vector<std::pair<long, Values>> fields;
	Values returned = returned_values(retval, state, stmt, &fields);
	Values out = returned;
	ObjectSet callers;

	/* The caller closes frames whose marks it can find. */
	for (const auto &at : state.memory())
		if (at.first.holder->outlives() || at.first.holder->kind == Kind::heap)
			out.add(at.second);
	ObjectSet seen = reachable(out, state);

	for (Object *mark : state.frames.open) {
		if (seen.count(mark))
			state.kept.insert(mark);
		else if (!state.kept.count(mark))
			program.report.warn(place_of(mark->site), "frame of " + mark->name +
					    " is left open on some path");
	}

	for (const Value &v : returned) {
		auto life = state.life.find(v.object);

		if (life == state.life.end() || v.object->kind != Kind::frame ||
		    !life->second.ended)
			continue;
		escapes_by_return(v, retval, stmt);
	}

	/* Objects of a region that is a parameter belong to a frame of the caller,
	   unless somebody moved them there to be kept. */
	for (const auto &o : state.life)
		if (o.second.alive && !o.second.frame && o.first->region &&
		    !moved.count(o.first->site) &&
		    o.first->region->kind == Kind::param && !o.first->region->parent)
			callers.insert(o.first);
	for (const auto &at : state.memory())
		if (at.first.holder->kind == Kind::global)
			for (const Value &v : at.second)
				if (callers.count(v.object) && v.stored)
					escapes(v, how_held(at.first.holder, state, callers), v.stored);

	note_exit(state, returned, fields, stmt);
}

void Analysis::escapes_by_return(const Value &v, tree retval, gimple *stmt)
{
	Object *o = v.object->memory;
	location_t at = return_place(retval, o, stmt);

	if (v.cast)
		program.report.note(place_of(v.cast), o->name + " converted to an integer");
	else
		program.report.warn(at, o->name + " escapes its frame: returned" + fix);
	left.emplace(o, Departure{ stmt, "{result}", "returned" });
}

/* The return statement that an object comes from: all lead to one in the end. */
location_t Analysis::return_place(tree retval, Object *o, gimple *stmt)
{
	auto has = [&](tree name) {
		for (const Value &v : of(name))
			if (v.object->memory == o)
				return true;
		return false;
	};
	std::set<tree> seen;
	tree name = retval;
	location_t at = gimple_location(stmt);

	while (name && TREE_CODE(name) == SSA_NAME && seen.insert(name).second) {
		gimple *def = SSA_NAME_DEF_STMT(name);
		bool nameless = !SSA_NAME_VAR(name) || !DECL_NAME(SSA_NAME_VAR(name));

		if (gphi *phi = dyn_cast<gphi *>(def)) {
			tree next = NULL_TREE;

			for (unsigned i = 0; i < gimple_phi_num_args(phi) && nameless; i++) {
				tree arg = gimple_phi_arg_def(phi, i);

				if (TREE_CODE(arg) != SSA_NAME || !has(arg) || seen.count(arg))
					continue;
				if (gimple_phi_arg_location(phi, i) != UNKNOWN_LOCATION)
					at = gimple_phi_arg_location(phi, i);
				next = arg;
				break;
			}
			name = next;
			continue;
		}
		if (nameless && gimple_location(def) != UNKNOWN_LOCATION &&
		    (is_gimple_call(def) || gimple_assign_single_p(def) ||
		     gimple_assign_cast_p(def)))
			at = gimple_location(def);
		break;
	}
	if (name && TREE_CODE(name) != SSA_NAME && DECL_P(name)) {
		/* A struct: where its field was set. */
		for (const auto &states : entry)
			for (const auto &s : states)
				for (const auto &p : s.second.memory())
					if (p.first.holder->decl == name)
						for (const Value &v : p.second)
							if (v.object->memory == o && v.stored)
								at = gimple_location(v.stored);
	}
	return LOCATION_LOCUS(at) == UNKNOWN_LOCATION ? place_of(stmt) :
							place_of(LOCATION_LOCUS(at));
}
