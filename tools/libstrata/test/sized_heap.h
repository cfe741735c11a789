/* SPDX-License-Identifier: MIT */
/*
 * An example of what a region is good for besides frames: a heap for programs that
 * say the size when they free, such as Lua. Blocks come from a region and go to
 * free lists by size class; the whole heap goes when the region's frame is popped.
 */
#ifndef SIZED_HEAP_H
#define SIZED_HEAP_H

#include <string.h>
#include <strata.h>

/* Every 16 bytes up to here, then four classes for each doubling. */
#define SIZED_SMALL	((size_t)512)
#define SIZED_CLASSES	(32 + 4 * 32)

struct sized_heap {
	strata_region *region;
	void *free[SIZED_CLASSES];	/* each block's first word leads to the next */
};

/* The class that serves @size, and what its blocks really have. */
static inline size_t sized_class(size_t size, size_t *real)
{
	unsigned int doubling;
	size_t quarter, step;

	if (size <= SIZED_SMALL) {
		*real = (size + 15) & -(size_t)16;
		return size ? (size - 1) / 16 : 0;
	}
	doubling = 63 - __builtin_clzll(size - 1);
	step = (size_t)1 << (doubling - 2);
	quarter = (size - 1) >> (doubling - 2) & 3;
	*real = ((size_t)1 << doubling) + (quarter + 1) * step;
	return 32 + 4 * (doubling - 9) + quarter;
}

static inline void *sized_alloc(struct sized_heap *h, size_t size)
{
	size_t real, class;
	void *p;

	if (size > SIZE_MAX / 4)
		return NULL;
	class = sized_class(size, &real);
	p = h->free[class];
	if (!p)
		return strata_region_alloc(h->region, real);
	memcpy(&h->free[class], p, sizeof(p));
	return p;
}

static inline void sized_free(struct sized_heap *h, void *p, size_t size)
{
	size_t real, class = sized_class(size, &real);

	memcpy(p, &h->free[class], sizeof(p));
	h->free[class] = p;
}

/* What is lua_Alloc, but for the order of its arguments. */
static inline void *sized_realloc(struct sized_heap *h, void *p, size_t old, size_t size)
{
	size_t had, has;
	void *to;

	if (size && size <= SIZE_MAX / 4 && p &&
	    sized_class(old, &had) == sized_class(size, &has))
		return p;
	to = size ? sized_alloc(h, size) : NULL;
	if (p && to)
		memcpy(to, p, old < size ? old : size);
	if (p && (to || !size))
		sized_free(h, p, old);
	return to;
}

#endif /* SIZED_HEAP_H */
