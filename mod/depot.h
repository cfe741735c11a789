/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The depot: free objects on their way between the CPUs of one node, so that a
 * batch which one CPU frees and another allocates never visits its spans
 * (tcmalloc's transfer cache). Bounded by bytes.
 */
#ifndef _STRATA_DEPOT_H
#define _STRATA_DEPOT_H

#include <linux/cache.h>
#include <linux/gfp.h>
#include <linux/spinlock.h>
#include <linux/types.h>

/**
 * struct strata_depot - one cache's objects in transit on one node
 * @lock: all of it. Innermost. Any context but NMI.
 * @count: objects held
 * @low: least @count since the last strata_depot_idle()
 * @capacity: most that it may hold; 0 while it is closed
 * @nr_in: objects ever put
 * @nr_out: objects ever taken
 * @slot: the objects, last in first out; NULL while it is closed
 */
struct strata_depot {
	raw_spinlock_t lock;
	unsigned int count;
	unsigned int low;
	unsigned int capacity;
	u64 nr_in;
	u64 nr_out;
	void **slot;
} ____cacheline_aligned_in_smp;

/* May there be room for an object? A guess, made without the lock. */
static inline bool strata_depot_has_room(const struct strata_depot *depot)
{
	return READ_ONCE(depot->count) < READ_ONCE(depot->capacity);
}

void strata_depot_init(struct strata_depot *depot);
void strata_depot_open(struct strata_depot *depot, unsigned int capacity, int node, gfp_t gfp);
void strata_depot_close(struct strata_depot *depot);
void strata_depot_exit(struct strata_depot *depot);
unsigned int strata_depot_put(struct strata_depot *depot, void **objects, unsigned int n);
unsigned int strata_depot_take(struct strata_depot *depot, void **objects, unsigned int n);
unsigned int strata_depot_idle(struct strata_depot *depot);

#endif /* _STRATA_DEPOT_H */
