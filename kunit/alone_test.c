// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where memory is so short, or so broken up, that no span is to be had, objects get
 * pages of their own, one by one: whatever the page allocator has serves.
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/strata.h>
#include <linux/string.h>

#include "../mod/alloc.h"
#include "../mod/class.h"
#include "../mod/large.h"
#include "../mod/track.h"
#include "fixture.h"
#include "suites.h"

#define MANY	20

/* Blocks of an order that holds @size bytes, and none that are larger. */
static void only_for(struct kunit *test, size_t size)
{
	struct strata_fixture *f = test->priv;

	f->fake.max_order = get_order(size);
}

/* Of some classes a page holds enough for a span: those have one. */
static bool needs_more_than(struct kunit *test, size_t size)
{
	struct strata_fixture *f = test->priv;

	return f->a->class[strata_class_of(size)].shape.npages > 1U << get_order(size);
}

/* The smallest from 100 bytes on that needs more than a page: of large pages few do. */
static size_t some_size(struct kunit *test)
{
	unsigned int class = strata_class_of(100);

	while (!needs_more_than(test, strata_class_info[class].size))
		class++;
	return strata_class_info[class].size;
}

static void every_class(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	unsigned int class, i, alone = 0;
	void *p[MANY];
	size_t size;

	for (class = 0; class < STRATA_NR_CLASSES; class++) {
		size = strata_class_info[class].size;
		only_for(test, size);
		alone += needs_more_than(test, size);
		for (i = 0; i < MANY; i++) {
			p[i] = strata_get(test, size, i % 2 ? GFP_KERNEL : GFP_NOWAIT);
			KUNIT_ASSERT_NOT_NULL_MSG(test, p[i], "object %u of %zu bytes", i, size);
			KUNIT_ASSERT_GE(test, strata_usable(f->a, p[i]), size);
			KUNIT_ASSERT_TRUE(test, strata_is_live(f->a, p[i]));
			memset(p[i], i, size);
		}
		for (i = 0; i < MANY; i++)
			KUNIT_ASSERT_NULL(test, memchr_inv(p[i], i, size));
		strata_expect_sound(test, f->a);
		for (i = 0; i < MANY; i++)
			strata_free_to(f->a, p[i], STRATA_HERE);
		strata_fixture_drain(f->a);
	}
	KUNIT_EXPECT_GT(test, alone, PAGE_SIZE > SZ_4K ? 2U : 30U);
	KUNIT_EXPECT_EQ(test, f->fake.nr_out, 0UL);
}

/* As soon as there is memory for spans again, objects share pages. */
static void not_for_good(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	const size_t size = some_size(test);
	void *p, *q;

	only_for(test, size);
	p = strata_get(test, size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_EXPECT_EQ(test, strata_large_counts(f->a).live, 1UL);
	strata_fake_recover(&f->fake);
	q = strata_get(test, size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, q);
	KUNIT_EXPECT_EQ(test, strata_large_counts(f->a).live, 1UL);
	strata_free_to(f->a, p, STRATA_HERE);
	strata_free_to(f->a, q, STRATA_HERE);
}

static void zeroed(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	const size_t size = some_size(test);
	char *p;

	only_for(test, size);
	p = strata_get(test, size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, p);
	/* Sanitizers let nobody see more than was asked for. */
	strata_track_fill(p, 0x33, strata_usable(f->a, p));
	strata_free_to(f->a, p, STRATA_HERE);
	p = strata_get(test, size, GFP_KERNEL | __GFP_ZERO);
	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_EXPECT_EQ(test, strata_track_match(p, 0, strata_usable(f->a, p)),
			strata_usable(f->a, p));
	strata_free_to(f->a, p, STRATA_HERE);
}

static void in_bulk(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	const size_t size = some_size(test);
	struct strata_cache *c = &f->a->class[strata_class_of(size)];
	unsigned int i;
	void *p[MANY];

	only_for(test, size);
	KUNIT_ASSERT_TRUE(test, strata_cache_alloc_many(c, size, GFP_KERNEL, MANY, p, STRATA_HERE));
	for (i = 0; i < MANY; i++)
		memset(p[i], i, size);
	for (i = 0; i < MANY; i++)
		KUNIT_ASSERT_NULL(test, memchr_inv(p[i], i, size));
	strata_free_many(f->a, NULL, MANY, p, STRATA_HERE);
	/* All or nothing: the last page of those is not there. */
	strata_fixture_drain(f->a);
	strata_fake_fail(&f->fake, 10, ULONG_MAX);
	KUNIT_EXPECT_FALSE(test, strata_cache_alloc_many(c, size, GFP_KERNEL, MANY, p,
							 STRATA_HERE));
	strata_fixture_drain(f->a);
	KUNIT_EXPECT_EQ(test, f->fake.nr_out, 0UL);
}

/* Who may not fail gets the one page that there is, and asks for no more with that. */
static void may_not_fail(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	const size_t size = some_size(test);
	void *p;

	only_for(test, size);
	p = strata_get(test, size, GFP_KERNEL | __GFP_NOFAIL);
	KUNIT_EXPECT_NOT_NULL(test, p);
	KUNIT_EXPECT_EQ(test, f->fake.nr_errors, 0UL);
	strata_free_to(f->a, p, STRATA_HERE);
}

static void construct(void *object)
{
	memset(object, 0x77, 100);
}

/* Objects of a typed cache: constructed, told apart, freed after a grace period. */
static void of_a_type(struct kunit *test)
{
	static const unsigned int flags[] = { 0, STRATA_TYPESAFE_BY_RCU, STRATA_REDZONE };
	struct strata_cache_args args = { .size = some_size(test), .align = 64, .ctor = construct };
	struct strata_fixture *f = test->priv;
	struct strata_cache *c;
	unsigned int i, j;
	void *p[MANY];

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		args.flags = flags[i];
		c = strata_fixture_cache(test, &args);
		/* Pages of the one before, side by side, would do for a span. */
		strata_fixture_drain(f->a);
		only_for(test, PAGE_SIZE);
		for (j = 0; j < MANY; j++) {
			p[j] = strata_cache_alloc_from(c, GFP_KERNEL, STRATA_HERE);
			KUNIT_ASSERT_NOT_NULL(test, p[j]);
			KUNIT_EXPECT_NULL(test, memchr_inv(p[j], 0x77, 100));
			KUNIT_EXPECT_EQ(test, strata_usable(f->a, p[j]), (size_t)c->usable);
		}
		KUNIT_EXPECT_EQ(test, strata_cache_live(c), (unsigned long)MANY);
		strata_expect_sound(test, f->a);
		rcu_read_lock();
		for (j = 0; j < MANY; j++)
			strata_cache_free_to(c, p[j], STRATA_HERE);
		for (j = 0; flags[i] & STRATA_TYPESAFE_BY_RCU && j < MANY; j++)
			KUNIT_EXPECT_EQ(test, *(u8 *)p[j], (u8)0x77);
		rcu_read_unlock();
		KUNIT_EXPECT_EQ(test, strata_cache_live(c), 0UL);
		strata_fake_recover(&f->fake);
	}
}

static struct kunit_case alone_cases[] = {
	KUNIT_CASE(every_class),
	KUNIT_CASE(not_for_good),
	KUNIT_CASE(zeroed),
	KUNIT_CASE(in_bulk),
	KUNIT_CASE(may_not_fail),
	KUNIT_CASE(of_a_type),
	{}
};

struct kunit_suite strata_alone_suite = {
	.name = "strata_alone",
	.init = strata_fixture_init,
	.exit = strata_fixture_exit,
	.test_cases = alone_cases,
};
