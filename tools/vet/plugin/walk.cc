/* SPDX-License-Identifier: GPL-2.0-only */
#include "analysis.hh"

/* Sets of open frames that are told apart in a block; more would be no help. */
static const size_t MAX_STATES = 12;

/* What is too large to be worth the time. */
static const int MAX_BLOCKS = 4000;
static const int MAX_PASSES = 24;
static const long MAX_STATEMENTS = 400000;

bool Analysis::run()
{
	std::vector<int> blocks(n_basic_blocks_for_fn(fun));
	int n = pre_and_rev_post_order_compute_fn(fun, NULL, blocks.data(), false);
	long statements = 0;

	if (n > MAX_BLOCKS)
		return false;
	names.resize(SSANAMES(fun)->length());
	entry.resize(last_basic_block_for_fn(fun));
	order.assign(last_basic_block_for_fn(fun), n);
	for (int i = 0; i < n; i++)
		order[blocks[i]] = i;
	start();

	for (int pass = 0; pass < MAX_PASSES; pass++) {
		reporting = !changed && pass;
		changed = false;
		for (int i = 0; i < n; i++) {
			basic_block bb = BASIC_BLOCK_FOR_FN(fun, blocks[i]);
			auto states = entry[bb->index];

			for (auto &state : states) {
				run_block(bb, state.second);
				statements++;
				for (auto it = gsi_start_bb(bb); !gsi_end_p(it); gsi_next(&it))
					statements++;
			}
			if (statements > MAX_STATEMENTS)
				return false;
		}
		if (reporting)
			return true;
	}
	return false;
}

/* Parameters point to what the caller has. */
void Analysis::start()
{
	State state;
	int index = 0;

	for (tree p = DECL_ARGUMENTS(fun->decl); p; p = DECL_CHAIN(p), index++) {
		tree name = is_gimple_reg(p) ? ssa_default_def(fun, p) : NULL_TREE;

		if (name && POINTER_TYPE_P(TREE_TYPE(p))) {
			define(name, Values(objects.argument(index, spell(p))));
		} else if (POINTER_TYPE_P(TREE_TYPE(p)) && !is_gimple_reg(p)) {
			state.write(Values(objects.variable(p)),
				    Values(objects.argument(index, spell(p))), objects);
		} else if (AGGREGATE_TYPE_P(TREE_TYPE(p))) {
			Object *copy = objects.argument(index, spell(p));

			copy->own_copy = true;
			objects.alias(p, copy);
		}
	}

	/* A function that waits for what it started lets nothing be captured. */
	basic_block bb;

	FOR_EACH_BB_FN(bb, fun)
		for (auto it = gsi_start_bb(bb); !gsi_end_p(it); gsi_next(&it)) {
			tree callee = is_gimple_call(gsi_stmt(it)) ?
				      gimple_call_fndecl(gsi_stmt(it)) : NULL_TREE;

			waits |= callee && program.waits(callee);
		}

	edge e = single_succ_edge(ENTRY_BLOCK_PTR_FOR_FN(fun));

	changed = true;
	entry[e->dest->index][state.frames] = state;
}

const Values &Analysis::of(tree name) const
{
	static const Values none;
	unsigned version = SSA_NAME_VERSION(name);

	return version < names.size() ? names[version] : none;
}

void Analysis::define(tree name, const Values &values)
{
	changed |= names[SSA_NAME_VERSION(name)].add(values);
}

void Analysis::run_block(basic_block bb, State state)
{
	for (auto it = gsi_start_bb(bb); !gsi_end_p(it); gsi_next(&it)) {
		gimple *stmt = gsi_stmt(it);

		if (is_gimple_debug(stmt))
			continue;
		tree def = gimple_get_lhs(stmt);

		if (def && TREE_CODE(def) == SSA_NAME)
			state.forget_version(SSA_NAME_VERSION(def));
		statement(stmt, state);
	}

	gimple *last = last_stmt(bb);

	if (last && (gimple_code(last) == GIMPLE_COND ||
		     gimple_code(last) == GIMPLE_SWITCH)) {
		branch(last, state);
		return;
	}

	edge e;
	edge_iterator it;

	FOR_EACH_EDGE(e, it, bb->succs)
		enter(e, state);
}

/*
 * "left code right" as a condition in canonical form, and what is known of it.
 * Returns false for what cannot be remembered.
 */
bool Analysis::truth(tree_code code, tree left, tree right, const State &state,
		     int *holds, Condition *c, bool *negated) const
{
	if (TREE_CODE(left) != SSA_NAME) {
		if (TREE_CODE(right) != SSA_NAME)
			return false;
		std::swap(left, right);
		code = swap_tree_comparison(code);
	}
	if (FLOAT_TYPE_P(TREE_TYPE(left)))
		return false;
	*negated = code == NE_EXPR || code == GE_EXPR || code == GT_EXPR;
	c->code = code == NE_EXPR ? EQ_EXPR : code == GE_EXPR ? LT_EXPR :
		  code == GT_EXPR ? LE_EXPR : code;
	if (c->code != EQ_EXPR && c->code != LT_EXPR && c->code != LE_EXPR)
		return false;
	c->left = SSA_NAME_VERSION(left);
	c->number = TREE_CODE(right) == INTEGER_CST;
	if (c->number) {
		if (!tree_fits_shwi_p(right))
			return false;
		c->right = tree_to_shwi(right);
	} else if (TREE_CODE(right) == SSA_NAME) {
		c->right = SSA_NAME_VERSION(right);
	} else {
		return false;
	}
	*holds = state.knows(*c);
	if (*holds >= 0 && *negated)
		*holds = !*holds;
	return true;
}

/* Remember the outcome of a branch, and of the comparison that it tested. */
void Analysis::learn(tree_code code, tree left, tree right, bool holds, State &state)
{
	Condition c;
	bool negated;
	int known;

	if (!truth(code, left, right, state, &known, &c, &negated))
		return;
	state.learn(c, holds != negated);

	/* Where an allocation failed there is no object. */
	if (c.code == EQ_EXPR && c.number && !c.right && holds != negated &&
	    TREE_CODE(left) == SSA_NAME && POINTER_TYPE_P(TREE_TYPE(left)))
		for (const Value &v : of(left))
			if (v.object->site && (v.object->site == SSA_NAME_DEF_STMT(left) ||
					       (of(left).size() == 1 && !v.object->many)))
				state.life.erase(v.object);

	if (TREE_CODE(left) != SSA_NAME || c.code != EQ_EXPR || !c.number)
		return;
	gimple *def = SSA_NAME_DEF_STMT(left);

	if (!is_gimple_assign(def))
		return;
	bool is_zero = (holds != negated) == (c.right == 0);
	bool one_bit = c.right == 0 || c.right == 1;
	tree_code op = gimple_assign_rhs_code(def);

	if (one_bit && TREE_CODE_CLASS(op) == tcc_comparison)
		learn(op, gimple_assign_rhs1(def), gimple_assign_rhs2(def), !is_zero, state);
	else if (CONVERT_EXPR_CODE_P(op) && TREE_CODE(gimple_assign_rhs1(def)) == SSA_NAME &&
		 one_bit && INTEGRAL_TYPE_P(TREE_TYPE(gimple_assign_rhs1(def))))
		learn(EQ_EXPR, gimple_assign_rhs1(def),
		      build_int_cst(TREE_TYPE(gimple_assign_rhs1(def)), 0), is_zero, state);
	else if (op == BIT_NOT_EXPR && one_bit &&
		 TREE_CODE(TREE_TYPE(left)) == BOOLEAN_TYPE)
		learn(EQ_EXPR, gimple_assign_rhs1(def),
		      build_int_cst(TREE_TYPE(gimple_assign_rhs1(def)), 0), !is_zero, state);
}

void Analysis::branch(gimple *stmt, const State &state)
{
	basic_block bb = gimple_bb(stmt);
	edge e;
	edge_iterator it;

	if (gcond *cond = dyn_cast<gcond *>(stmt)) {
		int holds = -1;
		Condition c;
		bool negated;

		if (gimple_cond_true_p(cond))
			holds = 1;
		else if (gimple_cond_false_p(cond))
			holds = 0;
		else
			truth(gimple_cond_code(cond), gimple_cond_lhs(cond),
			      gimple_cond_rhs(cond), state, &holds, &c, &negated);
		FOR_EACH_EDGE(e, it, bb->succs) {
			bool taken = e->flags & EDGE_TRUE_VALUE;
			State next = state;

			if (holds >= 0 && holds != taken)
				continue;
			learn(gimple_cond_code(cond), gimple_cond_lhs(cond),
			      gimple_cond_rhs(cond), taken, next);
			enter(e, next);
		}
		return;
	}

	/* A clean-up that several exits share ends in a switch over the exits. */
	gswitch *sw = as_a<gswitch *>(stmt);
	tree index = gimple_switch_index(sw);
	unsigned labels = gimple_switch_num_labels(sw);

	for (unsigned i = 0; i < labels; i++) {
		tree label = gimple_switch_label(sw, i);
		State next = state;

		if (i && !CASE_HIGH(label) && TREE_CODE(index) == SSA_NAME) {
			int holds = -1;
			Condition c;
			bool negated;

			truth(EQ_EXPR, index, CASE_LOW(label), state, &holds, &c, &negated);
			if (holds == 0)
				continue;
			learn(EQ_EXPR, index, CASE_LOW(label), true, next);
		}
		enter(find_edge(bb, label_to_block(fun, CASE_LABEL(label))), next);
	}
}

/* Along an edge: PHIs take their values, then the states meet. */
void Analysis::enter(edge e, State state)
{
	if (e->dest == EXIT_BLOCK_PTR_FOR_FN(fun))
		return;
	bool back = order[e->dest->index] <= order[e->src->index];

	for (gphi_iterator it = gsi_start_phis(e->dest); !gsi_end_p(it); gsi_next(&it)) {
		gphi *phi = it.phi();
		tree result = gimple_phi_result(phi);
		tree arg = gimple_phi_arg_def(phi, e->dest_idx);
		unsigned version = SSA_NAME_VERSION(result);

		if (virtual_operand_p(result))
			continue;
		state.forget_version(version);
		if (TREE_CODE(arg) == INTEGER_CST && tree_fits_shwi_p(arg))
			state.learn(Condition{ EQ_EXPR, version, true, tree_to_shwi(arg) }, true);
		else if (TREE_CODE(arg) == SSA_NAME)
			state.learn_copy(version, SSA_NAME_VERSION(arg));

		Values values = value(arg, state, phi);

		/* What the loop makes anew is the last iteration's from here on. */
		if (back) {
			Values last;

			for (Value v : values) {
				Object *o = v.object;

				if (o->kind == Kind::frame && o->site &&
				    order[gimple_bb(o->site)->index] >= order[e->dest->index] &&
				    order[gimple_bb(o->site)->index] <= order[e->src->index]) {
					v.object = objects.of_last_iteration(o);
					Life &life = state.life[v.object];
					const Life &now = state.life[o];

					life.alive |= now.alive;
					life.ended |= now.ended;
					life.frame = now.frame;
				}
				last.add(v);
			}
			values = last;
		}
		define(result, values);
	}

	auto &states = entry[e->dest->index];
	auto same = states.find(state.frames);

	if (same != states.end()) {
		changed |= same->second.join(state, objects);
	} else if (states.size() < MAX_STATES) {
		states.emplace(state.frames, state);
		changed = true;
	}
}

void Analysis::statement(gimple *stmt, State &state)
{
	switch (gimple_code(stmt)) {
	case GIMPLE_ASSIGN:
		assignment(stmt, state);
		break;
	case GIMPLE_CALL:
		call(as_a<gcall *>(stmt), state);
		break;
	case GIMPLE_ASM:
		assembly(as_a<gasm *>(stmt), state);
		break;
	case GIMPLE_RETURN:
		leave_function(as_a<greturn *>(stmt), state);
		break;
	default:
		break;
	}
}

void Analysis::assignment(gimple *stmt, State &state)
{
	tree lhs = gimple_assign_lhs(stmt);
	tree rhs = gimple_assign_rhs1(stmt);

	if (gimple_clobber_p(stmt)) {
		/* The end of a variable's scope. */
		if (VAR_P(lhs) && !outlives_call(lhs))
			state.forget(objects.variable(lhs));
		return;
	}
	if (TREE_CODE(lhs) == SSA_NAME) {
		tree_code op = gimple_assign_rhs_code(stmt);
		unsigned version = SSA_NAME_VERSION(lhs);

		define(lhs, computed(stmt, state));

		if ((op == SSA_NAME || CONVERT_EXPR_CODE_P(op)) && TREE_CODE(rhs) == SSA_NAME) {
			state.learn_copy(version, SSA_NAME_VERSION(rhs));
		} else if (TREE_CODE(rhs) == INTEGER_CST && gimple_assign_single_p(stmt) &&
			   tree_fits_shwi_p(rhs)) {
			state.learn(Condition{ EQ_EXPR, version, true, tree_to_shwi(rhs) }, true);
		} else if ((op == BIT_NOT_EXPR || op == BIT_XOR_EXPR) &&
			   TREE_CODE(TREE_TYPE(lhs)) == BOOLEAN_TYPE &&
			   (op == BIT_NOT_EXPR || integer_onep(gimple_assign_rhs2(stmt)))) {
			int holds;
			Condition c;
			bool negated;

			if (truth(EQ_EXPR, rhs, build_int_cst(TREE_TYPE(rhs), 0), state, &holds,
				  &c, &negated) && holds >= 0)
				state.learn(Condition{ EQ_EXPR, version, true, 0 }, !holds);
		} else if (TREE_CODE_CLASS(op) == tcc_comparison) {
			int holds;
			Condition c;
			bool negated;

			if (truth(op, rhs, gimple_assign_rhs2(stmt), state, &holds, &c,
				  &negated) && holds >= 0)
				state.learn(Condition{ EQ_EXPR, version, true, holds }, true);
		}
		return;
	}

	Values to = where(lhs, state, stmt);

	if (is_gimple_reg_type(TREE_TYPE(lhs))) {
		Values what = computed(stmt, state).stored_by(stmt);

		check_stored(to, what, state, stmt);
		state.write(to, what, objects);
		return;
	}

	tree size = TYPE_SIZE_UNIT(TREE_TYPE(lhs));
	long bytes = size && tree_fits_shwi_p(size) ? tree_to_shwi(size) : ANY;

	if (TREE_CODE(rhs) == CONSTRUCTOR || TREE_CODE(rhs) == STRING_CST) {
		state.copy(to, Values(), bytes, stmt, objects);
		return;
	}
	state.copy(to, where(rhs, state, stmt), bytes, stmt, objects);
}

/* An empty template hides a value from the optimizer and passes it on. */
void Analysis::assembly(gasm *stmt, State &state)
{
	Values inputs;
	bool empty = !strcmp(gimple_asm_string(stmt), "");

	for (unsigned i = 0; i < gimple_asm_ninputs(stmt); i++) {
		tree operand = TREE_VALUE(gimple_asm_input_op(stmt, i));

		if (TREE_CODE(operand) == SSA_NAME || TREE_CODE(operand) == ADDR_EXPR)
			inputs.add(value(operand, state, stmt));
		else if (!CONSTANT_CLASS_P(operand) && !DECL_P(operand))
			where(operand, state, stmt);	/* looked at, not kept */
	}
	if (!empty) {
		Call none{ stmt, {}, "inline asm", 0, 0, {}, Values() };

		give_away(inputs, "inline asm", none, state);
	}
	for (unsigned i = 0; i < gimple_asm_noutputs(stmt); i++) {
		tree operand = TREE_VALUE(gimple_asm_output_op(stmt, i));
		Values out = inputs;

		if (!empty && out.empty() && TREE_CODE(operand) == SSA_NAME &&
		    POINTER_TYPE_P(TREE_TYPE(operand)))
			out.add(objects.made_at(Kind::unknown, stmt, i));
		if (TREE_CODE(operand) == SSA_NAME)
			define(operand, out);
		else if (!inputs.empty())
			state.write(where(operand, state, stmt), out.stored_by(stmt), objects);
	}
}
