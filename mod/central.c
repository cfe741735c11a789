// SPDX-License-Identifier: GPL-2.0-only
/*
 * Batches of objects out of the spans of a node, and home again: a
 * freed object goes to the node its memory is on, whoever frees it.
 */
#include <linux/bitops.h>

#include "central.h"
#include "compat.h"
#include "figure.h"

/**
 * strata_central_init() - no spans yet
 * @central: to be filled in
 */
void strata_central_init(struct strata_central *central)
{
	int i;

	raw_spin_lock_init(&central->lock);
	for (i = 0; i < STRATA_BUCKETS; i++)
		INIT_LIST_HEAD(&central->partial[i]);
	INIT_LIST_HEAD(&central->full);
	INIT_LIST_HEAD(&central->empty);
}
STRATA_TEST_EXPORT(strata_central_init);

/* Put a span where its free objects say. */
static void central_file(struct strata_central *central, const struct strata_shape *shape,
			 struct strata_span *span)
{
	const unsigned int bucket = strata_central_bucket(span->nr_free);

	if (!span->nr_free) {
		span->stays = 1;
		list_add(&span->list, &central->full);
		return;
	}
	if (span->nr_free == shape->nr_objects) {
		list_add(&span->list, &central->empty);
		return;
	}
	span->stays = strata_central_stays(shape, span->nr_free);
	list_add(&span->list, &central->partial[bucket]);
	central->occupied |= BIT(bucket);
}

/* Out of its list, where it was put with @nr_free objects free, or not many fewer. */
static void central_unfile(struct strata_central *central, struct strata_span *span,
			   unsigned int nr_free)
{
	const unsigned int bucket = strata_central_bucket(nr_free);

	list_del(&span->list);
	if (list_empty(&central->partial[bucket]))
		central->occupied &= ~BIT(bucket);
}

/*
 * The span to take from: the fullest of those that have about a third or more
 * free, so that sparser ones drain. Only where there is none, those that are
 * nearly full: picking single objects out of many of them would tie what is
 * allocated together, and will likely be freed together, to whatever old objects
 * are left in each, and neither would leave a page behind.
 */
static struct strata_span *central_best(struct strata_central *central, unsigned int worth)
{
	unsigned long occupied = central->occupied, roomy = occupied >> worth;
	struct list_head *list = &central->empty;

	if (roomy)
		list = &central->partial[worth + __ffs(roomy)];
	else if (occupied)
		list = &central->partial[__fls(occupied)];
	return list_first_entry_or_null(list, struct strata_span, list);
}

/**
 * strata_central_add() - a new span, all of it free
 * @central: of the node that the span's memory is on
 * @shape: of the cache
 * @span: filled, and known to the page map
 *
 * Context: any but NMI.
 */
void strata_central_add(struct strata_central *central, const struct strata_shape *shape,
			struct strata_span *span)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&central->lock, flags);
	central_file(central, shape, span);
	strata_figure_add(&central->nr_spans, 1);
	strata_figure_add(&central->nr_free, span->nr_free);
	raw_spin_unlock_irqrestore(&central->lock, flags);
}
STRATA_TEST_EXPORT(strata_central_add);

/**
 * strata_central_take() - take free objects
 * @central: one node's
 * @shape: of the cache
 * @objects: filled with them
 * @n: at most so many
 *
 * Context: any but NMI. Bounded by @n.
 * Return: how many there were.
 */
unsigned int strata_central_take(struct strata_central *central,
				 const struct strata_shape *shape, void **objects,
				 unsigned int n)
{
	const unsigned int worth = strata_central_bucket(max(shape->nr_objects / 3, 1));
	struct strata_span *span;
	unsigned int taken = 0;
	unsigned long flags;

	raw_spin_lock_irqsave(&central->lock, flags);
	while (taken < n) {
		span = central_best(central, worth);
		if (!span)
			break;
		central_unfile(central, span, span->nr_free);
		taken += strata_span_take(span, shape, objects + taken, n - taken);
		central_file(central, shape, span);
	}
	strata_figure_sub(&central->nr_free, taken);
	central->nr_taken += taken;
	raw_spin_unlock_irqrestore(&central->lock, flags);
	return taken;
}
STRATA_TEST_EXPORT(strata_central_take);

/*
 * A span may have come to where it has to go to another list, which it does where
 * log2 of its free objects changes. Out of line: the caller has no register to spare.
 */
static noinline void central_move(struct strata_central *central,
				  const struct strata_shape *shape, struct strata_span *span,
				  struct list_head *emptied)
{
	central_unfile(central, span, span->nr_free - 1);
	if (span->nr_free == shape->nr_objects && !list_empty(&central->empty)) {
		list_add(&span->list, emptied);
		strata_figure_sub(&central->nr_spans, 1);
		strata_figure_sub(&central->nr_free, shape->nr_objects);
	} else {
		central_file(central, shape, span);
	}
}

/* Where spans are looked up, and of which cache they should be. */
struct look_up {
	const struct strata_map_table *table;
	unsigned long first;
	const struct strata_cache *cache;
};

/*
 * The span of an object, if it is of that cache. Each is looked up anew: those of a
 * worn heap lie in many leaves, and to ask for the last one's first takes more.
 */
static __always_inline struct strata_span *span_of(const struct look_up *in, const void *object)
{
	struct strata_span *span = strata_table_span(in->table, in->first, object);

	return likely(span && span->cache == in->cache) ? span : NULL;
}

/**
 * strata_central_put() - objects go home
 * @centrals: of the cache, by node
 * @heap: knows the objects' spans
 * @cache: whose objects they should be
 * @shape: of the cache
 * @objects: starts of objects of this cache; reordered
 * @n: how many, at least one
 * @emptied: spans without a live object are added here, when there are enough
 *	of them; the caller gives their pages back
 *
 * Context: any but NMI. Bounded by @n.
 * Return: how many were free already: freed twice. They are the first of
 * @objects, and nothing was done with them.
 */
unsigned int strata_central_put(struct strata_central *centrals, struct strata_heap *heap,
				const struct strata_cache *cache,
				const struct strata_shape *shape, void **objects,
				unsigned int n, struct list_head *emptied)
{
	void **next = objects, **const end = objects + n, **bad = objects, **first, **twice;
	struct look_up in = { .first = heap->map.first, .cache = cache };
	struct strata_central *central;
	struct strata_span *span;
	unsigned long flags, back;
	u16 node;

	/*
	 * An object freed twice may have lost its span since: the descriptor
	 * stays readable for a grace period, with all its objects free.
	 */
	rcu_read_lock();
	in.table = READ_ONCE(heap->map.table);
	while (next < end) {
		span = span_of(&in, *next);
		if (unlikely(!span)) {
			*bad++ = *next++;
			continue;
		}
		/* With the lock, as far as the objects are of one node. */
		node = span->node;
		central = &centrals[node];
		first = next;
		twice = bad;
		raw_spin_lock_irqsave(&central->lock, flags);
		do {
			if (unlikely(!strata_span_put(span, shape, *next)))
				*bad++ = *next;
			else if (!--span->stays)
				central_move(central, shape, span, emptied);
			if (++next == end)
				break;
			span = span_of(&in, *next);
		} while (span && span->node == node);
		back = (next - first) - (bad - twice);
		strata_figure_add(&central->nr_free, back);
		central->nr_put += back;
		raw_spin_unlock_irqrestore(&central->lock, flags);
	}
	rcu_read_unlock();
	return bad - objects;
}
STRATA_TEST_EXPORT(strata_central_put);

/**
 * strata_central_trim() - take out the spans that have no live object
 * @central: one node's
 * @emptied: they are added here
 *
 * Context: any but NMI.
 */
void strata_central_trim(struct strata_central *central, struct list_head *emptied)
{
	struct strata_span *span, *next;
	unsigned long flags;

	raw_spin_lock_irqsave(&central->lock, flags);
	list_for_each_entry_safe(span, next, &central->empty, list) {
		strata_figure_sub(&central->nr_spans, 1);
		strata_figure_sub(&central->nr_free, span->nr_free);
		list_move(&span->list, emptied);
	}
	raw_spin_unlock_irqrestore(&central->lock, flags);
}
STRATA_TEST_EXPORT(strata_central_trim);
