// SPDX-License-Identifier: GPL-2.0-only
/*
 * A handful of free large objects for each CPU, found by their exact length.
 * Claimed with a byte and preemption off, like a magazine: see magazine.h.
 */
#include <linux/moduleparam.h>
#include <linux/preempt.h>

#include "compat.h"
#include "large.h"
#include "large_cache.h"
#include "large_fast.h"

unsigned int strata_large_kib = 2048;
module_param_named(large_kib, strata_large_kib, uint, 0644);
MODULE_PARM_DESC(large_kib, "most memory of free large objects that one CPU may keep, in KiB");
STRATA_TEST_EXPORT(strata_large_kib);

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
	if (strata_large_cache_claim(lc)) {
		done = strata_large_cache_has_room(lc, span);
		if (done)
			strata_large_cache_keep(lc, span);
		strata_large_cache_unclaim(lc);
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
	struct strata_span *span = lc->count ? strata_large_cache_remove(lc, lc->count - 1) : NULL;

	WRITE_ONCE(lc->idle, 0);
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
		if ((READ_ONCE(lc->idle) || !idle_only) && strata_large_cache_claim(lc)) {
			more = drain_one(a, lc);
			/* Idle until all of it is gone. */
			WRITE_ONCE(lc->idle, more);
			strata_large_cache_unclaim(lc);
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
 * Called by one thread at a time, from any CPU. It guesses, as
 * strata_cache_note_idle() does.
 * Return: true if it holds something; it is marked to be drained by its CPU.
 */
bool strata_large_cache_note_idle(struct strata_allocator *a, int cpu)
{
	struct strata_large_cache *lc = per_cpu_ptr(a->large_cache, cpu);
	u64 uses = (u64)strata_figure_read(&lc->taken) + strata_figure_read(&lc->put);
	bool idle = uses == lc->seen && strata_figure_read(&lc->count);

	lc->seen = uses;
	WRITE_ONCE(lc->idle, idle);
	return idle;
}
STRATA_TEST_EXPORT(strata_large_cache_note_idle);
