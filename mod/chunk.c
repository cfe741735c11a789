// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bitmap work on one 2 MiB window: runs are found first fit by address, and
 * the length of the longest free run is always current.
 */
#include <linux/slab.h>

#include "chunk.h"
#include "compat.h"
#include "fault.h"
#include "track.h"

/**
 * strata_chunk_create() - a window of which no page is held yet
 * @base: its linear address, aligned to STRATA_CHUNK_SIZE
 * @node: NUMA node of its pages
 * @gfp: for the metadata, which its leaves come to later
 *
 * Return: the chunk or NULL.
 */
struct strata_chunk *strata_chunk_create(void *base, int node, gfp_t gfp)
{
	struct strata_chunk *chunk = strata_may_fail(gfp, kzalloc_node(sizeof(*chunk), gfp, node));

	if (!chunk)
		return NULL;
	INIT_LIST_HEAD(&chunk->list);
	chunk->base = base;
	chunk->node = node;
	/* @base, in front of them, is the address of an object, too. */
	strata_track_scan_only(&chunk->list, sizeof(*chunk) - offsetof(struct strata_chunk, list),
			       gfp);
	bitmap_fill(chunk->busy, STRATA_CHUNK_PAGES);
	return chunk;
}
STRATA_TEST_EXPORT(strata_chunk_create);

/**
 * strata_chunk_destroy() - free the metadata at once, leaves and all
 * @chunk: nobody can find it any more
 */
void strata_chunk_destroy(struct strata_chunk *chunk)
{
	unsigned int i;

	for (i = 0; i < STRATA_CHUNK_LEAVES; i++)
		kfree(chunk->leaf[i]);
	kfree(chunk);
}
STRATA_TEST_EXPORT(strata_chunk_destroy);

static void chunk_destroy_rcu(struct rcu_head *rcu)
{
	strata_chunk_destroy(container_of(rcu, struct strata_chunk, rcu));
}

/**
 * strata_chunk_destroy_rcu() - free the metadata after a grace period
 * @chunk: out of the page map; a look-up may still be reading it
 *
 * The module must call rcu_barrier() before its text goes.
 */
void strata_chunk_destroy_rcu(struct strata_chunk *chunk)
{
	call_rcu(&chunk->rcu, chunk_destroy_rcu);
}

/**
 * strata_chunk_next_free() - the first free run at or after a page
 * @chunk: the window
 * @from: page to start at
 * @n: set to the length of the run, 0 if there is none
 *
 * Return: its first page.
 */
unsigned int strata_chunk_next_free(const struct strata_chunk *chunk,
				    unsigned int from, unsigned int *n)
{
	unsigned int start, end;

	start = find_next_zero_bit(chunk->busy, STRATA_CHUNK_PAGES, from);
	if (start >= STRATA_CHUNK_PAGES) {
		*n = 0;
		return STRATA_CHUNK_PAGES;
	}
	end = find_next_bit(chunk->busy, STRATA_CHUNK_PAGES, start);
	*n = end - start;
	return start;
}
STRATA_TEST_EXPORT(strata_chunk_next_free);

/*
 * Count again. No later run can be longer than what is left of the window.
 */
static void chunk_measure(struct strata_chunk *chunk)
{
	unsigned int page = 0, longest = 0, n;

	while (page + longest < STRATA_CHUNK_PAGES) {
		page = strata_chunk_next_free(chunk, page, &n);
		longest = max(longest, n);
		page += n;
	}
	chunk->longest = longest;
}

/**
 * strata_chunk_add() - pages are held from now on
 * @chunk: the window
 * @page: the first of them
 * @n: how many; none of them was held
 * @used: so many of them, from the first on, are in use at once; the rest is free
 */
void strata_chunk_add(struct strata_chunk *chunk, unsigned int page, unsigned int n,
		      unsigned int used)
{
	bitmap_set(chunk->present, page, n);
	bitmap_clear(chunk->busy, page + used, n - used);
	chunk->nr_present += n;
	chunk->nr_free += n - used;
	chunk_measure(chunk);
}
STRATA_TEST_EXPORT(strata_chunk_add);

/**
 * strata_chunk_remove() - free pages are no longer held
 * @chunk: the window
 * @page: the first of them
 * @n: how many; all of them are free
 */
void strata_chunk_remove(struct strata_chunk *chunk, unsigned int page, unsigned int n)
{
	bitmap_clear(chunk->present, page, n);
	bitmap_set(chunk->busy, page, n);
	chunk->nr_present -= n;
	chunk->nr_free -= n;
	chunk_measure(chunk);
}
STRATA_TEST_EXPORT(strata_chunk_remove);

/**
 * strata_chunk_take() - use a run of free pages
 * @chunk: the window
 * @n: how many pages, at most its longest free run
 *
 * Return: the first page of the lowest run that is long enough.
 */
int strata_chunk_take(struct strata_chunk *chunk, unsigned int n)
{
	unsigned int page, end;

	page = bitmap_find_next_zero_area(chunk->busy, STRATA_CHUNK_PAGES, 0, n, 0);
	if (page >= STRATA_CHUNK_PAGES)
		return -ENOSPC;
	/* The longest run can only get shorter where it is the one cut into. */
	end = find_next_bit(chunk->busy, STRATA_CHUNK_PAGES, page + n);
	bitmap_set(chunk->busy, page, n);
	chunk->nr_free -= n;
	if (end - page == chunk->longest)
		chunk_measure(chunk);
	return page;
}
STRATA_TEST_EXPORT(strata_chunk_take);

/**
 * strata_chunk_put() - pages in use are free again
 * @chunk: the window
 * @page: the first of them
 * @n: how many
 */
void strata_chunk_put(struct strata_chunk *chunk, unsigned int page, unsigned int n)
{
	unsigned int start, end;

	bitmap_clear(chunk->busy, page, n);
	chunk->nr_free += n;
	/* They can only have joined their neighbours. */
	end = find_next_bit(chunk->busy, STRATA_CHUNK_PAGES, page + n);
	for (start = page; start && !test_bit(start - 1, chunk->busy); start--)
		;
	chunk->longest = max_t(u16, chunk->longest, end - start);
}
STRATA_TEST_EXPORT(strata_chunk_put);
