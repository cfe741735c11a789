// SPDX-License-Identifier: GPL-2.0-only
/*
 * The typed caches of rows that need one of each side.
 */
#include <linux/slab.h>

#include <linux/strata.h>

#include "bench.h"

struct strata_cache *bench_strata_type;
struct kmem_cache *bench_slab_type;

void bench_drop_types(void)
{
	strata_cache_destroy(bench_strata_type);
	kmem_cache_destroy(bench_slab_type);
	bench_strata_type = NULL;
	bench_slab_type = NULL;
}

int bench_make_types(void)
{
	static const struct strata_cache_args args = { .size = BENCH_SIZE };

	bench_slab_type = kmem_cache_create("strata_bench", BENCH_SIZE, 0, 0, NULL);
	bench_strata_type = strata_cache_create("strata_bench", &args);
	return bench_slab_type && !IS_ERR(bench_strata_type) ? 0 : -ENOMEM;
}
