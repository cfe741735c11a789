// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocation, all of it but the exported names.
 */
#include <linux/nodemask.h>
#include <linux/sched/mm.h>

#include "alloc.h"
#include "compat.h"
#include "debug.h"
#include "fast.h"
#include "home.h"
#include "large.h"
#include "misuse.h"

/* The node that a caller named, or NUMA_NO_NODE where any will do. */
static int node_of(int node, gfp_t gfp)
{
	if (node != NUMA_NO_NODE && node >= 0 && node < nr_node_ids &&
	    (node_state(node, N_MEMORY) || (gfp & __GFP_THISNODE)))
		return node;
	return gfp & __GFP_THISNODE ? strata_home() : NUMA_NO_NODE;
}

/*
 * There is no memory for a span: pages for the one object may still be there. It
 * costs a page where it is smaller, and lasts until it is freed.
 */
static noinline void *alloc_alone(struct strata_cache *c, size_t size, gfp_t gfp, int node)
{
	struct strata_allocator *a = strata_allocator_of(c);
	const bool typed = c < a->class || c >= a->class + STRATA_NR_CLASSES;

	return strata_large_alloc(a, typed ? c : NULL, typed ? c->shape.size : size, gfp,
				  node == NUMA_NO_NODE ? strata_home() : node);
}

static void *alloc_object(struct strata_cache *c, size_t size, gfp_t gfp, int node,
			  unsigned long site)
{
	void *object;

	if (node != NUMA_NO_NODE || !strata_fast_take(c->magazine, &object))
		object = strata_cache_take_slow(c, gfp, node);
	if (!object)
		return alloc_alone(c, size, gfp, node);
	if (unlikely(c->flags & STRATA_DEBUG_FLAGS))
		strata_debug_alloc(c, object, size, site);
	strata_object_hand_out(c, object, size, gfp, want_init_on_alloc(gfp));
	return object;
}

/**
 * strata_alloc_from() - strata_alloc_node() of any allocator
 * @a: the allocator
 * @size: bytes
 * @gfp: as for kmalloc()
 * @node: NUMA node or NUMA_NO_NODE
 * @site: who asks, for reports
 *
 * Context: as @gfp says.
 * Return: see strata_alloc().
 */
void *strata_alloc_from(struct strata_allocator *a, size_t size, gfp_t gfp, int node,
			unsigned long site)
{
	might_alloc(gfp);
	if (unlikely(!size))
		return ZERO_SIZE_PTR;
	if (unlikely(size > STRATA_MAX_SIZE)) {
		if (!(gfp & __GFP_NOWARN))
			strata_misuse_report(STRATA_MISUSE_ARGUMENT,
					     "%zu bytes asked for by %pS; the most is %zu. NULL returned",
					     size, (void *)site, STRATA_MAX_SIZE);
		return NULL;
	}
	node = node_of(node, gfp);
	if (unlikely(size > STRATA_CLASS_MAX_SIZE || (gfp & STRATA_GFP_DIRECT)))
		return strata_large_alloc(a, NULL, size, gfp,
					  node == NUMA_NO_NODE ? strata_home() : node);
	return alloc_object(&a->class[strata_class_of(size)], size, gfp, node, site);
}
STRATA_TEST_EXPORT(strata_alloc_from);

/**
 * strata_cache_alloc_from() - strata_cache_alloc() of any allocator's cache
 * @c: the cache
 * @gfp: as for kmem_cache_alloc()
 * @site: who asks, for reports
 *
 * Context: as @gfp says.
 * Return: the object or NULL.
 */
void *strata_cache_alloc_from(struct strata_cache *c, gfp_t gfp, unsigned long site)
{
	might_alloc(gfp);
	if (c->flags & STRATA_ACCOUNT)
		gfp |= __GFP_ACCOUNT;
	if (c->ctor && (gfp & __GFP_ZERO)) {
		strata_misuse_report(STRATA_MISUSE_ARGUMENT,
				     "__GFP_ZERO for cache %s, which has a constructor, by %pS; not heeded",
				     c->name, (void *)site);
		gfp &= ~__GFP_ZERO;
	}
	if (gfp & STRATA_GFP_DIRECT)
		return strata_large_alloc(strata_allocator_of(c), c, c->shape.size, gfp,
					  strata_home());
	return alloc_object(c, c->usable, gfp, node_of(NUMA_NO_NODE, gfp), site);
}
STRATA_TEST_EXPORT(strata_cache_alloc_from);

/* Bulk goes on where no more spans are to be had. All or nothing. */
static noinline bool alloc_rest(struct strata_cache *c, size_t size, gfp_t gfp, size_t got,
				size_t n, void **out, unsigned long site)
{
	for (; got < n; got++) {
		out[got] = alloc_object(c, size, gfp, NUMA_NO_NODE, site);
		if (!out[got]) {
			strata_free_many(strata_allocator_of(c), NULL, got, out, site);
			return false;
		}
	}
	return true;
}

/**
 * strata_cache_alloc_many() - many objects of one cache, or none
 * @c: the cache
 * @size: bytes asked for
 * @gfp: as for kmalloc(); no STRATA_GFP_DIRECT
 * @n: how many
 * @out: filled with them
 * @site: who asks, for reports
 *
 * Context: as @gfp says.
 * Return: false, and nothing allocated, if not all could be had.
 */
bool strata_cache_alloc_many(struct strata_cache *c, size_t size, gfp_t gfp, size_t n,
			     void **out, unsigned long site)
{
	const bool init = want_init_on_alloc(gfp);
	/* Nobody has to be told of each, and there is nothing to it but zeroing. */
	const bool plain = !(c->flags & STRATA_DEBUG_FLAGS) && !strata_track_listens() &&
			   !(init && c->keeps);
	size_t i, got;

	might_alloc(gfp);
	got = strata_cache_take_some(c, gfp, out, n, plain && !init);
	for (i = 0; init && plain && i < got; i++)
		strata_track_zero(out[i], c->usable);
	for (i = 0; unlikely(!plain) && i < got; i++) {
		if (c->flags & STRATA_DEBUG_FLAGS)
			strata_debug_alloc(c, out[i], size, site);
		strata_object_hand_out(c, out[i], size, gfp, init);
	}
	return likely(got == n) || alloc_rest(c, size, gfp, got, n, out, site);
}
STRATA_TEST_EXPORT(strata_cache_alloc_many);
