// SPDX-License-Identifier: GPL-2.0-only
/*
 * A walk over a whole allocator. It is exact when nobody allocates or frees
 * meanwhile; otherwise it may report what was only under way, but it breaks
 * nothing, and reads no memory that may be gone. One thing it cannot see: an
 * object that a magazine forgot looks like one that a caller has. Who knows how
 * many should be live compares that too.
 *
 * For tests and for the bug hunter: each list is walked under its lock with
 * interrupts off, however long it is. May use everything, and nothing but the
 * statistics and the tests may use it.
 */
#include <linux/cpu.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>

#include "allocator.h"
#include "check.h"
#include "compat.h"
#include "figure.h"
#include "large.h"
#include "large_cache.h"

/* Lines written in one walk; the rest is only counted. */
#define LINES	20

static void say(struct strata_checker *k, struct va_format *what)
{
	if (k->found++ >= LINES)
		return;
	if (k->to)
		seq_printf(k->to, "%pV\n", what);
	else
		pr_err("strata: check: %pV\n", what);
}

/**
 * strata_check_report() - something is not as it should be
 * @k: the walk
 * @format: what; no newline
 *
 * Context: any but NMI, locks of the allocator held.
 */
void strata_check_report(struct strata_checker *k, const char *format, ...)
{
	struct va_format what = { .fmt = format };
	va_list args;

	va_start(args, format);
	what.va = &args;
	say(k, &what);
	va_end(args);
}

/**
 * strata_check_equal() - a counter should be what was counted
 * @k: the walk
 * @noted: the counter
 * @counted: the recount
 * @format: what it counts, where; no newline
 *
 * Context: as strata_check_report().
 */
void strata_check_equal(struct strata_checker *k, u64 noted, u64 counted,
			const char *format, ...)
{
	struct va_format what = { .fmt = format };
	va_list args;

	if (noted == counted)
		return;
	va_start(args, format);
	what.va = &args;
	strata_check_report(k, "%pV: %lld noted, %lld counted", &what, noted, counted);
	va_end(args);
}

/* Let what runs by itself come to an end. Returns whether the tick was due. */
static bool hold_still(struct strata_allocator *a)
{
	bool ticking = cancel_delayed_work_sync(&a->tick);

	/* A span may take two grace periods, see background.c. */
	if (atomic_long_read(&a->nr_spans_in_rcu)) {
		rcu_barrier();
		rcu_barrier();
	}
	strata_background_settle(a);
	return cancel_delayed_work_sync(&a->tick) || ticking;
}

static void check_one(struct strata_cache *c, void *context)
{
	strata_check_cache(context, c);
}

struct promised {
	int cpu;
	long bytes;
};

static void add_promised(struct strata_cache *c, void *context)
{
	struct promised *promised = context;

	promised->bytes += (long)READ_ONCE(per_cpu_ptr(c->magazine, promised->cpu)->capacity) *
			   c->shape.size;
}

struct deposited {
	int node;
	long bytes;
};

static void add_deposited(struct strata_cache *c, void *context)
{
	struct deposited *deposited = context;

	deposited->bytes += (long)READ_ONCE(c->depot[deposited->node].count) * c->shape.size;
}

/* What the magazines of a CPU may hold is one budget, what a node's depots do another. */
static void check_budgets(struct strata_checker *k)
{
	struct strata_allocator *a = k->allocator;
	struct deposited deposited;
	struct promised promised;

	for (deposited.node = 0; deposited.node < nr_node_ids; deposited.node++) {
		deposited.bytes = 0;
		strata_allocator_for_each(a, add_deposited, &deposited);
		strata_check_equal(k, atomic_long_read(&a->deposited[deposited.node]),
				   deposited.bytes, "bytes that the depots of node %d hold",
				   deposited.node);
	}
	for_each_possible_cpu(promised.cpu) {
		promised.bytes = 0;
		strata_allocator_for_each(a, add_promised, &promised);
		strata_check_equal(k, READ_ONCE(*per_cpu_ptr(a->cached, promised.cpu)),
				   promised.bytes, "bytes that the magazines of CPU %d may hold",
				   promised.cpu);
	}
}

/* Returns the pages of a large object that a CPU keeps. */
static unsigned int check_kept(struct strata_checker *k, int cpu, const struct strata_span *span)
{
	/* While somebody is at it, a count may be seen before the slot is. */
	if (!span)
		return 0;
	if (span->kind != STRATA_SPAN_LARGE || span->cache || READ_ONCE(span->nr_free) != 1)
		strata_check_report(k, "CPU %d keeps %p, which is no free large object",
				    cpu, span->base);
	return span->npages;
}

/* Returns how many free large objects a CPU keeps. */
static unsigned int check_large_cache(struct strata_checker *k, int cpu)
{
	const struct strata_large_cache *lc = per_cpu_ptr(k->allocator->large_cache, cpu);
	unsigned int i, pages = 0, count;

	if (READ_ONCE(lc->busy))
		strata_check_report(k, "CPU %d: large objects claimed", cpu);
	/* A span that leaves from here on is freed after a grace period. */
	rcu_read_lock();
	count = strata_figure_read(&lc->count);
	if (count > STRATA_LARGE_SLOTS) {
		strata_check_report(k, "CPU %d keeps %u large objects", cpu, count);
		count = 0;
	}
	for (i = 0; i < count; i++)
		pages += check_kept(k, cpu, strata_figure_read(&lc->slot[i]));
	rcu_read_unlock();
	strata_check_equal(k, strata_figure_read(&lc->pages), pages,
			   "CPU %d, pages of large objects kept", cpu);
	return count;
}

static void check_large_caches(struct strata_checker *k)
{
	unsigned int kept = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		kept += check_large_cache(k, cpu);
	strata_check_equal(k, kept, k->large_kept, "large objects kept");
}

static void check_sums(struct strata_checker *k)
{
	struct strata_allocator *a = k->allocator;
	const struct strata_large_counts n = strata_large_counts(a);

	if (!atomic_long_read(&a->nr_spans_in_rcu))
		strata_check_equal(k, k->span_pages, k->object_pages, "pages of spans");
	strata_check_equal(k, n.live, k->large, "large objects allocated and not freed");
	strata_check_equal(k, n.pages, k->large_pages, "pages of large objects");
	strata_check_equal(k, k->direct, k->large_typed,
			   "objects of caches with pages of their own");
}

/**
 * strata_check_to() - walk an allocator, and write what is wrong to a file
 * @a: the allocator; for an exact answer nobody uses it meanwhile
 * @to: the file, or NULL for the kernel log
 *
 * Context: may sleep; takes cpus_read_lock() and the allocator's lock.
 * Return: the number of discrepancies, of which the first few are written.
 */
unsigned long strata_check_to(struct strata_allocator *a, struct seq_file *to)
{
	struct strata_checker k = { .allocator = a, .to = to };
	bool ticking = hold_still(a);

	cpus_read_lock();
	mutex_lock(&a->lock);
	strata_check_heap(&k);
	strata_allocator_for_each(a, check_one, &k);
	check_budgets(&k);
	check_large_caches(&k);
	check_sums(&k);
	mutex_unlock(&a->lock);
	cpus_read_unlock();
	if (ticking)
		strata_background_wake(a);
	if (k.found > LINES && !to)
		pr_err("strata: check: and %lu more\n", k.found - LINES);
	return k.found;
}
STRATA_TEST_EXPORT(strata_check_to);

/**
 * strata_check() - walk an allocator, and log what is wrong
 * @a: the allocator; for an exact answer nobody uses it meanwhile
 *
 * Context: may sleep; takes cpus_read_lock() and the allocator's lock.
 * Return: the number of discrepancies.
 */
unsigned long strata_check(struct strata_allocator *a)
{
	return strata_check_to(a, NULL);
}
STRATA_TEST_EXPORT(strata_check);
