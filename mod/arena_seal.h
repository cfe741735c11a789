/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What nobody can do to an arena any more.
 */
#ifndef _STRATA_ARENA_SEAL_H
#define _STRATA_ARENA_SEAL_H

#include <linux/types.h>

struct strata_arena;

int strata_arena_seal(struct strata_arena *arena, u32 *seals);

#endif /* _STRATA_ARENA_SEAL_H */
