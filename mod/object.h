/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is done to an object on its way out and on its way in: the free mark,
 * zeroing, sanitizers.
 *
 * Every free object of a cache carries a mark: one word that says, with a
 * secret made at load, "this very address is free". It is a hint for free(),
 * which reports a second free at once, and nothing else relies on it: which
 * objects are free is known out of band. The mark is in the object's first
 * word, or behind the object where its contents must survive (a constructor,
 * readers under RCU).
 */
#ifndef _STRATA_OBJECT_H
#define _STRATA_OBJECT_H

#include <linux/mm.h>
#include <linux/string.h>

#include "cache.h"
#include "track.h"

extern unsigned long strata_mark_secret;

static __always_inline unsigned long *strata_object_mark_word(const struct strata_cache *c,
							      void *object)
{
	return object + c->mark;
}

static __always_inline unsigned long strata_object_mark_value(const void *object)
{
	return (unsigned long)object ^ strata_mark_secret;
}

/* Does @object look free? Only a free object does, but for a deliberate forgery. */
static __always_inline bool strata_object_is_marked(const struct strata_cache *c, void *object)
{
	return strata_track_load(strata_object_mark_word(c, object)) ==
	       strata_object_mark_value(object);
}

static __always_inline void strata_object_mark(const struct strata_cache *c, void *object)
{
	strata_track_store(strata_object_mark_word(c, object), strata_object_mark_value(object));
}

/**
 * strata_object_hand_out() - an object becomes the caller's
 * @c: its cache
 * @object: free until now
 * @size: bytes asked for
 * @gfp: of the allocation
 * @init: want_init_on_alloc(), which callers know better when to ask
 *
 * Zeroed to its usable size where asked for or where init_on_alloc says so.
 * Context: any.
 */
static __always_inline void strata_object_hand_out(const struct strata_cache *c, void *object,
						   size_t size, gfp_t gfp, bool init)
{
	strata_track_alloc(object, size, c->shape.size, gfp);
	if (!c->keeps)
		strata_track_uninit(object, size, gfp);
	if (unlikely(init) && !c->ctor &&
	    (!c->keeps || (gfp & __GFP_ZERO))) {
		/* Guard bytes may follow what was asked for. */
		strata_track_zero(object, c->asked ? size : c->usable);
		if (c->mark)
			strata_track_store(strata_object_mark_word(c, object), 0);
		return;
	}
	strata_track_store(strata_object_mark_word(c, object), 0);
}

/*
 * The same, zeroed, of a cache whose free objects keep nothing and are not looked at:
 * the mark is their first word, and all of an object is its user's.
 */
static __always_inline void strata_object_hand_out_zeroed(const struct strata_cache *c,
							  void *object, size_t size, gfp_t gfp)
{
	strata_track_alloc(object, size, c->shape.size, gfp);
	strata_track_uninit(object, size, gfp);
	strata_track_zero(object, c->usable);
}

/* The same without __GFP_ZERO, of a cache that is one of the classes: they are such. */
static __always_inline void strata_object_hand_out_plain(const struct strata_cache *c,
							 void *object, size_t size, gfp_t gfp)
{
	if (want_init_on_alloc(0)) {
		strata_object_hand_out_zeroed(c, object, size, gfp);
		return;
	}
	strata_track_alloc(object, size, c->shape.size, gfp);
	strata_track_uninit(object, size, gfp);
	strata_track_store(object, 0);
}

/* Free for the sanitizers; but what readers under RCU may still look at stays readable. */
static __always_inline void strata_object_untrack(const struct strata_cache *c,
						  const void *object)
{
	strata_track_free(object, c->flags & STRATA_TYPESAFE_BY_RCU ? 0 :
				  c->shape.size - STRATA_TRACK_GAP);
}

/* Without init_on_free, and where the caller knows the mark and what it will be. */
static __always_inline void strata_object_take_in_as_is(const struct strata_cache *c,
							const void *object, unsigned long *mark,
							unsigned long value)
{
	strata_track_store(mark, value);
	strata_object_untrack(c, object);
}

/**
 * strata_object_take_in() - an object is free from now on
 * @c: its cache
 * @object: the caller's until now, and not marked
 *
 * Context: any.
 */
static __always_inline void strata_object_take_in(const struct strata_cache *c, void *object)
{
	if (want_init_on_free() && !c->keeps)
		memset(object, 0, c->usable);
	strata_object_mark(c, object);
	strata_object_untrack(c, object);
}

#endif /* _STRATA_OBJECT_H */
