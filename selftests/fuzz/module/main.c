// SPDX-License-Identifier: GPL-2.0-only
/*
 * strata_fuzz: runs programs that are written to debugfs/strata_fuzz/run. A
 * write that fails with EBADMSG has found something; debugfs/strata_fuzz/finding
 * says what, and .../misuses how many reports of misuse the programs so far
 * should have caused. To read .../settle is to wait until nothing of them goes on.
 * What is written to .../last, or runs, is printed when the kernel panics.
 */
#include <linux/atomic.h>
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/panic_notifier.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "../../../mod/compat.h"
#include "fuzz.h"

#define MOST_BYTES	512

static struct dentry *directory;
static DEFINE_MUTEX(running);
static char finding[256];
static u64 misuses;

/* The program that runs now: for a panic, which has nobody else to ask. */
static u8 last[MOST_BYTES];
static size_t last_len;

static int say_last(struct notifier_block *block, unsigned long event, void *what)
{
	size_t at, n;

	for (at = 0; at < last_len; at += n) {
		n = min_t(size_t, last_len - at, 64);
		pr_emerg("strata_fuzz: program: %*phN\n", (int)n, last + at);
	}
	return NOTIFY_DONE;
}

static struct notifier_block on_panic = { .notifier_call = say_last };

static void note(const u8 *bytes, size_t len)
{
	WRITE_ONCE(last_len, 0);
	memcpy(last, bytes, len);
	WRITE_ONCE(last_len, len);
}

void fuzz_wrong(const char *format, ...)
{
	va_list args;

	if (finding[0])
		return;
	va_start(args, format);
	vscnprintf(finding, sizeof(finding), format, args);
	va_end(args);
}

void fuzz_expect_misuse(void)
{
	misuses++;
}

static void (* const operations[])(const struct fuzz_unit *u) = {
	fuzz_heap_op, fuzz_cache_op, fuzz_region_op, fuzz_heap_op,
};

static void run_program(const u8 *bytes, size_t len)
{
	struct fuzz_unit u;
	size_t at;

	for (at = 0; at + sizeof(u) <= len && !finding[0]; at += sizeof(u)) {
		memcpy(&u, bytes + at, sizeof(u));
		operations[u.what % ARRAY_SIZE(operations)](&u);
	}
	fuzz_region_clean();
	fuzz_cache_clean();
	fuzz_heap_clean();
}

static ssize_t run_write(struct file *file, const char __user *from, size_t len, loff_t *pos)
{
	u8 *bytes;
	ssize_t result = len;

	if (len > MOST_BYTES)
		return -E2BIG;
	bytes = memdup_user(from, len);
	if (IS_ERR(bytes))
		return PTR_ERR(bytes);
	mutex_lock(&running);
	finding[0] = '\0';
	note(bytes, len);
	run_program(bytes, len);
	if (finding[0])
		result = -EBADMSG;
	mutex_unlock(&running);
	kfree(bytes);
	return result;
}

static ssize_t finding_read(struct file *file, char __user *to, size_t len, loff_t *pos)
{
	ssize_t result;

	mutex_lock(&running);
	result = simple_read_from_buffer(to, len, pos, finding, strlen(finding));
	mutex_unlock(&running);
	return result;
}

static ssize_t settle_read(struct file *file, char __user *to, size_t len, loff_t *pos)
{
	fuzz_cache_settle();
	return 0;
}

static ssize_t last_write(struct file *file, const char __user *from, size_t len, loff_t *pos)
{
	u8 *bytes;

	if (len > MOST_BYTES)
		return -E2BIG;
	bytes = memdup_user(from, len);
	if (IS_ERR(bytes))
		return PTR_ERR(bytes);
	mutex_lock(&running);
	note(bytes, len);
	mutex_unlock(&running);
	kfree(bytes);
	return len;
}

static const struct file_operations last_fops = {
	.owner = THIS_MODULE, .open = simple_open, .write = last_write,
};

static const struct file_operations run_fops = {
	.owner = THIS_MODULE, .open = simple_open, .write = run_write,
};

static const struct file_operations finding_fops = {
	.owner = THIS_MODULE, .open = simple_open, .read = finding_read,
};

static const struct file_operations settle_fops = {
	.owner = THIS_MODULE, .open = simple_open, .read = settle_read,
};

static int __init fuzz_init(void)
{
	int err = fuzz_cache_init();

	if (err)
		return err;
	directory = debugfs_create_dir("strata_fuzz", NULL);
	debugfs_create_file("run", 0200, directory, NULL, &run_fops);
	debugfs_create_file("last", 0200, directory, NULL, &last_fops);
	debugfs_create_file("finding", 0400, directory, NULL, &finding_fops);
	debugfs_create_file("settle", 0400, directory, NULL, &settle_fops);
	debugfs_create_u64("misuses", 0400, directory, &misuses);
	atomic_notifier_chain_register(&panic_notifier_list, &on_panic);
	return 0;
}

static void __exit fuzz_exit(void)
{
	atomic_notifier_chain_unregister(&panic_notifier_list, &on_panic);
	debugfs_remove(directory);
	fuzz_cache_exit();
}

module_init(fuzz_init);
module_exit(fuzz_exit);

STRATA_IMPORT();
MODULE_DESCRIPTION("Runs byte strings as programs on strata's kernel API");
MODULE_LICENSE("GPL");
