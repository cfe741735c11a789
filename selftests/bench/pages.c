// SPDX-License-Identifier: GPL-2.0-only
/*
 * Objects of one page and more, allocated and freed at once. From two pages on
 * the rival's kmalloc() is the page allocator; alloc_pages_exact() is what one
 * calls for a size that is no power of two pages.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include <linux/strata.h>

#include "bench.h"

#define STRATA(name, bytes)						\
BENCH_ROUND(name, size_t size = BENCH_VARIABLE((size_t)(bytes)),	\
	    BENCH_PAIR(strata_alloc(size, GFP_KERNEL), strata_free(p)))

#define KMALLOC(name, bytes)						\
BENCH_ROUND(name, size_t size = BENCH_VARIABLE((size_t)(bytes)),	\
	    BENCH_PAIR(kmalloc(size, GFP_KERNEL), kfree(p)))

#define EXACT(name, bytes)						\
BENCH_ROUND(name, size_t size = BENCH_VARIABLE((size_t)(bytes)),	\
	    BENCH_PAIR(alloc_pages_exact(size, GFP_KERNEL), free_pages_exact(p, size)))

STRATA(strata_4k, SZ_4K)
STRATA(strata_8k, SZ_8K)
STRATA(strata_32k, SZ_32K)
STRATA(strata_64k, SZ_64K)
STRATA(strata_1m, SZ_1M)
KMALLOC(kmalloc_4k, SZ_4K)
KMALLOC(kmalloc_8k, SZ_8K)
KMALLOC(kmalloc_32k, SZ_32K)
KMALLOC(kmalloc_64k, SZ_64K)
KMALLOC(kmalloc_1m, SZ_1M)
EXACT(exact_8k, SZ_8K)
EXACT(exact_32k, SZ_32K)
EXACT(exact_64k, SZ_64K)
EXACT(exact_1m, SZ_1M)

STRATA(strata_page, PAGE_SIZE)
BENCH_ROUND(one_page, /* nothing */, BENCH_PAIR(alloc_page(GFP_KERNEL), __free_page(p)))

const struct bench bench_pages[] = {
	{ "pair-4k", 1, 0, { strata_4k, kmalloc_4k } },
	{ "pair-8k", 1, 0, { strata_8k, kmalloc_8k } },
	{ "pair-32k", 1, 0, { strata_32k, kmalloc_32k } },
	{ "pair-64k", 1, 0, { strata_64k, kmalloc_64k } },
	{ "pair-1m", 1, 0, { strata_1m, kmalloc_1m } },
	{ "exact-8k", 1, 0, { strata_8k, exact_8k } },
	{ "exact-32k", 1, 0, { strata_32k, exact_32k } },
	{ "exact-64k", 1, 0, { strata_64k, exact_64k } },
	{ "exact-1m", 1, 0, { strata_1m, exact_1m } },
	{ "page", 1, 0, { strata_page, one_page } },
	{ }
};
