// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bump regions. The kernel has none to compare with: the rival is what one
 * would do without, an object from kmalloc() for each, freed one by one.
 */
#include <linux/slab.h>

#include <linux/strata.h>

#include "bench.h"

#define BUMP_SIZE	48

static struct strata_region *region;

static int make_region(void)
{
	region = strata_region_create(0, GFP_KERNEL);
	return PTR_ERR_OR_ZERO(region);
}

static void drop_region(void)
{
	strata_region_destroy(region);
	region = NULL;
}

/* A frame of many objects of one size: its push and pop are in the figure. */
static u64 strata_bump(unsigned long loops)
{
	struct strata_region *r = region;
	u64 start = ktime_get_ns();
	strata_mark_t mark;
	unsigned int i;

	while (loops--) {
		mark = strata_region_push(r);
		for (i = 0; i < BENCH_BUMPS; i++) {
			void *p = strata_region_alloc(r, BUMP_SIZE);

			if (unlikely(!p)) {
				strata_region_pop(r, mark);
				return BENCH_FAILED;
			}
			OPTIMIZER_HIDE_VAR(p);
		}
		strata_region_pop(r, mark);
	}
	return ktime_get_ns() - start;
}

static u64 kmalloc_bump(unsigned long loops)
{
	u64 start = ktime_get_ns();
	unsigned int i;

	while (loops--)
		for (i = 0; i < BENCH_BUMPS; i++) {
			void *p = kmalloc(BUMP_SIZE, GFP_KERNEL);

			if (unlikely(!p))
				return BENCH_FAILED;
			kfree(p);
		}
	return ktime_get_ns() - start;
}

/* A request: objects of many sizes that live together and die together. */
static u64 strata_request(unsigned long loops)
{
	struct strata_region *r = region;
	u64 start = ktime_get_ns();
	void *object[BENCH_REQUEST];
	strata_mark_t mark;
	unsigned int i;

	while (loops--) {
		mark = strata_region_push(r);
		for (i = 0; i < BENCH_REQUEST; i++) {
			object[i] = strata_region_alloc(r, bench_request[i]);
			if (unlikely(!object[i])) {
				strata_region_pop(r, mark);
				return BENCH_FAILED;
			}
		}
		barrier_data(object);
		strata_region_pop(r, mark);
	}
	return ktime_get_ns() - start;
}

static u64 kmalloc_request(unsigned long loops)
{
	u64 start = ktime_get_ns();
	unsigned int i;

	while (loops--) {
		for (i = 0; i < BENCH_REQUEST; i++) {
			bench_object[i] = kmalloc(bench_request[i], GFP_KERNEL);
			if (unlikely(!bench_object[i]))
				return BENCH_FAILED;
		}
		for (i = 0; i < BENCH_REQUEST; i++)
			kfree(bench_object[i]);
	}
	return ktime_get_ns() - start;
}

const struct bench bench_region[] = {
	{ "bump-48", BENCH_BUMPS, 0, { strata_bump, kmalloc_bump }, make_region, drop_region },
	{ "request-100", BENCH_REQUEST, 0, { strata_request, kmalloc_request },
	  make_region, drop_region },
	{ }
};
