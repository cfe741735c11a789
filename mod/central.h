/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The central lists (Go's mcentral): the spans of one cache on one NUMA node,
 * ordered by how full they are. Of those with room for a good part of a batch
 * the fullest one is used first, so that sparse spans drain and their pages go
 * back (tcmalloc's span priority), and a batch stays together.
 */
#ifndef _STRATA_CENTRAL_H
#define _STRATA_CENTRAL_H

#include <linux/bitops.h>
#include <linux/cache.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/spinlock.h>

#include "heap.h"
#include "span.h"

/* By log2 of the free objects of a span. */
#define STRATA_BUCKETS	8

/**
 * struct strata_central - one cache's spans on one node
 * @lock: everything here, and the spans. Innermost. Any context but NMI.
 * @occupied: which of @partial have a span
 * @partial: spans with free and live objects; [0] is the fullest
 * @full: spans without a free object
 * @empty: spans without a live one; one is kept, for the next allocation
 * @nr_spans: in all lists
 * @nr_free: objects free in them
 * @nr_taken: objects ever taken out
 * @nr_put: objects ever put back
 */
struct strata_central {
	raw_spinlock_t lock;
	u32 occupied;
	struct list_head partial[STRATA_BUCKETS];
	struct list_head full;
	struct list_head empty;
	unsigned long nr_spans;
	unsigned long nr_free;
	u64 nr_taken;
	u64 nr_put;
} ____cacheline_aligned_in_smp;

/* The list for spans with @nr_free objects free, which are some and not all. */
static inline unsigned int strata_central_bucket(unsigned int nr_free)
{
	return min_t(unsigned int, fls(nr_free) - 1, STRATA_BUCKETS - 1);
}

/*
 * How many objects can be freed into such a span before it has to leave that list. Where
 * they are many it is looked at once before.
 */
static inline u8 strata_central_stays(const struct strata_shape *shape, unsigned int nr_free)
{
	const unsigned int bucket = strata_central_bucket(nr_free);
	unsigned int next = shape->nr_objects;

	if (bucket < STRATA_BUCKETS - 1)
		next = min(next, 2U << bucket);
	return min_t(unsigned int, next - nr_free, U8_MAX);
}

void strata_central_init(struct strata_central *central);
void strata_central_add(struct strata_central *central, const struct strata_shape *shape,
			struct strata_span *span);
unsigned int strata_central_take(struct strata_central *central,
				 const struct strata_shape *shape, void **objects,
				 unsigned int n);
unsigned int strata_central_put(struct strata_central *centrals, struct strata_heap *heap,
				const struct strata_cache *cache,
				const struct strata_shape *shape, void **objects,
				unsigned int n, struct list_head *emptied);
void strata_central_trim(struct strata_central *central, struct list_head *emptied);

#endif /* _STRATA_CENTRAL_H */
