// SPDX-License-Identifier: GPL-2.0-only
/*
 * Objects with pages of their own, and those that a CPU keeps at hand after
 * their free: which, how many, for whom, and for how long.
 */
#include <kunit/test.h>
#include <linux/cpu.h>
#include <linux/mm.h>
#include <linux/strata.h>

#include "../mod/alloc.h"
#include "../mod/drain.h"
#include "../mod/home.h"
#include "../mod/large.h"
#include "../mod/large_cache.h"
#include "../mod/misuse.h"
#include "contexts.h"
#include "fixture.h"
#include "suites.h"

#define SIZE	SZ_64K
#define PAGES	(SIZE >> PAGE_SHIFT)

static struct strata_large_cache *kept(struct kunit *test)
{
	struct strata_fixture *f = test->priv;

	return per_cpu_ptr(f->a->large_cache, f->cpu);
}

static void expect_large(struct kunit *test, long objects, long pages)
{
	struct strata_fixture *f = test->priv;

	const struct strata_large_counts n = strata_large_counts(f->a);

	KUNIT_EXPECT_EQ(test, n.live, (unsigned long)objects);
	KUNIT_EXPECT_EQ(test, n.pages, (unsigned long)pages);
	KUNIT_EXPECT_EQ(test, n.allocs - n.frees, (unsigned long)objects);
}

static void every_length(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	size_t size, good;
	void *p;

	for (size = STRATA_CLASS_MAX_SIZE + 1; size <= STRATA_MAX_SIZE; size = size * 5 / 4) {
		good = strata_good_size(size);
		p = strata_get(test, size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, p);
		KUNIT_EXPECT_EQ(test, strata_usable(f->a, p), good);
		KUNIT_EXPECT_GE(test, good, size);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)p, PAGE_SIZE));
		expect_large(test, 1, good >> PAGE_SHIFT);
		memset(p, 0x17, size);
		KUNIT_EXPECT_EQ(test, strata_usable(f->a, p + PAGE_SIZE), (size_t)0);
		strata_put(test, p);
		expect_large(test, 0, 0);
	}
}

/* The next one of that length is the one that was freed, and it is not free then. */
static void reused(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	void *p = strata_get(test, SIZE, GFP_KERNEL), *q;
	unsigned long calls = f->fake.nr_calls;

	strata_put(test, p);
	KUNIT_EXPECT_EQ(test, kept(test)->count, (u8)1);
	KUNIT_EXPECT_EQ(test, kept(test)->pages, (u32)PAGES);
	q = strata_get(test, SIZE - 5, GFP_KERNEL);
	KUNIT_EXPECT_PTR_EQ(test, q, p);
	KUNIT_EXPECT_EQ(test, kept(test)->count, (u8)0);
	KUNIT_EXPECT_EQ(test, kept(test)->pages, 0U);
	KUNIT_EXPECT_EQ(test, f->fake.nr_calls, calls);
	expect_large(test, 1, PAGES);
	strata_put(test, q);
	/* Another length is not served from it. */
	q = strata_get(test, SIZE + PAGE_SIZE, GFP_KERNEL);
	KUNIT_EXPECT_PTR_NE(test, q, p);
	KUNIT_EXPECT_EQ(test, kept(test)->count, (u8)1);
	strata_put(test, q);
}

static void bounded(struct kunit *test)
{
	void *p[2 * STRATA_LARGE_SLOTS];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(p); i++) {
		p[i] = strata_get(test, SIZE, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, p[i]);
	}
	for (i = 0; i < ARRAY_SIZE(p); i++)
		strata_put(test, p[i]);
	KUNIT_EXPECT_EQ(test, kept(test)->count, (u8)STRATA_LARGE_SLOTS);
	KUNIT_EXPECT_EQ(test, kept(test)->pages, (u32)(STRATA_LARGE_SLOTS * PAGES));
	for (i = 0; i < ARRAY_SIZE(p); i++) {
		p[i] = strata_get(test, SZ_1M, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, p[i]);
	}
	strata_fixture_drain(((struct strata_fixture *)test->priv)->a);
	for (i = 0; i < ARRAY_SIZE(p); i++)
		strata_put(test, p[i]);
	KUNIT_EXPECT_LE(test, kept(test)->pages << PAGE_SHIFT, (u32)strata_large_budget());
	KUNIT_EXPECT_EQ(test, kept(test)->count, (u8)(strata_large_budget() / SZ_1M));
	expect_large(test, 0, 0);
}

/* Charged memory, blocks past the heap and other nodes' memory are not kept. */
static void not_kept(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	int other = next_node_in(strata_home(), node_states[N_MEMORY]);

	strata_put(test, strata_get(test, SIZE, GFP_KERNEL_ACCOUNT));
	KUNIT_EXPECT_EQ(test, kept(test)->count, (u8)0);
	strata_put(test, strata_get(test, SZ_2M + 1, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, kept(test)->count, (u8)0);
	if (other == strata_home())
		return;
	strata_put(test, strata_alloc_from(f->a, SIZE, GFP_KERNEL, other, STRATA_HERE));
	KUNIT_EXPECT_EQ(test, kept(test)->count, (u8)0);
}

static void idle_ones_go(struct kunit *test)
{
	struct strata_fixture *f = test->priv;

	strata_put(test, strata_get(test, SIZE, GFP_KERNEL));
	strata_large_cache_note_idle(f->a, f->cpu);
	strata_put(test, strata_get(test, SIZE, GFP_KERNEL));
	KUNIT_EXPECT_FALSE(test, strata_large_cache_note_idle(f->a, f->cpu));
	strata_large_cache_drain(f->a, true);
	KUNIT_EXPECT_EQ(test, kept(test)->count, (u8)1);
	KUNIT_EXPECT_TRUE(test, strata_large_cache_note_idle(f->a, f->cpu));
	strata_large_cache_drain(f->a, true);
	KUNIT_EXPECT_EQ(test, kept(test)->count, (u8)0);
	KUNIT_EXPECT_EQ(test, kept(test)->pages, 0U);
	KUNIT_EXPECT_FALSE(test, strata_large_cache_note_idle(f->a, f->cpu));
}

struct deed {
	struct strata_allocator *a;
	void *p;
};

static void take(void *arg)
{
	struct deed *deed = arg;

	deed->p = strata_alloc_from(deed->a, SIZE, GFP_NOWAIT | __GFP_NOWARN, NUMA_NO_NODE,
				    STRATA_HERE);
}

static void give(void *arg)
{
	struct deed *deed = arg;

	strata_free_to(deed->a, deed->p, STRATA_HERE);
}

/* What is at hand serves raw contexts, too; not while its place is claimed. */
static void in_every_context(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	struct deed deed = { .a = f->a };
	enum strata_where where;
	unsigned long calls;

	for (where = 0; where < STRATA_NR_WHERE; where++) {
		strata_put(test, strata_get(test, SIZE, GFP_KERNEL));
			calls = f->fake.nr_calls;
		if (strata_where_is_raw(where)) {
			kept(test)->busy = 1;
			KUNIT_ASSERT_TRUE(test, strata_run_in(where, take, &deed));
			kept(test)->busy = 0;
			KUNIT_EXPECT_NULL_MSG(test, deed.p, "%s", strata_where_name[where]);
		}
		KUNIT_ASSERT_TRUE(test, strata_run_in(where, take, &deed));
		KUNIT_EXPECT_NOT_NULL_MSG(test, deed.p, "%s", strata_where_name[where]);
		KUNIT_EXPECT_EQ(test, f->fake.nr_calls, calls);
		expect_large(test, 1, PAGES);
		kept(test)->busy = where & 1;
		KUNIT_ASSERT_TRUE(test, strata_run_in(where, give, &deed));
		kept(test)->busy = 0;
		expect_large(test, 0, 0);
		strata_fixture_drain(f->a);
		KUNIT_EXPECT_EQ_MSG(test, f->fake.nr_out, 0UL, "%s", strata_where_name[where]);
	}
}

/* Freed a second time when its pages are free, and still here. */
static void freed_to_the_heap(struct kunit *test)
{
	u64 reported = strata_misuse_count(STRATA_MISUSE_FREED_PAGE);
	struct strata_fixture *f = test->priv;
	void *p = strata_get(test, SIZE, GFP_KERNEL), *q = strata_get(test, SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_ASSERT_NOT_NULL(test, q);
	strata_put(test, p);
	cpus_read_lock();
	mutex_lock(&f->a->lock);
	strata_drain_cpus(f->a, NULL);
	mutex_unlock(&f->a->lock);
	cpus_read_unlock();
	KUNIT_ASSERT_EQ(test, kept(test)->count, 0U);
	strata_put(test, p);
	KUNIT_EXPECT_EQ(test, strata_misuse_count(STRATA_MISUSE_FREED_PAGE), reported + 1);
	expect_large(test, 1, PAGES);
	strata_put(test, q);
}

static struct kunit_case large_cases[] = {
	KUNIT_CASE(every_length),
	KUNIT_CASE(reused),
	KUNIT_CASE(bounded),
	KUNIT_CASE(not_kept),
	KUNIT_CASE(idle_ones_go),
	KUNIT_CASE(freed_to_the_heap),
	KUNIT_CASE(in_every_context),
	{}
};

struct kunit_suite strata_large_suite = {
	.name = "strata_large",
	.suite_init = strata_contexts_init,
	.suite_exit = strata_contexts_exit,
	.init = strata_fixture_init,
	.exit = strata_fixture_exit,
	.test_cases = large_cases,
};
