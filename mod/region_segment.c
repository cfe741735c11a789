// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory of a region: takes segments, enters them, gives them back. See
 * region_segment.h for the picture.
 *
 * Memory above top belongs to nobody: it is poisoned for KASAN, and zeroed where
 * the region was promised zeroes. Both happen when it is released, in one place,
 * so that the inline path has nothing to do.
 */
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/strata.h>

#include "compat.h"
#include "region.h"
#include "region_segment.h"
#include "track.h"

static char *segment_end(const struct segment *seg)
{
	return (char *)seg + seg->size;
}

/* Release what @seg holds from @from on. */
static void segment_release(struct region *r, struct segment *seg, char *from)
{
	size_t size = seg->top - from;

	if (r->wipe)
		strata_track_zero(from, size);
	strata_track_poison(from, size);
	seg->top = from;
}

static struct segment *segment_alloc(struct region *r, size_t size, gfp_t gfp)
{
	struct segment *seg = r->backing->alloc(r->backing, size, gfp);

	if (!seg)
		return NULL;
	seg->size = size;
	seg->top = strata_segment_start(seg);
	strata_track_poison(seg->top, segment_end(seg) - seg->top);
	strata_region_count(0, size);
	return seg;
}

static void segment_free(struct region *r, struct segment *seg)
{
	size_t size = seg->size;

	strata_region_count(0, -(long)size);
	/* Whoever takes it back may write to all of it. */
	strata_track_unpoison(seg, size, size);
	r->backing->free(r->backing, seg, size);
}

/* Make @seg the current one. Its base must be right. */
static void segment_enter(struct region *r, struct segment *seg)
{
	char *start = strata_segment_start(seg);
	size_t room = segment_end(seg) - start;

	r->pub.segment = seg;
	r->pub.top = seg->top;
	/* The limit is an earlier end, so that the inline path has one to test. */
	r->pub.end = start + min(room, r->limit - seg->base);
}

static size_t bytes_in_use(const struct region *r)
{
	const struct segment *seg = strata_region_segment(r);

	return seg->base + (r->pub.top - strata_segment_start(seg));
}

/* Bytes of a segment that has room for @need, and wastes nothing of its class. */
static size_t segment_size(size_t need)
{
	size_t size = need + sizeof(struct segment);

	return size <= STRATA_SEGMENT_MIN ? STRATA_SEGMENT_MIN : ALIGN(size, SZ_4K);
}

/*
 * A new segment for @need bytes: twice the current one, though never much more
 * than the limit can ever use. Where that is not to be had, just what is needed.
 */
static struct segment *segment_new(struct region *r, size_t need)
{
	const struct segment *last = strata_region_segment(r);
	size_t least = segment_size(need);
	size_t size = min(2 * last->size, STRATA_SEGMENT_MAX);
	size_t left = r->limit - bytes_in_use(r);
	struct segment *seg = NULL;

	if (least > STRATA_MAX_SIZE)
		return NULL;
	if (last == &r->first)
		size = 2 * STRATA_SEGMENT_MIN;
	if (left < size)
		size = segment_size(left);
	if (size > least)
		seg = segment_alloc(r, size, (r->gfp & ~__GFP_NOFAIL) |
					     __GFP_NORETRY | __GFP_NOWARN);
	return seg ?: segment_alloc(r, least, r->gfp);
}

static bool has_room(const struct segment *seg, size_t need)
{
	return need <= segment_end(seg) - seg->top;
}

/*
 * The next spare segment that has room for @need bytes. Those before it are given
 * back, but for the last, and not more than will be taken instead: what a reset
 * keeps stays useful, and is never more than was once in use and a segment.
 */
static struct segment *spare_segment(struct region *r, size_t need)
{
	struct segment *seg, *last = strata_region_segment(r);
	size_t dropped = 0;

	while ((seg = last->next) && !has_room(seg, need)) {
		if (!seg->next || dropped >= need)
			return NULL;
		last->next = seg->next;
		dropped += seg->size;
		segment_free(r, seg);
	}
	return seg;
}

/**
 * strata_region_first_segment() - enter the segment that the region came with
 * @r: the region, with its limit set
 */
void strata_region_first_segment(struct region *r)
{
	r->first.next = NULL;
	r->first.size = STRATA_SEGMENT_MIN - offsetof(struct region, first);
	r->first.base = 0;
	r->first.top = strata_segment_start(&r->first);
	strata_track_poison(r->first.top, segment_end(&r->first) - r->first.top);
	segment_enter(r, &r->first);
}

/**
 * strata_region_grow() - enter a segment that has room for an object
 * @r: the region, whose current segment has none
 * @size: bytes of the object
 * @align: a power of two from STRATA_REGION_ALIGN to PAGE_SIZE
 *
 * Return: false at the limit or without memory; top and end are as they were.
 */
bool strata_region_grow(struct region *r, size_t size, size_t align)
{
	struct segment *seg, *last = strata_region_segment(r);
	size_t need;

	if (size > STRATA_MAX_SIZE)
		return false;
	need = ALIGN(size, STRATA_REGION_ALIGN) + align - STRATA_REGION_ALIGN;
	if (need > r->limit - bytes_in_use(r))
		return false;

	seg = spare_segment(r, need);
	if (!seg) {
		seg = segment_new(r, need);
		if (!seg)
			return false;
		seg->next = last->next;
		last->next = seg;
	}
	seg->base = bytes_in_use(r);
	last->top = r->pub.top;
	segment_enter(r, seg);
	return true;
}

/**
 * strata_region_rewind() - release everything handed out since
 * @r: the region
 * @seg: the segment that was the current one then
 * @top: its top then
 *
 * Keeps one of the segments that fall empty: the largest that is not one of an
 * outsized object. A frame that comes again then finds room for all it needs.
 */
void strata_region_rewind(struct region *r, struct segment *seg, char *top)
{
	struct segment *s, *next, *spare = NULL;

	strata_region_segment(r)->top = r->pub.top;
	if (strata_region_segment(r) != seg) {
		for (s = seg->next; s; s = next) {
			next = s->next;
			if (s->size > STRATA_SEGMENT_MAX ||
			    (spare && s->size <= spare->size)) {
				segment_free(r, s);
				continue;
			}
			if (spare)
				segment_free(r, spare);
			spare = s;
		}
		seg->next = spare;
		if (spare) {
			spare->next = NULL;
			segment_release(r, spare, strata_segment_start(spare));
		}
	}
	segment_release(r, seg, top);
	segment_enter(r, seg);
}

/**
 * strata_region_rewind_all() - release everything and keep every segment
 * @r: the region
 */
void strata_region_rewind_all(struct region *r)
{
	struct segment *s;

	strata_region_segment(r)->top = r->pub.top;
	for (s = &r->first; s; s = s->next)
		segment_release(r, s, strata_segment_start(s));
	segment_enter(r, &r->first);
}

/**
 * strata_region_drop_segments() - give back every segment but the first
 * @r: the region; of use for nothing but to be freed from then on
 */
void strata_region_drop_segments(struct region *r)
{
	struct segment *s, *next;

	for (s = r->first.next; s; s = next) {
		next = s->next;
		segment_free(r, s);
	}
}

static DEFINE_PER_CPU(struct strata_region_totals, region_totals);

/**
 * strata_region_count() - add to the figures of all regions
 * @regions: regions made, or less than 0
 * @bytes: bytes of segments taken, or less than 0
 */
void strata_region_count(long regions, long bytes)
{
	this_cpu_add(region_totals.live, regions);
	this_cpu_add(region_totals.bytes, bytes);
}

/**
 * strata_region_totals() - read the figures of all regions
 * @t: where to
 *
 * Context: any. Not a snapshot: CPUs are read one after the other.
 */
void strata_region_totals(struct strata_region_totals *t)
{
	int cpu;

	*t = (struct strata_region_totals){};
	for_each_possible_cpu(cpu) {
		t->live += READ_ONCE(per_cpu(region_totals, cpu).live);
		t->bytes += READ_ONCE(per_cpu(region_totals, cpu).bytes);
	}
}
STRATA_TEST_EXPORT(strata_region_totals);
