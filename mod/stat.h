/* SPDX-License-Identifier: GPL-2.0-only */
/* debugfs/strata: what an allocator holds and does, as text. */
#ifndef _STRATA_STAT_H
#define _STRATA_STAT_H

struct seq_file;
struct strata_allocator;

void strata_stat_init(struct strata_allocator *a);
void strata_stat_exit(void);

/* The files' contents; m->private is the allocator. */

/* stat_cache.c */
int strata_stat_classes(struct seq_file *m, void *unused);
int strata_stat_percpu(struct seq_file *m, void *unused);
int strata_stat_central(struct seq_file *m, void *unused);
int strata_stat_tiers(struct seq_file *m, void *unused);

/* stat_heap.c */
int strata_stat_depots(struct seq_file *m, void *unused);
int strata_stat_heap(struct seq_file *m, void *unused);
int strata_stat_large(struct seq_file *m, void *unused);

/* stat_metrics.c */
int strata_stat_metrics(struct seq_file *m, void *unused);

#endif /* _STRATA_STAT_H */
