// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lazy reclaim: memory above a region's top, of arenas created with
 * STRATA_CREATE_LAZY, goes when memory is short. The owner makes no system call
 * for it and takes no lock: the page table is what the two sides meet at.
 *
 *	owner				reclaim, with arena->lock against faults
 *	-----				----------------------------------------
 *	store the new top		read top: what is above may go
 *	(store barrier)			out of all page tables, TLBs flushed
 *	write to the new memory		read top again: what is below it stays
 *
 * A write that still went through an old translation was made after a store to
 * top that is visible by the time the flush is over, so the second read sees it.
 * A write that did not faults, and waits for arena->lock: it finds the page if
 * that stayed, and a new one if not, which is right for memory that was handed
 * out after it was taken away. Documentation/litmus/lazy-reclaim.litmus has it
 * as a litmus test, selftests/lazy.c as a race.
 *
 * A top that lies discards, or keeps, the liar's own memory.
 */
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/list_lru.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/shrinker.h>
#include <linux/swap.h>

#include "arena.h"
#include "arena_ctl.h"
#include "arena_lazy.h"
#include "arena_pages.h"
#include "arena_pin.h"
#include "arena_trim.h"
#include "compat.h"
#include "fault.h"

/* How many arenas are asked what they hold, and how many are gone through at once. */
#define ASKED	1024
#define SCANNED	64

/*
 * Arenas to reclaim from, a list for each memory cgroup: one that is at its limit
 * takes from its own arenas, and memory that is short for all from everybody's.
 * Reclaim holds the lock while it has arenas off the lists; under it nobody waits
 * for memory.
 */
static DEFINE_MUTEX(lazy_lock);
static struct list_lru lazy_arenas;
static struct shrinker *shrinker;
/* The lists are there: before 6.7 a shrinker is called before they can be. */
static bool listed;

/* Take what may go of [@first, @end), in one slot, in batches. */
static u64 reclaim_range(struct strata_arena *arena, struct strata_slot *slot, pgoff_t first,
			 pgoff_t end)
{
	unsigned long index = first;
	u64 bytes = 0;
	pgoff_t stop;

	while (index < end && xa_find(&arena->pages, &index, end - 1, XA_PRESENT)) {
		stop = min(end, round_down(index, STRATA_TRIM_BATCH) + STRATA_TRIM_BATCH);
		bytes += strata_pages_reclaim(arena, slot, index, stop);
		index = stop;
	}
	return bytes;
}

/*
 * What is above the top of a region, but for what is pinned and what the arena is
 * to keep.
 */
static u64 reclaim_slot(struct strata_arena *arena, struct strata_slot *slot, u32 region)
{
	u64 spare = READ_ONCE(arena->fig.committed) - arena->keep_bytes, there;
	pgoff_t start = region * arena->slot_pages;
	pgoff_t end = strata_slot_guard(arena, start);
	pgoff_t at = start + strata_slot_top_pages(arena, slot);
	pgoff_t stop, behind;
	u64 bytes = 0;

	there = strata_pages_present(arena, at, end);
	at = strata_pages_pass(arena, at, end, there - min(there, spare), false);
	while (at < end) {
		stop = strata_pinned_next(arena, at, end, &behind);
		bytes += reclaim_range(arena, slot, at, stop);
		at = behind;
	}
	return bytes;
}

/* arena->lock is held for writing. */
static u64 reclaim_arena(struct strata_arena *arena, u64 want)
{
	struct strata_slot *slot;
	u64 bytes = 0;
	u32 region;

	if (arena->seals & STRATA_SEAL_WRITE)
		return 0;
	for (region = 0; (slot = strata_slot_next(arena, &region)); region++) {
		if (bytes >= want || READ_ONCE(arena->fig.committed) <= arena->keep_bytes)
			break;
		if (slot->fig.committed)
			bytes += reclaim_slot(arena, slot, region);
	}
	return bytes;
}

/**
 * strata_lazy_relieve() - give back what an arena does not use, as it needs more
 * @arena: any
 *
 * Context: may sleep; arena->lock not held.
 * Return: something went.
 */
bool strata_lazy_relieve(struct strata_arena *arena)
{
	u64 bytes;

	if (!(arena->flags & STRATA_CREATE_LAZY))
		return false;
	if (down_write_killable(&arena->lock))
		return false;
	bytes = reclaim_arena(arena, U64_MAX);
	up_write(&arena->lock);
	return bytes;
}

/* How much there may be to reclaim in an arena; how much of it is in use is seen then. */
static STRATA_LRU_CALLBACK(ask)
{
	struct strata_arena *arena = container_of(item, struct strata_arena, lazy);
	u64 committed = READ_ONCE(arena->fig.committed);
	u64 *bytes = arg;

	*bytes += committed - min(committed, arena->keep_bytes);
	return LRU_SKIP;
}

static STRATA_LRU_CALLBACK(take)
{
	list_lru_isolate_move(list, item, arg);
	return LRU_REMOVED;
}

static unsigned long count_objects(struct shrinker *s, struct shrink_control *sc)
{
	unsigned long nr = ASKED;
	u64 bytes = 0;

	/* Pairs with smp_store_release() in strata_lazy_init(). */
	if (!smp_load_acquire(&listed))
		return SHRINK_EMPTY;
	list_lru_walk_one(&lazy_arenas, sc->nid, sc->memcg, ask, &bytes, &nr);
	/* What somebody has off the lists just now is worth waiting for. */
	if (!bytes && mutex_is_locked(&lazy_lock))
		return STRATA_TRIM_BATCH;
	return bytes >> PAGE_SHIFT ?: SHRINK_EMPTY;
}

/*
 * Who is told that there is nothing may be killed for want of memory, while another
 * is about to give it back: so it waits for that. kswapd has other places to go to.
 */
static bool lock_lazy(void)
{
	return current_is_kswapd() ? mutex_trylock(&lazy_lock) :
				     !mutex_lock_killable(&lazy_lock);
}

static unsigned long scan_objects(struct shrinker *s, struct shrink_control *sc)
{
	u64 want = (u64)sc->nr_to_scan << PAGE_SHIFT, bytes = 0;
	struct strata_arena *arena, *next;
	unsigned long nr = SCANNED;
	LIST_HEAD(taken);

	/* Page tables of other processes are no place to go to from a file system. */
	if (!(sc->gfp_mask & __GFP_FS) || !lock_lazy())
		return SHRINK_STOP;
	list_lru_walk_one(&lazy_arenas, sc->nid, sc->memcg, take, &taken, &nr);
	list_for_each_entry(arena, &taken, lazy) {
		if (bytes >= want)
			break;
		/* Who holds it may be waiting for memory. */
		if (!down_write_trylock(&arena->lock))
			continue;
		bytes += reclaim_arena(arena, want - bytes);
		up_write(&arena->lock);
	}
	/* Behind the others, whose turn it is the next time. */
	list_for_each_entry_safe(arena, next, &taken, lazy) {
		list_del_init(&arena->lazy);
		strata_lru_add(&lazy_arenas, &arena->lazy);
	}
	mutex_unlock(&lazy_lock);
	mm_account_reclaimed_pages(bytes >> PAGE_SHIFT);
	return bytes >> PAGE_SHIFT ?: SHRINK_STOP;
}

/**
 * strata_lazy_lists() - what an arena may be put on by strata_lazy_add()
 *
 * Return: for kmem_cache_alloc_lru(), which makes room for the memory cgroup of who
 * creates the arena.
 */
struct list_lru *strata_lazy_lists(void)
{
	return &lazy_arenas;
}

/**
 * strata_lazy_add() - reclaim from an arena from now on
 * @arena: complete, allocated with strata_lazy_lists(); nothing happens unless it was
 *	created with STRATA_CREATE_LAZY
 *
 * Context: task.
 */
void strata_lazy_add(struct strata_arena *arena)
{
	INIT_LIST_HEAD(&arena->lazy);
	if (!(arena->flags & STRATA_CREATE_LAZY))
		return;
	strata_lru_add(&lazy_arenas, &arena->lazy);
}

/**
 * strata_lazy_remove() - nobody reclaims from an arena any more
 * @arena: given to strata_lazy_add()
 *
 * Context: may sleep; waits for reclaim that is under way.
 */
void strata_lazy_remove(struct strata_arena *arena)
{
	if (!(arena->flags & STRATA_CREATE_LAZY))
		return;
	mutex_lock(&lazy_lock);
	strata_lru_del(&lazy_arenas, &arena->lazy);
	mutex_unlock(&lazy_lock);
}

/**
 * strata_lazy_init() - let memory pressure reach arenas
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int strata_lazy_init(void)
{
	int err;

	shrinker = strata_may_fail(GFP_KERNEL,
				   shrinker_alloc(SHRINKER_NUMA_AWARE | SHRINKER_MEMCG_AWARE,
						  "strata-arenas"));
	if (!shrinker)
		return -ENOMEM;
	shrinker->count_objects = count_objects;
	shrinker->scan_objects = scan_objects;
	shrinker->seeks = DEFAULT_SEEKS;
	err = strata_fault(GFP_KERNEL) ? -ENOMEM : strata_shrinker_register(shrinker, "strata-arenas");
	if (err)
		goto free_shrinker;
	err = strata_fault(GFP_KERNEL) ? -ENOMEM : list_lru_init_memcg(&lazy_arenas, shrinker);
	if (err)
		goto free_shrinker;
	/* Pairs with smp_load_acquire() in count_objects(). */
	smp_store_release(&listed, true);
	return 0;

free_shrinker:
	shrinker_free(shrinker);
	return err;
}

/**
 * strata_lazy_exit() - no more
 *
 * Context: may sleep; waits for reclaim that is under way.
 */
void strata_lazy_exit(void)
{
	shrinker_free(shrinker);
	list_lru_destroy(&lazy_arenas);
}
