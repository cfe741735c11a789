// SPDX-License-Identifier: GPL-2.0-only
/*
 * The shrinker. It counts pages that are free in the heap, and takes them and
 * what the depots hold; magazines belong to their CPUs and are left alone.
 */
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/shrinker.h>

#include "allocator.h"
#include "compat.h"
#include "drain.h"
#include "fault.h"
#include "shrink.h"

static struct strata_allocator *shrunk;
static struct shrinker *shrinker;

static unsigned long count_objects(struct shrinker *s, struct shrink_control *sc)
{
	unsigned long pages = 0;
	int node;

	for (node = 0; node < nr_node_ids; node++)
		pages += READ_ONCE(shrunk->heap.node[node]->nr_free);
	return pages ?: SHRINK_EMPTY;
}

static unsigned long scan_objects(struct shrinker *s, struct shrink_control *sc)
{
	size_t pages = strata_reclaim(shrunk, sc->nr_to_scan);

	mm_account_reclaimed_pages(pages);
	return pages ?: SHRINK_STOP;
}

/**
 * strata_shrink_init() - let memory pressure reach an allocator
 * @a: the allocator
 *
 * Return: 0 or -ENOMEM.
 */
int strata_shrink_init(struct strata_allocator *a)
{
	int err;

	shrinker = strata_may_fail(GFP_KERNEL, shrinker_alloc(0, "strata"));
	if (!shrinker)
		return -ENOMEM;
	shrunk = a;
	shrinker->count_objects = count_objects;
	shrinker->scan_objects = scan_objects;
	shrinker->seeks = DEFAULT_SEEKS;
	err = strata_fault(GFP_KERNEL) ? -ENOMEM : strata_shrinker_register(shrinker, "strata");
	if (err)
		shrinker_free(shrinker);
	return err;
}

/**
 * strata_shrink_exit() - no more
 *
 * Context: may sleep; waits for reclaim that is under way.
 */
void strata_shrink_exit(void)
{
	shrinker_free(shrinker);
}
