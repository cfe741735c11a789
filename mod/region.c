// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bump regions: from create to destroy, and what allocates in them. Frames are
 * in region_frame.c, memory is in region_segment.c. Stands on the public heap
 * calls alone: the heap's magazines are the cache of segments.
 */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/stdarg.h>
#include <linux/strata.h>
#include <linux/string.h>

#include "compat.h"
#include "misuse.h"
#include "region.h"
#include "region_frame.h"
#include "region_segment.h"
#include "track.h"

#define NO_LIMIT	ALIGN_DOWN(SIZE_MAX, STRATA_REGION_ALIGN)

static void *heap_alloc(struct strata_region_backing *b, size_t size, gfp_t gfp)
{
	return strata_alloc(size, gfp);
}

static void heap_free(struct strata_region_backing *b, void *p, size_t size)
{
	strata_free_sized(p, size);
}

static struct strata_region_backing heap_backing = {
	.alloc = heap_alloc,
	.free = heap_free,
};

static DEFINE_PER_CPU(u64, last_id);

/*
 * A mark names its region by a number that no other region ever had. Each CPU
 * counts its own, so that making a region touches nothing shared.
 */
static u64 new_id(void)
{
	int cpu = get_cpu();
	u64 id = this_cpu_inc_return(last_id) * nr_cpu_ids + cpu;

	put_cpu();
	return id;
}

/**
 * strata_region_create_on() - make a region whose memory comes from @b
 * @b: where from
 * @limit: as for strata_region_create()
 * @gfp: as for strata_region_create()
 *
 * Return: the region, or ERR_PTR(-ENOMEM).
 */
struct strata_region *strata_region_create_on(struct strata_region_backing *b,
					      size_t limit, gfp_t gfp)
{
	struct region *r = b->alloc(b, STRATA_SEGMENT_MIN, gfp);

	if (!r)
		return ERR_PTR(-ENOMEM);
	r->defers = NULL;
	r->id = new_id();
	r->frame = 0;
	r->last_frame = 0;
	r->running = 0;
	r->limit = limit && limit <= NO_LIMIT ? ALIGN(limit, STRATA_REGION_ALIGN) : NO_LIMIT;
	r->backing = b;
	r->gfp = gfp;
	r->zeroed = want_init_on_alloc(gfp);
	r->wipe = r->zeroed || want_init_on_free();
	strata_region_first_segment(r);
	strata_region_count(1, STRATA_SEGMENT_MIN);
	return &r->pub;
}
STRATA_TEST_EXPORT(strata_region_create_on);

struct strata_region *strata_region_create(size_t limit, gfp_t gfp)
{
	return strata_region_create_on(&heap_backing, limit, gfp);
}
STRATA_EXPORT(strata_region_create);

void strata_region_destroy(struct strata_region *pub)
{
	struct strata_region_backing *b;
	struct region *r;

	if (IS_ERR_OR_NULL(pub))
		return;
	r = strata_region_of(pub);
	if (!strata_region_close(r, "destroy", _RET_IP_))
		return;
	strata_region_drop_segments(r);
	strata_region_count(-1, -(long)STRATA_SEGMENT_MIN);

	/* As long as nobody has the memory, a late call is told so. */
	r->id = 0;
	r->pub.top = NULL;
	r->pub.end = NULL;
	b = r->backing;
	strata_track_unpoison(r, STRATA_SEGMENT_MIN, STRATA_SEGMENT_MIN);
	b->free(b, r, STRATA_SEGMENT_MIN);
}
STRATA_EXPORT(strata_region_destroy);

/* Have room for an object that the current segment has none for. */
static bool make_room(struct region *r, size_t size, size_t align, unsigned long site)
{
	if (!strata_region_live(r, "alloc", site))
		return false;
	if (strata_region_grow(r, size, align))
		return true;
	if (size > STRATA_MAX_SIZE && !(r->gfp & __GFP_NOWARN))
		strata_misuse_report(STRATA_MISUSE_ARGUMENT,
				     "%zu bytes asked of region %llu by %pS; the most is %zu less a page. NULL returned",
				     size, r->id, (void *)site, STRATA_MAX_SIZE);
	return false;
}

/* @align is at least STRATA_REGION_ALIGN. */
static void *take(struct region *r, size_t size, size_t align, unsigned long site)
{
	char *p = PTR_ALIGN(r->pub.top, align);

	if (p > r->pub.end || size > r->pub.end - p) {
		if (!make_room(r, size, align, site))
			return NULL;
		p = PTR_ALIGN(r->pub.top, align);
	}
	r->pub.top = p + ALIGN(size, STRATA_REGION_ALIGN);
	strata_track_unpoison(p, size, ALIGN(size, STRATA_REGION_ALIGN));
	if (!r->zeroed)
		strata_track_uninit(p, size, r->gfp);
	return p;
}

void *strata_region_alloc_slow(struct strata_region *pub, size_t size)
{
	return take(strata_region_of(pub), size, STRATA_REGION_ALIGN, _RET_IP_);
}
STRATA_EXPORT(strata_region_alloc_slow);

void *strata_region_alloc_aligned(struct strata_region *pub, size_t size, size_t align)
{
	struct region *r = strata_region_of(pub);

	if (!is_power_of_2(align) || align > PAGE_SIZE) {
		strata_misuse_report(STRATA_MISUSE_ARGUMENT,
				     "alignment %zu asked of region %llu by %pS; use a power of two up to %lu. NULL returned",
				     align, r->id, (void *)_RET_IP_, PAGE_SIZE);
		return NULL;
	}
	return take(r, size, max(align, (size_t)STRATA_REGION_ALIGN), _RET_IP_);
}
STRATA_EXPORT(strata_region_alloc_aligned);

void *strata_region_zalloc(struct strata_region *pub, size_t size)
{
	struct region *r = strata_region_of(pub);
	void *p = take(r, size, STRATA_REGION_ALIGN, _RET_IP_);

	if (p && !r->zeroed)
		memset(p, 0, size);
	return p;
}
STRATA_EXPORT(strata_region_zalloc);

char *strata_region_strdup(struct strata_region *pub, const char *s)
{
	size_t size;
	char *copy;

	if (!s)
		return NULL;
	size = strlen(s) + 1;
	copy = take(strata_region_of(pub), size, STRATA_REGION_ALIGN, _RET_IP_);
	if (copy)
		memcpy(copy, s, size);
	return copy;
}
STRATA_EXPORT(strata_region_strdup);

char *strata_region_printf(struct strata_region *pub, const char *fmt, ...)
{
	va_list args;
	size_t size;
	char *s;

	va_start(args, fmt);
	size = (size_t)vsnprintf(NULL, 0, fmt, args) + 1;
	va_end(args);

	s = take(strata_region_of(pub), size, STRATA_REGION_ALIGN, _RET_IP_);
	if (!s)
		return NULL;
	va_start(args, fmt);
	vsnprintf(s, size, fmt, args);
	va_end(args);
	return s;
}
STRATA_EXPORT(strata_region_printf);

/* The segment in use that has @size handed-out bytes at @p. */
static const struct segment *find_segment(const struct region *r, const char *p, size_t size)
{
	const struct segment *seg = &r->first;

	for (;; seg = seg->next) {
		const char *start = strata_segment_start(seg);
		const char *top = seg == r->pub.segment ? r->pub.top : seg->top;

		if (p >= start && p < top && size <= top - p)
			return seg;
		if (seg == r->pub.segment)
			return NULL;
	}
}

bool strata_region_contains(const struct strata_region *pub, const void *p)
{
	const struct region *r = strata_region_of(pub);

	return r->id && find_segment(r, p, 1);
}
STRATA_EXPORT(strata_region_contains);

void *strata_region_escape(struct strata_region *pub, const void *p, size_t size, gfp_t gfp)
{
	struct region *r = strata_region_of(pub);
	void *copy;

	if (!strata_region_live(r, "escape", _RET_IP_))
		return NULL;
	if (size && !find_segment(r, p, size)) {
		strata_misuse_report(STRATA_MISUSE_REGION,
				     "escape of %zu bytes at %p from region %llu by %pS: not memory that it handed out. NULL returned",
				     size, p, r->id, (void *)_RET_IP_);
		return NULL;
	}
	copy = strata_alloc(size, gfp);
	if (!ZERO_OR_NULL_PTR(copy))
		memcpy(copy, p, size);
	return copy;
}
STRATA_EXPORT(strata_region_escape);
