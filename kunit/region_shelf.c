// SPDX-License-Identifier: GPL-2.0-only
/*
 * The backing of region_shelf.h.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "region_shelf.h"

static void *shelf_alloc(struct strata_region_backing *b, size_t size, gfp_t gfp)
{
	struct shelf *shelf = container_of(b, struct shelf, backing);
	unsigned int i;
	void *p;

	shelf->calls++;
	if (shelf->fail_all || shelf->calls == shelf->fail_call)
		return NULL;
	for (i = 0; i < SHELF_BLOCKS && shelf->block[i].p; i++)
		;
	if (i == SHELF_BLOCKS)
		return NULL;
	p = kmalloc(size, gfp);
	if (!p)
		return NULL;
	if (!(gfp & __GFP_ZERO) && !want_init_on_alloc(gfp))
		memset(p, 0xa5, size);
	shelf->block[i].p = p;
	shelf->block[i].size = size;
	shelf->blocks++;
	shelf->bytes += size;
	shelf->last_size = size;
	return p;
}

static void shelf_free(struct strata_region_backing *b, void *p, size_t size)
{
	struct shelf *shelf = container_of(b, struct shelf, backing);
	unsigned int i;

	for (i = 0; i < SHELF_BLOCKS && shelf->block[i].p != p; i++)
		;
	if (i == SHELF_BLOCKS) {
		KUNIT_FAIL(shelf->test, "freed %p, which was not given", p);
		return;
	}
	KUNIT_EXPECT_EQ(shelf->test, size, shelf->block[i].size);
	/* Nothing may be left poisoned: who gets it next writes to all of it. */
	memset(p, 0x5a, size);
	kfree(p);
	shelf->block[i].p = NULL;
	shelf->blocks--;
	shelf->bytes -= size;
}

struct shelf *strata_new_shelf(struct kunit *test)
{
	struct shelf *shelf = kunit_kzalloc(test, sizeof(*shelf), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, shelf);
	shelf->test = test;
	shelf->backing.alloc = shelf_alloc;
	shelf->backing.free = shelf_free;
	return shelf;
}

struct strata_region *strata_new_region(struct shelf *shelf, size_t limit, gfp_t gfp)
{
	struct strata_region *r = strata_region_create_on(&shelf->backing, limit, gfp);

	KUNIT_ASSERT_FALSE(shelf->test, IS_ERR(r));
	return r;
}
