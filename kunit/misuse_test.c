// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every kind of pointer and argument that makes no sense: one report, the
 * right one; nothing else changes, and the allocator goes on. What the reports
 * say is in misuse_report_test.c.
 *
 * A report that says "leaked" means that the caller still has the object: the
 * tests free it properly afterwards.
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/smp.h>
#include <linux/strata.h>
#include <linux/vmalloc.h>

#include "../mod/rcu_free.h"
#include "../mod/track.h"
#include "api_fixture.h"
#include "contexts.h"
#include "suites.h"

static void *get(struct kunit *test, size_t size)
{
	void *p = strata_alloc(size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	return p;
}

static void double_free(struct kunit *test)
{
	static const size_t sizes[] = { 1, 8, 64, 100, 1000, 4096, 32768 };
	unsigned int i;
	void *p, *other;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		p = get(test, sizes[i]);
		strata_free(p);
		strata_free(p);
		strata_expect_misuse(test, STRATA_MISUSE_DOUBLE_FREE, 1);
		strata_free_sized(p, sizes[i]);
		strata_expect_misuse(test, STRATA_MISUSE_DOUBLE_FREE, 1);
		/* At once, not when the grace period is over. */
		strata_free_rcu(p);
		strata_expect_misuse(test, STRATA_MISUSE_DOUBLE_FREE, 1);
		strata_rcu_flush(strata_main_rcu);
		strata_free_bulk(1, &(void *){ p });
		strata_expect_misuse(test, STRATA_MISUSE_DOUBLE_FREE, 1);
		/* It was put into a free list once: two allocations differ. */
		p = get(test, sizes[i]);
		other = get(test, sizes[i]);
		KUNIT_EXPECT_PTR_NE(test, p, other);
		strata_free(p);
		strata_free(other);
	}
}

/* Also when it went home, and when its pages went. */
static void double_free_later(struct kunit *test)
{
	void *p = get(test, 64), *neighbour = get(test, 64);

	strata_free(p);
	strata_fixture_drain(&strata_main);
	strata_free(p);
	strata_expect_misuse(test, STRATA_MISUSE_DOUBLE_FREE, 1);
	strata_free(neighbour);
	strata_fixture_drain(&strata_main);
	strata_free(p);
	/* Nothing of the page is strata's any more, or no object is there. */
	strata_expect_misuse(test, strata_owns(p) ? STRATA_MISUSE_FREED_PAGE :
			     STRATA_MISUSE_FOREIGN, 1);
}

static void double_free_of_large(struct kunit *test)
{
	static const size_t sizes[] = { 40000, SZ_1M };
	unsigned int i;
	u64 before;
	void *p;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		/* So that the CPU has room for a freed one, which says what it is. */
		strata_fixture_drain(&strata_main);
		p = get(test, sizes[i]);
		before = strata_misuse_total();
		/* Nor may the background take it away in between, on a machine that is slow. */
		preempt_disable();
		strata_free(p);
		strata_free(p);
		preempt_enable();
		KUNIT_EXPECT_EQ(test, strata_misuse_total(), before + 1);
		strata_expect_misuse(test, STRATA_MISUSE_DOUBLE_FREE, 1);
	}
	/* Those that are larger go back at once. */
	p = get(test, SZ_2M + 1);
	strata_free(p);
	before = strata_misuse_total();
	strata_free(p);
	KUNIT_EXPECT_EQ(test, strata_misuse_total(), before + 1);
	strata_expect_misuse(test, STRATA_MISUSE_FOREIGN, 1);
}

/* Written to after its free, so that it does not look free: found when it comes home. */
static void double_free_in_disguise(struct kunit *test)
{
	unsigned long *p = get(test, 64);

	strata_free(p);
	strata_track_store(p, 0);
	strata_free(p);
	strata_fixture_drain(&strata_main);
	strata_expect_misuse(test, STRATA_MISUSE_DOUBLE_FREE, 1);
}

/* What waits for a grace period does not look free: found when that is over. */
static void double_free_while_it_waits(struct kunit *test)
{
	void *p = get(test, 64);

	strata_free_rcu(p);
	strata_free_rcu(p);
	strata_rcu_flush(strata_main_rcu);
	strata_expect_misuse(test, STRATA_MISUSE_DOUBLE_FREE, 1);
	p = get(test, 64);
	strata_free_rcu(p);
	strata_free(p);
	strata_rcu_flush(strata_main_rcu);
	strata_expect_misuse(test, STRATA_MISUSE_DOUBLE_FREE, 1);
}

static void free_it(void *p)
{
	strata_free(p);
}

/*
 * First by another CPU: to this one's magazine it looks like what it handed out last,
 * for which there is no look-up, but for the mark.
 */
static void double_free_elsewhere(struct kunit *test)
{
	int here = raw_smp_processor_id(), other;
	void *p;

	if (num_online_cpus() == 1)
		kunit_skip(test, "there is one processor");
	other = cpumask_any_but(cpu_online_mask, here);
	KUNIT_ASSERT_EQ(test, set_cpus_allowed_ptr(current, cpumask_of(here)), 0);
	p = get(test, 64);
	KUNIT_ASSERT_EQ(test, smp_call_function_single(other, free_it, p, true), 0);
	strata_free_sized(p, 64);
	strata_expect_misuse(test, STRATA_MISUSE_DOUBLE_FREE, 1);
	p = get(test, 64);
	KUNIT_ASSERT_EQ(test, smp_call_function_single(other, free_it, p, true), 0);
	strata_free(p);
	strata_expect_misuse(test, STRATA_MISUSE_DOUBLE_FREE, 1);
}

static void twice_in_one_bulk(struct kunit *test)
{
	void *p[6];
	unsigned int i;

	for (i = 0; i < 5; i++)
		p[i] = get(test, 64);
	p[5] = p[2];
	strata_free_bulk(6, p);
	strata_expect_misuse(test, STRATA_MISUSE_DOUBLE_FREE, 1);
}

static void interior(struct kunit *test)
{
	static const size_t sizes[] = { 24, 64, 100, 4096, 32768, 40000, SZ_2M + 1 };
	unsigned int i;
	size_t last;
	u8 *p;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		p = get(test, sizes[i]);
		memset(p, 0x42, sizes[i]);
		last = strata_usable_size(p) - 1;
		strata_free(p + 1);
		strata_free(p + 8);
		strata_free_sized(p + last, sizes[i]);
		strata_free_bulk(1, &(void *){ p + sizes[i] / 2 });
		strata_expect_misuse(test, STRATA_MISUSE_INTERIOR, 4);
		KUNIT_EXPECT_EQ(test, strata_usable_size(p + 1), (size_t)0);
		KUNIT_EXPECT_NULL(test, memchr_inv(p, 0x42, sizes[i]));
		strata_free(p);
	}
}

/* What is left over at the end of a span is no object. */
static void behind_the_last(struct kunit *test)
{
	unsigned int class, found = 0;

	for (class = 0; class < STRATA_NR_CLASSES; class++) {
		const struct strata_shape *shape = &strata_main.class[class].shape;
		size_t end = (size_t)shape->nr_objects * shape->size;
		struct strata_span *span;
		void *p;

		if (end + 8 > (size_t)shape->npages * PAGE_SIZE || found == 5)
			continue;
		found++;
		p = get(test, shape->size);
		span = strata_heap_span(&strata_main.heap, p);
		strata_free(span->base + end);
		strata_expect_misuse(test, STRATA_MISUSE_INTERIOR, 1);
		strata_free(p);
	}
	KUNIT_EXPECT_GT(test, found, 0U);
}

static void foreign(struct kunit *test)
{
	void *km = kmalloc(100, GFP_KERNEL), *vm = vmalloc(100);
	unsigned long page = __get_free_page(GFP_KERNEL);
	char stack[8];
	const void *strange[] = {
		km, km + 8, vm, vm + 1, (void *)page, stack, foreign, &strata_main, &page,
		(void *)100, (void *)0x1000, (void *)TASK_SIZE_MAX, (void *)(TASK_SIZE_MAX - 8),
		(void *)PAGE_OFFSET, (void *)(PAGE_OFFSET - 1), (void *)-(-PAGE_OFFSET / 8),
		(void *)~(~0UL >> 1), (void *)0xdead000000000100UL,
		ERR_PTR(-ENOMEM), (void *)-1L, (void *)-8L,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(strange); i++) {
		strata_free(strange[i]);
		strata_expect_misuse(test, STRATA_MISUSE_FOREIGN, 1);
		KUNIT_EXPECT_EQ(test, strata_usable_size(strange[i]), (size_t)0);
		KUNIT_EXPECT_FALSE(test, strata_owns(strange[i]));
	}
	strata_free_sized(km, 100);
	strata_free_rcu(km);
	strata_free_bulk(1, &(void *){ km });
	KUNIT_EXPECT_NULL(test, strata_realloc(km, 200, GFP_KERNEL));
	KUNIT_EXPECT_PTR_EQ(test, strata_realloc(km, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	strata_expect_misuse(test, STRATA_MISUSE_FOREIGN, 5);
	free_page(page);
	vfree(vm);
	kfree(km);
}

/* Bad ones among good ones do not keep the good ones from being freed. */
static void bulk_goes_on(struct kunit *test)
{
	void *p[9], *whole = get(test, 200);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(p); i++)
		p[i] = get(test, i % 2 ? 64 : 200);
	strata_free(p[3]);
	p[3] = whole + 8;
	strata_free(p[6]);
	p[6] = whole + 16;
	strata_free(p[0]);
	p[0] = whole + 24;
	strata_free_bulk(ARRAY_SIZE(p), p);
	strata_expect_misuse(test, STRATA_MISUSE_INTERIOR, 3);
	strata_free(whole);
}

static void wrong_size(struct kunit *test)
{
	void *p = get(test, 64);

	strata_free_sized(p, 65);
	strata_expect_misuse(test, STRATA_MISUSE_WRONG_SIZE, 1);
	p = get(test, 64);
	/* So small it may have become, for all that is known. */
	strata_free_sized(p, 8);
	strata_expect_misuse(test, STRATA_MISUSE_WRONG_SIZE, 0);
	p = get(test, 64);
	strata_free_sized(p, 0);
	strata_expect_misuse(test, STRATA_MISUSE_WRONG_SIZE, 1);
	p = get(test, 64);
	strata_free_sized(p, SIZE_MAX);
	strata_expect_misuse(test, STRATA_MISUSE_WRONG_SIZE, 1);
	p = get(test, 40000);
	strata_free_sized(p, SZ_1M);
	strata_expect_misuse(test, STRATA_MISUSE_WRONG_SIZE, 1);
}

static void wrong_cache(struct kunit *test)
{
	const struct strata_cache_args args = { .size = 64 };
	struct strata_cache *one = strata_cache_create("one", &args);
	struct strata_cache *two = strata_cache_create("two", &args);
	void *p, *heap = get(test, 64), *large = get(test, 40000), *charged;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, one);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, two);
	p = strata_cache_alloc(one, GFP_KERNEL);
	charged = strata_cache_alloc(one, GFP_KERNEL | __GFP_ACCOUNT);
	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_ASSERT_NOT_NULL(test, charged);
	strata_cache_free(two, p);
	strata_expect_misuse(test, STRATA_MISUSE_WRONG_CACHE, 1);
	strata_cache_free(two, charged);
	strata_expect_misuse(test, STRATA_MISUSE_WRONG_CACHE, 1);
	strata_cache_free(two, heap);
	strata_expect_misuse(test, STRATA_MISUSE_WRONG_CACHE, 1);
	strata_cache_free(two, large);
	strata_expect_misuse(test, STRATA_MISUSE_WRONG_CACHE, 1);
	strata_cache_free_bulk(two, 1, &(void *){ p });
	strata_expect_misuse(test, STRATA_MISUSE_WRONG_CACHE, 1);
	strata_cache_free(two, NULL);
	strata_cache_free(two, &p);
	strata_expect_misuse(test, STRATA_MISUSE_FOREIGN, 1);
	/* The general free() takes them all. */
	strata_free(p);
	strata_free(charged);
	strata_free(heap);
	strata_free(large);
	strata_cache_destroy(one);
	strata_cache_destroy(two);
}

static void arguments(struct kunit *test)
{
	static const struct strata_cache_args bad[] = {
		{ .size = 0 },
		{ .size = STRATA_CACHE_MAX_SIZE + 1 },
		{ .size = SIZE_MAX },
		{ .size = 8, .align = 3 },
		{ .size = 8, .align = 2 * PAGE_SIZE },
		{ .size = 8, .align = SIZE_MAX },
		{ .size = 8, .flags = 1U << 5 },
		{ .size = 8, .flags = 1U << 31 },
	};
	const struct strata_cache_args good = { .size = 8 };
	struct strata_cache *c;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		KUNIT_EXPECT_EQ(test, PTR_ERR(strata_cache_create("bad", &bad[i])), (long)-EINVAL);
		strata_expect_misuse(test, STRATA_MISUSE_ARGUMENT, 1);
	}
	KUNIT_EXPECT_EQ(test, PTR_ERR(strata_cache_create("bad", NULL)), (long)-EINVAL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(strata_cache_create(NULL, &good)), (long)-EINVAL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(strata_cache_create("", &good)), (long)-EINVAL);
	strata_expect_misuse(test, STRATA_MISUSE_ARGUMENT, 3);
	KUNIT_EXPECT_NULL(test, strata_alloc(STRATA_MAX_SIZE + 1, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, strata_alloc(SIZE_MAX, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, strata_calloc(2, SIZE_MAX, GFP_KERNEL));
	strata_expect_misuse(test, STRATA_MISUSE_ARGUMENT, 3);
	c = strata_cache_create("good", &good);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, c);
	KUNIT_EXPECT_EQ(test, PTR_ERR(strata_reserve_create(c, 0, GFP_KERNEL)), (long)-EINVAL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(strata_reserve_create(c, SIZE_MAX, GFP_KERNEL)),
			(long)-EINVAL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(strata_reserve_create(NULL, 1, GFP_KERNEL)), (long)-EINVAL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(strata_reserve_create(ERR_PTR(-ENOMEM), 1, GFP_KERNEL)),
			(long)-EINVAL);
	strata_expect_misuse(test, STRATA_MISUSE_ARGUMENT, 4);
	strata_reserve_destroy(NULL);
	strata_reserve_destroy(ERR_PTR(-EINVAL));
	strata_cache_destroy(NULL);
	strata_cache_destroy(ERR_PTR(-EINVAL));
	strata_cache_destroy(c);
}

/* Where little may be done, misuse is reported all the same. */
static void free_of_a_wrong_size(void *p)
{
	strata_free_sized(p, 65);
}

static struct strata_cache *not_its_cache;

static void free_to_the_wrong_cache(void *p)
{
	strata_cache_free(not_its_cache, p);
}

static void in_every_context(struct kunit *test)
{
	const struct strata_cache_args args = { .size = 64 };
	void *p = get(test, 64), *large = get(test, 40000), *live = get(test, 64);
	enum strata_where where;

	not_its_cache = strata_cache_create("other", &args);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, not_its_cache);
	strata_free(p);
	for (where = 0; where < STRATA_NR_WHERE; where++) {
		KUNIT_ASSERT_TRUE(test, strata_run_in(where, free_it, &where));
		strata_expect_misuse(test, STRATA_MISUSE_FOREIGN, 1);
		KUNIT_ASSERT_TRUE(test, strata_run_in(where, free_it, p));
		strata_expect_misuse(test, STRATA_MISUSE_DOUBLE_FREE, 1);
		KUNIT_ASSERT_TRUE(test, strata_run_in(where, free_it, large + 1));
		strata_expect_misuse(test, STRATA_MISUSE_INTERIOR, 1);
		KUNIT_ASSERT_TRUE(test, strata_run_in(where, free_to_the_wrong_cache, live));
		strata_expect_misuse(test, STRATA_MISUSE_WRONG_CACHE, 1);
		KUNIT_ASSERT_TRUE(test, strata_run_in(where, free_of_a_wrong_size,
						      get(test, 64)));
		strata_expect_misuse(test, STRATA_MISUSE_WRONG_SIZE, 1);
	}
	strata_free(live);
	strata_free(large);
	strata_cache_destroy(not_its_cache);
}

static struct kunit_case misuse_cases[] = {
	KUNIT_CASE(double_free),
	KUNIT_CASE(double_free_later),
	KUNIT_CASE(double_free_of_large),
	KUNIT_CASE(double_free_in_disguise),
	KUNIT_CASE(double_free_while_it_waits),
	KUNIT_CASE(double_free_elsewhere),
	KUNIT_CASE(twice_in_one_bulk),
	KUNIT_CASE(interior),
	KUNIT_CASE(behind_the_last),
	KUNIT_CASE(foreign),
	KUNIT_CASE(bulk_goes_on),
	KUNIT_CASE(wrong_size),
	KUNIT_CASE(wrong_cache),
	KUNIT_CASE(arguments),
	KUNIT_CASE(in_every_context),
	{}
};

struct kunit_suite strata_misuse_suite = {
	.name = "strata_misuse",
	.suite_init = strata_contexts_init,
	.suite_exit = strata_contexts_exit,
	.init = strata_api_init,
	.exit = strata_api_exit,
	.test_cases = misuse_cases,
};
