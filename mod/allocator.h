/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An allocator: a heap, the caches of the size classes, the typed caches, and
 * the background that keeps them within bounds. strata.ko has one; a test
 * makes its own, on a backing that fails on demand.
 */
#ifndef _STRATA_ALLOCATOR_H
#define _STRATA_ALLOCATOR_H

#include <linux/cpumask.h>
#include <linux/irq_work.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>

#include "cache.h"
#include "class.h"
#include "heap.h"

struct strata_cpu_work;
struct strata_large_cache;

/**
 * struct strata_allocator - all of it
 * @heap: pages
 * @debug: STRATA_* flags that all its caches have besides their own; set before
 *	strata_allocator_init()
 * @class: a cache for each size class
 * @magazine: of each of those, again, where one load finds it
 * @lock: @caches, and one drain of all CPUs at a time. Inside cpus_read_lock(),
 *	outside all others; reclaim only tries it
 * @caches: the typed ones
 * @zombies: destroyed with live objects
 * @deferred: frees that wait for a context that may do more, linked through
 *	the objects' marks
 * @deferred_pages: the same for blocks that go to the page allocator
 * @kick: hard irq_work: the way out of NMI and raw context
 * @workqueue: for @refill and @tick
 * @drain_workqueue: for @cpu_work
 * @starving: some cache is starved
 * @refill: grows caches that a context which may not grow them found empty
 * @tick: gives back what is idle
 * @cpu_work: drain the magazines of one CPU
 * @idle_cpus: those with something idle, at this tick
 * @drain_all: what @cpu_work drains: everything, or what is idle
 * @drain_only: of this cache, or NULL for all
 * @cached: bytes that the magazines of each CPU may hold
 * @next_asked: the class whose magazine is next to be asked for its room
 * @deposited: bytes that the depots of each node hold
 * @large_cache: free large objects that each CPU keeps
 * @nr_spans_in_rcu: spans that wait for a grace period
 */
struct strata_allocator {
	struct strata_heap heap;
	unsigned int debug;
	struct strata_cache class[STRATA_NR_CLASSES];
	struct strata_magazine __percpu *magazine[STRATA_NR_CLASSES];
	struct mutex lock;		/* caches, zombies, drains */
	struct list_head caches;
	struct list_head zombies;
	struct llist_head deferred;
	struct llist_head deferred_pages;
	struct irq_work kick;
	struct workqueue_struct *workqueue;
	struct workqueue_struct *drain_workqueue;
	bool starving;
	struct work_struct refill;
	struct delayed_work tick;
	struct strata_cpu_work __percpu *cpu_work;
	cpumask_var_t idle_cpus;
	bool drain_all;
	struct strata_cache *drain_only;
	long __percpu *cached;
	unsigned int next_asked;
	atomic_long_t *deposited;
	struct strata_large_cache __percpu *large_cache;
	atomic_long_t nr_spans_in_rcu;
};

int strata_allocator_init(struct strata_allocator *a, const struct strata_backing *backing);
unsigned long strata_allocator_exit(struct strata_allocator *a);

static inline struct strata_allocator *strata_allocator_of(const struct strata_cache *c)
{
	return container_of(c->heap, struct strata_allocator, heap);
}

/* Walk over all caches of @a with its lock held: classes, typed, destroyed. */
typedef void (*strata_cache_visitor)(struct strata_cache *c, void *context);
void strata_allocator_for_each(struct strata_allocator *a, strata_cache_visitor visit,
			       void *context);

/* defer.c */
void strata_defer_push(struct strata_allocator *a, struct llist_head *list, void *link);
void strata_defer_put(struct strata_allocator *a);
void strata_defer_put_pages(struct strata_allocator *a);

/* background.c */
int strata_background_init(struct strata_allocator *a);
void strata_background_exit(struct strata_allocator *a);
void strata_background_wake(struct strata_allocator *a);
void strata_background_sync(struct irq_work *work);
void strata_background_settle(struct strata_allocator *a);
long strata_percpu_budget(void);
long strata_depot_budget(void);
extern const struct strata_cache_host strata_cache_host;

#endif /* _STRATA_ALLOCATOR_H */
