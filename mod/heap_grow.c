// SPDX-License-Identifier: GPL-2.0-only
/*
 * How the heap grows. The page allocator is called with nothing locked and as
 * the caller's gfp allows. A step is an eighth of what the node holds, up to a
 * whole chunk, so that a small heap stays small; where no block of that order
 * is to be had at once, smaller ones do, down to single pages. What was had is
 * remembered: the next step tries one order more, no more.
 */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "compat.h"
#include "fault.h"
#include "figure.h"
#include "heap.h"

/* The least that is worth a call: 64 KiB, or a page where pages are larger. */
#define GROW_ORDER_MIN	(PAGE_SHIFT < 16 ? 16 - PAGE_SHIFT : 0)

static unsigned int grow_order(const struct strata_heap_node *hn, unsigned int npages)
{
	unsigned long step = READ_ONCE(hn->nr_present) / 8;
	unsigned int order = step ? ilog2(step) : 0;

	order = clamp_t(unsigned int, order, GROW_ORDER_MIN, STRATA_CHUNK_ORDER);
	order = min(order, READ_ONCE(hn->order_had) + 1);
	return max_t(unsigned int, order, order_base_2(npages));
}

/*
 * Ask for a block in passing: on this node only, no reclaim, no compaction, no
 * reserves. What the node cannot spare easily, another chunk or another node may.
 */
static struct page *grow_lightly(struct strata_heap *heap, int node, unsigned int npages,
				 unsigned int *order)
{
	struct strata_heap_node *hn = heap->node[node];
	unsigned int least = order_base_2(npages);
	struct page *page;

	for (*order = grow_order(hn, npages); ; --*order) {
		page = heap->backing->get(heap->backing, node, __GFP_THISNODE | __GFP_NOWARN |
					  __GFP_NORETRY | __GFP_NOMEMALLOC, *order);
		if (page || *order == least) {
			/* A node that has nothing is asked once the next time, and not twice. */
			WRITE_ONCE(hn->order_had, *order - (!page && *order));
			return page;
		}
	}
}

static void *take_elsewhere(struct strata_heap *heap, int node, unsigned int npages)
{
	void *run = NULL;
	int other;

	for_each_node_state(other, N_MEMORY) {
		if (other != node)
			run = strata_heap_take(heap, other, npages);
		if (run)
			break;
	}
	return run;
}

/* What the window of a block may lack. Allocated, and freed, with nothing locked. */
struct spare {
	struct strata_chunk *chunk;
	struct strata_map_leaf *leaf[STRATA_CHUNK_LEAVES];
	unsigned int nr_leaves;
};

static void spare_free(struct spare *spare)
{
	while (spare->nr_leaves)
		kfree(spare->leaf[--spare->nr_leaves]);
	if (spare->chunk)
		strata_chunk_destroy(spare->chunk);
	spare->chunk = NULL;
}

static bool spare_get(struct spare *spare, unsigned int nr_leaves, int node, gfp_t gfp)
{
	struct strata_map_leaf *leaf;

	while (spare->nr_leaves < nr_leaves) {
		leaf = strata_may_fail(gfp, kzalloc_node(sizeof(*leaf), gfp, node));
		if (!leaf)
			return false;
		spare->leaf[spare->nr_leaves++] = leaf;
	}
	return true;
}

/* The leaves of a chunk that @n pages from @page on need, and which it has not. */
static unsigned int nr_lacking(const struct strata_chunk *chunk, unsigned int page, unsigned int n)
{
	unsigned int i, lacking = 0;

	for (i = page / STRATA_LEAF_PAGES; i <= (page + n - 1) / STRATA_LEAF_PAGES; i++)
		lacking += !chunk || !chunk->leaf[i];
	return lacking;
}

static void add_leaves(struct strata_heap *heap, struct strata_heap_node *hn,
		       struct strata_chunk *chunk, unsigned int page, unsigned int n,
		       struct spare *spare)
{
	unsigned int i;

	for (i = page / STRATA_LEAF_PAGES; i <= (page + n - 1) / STRATA_LEAF_PAGES; i++) {
		if (chunk->leaf[i])
			continue;
		chunk->leaf[i] = spare->leaf[--spare->nr_leaves];
		strata_pagemap_add_leaf(&heap->map, chunk->base + i * STRATA_LEAF_SIZE,
					chunk->leaf[i]);
		strata_figure_add(&hn->nr_leaves, 1);
	}
}

/* The spare chunk becomes its window's; its node is locked then. NULL: it has one. */
static struct strata_chunk *add_chunk(struct strata_heap *heap, struct spare *spare,
				      struct strata_heap_node **hn, unsigned long *flags)
{
	struct strata_chunk *chunk = spare->chunk;

	*hn = heap->node[chunk->node];
	raw_spin_lock_irqsave(&(*hn)->lock, *flags);
	if (!strata_pagemap_add(&heap->map, chunk, chunk->base)) {
		raw_spin_unlock_irqrestore(&(*hn)->lock, *flags);
		return NULL;
	}
	strata_heap_file(*hn, chunk);
	strata_figure_add(&(*hn)->nr_chunks, 1);
	spare->chunk = NULL;
	__release(&(*hn)->lock);
	return chunk;
}

/*
 * Find or make the chunk of the window that a block is in, with leaves for its @n
 * pages, and lock its node. The window may have one already: blocks smaller than a
 * chunk share it.
 */
static struct strata_chunk *find_or_add_chunk(struct strata_heap *heap, void *block,
					      unsigned int n, int node, gfp_t gfp,
					      struct strata_heap_node **hn, unsigned long *flags)
{
	const unsigned int page = strata_chunk_page(block);
	void *base = block - ((unsigned long)page << PAGE_SHIFT);
	struct strata_chunk *chunk;
	struct spare spare = { };
	unsigned int lacking;

	gfp &= STRATA_GFP_RECLAIM & ~__GFP_NOFAIL;
	if (strata_pagemap_prepare(&heap->map, base, gfp))
		return NULL;
	for (;;) {
		chunk = strata_heap_find_chunk(heap, base, hn, flags);
		lacking = nr_lacking(chunk, page, n);
		if (!chunk && spare.chunk && lacking <= spare.nr_leaves) {
			chunk = add_chunk(heap, &spare, hn, flags);
			if (!chunk)
				continue;
		}
		if (chunk && lacking <= spare.nr_leaves) {
			add_leaves(heap, *hn, chunk, page, n, &spare);
			if (!spare.chunk && !spare.nr_leaves)
				return chunk;
			/* Somebody else brought the same: it is not freed with a lock held. */
			lacking = 0;
		}
		if (chunk) {
			__acquire(&(*hn)->lock);
			raw_spin_unlock_irqrestore(&(*hn)->lock, *flags);
		} else if (!spare.chunk) {
			spare.chunk = strata_chunk_create(base, node, gfp);
			if (!spare.chunk)
				break;
		}
		if (!lacking)
			spare_free(&spare);
		else if (!spare_get(&spare, lacking, node, gfp))
			break;
	}
	spare_free(&spare);
	return NULL;
}

/* The same, with the lock where sparse sees it, as in strata_heap_chunk(). */
static inline struct strata_chunk *grow_chunk(struct strata_heap *heap, void *block,
					      unsigned int n, int node, gfp_t gfp,
					      struct strata_heap_node **hn, unsigned long *flags)
{
	struct strata_chunk *chunk = find_or_add_chunk(heap, block, n, node, gfp, hn, flags);

	if (chunk)
		__acquire(&(*hn)->lock);
	return chunk;
}

/* Add a fresh block to the heap and take the first @npages of it at once. */
static void *grow_add(struct strata_heap *heap, struct page *page, unsigned int order,
		      unsigned int npages, gfp_t gfp)
{
	void *block = page_address(page);
	unsigned int first = strata_chunk_page(block);
	struct strata_heap_node *hn;
	struct strata_chunk *chunk;
	unsigned long flags;

	chunk = grow_chunk(heap, block, 1U << order, page_to_nid(page), gfp, &hn, &flags);
	if (!chunk)
		return NULL;
	if (order == STRATA_CHUNK_ORDER)
		chunk->whole = true;
	else if (order)
		split_page(page, order);	/* goes back page by page */
	strata_heap_unfile(hn, chunk);
	strata_chunk_add(chunk, first, 1U << order, npages);
	strata_heap_file(hn, chunk);
	strata_figure_add(&hn->nr_present, 1UL << order);
	strata_figure_add(&hn->nr_free, (1UL << order) - npages);
	strata_figure_add(&hn->nr_taken, 1UL << order);
	hn->quiet = 0;
	raw_spin_unlock_irqrestore(&hn->lock, flags);
	return block;
}

/**
 * strata_heap_alloc() - a run of pages, from what is held or from new memory
 * @heap: the heap
 * @node: NUMA node to prefer; with __GFP_THISNODE the only one
 * @npages: 1 to STRATA_CHUNK_PAGES
 * @gfp: as for alloc_pages(); what it says about zeroing is not heeded
 *
 * Context: as @gfp says, and never raw: may call the page allocator.
 * Return: address of the run, contents undefined, or NULL.
 */
void *strata_heap_alloc(struct strata_heap *heap, int node, unsigned int npages, gfp_t gfp)
{
	struct page *page;
	unsigned int order;
	void *run;

	for (;;) {
		run = strata_heap_take(heap, node, npages);
		if (run)
			return run;
		page = grow_lightly(heap, node, npages, &order);
		if (!page && !(gfp & __GFP_THISNODE)) {
			run = take_elsewhere(heap, node, npages);
			if (run)
				return run;
		}
		/* Now with the caller's full weight, but NOFAIL is for single pages. */
		if (!page)
			page = heap->backing->get(heap->backing, node, gfp & STRATA_GFP_PAGES &
						  ~(order ? __GFP_NOFAIL : 0), order);
		if (page) {
			run = grow_add(heap, page, order, npages, gfp);
			if (run)
				return run;
			heap->backing->put(heap->backing, page, order);
		}
		if (!(gfp & __GFP_NOFAIL))
			return NULL;
		schedule_timeout_uninterruptible(1);
	}
}
STRATA_TEST_EXPORT(strata_heap_alloc);

/* Take @n pages of a direct block that begin at @p into the books of their window. */
static bool direct_add(struct strata_heap *heap, void *p, int node, unsigned int n, gfp_t gfp)
{
	struct strata_heap_node *hn;
	struct strata_chunk *chunk;
	unsigned long flags;

	chunk = grow_chunk(heap, p, n, node, gfp, &hn, &flags);
	if (chunk) {
		chunk->nr_direct += n;
		strata_figure_add(&hn->nr_direct, n);
		strata_figure_add(&hn->nr_taken, n);
		raw_spin_unlock_irqrestore(&hn->lock, flags);
	}
	return chunk;
}

static void direct_remove(struct strata_heap *heap, void *p, unsigned int n)
{
	struct strata_heap_node *hn;
	struct strata_chunk *chunk;
	unsigned long flags;

	chunk = strata_heap_chunk(heap, p, &hn, &flags);
	if (WARN_ON_ONCE(!chunk))
		return;
	chunk->nr_direct -= n;
	strata_figure_sub(&hn->nr_direct, n);
	strata_figure_add(&hn->nr_returned, n);
	if (!chunk->nr_direct && !chunk->nr_present) {
		strata_heap_unfile(hn, chunk);
		strata_heap_forget(heap, hn, chunk);
	}
	raw_spin_unlock_irqrestore(&hn->lock, flags);
}

/**
 * strata_heap_alloc_direct() - a block that is not cut from a chunk
 * @heap: the heap
 * @node: NUMA node to prefer
 * @order: of the block; it may be larger than a chunk
 * @gfp: as for alloc_pages(), handed on as it is: __GFP_ACCOUNT charges these
 *	pages, __GFP_DMA and __GFP_DMA32 choose their zone
 *
 * For what cannot share a chunk. The block is known to the page map.
 * Context: as @gfp says.
 * Return: its address, or NULL.
 */
void *strata_heap_alloc_direct(struct strata_heap *heap, int node, unsigned int order,
			       gfp_t gfp)
{
	unsigned int step = min(1U << order, STRATA_CHUNK_PAGES), done;
	gfp_t page_gfp = gfp & ~(__GFP_COMP | __GFP_HIGHMEM | __GFP_MOVABLE);
	struct page *page;
	void *block;

	for (;;) {
		page = heap->backing->get(heap->backing, node,
					  order ? page_gfp & ~__GFP_NOFAIL : page_gfp, order);
		if (page) {
			block = page_address(page);
			for (done = 0; done < 1U << order; done += step)
				if (!direct_add(heap, block + ((size_t)done << PAGE_SHIFT),
						page_to_nid(page), step, gfp))
					break;
			if (done == 1U << order)
				return block;
			while (done) {
				done -= step;
				direct_remove(heap, block + ((size_t)done << PAGE_SHIFT), step);
			}
			heap->backing->put(heap->backing, page, order);
		}
		if (!(gfp & __GFP_NOFAIL))
			return NULL;
		schedule_timeout_uninterruptible(1);
	}
}
STRATA_TEST_EXPORT(strata_heap_alloc_direct);

/**
 * strata_heap_free_direct() - give a direct block back to the page allocator
 * @heap: the heap
 * @block: from strata_heap_alloc_direct(); its span is unset already
 * @order: as allocated
 *
 * Context: where __free_pages() may be called.
 */
void strata_heap_free_direct(struct strata_heap *heap, void *block, unsigned int order)
{
	unsigned int step = min(1U << order, STRATA_CHUNK_PAGES), done;

	for (done = 0; done < 1U << order; done += step)
		direct_remove(heap, block + ((size_t)done << PAGE_SHIFT), step);
	heap->backing->put(heap->backing, virt_to_page(block), order);
}
STRATA_TEST_EXPORT(strata_heap_free_direct);
