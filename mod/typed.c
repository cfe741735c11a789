// SPDX-License-Identifier: GPL-2.0-only
/*
 * The exported calls of typed caches: objects of one type, in spans shared
 * with no other.
 */
#include <linux/cpu.h>
#include <linux/log2.h>
#include <linux/slab.h>

#include <linux/strata.h>

#include "alloc.h"
#include "compat.h"
#include "drain.h"
#include "context.h"
#include "debug.h"
#include "fast.h"
#include "fault.h"
#include "main.h"
#include "misuse.h"
#include "rcu_free.h"

#define CACHE_FLAGS	(STRATA_TYPESAFE_BY_RCU | STRATA_ACCOUNT | STRATA_REDZONE | \
			 STRATA_POISON | STRATA_TRACE)

/*
 * Calls that the fast path does not look at go the long way. Of flags it need
 * not know: where they ask for more, the magazines are empty.
 */
#define SLOW_FLAGS	(STRATA_ACCOUNT | STRATA_DEBUG_FLAGS)
#define SLOW_GFP	(STRATA_GFP_DIRECT | __GFP_THISNODE | __GFP_ZERO)

/* Live objects that a report names one by one. */
#define NAMED_MAX	16

static const char *what_is_wrong(const char *name, const struct strata_cache_args *args)
{
	if (!name || !*name)
		return "no name";
	if (!args)
		return "no arguments";
	if (!args->size || args->size > STRATA_CACHE_MAX_SIZE)
		return "size is 0 or above STRATA_CACHE_MAX_SIZE";
	if (args->align && (!is_power_of_2(args->align) || args->align > PAGE_SIZE))
		return "alignment is no power of two up to PAGE_SIZE";
	if (args->flags & ~CACHE_FLAGS)
		return "unknown flag";
	return NULL;
}

/* Spans like those of the smallest class that would hold such an object. */
static size_t span_bytes_for(size_t room)
{
	if (room > STRATA_CLASS_MAX_SIZE)
		return PAGE_ALIGN(room * 4);
	return max_t(size_t, strata_class_info[strata_class_of(room)].span_bytes,
		     PAGE_ALIGN(room));
}

/**
 * strata_cache_create_in() - strata_cache_create() of any allocator
 * @a: the allocator
 * @name: copied
 * @args: they make sense
 *
 * Context: may sleep.
 * Return: the cache or ERR_PTR(-ENOMEM).
 */
struct strata_cache *strata_cache_create_in(struct strata_allocator *a, const char *name,
					    const struct strata_cache_args *args)
{
	size_t align = max_t(size_t, args->align, sizeof(u64));
	unsigned int flags = args->flags | a->debug;
	struct strata_cache *c;
	const char *copy;
	int err;

	c = strata_may_fail(GFP_KERNEL, kzalloc(sizeof(*c), GFP_KERNEL));
	copy = strata_may_fail(GFP_KERNEL, kstrdup(name, GFP_KERNEL));
	if (!c || !copy) {
		err = -ENOMEM;
		goto free;
	}
	err = strata_cache_init(c, copy, args->size, align,
				span_bytes_for(ALIGN(args->size + 64, align)), flags,
				args->ctor, &a->heap, &strata_cache_host);
	if (err)
		goto free;
	mutex_lock(&a->lock);
	list_add_tail(&c->list, &a->caches);
	mutex_unlock(&a->lock);
	return c;

free:
	kfree(copy);
	kfree(c);
	return ERR_PTR(err);
}
STRATA_TEST_EXPORT(strata_cache_create_in);

/**
 * strata_cache_create() - a cache of objects of one type
 * @name: for statistics and reports; copied
 * @args: size, alignment, flags, constructor
 *
 * Context: may sleep.
 * Return: the cache, ERR_PTR(-EINVAL) with a report if an argument makes no
 * sense, or ERR_PTR(-ENOMEM).
 */
struct strata_cache *strata_cache_create(const char *name, const struct strata_cache_args *args)
{
	const char *wrong = what_is_wrong(name, args);

	if (wrong) {
		strata_misuse_report(STRATA_MISUSE_ARGUMENT, "cache %s not created for %pS: %s",
				     name ?: "(null)", (void *)_RET_IP_, wrong);
		return ERR_PTR(-EINVAL);
	}
	return strata_cache_create_in(&strata_main, name, args);
}
STRATA_EXPORT(strata_cache_create);

/**
 * strata_cache_alloc() - allocate an object
 * @c: its cache
 * @gfp: as for kmem_cache_alloc()
 *
 * Context: as @gfp says, see strata_alloc().
 * Return: the object, constructed if the cache has a constructor; or NULL.
 */
void *strata_cache_alloc(struct strata_cache *c, gfp_t gfp)
{
	void *object;

	strata_context_check(gfp);
	if (unlikely(gfp & SLOW_GFP))
		goto slow;
	if (unlikely(!strata_fast_take(c->magazine, &object)))
		goto slow;
	if (want_init_on_alloc(0) && likely(!c->keeps))
		strata_object_hand_out_zeroed(c, object, c->usable, gfp);
	else
		strata_object_hand_out(c, object, c->usable, gfp, false);
	return object;

slow:
	return strata_cache_alloc_from(c, gfp, _RET_IP_);
}
STRATA_EXPORT(strata_cache_alloc);

/**
 * strata_cache_free() - free an object
 * @c: its cache
 * @obj: the object, or NULL
 *
 * An object of another cache is reported and leaked.
 * Context: any, NMI and raw context too.
 */
void strata_cache_free(struct strata_cache *c, void *obj)
{
	bool done = false;

	if (likely(strata_fast_may_free())) {
		preempt_disable();
		done = strata_fast_free_to(c, this_cpu_ptr(c->magazine), obj, c->mark);
		preempt_enable();
	}
	if (unlikely(!done))
		strata_cache_free_to(c, obj, _RET_IP_);
}
STRATA_EXPORT(strata_cache_free);

/**
 * strata_cache_alloc_bulk() - allocate many objects, or none
 * @c: their cache
 * @gfp: as for strata_cache_alloc()
 * @n: how many
 * @out: filled with them
 *
 * Context: as for strata_cache_alloc().
 * Return: true, or false with nothing allocated and @out undefined.
 */
bool strata_cache_alloc_bulk(struct strata_cache *c, gfp_t gfp, size_t n, void **out)
{
	size_t i;

	if (likely(!(c->flags & SLOW_FLAGS) && !(gfp & SLOW_GFP)))
		return strata_cache_alloc_many(c, c->usable, gfp, n, out, _RET_IP_);
	for (i = 0; i < n; i++) {
		out[i] = strata_cache_alloc_from(c, gfp, _RET_IP_);
		if (!out[i]) {
			strata_free_many(strata_allocator_of(c), c, i, out, _RET_IP_);
			return false;
		}
	}
	return true;
}
STRATA_EXPORT(strata_cache_alloc_bulk);

/**
 * strata_cache_free_bulk() - free many objects
 * @c: their cache
 * @n: how many
 * @objs: the objects; reordered
 *
 * Context: any, NMI and raw context too.
 */
void strata_cache_free_bulk(struct strata_cache *c, size_t n, void **objs)
{
	strata_free_many(strata_allocator_of(c), c, n, objs, _RET_IP_);
}
STRATA_EXPORT(strata_cache_free_bulk);

/* Bring all free objects of @c home. The allocator's lock is held. */
static void gather(struct strata_allocator *a, struct strata_cache *c)
{
	strata_drain_cpus(a, c);
	strata_cache_drain_depots(c, false);
	strata_cache_trim(c);
}

/**
 * strata_cache_shrink() - give back what a cache holds and does not need
 * @c: the cache
 *
 * Context: may sleep; waits for all CPUs.
 * Return: pages given back to the page allocator.
 */
size_t strata_cache_shrink(struct strata_cache *c)
{
	struct strata_allocator *a = strata_allocator_of(c);
	unsigned long before, after = 0;
	size_t given = 0;
	int node;

	cpus_read_lock();
	mutex_lock(&a->lock);
	before = strata_cache_pages(c);
	gather(a, c);
	after = strata_cache_pages(c);
	mutex_unlock(&a->lock);
	cpus_read_unlock();
	for (node = 0; before > after && node < nr_node_ids && given < before - after; node++)
		given += strata_heap_give_back(&a->heap, node, before - after - given);
	return given;
}
STRATA_EXPORT(strata_cache_shrink);

static void name_live(const struct strata_cache *c, const struct strata_span *span,
		      unsigned int *named)
{
	const void *object = span->base;
	unsigned int i;

	for (i = 0; i < c->shape.nr_objects && *named < NAMED_MAX; i++, object += c->shape.size) {
		if (test_bit(i, span->free))
			continue;
		if (c->record)
			pr_err("strata:   object %p of cache %s, allocated by %pS in task %lu\n",
			       object, c->name,
			       (void *)strata_debug_recorded(c, object, STRATA_RECORD_ALLOC_SITE),
			       strata_debug_recorded(c, object, STRATA_RECORD_ALLOC_TASK));
		else
			pr_err("strata:   object %p of cache %s (with STRATA_TRACE the cache would know its owner)\n",
			       object, c->name);
		++*named;
	}
}

static void report_live(const struct strata_cache *c, unsigned long live, unsigned long site)
{
	struct strata_central *central;
	const struct strata_span *span;
	unsigned int named = 0;
	unsigned long flags;
	int node, i;

	strata_misuse_report(STRATA_MISUSE_LEAK,
			     "cache %s destroyed by %pS with %lu live objects (%u bytes each); they stay until strata is unloaded",
			     c->name, (void *)site, live, c->usable);
	for (node = 0; node < nr_node_ids; node++) {
		central = &c->central[node];
		/* Who has an object may free it yet, and spans move with that. */
		raw_spin_lock_irqsave(&central->lock, flags);
		for (i = 0; i < STRATA_BUCKETS; i++)
			list_for_each_entry(span, &central->partial[i], list)
				name_live(c, span, &named);
		list_for_each_entry(span, &central->full, list)
			name_live(c, span, &named);
		raw_spin_unlock_irqrestore(&central->lock, flags);
	}
	if (live > named)
		pr_err("strata:   and %lu more\n", live - named);
}

/**
 * strata_cache_destroy() - end a cache
 * @c: the cache, or NULL or an ERR_PTR() from strata_cache_create()
 *
 * Live objects are reported with where they were allocated, as far as that is
 * known, and stay what they are until strata is unloaded.
 * Context: may sleep; waits for all CPUs, and for frees under RCU.
 */
void strata_cache_destroy(struct strata_cache *c)
{
	struct strata_allocator *a;
	unsigned long live;

	if (IS_ERR_OR_NULL(c))
		return;
	a = strata_allocator_of(c);
	/* What strata_free_rcu() was told to free is not live. */
	if (a == &strata_main)
		strata_rcu_flush(strata_main_rcu);
	strata_background_settle(a);
	cpus_read_lock();
	mutex_lock(&a->lock);
	gather(a, c);
	live = strata_cache_live(c);
	if (live)
		report_live(c, live, _RET_IP_);
	list_move(&c->list, &a->zombies);
	mutex_unlock(&a->lock);
	cpus_read_unlock();
	if (live)
		return;
	if (c->flags & STRATA_TYPESAFE_BY_RCU) {
		/* One for its spans, one for what they started. */
		rcu_barrier();
		strata_background_settle(a);
	}
	mutex_lock(&a->lock);
	list_del(&c->list);
	mutex_unlock(&a->lock);
	strata_cache_exit(c);
	kfree(c->name);
	kfree(c);
}
STRATA_EXPORT(strata_cache_destroy);
