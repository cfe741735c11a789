/* SPDX-License-Identifier: GPL-2.0-only */
/* The NUMA node that a CPU is at home on: where its memory comes from. */
#ifndef _STRATA_HOME_H
#define _STRATA_HOME_H

#include <linux/nodemask.h>
#include <linux/topology.h>

int strata_home_beside(int node);

/**
 * strata_home() - the node that this CPU takes its memory from
 *
 * numa_mem_id() would say so, but architectures without
 * CONFIG_HAVE_MEMORYLESS_NODES, x86 among them, answer with the CPU's own node even
 * where that has no memory. What is kept for such a node nobody ever finds again.
 *
 * Context: any; with preemption on the CPU may be another one by the return.
 * Return: a node that has memory.
 */
static __always_inline int strata_home(void)
{
	int node = numa_mem_id();

	return likely(node_state(node, N_MEMORY)) ? node : strata_home_beside(node);
}

/*
 * Is memory of @node at home here? Where it is on this CPU's own node, that has some.
 * Context as for strata_home().
 */
static __always_inline bool strata_home_is(int node)
{
	return likely(node == numa_mem_id()) || node == strata_home();
}

#endif /* _STRATA_HOME_H */
