// SPDX-License-Identifier: GPL-2.0-only
/*
 * strata_replay: a sample consumer of strata, a request server on a recorded
 * load. It replays a trace of real slab allocations, from a thread on each CPU.
 *
 *	cd /sys/kernel/debug/strata_replay
 *	zcat tmpfs-churn.trace.gz > trace
 *	echo peak > run		replay up to where most bytes are live
 *	echo 300000 > run	or up to an event
 *	echo end > run		replay the rest
 *	echo free > run		give back what the recording left alive
 *	cat report
 *
 * A run stops in between so that one can look at what strata holds. This file
 * has the three files, and the one lock that serialises all of the module.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include <linux/strata.h>

#include "replay.h"

static DEFINE_MUTEX(replay_lock);
static struct dentry *directory;

static ssize_t trace_write(struct file *file, const char __user *from, size_t n, loff_t *at)
{
	ssize_t ret = -EBUSY;

	if (mutex_lock_interruptible(&replay_lock))
		return -ERESTARTSYS;
	if (replay_under_way())
		pr_err("a replay is under way: end it with \"free\" first\n");
	else if (n)
		ret = replay_trace_feed(from, n, *at);
	else
		ret = 0;
	mutex_unlock(&replay_lock);
	if (ret > 0)
		*at += ret;
	return ret;
}

static const struct file_operations trace_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = trace_write,
};

static int run(const char *word)
{
	const struct replay_trace *trace;
	u32 to;

	if (sysfs_streq(word, "free"))
		return replay_free_rest();
	trace = replay_trace_get();
	if (IS_ERR(trace))
		return PTR_ERR(trace);
	if (sysfs_streq(word, "peak"))
		return replay_run(trace, trace->peak);
	if (sysfs_streq(word, "end"))
		return replay_run(trace, trace->nr_events);
	if (!kstrtou32(word, 0, &to) && to <= trace->nr_events)
		return replay_run(trace, to);
	pr_err("that is none of peak, end, free and an event up to %u\n", trace->nr_events);
	return -EINVAL;
}

static ssize_t run_write(struct file *file, const char __user *from, size_t n, loff_t *at)
{
	char word[16] = "";
	int ret;

	if (n >= sizeof(word))
		return -EINVAL;
	if (copy_from_user(word, from, n))
		return -EFAULT;
	if (mutex_lock_interruptible(&replay_lock))
		return -ERESTARTSYS;
	ret = run(word);
	mutex_unlock(&replay_lock);
	return ret ?: n;
}

static const struct file_operations run_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = run_write,
};

static int report_show(struct seq_file *m, void *unused)
{
	const struct replay_tally *t = replay_tally();

	mutex_lock(&replay_lock);
	seq_printf(m, "replayed   %9llu events by %u threads\n",
		   t->events, replay_nr_workers());
	seq_printf(m, "allocated  %9llu objects, %llu KiB\n",
		   t->allocated, t->bytes_allocated >> 10);
	seq_printf(m, "freed      %9llu objects, %llu of them by another thread\n",
		   t->freed, t->handed_over);
	seq_printf(m, "live       %9llu objects, %llu KiB\n", t->allocated - t->freed,
		   (t->bytes_allocated - t->bytes_freed) >> 10);
	seq_printf(m, "verified   %9llu objects, %llu damaged\n", t->verified, t->damaged);
	seq_printf(m, "served     %9llu requests: %llu strings in frames, %llu replies moved to the heap, %llu records from a reserve\n",
		   t->requests, t->strings, t->escaped, t->records);
	mutex_unlock(&replay_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(report);

static int __init replay_init(void)
{
	int ret = replay_requests_init();

	if (ret)
		return ret;
	directory = debugfs_create_dir("strata_replay", NULL);
	debugfs_create_file("trace", 0200, directory, NULL, &trace_fops);
	debugfs_create_file("run", 0200, directory, NULL, &run_fops);
	debugfs_create_file("report", 0400, directory, NULL, &report_fops);
	return 0;
}

static void __exit replay_exit(void)
{
	debugfs_remove(directory);
	replay_free_rest();
	replay_requests_exit();
	replay_trace_drop();
}

module_init(replay_init);
module_exit(replay_exit);
MODULE_DESCRIPTION("Replays an allocation trace through strata");
MODULE_LICENSE("GPL");
/* What MODULE_IMPORT_NS() comes to, before and since its argument is a string. */
MODULE_INFO(import_ns, "STRATA");
