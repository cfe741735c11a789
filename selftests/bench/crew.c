// SPDX-License-Identifier: GPL-2.0-only
/*
 * Work that several CPUs do at once: a thread bound to each, all let go
 * together, timed until the last is done.
 */
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/kthread.h>
#include <linux/sched.h>

#include "bench.h"

struct hand {
	struct completion ready, done;
	unsigned int nr;
	int error;
};

static struct hand hands[BENCH_CREW];
static int (*task)(unsigned int nr);
static DECLARE_COMPLETION(go);

/* What there is to do when not everybody came. */
static int nothing(unsigned int nr)
{
	return 0;
}

static int hand_main(void *arg)
{
	struct hand *h = arg;

	complete(&h->ready);
	wait_for_completion(&go);
	h->error = task(h->nr);
	/* Ends outside this module, which may be unloaded from then on. */
	kthread_complete_and_exit(&h->done, 0);
}

static int hire(struct hand *h, unsigned int nr, int cpu)
{
	struct task_struct *thread;

	init_completion(&h->ready);
	init_completion(&h->done);
	h->nr = nr;
	thread = kthread_create(hand_main, h, "strata_bench/%d", cpu);
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	kthread_bind(thread, cpu);
	wake_up_process(thread);
	wait_for_completion(&h->ready);
	return 0;
}

/**
 * bench_crew() - have CPUs do work at the same time
 * @work: on each, with its number; negative errno if it fails. The CPUs wait for
 *	each other in it by spinning, so it has to let others run now and then
 * @n: how many CPUs, at most BENCH_CREW
 *
 * Return: nanoseconds until all were done, or BENCH_FAILED.
 */
u64 bench_crew(int (*work)(unsigned int nr), unsigned int n)
{
	unsigned int i, hired;
	int cpu = -1, ret = 0;
	u64 start;

	if (n > num_online_cpus())
		return BENCH_FAILED;
	task = work;
	reinit_completion(&go);
	for (hired = 0; hired < n && !ret; hired += !ret) {
		cpu = cpumask_next(cpu, cpu_online_mask);
		ret = cpu < nr_cpu_ids ? hire(&hands[hired], hired, cpu) : -ENODEV;
	}
	if (ret)
		task = nothing;
	start = ktime_get_ns();
	complete_all(&go);
	for (i = 0; i < hired; i++) {
		wait_for_completion(&hands[i].done);
		ret = ret ?: hands[i].error;
	}
	return ret ? BENCH_FAILED : ktime_get_ns() - start;
}
