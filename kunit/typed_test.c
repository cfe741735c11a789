// SPDX-License-Identifier: GPL-2.0-only
/*
 * Caches of one type: alignment, constructors, memory that keeps its type,
 * what shrink gives back and destroy finds, and charged objects.
 */
#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/strata.h>

#include "../mod/alloc.h"
#include "../mod/track.h"
#include "api_fixture.h"
#include "suites.h"

#define MANY	300

static struct strata_cache *create(struct kunit *test, const struct strata_cache_args *args)
{
	struct strata_cache *c = strata_cache_create("typed", args);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, c);
	return c;
}

static void get_many(struct kunit *test, struct strata_cache *c, void **p, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		p[i] = strata_cache_alloc(c, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, p[i]);
	}
}

static void check_shape(struct kunit *test, const struct strata_cache_args *args)
{
	struct strata_cache *c = create(test, args);
	size_t align = max(args->align, sizeof(u64));
	unsigned int i;
	void *p[5];

	get_many(test, c, p, ARRAY_SIZE(p));
	for (i = 0; i < ARRAY_SIZE(p); i++) {
		KUNIT_ASSERT_TRUE(test, IS_ALIGNED((unsigned long)p[i], align));
		KUNIT_ASSERT_GE(test, strata_usable_size(p[i]), args->size);
		memset(p[i], i, strata_usable_size(p[i]));
	}
	for (i = 0; i < ARRAY_SIZE(p); i++) {
		KUNIT_ASSERT_NULL(test, memchr_inv(p[i], i, args->size));
		strata_cache_free(c, p[i]);
	}
	strata_cache_destroy(c);
}

/* Every flag with every other, and sizes and alignments with some of them. */
static void shapes(struct kunit *test)
{
	static const size_t sizes[] = { 1, 7, 8, 40, 129, 1000, 4096, 5000, 32768 };
	struct strata_cache_args args = { .size = 40 };
	unsigned int i;

	for (args.flags = 0; args.flags < 32; args.flags++)
		check_shape(test, &args);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		args.size = sizes[i];
		for (args.align = 1; args.align <= PAGE_SIZE; args.align *= 8) {
			args.flags = (args.flags + 7) % 32;
			check_shape(test, &args);
		}
	}
}

static void not_shared(struct kunit *test)
{
	const struct strata_cache_args args = { .size = 64 };
	struct strata_cache *one = create(test, &args), *two = create(test, &args);
	void **p = kunit_kcalloc(test, 2 * MANY, sizeof(*p), GFP_KERNEL);
	unsigned int i, j;

	KUNIT_ASSERT_NOT_NULL(test, p);
	for (i = 0; i < MANY; i++) {
		get_many(test, one, &p[i], 1);
		get_many(test, two, &p[MANY + i], 1);
	}
	for (i = 0; i < MANY; i += 7)
		for (j = 0; j < MANY; j++)
			KUNIT_ASSERT_NE(test, (unsigned long)p[i] >> PAGE_SHIFT,
					(unsigned long)p[MANY + j] >> PAGE_SHIFT);
	strata_cache_free_bulk(one, MANY, p);
	strata_cache_free_bulk(two, MANY, p + MANY);
	strata_cache_destroy(one);
	strata_cache_destroy(two);
}

static atomic_t constructed;

static void construct(void *obj)
{
	atomic_inc(&constructed);
	memset(obj, 0x99, 48);
}

/* Once for an object, not once for an allocation; free objects stay as they are. */
static void constructor(struct kunit *test)
{
	const struct strata_cache_args args = { .size = 48, .ctor = construct };
	struct strata_cache *c = create(test, &args);
	void **p = kunit_kcalloc(test, MANY, sizeof(*p), GFP_KERNEL);
	unsigned int i, round, calls = 0;

	KUNIT_ASSERT_NOT_NULL(test, p);
	/* On another CPU other objects would be at hand, and new ones needed. */
	KUNIT_ASSERT_EQ(test, set_cpus_allowed_ptr(current, cpumask_of(raw_smp_processor_id())),
			0);
	atomic_set(&constructed, 0);
	for (round = 0; round < 5; round++) {
		get_many(test, c, p, MANY);
		for (i = 0; i < MANY; i++)
			KUNIT_ASSERT_NULL(test, memchr_inv(p[i], 0x99, 48));
		if (!round)
			calls = atomic_read(&constructed);
		KUNIT_EXPECT_GE(test, calls, (unsigned int)MANY);
		KUNIT_EXPECT_EQ(test, (unsigned int)atomic_read(&constructed), calls);
		for (i = 0; i < MANY; i++)
			strata_cache_free(c, p[i]);
		for (i = 0; i < MANY; i++)
			KUNIT_ASSERT_EQ(test, strata_track_match(p[i], 0x99, 48), (size_t)48);
	}
	set_cpus_allowed_ptr(current, cpu_possible_mask);
	/* Zeroes and constructors exclude each other: said, and not zeroed. */
	p[0] = strata_cache_alloc(c, GFP_KERNEL | __GFP_ZERO);
	strata_expect_misuse(test, STRATA_MISUSE_ARGUMENT, 1);
	KUNIT_EXPECT_NULL(test, memchr_inv(p[0], 0x99, 48));
	strata_cache_free(c, p[0]);
	/* A charged object has pages of its own, and is constructed, too. */
	p[0] = strata_cache_alloc(c, GFP_KERNEL | __GFP_ACCOUNT);
	KUNIT_ASSERT_NOT_NULL(test, p[0]);
	KUNIT_EXPECT_NULL(test, memchr_inv(p[0], 0x99, 48));
	strata_cache_free(c, p[0]);
	strata_cache_destroy(c);
}

static void bulk(struct kunit *test)
{
	static const unsigned int flags[] = { 0, STRATA_TRACE, STRATA_ACCOUNT,
					      STRATA_TYPESAFE_BY_RCU };
	void **p = kunit_kcalloc(test, MANY, sizeof(*p), GFP_KERNEL);
	unsigned int i, j;

	KUNIT_ASSERT_NOT_NULL(test, p);
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		const struct strata_cache_args args = { .size = 72, .flags = flags[i] };
		struct strata_cache *c = create(test, &args);
		unsigned int n = flags[i] == STRATA_ACCOUNT ? 10 : MANY;

		KUNIT_ASSERT_TRUE(test, strata_cache_alloc_bulk(c, GFP_KERNEL, n, p));
		for (j = 0; j < n; j++)
			memset(p[j], j, 72);
		for (j = 0; j < n; j++)
			KUNIT_ASSERT_NULL(test, memchr_inv(p[j], j, 72));
		strata_cache_free_bulk(c, n, p);
		KUNIT_EXPECT_TRUE(test, strata_cache_alloc_bulk(c, GFP_KERNEL, 0, p));
		strata_cache_destroy(c);
	}
}

/* What a reader may still look at keeps its type, freed or not, until a grace period. */
static void keeps_its_type(struct kunit *test)
{
	struct strata_cache_args args = { .size = 200, .flags = STRATA_TYPESAFE_BY_RCU };
	struct strata_cache *c;
	void *p, *charged;

	c = create(test, &args);
	p = strata_cache_alloc(c, GFP_KERNEL);
	charged = strata_cache_alloc(c, GFP_KERNEL | __GFP_ACCOUNT);
	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_ASSERT_NOT_NULL(test, charged);
	memset(p, 0x31, 200);
	memset(charged, 0x31, 200);
	rcu_read_lock();
	strata_cache_free(c, p);
	strata_cache_free(c, charged);
	KUNIT_EXPECT_NULL(test, memchr_inv(p, 0x31, 200));
	KUNIT_EXPECT_NULL(test, memchr_inv(charged, 0x31, 200));
	KUNIT_EXPECT_TRUE(test, strata_owns(charged));
	strata_cache_drain(c, false);
	strata_cache_drain_depots(c, false);
	strata_cache_trim(c);
	/* The span is in no list any more, and still where it was. */
	KUNIT_EXPECT_EQ(test, strata_cache_pages(c), 0UL);
	KUNIT_EXPECT_GE(test, atomic_long_read(&strata_main.nr_spans_in_rcu), 2L);
	KUNIT_EXPECT_TRUE(test, strata_owns(p));
	KUNIT_EXPECT_NULL(test, memchr_inv(p, 0x31, 200));
	rcu_read_unlock();
	strata_cache_destroy(c);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&strata_main.nr_spans_in_rcu), 0L);
	KUNIT_EXPECT_FALSE(test, strata_owns(charged));
	/* Without the flag memory is reused at once. */
	args.flags = 0;
	c = create(test, &args);
	p = strata_cache_alloc(c, GFP_KERNEL);
	strata_cache_free(c, p);
	KUNIT_EXPECT_PTR_EQ(test, strata_cache_alloc(c, GFP_KERNEL), p);
	strata_cache_free(c, p);
	strata_cache_destroy(c);
}

static void shrink(struct kunit *test)
{
	const struct strata_cache_args args = { .size = 512 };
	struct strata_cache *c = create(test, &args);
	void **p = kunit_kcalloc(test, MANY, sizeof(*p), GFP_KERNEL);
	unsigned long pages;

	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_EXPECT_EQ(test, strata_cache_shrink(c), (size_t)0);
	get_many(test, c, p, MANY);
	pages = strata_cache_pages(c);
	KUNIT_EXPECT_GE(test, pages, MANY * 512 / PAGE_SIZE);
	strata_cache_free_bulk(c, MANY - 1, p + 1);
	/* Some spans may have gone back to the heap with their last object. */
	pages = strata_cache_pages(c);
	KUNIT_EXPECT_GT(test, pages, (unsigned long)c->shape.npages);
	KUNIT_EXPECT_GE(test, strata_cache_shrink(c), (size_t)pages - c->shape.npages);
	KUNIT_EXPECT_EQ(test, strata_cache_pages(c), (unsigned long)c->shape.npages);
	KUNIT_EXPECT_EQ(test, strata_cache_live(c), 1UL);
	strata_cache_free(c, p[0]);
	strata_cache_shrink(c);
	KUNIT_EXPECT_EQ(test, strata_cache_pages(c), 0UL);
	strata_cache_destroy(c);
}

static bool is_listed(const struct list_head *list, const struct strata_cache *c)
{
	const struct strata_cache *other;

	list_for_each_entry(other, list, list)
		if (other == c)
			return true;
	return false;
}

/* Of a test's own allocator, for what is leaked here is leaked until it ends. */
static void destroy_with_live_objects(struct kunit *test, unsigned int flags, unsigned int n)
{
	const struct strata_cache_args args = { .size = 100, .flags = flags };
	void **p = kunit_kcalloc(test, n, sizeof(*p), GFP_KERNEL);
	struct strata_before *before = test->priv;
	struct strata_fixture *f;
	struct strata_cache *c;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_ASSERT_EQ(test, strata_fixture_init(test), 0);
	f = test->priv;
	c = strata_fixture_cache(test, &args);
	get_many(test, c, p, n);
	strata_cache_free(c, p[3]);
	test->priv = before;
	strata_cache_destroy(c);
	strata_expect_misuse(test, STRATA_MISUSE_LEAK, 1);
	/* It is out of the way, and its objects can still be freed. */
	KUNIT_EXPECT_TRUE(test, is_listed(&f->a->zombies, c));
	KUNIT_EXPECT_FALSE(test, is_listed(&f->a->caches, c));
	strata_free_to(f->a, p[0], STRATA_HERE);
	f->lost = n - 2;
	/* Their pages go back all the same: kmemleak must forget them. */
	for (i = 0; i < n; i++)
		strata_track_deferred(p[i]);
	test->priv = f;
	strata_fixture_exit(test);
	test->priv = before;
}

/* Few, of which it is known who has them; and many, in spans that are full. */
static void destroyed_with_live_objects(struct kunit *test)
{
	destroy_with_live_objects(test, STRATA_TRACE, 20);
	destroy_with_live_objects(test, 0, MANY);
}

/* Objects that wait for a grace period are not live. */
static void destroyed_after_free_rcu(struct kunit *test)
{
	const struct strata_cache_args args = { .size = 100 };
	struct strata_cache *c = create(test, &args);
	void *p[10];
	unsigned int i;

	get_many(test, c, p, ARRAY_SIZE(p));
	for (i = 0; i < ARRAY_SIZE(p); i++)
		strata_free_rcu(p[i]);
	strata_cache_destroy(c);
}

/*
 * What a magazine handed out last needs no look-up when it comes back; unless a
 * span went away since, for then it may be gone.
 */
static void remembers_while_spans_stay(struct kunit *test)
{
	const struct strata_cache_args args = { .size = 48 };
	struct strata_cache *c = create(test, &args);
	u64 *stranger = kunit_kzalloc(test, 48, GFP_KERNEL);
	struct strata_magazine *m;
	unsigned long count;
	void *p[2];

	KUNIT_ASSERT_NOT_NULL(test, stranger);
	KUNIT_ASSERT_EQ(test, set_cpus_allowed_ptr(current, cpumask_of(raw_smp_processor_id())),
			0);
	m = per_cpu_ptr(c->magazine, raw_smp_processor_id());
	get_many(test, c, p, 2);
	KUNIT_EXPECT_PTR_EQ(test, m->slot[m->count], p[1]);
	count = m->count;
	strata_cache_free(c, p[1]);
	KUNIT_EXPECT_EQ(test, m->count, count + 1);
	/* Free already: the mark says so, wherever it is. */
	strata_cache_free(c, p[1]);
	strata_expect_misuse(test, STRATA_MISUSE_DOUBLE_FREE, 1);
	KUNIT_EXPECT_EQ(test, m->count, count + 1);

	/* As if its page had become somebody else's. */
	m->slot[m->count] = stranger;
	atomic_inc(&c->epoch);
	strata_cache_free(c, stranger);
	strata_expect_misuse(test, STRATA_MISUSE_FOREIGN, 1);
	KUNIT_EXPECT_EQ(test, m->count, count + 1);
	KUNIT_EXPECT_EQ(test, *stranger, 0ULL);
	strata_cache_free(c, p[0]);
	strata_cache_destroy(c);
}

static struct kunit_case typed_cases[] = {
	KUNIT_CASE(shapes),
	KUNIT_CASE(not_shared),
	KUNIT_CASE(constructor),
	KUNIT_CASE(bulk),
	KUNIT_CASE(keeps_its_type),
	KUNIT_CASE(shrink),
	KUNIT_CASE(destroyed_with_live_objects),
	KUNIT_CASE(destroyed_after_free_rcu),
	KUNIT_CASE(remembers_while_spans_stay),
	{}
};

struct kunit_suite strata_typed_suite = {
	.name = "strata_typed",
	.init = strata_api_init,
	.exit = strata_api_exit,
	.test_cases = typed_cases,
};
