/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From any pointer value to what strata knows of that page, without a fault:
 * a two-level table indexed by the offset in the kernel's linear mapping.
 * Nothing of it is in struct page, nothing in the objects.
 */
#ifndef _STRATA_PAGEMAP_H
#define _STRATA_PAGEMAP_H

#include <linux/bits.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/types.h>

struct strata_chunk;

/* A chunk is a window of 2 MiB of the linear mapping, aligned to its size. */
#define STRATA_CHUNK_SHIFT	21
#define STRATA_CHUNK_SIZE	BIT(STRATA_CHUNK_SHIFT)
#define STRATA_CHUNK_PAGES	(1U << (STRATA_CHUNK_SHIFT - PAGE_SHIFT))
#define STRATA_CHUNK_ORDER	(STRATA_CHUNK_SHIFT - PAGE_SHIFT)

/* A leaf speaks for 8 GiB. */
#define STRATA_LEAF_SHIFT	12
#define STRATA_LEAF_ENTRIES	BIT(STRATA_LEAF_SHIFT)

/*
 * An owner word names the cache that a page is cut up for, and in its low bits
 * which page of its span it is. 0: no small objects there.
 */
#define STRATA_OWNER_PAGES	64UL
#define STRATA_OWNER_MASK	(STRATA_OWNER_PAGES - 1)

/*
 * What is known of one window. Where nothing is held, @owner are the words of
 * nobody and @chunk is NULL: a look-up needs no test on its way.
 */
struct strata_map_entry {
	unsigned long *owner;		/* STRATA_CHUNK_PAGES words */
	struct strata_chunk *chunk;
};

struct strata_map_leaf {
	struct strata_map_entry entry[STRATA_LEAF_ENTRIES];
};

/**
 * struct strata_pagemap - the table
 * @root: one leaf for each 8 GiB, or @nothing
 * @nr_slots: windows that the root can tell
 * @nothing: the leaf of memory that strata never held; never written
 * @nobody: the owner words of such memory: all 0
 */
struct strata_pagemap {
	struct strata_map_leaf **root;
	unsigned long nr_slots;
	struct strata_map_leaf *nothing;
	unsigned long *nobody;
};

int strata_pagemap_init(struct strata_pagemap *map);
void strata_pagemap_exit(struct strata_pagemap *map);
int strata_pagemap_prepare(struct strata_pagemap *map, const void *p, gfp_t gfp);

/**
 * strata_pagemap_entry() - the entry of the window that @p is in
 * @map: the table
 * @p: any value at all
 *
 * Context: Any, NMI too, with preemption off: what the entry points to is freed
 * after a grace period. Takes no lock.
 * Return: the entry; an empty one where strata holds nothing. Never NULL.
 */
static __always_inline struct strata_map_entry *
strata_pagemap_entry(const struct strata_pagemap *map, const void *p)
{
	unsigned long slot = ((unsigned long)p - PAGE_OFFSET) >> STRATA_CHUNK_SHIFT;

	if (unlikely(slot >= map->nr_slots))
		return &map->nothing->entry[0];
	/* Pairs with cmpxchg_release() in strata_pagemap_prepare(). */
	return &READ_ONCE(map->root[slot >> STRATA_LEAF_SHIFT])->entry[slot &
		(STRATA_LEAF_ENTRIES - 1)];
}

/* The page of its chunk that @p is in. */
static __always_inline unsigned int strata_chunk_page(const void *p)
{
	return ((unsigned long)p - PAGE_OFFSET) >> PAGE_SHIFT &
	       (STRATA_CHUNK_PAGES - 1);
}

#endif /* _STRATA_PAGEMAP_H */
