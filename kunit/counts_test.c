// SPDX-License-Identifier: GPL-2.0-only
/*
 * The figures of a cache, as statistics show them: after a sequence of calls
 * whose every step is known.
 */
#include <kunit/test.h>

#include "../mod/alloc.h"
#include "../mod/counts.h"
#include "fixture.h"
#include "suites.h"

#define SIZE		512
/* Of this class, the first magazine. */
#define FIRST		8

static struct strata_counts counts_of(const struct strata_cache *c)
{
	struct strata_counts n = { };

	strata_counts_add(&n, c);
	return n;
}

static void *take(struct kunit *test, struct strata_allocator *a)
{
	void *object = strata_alloc_from(a, SIZE, GFP_KERNEL, NUMA_NO_NODE, STRATA_HERE);

	KUNIT_ASSERT_NOT_NULL(test, object);
	return object;
}

static void starts_at_zero(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	struct strata_counts n = counts_of(&f->a->class[strata_class_of(SIZE)]), zero = { };

	KUNIT_EXPECT_EQ(test, memcmp(&n, &zero, sizeof(n)), 0);
}

static void follows_a_magazine(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	struct strata_cache *c = &f->a->class[strata_class_of(SIZE)];
	struct strata_counts n;
	void *object[3];
	int i;

	/* Empty: a span, and half of what a first magazine holds, or what it widened to. */
	object[0] = take(test, f->a);
	n = counts_of(c);
	KUNIT_EXPECT_EQ(test, n.allocs, 1);
	KUNIT_EXPECT_EQ(test, n.refills, 1);
	KUNIT_EXPECT_EQ(test, n.hits, 0);
	KUNIT_EXPECT_EQ(test, n.from_depot, 0);
	KUNIT_EXPECT_EQ(test, n.grown, 1);
	KUNIT_EXPECT_EQ(test, n.spans, 1);
	KUNIT_EXPECT_EQ(test, n.bytes, c->shape.npages * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, n.live, 1);
	KUNIT_EXPECT_GE(test, n.in_magazines, FIRST / 2 - 1);
	KUNIT_EXPECT_EQ(test, n.in_magazines + n.in_spans, c->shape.nr_objects - 1);

	object[1] = take(test, f->a);
	object[2] = take(test, f->a);
	n = counts_of(c);
	KUNIT_EXPECT_EQ(test, n.allocs, 3);
	KUNIT_EXPECT_EQ(test, n.hits, 2);
	KUNIT_EXPECT_EQ(test, n.frees, 0);
	KUNIT_EXPECT_EQ(test, n.live, 3);

	for (i = 0; i < 3; i++)
		strata_free_to(f->a, object[i], STRATA_HERE);
	n = counts_of(c);
	KUNIT_EXPECT_EQ(test, n.allocs, 3);
	KUNIT_EXPECT_EQ(test, n.frees, 3);
	KUNIT_EXPECT_EQ(test, n.live, 0);
	KUNIT_EXPECT_EQ(test, n.flushes, 0);
	KUNIT_EXPECT_EQ(test, n.nested_allocs, 0);
	KUNIT_EXPECT_EQ(test, n.nested_frees, 0);
}

static void follows_a_claimed_magazine(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	struct strata_cache *c = &f->a->class[strata_class_of(SIZE)];
	struct strata_magazine *m = per_cpu_ptr(c->magazine, f->cpu);
	struct strata_counts n;
	void *object;

	strata_free_to(f->a, take(test, f->a), STRATA_HERE);
	KUNIT_ASSERT_TRUE(test, strata_magazine_claim(m));
	object = take(test, f->a);
	n = counts_of(c);
	KUNIT_EXPECT_EQ(test, n.allocs, 2);
	KUNIT_EXPECT_EQ(test, n.nested_allocs, 1);
	KUNIT_EXPECT_EQ(test, n.live, 1);
	strata_free_to(f->a, object, STRATA_HERE);
	strata_magazine_release(m);
	n = counts_of(c);
	KUNIT_EXPECT_EQ(test, n.frees, 2);
	KUNIT_EXPECT_EQ(test, n.nested_frees, 1);
	KUNIT_EXPECT_EQ(test, n.live, 0);
}

/* More than a magazine holds goes to the depot, and from there to who needs it. */
static void follows_a_depot(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	struct strata_cache *c = &f->a->class[strata_class_of(SIZE)];
	const unsigned int most = 3 * c->magazine_max;
	struct strata_counts n, before;
	void **object = kunit_kcalloc(test, most, sizeof(*object), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, object);
	for (i = 0; i < most; i++)
		object[i] = take(test, f->a);
	for (i = 0; i < most; i++)
		strata_free_to(f->a, object[i], STRATA_HERE);
	before = counts_of(c);
	KUNIT_EXPECT_GT(test, before.flushes, 0);
	KUNIT_EXPECT_GT(test, before.in_depots, 0);
	KUNIT_EXPECT_EQ(test, before.from_depot, 0);
	KUNIT_EXPECT_EQ(test, before.in_depots + before.in_magazines + before.in_spans,
			before.spans * c->shape.nr_objects);

	for (i = 0; i < most; i++)
		object[i] = take(test, f->a);
	n = counts_of(c);
	KUNIT_EXPECT_GT(test, n.from_depot, 0);
	KUNIT_EXPECT_LE(test, n.from_depot, n.refills);
	KUNIT_EXPECT_EQ(test, n.hits + n.refills, n.allocs);
	KUNIT_EXPECT_EQ(test, n.grown, before.grown);
	KUNIT_EXPECT_EQ(test, n.live, most);
	strata_free_many(f->a, NULL, most, object, STRATA_HERE);
	KUNIT_EXPECT_GT(test, counts_of(c).flushes, before.flushes);
}

/* Out of a magazine, out of the spans behind it, and back. */
static void follows_many_at_once(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	struct strata_cache *c = &f->a->class[strata_class_of(SIZE)];
	const unsigned int most = 3 * FIRST;
	struct strata_counts n;
	void *object[3 * FIRST];

	strata_free_to(f->a, take(test, f->a), STRATA_HERE);
	KUNIT_ASSERT_TRUE(test, strata_cache_alloc_many(c, SIZE, GFP_KERNEL, most, object,
							STRATA_HERE));
	n = counts_of(c);
	KUNIT_EXPECT_EQ(test, n.allocs, 1 + most);
	KUNIT_EXPECT_EQ(test, n.frees, 1);
	KUNIT_EXPECT_EQ(test, n.live, most);
	strata_free_many(f->a, NULL, most, object, STRATA_HERE);
	n = counts_of(c);
	KUNIT_EXPECT_EQ(test, n.allocs, 1 + most);
	KUNIT_EXPECT_EQ(test, n.frees, 1 + most);
	KUNIT_EXPECT_EQ(test, n.live, 0);
}

static void counts_a_free_once(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	struct strata_cache *c = &f->a->class[strata_class_of(SIZE)];
	struct strata_magazine *m = per_cpu_ptr(c->magazine, f->cpu);
	void *object = take(test, f->a), *twice;
	struct strata_counts n;

	/* Twice in the magazine, where it was free already: seen when it comes home. */
	strata_free_to(f->a, object, STRATA_HERE);
	twice = m->slot[0];
	KUNIT_ASSERT_TRUE(test, strata_magazine_claim(m));
	KUNIT_ASSERT_TRUE(test, strata_magazine_push(m, twice));
	strata_magazine_release(m);
	strata_fixture_drain(f->a);
	n = counts_of(c);
	KUNIT_EXPECT_EQ(test, atomic64_read(&c->nr_twice), 1);
	KUNIT_EXPECT_EQ(test, n.frees, 1);
	KUNIT_EXPECT_EQ(test, n.live, 0);
}

static void adds_up_caches(struct kunit *test)
{
	const struct strata_cache_args args = { .size = SIZE, .flags = STRATA_ACCOUNT };
	struct strata_fixture *f = test->priv;
	struct strata_cache *c = &f->a->class[strata_class_of(SIZE)];
	struct strata_cache *direct = strata_fixture_cache(test, &args);
	void *object = take(test, f->a);
	void *page = strata_cache_alloc_from(direct, GFP_KERNEL, STRATA_HERE);
	struct strata_counts n = { };

	KUNIT_ASSERT_NOT_NULL(test, page);
	strata_counts_add(&n, c);
	strata_counts_add(&n, c);
	strata_counts_add(&n, direct);
	KUNIT_EXPECT_EQ(test, n.allocs, 2);
	KUNIT_EXPECT_EQ(test, n.live, 2);
	KUNIT_EXPECT_EQ(test, n.spans, 2);
	/* Objects with pages of their own are told apart. */
	KUNIT_EXPECT_EQ(test, n.direct, 1);
	strata_free_to(f->a, object, STRATA_HERE);
	strata_free_to(f->a, page, STRATA_HERE);
}

static struct kunit_case counts_cases[] = {
	KUNIT_CASE(starts_at_zero),
	KUNIT_CASE(follows_a_magazine),
	KUNIT_CASE(follows_a_claimed_magazine),
	KUNIT_CASE(follows_a_depot),
	KUNIT_CASE(follows_many_at_once),
	KUNIT_CASE(counts_a_free_once),
	KUNIT_CASE(adds_up_caches),
	{ }
};

struct kunit_suite strata_counts_suite = {
	.name = "strata_counts",
	.init = strata_fixture_init,
	.exit = strata_fixture_exit,
	.test_cases = counts_cases,
};
