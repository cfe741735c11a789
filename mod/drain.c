// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything that is free on its way back: out of the CPUs' magazines, out of
 * the depots and the central lists, out of the heap. Magazines are emptied by
 * their own CPUs; nobody else may touch them.
 */
#include <linux/cpu.h>
#include <linux/rcupdate.h>

#include "compat.h"
#include "drain.h"
#include "fault.h"
#include "large_cache.h"

static void drain_one(struct strata_cache *c, void *context)
{
	struct strata_allocator *a = context;

	if (!a->drain_only || a->drain_only == c)
		strata_cache_drain(c, !a->drain_all);
}

/* Runs for somebody who holds the lock and waits. */
static void drain_cpu(struct work_struct *work)
{
	struct strata_cpu_work *mine = container_of(work, struct strata_cpu_work, work);

	strata_allocator_for_each(mine->allocator, drain_one, mine->allocator);
	if (!mine->allocator->drain_only)
		strata_large_cache_drain(mine->allocator, !mine->allocator->drain_all);
}

static void drain_cpus(struct strata_allocator *a, const struct cpumask *cpus, bool all,
		       struct strata_cache *only)
{
	int cpu;

	a->drain_all = all;
	a->drain_only = only;
	for_each_cpu(cpu, cpus)
		queue_work_on(cpu, a->drain_workqueue, &per_cpu_ptr(a->cpu_work, cpu)->work);
	for_each_cpu(cpu, cpus)
		flush_work(&per_cpu_ptr(a->cpu_work, cpu)->work);
}

/**
 * strata_drain_cpus() - empty the magazines of all CPUs
 * @a: the allocator; the caller holds cpus_read_lock() and the allocator's lock
 * @only: of this cache, or NULL for all
 *
 * Context: may sleep.
 */
void strata_drain_cpus(struct strata_allocator *a, struct strata_cache *only)
{
	drain_cpus(a, cpu_online_mask, true, only);
}
STRATA_TEST_EXPORT(strata_drain_cpus);

static void drain_dead_one(struct strata_cache *c, void *context)
{
	strata_cache_drain_dead(c, (long)context);
}

/**
 * strata_drain_dead_cpu() - empty the magazines of a CPU that went offline
 * @a: the allocator
 * @cpu: offline, and kept so by the caller
 *
 * Context: may sleep.
 */
void strata_drain_dead_cpu(struct strata_allocator *a, int cpu)
{
	mutex_lock(&a->lock);
	strata_allocator_for_each(a, drain_dead_one, (void *)(long)cpu);
	strata_large_cache_drain_dead(a, cpu);
	mutex_unlock(&a->lock);
}
STRATA_TEST_EXPORT(strata_drain_dead_cpu);

struct idle {
	int cpu;
	bool found;
};

static void note_idle_one(struct strata_cache *c, void *context)
{
	struct idle *idle = context;

	if (strata_cache_note_idle(c, idle->cpu))
		idle->found = true;
}

/**
 * strata_drain_idle_cpus() - empty what the CPUs did not use since the last call
 * @a: the allocator; the caller holds cpus_read_lock() and the allocator's lock
 *
 * Only CPUs that hold something idle are bothered.
 * Context: may sleep.
 */
void strata_drain_idle_cpus(struct strata_allocator *a)
{
	struct idle idle;

	cpumask_clear(a->idle_cpus);
	for_each_online_cpu(idle.cpu) {
		idle.found = strata_large_cache_note_idle(a, idle.cpu);
		strata_allocator_for_each(a, note_idle_one, &idle);
		if (idle.found)
			cpumask_set_cpu(idle.cpu, a->idle_cpus);
	}
	drain_cpus(a, a->idle_cpus, false, NULL);
}

static void reclaim_one(struct strata_cache *c, void *context)
{
	strata_cache_drain_depots(c, false);
	strata_cache_trim(c);
}

/**
 * strata_reclaim() - give memory back at once
 * @a: the allocator
 * @npages: how much is wanted
 *
 * Does not wait for magazines: a reclaimer must not wait for other CPUs.
 * Context: may be called from reclaim; sleeps for nothing.
 * Return: pages given back.
 */
size_t strata_reclaim(struct strata_allocator *a, size_t npages)
{
	size_t done = 0;
	int node;

	/* Whoever holds the lock may be waiting for memory. */
	if (mutex_trylock(&a->lock)) {
		strata_allocator_for_each(a, reclaim_one, NULL);
		mutex_unlock(&a->lock);
	}
	for (node = 0; node < nr_node_ids && done < npages; node++)
		done += strata_heap_give_back(&a->heap, node, npages - done);
	return done;
}
STRATA_TEST_EXPORT(strata_reclaim);

static void reclaim_and_close_one(struct strata_cache *c, void *context)
{
	reclaim_one(c, context);
	strata_cache_close_depots(c);
}

/**
 * strata_drain() - give everything back that is free
 * @a: the allocator
 *
 * Context: may sleep; waits for all CPUs, and for a grace period where memory
 * has to keep its type for one.
 * Return: pages given back.
 */
size_t strata_drain(struct strata_allocator *a)
{
	size_t done = 0;
	int node;

	strata_background_settle(a);
	cpus_read_lock();
	mutex_lock(&a->lock);
	strata_drain_cpus(a, NULL);
	strata_allocator_for_each(a, reclaim_and_close_one, NULL);
	mutex_unlock(&a->lock);
	cpus_read_unlock();
	if (atomic_long_read(&a->nr_spans_in_rcu)) {
		/* One for the spans, one for what they started. */
		rcu_barrier();
		rcu_barrier();
		strata_background_settle(a);
	}
	for (node = 0; node < nr_node_ids; node++)
		done += strata_heap_give_back(&a->heap, node, SIZE_MAX);
	return done;
}
STRATA_TEST_EXPORT(strata_drain);

/**
 * strata_drain_init() - what draining needs
 * @a: the allocator
 *
 * Return: 0, or -ENOMEM: then strata_drain_exit() cleans up.
 */
int strata_drain_init(struct strata_allocator *a)
{
	int cpu;

	a->large_cache = strata_may_fail(GFP_KERNEL, alloc_percpu(struct strata_large_cache));
	a->cpu_work = strata_may_fail(GFP_KERNEL, alloc_percpu(struct strata_cpu_work));
	if (!a->large_cache || !a->cpu_work || strata_fault(GFP_KERNEL) ||
	    !zalloc_cpumask_var(&a->idle_cpus, GFP_KERNEL))
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		per_cpu_ptr(a->cpu_work, cpu)->allocator = a;
		INIT_WORK(&per_cpu_ptr(a->cpu_work, cpu)->work, drain_cpu);
	}
	/* The tick waits for drains: each has a queue of its own. */
	a->drain_workqueue = strata_may_fail(GFP_KERNEL,
					     alloc_workqueue("strata_drain",
							     WQ_MEM_RECLAIM | WQ_PERCPU, 0));
	return a->drain_workqueue ? 0 : -ENOMEM;
}

/**
 * strata_drain_exit() - undo strata_drain_init()
 * @a: the allocator, drained; also one half made
 */
void strata_drain_exit(struct strata_allocator *a)
{
	if (a->drain_workqueue)
		destroy_workqueue(a->drain_workqueue);
	free_cpumask_var(a->idle_cpus);
	free_percpu(a->cpu_work);
	free_percpu(a->large_cache);
}
