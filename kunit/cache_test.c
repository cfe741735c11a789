// SPDX-License-Identifier: GPL-2.0-only
/*
 * Caches in task context: how magazines are refilled and emptied, bulk, nodes,
 * and what happens when there is no memory.
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "../mod/alloc.h"
#include "../mod/home.h"
#include "cache_fixture.h"
#include "suites.h"

#define SIZE	64
#define MANY	1000

static void counts_everything(struct kunit *test)
{
	struct strata_cache *c = strata_class_cache(test, SIZE);
	struct strata_magazine *m = strata_class_magazine(test, c);
	void **p = strata_room(test, MANY);

	strata_get_many(test, SIZE, p, MANY);
	KUNIT_EXPECT_EQ(test, strata_magazine_allocs(m), (u64)MANY);
	KUNIT_EXPECT_EQ(test, strata_magazine_frees(m), 0ULL);
	strata_expect_conserved(test, c, MANY);
	strata_put_many(test, p, 300);
	KUNIT_EXPECT_EQ(test, strata_magazine_frees(m), 300ULL);
	strata_expect_conserved(test, c, MANY - 300);
	strata_put_many(test, p + 300, MANY - 300);
	KUNIT_EXPECT_EQ(test, strata_magazine_frees(m), (u64)MANY);
	KUNIT_EXPECT_GT(test, m->refills, 0ULL);
	KUNIT_EXPECT_GT(test, m->flushes, 0ULL);
	strata_expect_conserved(test, c, 0);
	strata_fixture_drain(((struct strata_fixture *)test->priv)->a);
	KUNIT_EXPECT_EQ(test, strata_cache_live(c), 0UL);
	KUNIT_EXPECT_EQ(test, strata_cache_pages(c), 0UL);
}

/* No two live objects overlap, and each keeps what is written to it. */
static void objects_are_apart(struct kunit *test)
{
	static const size_t sizes[] = { 1, 8, 24, 100, 1000, 3000, 5000, 32768 };
	void **p = strata_room(test, 100);
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		strata_get_many(test, sizes[i], p, 100);
		for (j = 0; j < 100; j++)
			KUNIT_ASSERT_PTR_EQ_MSG(test, memchr_inv(p[j], j, sizes[i]), NULL,
						"size %zu", sizes[i]);
		strata_put_many(test, p, 100);
	}
}

static void last_freed_is_next(struct kunit *test)
{
	void *p = strata_get(test, SIZE, GFP_KERNEL), *again;

	strata_put(test, p);
	again = strata_get(test, SIZE, GFP_KERNEL);
	KUNIT_EXPECT_PTR_EQ(test, again, p);
	strata_put(test, again);
}

/* What one flushed, the next one that is empty finds in the depot. */
static void depot_between(struct kunit *test)
{
	struct strata_cache *c = strata_class_cache(test, SIZE);
	struct strata_magazine *m = strata_class_magazine(test, c);
	void **p = strata_room(test, MANY);
	u64 taken;

	strata_get_many(test, SIZE, p, MANY);
	strata_put_many(test, p, MANY);
	KUNIT_EXPECT_GT(test, c->depot[strata_home()].count, 0U);
	KUNIT_EXPECT_EQ(test, m->from_depot, 0ULL);
	taken = c->central[strata_home()].nr_taken;
	strata_get_many(test, SIZE, p, m->count + 1);
	KUNIT_EXPECT_EQ(test, m->from_depot, 1ULL);
	KUNIT_EXPECT_EQ(test, c->central[strata_home()].nr_taken, taken);
	strata_put_many(test, p, strata_magazine_allocs(m) - strata_magazine_frees(m));
	strata_expect_conserved(test, c, 0);
}

/* Objects of a fresh span are not handed out in the order of their addresses. */
static void shuffles(struct kunit *test)
{
	void **p = strata_room(test, MANY);
	unsigned int i, down = 0, up = 0;

	strata_get_many(test, SIZE, p, MANY);
	for (i = 1; i < MANY; i++) {
		up += p[i] == p[i - 1] + SIZE;
		down += p[i] == p[i - 1] - SIZE;
	}
	if (IS_ENABLED(CONFIG_SLAB_FREELIST_RANDOM))
		KUNIT_EXPECT_LT(test, up + down, MANY / 4U);
	strata_put_many(test, p, MANY);
}

#define FEW	16

/* Where in their span the first objects of a new cache are. */
static void note_order(struct kunit *test, size_t *at)
{
	const struct strata_cache_args args = { .size = SIZE };
	struct strata_cache *c = strata_fixture_cache(test, &args);
	struct strata_fixture *f = test->priv;
	void *p[FEW];
	unsigned int i;

	for (i = 0; i < FEW; i++) {
		p[i] = strata_cache_alloc_from(c, GFP_KERNEL, STRATA_HERE);
		KUNIT_ASSERT_NOT_NULL(test, p[i]);
		at[i] = p[i] - strata_heap_span(&f->a->heap, p[i])->base;
	}
	for (i = 0; i < FEW; i++)
		strata_cache_free(c, p[i]);
}

/* Nor in an order that is the same for each cache. */
static void shuffles_anew(struct kunit *test)
{
	size_t one[FEW], other[FEW];

	note_order(test, one);
	note_order(test, other);
	if (IS_ENABLED(CONFIG_SLAB_FREELIST_RANDOM))
		KUNIT_EXPECT_NE(test, memcmp(one, other, sizeof(one)), 0);
}

static void nodes(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	static const size_t sizes[] = { SIZE, 4096, 100000 };
	unsigned int i;
	void *p[2];
	int node;

	for_each_node_state(node, N_MEMORY) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			p[0] = strata_alloc_from(f->a, sizes[i], GFP_KERNEL, node, STRATA_HERE);
			p[1] = strata_alloc_from(f->a, sizes[i], GFP_KERNEL | __GFP_THISNODE, node,
						 STRATA_HERE);
			KUNIT_ASSERT_NOT_NULL(test, p[0]);
			KUNIT_ASSERT_NOT_NULL(test, p[1]);
			KUNIT_EXPECT_EQ(test, page_to_nid(virt_to_page(p[0])), node);
			KUNIT_EXPECT_EQ(test, page_to_nid(virt_to_page(p[1])), node);
			strata_put_many(test, p, 2);
		}
	}
}

/* Freed on whatever CPU, an object goes to the spans of its own node. */
static void home_to_its_node(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	struct strata_cache *c = strata_class_cache(test, SIZE);
	int mine = strata_home(), other = next_node_in(mine, node_states[N_MEMORY]);
	void **p = strata_room(test, MANY), **own = strata_room(test, MANY);
	unsigned int i;
	u64 came;

	if (other == mine)
		kunit_skip(test, "one node only");
	/* The depot of this node is open, and has room. */
	strata_get_many(test, SIZE, own, MANY);
	strata_put_many(test, own, MANY);
	strata_get_many(test, SIZE, own, MANY);
	came = c->central[mine].nr_put;
	KUNIT_ASSERT_GE(test, c->depot[mine].capacity, (unsigned int)c->magazine_max);
	KUNIT_ASSERT_EQ(test, c->depot[mine].count, 0U);
	for (i = 0; i < MANY; i++) {
		p[i] = strata_alloc_from(f->a, SIZE, GFP_KERNEL, other, STRATA_HERE);
		KUNIT_ASSERT_NOT_NULL(test, p[i]);
	}
	strata_put_many(test, p, MANY);
	/* What was left of this node in the magazine may go to its depot. */
	for (i = 0; i < c->depot[mine].count; i++)
		KUNIT_EXPECT_EQ(test, page_to_nid(virt_to_page(c->depot[mine].slot[i])), mine);
	KUNIT_EXPECT_EQ(test, c->depot[other].count, 0U);
	KUNIT_EXPECT_GE(test, c->central[other].nr_put, (u64)MANY - c->magazine_max);
	KUNIT_EXPECT_EQ(test, c->central[mine].nr_put, came);
	strata_expect_conserved(test, c, MANY);
	strata_put_many(test, own, MANY);
	strata_expect_conserved(test, c, 0);
}

static void no_memory(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	struct strata_cache *c = strata_class_cache(test, SIZE);
	void **p = strata_room(test, MANY);
	unsigned int n;

	strata_fake_fail(&f->fake, 1, ULONG_MAX);
	KUNIT_EXPECT_NULL(test, strata_get(test, SIZE, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, strata_get(test, 100000, GFP_KERNEL));
	KUNIT_EXPECT_FALSE(test, strata_cache_alloc_many(c, SIZE, GFP_KERNEL, 10, p, STRATA_HERE));
	strata_fake_fail(&f->fake, 4, ULONG_MAX);
	for (n = 0; n < MANY; n++) {
		p[n] = strata_get(test, SIZE, GFP_KERNEL);
		if (!p[n])
			break;
	}
	KUNIT_EXPECT_GT(test, n, 0U);
	strata_expect_conserved(test, c, n);
	strata_put_many(test, p, n);
	/* What is held serves on. */
	for (n = 0; n < 50; n++)
		strata_put(test, strata_get(test, SIZE, GFP_NOWAIT | __GFP_NOWARN));
	strata_expect_conserved(test, c, 0);
}

/* All or nothing, whichever call for pages fails. */
static void bulk_fails_whole(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	struct strata_cache *c = strata_class_cache(test, SIZE);
	void **p = strata_room(test, MANY);
	unsigned int n;

	for (n = 1; n < 100; n++) {
		strata_fake_fail(&f->fake, n, ULONG_MAX);
		if (strata_cache_alloc_many(c, SIZE, GFP_KERNEL, MANY, p, STRATA_HERE))
			break;
		strata_fixture_drain(f->a);
		KUNIT_ASSERT_EQ(test, strata_cache_live(c), 0UL);
		KUNIT_ASSERT_EQ(test, f->fake.nr_out, 0UL);
	}
	KUNIT_EXPECT_GT(test, n, 1U);
	KUNIT_EXPECT_LT(test, n, 100U);
	strata_expect_conserved(test, c, MANY);
	strata_free_many(f->a, NULL, MANY, p, STRATA_HERE);
	strata_expect_conserved(test, c, 0);
}

/*
 * Where the kernel can make kmalloc() fail: no descriptor, no pages either. For what
 * would be in a span there is another way, if it fails but once.
 */
static void metadata_fails(struct kunit *test)
{
#if IS_ENABLED(CONFIG_FAULT_INJECTION) && IS_ENABLED(CONFIG_FAILSLAB)
	static const size_t sizes[] = { SIZE, 32768, 40000, SZ_2M + 1 };
	struct strata_fixture *f = test->priv;
	unsigned int i, n;
	bool failed;
	void *p;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (n = 1; n < 100; n++) {
			/* Injection leaves those alone that may reclaim. */
			current->fail_nth = n;
			p = strata_get(test, sizes[i], GFP_NOWAIT | __GFP_NOWARN);
			failed = !current->fail_nth;
			current->fail_nth = 0;
			if (sizes[i] <= STRATA_CLASS_MAX_SIZE || !failed)
				KUNIT_EXPECT_NOT_NULL(test, p);
			strata_put(test, p);
			strata_fixture_drain(f->a);
			KUNIT_ASSERT_EQ_MSG(test, f->fake.nr_out, 0UL, "size %zu, allocation %u",
					    sizes[i], n);
			if (!failed)
				break;
		}
		KUNIT_EXPECT_GT(test, n, 1U);
		KUNIT_EXPECT_LT(test, n, 100U);
	}
#else
	kunit_skip(test, "this kernel has no FAILSLAB");
#endif
}

static void bulk(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	struct strata_cache *c = strata_class_cache(test, SIZE);
	void **p = strata_room(test, MANY);
	unsigned int n, i;

	for (n = 0; n <= MANY; n = n * 3 / 2 + 1) {
		KUNIT_ASSERT_TRUE(test, strata_cache_alloc_many(c, SIZE, GFP_KERNEL, n, p,
								STRATA_HERE));
		for (i = 0; i < n; i++)
			memset(p[i], i, SIZE);
		for (i = 0; i < n; i++)
			KUNIT_ASSERT_NULL(test, memchr_inv(p[i], i, SIZE));
		strata_expect_conserved(test, c, n);
		strata_free_many(f->a, NULL, n, p, STRATA_HERE);
		strata_expect_conserved(test, c, 0);
	}
	KUNIT_EXPECT_EQ(test, strata_magazine_frees(strata_class_magazine(test, c)),
			strata_magazine_allocs(strata_class_magazine(test, c)));
}

/* Sizes, large objects and NULL in one call. */
static void mixed_bulk(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	void **p = strata_room(test, 200);
	unsigned int i;

	for (i = 0; i < 200; i++) {
		p[i] = i % 10 ? strata_get(test, i % 3 ? SIZE : i * 300, GFP_KERNEL) : NULL;
		if (i % 10)
			KUNIT_ASSERT_NOT_NULL(test, p[i]);
	}
	strata_free_many(f->a, NULL, 200, p, STRATA_HERE);
	strata_fixture_drain(f->a);
	KUNIT_EXPECT_EQ(test, f->fake.nr_out, 0UL);
}

static struct kunit_case cache_cases[] = {
	KUNIT_CASE(counts_everything),
	KUNIT_CASE(objects_are_apart),
	KUNIT_CASE(last_freed_is_next),
	KUNIT_CASE(depot_between),
	KUNIT_CASE(shuffles),
	KUNIT_CASE(shuffles_anew),
	KUNIT_CASE(nodes),
	KUNIT_CASE(home_to_its_node),
	KUNIT_CASE(no_memory),
	KUNIT_CASE(bulk_fails_whole),
	KUNIT_CASE(metadata_fails),
	KUNIT_CASE(bulk),
	KUNIT_CASE(mixed_bulk),
	{}
};

struct kunit_suite strata_cache_suite = {
	.name = "strata_cache",
	.init = strata_fixture_init,
	.exit = strata_fixture_exit,
	.test_cases = cache_cases,
};
