// SPDX-License-Identifier: GPL-2.0-only
/* Constructors: they return objects of the caller's region, by name or by look. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strata.h>
#include "constructor.h"

static struct shape *favourite;

/* Annotated here, and by its header for whoever calls it from elsewhere. */
struct shape *shape_new(strata_region *r, const char *name)
{
	struct shape *s = strata_region_zalloc(r, sizeof(*s));	// OK

	if (!s)
		return NULL;
	s->name = strata_region_strdup(r, name);	// OK
	if (!s->name)
		return NULL;
	return s;
}

/* Builds upon another one. */
struct shape *shape_pair(strata_region *r, const char *first, const char *second)
{
	struct shape *s = shape_new(r, first);	// OK

	if (s)
		s->next = shape_new(r, second);	// OK
	return s;
}

/* With scratch memory in a frame of another region. */
struct shape *shape_scratch(strata_region *r, strata_region *scratch, int n)
{
	STRATA_FRAME(scratch);
	char *name = strata_region_printf(scratch, "shape %d", n);	// OK

	return shape_new(r, name);	// OK
}

/* The name is still in the frame when the shape has left it. */
struct shape *shape_scratch_kept(strata_region *r, strata_region *scratch, int n)
{
	struct shape *s = strata_region_zalloc(r, sizeof(*s));	// OK
	STRATA_FRAME(scratch);
	char *name = strata_region_printf(scratch, "shape %d", n);

	s->name = name;	// WARN "name escapes its frame: stored in "
	return s;
}

/* What it says of itself is not so: the frame is its own. */
struct shape *shape_broken(strata_region *r, const char *name)
{
	STRATA_FRAME(r);
	struct shape *s = shape_new(r, name);

	return s;	// WARN "s escapes its frame: returned"
}

size_t shape_used(strata_region *r, const char *name)
{
	STRATA_FRAME(r);
	struct shape *s = shape_new(r, name);	// OK

	return s ? strlen(s->name) : 0;
}

char *shape_name_kept(strata_region *r, const char *name)
{
	STRATA_FRAME(r);
	struct shape *s = shape_new(r, name);

	return s->name;	// WARN "escapes its frame: returned"
}

void shape_remember(strata_region *r, const char *name)
{
	STRATA_FRAME(r);
	struct shape *s = shape_new(r, name);

	favourite = s;	// WARN "s escapes its frame: stored in global favourite"
}

/* No frame here, but the region's memory is never longer there than its caller. */
void shape_remember_unframed(strata_region *r, const char *name)
{
	struct shape *s = shape_new(r, name);

	favourite = s;	// WARN "s escapes its frame: stored in global favourite"
}

void shape_remember_escaped(strata_region *r, strata_region *keep, const char *name)
{
	STRATA_FRAME(r);
	struct shape *s = shape_new(r, name);	// OK

	s->name = NULL;
	favourite = strata_region_escape(r, keep, s, sizeof(*s));	// M "moved to heap: s"
}

/* Known by its annotation alone. */
size_t elsewhere_used(strata_region *r)
{
	STRATA_FRAME(r);
	struct shape *s = shape_elsewhere(r);	// OK

	return s->name ? strlen(s->name) : 0;
}

struct shape *elsewhere_kept(strata_region *r)
{
	STRATA_FRAME(r);
	struct shape *s = shape_elsewhere(r);

	return s;	// WARN "s escapes its frame: returned"
}

struct shape *elsewhere_passed_on(strata_region *r)
{
	struct shape *s = shape_elsewhere(r);	// OK

	return s;
}

/* A method table with a constructor in it. */
size_t method_used(const struct shape_ops *ops, strata_region *r)
{
	STRATA_FRAME(r);
	struct shape *s = ops->make(r, 3);	// OK

	return s->name ? strlen(s->name) : 0;
}

struct shape *method_kept(const struct shape_ops *ops, strata_region *r)
{
	STRATA_FRAME(r);
	struct shape *s = ops->make(r, 3);

	return s;	// WARN "s escapes its frame: returned"
}

/* Returns its argument, filled in. */
static struct shape *shape_scale(struct shape *s, int by)
{
	s->sides *= by;
	return s;
}

int scaled_used(strata_region *r)
{
	STRATA_FRAME(r);
	struct shape *s = strata_region_zalloc(r, sizeof(*s));	// OK

	return shape_scale(s, 2)->sides;
}

struct shape *scaled_kept(strata_region *r)
{
	STRATA_FRAME(r);
	struct shape *s = strata_region_zalloc(r, sizeof(*s));

	return shape_scale(s, 2);	// WARN "s escapes its frame: returned"
}

/* Given a shape of the caller's, and a frame that has nothing to do with it. */
struct shape *scaled_callers(strata_region *r, struct shape *s)
{
	STRATA_FRAME(r);
	int *by = strata_region_zalloc(r, sizeof(*by));	// OK

	*by = 3;
	return shape_scale(s, *by);
}
