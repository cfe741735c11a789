/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The OOM killer waits for arenas of those that it has killed.
 */
#ifndef _STRATA_ARENA_OOM_H
#define _STRATA_ARENA_OOM_H

struct strata_arena;

void strata_oom_add(struct strata_arena *arena);
void strata_oom_remove(struct strata_arena *arena);
int strata_oom_init(void);
void strata_oom_exit(void);

#endif /* _STRATA_ARENA_OOM_H */
