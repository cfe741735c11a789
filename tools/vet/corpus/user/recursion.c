// SPDX-License-Identifier: GPL-2.0-only
/* A frame for each level of a recursion. */
#include <stdio.h>
#include <string.h>
#include <strata.h>

struct level {
	const struct level *up;
	int depth;
	char *name;
};

static struct level *deepest;

long recursion_sum(strata_region *r, int n)
{
	STRATA_FRAME(r);
	struct level *l = strata_region_zalloc(r, sizeof(*l));	// OK

	if (!n || !l)
		return 0;
	l->depth = n;
	return l->depth + recursion_sum(r, n - 1);
}

/* Each level points up, to a frame that is still open. */
int recursion_chain(strata_region *r, const struct level *up, int n)
{
	STRATA_FRAME(r);
	struct level *l = strata_region_zalloc(r, sizeof(*l));	// OK

	l->up = up;
	l->depth = up ? up->depth + 1 : 0;
	return n ? recursion_chain(r, l, n - 1) : l->depth;
}

void recursion_deepest(strata_region *r, int n)
{
	STRATA_FRAME(r);
	struct level *l = strata_region_zalloc(r, sizeof(*l));

	l->depth = n;
	if (!n) {
		deepest = l;	// WARN "l escapes its frame: stored in global deepest"
		return;
	}
	recursion_deepest(r, n - 1);
}

/* What comes from below was in a frame that is closed. */
struct level *recursion_result(strata_region *r, int n)
{
	STRATA_FRAME(r);
	struct level *l = strata_region_zalloc(r, sizeof(*l));

	if (!n)
		return l;	// WARN "l escapes its frame: returned"
	return recursion_result(r, n - 1);
}

/* No frame of its own: the result is in the frame of the first caller. */
struct level *recursion_build(strata_region *r, int n)
{
	struct level *l = strata_region_zalloc(r, sizeof(*l));	// OK

	if (!l || !n)
		return l;
	l->depth = n;
	l->up = recursion_build(r, n - 1);	// OK
	return l;
}

int recursion_build_and_use(strata_region *r, int n)
{
	STRATA_FRAME(r);
	struct level *l = recursion_build(r, n);	// OK
	int depth = 0;

	for (const struct level *at = l; at; at = at->up)
		depth++;
	return depth;
}

struct level *recursion_build_and_keep(strata_region *r, int n)
{
	STRATA_FRAME(r);
	struct level *l = recursion_build(r, n);

	return l;	// WARN "l escapes its frame: returned"
}

size_t recursion_print(strata_region *r, int n, char *to, size_t size)
{
	STRATA_FRAME(r);
	char *text = strata_region_printf(r, "%d ", n);	// OK
	size_t len = strlen(text);

	if (!n || len >= size)
		return 0;
	memcpy(to, text, len + 1);
	return len + recursion_print(r, n - 1, to + len, size - len);
}

static int odd(strata_region *r, const char *s);

static int even(strata_region *r, const char *s)
{
	STRATA_FRAME(r);
	char *rest = strata_region_strdup(r, s);	// OK

	return !*rest ? 1 : odd(r, rest + 1);
}

static int odd(strata_region *r, const char *s)
{
	STRATA_FRAME(r);
	char *rest = strata_region_strdup(r, s);	// OK

	return !*rest ? 0 : even(r, rest + 1);
}

int recursion_mutual(strata_region *r, const char *s)
{
	return even(r, s);
}

/* The level above gets a name from the frame below. */
void recursion_names_up(strata_region *r, struct level *up, int n)
{
	STRATA_FRAME(r);
	struct level *l = strata_region_zalloc(r, sizeof(*l));	// OK
	char *name = strata_region_printf(r, "level %d", n);

	up->name = name;	// WARN "name escapes its frame: stored in .*which outlives the frame"
	if (n)
		recursion_names_up(r, l, n - 1);
}
