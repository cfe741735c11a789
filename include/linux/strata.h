/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * strata - Go's memory manager, in the Linux kernel
 *
 * The kernel API. Everything is exported GPL-only in namespace STRATA; a
 * consumer says MODULE_IMPORT_NS(STRATA) (a string from 6.13 on).
 *
 * Contexts are kmalloc()'s for the same gfp, and a little more: in raw context
 * (NMI, hard irq_work, a raw spinlock held, a hard interrupt on PREEMPT_RT) an
 * allocation with GFP_NOWAIT | __GFP_NOWARN takes no sleeping lock and never
 * reaches the page allocator, and every free works there too.
 *
 * See Documentation/design.rst for how it works.
 */
#ifndef _LINUX_STRATA_H
#define _LINUX_STRATA_H

#include <linux/bits.h>
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/sizes.h>
#include <linux/slab.h>		/* ZERO_SIZE_PTR */
#include <linux/types.h>
#include <linux/strata_arena.h>
#include <linux/strata_class.h>
#include <linux/strata_region.h>

/* The largest object, in bytes. Physically contiguous. */
#define STRATA_MAX_SIZE		((size_t)SZ_4M)

/* The largest object of a typed cache, in bytes. */
#define STRATA_CACHE_MAX_SIZE	((size_t)SZ_32K)

/* Flags of a typed cache, for strata_cache_args.flags. */
#define STRATA_TYPESAFE_BY_RCU	BIT(0)	/* memory keeps its type for a grace period */
#define STRATA_ACCOUNT		BIT(1)	/* charged to the allocating task's memcg */
#define STRATA_REDZONE		BIT(2)	/* guard bytes after each object, checked at free */
#define STRATA_POISON		BIT(3)	/* free objects hold a pattern, checked at alloc */
#define STRATA_TRACE		BIT(4)	/* each object knows who allocated and freed it */

struct strata_cache;
struct strata_reserve;

/**
 * struct strata_cache_args - what a typed cache is made of
 * @size: bytes an object holds, 1 to STRATA_CACHE_MAX_SIZE
 * @align: a power of two up to PAGE_SIZE, or 0 for 8 bytes
 * @flags: STRATA_* above
 * @ctor: called once for each object when its memory joins the cache, not at
 *	every allocation; objects must be freed in their constructed state.
 *	Runs in the context of an allocation. May be NULL.
 */
struct strata_cache_args {
	size_t size;
	size_t align;
	unsigned int flags;
	void (*ctor)(void *obj);
};

/* General heap. */
void *strata_alloc(size_t size, gfp_t gfp) __malloc __alloc_size(1) __strata_heap_alloc;
void *strata_zalloc(size_t size, gfp_t gfp) __malloc __alloc_size(1) __strata_heap_alloc;
void *strata_alloc_node(size_t size, gfp_t gfp, int node)
	__malloc __alloc_size(1) __strata_heap_alloc;
void *strata_calloc(size_t n, size_t size, gfp_t gfp)
	__malloc __alloc_size(1, 2) __strata_heap_alloc;
void *strata_realloc(const void *p, size_t size, gfp_t gfp) __must_check __alloc_size(2);
void strata_free(const void *p) __strata_heap_free(1);
void strata_free_sized(const void *p, size_t size) __strata_heap_free(1);
void strata_free_rcu(const void *p) __strata_captures(1);
bool strata_alloc_bulk(size_t size, gfp_t gfp, size_t n, void **out) __must_check;
void strata_free_bulk(size_t n, void **objs);
size_t strata_usable_size(const void *p);
size_t strata_good_size(size_t size);
bool strata_owns(const void *p);
unsigned long strata_copy_to_user(void __user *to, const void *from, size_t n) __must_check;
unsigned long strata_copy_from_user(void *to, const void __user *from, size_t n) __must_check;

/*
 * The same where the compiler knows the size: it finds the class, the call does not.
 * Not to be called by name.
 */
void *strata_alloc_class(unsigned long class, size_t size, gfp_t gfp)
	__malloc __alloc_size(2) __strata_heap_alloc;
void strata_free_class(const void *p, unsigned long class, size_t size) __strata_heap_free(1);

static __always_inline __alloc_size(1) void *__strata_alloc(size_t size, gfp_t gfp)
{
	if (__builtin_constant_p(size) && size - 1 < STRATA_CLASS_MAX_SIZE)
		return strata_alloc_class(strata_class_index(size), size, gfp);
	return strata_alloc(size, gfp);
}

static __always_inline void __strata_free_sized(const void *p, size_t size)
{
	if (__builtin_constant_p(size) && size - 1 < STRATA_CLASS_MAX_SIZE)
		strata_free_class(p, strata_class_index(size), size);
	else
		strata_free_sized(p, size);
}

/* Who reads code looks for the calls themselves. */
#if !defined(STRATA_VET_LOOKS) && !defined(__clang_analyzer__) && !defined(__CHECKER__)
#define strata_alloc(size, gfp)		__strata_alloc(size, gfp)
#define strata_free_sized(p, size)	__strata_free_sized(p, size)
#endif

DEFINE_FREE(strata, void *, if (!IS_ERR_OR_NULL(_T)) strata_free(_T))

/* Caches of one type. */
struct strata_cache *strata_cache_create(const char *name,
					 const struct strata_cache_args *args);
void *strata_cache_alloc(struct strata_cache *c, gfp_t gfp) __malloc __strata_heap_alloc;
void strata_cache_free(struct strata_cache *c, void *obj) __strata_heap_free(2);
bool strata_cache_alloc_bulk(struct strata_cache *c, gfp_t gfp, size_t n,
			     void **out) __must_check;
void strata_cache_free_bulk(struct strata_cache *c, size_t n, void **objs);
size_t strata_cache_shrink(struct strata_cache *c);
void strata_cache_destroy(struct strata_cache *c);

/* Objects set aside, for paths that may not fail. */
struct strata_reserve *strata_reserve_create(struct strata_cache *c, size_t n,
					     gfp_t gfp);
void *strata_reserve_alloc(struct strata_reserve *r) __strata_heap_alloc;
int strata_reserve_refill(struct strata_reserve *r, gfp_t gfp);
void strata_reserve_destroy(struct strata_reserve *r);

#endif /* _LINUX_STRATA_H */
