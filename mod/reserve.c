// SPDX-License-Identifier: GPL-2.0-only
/*
 * Objects set aside for paths that may not fail, as a mempool does: they are used
 * where the cache has none at hand, and refilled when the caller says, so that n calls
 * from then on cannot fail.
 */
#include <linux/bits.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include <linux/strata.h>

#include "compat.h"
#include "fault.h"
#include "figure.h"
#include "misuse.h"

/* Far beyond any use: a count that was negative, or garbage. */
#define RESERVE_MAX	BIT(24)

/* Objects set aside under one lock. */
#define REFILL_BATCH	32

/**
 * struct strata_reserve - objects set aside
 * @lock: @count and @object
 * @cache: of which
 * @size: how many there are when full
 * @count: how many there are now
 * @object: the objects
 */
struct strata_reserve {
	raw_spinlock_t lock;
	struct strata_cache *cache;
	size_t size;
	size_t count;
	void *object[];
};

/**
 * strata_reserve_create() - set objects aside
 * @c: their cache, which outlives the reserve
 * @n: how many, at least 1
 * @gfp: for all of it
 *
 * Context: as @gfp says; GFP_KERNEL where @n is large.
 * Return: the full reserve, ERR_PTR(-EINVAL) with a report, or ERR_PTR(-ENOMEM).
 */
struct strata_reserve *strata_reserve_create(struct strata_cache *c, size_t n, gfp_t gfp)
{
	struct strata_reserve *r;

	if (IS_ERR_OR_NULL(c) || !n || n > RESERVE_MAX) {
		strata_misuse_report(STRATA_MISUSE_ARGUMENT,
				     "reserve of %zu objects not created for %pS: no cache, or a count that makes no sense",
				     n, (void *)_RET_IP_);
		return ERR_PTR(-EINVAL);
	}
	if (gfpflags_allow_blocking(gfp))
		r = strata_may_fail(gfp, kvzalloc(struct_size(r, object, n), gfp & ~__GFP_ZERO));
	else
		r = strata_may_fail(gfp, kzalloc(struct_size(r, object, n), gfp & ~__GFP_ZERO));
	if (!r)
		return ERR_PTR(-ENOMEM);
	raw_spin_lock_init(&r->lock);
	r->cache = c;
	r->size = n;
	if (strata_reserve_refill(r, gfp)) {
		strata_reserve_destroy(r);
		return ERR_PTR(-ENOMEM);
	}
	return r;
}
STRATA_EXPORT(strata_reserve_create);

/**
 * strata_reserve_alloc() - an object, of those set aside if need be
 * @r: the reserve
 *
 * Free it with strata_cache_free(); it does not come back here.
 * Context: any; an NMI that interrupts another use of @r on its CPU is served
 * by the cache alone.
 * Return: the object, of those that the cache has at hand, or else of those that
 * were set aside. The first n calls after create or refill cannot fail; after those,
 * NULL where the cache has none.
 */
void *strata_reserve_alloc(struct strata_reserve *r)
{
	void *object = strata_cache_alloc(r->cache, GFP_NOWAIT | __GFP_NOWARN);
	unsigned long flags;

	if (likely(object))
		return object;
	if (!in_nmi())
		raw_spin_lock_irqsave(&r->lock, flags);
	else if (!raw_spin_trylock_irqsave(&r->lock, flags))
		return NULL;
	if (r->count) {
		strata_figure_sub(&r->count, 1);
		/* Not left behind: kmemleak would take it for its owner's pointer. */
		swap(object, r->object[r->count]);
	}
	raw_spin_unlock_irqrestore(&r->lock, flags);
	return object;
}
STRATA_EXPORT(strata_reserve_alloc);

/**
 * strata_reserve_refill() - make a reserve full again
 * @r: the reserve
 * @gfp: for the objects
 *
 * Context: as @gfp says. May run against strata_reserve_alloc() and itself.
 * Return: 0, or -ENOMEM; what could be had is in the reserve then.
 */
int strata_reserve_refill(struct strata_reserve *r, gfp_t gfp)
{
	void *object[REFILL_BATCH];
	size_t count, n, put;
	unsigned long flags;

	for (;;) {
		count = READ_ONCE(r->count);
		if (count >= r->size)
			return 0;
		n = min_t(size_t, r->size - count, REFILL_BATCH);
		if (n == 1 || !strata_cache_alloc_bulk(r->cache, gfp, n, object)) {
			/* Where not all is to be had, some is. */
			n = 1;
			object[0] = strata_cache_alloc(r->cache, gfp);
			if (!object[0])
				return -ENOMEM;
		}
		raw_spin_lock_irqsave(&r->lock, flags);
		put = min(n, r->size - r->count);
		memcpy(r->object + r->count, object, put * sizeof(*object));
		strata_figure_add(&r->count, put);
		raw_spin_unlock_irqrestore(&r->lock, flags);
		/* Somebody else refilled it meanwhile. */
		if (put < n)
			strata_cache_free_bulk(r->cache, n - put, object + put);
	}
}
STRATA_EXPORT(strata_reserve_refill);

/**
 * strata_reserve_destroy() - free what is still set aside, and the reserve
 * @r: the reserve, or NULL or an ERR_PTR()
 *
 * Context: may sleep.
 */
void strata_reserve_destroy(struct strata_reserve *r)
{
	if (IS_ERR_OR_NULL(r))
		return;
	strata_cache_free_bulk(r->cache, r->count, r->object);
	kvfree(r);
}
STRATA_EXPORT(strata_reserve_destroy);
