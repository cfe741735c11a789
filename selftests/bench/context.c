// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hot pair where nothing may sleep: in the handler of a hard interrupt, and
 * in a softirq. The handler does all loops of a round, so getting there is not
 * in the figure.
 */
#include <linux/completion.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/preempt.h>
#include <linux/slab.h>

#include <linux/strata.h>

#include "bench.h"

/* Interrupts may not be held up for longer than a tick. */
#define MOST_LOOPS	4096

BENCH_ROUND(strata_pairs, size_t size = BENCH_VARIABLE((size_t)BENCH_SIZE),
	    BENCH_PAIR(strata_alloc(size, GFP_ATOMIC), strata_free(p)))
BENCH_ROUND(kmalloc_pairs, size_t size = BENCH_VARIABLE((size_t)BENCH_SIZE),
	    BENCH_PAIR(kmalloc(size, GFP_ATOMIC), kfree(p)))

/* The round that a handler is to do, and how long it took. */
static struct {
	struct completion done;
	enum bench_side side;
	unsigned long loops;
	u64 ns;
} order;

static void obey(bool right_context)
{
	order.ns = BENCH_FAILED;
	if (right_context && order.side == BENCH_STRATA)
		order.ns = strata_pairs(order.loops);
	else if (right_context)
		order.ns = kmalloc_pairs(order.loops);
	complete(&order.done);
}

static void hard_handler(struct irq_work *work)
{
	obey(in_hardirq());
}

static void soft_handler(struct tasklet_struct *tasklet)
{
	obey(in_serving_softirq() && !in_hardirq());
}

static struct irq_work hard = IRQ_WORK_INIT_HARD(hard_handler);
static struct tasklet_struct soft;

static u64 give(enum bench_side side, unsigned long loops, bool in_hard)
{
	order.side = side;
	order.loops = loops;
	reinit_completion(&order.done);
	if (in_hard)
		irq_work_queue(&hard);
	else
		tasklet_schedule(&soft);
	wait_for_completion(&order.done);
	return order.ns;
}

static u64 strata_hard(unsigned long loops)
{
	return give(BENCH_STRATA, loops, true);
}

static u64 kmalloc_hard(unsigned long loops)
{
	return give(BENCH_RIVAL, loops, true);
}

static u64 strata_soft(unsigned long loops)
{
	return give(BENCH_STRATA, loops, false);
}

static u64 kmalloc_soft(unsigned long loops)
{
	return give(BENCH_RIVAL, loops, false);
}

static int make_handlers(void)
{
	init_completion(&order.done);
	tasklet_setup(&soft, soft_handler);
	return 0;
}

static void drop_handlers(void)
{
	irq_work_sync(&hard);
	tasklet_kill(&soft);
}

const struct bench bench_context[] = {
	{ "hardirq-64", 1, MOST_LOOPS, { strata_hard, kmalloc_hard },
	  make_handlers, drop_handlers },
	{ "softirq-64", 1, MOST_LOOPS, { strata_soft, kmalloc_soft },
	  make_handlers, drop_handlers },
	{ }
};
