// SPDX-License-Identifier: GPL-2.0-only
/* Chunks and large objects as text. */
#include <linux/cpumask.h>
#include <linux/nodemask.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/seq_file.h>

#include "allocator.h"
#include "compat.h"
#include "fault.h"
#include "figure.h"
#include "large.h"
#include "large_cache.h"
#include "stat.h"

/* Chunks by how much of what they hold is in use. */
static const char * const occupancy_name[] = {
	"unused", "<25%", "<50%", "<75%", "<100%", "used",
};

struct node_view {
	unsigned long chunks[ARRAY_SIZE(occupancy_name)];
	unsigned int longest;
};

static unsigned int occupancy(const struct strata_chunk *chunk)
{
	unsigned int held = strata_figure_read(&chunk->nr_present);
	unsigned int free = strata_figure_read(&chunk->nr_free);

	if (!free)
		return ARRAY_SIZE(occupancy_name) - 1;
	if (free >= held)
		return 0;
	return 1 + (held - free) * 4 / held;
}

/* Looks at chunks one by one, without their lock: a histogram need not be exact. */
static void view_nodes(const struct strata_pagemap *map, struct node_view *views)
{
	const unsigned long nr = strata_pagemap_windows(map);
	const struct strata_chunk *chunk;
	unsigned long i;

	for (i = 0; i < nr; i++) {
		rcu_read_lock();
		chunk = strata_pagemap_chunk(map, strata_pagemap_address(map, i));
		if (chunk) {
			struct node_view *view = &views[chunk->node];

			view->chunks[occupancy(chunk)]++;
			view->longest = max_t(unsigned int, view->longest,
					      strata_figure_read(&chunk->longest));
		}
		rcu_read_unlock();
		cond_resched();
	}
}

/* What is on its way between the CPUs of each node, and how much that may be. */
int strata_stat_depots(struct seq_file *m, void *unused)
{
	struct strata_allocator *a = m->private;
	int node;

	seq_printf(m, "%-4s %12s %12s\n", "node", "bytes", "budget");
	for (node = 0; node < nr_node_ids; node++)
		seq_printf(m, "%-4d %12ld %12ld\n", node, atomic_long_read(&a->deposited[node]),
			   strata_depot_budget());
	return 0;
}

/* Pages of each node; free runs; and chunks by how full they are. */
int strata_stat_heap(struct seq_file *m, void *unused)
{
	struct strata_allocator *a = m->private;
	const struct strata_heap_node *hn;
	struct node_view *views;
	unsigned int i;
	int node;

	views = strata_may_fail(GFP_KERNEL, kcalloc(nr_node_ids, sizeof(*views), GFP_KERNEL));
	if (!views)
		return -ENOMEM;
	view_nodes(&a->heap.map, views);
	seq_printf(m, "%-4s %8s %10s %10s %10s %12s %12s %8s", "node", "chunks", "held", "free",
		   "direct", "taken", "returned", "longest");
	for (i = 0; i < ARRAY_SIZE(occupancy_name); i++)
		seq_printf(m, " %6s", occupancy_name[i]);
	seq_putc(m, '\n');
	for (node = 0; node < nr_node_ids; node++) {
		hn = a->heap.node[node];
		seq_printf(m, "%-4d %8lu %10lu %10lu %10lu %12llu %12llu %8u", node,
			   READ_ONCE(hn->nr_chunks), READ_ONCE(hn->nr_present),
			   READ_ONCE(hn->nr_free), READ_ONCE(hn->nr_direct),
			   READ_ONCE(hn->nr_taken), READ_ONCE(hn->nr_returned),
			   views[node].longest);
		for (i = 0; i < ARRAY_SIZE(occupancy_name); i++)
			seq_printf(m, " %6lu", views[node].chunks[i]);
		seq_putc(m, '\n');
	}
	kfree(views);
	return 0;
}

/* Objects with pages of their own, and free ones that CPUs keep. */
int strata_stat_large(struct seq_file *m, void *unused)
{
	struct strata_allocator *a = m->private;
	const struct strata_large_counts n = strata_large_counts(a);
	const struct strata_large_cache *lc;
	unsigned long kept = 0, kept_pages = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		lc = per_cpu_ptr(a->large_cache, cpu);
		kept += strata_figure_read(&lc->count);
		kept_pages += strata_figure_read(&lc->pages);
	}
	seq_printf(m, "%-16s %12lu\n", "live", n.live);
	seq_printf(m, "%-16s %12lu\n", "pages", n.pages);
	seq_printf(m, "%-16s %12lu\n", "allocs", n.allocs);
	seq_printf(m, "%-16s %12lu\n", "frees", n.frees);
	seq_printf(m, "%-16s %12lu\n", "kept", kept);
	seq_printf(m, "%-16s %12lu\n", "kept-pages", kept_pages);
	return 0;
}
