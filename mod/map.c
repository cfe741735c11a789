// SPDX-License-Identifier: GPL-2.0-only
/*
 * mmap() of an arena, and the page faults in it. There is nothing per mapping:
 * what is at an offset of the file is the same in all of them, so they may be
 * cut, moved and protected as their owner likes. Knows nothing of how pages
 * are had.
 */
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>

#include "arena.h"
#include "arena_ctl.h"
#include "arena_lazy.h"
#include "arena_pages.h"
#include "compat.h"
#include "fault.h"
#include "map.h"

static vm_fault_t to_fault(int err)
{
	switch (err) {
	case 0:
		return VM_FAULT_NOPAGE;
	case -ENOMEM:
		/*
		 * Told of a lack of memory, the kernel tries again, until the OOM
		 * killer made room. After two attempts here that is not what
		 * will happen: the creator's memory cgroup is full, and there is
		 * nobody to kill in it. The task would try forever.
		 */
		return fatal_signal_pending(current) ? VM_FAULT_OOM : VM_FAULT_SIGBUS;
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
		int err = strata_fault(GFP_KERNEL) ? -ENOMEM :
			  vm_insert_pages(vma, addr, pages, &left);

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
	pgoff_t nr_window = max(1UL << strata_pages_growth(arena, vmf->pgoff),
				STRATA_WINDOW_PAGES);
	pgoff_t window = round_down(vmf->pgoff, nr_window);
	pgoff_t end = min(window + nr_window, vma->vm_pgoff + vma_pages(vma));
	pgoff_t at = max(window, vma->vm_pgoff);
	unsigned long nr;
	int err;

	for (; at < end; at += nr ?: 1) {
		nr = strata_pages_gather(arena, at, min(at + STRATA_WINDOW_PAGES, end), pages);
		err = insert_pages(vma, vma->vm_start + ((at - vma->vm_pgoff) << PAGE_SHIFT),
				   pages, nr);
		if (err)
			return err;
	}
	return 0;
}

static int fault_small(struct vm_fault *vmf, struct strata_arena *arena, unsigned int how)
{
	int err;

	/* Held until the pages are mapped, or they could be taken away before. */
	down_read(&arena->lock);
	err = strata_pages_fault(arena, vmf->pgoff, offset_in_page(vmf->real_address), how);
	if (!err)
		err = map_around(vmf, arena);
	up_read(&arena->lock);
	return err;
}

/* Is the fault in a piece of @vma that one entry of the upper page table can map? */
static bool huge_fits(struct vm_area_struct *vma, unsigned long address)
{
	unsigned long start = address & PMD_MASK;

	return start >= vma->vm_start && vma->vm_end - start >= PMD_SIZE &&
	       IS_ALIGNED((vma->vm_start >> PAGE_SHIFT) - vma->vm_pgoff, STRATA_HUGE_PAGES);
}

/*
 * The kernel maps the page, a huge one by one entry if it can. Meanwhile it is
 * the page's lock that keeps it from being taken away.
 */
static int fault_huge(struct vm_fault *vmf, struct strata_arena *arena, unsigned int how)
{
	int err;

	if (huge_fits(vmf->vma, vmf->address))
		how |= STRATA_FAULT_HUGE;
	down_read(&arena->lock);
	err = strata_pages_fault(arena, vmf->pgoff, offset_in_page(vmf->real_address), how);
	if (!err) {
		vmf->page = strata_pages_find(arena, vmf->pgoff);
		get_page(vmf->page);
		lock_page(vmf->page);
	}
	up_read(&arena->lock);
	return err;
}

static vm_fault_t fault_region(struct vm_fault *vmf, struct strata_arena *arena)
{
	int (*fault)(struct vm_fault *vmf, struct strata_arena *arena, unsigned int how);
	bool huge = arena->flags & STRATA_CREATE_HUGE;
	bool lazy = arena->flags & STRATA_CREATE_LAZY;
	unsigned int how = 0;
	int err;

	fault = huge ? fault_huge : fault_small;
	/* Who may only read does not make an arena grow. */
	if (vmf->vma->vm_file->f_mode & FMODE_WRITE &&
	    !(arena->flags & STRATA_CREATE_PRODUCER))
		how = STRATA_FAULT_GROW;
	/* What it does not use comes before what others do. */
	err = fault(vmf, arena, lazy ? how | STRATA_FAULT_LIGHT : how);
	if (lazy && (err == -ENOMEM || err == -EDQUOT))
		strata_lazy_relieve(arena);
	/* The OOM killer may have made room meanwhile; see to_fault() if not. */
	if (err == -ENOMEM || (lazy && err == -EDQUOT))
		err = fault(vmf, arena, how);
	return !err && huge ? VM_FAULT_LOCKED : to_fault(err);
}

/* Control pages stay for as long as the arena does: no lock. */
static vm_fault_t fault_ctl(struct vm_fault *vmf, struct strata_arena *arena)
{
	struct page *page = strata_ctl_page(arena, vmf->pgoff - arena->data_pages);

	/* As in fault_region(). */
	if (page == ERR_PTR(-ENOMEM))
		page = strata_ctl_page(arena, vmf->pgoff - arena->data_pages);
	if (IS_ERR(page))
		return to_fault(PTR_ERR(page));
	get_page(page);
	vmf->page = page;
	return 0;
}

static vm_fault_t map_fault(struct vm_fault *vmf)
{
	struct strata_arena *arena = vmf->vma->vm_file->private_data;

	/* mremap() cannot make a mapping longer, but nothing here relies on it. */
	if (vmf->pgoff >= arena->map_pages)
		return VM_FAULT_SIGBUS;
	return vmf->pgoff < arena->data_pages ? fault_region(vmf, arena) :
						fault_ctl(vmf, arena);
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
 * -EPERM if executable, or writable where only the kernel writes.
 */
int strata_map(struct file *file, struct vm_area_struct *vma)
{
	struct strata_arena *arena = file->private_data;
	unsigned long flags = VM_DONTEXPAND;

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
	if (arena->flags & STRATA_CREATE_PRODUCER && vma->vm_pgoff < arena->data_pages) {
		if (vma->vm_flags & VM_WRITE)
			return -EPERM;
		vm_flags_clear(vma, VM_MAYWRITE);
	}

	/*
	 * A mixed map takes pages in batches, but what is mapped there by one
	 * entry of the upper page table is not counted, nor let go.
	 */
	if (!(arena->flags & STRATA_CREATE_HUGE))
		flags |= VM_MIXEDMAP;
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
