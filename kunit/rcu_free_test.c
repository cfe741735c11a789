// SPDX-License-Identifier: GPL-2.0-only
/* Frees after a grace period: not before it, all of them, from any context. */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/rcupdate.h>

#include "../mod/alloc.h"
#include "../mod/large.h"
#include "../mod/misuse.h"
#include "../mod/rcu_free.h"
#include "../mod/track.h"
#include "contexts.h"
#include "fixture.h"
#include "suites.h"

#define SIZE	64

/* A queue of the test's allocator. */
static struct strata_rcu_queue *new_queue(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	struct strata_rcu_queue *queue = strata_rcu_queue_create(f->a);

	KUNIT_ASSERT_NOT_NULL(test, queue);
	return queue;
}

static void *get(struct kunit *test, size_t size)
{
	struct strata_fixture *f = test->priv;
	void *p = strata_alloc_from(f->a, size, GFP_KERNEL, NUMA_NO_NODE, STRATA_HERE);

	KUNIT_ASSERT_NOT_NULL(test, p);
	memset(p, 0x3c, size);
	return p;
}

static bool untouched(void *p, size_t size)
{
	return strata_track_match(p, 0x3c, size) == size;
}

/* A reader sees the object for as long as it reads, whatever others do. */
static void waits_for_readers(struct kunit *test)
{
	static const size_t sizes[] = { SIZE, 4096, 40000, SZ_2M + 1 };
	struct strata_rcu_queue *queue = new_queue(test);
	unsigned int i, ms;
	void *p[ARRAY_SIZE(sizes)];

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		p[i] = get(test, sizes[i]);
	rcu_read_lock();
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		strata_rcu_free(queue, p[i], STRATA_HERE);
	/* Long enough for a batch to be closed, and a grace period to end if it could. */
	for (ms = 0; ms < 100; ms++)
		mdelay(1);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		KUNIT_EXPECT_TRUE_MSG(test, untouched(p[i], sizes[i]), "%zu bytes", sizes[i]);
	rcu_read_unlock();
	strata_rcu_queue_destroy(queue);
}

/* Nobody has to ask: after a while they are free. */
static void comes_by_itself(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	struct strata_rcu_queue *queue = new_queue(test);
	unsigned int i;

	strata_rcu_free(queue, get(test, SIZE), STRATA_HERE);
	strata_rcu_free(queue, get(test, 40000), STRATA_HERE);
	for (i = 0; i < 100 && strata_large_counts(f->a).live; i++)
		msleep(50);
	KUNIT_EXPECT_EQ(test, strata_large_counts(f->a).live, 0UL);
	strata_rcu_queue_destroy(queue);
}

static void many(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	struct strata_rcu_queue *queue = new_queue(test);
	struct strata_cache *c = &f->a->class[strata_class_of(SIZE)];
	unsigned int i;

	/* More than what ready batches hold. */
	for (i = 0; i < 5000; i++)
		strata_rcu_free(queue, get(test, SIZE), STRATA_HERE);
	strata_rcu_flush(queue);
	strata_fixture_drain(f->a);
	KUNIT_EXPECT_EQ(test, strata_cache_live(c), 0UL);
	KUNIT_EXPECT_EQ(test, f->fake.nr_out, 0UL);
	strata_rcu_queue_destroy(queue);
}

struct deed {
	struct strata_rcu_queue *queue;
	unsigned int n;
	void *p[20];
};

static void give(void *arg)
{
	struct deed *deed = arg;
	unsigned int i;

	for (i = 0; i < deed->n; i++)
		strata_rcu_free(deed->queue, deed->p[i], STRATA_HERE);
}

static void in_every_context(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	struct deed deed = { .queue = new_queue(test), .n = ARRAY_SIZE(deed.p) };
	u64 leaked = strata_misuse_count(STRATA_MISUSE_LEAK);
	enum strata_where where;
	unsigned int i;

	for (where = 0; where < STRATA_NR_WHERE; where++) {
		for (i = 0; i < deed.n; i++)
			deed.p[i] = get(test, i % 5 ? SIZE : 40000);
		KUNIT_ASSERT_TRUE(test, strata_run_in(where, give, &deed));
		strata_rcu_flush(deed.queue);
		strata_fixture_drain(f->a);
		KUNIT_EXPECT_EQ_MSG(test, f->fake.nr_out, 0UL, "%s", strata_where_name[where]);
	}
	KUNIT_EXPECT_EQ(test, strata_misuse_count(STRATA_MISUSE_LEAK), leaked);
	strata_rcu_queue_destroy(deed.queue);
}

/* Frees one after the other until some were leaked. */
struct flood {
	struct strata_rcu_queue *queue;
	void **p;
	unsigned int n;
	u64 leaks;
};

static void overflow(void *arg)
{
	struct flood *flood = arg;
	unsigned int i;

	for (i = 0; i < flood->n; i++)
		if (strata_misuse_count(STRATA_MISUSE_LEAK) < flood->leaks)
			strata_rcu_free(flood->queue, flood->p[i], STRATA_HERE);
}

/*
 * Where nothing can be had and nobody can wait, so many frees that no batch is left
 * have objects leaked: said for each, and nothing else comes to harm.
 */
static void without_batches(struct kunit *test)
{
	static const enum strata_where wheres[] = { STRATA_IN_RAW_IRQ, STRATA_IN_NMI };
	struct strata_fixture *f = test->priv;
	struct strata_cache *c = &f->a->class[strata_class_of(SIZE)];
	struct flood flood = { .queue = new_queue(test), .n = 4 * PAGE_SIZE / sizeof(void *) };
	unsigned int i, w;

	flood.p = kvcalloc(flood.n, sizeof(*flood.p), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, flood.p);
	for (w = 0; w < ARRAY_SIZE(wheres); w++) {
		for (i = 0; i < flood.n; i++)
			flood.p[i] = get(test, SIZE);
		flood.leaks = strata_misuse_count(STRATA_MISUSE_LEAK) + 3;
		KUNIT_EXPECT_TRUE(test, strata_run_in(wheres[w], overflow, &flood));
		KUNIT_EXPECT_EQ(test, strata_misuse_count(STRATA_MISUSE_LEAK), flood.leaks);
		strata_rcu_flush(flood.queue);
		/* Those are somebody's still, and so are the ones that were not freed. */
		for (i = 0; i < flood.n; i++)
			if (strata_is_live(f->a, flood.p[i]))
				strata_free_to(f->a, flood.p[i], STRATA_HERE);
		strata_fixture_drain(f->a);
		KUNIT_EXPECT_EQ(test, strata_cache_live(c), 0UL);
		KUNIT_EXPECT_EQ(test, f->fake.nr_out, 0UL);
	}
	kvfree(flood.p);
	strata_rcu_queue_destroy(flood.queue);
}

static struct kunit_case rcu_free_cases[] = {
	KUNIT_CASE(waits_for_readers),
	KUNIT_CASE(comes_by_itself),
	KUNIT_CASE(many),
	KUNIT_CASE(in_every_context),
	KUNIT_CASE(without_batches),
	{}
};

struct kunit_suite strata_rcu_free_suite = {
	.name = "strata_rcu_free",
	.suite_init = strata_contexts_init,
	.suite_exit = strata_contexts_exit,
	.init = strata_fixture_init,
	.exit = strata_fixture_exit,
	.test_cases = rcu_free_cases,
};
