// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the hot path leaves for later, looked at one call at a time: the first
 * object of a type, the slowest allocation and the slowest free among many (a
 * refill and an overflow at their worst), and giving the memory back.
 */
#include <linux/irqflags.h>
#include <linux/slab.h>

#include <linux/strata.h>

#include "bench.h"

/* One call, with the look at the clock and without interrupts. */
#define ONE_CALL(call)							\
({									\
	unsigned long flags;						\
	u64 begun, took;						\
									\
	local_irq_save(flags);						\
	begun = ktime_get_ns();						\
	call;								\
	took = ktime_get_ns() - begun;					\
	local_irq_restore(flags);					\
	took;								\
})

static u64 strata_first(unsigned long loops)
{
	u64 ns = BENCH_FAILED;
	void *p = NULL;

	if (bench_make_types())
		goto out;
	ns = ONE_CALL(p = strata_cache_alloc(bench_strata_type, GFP_ATOMIC | __GFP_NOWARN));
	strata_cache_free(bench_strata_type, p);
out:
	bench_drop_types();
	return p ? ns : BENCH_FAILED;
}

static u64 slab_first(unsigned long loops)
{
	u64 ns = BENCH_FAILED;
	void *p = NULL;

	if (bench_make_types())
		goto out;
	ns = ONE_CALL(p = kmem_cache_alloc(bench_slab_type, GFP_ATOMIC | __GFP_NOWARN));
	if (p)
		kmem_cache_free(bench_slab_type, p);
out:
	bench_drop_types();
	return p ? ns : BENCH_FAILED;
}

/* The slowest of many allocations, or of their frees. */
#define SLOWEST(name, alloc, free, frees)				\
static u64 name(unsigned long loops)					\
{									\
	u64 slowest = 0;						\
	unsigned int i;							\
	u64 ns;								\
									\
	for (i = 0; i < BENCH_OBJECTS; i++) {				\
		ns = ONE_CALL(bench_object[i] = alloc);			\
		if (!(frees))						\
			slowest = max(slowest, ns);			\
		if (!bench_object[i])					\
			slowest = BENCH_FAILED;				\
	}								\
	for (i = 0; i < BENCH_OBJECTS; i++) {				\
		void *p = bench_object[bench_order[i]];			\
									\
		ns = ONE_CALL(free);					\
		if (frees)						\
			slowest = max(slowest, ns);			\
	}								\
	return slowest;							\
}

SLOWEST(strata_slowest_alloc, strata_alloc(BENCH_SIZE, GFP_ATOMIC | __GFP_NOWARN),
	strata_free(p), false)
SLOWEST(kmalloc_slowest_alloc, kmalloc(BENCH_SIZE, GFP_ATOMIC | __GFP_NOWARN),
	kfree(p), false)
SLOWEST(strata_slowest_free, strata_alloc(BENCH_SIZE, GFP_ATOMIC | __GFP_NOWARN),
	strata_free(p), true)
SLOWEST(kmalloc_slowest_free, kmalloc(BENCH_SIZE, GFP_ATOMIC | __GFP_NOWARN),
	kfree(p), true)

/* All that a burst left behind goes back. By the object, since there is that much. */
static u64 strata_shrink(unsigned long loops)
{
	u64 start;

	if (!strata_cache_alloc_bulk(bench_strata_type, GFP_KERNEL, BENCH_OBJECTS, bench_object))
		return BENCH_FAILED;
	strata_cache_free_bulk(bench_strata_type, BENCH_OBJECTS, bench_object);
	start = ktime_get_ns();
	strata_cache_shrink(bench_strata_type);
	return ktime_get_ns() - start;
}

static u64 slab_shrink(unsigned long loops)
{
	u64 start;

	if (!kmem_cache_alloc_bulk(bench_slab_type, GFP_KERNEL, BENCH_OBJECTS, bench_object))
		return BENCH_FAILED;
	kmem_cache_free_bulk(bench_slab_type, BENCH_OBJECTS, bench_object);
	start = ktime_get_ns();
	kmem_cache_shrink(bench_slab_type);
	return ktime_get_ns() - start;
}

const struct bench bench_cold[] = {
	{ "first-alloc", 1, 1, { strata_first, slab_first } },
	{ "slowest-alloc", 1, 1, { strata_slowest_alloc, kmalloc_slowest_alloc } },
	{ "slowest-free", 1, 1, { strata_slowest_free, kmalloc_slowest_free } },
	{ "shrink-10000", BENCH_OBJECTS, 1, { strata_shrink, slab_shrink },
	  bench_make_types, bench_drop_types },
	{ }
};
