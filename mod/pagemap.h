/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From any pointer value to what strata knows of that page, without a fault: a
 * table with an entry for each 256 KiB of the kernel's linear mapping, which leads
 * to a leaf with two words for each page. Nothing of it is in struct page, nothing
 * in objects.
 */
#ifndef _STRATA_PAGEMAP_H
#define _STRATA_PAGEMAP_H

#include <linux/bits.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct strata_chunk;
struct strata_span;

/* A chunk is a window of 2 MiB of the linear mapping, aligned to its size. */
#define STRATA_CHUNK_SHIFT	21
#define STRATA_CHUNK_SIZE	BIT(STRATA_CHUNK_SHIFT)
#define STRATA_CHUNK_PAGES	(1U << (STRATA_CHUNK_SHIFT - PAGE_SHIFT))
#define STRATA_CHUNK_ORDER	(STRATA_CHUNK_SHIFT - PAGE_SHIFT)

/*
 * A leaf tells of 64 pages: where memory is broken up a chunk holds few, in runs
 * of about as many. A chunk of large pages is less than that.
 */
#define STRATA_LEAF_SHIFT	(PAGE_SHIFT + 6 < STRATA_CHUNK_SHIFT ? PAGE_SHIFT + 6 : \
				 STRATA_CHUNK_SHIFT)
#define STRATA_LEAF_SIZE	BIT(STRATA_LEAF_SHIFT)
#define STRATA_LEAF_PAGES	(1U << (STRATA_LEAF_SHIFT - PAGE_SHIFT))
#define STRATA_CHUNK_LEAVES	(1U << (STRATA_CHUNK_SHIFT - STRATA_LEAF_SHIFT))

/*
 * An owner word says whom a page is cut up for, by an address aligned to
 * STRATA_OWNER_ALIGN, and in its low bits where the span begins. It is the same
 * for all pages of a span, of which there may be so many. 0: no small objects.
 */
#define STRATA_OWNER_ALIGN	64UL
#define STRATA_OWNER_OFFSETS	((STRATA_OWNER_ALIGN << PAGE_SHIFT) - 1)

static inline unsigned long strata_owner_word(unsigned long owner, const void *base)
{
	return owner | (-(unsigned long)base >> PAGE_SHIFT & (STRATA_OWNER_ALIGN - 1));
}

static __always_inline unsigned long strata_owner_of(unsigned long word)
{
	return word & ~(STRATA_OWNER_ALIGN - 1);
}

/* How far into its span is @p? */
static __always_inline unsigned long strata_owner_offset(unsigned long word, const void *p)
{
	return ((unsigned long)p + (word << PAGE_SHIFT)) & STRATA_OWNER_OFFSETS;
}

/**
 * struct strata_map_leaf - what is known of some pages
 * @owner: see strata_owner_word(); one word for each page
 * @span: the span that each page belongs to, or NULL
 *
 * Two arrays and not one of pairs: an array of words is indexed by the load itself.
 */
struct strata_map_leaf {
	unsigned long owner[STRATA_LEAF_PAGES];
	struct strata_span *span[STRATA_LEAF_PAGES];
};

/**
 * struct strata_map_table - what is known of each window
 * @nr: how many leaves, from the window on that memory begins in
 * @rcu: a table that was too short is freed after a grace period
 * @chunk: each window's, NULL where nothing is held; they lie behind @leaf
 * @leaf: STRATA_CHUNK_LEAVES for each window; where nothing is held, the one of nobody,
 *	so that a look-up needs no test on its way
 */
struct strata_map_table {
	unsigned long nr;
	struct rcu_head rcu;
	struct strata_chunk **chunk;
	struct strata_map_leaf *leaf[];
};

/**
 * struct strata_pagemap - the table, and how it changes
 * @first: number of the first leaf of the window that memory begins in, all counted
 *	from address 0
 * @table: read at any time; with 4 KiB pages 72 bytes for each 2 MiB that the
 *	machine's memory spans
 * @lock: for its writers, and for a longer one. Inside a heap node's lock
 * @nobody: the leaf of memory that strata does not hold: all 0
 */
struct strata_pagemap {
	unsigned long first;
	struct strata_map_table *table;
	raw_spinlock_t lock;
	struct strata_map_leaf *nobody;
};

int strata_pagemap_init(struct strata_pagemap *map);
void strata_pagemap_exit(struct strata_pagemap *map);
int strata_pagemap_prepare(struct strata_pagemap *map, const void *p, gfp_t gfp);
bool strata_pagemap_add(struct strata_pagemap *map, struct strata_chunk *chunk,
			const void *base);
void strata_pagemap_add_leaf(struct strata_pagemap *map, const void *p,
			     struct strata_map_leaf *leaf);
void strata_pagemap_remove(struct strata_pagemap *map, const void *base);

/* The place of @p's leaf in a table; a large one where @p is not in the linear mapping. */
static __always_inline unsigned long strata_map_place(const struct strata_pagemap *map,
						      const void *p)
{
	return ((unsigned long)p >> STRATA_LEAF_SHIFT) - map->first;
}

/**
 * strata_pagemap_chunk() - the chunk of the window that @p is in
 * @map: the table
 * @p: any value at all
 *
 * Context: Any, NMI too, with preemption off: the table, and the chunk, is freed
 * after a grace period. Takes no lock.
 * Return: the chunk, or NULL where strata holds nothing.
 */
static inline struct strata_chunk *strata_pagemap_chunk(const struct strata_pagemap *map,
							const void *p)
{
	const unsigned long place = strata_map_place(map, p);
	/* Pairs with smp_store_release() in strata_pagemap_prepare(). */
	const struct strata_map_table *table = READ_ONCE(map->table);

	return likely(place < table->nr) ? READ_ONCE(table->chunk[place / STRATA_CHUNK_LEAVES]) :
					   NULL;
}

/**
 * strata_pagemap_leaf() - what is known of the pages around @p
 * @map: the table
 * @p: any value at all
 *
 * Context: as for strata_pagemap_chunk().
 * Return: the leaf. Never NULL.
 *
 * It is read once: what hides it keeps the compiler from a second look as
 * READ_ONCE() does, and lets it make the index part of the load.
 */
static __always_inline struct strata_map_leaf *strata_pagemap_leaf(const struct strata_pagemap *map,
								   const void *p)
{
	const unsigned long place = strata_map_place(map, p);
	/* Pairs with smp_store_release() in strata_pagemap_prepare(). */
	const struct strata_map_table *table = READ_ONCE(map->table);
	struct strata_map_leaf *leaf;

	if (unlikely(place >= table->nr))
		return map->nobody;
	/* One of two values, both good: of a chunk that comes or goes. */
	leaf = data_race(table->leaf[place]);
	OPTIMIZER_HIDE_VAR(leaf);
	return leaf;
}

/* The page of its chunk that @p is in. */
static __always_inline unsigned int strata_chunk_page(const void *p)
{
	return (unsigned long)p >> PAGE_SHIFT & (STRATA_CHUNK_PAGES - 1);
}

/* The page of its leaf that @p is in. */
static __always_inline unsigned int strata_leaf_page(const void *p)
{
	return (unsigned long)p >> PAGE_SHIFT & (STRATA_LEAF_PAGES - 1);
}

/* The owner word of a page, read once, too. Pairs with smp_wmb() in strata_heap_set_span(). */
static __always_inline unsigned long strata_leaf_word(const struct strata_map_leaf *leaf,
						      unsigned long page)
{
	unsigned long word;

	/* Of a span that comes or goes: nobody has an object of it, who asks about his own. */
	word = data_race(leaf->owner[page]);
	OPTIMIZER_HIDE_VAR(word);
	return word;
}

/* The owner word of the page that @p is in. */
static __always_inline unsigned long strata_pagemap_word(const struct strata_pagemap *map,
							 const void *p)
{
	return strata_leaf_word(strata_pagemap_leaf(map, p), strata_leaf_page(p));
}

/*
 * The span of the page that @p is in, NULL if it has none; it lives while preemption
 * is off. Pairs with smp_wmb() in strata_heap_set_span().
 */
static __always_inline struct strata_span *strata_pagemap_span(const struct strata_pagemap *map,
							       const void *p)
{
	return READ_ONCE(strata_pagemap_leaf(map, p)->span[strata_leaf_page(p)]);
}

/**
 * strata_table_span() - strata_pagemap_span() for one of many objects
 * @table: READ_ONCE() of the map's, after the objects were there
 * @first: of the map
 * @p: any value at all
 *
 * A table only gets longer: what was in it once is not looked for behind its end.
 * Context: as for strata_pagemap_chunk().
 * Return: the span of that page now, or NULL.
 */
static __always_inline struct strata_span *
strata_table_span(const struct strata_map_table *table, unsigned long first, const void *p)
{
	const unsigned long place = ((unsigned long)p >> STRATA_LEAF_SHIFT) - first;
	const struct strata_map_leaf *leaf;
	struct strata_span *span;

	if (unlikely(place >= table->nr))
		return NULL;
	/* One of two values, both good, and read once; see strata_pagemap_leaf(). */
	leaf = data_race(table->leaf[place]);
	OPTIMIZER_HIDE_VAR(leaf);
	/* Pairs with smp_wmb() in strata_heap_set_span(). */
	span = data_race(leaf->span[strata_leaf_page(p)]);
	OPTIMIZER_HIDE_VAR(span);
	return span;
}

/* How many windows there are to walk over; a few may come while one does. */
static inline unsigned long strata_pagemap_windows(const struct strata_pagemap *map)
{
	unsigned long nr;

	rcu_read_lock();
	nr = READ_ONCE(map->table)->nr;
	rcu_read_unlock();
	return nr / STRATA_CHUNK_LEAVES;
}

/* What the table takes, in bytes, without leaves. */
static inline size_t strata_pagemap_bytes(const struct strata_pagemap *map)
{
	return strata_pagemap_windows(map) *
	       (sizeof(struct strata_chunk *) +
		STRATA_CHUNK_LEAVES * sizeof(struct strata_map_leaf *));
}

/* Where the window at place @i of the table begins. */
static inline const void *strata_pagemap_address(const struct strata_pagemap *map, unsigned long i)
{
	return (const void *)((map->first + i * STRATA_CHUNK_LEAVES) << STRATA_LEAF_SHIFT);
}

/* The leaf of the last look-up, and where its pages begin: the next is often of the same. */
struct strata_map_last {
	const void *base;
	const struct strata_map_leaf *leaf;
};

/**
 * strata_map_begin() - begin to look up many objects
 * @map: the table
 * @p: the first of them
 *
 * Context: as for strata_pagemap_chunk().
 * Return: what strata_map_next() needs.
 */
static __always_inline struct strata_map_last strata_map_begin(const struct strata_pagemap *map,
							       const void *p)
{
	return (struct strata_map_last){
		.base = (const void *)((unsigned long)p & ~(STRATA_LEAF_SIZE - 1)),
		.leaf = strata_pagemap_leaf(map, p),
	};
}

/* The page of the leaf @last->leaf, for one of many objects that are near each other. */
static __always_inline unsigned long strata_map_next(const struct strata_pagemap *map,
						     const void *p, struct strata_map_last *last)
{
	if (unlikely((unsigned long)(p - last->base) >= STRATA_LEAF_SIZE))
		*last = strata_map_begin(map, p);
	return (unsigned long)(p - last->base) >> PAGE_SHIFT;
}

#endif /* _STRATA_PAGEMAP_H */
