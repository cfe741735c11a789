// SPDX-License-Identifier: GPL-2.0-only
/* A heap for each test; at the end every page has to be back. */
#include "heap_fixture.h"

/**
 * strata_heap_fixture_init() - a heap for this test, in test->priv
 * @test: the test
 *
 * For the init of a suite.
 * Return: 0 or -ENOMEM.
 */
int strata_heap_fixture_init(struct kunit *test)
{
	struct strata_heap_fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	int err;

	if (!f)
		return -ENOMEM;
	strata_fake_init(&f->fake);
	err = strata_heap_init(&f->heap, &f->fake.backing);
	if (err)
		return err;
	test->priv = f;
	/* The nearest node has to stay the same. */
	return set_cpus_allowed_ptr(current, cpumask_of(raw_smp_processor_id()));
}

/**
 * strata_heap_fixture_exit() - end the test's heap
 * @test: the test, which fails if a page is missing
 *
 * For the exit of a suite.
 */
void strata_heap_fixture_exit(struct kunit *test)
{
	struct strata_heap_fixture *f = test->priv;

	if (!f)
		return;
	strata_fake_recover(&f->fake);
	KUNIT_EXPECT_EQ(test, strata_heap_exit(&f->heap), f->lost);
	/* Look-ups may still read the chunks that are gone. */
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, strata_fake_exit(&f->fake), f->lost);
	KUNIT_EXPECT_EQ(test, f->fake.nr_errors, 0UL);
}

/**
 * strata_expect_heap() - compare the counters of all nodes
 * @test: the test
 * @used: pages of chunks in use
 * @free: pages of chunks that are free
 */
void strata_expect_heap(struct kunit *test, unsigned long used, unsigned long free)
{
	struct strata_heap_fixture *f = test->priv;
	unsigned long present = 0, nr_free = 0, direct = 0, out = 0;
	int node;

	for (node = 0; node < nr_node_ids; node++) {
		const struct strata_heap_node *hn = f->heap.node[node];

		present += hn->nr_present;
		nr_free += hn->nr_free;
		direct += hn->nr_direct;
		out += hn->nr_taken - hn->nr_returned;
	}
	KUNIT_EXPECT_EQ(test, present - nr_free, used);
	KUNIT_EXPECT_EQ(test, nr_free, free);
	KUNIT_EXPECT_EQ(test, present + direct, out);
	KUNIT_EXPECT_EQ(test, out, f->fake.nr_out);
}
