// SPDX-License-Identifier: GPL-2.0-only
/*
 * The figures under the names that Go's runtime/metrics has for them, so that
 * who knows those can read these. What Go has no word for is under /strata.
 * The /memory/classes are apart from each other and add up to total.
 */
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/overflow.h>
#include <linux/seq_file.h>

#include "allocator.h"
#include "arena_totals.h"
#include "compat.h"
#include "counts.h"
#include "large.h"
#include "misuse.h"
#include "region.h"
#include "stat.h"

struct memory {
	struct strata_counts counts;
	u64 object_bytes;	/* that callers have, by class size */
	u64 mcache;		/* magazines and depots themselves */
	u64 mspan;		/* span descriptors */
	u64 held, free, metadata;
	u64 taken, returned;
};

static void add_cache(struct strata_cache *c, void *context)
{
	struct memory *all = context;
	struct strata_counts n = { };
	struct strata_magazine *m;
	int node;

	strata_counts_add(&n, c);
	strata_counts_add(&all->counts, c);
	all->object_bytes += n.live * c->shape.size;
	all->mcache += (u64)num_possible_cpus() * struct_size(m, slot, c->magazine_max + 1);
	for (node = 0; node < nr_node_ids; node++)
		all->mcache += READ_ONCE(c->depot[node].capacity) * sizeof(void *);
	all->mspan += n.spans * strata_span_bytes(c->shape.nr_objects);
}

static void add_nodes(const struct strata_heap *heap, struct memory *all)
{
	const struct strata_heap_node *hn;
	int node;

	for (node = 0; node < nr_node_ids; node++) {
		hn = heap->node[node];
		all->held += READ_ONCE(hn->nr_present) + READ_ONCE(hn->nr_direct);
		all->free += READ_ONCE(hn->nr_free);
		all->metadata += READ_ONCE(hn->nr_chunks) * sizeof(struct strata_chunk) +
				 READ_ONCE(hn->nr_leaves) * sizeof(struct strata_map_leaf);
		all->taken += READ_ONCE(hn->nr_taken);
		all->returned += READ_ONCE(hn->nr_returned);
	}
}

static void show(struct seq_file *m, const char *name, u64 value)
{
	seq_printf(m, "%-48s %16llu\n", name, value);
}

/* One a line: name, value. */
int strata_stat_metrics(struct seq_file *m, void *unused)
{
	struct strata_allocator *a = m->private;
	struct strata_arena_totals arenas;
	struct strata_region_totals regions;
	const u64 table = strata_pagemap_bytes(&a->heap.map);
	u64 large, objects, stacks, used;
	struct strata_large_counts counts;
	struct memory all = { };

	mutex_lock(&a->lock);
	strata_allocator_for_each(a, add_cache, &all);
	mutex_unlock(&a->lock);
	add_nodes(&a->heap, &all);
	strata_region_totals(&regions);
	strata_arena_totals(&arenas);

	counts = strata_large_counts(a);
	large = counts.pages * PAGE_SIZE;
	all.mspan += counts.live * strata_span_bytes(0);
	/* Regions get their segments from the heap. */
	objects = all.object_bytes + large;
	stacks = min_t(u64, max(regions.bytes, 0L), objects);
	used = (all.held - all.free) * PAGE_SIZE;

	show(m, "/gc/heap/allocs:objects",
	     all.counts.allocs + counts.allocs);
	show(m, "/gc/heap/frees:objects", all.counts.frees + counts.frees);
	show(m, "/gc/heap/live:bytes", objects - stacks);
	show(m, "/gc/heap/objects:objects", all.counts.live + counts.live);
	show(m, "/gc/stack/starting-size:bytes", STRATA_SEGMENT_MIN);
	show(m, "/memory/classes/heap/free:bytes", all.free * PAGE_SIZE);
	show(m, "/memory/classes/heap/objects:bytes", objects - stacks);
	show(m, "/memory/classes/heap/stacks:bytes", stacks);
	show(m, "/memory/classes/heap/unused:bytes", used - min(used, objects));
	show(m, "/memory/classes/metadata/mcache/inuse:bytes", all.mcache);
	show(m, "/memory/classes/metadata/mspan/inuse:bytes", all.mspan);
	show(m, "/memory/classes/metadata/other:bytes", all.metadata);
	show(m, "/memory/classes/metadata/pagemap/inuse:bytes", table);
	show(m, "/memory/classes/total:bytes", max(used, objects) + all.free * PAGE_SIZE +
	     all.mcache + all.mspan + all.metadata + table);
	show(m, "/strata/arenas/committed:bytes", arenas.committed);
	show(m, "/strata/heap/returned:bytes", all.returned * PAGE_SIZE);
	show(m, "/strata/heap/taken:bytes", all.taken * PAGE_SIZE);
	show(m, "/strata/misuse:events", strata_misuse_total());
	return 0;
}
