// SPDX-License-Identifier: GPL-2.0-only
/*
 * The walker's lower half: chunks and their pages, and which span each page
 * says it belongs to. Knows spans, not the lists that they are in.
 */
#include <linux/sched.h>

#include "allocator.h"
#include "check.h"
#include "figure.h"

/* Sums over the chunks of a node. */
struct node_sums {
	unsigned long chunks;
	unsigned long leaves;
	unsigned long present;
	unsigned long free;
	unsigned long direct;
};

static void check_owner(struct strata_checker *k, const struct strata_chunk *chunk,
			unsigned int page, unsigned long owner)
{
	const struct strata_map_leaf *leaf = chunk->leaf[page / STRATA_LEAF_PAGES];
	const unsigned long word = READ_ONCE(leaf->owner[page % STRATA_LEAF_PAGES]);

	if (word != owner)
		strata_check_report(k, "page %p has owner word %#lx, not %#lx",
				    strata_chunk_address(chunk, page), word, owner);
}

/* The span of a page is kept by the RCU read side. Returns true for a direct block's. */
static bool check_span_page(struct strata_checker *k, const struct strata_chunk *chunk,
			    unsigned int page, const struct strata_span *span)
{
	size_t offset = strata_chunk_address(chunk, page) - span->base;
	bool present = test_bit(page, chunk->present);
	bool direct_kind = span->kind == STRATA_SPAN_DIRECT;
	unsigned int index = offset >> PAGE_SHIFT;

	if (index >= span->npages) {
		strata_check_report(k, "page %p is outside its span, %u pages at %p",
				    strata_chunk_address(chunk, page), span->npages, span->base);
		return false;
	}
	if (!test_bit(page, chunk->busy))
		strata_check_report(k, "page %p is free and belongs to a span",
				    strata_chunk_address(chunk, page));
	if (present == direct_kind)
		strata_check_report(k, "page %p of a span of kind %u is %sheld by its chunk",
				    strata_chunk_address(chunk, page), span->kind,
				    present ? "" : "not ");
	if (span->kind == STRATA_SPAN_OBJECTS) {
		check_owner(k, chunk, page,
			    strata_owner_word(strata_cache_owner(span->cache), span->base));
		k->object_pages++;
		return false;
	}
	check_owner(k, chunk, page, 0);
	if (!offset && READ_ONCE(span->nr_free)) {
		k->large_kept += span->kind == STRATA_SPAN_LARGE && !span->cache;
	} else if (!offset) {
		k->large++;
		k->large_pages += span->npages;
		k->large_typed += !!span->cache;
	}
	return span->kind == STRATA_SPAN_DIRECT;
}

static void check_pages(struct strata_checker *k, const struct strata_chunk *chunk)
{
	const struct strata_map_leaf *leaf;
	const struct strata_span *span;
	unsigned int page, direct = 0;

	for (page = 0; page < STRATA_CHUNK_PAGES; page++) {
		leaf = chunk->leaf[page / STRATA_LEAF_PAGES];
		if (!leaf) {
			if (test_bit(page, chunk->present))
				strata_check_report(k, "page %p is held and not in the page map",
						    strata_chunk_address(chunk, page));
			continue;
		}
		span = READ_ONCE(leaf->span[page % STRATA_LEAF_PAGES]);
		if (span) {
			direct += check_span_page(k, chunk, page, span);
			continue;
		}
		check_owner(k, chunk, page, 0);
		if (test_bit(page, chunk->busy) && test_bit(page, chunk->present))
			strata_check_report(k, "page %p is in use and belongs to no span",
					    strata_chunk_address(chunk, page));
	}
	strata_check_equal(k, chunk->nr_direct, direct, "chunk %p, pages of direct blocks",
			   chunk->base);
}

static unsigned int longest_run(const struct strata_chunk *chunk)
{
	unsigned int page, run = 0, longest = 0;

	for (page = 0; page < STRATA_CHUNK_PAGES; page++) {
		run = test_bit(page, chunk->busy) ? 0 : run + 1;
		longest = max(longest, run);
	}
	return longest;
}

/* Is the table's what the chunk says? */
static bool is_mapped(const struct strata_pagemap *map, const struct strata_chunk *chunk)
{
	unsigned int i;

	for (i = 0; i < STRATA_CHUNK_LEAVES; i++)
		if (strata_pagemap_leaf(map, chunk->base + i * STRATA_LEAF_SIZE) !=
		    (chunk->leaf[i] ?: map->nobody))
			return false;
	return strata_pagemap_chunk(map, chunk->base) == chunk;
}

static void check_chunk(struct strata_checker *k, struct strata_chunk *chunk, int node)
{
	const struct strata_pagemap *map = &k->allocator->heap.map;
	DECLARE_BITMAP(either, STRATA_CHUNK_PAGES);

	if (!IS_ALIGNED((unsigned long)chunk->base, STRATA_CHUNK_SIZE))
		strata_check_report(k, "chunk %p is no whole window", chunk->base);
	if (!is_mapped(map, chunk)) {
		strata_check_report(k, "chunk %p is not in the page map", chunk->base);
		return;
	}
	strata_check_equal(k, chunk->node, node, "chunk %p, node", chunk->base);
	strata_check_equal(k, chunk->nr_present, bitmap_weight(chunk->present, STRATA_CHUNK_PAGES),
			   "chunk %p, pages held", chunk->base);
	strata_check_equal(k, chunk->nr_free,
			   STRATA_CHUNK_PAGES - bitmap_weight(chunk->busy, STRATA_CHUNK_PAGES),
			   "chunk %p, free pages", chunk->base);
	strata_check_equal(k, chunk->longest, longest_run(chunk),
			   "chunk %p, longest free run", chunk->base);
	bitmap_or(either, chunk->busy, chunk->present, STRATA_CHUNK_PAGES);
	if (!bitmap_full(either, STRATA_CHUNK_PAGES))
		strata_check_report(k, "chunk %p has free pages that it does not hold",
				    chunk->base);
	if (chunk->whole && (chunk->nr_present != STRATA_CHUNK_PAGES || chunk->nr_direct))
		strata_check_report(k, "chunk %p is whole and has %u pages", chunk->base,
				    chunk->nr_present);
	if (!chunk->nr_present && !chunk->nr_direct)
		strata_check_report(k, "chunk %p has no page and still is there", chunk->base);
	check_pages(k, chunk);
}

/* One list of a node: chunks by the length of their longest free run. */
static void check_list(struct strata_checker *k, int node, unsigned int longest,
		       struct node_sums *sums)
{
	struct strata_heap_node *hn = k->allocator->heap.node[node];
	struct strata_chunk *chunk;
	unsigned long flags;

	rcu_read_lock();
	raw_spin_lock_irqsave(&hn->lock, flags);
	if (test_bit(longest, hn->occupied) == list_empty(&hn->by_longest[longest]))
		strata_check_report(k, "node %d, chunks with a free run of %u: mark and list differ",
				    node, longest);
	list_for_each_entry(chunk, &hn->by_longest[longest], list) {
		if (chunk->longest != longest)
			strata_check_report(k, "chunk %p with a free run of %u is filed under %u",
					    chunk->base, chunk->longest, longest);
		check_chunk(k, chunk, node);
		sums->chunks++;
		sums->leaves += strata_chunk_nr_leaves(chunk);
		sums->present += chunk->nr_present;
		sums->free += chunk->nr_free;
		sums->direct += chunk->nr_direct;
	}
	raw_spin_unlock_irqrestore(&hn->lock, flags);
	rcu_read_unlock();
}

static unsigned long check_node(struct strata_checker *k, int node)
{
	const struct strata_heap_node *hn = k->allocator->heap.node[node];
	struct node_sums sums = { };
	unsigned long low, free;
	unsigned int longest;

	for (longest = 0; longest <= STRATA_CHUNK_PAGES; longest++)
		check_list(k, node, longest, &sums);
	strata_check_equal(k, READ_ONCE(hn->nr_chunks), sums.chunks, "node %d, chunks", node);
	strata_check_equal(k, READ_ONCE(hn->nr_leaves), sums.leaves,
			   "node %d, leaves of the page map", node);
	strata_check_equal(k, READ_ONCE(hn->nr_present), sums.present, "node %d, pages held", node);
	strata_check_equal(k, READ_ONCE(hn->nr_free), sums.free, "node %d, free pages", node);
	strata_check_equal(k, READ_ONCE(hn->nr_direct), sums.direct,
			   "node %d, pages of direct blocks", node);
	strata_check_equal(k, READ_ONCE(hn->nr_taken) - READ_ONCE(hn->nr_returned),
			   sums.present + sums.direct, "node %d, pages taken and not returned",
			   node);
	low = strata_figure_read(&hn->nr_free_low);
	free = READ_ONCE(hn->nr_free);
	if (low > free)
		strata_check_report(k, "node %d, least free pages: %lu noted, %lu are free now",
				    node, low, free);
	return sums.chunks;
}

static unsigned long mapped_chunks(const struct strata_pagemap *map)
{
	const unsigned long nr = strata_pagemap_windows(map);
	unsigned long i, chunks = 0;

	for (i = 0; i < nr; i++) {
		rcu_read_lock();
		chunks += !!strata_pagemap_chunk(map, strata_pagemap_address(map, i));
		rcu_read_unlock();
		cond_resched();
	}
	return chunks;
}

/**
 * strata_check_heap() - walk all chunks and their pages
 * @k: the walk
 *
 * Context: task, allocator's lock held.
 */
void strata_check_heap(struct strata_checker *k)
{
	unsigned long chunks = 0;
	int node;

	for (node = 0; node < nr_node_ids; node++) {
		chunks += check_node(k, node);
		cond_resched();
	}
	strata_check_equal(k, mapped_chunks(&k->allocator->heap.map), chunks,
			   "chunks in the page map");
}
