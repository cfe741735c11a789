// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slots, what the kernel knows of each region, and the control pages that show
 * some of it to the process. The process may write there what it likes: nothing is
 * read back but top, which is a hint.
 */
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "arena.h"
#include "arena_ctl.h"
#include "arena_totals.h"
#include "fault.h"
#include "quota.h"

#define CTL_PER_PAGE	(PAGE_SIZE / sizeof(struct strata_ctl))

/* The regions whose control structs share a page, made when one is first used. */
struct ctl_block {
	struct page *page;
	struct strata_slot slot[CTL_PER_PAGE];
};

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
			strata_totals_control(PAGE_SIZE);
		}
	}
	set_active_memcg(memcg);
	return block;
}

/**
 * strata_ctl_init() - an arena comes, without control pages
 * @arena: whose
 *
 * Context: any.
 */
void strata_ctl_init(struct strata_arena *arena)
{
	xa_init_flags(&arena->blocks, XA_FLAGS_ACCOUNT);
}

/**
 * strata_ctl_exit() - the control pages of an arena go
 * @arena: nobody uses it
 *
 * Context: may sleep.
 */
void strata_ctl_exit(struct strata_arena *arena)
{
	struct ctl_block *block;
	unsigned long index;

	xa_for_each(&arena->blocks, index, block) {
		free_block(block);
		strata_user_uncharge(arena->user, PAGE_SIZE);
		strata_totals_control(-(s64)PAGE_SIZE);
		cond_resched();
	}
	xa_destroy(&arena->blocks);
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
