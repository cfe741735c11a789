// SPDX-License-Identifier: GPL-2.0-only
/*
 * Objects on their way back from magazines and depots to their spans, and
 * empty spans back to the heap.
 */
#include "cache.h"
#include "compat.h"

/* Objects moved with preemption off. */
#define DRAIN_BATCH	32

/**
 * strata_cache_home() - bring free objects to their spans
 * @c: the cache
 * @objects: marked free; reordered
 * @n: how many
 *
 * An object that turns out to be there already was freed twice, in a way that
 * strata_free() could not see: it is reported, and nothing is done with it.
 * Context: any but NMI.
 */
void strata_cache_home(struct strata_cache *c, void **objects, unsigned int n)
{
	LIST_HEAD(emptied);
	unsigned int i, bad;

	if (!n)
		return;
	bad = strata_central_put(c->central, c->heap, c, &c->shape, objects, n, &emptied);
	for (i = 0; i < bad; i++) {
		atomic64_inc(&c->nr_twice);
		c->host->double_free(c, objects[i]);
	}
	if (!list_empty(&emptied))
		c->host->retire(c, &emptied);
}
STRATA_TEST_EXPORT(strata_cache_home);

/**
 * strata_cache_deposit() - leave objects in a depot, within its node's budget
 * @c: the cache
 * @node: NUMA node
 * @objects: marked free, of that node
 * @n: how many
 *
 * Context: any but NMI.
 * Return: how many found room, the first of @objects.
 */
unsigned int strata_cache_deposit(struct strata_cache *c, int node, void **objects,
				  unsigned int n)
{
	const long size = c->shape.size;
	unsigned int put;

	if (!n || !c->host->may_deposit(c, node, n * size))
		return 0;
	put = strata_depot_put(&c->depot[node], objects, n);
	if (put < n)
		c->host->may_deposit(c, node, -(long)(n - put) * size);
	return put;
}

/**
 * strata_cache_withdraw() - take objects out of a depot
 * @c: the cache
 * @node: NUMA node
 * @objects: filled with them
 * @n: at most so many
 *
 * Context: any but NMI.
 * Return: how many there were.
 */
unsigned int strata_cache_withdraw(struct strata_cache *c, int node, void **objects,
				   unsigned int n)
{
	const long size = c->shape.size;

	n = strata_depot_take(&c->depot[node], objects, n);
	if (n)
		c->host->may_deposit(c, node, -(long)n * size);
	return n;
}

/* Empty a claimed magazine by one batch. Returns true when there is more. */
static bool drain_batch(struct strata_cache *c, struct strata_magazine *m, int cpu)
{
	unsigned int n = min_t(unsigned int, m->count, DRAIN_BATCH);

	m->count -= n;
	m->flushed += n;
	strata_cache_home(c, m->slot + m->count, n);
	if (m->count)
		return true;
	WRITE_ONCE(m->nested_busy, 1);
	/* An NMI leaves the slots alone from here. See take_nested(). */
	barrier();
	m->flushed += m->nr_nested;
	strata_cache_home(c, m->nested, m->nr_nested);
	m->nr_nested = 0;
	barrier();
	WRITE_ONCE(m->nested_busy, 0);
	c->host->may_cache(c, cpu, -(long)m->capacity * c->shape.size);
	strata_magazine_forget(m, 0, m->capacity);
	WRITE_ONCE(m->capacity, 0);
	WRITE_ONCE(m->idle, 0);
	return false;
}

/**
 * strata_cache_yield_room() - take room from this CPU's magazine, if it idles
 * @c: the cache
 * @cpu: this one
 *
 * Half of what it may hold, if nobody used it since it was last asked. For another
 * magazine of this CPU that misses, where all of them together may not hold more.
 * Context: any but NMI, with preemption off. Bounded by a batch.
 */
void strata_cache_yield_room(struct strata_cache *c, int cpu)
{
	struct strata_magazine *m = this_cpu_ptr(c->magazine);
	u64 uses = strata_magazine_uses(m);
	unsigned long keep;
	unsigned int n = 0;

	/* An interrupt may ask, too: whoever comes last notes what it saw. */
	if (uses != READ_ONCE(m->asked) || !strata_magazine_claim(m)) {
		WRITE_ONCE(m->asked, uses);
		return;
	}
	/* It may also have taken room until here. */
	keep = m->capacity / 2;
	if (m->count > keep)
		n = min_t(unsigned long, m->count - keep, DRAIN_BATCH);
	m->count -= n;
	m->flushed += n;
	strata_cache_home(c, m->slot + m->count, n);
	keep = max(keep, m->count);
	c->host->may_cache(c, cpu, -(long)(m->capacity - keep) * c->shape.size);
	strata_magazine_forget(m, keep, m->capacity);
	WRITE_ONCE(m->capacity, keep);
	strata_magazine_release(m);
}

/**
 * strata_cache_drain() - empty the magazine of the CPU this runs on
 * @c: the cache
 * @idle_only: only if it was found idle
 *
 * Context: task. Preemption is off for a batch at a time.
 */
void strata_cache_drain(struct strata_cache *c, bool idle_only)
{
	struct strata_magazine *m;
	bool more;

	do {
		more = false;
		preempt_disable();
		m = this_cpu_ptr(c->magazine);
		/* A task cannot have interrupted a claim on its own CPU: it succeeds. */
		if ((READ_ONCE(m->idle) || !idle_only) && strata_magazine_claim(m)) {
			more = drain_batch(c, m, smp_processor_id());
			strata_magazine_release(m);
		}
		preempt_enable();
	} while (more);
}
STRATA_TEST_EXPORT(strata_cache_drain);

/**
 * strata_cache_drain_dead() - empty the magazine of a CPU that is gone
 * @c: the cache
 * @cpu: offline, and kept so by the caller
 *
 * Context: task.
 */
void strata_cache_drain_dead(struct strata_cache *c, int cpu)
{
	struct strata_magazine *m = per_cpu_ptr(c->magazine, cpu);
	bool more;

	do {
		preempt_disable();
		more = drain_batch(c, m, cpu);
		preempt_enable();
	} while (more);
}
STRATA_TEST_EXPORT(strata_cache_drain_dead);

/**
 * strata_cache_note_idle() - was a magazine left unused since the last call?
 * @c: the cache
 * @cpu: whose
 *
 * Called by one thread at a time, from any CPU. It guesses: a magazine is drained
 * under a claim of its own CPU, whether it was right or not.
 * Return: true if it holds objects that nobody wanted; it is marked to be
 * drained by its own CPU.
 */
bool strata_cache_note_idle(struct strata_cache *c, int cpu)
{
	struct strata_magazine *m = per_cpu_ptr(c->magazine, cpu);
	u64 uses = strata_magazine_uses(m);
	bool holds = READ_ONCE(m->capacity) || strata_figure_read(&m->nr_nested);
	bool idle = uses == m->seen && holds;

	m->seen = uses;
	WRITE_ONCE(m->idle, idle);
	return idle;
}
STRATA_TEST_EXPORT(strata_cache_note_idle);

/**
 * strata_cache_drain_depots() - bring the depots' objects home
 * @c: the cache
 * @idle_only: only those that nobody wanted since the last call
 *
 * Context: any but NMI.
 */
void strata_cache_drain_depots(struct strata_cache *c, bool idle_only)
{
	void *objects[DRAIN_BATCH];
	unsigned int left, n;
	int node;

	for (node = 0; node < nr_node_ids; node++) {
		left = idle_only ? strata_depot_idle(&c->depot[node]) : UINT_MAX;
		for (; left; left -= n) {
			n = strata_cache_withdraw(c, node, objects,
						  min_t(unsigned int, left, DRAIN_BATCH));
			if (!n)
				break;
			strata_cache_home(c, objects, n);
		}
	}
}
STRATA_TEST_EXPORT(strata_cache_drain_depots);

/**
 * strata_cache_trim() - give back the spans that have no live object
 * @c: the cache
 *
 * Context: any but NMI.
 */
void strata_cache_trim(struct strata_cache *c)
{
	LIST_HEAD(emptied);
	int node;

	for (node = 0; node < nr_node_ids; node++)
		strata_central_trim(&c->central[node], &emptied);
	if (!list_empty(&emptied))
		c->host->retire(c, &emptied);
}
STRATA_TEST_EXPORT(strata_cache_trim);

/**
 * strata_cache_close_depots() - free the memory of depots that have no use
 * @c: the cache
 *
 * Context: task.
 */
void strata_cache_close_depots(struct strata_cache *c)
{
	int node;

	for (node = 0; node < nr_node_ids; node++)
		if (!READ_ONCE(c->central[node].nr_spans))
			strata_depot_close(&c->depot[node]);
}
STRATA_TEST_EXPORT(strata_cache_close_depots);
