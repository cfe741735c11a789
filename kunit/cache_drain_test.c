// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is not used goes home: magazines, depots, empty spans; by the tick when
 * it is idle, at once under pressure, and from a CPU that is gone.
 */
#include <kunit/test.h>
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/mm.h>

#include "../mod/alloc.h"
#include "../mod/drain.h"
#include "../mod/home.h"
#include "fixture.h"
#include "suites.h"

#define SIZE	64
/* More than a magazine and a depot hold, in several spans. */
#define MANY	(600 * (PAGE_SIZE / SZ_4K))

static struct strata_cache *cache_of(struct kunit *test)
{
	struct strata_fixture *f = test->priv;

	return &f->a->class[strata_class_of(SIZE)];
}

static struct strata_magazine *magazine(struct kunit *test)
{
	struct strata_fixture *f = test->priv;

	return per_cpu_ptr(cache_of(test)->magazine, f->cpu);
}

/* Leave @n free objects wherever they come to lie. */
static void use(struct kunit *test, unsigned int n)
{
	struct strata_fixture *f = test->priv;
	void **p = kunit_kcalloc(test, n, sizeof(*p), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, p);
	for (i = 0; i < n; i++) {
		p[i] = strata_alloc_from(f->a, SIZE, GFP_KERNEL, NUMA_NO_NODE, STRATA_HERE);
		KUNIT_ASSERT_NOT_NULL(test, p[i]);
	}
	for (i = 0; i < n; i++)
		strata_free_to(f->a, p[i], STRATA_HERE);
	kunit_kfree(test, p);
}

static void drains_everything(struct kunit *test)
{
	struct strata_cache *c = cache_of(test);
	struct strata_magazine *m = magazine(test);
	u64 flushed;

	use(test, MANY);
	KUNIT_EXPECT_GT(test, m->count, (u16)32);
	KUNIT_EXPECT_EQ(test, m->nr_nested, (u8)STRATA_NESTED_SLOTS);
	flushed = m->flushed + m->count + m->nr_nested;
	strata_cache_drain(c, false);
	KUNIT_EXPECT_EQ(test, m->count, (u16)0);
	KUNIT_EXPECT_EQ(test, m->nr_nested, (u8)0);
	KUNIT_EXPECT_EQ(test, m->capacity, (u16)0);
	KUNIT_EXPECT_EQ(test, m->flushed, flushed);
	KUNIT_EXPECT_FALSE(test, strata_magazine_is_claimed(m));
	KUNIT_EXPECT_FALSE(test, m->nested_busy);
	KUNIT_EXPECT_EQ(test, strata_cache_live(c), (unsigned long)c->depot[strata_home()].count);
	strata_cache_drain_depots(c, false);
	KUNIT_EXPECT_EQ(test, strata_cache_live(c), 0UL);
	KUNIT_EXPECT_GT(test, strata_cache_pages(c), 0UL);
	strata_cache_trim(c);
	KUNIT_EXPECT_EQ(test, strata_cache_pages(c), 0UL);
}

/* Used since the last look: it stays. Not used: it goes. */
static void notices_idle_magazines(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	struct strata_cache *c = cache_of(test);
	struct strata_magazine *m = magazine(test);

	KUNIT_EXPECT_FALSE(test, strata_cache_note_idle(c, f->cpu));
	use(test, 20);
	strata_cache_note_idle(c, f->cpu);
	use(test, 1);
	KUNIT_EXPECT_FALSE(test, strata_cache_note_idle(c, f->cpu));
	strata_cache_drain(c, true);
	KUNIT_EXPECT_GT(test, m->count, (u16)0);
	KUNIT_EXPECT_TRUE(test, strata_cache_note_idle(c, f->cpu));
	strata_cache_drain(c, true);
	KUNIT_EXPECT_EQ(test, m->count, (u16)0);
	KUNIT_EXPECT_FALSE(test, m->idle);
	/* Nothing there, nothing idle. */
	strata_cache_note_idle(c, f->cpu);
	KUNIT_EXPECT_FALSE(test, strata_cache_note_idle(c, f->cpu));
}

static void drains_idle_depots(struct kunit *test)
{
	struct strata_cache *c = cache_of(test);
	struct strata_depot *depot = &c->depot[strata_home()];
	unsigned int count;

	use(test, MANY);
	count = depot->count;
	KUNIT_ASSERT_GT(test, count, 0U);
	strata_depot_idle(depot);
	strata_cache_drain_depots(c, true);
	KUNIT_EXPECT_EQ(test, depot->count, 0U);
}

/* A depot is open while its cache has more than a magazine holds. */
static void depots_come_and_go(struct kunit *test)
{
	struct strata_cache *c = cache_of(test);
	struct strata_depot *depot = &c->depot[strata_home()];

	KUNIT_EXPECT_EQ(test, depot->capacity, 0U);
	use(test, 20);
	/* Open once there are more objects than a magazine holds, as in a large page. */
	if (c->shape.nr_objects <= c->magazine_max)
		KUNIT_EXPECT_EQ(test, depot->capacity, 0U);
	use(test, MANY);
	KUNIT_EXPECT_EQ(test, depot->capacity, (unsigned int)c->depot_max);
	strata_cache_drain(c, false);
	strata_cache_close_depots(c);
	KUNIT_EXPECT_NE(test, depot->capacity, 0U);
	strata_cache_drain_depots(c, false);
	strata_cache_close_depots(c);
	KUNIT_EXPECT_NE(test, depot->capacity, 0U);
	strata_cache_trim(c);
	strata_cache_close_depots(c);
	KUNIT_EXPECT_EQ(test, depot->capacity, 0U);
}

/* Left alone, an allocator gives everything back, and then sleeps. */
static void tick_gives_all_back(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	unsigned int i;

	enable_delayed_work(&f->a->tick);
	use(test, MANY);
	strata_free_to(f->a, strata_alloc_from(f->a, SZ_1M, GFP_KERNEL, NUMA_NO_NODE, STRATA_HERE),
		       STRATA_HERE);
	KUNIT_EXPECT_GT(test, f->fake.nr_out, 0UL);
	for (i = 0; i < 100 && f->fake.nr_out; i++)
		msleep(100);
	KUNIT_EXPECT_EQ(test, f->fake.nr_out, 0UL);
	for (i = 0; i < 20 && delayed_work_pending(&f->a->tick); i++)
		msleep(100);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&f->a->tick));
}

/* Under pressure depots and the heap give at once, magazines do not. */
static void pressure(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	unsigned long held, given;

	use(test, MANY);
	held = f->fake.nr_out;
	given = strata_reclaim(f->a, SIZE_MAX);
	KUNIT_EXPECT_GT(test, given, 0UL);
	KUNIT_EXPECT_EQ(test, f->fake.nr_out, held - given);
	KUNIT_EXPECT_EQ(test, cache_of(test)->depot[strata_home()].count, 0U);
	KUNIT_EXPECT_GT(test, magazine(test)->count, (u16)0);
	/* The lock is taken by somebody who may be waiting for memory: not ours. */
	use(test, MANY);
	mutex_lock(&f->a->lock);
	strata_reclaim(f->a, SIZE_MAX);
	mutex_unlock(&f->a->lock);
}

static void reclaim_is_bounded(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	void *p[4];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(p); i++) {
		p[i] = strata_alloc_from(f->a, SZ_2M, GFP_KERNEL, NUMA_NO_NODE, STRATA_HERE);
		KUNIT_ASSERT_NOT_NULL(test, p[i]);
	}
	for (i = 0; i < ARRAY_SIZE(p); i++)
		strata_free_to(f->a, p[i], STRATA_HERE);
	KUNIT_EXPECT_EQ(test, strata_reclaim(f->a, 1), (size_t)STRATA_CHUNK_PAGES);
	KUNIT_EXPECT_EQ(test, f->fake.nr_out, 3UL * STRATA_CHUNK_PAGES);
}

/* All of it at once, magazines of all CPUs included. */
static void drain_is_complete(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	unsigned long held;

	use(test, MANY);
	strata_free_to(f->a, strata_alloc_from(f->a, SZ_1M, GFP_KERNEL, NUMA_NO_NODE, STRATA_HERE),
		       STRATA_HERE);
	held = f->fake.nr_out;
	KUNIT_EXPECT_GT(test, held, (unsigned long)(SZ_1M >> PAGE_SHIFT));
	KUNIT_EXPECT_EQ(test, strata_drain(f->a), (size_t)held);
	KUNIT_EXPECT_EQ(test, f->fake.nr_out, 0UL);
	KUNIT_EXPECT_EQ(test, strata_drain(f->a), (size_t)0);
}

/* A drain of one cache leaves the others alone. */
static void drains_one_cache(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	struct strata_cache *other = &f->a->class[strata_class_of(SIZE * 4)];
	struct strata_magazine *m = per_cpu_ptr(other->magazine, f->cpu);

	use(test, MANY);
	strata_free_to(f->a, strata_alloc_from(f->a, SIZE * 4, GFP_KERNEL, NUMA_NO_NODE,
					       STRATA_HERE), STRATA_HERE);
	cpus_read_lock();
	mutex_lock(&f->a->lock);
	strata_drain_cpus(f->a, cache_of(test));
	mutex_unlock(&f->a->lock);
	cpus_read_unlock();
	KUNIT_EXPECT_EQ(test, magazine(test)->count, (u16)0);
	KUNIT_EXPECT_GT(test, m->count, (u16)0);
}

static struct kunit_case cache_drain_cases[] = {
	KUNIT_CASE(drains_everything),
	KUNIT_CASE(notices_idle_magazines),
	KUNIT_CASE(drains_idle_depots),
	KUNIT_CASE(depots_come_and_go),
	KUNIT_CASE_SLOW(tick_gives_all_back),
	KUNIT_CASE(pressure),
	KUNIT_CASE(reclaim_is_bounded),
	KUNIT_CASE(drain_is_complete),
	KUNIT_CASE(drains_one_cache),
	{}
};

struct kunit_suite strata_cache_drain_suite = {
	.name = "strata_cache_drain",
	.init = strata_fixture_init,
	.exit = strata_fixture_exit,
	.test_cases = cache_drain_cases,
};
