/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A magazine: one CPU's free objects of one cache (Go's mcache, with a free
 * side). The fast path of everything.
 *
 * Whoever touches a magazine has preemption off and has claimed it: set the
 * claim bit, found clear. An interrupt or NMI in between sees the claim and goes
 * another way, so neither a lock, nor an atomic, nor disabled interrupts are
 * needed. The same on PREEMPT_RT: the section is a few instructions long.
 *
 * A claim ends with a store of 0, which waits for nothing that came before: a processor
 * may be at the next claim while it still counts for this one. Allocations are
 * counted, and how many frees there were follows from what else is counted, off the
 * fast path. Other CPUs read these figures and nothing else, by strata_figure_read():
 * to show them, or to guess who idles.
 */
#ifndef _STRATA_MAGAZINE_H
#define _STRATA_MAGAZINE_H

#include <linux/bitops.h>
#include <linux/compiler.h>
#include <linux/overflow.h>
#include <linux/percpu.h>
#include <linux/types.h>

#include "figure.h"

struct strata_cache;

/* Objects set aside for contexts that find the magazine busy. */
#define STRATA_NESTED_SLOTS	2

/**
 * struct strata_magazine - one CPU's free objects of one cache
 * @claim: 1 while claimed, else 0
 * @count: objects in @slot
 * @allocs: objects handed out, but for those from @nested
 * @capacity: how many there may be now; follows misses
 * @divisor: of the cache's shape, for a look-up that needs nothing else; 0, so that
 *	it never succeeds, where the mark is not an object's first word and where
 *	init_on_free has every free do more
 * @cache: whose magazine this is
 * @epoch: of @cache, when the last was forgotten that @slot told from before
 * @nested_busy: @nested is claimed
 * @nr_nested: objects in @nested
 * @idle: the background found it unused; to be drained by its CPU
 * @random: state of the shuffle at refill
 * @nested_allocs: objects handed out from @nested
 * @refills: times it was empty and got more
 * @from_depot: those times that the depot had some
 * @flushes: times it was full
 * @refilled: objects that came from depot or central
 * @flushed: objects that went there
 * @seen: strata_magazine_uses() when the background last looked
 * @asked: the same when another magazine of this CPU last wanted its room
 * @nested: for nested contexts; taken last in first out
 * @slot: the objects. One more than there may ever be: behind them is still
 *	what was handed out from there last; from @capacity on it is the magazine
 *	itself, which is nobody's object
 */
struct strata_magazine {
	unsigned long claim;
	unsigned long count;
	u64 allocs;
	unsigned long capacity;
	u64 divisor;
	struct strata_cache *cache;
	int epoch;
	u8 nested_busy;
	u8 nr_nested;
	u8 idle;
	u64 random;
	u64 nested_allocs;
	u64 refills;
	u64 from_depot;
	u64 flushes;
	u64 refilled;
	u64 flushed;
	u64 seen;
	u64 asked;
	void *nested[STRATA_NESTED_SLOTS];
	void *slot[];
};

/*
 * Claim a magazine of this CPU. Preemption is off, and stays off until release.
 * Nothing else is read before the claim. Only this CPU looks.
 *
 * An interrupt that comes between the look and the store claims and releases: what was
 * found is as true after it. So the two need not be one instruction, as they are on x86.
 */
static __always_inline bool strata_magazine_claim(struct strata_magazine *m)
{
	/* With interrupts of this CPU, as said above. */
	if (unlikely(data_race(__test_and_set_bit(0, &m->claim))))
		return false;
	/* It is not one to the compiler everywhere. */
	barrier();
	return true;
}

static inline bool strata_magazine_is_claimed(const struct strata_magazine *m)
{
	return strata_figure_read(&m->claim);
}

/* End a claim. */
static __always_inline void strata_magazine_release(struct strata_magazine *m)
{
	/* Everything is written before the claim ends. */
	barrier();
	m->claim = 0;
	barrier();
}

/* Of a claimed magazine. False if it is empty. */
static __always_inline bool strata_magazine_pop(struct strata_magazine *m, void **object)
{
	unsigned long left;

	/* One subtraction tells both whether there is one and where. */
	if (unlikely(check_sub_overflow(m->count, 1UL, &left)))
		return false;
	m->count = left;
	m->allocs++;
	*object = m->slot[left];
	return true;
}

/* Of a claimed magazine. False if it is full. */
static __always_inline bool strata_magazine_push(struct strata_magazine *m, void *object)
{
	unsigned long count = m->count;

	if (unlikely(count >= m->capacity))
		return false;
	m->slot[count] = object;
	m->count = count + 1;
	return true;
}

/* Slots of a claimed magazine, or one that nobody uses yet, tell of nothing. */
static inline void strata_magazine_forget(struct strata_magazine *m, unsigned int from,
					  unsigned int to)
{
	while (from < to)
		m->slot[from++] = m;
}

/* Hidden from the compiler, which would make a call to memcpy() of a loop of these. */
static __always_inline void strata_object_copy(void **to, void **from)
{
	void *object = *from;

	OPTIMIZER_HIDE_VAR(object);
	*to = object;
}

/*
 * Copy @n pointers, by four: too few for what memcpy() starts with. The two arrays
 * do not overlap.
 */
static __always_inline void strata_objects_copy(void **to, void **from, unsigned long n)
{
	for (; n % 4; n--)
		strata_object_copy(to + n - 1, from + n - 1);
	for (; n; n -= 4) {
		strata_object_copy(to + n - 1, from + n - 1);
		strata_object_copy(to + n - 2, from + n - 2);
		strata_object_copy(to + n - 3, from + n - 3);
		strata_object_copy(to + n - 4, from + n - 4);
	}
}

/* Objects handed out from a magazine, but for those set aside. */
static inline u64 strata_magazine_allocs(const struct strata_magazine *m)
{
	return strata_figure_read(&m->allocs);
}

/*
 * Objects freed into a magazine. What came in is what went out:
 * refilled + frees = allocs + nested_allocs + flushed + held.
 */
static inline u64 strata_magazine_frees(const struct strata_magazine *m)
{
	return strata_figure_read(&m->allocs) + strata_figure_read(&m->nested_allocs) +
	       strata_figure_read(&m->flushed) + strata_figure_read(&m->count) +
	       strata_figure_read(&m->nr_nested) - strata_figure_read(&m->refilled);
}

/* Objects that came from callers or went to them, but for those set aside. */
static inline u64 strata_magazine_uses(const struct strata_magazine *m)
{
	return strata_magazine_allocs(m) + strata_magazine_frees(m);
}

#endif /* _STRATA_MAGAZINE_H */
