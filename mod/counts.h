/* SPDX-License-Identifier: GPL-2.0-only */
/* The figures of a cache, summed up from its CPUs and nodes. */
#ifndef _STRATA_COUNTS_H
#define _STRATA_COUNTS_H

#include <linux/types.h>

struct strata_cache;

/**
 * struct strata_counts - what a cache holds and did
 * @allocs: objects handed out, by magazines or past them
 * @frees: objects taken back
 * @hits: @allocs that found their magazine filled
 * @refills: those that found it empty, and then filled
 * @from_depot: @refills that the depot served; the others went to the spans
 * @nested_allocs: @allocs past the magazine, or of what was set aside in it
 * @nested_frees: @frees past the magazine
 * @flushes: frees that found the magazine full
 * @grown: spans ever got
 * @spans: spans now
 * @bytes: memory of @spans
 * @live: objects that a caller has
 * @direct: objects with pages of their own that a caller has; not in @live
 * @in_magazines: free objects in magazines, and set aside in them
 * @in_depots: free objects in depots
 * @in_spans: free objects in spans
 */
struct strata_counts {
	u64 allocs;
	u64 frees;
	u64 hits;
	u64 refills;
	u64 from_depot;
	u64 nested_allocs;
	u64 nested_frees;
	u64 flushes;
	u64 grown;
	u64 spans;
	u64 bytes;
	u64 live;
	u64 direct;
	u64 in_magazines;
	u64 in_depots;
	u64 in_spans;
};

void strata_counts_add(struct strata_counts *sum, const struct strata_cache *c);

#endif /* _STRATA_COUNTS_H */
