// SPDX-License-Identifier: GPL-2.0-only
/*
 * Figures of each region and of each arena, and the limit that a region's owner
 * grows to. What the process is shown is a copy of them; of what it writes only top
 * is read, which is a hint. Knows nothing of page tables, nor which pages a region has.
 */
#include <linux/mm.h>
#include <linux/nospec.h>

#include "arena.h"
#include "arena_ctl.h"
#include "arena_figures.h"
#include "arena_totals.h"
#include "figure.h"

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
	strata_totals_regions(1);
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

	strata_totals_commit(bytes);
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

	strata_totals_uncommit(bytes);
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
	arena->fig.limit = (u64)arena->nr_regions * STRATA_REGION_START;
	strata_totals_arenas(1);
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
	strata_totals_uncommit(bytes);
	strata_figure_sub(&arena->fig.committed, bytes);
}

/**
 * strata_figures_exit() - an arena goes
 * @arena: has no pages any more, and nobody uses it
 *
 * Context: any.
 */
void strata_figures_exit(struct strata_arena *arena)
{
	strata_totals_regions(-(s64)arena->nr_used);
	strata_totals_arenas(-1);
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
