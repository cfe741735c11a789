/* SPDX-License-Identifier: GPL-2.0-only */
/* Frees after a grace period, in batches. */
#ifndef _STRATA_RCU_FREE_H
#define _STRATA_RCU_FREE_H

#include "allocator.h"

struct strata_rcu_queue;

struct strata_rcu_queue *strata_rcu_queue_create(struct strata_allocator *a);
void strata_rcu_queue_destroy(struct strata_rcu_queue *q);
void strata_rcu_free(struct strata_rcu_queue *q, const void *p, unsigned long site);
void strata_rcu_flush(struct strata_rcu_queue *q);

#endif /* _STRATA_RCU_FREE_H */
