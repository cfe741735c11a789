/* SPDX-License-Identifier: GPL-2.0-only */
/* What the context of a call allows, as far as it can be known. */
#ifndef _STRATA_CONTEXT_H
#define _STRATA_CONTEXT_H

#include <linux/gfp.h>
#include <linux/hardirq.h>
#include <linux/preempt.h>
#include <linux/sched/mm.h>

/**
 * strata_may_grow() - may this request reach the page allocator?
 * @gfp: as the caller gave it
 *
 * Where blocking is allowed, yes. Otherwise not from NMI, nor from a context
 * that may be raw: on PREEMPT_RT any that is not preemptible, and everywhere
 * the callers that say so with GFP_NOWAIT | __GFP_NOWARN.
 * Return: true if it may.
 */
static inline bool strata_may_grow(gfp_t gfp)
{
	if (gfp & __GFP_DIRECT_RECLAIM)
		return true;
	if (in_nmi() || (IS_ENABLED(CONFIG_PREEMPT_RT) && !preemptible()))
		return false;
	if ((gfp & (__GFP_HIGH | __GFP_NOWARN)) == __GFP_NOWARN)
		return preemptible();
	return true;
}

/*
 * Complain about a gfp that this context does not allow, where the kernel was
 * built to complain. Without that it would be a voluntary preemption point;
 * the slow path, which every so many allocations come through, has that.
 */
static __always_inline void strata_context_check(gfp_t gfp)
{
	if (IS_ENABLED(CONFIG_DEBUG_ATOMIC_SLEEP) || IS_ENABLED(CONFIG_LOCKDEP))
		might_alloc(gfp);
}

/* May pages go back to the page allocator here? Not where a raw lock may be held. */
static inline bool strata_may_free_pages(void)
{
	return preemptible();
}

#endif /* _STRATA_CONTEXT_H */
