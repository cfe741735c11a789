// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many objects in one call. The general heap of the rival has a bulk free but
 * no bulk allocation, so strata's is beside the rival's typed cache, too.
 */
#include <linux/slab.h>

#include <linux/strata.h>

#include "bench.h"

#define BULK		32

#define BULK_ROUND(name, alloc, free)					\
static u64 name(unsigned long loops)					\
{									\
	u64 start = ktime_get_ns();					\
									\
	while (loops--) {						\
		if (unlikely(!(alloc)))					\
			return BENCH_FAILED;				\
		free;							\
	}								\
	return ktime_get_ns() - start;					\
}

BULK_ROUND(strata_typed,
	   strata_cache_alloc_bulk(bench_strata_type, GFP_KERNEL, BULK, bench_object),
	   strata_cache_free_bulk(bench_strata_type, BULK, bench_object))
BULK_ROUND(strata_general,
	   strata_alloc_bulk(BENCH_SIZE, GFP_KERNEL, BULK, bench_object),
	   strata_free_bulk(BULK, bench_object))
BULK_ROUND(slab_typed,
	   kmem_cache_alloc_bulk(bench_slab_type, GFP_KERNEL, BULK, bench_object),
	   kmem_cache_free_bulk(bench_slab_type, BULK, bench_object))

const struct bench bench_bulk[] = {
	{ "bulk-32", BULK, 0, { strata_typed, slab_typed }, bench_make_types, bench_drop_types },
	{ "bulk-32-heap", BULK, 0, { strata_general, slab_typed },
	  bench_make_types, bench_drop_types },
	{ }
};
