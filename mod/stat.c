// SPDX-License-Identifier: GPL-2.0-only
/*
 * The files in debugfs/strata. Most are tables: a line of headings, then one
 * line for each thing, in columns that awk can count. Reading sums up what the
 * CPUs count for themselves; nothing is counted for the sake of a file that
 * nobody reads.
 */
#include <linux/cpu.h>
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>

#include "allocator.h"
#include "arena_totals.h"
#include "check.h"
#include "compat.h"
#include "drain.h"
#include "fault.h"
#include "misuse.h"
#include "region.h"
#include "stat.h"

static struct dentry *directory;
static struct strata_allocator *shown;

static int show_misuse(struct seq_file *m, void *unused)
{
	int kind;

	for (kind = 0; kind < STRATA_NR_MISUSE; kind++)
		seq_printf(m, "%-16s %12llu\n", strata_misuse_name[kind],
			   strata_misuse_count(kind));
	return 0;
}

static int show_regions(struct seq_file *m, void *unused)
{
	struct strata_region_totals totals;

	strata_region_totals(&totals);
	seq_printf(m, "%-16s %12ld\n", "live", totals.live);
	seq_printf(m, "%-16s %12ld\n", "bytes", totals.bytes);
	return 0;
}

static int show_arenas(struct seq_file *m, void *unused)
{
	struct strata_arena_totals totals;

	strata_arena_totals(&totals);
	seq_printf(m, "%-16s %12llu\n", "arenas", totals.arenas);
	seq_printf(m, "%-16s %12llu\n", "regions", totals.regions);
	seq_printf(m, "%-16s %12llu\n", "committed", totals.committed);
	seq_printf(m, "%-16s %12llu\n", "hwm", totals.hwm);
	seq_printf(m, "%-16s %12llu\n", "control", totals.control);
	return 0;
}

/* Exact while nobody allocates; see check.c. */
static int show_check(struct seq_file *m, void *unused)
{
	unsigned long found = strata_check_to(m->private, m);

	if (found)
		seq_printf(m, "%lu discrepancies\n", found);
	else
		seq_puts(m, "ok\n");
	return 0;
}

static const struct stat_file {
	const char *name;
	int (*show)(struct seq_file *m, void *unused);
} files[] = {
	{ "arenas", show_arenas },
	{ "central", strata_stat_central },
	{ "check", show_check },
	{ "classes", strata_stat_classes },
	{ "depots", strata_stat_depots },
	{ "heap", strata_stat_heap },
	{ "large", strata_stat_large },
	{ "metrics", strata_stat_metrics },
	{ "misuse", show_misuse },
	{ "percpu", strata_stat_percpu },
	{ "regions", show_regions },
	{ "tiers", strata_stat_tiers },
};

static int stat_open(struct inode *inode, struct file *file)
{
	const struct stat_file *stat = inode->i_private;

	return single_open(file, stat->show, shown);
}

static const struct file_operations stat_fops = {
	.owner		= THIS_MODULE,
	.open		= stat_open,
	.read		= seq_read,
	.llseek		= seq_lseek,
	.release	= single_release,
};

/* Everything that is free goes back, whatever it may be good for. */
static ssize_t drain_write(struct file *file, const char __user *from, size_t n, loff_t *at)
{
	strata_drain(shown);
	return n;
}

static const struct file_operations drain_fops = {
	.owner		= THIS_MODULE,
	.open		= simple_open,
	.write		= drain_write,
	.llseek		= noop_llseek,
};

/**
 * strata_stat_init() - show an allocator in debugfs
 * @a: the allocator
 *
 * Where debugfs is not to be had, there are no files, and nothing else happens.
 * Context: may sleep.
 */
void strata_stat_init(struct strata_allocator *a)
{
	unsigned int i;

	shown = a;
	directory = debugfs_create_dir("strata", NULL);
	for (i = 0; i < ARRAY_SIZE(files); i++)
		debugfs_create_file(files[i].name, 0400, directory, (void *)&files[i],
				    &stat_fops);
	debugfs_create_file("drain", 0200, directory, NULL, &drain_fops);
	strata_fault_files(directory);
}

/**
 * strata_stat_exit() - no more
 *
 * Context: may sleep; waits for readers.
 */
void strata_stat_exit(void)
{
	debugfs_remove(directory);
}
