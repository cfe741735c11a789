// SPDX-License-Identifier: GPL-2.0-only
/*
 * What magazines and depots may hold: each by how often it misses, all of a CPU or
 * a node together by their budget.
 */
#include <kunit/test.h>
#include <linux/sizes.h>

#include "../mod/home.h"
#include "cache_fixture.h"
#include "suites.h"

#define SIZE	64
#define MANY	1000

/* A magazine that misses grows up to its maximum, one that does not does not. */
static void capacity_follows_misses(struct kunit *test)
{
	struct strata_cache *c = strata_class_cache(test, SIZE);
	struct strata_magazine *m = strata_class_magazine(test, c);
	void **p = strata_room(test, MANY);
	unsigned int before, i;

	strata_put(test, strata_get(test, SIZE, GFP_KERNEL));
	before = m->capacity;
	KUNIT_EXPECT_GT(test, before, 0U);
	KUNIT_EXPECT_LT(test, before, (unsigned int)c->magazine_max);
	for (i = 0; i < MANY; i++)
		strata_put(test, strata_get(test, SIZE, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, (unsigned int)m->capacity, before);
	strata_get_many(test, SIZE, p, MANY);
	strata_put_many(test, p, MANY);
	KUNIT_EXPECT_EQ(test, m->capacity, c->magazine_max);
}

static long capacities(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	unsigned int class;
	long bytes = 0;

	for (class = 0; class < STRATA_NR_CLASSES; class++) {
		struct strata_cache *c = &f->a->class[class];

		bytes += (long)strata_class_magazine(test, c)->capacity * c->shape.size;
	}
	return bytes;
}

/* All magazines of a CPU share a budget, and go on working when it is used up. */
static void budget(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	void **p = strata_room(test, 300);
	unsigned int class;
	long most = 0;

	for (class = STRATA_NR_CLASSES; class--;) {
		size_t size = strata_class_info[class].size;
		unsigned int n = clamp_t(size_t, SZ_64K / size, 8, 300);

		strata_get_many(test, size, p, n);
		strata_put_many(test, p, n);
		strata_expect_conserved(test, &f->a->class[class], 0);
		most += (long)f->a->class[class].magazine_max * size;
		KUNIT_EXPECT_EQ(test, *per_cpu_ptr(f->a->cached, f->cpu), capacities(test));
		KUNIT_EXPECT_LE(test, capacities(test), (long)SZ_1M);
	}
	/* There was more wanted than allowed. */
	KUNIT_EXPECT_LT(test, capacities(test), most);
	KUNIT_EXPECT_GT(test, capacities(test), (long)SZ_1M * 3 / 4);
	strata_fixture_drain(f->a);
	KUNIT_EXPECT_EQ(test, *per_cpu_ptr(f->a->cached, f->cpu), 0L);
	KUNIT_EXPECT_EQ(test, capacities(test), 0L);
}

/* A magazine that misses takes room from those that idle, within the budget. */
static void takes_room_from_the_idle(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	struct strata_cache *c = strata_class_cache(test, 2048);
	struct strata_magazine *m = strata_class_magazine(test, c);
	void **p = strata_room(test, 300);
	unsigned int class, i;
	long others;

	for (class = STRATA_NR_CLASSES; class--;) {
		size_t size = strata_class_info[class].size;
		unsigned int n = clamp_t(size_t, SZ_64K / size, 8, 300);

		if (&f->a->class[class] == c)
			continue;
		strata_get_many(test, size, p, n);
		strata_put_many(test, p, n);
	}
	KUNIT_ASSERT_GT(test, capacities(test), (long)SZ_1M * 7 / 8);
	KUNIT_ASSERT_EQ(test, m->capacity, 0UL);
	others = capacities(test);
	for (i = 0; i < 2 * STRATA_NR_CLASSES && m->capacity < c->magazine_max; i++) {
		strata_get_many(test, 2048, p, 100);
		strata_put_many(test, p, 100);
		KUNIT_ASSERT_LE(test, capacities(test), (long)SZ_1M);
	}
	KUNIT_EXPECT_EQ(test, m->capacity, (unsigned long)c->magazine_max);
	KUNIT_EXPECT_LT(test, capacities(test) - (long)m->capacity * 2048, others);
	KUNIT_EXPECT_EQ(test, *per_cpu_ptr(f->a->cached, f->cpu), capacities(test));
	for (class = 0; class < STRATA_NR_CLASSES; class++)
		strata_expect_conserved(test, &f->a->class[class], 0);
	strata_expect_sound(test, f->a);
}

/* All depots of a node share a budget, too. */
static void depot_budget(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	void **p = strata_room(test, 700);
	unsigned int class;
	int node;

	for (class = STRATA_NR_CLASSES; class--;) {
		size_t size = strata_class_info[class].size;
		unsigned int n = clamp_t(size_t, SZ_256K / size, 16, 700);

		strata_get_many(test, size, p, n);
		strata_put_many(test, p, n);
		strata_expect_conserved(test, &f->a->class[class], 0);
	}
	for (node = 0; node < nr_node_ids; node++) {
		long most = 0, bytes = 0;

		for (class = 0; class < STRATA_NR_CLASSES; class++) {
			const struct strata_cache *c = &f->a->class[class];

			bytes += (long)c->depot[node].count * c->shape.size;
			most += (long)c->depot_max * c->shape.size;
		}
		KUNIT_EXPECT_EQ(test, atomic_long_read(&f->a->deposited[node]), bytes);
		KUNIT_EXPECT_LE(test, bytes, (long)SZ_2M);
		KUNIT_EXPECT_GT(test, most, (long)SZ_2M);
		if (node == strata_home())
			KUNIT_EXPECT_GT(test, bytes, (long)SZ_2M * 3 / 4);
	}
	strata_fixture_drain(f->a);
	for (node = 0; node < nr_node_ids; node++)
		KUNIT_EXPECT_EQ(test, atomic_long_read(&f->a->deposited[node]), 0L);
}

static struct kunit_case cache_budget_cases[] = {
	KUNIT_CASE(capacity_follows_misses),
	KUNIT_CASE(budget),
	KUNIT_CASE(takes_room_from_the_idle),
	KUNIT_CASE(depot_budget),
	{},
};

struct kunit_suite strata_cache_budget_suite = {
	.name = "strata_cache_budget",
	.init = strata_fixture_init,
	.exit = strata_fixture_exit,
	.test_cases = cache_budget_cases,
};
