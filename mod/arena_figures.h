/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Figures of regions and arenas.
 */
#ifndef _STRATA_ARENA_FIGURES_H
#define _STRATA_ARENA_FIGURES_H

#include <linux/types.h>

struct strata_arena;
struct strata_slot;
struct strata_stat;

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

#endif /* _STRATA_ARENA_FIGURES_H */
