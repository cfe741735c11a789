// SPDX-License-Identifier: MIT
/*
 * What allocates in a region where the inline path does not, and what asks about
 * its memory. Frames are in frame.c, beginning and end in life.c.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "region.h"
#include "report.h"
#include "track.h"

/* Bytes that an object takes: the checkers want a gap behind it. */
static size_t footprint(const struct region *r, size_t size)
{
	return align_up(size, STRATA_REGION_ALIGN) + (r->tracked ? TRACK_GAP : 0);
}

/* Move top to @end, if there is memory up to there. */
static bool move_top(struct region *r, char *end)
{
	if (!window_reach(r, end))
		return false;
	r->pub.top = end;
	window_settle(r);
	return true;
}

/* @align is a power of two, at least STRATA_REGION_ALIGN. */
static void *take(struct region *r, size_t size, size_t align)
{
	uintptr_t top = (uintptr_t)r->pub.top;
	size_t skip = -top & (align - 1);
	size_t left;
	char *p;

	if (is_gone(r)) {
		errno = EPERM;
		return NULL;
	}
	/* Compared so that no sum can overflow. */
	left = r->room - (r->pub.top - r->base);
	if (skip > left || size > left - skip || footprint(r, size) > left - skip) {
		errno = ENOMEM;
		return NULL;
	}
	p = r->pub.top + skip;
	if (!move_top(r, p + footprint(r, size)))
		return NULL;
	if (r->tracked)
		track_alloc(p, size);
	return p;
}

PUBLIC void *strata_region_alloc_slow(strata_region *pub, size_t size)
{
	return take(region_of(pub), size, STRATA_REGION_ALIGN);
}

PUBLIC void *strata_region_alloc_aligned(strata_region *pub, size_t size, size_t align)
{
	if (!align || align & (align - 1)) {
		report("alloc_aligned", pub->id, CALLER,
		       "alignment %zu is no power of two; NULL returned", align);
		errno = EINVAL;
		return NULL;
	}
	if (align < STRATA_REGION_ALIGN)
		align = STRATA_REGION_ALIGN;
	return take(region_of(pub), size, align);
}

PUBLIC void *strata_region_zalloc(strata_region *pub, size_t size)
{
	void *p = strata_region_alloc(pub, size);

	return p ? memset(p, 0, size) : NULL;
}

PUBLIC char *strata_region_strdup(strata_region *pub, const char *s)
{
	size_t size;
	char *copy;

	if (!s)
		return NULL;
	size = strlen(s) + 1;
	copy = strata_region_alloc(pub, size);
	return copy ? memcpy(copy, s, size) : NULL;
}

PUBLIC char *strata_region_printf(strata_region *pub, const char *fmt, ...)
{
	va_list args;
	char *s;
	int len;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0)
		return NULL;

	s = strata_region_alloc(pub, (size_t)len + 1);
	if (!s)
		return NULL;
	va_start(args, fmt);
	vsnprintf(s, (size_t)len + 1, fmt, args);
	va_end(args);
	return s;
}

/*
 * Is this what was allocated last, and in the innermost frame? A block from before
 * a push must not reach into the frame that the pop will release.
 */
static bool is_last(const struct region *r, const char *p, size_t size)
{
	return p >= r->pub.start && p <= r->pub.top &&
	       size <= (size_t)(r->pub.top - p) && p + footprint(r, size) == r->pub.top;
}

/* Are these @size bytes in memory that the region handed out? */
static bool handed_out(const struct region *r, const char *p, size_t size)
{
	return !size || (strata_region_contains(&r->pub, p) && size <= (size_t)(r->pub.top - p));
}

/* Grow or shrink the last block where it is. */
static bool resize_last(struct region *r, char *p, size_t old, size_t size)
{
	size_t room = r->room - (p - r->base);

	if (size > room || footprint(r, size) > room) {
		errno = ENOMEM;
		return false;
	}
	if (!move_top(r, p + footprint(r, size)))
		return false;
	if (!r->tracked)
		return true;
	if (size > old)
		track_alloc(p + old, size - old);
	else
		track_release(p + size, footprint(r, old) - size);
	return true;
}

PUBLIC void *strata_region_realloc_last(strata_region *pub, void *p, size_t old, size_t size)
{
	struct region *r = region_of(pub);
	void *copy;

	if (!p)
		return strata_region_alloc(pub, size);
	if (is_last(r, p, old))
		return resize_last(r, p, old, size) ? p : NULL;
	if (!handed_out(r, p, old)) {
		report("realloc_last", pub->id, CALLER,
		       "%p is not memory that it handed out; NULL returned", p);
		errno = EINVAL;
		return NULL;
	}
	copy = strata_region_alloc(pub, size);
	if (copy)
		memcpy(copy, p, old < size ? old : size);
	return copy;
}

PUBLIC bool strata_region_contains(const strata_region *pub, const void *p)
{
	const struct region *r = region_of(pub);
	uintptr_t base = (uintptr_t)r->base;

	return !is_gone(r) && (uintptr_t)p - base < (uintptr_t)pub->top - base;
}

PUBLIC void *strata_region_escape(strata_region *from, strata_region *to, const void *p,
				  size_t size)
{
	void *copy;

	if (!to || !handed_out(region_of(from), p, size)) {
		report("escape", from->id, CALLER, "%s; NULL returned",
		       to ? "not memory that it handed out" : "no region to copy to");
		errno = EINVAL;
		return NULL;
	}
	copy = strata_region_alloc(to, size);
	return copy ? memcpy(copy, p, size) : NULL;
}
