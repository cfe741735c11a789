/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fast path: an object out of this CPU's magazine, and back into it. A
 * handful of instructions with preemption off; no lock, no atomic, no division.
 * Everything else is in cache.c. tools/golden counts what is here.
 */
#ifndef _STRATA_FAST_H
#define _STRATA_FAST_H

#include <linux/preempt.h>

#include "cache.h"
#include "object.h"
#include "pagemap.h"

/* An object of this CPU's magazine, marked free. False if that takes more work. */
static __always_inline bool strata_fast_take(struct strata_magazine __percpu *magazine,
					     void **object)
{
	struct strata_magazine *m;

	preempt_disable();
	m = this_cpu_ptr(magazine);
	if (!strata_magazine_claim(m))
		goto busy;
	if (!strata_magazine_pop(m, object))
		goto empty;
	strata_magazine_release(m);
	preempt_enable();
	return true;

empty:
	strata_magazine_release(m);
busy:
	preempt_enable();
	return false;
}

/*
 * Put @p into a claimed magazine, marked free, and end the claim. If it is free
 * already, or there is no room, nothing is done.
 */
static __always_inline bool strata_fast_push(struct strata_magazine *m, void *p,
					     unsigned long *mark)
{
	unsigned long value = strata_object_mark_value(p);
	unsigned long count = m->count;

	if (unlikely(strata_track_load(mark) == value || count >= m->capacity)) {
		strata_magazine_release(m);
		return false;
	}
	strata_object_take_in_as_is(m->cache, p, mark, value);
	m->slot[count] = p;
	m->count = count + 1;
	strata_magazine_release(m);
	return true;
}

/* May a free take a fast path that does not ask for a magazine's divisor? */
static __always_inline bool strata_fast_may_free(void)
{
	return !want_init_on_free() && !strata_track_defers();
}

/*
 * Free @p if all goes well: it is a live object, this CPU's magazine has room,
 * and nothing else has to be done. Otherwise nothing is done.
 */
static __always_inline bool strata_fast_free(const struct strata_heap *heap, const void *p)
{
	struct strata_magazine *m;
	unsigned long word, owner;
	bool done = false;

	if (strata_track_defers())
		return false;
	preempt_disable();
	word = strata_pagemap_word(&heap->map, p);
	owner = strata_owner_of(word);
	if (unlikely(!owner))
		goto out;
	m = this_cpu_ptr((struct strata_magazine __percpu __force *)owner);
	if (unlikely(!strata_is_multiple(strata_owner_offset(word, p), m->divisor)))
		goto out;
	if (strata_magazine_claim(m))
		done = strata_fast_push(m, (void *)p, (unsigned long *)p);
out:
	preempt_enable();
	return done;
}

/* Is @p the start of an object of @c, live or free? Preemption is off. */
static __always_inline bool strata_fast_is_of(const struct strata_cache *c, const void *p)
{
	unsigned long word = strata_pagemap_word(&c->heap->map, p);

	return strata_owner_of(word) == strata_cache_owner(c) &&
	       strata_is_multiple(strata_owner_offset(word, p), c->shape.divisor);
}

/*
 * The same where the cache should be @c, whose magazine @m of this CPU is; its
 * marks are @mark bytes into each object. What this magazine handed out from
 * where @p would go was an object of it, and still is unless spans of @c went
 * away since: there is nothing to look up when the last one out is the first
 * one back.
 */
static __always_inline bool strata_fast_free_to(const struct strata_cache *c,
						struct strata_magazine *m, void *p, u32 mark)
{
	unsigned long count, value;

	if (!strata_magazine_claim(m))
		return false;
	count = m->count;
	if (unlikely(m->slot[count] != p || m->epoch != atomic_read(&c->epoch))) {
		if (unlikely(!strata_fast_is_of(c, p)))
			goto no;
		/* It counts anew: to keep the count until here would take a register more. */
		OPTIMIZER_HIDE_VAR(m);
		return strata_fast_push(m, p, p + mark);
	}
	/* Its place is still there, and it is still in it. */
	value = strata_object_mark_value(p);
	if (unlikely(strata_track_load(p + mark) == value))
		goto no;
	strata_object_take_in_as_is(c, p, p + mark, value);
	m->count = count + 1;
	strata_magazine_release(m);
	return true;
no:
	strata_magazine_release(m);
	return false;
}

/*
 * Which cache does @p belong to? NULL unless it is the start of an object that
 * is not marked free. Preemption is off.
 */
static inline struct strata_cache *strata_fast_cache(const struct strata_heap *heap, const void *p)
{
	unsigned long word = strata_pagemap_word(&heap->map, p);
	unsigned long owner = strata_owner_of(word);
	struct strata_cache *c;

	if (!owner)
		return NULL;
	c = this_cpu_ptr((struct strata_magazine __percpu __force *)owner)->cache;
	if (!strata_is_multiple(strata_owner_offset(word, p), c->shape.divisor) ||
	    strata_object_is_marked(c, (void *)p))
		return NULL;
	return c;
}

#endif /* _STRATA_FAST_H */
