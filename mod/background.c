// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happens when nobody waits for it: frees that had to be put off, caches
 * grown for contexts that could not, and what is idle given back. Also the
 * answers to a cache's questions to its host.
 *
 * The tick runs only while there is something to give back.
 */
#include <linux/cpu.h>
#include <linux/irq_work.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>

#include "allocator.h"
#include "compat.h"
#include "drain.h"
#include "fault.h"
#include "figure.h"
#include "home.h"
#include "large_cache.h"
#include "misuse.h"

/* Between two looks at what is idle. */
#define TICK	(HZ / 2)

/* Magazines that are asked for their room by one that wants more. */
#define ROOM_LOOKS	4

static unsigned int percpu_kib = 1024;
module_param(percpu_kib, uint, 0644);
MODULE_PARM_DESC(percpu_kib, "most memory that the magazines of one CPU may hold, in KiB");

/**
 * strata_percpu_budget() - what the magazines of one CPU may hold
 *
 * Return: at most so many bytes, as percpu_kib says now.
 */
long strata_percpu_budget(void)
{
	return (long)READ_ONCE(percpu_kib) * 1024;
}

static unsigned int depot_kib = 2048;
module_param(depot_kib, uint, 0644);
MODULE_PARM_DESC(depot_kib, "most memory that the depots of one node may hold, in KiB");

/**
 * strata_depot_budget() - what the depots of one node may hold
 *
 * Return: at most so many bytes, as depot_kib says now.
 */
long strata_depot_budget(void)
{
	return (long)READ_ONCE(depot_kib) * 1024;
}

/* CPUs that deposit at the same moment may exceed it, by a batch each. */
static bool may_deposit(struct strata_cache *c, int node, long bytes)
{
	atomic_long_t *sum = &strata_allocator_of(c)->deposited[node];

	if (bytes > 0 && atomic_long_read(sum) + bytes > strata_depot_budget())
		return false;
	atomic_long_add(bytes, sum);
	return true;
}

/*
 * Take room from magazines of this CPU that idle: a few are asked each time, and
 * one of a size class, as the typed ones are in a list with a lock. What a typed
 * one does not use goes with the tick.
 */
static bool take_room(struct strata_allocator *a, int cpu, long bytes)
{
	const long *cached = per_cpu_ptr(a->cached, cpu);
	unsigned int looks, class;

	for (looks = 0; looks < ROOM_LOOKS; looks++) {
		class = READ_ONCE(a->next_asked) % STRATA_NR_CLASSES;
		WRITE_ONCE(a->next_asked, class + 1);
		strata_cache_yield_room(&a->class[class], cpu);
		if (READ_ONCE(*cached) + bytes <= strata_percpu_budget())
			return true;
	}
	return false;
}

/* Bytes come and go in nested contexts, too: one instruction where it is this CPU. */
static bool may_cache(struct strata_cache *c, int cpu, long bytes)
{
	struct strata_allocator *a = strata_allocator_of(c);
	long *cached = per_cpu_ptr(a->cached, cpu);

	if (bytes > 0 && READ_ONCE(*cached) + bytes > strata_percpu_budget() &&
	    !take_room(a, cpu, bytes))
		return false;
	if (cpu == smp_processor_id())
		this_cpu_add(*a->cached, bytes);
	else
		strata_figure_add(cached, bytes);
	if (bytes > 0)
		strata_background_wake(a);
	return true;
}

static void starved(struct strata_cache *c)
{
	WRITE_ONCE(c->starved, true);
	/* Who sees this sees that. Pairs with smp_store_mb() in refill(). */
	smp_store_release(&strata_allocator_of(c)->starving, true);
	irq_work_queue(&strata_allocator_of(c)->kick);
}

static void retire_span_rcu(struct rcu_head *rcu)
{
	struct strata_span *span = container_of(rcu, struct strata_span, rcu);
	struct strata_cache *c = span->cache;
	LIST_HEAD(spans);

	INIT_LIST_HEAD(&span->list);
	list_add(&span->list, &spans);
	strata_cache_retire(c, &spans);
	atomic_long_dec(&strata_allocator_of(c)->nr_spans_in_rcu);
}

/* Memory that is read under RCU keeps its type for a grace period. */
static void retire(struct strata_cache *c, struct list_head *spans)
{
	struct strata_span *span, *next;

	strata_background_wake(strata_allocator_of(c));
	if (!(c->flags & STRATA_TYPESAFE_BY_RCU)) {
		strata_cache_retire(c, spans);
		return;
	}
	list_for_each_entry_safe(span, next, spans, list) {
		list_del(&span->list);
		atomic_long_inc(&strata_allocator_of(c)->nr_spans_in_rcu);
		call_rcu(&span->rcu, retire_span_rcu);
	}
}

static void double_free(struct strata_cache *c, void *object)
{
	strata_misuse_report(STRATA_MISUSE_DOUBLE_FREE,
			     "object %p of cache %s (%u bytes) came home twice; it was freed twice at once, or written to after its free. The second free is ignored; STRATA_TRACE tells who",
			     object, c->name, c->usable);
}

static void defer(struct strata_cache *c, void *object)
{
	strata_defer_push(strata_allocator_of(c), &strata_allocator_of(c)->deferred,
			  object + c->mark);
}

const struct strata_cache_host strata_cache_host = {
	.starved	= starved,
	.defer		= defer,
	.retire		= retire,
	.double_free	= double_free,
	.may_cache	= may_cache,
	.may_deposit	= may_deposit,
};

static void kicked(struct irq_work *work)
{
	struct strata_allocator *a = container_of(work, struct strata_allocator, kick);

	strata_defer_put(a);
	if (!delayed_work_pending(&a->tick))
		queue_delayed_work(a->workqueue, &a->tick, TICK);
	if (READ_ONCE(a->starving) || !llist_empty(&a->deferred_pages))
		queue_work(a->workqueue, &a->refill);
}

/**
 * strata_background_wake() - there may be something to give back, later
 * @a: the allocator
 *
 * Context: any, NMI too.
 */
void strata_background_wake(struct strata_allocator *a)
{
	if (!delayed_work_pending(&a->tick))
		irq_work_queue(&a->kick);
}

static void refill_one(struct strata_cache *c, void *context)
{
	if (!READ_ONCE(c->starved))
		return;
	WRITE_ONCE(c->starved, false);
	strata_cache_grow(c, strata_home(), GFP_KERNEL | __GFP_NOWARN);
}

static void refill(struct work_struct *work)
{
	struct strata_allocator *a = container_of(work, struct strata_allocator, refill);

	strata_defer_put_pages(a);
	if (!READ_ONCE(a->starving))
		return;
	/*
	 * Caches are looked at after that: one that starves from now on has it set again.
	 * Pairs with smp_store_release() in starved().
	 */
	smp_store_mb(a->starving, false);
	mutex_lock(&a->lock);
	strata_allocator_for_each(a, refill_one, NULL);
	mutex_unlock(&a->lock);
}

static void trim_idle_one(struct strata_cache *c, void *context)
{
	bool *again = context;
	int node;

	strata_cache_drain_depots(c, true);
	strata_cache_trim(c);
	strata_cache_close_depots(c);
	for (node = 0; node < nr_node_ids; node++)
		if (READ_ONCE(c->depot[node].count))
			*again = true;
}

/* Does anything remain that a later tick may find idle? */
static bool tick_again(struct strata_allocator *a)
{
	int cpu, node;

	for_each_online_cpu(cpu)
		if (READ_ONCE(*per_cpu_ptr(a->cached, cpu)) ||
		    strata_figure_read(&per_cpu_ptr(a->large_cache, cpu)->count))
			return true;
	for (node = 0; node < nr_node_ids; node++)
		if (strata_heap_has_idle(&a->heap, node))
			return true;
	return false;
}

static void tick(struct work_struct *work)
{
	struct strata_allocator *a = container_of(to_delayed_work(work),
						  struct strata_allocator, tick);
	bool again = false;

	cpus_read_lock();
	mutex_lock(&a->lock);
	strata_drain_idle_cpus(a);
	strata_allocator_for_each(a, trim_idle_one, &again);
	mutex_unlock(&a->lock);
	cpus_read_unlock();
	strata_heap_scavenge(&a->heap);
	if (again || tick_again(a))
		queue_delayed_work(a->workqueue, &a->tick, TICK);
}

/* Held by who waits for an irq_work; nothing inside. */
static DEFINE_MUTEX(sync_lock);

/**
 * strata_background_sync() - wait until an irq_work has run, if it is about to
 * @work: strata's
 *
 * Machines without an interrupt for them, such as user-mode Linux, run them in the
 * tick, and there only one task at a time may wait for one: another that came later
 * would take its place, and the first one would sleep for ever.
 * Context: may sleep.
 */
void strata_background_sync(struct irq_work *work)
{
	mutex_lock(&sync_lock);
	irq_work_sync(work);
	mutex_unlock(&sync_lock);
}

/**
 * strata_background_settle() - wait until no free is put off
 * @a: the allocator
 *
 * Context: may sleep.
 */
void strata_background_settle(struct strata_allocator *a)
{
	strata_background_sync(&a->kick);
	flush_work(&a->refill);
	strata_defer_put_pages(a);
}
STRATA_TEST_EXPORT(strata_background_settle);

/**
 * strata_background_init() - set the background up
 * @a: the allocator; its caches stand
 *
 * Return: 0 or -ENOMEM.
 */
int strata_background_init(struct strata_allocator *a)
{
	a->kick = IRQ_WORK_INIT_HARD(kicked);
	INIT_WORK(&a->refill, refill);
	INIT_DELAYED_WORK(&a->tick, tick);
	a->cached = strata_may_fail(GFP_KERNEL, alloc_percpu(long));
	a->deposited = strata_may_fail(GFP_KERNEL, kcalloc(nr_node_ids, sizeof(*a->deposited),
							   GFP_KERNEL));
	if (!a->cached || !a->deposited || strata_drain_init(a))
		return -ENOMEM;
	a->workqueue = strata_may_fail(GFP_KERNEL, alloc_workqueue("strata",
								   WQ_MEM_RECLAIM | WQ_PERCPU, 0));
	return a->workqueue ? 0 : -ENOMEM;
}

/**
 * strata_background_exit() - do all that is left to do, and end
 * @a: the allocator, which nobody uses any more; also one half made
 *
 * Context: may sleep.
 */
void strata_background_exit(struct strata_allocator *a)
{
	if (a->workqueue) {
		irq_work_sync(&a->kick);
		strata_defer_put(a);
		cancel_delayed_work_sync(&a->tick);
		cancel_work_sync(&a->refill);
		strata_drain(a);
		/* All this may have woken it once more. */
		irq_work_sync(&a->kick);
		cancel_delayed_work_sync(&a->tick);
		cancel_work_sync(&a->refill);
		destroy_workqueue(a->workqueue);
	}
	strata_drain_exit(a);
	kfree(a->deposited);
	free_percpu(a->cached);
}
