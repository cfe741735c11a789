// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel knows of each region, of each arena and of all of them, and
 * the control pages that show it to the process. The process may write there
 * what it likes: nothing is read back but top, which is a hint. Knows nothing
 * of page tables, nor which pages a region has.
 */
#include <linux/atomic.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "arena.h"
#include "arena_ctl.h"
#include "fault.h"
#include "figure.h"
#include "quota.h"

#define CTL_PER_PAGE	(PAGE_SIZE / sizeof(struct strata_ctl))

/* The regions whose control structs share a page, made when one is first used. */
struct ctl_block {
	struct page *page;
	struct strata_slot slot[CTL_PER_PAGE];
};

static atomic64_t total_arenas;
static atomic64_t total_regions;
static atomic64_t total_committed;
static atomic64_t total_hwm;
static atomic64_t total_control;

/**
 * strata_arena_totals() - figures of all arenas
 * @totals: to be filled in; each figure is right, together they need not be
 *
 * Context: any.
 */
void strata_arena_totals(struct strata_arena_totals *totals)
{
	totals->arenas = atomic64_read(&total_arenas);
	totals->regions = atomic64_read(&total_regions);
	totals->committed = atomic64_read(&total_committed);
	totals->hwm = atomic64_read(&total_hwm);
	totals->control = atomic64_read(&total_control);
}

static void total_add(u64 bytes)
{
	s64 now = atomic64_add_return(bytes, &total_committed);
	s64 hwm = atomic64_read(&total_hwm);

	while (now > hwm && !atomic64_try_cmpxchg(&total_hwm, &hwm, now))
		;
}

/* As the process sees a region before anybody asked anything of it. */
static void init_block(struct ctl_block *block)
{
	struct strata_ctl *ctl = page_address(block->page);
	unsigned int i;

	for (i = 0; i < CTL_PER_PAGE; i++) {
		ctl[i].limit = STRATA_REGION_START;
		block->slot[i].ctl = &ctl[i];
		block->slot[i].fig.limit = STRATA_REGION_START;
	}
}

static void free_block(struct ctl_block *block)
{
	/* Pinned for input or output, the page can outlive the arena. */
	put_page(block->page);
	kfree(block);
}

static struct ctl_block *alloc_block(struct strata_arena *arena)
{
	struct ctl_block *block;
	int err = -ENOMEM;

	block = strata_may_fail(GFP_KERNEL, kzalloc(sizeof(*block), GFP_KERNEL_ACCOUNT));
	if (!block)
		goto fail;
	err = strata_user_charge(arena->user, PAGE_SIZE, arena->privileged);
	if (err)
		goto fail;
	block->page = strata_may_fail(GFP_KERNEL,
				      alloc_pages_node(arena->node,
						       GFP_KERNEL_ACCOUNT | __GFP_ZERO, 0));
	if (!block->page) {
		strata_user_uncharge(arena->user, PAGE_SIZE);
		err = -ENOMEM;
		goto fail;
	}
	init_block(block);
	return block;
fail:
	kfree(block);
	return ERR_PTR(err);
}

static struct ctl_block *get_block(struct strata_arena *arena, pgoff_t index)
{
	struct ctl_block *block = xa_load(&arena->blocks, index);
	struct mem_cgroup *memcg;
	int err;

	if (block)
		return block;
	memcg = set_active_memcg(arena->memcg);
	block = alloc_block(arena);
	if (!IS_ERR(block)) {
		err = strata_fault(GFP_KERNEL) ? -ENOMEM :
		      xa_insert(&arena->blocks, index, block, GFP_KERNEL);
		if (err) {
			strata_user_uncharge(arena->user, PAGE_SIZE);
			free_block(block);
			/* Somebody else made it meanwhile, or there is no memory. */
			block = xa_load(&arena->blocks, index) ?: ERR_PTR(err);
		} else {
			atomic64_add(PAGE_SIZE, &total_control);
		}
	}
	set_active_memcg(memcg);
	return block;
}

/**
 * strata_ctl_page() - a control page
 * @arena: whose
 * @index: its number, valid for @arena
 *
 * Context: may sleep.
 * Return: the page, there as long as the arena is, or an error pointer.
 */
struct page *strata_ctl_page(struct strata_arena *arena, pgoff_t index)
{
	struct ctl_block *block = get_block(arena, index);

	return IS_ERR(block) ? ERR_CAST(block) : block->page;
}

/**
 * strata_slot_find() - the kernel's view of a region that was used
 * @arena: whose
 * @region: its number, valid for @arena
 *
 * Context: any.
 * Return: the slot, there as long as the arena is, or NULL.
 */
struct strata_slot *strata_slot_find(struct strata_arena *arena, u32 region)
{
	struct ctl_block *block = xa_load(&arena->blocks, region / CTL_PER_PAGE);

	return block ? &block->slot[region % CTL_PER_PAGE] : NULL;
}

/**
 * strata_slot_get() - the kernel's view of a region
 * @arena: whose
 * @region: its number, valid for @arena
 *
 * Context: may sleep.
 * Return: the slot, there as long as the arena is, or an error pointer.
 */
struct strata_slot *strata_slot_get(struct strata_arena *arena, u32 region)
{
	struct ctl_block *block = get_block(arena, region / CTL_PER_PAGE);

	return IS_ERR(block) ? ERR_CAST(block) : &block->slot[region % CTL_PER_PAGE];
}

/**
 * strata_slot_next() - the next region that was used
 * @arena: whose
 * @region: where to begin; set to where it is
 *
 * Some of those returned may have been used by their neighbours' creation only.
 *
 * Context: any.
 * Return: its slot, or NULL.
 */
struct strata_slot *strata_slot_next(struct strata_arena *arena, u32 *region)
{
	unsigned long index = *region / CTL_PER_PAGE;
	struct ctl_block *block = xa_find(&arena->blocks, &index, ULONG_MAX, XA_PRESENT);

	if (!block)
		return NULL;
	*region = max_t(u32, *region, index * CTL_PER_PAGE);
	return *region < arena->nr_regions ? &block->slot[*region % CTL_PER_PAGE] : NULL;
}

/**
 * strata_slot_top_pages() - how far a region is in use, as its process says
 * @arena: whose
 * @slot: of the region
 *
 * Context: any.
 * Return: whole pages from the region's start, no more than there are.
 */
unsigned long strata_slot_top_pages(struct strata_arena *arena, struct strata_slot *slot)
{
	u64 end = arena->region_bytes - PAGE_SIZE;
	u64 top = min(READ_ONCE(slot->ctl->top), end);
	unsigned long pages;

	pages = DIV_ROUND_UP_ULL(top, PAGE_SIZE);
	return array_index_nospec(pages, arena->slot_pages);
}

/*
 * Double the limit until it covers @want and, as far as that can be believed,
 * the process's top. A top that lies moves the limit of the liar's region only,
 * and no memory.
 */
static void grow_limit(struct strata_arena *arena, struct strata_slot *slot, u64 want)
{
	u64 end = arena->region_bytes - PAGE_SIZE;
	u64 limit = slot->fig.limit;

	want = min(max(want, READ_ONCE(slot->ctl->top)), end);
	if (want <= limit)
		return;
	while (limit < want)
		limit *= 2;
	limit = min(limit, end);
	arena->fig.limit += limit - slot->fig.limit;
	slot->fig.limit = limit;
	slot->events++;
	WRITE_ONCE(slot->ctl->limit, limit);
	WRITE_ONCE(slot->ctl->events, slot->events);
}

static void mark_used(struct strata_arena *arena, struct strata_slot *slot)
{
	if (slot->used)
		return;
	slot->used = true;
	arena->nr_used++;
	atomic64_inc(&total_regions);
}

/**
 * strata_slot_fault() - a page fault is being served
 * @arena: whose
 * @slot: of the region
 * @want: bytes of the region that are asked for
 *
 * Context: any but interrupts.
 */
void strata_slot_fault(struct strata_arena *arena, struct strata_slot *slot, u64 want)
{
	spin_lock(&arena->fig_lock);
	mark_used(arena, slot);
	slot->fig.faults++;
	arena->fig.faults++;
	grow_limit(arena, slot, want);
	spin_unlock(&arena->fig_lock);
}

/**
 * strata_slot_want() - a region is to be of some size, without a fault
 * @arena: whose
 * @slot: of the region
 * @want: bytes of the region that are asked for
 *
 * Context: any but interrupts.
 */
void strata_slot_want(struct strata_arena *arena, struct strata_slot *slot, u64 want)
{
	spin_lock(&arena->fig_lock);
	mark_used(arena, slot);
	grow_limit(arena, slot, want);
	spin_unlock(&arena->fig_lock);
}

static void figures_add(struct strata_figures *fig, u64 bytes)
{
	strata_figure_add(&fig->committed, bytes);
	fig->grown += bytes;
	fig->hwm = max(fig->hwm, fig->committed);
}

/**
 * strata_slot_commit() - a region got memory
 * @arena: whose
 * @slot: of the region
 * @pages: how many it got
 *
 * Context: any but interrupts.
 */
void strata_slot_commit(struct strata_arena *arena, struct strata_slot *slot,
			unsigned long pages)
{
	u64 bytes = (u64)pages << PAGE_SHIFT;

	total_add(bytes);
	spin_lock(&arena->fig_lock);
	mark_used(arena, slot);
	figures_add(&arena->fig, bytes);
	figures_add(&slot->fig, bytes);
	WRITE_ONCE(slot->ctl->committed, slot->fig.committed);
	WRITE_ONCE(slot->ctl->hwm, slot->fig.hwm);
	spin_unlock(&arena->fig_lock);
}

/**
 * strata_slot_trim() - memory of a region was given back
 * @arena: whose
 * @slot: of the region
 * @pages: how many it lost
 *
 * Context: any but interrupts.
 */
void strata_slot_trim(struct strata_arena *arena, struct strata_slot *slot,
		      unsigned long pages)
{
	u64 bytes = (u64)pages << PAGE_SHIFT;

	atomic64_sub(bytes, &total_committed);
	spin_lock(&arena->fig_lock);
	strata_figure_sub(&arena->fig.committed, bytes);
	arena->fig.trimmed += bytes;
	slot->fig.committed -= bytes;
	slot->fig.trimmed += bytes;
	slot->trim_seq++;
	WRITE_ONCE(slot->ctl->committed, slot->fig.committed);
	WRITE_ONCE(slot->ctl->trimmed, slot->fig.trimmed);
	WRITE_ONCE(slot->ctl->trim_seq, slot->trim_seq);
	spin_unlock(&arena->fig_lock);
}

/**
 * strata_slot_recycle() - memory of a region stays, though it was to go
 * @arena: whose
 * @slot: of the region
 * @bytes: how much
 *
 * Context: any but interrupts.
 */
void strata_slot_recycle(struct strata_arena *arena, struct strata_slot *slot, u64 bytes)
{
	spin_lock(&arena->fig_lock);
	arena->fig.recycled += bytes;
	slot->fig.recycled += bytes;
	spin_unlock(&arena->fig_lock);
}

/**
 * strata_slot_pin() - memory of a region is pinned, or not any more
 * @arena: whose
 * @slot: of the region
 * @bytes: how much more
 *
 * Context: any but interrupts.
 */
void strata_slot_pin(struct strata_arena *arena, struct strata_slot *slot, s64 bytes)
{
	spin_lock(&arena->fig_lock);
	mark_used(arena, slot);
	arena->fig.pinned += bytes;
	slot->fig.pinned += bytes;
	spin_unlock(&arena->fig_lock);
}

/**
 * strata_figures_init() - an arena comes
 * @arena: its shape is set
 *
 * Context: any.
 */
void strata_figures_init(struct strata_arena *arena)
{
	spin_lock_init(&arena->fig_lock);
	xa_init_flags(&arena->blocks, XA_FLAGS_ACCOUNT);
	arena->fig.limit = (u64)arena->nr_regions * STRATA_REGION_START;
	atomic64_inc(&total_arenas);
}

/**
 * strata_figures_went() - some memory of an arena that goes is back
 * @arena: nobody uses it, but somebody may look
 * @bytes: how much
 *
 * Context: any but interrupts.
 */
void strata_figures_went(struct strata_arena *arena, u64 bytes)
{
	atomic64_sub(bytes, &total_committed);
	strata_figure_sub(&arena->fig.committed, bytes);
}

/**
 * strata_figures_exit() - an arena goes
 * @arena: has no pages any more, and nobody uses it
 *
 * Context: may sleep.
 */
void strata_figures_exit(struct strata_arena *arena)
{
	struct ctl_block *block;
	unsigned long index;

	xa_for_each(&arena->blocks, index, block) {
		free_block(block);
		strata_user_uncharge(arena->user, PAGE_SIZE);
		atomic64_sub(PAGE_SIZE, &total_control);
		cond_resched();
	}
	xa_destroy(&arena->blocks);
	atomic64_sub(arena->nr_used, &total_regions);
	atomic64_dec(&total_arenas);
}

static void copy_figures(struct strata_stat *stat, const struct strata_figures *fig)
{
	stat->committed = fig->committed;
	stat->hwm = fig->hwm;
	stat->limit = fig->limit;
	stat->faults = fig->faults;
	stat->grown = fig->grown;
	stat->trimmed = fig->trimmed;
	stat->recycled = fig->recycled;
	stat->pinned = fig->pinned;
}

/**
 * strata_arena_stat() - figures of one region or of all
 * @arena: whose
 * @stat: .region says which; the rest is filled in
 *
 * Context: any but interrupts.
 * Return: 0, or -EOVERFLOW if there is no such region.
 */
int strata_arena_stat(struct strata_arena *arena, struct strata_stat *stat)
{
	static const struct strata_figures unused = { .limit = STRATA_REGION_START };
	struct strata_slot *slot;
	u32 region;

	if (stat->region == STRATA_REGION_ALL) {
		spin_lock(&arena->fig_lock);
		copy_figures(stat, &arena->fig);
		spin_unlock(&arena->fig_lock);
		return 0;
	}
	if (stat->region >= arena->nr_regions)
		return -EOVERFLOW;
	/* A caller's number: not even a mispredicted branch goes beyond the last. */
	region = array_index_nospec(stat->region, arena->nr_regions);
	slot = strata_slot_find(arena, region);
	if (!slot) {
		copy_figures(stat, &unused);
		return 0;
	}
	spin_lock(&arena->fig_lock);
	/* A region can get past its limit in a page that it already has. */
	grow_limit(arena, slot, 0);
	copy_figures(stat, &slot->fig);
	spin_unlock(&arena->fig_lock);
	return 0;
}
