// SPDX-License-Identifier: GPL-2.0-only
/*
 * strata_stream: a sample of both things that a module can do with the arena of
 * a process. It streams events into one (this file and probes.c), and holds a
 * range of one to read or write it (hold.c).
 *
 *	cd /sys/kernel/debug/strata_stream
 *	echo 5 > attach		events go to region 0 of the arena at descriptor 5
 *	echo 1000 > numbers	numbers 0 to 999 from each CPU go there, too
 *	echo 10 > blobs		ten records of other sizes go to region 1
 *	cat report		how many events there were, and how many were lost
 *	echo 0 > detach
 *
 * The process that reads them is "producer --print", from selftests/producer.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/debugfs.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>

#include <linux/strata.h>

#include "stream.h"

#define REGION		0
#define BLOB_REGION	1

/* attach and detach, one at a time. */
static DEFINE_MUTEX(stream_lock);
static struct strata_arena __rcu *target;
static atomic64_t nr_events, nr_lost;
static struct dentry *directory;
static u64 nr_numbers;
static u32 nr_blobs;

/**
 * stream_emit() - an event for whoever is attached
 * @kind: what happened
 * @value: see struct stream_event
 * @comm: who did it, up to 15 characters
 *
 * Context: any, but NMI.
 */
void stream_emit(enum stream_kind kind, u64 value, const char *comm)
{
	struct strata_arena *arena;
	struct stream_event *event;

	rcu_read_lock();
	arena = rcu_dereference(target);
	if (arena) {
		event = strata_arena_alloc(arena, REGION, sizeof(*event), sizeof(u64), NULL);
		if (event) {
			event->time = ktime_get_ns();
			event->kind = kind;
			event->cpu = raw_smp_processor_id();
			event->value = value;
			strscpy_pad(event->comm, comm, sizeof(event->comm));
			strata_arena_publish(arena, event);
		} else {
			atomic64_inc(&nr_lost);
		}
		atomic64_inc(&nr_events);
	}
	rcu_read_unlock();
}

static int detach(void)
{
	struct strata_arena *arena;

	arena = rcu_replace_pointer(target, NULL, lockdep_is_held(&stream_lock));
	if (!arena)
		return -ENOENT;
	synchronize_rcu();
	strata_arena_put(arena);
	return 0;
}

static int attach(int fd)
{
	struct strata_arena *arena;
	int err;

	if (rcu_access_pointer(target))
		return -EBUSY;
	arena = strata_arena_get(fd);
	if (IS_ERR(arena))
		return PTR_ERR(arena);
	/* Events come from where nothing may sleep. */
	err = strata_arena_prepare(arena, REGION);
	if (err) {
		strata_arena_put(arena);
		return err;
	}
	atomic64_set(&nr_events, 0);
	atomic64_set(&nr_lost, 0);
	nr_blobs = 0;
	rcu_assign_pointer(target, arena);
	return 0;
}

static void emit_numbers(struct work_struct *work)
{
	u64 i;

	for (i = 0; i < nr_numbers; i++)
		stream_emit(STREAM_NUMBER, i, "number");
}

static int set_attach(void *unused, u64 fd)
{
	int err;

	mutex_lock(&stream_lock);
	err = fd > INT_MAX ? -EBADF : attach(fd);
	mutex_unlock(&stream_lock);
	return err;
}
DEFINE_DEBUGFS_ATTRIBUTE(attach_fops, NULL, set_attach, "%llu\n");

static int set_detach(void *unused, u64 unused_too)
{
	int err;

	mutex_lock(&stream_lock);
	err = detach();
	mutex_unlock(&stream_lock);
	return err;
}
DEFINE_DEBUGFS_ATTRIBUTE(detach_fops, NULL, set_detach, "%llu\n");

/* Calls @fn on all CPUs at once; stream_lock is held. */
static int on_all_cpus(work_func_t fn)
{
	struct work_struct *works = kcalloc(nr_cpu_ids, sizeof(*works), GFP_KERNEL);
	unsigned int cpu;

	if (!works)
		return -ENOMEM;
	cpus_read_lock();
	for_each_online_cpu(cpu) {
		INIT_WORK(&works[cpu], fn);
		schedule_work_on(cpu, &works[cpu]);
	}
	for_each_online_cpu(cpu)
		flush_work(&works[cpu]);
	cpus_read_unlock();
	kfree(works);
	return 0;
}

static int set_numbers(void *unused, u64 nr)
{
	int err;

	mutex_lock(&stream_lock);
	nr_numbers = nr;
	err = on_all_cpus(emit_numbers);
	mutex_unlock(&stream_lock);
	return err;
}
DEFINE_DEBUGFS_ATTRIBUTE(numbers_fops, NULL, set_numbers, "%llu\n");

/* Who asks for the region says that it is there; the others find it, or are second. */
static void prepare_blobs(struct work_struct *work)
{
	struct strata_arena *arena = rcu_dereference_protected(target, true);

	strata_arena_prepare(arena, BLOB_REGION);
}

static int emit_blob(struct strata_arena *arena)
{
	u32 size = stream_blob_size(nr_blobs), align = stream_blob_align(nr_blobs);
	u64 off;
	void *blob = strata_arena_alloc(arena, BLOB_REGION, size, align, &off);

	if (!blob)
		return -ENOSPC;
	memset(blob, nr_blobs++, size);
	strata_arena_publish(arena, blob);
	return IS_ALIGNED(off, align) && IS_ALIGNED((unsigned long)blob, align) ? 0 : -EFAULT;
}

static int set_blobs(void *unused, u64 nr)
{
	struct strata_arena *arena;
	int err = -ENOENT;

	mutex_lock(&stream_lock);
	arena = rcu_dereference_protected(target, lockdep_is_held(&stream_lock));
	if (arena)
		err = on_all_cpus(prepare_blobs);
	while (!err && nr--)
		err = emit_blob(arena);
	mutex_unlock(&stream_lock);
	return err;
}
DEFINE_DEBUGFS_ATTRIBUTE(blobs_fops, NULL, set_blobs, "%llu\n");

static int report_show(struct seq_file *m, void *unused)
{
	seq_printf(m, "events %llu\nlost %llu\n", (u64)atomic64_read(&nr_events),
		   (u64)atomic64_read(&nr_lost));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(report);

static int __init stream_init(void)
{
	int err = stream_probes_init();

	if (err)
		return err;
	directory = debugfs_create_dir("strata_stream", NULL);
	debugfs_create_file("attach", 0200, directory, NULL, &attach_fops);
	debugfs_create_file("detach", 0200, directory, NULL, &detach_fops);
	debugfs_create_file("numbers", 0200, directory, NULL, &numbers_fops);
	debugfs_create_file("blobs", 0200, directory, NULL, &blobs_fops);
	debugfs_create_file("report", 0400, directory, NULL, &report_fops);
	stream_hold_init(directory);
	return 0;
}

static void __exit stream_exit(void)
{
	debugfs_remove(directory);
	stream_probes_exit();
	stream_hold_exit();
	mutex_lock(&stream_lock);
	detach();
	mutex_unlock(&stream_lock);
}

module_init(stream_init);
module_exit(stream_exit);
/* What MODULE_IMPORT_NS() comes to, before and since its argument is a string. */
MODULE_INFO(import_ns, "STRATA");
MODULE_DESCRIPTION("Streams kernel events into the arena of a process");
MODULE_LICENSE("GPL");
