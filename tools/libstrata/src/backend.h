/* SPDX-License-Identifier: MIT */
/*
 * What an arena's memory is made of: the device, or anonymous memory, for which
 * the library plays the kernel's part.
 */
#ifndef BACKEND_H
#define BACKEND_H

#include "arena.h"

/* What an arena is to be like, with nothing left open. */
struct shape {
	uint64_t max_bytes, region_bytes, keep_bytes;
	unsigned int flags;
	int node;
	char name[32];
};

/**
 * struct backend - one kind of memory
 * @name: as strata_arena_backend() tells it
 * @create: fill in @fd, @map, @data, @ctl and what follows from @shape; 0 or -errno
 * @reach: see to it that the first @bytes of region @index can be written; 0 or -errno
 * @trim: give back the whole pages of region @index from offset @from on; bytes
 * @stat: figures of region @index; 0 or -errno
 *
 * Of a region only its user calls @reach and @trim.
 */
struct backend {
	const char *name;
	int (*create)(struct strata_arena *a, const struct shape *shape);
	int (*reach)(struct strata_arena *a, uint32_t index, size_t bytes);
	size_t (*trim)(struct strata_arena *a, uint32_t index, size_t from);
	int (*stat)(const struct strata_arena *a, uint32_t index, struct strata_stat *out);
};

extern const struct backend device_backend, anonymous_backend;

int device_adopt(struct strata_arena *a, int fd, bool readonly);
int reserve_space(struct strata_arena *a);

#endif /* BACKEND_H */
