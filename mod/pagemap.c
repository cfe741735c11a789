// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two-level table by linear address. Leaves come as memory is first held
 * and stay until the table goes: a reader needs no lock.
 */
#include <linux/mm.h>

#include "compat.h"
#include "pagemap.h"

static unsigned long nr_leaves(const struct strata_pagemap *map)
{
	return DIV_ROUND_UP(map->nr_slots, STRATA_LEAF_ENTRIES);
}

/* A leaf of windows of which nothing is held. */
static struct strata_map_leaf *leaf_create(const struct strata_pagemap *map, gfp_t gfp)
{
	struct strata_map_leaf *leaf;
	unsigned long i;

	if (gfpflags_allow_blocking(gfp))
		leaf = kvmalloc(sizeof(*leaf), (gfp & __GFP_NOWARN) | GFP_NOIO);
	else
		leaf = kmalloc(sizeof(*leaf), gfp);
	if (!leaf)
		return NULL;
	for (i = 0; i < STRATA_LEAF_ENTRIES; i++)
		leaf->entry[i] = (struct strata_map_entry){ .owner = map->nobody };
	return leaf;
}

/**
 * strata_pagemap_init() - an empty table for all memory this machine can have
 * @map: to be filled in
 *
 * The root takes 64 KiB where physical addresses have 46 bits.
 *
 * Return: 0 or -ENOMEM.
 */
int strata_pagemap_init(struct strata_pagemap *map)
{
	unsigned long i;

#ifdef MAX_PHYSMEM_BITS
	map->nr_slots = 1UL << (MAX_PHYSMEM_BITS - STRATA_CHUNK_SHIFT);
#else
	map->nr_slots = (((unsigned long)high_memory - PAGE_OFFSET) >> STRATA_CHUNK_SHIFT) + 1;
#endif
	map->nobody = kcalloc(STRATA_CHUNK_PAGES, sizeof(*map->nobody), GFP_KERNEL);
	map->nothing = leaf_create(map, GFP_KERNEL);
	map->root = kvmalloc_array(nr_leaves(map), sizeof(*map->root), GFP_KERNEL);
	if (!map->nobody || !map->nothing || !map->root) {
		kvfree(map->root);
		map->root = NULL;
		strata_pagemap_exit(map);
		return -ENOMEM;
	}
	for (i = 0; i < nr_leaves(map); i++)
		map->root[i] = map->nothing;
	return 0;
}

/**
 * strata_pagemap_exit() - free the table
 * @map: nobody looks anything up any more; also one half made
 */
void strata_pagemap_exit(struct strata_pagemap *map)
{
	unsigned long i;

	for (i = 0; map->root && i < nr_leaves(map); i++)
		if (map->root[i] != map->nothing)
			kvfree(map->root[i]);
	kvfree(map->root);
	kvfree(map->nothing);
	kfree(map->nobody);
	*map = (struct strata_pagemap){ };
}

/**
 * strata_pagemap_prepare() - make sure that there is an entry for @p
 * @map: the table
 * @p: address in the linear mapping
 * @gfp: for the leaf; GFP_NOWAIT may fail
 *
 * Context: as @gfp says. Concurrent callers are fine.
 * Return: 0, -ENOMEM, or -ERANGE for memory beyond what the root can tell.
 */
int strata_pagemap_prepare(struct strata_pagemap *map, const void *p, gfp_t gfp)
{
	unsigned long slot = ((unsigned long)p - PAGE_OFFSET) >> STRATA_CHUNK_SHIFT;
	struct strata_map_leaf *leaf, **where;

	if (slot >= map->nr_slots)
		return -ERANGE;
	where = &map->root[slot >> STRATA_LEAF_SHIFT];
	if (READ_ONCE(*where) != map->nothing)
		return 0;
	leaf = leaf_create(map, gfp);
	if (!leaf)
		return -ENOMEM;
	/* A leaf is seen filled. Pairs with the READ_ONCE() in strata_pagemap_entry(). */
	if (cmpxchg_release(where, map->nothing, leaf) != map->nothing)
		kvfree(leaf);
	return 0;
}
