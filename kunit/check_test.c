// SPDX-License-Identifier: GPL-2.0-only
/*
 * The invariant walker: that it is content with a sound allocator, and that it
 * sees each single counter, bit, list and pointer that is not as it should be.
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>

#include "../mod/alloc.h"
#include "../mod/check.h"
#include "../mod/fault.h"
#include "../mod/home.h"
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
	void *object_live;		/* of @span */
	void *object_large, *object_direct, *object_typed;
	char text[SZ_8K];		/* what the walker said */
};

static struct strata_chunk *chunk_of(struct strata_allocator *a, const void *p)
{
	return strata_pagemap_chunk(&a->heap.map, p);
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
	void *kept[2], *run;

	KUNIT_ASSERT_NOT_NULL(test, b);
	b->a = a;
	b->cpu = f->cpu;
	b->c = &a->class[strata_class_of(OBJECT_SIZE)];
	/* So that a span leaves some of its chunk free, where a page is enough for it, too. */
	run = strata_heap_alloc(&a->heap, strata_home(), 2, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, run);
	strata_heap_release(&a->heap, run, 2);
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
	for (i = FREED; i < ALLOCATED && (!b->span || !is_partial(b->span, b->c)); i++) {
		b->object_live = b->live[i];
		b->span = strata_heap_span(&a->heap, b->object_live);
	}
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

/* Does the walker find something, and say this? */
static bool finds(struct kunit *test, struct broken *b, const char *says)
{
	struct seq_file m = { .buf = b->text, .size = sizeof(b->text) - 1 };
	unsigned long found = strata_check_to(b->a, &m);

	b->text[m.count] = 0;
	if (found && strstr(b->text, says))
		return true;
	kunit_info(test, "no \"%s\" in\n%s", says, b->text);
	return false;
}

/* The walker sees it, and is content when it is as before. */
static void damage(struct kunit *test, struct broken *b, void *p, size_t size, u64 wrong,
		   const char *says)
{
	u64 right = peek(p, size);

	poke(p, size, wrong);
	KUNIT_EXPECT_TRUE(test, finds(test, b, says));
	poke(p, size, right);
	KUNIT_EXPECT_EQ_MSG(test, strata_check(b->a), 0UL, "after: %s", says);
}

static void off_by_one(struct kunit *test, struct broken *b, void *p, size_t size,
		       const char *says)
{
	damage(test, b, p, size, peek(p, size) + 1, says);
}

static void flip(struct kunit *test, struct broken *b, unsigned int bit, unsigned long *map,
		 const char *says)
{
	__change_bit(bit, map);
	KUNIT_EXPECT_TRUE(test, finds(test, b, says));
	__change_bit(bit, map);
	KUNIT_EXPECT_EQ_MSG(test, strata_check(b->a), 0UL, "after: %s", says);
}

/* What is damaged, how, and a part of what the walker should say of it. */
#define expect_seen(test, b, damaged, wrong, says)					\
	damage(test, b, &(damaged), sizeof(damaged), (unsigned long)(wrong), says)
#define expect_off_by_one(test, b, counter, says)					\
	off_by_one(test, b, &(counter), sizeof(counter), says)

/* Of a chunk. The node's recount does not fit then either, but the other way round. */
static void miscount(struct kunit *test, struct broken *b, u16 *counter, const char *what)
{
	char says[64];

	snprintf(says, sizeof(says), ", %s: %u noted, %u counted", what, *counter + 1, *counter);
	off_by_one(test, b, counter, sizeof(*counter), says);
}

/* A page that is neither held nor part of a direct block. */
static unsigned int first_gap(const struct broken *b)
{
	const struct strata_chunk *chunk = b->chunk;
	unsigned int page;

	for_each_clear_bit(page, chunk->present, STRATA_CHUNK_PAGES)
		if (chunk->leaf[page / STRATA_LEAF_PAGES] &&
		    !strata_heap_span(&b->a->heap, strata_chunk_address(chunk, page)))
			break;
	return page;
}

static void sees_chunks(struct kunit *test)
{
	struct broken *b = make(test);
	struct strata_chunk *chunk = b->chunk;
	unsigned int gap = first_gap(b);
	unsigned int page = strata_chunk_page(b->span->base), n;
	unsigned int unused = strata_chunk_next_free(chunk, 0, &n);
	struct strata_map_leaf **leaf = &chunk->leaf[page / STRATA_LEAF_PAGES];
	unsigned long *word = &(*leaf)->owner[page % STRATA_LEAF_PAGES];
	struct strata_span **span = &(*leaf)->span[page % STRATA_LEAF_PAGES];
	unsigned long *other = &chunk->leaf[unused / STRATA_LEAF_PAGES]
					->owner[unused % STRATA_LEAF_PAGES];
	u16 nr_present = chunk->nr_present, nr_direct = chunk->nr_direct;

	KUNIT_ASSERT_LT(test, gap, STRATA_CHUNK_PAGES);
	KUNIT_ASSERT_NE(test, n, 0U);
	miscount(test, b, &chunk->nr_present, "pages held");
	miscount(test, b, &chunk->nr_free, "free pages");
	miscount(test, b, &chunk->nr_direct, "pages of direct blocks");
	expect_off_by_one(test, b, chunk->longest, ", longest free run:");
	expect_seen(test, b, chunk->node, !chunk->node, ", node:");
	expect_seen(test, b, chunk->whole, true, "is whole and has");
	expect_seen(test, b, chunk->base, chunk->base + PAGE_SIZE, "is no whole window");
	flip(test, b, gap, chunk->busy, "has free pages that it does not hold");
	flip(test, b, gap, chunk->present, "is in use and belongs to no span");
	flip(test, b, page, chunk->busy, "is free and belongs to a span");
	flip(test, b, page, chunk->present, "is not held by its chunk");
	flip(test, b, unused, chunk->busy, "is in use and belongs to no span");
	flip(test, b, unused, chunk->present, "has free pages that it does not hold");

	expect_off_by_one(test, b, *word, "has owner word");
	expect_seen(test, b, *word, 0, "has owner word");
	expect_seen(test, b, *other, *word, "has owner word");
	expect_seen(test, b, *span, NULL, "is in use and belongs to no span");
	expect_seen(test, b, *span, NULL, "belongs to another");
	/* Of all objects in one large page there are more lines than are written. */
	if (PAGE_SIZE == SZ_4K)
		expect_seen(test, b, *span, NULL, "pages of spans:");
	expect_seen(test, b, *span, b->large, "is outside its span");
	expect_seen(test, b, *leaf, NULL, "is not in the page map");

	chunk->nr_present = 0;
	chunk->nr_direct = 0;
	KUNIT_EXPECT_TRUE(test, finds(test, b, "has no page and still is there"));
	chunk->nr_present = nr_present;
	chunk->nr_direct = nr_direct;
	KUNIT_EXPECT_EQ(test, strata_check(b->a), 0UL);
	unmake(b);
}

static void sees_nodes(struct kunit *test)
{
	struct broken *b = make(test);
	struct strata_heap_node *hn = b->hn;
	struct strata_map_table *table = b->a->heap.map.table;
	const unsigned long place = strata_map_place(&b->a->heap.map, b->span->base);
	struct list_head *home = &hn->by_longest[b->chunk->longest];

	expect_off_by_one(test, b, hn->nr_present, ", pages held:");
	expect_off_by_one(test, b, hn->nr_free, ", free pages:");
	expect_seen(test, b, hn->nr_free_low, hn->nr_free + 1, "least free pages");
	expect_off_by_one(test, b, hn->nr_direct, ", pages of direct blocks:");
	expect_off_by_one(test, b, hn->nr_chunks, ", chunks:");
	expect_off_by_one(test, b, hn->nr_taken, "taken and not returned");
	expect_off_by_one(test, b, hn->nr_returned, "taken and not returned");
	flip(test, b, b->chunk->longest, hn->occupied, "mark and list differ");
	expect_off_by_one(test, b, hn->nr_leaves, ", leaves of the page map:");
	expect_seen(test, b, table->leaf[place], b->a->heap.map.nobody, "is not in the page map");
	expect_seen(test, b, table->chunk[place / STRATA_CHUNK_LEAVES], NULL, "is not in the page map");

	list_move(&b->chunk->list, &hn->by_longest[b->chunk->longest ^ 1]);
	KUNIT_EXPECT_TRUE(test, finds(test, b, "is filed under"));
	list_del_init(&b->chunk->list);
	KUNIT_EXPECT_TRUE(test, finds(test, b, "chunks in the page map:"));
	list_add(&b->chunk->list, home);
	KUNIT_EXPECT_EQ(test, strata_check(b->a), 0UL);
	unmake(b);
}

static void sees_spans(struct kunit *test)
{
	struct broken *b = make(test);
	struct strata_span *span = b->span;
	unsigned int nr = b->c->shape.nr_objects;
	unsigned int live = strata_shape_index(&b->c->shape, b->object_live - span->base);

	expect_off_by_one(test, b, span->nr_free, ", free objects:");
	expect_off_by_one(test, b, span->stays, "objects free stays for");
	expect_off_by_one(test, b, span->npages, "is none of cache");
	expect_seen(test, b, span->node, !span->node, ", node:");
	expect_seen(test, b, span->kind, STRATA_SPAN_LARGE, "is none of cache");
	expect_seen(test, b, span->kind, STRATA_SPAN_DIRECT, "is held by its chunk");
	expect_seen(test, b, span->cache, b->c + 1, "is none of cache");
	flip(test, b, find_first_bit(span->free, nr), span->free, ", free objects:");
	flip(test, b, live, span->free, "not marked so");
	KUNIT_ASSERT_NE(test, nr % BITS_PER_LONG, 0U);
	flip(test, b, nr, span->free, "has free objects behind its last");
	unmake(b);
}

static void sees_centrals(struct kunit *test)
{
	struct broken *b = make(test);
	struct strata_central *central = b->central;
	const unsigned int bucket = strata_central_bucket(b->span->nr_free);
	struct list_head *home = &central->partial[bucket];
	struct list_head *wrong[] = { &central->full, &central->empty,
				      &central->partial[!bucket] };
	unsigned int i;

	expect_off_by_one(test, b, central->nr_spans, ", spans:");
	expect_off_by_one(test, b, central->nr_free, ", free objects:");
	expect_off_by_one(test, b, central->nr_taken, "taken and not put back");
	expect_off_by_one(test, b, central->nr_put, "taken and not put back");
	for (i = 0; i < STRATA_BUCKETS; i++)
		expect_seen(test, b, central->occupied, central->occupied ^ BIT(i),
			    "mark and list differ");
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		list_move(&b->span->list, wrong[i]);
		KUNIT_EXPECT_TRUE(test, finds(test, b, "objects free is in list"));
	}
	list_del_init(&b->span->list);
	KUNIT_EXPECT_TRUE(test, finds(test, b, ", spans:"));
	list_add(&b->span->list, home);
	KUNIT_EXPECT_EQ(test, strata_check(b->a), 0UL);
	unmake(b);
}

static void sees_magazines(struct kunit *test)
{
	struct broken *b = make(test);
	struct strata_magazine *m = b->m;

	expect_seen(test, b, m->claim, m->claim + 1, "magazine claimed");
	expect_seen(test, b, m->nested_busy, 1, "magazine claimed");
	expect_seen(test, b, m->count, m->capacity + 1, "may hold");
	expect_seen(test, b, m->count, m->capacity + 1, "objects in magazines and depots:");
	expect_seen(test, b, m->nr_nested, STRATA_NESTED_SLOTS + 1, "may hold");
	expect_off_by_one(test, b, m->capacity, "bytes that the magazines of CPU");
	expect_seen(test, b, m->capacity, b->c->magazine_max + 1, "may hold");
	expect_off_by_one(test, b, m->refilled, ", live objects:");
	expect_off_by_one(test, b, m->flushed, ", live objects:");
	expect_seen(test, b, m->refilled, 1 << 20, "frees");
	expect_seen(test, b, *per_cpu_ptr(b->a->cached, b->cpu), 0,
		    "bytes that the magazines of CPU");

	expect_seen(test, b, m->slot[m->capacity], b, "where none may be, tells of");
	expect_seen(test, b, m->slot[0], b, "is no object of it");
	expect_seen(test, b, m->slot[0], m->slot[0] + 8, "is no object of it");
	expect_seen(test, b, m->slot[0], b->object_large, "is no object of it");
	expect_seen(test, b, m->slot[0], b->live[FREED], "not marked free");
	expect_seen(test, b, m->slot[0], m->slot[1], "in magazines and depots twice");
	expect_seen(test, b, m->slot[0], b->depot->slot[0], "in magazines and depots twice");
	unmake(b);
}

static void sees_depots(struct kunit *test)
{
	struct broken *b = make(test);
	struct strata_depot *depot = b->depot;
	unsigned int index = find_first_bit(b->span->free, b->c->shape.nr_objects);

	expect_seen(test, b, depot->count, depot->count - 1, "objects in the depot:");
	expect_seen(test, b, depot->count, depot->capacity + 1, "depot of at most");
	expect_off_by_one(test, b, b->a->deposited[b->span->node].counter,
			  "bytes that the depots of node");
	expect_seen(test, b, depot->low, depot->count + 1, "depot of at most");
	expect_off_by_one(test, b, depot->nr_in, "objects in the depot:");
	expect_off_by_one(test, b, depot->nr_out, "objects in the depot:");
	expect_seen(test, b, depot->slot[0], NULL, "is no object of it");
	expect_seen(test, b, depot->slot[0], depot->slot[1], "in magazines and depots twice");
	expect_seen(test, b, depot->slot[0], b->span->base + index * b->c->shape.size,
		    "is in its span and in a magazine or depot");
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
		KUNIT_EXPECT_TRUE(test, finds(test, b, "written to after its free?"));
		strata_track_store(objects[i], word);
		KUNIT_EXPECT_EQ(test, strata_check(b->a), 0UL);
	}
	unmake(b);
}

static void sees_sums(struct kunit *test)
{
	struct broken *b = make(test);

	expect_off_by_one(test, b, b->lc->allocs, "allocated and not freed:");
	expect_off_by_one(test, b, b->lc->frees, "allocated and not freed:");
	expect_off_by_one(test, b, b->lc->live_pages, "pages of large objects:");
	expect_off_by_one(test, b, b->c->nr_nested_allocs.counter, ", live objects:");
	expect_off_by_one(test, b, b->c->nr_nested_frees.counter, ", live objects:");
	expect_off_by_one(test, b, b->c->nr_twice.counter, ", live objects:");
	expect_off_by_one(test, b, b->c->nr_direct.counter, "with pages of their own:");
	expect_seen(test, b, b->large->nr_free, 1, "large objects:");
	expect_seen(test, b, b->large->npages, b->large->npages - 1, "is outside its span");
	unmake(b);
}

static void sees_kept_large_objects(struct kunit *test)
{
	struct broken *b = make(test);
	struct strata_large_cache *lc = b->lc;

	expect_seen(test, b, lc->busy, 1, "large objects claimed");
	expect_seen(test, b, lc->count, 1, "large objects kept: 1 noted, 2 counted");
	expect_seen(test, b, lc->count, STRATA_LARGE_SLOTS + 1, "keeps 9 large objects");
	expect_off_by_one(test, b, lc->pages, "pages of large objects kept:");
	expect_seen(test, b, lc->slot[0], b->large, "no free large object");
	expect_seen(test, b, lc->slot[0]->nr_free, 0, "no free large object");
	expect_off_by_one(test, b, lc->slot[0]->npages, "pages of large objects kept:");
	unmake(b);
}

/* In the log there are the first few, and all are counted. */
static void counts_all(struct kunit *test)
{
	struct broken *b = make(test);
	const unsigned int lists = STRATA_CHUNK_PAGES + 1;

	bitmap_complement(b->hn->occupied, b->hn->occupied, lists);
	KUNIT_EXPECT_EQ(test, strata_check(b->a), (unsigned long)lists);
	bitmap_complement(b->hn->occupied, b->hn->occupied, lists);
	KUNIT_EXPECT_EQ(test, strata_check(b->a), 0UL);
	unmake(b);
}

/* What it cannot look at it does not find in order. */
static void says_where_memory_is_missing(struct kunit *test)
{
	struct broken *b = make(test);

	strata_fault_arm(1);
	KUNIT_EXPECT_TRUE(test, finds(test, b, "no memory to check cache"));
	KUNIT_EXPECT_EQ(test, strata_fault_disarm(), 0U);
	KUNIT_EXPECT_EQ(test, strata_check(b->a), 0UL);
	unmake(b);
}

/* Spans that wait for a grace period are nobody's for so long. */
static void waits_for_spans(struct kunit *test)
{
	const struct strata_cache_args args = { .size = 1000, .flags = STRATA_TYPESAFE_BY_RCU };
	struct strata_fixture *f = test->priv;
	struct strata_cache *c = strata_fixture_cache(test, &args);
	void **p = kunit_kcalloc(test, 100, sizeof(*p), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, p);
	for (i = 0; i < 100; i++) {
		p[i] = strata_cache_alloc_from(c, GFP_KERNEL, STRATA_HERE);
		KUNIT_ASSERT_NOT_NULL(test, p[i]);
	}
	strata_cache_free_bulk(c, 100, p);
	strata_cache_shrink(c);
	KUNIT_EXPECT_EQ(test, strata_check(f->a), 0UL);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&f->a->nr_spans_in_rcu), 0L);
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
	KUNIT_CASE(counts_all),
	KUNIT_CASE(says_where_memory_is_missing),
	KUNIT_CASE(waits_for_spans),
	{ }
};

struct kunit_suite strata_check_suite = {
	.name = "strata_check",
	.init = strata_fixture_init,
	.exit = strata_fixture_exit,
	.test_cases = check_cases,
};
