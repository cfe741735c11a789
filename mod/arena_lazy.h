/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Popped memory, taken back without being asked.
 */
#ifndef _STRATA_ARENA_LAZY_H
#define _STRATA_ARENA_LAZY_H

#include <linux/types.h>

struct list_lru;
struct strata_arena;

struct list_lru *strata_lazy_lists(void);
void strata_lazy_add(struct strata_arena *arena);
void strata_lazy_remove(struct strata_arena *arena);
bool strata_lazy_relieve(struct strata_arena *arena);

int strata_lazy_init(void);
void strata_lazy_exit(void);

#endif /* _STRATA_ARENA_LAZY_H */
