// SPDX-License-Identifier: GPL-2.0-only
/* How a heap gives pages back: which, how many, when, and in what pieces. */
#include <kunit/test.h>
#include <linux/mm.h>

#include "heap_fixture.h"
#include "suites.h"

#define CHUNK	STRATA_CHUNK_PAGES

static struct strata_heap_node *node_of(struct strata_heap_fixture *f, const void *run)
{
	return f->heap.node[page_to_nid(virt_to_page(run))];
}

static size_t give_back(struct kunit *test, const void *run, size_t npages)
{
	struct strata_heap_fixture *f = test->priv;

	return strata_heap_give_back(&f->heap, page_to_nid(virt_to_page(run)), npages);
}

static void release(struct kunit *test, void *run, unsigned int npages)
{
	struct strata_heap_fixture *f = test->priv;

	strata_heap_release(&f->heap, run, npages);
}

static void whole_chunk_goes_as_one(struct kunit *test)
{
	struct strata_heap_fixture *f = test->priv;
	void *run = strata_new_run(test, CHUNK);

	KUNIT_EXPECT_EQ(test, give_back(test, run, SIZE_MAX), (size_t)0);
	release(test, run, CHUNK);
	strata_expect_heap(test, 0, CHUNK);
	KUNIT_EXPECT_EQ(test, give_back(test, run, 1), (size_t)CHUNK);
	KUNIT_EXPECT_EQ(test, f->fake.nr_put[STRATA_CHUNK_ORDER], 1UL);
	KUNIT_EXPECT_EQ(test, f->fake.nr_put[0], 0UL);
	KUNIT_EXPECT_EQ(test, give_back(test, run, SIZE_MAX), (size_t)0);
}

/* One live page does not hold those around it. */
static void broken_up_page_by_page(struct kunit *test)
{
	struct strata_heap_fixture *f = test->priv;
	void *run = strata_new_run(test, CHUNK), *live = run + 7 * PAGE_SIZE;

	memset(live, 0xa5, PAGE_SIZE);
	release(test, run, 7);
	release(test, live + PAGE_SIZE, CHUNK - 8);
	KUNIT_EXPECT_EQ(test, give_back(test, run, 5), (size_t)5);
	strata_expect_heap(test, 1, CHUNK - 6);
	KUNIT_EXPECT_EQ(test, give_back(test, run, SIZE_MAX), (size_t)CHUNK - 6);
	strata_expect_heap(test, 1, 0);
	KUNIT_EXPECT_EQ(test, f->fake.nr_put[0], (unsigned long)CHUNK - 1);
	KUNIT_EXPECT_EQ(test, f->fake.nr_put[STRATA_CHUNK_ORDER], 0UL);
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(live, 0xa5, PAGE_SIZE), NULL);
	KUNIT_EXPECT_EQ(test, node_of(f, live)->nr_chunks, 1UL);
	release(test, live, 1);
	KUNIT_EXPECT_EQ(test, give_back(test, live, SIZE_MAX), (size_t)1);
	KUNIT_EXPECT_EQ(test, node_of(f, live)->nr_chunks, 0UL);
}

/* What is left of a chunk that was broken up can be used again. */
static void usable_after_break_up(struct kunit *test)
{
	struct strata_heap_fixture *f = test->priv;
	void *run = strata_new_run(test, CHUNK);
	int node = page_to_nid(virt_to_page(run));

	release(test, run, CHUNK / 2);
	KUNIT_EXPECT_EQ(test, give_back(test, run, 1), (size_t)1);
	KUNIT_EXPECT_PTR_EQ(test, strata_heap_take(&f->heap, node, CHUNK / 2 - 1),
			    run + PAGE_SIZE);
	KUNIT_EXPECT_NULL(test, strata_heap_take(&f->heap, node, 1));
	release(test, run + PAGE_SIZE, CHUNK - 1);
	strata_expect_heap(test, 0, CHUNK - 1);
}

static void small_blocks_go_as_pages(struct kunit *test)
{
	struct strata_heap_fixture *f = test->priv;
	void *run = strata_new_run(test, 2);
	unsigned long held = f->fake.nr_out;

	KUNIT_EXPECT_EQ(test, give_back(test, run, SIZE_MAX), (size_t)held - 2);
	release(test, run, 2);
	KUNIT_EXPECT_EQ(test, give_back(test, run, SIZE_MAX), (size_t)2);
	KUNIT_EXPECT_EQ(test, f->fake.nr_put[0], held);
}

/* A chunk with little in use gives before one with much. */
static void sparse_first(struct kunit *test)
{
	struct strata_heap_fixture *f = test->priv;
	void *dense = strata_new_run(test, CHUNK), *sparse = strata_new_run(test, CHUNK);
	struct strata_heap_node *hn = node_of(f, dense);
	const unsigned int n = CHUNK / 5;

	release(test, dense + 3 * PAGE_SIZE, n);
	release(test, sparse, CHUNK - 1);
	KUNIT_EXPECT_EQ(test, give_back(test, sparse, CHUNK - 1 - n), (size_t)CHUNK - 1 - n);
	KUNIT_EXPECT_EQ(test, hn->nr_free, 2UL * n);
	/* The dense one still has its run in one piece. */
	KUNIT_EXPECT_PTR_EQ(test, strata_heap_span(&f->heap, dense), NULL);
	give_back(test, sparse, 1);
	KUNIT_EXPECT_EQ(test, hn->nr_free, 2UL * n - 1);
	release(test, dense, 3);
	release(test, dense + (3 + n) * PAGE_SIZE, CHUNK - 3 - n);
	release(test, sparse + (CHUNK - 1) * PAGE_SIZE, 1);
}

/* Only what was free all the time between two looks goes. */
static void hysteresis(struct kunit *test)
{
	struct strata_heap_fixture *f = test->priv;
	void *run = strata_new_run(test, CHUNK), *again;
	int node = page_to_nid(virt_to_page(run));

	strata_heap_scavenge(&f->heap);
	release(test, run, CHUNK);
	/* It was in use since the last look. */
	KUNIT_EXPECT_EQ(test, strata_heap_scavenge(&f->heap), (size_t)0);
	KUNIT_EXPECT_TRUE(test, strata_heap_has_idle(&f->heap, node));
	/* In use for a moment only, but in use. */
	again = strata_heap_take(&f->heap, node, CHUNK);
	KUNIT_EXPECT_PTR_EQ(test, again, run);
	release(test, run, CHUNK);
	KUNIT_EXPECT_EQ(test, strata_heap_scavenge(&f->heap), (size_t)0);
	strata_expect_heap(test, 0, CHUNK);
	KUNIT_EXPECT_EQ(test, strata_heap_scavenge(&f->heap), (size_t)CHUNK);
	KUNIT_EXPECT_FALSE(test, strata_heap_has_idle(&f->heap, node));
}

/* A tenth of what is in use stays, while the heap is in use. */
static void retains_a_tenth(struct kunit *test)
{
	struct strata_heap_fixture *f = test->priv;
	void *run = strata_new_run(test, CHUNK), *again;
	int node = page_to_nid(virt_to_page(run));
	const unsigned int used = CHUNK / 5 * 2, free = CHUNK - used;

	release(test, run + used * PAGE_SIZE, free);
	strata_heap_scavenge(&f->heap);
	KUNIT_EXPECT_TRUE(test, strata_heap_has_idle(&f->heap, node));
	KUNIT_EXPECT_EQ(test, strata_heap_scavenge(&f->heap), (size_t)free - used / 10);
	strata_expect_heap(test, used, used / 10);
	/* Somebody takes a page: it goes on. */
	again = strata_heap_take(&f->heap, node, 1);
	KUNIT_ASSERT_NOT_NULL(test, again);
	release(test, again, 1);
	strata_heap_scavenge(&f->heap);
	KUNIT_EXPECT_EQ(test, strata_heap_scavenge(&f->heap), (size_t)0);
	strata_expect_heap(test, used, used / 10);
	release(test, run, used);
}

/* Where nobody takes any, what is kept shrinks to nothing. */
static void lets_go_when_quiet(struct kunit *test)
{
	struct strata_heap_fixture *f = test->priv;
	void *run = strata_new_run(test, CHUNK);
	int node = page_to_nid(virt_to_page(run));
	const unsigned int used = CHUNK / 8 * 5;
	unsigned int kept;

	release(test, run + used * PAGE_SIZE, CHUNK - used);
	strata_heap_scavenge(&f->heap);
	strata_heap_scavenge(&f->heap);
	for (kept = used / 10; kept; kept /= 4) {
		strata_expect_heap(test, used, kept);
		KUNIT_EXPECT_TRUE(test, strata_heap_has_idle(&f->heap, node));
		strata_heap_scavenge(&f->heap);
	}
	strata_expect_heap(test, used, 0);
	KUNIT_EXPECT_FALSE(test, strata_heap_has_idle(&f->heap, node));
	release(test, run, used);
}

/* The end of a heap tells how many pages are still in use, and takes the rest. */
static void exit_counts_what_is_lost(struct kunit *test)
{
	struct strata_heap_fixture *f = test->priv;

	strata_new_run(test, 5);
	KUNIT_EXPECT_NOT_NULL(test, strata_heap_alloc_direct(&f->heap, 0, 2, GFP_KERNEL));
	f->lost = 5 + 4;
}

static struct kunit_case heap_scavenge_cases[] = {
	KUNIT_CASE(whole_chunk_goes_as_one),
	KUNIT_CASE(broken_up_page_by_page),
	KUNIT_CASE(usable_after_break_up),
	KUNIT_CASE(small_blocks_go_as_pages),
	KUNIT_CASE(sparse_first),
	KUNIT_CASE(hysteresis),
	KUNIT_CASE(retains_a_tenth),
	KUNIT_CASE(lets_go_when_quiet),
	KUNIT_CASE(exit_counts_what_is_lost),
	{}
};

struct kunit_suite strata_heap_scavenge_suite = {
	.name = "strata_heap_scavenge",
	.init = strata_heap_fixture_init,
	.exit = strata_heap_fixture_exit,
	.test_cases = heap_scavenge_cases,
};
