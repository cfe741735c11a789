// SPDX-License-Identifier: GPL-2.0-only
/*
 * A recording replayed piece by piece, through strata or through its rival, so
 * that one can look in between at the pages that either holds.
 *
 *	cd /sys/kernel/debug/strata_bench
 *	echo strata 1000 > memory	the calls up to that event of the recording
 *	echo strata end > memory	the rest of them
 *	echo free > memory		frees what is alive, and goes back to the start
 *
 * The recording is the one that strata_replay.ko has been given. memory.sh looks.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include <linux/strata.h>

#include "../samples/replay/replay.h"
#include "bench.h"

struct side {
	const char *name;
	void *(*alloc)(size_t size);
	void (*free)(const void *p);
};

static DEFINE_MUTEX(memory_lock);
static const struct replay_trace *trace;
static const struct side *side;	/* whose objects there are */
static void **object;		/* by slot; NULL when no replay is under way */
static u32 at;			/* events that are done */

static void *from_strata(size_t size)
{
	return strata_alloc(size, GFP_KERNEL);
}

static void *from_kmalloc(size_t size)
{
	return kmalloc(size, GFP_KERNEL);
}

static const struct side sides[] = {
	{ "strata", from_strata, strata_free },
	{ "rival", from_kmalloc, kfree },
};

void bench_memory_free(void)
{
	u32 i;

	mutex_lock(&memory_lock);
	for (i = 0; object && i < trace->nr_slots; i++) {
		side->free(object[i]);
		if (!(i % 1024))
			cond_resched();
	}
	vfree(object);
	object = NULL;
	at = 0;
	mutex_unlock(&memory_lock);
}

static int start(const struct side *s)
{
	if (object)
		return s == side ? 0 : -EBUSY;
	trace = replay_trace_get();
	if (IS_ERR(trace))
		return PTR_ERR(trace);
	object = vcalloc(trace->nr_slots, sizeof(*object));
	side = s;
	return object ? 0 : -ENOMEM;
}

static int go_on(u32 to)
{
	if (to < at || to > trace->nr_events) {
		pr_err("event %u: done are %u of %u\n", to, at, trace->nr_events);
		return -EINVAL;
	}
	for (; at < to; at++) {
		const struct replay_event *e = &trace->events[at];
		void **p = &object[le32_to_cpu(e->slot)];

		if (replay_event_frees(e)) {
			side->free(*p);
			*p = NULL;
		} else {
			*p = side->alloc(replay_event_size(e));
			if (!*p)
				return -ENOMEM;
		}
		if (!(at % 1024))
			cond_resched();
	}
	return 0;
}

static int obey(char *words)
{
	char *name = strsep(&words, " ");
	size_t i;
	bool all;
	u32 to = 0;
	int ret;

	for (i = 0; i < ARRAY_SIZE(sides) && strcmp(name, sides[i].name); i++)
		;
	all = words && !strcmp(words, "end");
	if (i == ARRAY_SIZE(sides) || !words || (!all && kstrtou32(words, 0, &to))) {
		pr_err("say 'strata' or 'rival' and an event or 'end'; or 'free'\n");
		return -EINVAL;
	}
	ret = start(&sides[i]);
	if (ret)
		return ret;
	return go_on(all ? trace->nr_events : to);
}

static ssize_t memory_write(struct file *file, const char __user *from, size_t n, loff_t *unused)
{
	char words[32] = "";
	int ret;

	if (n >= sizeof(words))
		return -EINVAL;
	if (copy_from_user(words, from, n))
		return -EFAULT;
	strim(words);
	if (!strcmp(words, "free")) {
		bench_memory_free();
		return n;
	}
	if (mutex_lock_interruptible(&memory_lock))
		return -ERESTARTSYS;
	ret = obey(words);
	mutex_unlock(&memory_lock);
	return ret ?: n;
}

const struct file_operations bench_memory_fops = {
	.open = simple_open,
	.write = memory_write,
};
