/* SPDX-License-Identifier: GPL-2.0-only */
#include "analysis.hh"

/* Callbacks of callbacks, and no further. */
static const int MAX_DEPTH = 3;

void Analysis::call(gcall *stmt, State &state)
{
	Call call{ stmt, {}, "", 0, 0, {}, Values() };
	tree decl = gimple_call_fndecl(stmt);
	tree lhs = gimple_call_lhs(stmt);
	SummaryRef summary;
	bool known = true;

	for (unsigned i = 0; i < gimple_call_num_args(stmt); i++) {
		tree arg = gimple_call_arg(stmt, i);

		/* A struct is its address: what the callee reads is the same. */
		call.args.push_back(is_gimple_reg_type(TREE_TYPE(arg)) ?
				    value(arg, state, stmt) : where(arg, state, stmt));
	}

	if (gimple_call_internal_p(stmt)) {
		if (gimple_call_internal_fn(stmt) == IFN_VA_ARG)
			for (const Value &list : call.args[0])
				call.result.add(state.read(list.object, ANY, objects));
	} else if (decl && fndecl_built_in_p(decl, BUILT_IN_VA_START)) {
		Object *rest = objects.argument(VARARGS, "...");

		rest->own_copy = true;
		for (const Value &list : call.args[0])
			state.write(Values(list.object, ANY),
				    Values(rest, ANY).stored_by(stmt), objects);
	} else if (decl && fndecl_built_in_p(decl, BUILT_IN_VA_COPY)) {
		state.copy(call.args[0], call.args[1], ANY, stmt, objects);
	} else if (decl) {
		call.callee = spell(decl);
		summary = program.summary(decl);
		known = summary || is_builtin_without_effects(stmt);
	} else {
		call.callee = spell(gimple_call_fn(stmt));
		summary = program.summary_of_type(gimple_call_fntype(stmt), call.callee);
		known = !!summary;
	}

	for (unsigned i = 0; i < call.args.size(); i++)
		check_argument(i, summary.get(), call, state);

	if (summary)
		apply(*summary, call, state);
	else if (!known && !decl)
		call_value(value(gimple_call_fn(stmt), state, stmt), call, state);
	else if (!known)
		call_unknown(call, state);

	if (!lhs)
		return;
	if (POINTER_TYPE_P(TREE_TYPE(lhs)) && call.result.empty() && !is_noop(summary.get())) {
		Object *o = objects.made_at(Kind::unknown, stmt, 0);

		o->name = spell_result(stmt);
		call.result.add(o);
	}
	if (TREE_CODE(lhs) == SSA_NAME) {
		define(lhs, call.result);
		return;
	}

	Values to = where(lhs, state, stmt);

	if (!call.result.empty() || is_gimple_reg_type(TREE_TYPE(lhs))) {
		check_stored(to, call.result, state, stmt);
		state.write(to, call.result.stored_by(stmt), objects);
	}
}

/* A body was seen, and all that it returns are numbers, NULL, or strings. */
bool Analysis::is_noop(const Summary *summary) const
{
	return summary && summary->analyzed &&
	       std::none_of(summary->effects.begin(), summary->effects.end(),
			    [](const Effect &e) { return e.does == Does::returns; });
}

/* The compiler's own functions keep nothing, but for those in the table. */
bool Analysis::is_builtin_without_effects(gcall *stmt) const
{
	tree decl = gimple_call_fndecl(stmt);

	return fndecl_built_in_p(decl) || (flags_from_decl_or_type(decl) & ECF_NORETURN);
}

/* What is given to a function must be alive, unless only the address matters. */
void Analysis::check_argument(int i, const Summary *summary, Call &call, State &state)
{
	if (!reporting)
		return;
	if (summary)
		for (const Effect &e : summary->effects)
			if (e.does == Does::address && e.what == term_argument(i))
				return;

	if (is_gimple_reg_type(TREE_TYPE(gimple_call_arg(call.stmt, i))))
		check_use(call.args[i], state, call.stmt);
	for (const Value &v : call.args[i]) {
		Object *region = v.offset == 0 || v.offset == ANY ? v.object :
				 objects.part_of(v.object, v.offset);

		if (state.frames.destroyed.count(region))
			program.report.warn(place_of(call.stmt), "use of region " +
				spell(gimple_call_arg(call.stmt, i)) + " after destroy");
	}
}

void Analysis::call_value(const Values &callee, Call &call, State &state)
{
	bool known = false;

	for (const Value &v : callee) {
		Term f;

		if (v.object->kind == Kind::code) {
			SummaryRef summary = program.summary(v.object->decl);

			known = true;
			call.callee = v.object->name;
			if (summary)
				apply(*summary, call, state);
			else
				call_unknown(call, state);
		} else if (v.object->root()->kind == Kind::param && term_of(v, f)) {
			/* The caller may know; it is asked with every value. */
			size_t most = 1;

			known = true;
			for (const Values &arg : call.args)
				most = std::max(most, arg.size());
			for (size_t i = 0; reporting && i < most; i++) {
				Effect e;

				e.does = Does::calls;
				e.what = f;
				e.name = call.callee;
				for (const Values &arg : call.args) {
					Term t;

					if (!arg.empty())
						term_of(*(arg.begin() + std::min(i, arg.size() - 1)), t);
					e.with.push_back(t);
				}
				summary.effects.insert(e);
			}
			for (const Values &arg : call.args)
				leaks(arg, nullptr, false, call.stmt, state);
			give_own(call, state);
		}
	}
	if (!known)
		call_unknown(call, state);
}

/* Objects of this function's own go to an unknown callback, too. */
void Analysis::give_own(Call &call, State &state)
{
	for (const Values &arg : call.args) {
		Values own;

		for (const Value &v : arg)
			if (!v.object->foreign())
				own.add(v);
		give_away(own, call.callee, call, state);
	}
}

void Analysis::call_unknown(Call &call, State &state)
{
	Object *result = objects.made_at(Kind::unknown, call.stmt, call.tag);
	tree lhs = gimple_call_lhs(call.stmt);

	for (const Values &arg : call.args) {
		for (const Value &v : arg)
			if (!v.object->outlives() || state.frame_of(v.object))
				result->derived = true;
		give_away(arg, call.callee, call, state);
	}
	if (lhs && POINTER_TYPE_P(TREE_TYPE(lhs))) {
		result->name = spell_result(call.stmt);
		call.result.add(result);
	}
}

/*
 * To somebody who may keep it. Variables are looked into: they are given for what
 * they hold. What they hold afterwards is anybody's guess.
 */
void Analysis::give_away(const Values &values, const std::string &to, Call &call,
			 State &state)
{
	bool assembler = gimple_code(call.stmt) == GIMPLE_ASM;
	ObjectSet seen;
	std::vector<Value> list(values.begin(), values.end());

	for (size_t i = 0; i < list.size(); i++) {
		Value v = list[i];
		Object *o = v.object->memory;

		if (!seen.insert(o).second)
			continue;
		switch (o->kind) {
		case Kind::frame:
			if (reporting && v.cast)
				program.report.note(place_of(v.cast),
						    o->name + " converted to an integer");
			else if (reporting)
				program.report.note(place_of(call.stmt), o->name +
					" passed to " + to + (assembler ? "" : ": no summary"));
			if (reporting)
				left.emplace(o, Departure{ call.stmt, "{heap}", "passed to " + to });
			break;
		case Kind::heap:
			if (reporting)
				left.emplace(o, Departure{ call.stmt, "{heap}", "passed to " + to });
			break;
		case Kind::local: {
			Object *guess = objects.made_at(Kind::unknown, call.stmt, 1000 + call.tag);

			for (const Value &held : state.read(o, ANY, objects))
				list.push_back(held);
			guess->derived = true;
			guess->name = o->name;
			if (!assembler)
				state.write(Values(o, ANY), Values(guess), objects);
			break;
		}
		case Kind::mark:
			state.kept.insert(o);
			break;
		case Kind::param:
		case Kind::global:
		case Kind::unknown:
			event(Does::unknown, Values(o, v.offset), to);
			leaks(Values(o, v.offset), nullptr, false, call.stmt, state);
			break;
		case Kind::code:
			break;
		}
	}
}

/* In the order of enum Does: first what is made, last what ends. */
void Analysis::apply(const Summary &summary, Call &call, State &state)
{
	if (call.depth > MAX_DEPTH)
		return;
	call.analyzed = summary.analyzed;
	for (const Effect &e : summary.effects)
		apply(e, call, state);
}

void Analysis::apply(const Effect &e, Call &call, State &state)
{
	gimple *stmt = call.stmt;
	Values what;

	if (e.does > Does::push && e.does != Does::joins)
		what = evaluate(e.what, call, state);

	switch (e.does) {
	case Does::make_frame:
	case Does::make_heap:
	case Does::make_region:
	case Does::push:
		make(e, call, state);
		break;
	case Does::replaces:
		if (what.size() == 1 && what.front().offset != ANY)
			state.write(what, Values(), objects);
		break;
	case Does::copies:
		state.copy(evaluate(e.other, call, state), what, ANY, stmt, objects);
		break;
	case Does::stores: {
		Values to = evaluate(e.other, call, state);

		what = what.stored_by(stmt);
		check_stored(to, what, state, stmt);
		name_by_place(what, to, call);
		/* A callee stores on some of its paths, perhaps. */
		for (const Value &t : to)
			state.add(t, what, objects);
		break;
	}
	case Does::returns:
		call.result.add(what);
		break;
	case Does::calls: {
		Call inner{ stmt, {}, e.name, call.tag * 31 + 7 * (e.what.index + 1),
			    call.depth + 1, {}, Values() };

		for (const Term &t : e.with)
			inner.args.push_back(t.root == Term::unknown ? Values() :
					     evaluate(t, call, state));
		if (inner.depth <= MAX_DEPTH)
			call_value(what, inner, state);
		break;
	}
	case Does::leaks: {
		Object *g = objects.global(e.name);

		what = what.stored_by(stmt);
		check_stored(Values(g, ANY), what, state, stmt);
		state.add(Value(g, ANY), what, objects);
		break;
	}
	case Does::unknown:
		give_away(what, e.name, call, state);
		break;
	case Does::captures: {
		if (waits)
			break;
		Object *captor = objects.global("captured by callback " +
						captor_name(e, call));

		/* With what its variables hold. */
		for (const Value &v : Values(what))
			if (v.object->kind == Kind::local)
				what.add(state.read(v.object, ANY, objects));
		captor->name = captor->holds = captor->symbol;
		what = what.stored_by(stmt);
		check_stored(Values(captor, ANY), what, state, stmt);
		state.add(Value(captor, ANY), what, objects);
		break;
	}
	case Does::joins:
		state.forget_captured();
		break;
	case Does::address:
		break;
	case Does::moved:
		if (!reporting || call.analyzed)
			break;
		moved[stmt] = e.what.root == Term::argument && e.what.path.empty() ?
			      e.what.index : -1;
		break;
	case Does::defer: {
		Object *record = objects.made_at(Kind::frame, stmt, 500 + call.tag);

		record->region = region_of(evaluate(e.other, call, state));
		record->holds = "deferred past its frame";
		record->name = "a deferred call";
		state.life[record] = Life{ true, false, state.frame_of(record->region) };
		state.add(Value(record, 8), what.stored_by(stmt), objects);
		for (const Term &t : e.with) {
			Values given = evaluate(t, call, state).stored_by(stmt);

			check_stored(Values(record), given, state, stmt);
			state.add(Value(record, 0), given, objects);
		}
		break;
	}
	case Does::unlinks:
		state.unlink(what);
		event(e.does, what, "");
		break;
	case Does::frees:
		for (const Value &v : what)
			if (v.object->kind == Kind::heap)
				state.life[v.object] = Life{ false, true, nullptr };
		event(e.does, what, "");
		break;
	case Does::pop:
		close_frame(what, state, stmt);
		break;
	case Does::reset:
	case Does::destroy: {
		Object *region = region_of(what);

		if (region)
			close_region(region, e.does == Does::destroy, state, stmt);
		event(e.does, what, "");
		break;
	}
	}
}

/* Who uses what was captured: the callback if it is given with it. */
std::string Analysis::captor_name(const Effect &e, const Call &call) const
{
	if (!e.name.empty())
		return e.name;
	for (const Values &arg : call.args)
		for (const Value &v : arg)
			if (v.object->kind == Kind::code)
				return v.object->name;
	return call.callee;
}

/* What a callee makes and stores in a variable goes by the variable's name. */
void Analysis::name_by_place(const Values &what, const Values &to, const Call &call)
{
	for (const Value &v : what)
		for (const auto &made : call.made)
			if (made.second == v.object && to.size() == 1 &&
			    to.front().object->kind == Kind::local)
				v.object->name = to.front().object->name;
}

/* New memory, a region, a frame. Made again in a loop, it may be many. */
void Analysis::make(const Effect &e, Call &call, State &state)
{
	static const std::map<Does, Kind> kinds = {
		{ Does::make_frame, Kind::frame }, { Does::make_heap, Kind::heap },
		{ Does::make_region, Kind::unknown }, { Does::push, Kind::mark },
	};
	unsigned tag = call.tag * 97 + e.what.index;
	Object *o = objects.made_at(kinds.at(e.does), call.stmt, tag);

	call.made[e.what.index] = o;
	if (o->name.empty())
		o->name = e.name.empty() || !call.analyzed ? spell_result(call.stmt) : e.name;
	if (e.does == Does::make_region) {
		o->derived = true;
		state.frames.destroyed.erase(o);
		return;
	}
	if (e.does == Does::push) {
		o->region = region_of(evaluate(e.other, call, state));
		o->name = spell_region(e.other, call, o->region);
		open_frame(o, state, call.stmt);
		return;
	}

	Life &life = state.life[o];

	o->direct = !call.analyzed;
	if (life.alive)
		o->many = true;
	else
		state.forget(o);
	if (e.does == Does::make_frame)
		o->region = region_of(evaluate(e.other, call, state));
	life = Life{ true, false, o->region ? state.frame_of(o->region) : nullptr };
}

std::string Analysis::spell_region(const Term &t, const Call &call, Object *region)
{
	if (t.root == Term::argument && t.path.empty() && call.depth == 0 &&
	    t.index < (int)gimple_call_num_args(call.stmt))
		return spell(gimple_call_arg(call.stmt, t.index));
	return region ? region->name : "a region";
}

/* The region that these point to, or null if it is not one for certain. */
Object *Analysis::region_of(const Values &values)
{
	Object *o = values.single();

	if (!o || values.front().offset == ANY || values.front().offset == 0)
		return o;
	return objects.part_of(o, values.front().offset);
}

Values Analysis::evaluate(const Term &t, Call &call, State &state)
{
	Values v;

	switch (t.root) {
	case Term::argument:
		if (t.index != VARARGS) {
			if (t.index < (int)call.args.size())
				v = call.args[t.index];
			break;
		}
		{
			unsigned named = 0;

			for (tree a = TYPE_ARG_TYPES(gimple_call_fntype(call.stmt));
			     a && TREE_VALUE(a) != void_type_node; a = TREE_CHAIN(a))
				named++;
			for (; named < call.args.size(); named++)
				v.add(call.args[named]);
		}
		break;
	case Term::global:
		v = Values(objects.global(t.name));
		break;
	case Term::code:
		if (t.decl)
			v = Values(objects.code(t.decl));
		break;
	case Term::made: {
		auto made = call.made.find(t.index);

		if (made != call.made.end())
			v = Values(made->second);
		break;
	}
	case Term::result:
		if (gimple_call_lhs(call.stmt) && call.depth == 0 &&
		    TREE_CODE(gimple_call_lhs(call.stmt)) != SSA_NAME)
			v = where(gimple_call_lhs(call.stmt), state, call.stmt);
		break;
	case Term::unknown: {
		Object *o = objects.made_at(Kind::unknown, call.stmt, 2000 + call.tag);

		if (o->name.empty())
			o->name = spell_result(call.stmt);
		v = Values(o);
		break;
	}
	}
	for (long offset : t.path) {
		Values next;

		for (const Value &at : v) {
			if (at.object->kind == Kind::code)
				continue;
			next.add(state.read(at.object, offset == ANY || at.offset == ANY ?
					    ANY : at.offset + offset, objects));
		}
		v = next;
	}
	return v.moved(t.inside);
}
