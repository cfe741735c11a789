// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a heap asks for memory: in which steps, how hard, from which node, and
 * what it makes of a page allocator that has little or nothing.
 */
#include <kunit/test.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "heap_fixture.h"
#include "suites.h"

#define CHUNK		STRATA_CHUNK_PAGES
#define MIN_ORDER	(PAGE_SHIFT < 16 ? 16 - PAGE_SHIFT : 0)

static void *alloc(struct kunit *test, unsigned int npages, gfp_t gfp)
{
	struct strata_heap_fixture *f = test->priv;

	return strata_heap_alloc(&f->heap, strata_home(), npages, gfp);
}

static void release(struct kunit *test, void *run, unsigned int npages)
{
	struct strata_heap_fixture *f = test->priv;

	if (run)
		strata_heap_release(&f->heap, run, npages);
}

/* An eighth of what is held, from 64 KiB up to a chunk. */
static void steps(struct kunit *test)
{
	struct strata_heap_fixture *f = test->priv;
	unsigned long present = 0;
	unsigned int order;

	while (present < 16 * CHUNK) {
		order = clamp_t(unsigned int, present / 8 ? ilog2(present / 8) : 0,
				MIN_ORDER, STRATA_CHUNK_ORDER);
		f->fake.nr_got[order] = 0;
		/* All that is held is in use, so this one must grow. */
		strata_new_run(test, 1U << MIN_ORDER);
		KUNIT_ASSERT_EQ(test, f->fake.nr_got[order], 1UL);
		present += 1U << order;
		while (strata_heap_take(&f->heap, strata_home(), 1))
			;
		strata_expect_heap(test, present, 0);
	}
	/* Nothing was released: all of it is left to the end of the test. */
	f->lost = present;
}

/* A request larger than a step gets a block as large as it needs. */
static void large_requests(struct kunit *test)
{
	unsigned int npages;
	void *run;

	for (npages = 1; npages <= CHUNK; npages = npages * 3 / 2 + 1) {
		run = strata_new_run(test, npages);
		memset(run, 0x5a, npages * PAGE_SIZE);
		release(test, run, npages);
	}
	run = strata_new_run(test, CHUNK);
	memset(run, 0x5a, CHUNK * PAGE_SIZE);
	release(test, run, CHUNK);
}

static void falls_back(struct kunit *test)
{
	struct strata_heap_fixture *f = test->priv;
	void *run[64];
	unsigned int i;

	f->fake.max_order = 2;
	for (i = 0; i < ARRAY_SIZE(run); i++)
		run[i] = strata_new_run(test, 1 + i % 4);
	KUNIT_EXPECT_NULL(test, alloc(test, CHUNK, GFP_KERNEL));
	for (i = 0; i < ARRAY_SIZE(run); i++)
		release(test, run[i], 1 + i % 4);
	/* Single pages are the last resort, and they join where they can. */
	strata_heap_give_back(&f->heap, 0, SIZE_MAX);
	strata_heap_give_back(&f->heap, nr_node_ids - 1, SIZE_MAX);
	f->fake.max_order = 0;
	for (i = 0; i < ARRAY_SIZE(run); i++)
		run[i] = strata_new_run(test, 1);
	KUNIT_EXPECT_EQ(test, f->fake.nr_out, ARRAY_SIZE(run));
	for (i = 0; i < ARRAY_SIZE(run); i++)
		release(test, run[i], 1);
}

/* Pages that come one by one bring no more leaves of the page map than they are in. */
static void leaves_follow_pages(struct kunit *test)
{
	struct strata_heap_fixture *f = test->priv;
	unsigned long distinct = 0, leaves = 0;
	void *run[64];
	unsigned int i, j;
	int node;

	f->fake.max_order = 0;
	for (i = 0; i < ARRAY_SIZE(run); i++) {
		run[i] = strata_new_run(test, 1);
		for (j = 0; j < i; j++)
			if (!(((unsigned long)run[i] ^ (unsigned long)run[j]) >> STRATA_LEAF_SHIFT))
				break;
		distinct += j == i;
	}
	for (node = 0; node < nr_node_ids; node++)
		leaves += f->heap.node[node]->nr_leaves;
	KUNIT_EXPECT_EQ(test, leaves, distinct);
	for (i = 0; i < ARRAY_SIZE(run); i++)
		release(test, run[i], 1);
	for (node = 0; node < nr_node_ids; node++) {
		strata_heap_give_back(&f->heap, node, SIZE_MAX);
		KUNIT_EXPECT_EQ(test, f->heap.node[node]->nr_leaves, 0UL);
	}
}

/* How often the page allocator is asked for one more run, and of which order it is. */
static void expect_growth(struct kunit *test, unsigned long calls, unsigned int order)
{
	struct strata_heap_fixture *f = test->priv;
	unsigned long before = f->fake.nr_calls, got = f->fake.nr_got[order];

	strata_new_run(test, 1);
	KUNIT_EXPECT_EQ(test, f->fake.nr_calls - before, calls);
	KUNIT_EXPECT_EQ(test, f->fake.nr_got[order] - got, 1UL);
	f->lost += 1UL << order;
	while (strata_heap_take(&f->heap, strata_home(), 1))
		;
}

/* Where memory is broken up, larger blocks are not asked for in vain each time. */
static void remembers_what_was_had(struct kunit *test)
{
	struct strata_heap_fixture *f = test->priv;
	/* A step that has smaller ones below it, of pages of any size. */
	const unsigned int order = max(MIN_ORDER, 3);
	unsigned int npages = min_t(unsigned int, 8 << order, CHUNK);

	for (; f->lost < 8 << order; f->lost += npages)
		strata_new_run(test, npages);
	expect_growth(test, 1, order);
	f->fake.max_order = order - 3;
	expect_growth(test, 4, order - 3);
	expect_growth(test, 2, order - 3);
	expect_growth(test, 2, order - 3);
	/* Once there are some again, a step more each time. */
	f->fake.max_order = STRATA_CHUNK_ORDER;
	expect_growth(test, 1, order - 2);
	expect_growth(test, 1, order - 1);
	expect_growth(test, 1, order);
}

/* What a node does not have is asked for once in passing, and once in earnest. */
static void asks_in_vain_no_more_than_twice(struct kunit *test)
{
	struct strata_heap_fixture *f = test->priv;
	unsigned long before;

	f->fake.max_order = 1;
	KUNIT_EXPECT_NULL(test, alloc(test, 4, GFP_NOWAIT));
	before = f->fake.nr_calls;
	KUNIT_EXPECT_NULL(test, alloc(test, 4, GFP_NOWAIT));
	KUNIT_EXPECT_EQ(test, f->fake.nr_calls - before, 2UL);
}

static void exhaustion(struct kunit *test)
{
	struct strata_heap_fixture *f = test->priv;
	void *run;

	strata_fake_fail(&f->fake, 1, ULONG_MAX);
	KUNIT_EXPECT_NULL(test, alloc(test, 1, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, alloc(test, CHUNK, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, strata_heap_alloc_direct(&f->heap, 0, 0, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, strata_heap_alloc_direct(&f->heap, 0, 10, GFP_KERNEL));
	strata_expect_heap(test, 0, 0);
	strata_fake_recover(&f->fake);
	run = strata_new_run(test, 3);
	/* What is held serves while nothing more is to be had. */
	strata_fake_fail(&f->fake, 1, ULONG_MAX);
	release(test, alloc(test, 1, GFP_NOWAIT), 1);
	KUNIT_EXPECT_NULL(test, alloc(test, CHUNK, GFP_NOWAIT));
	release(test, run, 3);
}

/* First in passing, then with the caller's full weight. */
static void asks_lightly_first(struct kunit *test)
{
	struct strata_heap_fixture *f = test->priv;
	void *run;

	release(test, strata_new_run(test, 1), 1);
	KUNIT_EXPECT_EQ(test, f->fake.nr_calls, 1UL);
	KUNIT_EXPECT_FALSE(test, f->fake.last_gfp & (__GFP_RECLAIM | __GFP_HIGH));
	KUNIT_EXPECT_TRUE(test, f->fake.last_gfp & __GFP_THISNODE);
	KUNIT_EXPECT_TRUE(test, f->fake.last_gfp & __GFP_NOWARN);
	strata_heap_give_back(&f->heap, strata_home(), SIZE_MAX);

	/* Three pages take a block of four. Steps down to that are light, too. */
	strata_fake_fail(&f->fake, 1, max(MIN_ORDER, 2) - 2);
	run = strata_new_run(test, 3);
	KUNIT_EXPECT_EQ(test, f->fake.nr_got[2], 1UL);
	KUNIT_EXPECT_FALSE(test, f->fake.last_gfp & __GFP_RECLAIM);
	release(test, run, 3);
	strata_heap_give_back(&f->heap, strata_home(), SIZE_MAX);

	/*
	 * Only when nothing is left but what is really needed, it is heavy. Order 2 was
	 * had last, so that order 3 is the first now.
	 */
	strata_fake_fail(&f->fake, 1, clamp(MIN_ORDER, 2, 3) - 1);
	run = strata_new_run(test, 3);
	KUNIT_EXPECT_EQ(test, f->fake.nr_got[2], 2UL);
	KUNIT_EXPECT_EQ(test, f->fake.last_gfp, GFP_KERNEL);
	release(test, run, 3);
	strata_heap_give_back(&f->heap, strata_home(), SIZE_MAX);

	/* And there order 2 was not to be had, so that it is the first. */
	strata_fake_fail(&f->fake, 1, min(MIN_ORDER, 2) + 1);
	run = alloc(test, 1, GFP_KERNEL | __GFP_ZERO | __GFP_COMP | __GFP_NORETRY);
	KUNIT_EXPECT_NOT_NULL(test, run);
	KUNIT_EXPECT_EQ(test, f->fake.last_gfp, GFP_KERNEL | __GFP_NORETRY);
	release(test, run, 1);
}

static void no_fail(struct kunit *test)
{
	struct strata_heap_fixture *f = test->priv;
	void *run;

	strata_fake_fail(&f->fake, 1, 20);
	run = alloc(test, 2, GFP_KERNEL | __GFP_NOFAIL);
	KUNIT_EXPECT_NOT_NULL(test, run);
	KUNIT_EXPECT_GE(test, f->fake.nr_calls, 20UL);
	/* More than a page is not asked for with NOFAIL: the heap itself repeats. */
	KUNIT_EXPECT_FALSE(test, f->fake.last_gfp & __GFP_NOFAIL);
	release(test, run, 2);
	strata_fake_fail(&f->fake, 1, 5);
	run = strata_heap_alloc_direct(&f->heap, 0, 1, GFP_KERNEL | __GFP_NOFAIL);
	KUNIT_EXPECT_NOT_NULL(test, run);
	strata_heap_free_direct(&f->heap, run, 1);
}

static void nodes(struct kunit *test)
{
	struct strata_heap_fixture *f = test->priv;
	int node;
	void *run;

	for_each_node_state(node, N_MEMORY) {
		run = strata_heap_alloc(&f->heap, node, 3, GFP_KERNEL | __GFP_THISNODE);
		KUNIT_ASSERT_NOT_NULL(test, run);
		KUNIT_EXPECT_EQ(test, page_to_nid(virt_to_page(run)), node);
		KUNIT_EXPECT_GT(test, f->heap.node[node]->nr_present, 0UL);
		release(test, run, 3);
	}
}

/* A node without memory is helped out by others, unless the caller forbids it. */
static void other_nodes(struct kunit *test)
{
	struct strata_heap_fixture *f = test->priv;
	int node, other = first_node(node_states[N_MEMORY]);
	unsigned long calls;
	void *run, *held, *spare;

	node = next_node(other, node_states[N_MEMORY]);
	if (node >= MAX_NUMNODES)
		kunit_skip(test, "one node only");
	f->fake.fail_node = node;
	held = strata_heap_alloc(&f->heap, other, 1, GFP_KERNEL);
	spare = strata_heap_alloc(&f->heap, other, 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, held);
	KUNIT_ASSERT_NOT_NULL(test, spare);
	release(test, spare, 1);
	KUNIT_EXPECT_NULL(test, strata_heap_alloc(&f->heap, node, 1, GFP_KERNEL | __GFP_THISNODE));
	calls = f->fake.nr_got[0] + f->fake.nr_got[MIN_ORDER];
	run = strata_heap_alloc(&f->heap, node, 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, run);
	KUNIT_EXPECT_EQ(test, page_to_nid(virt_to_page(run)), other);
	/* It was there already. */
	KUNIT_EXPECT_EQ(test, f->fake.nr_got[0] + f->fake.nr_got[MIN_ORDER], calls);
	release(test, run, 1);
	release(test, held, 1);
}

struct attempt {
	const char *name;
	unsigned int npages;	/* of a run, or */
	int order;		/* of a direct block, -1: none */
	gfp_t gfp;
};

static const struct attempt attempts[] = {
	{ "page", 1, -1, GFP_KERNEL },
	{ "atomic page", 1, -1, GFP_ATOMIC },
	{ "odd run", 13, -1, GFP_KERNEL },
	{ "chunk", STRATA_CHUNK_PAGES, -1, GFP_KERNEL },
	{ "direct page", 0, 0, GFP_KERNEL },
	{ "direct block", 0, STRATA_CHUNK_ORDER + 1, GFP_KERNEL },
};

/* True if it was served. In any case nothing may be left behind. */
static bool attempt(struct strata_heap_fixture *f, const struct attempt *what)
{
	void *p;

	if (what->order < 0) {
		p = strata_heap_alloc(&f->heap, 0, what->npages, what->gfp);
		if (p)
			strata_heap_release(&f->heap, p, what->npages);
	} else {
		p = strata_heap_alloc_direct(&f->heap, 0, what->order, what->gfp);
		if (p)
			strata_heap_free_direct(&f->heap, p, what->order);
	}
	strata_heap_give_back(&f->heap, 0, SIZE_MAX);
	if (nr_node_ids > 1)
		strata_heap_give_back(&f->heap, 1, SIZE_MAX);
	return p;
}

/* Whichever call fails, alone or with all that follow: nothing is lost. */
static void every_call_fails_once(struct kunit *test)
{
	struct strata_heap_fixture *f = test->priv;
	unsigned int i, n;
	bool all;

	for (i = 0; i < ARRAY_SIZE(attempts); i++) {
		for (all = false;; all = true) {
			for (n = 1;; n++) {
				strata_fake_fail(&f->fake, n, all ? ULONG_MAX : 1);
				attempt(f, &attempts[i]);
				KUNIT_ASSERT_EQ_MSG(test, f->fake.nr_out, 0UL, "%s, call %u",
						    attempts[i].name, n);
				if (f->fake.nr_calls < f->fake.fail_first)
					break;
			}
			if (all)
				break;
		}
		strata_fake_recover(&f->fake);
		KUNIT_EXPECT_TRUE_MSG(test, attempt(f, &attempts[i]), "%s", attempts[i].name);
	}
	strata_expect_heap(test, 0, 0);
}

/* The same for the heap's own memory, where the kernel can make kmalloc() fail. */
static void metadata_fails(struct kunit *test)
{
#if IS_ENABLED(CONFIG_FAULT_INJECTION) && IS_ENABLED(CONFIG_FAILSLAB)
	struct strata_heap_fixture *f = test->priv;
	unsigned int i, n;
	int left;

	for (i = 0; i < ARRAY_SIZE(attempts); i++) {
		struct attempt what = attempts[i];

		/* Injection leaves those alone that may reclaim. */
		what.gfp = GFP_NOWAIT | __GFP_NOWARN;
		for (n = 1; n < 100; n++) {
			current->fail_nth = n;
			attempt(f, &what);
			left = current->fail_nth;
			current->fail_nth = 0;
			KUNIT_ASSERT_EQ_MSG(test, f->fake.nr_out, 0UL, "%s, allocation %u",
					    what.name, n);
			if (left)
				break;
		}
		/* Something failed, and at some point nothing did any more. */
		KUNIT_EXPECT_GT(test, n, 1U);
		KUNIT_EXPECT_LT(test, n, 100U);
	}
	strata_expect_heap(test, 0, 0);
#else
	kunit_skip(test, "this kernel has no FAILSLAB");
#endif
}

static struct kunit_case heap_grow_cases[] = {
	KUNIT_CASE(steps),
	KUNIT_CASE(large_requests),
	KUNIT_CASE(falls_back),
	KUNIT_CASE(leaves_follow_pages),
	KUNIT_CASE(remembers_what_was_had),
	KUNIT_CASE(asks_in_vain_no_more_than_twice),
	KUNIT_CASE(exhaustion),
	KUNIT_CASE(asks_lightly_first),
	KUNIT_CASE(no_fail),
	KUNIT_CASE(nodes),
	KUNIT_CASE(other_nodes),
	KUNIT_CASE(every_call_fails_once),
	KUNIT_CASE(metadata_fails),
	{}
};

struct kunit_suite strata_heap_grow_suite = {
	.name = "strata_heap_grow",
	.init = strata_heap_fixture_init,
	.exit = strata_heap_fixture_exit,
	.test_cases = heap_grow_cases,
};
