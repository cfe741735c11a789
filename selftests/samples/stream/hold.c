// SPDX-License-Identifier: GPL-2.0-only
/*
 * A range of an arena, pinned and mapped.
 *
 *	echo "5 4096 100 w" > hold	100 bytes at offset 4096 of descriptor 5
 *	cat held			what is there now
 *	echo text > held		or put something there
 *	echo 0 > release
 */
#include <linux/debugfs.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/uaccess.h>

#include <linux/strata.h>

#include "stream.h"

static DEFINE_MUTEX(hold_lock);
static struct strata_pin pin;
static void *held;
static u64 held_size;
static bool held_to_write;

static int hold(int fd, u64 off, u64 len, bool write)
{
	struct strata_arena *arena;
	int err;

	if (held)
		return -EBUSY;
	arena = strata_arena_get(fd);
	if (IS_ERR(arena))
		return PTR_ERR(arena);
	err = strata_arena_pin(arena, off, len, write, &pin);
	/* The pin holds it from here on. */
	strata_arena_put(arena);
	if (err)
		return err;
	held = strata_pin_map(&pin);
	if (!held || held != strata_pin_map(&pin)) {
		strata_arena_unpin(&pin);
		held = NULL;
		return -ENOMEM;
	}
	held_size = len;
	held_to_write = write;
	return 0;
}

static void release(void)
{
	if (held)
		strata_arena_unpin(&pin);
	held = NULL;
	held_size = 0;
}

static ssize_t hold_write(struct file *file, const char __user *from, size_t n, loff_t *at)
{
	char line[80], how;
	u64 off, len;
	int fd, err;

	if (n >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, from, n))
		return -EFAULT;
	line[n] = 0;
	if (sscanf(line, "%d %llu %llu %c", &fd, &off, &len, &how) != 4 ||
	    (how != 'r' && how != 'w'))
		return -EINVAL;
	mutex_lock(&hold_lock);
	err = hold(fd, off, len, how == 'w');
	mutex_unlock(&hold_lock);
	return err ?: n;
}

static const struct file_operations hold_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = hold_write,
};

static ssize_t held_read(struct file *file, char __user *to, size_t n, loff_t *at)
{
	ssize_t ret;

	mutex_lock(&hold_lock);
	ret = simple_read_from_buffer(to, n, at, held, held_size);
	mutex_unlock(&hold_lock);
	return ret;
}

static ssize_t held_write(struct file *file, const char __user *from, size_t n, loff_t *at)
{
	ssize_t ret = -EACCES;

	mutex_lock(&hold_lock);
	if (held && held_to_write)
		ret = simple_write_to_buffer(held, held_size, at, from, n);
	mutex_unlock(&hold_lock);
	return ret;
}

static const struct file_operations held_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.read = held_read,
	.write = held_write,
};

static int set_release(void *unused, u64 unused_too)
{
	mutex_lock(&hold_lock);
	release();
	mutex_unlock(&hold_lock);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(release_fops, NULL, set_release, "%llu\n");

/* Adds the files of this half. */
void stream_hold_init(struct dentry *directory)
{
	debugfs_create_file("hold", 0200, directory, NULL, &hold_fops);
	debugfs_create_file("held", 0600, directory, NULL, &held_fops);
	debugfs_create_file("release", 0200, directory, NULL, &release_fops);
}

/* Lets go of what is held. */
void stream_hold_exit(void)
{
	release();
}
