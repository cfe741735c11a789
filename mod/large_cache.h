/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Free large objects that a CPU keeps at hand, pages, descriptor and all: the
 * next one of that length costs what a small object costs.
 */
#ifndef _STRATA_LARGE_CACHE_H
#define _STRATA_LARGE_CACHE_H

#include "allocator.h"
#include "figure.h"
#include "span.h"

/* Most objects that one CPU keeps. */
#define STRATA_LARGE_SLOTS	8

/**
 * struct strata_large_cache - one CPU's
 * @busy: claimed, as a magazine is
 * @count: objects in @slot
 * @idle: the background found it unused
 * @pages: that they hold
 * @taken: times one was handed out from here
 * @put: times one was taken back to here
 * @taken_pages: pages of the first, less those of the latter
 * @seen: @taken and @put when the background last looked
 * @slot: freed and told so: their nr_free is 1. The page map still knows them
 * @allocs: objects with pages of their own handed out on this CPU that were not
 *	kept here
 * @frees: such objects taken back on it that are not
 * @live_pages: pages of the first, less those of the latter. These three change
 *	without the claim, by this_cpu_add()
 */
struct strata_large_cache {
	u8 busy;
	u8 count;
	u8 idle;
	u32 pages;
	unsigned long taken;
	unsigned long put;
	unsigned long taken_pages;
	u64 seen;
	struct strata_span *slot[STRATA_LARGE_SLOTS];
	unsigned long allocs;
	unsigned long frees;
	unsigned long live_pages;
};

bool strata_large_cache_put(struct strata_allocator *a, struct strata_span *span);
void strata_large_cache_drain(struct strata_allocator *a, bool idle_only);
void strata_large_cache_drain_dead(struct strata_allocator *a, int cpu);
bool strata_large_cache_note_idle(struct strata_allocator *a, int cpu);

extern unsigned int strata_large_kib;

/* Most bytes of free large objects that one CPU may keep. */
static inline unsigned long strata_large_budget(void)
{
	return READ_ONCE(strata_large_kib) * 1024UL;
}

/* Preemption is off, and stays off until the claim ends. Only this CPU looks. */
static __always_inline bool strata_large_cache_claim(struct strata_large_cache *lc)
{
	/* With interrupts of this CPU, which leave it as they found it. */
	if (unlikely(data_race(lc->busy)))
		return false;
	WRITE_ONCE(lc->busy, 1);
	/* Nothing else is read before the claim. */
	barrier();
	return true;
}

static __always_inline void strata_large_cache_unclaim(struct strata_large_cache *lc)
{
	/* Everything is written before the claim ends. */
	barrier();
	WRITE_ONCE(lc->busy, 0);
}

/* Take slot @i out of a claimed cache; the last one fills the gap. */
static __always_inline struct strata_span *
strata_large_cache_remove(struct strata_large_cache *lc, unsigned int i)
{
	struct strata_span *span = lc->slot[i];

	lc->slot[i] = lc->slot[--lc->count];
	lc->pages -= span->npages;
	return span;
}

static __always_inline void strata_large_cache_keep(struct strata_large_cache *lc,
						    struct strata_span *span)
{
	const unsigned int count = lc->count, npages = span->npages;

	lc->slot[count] = span;
	lc->count = count + 1;
	lc->pages += npages;
	lc->put++;
	lc->taken_pages -= npages;
}

#endif /* _STRATA_LARGE_CACHE_H */
