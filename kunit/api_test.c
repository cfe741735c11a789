// SPDX-License-Identifier: GPL-2.0-only
/*
 * The exported calls of the general heap, against what the header promises.
 */
#include <kunit/test.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/strata.h>
#include <linux/vmalloc.h>

#include "../mod/class.h"
#include "api_fixture.h"
#include "contexts.h"
#include "suites.h"

/* From small to the largest, denser where classes are. */
static size_t next_size(size_t size)
{
	if (size < 2100)
		return size + 1;
	if (size < STRATA_CLASS_MAX_SIZE + 300)
		return size + 61;
	if (size < SZ_64K)
		return size + 4093;
	return size * 5 / 4 + 1;
}

static void check_object(struct kunit *test, void *p, size_t size)
{
	unsigned long align = 8;

	KUNIT_ASSERT_NOT_NULL_MSG(test, p, "size %zu", size);
	if (size >= PAGE_SIZE)
		align = PAGE_SIZE;
	else if (is_power_of_2(size))
		align = max(size, align);
	KUNIT_EXPECT_TRUE_MSG(test, IS_ALIGNED((unsigned long)p, align), "size %zu", size);
	KUNIT_EXPECT_GE_MSG(test, strata_usable_size(p), size, "size %zu", size);
	KUNIT_EXPECT_EQ_MSG(test, strata_usable_size(p), strata_good_size(size), "size %zu", size);
	KUNIT_EXPECT_TRUE(test, strata_owns(p));
	KUNIT_EXPECT_TRUE(test, strata_owns(p + size - 1));
}

static void every_size(struct kunit *test)
{
	size_t size;
	void *p;

	for (size = 1; size <= STRATA_MAX_SIZE; size = next_size(size)) {
		p = strata_alloc(size, GFP_KERNEL);
		check_object(test, p, size);
		memset(p, 0xa5, size);
		strata_free(p);
	}
	p = strata_alloc(STRATA_MAX_SIZE, GFP_KERNEL);
	check_object(test, p, STRATA_MAX_SIZE);
	memset(p, 0xa5, STRATA_MAX_SIZE);
	strata_free(p);
}

/* All powers of two, several of each: the first of a span is aligned anyway. */
static void powers_of_two(struct kunit *test)
{
	void *p[9];
	size_t size;
	int i;

	for (size = 1; size <= SZ_256K; size *= 2) {
		for (i = 0; i < ARRAY_SIZE(p); i++) {
			p[i] = strata_alloc(size, GFP_KERNEL);
			check_object(test, p[i], size);
		}
		for (i = 0; i < ARRAY_SIZE(p); i++)
			strata_free_sized(p[i], size);
	}
}

/* A size that the compiler knows takes calls of its own, with the class found by it. */
static void constant_sizes(struct kunit *test)
{
	unsigned int class, i;
	void *p[40];
	size_t size;

	for (class = 0; class < STRATA_NR_CLASSES; class++) {
		size = strata_class_info[class].size;
		for (i = 0; i < ARRAY_SIZE(p); i++) {
			p[i] = strata_alloc_class(strata_class_index(size), size - (i & 7),
						  GFP_KERNEL);
			check_object(test, p[i], size - (i & 7));
			KUNIT_EXPECT_EQ(test, strata_usable_size(p[i]), strata_good_size(size));
		}
		/* One that is said to be of another class is freed all the same. */
		for (i = 0; i < ARRAY_SIZE(p); i++)
			strata_free_class(p[i], (class + !(i % 3)) % STRATA_NR_CLASSES, size);
	}
	p[0] = strata_alloc(100, GFP_KERNEL);
	p[1] = strata_alloc(32768, GFP_KERNEL);
	p[2] = strata_alloc(32769, GFP_KERNEL);
	check_object(test, p[0], 100);
	check_object(test, p[1], 32768);
	check_object(test, p[2], 32769);
	strata_free_sized(p[0], 100);
	strata_free_sized(p[1], 32768);
	strata_free_sized(p[2], 32769);
	KUNIT_EXPECT_NULL(test, strata_alloc(STRATA_MAX_SIZE + 1, GFP_KERNEL | __GFP_NOWARN));
	strata_free_sized(NULL, 100);
	strata_free_sized(ZERO_SIZE_PTR, 100);
}

static void nothing_and_too_much(struct kunit *test)
{
	void *p;

	KUNIT_EXPECT_PTR_EQ(test, strata_alloc(0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, strata_zalloc(0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, strata_calloc(0, 8, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, strata_calloc(8, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, strata_alloc_node(0, GFP_KERNEL, 0), ZERO_SIZE_PTR);
	strata_free(NULL);
	strata_free(ZERO_SIZE_PTR);
	strata_free_sized(NULL, 0);
	strata_free_sized(ZERO_SIZE_PTR, 0);
	strata_free_sized(NULL, 100);
	strata_free_rcu(NULL);
	strata_free_rcu(ZERO_SIZE_PTR);
	KUNIT_EXPECT_EQ(test, strata_usable_size(NULL), (size_t)0);
	KUNIT_EXPECT_EQ(test, strata_usable_size(ZERO_SIZE_PTR), (size_t)0);
	KUNIT_EXPECT_EQ(test, strata_good_size(0), (size_t)0);
	KUNIT_EXPECT_EQ(test, strata_good_size(STRATA_MAX_SIZE + 1), (size_t)0);
	KUNIT_EXPECT_EQ(test, strata_good_size(SIZE_MAX), (size_t)0);
	KUNIT_EXPECT_EQ(test, strata_good_size(STRATA_MAX_SIZE), STRATA_MAX_SIZE);
	/* Without a report, as asked for. */
	KUNIT_EXPECT_NULL(test, strata_alloc(STRATA_MAX_SIZE + 1, GFP_KERNEL | __GFP_NOWARN));
	KUNIT_EXPECT_NULL(test, strata_zalloc(SIZE_MAX, GFP_KERNEL | __GFP_NOWARN));
	p = strata_realloc(NULL, 10, GFP_KERNEL);
	check_object(test, p, 10);
	KUNIT_EXPECT_NULL(test, strata_realloc(p, SIZE_MAX, GFP_KERNEL | __GFP_NOWARN));
	KUNIT_EXPECT_PTR_EQ(test, strata_realloc(p, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	p = strata_realloc(ZERO_SIZE_PTR, 10, GFP_KERNEL);
	check_object(test, p, 10);
	strata_free(p);
}

/* A good size is what really is got, and asking for it again changes nothing. */
static void good_size(struct kunit *test)
{
	size_t size, good, before = 0;

	for (size = 1; size <= STRATA_MAX_SIZE; size = next_size(size)) {
		good = strata_good_size(size);
		KUNIT_ASSERT_GE(test, good, size);
		KUNIT_ASSERT_GE(test, good, before);
		KUNIT_ASSERT_EQ(test, strata_good_size(good), good);
		before = good;
	}
}

static void fill(u8 *p, size_t from, size_t to)
{
	for (; from < to; from++)
		p[from] = from * 7 + (from >> 8);
}

static bool holds(const u8 *p, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		if (p[i] != (u8)(i * 7 + (i >> 8)))
			return false;
	return true;
}

/* Through all sizes, up and down, the contents stay. */
/* Objects of 96 bytes are as they come; one that shrinks to 64 is one of 64. */
static void realloc_aligns(struct kunit *test)
{
	static const size_t sizes[] = { 96, 64, 32, 16 };
	void *p[8];
	size_t i, s;

	for (i = 0; i < ARRAY_SIZE(p); i++)
		p[i] = strata_alloc(sizes[0], GFP_KERNEL);
	for (s = 1; s < ARRAY_SIZE(sizes); s++) {
		for (i = 0; i < ARRAY_SIZE(p); i++) {
			p[i] = strata_realloc(p[i], sizes[s], GFP_KERNEL);
			KUNIT_EXPECT_NOT_NULL(test, p[i]);
			KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)p[i], sizes[s]));
		}
	}
	for (i = 0; i < ARRAY_SIZE(p); i++)
		strata_free(p[i]);
}

static void realloc_keeps(struct kunit *test)
{
	size_t sizes[200], size, i, n = 0;
	u8 *p = NULL, *q;

	for (size = 1; size <= SZ_1M && n < ARRAY_SIZE(sizes); size = size * 9 / 8 + 1)
		sizes[n++] = size;
	for (i = 0; i < n; i++) {
		q = strata_realloc(p, sizes[i], GFP_KERNEL);
		check_object(test, q, sizes[i]);
		KUNIT_ASSERT_TRUE_MSG(test, holds(q, i ? sizes[i - 1] : 0), "to %zu", sizes[i]);
		fill(q, i ? sizes[i - 1] : 0, sizes[i]);
		p = q;
	}
	while (--i) {
		q = strata_realloc(p, sizes[i - 1], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, q);
		KUNIT_EXPECT_GE(test, strata_usable_size(q), sizes[i - 1]);
		KUNIT_ASSERT_TRUE_MSG(test, holds(q, sizes[i - 1]), "to %zu", sizes[i - 1]);
		p = q;
	}
	/* Much smaller is somewhere else: memory comes back. */
	p = strata_realloc(p, SZ_64K, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, p);
	q = strata_realloc(p, 10, GFP_KERNEL);
	KUNIT_EXPECT_LT(test, strata_usable_size(q), (size_t)100);
	strata_free(q);
}

/* More often than a checker has records at hand, for each of which it may take a lock. */
static void resize_in_place(void *p)
{
	unsigned int i;

	for (i = 0; i < 1000; i++)
		if (strata_realloc(p, 50 + i % 10, GFP_NOWAIT) != p)
			*(u8 *)p = 0;
}

/* Where an object is already is no context too bad, and checkers take no lock there. */
static void realloc_in_every_context(struct kunit *test)
{
	enum strata_where where;
	u8 *p = strata_alloc(60, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	for (where = 0; where < STRATA_NR_WHERE; where++) {
		*p = 0x5a;
		KUNIT_ASSERT_TRUE(test, strata_run_in(where, resize_in_place, p));
		KUNIT_EXPECT_EQ_MSG(test, *p, (u8)0x5a, "%s", strata_where_name[where]);
	}
	strata_free(p);
}

static void calloc_overflow(struct kunit *test)
{
	/* Its square is more than a word holds. */
	const size_t root = 1UL << (BITS_PER_LONG / 2 + 1);
	const size_t n[] = { SIZE_MAX, SIZE_MAX / 2 + 1, root, 3 };
	const size_t size[] = { 2, 2, root, SIZE_MAX / 2 };
	unsigned int i;
	void *p;

	for (i = 0; i < ARRAY_SIZE(n); i++) {
		KUNIT_EXPECT_NULL(test, strata_calloc(n[i], size[i], GFP_KERNEL));
		strata_expect_misuse(test, STRATA_MISUSE_ARGUMENT, 1);
	}
	p = strata_calloc(13, 7, GFP_KERNEL);
	check_object(test, p, 91);
	KUNIT_EXPECT_NULL(test, memchr_inv(p, 0, 91));
	strata_free(p);
}

static void sized_free(struct kunit *test)
{
	size_t size;

	for (size = 1; size <= STRATA_MAX_SIZE; size = size < 300 ? size + 1 : size * 6 / 5)
		strata_free_sized(strata_alloc(size, GFP_KERNEL), size);
}

static void node(struct kunit *test)
{
	static const size_t sizes[] = { 1, 100, 4096, 40000, STRATA_MAX_SIZE };
	int nid, i;
	void *p;

	for_each_node_state(nid, N_MEMORY) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			p = strata_alloc_node(sizes[i], GFP_KERNEL | __GFP_THISNODE, nid);
			check_object(test, p, sizes[i]);
			KUNIT_EXPECT_EQ(test, page_to_nid(virt_to_page(p)), nid);
			strata_free(p);
		}
	}
	/* Nodes that are not there are no nodes at all. */
	for (nid = -3; nid < MAX_NUMNODES + 3; nid++) {
		p = strata_alloc_node(10, GFP_KERNEL, nid);
		check_object(test, p, 10);
		strata_free(p);
	}
}

/* Bulk: each object is an object, of every kind of size. */
static void bulk(struct kunit *test)
{
	static const size_t sizes[] = { 1, 64, 500, 4096, 32768, 40000 };
	void **p = kunit_kcalloc(test, 200, sizeof(*p), GFP_KERNEL);
	unsigned int i, j, n;

	KUNIT_ASSERT_NOT_NULL(test, p);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		n = sizes[i] > 5000 ? 10 : 200;
		KUNIT_ASSERT_TRUE(test, strata_alloc_bulk(sizes[i], GFP_KERNEL, n, p));
		for (j = 0; j < n; j++) {
			check_object(test, p[j], sizes[i]);
			memset(p[j], j, sizes[i]);
		}
		for (j = 0; j < n; j++)
			KUNIT_ASSERT_NULL(test, memchr_inv(p[j], j, sizes[i]));
		strata_free_bulk(n, p);
	}
	KUNIT_EXPECT_TRUE(test, strata_alloc_bulk(64, GFP_KERNEL, 0, p));
	strata_free_bulk(0, p);
	KUNIT_EXPECT_TRUE(test, strata_alloc_bulk(0, GFP_KERNEL, 3, p));
	KUNIT_EXPECT_PTR_EQ(test, p[2], ZERO_SIZE_PTR);
	strata_free_bulk(3, p);
	KUNIT_EXPECT_FALSE(test, strata_alloc_bulk(STRATA_MAX_SIZE + 1, GFP_KERNEL | __GFP_NOWARN,
						   3, p));
}

static void owns(struct kunit *test)
{
	void *small = strata_alloc(100, GFP_KERNEL), *large = strata_alloc(SZ_1M, GFP_KERNEL);
	void *vm = vmalloc(100), *km = kmalloc(100, GFP_KERNEL);
	unsigned long value;
	unsigned int bit;

	KUNIT_EXPECT_TRUE(test, strata_owns(small));
	KUNIT_EXPECT_TRUE(test, strata_owns(small + 50));
	KUNIT_EXPECT_TRUE(test, strata_owns(large));
	KUNIT_EXPECT_TRUE(test, strata_owns(large + SZ_1M - 1));
	KUNIT_EXPECT_FALSE(test, strata_owns(NULL));
	KUNIT_EXPECT_FALSE(test, strata_owns(ZERO_SIZE_PTR));
	KUNIT_EXPECT_FALSE(test, strata_owns(ERR_PTR(-ENOMEM)));
	KUNIT_EXPECT_FALSE(test, strata_owns(&bit));
	KUNIT_EXPECT_FALSE(test, strata_owns(owns));
	KUNIT_EXPECT_FALSE(test, strata_owns(&strata_main));
	KUNIT_EXPECT_FALSE(test, strata_owns(vm));
	KUNIT_EXPECT_FALSE(test, strata_owns(km));
	for (bit = 0; bit < BITS_PER_LONG; bit++) {
		value = 1UL << bit;
		KUNIT_EXPECT_FALSE(test, strata_owns((void *)(value - 1)));
		KUNIT_EXPECT_FALSE(test, strata_owns((void *)-value) && value < PAGE_SIZE);
		/* These may be anything; they must not fault. */
		strata_owns((void *)(PAGE_OFFSET + value));
		strata_owns((void *)(PAGE_OFFSET - value));
		strata_usable_size((void *)(PAGE_OFFSET + value));
	}
	kfree(km);
	vfree(vm);
	strata_free(small);
	strata_free(large);
	strata_fixture_drain(&strata_main);
	KUNIT_EXPECT_FALSE(test, strata_owns(large));
}

/* The wishes that a gfp can express and that no span can fulfil. */
static void zones_and_accounts(struct kunit *test)
{
	static const gfp_t gfps[] = { __GFP_ACCOUNT, __GFP_DMA, __GFP_DMA32 };
	unsigned int i;
	void *p;

	for (i = 0; i < ARRAY_SIZE(gfps); i++) {
		p = strata_alloc(100, GFP_KERNEL | gfps[i]);
		if (!p && gfps[i] == __GFP_DMA)
			continue;	/* no such zone in this machine */
		KUNIT_ASSERT_NOT_NULL(test, p);
		KUNIT_EXPECT_GE(test, strata_usable_size(p), (size_t)100);
		if (gfps[i] == __GFP_DMA32)
			KUNIT_EXPECT_LT(test, (u64)virt_to_phys(p), 1ULL << 32);
		memset(p, 0xff, 100);
		p = strata_realloc(p, 8000, GFP_KERNEL | gfps[i]);
		KUNIT_ASSERT_NOT_NULL(test, p);
		KUNIT_EXPECT_NULL(test, memchr_inv(p, 0xff, 100));
		strata_free(p);
	}
}

#ifdef DEFINE_FREE
static void freed_at_end_of_scope(struct kunit *test)
{
	void *p __free(strata) = strata_alloc(100, GFP_KERNEL);
	void *none __free(strata) = NULL;
	void *error __free(strata) = ERR_PTR(-EINVAL);

	check_object(test, p, 100);
	KUNIT_EXPECT_NULL(test, none);
	KUNIT_EXPECT_TRUE(test, IS_ERR(error));
}
#endif

static struct kunit_case api_cases[] = {
	KUNIT_CASE(every_size),
	KUNIT_CASE(powers_of_two),
	KUNIT_CASE(constant_sizes),
	KUNIT_CASE(nothing_and_too_much),
	KUNIT_CASE(good_size),
	KUNIT_CASE(realloc_keeps),
	KUNIT_CASE(realloc_aligns),
	KUNIT_CASE(realloc_in_every_context),
	KUNIT_CASE(calloc_overflow),
	KUNIT_CASE(sized_free),
	KUNIT_CASE(node),
	KUNIT_CASE(bulk),
	KUNIT_CASE(owns),
	KUNIT_CASE(zones_and_accounts),
#ifdef DEFINE_FREE
	KUNIT_CASE(freed_at_end_of_scope),
#endif
	{}
};

struct kunit_suite strata_api_suite = {
	.name = "strata_api",
	.suite_init = strata_contexts_init,
	.suite_exit = strata_contexts_exit,
	.init = strata_api_init,
	.exit = strata_api_exit,
	.test_cases = api_cases,
};
