// SPDX-License-Identifier: GPL-2.0-only
/*
 * The invariant walker: that it is content with a sound allocator, and that it
 * sees each single counter, bit, list and pointer that is not as it should be.
 */
#include <kunit/test.h>
#include <linux/mm.h>

#include "../mod/alloc.h"
#include "../mod/check.h"
#include "../mod/large_cache.h"
#include "../mod/track.h"
#include "fixture.h"
#include "suites.h"

/*
 * Of the class that the tests damage, so many are allocated, and so many freed.
 * The last of them are in the first half of a span, where a batch ends.
 */
#define OBJECT_SIZE	80
#define ALLOCATED	560
#define FREED		460

struct broken {
	struct strata_allocator *a;
	int cpu;
	struct strata_cache *c;
	struct strata_span *span;	/* some objects are live, some free */
	struct strata_chunk *chunk;	/* of that span */
	struct strata_central *central;
	struct strata_magazine *m;
	struct strata_depot *depot;
	struct strata_span *large;
	struct strata_large_cache *lc;	/* two are kept there */
	struct strata_heap_node *hn;
	void *live[ALLOCATED];
	void *object_large, *object_direct, *object_typed;
};

static struct strata_chunk *chunk_of(struct strata_allocator *a, const void *p)
{
	return strata_pagemap_entry(&a->heap.map, p)->chunk;
}

static bool is_partial(const struct strata_span *span, const struct strata_cache *c)
{
	return span->nr_free && span->nr_free < c->shape.nr_objects;
}

/* An allocator with something everywhere, and its background at rest. */
static struct broken *make(struct kunit *test)
{
	const struct strata_cache_args args = { .size = 40, .flags = STRATA_ACCOUNT };
	struct strata_fixture *f = test->priv;
	struct broken *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);
	struct strata_allocator *a = f->a;
	struct strata_cache *typed;
	unsigned int i;
	void *kept[2];

	KUNIT_ASSERT_NOT_NULL(test, b);
	b->a = a;
	b->cpu = f->cpu;
	b->c = &a->class[strata_class_of(OBJECT_SIZE)];
	for (i = 0; i < ALLOCATED; i++) {
		b->live[i] = strata_alloc_from(a, OBJECT_SIZE, GFP_KERNEL, NUMA_NO_NODE,
					       STRATA_HERE);
		KUNIT_ASSERT_NOT_NULL(test, b->live[i]);
	}
	b->object_large = strata_alloc_from(a, SZ_128K, GFP_KERNEL, NUMA_NO_NODE, STRATA_HERE);
	kept[0] = strata_alloc_from(a, SZ_256K, GFP_KERNEL, NUMA_NO_NODE, STRATA_HERE);
	kept[1] = strata_alloc_from(a, SZ_256K, GFP_KERNEL, NUMA_NO_NODE, STRATA_HERE);
	strata_free_many(a, NULL, ARRAY_SIZE(kept), kept, STRATA_HERE);
	b->object_direct = strata_alloc_from(a, SZ_4M, GFP_KERNEL, NUMA_NO_NODE, STRATA_HERE);
	typed = strata_fixture_cache(test, &args);
	b->object_typed = strata_cache_alloc_from(typed, GFP_KERNEL, STRATA_HERE);
	KUNIT_ASSERT_NOT_NULL(test, b->object_large);
	KUNIT_ASSERT_NOT_NULL(test, b->object_direct);
	KUNIT_ASSERT_NOT_NULL(test, b->object_typed);
	/* The order leaves objects in the magazine, in the depot and in spans. */
	strata_free_many(a, NULL, FREED, b->live, STRATA_HERE);
	memset(b->live, 0, FREED * sizeof(*b->live));

	b->m = per_cpu_ptr(b->c->magazine, f->cpu);
	for (i = FREED; i < ALLOCATED && (!b->span || !is_partial(b->span, b->c)); i++)
		b->span = strata_heap_span(&a->heap, b->live[i]);
	KUNIT_ASSERT_TRUE(test, is_partial(b->span, b->c));
	b->chunk = chunk_of(a, b->span->base);
	b->hn = a->heap.node[b->chunk->node];
	b->central = &b->c->central[b->span->node];
	b->depot = &b->c->depot[b->span->node];
	b->lc = per_cpu_ptr(a->large_cache, b->cpu);
	b->large = strata_heap_span(&a->heap, b->object_large);
	KUNIT_ASSERT_NE(test, b->m->count, 0);
	KUNIT_ASSERT_NE(test, b->depot->count, 0U);
	KUNIT_ASSERT_EQ(test, b->lc->count, ARRAY_SIZE(kept));

	/* A tick would act upon what the test damages. */
	strata_background_settle(a);
	cancel_delayed_work_sync(&a->tick);
	KUNIT_ASSERT_EQ(test, strata_check(a), 0UL);
	return b;
}

static void unmake(struct broken *b)
{
	struct strata_allocator *a = b->a;

	strata_free_many(a, NULL, ALLOCATED - FREED, b->live + FREED, STRATA_HERE);
	strata_free_to(a, b->object_large, STRATA_HERE);
	strata_free_to(a, b->object_direct, STRATA_HERE);
	strata_free_to(a, b->object_typed, STRATA_HERE);
}

/* Of a counter, flag or pointer, whatever its size. */
static u64 peek(const void *p, size_t size)
{
	switch (size) {
	case 1:
		return *(u8 *)p;
	case 2:
		return *(u16 *)p;
	case 4:
		return *(u32 *)p;
	default:
		return *(u64 *)p;
	}
}

static void poke(void *p, size_t size, u64 value)
{
	switch (size) {
	case 1:
		*(u8 *)p = value;
		break;
	case 2:
		*(u16 *)p = value;
		break;
	case 4:
		*(u32 *)p = value;
		break;
	default:
		*(u64 *)p = value;
		break;
	}
}

/* The walker sees it, and is content when it is as before. */
static void damage(struct kunit *test, struct broken *b, void *p, size_t size, u64 wrong,
		   const char *what)
{
	u64 right = peek(p, size);

	poke(p, size, wrong);
	KUNIT_EXPECT_GT_MSG(test, strata_check(b->a), 0UL, "%s", what);
	poke(p, size, right);
	KUNIT_EXPECT_EQ_MSG(test, strata_check(b->a), 0UL, "after %s", what);
}

static void flip(struct kunit *test, struct broken *b, unsigned int bit, unsigned long *map,
		 const char *what)
{
	__change_bit(bit, map);
	KUNIT_EXPECT_GT_MSG(test, strata_check(b->a), 0UL, "%s", what);
	__change_bit(bit, map);
	KUNIT_EXPECT_EQ_MSG(test, strata_check(b->a), 0UL, "after %s", what);
}

#define expect_seen(test, b, damaged, wrong)						\
	damage(test, b, &(damaged), sizeof(damaged), (unsigned long)(wrong),		\
	       #damaged " = " #wrong)
#define expect_off_by_one(test, b, counter)						\
	off_by_one(test, b, &(counter), sizeof(counter), #counter)
#define expect_bit_seen(test, b, bit, map)						\
	flip(test, b, bit, map, "bit " #bit " of " #map)

static void off_by_one(struct kunit *test, struct broken *b, void *p, size_t size,
		       const char *what)
{
	damage(test, b, p, size, peek(p, size) + 1, what);
}

static void sees_chunks(struct kunit *test)
{
	struct broken *b = make(test);
	struct strata_chunk *chunk = b->chunk;
	unsigned int used = find_first_bit(chunk->busy, STRATA_CHUNK_PAGES);
	unsigned int page = strata_chunk_page(b->span->base), n;
	unsigned int unused = strata_chunk_next_free(chunk, 0, &n);

	expect_off_by_one(test, b, chunk->nr_present);
	expect_off_by_one(test, b, chunk->nr_free);
	expect_off_by_one(test, b, chunk->nr_direct);
	expect_off_by_one(test, b, chunk->longest);
	expect_seen(test, b, chunk->node, !chunk->node);
	KUNIT_ASSERT_LT(test, chunk->nr_present, STRATA_CHUNK_PAGES);
	expect_seen(test, b, chunk->whole, true);
	expect_bit_seen(test, b, used, chunk->busy);
	expect_bit_seen(test, b, page, chunk->busy);
	expect_bit_seen(test, b, page, chunk->present);
	KUNIT_ASSERT_NE(test, n, 0U);
	expect_bit_seen(test, b, unused, chunk->busy);
	expect_bit_seen(test, b, unused, chunk->present);

	expect_off_by_one(test, b, chunk->owner[page]);
	expect_seen(test, b, chunk->owner[page], 0);
	expect_seen(test, b, chunk->owner[page], (unsigned long)(b->c + 1));
	expect_seen(test, b, chunk->span[page], NULL);
	expect_seen(test, b, chunk->span[page], b->large);
	unmake(b);
}

static void sees_nodes(struct kunit *test)
{
	struct broken *b = make(test);
	struct strata_heap_node *hn = b->hn;
	struct strata_map_entry *entry = strata_pagemap_entry(&b->a->heap.map, b->chunk->base);

	expect_off_by_one(test, b, hn->nr_present);
	expect_off_by_one(test, b, hn->nr_free);
	expect_seen(test, b, hn->nr_free_low, hn->nr_free + 1);
	expect_off_by_one(test, b, hn->nr_direct);
	expect_off_by_one(test, b, hn->nr_chunks);
	expect_off_by_one(test, b, hn->nr_taken);
	expect_off_by_one(test, b, hn->nr_returned);
	expect_bit_seen(test, b, b->chunk->longest, hn->occupied);
	expect_seen(test, b, entry->owner, b->a->heap.map.nobody);
	expect_seen(test, b, entry->chunk, NULL);

	/* In a list that is not for its longest run; in none at all. */
	list_move(&b->chunk->list, &hn->by_longest[b->chunk->longest ^ 1]);
	KUNIT_EXPECT_GT(test, strata_check(b->a), 0UL);
	list_del_init(&b->chunk->list);
	KUNIT_EXPECT_GT(test, strata_check(b->a), 0UL);
	list_add(&b->chunk->list, &hn->by_longest[b->chunk->longest]);
	KUNIT_EXPECT_EQ(test, strata_check(b->a), 0UL);
	unmake(b);
}

static void sees_spans(struct kunit *test)
{
	struct broken *b = make(test);
	struct strata_span *span = b->span;
	unsigned int nr = b->c->shape.nr_objects;

	expect_off_by_one(test, b, span->nr_free);
	expect_off_by_one(test, b, span->bucket);
	expect_off_by_one(test, b, span->npages);
	expect_seen(test, b, span->node, !span->node);
	expect_seen(test, b, span->kind, STRATA_SPAN_LARGE);
	expect_seen(test, b, span->cache, b->c + 1);
	expect_bit_seen(test, b, find_first_bit(span->free, nr), span->free);
	expect_bit_seen(test, b, find_first_zero_bit(span->free, nr), span->free);
	/* Behind the last object. */
	KUNIT_ASSERT_NE(test, nr % BITS_PER_LONG, 0U);
	expect_bit_seen(test, b, nr, span->free);
	unmake(b);
}

static void sees_centrals(struct kunit *test)
{
	struct broken *b = make(test);
	struct strata_central *central = b->central;
	struct list_head *home = &central->partial[b->span->bucket];
	struct list_head *wrong[] = { &central->full, &central->empty,
				      &central->partial[!b->span->bucket] };
	unsigned int i;

	expect_off_by_one(test, b, central->nr_spans);
	expect_off_by_one(test, b, central->nr_free);
	expect_off_by_one(test, b, central->nr_taken);
	expect_off_by_one(test, b, central->nr_put);
	for (i = 0; i < STRATA_BUCKETS; i++)
		expect_seen(test, b, central->occupied, central->occupied ^ BIT(i));
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		list_move(&b->span->list, wrong[i]);
		KUNIT_EXPECT_GT_MSG(test, strata_check(b->a), 0UL, "list %u", i);
	}
	list_del_init(&b->span->list);
	KUNIT_EXPECT_GT(test, strata_check(b->a), 0UL);
	list_add(&b->span->list, home);
	KUNIT_EXPECT_EQ(test, strata_check(b->a), 0UL);
	unmake(b);
}

static void sees_magazines(struct kunit *test)
{
	struct broken *b = make(test);
	struct strata_magazine *m = b->m;

	expect_seen(test, b, m->busy, 1);
	expect_seen(test, b, m->nested_busy, 1);
	expect_seen(test, b, m->count, m->capacity + 1);
	expect_seen(test, b, m->nr_nested, STRATA_NESTED_SLOTS + 1);
	expect_off_by_one(test, b, m->capacity);
	expect_seen(test, b, m->capacity, b->c->magazine_max + 1);
	expect_off_by_one(test, b, m->refilled);
	expect_off_by_one(test, b, m->flushed);
	expect_seen(test, b, m->allocs, 0);
	expect_seen(test, b, *per_cpu_ptr(b->a->cached, b->cpu), 0);

	/* Something else; inside an object; live; one of another magazine. */
	expect_seen(test, b, m->slot[0], b);
	expect_seen(test, b, m->slot[0], m->slot[0] + 8);
	expect_seen(test, b, m->slot[0], b->live[FREED]);
	expect_seen(test, b, m->slot[0], b->object_large);
	/* The same twice in a magazine; in the depot as well. */
	expect_seen(test, b, m->slot[0], m->slot[1]);
	expect_seen(test, b, m->slot[0], b->depot->slot[0]);
	unmake(b);
}

static void sees_depots(struct kunit *test)
{
	struct broken *b = make(test);
	struct strata_depot *depot = b->depot;
	unsigned int index = find_first_bit(b->span->free, b->c->shape.nr_objects);

	expect_seen(test, b, depot->count, depot->count - 1);
	expect_seen(test, b, depot->count, depot->capacity + 1);
	expect_seen(test, b, depot->low, depot->count + 1);
	expect_off_by_one(test, b, depot->nr_in);
	expect_off_by_one(test, b, depot->nr_out);
	expect_seen(test, b, depot->slot[0], NULL);
	expect_seen(test, b, depot->slot[0], depot->slot[1]);
	/* Free in its span as well. */
	expect_seen(test, b, depot->slot[0], b->span->base + index * b->c->shape.size);
	unmake(b);
}

static void sees_marks(struct kunit *test)
{
	struct broken *b = make(test);
	unsigned int index = find_first_bit(b->span->free, b->c->shape.nr_objects);
	unsigned long *objects[] = { b->m->slot[0], b->depot->slot[0],
				     b->span->base + index * b->c->shape.size };
	unsigned long word;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(objects); i++) {
		word = strata_track_load(objects[i]);
		strata_track_store(objects[i], word + 1);
		KUNIT_EXPECT_GT_MSG(test, strata_check(b->a), 0UL, "object %u", i);
		strata_track_store(objects[i], word);
		KUNIT_EXPECT_EQ(test, strata_check(b->a), 0UL);
	}
	unmake(b);
}

static void sees_sums(struct kunit *test)
{
	struct broken *b = make(test);

	expect_off_by_one(test, b, b->a->nr_large.counter);
	expect_off_by_one(test, b, b->a->large_pages.counter);
	expect_off_by_one(test, b, b->a->nr_large_allocs.counter);
	expect_off_by_one(test, b, b->a->nr_large_frees.counter);
	expect_off_by_one(test, b, b->c->nr_nested_allocs.counter);
	expect_off_by_one(test, b, b->c->nr_nested_frees.counter);
	expect_off_by_one(test, b, b->c->nr_twice.counter);
	expect_off_by_one(test, b, b->c->nr_direct.counter);
	expect_seen(test, b, b->large->nr_free, 1);
	expect_seen(test, b, b->large->npages, b->large->npages - 1);
	unmake(b);
}

static void sees_kept_large_objects(struct kunit *test)
{
	struct broken *b = make(test);
	struct strata_large_cache *lc = b->lc;

	expect_seen(test, b, lc->busy, 1);
	expect_seen(test, b, lc->count, 1);
	expect_seen(test, b, lc->count, STRATA_LARGE_SLOTS + 1);
	expect_off_by_one(test, b, lc->pages);
	expect_seen(test, b, lc->slot[0], b->large);
	expect_seen(test, b, lc->slot[0]->nr_free, 0);
	expect_off_by_one(test, b, lc->slot[0]->npages);
	unmake(b);
}

static struct kunit_case check_cases[] = {
	KUNIT_CASE(sees_chunks),
	KUNIT_CASE(sees_nodes),
	KUNIT_CASE(sees_spans),
	KUNIT_CASE(sees_centrals),
	KUNIT_CASE(sees_magazines),
	KUNIT_CASE(sees_depots),
	KUNIT_CASE(sees_marks),
	KUNIT_CASE(sees_sums),
	KUNIT_CASE(sees_kept_large_objects),
	{ }
};

struct kunit_suite strata_check_suite = {
	.name = "strata_check",
	.init = strata_fixture_init,
	.exit = strata_fixture_exit,
	.test_cases = check_cases,
};
