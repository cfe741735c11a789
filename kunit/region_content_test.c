// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is in a region: whose address is it, strings, copies that escape, zeroes;
 * and a region that is gone.
 */
#include <kunit/test.h>
#include <linux/kasan.h>
#include <linux/mm.h>
#include <linux/strata.h>

#include "region_shelf.h"
#include "suites.h"

static void contains(struct kunit *test)
{
	struct shelf *shelf = strata_new_shelf(test);
	struct strata_region *r = strata_new_region(shelf, 0, GFP_KERNEL);
	char *first = must_alloc(test, r, 100), *second, *big;
	strata_mark_t mark;

	KUNIT_EXPECT_FALSE(test, strata_region_contains(r, first - 1));
	KUNIT_EXPECT_TRUE(test, strata_region_contains(r, first));
	KUNIT_EXPECT_TRUE(test, strata_region_contains(r, first + 99));
	KUNIT_EXPECT_FALSE(test, strata_region_contains(r, r->top));

	mark = strata_region_push(r);
	second = must_alloc(test, r, STRATA_SEGMENT_MIN);
	big = must_alloc(test, r, SZ_256K);
	KUNIT_EXPECT_TRUE(test, strata_region_contains(r, first + 99));
	KUNIT_EXPECT_FALSE(test, strata_region_contains(r, first + ALIGN(100, 16)));
	KUNIT_EXPECT_FALSE(test, strata_region_contains(r, second - 1));
	KUNIT_EXPECT_TRUE(test, strata_region_contains(r, second));
	KUNIT_EXPECT_TRUE(test, strata_region_contains(r, second + STRATA_SEGMENT_MIN - 1));
	KUNIT_EXPECT_FALSE(test, strata_region_contains(r, second + STRATA_SEGMENT_MIN));
	KUNIT_EXPECT_TRUE(test, strata_region_contains(r, big + SZ_256K - 1));
	KUNIT_EXPECT_FALSE(test, strata_region_contains(r, big + SZ_256K));
	KUNIT_EXPECT_EQ(test, strata_region_pop(r, mark), 0);
	KUNIT_EXPECT_FALSE(test, strata_region_contains(r, second));
	KUNIT_EXPECT_FALSE(test, strata_region_contains(r, big));
	KUNIT_EXPECT_TRUE(test, strata_region_contains(r, first));

	KUNIT_EXPECT_FALSE(test, strata_region_contains(r, NULL));
	KUNIT_EXPECT_FALSE(test, strata_region_contains(r, (void *)ULONG_MAX));
	KUNIT_EXPECT_FALSE(test, strata_region_contains(r, r));
	KUNIT_EXPECT_FALSE(test, strata_region_contains(r, &mark));
	strata_region_reset(r);
	KUNIT_EXPECT_FALSE(test, strata_region_contains(r, first));
	strata_region_destroy(r);
}

static void strings(struct kunit *test)
{
	struct shelf *shelf = strata_new_shelf(test);
	struct strata_region *r = strata_new_region(shelf, SZ_64K, GFP_KERNEL);
	char *a = strata_region_strdup(r, "a span of pages");
	char *b = strata_region_strdup(r, "");
	char *c = strata_region_printf(r, "%s, %d and %c", "one", 2, '3');
	char *d = strata_region_printf(r, "%s", "");
	char *e = strata_region_printf(r, "%*d|%-*s|", 5000, 7, 3000, "left");

	KUNIT_EXPECT_STREQ(test, a, "a span of pages");
	KUNIT_EXPECT_STREQ(test, b, "");
	KUNIT_EXPECT_STREQ(test, c, "one, 2 and 3");
	KUNIT_EXPECT_STREQ(test, d, "");
	KUNIT_ASSERT_NOT_NULL(test, e);
	KUNIT_EXPECT_EQ(test, strlen(e), (size_t)8002);
	KUNIT_EXPECT_TRUE(test, holds(e, ' ', 4999));
	KUNIT_EXPECT_EQ(test, memcmp(e + 4999, "7|left ", 7), 0);
	KUNIT_EXPECT_EQ(test, e[8001], '|');
	KUNIT_EXPECT_NULL(test, strata_region_strdup(r, NULL));

	/* One that does not fit leaves nothing behind. */
	a = r->top;
	KUNIT_EXPECT_NULL(test, strata_region_printf(r, "%*d", (int)SZ_64K, 7));
	KUNIT_EXPECT_PTR_EQ(test, r->top, a);
	strata_region_destroy(r);
}

static void escape_outlives(struct kunit *test)
{
	struct shelf *shelf = strata_new_shelf(test);
	struct strata_region *r = strata_new_region(shelf, 0, GFP_KERNEL);
	strata_mark_t mark = strata_region_push(r);
	u8 *p = must_alloc(test, r, 3000), *copy, *part;
	u64 reports;

	memset(p, 0x44, 1500);
	memset(p + 1500, 0x55, 1500);
	copy = strata_region_escape(r, p, 3000, GFP_KERNEL);
	part = strata_region_escape(r, p + 1500, 1500, GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, copy && part);
	KUNIT_EXPECT_FALSE(test, strata_region_contains(r, copy));

	/* Only what the region handed out: nothing past the top, nothing of others. */
	reports = strata_misuse_count(STRATA_MISUSE_REGION);
	KUNIT_EXPECT_NULL(test, strata_region_escape(r, p, ALIGN(3000, 16) + 1, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, strata_region_escape(r, p, SIZE_MAX, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, strata_region_escape(r, copy, 1, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, strata_region_escape(r, NULL, 1, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, strata_misuse_count(STRATA_MISUSE_REGION), reports + 4);

	KUNIT_EXPECT_EQ(test, strata_region_pop(r, mark), 0);
	KUNIT_EXPECT_NULL(test, strata_region_escape(r, p, 3000, GFP_KERNEL));
	strata_region_destroy(r);
	KUNIT_EXPECT_TRUE(test, holds(copy, 0x44, 1500));
	KUNIT_EXPECT_TRUE(test, holds(copy + 1500, 0x55, 1500));
	KUNIT_EXPECT_TRUE(test, holds(part, 0x55, 1500));
	strata_free(copy);
	strata_free(part);
}

/* Allocate over several segments; each object must be zero, and is dirtied. */
static void expect_zero_then_dirty(struct kunit *test, struct strata_region *r, bool zalloc)
{
	unsigned int i;

	for (i = 0; i < 300; i++) {
		size_t size = i == 200 ? SZ_128K : 5 * i;
		u8 *p = zalloc ? strata_region_zalloc(r, size) : strata_region_alloc(r, size);

		KUNIT_ASSERT_NOT_NULL(test, p);
		KUNIT_ASSERT_TRUE_MSG(test, holds(p, 0, size), "object %u", i);
		memset(p, 0xee, size);
	}
}

static void check_zeroing(struct kunit *test, gfp_t gfp, bool zalloc)
{
	struct shelf *shelf = strata_new_shelf(test);
	struct strata_region *r = strata_new_region(shelf, 0, gfp);
	unsigned int round;

	for (round = 0; round < 4; round++) {
		strata_mark_t mark = strata_region_push(r);

		expect_zero_then_dirty(test, r, zalloc);
		KUNIT_EXPECT_EQ(test, strata_region_pop(r, mark), 0);
	}
	for (round = 0; round < 3; round++) {
		expect_zero_then_dirty(test, r, zalloc);
		strata_region_reset(r);
	}
	strata_region_destroy(r);
}

static void zalloc_is_zero(struct kunit *test)
{
	check_zeroing(test, GFP_KERNEL, true);
}

static void gfp_zero_is_zero(struct kunit *test)
{
	check_zeroing(test, GFP_KERNEL | __GFP_ZERO, false);
	check_zeroing(test, GFP_KERNEL | __GFP_ZERO, true);
}

static void init_on_alloc_is_zero(struct kunit *test)
{
	if (!want_init_on_alloc(GFP_KERNEL))
		kunit_skip(test, "the kernel runs with init_on_alloc=0");
	check_zeroing(test, GFP_KERNEL, false);
}

#ifdef CONFIG_KASAN_GENERIC
/* Bytes that one of KASAN's shadow tells of. */
#define KASAN_GRANULE	BIT(KASAN_SHADOW_SCALE_SHIFT)

/* Would KASAN let this byte be read? */
static bool readable(const void *p)
{
	s8 shadow = *(s8 *)kasan_mem_to_shadow(p);

	return !shadow || (s8)((unsigned long)p % KASAN_GRANULE) < shadow;
}
#else
static bool readable(const void *p)
{
	return true;
}
#endif

/* Not a byte behind an object, nor of what was popped. */
static void kasan_is_told(struct kunit *test)
{
	struct shelf *shelf = strata_new_shelf(test);
	struct strata_region *r;
	strata_mark_t mark;
	u8 *p, *q;

	if (!IS_ENABLED(CONFIG_KASAN_GENERIC))
		kunit_skip(test, "the kernel has no KASAN");
	r = strata_new_region(shelf, 0, GFP_KERNEL);
	KUNIT_EXPECT_FALSE(test, readable(r->top));
	mark = strata_region_push(r);
	p = must_alloc(test, r, 13);
	KUNIT_EXPECT_TRUE(test, readable(p));
	KUNIT_EXPECT_TRUE(test, readable(p + 12));
	KUNIT_EXPECT_FALSE(test, readable(p + 13));
	KUNIT_EXPECT_FALSE(test, readable(p + 16));
	q = must_alloc(test, r, 5000);
	KUNIT_EXPECT_TRUE(test, readable(q));
	KUNIT_EXPECT_TRUE(test, readable(q + 4999));
	KUNIT_EXPECT_FALSE(test, readable(q + 5000));
	KUNIT_EXPECT_EQ(test, strata_region_pop(r, mark), 0);
	KUNIT_EXPECT_FALSE(test, readable(p));
	KUNIT_EXPECT_FALSE(test, readable(q));
	p = must_alloc(test, r, 16);
	KUNIT_EXPECT_TRUE(test, readable(p + 15));
	strata_region_reset(r);
	KUNIT_EXPECT_FALSE(test, readable(p));
	strata_region_destroy(r);
}

/* A region that is destroyed says so, as long as its memory is nobody else's. */
static void *keep_alloc(struct strata_region_backing *b, size_t size, gfp_t gfp)
{
	return kunit_kzalloc(container_of(b, struct shelf, backing)->test, size, gfp);
}

static void keep_free(struct strata_region_backing *b, void *p, size_t size)
{
	/* All that the heap writes to a free object. */
	memset(p, 0xff, sizeof(void *));
}

static void use_after_destroy(struct kunit *test)
{
	struct shelf *shelf = strata_new_shelf(test);
	struct strata_region *r;
	strata_mark_t mark;
	u64 reports;

	shelf->backing.alloc = keep_alloc;
	shelf->backing.free = keep_free;
	r = strata_new_region(shelf, 0, GFP_KERNEL);
	mark = strata_region_push(r);
	strata_region_destroy(r);

	reports = strata_misuse_count(STRATA_MISUSE_REGION);
	KUNIT_EXPECT_NULL(test, strata_region_alloc(r, 1));
	KUNIT_EXPECT_NULL(test, strata_region_zalloc(r, 1));
	KUNIT_EXPECT_NULL(test, strata_region_alloc_aligned(r, 1, 64));
	KUNIT_EXPECT_NULL(test, strata_region_escape(r, r, 1, GFP_KERNEL));
	KUNIT_EXPECT_FALSE(test, strata_region_contains(r, r + 20));
	KUNIT_EXPECT_EQ(test, strata_region_defer(r, count_run, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, strata_region_pop(r, mark), -EINVAL);
	mark = strata_region_push(r);
	KUNIT_EXPECT_EQ(test, strata_region_pop(r, mark), -EINVAL);
	strata_region_reset(r);
	strata_region_destroy(r);
	/* Each but contains(). */
	KUNIT_EXPECT_EQ(test, strata_misuse_count(STRATA_MISUSE_REGION), reports + 10);
}

static struct kunit_case region_content_cases[] = {
	KUNIT_CASE(contains),
	KUNIT_CASE(strings),
	KUNIT_CASE(escape_outlives),
	KUNIT_CASE(zalloc_is_zero),
	KUNIT_CASE(gfp_zero_is_zero),
	KUNIT_CASE(init_on_alloc_is_zero),
	KUNIT_CASE(kasan_is_told),
	KUNIT_CASE(use_after_destroy),
	{}
};

struct kunit_suite strata_region_content_suite = {
	.name = "strata_region_content",
	.test_cases = region_content_cases,
};
