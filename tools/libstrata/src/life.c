// SPDX-License-Identifier: MIT
/*
 * Regions from create to destroy. A slot of an arena is taken by a flag in its
 * control record, which all processes see that have mapped the arena.
 */
#include <errno.h>
#include <stdlib.h>

#include "backend.h"
#include "region.h"
#include "report.h"
#include "track.h"

/* strata_ctl.flags: somebody has the slot. */
#define SLOT_TAKEN	(1U << 0)

static bool take_slot(struct strata_ctl *ctl)
{
	uint32_t free = 0;

	return !__atomic_load_n(&ctl->flags, __ATOMIC_RELAXED) &&
	       __atomic_compare_exchange_n(&ctl->flags, &free, SLOT_TAKEN, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* A slot that was free and is now taken; -1: there is none. @a->lock is held. */
static int64_t find_slot(struct strata_arena *a)
{
	uint32_t i, slot = a->free_hint;

	for (i = 0; i < a->nr_regions; i++, slot++) {
		if (slot >= a->nr_regions)
			slot = 0;
		if (take_slot(&a->ctl[slot])) {
			a->free_hint = slot + 1;
			return slot;
		}
	}
	return -1;
}

static void release_slot(struct strata_arena *a, uint32_t slot)
{
	__atomic_store_n(&a->ctl[slot].flags, 0, __ATOMIC_RELEASE);
	if (a->free_hint > slot)
		a->free_hint = slot;
}

/* A number that no other region of this process ever had. */
static uint64_t new_id(void)
{
	static uint64_t last;

	return __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
}

static void start(struct region *r, struct strata_arena *a, uint32_t slot)
{
	r->arena = a;
	r->index = slot;
	r->base = a->data + slot * a->region_bytes;
	r->room = region_room(a);
	r->tracked = track_on();
	r->watched = r->base;
	r->pub.id = new_id();
	r->pub.top = r->base;
	r->pub.start = r->base;
	a->ctl[slot].gen++;
	window_reset(r);
}

static int may_create(const struct strata_arena *a)
{
	if (a->gone)
		return -EPERM;
	return a->readonly ? -EBADF : 0;
}

PUBLIC struct strata_region *strata_region_create(strata_arena *a)
{
	int err = may_create(a);
	struct region *r;
	int64_t slot;

	if (err) {
		errno = -err;
		return NULL;
	}
	r = calloc(1, sizeof(*r));
	if (!r)
		return NULL;

	pthread_mutex_lock(&a->lock);
	slot = find_slot(a);
	if (slot >= 0) {
		r->next = a->regions;
		r->prev = &a->regions;
		if (r->next)
			r->next->prev = &r->next;
		a->regions = r;
	}
	pthread_mutex_unlock(&a->lock);

	if (slot < 0) {
		free(r);
		errno = ENOSPC;
		return NULL;
	}
	start(r, a, slot);
	return &r->pub;
}

/**
 * region_leave() - the memory of a region stayed with the parent process
 * @r: the region
 */
void region_leave(struct region *r)
{
	r->defers = NULL;
	r->pub.deferred = 0;
	r->pub.top = NULL;
	r->pub.end = NULL;
	r->pub.start = NULL;
	r->pub.low = (char *)UINTPTR_MAX;
}

/**
 * region_discard() - destroy a region
 * @r: the region
 * @call: what for
 * @site: by whom
 */
void region_discard(struct region *r, const char *call, const void *site)
{
	struct strata_arena *a = r->arena;

	if (!frame_close_all(r, call, site))
		return;
	if (!a->gone) {
		track_forget(r->base, r->watched - r->base);
		window_reset(r);
		a->backend->trim(a, r->index, 0);
	}
	pthread_mutex_lock(&a->lock);
	*r->prev = r->next;
	if (r->next)
		r->next->prev = r->prev;
	if (!a->gone)
		release_slot(a, r->index);
	pthread_mutex_unlock(&a->lock);
	free(r);
}

PUBLIC void strata_region_destroy(strata_region *pub)
{
	if (pub)
		region_discard(region_of(pub), "destroy", CALLER);
}

PUBLIC size_t strata_region_trim(strata_region *pub)
{
	struct region *r = region_of(pub);
	size_t keep;

	if (is_gone(r))
		return 0;
	keep = r->pub.top - r->base;
	if (r->room - keep < r->arena->keep_bytes)
		return 0;
	return r->arena->backend->trim(r->arena, r->index, keep + r->arena->keep_bytes);
}

PUBLIC int strata_region_stat(const strata_region *pub, struct strata_stat *out)
{
	const struct region *r = region_of(pub);

	return is_gone(r) ? -EPERM : r->arena->backend->stat(r->arena, r->index, out);
}
