/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bump regions, as statistics and tests see them. Users see
 * <linux/strata_region.h>.
 */
#ifndef _STRATA_REGION_H
#define _STRATA_REGION_H

#include <linux/sizes.h>
#include <linux/types.h>

struct strata_region;

/* A region starts with one segment of the first size; segments double up to the second. */
#define STRATA_SEGMENT_MIN	((size_t)SZ_2K)
#define STRATA_SEGMENT_MAX	((size_t)SZ_64K)

/**
 * struct strata_region_backing - where the segments of a region come from
 * @alloc: gives @size bytes, aligned to 16, and to a page where @size is a
 *	multiple of one; NULL without memory. Zeroed where @gfp or init_on_alloc
 *	says so
 * @free: takes back what @alloc gave, with the same size
 *
 * Must live as long as its regions.
 */
struct strata_region_backing {
	void *(*alloc)(struct strata_region_backing *b, size_t size, gfp_t gfp);
	void (*free)(struct strata_region_backing *b, void *p, size_t size);
};

struct strata_region *strata_region_create_on(struct strata_region_backing *b,
					      size_t limit, gfp_t gfp);

/**
 * struct strata_region_totals - figures of all regions
 * @live: regions
 * @bytes: their segments
 */
struct strata_region_totals {
	long live;
	long bytes;
};

void strata_region_totals(struct strata_region_totals *t);

#endif /* _STRATA_REGION_H */
