// SPDX-License-Identifier: GPL-2.0-only
/*
 * Regions: the memory they take, keep and give back, their limit, and what they
 * do without memory. The last cases are on strata's own heap.
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/strata.h>

#include "region_shelf.h"
#include "suites.h"

static void starts_small(struct kunit *test)
{
	struct shelf *shelf = strata_new_shelf(test);
	struct strata_region *r = strata_new_region(shelf, 0, GFP_KERNEL);

	KUNIT_EXPECT_EQ(test, shelf->calls, 1U);
	KUNIT_EXPECT_EQ(test, shelf->bytes, STRATA_SEGMENT_MIN);
	/* Most of the first segment is the user's. */
	must_alloc(test, r, STRATA_SEGMENT_MIN * 7 / 8);
	KUNIT_EXPECT_EQ(test, shelf->calls, 1U);
	strata_region_destroy(r);
	KUNIT_EXPECT_EQ(test, shelf->blocks, 0U);

	strata_region_destroy(NULL);
	strata_region_destroy(ERR_PTR(-ENOMEM));

	{
		struct strata_region *scoped __free(strata_region) =
			strata_new_region(shelf, 0, GFP_KERNEL);

		must_alloc(test, scoped, SZ_4K);
		KUNIT_EXPECT_EQ(test, shelf->blocks, 2U);
	}
	KUNIT_EXPECT_EQ(test, shelf->blocks, 0U);

	shelf->fail_all = true;
	r = strata_region_create_on(&shelf->backing, 0, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(r), (long)-ENOMEM);
}

static void doubles(struct kunit *test)
{
	struct shelf *shelf = strata_new_shelf(test);
	struct strata_region *r = strata_new_region(shelf, 0, GFP_KERNEL);
	size_t expect = STRATA_SEGMENT_MIN;
	unsigned int segments;

	for (segments = 1; segments < 12; segments++) {
		KUNIT_EXPECT_EQ(test, shelf->calls, segments);
		KUNIT_EXPECT_EQ(test, shelf->last_size, expect);
		fill_segment(test, r);
		must_alloc(test, r, 1);
		expect = min(2 * expect, STRATA_SEGMENT_MAX);
	}
	KUNIT_EXPECT_EQ(test, shelf->last_size, STRATA_SEGMENT_MAX);
	strata_region_destroy(r);
	KUNIT_EXPECT_EQ(test, shelf->blocks, 0U);
}

/* Every size is aligned, overlaps nothing, and stays where it is. */
static void every_size(struct kunit *test)
{
	struct shelf *shelf = strata_new_shelf(test);
	struct strata_region *r = strata_new_region(shelf, 0, GFP_KERNEL);
	const size_t sizes = 700;
	u8 **p = kunit_kcalloc(test, sizes, sizeof(*p), GFP_KERNEL);
	size_t i;

	KUNIT_ASSERT_NOT_NULL(test, p);
	for (i = 0; i < sizes; i++) {
		p[i] = must_alloc(test, r, i);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)p[i], STRATA_REGION_ALIGN));
		memset(p[i], i, i);
	}
	for (i = 0; i < sizes; i++)
		KUNIT_EXPECT_TRUE_MSG(test, holds(p[i], i, i), "%zu bytes", i);
	strata_region_destroy(r);
}

static void no_bytes(struct kunit *test)
{
	struct shelf *shelf = strata_new_shelf(test);
	struct strata_region *r = strata_new_region(shelf, 64, GFP_KERNEL);
	void *p = must_alloc(test, r, 0);

	KUNIT_EXPECT_PTR_EQ(test, must_alloc(test, r, 16), p);
	/* Room for nothing is there even where nothing else fits. */
	must_alloc(test, r, 48);
	KUNIT_EXPECT_NULL(test, strata_region_alloc(r, 1));
	KUNIT_EXPECT_NOT_NULL(test, strata_region_alloc(r, 0));
	KUNIT_EXPECT_NOT_NULL(test, strata_region_zalloc(r, 0));
	strata_region_destroy(r);
}

/* Behind @skew bytes of others, in any alignment that there is. */
static void check_aligned(struct kunit *test, struct strata_region *r, size_t skew)
{
	size_t align;

	for (align = 1; align <= PAGE_SIZE; align *= 2) {
		u8 *before = must_alloc(test, r, skew), *p;

		memset(before, 0x11, skew);
		p = strata_region_alloc_aligned(r, align + 3, align);
		KUNIT_ASSERT_NOT_NULL(test, p);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)p, align));
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)p, STRATA_REGION_ALIGN));
		KUNIT_EXPECT_TRUE(test, strata_region_contains(r, p));
		KUNIT_EXPECT_TRUE(test, strata_region_contains(r, p + align + 2));
		memset(p, 0x22, align + 3);
		KUNIT_EXPECT_TRUE(test, holds(before, 0x11, skew));
	}
}

static void aligned(struct kunit *test)
{
	struct shelf *shelf = strata_new_shelf(test);
	struct strata_region *r;
	unsigned int calls;
	size_t skew;

	for (skew = 1; skew < 2 * PAGE_SIZE; skew += PAGE_SIZE / 8 + 24) {
		r = strata_new_region(shelf, 0, GFP_KERNEL);
		check_aligned(test, r, skew);
		strata_region_destroy(r);
	}
	/* What just fits takes no other segment. */
	r = strata_new_region(shelf, 0, GFP_KERNEL);
	must_alloc(test, r, 1);
	calls = shelf->calls;
	KUNIT_EXPECT_NOT_NULL(test, strata_region_alloc_aligned(r, r->end - r->top,
								STRATA_REGION_ALIGN));
	KUNIT_EXPECT_PTR_EQ(test, r->top, r->end);
	KUNIT_EXPECT_EQ(test, shelf->calls, calls);
	strata_region_destroy(r);
	KUNIT_EXPECT_EQ(test, shelf->blocks, 0U);
}

static void bad_alignment(struct kunit *test)
{
	static const size_t bad[] = { 0, 3, 24, PAGE_SIZE - 1, 2 * PAGE_SIZE, SIZE_MAX };
	struct shelf *shelf = strata_new_shelf(test);
	struct strata_region *r = strata_new_region(shelf, 0, GFP_KERNEL);
	u64 reports = strata_misuse_count(STRATA_MISUSE_ARGUMENT);
	char *top = r->top;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_NULL_MSG(test, strata_region_alloc_aligned(r, 16, bad[i]),
				      "alignment %zu", bad[i]);
	KUNIT_EXPECT_EQ(test, strata_misuse_count(STRATA_MISUSE_ARGUMENT),
			reports + ARRAY_SIZE(bad));
	KUNIT_EXPECT_PTR_EQ(test, r->top, top);
	KUNIT_EXPECT_EQ(test, shelf->calls, 1U);
	strata_region_destroy(r);
}

/* What cannot be had leaves the region as it was, and is reported if absurd. */
static void check_too_large(struct kunit *test, gfp_t gfp, unsigned int reports_each)
{
	const size_t large[] = {
		STRATA_MAX_SIZE, STRATA_MAX_SIZE + 1, SIZE_MAX / 2, SIZE_MAX - PAGE_SIZE,
		SIZE_MAX - 16, SIZE_MAX - 15, SIZE_MAX - 14, SIZE_MAX - 1, SIZE_MAX,
	};
	struct shelf *shelf = strata_new_shelf(test);
	struct strata_region *r = strata_new_region(shelf, 0, gfp);
	char *top, *end;
	unsigned int i;

	must_alloc(test, r, 100);
	top = r->top;
	end = r->end;
	for (i = 0; i < ARRAY_SIZE(large); i++) {
		u64 reports = strata_misuse_count(STRATA_MISUSE_ARGUMENT);
		size_t size = large[i];

		OPTIMIZER_HIDE_VAR(size);
		KUNIT_EXPECT_NULL(test, strata_region_alloc(r, size));
		KUNIT_EXPECT_NULL(test, strata_region_zalloc(r, size));
		KUNIT_EXPECT_NULL(test, strata_region_alloc_aligned(r, size, 16));
		KUNIT_EXPECT_NULL(test, strata_region_alloc_aligned(r, size, PAGE_SIZE));
		KUNIT_EXPECT_EQ(test, strata_misuse_count(STRATA_MISUSE_ARGUMENT) - reports,
				(u64)(size > STRATA_MAX_SIZE ? reports_each : 0));
	}
	KUNIT_EXPECT_PTR_EQ(test, r->top, top);
	KUNIT_EXPECT_PTR_EQ(test, r->end, end);
	KUNIT_EXPECT_EQ(test, shelf->calls, 1U);
	strata_region_destroy(r);
}

static void too_large(struct kunit *test)
{
	check_too_large(test, GFP_KERNEL, 4);
	check_too_large(test, GFP_KERNEL | __GFP_NOWARN, 0);
}

/* An outsized object gets a segment of its size, and the rest of it is used. */
static void outsized(struct kunit *test)
{
	struct shelf *shelf = strata_new_shelf(test);
	struct strata_region *r = strata_new_region(shelf, 0, GFP_KERNEL);
	const size_t size = 3 * STRATA_SEGMENT_MAX;
	char *p = must_alloc(test, r, size);

	KUNIT_EXPECT_EQ(test, shelf->calls, 2U);
	KUNIT_EXPECT_GT(test, shelf->last_size, size);
	KUNIT_EXPECT_LE(test, shelf->last_size, size + SZ_8K);
	memset(p, 0x77, size);
	KUNIT_EXPECT_PTR_EQ(test, must_alloc(test, r, 64), (void *)(p + size));
	KUNIT_EXPECT_EQ(test, shelf->calls, 2U);
	/* What follows is of ordinary size again. */
	fill_segment(test, r);
	must_alloc(test, r, 64);
	KUNIT_EXPECT_EQ(test, shelf->last_size, STRATA_SEGMENT_MAX);
	KUNIT_EXPECT_TRUE(test, holds(p, 0x77, size));
	strata_region_destroy(r);
}

/* Exactly the limit can be had, in pieces of any size, and again after a pop. */
static void limit_is_exact(struct kunit *test)
{
	static const size_t limits[] = { 1, 16, 100, 1024, SZ_4K, 40000, SZ_1M };
	static const size_t pieces[] = { 1, 16, 48, 512 };
	struct shelf *shelf = strata_new_shelf(test);
	unsigned int i, j, round;

	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		for (j = 0; j < ARRAY_SIZE(pieces); j++) {
			size_t limit = ALIGN(limits[i], 16), piece = ALIGN(pieces[j], 16);
			struct strata_region *r = strata_new_region(shelf, limits[i], GFP_KERNEL);

			for (round = 0; round < 2; round++) {
				strata_mark_t mark = strata_region_push(r);
				size_t n = 0;

				while (strata_region_alloc(r, pieces[j]))
					n++;
				/* Segment ends cost nothing: only what is handed out counts. */
				KUNIT_EXPECT_EQ(test, n, limit / piece);
				KUNIT_EXPECT_LE(test, shelf->bytes, 2 * limit + SZ_8K);
				KUNIT_EXPECT_EQ(test, strata_region_pop(r, mark), 0);
			}
			strata_region_destroy(r);
		}
	}
	KUNIT_EXPECT_EQ(test, shelf->blocks, 0U);
}

/* At the limit nothing is taken from the backing just to be refused. */
static void limit_is_cheap(struct kunit *test)
{
	struct shelf *shelf = strata_new_shelf(test);
	struct strata_region *r = strata_new_region(shelf, SZ_8K, GFP_KERNEL);
	char *top;

	KUNIT_EXPECT_NULL(test, strata_region_alloc(r, SZ_8K + 1));
	KUNIT_EXPECT_NULL(test, strata_region_alloc_aligned(r, SZ_8K, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, shelf->calls, 1U);
	must_alloc(test, r, SZ_8K);
	top = r->top;
	KUNIT_EXPECT_EQ(test, shelf->calls, 2U);
	KUNIT_EXPECT_NULL(test, strata_region_alloc(r, 1));
	KUNIT_EXPECT_EQ(test, strata_region_defer(r, count_run, NULL), -ENOMEM);
	KUNIT_EXPECT_EQ(test, shelf->calls, 2U);
	KUNIT_EXPECT_PTR_EQ(test, r->top, top);
	strata_region_reset(r);
	must_alloc(test, r, SZ_8K);
	strata_region_destroy(r);
}

/* Without memory for a doubled segment, one for the object does. */
static void every_segment_fails_once(struct kunit *test)
{
	unsigned int nth;

	for (nth = 1; nth < 40; nth++) {
		struct shelf *shelf = strata_new_shelf(test);
		struct strata_region *r;
		unsigned int i;

		shelf->fail_call = nth;
		r = strata_region_create_on(&shelf->backing, 0, GFP_KERNEL);
		if (nth == 1) {
			KUNIT_EXPECT_TRUE(test, IS_ERR(r));
			continue;
		}
		KUNIT_ASSERT_FALSE(test, IS_ERR(r));
		for (i = 0; i < 2000; i++)
			memset(must_alloc(test, r, i % 1500), i, i % 1500);
		KUNIT_EXPECT_GT(test, shelf->calls, 20U);
		strata_region_destroy(r);
		KUNIT_EXPECT_EQ(test, shelf->blocks, 0U);
		kunit_kfree(test, shelf);
	}
}

/* Without any memory, the call fails and changes nothing. */
static void every_growth_fails(struct kunit *test)
{
	struct shelf *shelf = strata_new_shelf(test);
	struct strata_region *r = strata_new_region(shelf, 0, GFP_KERNEL);
	unsigned int i;

	for (i = 0; i < 30; i++) {
		struct strata_region was;
		size_t bytes = shelf->bytes;

		/* Leave room for 32 bytes. */
		must_alloc(test, r, r->end - r->top - 32);
		was = *r;
		shelf->fail_all = true;
		KUNIT_EXPECT_NULL(test, strata_region_alloc(r, 33));
		KUNIT_EXPECT_NULL(test, strata_region_zalloc(r, SZ_128K));
		KUNIT_EXPECT_NULL(test, strata_region_alloc_aligned(r, 64, 64));
		KUNIT_EXPECT_NULL(test, strata_region_printf(r, "%100d", 1));
		shelf->fail_all = false;
		KUNIT_EXPECT_PTR_EQ(test, r->top, was.top);
		KUNIT_EXPECT_PTR_EQ(test, r->end, was.end);
		KUNIT_EXPECT_EQ(test, shelf->bytes, bytes);
		KUNIT_EXPECT_PTR_EQ(test, must_alloc(test, r, 32), (void *)was.top);
		must_alloc(test, r, 1);
	}
	strata_region_destroy(r);
	KUNIT_EXPECT_EQ(test, shelf->blocks, 0U);
}

/* After a reset the same work needs no memory, and gets the same. */
static void reset_keeps_memory(struct kunit *test)
{
	struct shelf *shelf = strata_new_shelf(test);
	struct strata_region *r = strata_new_region(shelf, 0, GFP_KERNEL);
	const unsigned int n = 500;
	void **p = kunit_kcalloc(test, n, sizeof(*p), GFP_KERNEL);
	unsigned int round, i, calls = 0;

	KUNIT_ASSERT_NOT_NULL(test, p);
	for (round = 0; round < 4; round++) {
		for (i = 0; i < n; i++) {
			void *q = must_alloc(test, r, i == 300 ? SZ_128K : 7 * i);

			if (round)
				KUNIT_EXPECT_PTR_EQ(test, q, p[i]);
			p[i] = q;
		}
		if (!round)
			calls = shelf->calls;
		strata_region_reset(r);
	}
	KUNIT_EXPECT_EQ(test, shelf->calls, calls);
	KUNIT_EXPECT_GT(test, calls, 8U);
	strata_region_destroy(r);
	KUNIT_EXPECT_EQ(test, shelf->blocks, 0U);
}

/* Memory kept for work that does not come again does not pile up. */
static void reset_keeps_no_more(struct kunit *test)
{
	struct shelf *shelf = strata_new_shelf(test);
	struct strata_region *r = strata_new_region(shelf, 0, GFP_KERNEL);
	size_t most = 0;
	unsigned int round, i;

	for (round = 0; round < 100; round++) {
		/* Outsized, larger each time, and not the first that is asked for. */
		for (i = 0; i < round % 7; i++)
			must_alloc(test, r, STRATA_SEGMENT_MIN * (1 + round % 3));
		must_alloc(test, r, SZ_128K + round * SZ_8K);
		most = max(most, (size_t)SZ_128K + round * SZ_8K);
		strata_region_reset(r);
		KUNIT_ASSERT_LE(test, shelf->bytes, 2 * most + 4 * STRATA_SEGMENT_MAX);
	}
	strata_region_destroy(r);
	KUNIT_EXPECT_EQ(test, shelf->blocks, 0U);
}

static void totals(struct kunit *test)
{
	struct shelf *shelf = strata_new_shelf(test);
	struct strata_region_totals before, with, after;
	struct strata_region *one, *two;
	strata_mark_t mark;

	strata_region_totals(&before);
	one = strata_new_region(shelf, 0, GFP_KERNEL);
	two = strata_new_region(shelf, 0, GFP_KERNEL);
	mark = strata_region_push(one);
	must_alloc(test, one, SZ_1M);
	must_alloc(test, two, SZ_8K);
	strata_region_totals(&with);
	KUNIT_EXPECT_EQ(test, with.live - before.live, 2L);
	KUNIT_EXPECT_EQ(test, with.bytes - before.bytes, (long)shelf->bytes);
	KUNIT_EXPECT_EQ(test, strata_region_pop(one, mark), 0);
	strata_region_totals(&with);
	KUNIT_EXPECT_EQ(test, with.bytes - before.bytes, (long)shelf->bytes);
	strata_region_destroy(one);
	strata_region_destroy(two);
	strata_region_totals(&after);
	KUNIT_EXPECT_EQ(test, after.live, before.live);
	KUNIT_EXPECT_EQ(test, after.bytes, before.bytes);
}

/* On strata's own heap, as a user has it. */
static void on_the_heap(struct kunit *test)
{
	struct strata_region *r = strata_region_create(SZ_4M, GFP_KERNEL);
	unsigned int round, i;

	KUNIT_ASSERT_FALSE(test, IS_ERR(r));
	for (round = 0; round < 100; round++) {
		STRATA_FRAME(r);

		for (i = 0; i < 400; i++) {
			u8 *p = must_alloc(test, r, 3 * i);

			if (want_init_on_alloc(GFP_KERNEL))
				KUNIT_ASSERT_TRUE(test, holds(p, 0, 3 * i));
			memset(p, i, 3 * i);
		}
		KUNIT_EXPECT_NULL(test, strata_region_alloc(r, SZ_4M));
		KUNIT_EXPECT_NOT_NULL(test, strata_region_alloc(r, SZ_1M));
	}
	strata_region_destroy(r);
}

/* In atomic context a region grows as its gfp says. */
static void without_sleeping(struct kunit *test)
{
	struct strata_region *r = strata_region_create(0, GFP_NOWAIT | __GFP_NOWARN);
	unsigned long flags;
	strata_mark_t mark;
	unsigned int i, n = 0;

	KUNIT_ASSERT_FALSE(test, IS_ERR(r));
	local_irq_save(flags);
	mark = strata_region_push(r);
	for (i = 0; i < 500; i++)
		n += !!strata_region_alloc(r, 64);
	strata_region_pop(r, mark);
	local_irq_restore(flags);
	KUNIT_EXPECT_GT(test, n, 20U);
	strata_region_destroy(r);
}

static struct kunit_case region_cases[] = {
	KUNIT_CASE(starts_small),
	KUNIT_CASE(doubles),
	KUNIT_CASE(every_size),
	KUNIT_CASE(no_bytes),
	KUNIT_CASE(aligned),
	KUNIT_CASE(bad_alignment),
	KUNIT_CASE(too_large),
	KUNIT_CASE(outsized),
	KUNIT_CASE(limit_is_exact),
	KUNIT_CASE(limit_is_cheap),
	KUNIT_CASE(every_segment_fails_once),
	KUNIT_CASE(every_growth_fails),
	KUNIT_CASE(reset_keeps_memory),
	KUNIT_CASE(reset_keeps_no_more),
	KUNIT_CASE(totals),
	KUNIT_CASE(on_the_heap),
	KUNIT_CASE(without_sleeping),
	{}
};

struct kunit_suite strata_region_suite = {
	.name = "strata_region",
	.test_cases = region_cases,
};
