/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What most suites stand on: a page allocator that counts and fails on demand,
 * and an allocator of one's own on top of it. At the end of each test every
 * page has to be back and nothing may be live.
 */
#ifndef _STRATA_KUNIT_FIXTURE_H
#define _STRATA_KUNIT_FIXTURE_H

#include <kunit/test.h>
#include <linux/list.h>
#include <linux/spinlock.h>

#include "../mod/allocator.h"

/* A pool is one block of this order: two windows of two chunks, side by side. */
#define STRATA_FAKE_POOL_ORDER	(STRATA_CHUNK_ORDER + 1)
#define STRATA_FAKE_POOL_PAGES	BIT(STRATA_FAKE_POOL_ORDER)

/**
 * struct strata_fake - a backing that is watched
 * @backing: what the heap sees
 * @lock: @out and the pool
 * @out: pages handed out, linked through page->lru
 * @nr_out: how many
 * @nr_calls: calls of get, ever
 * @nr_errors: pages put that were not out, or in another way than they came,
 *	calls in a context where the page allocator may not be called, and with
 *	__GFP_NOFAIL for more than a page
 * @fail_first: the first call that fails, counted like @nr_calls; 0: none
 * @fail_count: how many calls from that one on fail
 * @fail_every: of so many calls one fails; 0: none
 * @fail_node: memory of this node is not to be had
 * @max_order: larger blocks are not to be had
 * @last_node: as asked for by the last call of get
 * @last_gfp: the same
 * @nr_got: blocks handed out, by order
 * @nr_put: blocks taken back, by order
 * @pool: if set, blocks come from here, lowest address first
 * @pool_used: pages of @pool that are out
 */
struct strata_fake {
	struct strata_backing backing;
	raw_spinlock_t lock;
	struct list_head out;
	unsigned long nr_out;
	unsigned long nr_calls;
	unsigned long nr_errors;
	unsigned long fail_first;
	unsigned long fail_count;
	unsigned long fail_every;
	int fail_node;
	unsigned int max_order;
	int last_node;
	gfp_t last_gfp;
	unsigned long nr_got[STRATA_FAKE_POOL_ORDER + 1];
	unsigned long nr_put[STRATA_FAKE_POOL_ORDER + 1];
	struct page *pool;
	DECLARE_BITMAP(pool_used, STRATA_FAKE_POOL_PAGES);
};

void strata_fake_init(struct strata_fake *fake);
void strata_fake_use_pool(struct kunit *test, struct strata_fake *fake);
void strata_fake_fail(struct strata_fake *fake, unsigned long first, unsigned long count);
void strata_fake_recover(struct strata_fake *fake);
unsigned long strata_fake_exit(struct strata_fake *fake);

/**
 * struct strata_fixture - an allocator of a test's own
 * @a: the allocator
 * @fake: where its pages come from
 * @cpu: where the test runs, from its init on
 * @lost: objects that the test leaves live, and knows it
 */
struct strata_fixture {
	struct strata_allocator *a;
	struct strata_fake fake;
	int cpu;
	unsigned long lost;
};

int strata_fixture_init(struct kunit *test);
int strata_fixture_init_debug(struct kunit *test, unsigned int debug);
void strata_fixture_exit(struct kunit *test);
struct strata_cache *strata_fixture_cache(struct kunit *test,
					  const struct strata_cache_args *args);
void *strata_get(struct kunit *test, size_t size, gfp_t gfp);
void strata_put(struct kunit *test, const void *p);
void strata_fixture_drain(struct strata_allocator *a);
void strata_expect_sound(struct kunit *test, struct strata_allocator *a);

/* The call site in reports. */
#define STRATA_HERE	_THIS_IP_

#endif /* _STRATA_KUNIT_FIXTURE_H */
