// SPDX-License-Identifier: GPL-2.0-only
/* Frames in frames: who may point to whom, and in which order they close. */
#include <string.h>
#include <strata.h>

struct scope {
	struct scope *outer;
	const char *name;
	int depth;
};

int nested_inner_to_outer(strata_region *r, const char *text)
{
	STRATA_FRAME(r);
	struct scope *outer = strata_region_zalloc(r, sizeof(*outer));	// OK
	int depth;

	{
		STRATA_FRAME(r);
		struct scope *inner = strata_region_zalloc(r, sizeof(*inner));	// OK

		inner->outer = outer;
		inner->depth = outer->depth + (int)strlen(text);
		depth = inner->depth;
	}
	return depth;
}

int nested_outer_to_inner(strata_region *r, const char *text)
{
	STRATA_FRAME(r);
	struct scope *outer = strata_region_zalloc(r, sizeof(*outer));	// OK

	{
		STRATA_FRAME(r);
		char *copy = strata_region_strdup(r, text);

		outer->name = copy;	// WARN "copy escapes its frame: stored in an outer frame's object"
		outer->depth = (int)strlen(copy);
	}
	return outer->depth;
}

/* A variable that is visible outside holds the inner frame's object. */
int nested_used_outside(strata_region *r, const char *text)
{
	STRATA_FRAME(r);
	char *copy;

	{
		STRATA_FRAME(r);
		copy = strata_region_strdup(r, text);
	}
	return copy[0];	// WARN "use of copy after its frame was popped"
}

int nested_used_inside(strata_region *r, const char *text)
{
	STRATA_FRAME(r);
	char *copy;
	int first;

	{
		STRATA_FRAME(r);
		copy = strata_region_strdup(r, text);	// OK
		first = copy[0];
	}
	copy = strata_region_strdup(r, text + 1);	// OK
	return first + copy[0];
}

void nested_out_of_order(strata_region *r)
{
	strata_mark_t outer = strata_region_push(r);
	strata_mark_t inner = strata_region_push(r);

	strata_region_pop(r, outer);	// WARN "frames popped out of order"
	strata_region_pop(r, inner);
	strata_region_reset(r);
}

void nested_in_order(strata_region *r)
{
	strata_mark_t outer = strata_region_push(r);
	strata_mark_t inner = strata_region_push(r);

	strata_region_pop(r, inner);
	strata_region_pop(r, outer);
}

/* Each region has frames of its own: these do not nest in each other. */
void nested_two_regions(strata_region *a, strata_region *b)
{
	strata_mark_t in_a = strata_region_push(a);
	strata_mark_t in_b = strata_region_push(b);

	strata_region_pop(a, in_a);
	strata_region_pop(b, in_b);
}

/* The outer frame ends early; what is younger is used in the meantime only. */
int nested_two_regions_objects(strata_region *a, strata_region *b, const char *text)
{
	strata_mark_t in_a = strata_region_push(a);
	strata_mark_t in_b = strata_region_push(b);
	char *one = strata_region_strdup(a, text);	// OK
	char *two = strata_region_strdup(b, one);	// OK
	int first = one[0];

	strata_region_pop(a, in_a);
	first += two[0];
	strata_region_pop(b, in_b);
	return first;
}

int nested_wrong_region_first(strata_region *a, strata_region *b, const char *text)
{
	strata_mark_t in_a = strata_region_push(a);
	strata_mark_t in_b = strata_region_push(b);
	char *one = strata_region_strdup(a, text);
	char *two = strata_region_strdup(b, one);	// OK
	int first = two[0];

	strata_region_pop(a, in_a);
	first += one[0];	// WARN "use of one after its frame was popped"
	strata_region_pop(b, in_b);
	return first;
}

/* Two scopes after one another; the second may take the same memory. */
int nested_siblings(strata_region *r, const char *text)
{
	struct scope *s = NULL;
	int sum = 0;

	{
		STRATA_FRAME(r);
		s = strata_region_zalloc(r, sizeof(*s));	// OK
		s->depth = (int)strlen(text);
		sum += s->depth;
	}
	{
		STRATA_FRAME(r);
		s = strata_region_zalloc(r, sizeof(*s));	// OK
		s->depth = 2;
		sum += s->depth;
	}
	return sum;
}

int nested_siblings_linked(strata_region *r)
{
	struct scope *first, *second;
	int sum = 0;

	{
		STRATA_FRAME(r);
		first = strata_region_zalloc(r, sizeof(*first));
		first->depth = 1;
	}
	{
		STRATA_FRAME(r);
		second = strata_region_zalloc(r, sizeof(*second));	// OK
		second->depth = 2;
		sum = second->depth + first->depth;	// WARN "use of first after its frame was popped"
	}
	return sum;
}

/* The inner frame is closed: what comes after belongs to the outer one again. */
int nested_after_inner(strata_region *r, const char *text)
{
	STRATA_FRAME(r);
	struct scope *outer = strata_region_zalloc(r, sizeof(*outer));	// OK
	strata_mark_t inner = strata_region_push(r);
	char *scratch = strata_region_strdup(r, text);	// OK
	size_t len = strlen(scratch);

	strata_region_pop(r, inner);
	outer->name = strata_region_strdup(r, text);	// OK
	return (int)(len + strlen(outer->name));
}

/* Moved outwards before its frame closes. */
int nested_copied_outwards(strata_region *r, strata_region *keep, const char *text)
{
	STRATA_FRAME(keep);
	struct scope *outer = strata_region_zalloc(keep, sizeof(*outer));	// OK

	{
		STRATA_FRAME(r);
		char *copy = strata_region_printf(r, "<%s>", text);	// OK

		outer->name = strata_region_escape(r, keep, copy, strlen(copy) + 1);
	}
	return (int)strlen(outer->name);
}
