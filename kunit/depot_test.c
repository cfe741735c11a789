// SPDX-License-Identifier: GPL-2.0-only
/* The depot: bounded, last in first out, and it knows what nobody wanted. */
#include <kunit/test.h>

#include "../mod/depot.h"
#include "suites.h"

#define CAPACITY	10

static void *thing(unsigned long n)
{
	return (void *)(n + 1);
}

static void make(struct kunit *test, struct strata_depot *depot)
{
	memset(depot, 0, sizeof(*depot));
	strata_depot_init(depot);
	strata_depot_open(depot, CAPACITY, NUMA_NO_NODE, GFP_KERNEL);
	KUNIT_ASSERT_EQ(test, depot->capacity, (unsigned int)CAPACITY);
}

static unsigned int put(struct strata_depot *depot, unsigned long first, unsigned int n)
{
	void *objects[2 * CAPACITY];
	unsigned int i;

	for (i = 0; i < n; i++)
		objects[i] = thing(first + i);
	return strata_depot_put(depot, objects, n);
}

static unsigned int take(struct strata_depot *depot, unsigned int n)
{
	void *objects[2 * CAPACITY];

	return strata_depot_take(depot, objects, n);
}

static void is_bounded(struct kunit *test)
{
	struct strata_depot depot;

	make(test, &depot);
	KUNIT_EXPECT_EQ(test, put(&depot, 0, 6), 6U);
	KUNIT_EXPECT_EQ(test, put(&depot, 6, 6), 4U);
	KUNIT_EXPECT_EQ(test, put(&depot, 10, 1), 0U);
	KUNIT_EXPECT_EQ(test, depot.count, (unsigned int)CAPACITY);
	KUNIT_EXPECT_EQ(test, take(&depot, 4), 4U);
	KUNIT_EXPECT_EQ(test, put(&depot, 20, 6), 4U);
	KUNIT_EXPECT_EQ(test, take(&depot, 2 * CAPACITY), (unsigned int)CAPACITY);
	KUNIT_EXPECT_EQ(test, take(&depot, 1), 0U);
	KUNIT_EXPECT_EQ(test, depot.nr_in, 14ULL);
	KUNIT_EXPECT_EQ(test, depot.nr_out, 14ULL);
	strata_depot_exit(&depot);
}

static void last_in_first_out(struct kunit *test)
{
	void *objects[CAPACITY];
	struct strata_depot depot;
	unsigned int i;

	make(test, &depot);
	put(&depot, 0, 7);
	KUNIT_EXPECT_EQ(test, strata_depot_take(&depot, objects, 3), 3U);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_PTR_EQ(test, objects[i], thing(4 + i));
	put(&depot, 50, 1);
	KUNIT_EXPECT_EQ(test, strata_depot_take(&depot, objects, CAPACITY), 5U);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_PTR_EQ(test, objects[i], thing(i));
	KUNIT_EXPECT_PTR_EQ(test, objects[4], thing(50));
	strata_depot_exit(&depot);
}

/* Idle is what was there all the time since the last question. */
static void knows_what_is_idle(struct kunit *test)
{
	struct strata_depot depot;

	make(test, &depot);
	strata_depot_idle(&depot);
	put(&depot, 0, 8);
	KUNIT_EXPECT_EQ(test, strata_depot_idle(&depot), 0U);
	KUNIT_EXPECT_EQ(test, strata_depot_idle(&depot), 8U);
	take(&depot, 5);
	put(&depot, 0, 6);
	KUNIT_EXPECT_EQ(test, strata_depot_idle(&depot), 3U);
	KUNIT_EXPECT_EQ(test, strata_depot_idle(&depot), 9U);
	take(&depot, CAPACITY);
	KUNIT_EXPECT_EQ(test, strata_depot_idle(&depot), 0U);
	strata_depot_exit(&depot);
}

/* Its memory is there while it is open; one that holds something stays open. */
static void opens_and_closes(struct kunit *test)
{
	struct strata_depot depot;
	void **slot;

	make(test, &depot);
	slot = depot.slot;
	strata_depot_open(&depot, 2 * CAPACITY, NUMA_NO_NODE, GFP_KERNEL);
	KUNIT_EXPECT_PTR_EQ(test, depot.slot, slot);
	KUNIT_EXPECT_EQ(test, depot.capacity, (unsigned int)CAPACITY);
	put(&depot, 0, 1);
	strata_depot_close(&depot);
	KUNIT_EXPECT_EQ(test, depot.capacity, (unsigned int)CAPACITY);
	take(&depot, 1);
	strata_depot_close(&depot);
	KUNIT_EXPECT_EQ(test, depot.capacity, 0U);
	KUNIT_EXPECT_NULL(test, depot.slot);
	KUNIT_EXPECT_EQ(test, put(&depot, 0, 1), 0U);
	KUNIT_EXPECT_EQ(test, take(&depot, 1), 0U);
	strata_depot_open(&depot, CAPACITY, NUMA_NO_NODE, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, put(&depot, 0, 1), 1U);
	strata_depot_exit(&depot);
}

static struct kunit_case depot_cases[] = {
	KUNIT_CASE(is_bounded),
	KUNIT_CASE(last_in_first_out),
	KUNIT_CASE(knows_what_is_idle),
	KUNIT_CASE(opens_and_closes),
	{}
};

struct kunit_suite strata_depot_suite = {
	.name = "strata_depot",
	.test_cases = depot_cases,
};
