/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fast path: an object out of this CPU's magazine, and back into it. A
 * handful of instructions with preemption off; no lock, no atomic, no division.
 * Everything else is in cache.c.
 */
#ifndef _STRATA_FAST_H
#define _STRATA_FAST_H

#include <linux/preempt.h>

#include "cache.h"
#include "object.h"
#include "pagemap.h"

/* An object of this CPU's magazine, marked free; NULL if that takes more work. */
static __always_inline void *strata_fast_take(struct strata_cache *c)
{
	struct strata_magazine *m;
	void *object = NULL;

	preempt_disable();
	m = this_cpu_ptr(c->magazine);
	if (strata_magazine_claim(m)) {
		object = strata_magazine_pop(m);
		strata_magazine_release(m);
	}
	preempt_enable();
	return object;
}

/* Where an object's free mark is, and what it is. */
struct strata_mark_at {
	unsigned long *word;
	unsigned long value;
};

/*
 * Which cache does @p belong to? NULL unless it is the start of an object that
 * is not marked free. Preemption is off.
 */
static __always_inline struct strata_cache *strata_fast_look_up(const struct strata_heap *heap,
								const void *p,
								struct strata_mark_at *mark)
{
	struct strata_map_entry *entry = strata_pagemap_entry(&heap->map, p);
	unsigned long word = READ_ONCE(READ_ONCE(entry->owner)[strata_chunk_page(p)]);
	struct strata_cache *c = (struct strata_cache *)(word & ~STRATA_OWNER_MASK);

	if (unlikely(!c))
		return NULL;
	word = (word & STRATA_OWNER_MASK) << PAGE_SHIFT | offset_in_page(p);
	if (unlikely(!strata_shape_is_start(&c->shape, word)))
		return NULL;
	mark->word = strata_object_mark_word(c, (void *)p);
	mark->value = strata_object_mark_value(p);
	if (unlikely(strata_track_load(mark->word) == mark->value))
		return NULL;
	return c;
}

static inline struct strata_cache *strata_fast_cache(const struct strata_heap *heap, const void *p)
{
	struct strata_mark_at mark;

	return strata_fast_look_up(heap, p, &mark);
}

/*
 * Free @p if all goes well: it is a live object, of @only unless that is NULL,
 * this CPU's magazine has room, and nothing else has to be done. Otherwise
 * nothing is done.
 */
static __always_inline bool strata_fast_free(const struct strata_heap *heap,
					     const struct strata_cache *only, const void *p)
{
	struct strata_mark_at mark;
	struct strata_magazine *m;
	struct strata_cache *c;
	unsigned int count;
	bool room = false;

	if (want_init_on_free() || strata_track_defers())
		return false;
	preempt_disable();
	c = strata_fast_look_up(heap, p, &mark);
	if (unlikely(only ? c != only : !c))
		goto out;
	m = this_cpu_ptr(c->magazine);
	if (!strata_magazine_claim(m))
		goto out;
	count = m->count;
	room = count < m->capacity;
	if (likely(room)) {
		strata_track_store(mark.word, mark.value);
		strata_track_free(p, c->shape.size);
		m->slot[count] = (void *)p;
		m->count = count + 1;
	}
	strata_magazine_release(m);
out:
	preempt_enable();
	return room;
}

#endif /* _STRATA_FAST_H */
