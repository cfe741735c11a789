// SPDX-License-Identifier: GPL-2.0-only
/*
 * The watched page allocator and the allocator on top of it. Pages that are out
 * carry who handed them out in page->private, and the order of their block:
 * strata keeps nothing in struct page, so both words are the fixture's.
 */
#include <linux/cpu.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "../mod/alloc.h"
#include "../mod/check.h"
#include "../mod/drain.h"
#include "fixture.h"

static unsigned long stamp(const struct strata_fake *fake, unsigned int order)
{
	return (unsigned long)fake ^ order;
}

static struct page *pool_get(struct strata_fake *fake, unsigned int order)
{
	unsigned long page;

	page = bitmap_find_next_zero_area(fake->pool_used, STRATA_FAKE_POOL_PAGES, 0,
					  1UL << order, (1UL << order) - 1);
	if (page >= STRATA_FAKE_POOL_PAGES)
		return NULL;
	bitmap_set(fake->pool_used, page, 1U << order);
	set_page_count(fake->pool + page, 1);
	return fake->pool + page;
}

static void pool_put(struct strata_fake *fake, struct page *page, unsigned int order)
{
	unsigned int i;

	bitmap_clear(fake->pool_used, page - fake->pool, 1U << order);
	for (i = 0; i < 1U << order; i++)
		set_page_count(page + i, 0);
}

static bool fails(const struct strata_fake *fake, int node, unsigned int order)
{
	return order > fake->max_order || node == fake->fail_node ||
	       (fake->fail_every && fake->nr_calls % fake->fail_every == 0) ||
	       (fake->fail_first && fake->nr_calls >= fake->fail_first &&
		fake->nr_calls - fake->fail_first < fake->fail_count);
}

static void note_out(struct strata_fake *fake, struct page *page, unsigned int order)
{
	unsigned int i;

	for (i = 0; i < 1U << order; i++) {
		set_page_private(page + i, stamp(fake, order));
		list_add(&page[i].lru, &fake->out);
	}
	fake->nr_out += 1UL << order;
	fake->nr_got[order]++;
}

static struct page *fake_get(const struct strata_backing *backing, int node, gfp_t gfp,
			     unsigned int order)
{
	struct strata_fake *fake = container_of(backing, struct strata_fake, backing);
	struct page *page = NULL;
	unsigned long flags;
	bool fail;

	raw_spin_lock_irqsave(&fake->lock, flags);
	fake->nr_calls++;
	fake->last_node = node;
	fake->last_gfp = gfp;
	fail = fails(fake, node, order);
	if (in_nmi() || (order && (gfp & __GFP_NOFAIL)))
		fake->nr_errors++;
	if (!fail && fake->pool)
		page = pool_get(fake, order);
	raw_spin_unlock_irqrestore(&fake->lock, flags);
	if (fail || in_nmi())
		return NULL;
	if (!fake->pool)
		page = alloc_pages_node(node, gfp | __GFP_NOWARN, order);
	/* Without __GFP_THISNODE another node may have stood in. */
	if (page && page_to_nid(page) == fake->fail_node && !fake->pool) {
		__free_pages(page, order);
		return NULL;
	}
	if (!page)
		return NULL;
	raw_spin_lock_irqsave(&fake->lock, flags);
	note_out(fake, page, order);
	raw_spin_unlock_irqrestore(&fake->lock, flags);
	return page;
}

/* Is this the first page of a block of which nothing was split off? */
static bool is_unsplit(const struct strata_fake *fake, const struct page *page,
		       unsigned int order)
{
	return order && IS_ALIGNED(page_to_pfn(page), 1UL << order) && !page_count(page + 1) &&
	       page_private(page + 1) == stamp(fake, order);
}

/* A block comes back whole, or page by page after a split. */
static bool came_so(const struct strata_fake *fake, const struct page *page, unsigned int order)
{
	unsigned int i, got;

	got = page_private(page) ^ (unsigned long)fake;
	if (got > STRATA_FAKE_POOL_ORDER || (order && order != got))
		return false;
	if (is_unsplit(fake, page, got) != !!order)
		return false;
	for (i = 0; i < 1U << order; i++)
		if (page_private(page + i) != stamp(fake, got))
			return false;
	return true;
}

static void put_locked(struct strata_fake *fake, struct page *page, unsigned int order)
{
	unsigned int i;

	for (i = 0; i < 1U << order; i++) {
		set_page_private(page + i, 0);
		list_del(&page[i].lru);
	}
	fake->nr_out -= 1UL << order;
	fake->nr_put[order]++;
	if (fake->pool)
		pool_put(fake, page, order);
}

static void fake_put(const struct strata_backing *backing, struct page *page, unsigned int order)
{
	struct strata_fake *fake = container_of(backing, struct strata_fake, backing);
	bool allowed = preemptible(), good;
	unsigned long flags;

	raw_spin_lock_irqsave(&fake->lock, flags);
	good = came_so(fake, page, order);
	if (good)
		put_locked(fake, page, order);
	if (!good || !allowed)
		fake->nr_errors++;
	raw_spin_unlock_irqrestore(&fake->lock, flags);
	if (good && !fake->pool)
		__free_pages(page, order);
}

/**
 * strata_fake_init() - a backing that does as the page allocator does
 * @fake: to be filled in
 */
void strata_fake_init(struct strata_fake *fake)
{
	memset(fake, 0, sizeof(*fake));
	raw_spin_lock_init(&fake->lock);
	INIT_LIST_HEAD(&fake->out);
	fake->backing.get = fake_get;
	fake->backing.put = fake_put;
	strata_fake_recover(fake);
}

/**
 * strata_fake_use_pool() - blocks come from one place, lowest address first
 * @test: the test, which ends if there is no such block
 * @fake: nothing of it is out
 *
 * Makes two windows whose pages are under the test's control.
 */
void strata_fake_use_pool(struct kunit *test, struct strata_fake *fake)
{
	fake->pool = alloc_pages(GFP_KERNEL, STRATA_FAKE_POOL_ORDER);
	KUNIT_ASSERT_NOT_NULL(test, fake->pool);
	set_page_count(fake->pool, 0);
}

/**
 * strata_fake_fail() - some calls from now on fail
 * @fake: the backing
 * @first: 1 for the next call, 2 for the one after it
 * @count: so many calls
 */
void strata_fake_fail(struct strata_fake *fake, unsigned long first, unsigned long count)
{
	fake->fail_first = fake->nr_calls + first;
	fake->fail_count = count;
}

/**
 * strata_fake_recover() - no call fails that the page allocator would serve
 * @fake: the backing
 */
void strata_fake_recover(struct strata_fake *fake)
{
	fake->fail_first = 0;
	fake->fail_node = NUMA_NO_NODE;
	fake->max_order = STRATA_FAKE_POOL_ORDER;
	fake->fail_every = 0;
}

/**
 * strata_fake_exit() - end a backing; what is out goes to the page allocator
 * @fake: nobody uses it any more
 *
 * Return: how many pages were out.
 */
unsigned long strata_fake_exit(struct strata_fake *fake)
{
	unsigned long nr_out = fake->nr_out;
	struct page *page;
	unsigned int order;

	while (!list_empty(&fake->out)) {
		/* The lowest page of an unsplit block is the last that was noted. */
		page = list_last_entry(&fake->out, struct page, lru);
		order = page_private(page) ^ (unsigned long)fake;
		if (!is_unsplit(fake, page, order))
			order = 0;
		put_locked(fake, page, order);
		if (!fake->pool)
			__free_pages(page, order);
	}
	if (fake->pool) {
		set_page_count(fake->pool, 1);
		__free_pages(fake->pool, STRATA_FAKE_POOL_ORDER);
		fake->pool = NULL;
	}
	return nr_out;
}

/**
 * strata_fixture_init_debug() - an allocator for this test, in test->priv
 * @test: the test
 * @debug: what all its caches look at
 *
 * Its tick does not run, but for tests that enable it. For the init of a suite.
 * Return: 0 or a negative error.
 */
int strata_fixture_init_debug(struct kunit *test, unsigned int debug)
{
	struct strata_fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	int err;

	if (!f)
		return -ENOMEM;
	strata_fake_init(&f->fake);
	f->a = kvzalloc(sizeof(*f->a), GFP_KERNEL);
	if (!f->a)
		return -ENOMEM;
	f->a->debug = debug;
	err = strata_allocator_init(f->a, &f->fake.backing);
	if (err) {
		kvfree(f->a);
		return err;
	}
	test->priv = f;
	/* On a slow machine the tick would find idle what a test has just left. */
	disable_delayed_work_sync(&f->a->tick);
	/* Magazines are a CPU's: the test stays on one. */
	f->cpu = get_cpu();
	put_cpu();
	return set_cpus_allowed_ptr(current, cpumask_of(f->cpu));
}

/* The same, looking at nothing. */
int strata_fixture_init(struct kunit *test)
{
	return strata_fixture_init_debug(test, 0);
}

/**
 * strata_fixture_exit() - end the test's allocator
 * @test: the test, which fails if something is live or a page is missing
 *
 * For the exit of a suite.
 */
void strata_fixture_exit(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	unsigned long live, out;

	if (!f)
		return;
	strata_fake_recover(&f->fake);
	strata_expect_sound(test, f->a);
	live = strata_allocator_exit(f->a);
	KUNIT_EXPECT_EQ(test, live, f->lost);
	kvfree(f->a);
	out = strata_fake_exit(&f->fake);
	if (!f->lost)
		KUNIT_EXPECT_EQ(test, out, 0UL);
	else
		KUNIT_EXPECT_GT(test, out, 0UL);
	KUNIT_EXPECT_EQ(test, f->fake.nr_errors, 0UL);
}

/**
 * strata_fixture_cache() - a typed cache of the test's allocator
 * @test: the test
 * @args: as for strata_cache_create()
 *
 * Goes with the allocator, or with strata_cache_destroy().
 */
struct strata_cache *strata_fixture_cache(struct kunit *test,
					  const struct strata_cache_args *args)
{
	struct strata_fixture *f = test->priv;
	struct strata_cache *c = strata_cache_create_in(f->a, "test", args);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, c);
	return c;
}

/**
 * strata_fixture_drain() - bring everything that is free home
 * @a: the allocator
 *
 * After it, only live objects hold pages.
 */
void strata_fixture_drain(struct strata_allocator *a)
{
	strata_background_settle(a);
	cpus_read_lock();
	mutex_lock(&a->lock);
	strata_drain_cpus(a, NULL);
	mutex_unlock(&a->lock);
	cpus_read_unlock();
	strata_reclaim(a, SIZE_MAX);
	/* Spans of caches that are read under RCU, and what they start. */
	rcu_barrier();
	strata_background_settle(a);
	strata_reclaim(a, SIZE_MAX);
}

/**
 * strata_expect_sound() - walk over everything and compare with the counters
 * @test: the test, which fails if something does not fit
 * @a: the allocator, which nobody uses right now
 */
void strata_expect_sound(struct kunit *test, struct strata_allocator *a)
{
	strata_background_settle(a);
	KUNIT_EXPECT_EQ(test, strata_check(a), 0UL);
}

/**
 * strata_get() - allocate from the test's allocator
 * @test: the test, with a fixture
 * @size: in bytes
 * @gfp: as for strata_alloc()
 *
 * Return: the object, or NULL.
 */
void *strata_get(struct kunit *test, size_t size, gfp_t gfp)
{
	struct strata_fixture *f = test->priv;

	return strata_alloc_from(f->a, size, gfp, NUMA_NO_NODE, STRATA_HERE);
}

/**
 * strata_put() - free to the test's allocator
 * @test: the test, with a fixture
 * @p: any value
 */
void strata_put(struct kunit *test, const void *p)
{
	struct strata_fixture *f = test->priv;

	strata_free_to(f->a, p, STRATA_HERE);
}
