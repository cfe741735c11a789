/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A cache: objects of one size, in one magazine for each CPU, one depot and
 * one central for each node. The size classes of the general heap are caches,
 * and so are the typed ones.
 */
#ifndef _STRATA_CACHE_H
#define _STRATA_CACHE_H

#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/strata.h>
#include <linux/types.h>

#include "central.h"
#include "depot.h"
#include "heap.h"
#include "magazine.h"
#include "pagemap.h"
#include "span.h"

/* Caches whose every object is looked at: they have no magazine to speak of. */
#define STRATA_DEBUG_FLAGS	(STRATA_REDZONE | STRATA_POISON | STRATA_TRACE)

/*
 * Wishes that shared spans cannot fulfil: memory charged to a memcg, memory of
 * a zone. Such an object gets pages of its own.
 */
#define STRATA_GFP_DIRECT	(__GFP_ACCOUNT | __GFP_DMA | __GFP_DMA32)

/* Objects moved under one lock, or claim, when they come and go in bulk. */
#define STRATA_BULK_BATCH	32

/**
 * struct strata_cache - objects of one size
 * @magazine: one for each CPU
 * @shape: how its spans are cut
 * @usable: bytes of an object that are the caller's
 * @mark: where in an object its free mark is, see object.h
 * @flags: STRATA_* of strata_cache_args
 * @keeps: contents of free objects are preserved: constructed, read under RCU,
 *	or poison
 * @magazine_max: most that a magazine may ever hold
 * @depot_max: the same of a node's depot
 * @ctor: see strata_cache_args
 * @heap: where spans come from
 * @host: called for what a cache cannot do alone
 * @central: nr_node_ids of them
 * @depot: nr_node_ids of them
 * @name: for people
 * @list: all caches of one allocator
 * @starved: an allocation that may not grow the cache failed; the background does
 * @nr_nested_allocs: allocations past the magazine
 * @nr_nested_frees: frees past the magazine
 * @nr_direct: live objects with pages of their own
 * @nr_grown: spans ever got
 * @epoch: times that a span went away
 * @nr_twice: objects that came home twice, a free each that was none
 * @asked: where in an object the size that was asked for is noted, 0 if nowhere;
 *	guard bytes are between that size and here
 * @record: where in an object its owners are noted, 0 if nowhere
 * @fence: where guard bytes against the next object begin, 0 if nowhere; they
 *	end where it begins
 */
struct strata_cache {
	struct strata_magazine __percpu *magazine;
	struct strata_shape shape;
	u32 usable;
	u32 mark;
	u32 flags;
	bool keeps;
	u16 magazine_max;
	u16 depot_max;
	void (*ctor)(void *object);
	struct strata_heap *heap;
	const struct strata_cache_host *host;
	struct strata_central *central;
	struct strata_depot *depot;
	const char *name;
	struct list_head list;
	bool starved;
	atomic64_t nr_nested_allocs;
	atomic64_t nr_nested_frees;
	atomic_long_t nr_direct;
	atomic64_t nr_grown;
	atomic_t epoch;
	atomic64_t nr_twice;
	u32 asked;
	u32 record;
	u32 fence;
};

/**
 * struct strata_cache_host - what a cache needs of the allocator it belongs to
 * @starved: the background should grow this cache; any context, NMI too
 * @defer: this free must wait for another context; any context, NMI too
 * @retire: these spans have no live object; any context but NMI
 * @double_free: an object came home twice; any context but NMI
 * @may_cache: may the magazines of @cpu hold @bytes more? Preemption is off,
 *	@cpu this CPU or dead. @bytes below 0 gives room back. Others of them may
 *	have to yield theirs
 * @may_deposit: the same of the depots of @node; any context but NMI
 */
struct strata_cache_host {
	void (*starved)(struct strata_cache *c);
	void (*defer)(struct strata_cache *c, void *object);
	void (*retire)(struct strata_cache *c, struct list_head *spans);
	void (*double_free)(struct strata_cache *c, void *object);
	bool (*may_cache)(struct strata_cache *c, int cpu, long bytes);
	bool (*may_deposit)(struct strata_cache *c, int node, long bytes);
};

/* What owner words say of the pages of a cache. */
static __always_inline unsigned long strata_cache_owner(const struct strata_cache *c)
{
	return (__force unsigned long)c->magazine;
}

/* cache_create.c */
int strata_cache_init(struct strata_cache *c, const char *name, size_t size, size_t align,
		      size_t span_bytes, unsigned int flags, void (*ctor)(void *object),
		      struct strata_heap *heap, const struct strata_cache_host *host);
unsigned long strata_cache_exit(struct strata_cache *c);
unsigned long strata_cache_live(const struct strata_cache *c);
unsigned long strata_cache_pages(const struct strata_cache *c);
int strata_cache_grow(struct strata_cache *c, int node, gfp_t gfp);
void strata_cache_retire(struct strata_cache *c, struct list_head *spans);

/* cache.c */
void *strata_cache_take_slow(struct strata_cache *c, gfp_t gfp, int node);
void strata_cache_put_slow(struct strata_cache *c, void *object);
size_t strata_cache_take_some(struct strata_cache *c, gfp_t gfp, void **objects, size_t n,
			      bool unmark);

/* cache_drain.c */
void strata_cache_drain(struct strata_cache *c, bool idle_only);
void strata_cache_yield_room(struct strata_cache *c, int cpu);
void strata_cache_drain_dead(struct strata_cache *c, int cpu);
bool strata_cache_note_idle(struct strata_cache *c, int cpu);
void strata_cache_drain_depots(struct strata_cache *c, bool idle_only);
void strata_cache_trim(struct strata_cache *c);
void strata_cache_close_depots(struct strata_cache *c);
void strata_cache_home(struct strata_cache *c, void **objects, unsigned int n);
unsigned int strata_cache_deposit(struct strata_cache *c, int node, void **objects,
				  unsigned int n);
unsigned int strata_cache_withdraw(struct strata_cache *c, int node, void **objects,
				   unsigned int n);

#endif /* _STRATA_CACHE_H */
