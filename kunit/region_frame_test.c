// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames of a region: what they give back, marks that do not fit, and deferred
 * functions.
 */
#include <kunit/test.h>
#include <linux/strata.h>

#include "region_shelf.h"
#include "suites.h"

static void frames_nest(struct kunit *test)
{
	struct shelf *shelf = strata_new_shelf(test);
	struct strata_region *r = strata_new_region(shelf, 0, GFP_KERNEL);
	const int depth = 100;
	strata_mark_t *mark = kunit_kcalloc(test, depth, sizeof(*mark), GFP_KERNEL);
	char **top = kunit_kcalloc(test, depth, sizeof(*top), GFP_KERNEL);
	u8 **p = kunit_kcalloc(test, depth, sizeof(*p), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_TRUE(test, mark && top && p);
	for (i = 0; i < depth; i++) {
		top[i] = r->top;
		mark[i] = strata_region_push(r);
		KUNIT_EXPECT_PTR_EQ(test, r->top, top[i]);
		p[i] = must_alloc(test, r, 50 * i);
		memset(p[i], i, 50 * i);
	}
	for (i = depth - 1; i >= 0; i--) {
		KUNIT_EXPECT_TRUE(test, holds(p[i], i, 50 * i));
		KUNIT_EXPECT_EQ(test, strata_region_pop(r, mark[i]), 0);
		KUNIT_EXPECT_PTR_EQ(test, r->top, top[i]);
	}
	strata_region_destroy(r);
}

static int frame_in_scope(struct strata_region *r, bool early)
{
	STRATA_FRAME(r);
	STRATA_FRAME(r);

	if (!strata_region_alloc(r, 5000))
		return -ENOMEM;
	if (early)
		return 1;
	strata_region_alloc(r, 100);
	return 0;
}

static void frame_of_a_scope(struct kunit *test)
{
	struct shelf *shelf = strata_new_shelf(test);
	struct strata_region *r = strata_new_region(shelf, 0, GFP_KERNEL);
	char *top = r->top;

	KUNIT_EXPECT_EQ(test, frame_in_scope(r, true), 1);
	KUNIT_EXPECT_PTR_EQ(test, r->top, top);
	KUNIT_EXPECT_EQ(test, frame_in_scope(r, false), 0);
	KUNIT_EXPECT_PTR_EQ(test, r->top, top);
	strata_region_destroy(r);
}

/* A frame at the edge of a segment takes a segment once, not each time. */
static void frame_at_the_edge(struct kunit *test)
{
	struct shelf *shelf = strata_new_shelf(test);
	struct strata_region *r = strata_new_region(shelf, 0, GFP_KERNEL);
	unsigned int calls = 0, i;

	fill_segment(test, r);
	for (i = 0; i < 1000; i++) {
		strata_mark_t mark = strata_region_push(r);

		must_alloc(test, r, 64);
		KUNIT_ASSERT_EQ(test, strata_region_pop(r, mark), 0);
	}
	KUNIT_EXPECT_EQ(test, shelf->calls, 2U);
	KUNIT_EXPECT_EQ(test, shelf->blocks, 2U);

	/* The one that is kept is the largest, so that all the frame fits next time. */
	for (i = 0; i < 100; i++) {
		strata_mark_t mark = strata_region_push(r);
		unsigned int n;

		for (n = 0; n < 25000 / 64; n++)
			must_alloc(test, r, 64);
		KUNIT_ASSERT_EQ(test, strata_region_pop(r, mark), 0);
		KUNIT_EXPECT_EQ(test, shelf->blocks, 2U);
		if (!i)
			calls = shelf->calls;
	}
	/* 4 and 8 KiB do, then 16: of the three the last is kept, then a 32 is added. */
	KUNIT_EXPECT_LE(test, shelf->calls, calls + 1);
	strata_region_destroy(r);
	KUNIT_EXPECT_EQ(test, shelf->blocks, 0U);
}

/* One peak, be it a single object or many, does not stay for good. */
static void pop_gives_back(struct kunit *test)
{
	struct shelf *shelf = strata_new_shelf(test);
	struct strata_region *r = strata_new_region(shelf, 0, GFP_KERNEL);
	strata_mark_t mark = strata_region_push(r);
	unsigned int i;

	must_alloc(test, r, SZ_1M);
	KUNIT_EXPECT_GT(test, shelf->bytes, (size_t)SZ_1M);
	KUNIT_EXPECT_EQ(test, strata_region_pop(r, mark), 0);
	KUNIT_EXPECT_EQ(test, shelf->bytes, STRATA_SEGMENT_MIN);

	mark = strata_region_push(r);
	for (i = 0; i < 1000; i++)
		must_alloc(test, r, 1000);
	KUNIT_EXPECT_GT(test, shelf->blocks, 10U);
	KUNIT_EXPECT_EQ(test, strata_region_pop(r, mark), 0);
	KUNIT_EXPECT_EQ(test, shelf->bytes, STRATA_SEGMENT_MIN + STRATA_SEGMENT_MAX);

	/* An object that the spare segment cannot hold goes past it. */
	mark = strata_region_push(r);
	must_alloc(test, r, SZ_1M);
	KUNIT_EXPECT_EQ(test, strata_region_pop(r, mark), 0);
	KUNIT_EXPECT_EQ(test, shelf->bytes, STRATA_SEGMENT_MIN + STRATA_SEGMENT_MAX);
	strata_region_destroy(r);
}

static void pop_out_of_order(struct kunit *test)
{
	struct shelf *shelf = strata_new_shelf(test);
	struct strata_region *r = strata_new_region(shelf, 0, GFP_KERNEL);
	strata_mark_t outer, middle, inner;
	int runs = 0;

	outer = strata_region_push(r);
	must_alloc(test, r, 3000);
	KUNIT_ASSERT_EQ(test, strata_region_defer(r, count_run, &runs), 0);
	middle = strata_region_push(r);
	must_alloc(test, r, 3000);
	inner = strata_region_push(r);
	must_alloc(test, r, 3000);

	expect_refused(test, r, outer);
	expect_refused(test, r, middle);
	KUNIT_EXPECT_EQ(test, runs, 0);
	KUNIT_EXPECT_EQ(test, strata_region_pop(r, inner), 0);
	expect_refused(test, r, outer);
	KUNIT_EXPECT_EQ(test, strata_region_pop(r, middle), 0);
	KUNIT_EXPECT_EQ(test, runs, 0);
	KUNIT_EXPECT_EQ(test, strata_region_pop(r, outer), 0);
	KUNIT_EXPECT_EQ(test, runs, 1);
	strata_region_destroy(r);
}

static void pop_stale(struct kunit *test)
{
	struct shelf *shelf = strata_new_shelf(test);
	struct strata_region *r = strata_new_region(shelf, 0, GFP_KERNEL);
	strata_mark_t zero = {}, old, outer, mark;

	expect_refused(test, r, zero);
	old = strata_region_push(r);
	expect_refused(test, r, zero);
	KUNIT_EXPECT_EQ(test, strata_region_pop(r, old), 0);
	expect_refused(test, r, old);

	/* The same place and the same depth again are not the same frame. */
	mark = strata_region_push(r);
	expect_refused(test, r, old);
	outer = mark;
	mark = strata_region_push(r);
	KUNIT_EXPECT_EQ(test, strata_region_pop(r, mark), 0);
	expect_refused(test, r, mark);
	KUNIT_EXPECT_EQ(test, strata_region_pop(r, outer), 0);

	/* A reset closes what is open. */
	mark = strata_region_push(r);
	strata_region_reset(r);
	expect_refused(test, r, mark);
	outer = strata_region_push(r);
	expect_refused(test, r, mark);
	KUNIT_EXPECT_EQ(test, strata_region_pop(r, outer), 0);
	strata_region_destroy(r);
}

static void pop_of_another(struct kunit *test)
{
	struct shelf *shelf = strata_new_shelf(test);
	struct strata_region *one = strata_new_region(shelf, 0, GFP_KERNEL);
	struct strata_region *two = strata_new_region(shelf, 0, GFP_KERNEL);
	strata_mark_t of_one = strata_region_push(one);
	strata_mark_t of_two = strata_region_push(two);
	unsigned int i;

	expect_refused(test, one, of_two);
	expect_refused(test, two, of_one);
	KUNIT_EXPECT_EQ(test, strata_region_pop(one, of_one), 0);
	KUNIT_EXPECT_EQ(test, strata_region_pop(two, of_two), 0);
	strata_region_destroy(two);

	/* Not even where the new region has the place of the old one. */
	of_one = strata_region_push(one);
	for (i = 0; i < 10; i++) {
		strata_mark_t mark;

		strata_region_destroy(one);
		one = strata_new_region(shelf, 0, GFP_KERNEL);
		mark = strata_region_push(one);
		expect_refused(test, one, of_one);
		KUNIT_EXPECT_EQ(test, strata_region_pop(one, mark), 0);
	}
	strata_region_destroy(one);
}

/* Deferred functions write down who they are. */
struct ledger {
	struct kunit *test;
	struct strata_region *region;
	unsigned int n;
	int entry[64];
	strata_mark_t mark;
};

struct note {
	struct ledger *ledger;
	int id;
};

static void write_note(void *arg)
{
	struct note *note = arg;
	struct ledger *ledger = note->ledger;

	KUNIT_ASSERT_LT(ledger->test, ledger->n, (unsigned int)ARRAY_SIZE(ledger->entry));
	ledger->entry[ledger->n++] = note->id;
}

/* The note lies in the frame: it must be there still when the function runs. */
static void defer_note(struct ledger *ledger, int id)
{
	struct note *note = must_alloc(ledger->test, ledger->region, sizeof(*note));

	note->ledger = ledger;
	note->id = id;
	KUNIT_ASSERT_EQ(ledger->test, strata_region_defer(ledger->region, write_note, note), 0);
}

static struct ledger *new_ledger(struct kunit *test, struct strata_region *r)
{
	struct ledger *ledger = kunit_kzalloc(test, sizeof(*ledger), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ledger);
	ledger->test = test;
	ledger->region = r;
	return ledger;
}

static void expect_entries(struct ledger *ledger, unsigned int n, const int *entry)
{
	unsigned int i;

	KUNIT_ASSERT_EQ(ledger->test, ledger->n, n);
	for (i = 0; i < n; i++)
		KUNIT_EXPECT_EQ_MSG(ledger->test, ledger->entry[i], entry[i], "entry %u", i);
	ledger->n = 0;
}

#define EXPECT_ENTRIES(ledger, ...) \
	expect_entries(ledger, ARRAY_SIZE(((int[]){ __VA_ARGS__ })), (int[]){ __VA_ARGS__ })

static void defers_run_last_first(struct kunit *test)
{
	struct shelf *shelf = strata_new_shelf(test);
	struct strata_region *r = strata_new_region(shelf, 0, GFP_KERNEL);
	struct ledger *ledger = new_ledger(test, r);
	strata_mark_t outer, inner;

	defer_note(ledger, 1);
	outer = strata_region_push(r);
	defer_note(ledger, 2);
	defer_note(ledger, 3);
	inner = strata_region_push(r);
	must_alloc(test, r, SZ_8K);
	defer_note(ledger, 4);
	must_alloc(test, r, SZ_8K);
	defer_note(ledger, 5);
	KUNIT_EXPECT_EQ(test, ledger->n, 0U);
	KUNIT_EXPECT_EQ(test, strata_region_pop(r, inner), 0);
	EXPECT_ENTRIES(ledger, 5, 4);
	inner = strata_region_push(r);
	KUNIT_EXPECT_EQ(test, strata_region_pop(r, inner), 0);
	KUNIT_EXPECT_EQ(test, ledger->n, 0U);
	defer_note(ledger, 6);
	KUNIT_EXPECT_EQ(test, strata_region_pop(r, outer), 0);
	EXPECT_ENTRIES(ledger, 6, 3, 2);
	strata_region_destroy(r);
	EXPECT_ENTRIES(ledger, 1);
}

static void defers_run_at_the_end(struct kunit *test)
{
	struct shelf *shelf = strata_new_shelf(test);
	struct strata_region *r = strata_new_region(shelf, 0, GFP_KERNEL);
	struct ledger *ledger = new_ledger(test, r);
	strata_mark_t mark;

	/* At reset, of open frames too, and once. */
	defer_note(ledger, 1);
	strata_region_push(r);
	must_alloc(test, r, SZ_16K);
	defer_note(ledger, 2);
	strata_region_push(r);
	defer_note(ledger, 3);
	strata_region_reset(r);
	EXPECT_ENTRIES(ledger, 3, 2, 1);
	strata_region_reset(r);
	KUNIT_EXPECT_EQ(test, ledger->n, 0U);

	/* At destroy, where the first of them belongs to no frame. */
	defer_note(ledger, 4);
	mark = strata_region_push(r);
	defer_note(ledger, 5);
	KUNIT_EXPECT_EQ(test, strata_region_pop(r, mark), 0);
	EXPECT_ENTRIES(ledger, 5);
	strata_region_push(r);
	must_alloc(test, r, SZ_16K);
	defer_note(ledger, 6);
	strata_region_destroy(r);
	EXPECT_ENTRIES(ledger, 6, 4);
	KUNIT_EXPECT_EQ(test, shelf->blocks, 0U);
}

/* Uses the region as a deferred function may. */
static void defer_uses_region(void *arg)
{
	struct ledger *ledger = arg;
	struct strata_region *r = ledger->region;
	strata_mark_t mark;
	char *p = must_alloc(ledger->test, r, SZ_4K), *top;

	memset(p, 0x33, SZ_4K);
	top = r->top;
	mark = strata_region_push(r);
	must_alloc(ledger->test, r, SZ_16K);
	defer_note(ledger, 20);
	KUNIT_EXPECT_EQ(ledger->test, strata_region_pop(r, mark), 0);
	KUNIT_EXPECT_PTR_EQ(ledger->test, r->top, top);
	/* That frames within it had functions of their own does not end its run. */
	strata_region_reset(r);
	KUNIT_EXPECT_PTR_EQ(ledger->test, r->top, top);
	KUNIT_EXPECT_TRUE(ledger->test, holds(p, 0x33, SZ_4K));
	ledger->entry[ledger->n++] = 21;
}

/* Uses the region as it may not. */
static void defer_misuses_region(void *arg)
{
	struct ledger *ledger = arg;
	struct strata_region *r = ledger->region;
	char *top = r->top;
	u64 reports;

	expect_refused(ledger->test, r, ledger->mark);
	reports = strata_misuse_count(STRATA_MISUSE_REGION);
	KUNIT_EXPECT_EQ(ledger->test, strata_region_defer(r, count_run, &ledger->n), -EBUSY);
	strata_region_reset(r);
	strata_region_destroy(r);
	KUNIT_EXPECT_EQ(ledger->test, strata_misuse_count(STRATA_MISUSE_REGION), reports + 3);
	KUNIT_EXPECT_PTR_EQ(ledger->test, r->top, top);
	ledger->entry[ledger->n++] = 22;
}

/* Leaves a frame open; what it deferred there runs all the same. */
static void defer_leaves_frame(void *arg)
{
	struct ledger *ledger = arg;

	strata_region_push(ledger->region);
	defer_note(ledger, 24);
	ledger->entry[ledger->n++] = 23;
}

static void defers_may_use_the_region(struct kunit *test)
{
	struct shelf *shelf = strata_new_shelf(test);
	struct strata_region *r = strata_new_region(shelf, 0, GFP_KERNEL);
	struct ledger *ledger = new_ledger(test, r);
	strata_mark_t outer = strata_region_push(r);
	char *top = r->top;
	unsigned int round;

	for (round = 0; round < 3; round++) {
		strata_mark_t mark = strata_region_push(r);

		/* The outer frame in one round, the frame being popped in the others. */
		ledger->mark = round ? mark : outer;
		defer_note(ledger, 1);
		KUNIT_ASSERT_EQ(test, strata_region_defer(r, defer_uses_region, ledger), 0);
		KUNIT_ASSERT_EQ(test, strata_region_defer(r, defer_misuses_region, ledger), 0);
		KUNIT_ASSERT_EQ(test, strata_region_defer(r, defer_leaves_frame, ledger), 0);
		defer_note(ledger, 2);
		KUNIT_EXPECT_EQ(test, strata_region_pop(r, mark), 0);
		EXPECT_ENTRIES(ledger, 2, 23, 24, 22, 20, 21, 1);
		KUNIT_EXPECT_PTR_EQ(test, r->top, top);
	}
	KUNIT_EXPECT_EQ(test, strata_region_pop(r, outer), 0);

	KUNIT_ASSERT_EQ(test, strata_region_defer(r, defer_uses_region, ledger), 0);
	KUNIT_EXPECT_EQ(test, strata_region_defer(r, NULL, ledger), -EINVAL);
	strata_region_destroy(r);
	EXPECT_ENTRIES(ledger, 20, 21);
	KUNIT_EXPECT_EQ(test, shelf->blocks, 0U);
}

static struct kunit_case region_frame_cases[] = {
	KUNIT_CASE(frames_nest),
	KUNIT_CASE(frame_of_a_scope),
	KUNIT_CASE(frame_at_the_edge),
	KUNIT_CASE(pop_gives_back),
	KUNIT_CASE(pop_out_of_order),
	KUNIT_CASE(pop_stale),
	KUNIT_CASE(pop_of_another),
	KUNIT_CASE(defers_run_last_first),
	KUNIT_CASE(defers_run_at_the_end),
	KUNIT_CASE(defers_may_use_the_region),
	{}
};

struct kunit_suite strata_region_frame_suite = {
	.name = "strata_region_frame",
	.test_cases = region_frame_cases,
};
