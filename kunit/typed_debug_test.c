// SPDX-License-Identifier: GPL-2.0-only
/*
 * Caches that look at every object: guard bytes, poison, and who had it. On
 * an allocator of the test's own.
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "../mod/alloc.h"
#include "../mod/debug.h"
#include "../mod/misuse.h"
#include "../mod/track.h"
#include "fixture.h"
#include "suites.h"

static struct strata_cache *create(struct kunit *test, size_t size, unsigned int flags)
{
	const struct strata_cache_args args = { .size = size, .flags = flags };

	return strata_fixture_cache(test, &args);
}

static void *get(struct kunit *test, struct strata_cache *c)
{
	void *p = strata_cache_alloc_from(c, GFP_KERNEL, STRATA_HERE);

	KUNIT_ASSERT_NOT_NULL(test, p);
	return p;
}

/* One byte past the end, wherever the end is: seen at free, and the object kept. */
static void redzone(struct kunit *test)
{
	static const size_t sizes[] = { 1, 5, 8, 13, 24, 100, 4096 };
	u64 reported = strata_misuse_count(STRATA_MISUSE_REDZONE);
	unsigned int i;
	size_t byte;
	u8 *p;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct strata_cache *c = create(test, sizes[i], STRATA_REDZONE);

		p = get(test, c);
		strata_track_fill(p, 0xbb, sizes[i]);
		strata_cache_free(c, p);
		KUNIT_EXPECT_EQ(test, strata_misuse_count(STRATA_MISUSE_REDZONE), reported);
		/* At least a word is guarded. */
		for (byte = 0; byte < sizeof(long); byte++) {
			p = get(test, c);
			strata_track_fill(p + sizes[i] + byte, 0, 1);
			strata_cache_free(c, p);
			KUNIT_EXPECT_EQ_MSG(test, strata_misuse_count(STRATA_MISUSE_REDZONE),
					    ++reported, "size %zu, byte %zu", sizes[i], byte);
			KUNIT_EXPECT_EQ(test, strata_cache_live(c), 1UL);
			/* Repaired, it is an object like any other. */
			strata_track_fill(p + sizes[i] + byte, 0xbb, 1);
			strata_cache_free(c, p);
			KUNIT_EXPECT_EQ(test, strata_misuse_count(STRATA_MISUSE_REDZONE), reported);
			strata_fixture_drain(((struct strata_fixture *)test->priv)->a);
			KUNIT_EXPECT_EQ(test, strata_cache_live(c), 0UL);
		}
	}
}

static void poison(struct kunit *test)
{
	struct strata_cache *c = create(test, 100, STRATA_POISON);
	u64 reported = strata_misuse_count(STRATA_MISUSE_POISON);
	u8 *p = get(test, c), *q;

	KUNIT_EXPECT_EQ(test, strata_misuse_count(STRATA_MISUSE_POISON), reported);
	/* Nobody wrote to it yet. */
	KUNIT_EXPECT_EQ(test, strata_track_match(p, 0x6b, 100), (size_t)100);
	memset(p, 1, 100);
	strata_cache_free(c, p);
	KUNIT_EXPECT_EQ(test, strata_track_match(p, 0x6b, 100), (size_t)100);
	/* Written to after its free: said when it is allocated again. */
	strata_track_fill(p + 50, 0, 1);
	q = get(test, c);
	KUNIT_EXPECT_PTR_EQ(test, q, p);
	KUNIT_EXPECT_EQ(test, strata_misuse_count(STRATA_MISUSE_POISON), reported + 1);
	strata_cache_free(c, q);
	q = get(test, c);
	KUNIT_EXPECT_EQ(test, strata_misuse_count(STRATA_MISUSE_POISON), reported + 1);
	strata_cache_free(c, q);
}

static void trace(struct kunit *test)
{
	struct strata_cache *c = create(test, 40, STRATA_TRACE);
	unsigned long here = STRATA_HERE;
	void *p = strata_cache_alloc_from(c, GFP_KERNEL, here), *q;

	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_EXPECT_EQ(test, strata_debug_recorded(c, p, STRATA_RECORD_ALLOC_SITE), here);
	KUNIT_EXPECT_EQ(test, strata_debug_recorded(c, p, STRATA_RECORD_ALLOC_TASK),
			(unsigned long)current->pid);
	memset(p, 0xff, 40);
	KUNIT_EXPECT_EQ(test, strata_debug_recorded(c, p, STRATA_RECORD_ALLOC_SITE), here);
	strata_cache_free_to(c, p, here + 1);
	KUNIT_EXPECT_EQ(test, strata_debug_recorded(c, p, STRATA_RECORD_FREE_SITE), here + 1);
	KUNIT_EXPECT_EQ(test, strata_debug_recorded(c, p, STRATA_RECORD_FREE_TASK),
			(unsigned long)current->pid);
	KUNIT_ASSERT_TRUE(test, strata_cache_alloc_many(c, 40, GFP_KERNEL, 1, &q, here + 2));
	KUNIT_EXPECT_EQ(test, strata_debug_recorded(c, q, STRATA_RECORD_ALLOC_SITE), here + 2);
	strata_cache_free(c, q);
}

/* Each freed once is seen at once, whatever was written to it since. */
static void double_free(struct kunit *test)
{
	static const unsigned int flags[] = { STRATA_REDZONE, STRATA_POISON, STRATA_TRACE };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		struct strata_cache *c = create(test, 40, flags[i]);
		u64 reported = strata_misuse_count(STRATA_MISUSE_DOUBLE_FREE);
		void *p = get(test, c);

		strata_cache_free(c, p);
		strata_track_fill(p, 0x6b, 40);
		strata_cache_free(c, p);
		KUNIT_EXPECT_EQ(test, strata_misuse_count(STRATA_MISUSE_DOUBLE_FREE), reported + 1);
	}
}

static struct kunit_case typed_debug_cases[] = {
	KUNIT_CASE(redzone),
	KUNIT_CASE(poison),
	KUNIT_CASE(trace),
	KUNIT_CASE(double_free),
	{}
};

struct kunit_suite strata_typed_debug_suite = {
	.name = "strata_typed_debug",
	.init = strata_fixture_init,
	.exit = strata_fixture_exit,
	.test_cases = typed_debug_cases,
};
