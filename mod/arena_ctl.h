/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Figures of regions and arenas, and the control pages that show them.
 */
#ifndef _STRATA_ARENA_CTL_H
#define _STRATA_ARENA_CTL_H

#include <linux/types.h>

#include "arena.h"

struct strata_producer;

/**
 * struct strata_slot - the kernel's own view of one region
 * @fig: its figures
 * @ctl: where the process sees them; written to, and of it only @ctl->top read
 * @events: as in struct strata_ctl
 * @trim_seq: as in struct strata_ctl
 * @used: something was asked of the region
 * @producer: the kernel's side of it, if it is one that the kernel fills
 */
struct strata_slot {
	struct strata_figures fig;
	struct strata_ctl *ctl;
	u32 events;
	u32 trim_seq;
	bool used;
	struct strata_producer *producer;
};

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

struct page *strata_ctl_page(struct strata_arena *arena, pgoff_t index);
struct strata_slot *strata_slot_find(struct strata_arena *arena, u32 region);
struct strata_slot *strata_slot_get(struct strata_arena *arena, u32 region);
struct strata_slot *strata_slot_next(struct strata_arena *arena, u32 *region);
unsigned long strata_slot_top_pages(struct strata_arena *arena, struct strata_slot *slot);
void strata_slot_fault(struct strata_arena *arena, struct strata_slot *slot, u64 want);
void strata_slot_want(struct strata_arena *arena, struct strata_slot *slot, u64 want);
void strata_slot_commit(struct strata_arena *arena, struct strata_slot *slot,
			unsigned long pages);
void strata_slot_trim(struct strata_arena *arena, struct strata_slot *slot,
		      unsigned long pages);
void strata_slot_recycle(struct strata_arena *arena, struct strata_slot *slot, u64 bytes);
void strata_slot_pin(struct strata_arena *arena, struct strata_slot *slot, s64 bytes);

void strata_figures_init(struct strata_arena *arena);
void strata_figures_went(struct strata_arena *arena, u64 bytes);
void strata_figures_exit(struct strata_arena *arena);
int strata_arena_stat(struct strata_arena *arena, struct strata_stat *stat);
void strata_arena_totals(struct strata_arena_totals *totals);

#endif /* _STRATA_ARENA_CTL_H */
