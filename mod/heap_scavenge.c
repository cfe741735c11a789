// SPDX-License-Identifier: GPL-2.0-only
/*
 * How the heap shrinks (Go's scavenger). Free pages go back sparse chunks
 * first: a whole free chunk as one block, and of a chunk with something live
 * in it the pages around that, one by one, so that one object never holds
 * 2 MiB. Dense chunks are left alone for longest.
 */
#include <linux/mm.h>
#include <linux/sched.h>

#include "compat.h"
#include "figure.h"
#include "heap.h"

/* Pages taken out under the lock at a time, so that it is not held for long. */
#define GIVE_BACK_BATCH	32

/*
 * Free pages that are kept, as a share of those in use: Go retains a tenth
 * (mgcscavenge.go, retainExtraPercent).
 */
#define RETAIN_SHARE	10

/* Nothing is kept after so many quiet times, whatever the size of the heap. */
#define QUIET_MAX	(BITS_PER_LONG - 1U)

/* The chunk with the longest free run, which of all has the least to lose. */
static struct strata_chunk *sparsest(struct strata_heap_node *hn)
{
	unsigned int longest;

	longest = find_last_bit(hn->occupied, STRATA_CHUNK_PAGES + 1);
	if (!longest || longest > STRATA_CHUNK_PAGES)
		return NULL;
	return list_last_entry(&hn->by_longest[longest], struct strata_chunk, list);
}

/* One step: up to a batch of pages of one run, or a whole chunk. Unlocks. */
static size_t give_back_some(struct strata_heap *heap, struct strata_heap_node *hn,
			     size_t npages)
{
	unsigned int page, n, i, order = 0;
	struct strata_chunk *chunk;
	unsigned long flags;
	void *run;

	raw_spin_lock_irqsave(&hn->lock, flags);
	chunk = sparsest(hn);
	if (!chunk) {
		raw_spin_unlock_irqrestore(&hn->lock, flags);
		return 0;
	}
	strata_heap_unfile(hn, chunk);
	page = 0;
	n = chunk->nr_free;
	if (chunk->whole && n == STRATA_CHUNK_PAGES) {
		order = STRATA_CHUNK_ORDER;
	} else {
		if (chunk->whole) {
			split_page(virt_to_page(chunk->base), STRATA_CHUNK_ORDER);
			chunk->whole = false;
		}
		page = strata_chunk_next_free(chunk, 0, &n);
		n = min_t(size_t, min_t(size_t, n, GIVE_BACK_BATCH), npages);
	}
	run = strata_chunk_address(chunk, page);
	strata_chunk_remove(chunk, page, n);
	strata_figure_sub(&hn->nr_present, n);
	strata_figure_sub(&hn->nr_free, n);
	hn->nr_free_low = min(hn->nr_free_low, hn->nr_free);
	strata_figure_add(&hn->nr_returned, n);
	if (chunk->nr_present || chunk->nr_direct)
		strata_heap_file(hn, chunk);
	else
		strata_heap_forget(heap, hn, chunk);
	raw_spin_unlock_irqrestore(&hn->lock, flags);

	if (order)
		heap->backing->put(heap->backing, virt_to_page(run), order);
	else
		for (i = 0; i < n; i++, run += PAGE_SIZE)
			heap->backing->put(heap->backing, virt_to_page(run), 0);
	return n;
}

/**
 * strata_heap_give_back() - give free pages of a node to the page allocator
 * @heap: the heap
 * @node: NUMA node
 * @npages: how many; SIZE_MAX for all that are free
 *
 * Context: task, and where __free_pages() may be called. Does not sleep, but
 * may take long: each batch is bounded, the number of batches is not.
 * Return: pages given back, at most a chunk more than asked for.
 */
size_t strata_heap_give_back(struct strata_heap *heap, int node, size_t npages)
{
	size_t done = 0, n;

	while (done < npages) {
		n = give_back_some(heap, heap->node[node], npages - done);
		if (!n)
			break;
		done += n;
	}
	return done;
}
STRATA_TEST_EXPORT(strata_heap_give_back);

/* A quarter as much for each time between two looks that nobody took any. */
static unsigned long retained(const struct strata_heap_node *hn)
{
	unsigned int quiet = hn->quiet ? hn->quiet - 1 : 0;

	return ((hn->nr_present - hn->nr_free) / RETAIN_SHARE) >> min(2 * quiet, QUIET_MAX);
}

/**
 * strata_heap_has_idle() - may a later strata_heap_scavenge() find something?
 * @heap: the heap
 * @node: NUMA node
 *
 * Return: true if the node holds free pages.
 */
bool strata_heap_has_idle(const struct strata_heap *heap, int node)
{
	return READ_ONCE(heap->node[node]->nr_free);
}
STRATA_TEST_EXPORT(strata_heap_has_idle);

/**
 * strata_heap_scavenge() - give back what was not needed since the last call
 * @heap: the heap
 *
 * A page goes only when it was free through the whole time between two calls,
 * beyond a tenth of what is in use; and while no page is taken that share
 * shrinks to nothing. Called from the background every so often.
 *
 * Context: may sleep.
 * Return: pages given back.
 */
size_t strata_heap_scavenge(struct strata_heap *heap)
{
	struct strata_heap_node *hn;
	unsigned long idle, retain;
	size_t done = 0;
	int node;

	for (node = 0; node < nr_node_ids; node++) {
		hn = heap->node[node];
		raw_spin_lock_irq(&hn->lock);
		idle = hn->nr_free_low;
		hn->nr_free_low = hn->nr_free;
		retain = retained(hn);
		hn->quiet = min(hn->quiet + 1U, QUIET_MAX);
		raw_spin_unlock_irq(&hn->lock);
		if (idle > retain)
			done += strata_heap_give_back(heap, node, idle - retain);
		cond_resched();
	}
	return done;
}
STRATA_TEST_EXPORT(strata_heap_scavenge);
