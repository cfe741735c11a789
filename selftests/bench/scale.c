// SPDX-License-Identifier: GPL-2.0-only
/*
 * All CPUs at once, each with work of its own: what one more of them costs the
 * others. Pairs stay within what a CPU keeps at hand; bursts are larger than that;
 * and a CPU that frees what its neighbour allocated has to fill what it keeps again.
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include <linux/strata.h>

#include "bench.h"
#include "mark.h"

#define HELD	1000U		/* objects that a CPU has at a time */
#define OPS	(20 * HELD)	/* of each CPU in a round */

static void *held[BENCH_CREW][HELD];
static unsigned int nr_cpus;

static atomic_t came;
static DECLARE_WAIT_QUEUE_HEAD(others);

/* Wait until all are here, for the @times-th time; asleep, so that they can run. */
static void meet(unsigned int times)
{
	if (atomic_inc_return(&came) >= times * nr_cpus)
		wake_up_all(&others);
	else
		wait_event(others, atomic_read(&came) >= times * nr_cpus);
}

static u64 on_all(int (*work)(unsigned int nr))
{
	atomic_set(&came, 0);
	nr_cpus = min(num_online_cpus(), BENCH_CREW);
	return bench_crew(work, nr_cpus);
}

/* The three rows of one side, as functions. */
#define SCALE(name, side, alloc, free)						\
static int name##_pair_work(unsigned int nr)					\
{										\
	unsigned int i;								\
	void *p = NULL;								\
										\
	bench_mark_begin(side);							\
	for (i = 0; i < OPS; i++) {						\
		p = alloc(BENCH_SIZE, GFP_KERNEL);				\
		free(p);							\
	}									\
	bench_mark_end();							\
	return p ? 0 : -ENOMEM;							\
}										\
										\
static int name##_take(void **to)						\
{										\
	unsigned int i;								\
	int ret = 0;								\
										\
	bench_mark_begin(side);							\
	for (i = 0; i < HELD; i++) {						\
		to[i] = alloc(BENCH_SIZE, GFP_KERNEL);				\
		if (unlikely(!to[i]))						\
			ret = -ENOMEM;						\
	}									\
	bench_mark_end();							\
	return ret;								\
}										\
										\
static void name##_give(void **from)						\
{										\
	unsigned int i;								\
										\
	bench_mark_begin(side);							\
	for (i = 0; i < HELD; i++)						\
		free(from[i]);							\
	bench_mark_end();							\
}										\
										\
static int name##_burst_work(unsigned int nr)					\
{										\
	unsigned int i;								\
	int ret = 0;								\
										\
	for (i = 0; i < OPS / HELD; i++) {					\
		ret = name##_take(held[nr]) ?: ret;				\
		name##_give(held[nr]);						\
		cond_resched();							\
	}									\
	return ret;								\
}										\
										\
static int name##_cross_work(unsigned int nr)					\
{										\
	unsigned int i;								\
	int ret = 0;								\
										\
	for (i = 0; i < OPS / HELD; i++) {					\
		ret = name##_take(held[nr]) ?: ret;				\
		meet(2 * i + 1);						\
		name##_give(held[(nr + 1) % nr_cpus]);				\
		meet(2 * i + 2);						\
	}									\
	return ret;								\
}										\
										\
static u64 name##_pair(unsigned long loops)					\
{										\
	return on_all(name##_pair_work);					\
}										\
										\
static u64 name##_burst(unsigned long loops)					\
{										\
	return on_all(name##_burst_work);					\
}										\
										\
static u64 name##_cross(unsigned long loops)					\
{										\
	return on_all(name##_cross_work);					\
}

SCALE(strata, BENCH_STRATA, strata_alloc, strata_free)
SCALE(kmalloc, BENCH_RIVAL, kmalloc, kfree)

const struct bench bench_scale[] = {
	{ "scale-pair", OPS, 1, { strata_pair, kmalloc_pair }, .on_all = true },
	{ "scale-burst", OPS, 1, { strata_burst, kmalloc_burst }, .on_all = true },
	{ "scale-cross", OPS, 1, { strata_cross, kmalloc_cross }, .on_all = true },
	{ }
};
