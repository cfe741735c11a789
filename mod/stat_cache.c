// SPDX-License-Identifier: GPL-2.0-only
/*
 * Caches as text: what each did, what each CPU and node holds of it, and by
 * which tier requests were served.
 */
#include <linux/cpumask.h>
#include <linux/nodemask.h>
#include <linux/seq_file.h>

#include "allocator.h"
#include "compat.h"
#include "counts.h"
#include "large.h"
#include "large_cache.h"
#include "stat.h"

/*
 * Spans counted in one list: its lock is everybody's, and a reader may not hold
 * it for ever.
 */
#define COUNT_MAX	10000

static void show_class(struct strata_cache *c, void *context)
{
	struct strata_counts n = { };

	strata_counts_add(&n, c);
	seq_printf(context, "%-16s %6u %5u %10llu %8llu %12llu %12llu %12llu %10llu %10llu %8llu %12llu %10llu %8llu %10llu\n",
		   c->name, c->usable, c->shape.npages, n.live, n.direct, n.allocs, n.frees,
		   n.hits, n.refills, n.flushes, n.spans, n.bytes, n.in_magazines,
		   n.in_depots, n.in_spans);
}

/* Size classes and typed caches; also those destroyed with live objects. */
int strata_stat_classes(struct seq_file *m, void *unused)
{
	struct strata_allocator *a = m->private;

	seq_printf(m, "%-16s %6s %5s %10s %8s %12s %12s %12s %10s %10s %8s %12s %10s %8s %10s\n",
		   "cache", "size", "pages", "live", "direct", "allocs", "frees", "hits",
		   "refills", "flushes", "spans", "held-bytes", "magazines", "depots",
		   "in-spans");
	mutex_lock(&a->lock);
	strata_allocator_for_each(a, show_class, m);
	mutex_unlock(&a->lock);
	return 0;
}

/* One CPU's lines, and their sum. */
struct cpu_view {
	struct seq_file *m;
	int cpu;
	u64 objects, aside, bytes, may_hold, allocs, refills, flushes;
};

static void show_magazine(struct strata_cache *c, void *context)
{
	struct cpu_view *view = context;
	const struct strata_magazine *m = per_cpu_ptr(c->magazine, view->cpu);
	unsigned int count = strata_figure_read(&m->count);
	unsigned int aside = strata_figure_read(&m->nr_nested);
	unsigned int capacity = READ_ONCE(m->capacity);
	u64 bytes = (u64)(count + aside) * c->shape.size;
	u64 may_hold = (u64)capacity * c->shape.size;
	u64 allocs = strata_magazine_allocs(m) + strata_figure_read(&m->nested_allocs);
	u64 refills = strata_figure_read(&m->refills);
	u64 flushes = strata_figure_read(&m->flushes);

	/* Who only freed was used, too. */
	if (!strata_magazine_uses(m) && !count && !aside && !capacity)
		return;
	view->objects += count;
	view->aside += aside;
	view->bytes += bytes;
	view->may_hold += may_hold;
	view->allocs += allocs;
	view->refills += refills;
	view->flushes += flushes;
	seq_printf(view->m, "%-4d %-16s %8u %6u %9u %12llu %12llu %12s %12llu %10llu %10llu\n",
		   view->cpu, c->name, count, aside, capacity, bytes, may_hold, "-", allocs,
		   refills, flushes);
}

static void show_large_cache(struct strata_allocator *a, struct cpu_view *view)
{
	const struct strata_large_cache *lc = per_cpu_ptr(a->large_cache, view->cpu);

	seq_printf(view->m, "%-4d %-16s %8u %6s %9u %12llu %12lu %12s %12s %10s %10s\n",
		   view->cpu, "large", strata_figure_read(&lc->count), "-", STRATA_LARGE_SLOTS,
		   (u64)strata_figure_read(&lc->pages) << PAGE_SHIFT, strata_large_budget(),
		   "-", "-", "-", "-");
}

static void show_cpu(struct strata_allocator *a, struct seq_file *m, int cpu)
{
	struct cpu_view view = { .m = m, .cpu = cpu };

	strata_allocator_for_each(a, show_magazine, &view);
	seq_printf(m, "%-4d %-16s %8llu %6llu %9s %12llu %12llu %12ld %12llu %10llu %10llu\n",
		   cpu, "all", view.objects, view.aside, "-", view.bytes, view.may_hold,
		   strata_percpu_budget(), view.allocs, view.refills, view.flushes);
	show_large_cache(a, &view);
}

/* Magazines that were used, by CPU; their sum and its budget; large objects kept. */
int strata_stat_percpu(struct seq_file *m, void *unused)
{
	struct strata_allocator *a = m->private;
	int cpu;

	seq_printf(m, "%-4s %-16s %8s %6s %9s %12s %12s %12s %12s %10s %10s\n", "cpu", "cache",
		   "objects", "aside", "capacity", "bytes", "may-hold", "budget", "allocs",
		   "refills", "flushes");
	mutex_lock(&a->lock);
	for_each_possible_cpu(cpu)
		show_cpu(a, m, cpu);
	mutex_unlock(&a->lock);
	return 0;
}

static unsigned int count_some(const struct list_head *list)
{
	const struct list_head *at;
	unsigned int n = 0;

	list_for_each(at, list)
		if (++n == COUNT_MAX)
			break;
	return n;
}

static void show_central(struct strata_cache *c, struct strata_central *central, int node,
			 struct seq_file *m)
{
	unsigned int partial[STRATA_BUCKETS], full, empty, i;
	unsigned long spans, free, flags;
	u64 taken, put;

	raw_spin_lock_irqsave(&central->lock, flags);
	for (i = 0; i < STRATA_BUCKETS; i++)
		partial[i] = count_some(&central->partial[i]);
	full = count_some(&central->full);
	empty = count_some(&central->empty);
	spans = central->nr_spans;
	free = central->nr_free;
	taken = central->nr_taken;
	put = central->nr_put;
	raw_spin_unlock_irqrestore(&central->lock, flags);
	if (!spans && !taken)
		return;
	seq_printf(m, "%-16s %4d %8lu %10lu %12llu %12llu %6u", c->name, node, spans, free,
		   taken, put, full);
	for (i = 0; i < STRATA_BUCKETS; i++)
		seq_printf(m, " %5u", partial[i]);
	seq_printf(m, " %6u\n", empty);
}

static void show_centrals(struct strata_cache *c, void *context)
{
	int node;

	for (node = 0; node < nr_node_ids; node++)
		show_central(c, &c->central[node], node, context);
}

/* Spans by how many of their objects are free: none, at least 1, at least 2 ..., all. */
int strata_stat_central(struct seq_file *m, void *unused)
{
	struct strata_allocator *a = m->private;
	unsigned int i;

	seq_printf(m, "%-16s %4s %8s %10s %12s %12s %6s", "cache", "node", "spans", "free",
		   "taken", "put", "full");
	for (i = 0; i < STRATA_BUCKETS; i++)
		seq_printf(m, " %4u+", 1U << i);
	seq_printf(m, " %6s\n", "empty");
	mutex_lock(&a->lock);
	strata_allocator_for_each(a, show_centrals, m);
	mutex_unlock(&a->lock);
	return 0;
}

static void add_one(struct strata_cache *c, void *context)
{
	strata_counts_add(context, c);
}

/*
 * Who served how many requests. A refill that had to wait for a new span is
 * the heap's; spans that the background got in advance are counted with them.
 */
int strata_stat_tiers(struct seq_file *m, void *unused)
{
	struct strata_allocator *a = m->private;
	struct strata_counts n = { };
	u64 rest;

	mutex_lock(&a->lock);
	strata_allocator_for_each(a, add_one, &n);
	mutex_unlock(&a->lock);
	rest = n.refills - n.from_depot;
	seq_printf(m, "magazine %llu depot %llu central %llu heap %llu nested %llu large %lu\n",
		   n.hits, n.from_depot, rest - min(rest, n.grown), min(rest, n.grown),
		   n.nested_allocs, strata_large_counts(a).allocs);
	return 0;
}
