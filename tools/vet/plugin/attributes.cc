/* SPDX-License-Identifier: GPL-2.0-only */
#include "attributes.hh"

static tree check(tree *node, tree name, tree args, int, bool *no_add);

/* name, least and most arguments, then whether a declaration, a type and a
   function's type is needed, whether it changes the type's identity, ... */
#define ATTRIBUTE(name, least, most) \
	{ name, least, most, false, true, true, false, check, NULL }

static const attribute_spec specs[] = {
	ATTRIBUTE("strata_create", 0, 0),
	ATTRIBUTE("strata_destroy", 1, 1),
	ATTRIBUTE("strata_reset", 1, 1),
	ATTRIBUTE("strata_frame_alloc", 1, 1),
	ATTRIBUTE("strata_result_of", 1, 1),
	ATTRIBUTE("strata_push", 1, 1),
	ATTRIBUTE("strata_pop", 2, 2),
	ATTRIBUTE("strata_pop_mark", 1, 1),
	ATTRIBUTE("strata_defer", 3, 3),
	ATTRIBUTE("strata_escape", 2, 2),
	ATTRIBUTE("strata_heap_alloc", 0, 0),
	ATTRIBUTE("strata_heap_free", 1, 1),
	ATTRIBUTE("strata_returns_arg", 1, 1),
	ATTRIBUTE("strata_noescape", 1, -1),
	ATTRIBUTE("strata_captures", 1, -1),
};

static int number_of_arguments(tree type)
{
	int n = 0;

	for (tree t = TYPE_ARG_TYPES(type); t && TREE_VALUE(t) != void_type_node;
	     t = TREE_CHAIN(t))
		n++;
	return n;
}

static tree check(tree *node, tree name, tree args, int, bool *no_add)
{
	int n = number_of_arguments(*node);

	for (tree a = args; a; a = TREE_CHAIN(a)) {
		tree value = TREE_VALUE(a);

		if (!value || TREE_CODE(value) != INTEGER_CST ||
		    !tree_fits_shwi_p(value) || tree_to_shwi(value) < 1 ||
		    (prototype_p(*node) && !stdarg_p(*node) && tree_to_shwi(value) > n)) {
			error("%qE wants numbers of arguments, from 1 to %d", name, n);
			*no_add = true;
			return NULL_TREE;
		}
	}
	return NULL_TREE;
}

void register_attributes(void *, void *)
{
	for (const attribute_spec &spec : specs)
		register_attribute(&spec);
}

bool has_attributes(tree type)
{
	for (tree a = TYPE_ATTRIBUTES(type); a; a = TREE_CHAIN(a))
		if (!strncmp(IDENTIFIER_POINTER(get_attribute_name(a)), "strata_", 7))
			return true;
	return false;
}

/* The n-th argument of the attribute as a term. */
static Term term_of(tree attribute, int n)
{
	tree args = TREE_VALUE(attribute);

	while (n--)
		args = TREE_CHAIN(args);
	return term_argument(tree_to_shwi(TREE_VALUE(args)) - 1);
}

bool attribute_noescape(tree type, int argument)
{
	for (tree a = TYPE_ATTRIBUTES(type); a; a = TREE_CHAIN(a)) {
		if (!is_attribute_p("strata_noescape", get_attribute_name(a)))
			continue;
		for (tree v = TREE_VALUE(a); v; v = TREE_CHAIN(v))
			if (tree_to_shwi(TREE_VALUE(v)) - 1 == argument)
				return true;
	}
	return false;
}

bool attribute_summary(tree type, const std::string &name, Summary &out)
{
	std::set<int> said;
	bool whole = false;
	Term made = term_made(1);

	for (tree a = TYPE_ATTRIBUTES(type); a; a = TREE_CHAIN(a)) {
		std::string is = IDENTIFIER_POINTER(get_attribute_name(a));

		if (is.compare(0, 7, "strata_"))
			continue;
		is = is.substr(7);
		if (is == "noescape" || is == "captures") {
			for (tree v = TREE_VALUE(a); v; v = TREE_CHAIN(v)) {
				Term t = term_argument(tree_to_shwi(TREE_VALUE(v)) - 1);

				said.insert(t.index);
				if (is == "captures")
					out.add(Does::captures, t);
			}
			continue;
		}
		if (is == "returns_arg") {
			Term t = term_of(a, 0);

			said.insert(t.index);
			t.inside = ANY;
			out.add(Does::returns, t);
			continue;
		}
		whole = true;
		if (is == "create") {
			out.add(Does::make_region, made);
			out.add(Does::returns, made);
		} else if (is == "destroy") {
			out.add(Does::destroy, term_of(a, 0));
		} else if (is == "reset") {
			out.add(Does::reset, term_of(a, 0));
		} else if (is == "frame_alloc" || is == "result_of") {
			out.add(Does::make_frame, made, term_of(a, 0));
			out.add(Does::returns, made);
		} else if (is == "push") {
			out.add(Does::push, made, term_of(a, 0));
			out.add(Does::returns, made);
		} else if (is == "pop") {
			out.add(Does::pop, term_of(a, 1));
		} else if (is == "pop_mark") {
			out.add(Does::pop, term_of(a, 0));
		} else if (is == "defer") {
			Effect e;

			e.does = Does::defer;
			e.other = term_of(a, 0);
			e.what = term_of(a, 1);
			e.with.push_back(term_of(a, 2));
			out.effects.insert(e);
		} else if (is == "escape") {
			out.add(Does::make_heap, made);
			out.add(Does::copies, term_of(a, 1), made);
			out.add(Does::moved, term_of(a, 1));
			out.add(Does::returns, made);
		} else if (is == "heap_alloc") {
			out.add(Does::make_heap, made);
			out.add(Does::returns, made);
		} else if (is == "heap_free") {
			out.add(Does::frees, term_of(a, 0));
		}
	}
	if (whole)
		return true;

	/* Nothing is known of the arguments that no attribute is about. */
	int n = number_of_arguments(type);

	for (int i = 0; i < n; i++)
		if (!said.count(i))
			out.add(Does::unknown, term_argument(i), name);
	if (stdarg_p(type))
		out.add(Does::unknown, term_argument(VARARGS), name);
	return false;
}
