// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which allocation fails. The kernel's fault injection does the same for all of
 * it, and is in no kernel that is in use; this is for strata's own allocations,
 * and there wherever strata is. Files and parameters are named, and mean, as in
 * Documentation/fault-injection/.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/hardirq.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/random.h>
#include <linux/sched/task.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "fault.h"

DEFINE_STATIC_KEY_FALSE(strata_fault_key);

/* The n-th allocation of one task; what is left is counted by the task alone. */
static struct task_struct *nth_task;
static unsigned int nth_left;

/* One in @interval of all, with @probability in percent, @times times at most. */
static u32 probability;
static u32 interval = 1;
static atomic_t times = ATOMIC_INIT(1);
static atomic_t nr_seen;
static atomic_long_t nr_failed;

/* Serializes who changes what is above, and the key. */
static DEFINE_MUTEX(fault_lock);
/* The open file that armed it. */
static struct file *nth_file;

static unsigned int load_nth;
module_param_named(fail_nth, load_nth, uint, 0444);
MODULE_PARM_DESC(fail_nth, "of the allocations that loading takes, make this one fail; then, how many more it would have been");

static bool nth_due(void)
{
	unsigned int left;

	if (!in_task() || READ_ONCE(nth_task) != current)
		return false;
	/* Another task that takes over just now may have its number spoiled. */
	left = READ_ONCE(nth_left);
	if (!left)
		return false;
	WRITE_ONCE(nth_left, left - 1);
	return left == 1;
}

static bool some_due(void)
{
	u32 percent = READ_ONCE(probability), nth = READ_ONCE(interval);

	if (!percent || !atomic_read(&times))
		return false;
	if (nth > 1 && (u32)atomic_inc_return(&nr_seen) % nth)
		return false;
	if (percent < 100 && get_random_u32() % 100 >= percent)
		return false;
	/* Below zero is without end. */
	return atomic_read(&times) < 0 || atomic_dec_if_positive(&times) >= 0;
}

/**
 * strata_fault_due() - does this allocation have to fail?
 * @gfp: its flags; with __GFP_NOFAIL it never has to
 *
 * Context: any in which memory may be taken.
 * Return: true: behave as if there were no memory.
 */
bool strata_fault_due(gfp_t gfp)
{
	if (gfp & __GFP_NOFAIL || !(nth_due() || some_due()))
		return false;
	atomic_long_inc(&nr_failed);
	return true;
}

static void update_key(void)
{
	if (nth_task || probability)
		static_branch_enable(&strata_fault_key);
	else
		static_branch_disable(&strata_fault_key);
}

/* Of @task, or of nobody if it is NULL. Returns what was left. */
static unsigned int set_nth(struct task_struct *task, unsigned int nth)
{
	struct task_struct *old;
	unsigned int left;

	lockdep_assert_held(&fault_lock);
	old = nth_task;
	left = READ_ONCE(nth_left);
	WRITE_ONCE(nth_task, NULL);
	WRITE_ONCE(nth_left, nth);
	/* The reference keeps another task from looking like this one. */
	WRITE_ONCE(nth_task, task ? get_task_struct(task) : NULL);
	update_key();
	if (old)
		put_task_struct(old);
	return left;
}

/**
 * strata_fault_arm() - an allocation of the current task shall fail
 * @nth: which, counted from 1
 *
 * Of one task at a time: whoever comes last.
 * Context: may sleep.
 */
void strata_fault_arm(unsigned int nth)
{
	mutex_lock(&fault_lock);
	set_nth(current, nth);
	mutex_unlock(&fault_lock);
}
STRATA_TEST_EXPORT(strata_fault_arm);

/**
 * strata_fault_disarm() - no more
 *
 * Context: may sleep.
 * Return: how many more allocations there would have had to be; 0: one failed.
 */
unsigned int strata_fault_disarm(void)
{
	unsigned int left;

	mutex_lock(&fault_lock);
	left = set_nth(NULL, 0);
	mutex_unlock(&fault_lock);
	return left;
}
STRATA_TEST_EXPORT(strata_fault_disarm);

/**
 * strata_fault_load() - loading begins: heed the parameter fail_nth
 */
void strata_fault_load(void)
{
	if (load_nth)
		strata_fault_arm(load_nth);
}

/**
 * strata_fault_loaded() - loading has ended, well or not
 */
void strata_fault_loaded(void)
{
	if (load_nth)
		load_nth = strata_fault_disarm();
}

/* One file at a time: two tasks that count would not know of each other. */
static int nth_open(struct inode *inode, struct file *file)
{
	int err = -EBUSY;

	mutex_lock(&fault_lock);
	if (!nth_file) {
		nth_file = file;
		err = 0;
	}
	mutex_unlock(&fault_lock);
	return err;
}

static int nth_release(struct inode *inode, struct file *file)
{
	mutex_lock(&fault_lock);
	set_nth(NULL, 0);
	nth_file = NULL;
	mutex_unlock(&fault_lock);
	return 0;
}

static ssize_t nth_write(struct file *file, const char __user *from, size_t n, loff_t *at)
{
	unsigned int nth;
	int err = kstrtouint_from_user(from, n, 0, &nth);

	if (err)
		return err;
	strata_fault_arm(nth);
	return n;
}

static ssize_t nth_read(struct file *file, char __user *to, size_t n, loff_t *at)
{
	char text[16];

	return simple_read_from_buffer(to, n, at, text,
				       scnprintf(text, sizeof(text), "%u\n",
						 READ_ONCE(nth_left)));
}

static const struct file_operations nth_fops = {
	.owner		= THIS_MODULE,
	.open		= nth_open,
	.read		= nth_read,
	.write		= nth_write,
	.release	= nth_release,
};

static int probability_set(void *unused, u64 value)
{
	if (value > 100)
		return -EINVAL;
	mutex_lock(&fault_lock);
	WRITE_ONCE(probability, value);
	update_key();
	mutex_unlock(&fault_lock);
	return 0;
}

static int probability_get(void *unused, u64 *value)
{
	*value = READ_ONCE(probability);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(probability_fops, probability_get, probability_set, "%llu\n");

static int times_set(void *unused, u64 value)
{
	atomic_set(&times, clamp_t(s64, value, -1, INT_MAX));
	return 0;
}

static int times_get(void *unused, u64 *value)
{
	*value = atomic_read(&times);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE_SIGNED(times_fops, times_get, times_set, "%lld\n");

static int failed_get(void *unused, u64 *value)
{
	*value = atomic_long_read(&nr_failed);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(failed_fops, failed_get, NULL, "%llu\n");

/**
 * strata_fault_files() - the directory fault/ of debugfs/strata
 * @parent: where; removing it removes them
 *
 * fail-nth: the n-th allocation of the task that writes; how many more are to
 * come, when read; off when closed. probability, interval, times: of all tasks'.
 * failed: how many did.
 */
void strata_fault_files(struct dentry *parent)
{
	struct dentry *fault = debugfs_create_dir("fault", parent);

	debugfs_create_file("fail-nth", 0600, fault, NULL, &nth_fops);
	debugfs_create_file_unsafe("probability", 0600, fault, NULL, &probability_fops);
	debugfs_create_u32("interval", 0600, fault, &interval);
	debugfs_create_file_unsafe("times", 0600, fault, NULL, &times_fops);
	debugfs_create_file_unsafe("failed", 0400, fault, NULL, &failed_fops);
}
