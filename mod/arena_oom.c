// SPDX-License-Identifier: GPL-2.0-only
/*
 * The OOM killer and arenas. It waits for the memory of whom it killed until the
 * address space is gone, and then looks for the next one; but an arena is a file,
 * and goes back when the process has closed what it had open, which comes later, and
 * takes its time where there is much of it. So before the OOM killer looks for
 * anybody it is told to wait for the arenas of those that it has killed already, as
 * long as that helps: one that others have open, too, does not go.
 *
 * A memory cgroup's OOM killer asks nobody.
 */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/notifier.h>
#include <linux/oom.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>

#include "arena.h"
#include "arena_oom.h"
#include "fault.h"

/* Nothing came back for so long: nothing will. What the kernel gives the killed, too. */
#define PATIENCE	(2UL * HZ)
#define LOOK_EVERY_MS	10

static LIST_HEAD(arenas);
static DEFINE_SPINLOCK(arenas_lock);	/* arenas; innermost */

/* What was to come when somebody last looked, and since when it is that. */
static u64 awaited;
static unsigned long awaited_since;

/* Has it been killed to get its memory, and is still about to let go of it? */
static bool is_dying(struct pid *creator)
{
	struct task_struct *leader = pid_task(creator, PIDTYPE_TGID);

	return leader && tsk_is_oom_victim(leader) &&
	       !(READ_ONCE(leader->exit_state) && thread_group_empty(leader));
}

static u64 memory_of_the_dying(void)
{
	struct strata_arena *arena;
	u64 bytes = 0;

	rcu_read_lock();
	spin_lock(&arenas_lock);
	list_for_each_entry(arena, &arenas, all)
		if (is_dying(arena->creator))
			bytes += READ_ONCE(arena->fig.committed);
	spin_unlock(&arenas_lock);
	rcu_read_unlock();
	return bytes;
}

/* Is there anything to wait for? The OOM killer runs once at a time. */
static bool is_worth_it(void)
{
	u64 now = memory_of_the_dying();

	if (now != awaited) {
		awaited = now;
		awaited_since = jiffies;
	}
	return now && time_before(jiffies, awaited_since + PATIENCE);
}

static int wait_for_the_dying(struct notifier_block *block, unsigned long unused, void *freed)
{
	u64 before;

	/* One of them asks for memory on its way out, and gets it from the reserves. */
	if (tsk_is_oom_victim(current) || !is_worth_it())
		return NOTIFY_OK;
	before = awaited;
	do
		msleep(LOOK_EVERY_MS);
	while (is_worth_it() && awaited >= before);
	if (awaited < before)
		*(unsigned long *)freed += (before - awaited) >> PAGE_SHIFT;
	return NOTIFY_OK;
}

static struct notifier_block on_oom = { .notifier_call = wait_for_the_dying };

/**
 * strata_oom_add() - the OOM killer waits for this arena from now on
 * @arena: complete; the current process is its creator
 *
 * Context: task.
 */
void strata_oom_add(struct strata_arena *arena)
{
	arena->creator = get_pid(task_tgid(current));
	spin_lock(&arenas_lock);
	list_add(&arena->all, &arenas);
	spin_unlock(&arenas_lock);
}

/**
 * strata_oom_remove() - all memory of an arena has gone back
 * @arena: given to strata_oom_add()
 *
 * Context: task.
 */
void strata_oom_remove(struct strata_arena *arena)
{
	spin_lock(&arenas_lock);
	list_del(&arena->all);
	spin_unlock(&arenas_lock);
	put_pid(arena->creator);
}

/**
 * strata_oom_init() - let the OOM killer ask
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int strata_oom_init(void)
{
	return strata_fault(GFP_KERNEL) ? -ENOMEM : register_oom_notifier(&on_oom);
}

/**
 * strata_oom_exit() - no more
 *
 * Context: may sleep; waits for who asks.
 */
void strata_oom_exit(void)
{
	unregister_oom_notifier(&on_oom);
}
