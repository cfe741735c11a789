// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that hammer every call at once. Each object is filled from a hash of
 * its address and a number of its own, handed on through a shared exchange, and
 * verified by whoever frees it; drains, reclaim and shrinks run beside. In the
 * end the walker counts everything again.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/hash.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/rcupdate.h>

#include <linux/strata.h>

#include "../mod/alloc.h"
#include "../mod/counts.h"
#include "../mod/drain.h"
#include "../mod/large.h"
#include "../mod/misuse.h"
#include "../mod/rcu_free.h"
#include "fixture.h"
#include "suites.h"

#define EXCHANGE	256
#define THREADS		4
#define STEPS		6000

/* Lives at the start of every object. */
struct header {
	u32 size;
	u32 number;
};

struct race {
	struct strata_allocator *a;
	struct strata_cache *typed;
	struct strata_cache *traced;
	struct strata_cache *readable;
	struct strata_rcu_queue *queue;
	struct header *exchange[EXCHANGE];
	atomic_t numbers;
	atomic_t errors;
	atomic_t running;
	struct completion done;
	struct completion watched;
};

struct runner {
	struct race *race;
	struct rnd_state random;
};

static u32 dice(struct runner *r, u32 sides)
{
	return prandom_u32_state(&r->random) % sides;
}

static u8 pattern(const struct header *h)
{
	return hash_64((unsigned long)h ^ ((u64)h->number << 32), 8);
}

static void fill(struct race *race, struct header *h, size_t size)
{
	h->size = size;
	h->number = atomic_inc_return(&race->numbers);
	memset(h + 1, pattern(h), size - sizeof(*h));
}

static void verify(struct race *race, struct header *h)
{
	if (h->size < sizeof(*h) || h->size > SZ_256K ||
	    memchr_inv(h + 1, pattern(h), h->size - sizeof(*h)))
		atomic_inc(&race->errors);
}

static size_t some_size(struct runner *r)
{
	switch (dice(r, 16)) {
	case 0:
		return 33000 + dice(r, 60000);
	case 1 ... 3:
		return sizeof(struct header) + dice(r, 8000);
	default:
		return sizeof(struct header) + dice(r, 300);
	}
}

static struct header *get(struct runner *r, gfp_t gfp)
{
	struct race *race = r->race;
	struct header *h;
	size_t size = some_size(r);

	switch (dice(r, 8)) {
	case 0:
		size = 72;
		h = strata_cache_alloc_from(race->typed, gfp, STRATA_HERE);
		break;
	case 1:
		size = 40;
		h = strata_cache_alloc_from(race->traced, gfp, STRATA_HERE);
		break;
	case 2:
		size = 100;
		h = strata_cache_alloc_from(race->readable, gfp, STRATA_HERE);
		break;
	case 3:
		h = strata_alloc_from(race->a, size, gfp, dice(r, nr_node_ids), STRATA_HERE);
		break;
	case 4:
		size = sizeof(*h) + dice(r, 200);
		h = strata_alloc_from(race->a, size, gfp | __GFP_ZERO, NUMA_NO_NODE, STRATA_HERE);
		if (h && memchr_inv(h, 0, size))
			atomic_inc(&race->errors);
		break;
	default:
		h = strata_alloc_from(race->a, size, gfp, NUMA_NO_NODE, STRATA_HERE);
	}
	if (h)
		fill(race, h, size);
	return h;
}

static void put(struct runner *r, struct header *h)
{
	struct race *race = r->race;
	void *p = h;

	if (!h)
		return;
	verify(race, h);
	switch (dice(r, 8)) {
	case 0:
		strata_rcu_free(race->queue, h, STRATA_HERE);
		break;
	case 1:
		strata_free_many(race->a, NULL, 1, &p, STRATA_HERE);
		break;
	case 2:
		local_irq_disable();
		strata_free_to(race->a, h, STRATA_HERE);
		local_irq_enable();
		break;
	default:
		strata_free_to(race->a, h, STRATA_HERE);
	}
}

static void bulk(struct runner *r)
{
	struct race *race = r->race;
	unsigned int n = 1 + dice(r, 40), i;
	size_t size = sizeof(struct header) + dice(r, 500);
	void *p[40];

	if (!strata_cache_alloc_many(&race->a->class[strata_class_of(size)], size, GFP_KERNEL, n,
				     p, STRATA_HERE))
		return;
	for (i = 0; i < n; i++)
		fill(race, p[i], size);
	for (i = 0; i < n; i++)
		verify(race, p[i]);
	strata_free_many(race->a, NULL, n, p, STRATA_HERE);
}

static void disturb(struct runner *r)
{
	struct race *race = r->race;

	switch (dice(r, 4)) {
	case 0:
		strata_reclaim(race->a, dice(r, 1000));
		break;
	case 1:
		strata_cache_shrink(race->typed);
		break;
	case 2:
		cpus_read_lock();
		mutex_lock(&race->a->lock);
		strata_drain_cpus(race->a, NULL);
		mutex_unlock(&race->a->lock);
		cpus_read_unlock();
		break;
	default:
		strata_background_settle(race->a);
	}
}

static int hammer(void *arg)
{
	struct runner *r = arg;
	struct race *race = r->race;
	struct header *h;
	unsigned int step;

	for (step = 0; step < STEPS; step++) {
		switch (dice(r, 64)) {
		case 0:
			bulk(r);
			break;
		case 1:
			if (!dice(r, 8))
				disturb(r);
			break;
		case 2:
			h = get(r, GFP_NOWAIT | __GFP_NOWARN);
			put(r, h);
			break;
		default:
			h = get(r, GFP_KERNEL);
			/* Whoever finds it there frees it, on whatever CPU. */
			put(r, xchg(&race->exchange[dice(r, EXCHANGE)], h));
		}
		cond_resched();
	}
	if (atomic_dec_and_test(&race->running))
		complete(&race->done);
	return 0;
}

static void count_one(struct strata_cache *c, void *context)
{
	strata_counts_add(context, c);
}

/* Reads every figure over and over: who has KCSAN sees which are not meant to be read. */
static int watch(void *arg)
{
	struct race *race = arg;
	struct strata_counts counts = { };

	while (atomic_read(&race->running)) {
		mutex_lock(&race->a->lock);
		strata_allocator_for_each(race->a, count_one, &counts);
		mutex_unlock(&race->a->lock);
		strata_large_counts(race->a);
		/* No cond_resched(): user-mode Linux preempts nobody, though it says it does. */
		schedule();
	}
	complete(&race->watched);
	return 0;
}

static struct race *new_race(struct kunit *test)
{
	const struct strata_cache_args typed = { .size = 72 };
	const struct strata_cache_args traced = { .size = 40, .flags = STRATA_TRACE |
						  STRATA_REDZONE | STRATA_POISON };
	const struct strata_cache_args readable = { .size = 100, .flags = STRATA_TYPESAFE_BY_RCU };
	struct strata_fixture *f = test->priv;
	struct race *race = kunit_kzalloc(test, sizeof(*race), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, race);
	race->a = f->a;
	race->typed = strata_fixture_cache(test, &typed);
	race->traced = strata_fixture_cache(test, &traced);
	race->readable = strata_fixture_cache(test, &readable);
	race->queue = strata_rcu_queue_create(f->a);
	KUNIT_ASSERT_NOT_NULL(test, race->queue);
	init_completion(&race->done);
	init_completion(&race->watched);
	enable_delayed_work(&f->a->tick);
	return race;
}

static void run(struct kunit *test, struct race *race)
{
	struct runner *r = kunit_kcalloc(test, THREADS, sizeof(*r), GFP_KERNEL);
	struct task_struct *task;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, r);
	atomic_set(&race->running, THREADS);
	reinit_completion(&race->watched);
	task = kthread_run(watch, race, "strata_race/watch");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	for (i = 0; i < THREADS; i++) {
		r[i].race = race;
		prandom_seed_state(&r[i].random, 7919 * (i + 1));
		task = kthread_run(hammer, &r[i], "strata_race/%u", i);
		if (IS_ERR(task)) {
			KUNIT_FAIL(test, "no thread");
			if (atomic_dec_and_test(&race->running))
				complete(&race->done);
		}
	}
	wait_for_completion(&race->done);
	wait_for_completion(&race->watched);
}

static void settle(struct kunit *test, struct race *race)
{
	struct strata_fixture *f = test->priv;
	struct runner r = { .race = race };
	unsigned int i;

	prandom_seed_state(&r.random, 1);
	for (i = 0; i < EXCHANGE; i++)
		put(&r, race->exchange[i]);
	strata_rcu_flush(race->queue);
	strata_expect_sound(test, f->a);
	strata_rcu_queue_destroy(race->queue);
	strata_fixture_drain(f->a);
	strata_expect_sound(test, f->a);
	KUNIT_EXPECT_EQ(test, f->fake.nr_out, 0UL);
	KUNIT_EXPECT_EQ(test, atomic_read(&race->errors), 0);
}

static void hammers_everything(struct kunit *test)
{
	u64 misuse = strata_misuse_total();
	struct race *race = new_race(test);

	run(test, race);
	settle(test, race);
	KUNIT_EXPECT_EQ(test, strata_misuse_total(), misuse);
}

/* The same where every third call for pages fails, and no large block is to be had. */
static void hammers_without_memory(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	u64 misuse = strata_misuse_total();
	struct race *race = new_race(test);

	f->fake.max_order = 4;
	f->fake.fail_every = 3;
	run(test, race);
	f->fake.fail_every = 0;
	settle(test, race);
	KUNIT_EXPECT_EQ(test, strata_misuse_total(), misuse);
}

static struct kunit_case race_cases[] = {
	KUNIT_CASE_SLOW(hammers_everything),
	KUNIT_CASE_SLOW(hammers_without_memory),
	{}
};

struct kunit_suite strata_race_suite = {
	.name = "strata_race",
	.init = strata_fixture_init,
	.exit = strata_fixture_exit,
	.test_cases = race_cases,
};
