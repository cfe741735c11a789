// SPDX-License-Identifier: GPL-2.0-only
/* Where an operation runs, and with what gfp. */
#include <linux/bottom_half.h>
#include <linux/cpumask.h>
#include <linux/kconfig.h>
#include <linux/preempt.h>
#include <linux/smp.h>
#include <linux/string.h>

#include "fuzz.h"

enum { TASK, NO_PREEMPTION, NO_SOFTIRQS, NO_INTERRUPTS, INTERRUPT, NR_CONTEXTS };

static unsigned int context_of(u8 how)
{
	/* Mostly the task: that is where the most is allowed. */
	return how & 0x80 ? (how & 0x7f) % NR_CONTEXTS : TASK;
}

bool fuzz_may_sleep(u8 how)
{
	return context_of(how) == TASK;
}

/*
 * Every one that is not the task is raw on PREEMPT_RT; and everywhere an interrupt
 * from another CPU, which no thread ever handles.
 */
gfp_t fuzz_gfp(u8 how)
{
	if (fuzz_may_sleep(how))
		return GFP_KERNEL;
	if ((how & 0x40) && context_of(how) != INTERRUPT && !IS_ENABLED(CONFIG_PREEMPT_RT))
		return GFP_ATOMIC | __GFP_NOWARN;
	return GFP_NOWAIT | __GFP_NOWARN;
}

static void in_interrupt_elsewhere(void (*fn)(void *arg), void *arg)
{
	unsigned int cpu = cpumask_any_but(cpu_online_mask, raw_smp_processor_id());

	/* The only one: by an interrupt to itself, which is a plain call there. */
	if (cpu >= nr_cpu_ids || smp_call_function_single(cpu, fn, arg, true))
		fn(arg);
}

void fuzz_in_context(u8 how, void (*fn)(void *arg), void *arg)
{
	unsigned long flags;

	switch (context_of(how)) {
	case NO_PREEMPTION:
		preempt_disable();
		fn(arg);
		preempt_enable();
		break;
	case NO_SOFTIRQS:
		local_bh_disable();
		fn(arg);
		local_bh_enable();
		break;
	case NO_INTERRUPTS:
		local_irq_save(flags);
		fn(arg);
		local_irq_restore(flags);
		break;
	case INTERRUPT:
		in_interrupt_elsewhere(fn, arg);
		break;
	default:
		fn(arg);
	}
}

void fuzz_fill(void *p, u8 pattern, size_t size)
{
	memset(p, pattern, size);
}

bool fuzz_is_filled(const void *p, u8 pattern, size_t size)
{
	return !memchr_inv(p, pattern, size);
}
