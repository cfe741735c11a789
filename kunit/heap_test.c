// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs of pages out of what a heap holds: cut, joined, chosen by best fit, and
 * found again from any address. The memory is a pool of two windows, so that
 * each test knows where everything is.
 */
#include <kunit/test.h>
#include <linux/mm.h>

#include "heap_fixture.h"
#include "suites.h"

#define CHUNK	STRATA_CHUNK_PAGES

static int pool_init(struct kunit *test)
{
	struct strata_heap_fixture *f;
	int err = strata_heap_fixture_init(test);

	if (err)
		return err;
	f = test->priv;
	strata_fake_use_pool(test, &f->fake);
	return 0;
}

static void *pool_page(struct strata_heap_fixture *f, unsigned int page)
{
	return page_address(f->fake.pool) + page * PAGE_SIZE;
}

static int pool_node(const struct strata_heap_fixture *f)
{
	return page_to_nid(f->fake.pool);
}

/* Fill a window, so that a test can punch holes into it. */
static void take_window(struct kunit *test, unsigned int window)
{
	struct strata_heap_fixture *f = test->priv;
	void *run = strata_new_run(test, CHUNK);

	KUNIT_ASSERT_PTR_EQ(test, run, pool_page(f, window * CHUNK));
}

static void release(struct kunit *test, unsigned int page, unsigned int npages)
{
	struct strata_heap_fixture *f = test->priv;

	strata_heap_release(&f->heap, pool_page(f, page), npages);
}

static void expect_take(struct kunit *test, unsigned int npages, unsigned int page)
{
	struct strata_heap_fixture *f = test->priv;

	KUNIT_EXPECT_PTR_EQ(test, strata_heap_take(&f->heap, pool_node(f), npages),
			    pool_page(f, page));
}

static void expect_none(struct kunit *test, unsigned int npages)
{
	struct strata_heap_fixture *f = test->priv;

	KUNIT_EXPECT_NULL(test, strata_heap_take(&f->heap, pool_node(f), npages));
}

/* What is still in use of a window, for tests that leave it in pieces. */
static void release_rest(struct kunit *test, unsigned int window)
{
	struct strata_heap_fixture *f = test->priv;
	struct strata_chunk *chunk = strata_pagemap_chunk(&f->heap.map,
							  pool_page(f, window * CHUNK));
	unsigned int page;

	for (page = 0; page < CHUNK; page++)
		if (test_bit(page, chunk->busy))
			release(test, window * CHUNK + page, 1);
}

static void holds_nothing_at_first(struct kunit *test)
{
	strata_expect_heap(test, 0, 0);
	expect_none(test, 1);
	expect_none(test, CHUNK);
}

static void splits(struct kunit *test)
{
	take_window(test, 0);
	release(test, 0, CHUNK);
	expect_take(test, 1, 0);
	expect_take(test, 5, 1);
	expect_take(test, CHUNK - 7, 6);
	strata_expect_heap(test, CHUNK - 1, 1);
	expect_none(test, 2);
	expect_take(test, 1, CHUNK - 1);
	expect_none(test, 1);
	release(test, 0, CHUNK);
}

static void coalesces(struct kunit *test)
{
	take_window(test, 0);
	release(test, 10, 2);
	release(test, 14, 2);
	expect_none(test, 3);
	release(test, 12, 2);
	expect_take(test, 6, 10);
	expect_none(test, 1);
	/* To the left, to the right, and at the edges of the window. */
	release(test, 20, 1);
	release(test, 21, 1);
	release(test, 19, 1);
	expect_take(test, 3, 19);
	release(test, 0, 1);
	release(test, CHUNK - 1, 1);
	expect_none(test, 2);
	release(test, 1, CHUNK - 2);
	strata_expect_heap(test, 0, CHUNK);
}

/* Free runs of two windows are two, however close they are. */
static void windows_stay_apart(struct kunit *test)
{
	take_window(test, 0);
	take_window(test, 1);
	release(test, CHUNK - 3, 3);
	release(test, CHUNK, 3);
	expect_none(test, 4);
	release(test, 0, CHUNK - 3);
	release(test, CHUNK + 3, CHUNK - 3);
	strata_expect_heap(test, 0, 2 * CHUNK);
}

static void best_fit(struct kunit *test)
{
	take_window(test, 0);
	take_window(test, 1);
	/* Longest runs: 20 in the first window, 8 in the second. */
	release(test, 4, 20);
	release(test, CHUNK + 4, 8);
	release(test, 28, 3);
	expect_take(test, 8, CHUNK + 4);
	release(test, CHUNK + 4, 8);
	/* In the chosen chunk the lowest run that is long enough. */
	expect_take(test, 9, 4);
	release(test, 4, 9);
	/* The second: its 8 suffice. */
	expect_take(test, 3, CHUNK + 4);
	/* Its 5 are fewer than the first one's 20. */
	expect_take(test, 5, CHUNK + 7);
	expect_take(test, 3, 4);
	release_rest(test, 0);
	release_rest(test, 1);
	strata_expect_heap(test, 0, 2 * CHUNK);
}

/* Of two chunks with equal runs the one that is more in use is used first. */
static void ties_to_the_most_used(struct kunit *test)
{
	take_window(test, 0);
	take_window(test, 1);
	release(test, 0, 8);
	release(test, 20, 4);
	release(test, CHUNK, 8);
	expect_take(test, 2, CHUNK);
	release(test, CHUNK, 2);
	/* The other way round. */
	release(test, CHUNK + 12, 2);
	release(test, CHUNK + 20, 7);
	expect_take(test, 8, 0);
	release_rest(test, 0);
	release_rest(test, 1);
	strata_expect_heap(test, 0, 2 * CHUNK);
}

static void finds_spans(struct kunit *test)
{
	struct strata_heap_fixture *f = test->priv;
	const struct strata_map_leaf *leaf;
	struct strata_span span;
	const unsigned long owner = 0x1000;
	unsigned long word;
	void *run;
	unsigned int i;

	take_window(test, 0);
	release(test, 0, CHUNK);
	strata_heap_take(&f->heap, pool_node(f), 3);
	run = strata_heap_take(&f->heap, pool_node(f), 4);
	KUNIT_ASSERT_PTR_EQ(test, run, pool_page(f, 3));
	strata_heap_set_span(&f->heap, run, 4, &span, owner);
	word = strata_owner_word(owner, run);
	leaf = strata_pagemap_leaf(&f->heap.map, run);
	for (i = 0; i < 4; i++) {
		KUNIT_EXPECT_PTR_EQ(test, strata_heap_span(&f->heap, run + i * PAGE_SIZE), &span);
		KUNIT_EXPECT_PTR_EQ(test,
				    strata_heap_span(&f->heap, run + (i + 1) * PAGE_SIZE - 1),
				    &span);
		KUNIT_EXPECT_EQ(test, leaf->owner[3 + i], word);
	}
	KUNIT_EXPECT_NULL(test, strata_heap_span(&f->heap, run - 1));
	KUNIT_EXPECT_NULL(test, strata_heap_span(&f->heap, run + 4 * PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, leaf->owner[2], 0UL);
	KUNIT_EXPECT_EQ(test, leaf->owner[7], 0UL);
	strata_heap_set_span(&f->heap, run, 4, NULL, 0);
	for (i = 0; i < 4; i++) {
		KUNIT_EXPECT_NULL(test, strata_heap_span(&f->heap, run + i * PAGE_SIZE));
		KUNIT_EXPECT_EQ(test, leaf->owner[3 + i], 0UL);
	}
	release(test, 0, 7);
}

/* Any value can be asked for, and nothing is read through it. */
static void finds_nothing_elsewhere(struct kunit *test)
{
	struct strata_heap_fixture *f = test->priv;
	unsigned long wild = 1;
	unsigned int bit;

	take_window(test, 0);
	for (bit = 0; bit < BITS_PER_LONG; bit++) {
		KUNIT_EXPECT_NULL(test, strata_heap_span(&f->heap, (void *)(wild << bit)));
		KUNIT_EXPECT_NULL(test, strata_heap_span(&f->heap, (void *)((wild << bit) - 1)));
		KUNIT_EXPECT_NULL(test, strata_heap_span(&f->heap, (void *)-(wild << bit)));
		KUNIT_EXPECT_NULL(test, strata_heap_span(&f->heap, (void *)(PAGE_OFFSET +
									   (wild << bit))));
	}
	KUNIT_EXPECT_NULL(test, strata_heap_span(&f->heap, &wild));
	KUNIT_EXPECT_NULL(test, strata_heap_span(&f->heap, f));
	KUNIT_EXPECT_NULL(test, strata_heap_span(&f->heap, finds_nothing_elsewhere));
	KUNIT_EXPECT_NULL(test, strata_heap_span(&f->heap, test->priv));
	release(test, 0, CHUNK);
}

/* Memory that was added behind all that was there lengthens the table. */
static void maps_memory_added_later(struct kunit *test)
{
	struct strata_heap_fixture *f = test->priv;
	struct strata_pagemap *map = &f->heap.map;
	struct strata_map_table *table = map->table;
	const void *last = strata_pagemap_address(map, strata_pagemap_windows(map) - 1);
	const void *behind = last + STRATA_CHUNK_SIZE;
	struct strata_chunk *chunk;

	take_window(test, 0);
	chunk = strata_pagemap_chunk(map, pool_page(f, 0));
	KUNIT_EXPECT_NOT_NULL(test, chunk);
	KUNIT_EXPECT_EQ(test, strata_pagemap_prepare(map, strata_pagemap_address(map, 0) - 1,
						     GFP_KERNEL), -ENOMEM);
	KUNIT_EXPECT_EQ(test, strata_pagemap_prepare(map, last, GFP_KERNEL), 0);
	KUNIT_EXPECT_PTR_EQ(test, map->table, table);
	KUNIT_EXPECT_NULL(test, strata_pagemap_chunk(map, behind));
	KUNIT_EXPECT_PTR_EQ(test, strata_pagemap_leaf(map, behind), map->nobody);
	KUNIT_EXPECT_EQ(test, strata_pagemap_prepare(map, behind, GFP_KERNEL), 0);
	KUNIT_EXPECT_PTR_NE(test, map->table, table);
	KUNIT_EXPECT_GT(test, map->table->nr, strata_map_place(map, behind));
	KUNIT_EXPECT_NULL(test, strata_pagemap_chunk(map, behind));
	KUNIT_EXPECT_PTR_EQ(test, strata_pagemap_leaf(map, behind), map->nobody);
	KUNIT_EXPECT_PTR_EQ(test, strata_pagemap_chunk(map, pool_page(f, 0)), chunk);
	KUNIT_EXPECT_PTR_EQ(test, strata_pagemap_leaf(map, pool_page(f, 0)), chunk->leaf[0]);
	release(test, 0, CHUNK);
}

/* A chunk that lost its last page is forgotten, and can come again. */
static void forgets_chunks(struct kunit *test)
{
	struct strata_heap_fixture *f = test->priv;
	struct strata_pagemap *map = &f->heap.map;
	struct strata_heap_node *hn = f->heap.node[pool_node(f)];
	struct strata_chunk *chunk;
	unsigned int round;

	for (round = 0; round < 3; round++) {
		take_window(test, 0);
		chunk = strata_pagemap_chunk(map, pool_page(f, 0));
		KUNIT_ASSERT_NOT_NULL(test, chunk);
		KUNIT_EXPECT_PTR_EQ(test, strata_pagemap_leaf(map, pool_page(f, 0)),
				    chunk->leaf[0]);
		KUNIT_EXPECT_EQ(test, hn->nr_chunks, 1UL);
		release(test, 0, CHUNK);
		KUNIT_EXPECT_EQ(test, strata_heap_give_back(&f->heap, pool_node(f), SIZE_MAX),
				(size_t)CHUNK);
		KUNIT_EXPECT_NULL(test, strata_pagemap_chunk(map, pool_page(f, 0)));
		KUNIT_EXPECT_PTR_EQ(test, strata_pagemap_leaf(map, pool_page(f, 0)), map->nobody);
		KUNIT_EXPECT_EQ(test, hn->nr_chunks, 0UL);
		strata_expect_heap(test, 0, 0);
	}
}

/* Blocks past the chunks share windows with them, and neither sees the other. */
static void direct_blocks(struct kunit *test)
{
	struct strata_heap_fixture *f = test->priv;
	struct strata_heap_node *hn = f->heap.node[pool_node(f)];
	/* Three pages come in 64 KiB, or a block of four. */
	const unsigned int block = max_t(unsigned int, SZ_64K >> PAGE_SHIFT, 4);
	void *small, *run, *huge;

	small = strata_heap_alloc_direct(&f->heap, pool_node(f), 3, GFP_KERNEL);
	KUNIT_ASSERT_PTR_EQ(test, small, pool_page(f, 0));
	KUNIT_EXPECT_EQ(test, hn->nr_direct, 8UL);
	strata_expect_heap(test, 0, 0);
	expect_none(test, 1);
	run = strata_new_run(test, 3);
	KUNIT_EXPECT_PTR_EQ(test, run, pool_page(f, ALIGN(8, block)));
	KUNIT_EXPECT_EQ(test, hn->nr_chunks, 1UL);
	strata_expect_heap(test, 3, block - 3);
	/* The window outlives either of them. */
	strata_heap_free_direct(&f->heap, small, 3);
	KUNIT_EXPECT_EQ(test, hn->nr_direct, 0UL);
	KUNIT_EXPECT_EQ(test, hn->nr_chunks, 1UL);
	small = strata_heap_alloc_direct(&f->heap, pool_node(f), 0, GFP_KERNEL);
	strata_heap_release(&f->heap, run, 3);
	KUNIT_EXPECT_EQ(test, strata_heap_give_back(&f->heap, pool_node(f), SIZE_MAX),
			(size_t)block);
	KUNIT_EXPECT_EQ(test, hn->nr_chunks, 1UL);
	strata_heap_free_direct(&f->heap, small, 0);
	KUNIT_EXPECT_EQ(test, hn->nr_chunks, 0UL);
	/* One that spans two windows is known in both. */
	huge = strata_heap_alloc_direct(&f->heap, pool_node(f), STRATA_CHUNK_ORDER + 1, GFP_KERNEL);
	KUNIT_ASSERT_PTR_EQ(test, huge, pool_page(f, 0));
	KUNIT_EXPECT_EQ(test, hn->nr_chunks, 2UL);
	KUNIT_EXPECT_EQ(test, hn->nr_direct, 2UL * CHUNK);
	strata_heap_free_direct(&f->heap, huge, STRATA_CHUNK_ORDER + 1);
	KUNIT_EXPECT_EQ(test, hn->nr_chunks, 0UL);
	strata_expect_heap(test, 0, 0);
}

static struct kunit_case heap_cases[] = {
	KUNIT_CASE(holds_nothing_at_first),
	KUNIT_CASE(splits),
	KUNIT_CASE(coalesces),
	KUNIT_CASE(windows_stay_apart),
	KUNIT_CASE(best_fit),
	KUNIT_CASE(ties_to_the_most_used),
	KUNIT_CASE(finds_spans),
	KUNIT_CASE(finds_nothing_elsewhere),
	KUNIT_CASE(maps_memory_added_later),
	KUNIT_CASE(forgets_chunks),
	KUNIT_CASE(direct_blocks),
	{}
};

struct kunit_suite strata_heap_suite = {
	.name = "strata_heap",
	.init = pool_init,
	.exit = strata_heap_fixture_exit,
	.test_cases = heap_cases,
};
