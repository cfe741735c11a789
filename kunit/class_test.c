// SPDX-License-Identifier: GPL-2.0-only
/*
 * The size-class table: every size finds its class, and the table keeps the
 * bounds that its generator states. The generator is not trusted here: each
 * bound is computed again from the table alone.
 */
#include <kunit/test.h>
#include <linux/log2.h>
#include <linux/sizes.h>

#include "../mod/class.h"
#include "suites.h"

/* Above this size a request wastes at most 1/8 of its object. */
#define FINE_SIZE	128
/* From here on objects start on a 4 KiB page. */
#define PAGED_SIZE	4096
#define MAX_SPAN	SZ_128K

static u32 size_of_class(unsigned int class)
{
	return strata_class_info[class].size;
}

/* The smallest class that holds @size, without the look-up table. */
static unsigned int slow_class_of(size_t size)
{
	unsigned int class = 0;

	while (class < STRATA_NR_CLASSES && size_of_class(class) < size)
		class++;
	return class;
}

static void check_size(struct kunit *test, size_t size)
{
	unsigned int class = strata_class_of(size);

	KUNIT_ASSERT_LT_MSG(test, class, STRATA_NR_CLASSES, "size %zu", size);
	KUNIT_ASSERT_GE_MSG(test, (size_t)size_of_class(class), size, "size %zu", size);
	if (class)
		KUNIT_ASSERT_LT_MSG(test, (size_t)size_of_class(class - 1), size, "size %zu", size);
	KUNIT_ASSERT_EQ_MSG(test, class, slow_class_of(size), "size %zu", size);
	KUNIT_ASSERT_EQ_MSG(test, class, strata_class_index(size), "size %zu", size);
}

static void every_size(struct kunit *test)
{
	size_t size;

	for (size = 1; size <= STRATA_CLASS_MAX_SIZE; size++)
		check_size(test, size);
}

/* Where an off-by-one would be: at each class, and one byte to either side. */
static void class_edges(struct kunit *test)
{
	unsigned int class;

	KUNIT_EXPECT_EQ(test, strata_class_of(0), 0U);
	KUNIT_EXPECT_EQ(test, strata_class_of(1), 0U);
	for (class = 0; class < STRATA_NR_CLASSES; class++) {
		size_t size = size_of_class(class);

		KUNIT_EXPECT_EQ_MSG(test, strata_class_of(size - 1), class, "size %zu", size - 1);
		KUNIT_EXPECT_EQ_MSG(test, strata_class_of(size), class, "size %zu", size);
		if (class + 1 < STRATA_NR_CLASSES)
			KUNIT_EXPECT_EQ_MSG(test, strata_class_of(size + 1), class + 1,
					    "size %zu", size + 1);
	}
}

static void table_grows(struct kunit *test)
{
	unsigned int class;

	KUNIT_EXPECT_EQ(test, size_of_class(0), 8U);
	KUNIT_EXPECT_EQ(test, size_of_class(STRATA_NR_CLASSES - 1), (u32)STRATA_CLASS_MAX_SIZE);
	KUNIT_EXPECT_EQ(test, STRATA_CLASS_MAX_SIZE, 32768);
	for (class = 1; class < STRATA_NR_CLASSES; class++)
		KUNIT_EXPECT_GT_MSG(test, size_of_class(class), size_of_class(class - 1),
				    "class %u", class);
}

static void powers_of_two(struct kunit *test)
{
	u32 size;

	for (size = 8; size <= STRATA_CLASS_MAX_SIZE; size *= 2)
		KUNIT_EXPECT_EQ(test, size_of_class(strata_class_of(size)), size);
}

/*
 * An object's address is its span's, which is page aligned, plus a multiple of
 * its size: so the size alone decides the alignment.
 */
static void alignment(struct kunit *test)
{
	unsigned int class;

	for (class = 0; class < STRATA_NR_CLASSES; class++) {
		u32 size = size_of_class(class);
		u32 align = size < PAGED_SIZE ? 8 : PAGED_SIZE;

		KUNIT_EXPECT_EQ_MSG(test, size % align, 0U, "class %u of %u bytes", class, size);
	}
}

static void rounding_waste(struct kunit *test)
{
	size_t size;

	for (size = 1; size <= STRATA_CLASS_MAX_SIZE; size++) {
		u32 got = size_of_class(strata_class_of(size));
		u32 waste = got - size;

		KUNIT_ASSERT_LE_MSG(test, (unsigned long)got,
				    max(8UL, roundup_pow_of_two(size)), "size %zu", size);
		if (size > PAGED_SIZE)
			KUNIT_ASSERT_LT_MSG(test, waste, (u32)PAGED_SIZE, "size %zu", size);
		else if (size > FINE_SIZE)
			KUNIT_ASSERT_LE_MSG(test, waste, got / 8, "size %zu", size);
		else
			KUNIT_ASSERT_LT_MSG(test, waste, 16U, "size %zu", size);
	}
}

static void spans(struct kunit *test)
{
	unsigned int class;

	for (class = 0; class < STRATA_NR_CLASSES; class++) {
		u32 size = size_of_class(class);
		u32 span = strata_class_info[class].span_bytes;
		u32 objects = span / size;

		KUNIT_EXPECT_GT_MSG(test, span, 0U, "class %u", class);
		KUNIT_EXPECT_EQ_MSG(test, span % SZ_4K, 0U, "class %u", class);
		KUNIT_EXPECT_LE_MSG(test, span, (u32)MAX_SPAN, "class %u", class);
		KUNIT_EXPECT_LE_MSG(test, span % size, span / 8, "class %u: tail", class);
		KUNIT_EXPECT_LE_MSG(test, objects, 512U, "class %u", class);
		KUNIT_EXPECT_GE_MSG(test, objects, size <= PAGED_SIZE ? 8U : 4U, "class %u", class);
	}
}

static struct kunit_case class_cases[] = {
	KUNIT_CASE(every_size),
	KUNIT_CASE(class_edges),
	KUNIT_CASE(table_grows),
	KUNIT_CASE(powers_of_two),
	KUNIT_CASE(alignment),
	KUNIT_CASE(rounding_waste),
	KUNIT_CASE(spans),
	{}
};

struct kunit_suite strata_class_suite = {
	.name = "strata_class",
	.test_cases = class_cases,
};
