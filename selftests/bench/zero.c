// SPDX-License-Identifier: GPL-2.0-only
/*
 * What init_on_alloc=1 adds to every allocation: the zeroing itself, as each
 * side does it. It is no competition: these rows are taken off both sides of
 * those that allocate as much, so that they show what is left. For most the two
 * sides are one; a region zeroes what a frame used when it is popped, all at once.
 */
#include <linux/align.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include <linux/strata_region.h>

#include "bench.h"

static void *area;

static int make_area(void)
{
	area = vmalloc(SZ_1M);
	return area ? 0 : -ENOMEM;
}

static void drop_area(void)
{
	vfree(area);
	area = NULL;
}

#define ZERO(name, bytes)						\
BENCH_ROUND(name, size_t size = BENCH_VARIABLE((size_t)(bytes)),	\
	    memset(area, 0, size); barrier_data(area))

ZERO(zero_8, 8)
ZERO(zero_48, 48)
ZERO(zero_64, 64)
ZERO(zero_1k, SZ_1K)
ZERO(zero_4k, SZ_4K)
ZERO(zero_8k, SZ_8K)
ZERO(zero_32k, SZ_32K)
ZERO(zero_64k, SZ_64K)
ZERO(zero_1m, SZ_1M)

static u64 zero_frame_of_48(unsigned long loops)
{
	const size_t size = BENCH_VARIABLE((size_t)(48 * BENCH_BUMPS));
	u64 start = ktime_get_ns();

	while (loops--) {
		memset(area, 0, size);
		barrier_data(area);
	}
	return ktime_get_ns() - start;
}

static u64 zero_each_of_48(unsigned long loops)
{
	return zero_48(loops * BENCH_BUMPS);
}

static u64 zero_frame_of_request(unsigned long loops)
{
	u64 start = ktime_get_ns();
	size_t size = 0;
	unsigned int i;

	for (i = 0; i < BENCH_REQUEST; i++)
		size += ALIGN(bench_request[i], STRATA_REGION_ALIGN);
	while (loops--) {
		memset(area, 0, size);
		barrier_data(area);
	}
	return ktime_get_ns() - start;
}

static u64 zero_each_of_request(unsigned long loops)
{
	u64 start = ktime_get_ns();
	unsigned int i;

	while (loops--)
		for (i = 0; i < BENCH_REQUEST; i++) {
			memset(area, 0, bench_request[i]);
			barrier_data(area);
		}
	return ktime_get_ns() - start;
}

#define ROW_OF_TWO(name, ops, strata, rival) \
	{ name, ops, 0, { strata, rival }, make_area, drop_area }
#define ROW(name, ops, zero) ROW_OF_TWO(name, ops, zero, zero)

const struct bench bench_zero[] = {
	ROW("zero-8", 1, zero_8),
	ROW_OF_TWO("zero-48", BENCH_BUMPS, zero_frame_of_48, zero_each_of_48),
	ROW("zero-64", 1, zero_64),
	ROW("zero-1024", 1, zero_1k),
	ROW("zero-4k", 1, zero_4k),
	ROW("zero-8k", 1, zero_8k),
	ROW("zero-32k", 1, zero_32k),
	ROW("zero-64k", 1, zero_64k),
	ROW("zero-1m", 1, zero_1m),
	ROW_OF_TWO("zero-request", BENCH_REQUEST, zero_frame_of_request, zero_each_of_request),
	{ }
};
