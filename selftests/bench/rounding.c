// SPDX-License-Identifier: GPL-2.0-only
/*
 * How much an object gets that nobody asked for: an allocation of each of many
 * sizes, and what it really got, as the allocators themselves say.
 *
 *	cat /sys/kernel/debug/strata_bench/rounding
 *
 * A line for each size: bytes asked for, what strata gave, what its rival did.
 */
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include <linux/strata.h>

#include "bench.h"

/* Between a power of two and the next one, which is the last of them. */
#define STEPS	32

static int show_size(struct seq_file *m, size_t size)
{
	void *ours = strata_alloc(size, GFP_KERNEL | __GFP_NOWARN);
	void *theirs = kmalloc(size, GFP_KERNEL | __GFP_NOWARN);
	int ret = ours && theirs ? 0 : -ENOMEM;

	if (!ret)
		seq_printf(m, "%zu %zu %zu\n", size, strata_usable_size(ours), ksize(theirs));
	kfree(theirs);
	strata_free(ours);
	cond_resched();
	return ret;
}

int bench_rounding_show(struct seq_file *m, void *unused)
{
	size_t from, step, size;
	int ret = 0;

	for (from = 4; from < SZ_1M; from *= 2) {
		step = max_t(size_t, from / STEPS, 1);
		for (size = from + step; size <= 2 * from && !ret; size += step)
			ret = show_size(m, size);
	}
	return ret;
}
