// SPDX-License-Identifier: GPL-2.0-only
/*
 * A handful of free large objects for each CPU, found by their exact length.
 * Claimed with a byte and preemption off, like a magazine: see magazine.h.
 */
#include <linux/moduleparam.h>
#include <linux/nodemask.h>
#include <linux/preempt.h>
#include <linux/topology.h>

#include "compat.h"
#include "large.h"
#include "large_cache.h"

static unsigned int large_kib = 2048;
module_param(large_kib, uint, 0644);
MODULE_PARM_DESC(large_kib, "most memory of free large objects that one CPU may keep, in KiB");

/**
 * strata_large_budget() - most bytes of free large objects that one CPU may keep
 */
unsigned long strata_large_budget(void)
{
	return READ_ONCE(large_kib) * 1024UL;
}
STRATA_TEST_EXPORT(strata_large_budget);

static bool claim(struct strata_large_cache *lc)
{
	if (lc->busy)
		return false;
	WRITE_ONCE(lc->busy, 1);
	/* Nothing else is read before the claim. Only this CPU looks. */
	barrier();
	return true;
}

static void unclaim(struct strata_large_cache *lc)
{
	/* Everything is written before the claim ends. */
	barrier();
	WRITE_ONCE(lc->busy, 0);
}

/* Take out slot @i; the last one fills the gap. */
static struct strata_span *remove(struct strata_large_cache *lc, unsigned int i)
{
	struct strata_span *span = lc->slot[i];

	lc->slot[i] = lc->slot[--lc->count];
	lc->pages -= span->npages;
	return span;
}

/**
 * strata_large_cache_take() - a free large object of this CPU
 * @a: the allocator
 * @npages: its exact length
 *
 * Context: any, NMI too.
 * Return: its span, still marked free by nr_free; or NULL.
 */
struct strata_span *strata_large_cache_take(struct strata_allocator *a, unsigned int npages)
{
	struct strata_span *span = NULL;
	struct strata_large_cache *lc;
	unsigned int i;

	preempt_disable();
	lc = this_cpu_ptr(a->large_cache);
	if (claim(lc)) {
		/* What was freed last is in the CPU's cache. */
		for (i = lc->count; i-- && !span; )
			if (lc->slot[i]->npages == npages)
				span = remove(lc, i);
		if (span) {
			lc->taken++;
			lc->taken_pages += npages;
		}
		unclaim(lc);
	}
	preempt_enable();
	return span;
}
STRATA_TEST_EXPORT(strata_large_cache_take);

/**
 * strata_large_cache_put() - keep a freed large object at hand
 * @a: the allocator
 * @span: STRATA_SPAN_LARGE, of no typed cache, freed
 *
 * Context: any, NMI too.
 * Return: false if there is no room, or its memory is another node's.
 */
bool strata_large_cache_put(struct strata_allocator *a, struct strata_span *span)
{
	struct strata_large_cache *lc;
	bool done = false;

	preempt_disable();
	lc = this_cpu_ptr(a->large_cache);
	if ((nr_online_nodes == 1 || span->node == numa_mem_id()) && claim(lc)) {
		done = lc->count < STRATA_LARGE_SLOTS &&
		       lc->pages + span->npages <= strata_large_budget() >> PAGE_SHIFT;
		if (done) {
			lc->slot[lc->count++] = span;
			lc->pages += span->npages;
			lc->put++;
			lc->taken_pages -= span->npages;
		}
		unclaim(lc);
	}
	preempt_enable();
	if (done)
		strata_background_wake(a);
	return done;
}
STRATA_TEST_EXPORT(strata_large_cache_put);

/* Give one object's pages back to the heap. Returns true when there may be more. */
static bool drain_one(struct strata_allocator *a, struct strata_large_cache *lc)
{
	struct strata_span *span = lc->count ? remove(lc, lc->count - 1) : NULL;

	lc->idle = 0;
	if (span)
		strata_large_finish(a, span);
	return span;
}

/**
 * strata_large_cache_drain() - give back what the CPU this runs on keeps
 * @a: the allocator
 * @idle_only: only if it was found idle
 *
 * Context: task.
 */
void strata_large_cache_drain(struct strata_allocator *a, bool idle_only)
{
	struct strata_large_cache *lc;
	bool more;

	do {
		more = false;
		preempt_disable();
		lc = this_cpu_ptr(a->large_cache);
		/* A task cannot have interrupted a claim on its own CPU: it succeeds. */
		if ((lc->idle || !idle_only) && claim(lc)) {
			more = drain_one(a, lc);
			/* Idle until all of it is gone. */
			lc->idle = more;
			unclaim(lc);
		}
		preempt_enable();
	} while (more);
}
STRATA_TEST_EXPORT(strata_large_cache_drain);

/**
 * strata_large_cache_drain_dead() - give back what a CPU kept that is gone
 * @a: the allocator
 * @cpu: offline, and kept so by the caller
 *
 * Context: task.
 */
void strata_large_cache_drain_dead(struct strata_allocator *a, int cpu)
{
	while (drain_one(a, per_cpu_ptr(a->large_cache, cpu)))
		;
}
STRATA_TEST_EXPORT(strata_large_cache_drain_dead);

/**
 * strata_large_cache_note_idle() - did nobody use a CPU's since the last call?
 * @a: the allocator
 * @cpu: whose
 *
 * Called by one thread at a time, from any CPU.
 * Return: true if it holds something; it is marked to be drained by its CPU.
 */
bool strata_large_cache_note_idle(struct strata_allocator *a, int cpu)
{
	struct strata_large_cache *lc = per_cpu_ptr(a->large_cache, cpu);
	u64 uses = (u64)READ_ONCE(lc->taken) + READ_ONCE(lc->put);
	bool idle = uses == lc->seen && READ_ONCE(lc->count);

	lc->seen = uses;
	WRITE_ONCE(lc->idle, idle);
	return idle;
}
STRATA_TEST_EXPORT(strata_large_cache_note_idle);
