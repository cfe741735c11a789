/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pages into an arena.
 */
#ifndef _STRATA_ARENA_PAGES_H
#define _STRATA_ARENA_PAGES_H

#include <linux/bits.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/types.h>

struct page;
struct strata_arena;

/* Pages that a fault maps at least, of those that are there. Windows are aligned. */
#define STRATA_WINDOW_PAGES	(SZ_64K / PAGE_SIZE ?: 1UL)
#define STRATA_WINDOW_ORDER	ilog2(STRATA_WINDOW_PAGES)

/* What one entry of the upper page table maps: 2 MiB with pages of 4 KiB. */
#define STRATA_HUGE_ORDER	(PMD_SHIFT - PAGE_SHIFT)
#define STRATA_HUGE_PAGES	BIT(STRATA_HUGE_ORDER)

void strata_pages_init(struct strata_arena *arena);
void strata_pages_exit(struct strata_arena *arena);

/* How a fault is to be served. */
#define STRATA_FAULT_GROW	BIT(0)	/* get memory if there is none */
#define STRATA_FAULT_HUGE	BIT(1)	/* a huge page would be of use */
#define STRATA_FAULT_LIGHT	BIT(2)	/* rather fail than wake the OOM killer */

int strata_pages_fault(struct strata_arena *arena, pgoff_t pgoff, unsigned int want,
		       unsigned int how);
unsigned int strata_pages_growth(struct strata_arena *arena, pgoff_t pgoff);
struct page *strata_pages_find(struct strata_arena *arena, pgoff_t pgoff);
unsigned int strata_pages_gather(struct strata_arena *arena, pgoff_t first, pgoff_t end,
				 struct page **pages);
void strata_pages_put(struct strata_arena *arena, struct page *page);
int strata_pages_populate(struct strata_arena *arena, pgoff_t first, pgoff_t end, u64 *bytes);

/* Pages of one entry of arena->pages: a huge page has one, at its first offset. */
static inline unsigned long strata_entry_pages(struct page *page)
{
	return 1UL << compound_order(page);
}

#endif /* _STRATA_ARENA_PAGES_H */
