/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Arenas: the memory behind one file of the device.
 */
#ifndef _STRATA_ARENA_H
#define _STRATA_ARENA_H

#include <linux/irq_work.h>
#include <linux/kref.h>
#include <linux/mm.h>
#include <linux/rbtree.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/xarray.h>
#include <linux/strata_arena.h>
#include <uapi/linux/strata.h>

/* Bytes and counts, as in struct strata_stat. */
struct strata_figures {
	u64 limit, committed, hwm, faults, grown, trimmed, recycled, pinned;
};

/**
 * struct strata_arena - regions and their memory
 * @kref: one for each open file
 * @lock: read: commit pages and map them; write: take pages away. Order:
 *	mmap_lock, @lock, i_mmap_rwsem of @inode; user memory is not touched
 *	under it.
 * @inode: its address space is what maps the arena, in all processes
 * @user: who pays, by quota
 * @memcg: who pays, by memory cgroup; NULL without cgroups
 * @privileged: the creator may go over quotas
 * @flags: STRATA_CREATE_*, without those that its shape leaves no use for
 * @seals: STRATA_SEAL_*; set under @lock held for writing, never unset
 * @node: NUMA node to prefer, or NUMA_NO_NODE
 * @keep_bytes: memory that trimming leaves to it
 * @nr_regions: slots
 * @region_bytes: bytes of a slot, guard page included
 * @slot_pages: the same in pages
 * @data_pages: pages of all slots, and so the first page offset of control pages
 * @map_pages: pages that mmap() can reach
 * @pages: by page offset, what is committed; a huge page by its first offset
 * @blocks: control pages, by number; see arena_ctl.c
 * @pins_lock: @pins, @nr_write_pins; innermost
 * @pins: ranges that stay where they are, by page offset
 * @nr_write_pins: those of them that the kernel may write to
 * @lazy: in the list of arenas that are reclaimed from
 * @all: in the list of all arenas; see arena_oom.c
 * @creator: the process that created it
 * @producers: regions that the kernel fills; grows under @pins_lock
 * @readers: who waits for records in them
 * @wake: wakes @readers, from any context
 * @fig_lock: the figures of the arena and of its slots; innermost
 * @fig: sums of all regions; .hwm is the most that they held together
 * @nr_used: regions that were used
 * @name: for people
 */
struct strata_arena {
	struct kref kref;
	struct rw_semaphore lock;
	struct inode *inode;
	struct strata_user *user;
	struct mem_cgroup *memcg;
	bool privileged;
	u32 flags;
	u32 seals;
	int node;
	u32 nr_regions;
	u64 region_bytes, keep_bytes;
	pgoff_t slot_pages, data_pages, map_pages;
	struct xarray pages;
	struct xarray blocks;
	spinlock_t pins_lock;		/* pins, nr_write_pins, producers */
	struct rb_root_cached pins;
	unsigned int nr_write_pins;
	struct list_head lazy;
	struct list_head all;
	struct pid *creator;
	struct list_head producers;
	wait_queue_head_t readers;
	struct irq_work wake;
	spinlock_t fig_lock;		/* fig, nr_used, every slot */
	struct strata_figures fig;
	u32 nr_used;
	char name[sizeof_field(struct strata_create, name)];
};

int strata_arenas_init(void);
void strata_arenas_exit(void);
struct strata_arena *strata_arena_create(const struct strata_create *args);
struct strata_arena *strata_arena_hold(struct strata_arena *arena);
u64 strata_arena_max_bytes(void);

/* The region that a page offset is in. */
static inline u32 strata_region_of(const struct strata_arena *arena, pgoff_t pgoff)
{
	return pgoff / arena->slot_pages;
}

static inline pgoff_t strata_slot_start(const struct strata_arena *arena, pgoff_t pgoff)
{
	return pgoff - pgoff % arena->slot_pages;
}

/* One past the last page of a slot that may have memory: its guard. */
static inline pgoff_t strata_slot_guard(const struct strata_arena *arena, pgoff_t pgoff)
{
	return strata_slot_start(arena, pgoff) + arena->slot_pages - 1;
}

#endif /* _STRATA_ARENA_H */
