// SPDX-License-Identifier: GPL-2.0-only
/*
 * One CPU allocates, another one frees: what never comes back to the cache that
 * it left. A ring hands the objects over; it costs the same for both sides.
 *
 * Once the objects are only handed over, and once they are used: the one writes what
 * the other reads. That has their memory travel between the CPUs whoever manages it.
 */
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <linux/strata.h>

#include "bench.h"

#define RING	256U	/* a power of two */
#define HANDED	20000U
#define SPINS	64	/* looks at the ring before others may run */

static void *ring[RING];
static u32 head, tail;		/* objects put in and taken out, ever */

/* Until the ring has room, or an object. A CPU of a guest may not be running. */
static void wait_a_little(unsigned int *spins)
{
	cpu_relax();
	if (!(++*spins % SPINS))
		schedule();
}

static void put(void *object)
{
	unsigned int spins = 0;

	/* Pairs with the release in take(). */
	while (head - smp_load_acquire(&tail) == RING)
		wait_a_little(&spins);
	ring[head % RING] = object;
	/* Pairs with the acquire in take(). */
	smp_store_release(&head, head + 1);
}

static void *take(void)
{
	unsigned int spins = 0;
	void *object;

	/* Pairs with the release in put(). */
	while (smp_load_acquire(&head) == tail)
		wait_a_little(&spins);
	object = ring[tail % RING];
	/* Pairs with the acquire in put(). */
	smp_store_release(&tail, tail + 1);
	return object;
}

/* The use of an object: all of it is written, and looked at by who frees it. */
static void write_words(void *p, unsigned long value)
{
	if (p)
		memset64(p, value, BENCH_SIZE / sizeof(u64));
}

static bool words_are(const u64 *p, u64 value)
{
	u64 differs = 0;
	unsigned int i;

	for (i = 0; i < BENCH_SIZE / sizeof(u64); i++)
		differs |= p[i] ^ value;
	return !differs;
}

static void leave_alone(void *p, unsigned long value)
{
}

static bool take_as_it_is(const u64 *p, u64 value)
{
	return true;
}

/* An object that could not be had is handed over as NULL: the figure is void. */
#define HAND_OVER(name, alloc, free, write, read)			\
static int name##_work(unsigned int nr)					\
{									\
	unsigned int i;							\
	int ret = 0;							\
	void *p;							\
									\
	for (i = 0; i < HANDED; i++) {					\
		if (!nr) {						\
			p = alloc(BENCH_SIZE, GFP_KERNEL);		\
			(write)(p, i);					\
			put(p);						\
			continue;					\
		}							\
		p = take();						\
		if (!p || !(read)(p, i))					\
			ret = -ENOMEM;					\
		free(p);						\
	}								\
	return ret;							\
}									\
									\
static u64 name(unsigned long loops)					\
{									\
	return bench_crew(name##_work, 2);				\
}

HAND_OVER(strata_cross, strata_alloc, strata_free, leave_alone, take_as_it_is)
HAND_OVER(kmalloc_cross, kmalloc, kfree, leave_alone, take_as_it_is)
HAND_OVER(strata_used, strata_alloc, strata_free, write_words, words_are)
HAND_OVER(kmalloc_used, kmalloc, kfree, write_words, words_are)

const struct bench bench_cross[] = {
	{ "cross-64", HANDED, 1, { strata_cross, kmalloc_cross } },
	{ "cross-64-used", HANDED, 1, { strata_used, kmalloc_used } },
	{ }
};
