// SPDX-License-Identifier: GPL-2.0-only
/*
 * A recording of real allocations, with nothing between them: the calls in the
 * order of the recording on one CPU, or on two, each of which does what its half
 * of the recorded CPUs did and waits for the other where the same object is
 * meant. The recording is the one that strata_replay.ko has been given.
 */
#include <linux/math64.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include <linux/strata.h>

#include "../samples/replay/replay.h"
#include "bench.h"

#define CPUS	2
#define SPINS	64	/* looks at a slot before others may run */

static struct slot {
	void *object;
	u32 turn;	/* events of this slot that are done */
} *slots;

static const struct replay_trace *trace;

static bool is_turn(const struct slot *s, u32 turn)
{
	/* Pairs with the release in end_turn(). */
	return smp_load_acquire(&s->turn) == turn;
}

static void end_turn(struct slot *s)
{
	/* Pairs with the acquire in is_turn(). */
	smp_store_release(&s->turn, s->turn + 1);
}

static void wait_for_turn(const struct slot *s, u32 turn)
{
	unsigned int spins = 0;

	while (!is_turn(s, turn)) {
		cpu_relax();
		if (!(++spins % SPINS))
			schedule();
	}
}

/* Events between which others may run. */
#define STRETCH	1024U

/* All of it on one CPU, and as little besides as can be: nobody else is waited for. */
#define REPLAY(name, alloc, free)					\
static int name##_alone(unsigned int nr)				\
{									\
	const struct replay_event *e = trace->events, *stop = e;	\
	const struct replay_event *end = e + trace->nr_events;		\
	struct slot *const slot = slots;				\
	int ret = 0;							\
									\
	while (e < end) {						\
		stop = min(end, stop + STRETCH);			\
		for (; e < stop; e++) {					\
			void **p = &slot[le32_to_cpu(e->slot)].object;	\
									\
			if (replay_event_frees(e)) {			\
				free(*p);				\
				*p = NULL;				\
				continue;				\
			}						\
			*p = alloc(replay_event_size(e), GFP_KERNEL);	\
			if (unlikely(!*p))				\
				ret = -ENOMEM;				\
		}							\
		cond_resched();						\
	}								\
	return ret;							\
}									\
									\
/* On several: each does what some of the recorded CPUs did, in turn. */ \
static int name##_shared(unsigned int nr)				\
{									\
	const struct replay_event *e = trace->events;			\
	int ret = 0;							\
	u32 i;								\
									\
	for (i = 0; i < trace->nr_events; i++, e++) {			\
		struct slot *s = &slots[le32_to_cpu(e->slot)];		\
									\
		if (replay_event_cpu(e) % CPUS != nr)			\
			continue;					\
		wait_for_turn(s, trace->turns[i]);			\
		if (replay_event_frees(e)) {				\
			free(s->object);				\
			s->object = NULL;				\
		} else {						\
			s->object = alloc(replay_event_size(e), GFP_KERNEL); \
			if (unlikely(!s->object))			\
				ret = -ENOMEM;				\
		}							\
		end_turn(s);						\
		if (!(i % STRETCH))					\
			cond_resched();					\
	}								\
	return ret;							\
}									\
									\
static u64 name(unsigned int cpus)					\
{									\
	u64 ns;								\
	u32 i;								\
									\
	ns = bench_crew(cpus > 1 ? name##_shared : name##_alone, cpus);	\
	for (i = 0; i < trace->nr_slots; i++) {				\
		free(slots[i].object);					\
		slots[i].object = NULL;					\
		slots[i].turn = 0;					\
		if (!(i % STRETCH))					\
			cond_resched();					\
	}								\
	return ns == BENCH_FAILED ? ns : per_event(ns);			\
}									\
									\
static u64 name##_one(unsigned long loops)				\
{									\
	return name(1);							\
}									\
									\
static u64 name##_two(unsigned long loops)				\
{									\
	return name(CPUS);						\
}

/* How long a thousand events took: the length of a trace is not a constant. */
#define EVENTS	1000

static u64 per_event(u64 ns)
{
	return div_u64(ns * EVENTS, trace->nr_events);
}

REPLAY(strata_replay, strata_alloc, strata_free)
REPLAY(kmalloc_replay, kmalloc, kfree)

/* Where zeroes go to. No recorded size is above strata's limit. */
static void *area;

static int make_area(void)
{
	trace = replay_trace_get();
	if (IS_ERR(trace))
		return PTR_ERR(trace);
	area = vmalloc(STRATA_MAX_SIZE);
	return area ? 0 : -ENOMEM;
}

static void drop_area(void)
{
	vfree(area);
	area = NULL;
}

/* A walk over the recording, in which @limit bytes of each object at most are zeroed. */
static u64 walk(u32 limit)
{
	const struct replay_event *e = trace->events;
	u64 start = ktime_get_ns();
	u32 i;

	for (i = 0; i < trace->nr_events; i++, e++) {
		if (!replay_event_frees(e) && limit)
			memset(area, 0, min(replay_event_size(e), limit));
		barrier_data(area);
	}
	return ktime_get_ns() - start;
}

/* The zeroing alone: what the walk itself costs is taken off. */
static u64 zero(unsigned long loops)
{
	const u64 nothing = walk(0);

	return per_event(walk(STRATA_MAX_SIZE) - nothing);
}

static int make_slots(void)
{
	trace = replay_trace_get();
	if (IS_ERR(trace))
		return PTR_ERR(trace);
	slots = vcalloc(trace->nr_slots, sizeof(*slots));
	return slots ? 0 : -ENOMEM;
}

static void drop_slots(void)
{
	vfree(slots);
	slots = NULL;
}

/* The recording of that name is in strata_replay.ko when the row is run. */
#define ROWS(name)									\
	{ "trace-" name "-1", EVENTS, 1, { strata_replay_one, kmalloc_replay_one },	\
	  make_slots, drop_slots },							\
	{ "trace-" name "-2", EVENTS, 1, { strata_replay_two, kmalloc_replay_two },	\
	  make_slots, drop_slots },							\
	{ "zero-" name, EVENTS, 1, { zero, zero }, make_area, drop_area }

const struct bench bench_trace[] = {
	ROWS("tmpfs-churn"),
	ROWS("build-and-git"),
	{ }
};
