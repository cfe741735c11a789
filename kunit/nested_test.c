// SPDX-License-Identifier: GPL-2.0-only
/*
 * Contexts: allocation and free where a handler runs that may have interrupted
 * anything, the use of this very magazine included. In raw ones the page
 * allocator is never reached, and what cannot be done at once is put off.
 *
 * Nothing is checked inside a handler; it notes what it got, and the test looks
 * at that later.
 */
#include <kunit/test.h>
#include <linux/mm.h>

#include "../mod/alloc.h"
#include "../mod/large.h"
#include "../mod/misuse.h"
#include "../mod/track.h"
#include "contexts.h"
#include "fixture.h"
#include "suites.h"

#define SIZE	64
#define SEVERAL	20
#define RAW	(GFP_NOWAIT | __GFP_NOWARN)

/* What a handler does, and what came of it. */
struct deed {
	struct strata_allocator *a;
	size_t size;
	gfp_t gfp;
	unsigned int n;
	void *p[SEVERAL];
};

static void take(void *arg)
{
	struct deed *deed = arg;
	unsigned int i;

	for (i = 0; i < deed->n; i++)
		deed->p[i] = strata_alloc_from(deed->a, deed->size, deed->gfp, NUMA_NO_NODE,
					       STRATA_HERE);
}

static void give(void *arg)
{
	struct deed *deed = arg;
	unsigned int i;

	for (i = 0; i < deed->n; i++)
		strata_free_to(deed->a, deed->p[i], STRATA_HERE);
}

static struct strata_cache *cache_of(struct kunit *test)
{
	struct strata_fixture *f = test->priv;

	return &f->a->class[strata_class_of(SIZE)];
}

static struct strata_magazine *magazine(struct kunit *test)
{
	struct strata_fixture *f = test->priv;

	return per_cpu_ptr(cache_of(test)->magazine, f->cpu);
}

static struct deed deed_of(struct kunit *test, size_t size, gfp_t gfp, unsigned int n)
{
	struct strata_fixture *f = test->priv;

	return (struct deed) { .a = f->a, .size = size, .gfp = gfp, .n = n };
}

/* With the magazine held, if @hold. */
static void run(struct kunit *test, enum strata_where where, bool hold,
		void (*fn)(void *arg), struct deed *deed)
{
	bool held = true, ran;

	if (hold)
		held = strata_hold(cache_of(test));
	ran = strata_run_in(where, fn, deed);
	if (hold)
		strata_let_go(cache_of(test));
	KUNIT_ASSERT_TRUE(test, held);
	KUNIT_ASSERT_TRUE_MSG(test, ran, "%s", strata_where_name[where]);
}

static unsigned int got(const struct deed *deed)
{
	unsigned int i, n = 0;

	for (i = 0; i < deed->n; i++)
		n += !!deed->p[i];
	return n;
}

/* Have free objects at hand: in the magazine, aside, and in the central lists. */
static void stock(struct kunit *test)
{
	struct deed deed = deed_of(test, SIZE, GFP_KERNEL, SEVERAL);

	take(&deed);
	KUNIT_ASSERT_EQ(test, got(&deed), (unsigned int)SEVERAL);
	give(&deed);
}

static void expect_all_home(struct kunit *test)
{
	struct strata_fixture *f = test->priv;

	strata_fixture_drain(f->a);
	KUNIT_EXPECT_EQ(test, strata_cache_live(cache_of(test)), 0UL);
	KUNIT_EXPECT_EQ(test, f->fake.nr_out, 0UL);
}

static void every_context(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	enum strata_where where;
	unsigned long calls;
	unsigned int expect;
	int hold;

	for (where = 0; where < STRATA_NR_WHERE; where++) {
		for (hold = 0; hold <= strata_where_interrupts(where); hold++) {
			struct deed deed = deed_of(test, SIZE, RAW, 5);

			stock(test);
			calls = f->fake.nr_calls;
			run(test, where, hold, take, &deed);
			/* In a held magazine an NMI has only what was set aside. */
			expect = where == STRATA_IN_NMI && hold ? STRATA_NESTED_SLOTS : 5;
			/* Where that is not enough, the background gets more at once. */
			if (expect == 5)
				KUNIT_EXPECT_EQ_MSG(test, f->fake.nr_calls, calls, "%s",
						    strata_where_name[where]);
			KUNIT_EXPECT_EQ_MSG(test, got(&deed), expect,
					    "%s, held: %d", strata_where_name[where], hold);
			run(test, where, hold, give, &deed);
			expect_all_home(test);
		}
	}
}

/* GFP_ATOMIC may ask for pages in an interrupt, as kmalloc() may. */
static void atomic_grows(struct kunit *test)
{
	static const enum strata_where wheres[] = {
		STRATA_IN_TASK, STRATA_IN_SOFTIRQ, STRATA_IN_HARDIRQ
	};
	unsigned int i;
	int hold;

	for (i = 0; i < ARRAY_SIZE(wheres); i++) {
		for (hold = 0; hold <= strata_where_interrupts(wheres[i]); hold++) {
			struct deed deed = deed_of(test, SIZE, GFP_ATOMIC, SEVERAL);

			run(test, wheres[i], hold, take, &deed);
			KUNIT_EXPECT_EQ_MSG(test, got(&deed), (unsigned int)SEVERAL, "%s",
					    strata_where_name[wheres[i]]);
			run(test, wheres[i], hold, give, &deed);
			expect_all_home(test);
		}
	}
}

/* A cache that a raw context found empty is grown for the next time. */
static void starved_is_fed(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	enum strata_where where;

	for (where = STRATA_IN_RAW_IRQ; where < STRATA_NR_WHERE; where++) {
		struct deed deed = deed_of(test, SIZE, RAW, 1);

		run(test, where, false, take, &deed);
		KUNIT_EXPECT_EQ_MSG(test, got(&deed), 0U, "%s", strata_where_name[where]);
		strata_background_settle(f->a);
		KUNIT_EXPECT_GT_MSG(test, strata_cache_pages(cache_of(test)), 0UL, "%s",
				    strata_where_name[where]);
		/* An NMI takes from the magazine only; the others reach the spans. */
		if (where == STRATA_IN_NMI)
			stock(test);
		run(test, where, false, take, &deed);
		KUNIT_EXPECT_EQ_MSG(test, got(&deed), 1U, "%s", strata_where_name[where]);
		run(test, where, false, give, &deed);
		expect_all_home(test);
	}
}

/* What was set aside is claimed, too: then an NMI goes without. */
static void nothing_aside(struct kunit *test)
{
	struct deed deed = deed_of(test, SIZE, RAW, 1);
	struct strata_magazine *m = magazine(test);

	stock(test);
	KUNIT_ASSERT_EQ(test, m->nr_nested, (u8)STRATA_NESTED_SLOTS);
	m->nested_busy = 1;
	run(test, STRATA_IN_NMI, true, take, &deed);
	m->nested_busy = 0;
	KUNIT_EXPECT_EQ(test, got(&deed), 0U);
	KUNIT_EXPECT_EQ(test, m->nr_nested, (u8)STRATA_NESTED_SLOTS);
	run(test, STRATA_IN_NMI, true, take, &deed);
	KUNIT_EXPECT_EQ(test, got(&deed), 1U);
	KUNIT_EXPECT_EQ(test, m->nr_nested, (u8)STRATA_NESTED_SLOTS - 1);
	KUNIT_EXPECT_EQ(test, m->nested_allocs, 1ULL);
	give(&deed);
}

static u64 frees(struct kunit *test)
{
	return strata_magazine_frees(magazine(test)) +
	       atomic64_read(&cache_of(test)->nr_nested_frees);
}

/* Frees that an NMI cannot do arrive later, however many they are. */
static void deferred_frees_arrive(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	struct strata_magazine *m = magazine(test);
	const unsigned int n = 2 * cache_of(test)->magazine_max;
	void **p = kunit_kcalloc(test, n, sizeof(*p), GFP_KERNEL);
	unsigned int i;
	u64 before;
	int hold;

	KUNIT_ASSERT_NOT_NULL(test, p);
	for (hold = 0; hold < 2; hold++) {
		struct deed deed = deed_of(test, SIZE, GFP_KERNEL, SEVERAL);

		take(&deed);
		KUNIT_ASSERT_EQ(test, got(&deed), (unsigned int)SEVERAL);
		for (i = 0; i < n; i++)
			p[i] = strata_alloc_from(f->a, SIZE, GFP_KERNEL, NUMA_NO_NODE, STRATA_HERE);
		/* A magazine without room. */
		while (i && m->count < m->capacity)
			strata_free_to(f->a, p[--i], STRATA_HERE);
		KUNIT_ASSERT_GT(test, i, 0U);
		before = frees(test);
		run(test, STRATA_IN_NMI, hold, give, &deed);
		strata_background_settle(f->a);
		KUNIT_EXPECT_TRUE(test, llist_empty(&f->a->deferred));
		KUNIT_EXPECT_EQ(test, frees(test) - before, (u64)SEVERAL);
		while (i)
			strata_free_to(f->a, p[--i], STRATA_HERE);
		expect_all_home(test);
	}
}

/*
 * Of two frees that wait, the first is done, and the second is seen when it is its
 * turn: the object is in its span then or, if the magazine is held no more, in there.
 */
static void deferred_twice(struct kunit *test)
{
	u64 reported = strata_misuse_count(STRATA_MISUSE_DOUBLE_FREE);
	struct strata_fixture *f = test->priv;
	int later;

	for (later = 0; later < 2; later++) {
		struct deed deed = deed_of(test, SIZE, GFP_KERNEL, 1);

		take(&deed);
		KUNIT_ASSERT_EQ(test, got(&deed), 1U);
		deed.p[1] = deed.p[0];
		deed.n = 2;
		if (later)
			local_irq_disable();
		run(test, STRATA_IN_NMI, true, give, &deed);
		if (later)
			local_irq_enable();
		strata_background_settle(f->a);
		KUNIT_EXPECT_EQ(test, strata_misuse_count(STRATA_MISUSE_DOUBLE_FREE), ++reported);
		/* Put into the magazine twice, it would come home twice. */
		expect_all_home(test);
		KUNIT_EXPECT_EQ(test, strata_misuse_count(STRATA_MISUSE_DOUBLE_FREE), reported);
	}
}

/* What was freed, and then written to before its free was done. */
struct scribble {
	struct deed deed;
	unsigned long word;
};

static void give_and_scribble(void *arg)
{
	struct scribble *scribble = container_of(arg, struct scribble, deed);

	give(&scribble->deed);
	strata_track_store(scribble->deed.p[scribble->deed.n - 1], scribble->word);
}

/*
 * Two objects, of which the second is the first in the list of what waits, and its
 * link overwritten. That is seen, and nothing is followed; the one behind is lost,
 * until it is freed once more.
 */
static void expect_stray(struct kunit *test, const void *link)
{
	u64 reported = strata_misuse_count(STRATA_MISUSE_DOUBLE_FREE);
	struct scribble scribble = { deed_of(test, SIZE, GFP_KERNEL, 2), (unsigned long)link };
	struct strata_fixture *f = test->priv;

	take(&scribble.deed);
	KUNIT_ASSERT_EQ(test, got(&scribble.deed), 2U);
	run(test, STRATA_IN_NMI, true, give_and_scribble, &scribble.deed);
	strata_background_settle(f->a);
	KUNIT_EXPECT_EQ_MSG(test, strata_misuse_count(STRATA_MISUSE_DOUBLE_FREE), reported + 1,
			    "%p", link);
	scribble.deed.n = 1;
	run(test, STRATA_IN_NMI, true, give, &scribble.deed);
	strata_background_settle(f->a);
	KUNIT_EXPECT_EQ(test, strata_misuse_count(STRATA_MISUSE_DOUBLE_FREE), reported + 1);
}

static void stray_links(struct kunit *test)
{
	struct deed small = deed_of(test, SIZE, GFP_KERNEL, 1);
	struct deed large = deed_of(test, SZ_64K, GFP_KERNEL, 1);
	u8 *links[5];
	unsigned int i;

	take(&small);
	take(&large);
	KUNIT_ASSERT_EQ(test, got(&small) + got(&large), 2U);
	links[0] = (u8 *)test;		/* not strata's */
	links[1] = (u8 *)small.p[0] + 8;	/* no start of an object */
	links[2] = large.p[0];		/* a large one that was not freed */
	links[3] = (u8 *)large.p[0] + 8;
	links[4] = (u8 *)1;
	for (i = 0; i < ARRAY_SIZE(links); i++)
		expect_stray(test, links[i]);
	give(&small);
	give(&large);
	expect_all_home(test);
}

/* A free that finds the magazine held goes to the spans instead. */
static void free_past_a_held_magazine(struct kunit *test)
{
	static const enum strata_where wheres[] = {
		STRATA_IN_SOFTIRQ, STRATA_IN_HARDIRQ, STRATA_IN_RAW_IRQ, STRATA_UNDER_RAW_LOCK
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wheres); i++) {
		struct deed deed = deed_of(test, SIZE, GFP_KERNEL, SEVERAL);
		unsigned long live;
		unsigned int count;

		if (!strata_where_interrupts(wheres[i]))
			continue;
		take(&deed);
		count = magazine(test)->count;
		live = strata_cache_live(cache_of(test));
		run(test, wheres[i], true, give, &deed);
		KUNIT_EXPECT_EQ(test, magazine(test)->count, (u16)count);
		KUNIT_EXPECT_EQ(test, strata_cache_live(cache_of(test)), live - SEVERAL);
		expect_all_home(test);
	}
}

/* Large objects: none in raw context, but their frees work anywhere. */
static void large_objects(struct kunit *test)
{
	static const gfp_t gfps[] = { GFP_KERNEL, GFP_KERNEL | __GFP_ACCOUNT };
	static const size_t sizes[] = { 100, SZ_64K, SZ_2M + 1 };
	struct strata_fixture *f = test->priv;
	enum strata_where where;
	unsigned long calls;
	unsigned int i;

	for (where = 0; where < STRATA_NR_WHERE; where++) {
		for (i = 0; i < ARRAY_SIZE(sizes) * ARRAY_SIZE(gfps); i++) {
			gfp_t gfp = gfps[i % ARRAY_SIZE(gfps)];
			struct deed deed = deed_of(test, sizes[i / ARRAY_SIZE(gfps)], gfp, 3);

			take(&deed);
			KUNIT_ASSERT_EQ(test, got(&deed), 3U);
			run(test, where, false, give, &deed);
			expect_all_home(test);
			KUNIT_EXPECT_EQ(test, strata_large_counts(f->a).live, 0UL);
			KUNIT_EXPECT_EQ(test, strata_large_counts(f->a).pages, 0UL);
		}
		if (!strata_where_is_raw(where))
			continue;
		calls = f->fake.nr_calls;
		for (i = 1; i < ARRAY_SIZE(sizes); i++) {
			struct deed deed = deed_of(test, sizes[i], RAW, 1);

			run(test, where, false, take, &deed);
			KUNIT_EXPECT_EQ(test, got(&deed), 0U);
		}
		KUNIT_EXPECT_EQ(test, f->fake.nr_calls, calls);
	}
}

/* Bulk, too, in and out of a held magazine. */
static void take_bulk(void *arg)
{
	struct deed *deed = arg;
	struct strata_cache *c = &deed->a->class[strata_class_of(deed->size)];

	if (!strata_cache_alloc_many(c, deed->size, deed->gfp, deed->n, deed->p, STRATA_HERE))
		memset(deed->p, 0, sizeof(deed->p));
}

static void give_bulk(void *arg)
{
	struct deed *deed = arg;

	strata_free_many(deed->a, NULL, got(deed), deed->p, STRATA_HERE);
}

static void bulk(struct kunit *test)
{
	enum strata_where where;
	int hold;

	for (where = 0; where < STRATA_NR_WHERE; where++) {
		for (hold = 0; hold <= strata_where_interrupts(where); hold++) {
			struct deed deed = deed_of(test, SIZE, RAW, SEVERAL);

			stock(test);
			run(test, where, hold, take_bulk, &deed);
			/* All, or none where they cannot all be had. */
			if (where != STRATA_IN_NMI)
				KUNIT_EXPECT_EQ(test, got(&deed), (unsigned int)SEVERAL);
			else
				KUNIT_EXPECT_EQ(test, got(&deed) % SEVERAL, 0U);
			run(test, where, hold, give_bulk, &deed);
			expect_all_home(test);
		}
	}
}

/* Into a full one nothing goes, and an NMI has nowhere else to put them. */
static void bulk_past_a_full_magazine(struct kunit *test)
{
	enum { PLENTY = 200 };
	struct deed deed = deed_of(test, SIZE, GFP_KERNEL, SEVERAL);
	void **p = kunit_kcalloc(test, PLENTY, sizeof(*p), GFP_KERNEL);
	struct strata_fixture *f = test->priv;
	struct strata_magazine *m = magazine(test);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, p);
	take(&deed);
	KUNIT_ASSERT_EQ(test, got(&deed), (unsigned int)SEVERAL);
	KUNIT_ASSERT_TRUE(test, strata_cache_alloc_many(cache_of(test), SIZE, GFP_KERNEL, PLENTY,
							p, STRATA_HERE));
	for (i = 0; i < PLENTY && m->count < m->capacity; i++)
		strata_free_to(f->a, p[i], STRATA_HERE);
	KUNIT_EXPECT_EQ(test, m->count, m->capacity);
	run(test, STRATA_IN_NMI, false, give_bulk, &deed);
	strata_free_many(f->a, NULL, PLENTY - i, p + i, STRATA_HERE);
	expect_all_home(test);
}

/* A typed cache whose objects are looked at has no magazine to speak of. */
static void without_magazines(struct kunit *test)
{
	const struct strata_cache_args args = { .size = 40, .flags = STRATA_TRACE };
	struct strata_fixture *f = test->priv;
	struct strata_cache *c = strata_fixture_cache(test, &args);
	enum strata_where where;

	for (where = 0; where < STRATA_NR_WHERE; where++) {
		void *p = strata_cache_alloc_from(c, GFP_KERNEL, STRATA_HERE);
		struct deed deed = deed_of(test, 0, 0, 1);

		KUNIT_ASSERT_NOT_NULL(test, p);
		deed.p[0] = p;
		run(test, where, false, give, &deed);
		strata_fixture_drain(f->a);
		KUNIT_EXPECT_EQ(test, strata_cache_live(c), 0UL);
	}
}

static struct kunit_case nested_cases[] = {
	KUNIT_CASE(every_context),
	KUNIT_CASE(atomic_grows),
	KUNIT_CASE(starved_is_fed),
	KUNIT_CASE(nothing_aside),
	KUNIT_CASE(deferred_frees_arrive),
	KUNIT_CASE(deferred_twice),
	KUNIT_CASE(stray_links),
	KUNIT_CASE(free_past_a_held_magazine),
	KUNIT_CASE(large_objects),
	KUNIT_CASE(bulk),
	KUNIT_CASE(bulk_past_a_full_magazine),
	KUNIT_CASE(without_magazines),
	{}
};

struct kunit_suite strata_nested_suite = {
	.name = "strata_nested",
	.suite_init = strata_contexts_init,
	.suite_exit = strata_contexts_exit,
	.init = strata_fixture_init,
	.exit = strata_fixture_exit,
	.test_cases = nested_cases,
};
