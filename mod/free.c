// SPDX-License-Identifier: GPL-2.0-only
/*
 * Free, all of it but the exported names: what belongs to a class or cache,
 * what has pages of its own, and what should never have come here. Of the
 * last, each kind is told apart and reported with its call site; at worst the
 * object in question is leaked, and nothing else is touched.
 */
#include <linux/rcupdate.h>

#include "alloc.h"
#include "compat.h"
#include "debug.h"
#include "fast.h"
#include "large.h"
#include "large_fast.h"
#include "misuse.h"

static void free_object(struct strata_cache *c, void *object, unsigned long site)
{
	if (unlikely(c->flags & STRATA_DEBUG_FLAGS) && !strata_debug_free(c, object, site))
		return;
	strata_object_take_in(c, object);
	strata_cache_put_slow(c, object);
}

static void report_double_free(const struct strata_cache *c, const void *object,
			       unsigned long site)
{
	if (c->record)
		strata_misuse_report(STRATA_MISUSE_DOUBLE_FREE,
				     "object %p of cache %s (%u bytes) freed by %pS was freed by %pS already; ignored",
				     object, c->name, c->usable, (void *)site,
				     (void *)strata_debug_recorded(c, object,
							    STRATA_RECORD_FREE_SITE));
	else
		strata_misuse_report(STRATA_MISUSE_DOUBLE_FREE,
				     "object %p of cache %s (%u bytes) freed by %pS was free already; ignored (with STRATA_TRACE the cache would know who freed it first)",
				     object, c->name, c->usable, (void *)site);
}

/* A pointer into a span of objects that is not the start of a live one. */
static void report_object(const struct strata_span *span, const void *p, unsigned long site)
{
	const struct strata_cache *c = span->cache;
	unsigned long offset = p - span->base;
	unsigned int index = strata_shape_index(&c->shape, offset);

	if (index >= c->shape.nr_objects)
		strata_misuse_report(STRATA_MISUSE_INTERIOR,
				     "%p freed by %pS lies behind the last object of a span of cache %s; ignored",
				     p, (void *)site, c->name);
	else if (offset != index * c->shape.size)
		strata_misuse_report(STRATA_MISUSE_INTERIOR,
				     "%p freed by %pS is %lu bytes into object %p of cache %s (%u bytes); the object is leaked",
				     p, (void *)site, offset - index * c->shape.size,
				     span->base + index * c->shape.size, c->name, c->usable);
	else
		report_double_free(c, p, site);
}

static void report_stranger(struct strata_allocator *a, const void *p, unsigned long site)
{
	struct strata_heap_node *hn;
	struct strata_chunk *chunk;
	unsigned long flags;
	bool ours = false;

	if (!in_nmi()) {
		chunk = strata_heap_chunk(&a->heap, p, &hn, &flags);
		if (chunk) {
			ours = test_bit(strata_chunk_page(p), chunk->present);
			raw_spin_unlock_irqrestore(&hn->lock, flags);
		}
	}
	if (ours)
		strata_misuse_report(STRATA_MISUSE_FREED_PAGE,
				     "%p freed by %pS is in memory where no object is: freed twice, or never allocated; ignored",
				     p, (void *)site);
	else
		strata_misuse_report(STRATA_MISUSE_FOREIGN,
				     "%p freed by %pS is not strata's: %s; ignored",
				     p, (void *)site, strata_describe_foreign(p));
}

/* Not a live object of a cache's magazines. With @only, it should be of that cache. */
static void free_odd(struct strata_allocator *a, struct strata_cache *only, const void *p,
		     unsigned long site)
{
	struct strata_span *span;

	if (ZERO_OR_NULL_PTR(p))
		return;
	rcu_read_lock();
	span = strata_heap_span(&a->heap, p);
	if (!span)
		report_stranger(a, p, site);
	else if (span->kind == STRATA_SPAN_OBJECTS)
		report_object(span, p, site);
	else if (p != span->base)
		strata_misuse_report(STRATA_MISUSE_INTERIOR,
				     "%p freed by %pS is %zu bytes into object %p (%zu bytes); the object is leaked",
				     p, (void *)site, (size_t)(p - span->base), span->base,
				     strata_large_usable(span));
	else if (only && span->cache != only)
		strata_misuse_report(STRATA_MISUSE_WRONG_CACHE,
				     "object %p of %s freed to cache %s by %pS; the object is leaked",
				     p, span->cache ? span->cache->name : "the general heap",
				     only->name, (void *)site);
	else if (!strata_large_free(a, span))
		strata_misuse_report(STRATA_MISUSE_DOUBLE_FREE,
				     "object %p (%zu bytes) freed by %pS was free already; ignored",
				     p, strata_large_usable(span), (void *)site);
	rcu_read_unlock();
}

static noinline void free_rest(const void *p, struct strata_allocator *a, unsigned long site)
{
	struct strata_cache *c;

	preempt_disable();
	c = strata_fast_cache(&a->heap, p);
	preempt_enable();
	if (c)
		free_object(c, (void *)p, site);
	else
		free_odd(a, NULL, p, site);
}

/**
 * strata_free_slow() - the rest of strata_free(), once strata_fast_free() failed
 * @p: any value; first, where strata_free() was given it
 * @a: the allocator
 * @site: who frees, for reports
 *
 * Large objects come by nearly as often as small ones that take more work: they are
 * first, and for them no registers are saved.
 * Context: any.
 */
void strata_free_slow(const void *p, struct strata_allocator *a, unsigned long site)
{
	if (!strata_large_fast_free(a, p))
		free_rest(p, a, site);
	else if (unlikely(!delayed_work_pending(&a->tick)))
		strata_background_wake(a);
}

/**
 * strata_free_to() - strata_free() of any allocator
 * @a: the allocator
 * @p: any value
 * @site: who frees, for reports
 *
 * Context: any.
 */
void strata_free_to(struct strata_allocator *a, const void *p, unsigned long site)
{
	if (!strata_fast_free(&a->heap, p))
		strata_free_slow(p, a, site);
}
STRATA_TEST_EXPORT(strata_free_to);

static void report_wrong_cache(const struct strata_cache *c, const struct strata_cache *only,
			       const void *p, unsigned long site)
{
	strata_misuse_report(STRATA_MISUSE_WRONG_CACHE,
			     "object %p of cache %s freed to cache %s by %pS; the object is leaked",
			     p, c->name, only->name, (void *)site);
}

/**
 * strata_cache_free_to() - strata_cache_free() of any allocator's cache
 * @only: the cache
 * @object: any value
 * @site: who frees, for reports
 *
 * Context: any.
 */
void strata_cache_free_to(struct strata_cache *only, void *object, unsigned long site)
{
	struct strata_cache *c;

	preempt_disable();
	c = strata_fast_cache(only->heap, object);
	preempt_enable();
	if (!c)
		free_odd(strata_allocator_of(only), only, object, site);
	else if (c != only)
		report_wrong_cache(c, only, object, site);
	else
		free_object(c, object, site);
}
STRATA_TEST_EXPORT(strata_cache_free_to);

/*
 * Free objects from the front of @objects, all of the cache that the first is
 * of, into a claimed magazine of it, as long as it has room. Those of a worn heap
 * lie each in another span, but few leaves apart.
 */
static unsigned long push_run(struct strata_allocator *a, struct strata_magazine *m,
			      unsigned long n, void **objects)
{
	const struct strata_cache *c = m->cache;
	const unsigned long owner = strata_cache_owner(c), secret = strata_mark_secret;
	struct strata_map_last last = strata_map_begin(&a->heap.map, *objects);
	void **slot = m->slot + m->count, *p;
	const u64 divisor = c->shape.divisor;
	const u32 mark = c->mark;
	unsigned long i, page, word;

	n = min(n, m->capacity - min(m->capacity, m->count));
	for (i = 0; i < n; i++) {
		p = objects[i];
		/* What is left of it, if the owner is this one, says where the span begins. */
		page = strata_map_next(&a->heap.map, p, &last);
		word = strata_leaf_word(last.leaf, page) ^ owner;
		if (unlikely(word >= STRATA_OWNER_ALIGN ||
			     !strata_is_multiple(strata_owner_offset(word, p), divisor)))
			break;
		if (unlikely(strata_track_load(p + mark) == ((unsigned long)p ^ secret)))
			break;
		strata_object_take_in_as_is(c, p, p + mark, (unsigned long)p ^ secret);
		slot[i] = p;
	}
	m->count += i;
	return i;
}

/* The same of this CPU, if it can be had; 0 if the first takes more work. */
static unsigned int free_run(struct strata_allocator *a, struct strata_cache *only,
			     unsigned int n, void **objects)
{
	struct strata_magazine *m;
	struct strata_cache *c;
	unsigned int done = 0;

	if (!strata_fast_may_free())
		return 0;
	preempt_disable();
	c = strata_fast_cache(&a->heap, objects[0]);
	if (!c || (only && c != only))
		goto out;
	m = this_cpu_ptr(c->magazine);
	if (strata_magazine_claim(m)) {
		done = push_run(a, m, n, objects);
		strata_magazine_release(m);
	}
out:
	preempt_enable();
	return done;
}

/**
 * strata_free_many() - free many objects
 * @a: the allocator
 * @only: the cache that all should be of, or NULL
 * @n: how many
 * @objects: any values
 * @site: who frees, for reports
 *
 * Context: any. Preemption is off for STRATA_BULK_BATCH objects at a time.
 */
void strata_free_many(struct strata_allocator *a, struct strata_cache *only, size_t n,
		      void **objects, unsigned long site)
{
	size_t some;

	while (n) {
		some = free_run(a, only, min_t(size_t, n, STRATA_BULK_BATCH), objects);
		if (!some) {
			/* Also makes room for those that follow. */
			if (only)
				strata_cache_free_to(only, objects[0], site);
			else
				strata_free_slow(objects[0], a, site);
			some = 1;
		}
		objects += some;
		n -= some;
	}
}
STRATA_TEST_EXPORT(strata_free_many);

/**
 * strata_usable() - how many bytes of an object are its owner's
 * @a: the allocator
 * @p: any value; of an object with guard bytes, what is behind it is read
 *
 * Context: any.
 * Return: bytes, 0 if @p is not the start of an object.
 */
size_t strata_usable(struct strata_allocator *a, const void *p)
{
	const struct strata_span *span;
	size_t usable = 0;

	if (ZERO_OR_NULL_PTR(p))
		return 0;
	rcu_read_lock();
	span = strata_heap_span(&a->heap, p);
	if (span && span->kind != STRATA_SPAN_OBJECTS)
		usable = p == span->base ? strata_large_usable(span) : 0;
	else if (span && strata_shape_is_start(&span->cache->shape, p - span->base) &&
		 strata_shape_index(&span->cache->shape, p - span->base) <
		 span->cache->shape.nr_objects)
		usable = strata_debug_asked(span->cache, p);
	rcu_read_unlock();
	return usable;
}
STRATA_TEST_EXPORT(strata_usable);

/**
 * strata_is_live() - is this the start of an object that somebody has?
 * @a: the allocator
 * @p: any value
 *
 * Context: any.
 * Return: true if it is, at this moment.
 */
bool strata_is_live(struct strata_allocator *a, const void *p)
{
	const struct strata_span *span;
	bool live;

	preempt_disable();
	live = strata_fast_cache(&a->heap, p);
	if (!live) {
		span = strata_heap_span(&a->heap, p);
		live = span && span->kind != STRATA_SPAN_OBJECTS && p == span->base &&
		       !READ_ONCE(span->nr_free);
	}
	preempt_enable();
	return live;
}
STRATA_TEST_EXPORT(strata_is_live);
