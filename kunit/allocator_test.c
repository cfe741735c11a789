// SPDX-License-Identifier: GPL-2.0-only
/* An allocator as a whole: that it comes to be, or not at all. */
#include <kunit/test.h>
#include <linux/mm.h>

#include "../mod/fault.h"
#include "fixture.h"
#include "suites.h"

/* Make an allocator whose @nth allocation fails. Returns how many more there would be. */
static unsigned int make(struct kunit *test, unsigned int nth, int *err)
{
	struct strata_allocator *a = kvzalloc(sizeof(*a), GFP_KERNEL);
	struct strata_fake fake;
	unsigned int left;

	KUNIT_ASSERT_NOT_NULL(test, a);
	strata_fake_init(&fake);
	strata_fault_arm(nth);
	*err = strata_allocator_init(a, &fake.backing);
	left = strata_fault_disarm();
	if (!*err)
		KUNIT_EXPECT_EQ(test, strata_allocator_exit(a), 0UL);
	KUNIT_EXPECT_EQ(test, strata_fake_exit(&fake), 0UL);
	KUNIT_EXPECT_EQ(test, fake.nr_errors, 0UL);
	kvfree(a);
	return left;
}

static void all_or_nothing(struct kunit *test)
{
	unsigned int all, nth, left;
	int err;

	all = 100000 - make(test, 100000, &err);
	KUNIT_ASSERT_EQ(test, err, 0);
	KUNIT_ASSERT_GT(test, all, 32U);
	KUNIT_ASSERT_LT(test, all, 100000U);
	/* In the middle one size class is like the other: a few will do. */
	for (nth = 1; nth <= all; nth += nth < 16 || nth > all - 16 ? 1 : 13) {
		left = make(test, nth, &err);
		KUNIT_EXPECT_EQ_MSG(test, err, -ENOMEM, "allocation %u of %u", nth, all);
		KUNIT_EXPECT_EQ(test, left, 0U);
	}
}

static struct kunit_case allocator_cases[] = {
	KUNIT_CASE(all_or_nothing),
	{}
};

struct kunit_suite strata_allocator_suite = {
	.name = "strata_allocator",
	.test_cases = allocator_cases,
};
