/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fast path of large objects: out of what this CPU keeps, and back. The rest
 * is in large_cache.c and large.c.
 */
#ifndef _STRATA_LARGE_FAST_H
#define _STRATA_LARGE_FAST_H

#include <linux/mm.h>
#include <linux/preempt.h>

#include "home.h"
#include "large_cache.h"
#include "span.h"
#include "track.h"

/* Is there room for @span in a claimed cache, and is that its place? */
static __always_inline bool strata_large_cache_has_room(const struct strata_large_cache *lc,
							const struct strata_span *span)
{
	return lc->count < STRATA_LARGE_SLOTS &&
	       lc->pages + span->npages <= strata_large_budget() >> PAGE_SHIFT &&
	       strata_home_is(span->node);
}

/* One that this CPU keeps at hand, or NULL. It is on this node, and marked free. */
static __always_inline struct strata_span *
strata_large_fast_take(struct strata_allocator *a, size_t size)
{
	const unsigned int npages = PAGE_ALIGN(size) >> PAGE_SHIFT;
	struct strata_span *span = NULL;
	struct strata_large_cache *lc;
	unsigned int i;

	/* Nothing larger is kept, and 0 bytes are no page. */
	if (unlikely(size > STRATA_CHUNK_SIZE))
		return NULL;
	preempt_disable();
	lc = this_cpu_ptr(a->large_cache);
	if (likely(strata_large_cache_claim(lc))) {
		/* What was freed last is in the CPU's cache. */
		for (i = lc->count; i--; ) {
			if (lc->slot[i]->npages != npages)
				continue;
			span = strata_large_cache_remove(lc, i);
			lc->taken++;
			lc->taken_pages += npages;
			break;
		}
		strata_large_cache_unclaim(lc);
	}
	preempt_enable();
	return span;
}

/*
 * Free @p if all goes well: it is a live large object, this CPU has room for it, and
 * nothing else has to be done. Otherwise nothing is done. Any context, NMI too.
 */
static __always_inline bool strata_large_fast_free(struct strata_allocator *a, const void *p)
{
	struct strata_large_cache *lc;
	struct strata_span *span;
	bool done = false;

	if (want_init_on_free() || strata_track_defers())
		return false;
	preempt_disable();
	span = strata_pagemap_span(&a->heap.map, p);
	if (!span || span->kind != STRATA_SPAN_LARGE || p != span->base || span->cache)
		goto out;
	lc = this_cpu_ptr(a->large_cache);
	if (!strata_large_cache_claim(lc))
		goto out;
	/* Whoever frees it a second time loses here. */
	if (strata_large_cache_has_room(lc, span) && !cmpxchg(&span->nr_free, 0, 1)) {
		strata_track_free(span->base, (size_t)span->npages << PAGE_SHIFT);
		strata_large_cache_keep(lc, span);
		done = true;
	}
	strata_large_cache_unclaim(lc);
out:
	preempt_enable();
	return done;
}

#endif /* _STRATA_LARGE_FAST_H */
