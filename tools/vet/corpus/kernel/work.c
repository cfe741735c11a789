// SPDX-License-Identifier: GPL-2.0-only
/* What runs later: work items, timers, threads, RCU, interrupts, other CPUs. */
#include <linux/completion.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/timer.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/strata.h>

struct task {
	struct work_struct work;
	struct delayed_work delayed;
	struct timer_list timer;
	struct irq_work irq;
	struct rcu_head rcu;
	struct completion done;
	struct wait_queue_entry wait;
	int n;
};

static void run_work(struct work_struct *work)
{
	container_of(work, struct task, work)->n++;
}

static void run_delayed(struct work_struct *work)
{
	container_of(to_delayed_work(work), struct task, delayed)->n++;
}

static void run_timer(struct timer_list *timer)
{
	container_of(timer, struct task, timer)->n++;
}

static void run_irq(struct irq_work *irq)
{
	container_of(irq, struct task, irq)->n++;
}

static void run_rcu(struct rcu_head *rcu)
{
	container_of(rcu, struct task, rcu)->n++;
}

static int run_thread(void *arg)
{
	struct task *t = arg;

	t->n++;
	complete(&t->done);
	return 0;
}

static void run_cpu(void *arg)
{
	((struct task *)arg)->n++;
}

static irqreturn_t run_handler(int irq, void *arg)
{
	((struct task *)arg)->n++;
	return IRQ_HANDLED;
}

void work_scheduled(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct task *t = strata_region_zalloc(r, sizeof(*t));

	if (!t)
		return;
	INIT_WORK(&t->work, run_work);
	schedule_work(&t->work);	// WARN "t escapes its frame: captured by callback"
}

int work_flushed(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct task *t = strata_region_zalloc(r, sizeof(*t));	// OK

	if (!t)
		return -ENOMEM;
	INIT_WORK(&t->work, run_work);
	schedule_work(&t->work);
	flush_work(&t->work);
	return t->n;
}

void work_queued(struct strata_region *r, struct workqueue_struct *wq)
{
	STRATA_FRAME(r);
	struct task *t = strata_region_zalloc(r, sizeof(*t));

	if (!t)
		return;
	INIT_DELAYED_WORK(&t->delayed, run_delayed);
	queue_delayed_work(wq, &t->delayed, HZ);	// WARN "t escapes its frame: captured by callback"
}

int work_cancelled(struct strata_region *r, struct workqueue_struct *wq)
{
	STRATA_FRAME(r);
	struct task *t = strata_region_zalloc(r, sizeof(*t));	// OK

	if (!t)
		return -ENOMEM;
	INIT_DELAYED_WORK(&t->delayed, run_delayed);
	queue_delayed_work(wq, &t->delayed, HZ);
	cancel_delayed_work_sync(&t->delayed);
	return t->n;
}

/* Made ready, never queued. */
int work_initialised(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct task *t = strata_region_zalloc(r, sizeof(*t));	// OK

	if (!t)
		return -ENOMEM;
	INIT_WORK(&t->work, run_work);
	timer_setup(&t->timer, run_timer, 0);
	t->work.func(&t->work);
	return t->n;
}

void timer_armed(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct task *t = strata_region_zalloc(r, sizeof(*t));

	if (!t)
		return;
	timer_setup(&t->timer, run_timer, 0);
	mod_timer(&t->timer, jiffies + HZ);	// WARN "t escapes its frame: captured by callback"
}

int timer_deleted(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct task *t = strata_region_zalloc(r, sizeof(*t));	// OK

	if (!t)
		return -ENOMEM;
	timer_setup(&t->timer, run_timer, 0);
	mod_timer(&t->timer, jiffies + HZ);
	schedule_timeout_uninterruptible(2);
	del_timer_sync(&t->timer);
	return t->n;
}

void thread_started(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct task *t = strata_region_zalloc(r, sizeof(*t));

	if (!t)
		return;
	init_completion(&t->done);
	kthread_run(run_thread, t, "strata-corpus");	// WARN "t escapes its frame: captured by callback"
}

int thread_completed(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct task *t = strata_region_zalloc(r, sizeof(*t));	// OK
	struct task_struct *thread;

	if (!t)
		return -ENOMEM;
	init_completion(&t->done);
	thread = kthread_run(run_thread, t, "strata-corpus");
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	wait_for_completion(&t->done);
	kthread_stop(thread);
	return t->n;
}

void rcu_called(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct task *t = strata_region_zalloc(r, sizeof(*t));

	if (t)
		call_rcu(&t->rcu, run_rcu);	// WARN "t escapes its frame: captured by callback"
}

int rcu_waited_for(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct task *t = strata_region_zalloc(r, sizeof(*t));	// OK

	if (!t)
		return -ENOMEM;
	call_rcu(&t->rcu, run_rcu);
	rcu_barrier();
	return t->n;
}

void irq_work_queued(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct task *t = strata_region_zalloc(r, sizeof(*t));

	if (!t)
		return;
	init_irq_work(&t->irq, run_irq);
	irq_work_queue(&t->irq);	// WARN "t escapes its frame: captured by callback"
}

int irq_work_synced(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct task *t = strata_region_zalloc(r, sizeof(*t));	// OK

	if (!t)
		return -ENOMEM;
	init_irq_work(&t->irq, run_irq);
	irq_work_queue(&t->irq);
	irq_work_sync(&t->irq);
	return t->n;
}

int cpu_called(struct strata_region *r, int cpu)
{
	STRATA_FRAME(r);
	struct task *t = strata_region_zalloc(r, sizeof(*t));	// OK

	if (!t)
		return -ENOMEM;
	smp_call_function_single(cpu, run_cpu, t, true);
	return t->n;
}

void cpu_called_without_waiting(struct strata_region *r, int cpu)
{
	STRATA_FRAME(r);
	struct task *t = strata_region_zalloc(r, sizeof(*t));

	if (t)
		smp_call_function_single(cpu, run_cpu, t, false);	// WARN "t escapes its frame: captured by callback"
}

int cpu_all(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct task *t = strata_region_zalloc(r, sizeof(*t));	// OK

	if (!t)
		return -ENOMEM;
	on_each_cpu(run_cpu, t, 1);
	return t->n;
}

int irq_requested(struct strata_region *r, unsigned int irq)
{
	STRATA_FRAME(r);
	struct task *t = strata_region_zalloc(r, sizeof(*t));

	if (!t)
		return -ENOMEM;
	return request_irq(irq, run_handler, 0, "strata-corpus", t);	// WARN "t escapes its frame: captured by callback"
}

int irq_freed(struct strata_region *r, unsigned int irq)
{
	STRATA_FRAME(r);
	struct task *t = strata_region_zalloc(r, sizeof(*t));	// OK
	int err;

	if (!t)
		return -ENOMEM;
	err = request_irq(irq, run_handler, 0, "strata-corpus", t);
	if (err)
		return err;
	schedule_timeout_uninterruptible(2);
	free_irq(irq, t);
	return t->n;
}

int wait_entry(struct strata_region *r, struct wait_queue_head *head)
{
	STRATA_FRAME(r);
	struct task *t = strata_region_zalloc(r, sizeof(*t));	// OK

	if (!t)
		return -ENOMEM;
	init_wait(&t->wait);
	prepare_to_wait(head, &t->wait, TASK_INTERRUPTIBLE);
	schedule();
	finish_wait(head, &t->wait);
	return 0;
}

void wait_entry_left(struct strata_region *r, struct wait_queue_head *head)
{
	STRATA_FRAME(r);
	struct task *t = strata_region_zalloc(r, sizeof(*t));

	if (!t)
		return;
	init_waitqueue_entry(&t->wait, current);
	add_wait_queue(head, &t->wait);	// WARN "t escapes its frame: "
}
