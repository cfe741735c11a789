// SPDX-License-Identifier: MIT
/*
 * Address space for an arena: regions first, their records behind them, aligned
 * so that huge pages fit.
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backend.h"

/* The largest page that either backend maps. */
#define HUGE_BYTES	((size_t)2 << 20)

size_t page_size(void)
{
	static size_t bytes;
	size_t known = __atomic_load_n(&bytes, __ATOMIC_RELAXED);

	if (!known) {
		known = sysconf(_SC_PAGESIZE);
		__atomic_store_n(&bytes, known, __ATOMIC_RELAXED);
	}
	return known;
}

/*
 * Set @a->map and @a->data to where nothing can be accessed yet, long enough for
 * what @a->nr_regions and @a->region_bytes say.
 */
int reserve_space(struct strata_arena *a)
{
	size_t ctl_bytes = a->nr_regions * sizeof(*a->ctl) + page_size();
	uintptr_t start;
	void *map;

	a->map_bytes = data_bytes(a) + ctl_bytes + HUGE_BYTES;
	map = mmap(NULL, a->map_bytes, PROT_NONE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	/* Valgrind says EINVAL of what is too much for it. */
	if (map == MAP_FAILED)
		return -ENOMEM;
	a->map = map;
	start = ((uintptr_t)map + HUGE_BYTES - 1) & -HUGE_BYTES;
	a->data = (char *)start;
	return 0;
}
