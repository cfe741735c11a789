// SPDX-License-Identifier: GPL-2.0-only
/*
 * Regions, on a backing that counts, checks and fails on demand; the last cases
 * on strata's own heap. What a region looks like inside is not known here.
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/strata.h>
#include <linux/string.h>

#include "../mod/region.h"
#include "suites.h"

#define MAX_BLOCKS	256

/* A backing that knows each block it gave, and may be told to refuse. */
struct shelf {
	struct strata_region_backing backing;
	struct kunit *test;
	struct {
		void *p;
		size_t size;
	} block[MAX_BLOCKS];
	unsigned int calls;		/* of alloc */
	unsigned int fail_call;		/* this call of alloc fails; 0: none */
	bool fail_all;
	unsigned int blocks;		/* out */
	size_t bytes;			/* out */
	size_t last_size;		/* of the last alloc */
};

static void *shelf_alloc(struct strata_region_backing *b, size_t size, gfp_t gfp)
{
	struct shelf *shelf = container_of(b, struct shelf, backing);
	unsigned int i;
	void *p;

	shelf->calls++;
	if (shelf->fail_all || shelf->calls == shelf->fail_call)
		return NULL;
	for (i = 0; i < MAX_BLOCKS && shelf->block[i].p; i++)
		;
	if (i == MAX_BLOCKS)
		return NULL;
	p = kmalloc(size, gfp);
	if (!p)
		return NULL;
	if (!(gfp & __GFP_ZERO) && !want_init_on_alloc(gfp))
		memset(p, 0xa5, size);
	shelf->block[i].p = p;
	shelf->block[i].size = size;
	shelf->blocks++;
	shelf->bytes += size;
	shelf->last_size = size;
	return p;
}

static void shelf_free(struct strata_region_backing *b, void *p, size_t size)
{
	struct shelf *shelf = container_of(b, struct shelf, backing);
	unsigned int i;

	for (i = 0; i < MAX_BLOCKS && shelf->block[i].p != p; i++)
		;
	if (i == MAX_BLOCKS) {
		KUNIT_FAIL(shelf->test, "freed %p, which was not given", p);
		return;
	}
	KUNIT_EXPECT_EQ(shelf->test, size, shelf->block[i].size);
	/* Nothing may be left poisoned: who gets it next writes to all of it. */
	memset(p, 0x5a, size);
	kfree(p);
	shelf->block[i].p = NULL;
	shelf->blocks--;
	shelf->bytes -= size;
}

static struct shelf *new_shelf(struct kunit *test)
{
	struct shelf *shelf = kunit_kzalloc(test, sizeof(*shelf), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, shelf);
	shelf->test = test;
	shelf->backing.alloc = shelf_alloc;
	shelf->backing.free = shelf_free;
	return shelf;
}

static struct strata_region *new_region(struct shelf *shelf, size_t limit, gfp_t gfp)
{
	struct strata_region *r = strata_region_create_on(&shelf->backing, limit, gfp);

	KUNIT_ASSERT_FALSE(shelf->test, IS_ERR(r));
	return r;
}

static void *must_alloc(struct kunit *test, struct strata_region *r, size_t size)
{
	void *p = strata_region_alloc(r, size);

	KUNIT_ASSERT_NOT_NULL_MSG(test, p, "%zu bytes", size);
	return p;
}

static bool holds(const void *p, int byte, size_t size)
{
	return !memchr_inv(p, byte, size);
}

/* Fill the current segment, so that the next object needs another. */
static void fill_segment(struct kunit *test, struct strata_region *r)
{
	if (r->end > r->top)
		must_alloc(test, r, r->end - r->top);
	KUNIT_ASSERT_PTR_EQ(test, r->top, r->end);
}

static void starts_small(struct kunit *test)
{
	struct shelf *shelf = new_shelf(test);
	struct strata_region *r = new_region(shelf, 0, GFP_KERNEL);

	KUNIT_EXPECT_EQ(test, shelf->calls, 1U);
	KUNIT_EXPECT_EQ(test, shelf->bytes, STRATA_SEGMENT_MIN);
	/* Most of the first segment is the user's. */
	must_alloc(test, r, STRATA_SEGMENT_MIN * 7 / 8);
	KUNIT_EXPECT_EQ(test, shelf->calls, 1U);
	strata_region_destroy(r);
	KUNIT_EXPECT_EQ(test, shelf->blocks, 0U);

	strata_region_destroy(NULL);
	strata_region_destroy(ERR_PTR(-ENOMEM));

	shelf->fail_all = true;
	r = strata_region_create_on(&shelf->backing, 0, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(r), (long)-ENOMEM);
}

static void doubles(struct kunit *test)
{
	struct shelf *shelf = new_shelf(test);
	struct strata_region *r = new_region(shelf, 0, GFP_KERNEL);
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
	struct shelf *shelf = new_shelf(test);
	struct strata_region *r = new_region(shelf, 0, GFP_KERNEL);
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
	struct shelf *shelf = new_shelf(test);
	struct strata_region *r = new_region(shelf, 64, GFP_KERNEL);
	void *p = must_alloc(test, r, 0);

	KUNIT_EXPECT_PTR_EQ(test, must_alloc(test, r, 16), p);
	/* Room for nothing is there even where nothing else fits. */
	must_alloc(test, r, 48);
	KUNIT_EXPECT_NULL(test, strata_region_alloc(r, 1));
	KUNIT_EXPECT_NOT_NULL(test, strata_region_alloc(r, 0));
	KUNIT_EXPECT_NOT_NULL(test, strata_region_zalloc(r, 0));
	strata_region_destroy(r);
}

static void aligned(struct kunit *test)
{
	struct shelf *shelf = new_shelf(test);
	struct strata_region *r = new_region(shelf, 0, GFP_KERNEL);
	size_t align, skew;

	for (skew = 1; skew < 2 * PAGE_SIZE; skew += PAGE_SIZE / 8 + 24) {
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
	strata_region_destroy(r);
	KUNIT_EXPECT_EQ(test, shelf->blocks, 0U);
}

static void bad_alignment(struct kunit *test)
{
	static const size_t bad[] = { 0, 3, 24, PAGE_SIZE - 1, 2 * PAGE_SIZE, SIZE_MAX };
	struct shelf *shelf = new_shelf(test);
	struct strata_region *r = new_region(shelf, 0, GFP_KERNEL);
	char *top = r->top;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_NULL_MSG(test, strata_region_alloc_aligned(r, 16, bad[i]),
				      "alignment %zu", bad[i]);
	KUNIT_EXPECT_PTR_EQ(test, r->top, top);
	KUNIT_EXPECT_EQ(test, shelf->calls, 1U);
	strata_region_destroy(r);
}

/* What cannot be had leaves the region as it was. */
static void too_large(struct kunit *test)
{
	const size_t large[] = {
		STRATA_MAX_SIZE, STRATA_MAX_SIZE + 1, SIZE_MAX / 2, SIZE_MAX - PAGE_SIZE,
		SIZE_MAX - 16, SIZE_MAX - 15, SIZE_MAX - 14, SIZE_MAX - 1, SIZE_MAX,
	};
	struct shelf *shelf = new_shelf(test);
	struct strata_region *r = new_region(shelf, 0, GFP_KERNEL);
	char *top, *end;
	unsigned int i;

	must_alloc(test, r, 100);
	top = r->top;
	end = r->end;
	for (i = 0; i < ARRAY_SIZE(large); i++) {
		size_t size = large[i];

		OPTIMIZER_HIDE_VAR(size);
		KUNIT_EXPECT_NULL(test, strata_region_alloc(r, size));
		KUNIT_EXPECT_NULL(test, strata_region_zalloc(r, size));
		KUNIT_EXPECT_NULL(test, strata_region_alloc_aligned(r, size, 16));
		KUNIT_EXPECT_NULL(test, strata_region_alloc_aligned(r, size, PAGE_SIZE));
	}
	KUNIT_EXPECT_PTR_EQ(test, r->top, top);
	KUNIT_EXPECT_PTR_EQ(test, r->end, end);
	KUNIT_EXPECT_EQ(test, shelf->calls, 1U);
	strata_region_destroy(r);
}

/* An outsized object gets a segment of its size, and the rest of it is used. */
static void outsized(struct kunit *test)
{
	struct shelf *shelf = new_shelf(test);
	struct strata_region *r = new_region(shelf, 0, GFP_KERNEL);
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
	struct shelf *shelf = new_shelf(test);
	unsigned int i, j, round;

	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		for (j = 0; j < ARRAY_SIZE(pieces); j++) {
			size_t limit = ALIGN(limits[i], 16), piece = ALIGN(pieces[j], 16);
			struct strata_region *r = new_region(shelf, limits[i], GFP_KERNEL);

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

static void count_run(void *arg)
{
	++*(int *)arg;
}

/* At the limit nothing is taken from the backing just to be refused. */
static void limit_is_cheap(struct kunit *test)
{
	struct shelf *shelf = new_shelf(test);
	struct strata_region *r = new_region(shelf, SZ_8K, GFP_KERNEL);
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

static void frames_nest(struct kunit *test)
{
	struct shelf *shelf = new_shelf(test);
	struct strata_region *r = new_region(shelf, 0, GFP_KERNEL);
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
	struct shelf *shelf = new_shelf(test);
	struct strata_region *r = new_region(shelf, 0, GFP_KERNEL);
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
	struct shelf *shelf = new_shelf(test);
	struct strata_region *r = new_region(shelf, 0, GFP_KERNEL);
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
	struct shelf *shelf = new_shelf(test);
	struct strata_region *r = new_region(shelf, 0, GFP_KERNEL);
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

static void expect_refused(struct kunit *test, struct strata_region *r, strata_mark_t mark)
{
	struct strata_region was = *r;

	KUNIT_EXPECT_EQ(test, strata_region_pop(r, mark), -EINVAL);
	KUNIT_EXPECT_PTR_EQ(test, r->top, was.top);
	KUNIT_EXPECT_PTR_EQ(test, r->end, was.end);
}

static void pop_out_of_order(struct kunit *test)
{
	struct shelf *shelf = new_shelf(test);
	struct strata_region *r = new_region(shelf, 0, GFP_KERNEL);
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
	struct shelf *shelf = new_shelf(test);
	struct strata_region *r = new_region(shelf, 0, GFP_KERNEL);
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
	struct shelf *shelf = new_shelf(test);
	struct strata_region *one = new_region(shelf, 0, GFP_KERNEL);
	struct strata_region *two = new_region(shelf, 0, GFP_KERNEL);
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
	for (i = 0; i < 50; i++) {
		strata_mark_t mark;

		strata_region_destroy(one);
		one = new_region(shelf, 0, GFP_KERNEL);
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
	struct shelf *shelf = new_shelf(test);
	struct strata_region *r = new_region(shelf, 0, GFP_KERNEL);
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
	struct shelf *shelf = new_shelf(test);
	struct strata_region *r = new_region(shelf, 0, GFP_KERNEL);
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
	KUNIT_EXPECT_TRUE(ledger->test, holds(p, 0x33, SZ_4K));
	ledger->entry[ledger->n++] = 21;
}

/* Uses the region as it may not. */
static void defer_misuses_region(void *arg)
{
	struct ledger *ledger = arg;
	struct strata_region *r = ledger->region;
	char *top = r->top;

	expect_refused(ledger->test, r, ledger->mark);
	KUNIT_EXPECT_EQ(ledger->test, strata_region_defer(r, count_run, &ledger->n), -EBUSY);
	strata_region_reset(r);
	strata_region_destroy(r);
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
	struct shelf *shelf = new_shelf(test);
	struct strata_region *r = new_region(shelf, 0, GFP_KERNEL);
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

static void contains(struct kunit *test)
{
	struct shelf *shelf = new_shelf(test);
	struct strata_region *r = new_region(shelf, 0, GFP_KERNEL);
	char *first = must_alloc(test, r, 100), *second, *big;
	strata_mark_t mark;

	KUNIT_EXPECT_FALSE(test, strata_region_contains(r, first - 1));
	KUNIT_EXPECT_TRUE(test, strata_region_contains(r, first));
	KUNIT_EXPECT_TRUE(test, strata_region_contains(r, first + 99));
	KUNIT_EXPECT_FALSE(test, strata_region_contains(r, r->top));

	mark = strata_region_push(r);
	second = must_alloc(test, r, STRATA_SEGMENT_MIN);
	big = must_alloc(test, r, SZ_256K);
	KUNIT_EXPECT_TRUE(test, strata_region_contains(r, first + 99));
	KUNIT_EXPECT_FALSE(test, strata_region_contains(r, first + ALIGN(100, 16)));
	KUNIT_EXPECT_FALSE(test, strata_region_contains(r, second - 1));
	KUNIT_EXPECT_TRUE(test, strata_region_contains(r, second));
	KUNIT_EXPECT_TRUE(test, strata_region_contains(r, second + STRATA_SEGMENT_MIN - 1));
	KUNIT_EXPECT_FALSE(test, strata_region_contains(r, second + STRATA_SEGMENT_MIN));
	KUNIT_EXPECT_TRUE(test, strata_region_contains(r, big + SZ_256K - 1));
	KUNIT_EXPECT_FALSE(test, strata_region_contains(r, big + SZ_256K));
	KUNIT_EXPECT_EQ(test, strata_region_pop(r, mark), 0);
	KUNIT_EXPECT_FALSE(test, strata_region_contains(r, second));
	KUNIT_EXPECT_FALSE(test, strata_region_contains(r, big));
	KUNIT_EXPECT_TRUE(test, strata_region_contains(r, first));

	KUNIT_EXPECT_FALSE(test, strata_region_contains(r, NULL));
	KUNIT_EXPECT_FALSE(test, strata_region_contains(r, (void *)ULONG_MAX));
	KUNIT_EXPECT_FALSE(test, strata_region_contains(r, r));
	KUNIT_EXPECT_FALSE(test, strata_region_contains(r, &mark));
	strata_region_reset(r);
	KUNIT_EXPECT_FALSE(test, strata_region_contains(r, first));
	strata_region_destroy(r);
}

static void strings(struct kunit *test)
{
	struct shelf *shelf = new_shelf(test);
	struct strata_region *r = new_region(shelf, SZ_64K, GFP_KERNEL);
	char *a = strata_region_strdup(r, "a span of pages");
	char *b = strata_region_strdup(r, "");
	char *c = strata_region_printf(r, "%s, %d and %c", "one", 2, '3');
	char *d = strata_region_printf(r, "%s", "");
	char *e = strata_region_printf(r, "%*d|%-*s|", 5000, 7, 3000, "left");

	KUNIT_EXPECT_STREQ(test, a, "a span of pages");
	KUNIT_EXPECT_STREQ(test, b, "");
	KUNIT_EXPECT_STREQ(test, c, "one, 2 and 3");
	KUNIT_EXPECT_STREQ(test, d, "");
	KUNIT_ASSERT_NOT_NULL(test, e);
	KUNIT_EXPECT_EQ(test, strlen(e), (size_t)8002);
	KUNIT_EXPECT_TRUE(test, holds(e, ' ', 4999));
	KUNIT_EXPECT_EQ(test, memcmp(e + 4999, "7|left ", 7), 0);
	KUNIT_EXPECT_EQ(test, e[8001], '|');
	KUNIT_EXPECT_NULL(test, strata_region_strdup(r, NULL));

	/* One that does not fit leaves nothing behind. */
	a = r->top;
	KUNIT_EXPECT_NULL(test, strata_region_printf(r, "%*d", (int)SZ_64K, 7));
	KUNIT_EXPECT_PTR_EQ(test, r->top, a);
	strata_region_destroy(r);
}

static void escape_outlives(struct kunit *test)
{
	struct shelf *shelf = new_shelf(test);
	struct strata_region *r = new_region(shelf, 0, GFP_KERNEL);
	strata_mark_t mark = strata_region_push(r);
	u8 *p = must_alloc(test, r, 3000), *copy, *part;

	memset(p, 0x44, 1500);
	memset(p + 1500, 0x55, 1500);
	copy = strata_region_escape(r, p, 3000, GFP_KERNEL);
	part = strata_region_escape(r, p + 1500, 1500, GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, copy && part);
	KUNIT_EXPECT_FALSE(test, strata_region_contains(r, copy));

	/* Only what the region handed out: nothing past the top, nothing of others. */
	KUNIT_EXPECT_NULL(test, strata_region_escape(r, p, ALIGN(3000, 16) + 1, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, strata_region_escape(r, p, SIZE_MAX, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, strata_region_escape(r, copy, 1, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, strata_region_escape(r, NULL, 1, GFP_KERNEL));

	KUNIT_EXPECT_EQ(test, strata_region_pop(r, mark), 0);
	KUNIT_EXPECT_NULL(test, strata_region_escape(r, p, 3000, GFP_KERNEL));
	strata_region_destroy(r);
	KUNIT_EXPECT_TRUE(test, holds(copy, 0x44, 1500));
	KUNIT_EXPECT_TRUE(test, holds(copy + 1500, 0x55, 1500));
	KUNIT_EXPECT_TRUE(test, holds(part, 0x55, 1500));
	strata_free(copy);
	strata_free(part);
}

/* Without memory for a doubled segment, one for the object does. */
static void every_segment_fails_once(struct kunit *test)
{
	unsigned int nth;

	for (nth = 1; nth < 40; nth++) {
		struct shelf *shelf = new_shelf(test);
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
	struct shelf *shelf = new_shelf(test);
	struct strata_region *r = new_region(shelf, 0, GFP_KERNEL);
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
	struct shelf *shelf = new_shelf(test);
	struct strata_region *r = new_region(shelf, 0, GFP_KERNEL);
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

/* Allocate over several segments; each object must be zero, and is dirtied. */
static void expect_zero_then_dirty(struct kunit *test, struct strata_region *r, bool zalloc)
{
	unsigned int i;

	for (i = 0; i < 300; i++) {
		size_t size = i == 200 ? SZ_128K : 5 * i;
		u8 *p = zalloc ? strata_region_zalloc(r, size) : strata_region_alloc(r, size);

		KUNIT_ASSERT_NOT_NULL(test, p);
		KUNIT_ASSERT_TRUE_MSG(test, holds(p, 0, size), "object %u", i);
		memset(p, 0xee, size);
	}
}

static void check_zeroing(struct kunit *test, gfp_t gfp, bool zalloc)
{
	struct shelf *shelf = new_shelf(test);
	struct strata_region *r = new_region(shelf, 0, gfp);
	unsigned int round;

	for (round = 0; round < 4; round++) {
		strata_mark_t mark = strata_region_push(r);

		expect_zero_then_dirty(test, r, zalloc);
		KUNIT_EXPECT_EQ(test, strata_region_pop(r, mark), 0);
	}
	for (round = 0; round < 3; round++) {
		expect_zero_then_dirty(test, r, zalloc);
		strata_region_reset(r);
	}
	strata_region_destroy(r);
}

static void zalloc_is_zero(struct kunit *test)
{
	check_zeroing(test, GFP_KERNEL, true);
}

static void gfp_zero_is_zero(struct kunit *test)
{
	check_zeroing(test, GFP_KERNEL | __GFP_ZERO, false);
	check_zeroing(test, GFP_KERNEL | __GFP_ZERO, true);
}

static void init_on_alloc_is_zero(struct kunit *test)
{
	if (!want_init_on_alloc(GFP_KERNEL))
		kunit_skip(test, "the kernel runs with init_on_alloc=0");
	check_zeroing(test, GFP_KERNEL, false);
}

/* A region that is destroyed says so, as long as its memory is nobody else's. */
static void *keep_alloc(struct strata_region_backing *b, size_t size, gfp_t gfp)
{
	return kunit_kzalloc(container_of(b, struct shelf, backing)->test, size, gfp);
}

static void keep_free(struct strata_region_backing *b, void *p, size_t size)
{
}

static void use_after_destroy(struct kunit *test)
{
	struct shelf *shelf = new_shelf(test);
	struct strata_region *r;
	strata_mark_t mark;

	shelf->backing.alloc = keep_alloc;
	shelf->backing.free = keep_free;
	r = new_region(shelf, 0, GFP_KERNEL);
	mark = strata_region_push(r);
	strata_region_destroy(r);

	KUNIT_EXPECT_NULL(test, strata_region_alloc(r, 1));
	KUNIT_EXPECT_NULL(test, strata_region_alloc_aligned(r, 1, 64));
	KUNIT_EXPECT_NULL(test, strata_region_escape(r, r, 1, GFP_KERNEL));
	KUNIT_EXPECT_FALSE(test, strata_region_contains(r, r + 20));
	KUNIT_EXPECT_EQ(test, strata_region_defer(r, count_run, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, strata_region_pop(r, mark), -EINVAL);
	mark = strata_region_push(r);
	KUNIT_EXPECT_EQ(test, strata_region_pop(r, mark), -EINVAL);
	strata_region_reset(r);
	strata_region_destroy(r);
}

static void totals(struct kunit *test)
{
	struct shelf *shelf = new_shelf(test);
	struct strata_region_totals before, with, after;
	struct strata_region *one, *two;
	strata_mark_t mark;

	strata_region_totals(&before);
	one = new_region(shelf, 0, GFP_KERNEL);
	two = new_region(shelf, 0, GFP_KERNEL);
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

/*
 * The model: a stack of objects, a stack of frames on it, and a count of what is
 * deferred. Every operation is done to both.
 */
#define MODEL_OPS	100000
#define MODEL_OBJECTS	4096
#define MODEL_FRAMES	64
#define MODEL_LIMIT	SZ_1M

struct model {
	struct kunit *test;
	struct strata_region *region;
	struct rnd_state rnd;
	struct {
		u8 *p;
		size_t size;
		u8 fill;
	} object[MODEL_OBJECTS];
	struct {
		strata_mark_t mark;
		char *top;
		unsigned int objects;
		unsigned long defers;
	} frame[MODEL_FRAMES];
	unsigned int objects, frames;
	unsigned long defers;		/* registered and not run */
};

static struct model *model_of_defer;

static void model_defer(void *arg)
{
	struct model *m = model_of_defer;

	KUNIT_EXPECT_EQ(m->test, (unsigned long)arg, m->defers);
	m->defers--;
}

static u32 model_random(struct model *m, u32 below)
{
	return prandom_u32_state(&m->rnd) % below;
}

static void model_alloc(struct model *m)
{
	size_t size = model_random(m, model_random(m, 100) ? 300 : 20000);
	u32 how = model_random(m, 8);
	u8 *p;

	if (m->objects == MODEL_OBJECTS)
		return;
	if (how == 0)
		p = strata_region_alloc_aligned(m->region, size, 1UL << model_random(m, 13));
	else if (how == 1)
		p = strata_region_zalloc(m->region, size);
	else
		p = strata_region_alloc(m->region, size);
	if (!p)
		return;		/* the limit */
	if (how == 1)
		KUNIT_ASSERT_TRUE(m->test, holds(p, 0, size));
	m->object[m->objects].p = p;
	m->object[m->objects].size = size;
	m->object[m->objects].fill = model_random(m, 256);
	memset(p, m->object[m->objects].fill, size);
	m->objects++;
}

static void model_check(struct model *m, unsigned int from)
{
	for (; from < m->objects; from++)
		KUNIT_ASSERT_TRUE_MSG(m->test, holds(m->object[from].p, m->object[from].fill,
						     m->object[from].size),
				      "object %u of %zu bytes", from, m->object[from].size);
}

static void model_pop(struct model *m)
{
	unsigned int top = m->frames - 1;

	if (!m->frames)
		return;
	if (!model_random(m, 500) && m->frames > 1)
		expect_refused(m->test, m->region, m->frame[model_random(m, top)].mark);
	model_check(m, m->frame[top].objects);
	KUNIT_ASSERT_EQ(m->test, strata_region_pop(m->region, m->frame[top].mark), 0);
	KUNIT_ASSERT_EQ(m->test, m->defers, m->frame[top].defers);
	KUNIT_ASSERT_PTR_EQ(m->test, m->region->top, m->frame[top].top);
	m->objects = m->frame[top].objects;
	m->frames = top;
}

static void model_push(struct model *m)
{
	if (m->frames == MODEL_FRAMES)
		return;
	m->frame[m->frames].objects = m->objects;
	m->frame[m->frames].defers = m->defers;
	m->frame[m->frames].top = m->region->top;
	m->frame[m->frames].mark = strata_region_push(m->region);
	m->frames++;
}

static void model_reset(struct model *m)
{
	model_check(m, 0);
	strata_region_reset(m->region);
	KUNIT_ASSERT_EQ(m->test, m->defers, 0UL);
	m->objects = 0;
	m->frames = 0;
}

static void random_operations(struct kunit *test)
{
	struct shelf *shelf = new_shelf(test);
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	unsigned int op;

	KUNIT_ASSERT_NOT_NULL(test, m);
	m->test = test;
	m->region = new_region(shelf, MODEL_LIMIT, GFP_KERNEL);
	model_of_defer = m;
	prandom_seed_state(&m->rnd, 20260101);
	for (op = 0; op < MODEL_OPS; op++) {
		u32 what = model_random(m, 1000);

		if (what < 600)
			model_alloc(m);
		else if (what < 760)
			model_push(m);
		else if (what < 920)
			model_pop(m);
		else if (what < 980 &&
			 !strata_region_defer(m->region, model_defer, (void *)(m->defers + 1)))
			m->defers++;
		else if (what == 999)
			model_reset(m);
		if (op % 1000 == 0) {
			model_check(m, 0);
			KUNIT_ASSERT_LE(test, shelf->bytes, (size_t)4 * MODEL_LIMIT);
			cond_resched();
		}
	}
	model_check(m, 0);
	strata_region_destroy(m->region);
	KUNIT_EXPECT_EQ(test, m->defers, 0UL);
	KUNIT_EXPECT_EQ(test, shelf->blocks, 0U);
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
	KUNIT_CASE(contains),
	KUNIT_CASE(strings),
	KUNIT_CASE(escape_outlives),
	KUNIT_CASE(every_segment_fails_once),
	KUNIT_CASE(every_growth_fails),
	KUNIT_CASE(reset_keeps_memory),
	KUNIT_CASE(zalloc_is_zero),
	KUNIT_CASE(gfp_zero_is_zero),
	KUNIT_CASE(init_on_alloc_is_zero),
	KUNIT_CASE(use_after_destroy),
	KUNIT_CASE(totals),
	KUNIT_CASE(random_operations),
	KUNIT_CASE(on_the_heap),
	KUNIT_CASE(without_sleeping),
	{}
};

struct kunit_suite strata_region_suite = {
	.name = "strata_region",
	.test_cases = region_cases,
};
