// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory into the regions of an arena and out of it again. The pages are whole
 * ones from the page allocator, zeroed, and each has a reference count of its
 * own: one that somebody pinned goes back when it is let go, and never turns up
 * as another page of an arena before that. Knows page offsets; does not know
 * where the arena is mapped.
 *
 * Pages come in under the arena's lock held for reading, so that many faults go
 * on at once, and go away under it held for writing, out of the page tables
 * first: whoever finds a page under the lock may map it before letting go.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>

#include "arena.h"
#include "arena_ctl.h"
#include "arena_pages.h"
#include "quota.h"

/* Pages taken away in one go, that is, while no fault is served. */
#define TRIM_BATCH	512

static u32 region_of(struct strata_arena *arena, pgoff_t pgoff)
{
	return pgoff / arena->slot_pages;
}

static pgoff_t slot_start(struct strata_arena *arena, pgoff_t pgoff)
{
	return pgoff - pgoff % arena->slot_pages;
}

/* One past the last page of a slot that may have memory: its guard. */
static pgoff_t slot_guard(struct strata_arena *arena, pgoff_t pgoff)
{
	return slot_start(arena, pgoff) + arena->slot_pages - 1;
}

/* A small region grows by small steps, so that no more than a quarter is ahead. */
static unsigned int growth_order(struct strata_arena *arena, pgoff_t pgoff)
{
	u64 off = (u64)(pgoff - slot_start(arena, pgoff)) << PAGE_SHIFT;

	if (off < SZ_64K)
		return 0;
	return off < SZ_256K ? get_order(SZ_16K) : STRATA_WINDOW_ORDER;
}

/* The largest aligned window around @pgoff in [@first, @end) with no page in it. */
static unsigned int window_order(struct strata_arena *arena, pgoff_t pgoff, pgoff_t first,
				 pgoff_t end, unsigned int order)
{
	for (; order; order--) {
		unsigned long start = round_down(pgoff, 1UL << order);
		unsigned long last = start + (1UL << order) - 1;

		if (start >= first && last < end &&
		    !xa_find(&arena->pages, &start, last, XA_PRESENT))
			break;
	}
	return order;
}

/* Charged and zeroed pages of their own, or an error pointer. */
static struct page *get_pages(struct strata_arena *arena, unsigned int order)
{
	gfp_t gfp = GFP_HIGHUSER | __GFP_ZERO | __GFP_ACCOUNT;
	u64 bytes = (u64)PAGE_SIZE << order;
	struct page *page;
	int err;

	/* More than a page at once is a convenience. */
	if (order)
		gfp |= __GFP_NORETRY | __GFP_NOWARN;
	err = strata_user_charge(arena->user, bytes, arena->privileged);
	if (err)
		return ERR_PTR(err);
	page = alloc_pages_node(arena->node, gfp, order);
	if (!page) {
		strata_user_uncharge(arena->user, bytes);
		return ERR_PTR(-ENOMEM);
	}
	if (order)
		split_page(page, order);
	return page;
}

/* arena->lock is held. */
static bool no_growth(struct strata_arena *arena)
{
	return arena->seals & (STRATA_SEAL_GROW | STRATA_SEAL_WRITE);
}

static void put_one(struct strata_arena *arena, struct page *page)
{
	put_page(page);
	strata_user_uncharge(arena->user, PAGE_SIZE);
}

/*
 * Commit pages around @pgoff, which has none, within [@first, @end) of one slot.
 * Returns how many, 0 if somebody else was faster, or an error if @pgoff could
 * not be had. arena->lock is held for reading.
 */
static int commit(struct strata_arena *arena, struct strata_slot *slot, pgoff_t pgoff,
		  pgoff_t first, pgoff_t end, unsigned int order)
{
	struct page *page;
	pgoff_t start;
	int i, err, ret = 0, got = 0;

	order = window_order(arena, pgoff, first, end, order);
	page = get_pages(arena, order);
	if (IS_ERR(page) && order) {
		order = 0;
		page = get_pages(arena, 0);
	}
	if (IS_ERR(page))
		return PTR_ERR(page);

	start = round_down(pgoff, 1UL << order);
	for (i = 0; i < 1 << order; i++) {
		err = xa_insert(&arena->pages, start + i, page + i, GFP_KERNEL);
		if (!err) {
			got++;
			continue;
		}
		put_one(arena, page + i);
		if (err != -EBUSY && start + i == pgoff)
			ret = err;
	}
	if (got)
		strata_slot_commit(arena, slot, got);
	return ret ?: got;
}

static int commit_charged(struct strata_arena *arena, struct strata_slot *slot,
			  pgoff_t pgoff, pgoff_t first, pgoff_t end, unsigned int order)
{
	struct mem_cgroup *memcg = set_active_memcg(arena->memcg);
	int ret = commit(arena, slot, pgoff, first, end, order);

	set_active_memcg(memcg);
	return ret;
}

/**
 * strata_pages_find() - the page at an offset
 * @arena: whose
 * @pgoff: page offset in the regions
 *
 * Context: any, with arena->lock held for as long as the page is to be there.
 * Return: the page or NULL.
 */
struct page *strata_pages_find(struct strata_arena *arena, pgoff_t pgoff)
{
	return xa_load(&arena->pages, pgoff);
}

/**
 * strata_pages_fault() - see to it that a page is there
 * @arena: whose
 * @pgoff: page offset in the regions
 * @want: byte in that page that is asked for
 * @grow: get memory for it if there is none
 *
 * Context: may sleep; arena->lock held for reading.
 * Return: 0; -EFAULT in a guard page, or if the page is missing and may not be
 * made; -EDQUOT; -ENOMEM.
 */
int strata_pages_fault(struct strata_arena *arena, pgoff_t pgoff, unsigned int want, bool grow)
{
	pgoff_t start = slot_start(arena, pgoff);
	pgoff_t guard = slot_guard(arena, pgoff);
	struct strata_slot *slot;
	int ret;

	if (pgoff == guard)
		return -EFAULT;
	slot = strata_slot_get(arena, region_of(arena, pgoff));
	if (IS_ERR(slot))
		return PTR_ERR(slot);
	if (!strata_pages_find(arena, pgoff)) {
		if (!grow || no_growth(arena))
			return -EFAULT;
		ret = commit_charged(arena, slot, pgoff, start, guard,
				     growth_order(arena, pgoff));
		if (ret < 0)
			return ret;
	}
	strata_slot_fault(arena, slot, ((u64)(pgoff - start) << PAGE_SHIFT) + want + 1);
	return 0;
}

/* As much of [@first, @end) as is in the slot of @first. */
static int populate_slot(struct strata_arena *arena, pgoff_t first, pgoff_t end, u64 *bytes)
{
	pgoff_t start = slot_start(arena, first);
	struct strata_slot *slot;
	pgoff_t pgoff;
	int ret;

	slot = strata_slot_get(arena, region_of(arena, first));
	if (IS_ERR(slot))
		return PTR_ERR(slot);
	for (pgoff = first; pgoff < end; pgoff++) {
		if (strata_pages_find(arena, pgoff))
			continue;
		if (fatal_signal_pending(current))
			return -EINTR;
		down_read(&arena->lock);
		ret = 0;
		if (no_growth(arena))
			ret = -EPERM;
		else if (!strata_pages_find(arena, pgoff))
			ret = commit_charged(arena, slot, pgoff, first, end,
					     STRATA_WINDOW_ORDER);
		up_read(&arena->lock);
		if (ret < 0)
			return ret;
		*bytes += (u64)ret << PAGE_SHIFT;
		cond_resched();
	}
	strata_slot_want(arena, slot, (u64)(end - start) << PAGE_SHIFT);
	return 0;
}

/**
 * strata_pages_populate() - commit a range
 * @arena: whose
 * @first: page offset in the regions
 * @end: one past the last
 * @bytes: what this call committed is added to it, on failure too
 *
 * Guard pages in the range are passed over.
 *
 * Context: may sleep.
 * Return: 0; -EPERM if sealed; -EINTR if the task is being killed; -EDQUOT;
 * -ENOMEM.
 */
int strata_pages_populate(struct strata_arena *arena, pgoff_t first, pgoff_t end, u64 *bytes)
{
	int ret = 0;

	while (first < end && !ret) {
		pgoff_t guard = slot_guard(arena, first);

		if (first < guard)
			ret = populate_slot(arena, first, min(end, guard), bytes);
		first = guard + 1;
		cond_resched();
	}
	return ret;
}

/* Take the pages of [@first, @end), in one slot, away from all who map them. */
static u64 trim_batch(struct strata_arena *arena, pgoff_t first, pgoff_t end)
{
	unsigned long pages = 0, index;
	struct strata_slot *slot;
	struct page *page;

	unmap_mapping_range(arena->inode->i_mapping, (loff_t)first << PAGE_SHIFT,
			    (loff_t)(end - first) << PAGE_SHIFT, 1);
	xa_for_each_range(&arena->pages, index, page, first, end - 1) {
		xa_erase(&arena->pages, index);
		put_one(arena, page);
		pages++;
	}
	if (!pages)
		return 0;
	/* There since the region got its first page. */
	slot = strata_slot_get(arena, region_of(arena, first));
	strata_slot_trim(arena, slot, pages);
	return (u64)pages << PAGE_SHIFT;
}

/**
 * strata_pages_trim() - give the memory of a range back
 * @arena: whose
 * @first: page offset in the regions
 * @end: one past the last
 * @bytes: what this call gave back is added to it, on failure too
 *
 * Context: may sleep.
 * Return: 0; -EPERM if sealed; -EINTR if the task is being killed.
 */
int strata_pages_trim(struct strata_arena *arena, pgoff_t first, pgoff_t end, u64 *bytes)
{
	unsigned long index = first;
	pgoff_t stop;

	while (index < end && xa_find(&arena->pages, &index, end - 1, XA_PRESENT)) {
		stop = min3(end, (pgoff_t)index + TRIM_BATCH, slot_guard(arena, index));
		if (down_write_killable(&arena->lock))
			return -EINTR;
		if (arena->seals & STRATA_SEAL_WRITE) {
			up_write(&arena->lock);
			return -EPERM;
		}
		*bytes += trim_batch(arena, index, stop);
		up_write(&arena->lock);
		index = stop;
		cond_resched();
	}
	return 0;
}

/**
 * strata_pages_init() - no pages yet
 * @arena: whose
 *
 * Context: any.
 */
void strata_pages_init(struct strata_arena *arena)
{
	xa_init_flags(&arena->pages, XA_FLAGS_ACCOUNT);
}

/**
 * strata_pages_exit() - give back everything
 * @arena: not mapped any more, nor used by anybody
 *
 * Context: may sleep.
 */
void strata_pages_exit(struct strata_arena *arena)
{
	unsigned long index;
	struct page *page;

	xa_for_each(&arena->pages, index, page) {
		put_one(arena, page);
		cond_resched();
	}
	xa_destroy(&arena->pages);
}
