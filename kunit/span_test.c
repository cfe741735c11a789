// SPDX-License-Identifier: GPL-2.0-only
/*
 * Spans: the arithmetic of shapes against plain division, for every class and
 * some sizes that are none, and the bits of free objects.
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include "../mod/class.h"
#include "../mod/span.h"
#include "suites.h"

static void check_shape(struct kunit *test, size_t size, size_t span_bytes)
{
	size_t bytes = PAGE_ALIGN(span_bytes), offset;
	struct strata_shape shape;
	unsigned int wrong = 0;

	strata_shape_init(&shape, size, span_bytes);
	KUNIT_ASSERT_EQ(test, (size_t)shape.size, size);
	KUNIT_ASSERT_EQ(test, (size_t)shape.npages, bytes / PAGE_SIZE);
	KUNIT_ASSERT_EQ(test, (size_t)shape.nr_objects, bytes / size);
	for (offset = 0; offset < bytes; offset++) {
		wrong += strata_shape_index(&shape, offset) != offset / size;
		wrong += strata_shape_is_start(&shape, offset) != !(offset % size);
	}
	KUNIT_EXPECT_EQ_MSG(test, wrong, 0U, "size %zu", size);
}

static void shapes_of_classes(struct kunit *test)
{
	unsigned int class;

	for (class = 0; class < STRATA_NR_CLASSES; class++)
		check_shape(test, strata_class_info[class].size,
			    strata_class_info[class].span_bytes);
}

/* Typed caches come in every multiple of 8 bytes. */
static void odd_shapes(struct kunit *test)
{
	size_t size;

	for (size = 8; size <= 33000; size += size < 400 ? 8 : 4088)
		check_shape(test, size, max_t(size_t, size, SZ_16K));
}

struct fixture {
	struct strata_shape shape;
	struct strata_span *span;
	void *base;
	void **object;
};

/* @n objects of 24 bytes: not a power of two, more than a word of bits. */
static void make_span(struct kunit *test, struct fixture *f)
{
	strata_shape_init(&f->shape, 24, PAGE_SIZE);
	f->span = strata_span_create(STRATA_SPAN_OBJECTS, f->shape.nr_objects, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, f->span);
	f->base = (void *)__get_free_page(GFP_KERNEL);
	f->object = kunit_kcalloc(test, f->shape.nr_objects + 1, sizeof(void *), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, f->base);
	KUNIT_ASSERT_NOT_NULL(test, f->object);
	strata_span_fill(f->span, &f->shape, f->base);
}

static void free_span(struct fixture *f)
{
	free_page((unsigned long)f->base);
	kfree(f->span);
}

static void hands_out_each_once(struct kunit *test)
{
	struct fixture f;
	unsigned int i, n, got = 0;

	make_span(test, &f);
	KUNIT_EXPECT_EQ(test, f.span->nr_free, f.shape.nr_objects);
	KUNIT_EXPECT_EQ(test, f.span->npages, 1U);
	KUNIT_EXPECT_EQ(test, f.span->kind, (u8)STRATA_SPAN_OBJECTS);
	for (n = 1; got < f.shape.nr_objects; n++) {
		unsigned int some = strata_span_take(f.span, &f.shape, f.object + got, n);

		KUNIT_ASSERT_EQ(test, some, min(n, f.shape.nr_objects - got));
		got += some;
		KUNIT_ASSERT_EQ(test, f.span->nr_free + got, (unsigned int)f.shape.nr_objects);
	}
	/* Lowest addresses first. */
	for (i = 0; i < got; i++)
		KUNIT_ASSERT_PTR_EQ(test, f.object[i], f.base + i * f.shape.size);
	KUNIT_EXPECT_EQ(test, strata_span_take(f.span, &f.shape, f.object, 5), 0U);
	free_span(&f);
}

static void takes_back_once(struct kunit *test)
{
	struct fixture f;
	unsigned int i, n;

	make_span(test, &f);
	n = f.shape.nr_objects;
	KUNIT_ASSERT_EQ(test, strata_span_take(f.span, &f.shape, f.object, n + 1), n);
	/* In an order that is not theirs: 19 and what fits on any page have no common factor. */
	for (i = 0; i < n; i++) {
		void *object = f.object[i * 19 % n];

		KUNIT_ASSERT_FALSE(test, strata_span_is_free(f.span, &f.shape, object));
		KUNIT_ASSERT_TRUE(test, strata_span_put(f.span, &f.shape, object));
		KUNIT_ASSERT_TRUE(test, strata_span_is_free(f.span, &f.shape, object));
		KUNIT_ASSERT_FALSE(test, strata_span_put(f.span, &f.shape, object));
		KUNIT_ASSERT_EQ(test, (unsigned int)f.span->nr_free, i + 1);
	}
	/* A hole is found again, wherever it is. */
	KUNIT_ASSERT_EQ(test, strata_span_take(f.span, &f.shape, f.object, n), n);
	KUNIT_ASSERT_TRUE(test, strata_span_put(f.span, &f.shape, f.base + 100 * f.shape.size));
	KUNIT_EXPECT_EQ(test, strata_span_take(f.span, &f.shape, f.object, 2), 1U);
	KUNIT_EXPECT_PTR_EQ(test, f.object[0], f.base + 100 * f.shape.size);
	free_span(&f);
}

static struct kunit_case span_cases[] = {
	KUNIT_CASE(shapes_of_classes),
	KUNIT_CASE(odd_shapes),
	KUNIT_CASE(hands_out_each_once),
	KUNIT_CASE(takes_back_once),
	{}
};

struct kunit_suite strata_span_suite = {
	.name = "strata_span",
	.test_cases = span_cases,
};
