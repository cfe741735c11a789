/* SPDX-License-Identifier: GPL-2.0-only */
/* Run a function where the kernel would run a handler of that kind. */
#ifndef _STRATA_KUNIT_CONTEXTS_H
#define _STRATA_KUNIT_CONTEXTS_H

#include <kunit/test.h>

#include "../mod/cache.h"

enum strata_where {
	STRATA_IN_TASK,
	STRATA_IN_SOFTIRQ,
	STRATA_IN_HARDIRQ,		/* would be threaded on PREEMPT_RT */
	STRATA_IN_RAW_IRQ,		/* hard irq_work: no sleeping lock, ever */
	STRATA_UNDER_RAW_LOCK,
	STRATA_IN_NMI,
	STRATA_NR_WHERE,
};

extern const char * const strata_where_name[STRATA_NR_WHERE];

int strata_contexts_init(struct kunit_suite *suite);
void strata_contexts_exit(struct kunit_suite *suite);
bool strata_run_in(enum strata_where where, void (*fn)(void *), void *arg);

/* May a handler of that kind ask for pages? */
static inline bool strata_where_is_raw(enum strata_where where)
{
	return where >= STRATA_IN_RAW_IRQ;
}

/* May it come while preemption is off? On PREEMPT_RT only what is raw does. */
static inline bool strata_where_interrupts(enum strata_where where)
{
	return !IS_ENABLED(CONFIG_PREEMPT_RT) || strata_where_is_raw(where);
}

/* Claim this CPU's magazine as if we had interrupted its use. Ends with strata_let_go(). */
static inline bool strata_hold(struct strata_cache *c)
{
	preempt_disable();
	return strata_magazine_claim(this_cpu_ptr(c->magazine));
}

static inline void strata_let_go(struct strata_cache *c)
{
	strata_magazine_release(this_cpu_ptr(c->magazine));
	preempt_enable();
}

#endif /* _STRATA_KUNIT_CONTEXTS_H */
