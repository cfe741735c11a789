// SPDX-License-Identifier: GPL-2.0-only
/*
 * Caches in task context: how magazines are refilled and emptied, what they
 * may hold, bulk, nodes, and what happens when there is no memory.
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "../mod/alloc.h"
#include "../mod/home.h"
#include "fixture.h"
#include "suites.h"

#define SIZE	64
#define MANY	1000

static struct strata_cache *cache_for(struct kunit *test, size_t size)
{
	struct strata_fixture *f = test->priv;

	return &f->a->class[strata_class_of(size)];
}

static struct strata_magazine *magazine(struct kunit *test, struct strata_cache *c)
{
	struct strata_fixture *f = test->priv;

	return per_cpu_ptr(c->magazine, f->cpu);
}

static void *get(struct kunit *test, size_t size, gfp_t gfp)
{
	struct strata_fixture *f = test->priv;

	return strata_alloc_from(f->a, size, gfp, NUMA_NO_NODE, STRATA_HERE);
}

static void put(struct kunit *test, const void *p)
{
	struct strata_fixture *f = test->priv;

	strata_free_to(f->a, p, STRATA_HERE);
}

static void get_many(struct kunit *test, size_t size, void **p, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		p[i] = get(test, size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, p[i]);
		memset(p[i], i, size);
	}
}

static void put_many(struct kunit *test, void **p, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		put(test, p[i]);
}

static void **room(struct kunit *test, unsigned int n)
{
	void **p = kunit_kcalloc(test, n, sizeof(*p), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	return p;
}

/* Objects out of the spans are with callers, magazines or depots. */
static void expect_conserved(struct kunit *test, struct strata_cache *c, unsigned int live)
{
	unsigned long out = live, freed = 0;
	int cpu, node;

	for_each_possible_cpu(cpu) {
		const struct strata_magazine *m = per_cpu_ptr(c->magazine, cpu);

		out += m->count + m->nr_nested;
		freed += strata_magazine_frees(m);
		KUNIT_EXPECT_LE(test, m->count, m->capacity);
		KUNIT_EXPECT_LE(test, m->capacity, c->magazine_max);
		KUNIT_EXPECT_FALSE(test, strata_magazine_is_claimed(m));
	}
	for (node = 0; node < nr_node_ids; node++)
		out += c->depot[node].count;
	KUNIT_EXPECT_EQ(test, strata_cache_live(c), out);
}

static void counts_everything(struct kunit *test)
{
	struct strata_cache *c = cache_for(test, SIZE);
	struct strata_magazine *m = magazine(test, c);
	void **p = room(test, MANY);

	get_many(test, SIZE, p, MANY);
	KUNIT_EXPECT_EQ(test, strata_magazine_allocs(m), (u64)MANY);
	KUNIT_EXPECT_EQ(test, strata_magazine_frees(m), 0ULL);
	expect_conserved(test, c, MANY);
	put_many(test, p, 300);
	KUNIT_EXPECT_EQ(test, strata_magazine_frees(m), 300ULL);
	expect_conserved(test, c, MANY - 300);
	put_many(test, p + 300, MANY - 300);
	KUNIT_EXPECT_EQ(test, strata_magazine_frees(m), (u64)MANY);
	KUNIT_EXPECT_GT(test, m->refills, 0ULL);
	KUNIT_EXPECT_GT(test, m->flushes, 0ULL);
	expect_conserved(test, c, 0);
	strata_fixture_drain(((struct strata_fixture *)test->priv)->a);
	KUNIT_EXPECT_EQ(test, strata_cache_live(c), 0UL);
	KUNIT_EXPECT_EQ(test, strata_cache_pages(c), 0UL);
}

/* No two live objects overlap, and each keeps what is written to it. */
static void objects_are_apart(struct kunit *test)
{
	static const size_t sizes[] = { 1, 8, 24, 100, 1000, 3000, 5000, 32768 };
	void **p = room(test, 100);
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		get_many(test, sizes[i], p, 100);
		for (j = 0; j < 100; j++)
			KUNIT_ASSERT_PTR_EQ_MSG(test, memchr_inv(p[j], j, sizes[i]), NULL,
						"size %zu", sizes[i]);
		put_many(test, p, 100);
	}
}

static void last_freed_is_next(struct kunit *test)
{
	void *p = get(test, SIZE, GFP_KERNEL), *again;

	put(test, p);
	again = get(test, SIZE, GFP_KERNEL);
	KUNIT_EXPECT_PTR_EQ(test, again, p);
	put(test, again);
}

/* A magazine that misses grows up to its maximum, one that does not does not. */
static void capacity_follows_misses(struct kunit *test)
{
	struct strata_cache *c = cache_for(test, SIZE);
	struct strata_magazine *m = magazine(test, c);
	void **p = room(test, MANY);
	unsigned int before, i;

	put(test, get(test, SIZE, GFP_KERNEL));
	before = m->capacity;
	KUNIT_EXPECT_GT(test, before, 0U);
	KUNIT_EXPECT_LT(test, before, (unsigned int)c->magazine_max);
	for (i = 0; i < MANY; i++)
		put(test, get(test, SIZE, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, (unsigned int)m->capacity, before);
	get_many(test, SIZE, p, MANY);
	put_many(test, p, MANY);
	KUNIT_EXPECT_EQ(test, m->capacity, c->magazine_max);
}

static long capacities(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	unsigned int class;
	long bytes = 0;

	for (class = 0; class < STRATA_NR_CLASSES; class++) {
		struct strata_cache *c = &f->a->class[class];

		bytes += (long)magazine(test, c)->capacity * c->shape.size;
	}
	return bytes;
}

/* All magazines of a CPU share a budget, and go on working when it is used up. */
static void budget(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	void **p = room(test, 300);
	unsigned int class;
	long most = 0;

	for (class = STRATA_NR_CLASSES; class--;) {
		size_t size = strata_class_info[class].size;
		unsigned int n = clamp_t(size_t, SZ_64K / size, 8, 300);

		get_many(test, size, p, n);
		put_many(test, p, n);
		expect_conserved(test, &f->a->class[class], 0);
		most += (long)f->a->class[class].magazine_max * size;
		KUNIT_EXPECT_EQ(test, *per_cpu_ptr(f->a->cached, f->cpu), capacities(test));
		KUNIT_EXPECT_LE(test, capacities(test), (long)SZ_1M);
	}
	/* There was more wanted than allowed. */
	KUNIT_EXPECT_LT(test, capacities(test), most);
	KUNIT_EXPECT_GT(test, capacities(test), (long)SZ_1M * 3 / 4);
	strata_fixture_drain(f->a);
	KUNIT_EXPECT_EQ(test, *per_cpu_ptr(f->a->cached, f->cpu), 0L);
	KUNIT_EXPECT_EQ(test, capacities(test), 0L);
}

/* A magazine that misses takes room from those that idle, within the budget. */
static void takes_room_from_the_idle(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	struct strata_cache *c = cache_for(test, 2048);
	struct strata_magazine *m = magazine(test, c);
	void **p = room(test, 300);
	unsigned int class, i;
	long others;

	for (class = STRATA_NR_CLASSES; class--;) {
		size_t size = strata_class_info[class].size;
		unsigned int n = clamp_t(size_t, SZ_64K / size, 8, 300);

		if (&f->a->class[class] == c)
			continue;
		get_many(test, size, p, n);
		put_many(test, p, n);
	}
	KUNIT_ASSERT_GT(test, capacities(test), (long)SZ_1M * 7 / 8);
	KUNIT_ASSERT_EQ(test, m->capacity, 0UL);
	others = capacities(test);
	for (i = 0; i < 2 * STRATA_NR_CLASSES && m->capacity < c->magazine_max; i++) {
		get_many(test, 2048, p, 100);
		put_many(test, p, 100);
		KUNIT_ASSERT_LE(test, capacities(test), (long)SZ_1M);
	}
	KUNIT_EXPECT_EQ(test, m->capacity, (unsigned long)c->magazine_max);
	KUNIT_EXPECT_LT(test, capacities(test) - (long)m->capacity * 2048, others);
	KUNIT_EXPECT_EQ(test, *per_cpu_ptr(f->a->cached, f->cpu), capacities(test));
	for (class = 0; class < STRATA_NR_CLASSES; class++)
		expect_conserved(test, &f->a->class[class], 0);
	strata_expect_sound(test, f->a);
}

/* All depots of a node share a budget, too. */
static void depot_budget(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	void **p = room(test, 700);
	unsigned int class;
	int node;

	for (class = STRATA_NR_CLASSES; class--;) {
		size_t size = strata_class_info[class].size;
		unsigned int n = clamp_t(size_t, SZ_256K / size, 16, 700);

		get_many(test, size, p, n);
		put_many(test, p, n);
		expect_conserved(test, &f->a->class[class], 0);
	}
	for (node = 0; node < nr_node_ids; node++) {
		long most = 0, bytes = 0;

		for (class = 0; class < STRATA_NR_CLASSES; class++) {
			const struct strata_cache *c = &f->a->class[class];

			bytes += (long)c->depot[node].count * c->shape.size;
			most += (long)c->depot_max * c->shape.size;
		}
		KUNIT_EXPECT_EQ(test, atomic_long_read(&f->a->deposited[node]), bytes);
		KUNIT_EXPECT_LE(test, bytes, (long)SZ_2M);
		KUNIT_EXPECT_GT(test, most, (long)SZ_2M);
		if (node == strata_home())
			KUNIT_EXPECT_GT(test, bytes, (long)SZ_2M * 3 / 4);
	}
	strata_fixture_drain(f->a);
	for (node = 0; node < nr_node_ids; node++)
		KUNIT_EXPECT_EQ(test, atomic_long_read(&f->a->deposited[node]), 0L);
}

/* What one flushed, the next one that is empty finds in the depot. */
static void depot_between(struct kunit *test)
{
	struct strata_cache *c = cache_for(test, SIZE);
	struct strata_magazine *m = magazine(test, c);
	void **p = room(test, MANY);
	u64 taken;

	get_many(test, SIZE, p, MANY);
	put_many(test, p, MANY);
	KUNIT_EXPECT_GT(test, c->depot[strata_home()].count, 0U);
	KUNIT_EXPECT_EQ(test, m->from_depot, 0ULL);
	taken = c->central[strata_home()].nr_taken;
	get_many(test, SIZE, p, m->count + 1);
	KUNIT_EXPECT_EQ(test, m->from_depot, 1ULL);
	KUNIT_EXPECT_EQ(test, c->central[strata_home()].nr_taken, taken);
	put_many(test, p, strata_magazine_allocs(m) - strata_magazine_frees(m));
	expect_conserved(test, c, 0);
}

/* Objects of a fresh span are not handed out in the order of their addresses. */
static void shuffles(struct kunit *test)
{
	void **p = room(test, MANY);
	unsigned int i, down = 0, up = 0;

	get_many(test, SIZE, p, MANY);
	for (i = 1; i < MANY; i++) {
		up += p[i] == p[i - 1] + SIZE;
		down += p[i] == p[i - 1] - SIZE;
	}
	if (IS_ENABLED(CONFIG_SLAB_FREELIST_RANDOM))
		KUNIT_EXPECT_LT(test, up + down, MANY / 4U);
	put_many(test, p, MANY);
}

#define FEW	16

/* Where in their span the first objects of a new cache are. */
static void note_order(struct kunit *test, size_t *at)
{
	const struct strata_cache_args args = { .size = SIZE };
	struct strata_cache *c = strata_fixture_cache(test, &args);
	struct strata_fixture *f = test->priv;
	void *p[FEW];
	unsigned int i;

	for (i = 0; i < FEW; i++) {
		p[i] = strata_cache_alloc_from(c, GFP_KERNEL, STRATA_HERE);
		KUNIT_ASSERT_NOT_NULL(test, p[i]);
		at[i] = p[i] - strata_heap_span(&f->a->heap, p[i])->base;
	}
	for (i = 0; i < FEW; i++)
		strata_cache_free(c, p[i]);
}

/* Nor in an order that is the same for each cache. */
static void shuffles_anew(struct kunit *test)
{
	size_t one[FEW], other[FEW];

	note_order(test, one);
	note_order(test, other);
	if (IS_ENABLED(CONFIG_SLAB_FREELIST_RANDOM))
		KUNIT_EXPECT_NE(test, memcmp(one, other, sizeof(one)), 0);
}

static void nodes(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	static const size_t sizes[] = { SIZE, 4096, 100000 };
	unsigned int i;
	void *p[2];
	int node;

	for_each_node_state(node, N_MEMORY) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			p[0] = strata_alloc_from(f->a, sizes[i], GFP_KERNEL, node, STRATA_HERE);
			p[1] = strata_alloc_from(f->a, sizes[i], GFP_KERNEL | __GFP_THISNODE, node,
						 STRATA_HERE);
			KUNIT_ASSERT_NOT_NULL(test, p[0]);
			KUNIT_ASSERT_NOT_NULL(test, p[1]);
			KUNIT_EXPECT_EQ(test, page_to_nid(virt_to_page(p[0])), node);
			KUNIT_EXPECT_EQ(test, page_to_nid(virt_to_page(p[1])), node);
			put_many(test, p, 2);
		}
	}
}

/* Freed on whatever CPU, an object goes to the spans of its own node. */
static void home_to_its_node(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	struct strata_cache *c = cache_for(test, SIZE);
	int mine = strata_home(), other = next_node_in(mine, node_states[N_MEMORY]);
	void **p = room(test, MANY), **own = room(test, MANY);
	unsigned int i;
	u64 came;

	if (other == mine)
		kunit_skip(test, "one node only");
	/* The depot of this node is open, and has room. */
	get_many(test, SIZE, own, MANY);
	put_many(test, own, MANY);
	get_many(test, SIZE, own, MANY);
	came = c->central[mine].nr_put;
	KUNIT_ASSERT_GE(test, c->depot[mine].capacity, (unsigned int)c->magazine_max);
	KUNIT_ASSERT_EQ(test, c->depot[mine].count, 0U);
	for (i = 0; i < MANY; i++) {
		p[i] = strata_alloc_from(f->a, SIZE, GFP_KERNEL, other, STRATA_HERE);
		KUNIT_ASSERT_NOT_NULL(test, p[i]);
	}
	put_many(test, p, MANY);
	/* What was left of this node in the magazine may go to its depot. */
	for (i = 0; i < c->depot[mine].count; i++)
		KUNIT_EXPECT_EQ(test, page_to_nid(virt_to_page(c->depot[mine].slot[i])), mine);
	KUNIT_EXPECT_EQ(test, c->depot[other].count, 0U);
	KUNIT_EXPECT_GE(test, c->central[other].nr_put, (u64)MANY - c->magazine_max);
	KUNIT_EXPECT_EQ(test, c->central[mine].nr_put, came);
	expect_conserved(test, c, MANY);
	put_many(test, own, MANY);
	expect_conserved(test, c, 0);
}

static void no_memory(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	struct strata_cache *c = cache_for(test, SIZE);
	void **p = room(test, MANY);
	unsigned int n;

	strata_fake_fail(&f->fake, 1, ULONG_MAX);
	KUNIT_EXPECT_NULL(test, get(test, SIZE, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, get(test, 100000, GFP_KERNEL));
	KUNIT_EXPECT_FALSE(test, strata_cache_alloc_many(c, SIZE, GFP_KERNEL, 10, p, STRATA_HERE));
	strata_fake_fail(&f->fake, 4, ULONG_MAX);
	for (n = 0; n < MANY; n++) {
		p[n] = get(test, SIZE, GFP_KERNEL);
		if (!p[n])
			break;
	}
	KUNIT_EXPECT_GT(test, n, 0U);
	expect_conserved(test, c, n);
	put_many(test, p, n);
	/* What is held serves on. */
	for (n = 0; n < 50; n++)
		put(test, get(test, SIZE, GFP_NOWAIT | __GFP_NOWARN));
	expect_conserved(test, c, 0);
}

/* All or nothing, whichever call for pages fails. */
static void bulk_fails_whole(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	struct strata_cache *c = cache_for(test, SIZE);
	void **p = room(test, MANY);
	unsigned int n;

	for (n = 1; n < 100; n++) {
		strata_fake_fail(&f->fake, n, ULONG_MAX);
		if (strata_cache_alloc_many(c, SIZE, GFP_KERNEL, MANY, p, STRATA_HERE))
			break;
		strata_fixture_drain(f->a);
		KUNIT_ASSERT_EQ(test, strata_cache_live(c), 0UL);
		KUNIT_ASSERT_EQ(test, f->fake.nr_out, 0UL);
	}
	KUNIT_EXPECT_GT(test, n, 1U);
	KUNIT_EXPECT_LT(test, n, 100U);
	expect_conserved(test, c, MANY);
	strata_free_many(f->a, NULL, MANY, p, STRATA_HERE);
	expect_conserved(test, c, 0);
}

/*
 * Where the kernel can make kmalloc() fail: no descriptor, no pages either. For what
 * would be in a span there is another way, if it fails but once.
 */
static void metadata_fails(struct kunit *test)
{
#if IS_ENABLED(CONFIG_FAULT_INJECTION) && IS_ENABLED(CONFIG_FAILSLAB)
	static const size_t sizes[] = { SIZE, 32768, 40000, SZ_2M + 1 };
	struct strata_fixture *f = test->priv;
	unsigned int i, n;
	bool failed;
	void *p;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (n = 1; n < 100; n++) {
			/* Injection leaves those alone that may reclaim. */
			current->fail_nth = n;
			p = get(test, sizes[i], GFP_NOWAIT | __GFP_NOWARN);
			failed = !current->fail_nth;
			current->fail_nth = 0;
			if (sizes[i] <= STRATA_CLASS_MAX_SIZE || !failed)
				KUNIT_EXPECT_NOT_NULL(test, p);
			put(test, p);
			strata_fixture_drain(f->a);
			KUNIT_ASSERT_EQ_MSG(test, f->fake.nr_out, 0UL, "size %zu, allocation %u",
					    sizes[i], n);
			if (!failed)
				break;
		}
		KUNIT_EXPECT_GT(test, n, 1U);
		KUNIT_EXPECT_LT(test, n, 100U);
	}
#else
	kunit_skip(test, "this kernel has no FAILSLAB");
#endif
}

static void bulk(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	struct strata_cache *c = cache_for(test, SIZE);
	void **p = room(test, MANY);
	unsigned int n, i;

	for (n = 0; n <= MANY; n = n * 3 / 2 + 1) {
		KUNIT_ASSERT_TRUE(test, strata_cache_alloc_many(c, SIZE, GFP_KERNEL, n, p,
								STRATA_HERE));
		for (i = 0; i < n; i++)
			memset(p[i], i, SIZE);
		for (i = 0; i < n; i++)
			KUNIT_ASSERT_NULL(test, memchr_inv(p[i], i, SIZE));
		expect_conserved(test, c, n);
		strata_free_many(f->a, NULL, n, p, STRATA_HERE);
		expect_conserved(test, c, 0);
	}
	KUNIT_EXPECT_EQ(test, strata_magazine_frees(magazine(test, c)),
			strata_magazine_allocs(magazine(test, c)));
}

/* Sizes, large objects and NULL in one call. */
static void mixed_bulk(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	void **p = room(test, 200);
	unsigned int i;

	for (i = 0; i < 200; i++) {
		p[i] = i % 10 ? get(test, i % 3 ? SIZE : i * 300, GFP_KERNEL) : NULL;
		if (i % 10)
			KUNIT_ASSERT_NOT_NULL(test, p[i]);
	}
	strata_free_many(f->a, NULL, 200, p, STRATA_HERE);
	strata_fixture_drain(f->a);
	KUNIT_EXPECT_EQ(test, f->fake.nr_out, 0UL);
}

static struct kunit_case cache_cases[] = {
	KUNIT_CASE(counts_everything),
	KUNIT_CASE(objects_are_apart),
	KUNIT_CASE(last_freed_is_next),
	KUNIT_CASE(capacity_follows_misses),
	KUNIT_CASE(budget),
	KUNIT_CASE(takes_room_from_the_idle),
	KUNIT_CASE(depot_budget),
	KUNIT_CASE(depot_between),
	KUNIT_CASE(shuffles),
	KUNIT_CASE(shuffles_anew),
	KUNIT_CASE(nodes),
	KUNIT_CASE(home_to_its_node),
	KUNIT_CASE(no_memory),
	KUNIT_CASE(bulk_fails_whole),
	KUNIT_CASE(metadata_fails),
	KUNIT_CASE(bulk),
	KUNIT_CASE(mixed_bulk),
	{}
};

struct kunit_suite strata_cache_suite = {
	.name = "strata_cache",
	.init = strata_fixture_init,
	.exit = strata_fixture_exit,
	.test_cases = cache_cases,
};
