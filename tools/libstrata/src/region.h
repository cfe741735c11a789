/* SPDX-License-Identifier: MIT */
/*
 * All of a region, and what the files about regions tell each other.
 */
#ifndef REGION_H
#define REGION_H

#include "arena.h"

struct defer;

/**
 * struct region - a region
 * @pub: what the inline calls see
 * @arena: that it is a slot of
 * @index: of the slot
 * @base: of the slot
 * @room: bytes that it may grow to
 * @window: end of what is known to the kernel as in use; @pub.end is the same,
 *	or @pub.top where each call is to come to the library
 * @tracked: a checker is there, which is to see every object
 * @watched: end of what it was told about
 * @defers: newest first
 * @running: number of the frame in which deferred functions run, or 0
 * @next: regions of the arena; under its lock, as is @prev
 * @prev: what points here
 */
struct region {
	strata_region pub;
	struct strata_arena *arena;
	uint32_t index;
	char *base;
	size_t room;
	char *window;
	bool tracked;
	char *watched;
	struct defer *defers;
	uint64_t running;
	struct region *next, **prev;
};

static inline struct region *region_of(const strata_region *pub)
{
	return (struct region *)pub;
}

/* Did the memory stay with the parent process? Calls then find it empty and full. */
static inline bool is_gone(const struct region *r)
{
	return r->arena->gone;
}

static inline size_t align_up(size_t size, size_t align)
{
	return (size + align - 1) & -align;
}

bool window_reach(struct region *r, char *end);
void window_settle(struct region *r);
void window_reset(struct region *r);

bool frame_close_all(struct region *r, const char *call, const void *site);
void region_leave(struct region *r);
void region_discard(struct region *r, const char *call, const void *site);

#endif /* REGION_H */
