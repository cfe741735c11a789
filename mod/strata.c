// SPDX-License-Identifier: GPL-2.0-only
/*
 * The exported calls of the general heap. What they mean is here; how it is
 * done is in alloc.c and free.c, but for the fast path, which is inlined.
 */
#include <linux/align.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/string.h>

#include <linux/strata.h>

#include "alloc.h"
#include "compat.h"
#include "context.h"
#include "fast.h"
#include "large.h"
#include "main.h"
#include "misuse.h"
#include "rcu_free.h"

/* Here they are defined. */
#undef strata_alloc
#undef strata_free_sized

/* Wishes that the fast path does not look at. */
#define GFP_SLOW	(STRATA_GFP_DIRECT | __GFP_THISNODE | __GFP_ZERO)

/**
 * strata_alloc() - allocate memory
 * @size: bytes
 * @gfp: as for kmalloc(); __GFP_ACCOUNT, __GFP_DMA and __GFP_DMA32 cost at
 *	least a page
 *
 * Aligned to 8 bytes at least; a power of two to itself up to PAGE_SIZE; from
 * PAGE_SIZE on to PAGE_SIZE. Physically contiguous. Zeroed only with
 * __GFP_ZERO or init_on_alloc=1.
 *
 * Context: as @gfp says, as for kmalloc(). In raw context and NMI with
 * GFP_NOWAIT | __GFP_NOWARN, from what this CPU and node hold.
 * Return: the object; ZERO_SIZE_PTR for 0 bytes; NULL if there is no memory or
 * @size is above STRATA_MAX_SIZE.
 */
void *strata_alloc(size_t size, gfp_t gfp)
{
	const size_t last = size - 1;	/* of 0 bytes, far too large */
	unsigned int class;
	void *object;

	strata_context_check(gfp);
	if (unlikely(gfp & GFP_SLOW))
		goto slow;
	if (likely(last < STRATA_CLASS_LUT_COARSE))
		class = strata_class_fine(last);
	else if (last < STRATA_CLASS_MAX_SIZE)
		class = strata_class_coarse(last);
	else
		goto large;
	if (unlikely(!strata_fast_take(strata_main.magazine[class], &object)))
		goto slow;
	strata_object_hand_out_plain(&strata_main.class[class], object, size, gfp);
	return object;

large:
	return strata_large_alloc_from(&strata_main, size, gfp, _RET_IP_);
slow:
	return strata_alloc_from(&strata_main, size, gfp, NUMA_NO_NODE, _RET_IP_);
}
STRATA_EXPORT(strata_alloc);

/**
 * strata_alloc_class() - strata_alloc() of a size that the compiler knows
 * @class: the size class of @size
 * @size: bytes, 1 to STRATA_CLASS_MAX_SIZE
 * @gfp: as for strata_alloc()
 *
 * Context: as for strata_alloc().
 * Return: as for strata_alloc().
 */
void *strata_alloc_class(unsigned long class, size_t size, gfp_t gfp)
{
	void *object;

	strata_context_check(gfp);
	if (unlikely(gfp & GFP_SLOW) ||
	    unlikely(!strata_fast_take(strata_main.magazine[class], &object)))
		return strata_alloc_from(&strata_main, size, gfp, NUMA_NO_NODE, _RET_IP_);
	strata_object_hand_out_plain(&strata_main.class[class], object, size, gfp);
	return object;
}
STRATA_EXPORT(strata_alloc_class);

/**
 * strata_zalloc() - allocate zeroed memory
 * @size: bytes
 * @gfp: as for strata_alloc()
 *
 * Zeroed up to its usable size.
 * Context: as for strata_alloc().
 * Return: as for strata_alloc().
 */
void *strata_zalloc(size_t size, gfp_t gfp)
{
	return strata_alloc_from(&strata_main, size, gfp | __GFP_ZERO, NUMA_NO_NODE, _RET_IP_);
}
STRATA_EXPORT(strata_zalloc);

/**
 * strata_alloc_node() - allocate memory of a NUMA node
 * @size: bytes
 * @gfp: as for strata_alloc(); with __GFP_THISNODE another node's memory is no
 *	substitute
 * @node: NUMA node, or NUMA_NO_NODE
 *
 * Goes past this CPU's magazine, so it is slower than strata_alloc().
 * Context: as for strata_alloc().
 * Return: as for strata_alloc().
 */
void *strata_alloc_node(size_t size, gfp_t gfp, int node)
{
	return strata_alloc_from(&strata_main, size, gfp, node, _RET_IP_);
}
STRATA_EXPORT(strata_alloc_node);

/**
 * strata_calloc() - allocate a zeroed array
 * @n: elements
 * @size: bytes of an element
 * @gfp: as for strata_alloc()
 *
 * Context: as for strata_alloc().
 * Return: as for strata_alloc(); NULL, and a report, if @n * @size overflows.
 */
void *strata_calloc(size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (unlikely(check_mul_overflow(n, size, &bytes))) {
		strata_misuse_report(STRATA_MISUSE_ARGUMENT,
				     "%zu elements of %zu bytes asked for by %pS overflow; NULL returned",
				     n, size, (void *)_RET_IP_);
		return NULL;
	}
	return strata_alloc_from(&strata_main, bytes, gfp | __GFP_ZERO, NUMA_NO_NODE, _RET_IP_);
}
STRATA_EXPORT(strata_calloc);

/* Is @p as aligned as a new object of @size bytes would be? */
static bool is_aligned_for(const void *p, size_t size)
{
	size_t align = sizeof(u64);

	if (size >= PAGE_SIZE)
		align = PAGE_SIZE;
	else if (is_power_of_2(size))
		align = max(size, align);
	return IS_ALIGNED((unsigned long)p, align);
}

/**
 * strata_realloc() - change the size of an object
 * @p: the object; NULL or ZERO_SIZE_PTR for a new one
 * @size: bytes that it shall have; 0 frees it
 * @gfp: as for strata_alloc(). With __GFP_ZERO the bytes that are new are
 *	zero if the object was allocated so, too
 *
 * The contents up to the smaller of both sizes are kept. The object may move.
 * Context: as for strata_alloc().
 * Return: the object, ZERO_SIZE_PTR for 0 bytes, or NULL: then @p is as it was.
 */
void *strata_realloc(const void *p, size_t size, gfp_t gfp)
{
	size_t usable;
	void *object;

	if (!size) {
		strata_free_to(&strata_main, p, _RET_IP_);
		return ZERO_SIZE_PTR;
	}
	usable = strata_usable(&strata_main, p);
	if (!ZERO_OR_NULL_PTR(p) && !strata_is_live(&strata_main, p)) {
		/* Nobody's object: let free() say what it is. */
		strata_free_to(&strata_main, p, _RET_IP_);
		return NULL;
	}
	/* Stay if it fits, and at least half of the object is used. */
	if (size <= usable && size > usable / 2 && is_aligned_for(p, size) &&
	    !(gfp & STRATA_GFP_DIRECT)) {
		strata_track_resize(p, size, ALIGN(usable, 8), gfp);
		return (void *)p;
	}
	object = strata_alloc_from(&strata_main, size, gfp, NUMA_NO_NODE, _RET_IP_);
	if (object && usable) {
		strata_track_copy(object, p, min(size, usable));
		strata_free_to(&strata_main, p, _RET_IP_);
	}
	return object;
}
STRATA_EXPORT(strata_realloc);

/**
 * strata_free() - free memory
 * @p: from any strata allocation, typed caches and escapes included; NULL and
 *	ZERO_SIZE_PTR are fine
 *
 * Any other pointer, and one that was freed already, is reported and ignored.
 * Context: any, NMI and raw context too.
 */
void strata_free(const void *p)
{
	if (unlikely(!strata_fast_free(&strata_main.heap, p)))
		strata_free_slow(p, &strata_main, _RET_IP_);
}
STRATA_EXPORT(strata_free);

static __always_inline bool free_to_class(unsigned long class, const void *p)
{
	struct strata_magazine *m;
	bool done;

	if (!strata_fast_may_free())
		return false;
	preempt_disable();
	m = this_cpu_ptr(strata_main.magazine[class]);
	done = strata_fast_free_to(m->cache, m, (void *)p, 0);
	preempt_enable();
	return done;
}

static noinline void free_sized_slow(const void *p, size_t size, unsigned long site)
{
	const size_t usable = strata_usable(&strata_main, p);

	if (usable && (size > usable || !size))
		strata_misuse_report(STRATA_MISUSE_WRONG_SIZE,
				     "object %p of %zu bytes freed by %pS as one of %zu; freed",
				     p, usable, (void *)site, size);
	strata_free_slow(p, &strata_main, site);
}

/**
 * strata_free_sized() - free memory whose size is known
 * @p: as for strata_free()
 * @size: bytes, as it was allocated with
 *
 * A size that cannot be right is reported; the object is freed all the same.
 * Context: any, NMI and raw context too.
 */
void strata_free_sized(const void *p, size_t size)
{
	const size_t last = size - 1;

	unsigned int class;

	if (likely(last < STRATA_CLASS_LUT_COARSE))
		class = strata_class_fine(last);
	else if (last < STRATA_CLASS_MAX_SIZE)
		class = strata_class_coarse(last);
	else
		goto slow;
	if (likely(free_to_class(class, p)))
		return;
slow:
	free_sized_slow(p, size, _RET_IP_);
}
STRATA_EXPORT(strata_free_sized);

/**
 * strata_free_class() - strata_free_sized() of a size that the compiler knows
 * @p: as for strata_free()
 * @class: the size class of @size
 * @size: bytes, 1 to STRATA_CLASS_MAX_SIZE
 *
 * Context: any, NMI and raw context too.
 */
void strata_free_class(const void *p, unsigned long class, size_t size)
{
	if (unlikely(!free_to_class(class, p)))
		free_sized_slow(p, size, _RET_IP_);
}
STRATA_EXPORT(strata_free_class);

/**
 * strata_free_rcu() - free memory after a grace period
 * @p: as for strata_free()
 *
 * Readers under rcu_read_lock() may use the object until then. It needs no
 * rcu_head. Grouped with others of this CPU, so the memory comes back some
 * time after the grace period. Where there is no memory to note it in, it waits
 * for the grace period if the context is known to allow that; else the object is
 * lost, and that is said.
 * Context: any, NMI and raw context too; may sleep if preemptible and out of memory.
 */
void strata_free_rcu(const void *p)
{
	strata_rcu_free(strata_main_rcu, p, _RET_IP_);
}
STRATA_EXPORT(strata_free_rcu);

/**
 * strata_alloc_bulk() - allocate many objects of one size, or none
 * @size: bytes of each
 * @gfp: as for strata_alloc()
 * @n: how many
 * @out: filled with them
 *
 * Context: as for strata_alloc().
 * Return: true, or false with nothing allocated and @out undefined.
 */
bool strata_alloc_bulk(size_t size, gfp_t gfp, size_t n, void **out)
{
	size_t i;

	if (likely(size - 1 < STRATA_CLASS_MAX_SIZE && !(gfp & GFP_SLOW)))
		return strata_cache_alloc_many(&strata_main.class[strata_class_of(size)],
					       size, gfp, n, out, _RET_IP_);
	for (i = 0; i < n; i++) {
		out[i] = strata_alloc_from(&strata_main, size, gfp, NUMA_NO_NODE, _RET_IP_);
		if (!out[i]) {
			strata_free_many(&strata_main, NULL, i, out, _RET_IP_);
			return false;
		}
	}
	return true;
}
STRATA_EXPORT(strata_alloc_bulk);

/**
 * strata_free_bulk() - free many objects
 * @n: how many
 * @objs: as for strata_free(), each; reordered. Their sizes may differ
 *
 * Context: any, NMI and raw context too.
 */
void strata_free_bulk(size_t n, void **objs)
{
	strata_free_many(&strata_main, NULL, n, objs, _RET_IP_);
}
STRATA_EXPORT(strata_free_bulk);

/**
 * strata_usable_size() - how many bytes of an object may be used
 * @p: the object
 *
 * At least what was asked for. All of it is the caller's from now on.
 * Context: any.
 * Return: bytes; 0 for NULL, ZERO_SIZE_PTR and what is not an object.
 */
size_t strata_usable_size(const void *p)
{
	size_t usable = strata_usable(&strata_main, p);

	if (usable)
		strata_track_unpoison(p, usable, ALIGN(usable, 8));
	return usable;
}
STRATA_EXPORT(strata_usable_size);

/**
 * strata_good_size() - what an allocation really gets
 * @size: bytes
 *
 * Context: any.
 * Return: the usable size of strata_alloc(@size); 0 for 0 and for what is
 * above STRATA_MAX_SIZE.
 */
size_t strata_good_size(size_t size)
{
	if (!size || size > STRATA_MAX_SIZE)
		return 0;
	if (size > STRATA_CLASS_MAX_SIZE)
		return strata_large_good_size(size);
	if (strata_main.debug & STRATA_REDZONE)
		return size;
	return strata_main.class[strata_class_of(size)].usable;
}
STRATA_EXPORT(strata_good_size);

/**
 * strata_owns() - is this an address in memory that strata handed out?
 * @p: any value; nothing is read through it
 *
 * Context: any, NMI too. Never faults.
 * Return: true anywhere inside an object, and also for a free object of a span in
 * use.
 */
bool strata_owns(const void *p)
{
	bool owns;

	preempt_disable();
	owns = strata_heap_span(&strata_main.heap, p);
	preempt_enable();
	return owns;
}
STRATA_EXPORT(strata_owns);
