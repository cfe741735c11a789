// SPDX-License-Identifier: GPL-2.0-only
/* Taking objects out of one span, and putting them back. */
#include <linux/bitmap.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "compat.h"
#include "fault.h"
#include "span.h"
#include "track.h"

/**
 * strata_shape_init() - how a span is cut into objects
 * @shape: to be filled in
 * @size: bytes from one object to the next, a multiple of 8
 * @span_bytes: wanted length of a span; rounded up to whole pages
 */
void strata_shape_init(struct strata_shape *shape, size_t size, size_t span_bytes)
{
	span_bytes = PAGE_ALIGN(span_bytes);
	shape->size = size;
	shape->npages = span_bytes >> PAGE_SHIFT;
	shape->nr_objects = span_bytes / size;
	shape->reciprocal = div_u64((1ULL << 32) + size - 1, size);
	shape->divisor = div64_u64(U64_MAX, size) + 1;
}
STRATA_TEST_EXPORT(strata_shape_init);

/*
 * Nearly all descriptors have one word of bits, and are a fourth smaller in a
 * slab of their own than in those of kmalloc(). kfree() takes both.
 */
static struct kmem_cache *small_spans;

#define SMALL_BITS	BITS_PER_LONG

/**
 * strata_span_init() - before the first descriptor
 *
 * Return: 0 or -ENOMEM.
 */
int strata_span_init(void)
{
	struct strata_span *span;

	small_spans = strata_may_fail(GFP_KERNEL,
				      kmem_cache_create("strata_span",
							struct_size(span, free,
								    BITS_TO_LONGS(SMALL_BITS)),
							0, 0, NULL));
	return small_spans ? 0 : -ENOMEM;
}

/**
 * strata_span_exit() - after the last descriptor
 *
 * Context: may sleep. RCU has freed what it was given.
 */
void strata_span_exit(void)
{
	kmem_cache_destroy(small_spans);
}

/**
 * strata_span_bytes() - what a descriptor takes
 * @nr_objects: as for strata_span_create()
 *
 * Return: bytes, with what kmalloc() rounds up.
 */
size_t strata_span_bytes(unsigned int nr_objects)
{
	struct strata_span *span;
	const size_t size = struct_size(span, free, BITS_TO_LONGS(nr_objects));

	if (nr_objects <= SMALL_BITS)
		return kmem_cache_size(small_spans);
	return kmalloc_size_roundup(size);
}

/**
 * strata_span_create() - a descriptor without pages
 * @kind: what it will hold
 * @nr_objects: how many objects it has to tell apart, 0 for a single one
 * @gfp: for the descriptor
 *
 * Return: the span, to be kfree()d, or NULL.
 */
struct strata_span *strata_span_create(enum strata_span_kind kind, unsigned int nr_objects,
				       gfp_t gfp)
{
	struct strata_span *span;

	if (strata_fault(gfp))
		return NULL;
	if (nr_objects <= SMALL_BITS)
		span = kmem_cache_zalloc(small_spans, gfp);
	else
		span = kzalloc(struct_size(span, free, BITS_TO_LONGS(nr_objects)), gfp);
	if (span) {
		INIT_LIST_HEAD(&span->list);
		span->kind = kind;
		/* Not at @base, which is an object's address, too. */
		strata_track_scan_only(&span->list, sizeof(span->list), gfp);
	}
	return span;
}
STRATA_TEST_EXPORT(strata_span_create);

/**
 * strata_span_fill() - give a span its pages; all objects are free
 * @span: the descriptor, for shape->nr_objects
 * @shape: how it is cut
 * @base: its first page
 */
void strata_span_fill(struct strata_span *span, const struct strata_shape *shape, void *base)
{
	span->base = base;
	span->npages = shape->npages;
	span->nr_free = shape->nr_objects;
	/* Not bitmap_fill(): that sets bits behind the last object, too. */
	bitmap_set(span->free, 0, shape->nr_objects);
}
STRATA_TEST_EXPORT(strata_span_fill);

/**
 * strata_span_take() - take free objects, lowest addresses first
 * @span: the span, locked by its owner
 * @shape: how it is cut
 * @objects: filled with them
 * @n: at most so many
 *
 * Return: how many there were.
 */
unsigned int strata_span_take(struct strata_span *span, const struct strata_shape *shape,
			      void **objects, unsigned int n)
{
	const unsigned long size = shape->size;
	void *base = span->base;
	void **next = objects, **end;
	unsigned int word = 0;

	n = min_t(unsigned int, n, span->nr_free);
	end = objects + n;
	while (next < end) {
		unsigned long bits = span->free[word];

		for (; bits && next < end; bits &= bits - 1)
			*next++ = base + __ffs(bits) * size;
		span->free[word++] = bits;
		base += BITS_PER_LONG * size;
	}
	span->nr_free -= n;
	return n;
}
STRATA_TEST_EXPORT(strata_span_take);

/**
 * strata_span_is_free() - is this object free in its span?
 * @span: the span
 * @shape: how it is cut
 * @object: start of one of its objects
 *
 * Return: false also while a magazine or the depot holds it.
 */
bool strata_span_is_free(const struct strata_span *span, const struct strata_shape *shape,
			 const void *object)
{
	return test_bit(strata_shape_index(shape, object - span->base), span->free);
}
STRATA_TEST_EXPORT(strata_span_is_free);
