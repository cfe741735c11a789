/* SPDX-License-Identifier: GPL-2.0-only */
#include "analysis.hh"

/* Flows longer than this are cut. */
static const int MAX_STEPS = 24;

static std::string spell_statement(gimple *stmt, const char **why)
{
	if (greturn *ret = dyn_cast<greturn *>(stmt)) {
		tree value = gimple_return_retval(ret);

		*why = "return";
		return "return" + (value ? " " + spell(value) : std::string());
	}
	if (is_gimple_call(stmt)) {
		tree lhs = gimple_call_lhs(stmt);
		tree fn = gimple_call_fn(stmt);
		std::string callee = fn ? spell(fn) : "a builtin";

		*why = "call";
		return (lhs && (TREE_CODE(lhs) != SSA_NAME || SSA_NAME_VAR(lhs)) ?
			spell(lhs) + " = " : std::string()) + callee + "(...)";
	}
	if (is_gimple_assign(stmt)) {
		tree lhs = gimple_assign_lhs(stmt);

		*why = TREE_CODE(lhs) == SSA_NAME ? "assign" : "store";
		return spell(lhs) + " = " + spell(gimple_assign_rhs1(stmt));
	}
	if (gimple_code(stmt) == GIMPLE_ASM) {
		*why = "inline asm";
		return "asm";
	}
	*why = "join";
	return "paths join";
}

/*
 * From the statement by which an object arrived somewhere to the one before it
 * on the way. Returns false at the start.
 */
bool Analysis::step(gimple *&stmt, Object *o)
{
	auto found = [&](tree operand) -> const Value * {
		if (!operand || TREE_CODE(operand) != SSA_NAME)
			return nullptr;
		for (const Value &v : of(operand))
			if (v.object->memory == o || v.object->root() == o)
				return &v;
		return nullptr;
	};

	if (stmt == o->site)
		return false;
	if (gphi *phi = dyn_cast<gphi *>(stmt)) {
		for (unsigned i = 0; i < gimple_phi_num_args(phi); i++)
			if (found(gimple_phi_arg_def(phi, i))) {
				stmt = SSA_NAME_DEF_STMT(gimple_phi_arg_def(phi, i));
				return true;
			}
		return false;
	}

	unsigned first = is_gimple_call(stmt) || gimple_code(stmt) == GIMPLE_RETURN ? 0 : 1;

	for (unsigned i = first; i < gimple_num_ops(stmt); i++) {
		tree operand = gimple_op(stmt, i);

		if (!operand)
			continue;
		if (found(operand)) {
			stmt = SSA_NAME_DEF_STMT(operand);
			return true;
		}
		/* A load: who put it there? */
		const Value *v = found(gimple_get_lhs(stmt));

		if (v && v->stored && v->stored != stmt && gimple_assign_load_p(stmt)) {
			stmt = v->stored;
			return true;
		}
	}
	return false;
}

std::string Analysis::flow(Object *o, location_t where, const std::string &headline,
			   gimple *sink, const std::string &to, const std::string &why)
{
	std::vector<std::string> lines;
	std::string prefix = spell(where) + ": ";
	std::set<gimple *> seen;
	gimple *stmt = sink;

	for (int i = 0; stmt && i < MAX_STEPS && seen.insert(stmt).second; i++) {
		const char *kind;
		std::string text = spell_statement(stmt, &kind);

		if (!gimple_nop_p(stmt) && gimple_code(stmt) != GIMPLE_PHI)
			lines.push_back(prefix + "    from " + text + " (" +
					(stmt == sink && *kind != 'r' ? why.c_str() : kind) +
					") at " + spell(place_of(stmt)) + "\n");
		if (!step(stmt, o))
			break;
	}

	std::string out = prefix + headline + " in " + spell(fun->decl) + ":\n" +
			  prefix + "  flow: " + to + " <- &" + o->name + ":\n";

	for (auto line = lines.rbegin(); line != lines.rend(); ++line)
		out += *line;
	return out;
}
