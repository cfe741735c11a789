// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where a CPU's memory comes from. What follows from it is seen in a guest with
 * NODES=memoryless, where all suites have CPUs of both kinds.
 */
#include <kunit/test.h>
#include <linux/nodemask.h>
#include <linux/smp.h>
#include <linux/topology.h>

#include "../mod/home.h"
#include "suites.h"

static void has_memory(struct kunit *test)
{
	int node, other, beside;

	for_each_online_node(node) {
		beside = strata_home_beside(node);
		KUNIT_EXPECT_TRUE(test, node_state(beside, N_MEMORY));
		for_each_node_state(other, N_MEMORY)
			KUNIT_EXPECT_LE(test, node_distance(node, beside),
					node_distance(node, other));
		if (node_state(node, N_MEMORY))
			KUNIT_EXPECT_EQ(test, beside, node);
	}
}

static void look(void *home)
{
	*(int *)home = strata_home();
}

static void each_cpu(struct kunit *test)
{
	int cpu, home;

	for_each_online_cpu(cpu) {
		home = NUMA_NO_NODE;
		smp_call_function_single(cpu, look, &home, true);
		KUNIT_ASSERT_GE(test, home, 0);
		KUNIT_EXPECT_TRUE(test, node_state(home, N_MEMORY));
		if (node_state(cpu_to_node(cpu), N_MEMORY))
			KUNIT_EXPECT_EQ(test, home, cpu_to_node(cpu));
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(has_memory),
	KUNIT_CASE(each_cpu),
	{ }
};

struct kunit_suite strata_home_suite = {
	.name = "strata_home",
	.test_cases = cases,
};
