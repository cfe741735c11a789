// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory into the regions of an arena: pages from the page allocator, zeroed.
 * How they leave is in arena_trim.c. Knows page offsets; does not know where the
 * arena is mapped.
 *
 * Pages come in under the arena's lock held for reading, so that many faults go
 * on at once, and go away under it held for writing.
 *
 * Small pages have a reference count each, also if they came together: one that
 * somebody pinned goes back when it is let go, and never turns up as another
 * page of an arena before that. A huge page is one entry, and goes as one.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>

#include "arena.h"
#include "arena_ctl.h"
#include "arena_figures.h"
#include "arena_pages.h"
#include "fault.h"
#include "quota.h"

/*
 * Pages that come together in a region which has grown that far: never more than
 * a quarter ahead of use.
 */
static const struct {
	u64 from, step;
} growth[] = {
	{ SZ_8M, SZ_2M },
	{ SZ_256K, SZ_64K },
	{ SZ_64K, SZ_16K },
};

/**
 * strata_pages_growth() - in which steps a region grows
 * @arena: whose
 * @pgoff: page offset in the regions, where it is to grow
 *
 * Context: any.
 * Return: order of the pages that come together.
 */
unsigned int strata_pages_growth(struct strata_arena *arena, pgoff_t pgoff)
{
	u64 off = (u64)(pgoff % arena->slot_pages) << PAGE_SHIFT;
	int i;

	for (i = 0; i < ARRAY_SIZE(growth); i++)
		if (off >= growth[i].from)
			return get_order(growth[i].step);
	return 0;
}

/* The next smaller number of pages to try for. */
static unsigned int smaller(unsigned int order)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(growth); i++)
		if (order > get_order(growth[i].step))
			return get_order(growth[i].step);
	return 0;
}

static struct page *huge_page_of(struct strata_arena *arena, pgoff_t pgoff)
{
	struct page *page;

	if (!(arena->flags & STRATA_CREATE_HUGE))
		return NULL;
	page = xa_load(&arena->pages, round_down(pgoff, STRATA_HUGE_PAGES));
	return page && PageHead(page) ? page : NULL;
}

/* The largest aligned window around @pgoff in [@first, @end) with no page in it. */
static unsigned int window_order(struct strata_arena *arena, pgoff_t pgoff, pgoff_t first,
				 pgoff_t end, unsigned int order)
{
	for (; order; order = smaller(order)) {
		unsigned long start = round_down(pgoff, 1UL << order);
		unsigned long last = start + (1UL << order) - 1;

		if (start >= first && last < end &&
		    !xa_find(&arena->pages, &start, last, XA_PRESENT))
			break;
	}
	return order;
}

/* One huge page, or small ones of their own; charged and zeroed, or an error. */
static struct page *get_pages(struct strata_arena *arena, unsigned int order, bool huge,
			      bool light)
{
	gfp_t gfp = GFP_HIGHUSER | __GFP_ZERO | __GFP_ACCOUNT;
	u64 bytes = (u64)PAGE_SIZE << order;
	struct page *page;
	int err;

	/* More than a page at once is a convenience. */
	if (order || light)
		gfp |= __GFP_NORETRY | __GFP_NOWARN;
	if (huge)
		gfp |= __GFP_COMP;
	err = strata_user_charge(arena->user, bytes, arena->privileged);
	if (err)
		return ERR_PTR(err);
	page = strata_may_fail(gfp, alloc_pages_node(arena->node, gfp, order));
	if (!page) {
		strata_user_uncharge(arena->user, bytes);
		return ERR_PTR(-ENOMEM);
	}
	if (order && !huge)
		split_page(page, order);
	return page;
}

/* arena->lock is held. */
static bool no_growth(struct strata_arena *arena)
{
	return arena->seals & (STRATA_SEAL_GROW | STRATA_SEAL_WRITE);
}

/**
 * strata_pages_put() - let go of what was an entry of arena->pages
 * @arena: whose
 * @page: the entry, mapped nowhere any more
 *
 * Context: any but interrupts.
 */
void strata_pages_put(struct strata_arena *arena, struct page *page)
{
	u64 bytes = (u64)strata_entry_pages(page) << PAGE_SHIFT;

	put_page(page);
	strata_user_uncharge(arena->user, bytes);
}

/* Is the place taken, or part of a huge page? Both locked by xa_lock. */
static bool taken(struct strata_arena *arena, struct xa_state *xas)
{
	return xas_load(xas) || huge_page_of(arena, xas->xa_index);
}

/*
 * Store an entry, which may take a node: one that is not to be had at once, unless
 * xas_nomem() has seen to it, or one that is not to be had at all. That ends in an
 * error of which xas_nomem() makes nothing.
 */
static void store(struct xa_state *xas, struct page *page, bool new_node)
{
	if (new_node && !xas->xa_alloc && strata_fault(GFP_NOWAIT))
		xas_set_err(xas, -ENOMEM);
	else if (new_node && strata_fault(GFP_KERNEL))
		xas_set_err(xas, -ENOBUFS);
	else
		xas_store(xas, page);
}

/* Enter one huge page. Returns the number of small ones in it, or an error. */
static int enter_huge(struct strata_arena *arena, struct page *page, pgoff_t start)
{
	XA_STATE(xas, &arena->pages, start);
	int err = 0;

	/*
	 * Newer kernels look there for where it ends, and map by small entries what
	 * is not wholly in its file. The page allocator leaves what was there before.
	 */
	page_folio(page)->index = start;
	do {
		xas_lock(&xas);
		xas_set(&xas, start);
		if (xas_find(&xas, start + STRATA_HUGE_PAGES - 1)) {
			err = -EBUSY;
		} else {
			xas_set(&xas, start);
			store(&xas, page, true);
		}
		xas_unlock(&xas);
		/* Also where it was in vain: a node that is not needed any more goes back. */
	} while (xas_nomem(&xas, GFP_KERNEL));
	if (!err && xas_error(&xas))
		err = -ENOMEM;
	if (err)
		strata_pages_put(arena, page);
	return err ?: STRATA_HUGE_PAGES;
}

/* Enter small pages wherever there are none. Returns how many, or an error. */
static int enter_small(struct strata_arena *arena, struct page *page, pgoff_t start,
		       unsigned int nr)
{
	XA_STATE(xas, &arena->pages, start);
	unsigned int i = 0, got = 0;

	do {
		xas_lock(&xas);
		for (; i < nr; i++, xas_next(&xas)) {
			if (taken(arena, &xas)) {
				strata_pages_put(arena, page + i);
				continue;
			}
			store(&xas, page + i, !i || IS_ALIGNED(xas.xa_index, XA_CHUNK_SIZE));
			if (xas_error(&xas))
				break;
			got++;
		}
		xas_unlock(&xas);
	} while (xas_nomem(&xas, GFP_KERNEL));
	/* Without memory to enter them, those that are left go back. */
	for (; i < nr; i++)
		strata_pages_put(arena, page + i);
	return got ?: xas_error(&xas) ? -ENOMEM : 0;
}

/*
 * Commit pages around @pgoff, which has none, within [@first, @end) of one slot.
 * Returns how many, 0 if somebody else was faster, or an error if there are
 * none to be had. arena->lock is held for reading.
 */
static int commit(struct strata_arena *arena, struct strata_slot *slot, pgoff_t pgoff,
		  pgoff_t first, pgoff_t end, unsigned int order, bool light)
{
	struct page *page;
	pgoff_t start;
	bool huge;
	int got;

	order = window_order(arena, pgoff, first, end, order);
	for (;; order = smaller(order)) {
		huge = arena->flags & STRATA_CREATE_HUGE && order == STRATA_HUGE_ORDER;
		page = get_pages(arena, order, huge, light);
		if (!IS_ERR(page))
			break;
		if (!order)
			return PTR_ERR(page);
	}
	start = round_down(pgoff, 1UL << order);
	if (huge)
		got = enter_huge(arena, page, start);
	else
		got = enter_small(arena, page, start, 1U << order);
	if (got > 0)
		strata_slot_commit(arena, slot, got);
	return got == -EBUSY ? 0 : got;
}

static int commit_charged(struct strata_arena *arena, struct strata_slot *slot,
			  pgoff_t pgoff, pgoff_t first, pgoff_t end, unsigned int order,
			  bool light)
{
	struct mem_cgroup *memcg = set_active_memcg(arena->memcg);
	int ret = commit(arena, slot, pgoff, first, end, order, light);

	set_active_memcg(memcg);
	return ret;
}

/**
 * strata_pages_find() - the page at an offset
 * @arena: whose
 * @pgoff: page offset in the regions
 *
 * Context: any, with arena->lock held for as long as the page is to be there.
 * Return: the page, maybe one inside of a huge page, or NULL.
 */
struct page *strata_pages_find(struct strata_arena *arena, pgoff_t pgoff)
{
	struct page *page = xa_load(&arena->pages, pgoff);

	if (page)
		return page;
	page = huge_page_of(arena, pgoff);
	return page ? page + pgoff % STRATA_HUGE_PAGES : NULL;
}

/**
 * strata_pages_gather() - the small pages that follow each other
 * @arena: whose; not one of huge pages
 * @first: page offset in the regions
 * @end: one past the last
 * @pages: room for @end - @first of them
 *
 * Context: any, with arena->lock held for as long as the pages are to be there.
 * Return: how many there are from @first on.
 */
unsigned int strata_pages_gather(struct strata_arena *arena, pgoff_t first, pgoff_t end,
				 struct page **pages)
{
	XA_STATE(xas, &arena->pages, first);
	unsigned int nr = 0;
	struct page *page;

	rcu_read_lock();
	for (page = xas_load(&xas); nr < end - first; page = xas_next(&xas)) {
		while (xas_retry(&xas, page))
			page = xas_load(&xas);
		if (!page)
			break;
		pages[nr++] = page;
	}
	rcu_read_unlock();
	return nr;
}

/**
 * strata_pages_fault() - see to it that a page is there
 * @arena: whose
 * @pgoff: page offset in the regions
 * @want: byte in that page that is asked for
 * @how: STRATA_FAULT_*
 *
 * Context: may sleep; arena->lock held for reading.
 * Return: 0; -EFAULT in a guard page, or if the page is missing and may not be
 * made; -EDQUOT; -ENOMEM.
 */
int strata_pages_fault(struct strata_arena *arena, pgoff_t pgoff, unsigned int want,
		       unsigned int how)
{
	pgoff_t start = strata_slot_start(arena, pgoff);
	pgoff_t guard = strata_slot_guard(arena, pgoff);
	struct strata_slot *slot;
	unsigned int order;
	int ret;

	if (pgoff == guard)
		return -EFAULT;
	slot = strata_slot_get(arena, strata_region_of(arena, pgoff));
	if (IS_ERR(slot))
		return PTR_ERR(slot);
	order = how & STRATA_FAULT_HUGE ? STRATA_HUGE_ORDER : 0;
	if (!(arena->flags & STRATA_CREATE_HUGE))
		order = strata_pages_growth(arena, pgoff);
	/* Whoever was faster may have taken neighbours only. */
	while (!strata_pages_find(arena, pgoff)) {
		if (!(how & STRATA_FAULT_GROW) || no_growth(arena))
			return -EFAULT;
		ret = commit_charged(arena, slot, pgoff, start, guard, order,
				     how & STRATA_FAULT_LIGHT);
		if (ret < 0)
			return ret;
	}
	strata_slot_fault(arena, slot, ((u64)(pgoff - start) << PAGE_SHIFT) + want + 1);
	return 0;
}

/* As much of [@first, @end) as is in the slot of @first. */
static int populate_slot(struct strata_arena *arena, pgoff_t first, pgoff_t end, u64 *bytes)
{
	pgoff_t start = strata_slot_start(arena, first);
	struct strata_slot *slot;
	pgoff_t pgoff;
	int ret;

	slot = strata_slot_get(arena, strata_region_of(arena, first));
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
					     STRATA_HUGE_ORDER, false);
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
		pgoff_t guard = strata_slot_guard(arena, first);

		if (first < guard)
			ret = populate_slot(arena, first, min(end, guard), bytes);
		first = guard + 1;
		cond_resched();
	}
	return ret;
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
		u64 bytes = (u64)strata_entry_pages(page) << PAGE_SHIFT;

		strata_pages_put(arena, page);
		strata_figures_went(arena, bytes);
		cond_resched();
	}
	xa_destroy(&arena->pages);
}
