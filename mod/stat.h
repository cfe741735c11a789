/* SPDX-License-Identifier: GPL-2.0-only */
/* debugfs/strata: what an allocator holds and does, as text. */
#ifndef _STRATA_STAT_H
#define _STRATA_STAT_H

struct strata_allocator;

void strata_stat_init(struct strata_allocator *a);
void strata_stat_exit(void);

#endif /* _STRATA_STAT_H */
