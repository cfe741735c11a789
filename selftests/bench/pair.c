// SPDX-License-Identifier: GPL-2.0-only
/*
 * An object allocated and freed at once: the path that is hot in both. With a
 * size that the compiler does not know both sides are a call each way; with a
 * constant one each may do what it can at compile time. A typed cache of each.
 */
#include <linux/slab.h>

#include <linux/strata.h>

#include "bench.h"

#define VARIABLE(bytes)								\
BENCH_ROUND(strata_##bytes, size_t size = BENCH_VARIABLE(bytes),		\
	    BENCH_PAIR(strata_alloc(size, GFP_KERNEL), strata_free(p)))		\
BENCH_ROUND(kmalloc_##bytes, size_t size = BENCH_VARIABLE(bytes),		\
	    BENCH_PAIR(kmalloc(size, GFP_KERNEL), kfree(p)))

#define CONSTANT(bytes)								\
BENCH_ROUND(strata_const_##bytes, /* nothing */,				\
	    BENCH_PAIR(strata_alloc(bytes, GFP_KERNEL), strata_free_sized(p, bytes))) \
BENCH_ROUND(kmalloc_const_##bytes, /* nothing */,				\
	    BENCH_PAIR(kmalloc(bytes, GFP_KERNEL), kfree(p)))

VARIABLE(8)
VARIABLE(64)
VARIABLE(1024)
CONSTANT(8)
CONSTANT(64)
CONSTANT(1024)

BENCH_ROUND(strata_typed, struct strata_cache *c = bench_strata_type,
	    BENCH_PAIR(strata_cache_alloc(c, GFP_KERNEL), strata_cache_free(c, p)))
BENCH_ROUND(slab_typed, struct kmem_cache *c = bench_slab_type,
	    BENCH_PAIR(kmem_cache_alloc(c, GFP_KERNEL), kmem_cache_free(c, p)))

const struct bench bench_pair[] = {
	{ "pair-8", 1, 0, { strata_8, kmalloc_8 } },
	{ "pair-64", 1, 0, { strata_64, kmalloc_64 } },
	{ "pair-1024", 1, 0, { strata_1024, kmalloc_1024 } },
	{ "const-8", 1, 0, { strata_const_8, kmalloc_const_8 } },
	{ "const-64", 1, 0, { strata_const_64, kmalloc_const_64 } },
	{ "const-1024", 1, 0, { strata_const_1024, kmalloc_const_1024 } },
	{ "cache-64", 1, 0, { strata_typed, slab_typed }, bench_make_types, bench_drop_types },
	{ }
};
