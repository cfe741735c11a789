// SPDX-License-Identifier: GPL-2.0-only
/* Reserves: so many calls cannot fail, and creation and refill fail cleanly. */
#include <kunit/test.h>
#include <linux/strata.h>

#include "contexts.h"
#include "fixture.h"
#include "suites.h"

#define SIZE	1000
#define MANY	100

static struct strata_cache *create(struct kunit *test)
{
	const struct strata_cache_args args = { .size = SIZE };

	return strata_fixture_cache(test, &args);
}

/* Take all there is of a cache whose pages are not to be had any more. */
static unsigned int use_up(struct kunit *test, struct strata_cache *c, void **p, unsigned int n)
{
	struct strata_fixture *f = test->priv;
	unsigned int i;

	strata_fake_fail(&f->fake, 1, ULONG_MAX);
	for (i = 0; i < n; i++) {
		p[i] = strata_cache_alloc(c, GFP_KERNEL);
		if (!p[i])
			return i;
	}
	KUNIT_FAIL(test, "there is no end to it");
	return n;
}

static void cannot_fail(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	struct strata_cache *c = create(test);
	struct strata_reserve *r = strata_reserve_create(c, MANY, GFP_KERNEL);
	void **p = kunit_kcalloc(test, 10 * MANY, sizeof(*p), GFP_KERNEL);
	unsigned int i, n;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, r);
	KUNIT_ASSERT_NOT_NULL(test, p);
	n = use_up(test, c, p, 9 * MANY);
	for (i = 0; i < MANY; i++) {
		p[n] = strata_reserve_alloc(r);
		KUNIT_ASSERT_NOT_NULL(test, p[n]);
		memset(p[n++], 0, SIZE);
	}
	KUNIT_EXPECT_NULL(test, strata_reserve_alloc(r));
	KUNIT_EXPECT_EQ(test, strata_reserve_refill(r, GFP_KERNEL), -ENOMEM);
	/* What is freed goes to the cache; a refill finds it there. */
	for (i = 0; i < 10; i++)
		strata_cache_free(c, p[--n]);
	KUNIT_EXPECT_EQ(test, strata_reserve_refill(r, GFP_KERNEL), -ENOMEM);
	strata_fake_recover(&f->fake);
	KUNIT_EXPECT_EQ(test, strata_reserve_refill(r, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, strata_reserve_refill(r, GFP_KERNEL), 0);
	strata_cache_free_bulk(c, n, p);
	n = use_up(test, c, p, 9 * MANY);
	for (i = 0; i < MANY; i++) {
		p[n + i] = strata_reserve_alloc(r);
		KUNIT_ASSERT_NOT_NULL(test, p[n + i]);
	}
	strata_cache_free_bulk(c, n + i, p);
	strata_reserve_destroy(r);
}

/* Not one object is missing, whatever the last batch is. Made in atomic context, too. */
static void of_any_size(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	struct strata_cache *c = create(test);
	void **p = kunit_kcalloc(test, 10 * MANY, sizeof(*p), GFP_KERNEL);
	struct strata_reserve *r;
	unsigned int n, i, used;

	KUNIT_ASSERT_NOT_NULL(test, p);
	for (n = 1; n <= 40; n++) {
		r = strata_reserve_create(c, n, n % 2 ? GFP_KERNEL : GFP_ATOMIC);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, r);
		used = use_up(test, c, p, 9 * MANY);
		for (i = 0; i < n; i++) {
			p[used + i] = strata_reserve_alloc(r);
			KUNIT_EXPECT_NOT_NULL_MSG(test, p[used + i], "%u of %u", i, n);
		}
		strata_fake_recover(&f->fake);
		while (i)
			strata_cache_free(c, p[used + --i]);
		strata_cache_free_bulk(c, used, p);
		strata_reserve_destroy(r);
	}
}

/* As long as the cache has some, what was set aside stays: it need not be refilled. */
static void is_the_last_resort(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	struct strata_cache *c = create(test);
	struct strata_reserve *r = strata_reserve_create(c, MANY, GFP_KERNEL);
	void **p = kunit_kcalloc(test, 10 * MANY, sizeof(*p), GFP_KERNEL);
	unsigned int i, n;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, r);
	KUNIT_ASSERT_NOT_NULL(test, p);
	for (i = 0; i < 3 * MANY; i++) {
		p[i] = strata_reserve_alloc(r);
		KUNIT_ASSERT_NOT_NULL(test, p[i]);
	}
	n = i + use_up(test, c, p + i, 9 * MANY - i);
	for (i = 0; i < MANY; i++) {
		p[n + i] = strata_reserve_alloc(r);
		KUNIT_EXPECT_NOT_NULL_MSG(test, p[n + i], "%u", i);
	}
	KUNIT_EXPECT_NULL(test, strata_reserve_alloc(r));
	strata_fake_recover(&f->fake);
	while (i)
		strata_cache_free(c, p[n + --i]);
	strata_cache_free_bulk(c, n, p);
	strata_reserve_destroy(r);
}

static void creation_fails_whole(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	struct strata_cache *c = create(test);
	struct strata_reserve *r;
	unsigned int n;

	for (n = 1; n < 100; n++) {
		strata_fake_fail(&f->fake, n, ULONG_MAX);
		r = strata_reserve_create(c, MANY, GFP_KERNEL);
		if (!IS_ERR(r))
			break;
		KUNIT_ASSERT_EQ(test, PTR_ERR(r), (long)-ENOMEM);
		strata_fixture_drain(f->a);
		KUNIT_ASSERT_EQ(test, strata_cache_live(c), 0UL);
	}
	KUNIT_EXPECT_GT(test, n, 1U);
	KUNIT_ASSERT_FALSE(test, IS_ERR(r));
	strata_reserve_destroy(r);
}

struct draw {
	struct strata_reserve *r;
	void *p;
};

static void draw(void *arg)
{
	struct draw *draw = arg;

	draw->p = strata_reserve_alloc(draw->r);
}

static void in_every_context(struct kunit *test)
{
	struct strata_cache *c = create(test);
	struct draw one = { .r = strata_reserve_create(c, STRATA_NR_WHERE, GFP_KERNEL) };
	enum strata_where where;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, one.r);
	for (where = 0; where < STRATA_NR_WHERE; where++) {
		KUNIT_ASSERT_TRUE(test, strata_run_in(where, draw, &one));
		KUNIT_EXPECT_NOT_NULL_MSG(test, one.p, "%s", strata_where_name[where]);
		strata_cache_free(c, one.p);
	}
	strata_reserve_destroy(one.r);
}

static struct kunit_case reserve_cases[] = {
	KUNIT_CASE(cannot_fail),
	KUNIT_CASE(of_any_size),
	KUNIT_CASE(is_the_last_resort),
	KUNIT_CASE(creation_fails_whole),
	KUNIT_CASE(in_every_context),
	{}
};

struct kunit_suite strata_reserve_suite = {
	.name = "strata_reserve",
	.suite_init = strata_contexts_init,
	.suite_exit = strata_contexts_exit,
	.init = strata_fixture_init,
	.exit = strata_fixture_exit,
	.test_cases = reserve_cases,
};
