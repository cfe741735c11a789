/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ranges of an arena that stay where they are.
 */
#ifndef _STRATA_ARENA_PIN_H
#define _STRATA_ARENA_PIN_H

#include <linux/types.h>
#include <linux/strata_arena.h>

int strata_pin_range(struct strata_arena *arena, u64 off, u64 len, bool write,
		     struct strata_pin *pin);
void strata_unpin_range(struct strata_pin *pin);

bool strata_pinned(struct strata_arena *arena, pgoff_t first, pgoff_t end);
pgoff_t strata_pinned_next(struct strata_arena *arena, pgoff_t first, pgoff_t end,
			   pgoff_t *behind);

#endif /* _STRATA_ARENA_PIN_H */
