// SPDX-License-Identifier: GPL-2.0-only
/*
 * The walker's upper half: the spans of a cache, its magazines and depots. Each
 * free object is in exactly one place, marked free, and counted once.
 */
#include <linux/cpumask.h>
#include <linux/log2.h>
#include <linux/nodemask.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "allocator.h"
#include "check.h"
#include "compat.h"
#include "counts.h"
#include "fault.h"
#include "figure.h"
#include "object.h"

/* Beyond the buckets of partial spans. */
enum { BUCKET_FULL = STRATA_BUCKETS, BUCKET_EMPTY };

/* Sums over the spans of a node. */
struct span_sums {
	unsigned long spans;
	unsigned long free;
};

/* Free objects found in magazines and depots. */
struct held {
	void **object;
	size_t n, max;
};

static unsigned int list_for(const struct strata_cache *c, unsigned int nr_free)
{
	if (!nr_free)
		return BUCKET_FULL;
	if (nr_free == c->shape.nr_objects)
		return BUCKET_EMPTY;
	return strata_central_bucket(nr_free);
}

/* Until its next list; but in the last one it is looked at in between. */
static bool stays_so_long(const struct strata_cache *c, unsigned int nr_free, unsigned int stays)
{
	const unsigned int most = nr_free ? strata_central_stays(&c->shape, nr_free) : 1;

	if (nr_free && strata_central_bucket(nr_free) == STRATA_BUCKETS - 1)
		return stays && stays <= most;
	return stays == most;
}

static void check_free_objects(struct strata_checker *k, const struct strata_cache *c,
			       const struct strata_span *span)
{
	unsigned int i;

	for_each_set_bit(i, span->free, c->shape.nr_objects) {
		void *object = span->base + (size_t)i * c->shape.size;

		if (!strata_object_is_marked(c, object))
			strata_check_report(k, "object %p of cache %s is free and not marked so: written to after its free?",
					    object, c->name);
	}
}

/* A span in a list of its central, which is locked: it and its pages stay. */
static void check_span(struct strata_checker *k, struct strata_cache *c, int node,
		       const struct strata_span *span, unsigned int list)
{
	unsigned int i, bits;

	if (span->kind != STRATA_SPAN_OBJECTS || span->cache != c ||
	    span->npages != c->shape.npages) {
		strata_check_report(k, "span %p is none of cache %s", span->base, c->name);
		return;
	}
	for (i = 0; i < span->npages; i++)
		if (strata_heap_span(c->heap, span->base + i * PAGE_SIZE) != span)
			strata_check_report(k, "page %u of span %p of cache %s belongs to another",
					    i, span->base, c->name);
	bits = bitmap_weight(span->free, c->shape.nr_objects);
	strata_check_equal(k, span->nr_free, bits, "span %p of cache %s, free objects",
			   span->base, c->name);
	strata_check_equal(k, span->node, node, "span %p of cache %s, node", span->base, c->name);
	i = BITS_TO_LONGS(c->shape.nr_objects) * BITS_PER_LONG;
	if (find_next_bit(span->free, i, c->shape.nr_objects) < i)
		strata_check_report(k, "span %p of cache %s has free objects behind its last",
				    span->base, c->name);
	if (list != list_for(c, bits))
		strata_check_report(k, "span %p of cache %s with %u objects free is in list %u",
				    span->base, c->name, bits, list);
	if (list != BUCKET_EMPTY && !stays_so_long(c, bits, span->stays))
		strata_check_report(k, "span %p of cache %s with %u objects free stays for %u frees",
				    span->base, c->name, bits, span->stays);
	check_free_objects(k, c, span);
}

static void check_list(struct strata_checker *k, struct strata_cache *c, int node,
		       unsigned int list, struct list_head *head, struct span_sums *sums)
{
	const struct strata_span *span;

	list_for_each_entry(span, head, list) {
		check_span(k, c, node, span, list);
		sums->spans++;
		sums->free += span->nr_free;
	}
}

/* Returns how many objects have left the spans of this node. */
static unsigned long check_central(struct strata_checker *k, struct strata_cache *c, int node)
{
	struct strata_central *central = &c->central[node];
	struct span_sums sums = { };
	unsigned long flags, outside;
	unsigned int i;

	raw_spin_lock_irqsave(&central->lock, flags);
	for (i = 0; i < STRATA_BUCKETS; i++) {
		check_list(k, c, node, i, &central->partial[i], &sums);
		if (!!(central->occupied & BIT(i)) == list_empty(&central->partial[i]))
			strata_check_report(k, "cache %s, node %d, bucket %u: mark and list differ",
					    c->name, node, i);
	}
	check_list(k, c, node, BUCKET_FULL, &central->full, &sums);
	check_list(k, c, node, BUCKET_EMPTY, &central->empty, &sums);
	outside = sums.spans * c->shape.nr_objects - sums.free;
	strata_check_equal(k, central->nr_spans, sums.spans, "cache %s, node %d, spans",
			   c->name, node);
	strata_check_equal(k, central->nr_free, sums.free, "cache %s, node %d, free objects",
			   c->name, node);
	strata_check_equal(k, central->nr_taken - central->nr_put, outside,
			   "cache %s, node %d, objects taken and not put back", c->name, node);
	raw_spin_unlock_irqrestore(&central->lock, flags);
	k->span_pages += sums.spans * c->shape.npages;
	return outside;
}

static void hold(struct held *held, void **objects, size_t n)
{
	n = min(n, held->max - held->n);
	while (n--)
		held->object[held->n++] = strata_figure_read(objects++);
}

static void check_magazine(struct strata_checker *k, const struct strata_cache *c, int cpu,
			   struct held *held)
{
	struct strata_magazine *m = per_cpu_ptr(c->magazine, cpu);
	unsigned int count = strata_figure_read(&m->count);
	unsigned int nested = strata_figure_read(&m->nr_nested);
	const unsigned long capacity = READ_ONCE(m->capacity);
	unsigned long i;

	if (strata_magazine_is_claimed(m) || READ_ONCE(m->nested_busy))
		strata_check_report(k, "cache %s, CPU %d: magazine claimed", c->name, cpu);
	if (capacity > c->magazine_max || count > capacity || nested > STRATA_NESTED_SLOTS) {
		strata_check_report(k, "cache %s, CPU %d: magazine of at most %u may hold %lu, holds %u and %u set aside",
				    c->name, cpu, c->magazine_max, capacity, count, nested);
		return;
	}
	for (i = capacity; i <= c->magazine_max; i++) {
		const void *told = strata_figure_read(&m->slot[i]);

		if (told != m)
			strata_check_report(k, "cache %s, CPU %d: slot %lu, where none may be, tells of %p",
					    c->name, cpu, i, told);
	}
	if ((s64)strata_magazine_frees(m) < 0)
		strata_check_report(k, "cache %s, CPU %d: %lld allocs and %lld frees", c->name,
				    cpu, strata_magazine_allocs(m), strata_magazine_frees(m));
	hold(held, m->slot, count);
	hold(held, m->nested, nested);
}

static void check_depot(struct strata_checker *k, const struct strata_cache *c, int node,
			struct held *held)
{
	struct strata_depot *depot = &c->depot[node];
	unsigned long flags;
	unsigned int count;

	raw_spin_lock_irqsave(&depot->lock, flags);
	count = depot->count;
	strata_check_equal(k, count, depot->nr_in - depot->nr_out,
			   "cache %s, node %d, objects in the depot", c->name, node);
	if (count > depot->capacity || depot->low > count) {
		strata_check_report(k, "cache %s, node %d: depot of at most %u holds %u, once %u",
				    c->name, node, depot->capacity, count, depot->low);
		count = min(count, depot->capacity);
	}
	hold(held, depot->slot, count);
	raw_spin_unlock_irqrestore(&depot->lock, flags);
}

static bool is_start(const struct strata_cache *c, const struct strata_span *span,
		     const void *object)
{
	size_t offset = object - span->base;

	return !(offset % c->shape.size) && offset / c->shape.size < c->shape.nr_objects;
}

/* An object in a magazine or depot: known to its span as not there, and marked free. */
static void check_held(struct strata_checker *k, struct strata_cache *c, void *object)
{
	struct strata_span *span;
	unsigned long flags;

	rcu_read_lock();
	span = strata_heap_span(c->heap, object);
	if (!span || span->kind != STRATA_SPAN_OBJECTS || span->cache != c ||
	    span->node >= nr_node_ids || !is_start(c, span, object)) {
		strata_check_report(k, "%p in a magazine or depot of cache %s is no object of it",
				    object, c->name);
		goto unlock;
	}
	raw_spin_lock_irqsave(&c->central[span->node].lock, flags);
	/* Not empty: under the lock it stays, and its memory may be read. */
	if (strata_span_is_free(span, &c->shape, object))
		strata_check_report(k, "object %p of cache %s is in its span and in a magazine or depot",
				    object, c->name);
	else if (!strata_object_is_marked(c, object))
		strata_check_report(k, "object %p of cache %s is in a magazine or depot and not marked free: written to after its free?",
				    object, c->name);
	raw_spin_unlock_irqrestore(&c->central[span->node].lock, flags);
unlock:
	rcu_read_unlock();
}

static int by_address(const void *a, const void *b)
{
	const unsigned long x = *(const unsigned long *)a, y = *(const unsigned long *)b;

	return x < y ? -1 : x > y;
}

static void check_all_held(struct strata_checker *k, struct strata_cache *c,
			   const struct held *held)
{
	size_t i;

	sort(held->object, held->n, sizeof(*held->object), by_address, NULL);
	for (i = 0; i < held->n; i++) {
		if (i && held->object[i] == held->object[i - 1])
			strata_check_report(k, "object %p of cache %s is in magazines and depots twice",
					    held->object[i], c->name);
		else
			check_held(k, c, held->object[i]);
	}
}

/**
 * strata_check_cache() - walk a cache
 * @k: the walk
 * @c: the cache; it lives
 *
 * Context: task, allocator's lock held.
 */
void strata_check_cache(struct strata_checker *k, struct strata_cache *c)
{
	unsigned long outside = 0;
	struct strata_counts counts = { };
	struct held held = { };
	int cpu, node;

	held.max = num_possible_cpus() * (c->magazine_max + STRATA_NESTED_SLOTS);
	for (node = 0; node < nr_node_ids; node++)
		held.max += READ_ONCE(c->depot[node].capacity);
	held.object = strata_may_fail(GFP_KERNEL, kvmalloc_array(held.max, sizeof(*held.object),
								 GFP_KERNEL));
	if (!held.object) {
		strata_check_report(k, "no memory to check cache %s", c->name);
		return;
	}
	for (node = 0; node < nr_node_ids; node++) {
		outside += check_central(k, c, node);
		check_depot(k, c, node, &held);
	}
	for_each_possible_cpu(cpu)
		check_magazine(k, c, cpu, &held);
	check_all_held(k, c, &held);
	kvfree(held.object);

	strata_counts_add(&counts, c);
	strata_check_equal(k, counts.live, outside - held.n,
			   "cache %s, live objects", c->name);
	strata_check_equal(k, counts.in_magazines + counts.in_depots, held.n,
			   "cache %s, objects in magazines and depots", c->name);
	k->direct += counts.direct;
}
