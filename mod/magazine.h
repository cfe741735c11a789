/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A magazine: one CPU's free objects of one cache (Go's mcache, with a free
 * side). The fast path of everything.
 *
 * Whoever touches a magazine has preemption off and has claimed it: set @busy,
 * found clear. An interrupt or NMI in between sees the claim and goes another
 * way, so neither a lock, nor an atomic, nor disabled interrupts are needed.
 * The same on PREEMPT_RT: the section is a few instructions long.
 */
#ifndef _STRATA_MAGAZINE_H
#define _STRATA_MAGAZINE_H

#include <linux/compiler.h>
#include <linux/percpu.h>
#include <linux/types.h>

/* Objects set aside for contexts that find the magazine busy. */
#define STRATA_NESTED_SLOTS	2

/**
 * struct strata_magazine - one CPU's free objects of one cache
 * @busy: claimed
 * @nested_busy: @nested is claimed
 * @nr_nested: objects in @nested
 * @idle: the background found it unused; to be drained by its CPU
 * @count: objects in @slot
 * @capacity: how many there may be now; follows misses
 * @allocs: objects handed out from here; frees follow from the other counters,
 *	see strata_magazine_frees()
 * @nested_allocs: objects handed out from @nested
 * @refills: times it was empty and got more
 * @from_depot: those times that the depot had some
 * @flushes: times it was full
 * @refilled: objects that came from depot or central
 * @flushed: objects that went there
 * @seen: strata_magazine_activity() when the background last looked
 * @random: state of the shuffle at refill
 * @nested: for nested contexts; taken last in first out
 * @slot: the objects
 */
struct strata_magazine {
	u8 busy;
	u8 nested_busy;
	u8 nr_nested;
	u8 idle;
	u16 count;
	u16 capacity;
	u64 allocs;
	u64 nested_allocs;
	u64 refills;
	u64 from_depot;
	u64 flushes;
	u64 refilled;
	u64 flushed;
	u64 seen;
	u32 random;
	void *nested[STRATA_NESTED_SLOTS];
	void *slot[];
};

/* Claim a magazine of this CPU. Preemption is off, and stays off until release. */
static __always_inline bool strata_magazine_claim(struct strata_magazine *m)
{
	if (unlikely(m->busy))
		return false;
	WRITE_ONCE(m->busy, 1);
	/* Nothing else is read before the claim. Only this CPU looks. */
	barrier();
	return true;
}

static __always_inline void strata_magazine_release(struct strata_magazine *m)
{
	/* Everything is written before the claim ends. */
	barrier();
	WRITE_ONCE(m->busy, 0);
}

/* Of a claimed magazine. NULL if it is empty. */
static __always_inline void *strata_magazine_pop(struct strata_magazine *m)
{
	unsigned int count = m->count;

	if (unlikely(!count))
		return NULL;
	m->count = --count;
	m->allocs++;
	return m->slot[count];
}

/* Of a claimed magazine. False if it is full. */
static __always_inline bool strata_magazine_push(struct strata_magazine *m, void *object)
{
	unsigned int count = m->count;

	if (unlikely(count >= m->capacity))
		return false;
	m->slot[count] = object;
	m->count = count + 1;
	return true;
}

/*
 * Objects freed into a magazine. What came in is what went out:
 * refilled + frees = allocs + nested_allocs + flushed + held.
 */
static inline u64 strata_magazine_frees(const struct strata_magazine *m)
{
	return READ_ONCE(m->allocs) + READ_ONCE(m->nested_allocs) + READ_ONCE(m->flushed) +
	       READ_ONCE(m->count) + READ_ONCE(m->nr_nested) - READ_ONCE(m->refilled);
}

/* Grows by one with every allocation and every free, and by nothing else but refills. */
static inline u64 strata_magazine_activity(const struct strata_magazine *m)
{
	return 2 * READ_ONCE(m->allocs) + READ_ONCE(m->flushed) + READ_ONCE(m->count);
}

#endif /* _STRATA_MAGAZINE_H */
