/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Objects with pages of their own: those larger than any class, and those that
 * cannot share pages because a memcg is charged for them or a zone was asked for.
 */
#ifndef _STRATA_LARGE_H
#define _STRATA_LARGE_H

#include "allocator.h"

/**
 * struct strata_large_counts - objects with pages of their own, over all CPUs
 * @allocs: ever allocated
 * @frees: ever freed
 * @live: that live
 * @pages: that those hold
 */
struct strata_large_counts {
	unsigned long allocs;
	unsigned long frees;
	unsigned long live;
	unsigned long pages;
};

void *strata_large_alloc_from(struct strata_allocator *a, size_t size, gfp_t gfp,
			      unsigned long site);
void *strata_large_alloc(struct strata_allocator *a, struct strata_cache *c, size_t size,
			 gfp_t gfp, int node);
bool strata_large_free(struct strata_allocator *a, struct strata_span *span);
void strata_large_release(struct strata_allocator *a, struct strata_span *span);
void strata_large_finish(struct strata_allocator *a, struct strata_span *span);
size_t strata_large_good_size(size_t size);
struct strata_large_counts strata_large_counts(const struct strata_allocator *a);

/* Bytes of the object that a span of this kind is. */
static inline size_t strata_large_usable(const struct strata_span *span)
{
	return span->cache ? span->cache->usable : (size_t)span->npages << PAGE_SHIFT;
}

#endif /* _STRATA_LARGE_H */
