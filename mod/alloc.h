/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Allocation and free in one allocator, whole: what the exported calls do when
 * the fast path does not, and what a test does with an allocator of its own.
 */
#ifndef _STRATA_ALLOC_H
#define _STRATA_ALLOC_H

#include "allocator.h"

/* alloc.c */
void *strata_alloc_from(struct strata_allocator *a, size_t size, gfp_t gfp, int node,
			unsigned long site);
void *strata_cache_alloc_from(struct strata_cache *c, gfp_t gfp, unsigned long site);
bool strata_cache_alloc_many(struct strata_cache *c, size_t size, gfp_t gfp, size_t n,
			     void **out, unsigned long site);

/* free.c */
void strata_free_slow(const void *p, struct strata_allocator *a, unsigned long site);
void strata_free_to(struct strata_allocator *a, const void *p, unsigned long site);
void strata_cache_free_to(struct strata_cache *c, void *object, unsigned long site);
void strata_free_many(struct strata_allocator *a, struct strata_cache *only, size_t n,
		      void **objects, unsigned long site);
size_t strata_usable(struct strata_allocator *a, const void *p);
bool strata_is_live(struct strata_allocator *a, const void *p);

/* typed.c */
struct strata_cache *strata_cache_create_in(struct strata_allocator *a, const char *name,
					    const struct strata_cache_args *args);

#endif /* _STRATA_ALLOC_H */
