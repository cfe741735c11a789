// SPDX-License-Identifier: GPL-2.0-only
/*
 * An arena from its creation to its end: its shape, and who pays for it. Knows
 * nothing of files, commands or page tables.
 */
#include <linux/capability.h>
#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/log2.h>
#include <linux/memcontrol.h>
#include <linux/moduleparam.h>
#include <linux/nodemask.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "arena.h"
#include "arena_ctl.h"
#include "arena_figures.h"
#include "arena_lazy.h"
#include "arena_oom.h"
#include "arena_pages.h"
#include "arena_producer.h"
#include "compat.h"
#include "fault.h"
#include "inode.h"
#include "quota.h"

static unsigned long arena_pages = 1UL << (BITS_PER_LONG > 32 ? 28 : 18);
module_param(arena_pages, ulong, 0644);
MODULE_PARM_DESC(arena_pages, "Address space of the largest arena, in pages");

/* The kernel's own: lists of arenas by memory cgroup go by what its objects tell. */
static struct kmem_cache *arena_cache;

/**
 * strata_arena_max_bytes() - how large an arena may be
 *
 * Context: any.
 * Return: its address space, in bytes; whole pages.
 */
u64 strata_arena_max_bytes(void)
{
	/* Twice that, for control pages, is still an offset that mmap() takes. */
	return min_t(u64, (u64)READ_ONCE(arena_pages) << PAGE_SHIFT,
		     round_down(MAX_LFS_FILESIZE / 2, PAGE_SIZE));
}

/* A name that can be shown in a line of text. */
static bool name_ok(const u8 *name, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++) {
		if (!name[i])
			return true;
		if (iscntrl(name[i]))
			return false;
	}
	return false;
}

/* Fill in what @args says of the arena's shape, or say what is wrong with it. */
static int set_shape(struct strata_arena *arena, const struct strata_create *args)
{
	u64 max = strata_arena_max_bytes();
	u64 region_bytes = args->region_bytes;
	u64 nr;

	if (!args->max_bytes)
		return -EINVAL;
	if (args->max_bytes > max)
		return -EOVERFLOW;
	if (args->keep_bytes > args->max_bytes)
		return -EINVAL;
	if (!region_bytes)
		region_bytes = PAGE_ALIGN(args->max_bytes);
	else if (!is_power_of_2(region_bytes) || region_bytes > args->max_bytes)
		return -EINVAL;
	/* One page to use and one to guard it. */
	if (region_bytes < 2 * PAGE_SIZE)
		return -EINVAL;
	if (args->node != NUMA_NO_NODE &&
	    (args->node < 0 || args->node >= MAX_NUMNODES || !node_online(args->node)))
		return -EINVAL;
	if (!name_ok(args->name, sizeof(args->name)))
		return -EINVAL;

	nr = args->region_bytes ? div64_u64(args->max_bytes, region_bytes) : 1;
	if (nr >= STRATA_REGION_ALL)
		return -EOVERFLOW;
	arena->flags = args->flags;
	arena->node = args->node;
	arena->nr_regions = nr;
	arena->region_bytes = region_bytes;
	arena->keep_bytes = args->keep_bytes;
	arena->slot_pages = region_bytes >> PAGE_SHIFT;
	arena->data_pages = nr * arena->slot_pages;
	arena->map_pages = arena->data_pages +
			   DIV_ROUND_UP_ULL(nr * sizeof(struct strata_ctl), PAGE_SIZE);
	/* Where no huge page has room before the guard, small ones come faster. */
	if (arena->slot_pages <= STRATA_HUGE_PAGES || !STRATA_MAPS_LARGE_FOLIOS)
		arena->flags &= ~STRATA_CREATE_HUGE;
	memcpy(arena->name, args->name, sizeof(arena->name));
	return 0;
}

/**
 * strata_arena_create() - an arena that has no memory yet
 * @args: what it is to be like, its flags known to be supported
 *
 * The current task pays for it: its user by quota, its memory cgroup for the
 * pages.
 *
 * Context: may sleep.
 * Return: the arena with one reference; ERR_PTR() of -EINVAL, -EOVERFLOW,
 * -EDQUOT or -ENOMEM.
 */
struct strata_arena *strata_arena_create(const struct strata_create *args)
{
	struct strata_arena *arena;
	int err;

	arena = strata_may_fail(GFP_KERNEL,
				kmem_cache_alloc_lru(arena_cache, strata_lazy_lists(),
						     GFP_KERNEL | __GFP_ZERO));
	if (!arena)
		return ERR_PTR(-ENOMEM);
	err = set_shape(arena, args);
	if (err)
		goto free_arena;
	/* Not having it is no offence. */
	arena->privileged = ns_capable_noaudit(&init_user_ns, CAP_SYS_RESOURCE);
	arena->user = strata_user_get(arena->privileged);
	if (IS_ERR(arena->user)) {
		err = PTR_ERR(arena->user);
		goto free_arena;
	}
	arena->inode = strata_inode_create();
	if (IS_ERR(arena->inode)) {
		err = PTR_ERR(arena->inode);
		goto put_user;
	}
	/* Without a link it counts as shared memory when core dumps are filtered. */
	clear_nlink(arena->inode);
	/* Beyond the size of a file the kernel maps no huge page. */
	i_size_write(arena->inode, (loff_t)arena->map_pages << PAGE_SHIFT);
	arena->memcg = get_mem_cgroup_from_mm(current->mm);
	kref_init(&arena->kref);
	init_rwsem(&arena->lock);
	spin_lock_init(&arena->pins_lock);
	arena->pins = RB_ROOT_CACHED;
	strata_producers_init(arena);
	strata_pages_init(arena);
	strata_ctl_init(arena);
	strata_figures_init(arena);
	strata_lazy_add(arena);
	strata_oom_add(arena);
	return arena;

put_user:
	strata_user_put(arena->user);
free_arena:
	kmem_cache_free(arena_cache, arena);
	return ERR_PTR(err);
}

static void destroy(struct kref *kref)
{
	struct strata_arena *arena = container_of(kref, struct strata_arena, kref);

	strata_lazy_remove(arena);
	strata_producers_exit(arena);
	strata_pages_exit(arena);
	strata_figures_exit(arena);
	strata_ctl_exit(arena);
	strata_oom_remove(arena);
	mem_cgroup_put(arena->memcg);
	strata_inode_destroy(arena->inode);
	strata_user_put(arena->user);
	kmem_cache_free(arena_cache, arena);
}

/**
 * strata_arena_hold() - one more reference
 * @arena: to be kept
 *
 * Context: any.
 * Return: @arena.
 */
struct strata_arena *strata_arena_hold(struct strata_arena *arena)
{
	kref_get(&arena->kref);
	return arena;
}

/**
 * strata_arena_put() - one reference less; the last gives everything back
 * @arena: to be let go
 *
 * Context: may sleep.
 */
void strata_arena_put(struct strata_arena *arena)
{
	kref_put(&arena->kref, destroy);
}
STRATA_EXPORT(strata_arena_put);

/**
 * strata_arenas_init() - let there be arenas, and memory pressure that reaches them
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int strata_arenas_init(void)
{
	int err;

	arena_cache = strata_may_fail(GFP_KERNEL,
				      kmem_cache_create("strata_arena",
							sizeof(struct strata_arena), 0,
							SLAB_ACCOUNT, NULL));
	if (!arena_cache)
		return -ENOMEM;
	err = strata_lazy_init();
	if (err)
		goto destroy_cache;
	err = strata_oom_init();
	if (err)
		goto exit_lazy;
	return 0;

exit_lazy:
	strata_lazy_exit();
destroy_cache:
	kmem_cache_destroy(arena_cache);
	return err;
}

/**
 * strata_arenas_exit() - no more; there are none
 *
 * Context: may sleep; waits for reclaim that is under way.
 */
void strata_arenas_exit(void)
{
	strata_oom_exit();
	strata_lazy_exit();
	kmem_cache_destroy(arena_cache);
}
