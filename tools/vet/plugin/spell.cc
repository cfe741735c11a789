/* SPDX-License-Identifier: GPL-2.0-only */
#include "spell.hh"

static const int MAX_DEPTH = 8;

static std::string name_of(tree decl)
{
	return DECL_NAME(decl) ? IDENTIFIER_POINTER(DECL_NAME(decl)) : "";
}

static std::string spell_call(gimple *call)
{
	tree fn = gimple_call_fn(call);
	tree decl = gimple_call_fndecl(call);

	if (decl)
		return name_of(decl) + "(...)";
	return fn ? spell(fn) + "(...)" : "a call";
}

static std::string spell(tree expr, int depth);

static std::string spell_defined(gimple *def, int depth)
{
	if (is_gimple_call(def))
		return spell_call(def);
	if (is_gimple_assign(def))
		return spell(gimple_assign_rhs1(def), depth);
	if (gimple_code(def) == GIMPLE_PHI && gimple_phi_num_args(def))
		return spell(gimple_phi_arg_def(def, 0), depth);
	return "a value";
}

static std::string spell(tree expr, int depth)
{
	if (++depth > MAX_DEPTH)
		return "...";

	switch (TREE_CODE(expr)) {
	case SSA_NAME:
		if (SSA_NAME_VAR(expr) && DECL_NAME(SSA_NAME_VAR(expr)) &&
		    !DECL_IGNORED_P(SSA_NAME_VAR(expr)))
			return name_of(SSA_NAME_VAR(expr));
		return spell_defined(SSA_NAME_DEF_STMT(expr), depth);
	case COMPONENT_REF: {
		tree base = TREE_OPERAND(expr, 0);
		std::string field = name_of(TREE_OPERAND(expr, 1));

		if (field.empty())
			return spell(base, depth);
		if (TREE_CODE(base) == MEM_REF &&
		    TREE_CODE(TREE_OPERAND(base, 0)) != ADDR_EXPR)
			return spell(TREE_OPERAND(base, 0), depth) + "->" + field;
		return spell(base, depth) + "." + field;
	}
	case ARRAY_REF:
	case ARRAY_RANGE_REF: {
		tree index = TREE_OPERAND(expr, 1);
		std::string base = spell(TREE_OPERAND(expr, 0), depth);

		if (tree_fits_shwi_p(index))
			return base + "[" + std::to_string(tree_to_shwi(index)) + "]";
		return base + "[" + spell(index, depth) + "]";
	}
	case MEM_REF:
		if (TREE_CODE(TREE_OPERAND(expr, 0)) == ADDR_EXPR)
			return spell(TREE_OPERAND(TREE_OPERAND(expr, 0), 0), depth);
		return "*" + spell(TREE_OPERAND(expr, 0), depth);
	case ADDR_EXPR:
		if (TREE_CODE(TREE_OPERAND(expr, 0)) == FUNCTION_DECL)
			return spell(TREE_OPERAND(expr, 0), depth);
		return "&" + spell(TREE_OPERAND(expr, 0), depth);
	case OBJ_TYPE_REF:
		return spell(OBJ_TYPE_REF_EXPR(expr), depth);
	case STRING_CST:
		return "a string";
	case INTEGER_CST:
		return tree_fits_shwi_p(expr) ?
		       std::to_string(tree_to_shwi(expr)) : "a constant";
	default:
		break;
	}
	if (DECL_P(expr) && DECL_NAME(expr))
		return name_of(expr);
	if (TREE_OPERAND_LENGTH(expr) > 0 && EXPR_P(expr) && TREE_OPERAND(expr, 0))
		return spell(TREE_OPERAND(expr, 0), depth);
	return "a value";
}

std::string spell(tree expr)
{
	return spell(expr, 0);
}

std::string spell_result(gimple *call)
{
	tree lhs = gimple_call_lhs(call);

	/* A result without a name is mostly on its way to a place with one. */
	for (int hops = 0; lhs && hops < 4; hops++) {
		use_operand_p use;
		gimple *next;

		if (TREE_CODE(lhs) != SSA_NAME ||
		    (SSA_NAME_VAR(lhs) && DECL_NAME(SSA_NAME_VAR(lhs)) &&
		     !DECL_IGNORED_P(SSA_NAME_VAR(lhs))))
			return spell(lhs);
		if (!single_imm_use(lhs, &use, &next) ||
		    (!gimple_assign_single_p(next) && !gimple_assign_cast_p(next)))
			break;
		if (gimple_assign_rhs1(next) != lhs)
			break;
		lhs = gimple_assign_lhs(next);
	}
	return spell_call(call);
}

std::string symbol_name(tree decl)
{
	if (HAS_DECL_ASSEMBLER_NAME_P(decl) && DECL_ASSEMBLER_NAME_SET_P(decl)) {
		const char *name = IDENTIFIER_POINTER(DECL_ASSEMBLER_NAME(decl));

		return name[0] == '*' ? name + 1 : name;
	}
	return name_of(decl);
}

location_t place_of(location_t loc)
{
	return linemap_resolve_location(line_table, loc, LRK_MACRO_EXPANSION_POINT,
					NULL);
}

location_t place_of(gimple *stmt)
{
	location_t loc = gimple_location(stmt);

	/* Statements of a clean-up at the end of a scope may have none. */
	if (LOCATION_LOCUS(loc) == UNKNOWN_LOCATION && gimple_bb(stmt)) {
		gimple_stmt_iterator it = gsi_for_stmt(stmt);

		for (; !gsi_end_p(it); gsi_prev(&it)) {
			loc = gimple_location(gsi_stmt(it));
			if (LOCATION_LOCUS(loc) != UNKNOWN_LOCATION)
				break;
		}
	}
	if (LOCATION_LOCUS(loc) == UNKNOWN_LOCATION)
		loc = DECL_SOURCE_LOCATION(current_function_decl);
	return place_of(LOCATION_LOCUS(loc));
}

std::string spell(location_t loc)
{
	expanded_location at = expand_location(loc);

	return std::string(at.file ? at.file : "?") + ":" + std::to_string(at.line) +
	       ":" + std::to_string(at.column);
}
