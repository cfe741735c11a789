// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pins: ranges of an arena that the kernel reads or writes in place. What is
 * pinned is committed, and neither trimmed nor reclaimed; an arena with a pin for
 * writing is not sealed against writes. The ranges are in a tree, and nothing is
 * done to the pages themselves: they are the arena's, which the pin holds.
 */
#include <linux/export.h>
#include <linux/interval_tree_generic.h>
#include <linux/mm.h>
#include <linux/rbtree_augmented.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "arena.h"
#include "arena_ctl.h"
#include "arena_figures.h"
#include "arena_pages.h"
#include "arena_pin.h"
#include "compat.h"
#include "fault.h"

#define PIN_FIRST(pin)	((pin)->first)
#define PIN_LAST(pin)	((pin)->last)

INTERVAL_TREE_DEFINE(struct strata_pin, node, unsigned long, subtree_last,
		     PIN_FIRST, PIN_LAST, static __maybe_unused, pin_tree)

static unsigned long nr_pages(const struct strata_pin *pin)
{
	return pin->last - pin->first + 1;
}

static void account(struct strata_pin *pin, s64 bytes)
{
	struct strata_arena *arena = pin->arena;

	strata_slot_pin(arena, strata_slot_get(arena, strata_region_of(arena, pin->first)),
			bytes);
}

/* From here on nobody takes a page of the range away. */
static int enter(struct strata_pin *pin)
{
	struct strata_arena *arena = pin->arena;
	int err = 0;

	/* Sealing and trimming look under the lock held for writing. */
	down_read(&arena->lock);
	if (pin->write && arena->seals & STRATA_SEAL_WRITE) {
		err = -EPERM;
	} else {
		spin_lock(&arena->pins_lock);
		pin_tree_insert(pin, &arena->pins);
		arena->nr_write_pins += pin->write;
		spin_unlock(&arena->pins_lock);
	}
	up_read(&arena->lock);
	return err;
}

static void leave(struct strata_pin *pin)
{
	struct strata_arena *arena = pin->arena;

	spin_lock(&arena->pins_lock);
	pin_tree_remove(pin, &arena->pins);
	arena->nr_write_pins -= pin->write;
	spin_unlock(&arena->pins_lock);
}

/**
 * strata_pin_range() - pin memory of an arena, on nobody's account
 * @arena: whose; the caller sees to it that it stays
 * @off: first byte, as an mmap() offset
 * @len: bytes, all of one region and none of them in its guard page
 * @write: the kernel is going to write there
 * @pin: to be filled in
 *
 * Context: may sleep.
 * Return: 0; -EINVAL; -EOVERFLOW beyond the arena; -EPERM if sealed; -EINTR;
 * -EDQUOT; -ENOMEM.
 */
int strata_pin_range(struct strata_arena *arena, u64 off, u64 len, bool write,
		     struct strata_pin *pin)
{
	u64 data_bytes = (u64)arena->data_pages << PAGE_SHIFT, bytes = 0;
	struct strata_slot *slot;
	int err;

	if (off > data_bytes || len > data_bytes - off)
		return -EOVERFLOW;
	if (!len)
		return -EINVAL;
	memset(pin, 0, sizeof(*pin));
	pin->arena = arena;
	pin->off = off;
	pin->write = write;
	pin->first = off >> PAGE_SHIFT;
	pin->last = (off + len - 1) >> PAGE_SHIFT;
	if (pin->last >= strata_slot_guard(arena, pin->first))
		return -EINVAL;
	/* So that unpinning finds one. */
	slot = strata_slot_get(arena, strata_region_of(arena, pin->first));
	if (IS_ERR(slot))
		return PTR_ERR(slot);
	err = enter(pin);
	if (err)
		return err;
	/* In this order nothing that is there now goes before all is there. */
	err = strata_pages_populate(arena, pin->first, pin->last + 1, &bytes);
	if (err) {
		leave(pin);
		return err;
	}
	account(pin, (s64)nr_pages(pin) << PAGE_SHIFT);
	return 0;
}

/**
 * strata_unpin_range() - undo strata_pin_range()
 * @pin: from there, mapped or not
 *
 * Context: may sleep.
 */
void strata_unpin_range(struct strata_pin *pin)
{
	vunmap(pin->mapped);
	account(pin, -((s64)nr_pages(pin) << PAGE_SHIFT));
	leave(pin);
}

/**
 * strata_pinned() - is there a pin in a range?
 * @arena: whose, its lock held for writing
 * @first: page offset
 * @end: one past the last; more than @first
 *
 * Context: any but interrupts.
 * Return: true if there is.
 */
bool strata_pinned(struct strata_arena *arena, pgoff_t first, pgoff_t end)
{
	pgoff_t behind;

	return strata_pinned_next(arena, first, end, &behind) != end;
}

/**
 * strata_pinned_next() - the first pin in a range
 * @arena: whose, its lock held for writing
 * @first: page offset
 * @end: one past the last; more than @first
 * @behind: the page offset behind the pin
 *
 * Context: any but interrupts.
 * Return: page offset of the first page that is pinned, or @end.
 */
pgoff_t strata_pinned_next(struct strata_arena *arena, pgoff_t first, pgoff_t end,
			   pgoff_t *behind)
{
	struct strata_pin *pin;
	pgoff_t at = end;

	*behind = end;
	spin_lock(&arena->pins_lock);
	pin = pin_tree_iter_first(&arena->pins, first, end - 1);
	if (pin) {
		at = max_t(pgoff_t, pin->first, first);
		*behind = pin->last + 1;
	}
	spin_unlock(&arena->pins_lock);
	return at;
}

/**
 * strata_arena_pin() - keep memory of an arena where it is
 * @a: whose
 * @off: first byte, as an mmap() offset of the arena
 * @len: bytes, all of one region and none of them in its guard page
 * @write: the kernel is going to write there
 * @pin: the caller's, to be filled in
 *
 * Commits what is not there. The whole pages count against RLIMIT_MEMLOCK of the
 * current process (a kernel thread has no such limit); while pinned they cannot
 * be trimmed (EBUSY), and lazy reclaim passes them over.
 *
 * Context: may sleep; takes the current process's mmap_lock.
 * Return: 0; -EINVAL no bytes, or more than one region's; -EOVERFLOW beyond the
 * arena; -EPERM sealed; -EINTR; -EDQUOT; -ENOMEM, over RLIMIT_MEMLOCK too.
 */
int strata_arena_pin(struct strata_arena *a, u64 off, u64 len, bool write,
		     struct strata_pin *pin)
{
	struct mm_struct *mm = current->mm;
	unsigned long pages;
	int err;

	err = strata_pin_range(a, off, len, write, pin);
	if (err)
		return err;
	pages = nr_pages(pin);
	err = account_locked_vm(mm, pages, true);
	if (err) {
		strata_unpin_range(pin);
		return err;
	}
	if (mm)
		mmgrab(mm);
	pin->mm = mm;
	strata_arena_hold(a);
	return 0;
}
STRATA_EXPORT(strata_arena_pin);

static struct page **pages_of(struct strata_pin *pin)
{
	struct page **pages = strata_may_fail(GFP_KERNEL, kvmalloc_array(nr_pages(pin),
									 sizeof(*pages),
									 GFP_KERNEL));
	pgoff_t pgoff;

	for (pgoff = pin->first; pages && pgoff <= pin->last; pgoff++)
		pages[pgoff - pin->first] = strata_pages_find(pin->arena, pgoff);
	return pages;
}

/**
 * strata_pin_map() - what is pinned, for the kernel to read and write
 * @pin: from strata_arena_pin()
 *
 * Context: may sleep. One caller at a time.
 * Return: the address of the first byte, the same at every call, or NULL without
 * memory. Without @write at strata_arena_pin() it is only to be read.
 */
void *strata_pin_map(struct strata_pin *pin)
{
	struct page **pages;

	if (!pin->mapped) {
		pages = pages_of(pin);
		if (!pages)
			return NULL;
		pin->mapped = strata_may_fail(GFP_KERNEL,
					      vmap(pages, nr_pages(pin), VM_MAP,
						   pin->write ? PAGE_KERNEL : PAGE_KERNEL_RO));
		kvfree(pages);
		if (!pin->mapped)
			return NULL;
	}
	return pin->mapped + offset_in_page(pin->off);
}
STRATA_EXPORT(strata_pin_map);

/**
 * strata_arena_unpin() - let pinned memory go
 * @pin: from strata_arena_pin(); what strata_pin_map() gave is no more
 *
 * Context: may sleep; takes the mmap_lock of the process that pinned it.
 */
void strata_arena_unpin(struct strata_pin *pin)
{
	struct strata_arena *arena = pin->arena;
	struct mm_struct *mm = pin->mm;
	unsigned long pages = nr_pages(pin);

	strata_unpin_range(pin);
	account_locked_vm(mm, pages, false);
	if (mm)
		mmdrop(mm);
	strata_arena_put(arena);
}
STRATA_EXPORT(strata_arena_unpin);
