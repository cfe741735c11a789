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

struct cpu_view {
	struct seq_file *m;
	int cpu;
	u64 bytes;
};

static void show_magazine(struct strata_cache *c, void *context)
{
	struct cpu_view *view = context;
	const struct strata_magazine *m = per_cpu_ptr(c->magazine, view->cpu);
	unsigned int count = READ_ONCE(m->count), nested = READ_ONCE(m->nr_nested);
	u64 bytes = (u64)(count + nested) * c->shape.size;

	view->bytes += bytes;
	if (!count && !nested && !READ_ONCE(m->capacity))
		return;
	seq_printf(view->m, "%-4d %-16s %8u %6u %9u %12llu %12llu %12llu %10llu %10llu\n",
		   view->cpu, c->name, count, nested, READ_ONCE(m->capacity), bytes,
		   (u64)READ_ONCE(m->capacity) * c->shape.size, READ_ONCE(m->allocs),
		   READ_ONCE(m->refills), READ_ONCE(m->flushes));
}

static void show_large_cache(struct strata_allocator *a, struct cpu_view *view)
{
	const struct strata_large_cache *lc = per_cpu_ptr(a->large_cache, view->cpu);
	u64 bytes = (u64)READ_ONCE(lc->pages) << PAGE_SHIFT;

	if (bytes)
		seq_printf(view->m, "%-4d %-16s %8u %6s %9u %12llu %12lu %12s %10s %10s\n",
			   view->cpu, "large", READ_ONCE(lc->count), "-", STRATA_LARGE_SLOTS,
			   bytes, (unsigned long)STRATA_LARGE_BYTES, "-", "-", "-");
}

/* Magazines that hold something or may; and for each CPU a line with its budget. */
int strata_stat_percpu(struct seq_file *m, void *unused)
{
	struct strata_allocator *a = m->private;
	struct cpu_view view = { .m = m };

	seq_printf(m, "%-4s %-16s %8s %6s %9s %12s %12s %12s %10s %10s\n", "cpu", "cache",
		   "objects", "aside", "capacity", "bytes", "may-hold", "allocs", "refills",
		   "flushes");
	mutex_lock(&a->lock);
	for_each_possible_cpu(view.cpu) {
		view.bytes = 0;
		strata_allocator_for_each(a, show_magazine, &view);
		show_large_cache(a, &view);
		seq_printf(m, "%-4d %-16s %8s %6s %9lu %12llu %12ld %12s %10s %10s\n", view.cpu,
			   "all,budget", "-", "-", strata_percpu_budget(), view.bytes,
			   READ_ONCE(*per_cpu_ptr(a->cached, view.cpu)), "-", "-", "-");
	}
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

/* Spans by how many of their objects are free: none, from a power of two on, all. */
int strata_stat_central(struct seq_file *m, void *unused)
{
	struct strata_allocator *a = m->private;
	unsigned int i;

	seq_printf(m, "%-16s %4s %8s %10s %12s %12s %6s", "cache", "node", "spans", "free",
		   "taken", "put", "full");
	for (i = 0; i < STRATA_BUCKETS; i++)
		seq_printf(m, "  free%-*u", i < 4 ? 1 : 3, 1U << i);
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
	seq_printf(m, "magazine %llu depot %llu central %llu heap %llu nested %llu large %lld\n",
		   n.hits, n.from_depot, rest - min(rest, n.grown), min(rest, n.grown),
		   n.nested_allocs, atomic64_read(&a->nr_large_allocs));
	return 0;
}
