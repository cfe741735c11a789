// SPDX-License-Identifier: GPL-2.0-only
/*
 * Objects set aside for a path that may not fail. All of a reserve are taken and
 * freed, and it is full again. A mempool asks its cache first and falls back on
 * its reserve; strata's is taken from first, and refilled. Either way both hold
 * as many as before when a loop ends.
 */
#include <linux/mempool.h>
#include <linux/slab.h>

#include <linux/strata.h>

#include "bench.h"

#define RESERVED	64

static struct strata_reserve *reserve;
static mempool_t *pool;

static int make_reserves(void)
{
	if (bench_make_types())
		return -ENOMEM;
	reserve = strata_reserve_create(bench_strata_type, RESERVED, GFP_KERNEL);
	pool = mempool_create_slab_pool(RESERVED, bench_slab_type);
	return pool && !IS_ERR(reserve) ? 0 : -ENOMEM;
}

static void drop_reserves(void)
{
	strata_reserve_destroy(reserve);
	mempool_destroy(pool);
	reserve = NULL;
	pool = NULL;
	bench_drop_types();
}

static u64 strata_reserved(unsigned long loops)
{
	u64 start = ktime_get_ns();
	unsigned int i;

	while (loops--) {
		for (i = 0; i < RESERVED; i++) {
			bench_object[i] = strata_reserve_alloc(reserve);
			if (unlikely(!bench_object[i]))
				return BENCH_FAILED;
		}
		for (i = 0; i < RESERVED; i++)
			strata_cache_free(bench_strata_type, bench_object[i]);
		if (strata_reserve_refill(reserve, GFP_KERNEL))
			return BENCH_FAILED;
	}
	return ktime_get_ns() - start;
}

static u64 pool_reserved(unsigned long loops)
{
	u64 start = ktime_get_ns();
	unsigned int i;

	while (loops--) {
		for (i = 0; i < RESERVED; i++) {
			bench_object[i] = mempool_alloc(pool, GFP_KERNEL);
			if (unlikely(!bench_object[i]))
				return BENCH_FAILED;
		}
		for (i = 0; i < RESERVED; i++)
			mempool_free(bench_object[i], pool);
	}
	return ktime_get_ns() - start;
}

const struct bench bench_reserve[] = {
	{ "reserve-64", RESERVED, 0, { strata_reserved, pool_reserved },
	  make_reserves, drop_reserves },
	{ }
};
