// SPDX-License-Identifier: GPL-2.0-only
/*
 * Magazines that are empty, full or busy: how they are refilled from the depot
 * and the central lists, and emptied there. What happens when everything goes
 * well is in fast.h.
 */
#include <linux/hardirq.h>
#include <linux/preempt.h>
#include <linux/string.h>
#include <linux/topology.h>

#include "cache.h"
#include "compat.h"
#include "context.h"
#include "home.h"
#include "track.h"

/* A magazine's first capacity, where there is room for it. */
#define CAPACITY_FIRST	8

/* A magazine that missed may hold more from now on, if this CPU's budget allows. */
static void widen(struct strata_cache *c, struct strata_magazine *m)
{
	unsigned int capacity = m->capacity ? m->capacity * 2 : CAPACITY_FIRST;

	capacity = min_t(unsigned int, capacity, c->magazine_max);
	if (capacity > m->capacity &&
	    c->host->may_cache(c, smp_processor_id(),
				(long)(capacity - m->capacity) * c->shape.size))
		WRITE_ONCE(m->capacity, capacity);
}

/* Spans went away: what the slots remember of who was handed out is void. */
static void refresh(struct strata_cache *c, struct strata_magazine *m)
{
	int epoch = atomic_read(&c->epoch);

	if (m->epoch == epoch)
		return;
	strata_magazine_forget(m, m->count, c->magazine_max + 1);
	m->epoch = epoch;
}

static unsigned int take_batch(struct strata_cache *c, int node, void **objects, unsigned int n)
{
	unsigned int got = strata_cache_withdraw(c, node, objects, n);

	return got ?: strata_central_take(&c->central[node], &c->shape, objects, n);
}

/* The same for a claimed magazine, which keeps count. */
static unsigned int refill_batch(struct strata_cache *c, struct strata_magazine *m,
				 void **objects, unsigned int n)
{
	int node = strata_home();
	unsigned int got = strata_cache_withdraw(c, node, objects, n);

	if (got)
		m->from_depot++;
	else
		got = strata_central_take(&c->central[node], &c->shape, objects, n);
	if (got)
		m->refills++;
	m->refilled += got;
	return got;
}

/* @random, of 32 bits, as a number below @n. */
static u32 below(u32 n, u32 random)
{
	return ((u64)random * n) >> 32;
}

/*
 * Objects of a span come in the order of their addresses. Where the kernel
 * randomises its freelists, so do we; those in a depot were shuffled before.
 * Fisher-Yates over both halves of a linear congruence (Knuth's for MMIX,
 * "The Art of Computer Programming", 3.3.4), the better one for the first of two.
 */
static void shuffle(struct strata_magazine *m, unsigned int n)
{
	void **const slot = m->slot, **end = slot + n;
	u64 random = m->random;

	for (; n > 1; n -= 2, end -= 2) {
		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		swap(end[-1], slot[below(n, random >> 32)]);
		swap(end[-2], slot[below(n - 1, random)]);
	}
	m->random = random;
}

/* Set objects aside for nested contexts; big ones are not worth their memory. */
static void fill_nested(struct strata_cache *c, struct strata_magazine *m)
{
	if (c->shape.size > SZ_1K || m->count <= STRATA_NESTED_SLOTS || READ_ONCE(m->nested_busy))
		return;
	WRITE_ONCE(m->nested_busy, 1);
	/* An NMI in between leaves the slots alone, like in take_nested(). */
	barrier();
	while (m->nr_nested < STRATA_NESTED_SLOTS)
		m->nested[m->nr_nested++] = m->slot[--m->count];
	barrier();
	WRITE_ONCE(m->nested_busy, 0);
}

/* A claimed magazine is empty: refill it and take one. */
static void *refill(struct strata_cache *c, struct strata_magazine *m)
{
	const u64 from_depot = m->from_depot;
	unsigned int got;
	void *object;

	widen(c, m);
	refresh(c, m);
	if (!m->capacity) {
		got = refill_batch(c, m, &object, 1);
		m->allocs += got;
		return got ? object : NULL;
	}
	got = refill_batch(c, m, m->slot, (m->capacity + 1) / 2);
	if (IS_ENABLED(CONFIG_SLAB_FREELIST_RANDOM) && m->from_depot == from_depot)
		shuffle(m, got);
	m->count = got;
	fill_nested(c, m);
	return strata_magazine_pop(m, &object) ? object : NULL;
}

/* What was set aside; the last resort of a context that may do nothing else. */
static void *take_nested(struct strata_cache *c)
{
	struct strata_magazine *m;
	void *object = NULL;

	preempt_disable();
	m = this_cpu_ptr(c->magazine);
	if (!READ_ONCE(m->nested_busy)) {
		WRITE_ONCE(m->nested_busy, 1);
		/* Read after the claim: what interrupts us sees it and stays away. */
		barrier();
		if (m->nr_nested) {
			object = m->nested[--m->nr_nested];
			m->nested_allocs++;
		}
		barrier();
		WRITE_ONCE(m->nested_busy, 0);
	}
	preempt_enable();
	return object;
}

/* One object without growing: this CPU's magazine, depot, central. */
static void *take_held(struct strata_cache *c, int node)
{
	struct strata_magazine *m;
	void *object = NULL;

	preempt_disable();
	m = this_cpu_ptr(c->magazine);
	if (node != NUMA_NO_NODE || !strata_magazine_claim(m)) {
		/* Busy: we are nested in its use. Locks are taken with interrupts off. */
		if (node == NUMA_NO_NODE)
			node = strata_home();
		if (!in_nmi() && take_batch(c, node, &object, 1))
			atomic64_inc(&c->nr_nested_allocs);
		preempt_enable();
		return object;
	}
	if (!strata_magazine_pop(m, &object) && !in_nmi())
		object = refill(c, m);
	strata_magazine_release(m);
	preempt_enable();
	return object;
}

/**
 * strata_cache_take_slow() - a free object, growing the cache if need be
 * @c: the cache
 * @gfp: as the caller gave it
 * @node: NUMA node that it must be on as far as @gfp says, or NUMA_NO_NODE
 *
 * Context: as @gfp says.
 * Return: the object, still marked free, or NULL.
 */
void *strata_cache_take_slow(struct strata_cache *c, gfp_t gfp, int node)
{
	void *object = take_held(c, node);
	int grown;

	while (!object && strata_may_grow(gfp)) {
		grown = strata_cache_grow(c, node == NUMA_NO_NODE ? strata_home() : node, gfp);
		if (grown < 0)
			return NULL;
		/* Memory may have come from another node than this CPU's. */
		object = take_held(c, grown == strata_home() ? node : grown);
	}
	if (object)
		return object;
	c->host->starved(c);
	return take_nested(c);
}
STRATA_TEST_EXPORT(strata_cache_take_slow);

/*
 * Is an object of a node? All of a window are of one, so what was found of the last
 * is kept in @base: it does for a neighbour. What has no window any more was freed
 * twice, and is of no node.
 */
static __always_inline bool is_local(const struct strata_pagemap *map, const void *object,
				     int node, const void **base)
{
	const struct strata_chunk *chunk;

	if (likely((unsigned long)(object - *base) < STRATA_CHUNK_SIZE))
		return true;
	chunk = strata_pagemap_chunk(map, object);
	if (!chunk || chunk->node != node)
		return false;
	*base = chunk->base;
	return true;
}

/* Objects of a node to the front; returns how many. */
static unsigned int sort_local(const struct strata_pagemap *map, void **objects, unsigned int n,
			       int node)
{
	const void *base = NULL;	/* no object is near that */
	void **end = objects + n, **local = objects, **p;

	while (local < end && is_local(map, *local, node, &base))
		local++;
	for (p = local; p < end; p++) {
		if (is_local(map, *p, node, &base)) {
			swap(*local, *p);
			local++;
		}
	}
	return local - objects;
}

/* Leave objects in the depot of this node, or bring them home. */
static void put_batch(struct strata_cache *c, void **objects, unsigned int n)
{
	int node = strata_home();
	unsigned int left = 0;

	if (strata_depot_has_room(&c->depot[node])) {
		/* Only objects of this node stay on it. */
		left = nr_online_nodes > 1 ? sort_local(&c->heap->map, objects, n, node) : n;
		left = strata_cache_deposit(c, node, objects, left);
	}
	strata_cache_home(c, objects + left, n - left);
}

/* A claimed magazine is full: let it hold more, or make room. */
static void make_room(struct strata_cache *c, struct strata_magazine *m)
{
	unsigned int n;

	m->flushes++;
	widen(c, m);
	refresh(c, m);
	if (m->count < m->capacity)
		return;
	/* The older half goes; what was freed last is in the CPU's cache. */
	n = (m->count + 1) / 2;
	put_batch(c, m->slot, n);
	m->count -= n;
	m->flushed += n;
	/* What stays is no more than what went: the two do not overlap. */
	strata_objects_copy(m->slot, m->slot + n, m->count);
}

/**
 * strata_cache_put_slow() - take an object back
 * @c: the cache
 * @object: marked free
 *
 * Context: any.
 */
void strata_cache_put_slow(struct strata_cache *c, void *object)
{
	struct strata_magazine *m;
	bool claimed;

	preempt_disable();
	m = this_cpu_ptr(c->magazine);
	claimed = strata_magazine_claim(m);
	if (claimed && !strata_track_defers() && strata_magazine_push(m, object)) {
		strata_magazine_release(m);
	} else if (in_nmi()) {
		if (claimed)
			strata_magazine_release(m);
		c->host->defer(c, object);
	} else if (!claimed) {
		atomic64_inc(&c->nr_nested_frees);
		strata_cache_home(c, &object, 1);
	} else {
		make_room(c, m);
		if (!strata_magazine_push(m, object)) {
			m->flushed++;
			strata_cache_home(c, &object, 1);
		}
		strata_magazine_release(m);
	}
	preempt_enable();
}
STRATA_TEST_EXPORT(strata_cache_put_slow);

/* Copy pointers, and take the marks off, in one pass. */
static void unmark_copy(const struct strata_cache *c, void **to, void **from, unsigned int n)
{
	const u32 mark = c->mark;
	void *object;

	while (n--) {
		object = from[n];
		/* For the reason of strata_object_copy(). */
		OPTIMIZER_HIDE_VAR(object);
		strata_track_store(object + mark, 0);
		to[n] = object;
	}
}

static size_t take_some_held(struct strata_cache *c, void **objects, size_t n, bool unmark)
{
	struct strata_magazine *m;
	size_t got = 0;

	preempt_disable();
	m = this_cpu_ptr(c->magazine);
	if (!strata_magazine_claim(m)) {
		preempt_enable();
		return 0;
	}
	if (m->count) {
		got = min_t(size_t, n, m->count);
		m->count -= got;
		if (unmark)
			unmark_copy(c, objects, m->slot + m->count, got);
		else
			strata_objects_copy(objects, m->slot + m->count, got);
	} else if (!in_nmi()) {
		got = refill_batch(c, m, objects, min_t(size_t, n, STRATA_BULK_BATCH));
		if (unmark)
			unmark_copy(c, objects, objects, got);
	}
	m->allocs += got;
	strata_magazine_release(m);
	preempt_enable();
	return got;
}

/**
 * strata_cache_take_some() - many free objects
 * @c: the cache
 * @gfp: as the caller gave it
 * @objects: filled with them
 * @n: how many are wanted
 * @unmark: take off the mark that says that they are free
 *
 * Context: as @gfp says.
 * Return: how many there are; fewer than @n only where no more can be had.
 */
size_t strata_cache_take_some(struct strata_cache *c, gfp_t gfp, void **objects, size_t n,
			      bool unmark)
{
	size_t done = 0, got;

	while (done < n) {
		got = take_some_held(c, objects + done, n - done, unmark);
		if (!got) {
			objects[done] = strata_cache_take_slow(c, gfp, NUMA_NO_NODE);
			if (!objects[done])
				break;
			if (unmark)
				strata_track_store(objects[done] + c->mark, 0);
			got = 1;
		}
		done += got;
	}
	return done;
}
STRATA_TEST_EXPORT(strata_cache_take_some);
