/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Allocations of strata's own that fail on demand, on any kernel: the n-th that
 * one task makes, or some of all. Every place that takes memory asks here first.
 * Behind a static key: nobody who does not ask for it pays for it.
 */
#ifndef _STRATA_FAULT_H
#define _STRATA_FAULT_H

#include <linux/jump_label.h>
#include <linux/types.h>

struct dentry;

DECLARE_STATIC_KEY_FALSE(strata_fault_key);

bool strata_fault_due(gfp_t gfp);

/* Is an allocation with @gfp to fail? Any context in which memory may be taken. */
static __always_inline bool strata_fault(gfp_t gfp)
{
	return static_branch_unlikely(&strata_fault_key) && strata_fault_due(gfp);
}

/* What @call returns, a pointer; or NULL without having called it. */
#define strata_may_fail(gfp, call)	(strata_fault(gfp) ? NULL : (call))

void strata_fault_arm(unsigned int nth);
unsigned int strata_fault_disarm(void);

void strata_fault_load(void);
void strata_fault_loaded(void);
void strata_fault_files(struct dentry *parent);

#endif /* _STRATA_FAULT_H */
