// SPDX-License-Identifier: GPL-2.0-only
/*
 * The contexts are the real ones: a tasklet, irq_works, and on x86 a
 * non-maskable interrupt that this CPU sends to itself.
 */
#include <linux/bottom_half.h>
#include <linux/delay.h>
#include <linux/hardirq.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/spinlock.h>

#ifdef CONFIG_X86_LOCAL_APIC
#include <asm/apic.h>
#include <asm/nmi.h>
#endif

#include "contexts.h"

const char * const strata_where_name[STRATA_NR_WHERE] = {
	[STRATA_IN_TASK]	= "task",
	[STRATA_IN_SOFTIRQ]	= "softirq",
	[STRATA_IN_HARDIRQ]	= "hardirq",
	[STRATA_IN_RAW_IRQ]	= "hard irq_work",
	[STRATA_UNDER_RAW_LOCK]	= "raw spinlock",
	[STRATA_IN_NMI]		= "NMI",
};

/* What is to be run, by whoever gets there. */
struct errand {
	void (*fn)(void *arg);
	void *arg;
	bool done;
	struct tasklet_struct tasklet;
	struct irq_work work;
};

static void run(struct errand *errand)
{
	errand->fn(errand->arg);
	/* What it did is seen. Pairs with smp_load_acquire() in wait(). */
	smp_store_release(&errand->done, true);
}

/* Interrupts come at once; nobody waits longer than a second. */
static bool wait(struct errand *errand)
{
	unsigned int ms;

	/* Pairs with smp_store_release() in run(). */
	for (ms = 0; ms < 1000 && !smp_load_acquire(&errand->done); ms++)
		mdelay(1);
	return errand->done;
}

static void run_tasklet(struct tasklet_struct *tasklet)
{
	run(container_of(tasklet, struct errand, tasklet));
}

static void run_work(struct irq_work *work)
{
	run(container_of(work, struct errand, work));
}

static bool run_softirq(struct errand *errand)
{
	tasklet_setup(&errand->tasklet, run_tasklet);
	local_bh_disable();
	tasklet_schedule(&errand->tasklet);
	local_bh_enable();
	if (!wait(errand))
		tasklet_kill(&errand->tasklet);
	return errand->done;
}

static bool run_irq_work(struct errand *errand)
{
	irq_work_queue(&errand->work);
	return wait(errand);
}

static bool run_locked(struct errand *errand)
{
	static DEFINE_RAW_SPINLOCK(lock);
	unsigned long flags;

	raw_spin_lock_irqsave(&lock, flags);
	run(errand);
	raw_spin_unlock_irqrestore(&lock, flags);
	return true;
}

#ifdef CONFIG_X86_LOCAL_APIC
static struct errand *nmi_errand;
static int nmi_cpu;

static int nmi_handler(unsigned int type, struct pt_regs *regs)
{
	struct errand *errand = READ_ONCE(nmi_errand);

	if (!errand || nmi_cpu != raw_smp_processor_id())
		return NMI_DONE;
	WRITE_ONCE(nmi_errand, NULL);
	run(errand);
	return NMI_HANDLED;
}

static bool run_nmi(struct errand *errand)
{
	bool done;

	nmi_cpu = smp_processor_id();
	WRITE_ONCE(nmi_errand, errand);
	apic->send_IPI(nmi_cpu, NMI_VECTOR);
	done = wait(errand);
	WRITE_ONCE(nmi_errand, NULL);
	return done;
}

/**
 * strata_contexts_init() - make strata_run_in() work
 * @suite: for its suite_init
 */
int strata_contexts_init(struct kunit_suite *suite)
{
	return register_nmi_handler(NMI_LOCAL, nmi_handler, 0, "strata_kunit");
}

/**
 * strata_contexts_exit() - the reverse
 * @suite: for its suite_exit
 */
void strata_contexts_exit(struct kunit_suite *suite)
{
	unregister_nmi_handler(NMI_LOCAL, "strata_kunit");
}
#else
/* The nearest thing: interrupts off, and the counters say NMI. */
static bool run_nmi(struct errand *errand)
{
	unsigned long flags;

	local_irq_save(flags);
	lockdep_off();
	__preempt_count_add(NMI_OFFSET + HARDIRQ_OFFSET);
	run(errand);
	__preempt_count_sub(NMI_OFFSET + HARDIRQ_OFFSET);
	lockdep_on();
	local_irq_restore(flags);
	return true;
}

int strata_contexts_init(struct kunit_suite *suite)
{
	return 0;
}

void strata_contexts_exit(struct kunit_suite *suite)
{
}
#endif

static bool run_errand(enum strata_where where, struct errand *errand)
{
	switch (where) {
	case STRATA_IN_TASK:
		run(errand);
		return true;
	case STRATA_IN_SOFTIRQ:
		return run_softirq(errand);
	case STRATA_IN_HARDIRQ:
		errand->work = (struct irq_work)IRQ_WORK_INIT(run_work);
		return run_irq_work(errand);
	case STRATA_IN_RAW_IRQ:
		errand->work = IRQ_WORK_INIT_HARD(run_work);
		return run_irq_work(errand);
	case STRATA_UNDER_RAW_LOCK:
		return run_locked(errand);
	default:
		return run_nmi(errand);
	}
}

/* Where softirqs and most interrupts are threads, they need this CPU to run on. */
static void stay_here(void)
{
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		migrate_disable();
	else
		preempt_disable();
}

static void leave(void)
{
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		migrate_enable();
	else
		preempt_enable();
}

/**
 * strata_run_in() - run a function in some context of this CPU
 * @where: the context
 * @fn: what is to be run; it cannot sleep, in STRATA_IN_TASK neither
 * @arg: handed on
 *
 * Context: task; preemption may be off if strata_where_interrupts().
 * Return: whether it ran.
 */
bool strata_run_in(enum strata_where where, void (*fn)(void *), void *arg)
{
	struct errand errand = { .fn = fn, .arg = arg };
	bool ran;

	/* On this CPU the interrupt has returned before we go on. */
	stay_here();
	ran = run_errand(where, &errand);
	leave();
	return ran;
}
