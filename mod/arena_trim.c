// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory out of the regions of an arena. Pages leave under the arena's lock held
 * for writing, out of the page tables first, so whoever finds one under the lock
 * may map it before letting go.
 *
 * In an arena of huge pages it is the kernel that maps them, after the fault
 * handler let go of the lock; there the lock of the page is held from the one to
 * the other, and taken here before the page tables are looked at.
 */
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>

#include "arena.h"
#include "arena_ctl.h"
#include "arena_figures.h"
#include "arena_pages.h"
#include "arena_pin.h"
#include "arena_trim.h"

static bool has_huge(struct strata_arena *arena)
{
	return arena->flags & STRATA_CREATE_HUGE;
}

/*
 * No fault maps a page of [@first, @end) from here on. Returns one past the last
 * that can be taken: a huge page that reaches out of the range stays, and one
 * that is being mapped, unless @wait.
 */
static pgoff_t lock_pages(struct strata_arena *arena, pgoff_t first, pgoff_t end, bool wait)
{
	unsigned long index;
	struct page *page;

	if (!has_huge(arena))
		return end;
	xa_for_each_range(&arena->pages, index, page, first, end - 1) {
		if (index + strata_entry_pages(page) > end)
			return index;
		if (wait)
			lock_page(page);
		else if (!trylock_page(page))
			return index;
	}
	return end;
}

static void unmap_pages(struct strata_arena *arena, pgoff_t first, pgoff_t end)
{
	unmap_mapping_range(arena->inode->i_mapping, (loff_t)first << PAGE_SHIFT,
			    (loff_t)(end - first) << PAGE_SHIFT, 1);
}

/*
 * Let the pages of [@first, @end) go, which are locked, and mapped nowhere. Those
 * before @from stay, and if @idle those that somebody holds.
 */
static u64 let_go(struct strata_arena *arena, struct strata_slot *slot, pgoff_t first,
		  pgoff_t end, pgoff_t from, bool idle)
{
	unsigned long pages = 0, index;
	struct page *page;

	xa_for_each_range(&arena->pages, index, page, first, end - 1) {
		if (has_huge(arena))
			unlock_page(page);
		if (index < from || (idle && page_count(page) != 1))
			continue;
		xa_erase(&arena->pages, index);
		pages += strata_entry_pages(page);
		strata_pages_put(arena, page);
	}
	if (pages)
		strata_slot_trim(arena, slot, pages);
	return (u64)pages << PAGE_SHIFT;
}

/* Take the pages of [@first, @end), in one slot, away from all who map them. */
static u64 take_away(struct strata_arena *arena, pgoff_t first, pgoff_t end)
{
	/* There since the region got its first page. */
	struct strata_slot *slot = strata_slot_find(arena, strata_region_of(arena, first));

	end = lock_pages(arena, first, end, true);
	if (first == end)
		return 0;
	unmap_pages(arena, first, end);
	return let_go(arena, slot, first, end, first, false);
}

/**
 * strata_pages_reclaim() - take pages that are above the top of their region
 * @arena: whose; its lock held for writing
 * @slot: of the region
 * @first: page offset, above the top when that was last looked at
 * @end: one past the last, in the same batch
 *
 * The top may have moved, see arena_lazy.c. What somebody holds stays.
 *
 * Context: any but interrupts; reclaim too.
 * Return: bytes given back.
 */
u64 strata_pages_reclaim(struct strata_arena *arena, struct strata_slot *slot, pgoff_t first,
			 pgoff_t end)
{
	pgoff_t from;

	end = lock_pages(arena, first, end, false);
	if (first == end)
		return 0;
	/* After this no write to these pages is under way, nor unseen. */
	unmap_pages(arena, first, end);
	/* Pairs with the owner's store barrier between top and the first write. */
	smp_mb();
	from = strata_slot_start(arena, first) + strata_slot_top_pages(arena, slot);
	return let_go(arena, slot, first, end, from, true);
}

/**
 * strata_pages_present() - what memory there is in a range
 * @arena: whose; its lock held
 * @first: page offset in the regions
 * @end: one past the last
 *
 * Context: any but interrupts.
 * Return: bytes, with all of a huge page that begins there.
 */
u64 strata_pages_present(struct strata_arena *arena, pgoff_t first, pgoff_t end)
{
	unsigned long index;
	struct page *page;
	u64 pages = 0;

	xa_for_each_range(&arena->pages, index, page, first, end - 1)
		pages += strata_entry_pages(page);
	return pages << PAGE_SHIFT;
}

/**
 * strata_pages_pass() - leave memory at the start of a range alone
 * @arena: whose; its lock held
 * @first: page offset in the regions
 * @end: one past the last
 * @bytes: how much to leave, rounded up to whole pages, huge ones where they are
 * @recycle: count it as recycled
 *
 * Context: any but interrupts.
 * Return: page offset of what comes then.
 */
pgoff_t strata_pages_pass(struct strata_arena *arena, pgoff_t first, pgoff_t end, u64 bytes,
			  bool recycle)
{
	struct strata_slot *slot;
	u64 passed = 0, here;
	unsigned long index;
	struct page *page;

	if (!bytes)
		return first;
	xa_for_each_range(&arena->pages, index, page, first, end - 1) {
		if (passed >= bytes)
			return index;
		here = (u64)strata_entry_pages(page) << PAGE_SHIFT;
		passed += here;
		if (!recycle)
			continue;
		slot = strata_slot_find(arena, strata_region_of(arena, index));
		strata_slot_recycle(arena, slot, here);
	}
	return end;
}

/*
 * Where in [@first, @end) trimming begins, so that the arena keeps what it was
 * created to keep: the lowest pages, as a region is used from its start. They
 * stay mapped, with what is in them.
 */
static pgoff_t pass_over_kept(struct strata_arena *arena, pgoff_t first, pgoff_t end)
{
	u64 here = strata_pages_present(arena, first, end);
	u64 elsewhere = max(READ_ONCE(arena->fig.committed), here) - here;

	return strata_pages_pass(arena, first, end,
				 max(arena->keep_bytes, elsewhere) - elsewhere, true);
}

/**
 * strata_pages_trim() - give the memory of a range back
 * @arena: whose
 * @first: page offset in the regions
 * @end: one past the last
 * @bytes: what this call gave back is added to it, on failure too
 *
 * What the arena keeps stays, and so does a huge page that reaches out of the
 * range.
 *
 * Context: may sleep.
 * Return: 0; -EPERM if sealed; -EBUSY if some of it is pinned; -EINTR if the task
 * is being killed.
 */
int strata_pages_trim(struct strata_arena *arena, pgoff_t first, pgoff_t end, u64 *bytes)
{
	unsigned long index;
	pgoff_t stop;
	int err = 0;

	if (arena->keep_bytes) {
		if (down_read_killable(&arena->lock))
			return -EINTR;
		if (!(arena->seals & STRATA_SEAL_WRITE))
			first = pass_over_kept(arena, first, end);
		up_read(&arena->lock);
	}
	index = first;
	while (index < end && xa_find(&arena->pages, &index, end - 1, XA_PRESENT)) {
		/* The lock looks at signals only where it has to wait. */
		if (fatal_signal_pending(current))
			return -EINTR;
		stop = round_down(index, STRATA_TRIM_BATCH) + STRATA_TRIM_BATCH;
		stop = min3(end, stop, strata_slot_guard(arena, index));
		if (down_write_killable(&arena->lock))
			return -EINTR;
		if (arena->seals & STRATA_SEAL_WRITE)
			err = -EPERM;
		else if (strata_pinned(arena, index, stop))
			err = -EBUSY;
		else
			*bytes += take_away(arena, index, stop);
		up_write(&arena->lock);
		if (err)
			break;
		index = stop;
		cond_resched();
	}
	return err;
}
