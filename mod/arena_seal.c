// SPDX-License-Identifier: GPL-2.0-only
/*
 * Seals: promises about an arena that its owner cannot take back, so that whoever
 * gets a descriptor may rely on them. Growth and trimming look at the seals
 * where they happen, mmap() where it happens; this is how they are set.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched.h>

#include "arena.h"
#include "arena_pages.h"
#include "arena_seal.h"

/*
 * Somebody in the kernel holds a page, and may be about to write to it. The page
 * is locked against being mapped meanwhile, see arena_trim.c.
 */
static bool page_held(struct strata_arena *arena, pgoff_t pgoff, struct page *page)
{
	bool held;

	lock_page(page);
	unmap_mapping_range(arena->inode->i_mapping, (loff_t)pgoff << PAGE_SHIFT,
			    (loff_t)strata_entry_pages(page) << PAGE_SHIFT, 1);
	held = page_count(page) != 1;
	unlock_page(page);
	return held;
}

static bool pages_held(struct strata_arena *arena)
{
	unsigned long index;
	struct page *page;

	xa_for_each(&arena->pages, index, page) {
		if (page_count(page) != 1 && page_held(arena, index, page))
			return true;
		cond_resched();
	}
	return false;
}

/*
 * No writable mapping, now or later, and no input under way. Mappings for reading
 * stay; they fault their pages in again.
 */
static int stop_writes(struct strata_arena *arena)
{
	struct address_space *mapping = arena->inode->i_mapping;
	bool pinned;
	int err;

	/* What was written through a pin that has gone is seen, so under its lock. */
	spin_lock(&arena->pins_lock);
	pinned = arena->nr_write_pins;
	spin_unlock(&arena->pins_lock);
	if (pinned)
		return -EBUSY;
	err = mapping_deny_writable(mapping);
	if (err)
		return err;
	unmap_mapping_range(mapping, 0, 0, 1);
	if (!pages_held(arena))
		return 0;
	mapping_allow_writable(mapping);
	return -EBUSY;
}

/**
 * strata_arena_seal() - add seals
 * @arena: to be sealed
 * @seals: STRATA_SEAL_* to add; then, all that there are
 *
 * Context: may sleep.
 * Return: 0; -EPERM if the seals are sealed; -EBUSY if writes are to stop and
 * there is a writable mapping, or input under way; -EINTR.
 */
int strata_arena_seal(struct strata_arena *arena, u32 *seals)
{
	int err = 0;

	if (down_write_killable(&arena->lock))
		return -EINTR;
	if (*seals & ~arena->seals) {
		if (arena->seals & STRATA_SEAL_SEAL)
			err = -EPERM;
		else if (*seals & ~arena->seals & STRATA_SEAL_WRITE)
			err = stop_writes(arena);
	}
	if (!err) {
		/* mmap() looks without the lock; no seal ever goes away. */
		WRITE_ONCE(arena->seals, arena->seals | *seals);
		*seals = arena->seals;
	}
	up_write(&arena->lock);
	return err;
}
