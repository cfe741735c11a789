/* SPDX-License-Identifier: GPL-2.0-only */
/* The one allocator behind the exported calls. */
#ifndef _STRATA_MAIN_H
#define _STRATA_MAIN_H

#include "allocator.h"

struct strata_rcu_queue;

extern struct strata_allocator strata_main;
extern struct strata_rcu_queue *strata_main_rcu;

#endif /* _STRATA_MAIN_H */
