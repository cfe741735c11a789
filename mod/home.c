// SPDX-License-Identifier: GPL-2.0-only
/* CPUs of nodes without memory. */
#include "compat.h"
#include "home.h"

/**
 * strata_home_beside() - the nearest node that has memory
 * @node: one that has none
 *
 * Of several that are as near, the first. Looked up each time: few machines have
 * such nodes, memory may come to one, and those who ask refill or drain.
 * Context: any.
 * Return: a node that has memory.
 */
int strata_home_beside(int node)
{
	int best = first_node(node_states[N_MEMORY]), other;

	for_each_node_state(other, N_MEMORY)
		if (node_distance(node, other) < node_distance(node, best))
			best = other;
	return best;
}
STRATA_TEST_EXPORT(strata_home_beside);
