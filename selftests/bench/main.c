// SPDX-License-Identifier: GPL-2.0-only
/*
 * strata_bench: strata's calls and their rivals', in the same kernel, in turn.
 *
 *	cd /sys/kernel/debug/strata_bench
 *	cat list
 *	echo pair-64 > run
 *	cat result
 *
 * A result is one line for each side: its name, by how many operations a round
 * is to be divided, and the nanoseconds of each round. Rounds of both sides
 * alternate, so that what disturbs the one disturbs the other. Nothing is taken
 * off: the loop and the look at the clock count, for both.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include <linux/strata.h>

#include "bench.h"
#include "mark.h"

#define MAX_ROUNDS	64
#define MAX_LOOPS	(1024UL * 1024)

static unsigned int rounds = 16;
module_param(rounds, uint, 0644);
MODULE_PARM_DESC(rounds, "rounds of each side, up to 64");

static unsigned int round_us = 1000;
module_param(round_us, uint, 0644);
MODULE_PARM_DESC(round_us, "a round of the rival takes about so many microseconds");

static const struct bench * const tables[] = {
	bench_pair, bench_burst, bench_bulk, bench_pages,
	bench_context, bench_region, bench_reserve, bench_cold, bench_zero,
	bench_cross, bench_trace, bench_scale,
};

void *bench_object[BENCH_OBJECTS];
u16 bench_order[BENCH_OBJECTS];
u16 bench_request[BENCH_REQUEST];

static struct {
	u64 ns[BENCH_NR_SIDES][MAX_ROUNDS];
	u64 ops;
	unsigned int rounds;
} result;

static DEFINE_MUTEX(bench_lock);
static struct dentry *directory;

static const struct bench *find(const char *name)
{
	const struct bench *b;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tables); i++)
		for (b = tables[i]; b->name; b++)
			if (sysfs_streq(name, b->name))
				return b;
	return NULL;
}

/* So many loops that a round of the rival takes long enough. Warms both up. */
static unsigned long calibrate(const struct bench *b)
{
	unsigned long loops = 1, most = b->max_loops ?: MAX_LOOPS;
	u64 ns;

	for (;;) {
		if (b->run[BENCH_STRATA](loops) == BENCH_FAILED)
			return 0;
		ns = b->run[BENCH_RIVAL](loops);
		if (ns == BENCH_FAILED)
			return 0;
		if (ns >= round_us * 1000UL || loops >= most)
			return loops;
		loops = min(2 * loops, most);
	}
}

static int measure(const struct bench *b, unsigned long loops)
{
	unsigned int round, side;

	for (round = 0; round < result.rounds; round++) {
		for (side = 0; side < BENCH_NR_SIDES; side++) {
			cond_resched();
			if (!b->on_all)
				bench_mark_begin(side);
			result.ns[side][round] = b->run[side](loops);
			if (!b->on_all)
				bench_mark_end();
			if (result.ns[side][round] == BENCH_FAILED)
				return -ENOMEM;
		}
	}
	result.ops = loops * b->ops * (b->on_all ? min(num_online_cpus(), BENCH_CREW) : 1);
	return 0;
}

static int run(const struct bench *b)
{
	unsigned long loops;
	int ret;

	bench_mark_row();
	result.ops = 0;
	result.rounds = clamp(rounds, 1U, (unsigned int)MAX_ROUNDS);
	ret = b->set_up ? b->set_up() : 0;
	if (!ret) {
		loops = calibrate(b);
		bench_mark_forget();
		ret = loops ? measure(b, loops) : -ENOMEM;
	}
	if (b->tear_down)
		b->tear_down();
	if (ret)
		pr_err("%s: %pe\n", b->name, ERR_PTR(ret));
	return ret;
}

static ssize_t run_write(struct file *file, const char __user *from, size_t n, loff_t *at)
{
	const struct bench *b;
	char name[32] = "";
	int ret;

	if (n >= sizeof(name))
		return -EINVAL;
	if (copy_from_user(name, from, n))
		return -EFAULT;
	b = find(name);
	if (!b) {
		pr_err("no row of that name: see list\n");
		return -ENOENT;
	}
	if (mutex_lock_interruptible(&bench_lock))
		return -ERESTARTSYS;
	ret = run(b);
	mutex_unlock(&bench_lock);
	return ret ?: n;
}

static const struct file_operations run_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = run_write,
};

static int list_show(struct seq_file *m, void *unused)
{
	const struct bench *b;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tables); i++)
		for (b = tables[i]; b->name; b++)
			seq_printf(m, "%s\n", b->name);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(list);

static int result_show(struct seq_file *m, void *unused)
{
	static const char * const name[BENCH_NR_SIDES] = { "strata", "rival" };
	unsigned int round, side;

	mutex_lock(&bench_lock);
	for (side = 0; result.ops && side < BENCH_NR_SIDES; side++) {
		seq_printf(m, "%s %llu", name[side], result.ops);
		for (round = 0; round < result.rounds; round++)
			seq_printf(m, " %llu", result.ns[side][round]);
		seq_putc(m, '\n');
	}
	mutex_unlock(&bench_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(result);

DEFINE_SHOW_ATTRIBUTE(bench_rounding);

/* The same in every run. Requests ask for 16 to 512 bytes. */
static void make_random(void)
{
	struct rnd_state random;
	u32 i, other;

	prandom_seed_state(&random, 1);
	for (i = 0; i < BENCH_OBJECTS; i++) {
		other = prandom_u32_state(&random) % (i + 1);
		bench_order[i] = bench_order[other];
		bench_order[other] = i;
	}
	for (i = 0; i < BENCH_REQUEST; i++)
		bench_request[i] = 16 + prandom_u32_state(&random) % (512 - 16 + 1);
}

static int __init bench_init(void)
{
	make_random();
	directory = debugfs_create_dir("strata_bench", NULL);
	debugfs_create_file("list", 0400, directory, NULL, &list_fops);
	debugfs_create_file("run", 0200, directory, NULL, &run_fops);
	debugfs_create_file("result", 0400, directory, NULL, &result_fops);
	debugfs_create_file("rounding", 0400, directory, NULL, &bench_rounding_fops);
	debugfs_create_file("memory", 0200, directory, NULL, &bench_memory_fops);
	return 0;
}

static void __exit bench_exit(void)
{
	debugfs_remove(directory);
	bench_memory_free();
}

module_init(bench_init);
module_exit(bench_exit);
MODULE_DESCRIPTION("Measures strata beside its rivals");
MODULE_LICENSE("GPL");
/* What MODULE_IMPORT_NS() comes to, before and since its argument is a string. */
MODULE_INFO(import_ns, "STRATA");
