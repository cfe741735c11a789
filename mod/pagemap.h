/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From any pointer value to what strata knows of that page, without a fault: a
 * table with an entry for each 2 MiB of the kernel's linear mapping, which leads
 * to a word for each page. Nothing of it is in struct page, nothing in objects.
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

/* A chunk is a window of 2 MiB of the linear mapping, aligned to its size. */
#define STRATA_CHUNK_SHIFT	21
#define STRATA_CHUNK_SIZE	BIT(STRATA_CHUNK_SHIFT)
#define STRATA_CHUNK_PAGES	(1U << (STRATA_CHUNK_SHIFT - PAGE_SHIFT))
#define STRATA_CHUNK_ORDER	(STRATA_CHUNK_SHIFT - PAGE_SHIFT)

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
 * struct strata_map_table - what is known of each window
 * @nr: how many windows, from the one on that the linear mapping begins in
 * @rcu: a table that was too short is freed after a grace period
 * @chunk: each window's, NULL where nothing is held; they lie behind @owner
 * @owner: the STRATA_CHUNK_PAGES owner words of each window; where nothing is held,
 *	those of nobody, so that a look-up needs no test on its way
 *
 * Two arrays and not one of pairs: a free looks for the owner words alone, and an
 * array of pointers is indexed by the load itself.
 */
struct strata_map_table {
	unsigned long nr;
	struct rcu_head rcu;
	struct strata_chunk **chunk;
	unsigned long *owner[];
};

/**
 * struct strata_pagemap - the table, and how it changes
 * @first: number of the window that the linear mapping begins in, all counted from
 *	address 0
 * @table: read at any time; 16 bytes for each 2 MiB that the machine's memory spans
 * @lock: for its writers, and for a longer one. Inside a heap node's lock
 * @nobody: the owner words of memory that strata does not hold: all 0
 */
struct strata_pagemap {
	unsigned long first;
	struct strata_map_table *table;
	raw_spinlock_t lock;
	unsigned long *nobody;
};

int strata_pagemap_init(struct strata_pagemap *map);
void strata_pagemap_exit(struct strata_pagemap *map);
int strata_pagemap_prepare(struct strata_pagemap *map, const void *p, gfp_t gfp);
bool strata_pagemap_add(struct strata_pagemap *map, struct strata_chunk *chunk,
			const void *base, unsigned long *owner);
void strata_pagemap_remove(struct strata_pagemap *map, const void *base);

/* The place of @p's window in a table; a large one where @p is not in the linear mapping. */
static __always_inline unsigned long strata_map_window(const struct strata_pagemap *map,
						       const void *p)
{
	return ((unsigned long)p >> STRATA_CHUNK_SHIFT) - map->first;
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
	const unsigned long window = strata_map_window(map, p);
	/* Pairs with smp_store_release() in strata_pagemap_prepare(). */
	const struct strata_map_table *table = READ_ONCE(map->table);

	return likely(window < table->nr) ? READ_ONCE(table->chunk[window]) : NULL;
}

/**
 * strata_pagemap_owners() - the owner words of the window that @p is in
 * @map: the table
 * @p: any value at all
 *
 * Context: as for strata_pagemap_chunk().
 * Return: STRATA_CHUNK_PAGES words. Never NULL.
 *
 * They are read once: what hides them keeps the compiler from a second look as
 * READ_ONCE() does, and lets it make the index part of the load.
 */
static __always_inline const unsigned long *strata_pagemap_owners(const struct strata_pagemap *map,
								  const void *p)
{
	const unsigned long window = strata_map_window(map, p);
	/* Pairs with smp_store_release() in strata_pagemap_prepare(). */
	const struct strata_map_table *table = READ_ONCE(map->table);
	unsigned long *owners;

	if (unlikely(window >= table->nr))
		return map->nobody;
	/* One of two values, both good: of a chunk that comes or goes. */
	owners = data_race(table->owner[window]);
	OPTIMIZER_HIDE_VAR(owners);
	return owners;
}

/* The page of its chunk that @p is in. */
static __always_inline unsigned int strata_chunk_page(const void *p)
{
	return (unsigned long)p >> PAGE_SHIFT & (STRATA_CHUNK_PAGES - 1);
}

/* The one of a page, read once, too. */
static __always_inline unsigned long strata_owners_word(const unsigned long *owners,
							unsigned long page)
{
	unsigned long word;

	/* Of a span that comes or goes: nobody has an object of it, who asks about his own. */
	word = data_race(owners[page]);
	OPTIMIZER_HIDE_VAR(word);
	return word;
}

/* The owner word of the page that @p is in. */
static __always_inline unsigned long strata_pagemap_word(const struct strata_pagemap *map,
							 const void *p)
{
	return strata_owners_word(strata_pagemap_owners(map, p), strata_chunk_page(p));
}

/* How many windows there are to walk over; a few may come while one does. */
static inline unsigned long strata_pagemap_windows(const struct strata_pagemap *map)
{
	unsigned long nr;

	rcu_read_lock();
	nr = READ_ONCE(map->table)->nr;
	rcu_read_unlock();
	return nr;
}

/* Where the window at place @i of the table begins. */
static inline const void *strata_pagemap_address(const struct strata_pagemap *map, unsigned long i)
{
	return (const void *)((map->first + i) << STRATA_CHUNK_SHIFT);
}

/* The window of the last look-up: the next is often in the same. */
struct strata_pagemap_window {
	const void *base;
	union {
		struct strata_chunk *chunk;
		const unsigned long *owners;
	};
};

/* How far into the window of the last look-up is @p? Beyond its end for all others. */
static __always_inline unsigned long
strata_pagemap_into(const struct strata_pagemap_window *window, const void *p)
{
	return p - window->base;
}

static __always_inline const void *strata_pagemap_window_base(const void *p)
{
	return (const void *)((unsigned long)p & ~(STRATA_CHUNK_SIZE - 1));
}

/**
 * strata_pagemap_chunk_window() - begin to look up chunks of many objects
 * @map: the table
 * @p: the first of them
 *
 * Context: as for strata_pagemap_chunk().
 * Return: the window of @p.
 */
static __always_inline struct strata_pagemap_window
strata_pagemap_chunk_window(const struct strata_pagemap *map, const void *p)
{
	return (struct strata_pagemap_window){
		.base = strata_pagemap_window_base(p),
		.chunk = strata_pagemap_chunk(map, p),
	};
}

/* The same for owner words. */
static __always_inline struct strata_pagemap_window
strata_pagemap_owner_window(const struct strata_pagemap *map, const void *p)
{
	return (struct strata_pagemap_window){
		.base = strata_pagemap_window_base(p),
		.owners = strata_pagemap_owners(map, p),
	};
}

/* strata_pagemap_chunk() for one of many that are near each other. */
static __always_inline struct strata_chunk *
strata_pagemap_near(const struct strata_pagemap *map, const void *p,
		    struct strata_pagemap_window *window)
{
	if (unlikely(strata_pagemap_into(window, p) >= STRATA_CHUNK_SIZE))
		*window = strata_pagemap_chunk_window(map, p);
	return window->chunk;
}

/* strata_pagemap_word() for one of many that are near each other. */
static __always_inline unsigned long
strata_pagemap_word_near(const struct strata_pagemap *map, const void *p,
			 struct strata_pagemap_window *window)
{
	if (unlikely(strata_pagemap_into(window, p) >= STRATA_CHUNK_SIZE))
		*window = strata_pagemap_owner_window(map, p);
	return strata_owners_word(window->owners, strata_pagemap_into(window, p) >> PAGE_SHIFT);
}

#endif /* _STRATA_PAGEMAP_H */
