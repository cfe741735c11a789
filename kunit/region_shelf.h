/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of regions share: a backing that knows each block it gave, and
 * refuses when told to.
 */
#ifndef _STRATA_KUNIT_REGION_SHELF_H
#define _STRATA_KUNIT_REGION_SHELF_H

#include <kunit/test.h>
#include <linux/strata.h>
#include <linux/string.h>

#include "../mod/misuse.h"
#include "../mod/region.h"

#define SHELF_BLOCKS	256

struct shelf {
	struct strata_region_backing backing;
	struct kunit *test;
	struct {
		void *p;
		size_t size;
	} block[SHELF_BLOCKS];
	unsigned int calls;		/* of alloc */
	unsigned int fail_call;		/* this call of alloc fails; 0: none */
	bool fail_all;
	unsigned int blocks;		/* out */
	size_t bytes;			/* out */
	size_t last_size;		/* of the last alloc */
};

struct shelf *strata_new_shelf(struct kunit *test);
struct strata_region *strata_new_region(struct shelf *shelf, size_t limit, gfp_t gfp);

static inline void *must_alloc(struct kunit *test, struct strata_region *r, size_t size)
{
	void *p = strata_region_alloc(r, size);

	KUNIT_ASSERT_NOT_NULL_MSG(test, p, "%zu bytes", size);
	return p;
}

static inline bool holds(const void *p, int byte, size_t size)
{
	return !memchr_inv(p, byte, size);
}

/* Fill the current segment, so that the next object needs another. */
static inline void fill_segment(struct kunit *test, struct strata_region *r)
{
	if (r->end > r->top)
		must_alloc(test, r, r->end - r->top);
	KUNIT_ASSERT_PTR_EQ(test, r->top, r->end);
}

/* A pop of @mark fails, is reported, and changes nothing. */
static inline void expect_refused(struct kunit *test, struct strata_region *r, strata_mark_t mark)
{
	u64 reports = strata_misuse_count(STRATA_MISUSE_REGION);
	struct strata_region was = *r;

	KUNIT_EXPECT_EQ(test, strata_region_pop(r, mark), -EINVAL);
	KUNIT_EXPECT_EQ(test, strata_misuse_count(STRATA_MISUSE_REGION), reports + 1);
	KUNIT_EXPECT_PTR_EQ(test, r->top, was.top);
	KUNIT_EXPECT_PTR_EQ(test, r->end, was.end);
}

/* For strata_region_defer(): count the runs in an int. */
static inline void count_run(void *arg)
{
	++*(int *)arg;
}

#endif /* _STRATA_KUNIT_REGION_SHELF_H */
