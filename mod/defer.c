// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frees that wait: in NMI no lock may be taken, in raw context none of the page
 * allocator's. The object itself is the link, so nothing is allocated and any
 * number can wait. A second free of an object that waits makes a loop or a
 * stray link; each link is looked at before it is followed, and the list ends
 * there: what was behind it is lost, nothing else.
 */
#include <linux/llist.h>
#include <linux/rcupdate.h>

#include "allocator.h"
#include "compat.h"
#include "large.h"
#include "misuse.h"
#include "object.h"

/**
 * strata_defer_push() - put off a free
 * @a: the allocator
 * @list: &a->deferred or &a->deferred_pages
 * @link: a word of the object; of a cache's object its mark
 *
 * Context: any, NMI too.
 */
void strata_defer_push(struct strata_allocator *a, struct llist_head *list, void *link)
{
	struct llist_node *first = READ_ONCE(list->first);

	/* llist_add() would be told of by KASAN: the object is free. */
	do {
		strata_track_store(link, (unsigned long)first);
	} while (!try_cmpxchg(&list->first, &first, link));
	if (!first)
		irq_work_queue(&a->kick);
}

/* Which object is this the link of? NULL and a report if of none. */
static struct strata_span *deferred_span(struct strata_allocator *a, void *link, void **object)
{
	struct strata_span *span = strata_heap_span(&a->heap, link);
	struct strata_cache *c;
	unsigned int index;

	if (!span)
		goto stray;
	*object = span->base;
	if (span->kind != STRATA_SPAN_OBJECTS) {
		if (link == span->base && READ_ONCE(span->nr_free))
			return span;
		goto stray;
	}
	c = span->cache;
	index = strata_shape_index(&c->shape, link - span->base);
	*object += index * c->shape.size;
	if (index < c->shape.nr_objects && link == *object + c->mark &&
	    !strata_object_is_marked(c, *object) &&
	    /* The bit of an object that waits here is still, its neighbours' are not. */
	    !data_race(strata_span_is_free(span, &c->shape, *object)))
		return span;
stray:
	strata_misuse_report(STRATA_MISUSE_DOUBLE_FREE,
			     "an object freed in NMI or raw context near %p was freed twice, or written to after its free; what was freed there before it is leaked",
			     link);
	return NULL;
}

/**
 * strata_defer_put() - do the frees that were put off
 * @a: the allocator
 *
 * Context: any but NMI; hard irq_work.
 */
void strata_defer_put(struct strata_allocator *a)
{
	struct llist_node *link = llist_del_all(&a->deferred), *next;
	struct strata_span *span;
	void *object;

	rcu_read_lock();
	for (; link; link = next) {
		span = deferred_span(a, link, &object);
		if (!span)
			break;
		next = (struct llist_node *)strata_track_load((unsigned long *)link);
		strata_track_deferred(object);
		if (span->kind == STRATA_SPAN_OBJECTS) {
			strata_object_mark(span->cache, object);
			strata_cache_put_slow(span->cache, object);
		} else {
			strata_large_release(a, span);
		}
	}
	rcu_read_unlock();
}

/**
 * strata_defer_put_pages() - give back the blocks that were put off
 * @a: the allocator
 *
 * Context: may sleep.
 */
void strata_defer_put_pages(struct strata_allocator *a)
{
	struct llist_node *link = llist_del_all(&a->deferred_pages), *next;
	struct strata_span *span;
	void *object;

	for (; link; link = next) {
		rcu_read_lock();
		span = deferred_span(a, link, &object);
		rcu_read_unlock();
		if (!span)
			break;
		next = (struct llist_node *)strata_track_load((unsigned long *)link);
		strata_large_finish(a, span);
	}
}
