// SPDX-License-Identifier: GPL-2.0-only
/*
 * Objects that readers under RCU may still see: noted in a batch of this CPU,
 * and freed together once a grace period has passed since the batch was
 * closed. A batch is closed when it is full, or a short while after it was
 * begun. Full batches are replaced by ready ones, so that no context needs to
 * allocate. If even those run out, whoever can waits for a grace period; only
 * where that is not possible is an object leaked, and reported.
 */
#include <linux/irq_work.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "alloc.h"
#include "compat.h"
#include "context.h"
#include "fault.h"
#include "figure.h"
#include "misuse.h"
#include "rcu_free.h"

/* A batch is closed this long after it was begun. */
#define BATCH_AGE	(HZ / 50 ?: 1)

/* A batch fills a page. */
#define BATCH_OBJECTS	((PAGE_SIZE - offsetof(struct batch, object)) / sizeof(void *))

/* Ready batches kept for each CPU. */
#define READY		2

struct batch {
	struct rcu_head rcu;
	struct strata_rcu_queue *queue;
	struct batch *next;
	unsigned int n;
	void *object[];
};

/*
 * One CPU's. The lock is its own but for the work that closes old batches.
 * @full is for what NMIs filled: they cannot call call_rcu().
 */
struct rcu_cpu {
	raw_spinlock_t lock;
	struct batch *open;
	struct batch *full;
	struct batch *ready;
	unsigned int nr_ready;
};

struct strata_rcu_queue {
	struct strata_allocator *allocator;
	struct rcu_cpu __percpu *cpu;
	struct irq_work kick;
	struct delayed_work work;
};

static void free_batch(struct rcu_head *rcu)
{
	struct batch *batch = container_of(rcu, struct batch, rcu);

	strata_free_many(batch->queue->allocator, NULL, batch->n, batch->object,
			 (unsigned long)free_batch);
	kfree(batch);
}

static void kicked(struct irq_work *work)
{
	struct strata_rcu_queue *q = container_of(work, struct strata_rcu_queue, kick);

	queue_delayed_work(q->allocator->workqueue, &q->work, BATCH_AGE);
}

static struct batch *new_batch(struct strata_rcu_queue *q, gfp_t gfp)
{
	struct batch *batch = strata_may_fail(gfp, kmalloc(PAGE_SIZE, gfp));

	if (batch) {
		batch->queue = q;
		batch->n = 0;
	}
	return batch;
}

/* One more ready batch. False without memory. */
static bool stock_one(struct strata_rcu_queue *q, struct rcu_cpu *mine, gfp_t gfp)
{
	struct batch *batch = new_batch(q, gfp);
	unsigned long flags;

	if (!batch)
		return false;
	raw_spin_lock_irqsave(&mine->lock, flags);
	batch->next = mine->ready;
	mine->ready = batch;
	strata_figure_add(&mine->nr_ready, 1);
	raw_spin_unlock_irqrestore(&mine->lock, flags);
	return true;
}

/* Have the ready batches that @mine should have. */
static void stock(struct strata_rcu_queue *q, struct rcu_cpu *mine)
{
	while (READ_ONCE(mine->nr_ready) < READY)
		if (!stock_one(q, mine, GFP_KERNEL | __GFP_NOWARN))
			break;
}

static void close_batches(struct batch *batch)
{
	struct batch *next;

	for (; batch; batch = next) {
		next = batch->next;
		call_rcu(&batch->rcu, free_batch);
	}
}

static void close_old(struct work_struct *work)
{
	struct strata_rcu_queue *q = container_of(to_delayed_work(work),
						  struct strata_rcu_queue, work);
	struct rcu_cpu *mine;
	struct batch *batch;
	int cpu;

	for_each_possible_cpu(cpu) {
		mine = per_cpu_ptr(q->cpu, cpu);
		raw_spin_lock_irq(&mine->lock);
		batch = mine->open;
		if (batch)
			batch->next = mine->full;
		else
			batch = mine->full;
		mine->open = NULL;
		mine->full = NULL;
		raw_spin_unlock_irq(&mine->lock);
		close_batches(batch);
		stock(q, mine);
	}
}

/* Note an object; false if there is no room. @mine is locked. */
static bool note(struct rcu_cpu *mine, void *object, bool *begun)
{
	struct batch *batch = mine->open;

	if (!batch) {
		batch = mine->ready;
		if (!batch)
			return false;
		mine->ready = batch->next;
		strata_figure_sub(&mine->nr_ready, 1);
		mine->open = batch;
		*begun = true;
	}
	batch->object[batch->n++] = object;
	if (batch->n == BATCH_OBJECTS) {
		batch->next = mine->full;
		mine->full = batch;
		mine->open = NULL;
	}
	return true;
}

/* Note an object, and close what is full. */
static bool note_and_close(struct rcu_cpu *mine, void *object, bool *begun)
{
	struct batch *full;
	unsigned long flags;
	bool noted;

	raw_spin_lock_irqsave(&mine->lock, flags);
	noted = note(mine, object, begun);
	full = mine->full;
	mine->full = NULL;
	raw_spin_unlock_irqrestore(&mine->lock, flags);
	/* A full batch is replaced when the work runs next. */
	if (full)
		*begun = true;
	close_batches(full);
	return noted;
}

/*
 * Can this context wait for a grace period? Not where it is a reader itself, nor
 * where it may be what a grace period waits for; where it cannot be known, no.
 */
static bool may_wait(void)
{
	return preemptible() && !softirq_count() && !rcu_preempt_depth();
}

/* The way out when no batch is ready: one made on the spot, or patience. */
static bool free_without_batch(struct strata_rcu_queue *q, struct rcu_cpu *mine,
			       void *object, bool *begun, unsigned long site)
{
	if (!strata_may_grow(GFP_NOWAIT | __GFP_NOWARN))
		return false;
	if (stock_one(q, mine, GFP_NOWAIT | __GFP_NOWARN) &&
	    note_and_close(mine, object, begun))
		return true;
	if (!may_wait())
		return false;
	synchronize_rcu();
	strata_free_to(q->allocator, object, site);
	return true;
}

/**
 * strata_rcu_free() - free an object after a grace period
 * @q: the queue
 * @p: any value
 * @site: who frees, for reports
 *
 * Context: any. Without memory it may wait, in a context where that is known to
 * be possible.
 */
void strata_rcu_free(struct strata_rcu_queue *q, const void *p, unsigned long site)
{
	bool begun = false, done = false;
	struct rcu_cpu *mine;
	unsigned long flags;

	if (ZERO_OR_NULL_PTR(p))
		return;
	if (!strata_is_live(q->allocator, p)) {
		/* Not an object: said at once, while the caller is known. */
		strata_free_to(q->allocator, p, site);
		return;
	}
	/* This CPU's or, after a migration, its neighbour's: the lock makes it right. */
	mine = raw_cpu_ptr(q->cpu);
	if (!in_nmi()) {
		done = note_and_close(mine, (void *)p, &begun) ||
		       free_without_batch(q, mine, (void *)p, &begun, site);
	} else if (raw_spin_trylock_irqsave(&mine->lock, flags)) {
		done = note(mine, (void *)p, &begun);
		raw_spin_unlock_irqrestore(&mine->lock, flags);
	}
	if (begun || !done)
		irq_work_queue(&q->kick);
	if (!done)
		strata_misuse_report(STRATA_MISUSE_LEAK,
				     "no memory to note that %p is to be freed after a grace period, by %pS; the object is leaked",
				     p, (void *)site);
}
STRATA_TEST_EXPORT(strata_rcu_free);

/**
 * strata_rcu_flush() - wait until all objects noted so far are free
 * @q: the queue
 *
 * Context: may sleep.
 */
void strata_rcu_flush(struct strata_rcu_queue *q)
{
	strata_background_sync(&q->kick);
	queue_delayed_work(q->allocator->workqueue, &q->work, 0);
	mod_delayed_work(q->allocator->workqueue, &q->work, 0);
	flush_delayed_work(&q->work);
	rcu_barrier();
}
STRATA_TEST_EXPORT(strata_rcu_flush);

/**
 * strata_rcu_queue_create() - a queue of an allocator
 * @a: the allocator, which outlives the queue
 *
 * Context: may sleep.
 * Return: the queue or NULL.
 */
struct strata_rcu_queue *strata_rcu_queue_create(struct strata_allocator *a)
{
	struct strata_rcu_queue *q = strata_may_fail(GFP_KERNEL, kzalloc(sizeof(*q), GFP_KERNEL));
	int cpu;

	if (!q)
		return NULL;
	q->allocator = a;
	q->kick = IRQ_WORK_INIT_HARD(kicked);
	INIT_DELAYED_WORK(&q->work, close_old);
	q->cpu = strata_may_fail(GFP_KERNEL, alloc_percpu(struct rcu_cpu));
	if (!q->cpu) {
		kfree(q);
		return NULL;
	}
	for_each_possible_cpu(cpu) {
		raw_spin_lock_init(&per_cpu_ptr(q->cpu, cpu)->lock);
		stock(q, per_cpu_ptr(q->cpu, cpu));
	}
	return q;
}
STRATA_TEST_EXPORT(strata_rcu_queue_create);

/**
 * strata_rcu_queue_destroy() - wait for all objects, and end the queue
 * @q: the queue, which nobody uses any more; or NULL
 *
 * Context: may sleep.
 */
void strata_rcu_queue_destroy(struct strata_rcu_queue *q)
{
	struct batch *batch;
	int cpu;

	if (!q)
		return;
	strata_rcu_flush(q);
	cancel_delayed_work_sync(&q->work);
	for_each_possible_cpu(cpu) {
		while ((batch = per_cpu_ptr(q->cpu, cpu)->ready)) {
			per_cpu_ptr(q->cpu, cpu)->ready = batch->next;
			kfree(batch);
		}
	}
	free_percpu(q->cpu);
	kfree(q);
}
STRATA_TEST_EXPORT(strata_rcu_queue_destroy);
