// SPDX-License-Identifier: GPL-2.0-only
/*
 * Charged memory: it is asked for with the caller's __GFP_ACCOUNT, shared with
 * nobody, and given back when it is freed, for else it would stay charged.
 */
#include <kunit/test.h>
#include <linux/log2.h>
#include <linux/mm.h>

#include "../mod/alloc.h"
#include "../mod/large.h"
#include "fixture.h"
#include "suites.h"

static void *get(struct kunit *test, size_t size, gfp_t gfp)
{
	void *p = strata_get(test, size, gfp);

	KUNIT_ASSERT_NOT_NULL(test, p);
	return p;
}

static void pages_of_their_own(struct kunit *test)
{
	static const size_t sizes[] = { 1, 64, 4096, 5000, 32768, 40000, SZ_2M };
	struct strata_fixture *f = test->priv;
	unsigned long pages;
	unsigned int i;
	void *p[2];

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		pages = roundup_pow_of_two(PAGE_ALIGN(sizes[i])) >> PAGE_SHIFT;
		p[0] = get(test, sizes[i], GFP_KERNEL_ACCOUNT);
		KUNIT_EXPECT_EQ(test, f->fake.nr_out, pages);
		KUNIT_EXPECT_TRUE(test, f->fake.last_gfp & __GFP_ACCOUNT);
		p[1] = get(test, sizes[i], GFP_KERNEL_ACCOUNT | __GFP_ZERO);
		KUNIT_EXPECT_EQ(test, f->fake.nr_out, 2 * pages);
		KUNIT_EXPECT_TRUE(test, f->fake.last_gfp & __GFP_ZERO);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)p[0], PAGE_SIZE));
		strata_put(test, p[0]);
		KUNIT_EXPECT_EQ(test, f->fake.nr_out, pages);
		strata_put(test, p[1]);
		KUNIT_EXPECT_EQ(test, f->fake.nr_out, 0UL);
	}
}

/* What is not charged never comes from charged pages, nor the other way round. */
static void never_mixed(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	unsigned long calls;
	void *p, *q;

	p = get(test, 64, GFP_KERNEL);
	KUNIT_EXPECT_FALSE(test, f->fake.last_gfp & __GFP_ACCOUNT);
	calls = f->fake.nr_calls;
	q = get(test, 64, GFP_KERNEL_ACCOUNT);
	KUNIT_EXPECT_EQ(test, f->fake.nr_calls, calls + 1);
	KUNIT_EXPECT_NE(test, (unsigned long)p >> PAGE_SHIFT, (unsigned long)q >> PAGE_SHIFT);
	strata_put(test, q);
	strata_put(test, p);
	f->fake.last_gfp = 0;
	p = get(test, 40000, GFP_KERNEL);
	KUNIT_EXPECT_FALSE(test, f->fake.last_gfp & __GFP_ACCOUNT);
	strata_put(test, p);
	calls = f->fake.nr_calls;
	q = get(test, 40000, GFP_KERNEL_ACCOUNT);
	KUNIT_EXPECT_EQ(test, f->fake.nr_calls, calls + 1);
	strata_put(test, q);
	KUNIT_EXPECT_EQ(test, strata_large_counts(f->a).live, 0UL);
}

static void charged_caches(struct kunit *test)
{
	const struct strata_cache_args args = { .size = 104, .flags = STRATA_ACCOUNT };
	struct strata_fixture *f = test->priv;
	struct strata_cache *c = strata_fixture_cache(test, &args);
	void *p = strata_cache_alloc(c, GFP_KERNEL), *q;

	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_EXPECT_TRUE(test, f->fake.last_gfp & __GFP_ACCOUNT);
	KUNIT_EXPECT_EQ(test, strata_cache_live(c), 1UL);
	KUNIT_EXPECT_EQ(test, strata_usable(f->a, p), (size_t)104);
	q = strata_cache_alloc(c, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, q);
	KUNIT_EXPECT_EQ(test, f->fake.nr_out, 2UL);
	strata_cache_free(c, p);
	strata_free_to(f->a, q, STRATA_HERE);
	KUNIT_EXPECT_EQ(test, f->fake.nr_out, 0UL);
	KUNIT_EXPECT_EQ(test, strata_cache_live(c), 0UL);
	strata_fake_fail(&f->fake, 1, 1);
	KUNIT_EXPECT_NULL(test, strata_cache_alloc(c, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, strata_cache_live(c), 0UL);
}

static struct kunit_case account_cases[] = {
	KUNIT_CASE(pages_of_their_own),
	KUNIT_CASE(never_mixed),
	KUNIT_CASE(charged_caches),
	{}
};

struct kunit_suite strata_account_suite = {
	.name = "strata_account",
	.init = strata_fixture_init,
	.exit = strata_fixture_exit,
	.test_cases = account_cases,
};
