// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who gets zeroed memory, and who need not: __GFP_ZERO, and the kernel's
 * init_on_alloc and init_on_free, which are switched for the time of a test.
 */
#include <kunit/test.h>
#include <linux/jump_label.h>
#include <linux/mm.h>
#include <linux/strata.h>

#include "../mod/alloc.h"
#include "../mod/home.h"
#include "../mod/track.h"
#include "api_fixture.h"
#include "fixture.h"
#include "suites.h"

static const size_t sizes[] = { 1, 8, 24, 100, 1024, 3000, 4096, 32768, 40000, SZ_64K, SZ_2M + 1 };

static void on_alloc(bool on)
{
	if (on)
		static_branch_enable(&init_on_alloc);
	else
		static_branch_disable(&init_on_alloc);
}

static void on_free(bool on)
{
	if (on)
		static_branch_enable(&init_on_free);
	else
		static_branch_disable(&init_on_free);
}

struct zeroing {
	struct strata_before before;	/* first: see api_fixture.h */
	bool on_alloc;
	bool on_free;
};

static int zero_init(struct kunit *test)
{
	struct zeroing *z = kunit_kzalloc(test, sizeof(*z), GFP_KERNEL);
	int err;

	if (!z)
		return -ENOMEM;
	err = strata_api_init(test);
	if (err)
		return err;
	z->before = *(struct strata_before *)test->priv;
	z->on_alloc = static_key_enabled(&init_on_alloc.key);
	z->on_free = static_key_enabled(&init_on_free.key);
	on_alloc(false);
	on_free(false);
	test->priv = z;
	return 0;
}

static void zero_exit(struct kunit *test)
{
	struct zeroing *z = test->priv;

	if (!z)
		return;
	on_alloc(z->on_alloc);
	on_free(z->on_free);
	strata_api_exit(test);
}

/* An object that was written to from end to end, and is the next to be had. */
static void leave_dirt(struct kunit *test, size_t size, gfp_t gfp)
{
	void *p = strata_alloc(size, gfp);

	KUNIT_ASSERT_NOT_NULL(test, p);
	memset(p, 0xff, strata_usable_size(p));
	strata_free(p);
}

static bool all_zero(void *p)
{
	return !memchr_inv(p, 0, strata_usable_size(p));
}

/* Without a wish and by default nobody pays for zeroes. */
static void not_unless_asked(struct kunit *test)
{
	u8 *p;

	leave_dirt(test, 1024, GFP_KERNEL);
	p = strata_alloc(1024, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, p);
	/* Read though nobody wrote it, which KMSAN would say. */
	strata_track_init(p, 1024);
	KUNIT_EXPECT_EQ(test, p[1000], (u8)0xff);
	/* What told that it was free is gone. */
	KUNIT_EXPECT_EQ(test, *(unsigned long *)p, 0UL);
	strata_free(p);
}

static void as_asked(struct kunit *test)
{
	static const gfp_t gfps[] = { 0, __GFP_ACCOUNT };
	unsigned int i, j;
	void *p, *q[3];

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (j = 0; j < ARRAY_SIZE(gfps); j++) {
			leave_dirt(test, sizes[i], GFP_KERNEL | gfps[j]);
			p = strata_alloc(sizes[i], GFP_KERNEL | gfps[j] | __GFP_ZERO);
			KUNIT_ASSERT_NOT_NULL(test, p);
			KUNIT_EXPECT_TRUE_MSG(test, all_zero(p), "alloc %zu", sizes[i]);
			strata_free(p);
			leave_dirt(test, sizes[i], GFP_KERNEL | gfps[j]);
			p = strata_zalloc(sizes[i], GFP_KERNEL | gfps[j]);
			KUNIT_ASSERT_NOT_NULL(test, p);
			KUNIT_EXPECT_TRUE_MSG(test, all_zero(p), "zalloc %zu", sizes[i]);
			strata_free(p);
		}
		leave_dirt(test, sizes[i], GFP_KERNEL);
		p = strata_calloc(1, sizes[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, p);
		KUNIT_EXPECT_TRUE_MSG(test, all_zero(p), "calloc %zu", sizes[i]);
		strata_free(p);
		leave_dirt(test, sizes[i], GFP_KERNEL);
		p = strata_alloc_node(sizes[i], GFP_KERNEL | __GFP_ZERO, strata_home());
		KUNIT_ASSERT_NOT_NULL(test, p);
		KUNIT_EXPECT_TRUE_MSG(test, all_zero(p), "alloc_node %zu", sizes[i]);
		strata_free(p);
		leave_dirt(test, sizes[i], GFP_KERNEL);
		KUNIT_ASSERT_TRUE(test, strata_alloc_bulk(sizes[i], GFP_KERNEL | __GFP_ZERO,
							  ARRAY_SIZE(q), q));
		for (j = 0; j < ARRAY_SIZE(q); j++)
			KUNIT_EXPECT_TRUE_MSG(test, all_zero(q[j]), "bulk %zu", sizes[i]);
		strata_free_bulk(ARRAY_SIZE(q), q);
	}
}

/* KMSAN rules the parameter out: to it, what was zeroed so was never written. */
static bool wiped(void *p)
{
	return strata_track_match(p, 0, strata_usable_size(p)) == strata_usable_size(p);
}

static void with_init_on_alloc(struct kunit *test)
{
	unsigned int i, j;
	void *p, *q[3];

	on_alloc(true);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		leave_dirt(test, sizes[i], GFP_KERNEL);
		p = strata_alloc(sizes[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, p);
		KUNIT_EXPECT_TRUE_MSG(test, wiped(p), "%zu", sizes[i]);
		strata_free(p);
		leave_dirt(test, sizes[i], GFP_KERNEL);
		KUNIT_ASSERT_TRUE(test, strata_alloc_bulk(sizes[i], GFP_KERNEL, ARRAY_SIZE(q), q));
		for (j = 0; j < ARRAY_SIZE(q); j++)
			KUNIT_EXPECT_TRUE_MSG(test, wiped(q[j]), "bulk %zu", sizes[i]);
		strata_free_bulk(ARRAY_SIZE(q), q);
	}
}

static void expect_wiped(struct kunit *test, const void *p, size_t size, const char *how)
{
	KUNIT_EXPECT_EQ_MSG(test, strata_track_match(p + sizeof(long), 0, size - sizeof(long)),
			    size - sizeof(long), "%s, %zu bytes", how, size);
}

/* A typed cache that is made when it is switched on, or for large objects the heap. */
static void *alloc_to_wipe(struct strata_fixture *f, struct strata_cache *c, size_t size)
{
	void *p = c ? strata_cache_alloc_from(c, GFP_KERNEL, STRATA_HERE) :
		      strata_alloc_from(f->a, size, GFP_KERNEL, NUMA_NO_NODE, STRATA_HERE);

	if (p)
		memset(p, 0xff, size);
	return p;
}

/*
 * What is left of an object after its free: nothing but the mark. It is a boot
 * parameter: a cache takes it as it was when it was made. All else of the kernel
 * does so, too: pages that were freed before it was on are taken for zeroed, so
 * that whatever may be as large as a page is made before.
 */
static void with_init_on_free(struct kunit *test)
{
	void *zeroing = test->priv;
	struct strata_fixture *f;
	struct strata_cache *c;
	unsigned int i;
	void *p;

	KUNIT_ASSERT_EQ(test, strata_fixture_init(test), 0);
	f = test->priv;
	test->priv = zeroing;
	on_free(true);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct strata_cache_args args = { .size = sizes[i] };

		/* A block of the page allocator's is gone by then. */
		if (sizes[i] > SZ_2M || sizes[i] <= sizeof(long))
			continue;
		c = NULL;
		if (sizes[i] <= STRATA_CACHE_MAX_SIZE)
			c = strata_cache_create_in(f->a, "wiped", &args);
		KUNIT_ASSERT_FALSE(test, IS_ERR(c));
		p = alloc_to_wipe(f, c, sizes[i]);
		KUNIT_ASSERT_NOT_NULL(test, p);
		strata_free_to(f->a, p, STRATA_HERE);
		expect_wiped(test, p, sizes[i], "one");
		p = alloc_to_wipe(f, c, sizes[i]);
		KUNIT_ASSERT_NOT_NULL(test, p);
		strata_free_many(f->a, NULL, 1, &p, STRATA_HERE);
		expect_wiped(test, p, sizes[i], "bulk");
		strata_cache_destroy(c);
	}
	on_free(false);
	test->priv = f;
	strata_fixture_exit(test);
	test->priv = zeroing;
}

/* Bytes that are new are zero, those that were there are kept. */
static void realloc_zeroes(struct kunit *test)
{
	unsigned int i;
	u8 *p, *q;

	for (i = 1; i < ARRAY_SIZE(sizes); i++) {
		leave_dirt(test, sizes[i], GFP_KERNEL);
		p = strata_zalloc(sizes[i - 1], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, p);
		memset(p, 0x11, sizes[i - 1]);
		q = strata_realloc(p, sizes[i], GFP_KERNEL | __GFP_ZERO);
		KUNIT_ASSERT_NOT_NULL(test, q);
		KUNIT_EXPECT_NULL(test, memchr_inv(q, 0x11, sizes[i - 1]));
		q += sizes[i - 1];
		KUNIT_EXPECT_NULL_MSG(test, memchr_inv(q, 0, sizes[i] - sizes[i - 1]),
				      "%zu to %zu", sizes[i - 1], sizes[i]);
		q -= sizes[i - 1];
		strata_free(q);
	}
}

static void construct(void *obj)
{
	memset(obj, 0x77, 100);
}

/* Constructed objects are never zeroed, and stay as they are left. */
static void constructed_objects(struct kunit *test)
{
	const struct strata_cache_args args = { .size = 100, .ctor = construct };
	struct strata_cache *c = strata_cache_create("zero", &args);
	unsigned int round;
	u8 *p;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, c);
	for (round = 0; round < 4; round++) {
		on_alloc(round & 1);
		on_free(round & 2);
		p = strata_cache_alloc(c, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, p);
		KUNIT_EXPECT_NULL(test, memchr_inv(p, 0x77, 100));
		strata_cache_free(c, p);
	}
	strata_cache_destroy(c);
}

static void typed_objects(struct kunit *test)
{
	const struct strata_cache_args args = { .size = 90 };
	struct strata_cache *c = strata_cache_create("zero", &args);
	unsigned int round;
	void *p;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, c);
	for (round = 0; round < 3; round++) {
		p = strata_cache_alloc(c, GFP_KERNEL | (round ? __GFP_ZERO : 0));
		KUNIT_ASSERT_NOT_NULL(test, p);
		if (round)
			KUNIT_EXPECT_NULL(test, memchr_inv(p, 0, 90));
		memset(p, 0xff, 90);
		if (round < 2) {
			strata_cache_free(c, p);
			continue;
		}
		strata_cache_free_bulk(c, 1, &p);
		KUNIT_ASSERT_TRUE(test, strata_cache_alloc_bulk(c, GFP_KERNEL | __GFP_ZERO, 1, &p));
		KUNIT_EXPECT_NULL(test, memchr_inv(p, 0, 90));
		strata_cache_free(c, p);
	}
	strata_cache_destroy(c);
}

static struct kunit_case zero_cases[] = {
	KUNIT_CASE(not_unless_asked),
	KUNIT_CASE(as_asked),
	KUNIT_CASE(with_init_on_alloc),
	KUNIT_CASE(with_init_on_free),
	KUNIT_CASE(realloc_zeroes),
	KUNIT_CASE(constructed_objects),
	KUNIT_CASE(typed_objects),
	{}
};

struct kunit_suite strata_zero_suite = {
	.name = "strata_zero",
	.init = zero_init,
	.exit = zero_exit,
	.test_cases = zero_cases,
};
