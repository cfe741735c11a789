// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a cache begins and ends, and how spans join and leave it.
 */
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "cache.h"
#include "compat.h"
#include "debug.h"
#include "fault.h"
#include "object.h"
#include "track.h"

/* Most bytes, and most objects, that one magazine may ever hold. */
#define MAGAZINE_BYTES	SZ_32K
#define MAGAZINE_MAX	128
#define MAGAZINE_MIN	2

/* The same for one node's depot. */
#define DEPOT_BYTES	SZ_64K
#define DEPOT_MAX	1024
#define DEPOT_MIN	4

static int init_magazines(struct strata_cache *c)
{
	struct strata_magazine *m;
	int cpu;

	if (c->flags & STRATA_DEBUG_FLAGS)
		c->magazine_max = 0;
	else
		c->magazine_max = clamp_t(u32, MAGAZINE_BYTES / c->shape.size,
					  MAGAZINE_MIN, MAGAZINE_MAX);
	c->magazine = strata_may_fail(GFP_KERNEL,
				      __alloc_percpu(struct_size(m, slot, c->magazine_max + 1),
						     max_t(size_t, SMP_CACHE_BYTES,
							   STRATA_OWNER_ALIGN)));
	if (!c->magazine)
		return -ENOMEM;
	/* What was handed out is still in its slot. */
	strata_track_scan_none_percpu(c->magazine);
	for_each_possible_cpu(cpu) {
		m = per_cpu_ptr(c->magazine, cpu);
		m->cache = c;
		m->divisor = c->mark || want_init_on_free() ? 0 : c->shape.divisor;
		m->random = get_random_u64();
		strata_magazine_forget(m, 0, c->magazine_max + 1);
	}
	return 0;
}

static int init_nodes(struct strata_cache *c)
{
	int node;

	c->depot_max = clamp_t(u32, DEPOT_BYTES / c->shape.size, DEPOT_MIN, DEPOT_MAX);
	c->central = strata_may_fail(GFP_KERNEL, kcalloc(nr_node_ids, sizeof(*c->central),
							 GFP_KERNEL));
	c->depot = strata_may_fail(GFP_KERNEL, kcalloc(nr_node_ids, sizeof(*c->depot), GFP_KERNEL));
	/* Each that is there, whatever fails: strata_cache_exit() walks its lists. */
	for (node = 0; c->central && node < nr_node_ids; node++)
		strata_central_init(&c->central[node]);
	if (!c->central || !c->depot)
		return -ENOMEM;
	for (node = 0; node < nr_node_ids; node++)
		strata_depot_init(&c->depot[node]);
	return 0;
}

/**
 * strata_cache_init() - an empty cache
 * @c: zeroed memory
 * @name: lives as long as the cache
 * @size: bytes an object holds, at least 1
 * @align: a power of two from 8 to PAGE_SIZE
 * @span_bytes: wanted length of a span
 * @flags: STRATA_* of strata_cache_args
 * @ctor: see strata_cache_args
 * @heap: where spans come from
 * @host: the allocator that the cache belongs to
 *
 * Context: may sleep.
 * Return: 0, or -ENOMEM with nothing left behind.
 */
int strata_cache_init(struct strata_cache *c, const char *name, size_t size, size_t align,
		      size_t span_bytes, unsigned int flags, void (*ctor)(void *object),
		      struct strata_heap *heap, const struct strata_cache_host *host)
{
	size_t room = ALIGN(size, sizeof(long)), tail;

	c->name = name;
	c->flags = flags;
	c->ctor = ctor;
	c->heap = heap;
	c->host = host;
	c->keeps = ctor || (flags & (STRATA_TYPESAFE_BY_RCU | STRATA_POISON));
	c->usable = room;
	INIT_LIST_HEAD(&c->list);
	if (c->keeps || (flags & STRATA_DEBUG_FLAGS)) {
		c->usable = size;
		room = strata_debug_lay_out(c, room);
	}
	room = ALIGN(max_t(size_t, room + STRATA_TRACK_GAP, 8), align);
	strata_shape_init(&c->shape, room, max(span_bytes, room));
	/* What is left of a span must have room for a mark, see prepare_objects(). */
	tail = (size_t)c->shape.npages * PAGE_SIZE - (size_t)c->shape.nr_objects * c->shape.size;
	if (tail && tail < c->mark + sizeof(unsigned long))
		c->shape.nr_objects--;
	if (init_magazines(c) || init_nodes(c)) {
		strata_cache_exit(c);
		return -ENOMEM;
	}
	return 0;
}
STRATA_TEST_EXPORT(strata_cache_init);

/* call_rcu() and not kfree_rcu(): the latter may take a sleeping lock. */
static void free_span_rcu(struct rcu_head *rcu)
{
	kfree(container_of(rcu, struct strata_span, rcu));
}

/* The spans of a list, their live objects and all, are nobody's any more. */
static unsigned long abandon(struct strata_cache *c, struct list_head *spans)
{
	struct strata_span *span, *next;
	unsigned long live = 0;

	list_for_each_entry_safe(span, next, spans, list) {
		live += c->shape.nr_objects - span->nr_free;
		list_del(&span->list);
		strata_heap_set_span(c->heap, span->base, span->npages, NULL, 0);
		call_rcu(&span->rcu, free_span_rcu);
	}
	return live;
}

/**
 * strata_cache_exit() - end a cache
 * @c: drained and trimmed; nobody else uses it; also one half made
 *
 * Objects that still live keep their pages, for good.
 * Context: may sleep.
 * Return: how many objects that are.
 */
unsigned long strata_cache_exit(struct strata_cache *c)
{
	unsigned long live = 0;
	int node, i;

	for (node = 0; c->central && node < nr_node_ids; node++) {
		for (i = 0; i < STRATA_BUCKETS; i++)
			live += abandon(c, &c->central[node].partial[i]);
		live += abandon(c, &c->central[node].full);
		live += abandon(c, &c->central[node].empty);
	}
	for (node = 0; c->depot && node < nr_node_ids; node++)
		strata_depot_exit(&c->depot[node]);
	kfree(c->depot);
	kfree(c->central);
	free_percpu(c->magazine);
	return live;
}
STRATA_TEST_EXPORT(strata_cache_exit);

static void prepare_contents(struct strata_cache *c, void *object)
{
	if (c->ctor) {
		/* The pages may be those of another span, whose objects are all free. */
		strata_track_unpoison(object, c->usable, c->shape.size);
		c->ctor(object);
	}
	if (c->flags & STRATA_DEBUG_FLAGS)
		strata_debug_fresh(c, object);
}

/* All objects of a new span: constructed, marked free, told to the sanitizers. */
static void prepare_objects(struct strata_cache *c, void *base)
{
	size_t tail = (size_t)c->shape.npages * PAGE_SIZE -
		      (size_t)c->shape.nr_objects * c->shape.size;
	const size_t size = c->shape.size, mark = c->mark;
	const bool more = c->ctor || (c->flags & STRATA_DEBUG_FLAGS);
	void *object = base;
	unsigned int i;

	for (i = c->shape.nr_objects; i--; object += size) {
		if (unlikely(more))
			prepare_contents(c, object);
		strata_track_store(object + mark, strata_object_mark_value(object));
		strata_track_lay_out(object, size);
	}
	/* What is left over looks like a free object: nobody may free it. */
	if (tail) {
		strata_object_mark(c, object);
		strata_track_poison(object, tail);
	}
}

/* Once there are more objects than a magazine holds, some will pass between CPUs. */
static void open_depot(struct strata_cache *c, int node, gfp_t gfp)
{
	const unsigned long spans = READ_ONCE(c->central[node].nr_spans);

	if (spans * c->shape.nr_objects > c->magazine_max)
		strata_depot_open(&c->depot[node], c->depot_max, node, gfp);
}

/*
 * How hard to try for a span. A failure is not the last word: an object alone needs
 * less, and is asked for with all that the caller allows. Nor is anything lost then
 * where objects are whole pages, so nobody waits for a longer run of them.
 */
static gfp_t span_gfp(const struct strata_cache *c, gfp_t gfp)
{
	gfp = (gfp & ~__GFP_NOFAIL) | __GFP_NOWARN;
	return c->shape.size < PAGE_SIZE ? gfp : gfp & ~__GFP_RECLAIM;
}

/**
 * strata_cache_grow() - one more span
 * @c: the cache
 * @node: NUMA node to prefer
 * @gfp: as the caller gave it; __GFP_NOFAIL is not heeded
 *
 * Context: as @gfp says, and never raw.
 * Return: the node that the span is on, or -ENOMEM.
 */
int strata_cache_grow(struct strata_cache *c, int node, gfp_t gfp)
{
	struct strata_span *span;
	void *base;

	gfp = span_gfp(c, gfp);
	span = strata_span_create(STRATA_SPAN_OBJECTS, c->shape.nr_objects,
				  gfp & STRATA_GFP_RECLAIM);
	if (!span)
		return -ENOMEM;
	base = strata_heap_alloc(c->heap, node, c->shape.npages, gfp);
	if (!base) {
		kfree(span);
		return -ENOMEM;
	}
	strata_span_fill(span, &c->shape, base);
	node = page_to_nid(virt_to_page(base));
	span->cache = c;
	span->node = node;
	prepare_objects(c, base);
	/* Marked before anybody can take their pages for ours: there is a barrier in this. */
	strata_heap_set_span(c->heap, base, span->npages, span, strata_cache_owner(c));
	/* From here on others may use the span up, and free it. */
	strata_central_add(&c->central[node], &c->shape, span);
	atomic64_inc(&c->nr_grown);
	open_depot(c, node, gfp & STRATA_GFP_RECLAIM);
	return node;
}
STRATA_TEST_EXPORT(strata_cache_grow);

/**
 * strata_cache_retire() - give back the pages of spans without a live object
 * @c: the cache
 * @spans: out of its central lists; emptied
 *
 * Of a STRATA_TYPESAFE_BY_RCU cache only after a grace period: the caller sees
 * to it.
 * Context: any but NMI.
 */
void strata_cache_retire(struct strata_cache *c, struct list_head *spans)
{
	struct strata_span *span, *next;

	/* What magazines remember of these spans is no longer so. */
	atomic_inc(&c->epoch);
	list_for_each_entry_safe(span, next, spans, list) {
		void *base = span->base;
		unsigned int npages = span->npages;

		list_del(&span->list);
		strata_heap_set_span(c->heap, base, npages, NULL, 0);
		call_rcu(&span->rcu, free_span_rcu);
		strata_heap_release(c->heap, base, npages);
	}
}
STRATA_TEST_EXPORT(strata_cache_retire);

/**
 * strata_cache_live() - objects that are in nobody's free list
 * @c: drained, or else what its magazines and depots hold counts as live
 *
 * Return: how many.
 */
unsigned long strata_cache_live(const struct strata_cache *c)
{
	unsigned long live = atomic_long_read(&c->nr_direct);
	int node;

	for (node = 0; node < nr_node_ids; node++)
		live += READ_ONCE(c->central[node].nr_spans) * c->shape.nr_objects -
			READ_ONCE(c->central[node].nr_free);
	return live;
}
STRATA_TEST_EXPORT(strata_cache_live);

/**
 * strata_cache_pages() - pages of a cache's spans
 * @c: the cache
 *
 * Return: how many, on all nodes.
 */
unsigned long strata_cache_pages(const struct strata_cache *c)
{
	unsigned long pages = 0;
	int node;

	for (node = 0; node < nr_node_ids; node++)
		pages += READ_ONCE(c->central[node].nr_spans) * c->shape.npages;
	return pages;
}
STRATA_TEST_EXPORT(strata_cache_pages);
