/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A chunk: which pages of one 2 MiB window strata holds, and which are free.
 * A plain data structure: no locks, no page allocator, no policy. The heap
 * that owns a chunk locks it.
 */
#ifndef _STRATA_CHUNK_H
#define _STRATA_CHUNK_H

#include <linux/bitmap.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

#include "pagemap.h"

/**
 * struct strata_chunk - one window
 * @base: linear address of the window, aligned to its size
 * @list: in the heap's list for @longest
 * @node: NUMA node of the pages
 * @whole: came as one block of STRATA_CHUNK_ORDER and goes back as one
 * @nr_present: pages held
 * @nr_free: pages held and free
 * @nr_direct: pages here that belong to blocks taken past the heap
 * @longest: longest run of free pages
 * @leaf: what is known of its pages; NULL where none was ever held
 * @busy: set: not free, or not held at all
 * @present: set: held
 * @rcu: the metadata is freed after a grace period
 */
struct strata_chunk {
	void *base;
	struct list_head list;
	int node;
	bool whole;
	u16 nr_present;
	u16 nr_free;
	u16 nr_direct;
	u16 longest;
	struct strata_map_leaf *leaf[STRATA_CHUNK_LEAVES];
	DECLARE_BITMAP(busy, STRATA_CHUNK_PAGES);
	DECLARE_BITMAP(present, STRATA_CHUNK_PAGES);
	struct rcu_head rcu;
};

struct strata_chunk *strata_chunk_create(void *base, int node, gfp_t gfp);
void strata_chunk_destroy(struct strata_chunk *chunk);
void strata_chunk_destroy_rcu(struct strata_chunk *chunk);

void strata_chunk_add(struct strata_chunk *chunk, unsigned int page, unsigned int n,
		      unsigned int used);
void strata_chunk_remove(struct strata_chunk *chunk, unsigned int page, unsigned int n);
int strata_chunk_take(struct strata_chunk *chunk, unsigned int n);
void strata_chunk_put(struct strata_chunk *chunk, unsigned int page, unsigned int n);
unsigned int strata_chunk_next_free(const struct strata_chunk *chunk,
				    unsigned int from, unsigned int *n);

/* The address of a page of @chunk. */
static inline void *strata_chunk_address(const struct strata_chunk *chunk,
					 unsigned int page)
{
	return chunk->base + ((unsigned long)page << PAGE_SHIFT);
}

/* How many leaves of the page map @chunk has. */
static inline unsigned int strata_chunk_nr_leaves(const struct strata_chunk *chunk)
{
	unsigned int i, n = 0;

	for (i = 0; i < STRATA_CHUNK_LEAVES; i++)
		n += !!chunk->leaf[i];
	return n;
}

#endif /* _STRATA_CHUNK_H */
