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

/*
 * What is known of one window. Where nothing is held, @owner are the words of
 * nobody and @chunk is NULL: a look-up needs no test on its way.
 */
struct strata_map_entry {
	unsigned long *owner;		/* STRATA_CHUNK_PAGES words */
	struct strata_chunk *chunk;
};

/**
 * struct strata_map_table - as many entries as there are windows
 * @nr: how many
 * @rcu: a table that was too short is freed after a grace period
 * @nothing: the entry of all windows beyond
 * @entry: by number of the window
 */
struct strata_map_table {
	unsigned long nr;
	struct rcu_head rcu;
	struct strata_map_entry nothing;
	struct strata_map_entry entry[];
};

/**
 * struct strata_pagemap - the table, and how it changes
 * @table: read at any time; 16 bytes for each 2 MiB that the machine's memory spans
 * @lock: for writers of entries, and for a longer table. Inside a heap node's lock
 * @nobody: the owner words of memory that strata does not hold: all 0
 */
struct strata_pagemap {
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

/**
 * strata_pagemap_entry() - the entry of the window that @p is in
 * @map: the table
 * @p: any value at all
 *
 * Context: Any, NMI too, with preemption off: the entry, and what it points to,
 * is freed after a grace period. Takes no lock.
 * Return: the entry; an empty one where strata holds nothing. Never NULL.
 */
static __always_inline struct strata_map_entry *
strata_pagemap_entry(const struct strata_pagemap *map, const void *p)
{
	unsigned long slot = ((unsigned long)p - PAGE_OFFSET) >> STRATA_CHUNK_SHIFT;
	/* Pairs with smp_store_release() in strata_pagemap_prepare(). */
	struct strata_map_table *table = READ_ONCE(map->table);

	return likely(slot < table->nr) ? &table->entry[slot] : &table->nothing;
}

/* The page of its chunk that @p is in. */
static __always_inline unsigned int strata_chunk_page(const void *p)
{
	return ((unsigned long)p - PAGE_OFFSET) >> PAGE_SHIFT &
	       (STRATA_CHUNK_PAGES - 1);
}

static __always_inline unsigned long strata_entry_word(struct strata_map_entry *entry,
						       const void *p)
{
	return READ_ONCE(READ_ONCE(entry->owner)[strata_chunk_page(p)]);
}

/* The owner word of the page that @p is in, as strata_pagemap_entry() finds it. */
static __always_inline unsigned long strata_pagemap_word(const struct strata_pagemap *map,
							 const void *p)
{
	return strata_entry_word(strata_pagemap_entry(map, p), p);
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

/* An address in window @number. */
static inline const void *strata_pagemap_address(unsigned long number)
{
	return (const void *)(PAGE_OFFSET + (number << STRATA_CHUNK_SHIFT));
}

/* The window of the last look-up: the next is often in the same. */
struct strata_pagemap_window {
	unsigned long number;
	struct strata_map_entry *entry;
};

/* No look-up yet: a number that no address has. */
#define STRATA_NO_WINDOW	{ .number = ~0UL }

/* strata_pagemap_entry() for one of many that are near each other. */
static __always_inline struct strata_map_entry *
strata_pagemap_near(const struct strata_pagemap *map, const void *p,
		    struct strata_pagemap_window *window)
{
	unsigned long number = ((unsigned long)p - PAGE_OFFSET) >> STRATA_CHUNK_SHIFT;

	if (unlikely(number != window->number)) {
		window->number = number;
		window->entry = strata_pagemap_entry(map, p);
	}
	return window->entry;
}

#endif /* _STRATA_PAGEMAP_H */
