/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Figures of all arenas together.
 */
#ifndef _STRATA_ARENA_TOTALS_H
#define _STRATA_ARENA_TOTALS_H

#include <linux/types.h>

/**
 * struct strata_arena_totals - all arenas together
 * @arenas: how many
 * @regions: regions of theirs that were used
 * @committed: bytes of memory in regions
 * @hwm: most of that at once, since the module was loaded
 * @control: bytes of control pages
 */
struct strata_arena_totals {
	u64 arenas, regions, committed, hwm, control;
};

void strata_arena_totals(struct strata_arena_totals *totals);
void strata_totals_arenas(s64 n);
void strata_totals_regions(s64 n);
void strata_totals_control(s64 bytes);
void strata_totals_commit(u64 bytes);
void strata_totals_uncommit(u64 bytes);

#endif /* _STRATA_ARENA_TOTALS_H */
