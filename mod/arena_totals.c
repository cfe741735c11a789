// SPDX-License-Identifier: GPL-2.0-only
/*
 * Figures of all arenas together. Each is right at any time; nobody takes a lock for
 * them, so that together they need not be of the same moment.
 */
#include <linux/atomic.h>

#include "arena_totals.h"

static atomic64_t total_arenas;
static atomic64_t total_regions;
static atomic64_t total_committed;
static atomic64_t total_hwm;
static atomic64_t total_control;

/**
 * strata_arena_totals() - figures of all arenas
 * @totals: to be filled in; each figure is right, together they need not be
 *
 * Context: any.
 */
void strata_arena_totals(struct strata_arena_totals *totals)
{
	totals->arenas = atomic64_read(&total_arenas);
	totals->regions = atomic64_read(&total_regions);
	totals->committed = atomic64_read(&total_committed);
	totals->hwm = atomic64_read(&total_hwm);
	totals->control = atomic64_read(&total_control);
}

/**
 * strata_totals_arenas() - arenas come or go
 * @n: how many more
 *
 * Context: any.
 */
void strata_totals_arenas(s64 n)
{
	atomic64_add(n, &total_arenas);
}

/**
 * strata_totals_regions() - regions are used for the first time, or go
 * @n: how many more
 *
 * Context: any.
 */
void strata_totals_regions(s64 n)
{
	atomic64_add(n, &total_regions);
}

/**
 * strata_totals_control() - control pages come or go
 * @bytes: how much more
 *
 * Context: any.
 */
void strata_totals_control(s64 bytes)
{
	atomic64_add(bytes, &total_control);
}

/**
 * strata_totals_commit() - a region got memory
 * @bytes: how much
 *
 * Context: any.
 */
void strata_totals_commit(u64 bytes)
{
	s64 now = atomic64_add_return(bytes, &total_committed);
	s64 hwm = atomic64_read(&total_hwm);

	while (now > hwm && !atomic64_try_cmpxchg(&total_hwm, &hwm, now))
		;
}

/**
 * strata_totals_uncommit() - the reverse; the high-water mark stays
 * @bytes: how much
 *
 * Context: any.
 */
void strata_totals_uncommit(u64 bytes)
{
	atomic64_sub(bytes, &total_committed);
}
