/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the kernels strata builds on (6.1, 6.12, 7.x), told in
 * the words of the newest. The only file that asks for a kernel version.
 */
#ifndef _STRATA_COMPAT_H
#define _STRATA_COMPAT_H

#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/list_lru.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#include <linux/swap.h>
#include <linux/version.h>
#include <linux/workqueue.h>

/* From 6.13 on a symbol namespace is a string. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define STRATA_EXPORT(sym)	EXPORT_SYMBOL_NS_GPL(sym, "STRATA")
#define STRATA_EXPORT_TEST(sym)	EXPORT_SYMBOL_NS_GPL(sym, "STRATA_TEST")
#define STRATA_IMPORT()		MODULE_IMPORT_NS("STRATA")
#define STRATA_IMPORT_TEST()	MODULE_IMPORT_NS("STRATA_TEST")
#else
#define STRATA_EXPORT(sym)	EXPORT_SYMBOL_NS_GPL(sym, STRATA)
#define STRATA_EXPORT_TEST(sym)	EXPORT_SYMBOL_NS_GPL(sym, STRATA_TEST)
#define STRATA_IMPORT()		MODULE_IMPORT_NS(STRATA)
#define STRATA_IMPORT_TEST()	MODULE_IMPORT_NS(STRATA_TEST)
#endif

/* Internals are visible to strata_kunit.ko, and to nobody where it cannot be. */
#if IS_ENABLED(CONFIG_KUNIT)
#define STRATA_TEST_EXPORT(sym)	STRATA_EXPORT_TEST(sym)
#else
#define STRATA_TEST_EXPORT(sym)
#endif

/* The flag that let a request dip into reserves became __GFP_HIGH alone in 6.4. */
#ifndef __GFP_ATOMIC
#define __GFP_ATOMIC		((__force gfp_t)0)
#endif

/*
 * User-mode Linux, up to 7.3 at least, maps the wrong pages where a large folio is
 * mapped by several entries: its set_ptes() adds to an entry how many are left, not one.
 */
#define STRATA_MAPS_LARGE_FOLIOS	!IS_ENABLED(CONFIG_UML)

/* 6.7 allocates shrinkers; before, they were embedded and registered by name. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
static inline struct shrinker *shrinker_alloc(unsigned int flags, const char *name)
{
	struct shrinker *shrinker = kzalloc(sizeof(*shrinker), GFP_KERNEL);

	if (shrinker)
		shrinker->flags = flags;
	return shrinker;
}

static inline int strata_shrinker_register(struct shrinker *shrinker, const char *name)
{
	return register_shrinker(shrinker, "%s", name);
}

static inline void shrinker_free(struct shrinker *shrinker)
{
	if (!shrinker)
		return;
	unregister_shrinker(shrinker);
	kfree(shrinker);
}
#else
static inline int strata_shrinker_register(struct shrinker *shrinker, const char *name)
{
	shrinker_register(shrinker);
	return 0;
}
#endif

/*
 * What a shrinker gave back without a slab cache counts as progress of reclaim
 * only when it says so; 6.4 has a function for that.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
static inline void mm_account_reclaimed_pages(unsigned long pages)
{
	if (current->reclaim_state)
		current->reclaim_state->reclaimed_slab += pages;
}
#endif

/* 6.13 hands no lock to the callback of list_lru_walk_one(): (item, list, arg). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#define STRATA_LRU_CALLBACK(name)						\
	enum lru_status name(struct list_head *item, struct list_lru_one *list,		\
			     spinlock_t *lock, void *arg)
#else
#define STRATA_LRU_CALLBACK(name)						\
	enum lru_status name(struct list_head *item, struct list_lru_one *list, void *arg)
#endif

/* 6.8 has a name of its own for items that know their node and memory cgroup. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
#define strata_lru_add		list_lru_add
#define strata_lru_del		list_lru_del
#else
#define strata_lru_add		list_lru_add_obj
#define strata_lru_del		list_lru_del_obj
#endif

/* 6.3 made vm_flags read-only but for these two. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}

static inline void vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags &= ~flags;
}
#endif

/* 6.17 asks for per-CPU workqueues by name; they were the default. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#define WQ_PERCPU		0
#endif

#endif /* _STRATA_COMPAT_H */
