// SPDX-License-Identifier: GPL-2.0-only
/*
 * A CPU goes: what its magazines hold comes home. It comes back: they work
 * again. The last case takes a real CPU offline.
 */
#include <kunit/test.h>
#include <linux/cpu.h>
#include <linux/mm.h>
#include <linux/smp.h>
#include <linux/workqueue.h>

#include <linux/strata.h>

#include "../mod/alloc.h"
#include "../mod/drain.h"
#include "../mod/large_cache.h"
#include "../mod/main.h"
#include "fixture.h"
#include "suites.h"

#define SIZE	64
#define MANY	200

/* Leaves free objects of two classes and a large one with the CPU it runs on. */
static long use(void *arg)
{
	struct strata_allocator *a = arg;
	static void *p[MANY];
	unsigned int i;

	for (i = 0; i < MANY; i++)
		p[i] = strata_alloc_from(a, i % 2 ? SIZE : 4 * SIZE, GFP_KERNEL, NUMA_NO_NODE,
					 STRATA_HERE);
	for (i = 0; i < MANY; i++)
		strata_free_to(a, p[i], STRATA_HERE);
	strata_free_to(a, strata_alloc_from(a, SZ_64K, GFP_KERNEL, NUMA_NO_NODE, STRATA_HERE),
		       STRATA_HERE);
	return 0;
}

static struct strata_magazine *magazine(struct strata_allocator *a, int cpu)
{
	return per_cpu_ptr(a->class[strata_class_of(SIZE)].magazine, cpu);
}

/* Another CPU than the one we are on, or nr_cpu_ids. */
static int other_cpu(void)
{
	return cpumask_any_but(cpu_online_mask, raw_smp_processor_id());
}

static void expect_holds(struct kunit *test, struct strata_allocator *a, int cpu, bool holds)
{
	const struct strata_magazine *m = magazine(a, cpu);

	KUNIT_EXPECT_EQ(test, !!m->count, holds);
	KUNIT_EXPECT_EQ(test, !!m->capacity, holds);
	KUNIT_EXPECT_EQ(test, !!m->nr_nested, holds);
	KUNIT_EXPECT_EQ(test, !!per_cpu_ptr(a->large_cache, cpu)->count, holds);
	KUNIT_EXPECT_EQ(test, !!*per_cpu_ptr(a->cached, cpu), holds);
}

static void drains_a_dead_cpu(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	int cpu = other_cpu();

	if (cpu >= nr_cpu_ids)
		kunit_skip(test, "one CPU only");
	KUNIT_ASSERT_EQ(test, work_on_cpu(cpu, use, f->a), 0L);
	use(f->a);
	expect_holds(test, f->a, cpu, true);
	/* It is online, but nobody uses this allocator there. */
	strata_drain_dead_cpu(f->a, cpu);
	expect_holds(test, f->a, cpu, false);
	expect_holds(test, f->a, f->cpu, true);
	strata_expect_sound(test, f->a);
}

/* Drains reach all CPUs, not just the one that asks. */
static void drains_other_cpus(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	int cpu = other_cpu();

	if (cpu >= nr_cpu_ids)
		kunit_skip(test, "one CPU only");
	KUNIT_ASSERT_EQ(test, work_on_cpu(cpu, use, f->a), 0L);
	strata_fixture_drain(f->a);
	expect_holds(test, f->a, cpu, false);
	KUNIT_EXPECT_EQ(test, f->fake.nr_out, 0UL);
}

/* Freed on one CPU, allocated on another: counted on both, lost on neither. */
static void passes_between_cpus(struct kunit *test)
{
	struct strata_fixture *f = test->priv;
	struct strata_cache *c = &f->a->class[strata_class_of(SIZE)];
	int cpu = other_cpu(), round;

	if (cpu >= nr_cpu_ids)
		kunit_skip(test, "one CPU only");
	for (round = 0; round < 5; round++) {
		KUNIT_ASSERT_EQ(test, work_on_cpu(cpu, use, f->a), 0L);
		KUNIT_ASSERT_EQ(test, work_on_cpu(f->cpu, use, f->a), 0L);
	}
	KUNIT_EXPECT_EQ(test, strata_magazine_allocs(magazine(f->a, cpu)), 5ULL * MANY / 2);
	KUNIT_EXPECT_EQ(test, strata_magazine_frees(magazine(f->a, cpu)), 5ULL * MANY / 2);
	strata_fixture_drain(f->a);
	KUNIT_EXPECT_EQ(test, strata_cache_live(c), 0UL);
}

#ifdef CONFIG_HOTPLUG_CPU
static void offline_and_online(struct kunit *test)
{
	int cpu, round;

	/* The first CPU cannot go: it is the one to be on. */
	KUNIT_ASSERT_EQ(test, set_cpus_allowed_ptr(current, cpumask_of(0)), 0);
	cpu = other_cpu();
	if (cpu >= nr_cpu_ids)
		kunit_skip(test, "one CPU only");
	for (round = 0; round < 2; round++) {
		KUNIT_ASSERT_EQ(test, work_on_cpu(cpu, use, &strata_main), 0L);
		KUNIT_ASSERT_EQ(test, remove_cpu(cpu), 0);
		expect_holds(test, &strata_main, cpu, false);
		strata_expect_sound(test, &strata_main);
		KUNIT_ASSERT_EQ(test, add_cpu(cpu), 0);
		KUNIT_ASSERT_EQ(test, work_on_cpu(cpu, use, &strata_main), 0L);
		strata_expect_sound(test, &strata_main);
	}
}
#else
static void offline_and_online(struct kunit *test)
{
	kunit_skip(test, "this kernel's CPUs never go");
}
#endif

static struct kunit_case hotplug_cases[] = {
	KUNIT_CASE(drains_a_dead_cpu),
	KUNIT_CASE(drains_other_cpus),
	KUNIT_CASE(passes_between_cpus),
	KUNIT_CASE_SLOW(offline_and_online),
	{}
};

struct kunit_suite strata_hotplug_suite = {
	.name = "strata_hotplug",
	.init = strata_fixture_init,
	.exit = strata_fixture_exit,
	.test_cases = hotplug_cases,
};
