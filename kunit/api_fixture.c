// SPDX-License-Identifier: GPL-2.0-only
/* The state of strata's one allocator before and after a test. */
#include <linux/mm.h>

#include "../mod/large.h"
#include "../mod/rcu_free.h"
#include "api_fixture.h"

static void add_live(struct strata_cache *c, void *context)
{
	*(unsigned long *)context += strata_cache_live(c);
}

/**
 * strata_live() - objects that somebody has
 * @a: the allocator, which nobody uses right now
 *
 * Drains everything, so that what is free is not counted.
 */
unsigned long strata_live(struct strata_allocator *a)
{
	unsigned long live = 0;

	strata_fixture_drain(a);
	mutex_lock(&a->lock);
	strata_allocator_for_each(a, add_live, &live);
	mutex_unlock(&a->lock);
	return live + strata_large_counts(a).live;
}

static void note_misuse(struct strata_before *before)
{
	int kind;

	for (kind = 0; kind < STRATA_NR_MISUSE; kind++)
		before->misuse[kind] = strata_misuse_count(kind);
}

/**
 * strata_api_init() - note how things are, in test->priv
 * @test: the test
 *
 * For the init of a suite.
 * Return: 0 or -ENOMEM.
 */
int strata_api_init(struct kunit *test)
{
	struct strata_before *before = kunit_kzalloc(test, sizeof(*before), GFP_KERNEL);

	if (!before)
		return -ENOMEM;
	/* Nothing is found idle, and given back, in the middle of a test. */
	disable_delayed_work_sync(&strata_main.tick);
	strata_rcu_flush(strata_main_rcu);
	before->live = strata_live(&strata_main);
	note_misuse(before);
	test->priv = before;
	return 0;
}

/**
 * strata_api_exit() - see that things are as they were
 * @test: the test
 *
 * For the exit of a suite.
 */
void strata_api_exit(struct kunit *test)
{
	struct strata_before *before = test->priv;
	int kind;

	if (!before)
		return;
	enable_delayed_work(&strata_main.tick);
	strata_rcu_flush(strata_main_rcu);
	strata_expect_sound(test, &strata_main);
	KUNIT_EXPECT_EQ(test, strata_live(&strata_main), before->live);
	strata_expect_sound(test, &strata_main);
	for (kind = 0; kind < STRATA_NR_MISUSE; kind++)
		KUNIT_EXPECT_EQ_MSG(test, strata_misuse_count(kind), before->misuse[kind], "%s",
				    strata_misuse_name[kind]);
}

/**
 * strata_expect_misuse() - exactly this was reported since the last look
 * @test: the test, with a struct strata_before
 * @kind: of report
 * @n: so many times, and nothing else
 */
void strata_expect_misuse(struct kunit *test, enum strata_misuse kind, unsigned int n)
{
	struct strata_before *before = test->priv;
	int i;

	for (i = 0; i < STRATA_NR_MISUSE; i++)
		KUNIT_EXPECT_EQ_MSG(test, strata_misuse_count(i) - before->misuse[i],
				    (u64)(i == kind ? n : 0), "%s", strata_misuse_name[i]);
	note_misuse(before);
}
