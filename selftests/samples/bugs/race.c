// SPDX-License-Identifier: GPL-2.0-only
/*
 * Data races for KCSAN to see: this task and another processor at the same object for
 * a moment. Which of them is caught is chance, so a test makes each again until it is.
 */
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/processor.h>
#include <linux/strata.h>
#include <linux/workqueue.h>

#include "bugs.h"

#define MOMENT	(HZ / 10)

struct shared {
	struct work_struct work;
	unsigned long end;
	unsigned long word;
	unsigned long told;
	unsigned long sum;	/* of who reads */
	struct strata_region *region;
};

static bool goes_on(const struct shared *s)
{
	return time_before(jiffies, s->end);
}

/* Run one function here and the other one elsewhere, until the moment is over. */
static void together(struct shared *s, void (*here)(struct shared *s), work_func_t elsewhere)
{
	unsigned int cpu = cpumask_any_but(cpu_online_mask, raw_smp_processor_id());

	if (cpu >= nr_cpu_ids)
		return;
	INIT_WORK(&s->work, elsewhere);
	s->end = jiffies + MOMENT;
	schedule_work_on(cpu, &s->work);
	here(s);
	flush_work(&s->work);
}

static noinline void race_write(struct shared *s)
{
	while (goes_on(s)) {
		s->word = s->end;
		cpu_relax();
	}
}

static noinline void race_read(struct work_struct *work)
{
	struct shared *s = container_of(work, struct shared, work);

	while (goes_on(s)) {
		s->sum += s->word;
		cpu_relax();
	}
}

/* A word is written by one and read by the other. */
void bug_race(void)
{
	struct shared *s = strata_zalloc(sizeof(*s), GFP_KERNEL | __GFP_NOFAIL);

	together(s, race_write, race_read);
	strata_free(s);
}

static noinline void weak_write(struct shared *s)
{
	while (goes_on(s)) {
		s->word = s->end;
		/* No smp_store_release(): told before it is there, where stores overtake. */
		WRITE_ONCE(s->told, 1);
		while (READ_ONCE(s->told) && goes_on(s))
			cpu_relax();
	}
}

static noinline void weak_read(struct work_struct *work)
{
	struct shared *s = container_of(work, struct shared, work);

	while (goes_on(s)) {
		/* Would pair with the release that is missing. */
		if (smp_load_acquire(&s->told)) {
			s->sum += s->word;
			/* It has been read. Pairs with the wait for that. */
			smp_store_release(&s->told, 0);
		}
		cpu_relax();
	}
}

/* The two take turns, so that nothing is wrong but that a barrier is missing. */
void bug_weak_race(void)
{
	struct shared *s = strata_zalloc(sizeof(*s), GFP_KERNEL | __GFP_NOFAIL);

	together(s, weak_write, weak_read);
	strata_free(s);
}

static void push(struct shared *s)
{
	while (goes_on(s))
		strata_region_push(s->region);
}

static void push_elsewhere(struct work_struct *work)
{
	push(container_of(work, struct shared, work));
}

/* A region has one user at a time. Frames are numbers: no memory comes to harm. */
void bug_shared_region(void)
{
	struct shared *s = strata_zalloc(sizeof(*s), GFP_KERNEL | __GFP_NOFAIL);

	s->region = strata_region_create(0, GFP_KERNEL);
	if (!IS_ERR(s->region))
		together(s, push, push_elsewhere);
	strata_region_destroy(s->region);
	strata_free(s);
}
