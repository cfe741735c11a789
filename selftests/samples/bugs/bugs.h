/* SPDX-License-Identifier: GPL-2.0-only */
/* Mistakes that are not in main.c. */
#ifndef _STRATA_BUGS_H
#define _STRATA_BUGS_H

void bug_race(void);
void bug_weak_race(void);
void bug_shared_region(void);

#endif /* _STRATA_BUGS_H */
