/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory pressure: what the kernel's reclaim may take from an allocator. */
#ifndef _STRATA_SHRINK_H
#define _STRATA_SHRINK_H

struct strata_allocator;

int strata_shrink_init(struct strata_allocator *a);
void strata_shrink_exit(void);

#endif /* _STRATA_SHRINK_H */
