/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pages out of an arena.
 */
#ifndef _STRATA_ARENA_TRIM_H
#define _STRATA_ARENA_TRIM_H

#include <linux/types.h>

struct strata_arena;
struct strata_slot;

/* Pages taken away in one go, that is, while no fault is served. Aligned. */
#define STRATA_TRIM_BATCH	512UL

u64 strata_pages_present(struct strata_arena *arena, pgoff_t first, pgoff_t end);
pgoff_t strata_pages_pass(struct strata_arena *arena, pgoff_t first, pgoff_t end, u64 bytes,
			  bool recycle);
u64 strata_pages_reclaim(struct strata_arena *arena, struct strata_slot *slot, pgoff_t first,
			 pgoff_t end);
int strata_pages_trim(struct strata_arena *arena, pgoff_t first, pgoff_t end, u64 *bytes);

#endif /* _STRATA_ARENA_TRIM_H */
