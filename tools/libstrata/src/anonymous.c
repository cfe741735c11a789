// SPDX-License-Identifier: MIT
/*
 * Arenas of anonymous memory: the same address space and the same records, with
 * the library in the kernel's place. A region is made accessible as its limit
 * doubles, so that an idle one costs no memory and no mapping of its own.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "backend.h"

/* Made accessible at once, at least: one call for a region that stays small. */
#define FIRST_BYTES	((size_t)64 << 10)

/* Pages asked about at once. */
#define MINCORE_BATCH	4096

#ifndef PR_SET_VMA
#define PR_SET_VMA		0x53564d41
#define PR_SET_VMA_ANON_NAME	0
#endif

/* A new mapping in place of the reserved one. */
static int map_over(char *at, size_t bytes, int prot, unsigned int flags)
{
	int share = flags & STRATA_CREATE_FORK_SHARE ? MAP_SHARED : MAP_PRIVATE;

	return mmap(at, bytes, prot, share | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED,
		    -1, 0) == MAP_FAILED ? -errno : 0;
}

/* What the device does for its mappings by itself. */
static int advise(struct strata_arena *a, const struct shape *shape)
{
	size_t bytes = data_bytes(a);

	/* Two processes that move one top would spoil each other's memory. */
	if (!(shape->flags & STRATA_CREATE_FORK_SHARE) &&
	    (madvise(a->data, bytes, MADV_DONTFORK) ||
	     madvise(a->ctl, a->nr_regions * sizeof(*a->ctl), MADV_DONTFORK)))
		return -errno;
	if (!(shape->flags & STRATA_CREATE_DUMP) && madvise(a->data, bytes, MADV_DONTDUMP))
		return -errno;
	/* A kernel without huge pages, or without names, has other pages and no names. */
	if (shape->flags & STRATA_CREATE_HUGE)
		madvise(a->data, bytes, MADV_HUGEPAGE);
	prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, a->data, bytes, shape->name);
	return 0;
}

static int create(struct strata_arena *a, const struct shape *shape)
{
	int err;

	if (shape->flags & STRATA_CREATE_PRODUCER)
		return -EOPNOTSUPP;
	a->fd = -1;
	a->region_bytes = shape->region_bytes;
	a->nr_regions = shape->max_bytes / shape->region_bytes;
	err = reserve_space(a);
	if (err)
		return err;
	a->ctl = (void *)(a->data + data_bytes(a));
	err = map_over(a->data, data_bytes(a), PROT_NONE, shape->flags);
	if (!err)
		err = map_over((char *)a->ctl, a->nr_regions * sizeof(*a->ctl),
			       PROT_READ | PROT_WRITE, shape->flags);
	if (!err)
		err = advise(a, shape);
	if (err)
		munmap(a->map, a->map_bytes);
	return err;
}

/* Bytes that a region of this limit can write to. */
static size_t accessible(const struct strata_arena *a, size_t limit)
{
	size_t bytes = (limit + page_size() - 1) & -page_size();
	size_t room = region_room(a);

	if (!limit)
		return 0;
	if (bytes < FIRST_BYTES)
		bytes = FIRST_BYTES;
	return bytes < room ? bytes : room;
}

/* A record that was never written to is that of a region at its start. */
static size_t limit_of(const struct strata_ctl *ctl)
{
	return ctl->limit ?: STRATA_REGION_START;
}

static int reach(struct strata_arena *a, uint32_t index, size_t bytes)
{
	char *start = a->data + index * a->region_bytes;
	struct strata_ctl *ctl = &a->ctl[index];
	size_t from = accessible(a, ctl->limit);
	size_t limit = limit_of(ctl);
	size_t to;

	while (limit < bytes)
		limit *= 2;
	if (limit > region_room(a))
		limit = region_room(a);
	to = accessible(a, limit);
	if (to > from && mprotect(start + from, to - from, PROT_READ | PROT_WRITE))
		return -errno;
	ctl->limit = limit;
	return 0;
}

/* Bytes of the region that have memory behind them. */
static size_t resident(const struct strata_arena *a, uint32_t index, size_t from)
{
	char *start = a->data + index * a->region_bytes;
	size_t end = accessible(a, a->ctl[index].limit);
	unsigned char there[MINCORE_BATCH];
	size_t page = page_size();
	size_t pages = 0;

	while (from < end) {
		size_t i, batch = (end - from) / page;

		if (batch > MINCORE_BATCH)
			batch = MINCORE_BATCH;
		if (mincore(start + from, batch * page, there))
			break;
		for (i = 0; i < batch; i++)
			pages += there[i] & 1;
		from += batch * page;
	}
	return pages * page;
}

static void saw(struct strata_ctl *ctl, size_t committed)
{
	ctl->committed = committed;
	if (ctl->hwm < committed)
		ctl->hwm = committed;
}

static size_t trim(struct strata_arena *a, uint32_t index, size_t from)
{
	struct strata_ctl *ctl = &a->ctl[index];
	size_t end = accessible(a, ctl->limit);
	int how = a->flags & STRATA_CREATE_FORK_SHARE ? MADV_REMOVE : MADV_DONTNEED;
	size_t before, bytes;

	from = (from + page_size() - 1) & -page_size();
	if (from >= end)
		return 0;
	before = resident(a, index, 0);
	bytes = resident(a, index, from);
	saw(ctl, before);
	if (madvise(a->data + index * a->region_bytes + from, end - from, how))
		return 0;
	ctl->trimmed += bytes;
	ctl->trim_seq++;
	ctl->committed = before - bytes;
	return bytes;
}

static int stat(const struct strata_arena *a, uint32_t index, struct strata_stat *out)
{
	struct strata_ctl *ctl = &a->ctl[index];

	saw(ctl, resident(a, index, 0));
	*out = (struct strata_stat){
		.size = sizeof(*out),
		.region = index,
		.committed = ctl->committed,
		.hwm = ctl->hwm,
		.limit = limit_of(ctl),
		.grown = ctl->committed + ctl->trimmed,
		.trimmed = ctl->trimmed,
	};
	return 0;
}

const struct backend anonymous_backend = {
	.name = "anonymous",
	.create = create,
	.reach = reach,
	.trim = trim,
	.stat = stat,
};
