// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whole runs of pages as objects. Up to a chunk's size they are runs of the
 * heap; larger ones, charged ones and those of a zone are blocks straight from
 * the page allocator, rounded up to its order.
 */
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "alloc.h"
#include "compat.h"
#include "context.h"
#include "home.h"
#include "large.h"
#include "large_cache.h"
#include "large_fast.h"
#include "track.h"

/* Zeroed at a time, so that a huge object does not delay others (as Go does). */
#define ZERO_STEP	SZ_256K

static noinline void zero_in_steps(void *p, size_t size, bool may_sleep)
{
	for (; size > ZERO_STEP; size -= ZERO_STEP, p += ZERO_STEP) {
		strata_track_zero(p, ZERO_STEP);
		if (may_sleep)
			cond_resched();
	}
	strata_track_zero(p, size);
}

static __always_inline void zero(void *p, size_t size, bool may_sleep)
{
	if (likely(size <= ZERO_STEP))
		strata_track_zero(p, size);
	else
		zero_in_steps(p, size, may_sleep);
}

static unsigned int page_count_of(size_t size)
{
	return PAGE_ALIGN(size) >> PAGE_SHIFT;
}

/**
 * strata_large_good_size() - what an object larger than any class really gets
 * @size: bytes, above STRATA_CLASS_MAX_SIZE
 *
 * Return: bytes, whole pages.
 */
size_t strata_large_good_size(size_t size)
{
	if (page_count_of(size) > STRATA_CHUNK_PAGES)
		return roundup_pow_of_two(size);
	return PAGE_ALIGN(size);
}

/**
 * strata_large_counts() - what became of objects with pages of their own
 * @a: the allocator, also one half made
 *
 * Context: any. Figures of a busy allocator are each right, but of different
 * moments.
 * Return: the sum over all CPUs.
 */
struct strata_large_counts strata_large_counts(const struct strata_allocator *a)
{
	struct strata_large_counts sum = { };
	const struct strata_large_cache *lc;
	int cpu;

	if (!a->large_cache)
		return sum;
	for_each_possible_cpu(cpu) {
		lc = per_cpu_ptr(a->large_cache, cpu);
		sum.allocs += READ_ONCE(lc->allocs) + strata_figure_read(&lc->taken);
		sum.frees += READ_ONCE(lc->frees) + strata_figure_read(&lc->put);
		sum.pages += READ_ONCE(lc->live_pages) + strata_figure_read(&lc->taken_pages);
	}
	sum.live = sum.allocs - sum.frees;
	return sum;
}
STRATA_TEST_EXPORT(strata_large_counts);

static void hand_out(struct strata_span *span, size_t size, gfp_t gfp)
{
	size_t room = (size_t)span->npages << PAGE_SHIFT;

	strata_track_alloc(span->base, size, room, gfp);
	/* A block of the page allocator's is zeroed as gfp and init_on_alloc say. */
	if (span->kind == STRATA_SPAN_LARGE && want_init_on_alloc(gfp))
		zero(span->base, room, gfpflags_allow_blocking(gfp));
}

static __always_inline void *end_free(struct strata_span *span)
{
	/* Not free any more, once all else is done. Pairs with cmpxchg() of who frees it. */
	smp_store_release(&span->nr_free, 0);
	return span->base;
}

static noinline void *hand_out_kept(struct strata_span *span, size_t size, gfp_t gfp)
{
	hand_out(span, size, gfp);
	return end_free(span);
}

/**
 * strata_large_alloc_from() - strata_alloc_from() where @size is likely a large one
 * @a: the allocator
 * @size: bytes, any value
 * @gfp: as for kmalloc(); no STRATA_GFP_DIRECT, no __GFP_THISNODE
 * @site: who asks, for reports
 *
 * Saves no registers where this CPU keeps one: what takes more is called last.
 * Context: as @gfp says.
 * Return: see strata_alloc().
 */
void *strata_large_alloc_from(struct strata_allocator *a, size_t size, gfp_t gfp,
			      unsigned long site)
{
	struct strata_span *span = strata_large_fast_take(a, size);

	if (unlikely(!span))
		return strata_alloc_from(a, size, gfp, NUMA_NO_NODE, site);
	if (want_init_on_alloc(gfp))
		return hand_out_kept(span, size, gfp);
	strata_track_alloc(span->base, size, (size_t)span->npages << PAGE_SHIFT, gfp);
	return end_free(span);
}
STRATA_TEST_EXPORT(strata_large_alloc_from);

/**
 * strata_large_alloc() - an object with pages of its own
 * @a: the allocator
 * @c: the typed cache that it belongs to, or NULL
 * @size: bytes, up to STRATA_MAX_SIZE
 * @gfp: as the caller gave it
 * @node: NUMA node to prefer
 *
 * Context: as @gfp says. In raw context only what this CPU keeps.
 * Return: the object, page aligned, or NULL.
 */
void *strata_large_alloc(struct strata_allocator *a, struct strata_cache *c, size_t size,
			 gfp_t gfp, int node)
{
	unsigned int npages = page_count_of(size);
	bool direct = (gfp & STRATA_GFP_DIRECT) || npages > STRATA_CHUNK_PAGES;
	struct strata_span *span;

	if (!direct && !c && node == strata_home()) {
		span = strata_large_fast_take(a, size);
		if (span)
			return hand_out_kept(span, size, gfp);
	}
	if (!strata_may_grow(gfp))
		return NULL;
	span = strata_span_create(direct ? STRATA_SPAN_DIRECT : STRATA_SPAN_LARGE, 0,
				  gfp & STRATA_GFP_RECLAIM);
	if (!span)
		return NULL;
	if (direct) {
		npages = roundup_pow_of_two(npages);
		span->base = strata_heap_alloc_direct(&a->heap, node, order_base_2(npages), gfp);
	} else {
		span->base = strata_heap_alloc(&a->heap, node, npages, gfp);
	}
	if (!span->base) {
		kfree(span);
		return NULL;
	}
	span->cache = c;
	span->npages = npages;
	span->node = page_to_nid(virt_to_page(span->base));
	hand_out(span, size, gfp);
	this_cpu_inc(a->large_cache->allocs);
	this_cpu_add(a->large_cache->live_pages, npages);
	if (c && c->ctor)
		c->ctor(span->base);
	strata_heap_set_span(&a->heap, span->base, npages, span, 0);
	if (c)
		atomic_long_inc(&c->nr_direct);
	else
		strata_background_wake(a);
	return span->base;
}
STRATA_TEST_EXPORT(strata_large_alloc);

static void free_span_rcu(struct rcu_head *rcu)
{
	kfree(container_of(rcu, struct strata_span, rcu));
}

/**
 * strata_large_finish() - give back the pages of a freed object
 * @a: the allocator
 * @span: claimed by strata_large_free(); nobody reads the object any more
 *
 * Context: any but NMI; for STRATA_SPAN_DIRECT one where pages may be freed.
 */
void strata_large_finish(struct strata_allocator *a, struct strata_span *span)
{
	enum strata_span_kind kind = span->kind;
	unsigned int npages = span->npages;
	void *base = span->base;

	strata_heap_set_span(&a->heap, base, npages, NULL, 0);
	call_rcu(&span->rcu, free_span_rcu);
	if (kind == STRATA_SPAN_DIRECT) {
		strata_heap_free_direct(&a->heap, base, order_base_2(npages));
	} else {
		strata_heap_release(&a->heap, base, npages);
		strata_background_wake(a);
	}
}

/* A softirq is no place for the page allocator's locks on PREEMPT_RT. */
static void finish_rcu(struct rcu_head *rcu)
{
	struct strata_span *span = container_of(rcu, struct strata_span, rcu);
	struct strata_allocator *a = strata_allocator_of(span->cache);

	strata_defer_push(a, &a->deferred_pages, span->base);
	atomic_long_dec(&a->nr_spans_in_rcu);
}

/**
 * strata_large_release() - finish at once, or as soon as it is allowed
 * @a: the allocator
 * @span: claimed by strata_large_free()
 *
 * Context: any but NMI.
 */
void strata_large_release(struct strata_allocator *a, struct strata_span *span)
{
	if (span->cache && (span->cache->flags & STRATA_TYPESAFE_BY_RCU)) {
		atomic_long_inc(&a->nr_spans_in_rcu);
		call_rcu(&span->rcu, finish_rcu);
	} else if (span->kind == STRATA_SPAN_DIRECT && !strata_may_free_pages()) {
		strata_defer_push(a, &a->deferred_pages, span->base);
	} else {
		strata_large_finish(a, span);
	}
}

/**
 * strata_large_free() - take an object back
 * @a: the allocator
 * @span: of a kind other than STRATA_SPAN_OBJECTS; kept by rcu_read_lock()
 *
 * Context: any.
 * Return: false, and nothing done, if somebody else freed it first.
 */
bool strata_large_free(struct strata_allocator *a, struct strata_span *span)
{
	struct strata_cache *c = span->cache;
	const bool typesafe = c && (c->flags & STRATA_TYPESAFE_BY_RCU);
	size_t room = (size_t)span->npages << PAGE_SHIFT;

	if (cmpxchg(&span->nr_free, 0, 1))
		return false;
	/* Of a cache that keeps contents, readers under RCU may still look at them. */
	if (want_init_on_free() && span->kind == STRATA_SPAN_LARGE && !(c && c->keeps))
		zero(span->base, room, false);
	strata_track_free(span->base, typesafe ? 0 : room);
	if (span->kind == STRATA_SPAN_LARGE && !c && !strata_track_defers() &&
	    strata_large_cache_put(a, span))
		return true;
	this_cpu_inc(a->large_cache->frees);
	this_cpu_sub(a->large_cache->live_pages, span->npages);
	if (c)
		atomic_long_dec(&c->nr_direct);
	if (in_nmi())
		strata_defer_push(a, &a->deferred, span->base);
	else
		strata_large_release(a, span);
	return true;
}
STRATA_TEST_EXPORT(strata_large_free);
