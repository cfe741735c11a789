// SPDX-License-Identifier: GPL-2.0-only
/*
 * The central lists, with spans made by hand: which span serves, where each is
 * filed, what happens to one that runs empty, and objects that come home twice.
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "../mod/cache.h"
#include "../mod/home.h"
#include "heap_fixture.h"
#include "suites.h"

#define SIZE		64
#define NR_SPANS	4

struct bench {
	struct strata_central central[MAX_NUMNODES];
	struct strata_shape shape;
	struct strata_cache *cache;
	struct strata_span *span[NR_SPANS];
	void **object;			/* room for all of all spans */
};

static struct bench *new_bench(struct kunit *test)
{
	struct bench *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);
	int node;

	KUNIT_ASSERT_NOT_NULL(test, b);
	b->cache = kunit_kzalloc(test, sizeof(*b->cache), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, b->cache);
	strata_shape_init(&b->shape, SIZE, PAGE_SIZE);
	b->object = kunit_kcalloc(test, NR_SPANS * b->shape.nr_objects, sizeof(void *), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, b->object);
	for (node = 0; node < nr_node_ids; node++)
		strata_central_init(&b->central[node]);
	return b;
}

static struct strata_central *here(struct bench *b)
{
	return &b->central[b->span[0]->node];
}

static void add_span_on(struct kunit *test, struct bench *b, unsigned int i, int node)
{
	struct strata_heap_fixture *f = test->priv;
	void *run = strata_heap_alloc(&f->heap, node, 1, GFP_KERNEL | __GFP_THISNODE);
	struct strata_span *span;

	KUNIT_ASSERT_NOT_NULL(test, run);
	span = strata_span_create(STRATA_SPAN_OBJECTS, b->shape.nr_objects, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, span);
	strata_span_fill(span, &b->shape, run);
	span->cache = b->cache;
	span->node = page_to_nid(virt_to_page(run));
	strata_heap_set_span(&f->heap, run, 1, span, 0);
	b->span[i] = span;
	strata_central_add(&b->central[span->node], &b->shape, span);
}

static void add_span(struct kunit *test, struct bench *b, unsigned int i)
{
	add_span_on(test, b, i, strata_home());
}

static void drop_span(struct strata_heap_fixture *f, struct strata_span *span)
{
	strata_heap_set_span(&f->heap, span->base, 1, NULL, 0);
	strata_heap_release(&f->heap, span->base, 1);
	kfree(span);
}

static void drop(struct kunit *test, struct bench *b, unsigned int nr_spans)
{
	unsigned int i;

	for (i = 0; i < nr_spans; i++)
		drop_span(test->priv, b->span[i]);
}

static unsigned int take(struct bench *b, void **objects, unsigned int n)
{
	return strata_central_take(here(b), &b->shape, objects, n);
}

/* Returns how many were found to be free already. */
static unsigned int put(struct kunit *test, struct bench *b, void **objects, unsigned int n,
			struct list_head *emptied)
{
	struct strata_heap_fixture *f = test->priv;

	return strata_central_put(b->central, &f->heap, b->cache, &b->shape, objects, n, emptied);
}

static unsigned int length(const struct list_head *list)
{
	const struct list_head *entry;
	unsigned int n = 0;

	list_for_each(entry, list)
		n++;
	return n;
}

/* Each span in the list that its number of free objects asks for. */
static void expect_filed(struct kunit *test, struct bench *b, unsigned int nr_spans)
{
	struct strata_central *central = here(b);
	unsigned int full = 0, empty = 0, free = 0, i, bucket[STRATA_BUCKETS] = {};

	for (i = 0; i < nr_spans; i++) {
		unsigned int nr_free = b->span[i]->nr_free;

		free += nr_free;
		if (!nr_free)
			full++;
		else if (nr_free == b->shape.nr_objects)
			empty++;
		else
			bucket[min(fls(nr_free) - 1, STRATA_BUCKETS - 1)]++;
	}
	KUNIT_EXPECT_EQ(test, length(&central->full), full);
	KUNIT_EXPECT_EQ(test, length(&central->empty), empty);
	for (i = 0; i < STRATA_BUCKETS; i++) {
		KUNIT_EXPECT_EQ(test, length(&central->partial[i]), bucket[i]);
		KUNIT_EXPECT_EQ(test, !!(central->occupied & BIT(i)), !!bucket[i]);
	}
	KUNIT_EXPECT_EQ(test, central->nr_spans, (unsigned long)nr_spans);
	KUNIT_EXPECT_EQ(test, central->nr_free, (unsigned long)free);
	KUNIT_EXPECT_EQ(test, central->nr_taken - central->nr_put,
			(u64)nr_spans * b->shape.nr_objects - free);
}

static void files_by_free_objects(struct kunit *test)
{
	struct bench *b = new_bench(test);
	unsigned int i, n;
	LIST_HEAD(emptied);

	add_span(test, b, 0);
	n = b->shape.nr_objects;
	expect_filed(test, b, 1);
	for (i = 0; i < n; i++) {
		KUNIT_ASSERT_EQ(test, take(b, b->object + i, 1), 1U);
		expect_filed(test, b, 1);
	}
	KUNIT_EXPECT_EQ(test, take(b, b->object, 1), 0U);
	for (i = 0; i < n; i++) {
		KUNIT_ASSERT_EQ(test, put(test, b, b->object + i, 1, &emptied), 0U);
		expect_filed(test, b, 1);
	}
	/* One empty span is kept. */
	KUNIT_EXPECT_TRUE(test, list_empty(&emptied));
	drop(test, b, 1);
}

static void more_than_one_span(struct kunit *test)
{
	struct bench *b = new_bench(test);
	unsigned int n, i, j;

	add_span(test, b, 0);
	add_span(test, b, 1);
	n = b->shape.nr_objects;
	KUNIT_EXPECT_EQ(test, take(b, b->object, 3 * n), 2 * n);
	for (i = 0; i < 2 * n; i++)
		for (j = 0; j < i; j++)
			if (b->object[i] == b->object[j])
				KUNIT_FAIL(test, "objects %u and %u are the same", i, j);
	expect_filed(test, b, 2);
	drop(test, b, 2);
}

/*
 * Of those with room the span with most in use serves first, so that the others
 * can drain; those that are nearly full serve last, so that a batch is together.
 */
static void fullest_with_room_first(struct kunit *test)
{
	const unsigned int nr_free[NR_SPANS] = { 1, 32, 8, 4 };
	struct strata_heap_fixture *f = test->priv;
	struct bench *b = new_bench(test);
	unsigned int n, i, j, k;
	void *object;
	LIST_HEAD(emptied);

	n = b->shape.nr_objects;
	if (n != 64)
		kunit_skip(test, "the figures are for pages of 4 KiB");
	for (i = 0; i < ARRAY_SIZE(nr_free); i++)
		add_span(test, b, i);
	KUNIT_ASSERT_EQ(test, take(b, b->object, NR_SPANS * n), NR_SPANS * n);
	for (i = 0, k = 0; i < ARRAY_SIZE(nr_free); i++)
		for (j = 0; j < nr_free[i]; j++)
			b->object[k++] = b->span[i]->base + j * SIZE;
	KUNIT_ASSERT_EQ(test, put(test, b, b->object, k, &emptied), 0U);
	expect_filed(test, b, NR_SPANS);
	/* One has room for a good part of a batch, until it has not. */
	for (i = 0; i < 32; i++) {
		KUNIT_ASSERT_EQ(test, take(b, &object, 1), 1U);
		KUNIT_EXPECT_PTR_EQ(test, object, b->span[1]->base + i * SIZE);
		if (b->span[1]->nr_free < 16)
			break;
	}
	/* From then on it is the one with most free. */
	for (; take(b, &object, 1); ) {
		struct strata_span *span = strata_heap_span(&f->heap, object);

		for (j = 0; j < ARRAY_SIZE(nr_free); j++)
			KUNIT_EXPECT_LE(test, fls(b->span[j]->nr_free), fls(span->nr_free + 1));
	}
	expect_filed(test, b, NR_SPANS);
	drop(test, b, NR_SPANS);
}

/* Of two with room it is the fuller one, even if the other is freed to more often. */
static void sparse_spans_drain(struct kunit *test)
{
	struct bench *b = new_bench(test);
	unsigned int n, i;
	void *object;
	LIST_HEAD(emptied);

	add_span(test, b, 0);
	add_span(test, b, 1);
	n = b->shape.nr_objects;
	KUNIT_ASSERT_EQ(test, take(b, b->object, 2 * n), 2 * n);
	for (i = 0; i < n - 1; i++)
		b->object[i] = b->span[0]->base + i * SIZE;
	/* A third free is room, and filed apart from where nearly all are. */
	for (; i < n - 1 + n / 3; i++)
		b->object[i] = b->span[1]->base + (i - (n - 1)) * SIZE;
	KUNIT_ASSERT_EQ(test, put(test, b, b->object, i, &emptied), 0U);
	KUNIT_ASSERT_EQ(test, take(b, &object, 1), 1U);
	KUNIT_EXPECT_PTR_EQ(test, object, b->span[1]->base);
	drop(test, b, 2);
}

static void second_empty_span_goes(struct kunit *test)
{
	struct bench *b = new_bench(test);
	struct strata_heap_fixture *f = test->priv;
	struct strata_span *gone;
	unsigned int n;
	LIST_HEAD(emptied);

	add_span(test, b, 0);
	add_span(test, b, 1);
	n = b->shape.nr_objects;
	KUNIT_ASSERT_EQ(test, take(b, b->object, 2 * n), 2 * n);
	KUNIT_EXPECT_EQ(test, put(test, b, b->object, 2 * n - 1, &emptied), 0U);
	KUNIT_EXPECT_TRUE(test, list_empty(&emptied));
	KUNIT_EXPECT_EQ(test, put(test, b, b->object + 2 * n - 1, 1, &emptied), 0U);
	KUNIT_ASSERT_EQ(test, length(&emptied), 1U);
	gone = list_first_entry(&emptied, struct strata_span, list);
	KUNIT_EXPECT_EQ(test, (unsigned int)gone->nr_free, n);
	if (gone == b->span[0])
		swap(b->span[0], b->span[1]);
	KUNIT_EXPECT_PTR_EQ(test, gone, b->span[1]);
	KUNIT_EXPECT_EQ(test, here(b)->nr_spans, 1UL);
	KUNIT_EXPECT_EQ(test, here(b)->nr_free, (unsigned long)n);
	drop_span(f, gone);
	/* Trimmed, the last one goes, too. */
	INIT_LIST_HEAD(&emptied);
	strata_central_trim(here(b), &emptied);
	KUNIT_EXPECT_EQ(test, length(&emptied), 1U);
	KUNIT_EXPECT_EQ(test, here(b)->nr_spans, 0UL);
	KUNIT_EXPECT_EQ(test, here(b)->nr_free, 0UL);
	KUNIT_EXPECT_TRUE(test, list_empty(&here(b)->empty));
	drop(test, b, 1);
}

static void trim_leaves_the_living(struct kunit *test)
{
	struct bench *b = new_bench(test);
	LIST_HEAD(emptied);

	add_span(test, b, 0);
	take(b, b->object, 1);
	strata_central_trim(here(b), &emptied);
	KUNIT_EXPECT_TRUE(test, list_empty(&emptied));
	expect_filed(test, b, 1);
	take(b, b->object, b->shape.nr_objects);
	strata_central_trim(here(b), &emptied);
	KUNIT_EXPECT_TRUE(test, list_empty(&emptied));
	expect_filed(test, b, 1);
	drop(test, b, 1);
}

/* What comes home twice, or to the wrong place, is handed back untouched. */
static void refuses_strangers(struct kunit *test)
{
	struct bench *b = new_bench(test);
	struct strata_cache *other = kunit_kzalloc(test, sizeof(*other), GFP_KERNEL);
	struct strata_heap_fixture *f = test->priv;
	void *objects[5];
	LIST_HEAD(emptied);

	KUNIT_ASSERT_NOT_NULL(test, other);
	add_span(test, b, 0);
	take(b, b->object, 4);
	/* The first is home already; the second comes twice; then nobody's. */
	objects[0] = b->object[0];
	KUNIT_EXPECT_EQ(test, put(test, b, objects, 1, &emptied), 0U);
	objects[0] = b->object[1];
	objects[1] = b->object[0];
	objects[2] = b->object[2];
	objects[3] = test;
	objects[4] = b->object[1];
	KUNIT_EXPECT_EQ(test, put(test, b, objects, 5, &emptied), 3U);
	KUNIT_EXPECT_PTR_EQ(test, objects[0], b->object[0]);
	KUNIT_EXPECT_PTR_EQ(test, objects[1], (void *)test);
	KUNIT_EXPECT_PTR_EQ(test, objects[2], b->object[1]);
	expect_filed(test, b, 1);
	/* An object of another cache. */
	objects[0] = b->object[3];
	KUNIT_EXPECT_EQ(test, strata_central_put(b->central, &f->heap, other, &b->shape, objects,
						 1, &emptied), 1U);
	expect_filed(test, b, 1);
	KUNIT_EXPECT_TRUE(test, list_empty(&emptied));
	drop(test, b, 1);
}

/* Objects go home to the node of their memory, in one call. */
static void home_by_node(struct kunit *test)
{
	struct strata_heap_fixture *f = test->priv;
	struct bench *b = new_bench(test);
	unsigned int nr = 0;
	LIST_HEAD(emptied);
	int node;

	for_each_node_state(node, N_MEMORY) {
		if (nr == NR_SPANS)
			break;
		add_span_on(test, b, nr, node);
		KUNIT_EXPECT_EQ(test, strata_central_take(&b->central[node], &b->shape,
							  b->object + 2 * nr, 2), 2U);
		nr++;
	}
	/* Alternating between the nodes. */
	if (nr > 1)
		swap(b->object[1], b->object[2]);
	KUNIT_EXPECT_EQ(test, put(test, b, b->object, 2 * nr, &emptied), 0U);
	while (nr--) {
		KUNIT_EXPECT_EQ(test, b->central[b->span[nr]->node].nr_put, 2ULL);
		KUNIT_EXPECT_EQ(test, b->span[nr]->nr_free, b->shape.nr_objects);
		drop_span(f, b->span[nr]);
	}
}

static struct kunit_case central_cases[] = {
	KUNIT_CASE(files_by_free_objects),
	KUNIT_CASE(more_than_one_span),
	KUNIT_CASE(fullest_with_room_first),
	KUNIT_CASE(sparse_spans_drain),
	KUNIT_CASE(second_empty_span_goes),
	KUNIT_CASE(trim_leaves_the_living),
	KUNIT_CASE(refuses_strangers),
	KUNIT_CASE(home_by_node),
	{}
};

struct kunit_suite strata_central_suite = {
	.name = "strata_central",
	.init = strata_heap_fixture_init,
	.exit = strata_heap_fixture_exit,
	.test_cases = central_cases,
};
