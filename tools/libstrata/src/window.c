// SPDX-License-Identifier: MIT
/*
 * The window of a region: how far its memory is in use, as far as the kernel is
 * told. Objects are handed out below its end by moving a pointer that the kernel
 * does not see; the end is what stands in the control record as top.
 *
 * In an arena with STRATA_CREATE_LAZY the kernel may take away at any time what
 * lies at or above top: it clears the page tables, and only then reads top once
 * more to see what it may have (Documentation/design.rst, "Arenas"). So top must
 * be raised before the first write to memory above it. It is: an object comes from
 * below the end of the window, and a window is announced before that.
 */
#include <errno.h>

#include "backend.h"
#include "region.h"
#include "track.h"

/* A window doubles up to this many bytes a step. */
#define WINDOW_STEP	((size_t)2 << 20)

/*
 * Where memory may be reclaimed, the window stays this close to what is in use,
 * and is moved only after twice as much.
 */
#define LAZY_STEP	((size_t)64 << 10)

static bool lazy(const struct region *r)
{
	return r->arena->flags & STRATA_CREATE_LAZY;
}

/* Tell the kernel that the window ends at offset @size. */
static void announce(struct region *r, size_t size)
{
	__atomic_store_n(&r->arena->ctl[r->index].top, size, __ATOMIC_RELAXED);
	/*
	 * Pairs with the kernel's unmapping of what lies above top: a write to an
	 * object of the new window is not seen before the new top is.
	 */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	r->window = r->base + size;
}

/* How far to open a window that has to cover @used bytes. */
static size_t window_size(const struct region *r, size_t used)
{
	size_t now = r->window - r->base;
	size_t size = now < WINDOW_STEP ? 2 * now : now + WINDOW_STEP;

	if (lazy(r))
		size = align_up(used, LAZY_STEP);
	if (size < used)
		size = align_up(used, page_size());
	return size < r->room ? size : r->room;
}

/* A checker is told of memory before anybody can have an object in it. */
static void watch(struct region *r)
{
	if (!r->tracked || r->window <= r->watched)
		return;
	track_reserve(r->watched, r->window - r->watched);
	r->watched = r->window;
}

/**
 * window_settle() - after top was moved: what the inline calls may do by themselves
 * @r: the region
 */
void window_settle(struct region *r)
{
	if (lazy(r) && (size_t)(r->window - r->pub.top) > 2 * LAZY_STEP)
		announce(r, window_size(r, r->pub.top - r->base + 1));
	if (r->tracked) {
		r->pub.end = r->pub.top;
		r->pub.low = (char *)UINTPTR_MAX;
		return;
	}
	r->pub.end = r->window;
	r->pub.low = r->base;
	if (lazy(r) && (size_t)(r->window - r->base) > 2 * LAZY_STEP)
		r->pub.low = r->window - 2 * LAZY_STEP;
}

/**
 * window_reach() - have the window end at @end or above
 * @r: the region
 * @end: at most @r->room bytes from its base
 *
 * Return: false with errno if there is no memory.
 */
bool window_reach(struct region *r, char *end)
{
	size_t used = end - r->base;
	size_t size;
	int err;

	if (end <= r->window)
		return true;
	size = window_size(r, used);
	err = r->arena->backend->reach(r->arena, r->index, size);
	if (err && size > used) {
		size = align_up(used, page_size());
		err = r->arena->backend->reach(r->arena, r->index, size);
	}
	if (err) {
		errno = -err;
		return false;
	}
	announce(r, size);
	watch(r);
	return true;
}

/**
 * window_reset() - a region that holds nothing: close the window
 * @r: the region, its top at its base
 */
void window_reset(struct region *r)
{
	announce(r, 0);
	window_settle(r);
}
