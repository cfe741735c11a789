// SPDX-License-Identifier: GPL-2.0-only
/*
 * A general heap that looks at every object, as after debug=all: guard bytes from
 * the size that was asked for on, poison, owners. What typed caches do is in
 * typed_debug_test.c.
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/strata.h>

#include "../mod/alloc.h"
#include "../mod/debug.h"
#include "../mod/misuse.h"
#include "../mod/track.h"
#include "fixture.h"
#include "suites.h"

static int debug_init(struct kunit *test)
{
	return strata_fixture_init_debug(test, STRATA_DEBUG_FLAGS);
}

static struct strata_allocator *allocator(struct kunit *test)
{
	return ((struct strata_fixture *)test->priv)->a;
}

static void *get(struct kunit *test, size_t size)
{
	void *p = strata_alloc_from(allocator(test), size, GFP_KERNEL, NUMA_NO_NODE, STRATA_HERE);

	KUNIT_ASSERT_NOT_NULL(test, p);
	return p;
}

static void put(struct kunit *test, const void *p)
{
	strata_free_to(allocator(test), p, STRATA_HERE);
}

/* Of whatever size: all of it can be used, and is aligned as it is without. */
static void every_size(struct kunit *test)
{
	u64 reported = strata_misuse_total();
	size_t size;
	void *p;

	for (size = 1; size <= STRATA_CLASS_MAX_SIZE; size += 1 + size / 16) {
		p = get(test, size);
		memset(p, 0x5a, size);
		KUNIT_EXPECT_EQ(test, strata_usable(allocator(test), p), size);
		put(test, p);
	}
	for (size = 8; size <= STRATA_CLASS_MAX_SIZE; size *= 2) {
		p = get(test, size);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)p, min(size, PAGE_SIZE)));
		put(test, p);
	}
	KUNIT_EXPECT_EQ(test, strata_misuse_total(), reported);
}

/* The byte after what was asked for, though the class has more. */
static void one_past(struct kunit *test)
{
	static const size_t sizes[] = { 1, 7, 8, 60, 61, 64, 1000, 4095, 4096, 32768 };
	u64 reported = strata_misuse_count(STRATA_MISUSE_REDZONE);
	unsigned int i;
	u8 *p;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		p = get(test, sizes[i]);
		strata_track_fill(p + sizes[i], 0, 1);
		put(test, p);
		KUNIT_EXPECT_EQ_MSG(test, strata_misuse_count(STRATA_MISUSE_REDZONE), ++reported,
				    "%zu bytes", sizes[i]);
		/* Mended, it is an object like any other. */
		strata_track_fill(p + sizes[i], 0xbb, 1);
		put(test, p);
		KUNIT_EXPECT_EQ(test, strata_misuse_count(STRATA_MISUSE_REDZONE), reported);
	}
}

/* What is noted behind an object is not trusted, either. */
static void far_past(struct kunit *test)
{
	u64 reported = strata_misuse_count(STRATA_MISUSE_REDZONE);
	const struct strata_cache *c;
	unsigned long *asked;
	void *p = get(test, 64);

	c = strata_heap_span(&allocator(test)->heap, p)->cache;
	asked = p + c->asked;
	strata_track_store(asked, ~0UL);
	KUNIT_EXPECT_EQ(test, strata_usable(allocator(test), p), (size_t)64);
	put(test, p);
	KUNIT_EXPECT_EQ(test, strata_misuse_count(STRATA_MISUSE_REDZONE), reported + 1);
	strata_track_store(asked, 0);
	put(test, p);
	KUNIT_EXPECT_EQ(test, strata_misuse_count(STRATA_MISUSE_REDZONE), reported + 2);
	strata_track_store(asked, 64);
	put(test, p);
	KUNIT_EXPECT_EQ(test, strata_misuse_count(STRATA_MISUSE_REDZONE), reported + 2);
}

/* The byte before an object is the last guard byte of the one in front of it. */
static void one_before(struct kunit *test)
{
	u64 reported = strata_misuse_count(STRATA_MISUSE_REDZONE);
	size_t step = allocator(test)->class[strata_class_of(64)].shape.size;
	void *p[2] = { get(test, 64), get(test, 64) };
	u8 *low = min(p[0], p[1]);

	KUNIT_ASSERT_PTR_EQ(test, (void *)low + step, max(p[0], p[1]));
	strata_track_fill(low + step - 1, 0, 1);
	put(test, low + step);
	KUNIT_EXPECT_EQ(test, strata_misuse_count(STRATA_MISUSE_REDZONE), reported);
	put(test, low);
	KUNIT_EXPECT_EQ(test, strata_misuse_count(STRATA_MISUSE_REDZONE), reported + 1);
	strata_track_fill(low + step - 1, 0xbb, 1);
	put(test, low);
	KUNIT_EXPECT_EQ(test, strata_misuse_count(STRATA_MISUSE_REDZONE), reported + 1);
}

static void written_after_free(struct kunit *test)
{
	u64 reported = strata_misuse_count(STRATA_MISUSE_POISON);
	u8 *p = get(test, 100);
	unsigned int i;

	put(test, p);
	KUNIT_EXPECT_EQ(test, strata_track_match(p, 0x6b, 100), (size_t)100);
	strata_track_fill(p + 99, 0, 1);
	for (i = 0; i < 3 && strata_misuse_count(STRATA_MISUSE_POISON) == reported; i++)
		put(test, get(test, 100));
	KUNIT_EXPECT_EQ(test, strata_misuse_count(STRATA_MISUSE_POISON), reported + 1);
}

/* Zeroed where asked for, poison or not. */
static void zeroed(struct kunit *test)
{
	void *p;

	put(test, get(test, 100));
	p = strata_alloc_from(allocator(test), 100, GFP_KERNEL | __GFP_ZERO, NUMA_NO_NODE,
			      STRATA_HERE);
	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_EXPECT_NULL(test, memchr_inv(p, 0, 100));
	put(test, p);
}

static void owners(struct kunit *test)
{
	const struct strata_cache *c;
	void *p = get(test, 40);

	c = strata_heap_span(&allocator(test)->heap, p)->cache;
	strata_free_to(allocator(test), p, 1234);
	KUNIT_EXPECT_EQ(test, strata_debug_recorded(c, p, STRATA_RECORD_FREE_SITE), 1234UL);
}

static void typed_too(struct kunit *test)
{
	const struct strata_cache_args args = { .size = 24 };
	struct strata_cache *c = strata_fixture_cache(test, &args);
	u64 reported = strata_misuse_count(STRATA_MISUSE_REDZONE);
	u8 *p = strata_cache_alloc_from(c, GFP_KERNEL, STRATA_HERE);

	KUNIT_ASSERT_NOT_NULL(test, p);
	strata_track_fill(p + 24, 0, 1);
	strata_cache_free_to(c, p, STRATA_HERE);
	KUNIT_EXPECT_EQ(test, strata_misuse_count(STRATA_MISUSE_REDZONE), reported + 1);
	strata_track_fill(p + 24, 0xbb, 1);
	strata_cache_free_to(c, p, STRATA_HERE);
}

static void words(struct kunit *test)
{
	static const struct {
		const char *text;
		int err;
		unsigned int flags;
	} cases[] = {
		{ "", 0, 0 },
		{ "\n", 0, 0 },
		{ "redzone", 0, STRATA_REDZONE },
		{ "poison,trace\n", 0, STRATA_POISON | STRATA_TRACE },
		{ ",,trace,,poison,", 0, STRATA_POISON | STRATA_TRACE },
		{ "all", 0, STRATA_DEBUG_FLAGS },
		{ "redzones", -EINVAL, 0 },
		{ "red", -EINVAL, 0 },
		{ "trace, poison", -EINVAL, 0 },
	};
	unsigned int i, flags;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_EXPECT_EQ_MSG(test, strata_debug_parse(cases[i].text, &flags), cases[i].err,
				    "\"%s\"", cases[i].text);
		if (!cases[i].err)
			KUNIT_EXPECT_EQ_MSG(test, flags, cases[i].flags, "\"%s\"", cases[i].text);
	}
}

static struct kunit_case debug_cases[] = {
	KUNIT_CASE(every_size),
	KUNIT_CASE(one_past),
	KUNIT_CASE(far_past),
	KUNIT_CASE(one_before),
	KUNIT_CASE(written_after_free),
	KUNIT_CASE(zeroed),
	KUNIT_CASE(owners),
	KUNIT_CASE(typed_too),
	KUNIT_CASE(words),
	{}
};

struct kunit_suite strata_debug_suite = {
	.name = "strata_debug",
	.init = debug_init,
	.exit = strata_fixture_exit,
	.test_cases = debug_cases,
};
