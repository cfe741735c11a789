// SPDX-License-Identifier: GPL-2.0-only
/* Constructors of the caller's region, and their callers. */
#include <linux/string.h>
#include <linux/strata.h>
#include "constructor.h"

static struct shape *favourite;

struct shape *shape_new(struct strata_region *r, const char *name)
{
	struct shape *s = strata_region_zalloc(r, sizeof(*s));	// OK

	if (!s)
		return NULL;
	s->name = strata_region_strdup(r, name);	// OK
	return s->name ? s : NULL;
}

struct shape *shape_pair(struct strata_region *r, const char *a, const char *b)
{
	struct shape *s = shape_new(r, a);	// OK

	if (s)
		s->next = shape_new(r, b);	// OK
	return s;
}

struct shape *shape_scratch(struct strata_region *r, struct strata_region *scratch, int n)
{
	STRATA_FRAME(scratch);
	char *name = strata_region_printf(scratch, "shape %d", n);	// OK

	return name ? shape_new(r, name) : NULL;	// OK
}

struct shape *shape_broken(struct strata_region *r, const char *name)
{
	STRATA_FRAME(r);
	struct shape *s = shape_new(r, name);

	return s;	// WARN "s escapes its frame: returned"
}

int shape_used(struct strata_region *r, const char *name)
{
	STRATA_FRAME(r);
	struct shape *s = shape_new(r, name);	// OK

	return s ? strlen(s->name) : -ENOMEM;
}

const char *shape_name_kept(struct strata_region *r, const char *name)
{
	STRATA_FRAME(r);
	struct shape *s = shape_new(r, name);

	return s ? s->name : NULL;	// WARN "escapes its frame: returned"
}

void shape_remember(struct strata_region *r, const char *name)
{
	STRATA_FRAME(r);
	struct shape *s = shape_new(r, name);

	favourite = s;	// WARN "s escapes its frame: stored in global favourite"
}

struct shape *shape_escaped(struct strata_region *r, const char *name)
{
	STRATA_FRAME(r);
	struct shape *s = shape_new(r, name);	// OK

	if (!s)
		return NULL;
	s->name = "copied";
	return strata_region_escape(r, s, sizeof(*s), GFP_KERNEL);	// M "moved to heap: s"
}

int shape_elsewhere_used(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct shape *s = shape_elsewhere(r);	// OK

	return s ? s->sides : -ENOMEM;
}

struct shape *shape_elsewhere_kept(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct shape *s = shape_elsewhere(r);

	return s;	// WARN "s escapes its frame: returned"
}

int shape_method_used(struct strata_region *r, const struct shape_ops *ops)
{
	STRATA_FRAME(r);
	struct shape *s = ops->make(r, 3);	// OK

	return s ? s->sides : -ENOMEM;
}

struct shape *shape_method_kept(struct strata_region *r, const struct shape_ops *ops)
{
	STRATA_FRAME(r);
	struct shape *s = ops->make(r, 3);

	return s;	// WARN "s escapes its frame: returned"
}

/* -m of parameters. */
struct shape *shape_same(struct shape *s)	// M "leaking param: s to result"
{
	return s;
}

void shape_keep(struct shape *s)	// M "leaking param: s$"
{
	favourite = s;
}

const char *shape_name(const struct shape *s)	// M "leaking param content: s"
{
	return s->name;
}

int shape_sides(const struct shape *s)	// M "s does not escape"
{
	return s->sides;
}

int shape_local(struct strata_region *r)	// M "r does not escape"
{
	STRATA_FRAME(r);
	struct shape *s = strata_region_zalloc(r, sizeof(*s));	// M "s does not escape"

	return s ? shape_sides(s) : 0;
}

void shape_link(struct shape *s,	// M "leaking param: s$"
		struct shape *to)	// M "to does not escape"
{
	to->next = s;
}
