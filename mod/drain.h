/* SPDX-License-Identifier: GPL-2.0-only */
/* What is free goes back: all of it, what is idle, or what reclaim wants. */
#ifndef _STRATA_DRAIN_H
#define _STRATA_DRAIN_H

#include "allocator.h"

/* Drains the magazines of the CPU it runs on. */
struct strata_cpu_work {
	struct work_struct work;
	struct strata_allocator *allocator;
};

int strata_drain_init(struct strata_allocator *a);
void strata_drain_exit(struct strata_allocator *a);

size_t strata_drain(struct strata_allocator *a);
size_t strata_reclaim(struct strata_allocator *a, size_t npages);
void strata_drain_cpus(struct strata_allocator *a, struct strata_cache *only);
void strata_drain_idle_cpus(struct strata_allocator *a);
void strata_drain_dead_cpu(struct strata_allocator *a, int cpu);

#endif /* _STRATA_DRAIN_H */
