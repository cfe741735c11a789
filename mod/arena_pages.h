/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pages into an arena and out of it.
 */
#ifndef _STRATA_ARENA_PAGES_H
#define _STRATA_ARENA_PAGES_H

#include <linux/log2.h>
#include <linux/sizes.h>
#include <linux/types.h>

struct page;
struct strata_arena;

/* Most pages that a fault brings in, or maps, at once. Windows of it are aligned. */
#define STRATA_WINDOW_PAGES	(SZ_64K / PAGE_SIZE ?: 1UL)
#define STRATA_WINDOW_ORDER	ilog2(STRATA_WINDOW_PAGES)

void strata_pages_init(struct strata_arena *arena);
void strata_pages_exit(struct strata_arena *arena);

int strata_pages_fault(struct strata_arena *arena, pgoff_t pgoff, unsigned int want, bool grow);
struct page *strata_pages_find(struct strata_arena *arena, pgoff_t pgoff);
int strata_pages_populate(struct strata_arena *arena, pgoff_t first, pgoff_t end, u64 *bytes);
int strata_pages_trim(struct strata_arena *arena, pgoff_t first, pgoff_t end, u64 *bytes);

#endif /* _STRATA_ARENA_PAGES_H */
