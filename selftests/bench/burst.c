// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many objects allocated, then all of them freed: what fits into the caches of
 * a CPU, what does not, and what comes back in another order than it went.
 */
#include <linux/slab.h>

#include <linux/strata.h>

#include "bench.h"

/* Frees what there is when an allocation fails. */
#define BURST(name, n, alloc, free, index)					\
static u64 name(unsigned long loops)						\
{										\
	size_t size = BENCH_VARIABLE((size_t)BENCH_SIZE);			\
	bool failed = false;							\
	u64 start;								\
	unsigned int i;								\
										\
	start = ktime_get_ns();							\
	while (loops--) {							\
		for (i = 0; i < (n); i++) {					\
			bench_object[i] = alloc(size, GFP_KERNEL);		\
			if (unlikely(!bench_object[i]))				\
				failed = true;					\
		}								\
		for (i = 0; i < (n); i++)					\
			free(bench_object[index]);				\
	}									\
	return failed ? BENCH_FAILED : ktime_get_ns() - start;			\
}

BURST(strata_32, 32, strata_alloc, strata_free, i)
BURST(kmalloc_32, 32, kmalloc, kfree, i)
BURST(strata_1000, 1000, strata_alloc, strata_free, i)
BURST(kmalloc_1000, 1000, kmalloc, kfree, i)
BURST(strata_10000, BENCH_OBJECTS, strata_alloc, strata_free, bench_order[i])
BURST(kmalloc_10000, BENCH_OBJECTS, kmalloc, kfree, bench_order[i])

const struct bench bench_burst[] = {
	{ "burst-32", 32, 0, { strata_32, kmalloc_32 } },
	{ "burst-1000", 1000, 0, { strata_1000, kmalloc_1000 } },
	{ "shuffled-10000", BENCH_OBJECTS, 0, { strata_10000, kmalloc_10000 } },
	{ }
};
