/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Regions that the kernel fills.
 */
#ifndef _STRATA_ARENA_PRODUCER_H
#define _STRATA_ARENA_PRODUCER_H

#include <linux/types.h>

struct strata_arena;

void strata_producers_init(struct strata_arena *arena);
void strata_producers_exit(struct strata_arena *arena);
bool strata_producers_unread(struct strata_arena *arena);

#endif /* _STRATA_ARENA_PRODUCER_H */
