/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Slots, the kernel's view of regions, and the control pages that the process sees.
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

void strata_ctl_init(struct strata_arena *arena);
void strata_ctl_exit(struct strata_arena *arena);
struct page *strata_ctl_page(struct strata_arena *arena, pgoff_t index);
struct strata_slot *strata_slot_find(struct strata_arena *arena, u32 region);
struct strata_slot *strata_slot_get(struct strata_arena *arena, u32 region);
struct strata_slot *strata_slot_next(struct strata_arena *arena, u32 *region);
unsigned long strata_slot_top_pages(struct strata_arena *arena, struct strata_slot *slot);

#endif /* _STRATA_ARENA_CTL_H */
