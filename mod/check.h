/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The invariant walker: counts everything again, the slow way, and compares
 * with what the counters say.
 */
#ifndef _STRATA_CHECK_H
#define _STRATA_CHECK_H

#include <linux/types.h>

struct seq_file;
struct strata_allocator;
struct strata_cache;

unsigned long strata_check(struct strata_allocator *a);
unsigned long strata_check_to(struct strata_allocator *a, struct seq_file *to);

/**
 * struct strata_checker - one walk
 * @allocator: what is walked
 * @to: where discrepancies are written to; NULL for the kernel log
 * @found: how many there are
 * @object_pages: pages that belong to spans of objects, as the chunks say
 * @span_pages: the same as the caches say
 * @large: live objects with pages of their own, as the chunks say
 * @large_pages: their pages
 * @large_typed: those of them that belong to a typed cache
 * @large_kept: free ones that a CPU keeps, as the chunks say
 * @direct: @large_typed as the caches say
 */
struct strata_checker {
	struct strata_allocator *allocator;
	struct seq_file *to;
	unsigned long found;
	unsigned long object_pages;
	unsigned long span_pages;
	unsigned long large;
	unsigned long large_pages;
	unsigned long large_typed;
	unsigned long large_kept;
	unsigned long direct;
};

/* For check_*.c. */
__printf(2, 3) void strata_check_report(struct strata_checker *k, const char *format, ...);
__printf(4, 5) void strata_check_equal(struct strata_checker *k, u64 noted, u64 counted,
				       const char *format, ...);
void strata_check_heap(struct strata_checker *k);
void strata_check_cache(struct strata_checker *k, struct strata_cache *c);

#endif /* _STRATA_CHECK_H */
