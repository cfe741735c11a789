// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs of pages from what the heap already holds, and back to it. Best fit
 * over chunks: the one whose longest free run is smallest but sufficient, and
 * of several the one most in use, so that sparse chunks drain and can go back.
 * How the heap grows is in heap_grow.c, how it shrinks in heap_scavenge.c.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "compat.h"
#include "fault.h"
#include "figure.h"
#include "heap.h"

static struct page *page_allocator_get(const struct strata_backing *backing, int node,
				       gfp_t gfp, unsigned int order)
{
	return strata_may_fail(gfp, alloc_pages_node(node, gfp, order));
}

static void page_allocator_put(const struct strata_backing *backing, struct page *page,
			       unsigned int order)
{
	__free_pages(page, order);
}

const struct strata_backing strata_page_allocator = {
	.get = page_allocator_get,
	.put = page_allocator_put,
};
STRATA_TEST_EXPORT(strata_page_allocator);

/**
 * strata_heap_init() - a heap that holds nothing yet
 * @heap: to be filled in
 * @backing: where its pages come from; outlives the heap
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int strata_heap_init(struct strata_heap *heap, const struct strata_backing *backing)
{
	struct strata_heap_node *hn;
	int node, i;

	if (strata_pagemap_init(&heap->map))
		return -ENOMEM;
	heap->backing = backing;
	heap->node = strata_may_fail(GFP_KERNEL, kcalloc(nr_node_ids, sizeof(*heap->node),
							 GFP_KERNEL));
	if (!heap->node)
		goto no_memory;
	for (node = 0; node < nr_node_ids; node++) {
		hn = strata_may_fail(GFP_KERNEL,
				     kvzalloc_node(sizeof(*hn), GFP_KERNEL,
						   node_state(node, N_MEMORY) ? node :
										NUMA_NO_NODE));
		if (!hn)
			goto no_memory;
		raw_spin_lock_init(&hn->lock);
		for (i = 0; i <= STRATA_CHUNK_PAGES; i++)
			INIT_LIST_HEAD(&hn->by_longest[i]);
		hn->order_had = STRATA_CHUNK_ORDER;
		heap->node[node] = hn;
	}
	return 0;

no_memory:
	strata_heap_exit(heap);
	return -ENOMEM;
}
STRATA_TEST_EXPORT(strata_heap_init);

static size_t heap_node_exit(struct strata_heap_node *hn)
{
	struct strata_chunk *chunk, *next;
	size_t lost = 0;
	int i;

	for (i = 0; i <= STRATA_CHUNK_PAGES; i++) {
		list_for_each_entry_safe(chunk, next, &hn->by_longest[i], list) {
			lost += chunk->nr_present + chunk->nr_direct;
			strata_chunk_destroy(chunk);
		}
	}
	kvfree(hn);
	return lost;
}

/**
 * strata_heap_exit() - give back every free page and end the heap
 * @heap: nobody else uses it; also one that strata_heap_init() left half made
 *
 * Pages still in use stay with whoever uses them, for good.
 * Context: may sleep.
 * Return: how many pages that are.
 */
size_t strata_heap_exit(struct strata_heap *heap)
{
	size_t lost = 0;
	int node;

	for (node = 0; heap->node && node < nr_node_ids; node++) {
		if (!heap->node[node])
			continue;
		strata_heap_give_back(heap, node, SIZE_MAX);
		lost += heap_node_exit(heap->node[node]);
	}
	kfree(heap->node);
	heap->node = NULL;
	strata_pagemap_exit(&heap->map);
	return lost;
}
STRATA_TEST_EXPORT(strata_heap_exit);

/**
 * strata_heap_file() - put a chunk in the list for its longest free run
 * @hn: its node, locked
 * @chunk: in no list
 *
 * Within a list the chunks most in use tend to be in front.
 */
void strata_heap_file(struct strata_heap_node *hn, struct strata_chunk *chunk)
{
	struct list_head *head = &hn->by_longest[chunk->longest];
	struct strata_chunk *first;

	first = list_first_entry_or_null(head, struct strata_chunk, list);
	if (first && chunk->nr_free > first->nr_free)
		list_add_tail(&chunk->list, head);
	else
		list_add(&chunk->list, head);
	__set_bit(chunk->longest, hn->occupied);
}

/**
 * strata_heap_unfile() - take a chunk out of its list, before it changes
 * @hn: its node, locked
 * @chunk: filed
 */
void strata_heap_unfile(struct strata_heap_node *hn, struct strata_chunk *chunk)
{
	list_del_init(&chunk->list);
	if (list_empty(&hn->by_longest[chunk->longest]))
		__clear_bit(chunk->longest, hn->occupied);
}

/* What strata_heap_chunk() does; to sparse it looks as if it left nothing locked. */
struct strata_chunk *strata_heap_find_chunk(struct strata_heap *heap, const void *p,
					    struct strata_heap_node **hn, unsigned long *flags)
{
	struct strata_chunk *chunk;

	/* The chunk is freed after a grace period, which we hold up. */
	rcu_read_lock();
	chunk = strata_pagemap_chunk(&heap->map, p);
	if (chunk) {
		*hn = heap->node[chunk->node];
		raw_spin_lock_irqsave(&(*hn)->lock, *flags);
		if (strata_pagemap_chunk(&heap->map, p) != chunk) {
			raw_spin_unlock_irqrestore(&(*hn)->lock, *flags);
			chunk = NULL;
		} else {
			__release(&(*hn)->lock);
		}
	}
	rcu_read_unlock();
	return chunk;
}

/**
 * strata_heap_forget() - drop a chunk that has no page left
 * @heap: the heap
 * @hn: its node, locked
 * @chunk: not filed
 */
void strata_heap_forget(struct strata_heap *heap, struct strata_heap_node *hn,
			struct strata_chunk *chunk)
{
	strata_pagemap_remove(&heap->map, chunk->base);
	strata_figure_sub(&hn->nr_leaves, strata_chunk_nr_leaves(chunk));
	strata_figure_sub(&hn->nr_chunks, 1);
	strata_chunk_destroy_rcu(chunk);
}

/**
 * strata_heap_take() - a run of pages from what @node's chunks hold
 * @heap: the heap
 * @node: NUMA node
 * @npages: 1 to STRATA_CHUNK_PAGES
 *
 * Context: any but NMI. Bounded: two bitmaps of STRATA_CHUNK_PAGES bits.
 * Return: address of the run, contents undefined, or NULL if none is that long.
 */
void *strata_heap_take(struct strata_heap *heap, int node, unsigned int npages)
{
	struct strata_heap_node *hn = heap->node[node];
	struct strata_chunk *chunk;
	unsigned int longest;
	unsigned long flags;
	void *run = NULL;
	int page;

	if (WARN_ON_ONCE(!npages || npages > STRATA_CHUNK_PAGES))
		return NULL;
	raw_spin_lock_irqsave(&hn->lock, flags);
	longest = find_next_bit(hn->occupied, STRATA_CHUNK_PAGES + 1, npages);
	if (longest <= STRATA_CHUNK_PAGES) {
		chunk = list_first_entry(&hn->by_longest[longest], struct strata_chunk, list);
		strata_heap_unfile(hn, chunk);
		page = strata_chunk_take(chunk, npages);
		strata_heap_file(hn, chunk);
		if (!WARN_ON_ONCE(page < 0)) {
			strata_figure_sub(&hn->nr_free, npages);
			hn->nr_free_low = min(hn->nr_free_low, hn->nr_free);
			hn->quiet = 0;
			run = strata_chunk_address(chunk, page);
		}
	}
	raw_spin_unlock_irqrestore(&hn->lock, flags);
	return run;
}
STRATA_TEST_EXPORT(strata_heap_take);

/**
 * strata_heap_release() - a run of pages is free again
 * @heap: the heap
 * @run: its first page, from strata_heap_take() or strata_heap_alloc()
 * @npages: its length
 *
 * The pages stay with the heap until the scavenger or memory pressure takes them.
 * Context: any but NMI.
 */
void strata_heap_release(struct strata_heap *heap, void *run, unsigned int npages)
{
	unsigned int page = strata_chunk_page(run);
	struct strata_heap_node *hn;
	struct strata_chunk *chunk;
	unsigned long flags;

	chunk = strata_heap_chunk(heap, run, &hn, &flags);
	if (WARN_ON_ONCE(!chunk))
		return;
	strata_heap_unfile(hn, chunk);
	strata_chunk_put(chunk, page, npages);
	strata_heap_file(hn, chunk);
	strata_figure_add(&hn->nr_free, npages);
	raw_spin_unlock_irqrestore(&hn->lock, flags);
}
STRATA_TEST_EXPORT(strata_heap_release);

/**
 * strata_heap_set_span() - say what the pages of a run are used for
 * @heap: the heap
 * @run: its first page
 * @npages: its length
 * @span: found by strata_heap_span() from now on; NULL ends it
 * @owner: for the owner words, see strata_owner_word(); or 0
 *
 * The caller owns the run. A run may reach over two windows.
 * Context: any.
 */
void strata_heap_set_span(struct strata_heap *heap, void *run, unsigned int npages,
			  struct strata_span *span, unsigned long owner)
{
	const unsigned long word = owner ? strata_owner_word(owner, run) : 0;
	struct strata_map_leaf *leaf;
	unsigned int page, end;

	/*
	 * Whoever finds a page here finds what it leads to filled in: its span, or the
	 * magazines of its owner. Pairs with the loads in strata_pagemap_span() and
	 * strata_leaf_word(), which the addresses of those depend on.
	 */
	smp_wmb();
	while (npages) {
		/* The run keeps its leaves; preemption, the table that tells of them. */
		preempt_disable();
		leaf = strata_pagemap_leaf(&heap->map, run);
		preempt_enable();
		page = strata_leaf_page(run);
		end = min(page + npages, STRATA_LEAF_PAGES);
		npages -= end - page;
		run += (unsigned long)(end - page) << PAGE_SHIFT;
		for (; page < end; page++) {
			WRITE_ONCE(leaf->span[page], span);
			WRITE_ONCE(leaf->owner[page], word);
		}
	}
}
STRATA_TEST_EXPORT(strata_heap_set_span);

/**
 * strata_heap_span() - the span that an address lies in
 * @heap: the heap
 * @p: any value; nothing is read through it
 *
 * Context: Any, with preemption off for as long as the caller does not know
 * that the span lives.
 * Return: the span, or NULL.
 */
struct strata_span *strata_heap_span(struct strata_heap *heap, const void *p)
{
	return strata_pagemap_span(&heap->map, p);
}
STRATA_TEST_EXPORT(strata_heap_span);
