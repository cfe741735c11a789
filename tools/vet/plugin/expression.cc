/* SPDX-License-Identifier: GPL-2.0-only */
#include "analysis.hh"

/* A number that may be a pointer in disguise. */
static bool can_hold_pointer(tree type)
{
	return POINTER_TYPE_P(type) ||
	       (INTEGRAL_TYPE_P(type) && TYPE_PRECISION(type) >= POINTER_SIZE) ||
	       VECTOR_TYPE_P(type) || TREE_CODE(type) == COMPLEX_TYPE;
}

/* The address of what @ref names. To follow a pointer there is a use of it. */
Values Analysis::where(tree ref, State &state, gimple *stmt, bool follows)
{
	long offset = 0;

	for (;;) {
		switch (TREE_CODE(ref)) {
		case COMPONENT_REF: {
			tree field = TREE_OPERAND(ref, 1);
			tree at = DECL_FIELD_OFFSET(field);
			tree bit = DECL_FIELD_BIT_OFFSET(field);

			if (TREE_OPERAND(ref, 2) || !at || !tree_fits_shwi_p(at) ||
			    !tree_fits_shwi_p(bit))
				offset = ANY;
			else if (offset != ANY)
				offset += tree_to_shwi(at) + tree_to_shwi(bit) / BITS_PER_UNIT;
			ref = TREE_OPERAND(ref, 0);
			continue;
		}
		case ARRAY_REF:
		case ARRAY_RANGE_REF: {
			tree index = TREE_OPERAND(ref, 1);
			tree size = array_ref_element_size(ref);
			tree low = array_ref_low_bound(ref);

			if (!tree_fits_shwi_p(index) || !tree_fits_shwi_p(size) ||
			    !integer_zerop(low))
				offset = ANY;
			else if (offset != ANY)
				offset += tree_to_shwi(index) * tree_to_shwi(size);
			ref = TREE_OPERAND(ref, 0);
			continue;
		}
		case REALPART_EXPR:
		case VIEW_CONVERT_EXPR:
		case WITH_SIZE_EXPR:
			ref = TREE_OPERAND(ref, 0);
			continue;
		case IMAGPART_EXPR:
		case BIT_FIELD_REF:
			offset = ANY;
			ref = TREE_OPERAND(ref, 0);
			continue;
		case MEM_REF:
		case TARGET_MEM_REF: {
			tree pointer = TREE_OPERAND(ref, 0);
			tree by = TREE_OPERAND(ref, 1);

			if (TREE_CODE(ref) == TARGET_MEM_REF || !tree_fits_shwi_p(by))
				offset = ANY;
			else if (offset != ANY)
				offset += tree_to_shwi(by);
			Values v = value(pointer, state, stmt);

			if (follows)
				check_use(v, state, stmt);
			return v.moved(offset);
		}
		case SSA_NAME:		/* a call's result in passing */
			return of(ref).moved(offset);
		case FUNCTION_DECL:
			return Values(objects.code(ref));
		case VAR_DECL:
		case PARM_DECL:
		case RESULT_DECL:
			return Values(objects.variable(ref)).moved(offset);
		default:
			return Values();
		}
	}
}

Values Analysis::value(tree operand, State &state, gimple *stmt)
{
	switch (TREE_CODE(operand)) {
	case SSA_NAME:
		return of(operand);
	case ADDR_EXPR:		/* &p->member follows no pointer */
		return where(TREE_OPERAND(operand, 0), state, stmt, false);
	case OBJ_TYPE_REF:
		return value(OBJ_TYPE_REF_EXPR(operand), state, stmt);
	default:
		break;
	}
	if (CONSTANT_CLASS_P(operand) || TREE_CODE(operand) == CONSTRUCTOR)
		return Values();
	return load(operand, state, stmt);
}

Values Analysis::load(tree ref, State &state, gimple *stmt)
{
	Values result;
	Values from = where(ref, state, stmt);
	tree type = TREE_TYPE(ref);

	if (!can_hold_pointer(type))
		return result;
	for (const Value &f : from) {
		if (f.object->kind == Kind::code)
			continue;
		for (const Value &v : state.read(f.object, f.offset, objects)) {
			/* Numbers of others are numbers; only ours were pointers. */
			if (!POINTER_TYPE_P(type) && !v.cast)
				continue;
			result.add(v);
		}
	}
	return result;
}

/* The right side of an assignment to a register or of one. */
Values Analysis::computed(gimple *stmt, State &state)
{
	tree_code op = gimple_assign_rhs_code(stmt);
	tree a = gimple_assign_rhs1(stmt);
	tree b = gimple_num_ops(stmt) > 2 ? gimple_assign_rhs2(stmt) : NULL_TREE;
	tree type = TREE_TYPE(gimple_assign_lhs(stmt));

	if (gimple_assign_single_p(stmt))
		return value(a, state, stmt);
	if (TREE_CODE_CLASS(op) == tcc_comparison || !can_hold_pointer(type))
		return Values();

	switch (op) {
	case NOP_EXPR:
	case CONVERT_EXPR:
	case VIEW_CONVERT_EXPR: {
		Values v = value(a, state, stmt);

		return POINTER_TYPE_P(TREE_TYPE(a)) && !POINTER_TYPE_P(type) ?
		       v.cast_by(stmt) : v;
	}
	case POINTER_PLUS_EXPR:
		return value(a, state, stmt).moved(tree_fits_shwi_p(b) ? tree_to_shwi(b) : ANY);
	case PLUS_EXPR:
	case MINUS_EXPR:
	case BIT_IOR_EXPR:
	case BIT_XOR_EXPR:
	case BIT_AND_EXPR: {
		/* p & 7 is no pointer any more, p & ~7 is. */
		if (op == BIT_AND_EXPR && TREE_CODE(b) == INTEGER_CST &&
		    tree_fits_uhwi_p(b) && tree_to_uhwi(b) <= 0xffff)
			return Values();
		Values v = value(a, state, stmt);

		if (op != MINUS_EXPR)
			v.add(value(b, state, stmt));
		else if (!value(b, state, stmt).empty())
			return Values();
		return v.moved(ANY);
	}
	case MIN_EXPR:
	case MAX_EXPR: {
		Values v = value(a, state, stmt);

		v.add(value(b, state, stmt));
		return v;
	}
	case COND_EXPR: {
		Values v = value(b, state, stmt);

		v.add(value(gimple_assign_rhs3(stmt), state, stmt));
		return v;
	}
	default:
		return Values();
	}
}

/* A pointer is followed, or given to a function that will. */
void Analysis::check_use(const Values &pointer, State &state, gimple *stmt)
{
	if (!reporting)
		return;
	for (const Value &v : pointer) {
		if (v.object->kind != Kind::frame)
			continue;
		auto life = state.life.find(v.object);

		if (life != state.life.end() && life->second.ended)
			program.report.warn(place_of(stmt), "use of " + v.object->name +
					    " after its frame was popped");
	}
}
