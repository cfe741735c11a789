/* SPDX-License-Identifier: MIT */
/*
 * Arenas as the library sees them: address space, the records of its regions,
 * and a backend that knows what is behind it.
 */
#ifndef ARENA_H
#define ARENA_H

#include <pthread.h>
#include <strata.h>

/* Whose functions and data a program may use. */
#define PUBLIC	__attribute__((visibility("default")))

struct backend;
struct region;

/**
 * struct strata_arena - regions and where they are
 * @backend: what is behind the memory
 * @fd: the arena's descriptor, or -1
 * @map: all that is mapped, @map_bytes long, of which the arena is the part that
 *	begins at @data
 * @data: region 0
 * @ctl: record of region 0
 * @nr_regions: slots
 * @region_bytes: bytes of a slot, guard page included
 * @keep_bytes: what trim leaves above a region's top
 * @flags: STRATA_CREATE_*
 * @readonly: nothing can be allocated
 * @hidden: no program has seen @fd: a child process does not get it
 * @gone: the mapping stayed with the parent process
 * @lock: @free_hint, @regions
 * @free_hint: no slot below it was free when last looked at
 * @regions: made here and not destroyed
 * @next: arenas of this process; under the registry's lock, as is @prev
 * @prev: what points here
 */
struct strata_arena {
	const struct backend *backend;
	int fd;
	char *map;
	size_t map_bytes;
	char *data;
	struct strata_ctl *ctl;
	uint32_t nr_regions;
	size_t region_bytes;
	size_t keep_bytes;
	unsigned int flags;
	bool readonly;
	bool hidden;
	bool gone;
	pthread_mutex_t lock;
	uint32_t free_hint;
	struct region *regions;
	struct strata_arena *next, **prev;
};

size_t page_size(void);
void arena_watch_forks(void);

static inline size_t data_bytes(const struct strata_arena *a)
{
	return a->nr_regions * a->region_bytes;
}

/* Bytes of a region that can be used. */
static inline size_t region_room(const struct strata_arena *a)
{
	return a->region_bytes - page_size();
}

#endif /* ARENA_H */
