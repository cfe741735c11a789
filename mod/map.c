// SPDX-License-Identifier: GPL-2.0-only
/*
 * mmap() of an arena, and the page faults in it. There is nothing per mapping:
 * what is at an offset of the file is the same in all of them, so they may be
 * cut, moved and protected as their owner likes. Knows nothing of how pages
 * are had.
 */
#include <linux/mm.h>

#include "arena.h"
#include "arena_ctl.h"
#include "arena_pages.h"
#include "compat.h"
#include "map.h"

static vm_fault_t to_fault(int err)
{
	switch (err) {
	case 0:
		return VM_FAULT_NOPAGE;
	case -ENOMEM:
		return VM_FAULT_OOM;
	default:
		return VM_FAULT_SIGBUS;
	}
}

/* Map @nr pages from @addr on, passing over those that another thread mapped. */
static int insert_pages(struct vm_area_struct *vma, unsigned long addr, struct page **pages,
			unsigned long nr)
{
	while (nr) {
		unsigned long left = nr;
		int err = vm_insert_pages(vma, addr, pages, &left);

		if (!err)
			break;
		if (err != -EBUSY)
			return err;
		pages += nr - left + 1;
		addr += (nr - left + 1) << PAGE_SHIFT;
		nr = left - 1;
	}
	return 0;
}

/*
 * The page at the fault is there; with it, map its neighbours that are there
 * too. So one fault is enough for all that came in together, and for what comes
 * back to a new mapping.
 */
static int map_around(struct vm_fault *vmf, struct strata_arena *arena)
{
	struct page *pages[STRATA_WINDOW_PAGES];
	struct vm_area_struct *vma = vmf->vma;
	pgoff_t window = round_down(vmf->pgoff, STRATA_WINDOW_PAGES);
	pgoff_t first = max(window, vma->vm_pgoff);
	pgoff_t end = min(window + STRATA_WINDOW_PAGES, vma->vm_pgoff + vma_pages(vma));
	pgoff_t start = vmf->pgoff;
	unsigned long nr;

	while (start > first && strata_pages_find(arena, start - 1))
		start--;
	for (nr = 0; start + nr < end; nr++) {
		pages[nr] = strata_pages_find(arena, start + nr);
		if (!pages[nr])
			break;
	}
	return insert_pages(vma, vma->vm_start + ((start - vma->vm_pgoff) << PAGE_SHIFT),
			    pages, nr);
}

static int fault_region(struct vm_fault *vmf, struct strata_arena *arena)
{
	/* Who may only read does not make an arena grow. */
	bool grow = vmf->vma->vm_file->f_mode & FMODE_WRITE;
	int err;

	/* Held until the pages are mapped, or they could be taken away before. */
	down_read(&arena->lock);
	err = strata_pages_fault(arena, vmf->pgoff, offset_in_page(vmf->real_address), grow);
	if (!err)
		err = map_around(vmf, arena);
	up_read(&arena->lock);
	return err;
}

/* Control pages stay for as long as the arena does: no lock. */
static int fault_ctl(struct vm_fault *vmf, struct strata_arena *arena)
{
	struct page *page = strata_ctl_page(arena, vmf->pgoff - arena->data_pages);

	return IS_ERR(page) ? PTR_ERR(page) :
			      insert_pages(vmf->vma, vmf->address & PAGE_MASK, &page, 1);
}

static vm_fault_t map_fault(struct vm_fault *vmf)
{
	struct strata_arena *arena = vmf->vma->vm_file->private_data;

	if (vmf->pgoff < arena->data_pages)
		return to_fault(fault_region(vmf, arena));
	/* mremap() cannot make a mapping longer, but nothing here relies on it. */
	if (vmf->pgoff < arena->map_pages)
		return to_fault(fault_ctl(vmf, arena));
	return VM_FAULT_SIGBUS;
}

static const struct vm_operations_struct map_operations = {
	.fault = map_fault,
};

/**
 * strata_map() - mmap() of an arena, any part of it
 * @file: the arena's, its private_data the arena
 * @vma: where to
 *
 * Context: mmap_lock held for writing.
 * Return: 0; -EINVAL if past the end, or private and not sealed against writes;
 * -EPERM if executable.
 */
int strata_map(struct file *file, struct vm_area_struct *vma)
{
	struct strata_arena *arena = file->private_data;
	unsigned long flags = VM_MIXEDMAP | VM_DONTEXPAND;

	/*
	 * A private copy is of something that does not change any more. Of a
	 * read-only file a shared mapping has VM_MAYSHARE only.
	 */
	if (!(vma->vm_flags & VM_MAYSHARE) &&
	    !(READ_ONCE(arena->seals) & STRATA_SEAL_WRITE))
		return -EINVAL;
	if (vma->vm_flags & VM_EXEC)
		return -EPERM;
	if (vma->vm_pgoff > arena->map_pages ||
	    vma_pages(vma) > arena->map_pages - vma->vm_pgoff)
		return -EINVAL;

	/* Two processes that move one top would spoil each other's memory. */
	if (!(arena->flags & STRATA_CREATE_FORK_SHARE))
		flags |= VM_DONTCOPY;
	if (!(arena->flags & STRATA_CREATE_DUMP))
		flags |= VM_DONTDUMP;
	vm_flags_clear(vma, VM_MAYEXEC);
	vm_flags_set(vma, flags);
	vma->vm_ops = &map_operations;
	return 0;
}
