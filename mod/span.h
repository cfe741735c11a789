/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A span: a run of pages cut into objects of one size, and one bit each for
 * which of them are free. A plain data structure: no locks, no lists kept
 * here, no page allocator. Whoever owns a span locks it.
 */
#ifndef _STRATA_SPAN_H
#define _STRATA_SPAN_H

#include <linux/bitops.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

struct strata_cache;

/**
 * struct strata_shape - how spans of one cache are cut
 * @size: bytes from one object to the next
 * @nr_objects: objects in a span
 * @npages: pages of a span
 * @reciprocal: 2^32 / @size, rounded up: division by multiplication
 * @divisor: 2^64 / @size, rounded up: tells multiples of @size, see
 *	strata_shape_is_start()
 */
struct strata_shape {
	u32 size;
	u16 nr_objects;
	u16 npages;
	u64 reciprocal;
	u64 divisor;
};

enum strata_span_kind {
	STRATA_SPAN_OBJECTS,		/* cut into objects of a cache */
	STRATA_SPAN_LARGE,		/* one large object, its pages from a chunk */
	STRATA_SPAN_DIRECT,		/* one object in a block past the chunks */
};

/**
 * struct strata_span - one span
 * @list: in a list of its central, by how full it is
 * @rcu: once it is in no list: freed after a grace period
 * @cache: whose objects; NULL for a large object
 * @base: its first page
 * @npages: its length; a power of two for STRATA_SPAN_DIRECT
 * @kind: what it holds
 * @stays: frees until it may have to go to another list of its central
 * @node: NUMA node of its memory
 * @nr_free: bits set in @free
 * @free: objects that nobody has: neither a caller nor a magazine or depot
 */
struct strata_span {
	union {
		struct list_head list;
		struct rcu_head rcu;
	};
	struct strata_cache *cache;
	void *base;
	u16 npages;
	u16 nr_free;
	u16 node;
	u8 kind;
	u8 stays;
	unsigned long free[];
};

void strata_shape_init(struct strata_shape *shape, size_t size, size_t span_bytes);
int strata_span_init(void);
void strata_span_exit(void);
size_t strata_span_bytes(unsigned int nr_objects);
struct strata_span *strata_span_create(enum strata_span_kind kind, unsigned int nr_objects,
				       gfp_t gfp);
void strata_span_fill(struct strata_span *span, const struct strata_shape *shape, void *base);
unsigned int strata_span_take(struct strata_span *span, const struct strata_shape *shape,
			      void **objects, unsigned int n);
bool strata_span_is_free(const struct strata_span *span, const struct strata_shape *shape,
			 const void *object);

/* See strata_shape_is_start(). With a @divisor of 0 nothing is a multiple. */
static __always_inline bool strata_is_multiple(unsigned long offset, u64 divisor)
{
	return offset * divisor < divisor;
}

/**
 * strata_shape_is_start() - does an object begin at this offset?
 * @shape: how the span is cut
 * @offset: bytes from the start of the span
 *
 * One multiplication: the low half of offset * (2^64 / size) is below the
 * factor just for multiples (Lemire, Kaser, Kurz, "Faster remainder by direct
 * computation", 2019).
 * Return: true if one does; also for the multiple behind the last object.
 */
static __always_inline bool strata_shape_is_start(const struct strata_shape *shape,
						  unsigned long offset)
{
	return strata_is_multiple(offset, shape->divisor);
}

/* The number of the object that the byte at @offset belongs to. */
static inline unsigned int strata_shape_index(const struct strata_shape *shape,
					      unsigned long offset)
{
	return (offset * shape->reciprocal) >> 32;
}

/**
 * strata_span_put() - an object is free again
 * @span: the span, locked by its owner
 * @shape: how it is cut
 * @object: start of one of its objects
 *
 * Return: false, and nothing done, if it was free already.
 */
static __always_inline bool strata_span_put(struct strata_span *span,
					    const struct strata_shape *shape,
					    const void *object)
{
	if (__test_and_set_bit(strata_shape_index(shape, object - span->base), span->free))
		return false;
	span->nr_free++;
	return true;
}

#endif /* _STRATA_SPAN_H */
