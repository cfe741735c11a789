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
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/shrinker.h>

#include "arena.h"
#include "arena_ctl.h"
#include "arena_lazy.h"
#include "arena_pages.h"
#include "arena_pin.h"
#include "arena_trim.h"
#include "compat.h"
#include "fault.h"

/* Arenas to reclaim from. Reclaim only tries the lock, and holds it throughout. */
static DEFINE_MUTEX(lazy_lock);
static LIST_HEAD(lazy_arenas);
static struct shrinker *shrinker;

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

/* How much there may be to reclaim; how much of it is in use is seen then. */
static unsigned long count_objects(struct shrinker *s, struct shrink_control *sc)
{
	struct strata_arena *arena;
	u64 bytes = 0, committed;

	if (!mutex_trylock(&lazy_lock))
		return 0;
	list_for_each_entry(arena, &lazy_arenas, lazy) {
		committed = READ_ONCE(arena->fig.committed);
		bytes += committed - min(committed, arena->keep_bytes);
	}
	mutex_unlock(&lazy_lock);
	return bytes >> PAGE_SHIFT ?: SHRINK_EMPTY;
}

static unsigned long scan_objects(struct shrinker *s, struct shrink_control *sc)
{
	u64 want = (u64)sc->nr_to_scan << PAGE_SHIFT, bytes = 0;
	struct strata_arena *arena, *next;
	LIST_HEAD(done);

	/* Page tables of other processes are no place to go to from a file system. */
	if (!(sc->gfp_mask & __GFP_FS) || !mutex_trylock(&lazy_lock))
		return SHRINK_STOP;
	list_for_each_entry_safe(arena, next, &lazy_arenas, lazy) {
		if (bytes >= want)
			break;
		/* Who holds it may be waiting for memory. */
		if (!down_write_trylock(&arena->lock))
			continue;
		bytes += reclaim_arena(arena, want - bytes);
		up_write(&arena->lock);
		list_move_tail(&arena->lazy, &done);
	}
	/* The next time it is the others' turn. */
	list_splice_tail(&done, &lazy_arenas);
	mutex_unlock(&lazy_lock);
	return bytes >> PAGE_SHIFT ?: SHRINK_STOP;
}

/**
 * strata_lazy_add() - reclaim from an arena from now on
 * @arena: complete; nothing happens unless it was created with STRATA_CREATE_LAZY
 *
 * Context: may sleep.
 */
void strata_lazy_add(struct strata_arena *arena)
{
	INIT_LIST_HEAD(&arena->lazy);
	if (!(arena->flags & STRATA_CREATE_LAZY))
		return;
	mutex_lock(&lazy_lock);
	list_add_tail(&arena->lazy, &lazy_arenas);
	mutex_unlock(&lazy_lock);
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
	list_del(&arena->lazy);
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

	shrinker = strata_may_fail(GFP_KERNEL, shrinker_alloc(0, "strata-arenas"));
	if (!shrinker)
		return -ENOMEM;
	shrinker->count_objects = count_objects;
	shrinker->scan_objects = scan_objects;
	shrinker->seeks = DEFAULT_SEEKS;
	err = strata_fault(GFP_KERNEL) ? -ENOMEM : strata_shrinker_register(shrinker, "strata-arenas");
	if (err)
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
}
