// SPDX-License-Identifier: GPL-2.0-only
/* A bounded stack of free objects under a lock; its memory comes and goes. */
#include <linux/minmax.h>
#include <linux/slab.h>

#include "compat.h"
#include "depot.h"
#include "fault.h"
#include "magazine.h"
#include "track.h"

/**
 * strata_depot_init() - a closed depot: it takes nothing
 * @depot: to be filled in
 */
void strata_depot_init(struct strata_depot *depot)
{
	raw_spin_lock_init(&depot->lock);
}
STRATA_TEST_EXPORT(strata_depot_init);

/**
 * strata_depot_open() - let a depot take objects; nothing if it does already
 * @depot: the depot
 * @capacity: objects, at least 1
 * @node: NUMA node that its own memory should be on
 * @gfp: for that memory. If there is none the depot stays closed
 *
 * Context: as @gfp says.
 */
void strata_depot_open(struct strata_depot *depot, unsigned int capacity, int node, gfp_t gfp)
{
	unsigned long flags;
	void **slot;

	if (READ_ONCE(depot->capacity))
		return;
	slot = strata_may_fail(gfp, kcalloc_node(capacity, sizeof(*slot), gfp, node));
	if (!slot)
		return;
	/* What it held is still there when it is somebody's. */
	strata_track_scan_none(slot);
	raw_spin_lock_irqsave(&depot->lock, flags);
	if (!depot->capacity) {
		swap(depot->slot, slot);
		WRITE_ONCE(depot->capacity, capacity);
	}
	raw_spin_unlock_irqrestore(&depot->lock, flags);
	kfree(slot);
}
STRATA_TEST_EXPORT(strata_depot_open);

/**
 * strata_depot_close() - free the memory of a depot that holds nothing
 * @depot: the depot; one that holds something is left as it is
 *
 * Context: task.
 */
void strata_depot_close(struct strata_depot *depot)
{
	unsigned long flags;
	void **slot = NULL;

	if (!READ_ONCE(depot->capacity))
		return;
	raw_spin_lock_irqsave(&depot->lock, flags);
	if (!depot->count) {
		swap(depot->slot, slot);
		WRITE_ONCE(depot->capacity, 0);
	}
	raw_spin_unlock_irqrestore(&depot->lock, flags);
	kfree(slot);
}
STRATA_TEST_EXPORT(strata_depot_close);

/**
 * strata_depot_exit() - free the depot's own memory
 * @depot: empty, or its objects do not matter any more
 */
void strata_depot_exit(struct strata_depot *depot)
{
	kfree(depot->slot);
	depot->slot = NULL;
}
STRATA_TEST_EXPORT(strata_depot_exit);

/**
 * strata_depot_put() - leave objects for others
 * @depot: the depot
 * @objects: free objects
 * @n: how many
 *
 * Context: any but NMI.
 * Return: how many found room, the first of @objects.
 */
unsigned int strata_depot_put(struct strata_depot *depot, void **objects, unsigned int n)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&depot->lock, flags);
	n = min(n, depot->capacity - depot->count);
	strata_objects_copy(depot->slot + depot->count, objects, n);
	WRITE_ONCE(depot->count, depot->count + n);
	depot->nr_in += n;
	raw_spin_unlock_irqrestore(&depot->lock, flags);
	return n;
}
STRATA_TEST_EXPORT(strata_depot_put);

/**
 * strata_depot_take() - take objects that others left
 * @depot: the depot
 * @objects: filled with them
 * @n: at most so many
 *
 * Context: any but NMI.
 * Return: how many there were.
 */
unsigned int strata_depot_take(struct strata_depot *depot, void **objects, unsigned int n)
{
	unsigned long flags;

	/* An empty depot is common, and its lock line is everybody's. */
	if (!READ_ONCE(depot->count))
		return 0;
	raw_spin_lock_irqsave(&depot->lock, flags);
	n = min(n, depot->count);
	WRITE_ONCE(depot->count, depot->count - n);
	depot->low = min(depot->low, depot->count);
	strata_objects_copy(objects, depot->slot + depot->count, n);
	depot->nr_out += n;
	raw_spin_unlock_irqrestore(&depot->lock, flags);
	return n;
}
STRATA_TEST_EXPORT(strata_depot_take);

/**
 * strata_depot_idle() - how many objects nobody wanted since the last call
 * @depot: the depot
 *
 * Return: the least count in that time; so many can go without being missed.
 */
unsigned int strata_depot_idle(struct strata_depot *depot)
{
	unsigned long flags;
	unsigned int low;

	raw_spin_lock_irqsave(&depot->lock, flags);
	low = depot->low;
	depot->low = depot->count;
	raw_spin_unlock_irqrestore(&depot->lock, flags);
	return low;
}
STRATA_TEST_EXPORT(strata_depot_idle);
