// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table by linear address. It is made for the memory that the machine has,
 * and made anew, longer, should memory be added later: a reader needs no lock.
 */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/overflow.h>

#include "compat.h"
#include "fault.h"
#include "pagemap.h"

/* A table of windows of which nothing is held. */
static struct strata_map_table *table_create(const struct strata_pagemap *map,
					     unsigned long nr, gfp_t gfp)
{
	const unsigned long leaves = nr * STRATA_CHUNK_LEAVES;
	struct strata_map_table *table;
	size_t size = struct_size(table, leaf, leaves) + array_size(nr, sizeof(*table->chunk));
	unsigned long i;

	if (gfpflags_allow_blocking(gfp))
		table = strata_may_fail(gfp, kvmalloc(size, (gfp & __GFP_NOWARN) | GFP_NOIO));
	else
		table = strata_may_fail(gfp, kmalloc(size, gfp));
	if (!table)
		return NULL;
	table->nr = leaves;
	table->chunk = (struct strata_chunk **)(table->leaf + leaves);
	for (i = 0; i < leaves; i++)
		table->leaf[i] = map->nobody;
	memset(table->chunk, 0, array_size(nr, sizeof(*table->chunk)));
	return table;
}

/*
 * The windows that memory is in: the first, counted from address 0, and how many. Not
 * from PAGE_OFFSET on, which may be far below: arm64 built for addresses of 52 bits has
 * its memory at the end of those of 48, where the machine has no more.
 */
static unsigned long windows_of_memory(unsigned long *nr)
{
	unsigned long start = ULONG_MAX, end = 0, first, last;
	int node;

	for_each_online_node(node) {
		if (!node_present_pages(node))
			continue;
		start = min(start, NODE_DATA(node)->node_start_pfn);
		end = max(end, pgdat_end_pfn(NODE_DATA(node)));
	}
	/* High memory has no addresses, and those of as much of it would not fit in a long. */
	if (IS_ENABLED(CONFIG_HIGHMEM))
		end = min(end, PHYS_PFN(__pa(high_memory - 1)) + 1);
	first = (unsigned long)__va(PFN_PHYS(start)) >> STRATA_CHUNK_SHIFT;
	last = (unsigned long)__va(PFN_PHYS(end - 1)) >> STRATA_CHUNK_SHIFT;
	*nr = last - first + 1;
	return first;
}

/**
 * strata_pagemap_init() - an empty table for all memory that this machine has
 * @map: to be filled in
 *
 * Return: 0 or -ENOMEM.
 */
int strata_pagemap_init(struct strata_pagemap *map)
{
	unsigned long nr;

	raw_spin_lock_init(&map->lock);
	map->nobody = strata_may_fail(GFP_KERNEL, kzalloc(sizeof(*map->nobody), GFP_KERNEL));
	map->first = windows_of_memory(&nr) * STRATA_CHUNK_LEAVES;
	map->table = table_create(map, nr, GFP_KERNEL);
	if (map->nobody && map->table)
		return 0;
	strata_pagemap_exit(map);
	return -ENOMEM;
}

/**
 * strata_pagemap_exit() - free the table
 * @map: nobody looks anything up any more; also one half made
 */
void strata_pagemap_exit(struct strata_pagemap *map)
{
	kvfree(map->table);
	map->table = NULL;
	kfree(map->nobody);
	map->nobody = NULL;
}

/**
 * strata_pagemap_prepare() - make sure that the table reaches up to @p
 * @map: the table
 * @p: address in the linear mapping
 * @gfp: for a longer table; GFP_NOWAIT may fail
 *
 * Takes long where memory was added behind all that was there before, and never
 * else.
 * Context: as @gfp says. Concurrent callers are fine.
 * Return: 0; -ENOMEM, also for memory that was added in front of all that was there.
 */
int strata_pagemap_prepare(struct strata_pagemap *map, const void *p, gfp_t gfp)
{
	unsigned long place = strata_map_place(map, p), flags;
	struct strata_map_table *longer, *old;

	rcu_read_lock();
	old = READ_ONCE(map->table);
	if (likely(place < old->nr))
		old = NULL;
	rcu_read_unlock();
	if (!old)
		return 0;
	/* It grows at its end alone. */
	if ((unsigned long)p >> STRATA_LEAF_SHIFT < map->first)
		return -ENOMEM;
	longer = table_create(map, roundup_pow_of_two(place / STRATA_CHUNK_LEAVES + 1), gfp);
	if (!longer)
		return -ENOMEM;
	raw_spin_lock_irqsave(&map->lock, flags);
	old = map->table;
	if (longer->nr > old->nr) {
		memcpy(longer->leaf, old->leaf, old->nr * sizeof(*old->leaf));
		memcpy(longer->chunk, old->chunk,
		       old->nr / STRATA_CHUNK_LEAVES * sizeof(*old->chunk));
		/* It is seen filled. Pairs with READ_ONCE() in look-ups. */
		smp_store_release(&map->table, longer);
	} else {
		swap(longer, old);
	}
	raw_spin_unlock_irqrestore(&map->lock, flags);
	kvfree_rcu(old, rcu);
	return 0;
}
STRATA_TEST_EXPORT(strata_pagemap_prepare);

/**
 * strata_pagemap_add() - a window has a chunk from now on
 * @map: the table, prepared for it
 * @chunk: whole, for readers find it at once
 * @base: of the window
 *
 * Context: any but NMI.
 * Return: false, and nothing done, if it has one already.
 */
bool strata_pagemap_add(struct strata_pagemap *map, struct strata_chunk *chunk, const void *base)
{
	const unsigned long window = strata_map_place(map, base) / STRATA_CHUNK_LEAVES;
	struct strata_map_table *table;
	unsigned long flags;
	bool free;

	raw_spin_lock_irqsave(&map->lock, flags);
	table = map->table;
	free = !table->chunk[window];
	if (free)
		/* Pairs with READ_ONCE() in strata_pagemap_chunk(). */
		smp_store_release(&table->chunk[window], chunk);
	raw_spin_unlock_irqrestore(&map->lock, flags);
	return free;
}

/**
 * strata_pagemap_add_leaf() - pages of a window with a chunk have a leaf from now on
 * @map: the table
 * @p: in one of them
 * @leaf: theirs, all 0
 *
 * Context: any but NMI.
 */
void strata_pagemap_add_leaf(struct strata_pagemap *map, const void *p,
			     struct strata_map_leaf *leaf)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&map->lock, flags);
	/* Zeroed words are seen. Pairs with the look of strata_pagemap_leaf(). */
	smp_store_release(&map->table->leaf[strata_map_place(map, p)], leaf);
	raw_spin_unlock_irqrestore(&map->lock, flags);
}

/**
 * strata_pagemap_remove() - a window has no chunk any more
 * @map: the table
 * @base: of the window
 *
 * Context: any but NMI. Readers may see the chunk and its leaves for a grace period.
 */
void strata_pagemap_remove(struct strata_pagemap *map, const void *base)
{
	const unsigned long place = strata_map_place(map, base);
	struct strata_map_table *table;
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&map->lock, flags);
	table = map->table;
	for (i = 0; i < STRATA_CHUNK_LEAVES; i++)
		WRITE_ONCE(table->leaf[place + i], map->nobody);
	WRITE_ONCE(table->chunk[place / STRATA_CHUNK_LEAVES], NULL);
	raw_spin_unlock_irqrestore(&map->lock, flags);
}
