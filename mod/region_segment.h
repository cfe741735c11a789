/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory of a region: a chain of segments, filled one after the other.
 *
 *	first -> ... -> segment -> spare -> ... -> NULL
 *	full            top, end   empty
 *
 * The region itself lies in front of its first segment, in one allocation.
 * Private to the region*.c files. Knows nothing of what frames mean.
 */
#ifndef _STRATA_REGION_SEGMENT_H
#define _STRATA_REGION_SEGMENT_H

#include <linux/build_bug.h>
#include <linux/strata_region.h>
#include <linux/types.h>

struct strata_region_backing;

/* The head of a segment; the memory follows. */
struct segment {
	struct segment *next;
	size_t size;		/* bytes, with this head */
	size_t base;		/* bytes in use in the segments before */
	char *top;		/* end of what is in use; of the current one, see the region */
} __aligned(STRATA_REGION_ALIGN);

struct strata_defer;

/*
 * The heap writes to the first word of memory that is free. It is not one that
 * tells a destroyed region from a live one.
 */
struct region {
	struct strata_region pub;	/* what the inline path sees */
	struct strata_defer *defers;	/* last first */
	u64 id;				/* never reused; 0: destroyed */
	u64 frame;			/* innermost open frame; 0: none */
	u64 last_frame;			/* frame numbers are never reused */
	u64 running;			/* the frame that deferred functions run in, or 0 */
	size_t limit;			/* bytes, a multiple of STRATA_REGION_ALIGN */
	struct strata_region_backing *backing;
	gfp_t gfp;
	bool zeroed;			/* memory above top holds zeroes */
	bool wipe;			/* zero what is released */
	struct segment first;		/* last: its memory follows */
} __aligned(STRATA_REGION_ALIGN);

static_assert(offsetof(struct region, pub.segment) == 0);
static_assert(offsetofend(struct region, first) == sizeof(struct region));

static inline struct region *strata_region_of(const struct strata_region *r)
{
	return container_of((struct strata_region *)r, struct region, pub);
}

/* The current segment: top is in it. */
static inline struct segment *strata_region_segment(const struct region *r)
{
	return r->pub.segment;
}

static inline char *strata_segment_start(const struct segment *seg)
{
	return (char *)(seg + 1);
}

void strata_region_first_segment(struct region *r);
bool strata_region_grow(struct region *r, size_t size, size_t align);
void strata_region_rewind(struct region *r, struct segment *seg, char *top);
void strata_region_rewind_all(struct region *r);
void strata_region_drop_segments(struct region *r);
void strata_region_count(long regions, long bytes);

#endif /* _STRATA_REGION_SEGMENT_H */
