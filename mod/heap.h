/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The heap: runs of pages out of chunks (Go's mheap). Knows pages and nodes;
 * does not know what they are used for.
 */
#ifndef _STRATA_HEAP_H
#define _STRATA_HEAP_H

#include <linux/list.h>
#include <linux/mm.h>
#include <linux/spinlock.h>

#include "chunk.h"
#include "compat.h"
#include "pagemap.h"

struct strata_span;

/*
 * What a caller's gfp says about how to find memory. The rest of it (zeroing,
 * zones, accounting) is about the object, not about pages of the heap.
 */
#define STRATA_GFP_RECLAIM	(__GFP_RECLAIM | __GFP_HIGH | __GFP_ATOMIC | __GFP_IO | \
				 __GFP_FS | __GFP_NOWARN | __GFP_RETRY_MAYFAIL | \
				 __GFP_NOFAIL | __GFP_NORETRY | __GFP_MEMALLOC | \
				 __GFP_NOMEMALLOC)
#define STRATA_GFP_PAGES	(STRATA_GFP_RECLAIM | __GFP_THISNODE | __GFP_HARDWALL)

/**
 * struct strata_backing - where a heap gets its pages
 * @get: like alloc_pages_node(), without __GFP_COMP; NULL on failure
 * @put: like __free_pages()
 *
 * The page allocator; in a test, one that fails on demand.
 */
struct strata_backing {
	struct page *(*get)(const struct strata_backing *backing, int node,
			    gfp_t gfp, unsigned int order);
	void (*put)(const struct strata_backing *backing, struct page *page,
		    unsigned int order);
};

extern const struct strata_backing strata_page_allocator;

/**
 * struct strata_heap_node - one NUMA node's chunks
 * @lock: everything here, and the bitmaps of the chunks. Innermost: nothing is
 *	called out to under it. Taken in any context but NMI.
 * @by_longest: chunks by the length of their longest free run
 * @occupied: which of those lists have a chunk
 * @nr_present: pages held in chunks
 * @nr_free: those of them that are free
 * @nr_free_low: least @nr_free since the scavenger last looked
 * @order_had: of the last block that was to be had in passing: where memory is broken
 *	up, larger ones are not asked for in vain each time
 * @quiet: times that the scavenger looked since a page was last taken
 * @nr_direct: pages of blocks taken past the chunks
 * @nr_chunks: windows with at least one page held
 * @nr_leaves: of the page map, for pages of those windows
 * @nr_taken: pages ever got from the page allocator
 * @nr_returned: pages ever given back to it
 */
struct strata_heap_node {
	raw_spinlock_t lock;
	struct list_head by_longest[STRATA_CHUNK_PAGES + 1];
	DECLARE_BITMAP(occupied, STRATA_CHUNK_PAGES + 1);
	unsigned long nr_present;
	unsigned long nr_free;
	unsigned long nr_free_low;
	unsigned int order_had;
	unsigned int quiet;
	unsigned long nr_direct;
	unsigned long nr_chunks;
	unsigned long nr_leaves;
	u64 nr_taken;
	u64 nr_returned;
};

struct strata_heap {
	struct strata_pagemap map;
	const struct strata_backing *backing;
	struct strata_heap_node **node;		/* nr_node_ids of them */
};

int strata_heap_init(struct strata_heap *heap, const struct strata_backing *backing);
size_t strata_heap_exit(struct strata_heap *heap);

void *strata_heap_take(struct strata_heap *heap, int node, unsigned int npages);
void strata_heap_release(struct strata_heap *heap, void *run, unsigned int npages);
void strata_heap_set_span(struct strata_heap *heap, void *run, unsigned int npages,
			  struct strata_span *span, unsigned long owner);
struct strata_span *strata_heap_span(struct strata_heap *heap, const void *p);

/* heap_grow.c */
void *strata_heap_alloc(struct strata_heap *heap, int node, unsigned int npages, gfp_t gfp);
void *strata_heap_alloc_direct(struct strata_heap *heap, int node, unsigned int order,
			       gfp_t gfp);
void strata_heap_free_direct(struct strata_heap *heap, void *block, unsigned int order);

/* heap_scavenge.c */
size_t strata_heap_give_back(struct strata_heap *heap, int node, size_t npages);
size_t strata_heap_scavenge(struct strata_heap *heap);
bool strata_heap_has_idle(const struct strata_heap *heap, int node);

/* For heap_*.c: @hn's lock held. */
void strata_heap_file(struct strata_heap_node *hn, struct strata_chunk *chunk);
void strata_heap_unfile(struct strata_heap_node *hn, struct strata_chunk *chunk);
struct strata_chunk *strata_heap_find_chunk(struct strata_heap *heap, const void *p,
					    struct strata_heap_node **hn, unsigned long *flags);
void strata_heap_forget(struct strata_heap *heap, struct strata_heap_node *hn,
			struct strata_chunk *chunk);

/**
 * strata_heap_chunk() - find the chunk of an address and lock its node
 * @heap: the heap
 * @p: any value
 * @hn: set to the node, locked
 * @flags: for raw_spin_unlock_irqrestore()
 *
 * Apart from the function for sparse, which follows a lock that depends on what
 * is returned only where it sees the condition.
 * Return: the chunk, or NULL with nothing locked.
 */
static inline struct strata_chunk *strata_heap_chunk(struct strata_heap *heap, const void *p,
						     struct strata_heap_node **hn,
						     unsigned long *flags)
{
	struct strata_chunk *chunk = strata_heap_find_chunk(heap, p, hn, flags);

	if (chunk)
		__acquire(&(*hn)->lock);
	return chunk;
}

#endif /* _STRATA_HEAP_H */
