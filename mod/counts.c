// SPDX-License-Identifier: GPL-2.0-only
/*
 * Summing up on demand what the fast path counts for each CPU. Nothing is
 * locked: figures of a cache in use are each right, but of different moments.
 */
#include <linux/cpumask.h>
#include <linux/nodemask.h>

#include "cache.h"
#include "compat.h"
#include "counts.h"

static void add_magazine(struct strata_counts *sum, const struct strata_magazine *m)
{
	u64 allocs = strata_magazine_allocs(m);
	u64 refills = strata_figure_read(&m->refills);

	sum->allocs += allocs;
	sum->hits += allocs > refills ? allocs - refills : 0;
	sum->refills += refills;
	sum->from_depot += strata_figure_read(&m->from_depot);
	sum->nested_allocs += strata_figure_read(&m->nested_allocs);
	/* A sum of what changes meanwhile may be negative for a moment. */
	sum->frees += max_t(s64, strata_magazine_frees(m), 0);
	sum->flushes += strata_figure_read(&m->flushes);
	sum->in_magazines += strata_figure_read(&m->count) + strata_figure_read(&m->nr_nested);
}

static void add_node(struct strata_counts *sum, const struct strata_cache *c, int node)
{
	const struct strata_central *central = &c->central[node];

	sum->spans += READ_ONCE(central->nr_spans);
	sum->in_spans += READ_ONCE(central->nr_free);
	sum->in_depots += READ_ONCE(c->depot[node].count);
}

/**
 * strata_counts_add() - add a cache's figures to a sum
 * @sum: zeroed, or figures of other caches
 * @c: the cache; it lives
 *
 * Context: any.
 */
void strata_counts_add(struct strata_counts *sum, const struct strata_cache *c)
{
	struct strata_counts mine = {
		.nested_allocs = atomic64_read(&c->nr_nested_allocs),
		.nested_frees = atomic64_read(&c->nr_nested_frees),
		.grown = atomic64_read(&c->nr_grown),
		.direct = atomic_long_read(&c->nr_direct),
	};
	u64 *to = (u64 *)sum, *from = (u64 *)&mine;
	int cpu, node, i;

	for_each_possible_cpu(cpu)
		add_magazine(&mine, per_cpu_ptr(c->magazine, cpu));
	for (node = 0; node < nr_node_ids; node++)
		add_node(&mine, c, node);
	mine.allocs += mine.nested_allocs;
	mine.frees += mine.nested_frees - atomic64_read(&c->nr_twice);
	mine.live = mine.allocs - mine.frees;
	mine.bytes = mine.spans * c->shape.npages * PAGE_SIZE;
	for (i = 0; i < sizeof(mine) / sizeof(*to); i++)
		to[i] += from[i];
}
STRATA_TEST_EXPORT(strata_counts_add);
