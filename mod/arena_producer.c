// SPDX-License-Identifier: GPL-2.0-only
/*
 * Producer regions: the kernel writes records, a process reads them where they
 * lie. A region is a ring of records, each behind a header that says how long it
 * is and whether it is finished. Positions count bytes since the beginning; a
 * record never reaches over the end of the ring.
 *
 * The kernel's position goes to the process in strata_ctl.kernel[0], the
 * process's comes back in strata_ctl.top. That is all that is read of what the
 * process can write, and a top that lies loses records of the liar's only: the
 * kernel keeps its own position, and never follows what is in the ring.
 */
#include <linux/align.h>
#include <linux/atomic.h>
#include <linux/export.h>
#include <linux/irq_work.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "arena.h"
#include "arena_ctl.h"
#include "arena_pin.h"
#include "arena_producer.h"
#include "compat.h"
#include "fault.h"
#include "figure.h"

#define RECORD_ALIGN	sizeof(struct strata_record)

/**
 * struct strata_producer - the kernel's side of one region
 * @list: in arena->producers; never taken out while the arena is used
 * @pin: the region's memory, all of it
 * @ctl: where the process sees @head and @lost, and from where its top is read
 * @base: the ring
 * @size: its bytes
 * @lock: all that follows; raw, for a record may be made in raw context. A few
 *	header words are written under it.
 * @at: where in the ring the next record goes
 * @head: position of the next record
 * @seq: its number
 * @lost: records that there was no room for
 */
struct strata_producer {
	struct list_head list;
	struct strata_pin pin;
	struct strata_ctl *ctl;
	void *base;
	size_t size;
	raw_spinlock_t lock;
	size_t at;
	u64 head, seq, lost;
};

static void wake(struct irq_work *work)
{
	struct strata_arena *arena = container_of(work, struct strata_arena, wake);

	wake_up_interruptible_poll(&arena->readers, EPOLLIN | EPOLLRDNORM);
}

static struct strata_producer *create(struct strata_arena *arena, u32 region)
{
	struct strata_producer *p = strata_may_fail(GFP_KERNEL, kzalloc(sizeof(*p),
									GFP_KERNEL_ACCOUNT));
	struct strata_slot *slot;
	int err;

	if (!p)
		return ERR_PTR(-ENOMEM);
	slot = strata_slot_get(arena, region);
	if (IS_ERR(slot)) {
		err = PTR_ERR(slot);
		goto free_p;
	}
	p->size = arena->region_bytes - PAGE_SIZE;
	err = strata_pin_range(arena, region * arena->region_bytes, p->size, true, &p->pin);
	if (err)
		goto free_p;
	p->base = strata_pin_map(&p->pin);
	if (!p->base) {
		err = -ENOMEM;
		goto unpin;
	}
	p->ctl = slot->ctl;
	raw_spin_lock_init(&p->lock);
	return p;

unpin:
	strata_unpin_range(&p->pin);
free_p:
	kfree(p);
	return ERR_PTR(err);
}

static void destroy(struct strata_producer *p)
{
	strata_unpin_range(&p->pin);
	kfree(p);
}

static struct strata_producer **place_of(struct strata_arena *arena, u32 region)
{
	struct strata_slot *slot;

	if (region >= arena->nr_regions || !(arena->flags & STRATA_CREATE_PRODUCER))
		return ERR_PTR(-EINVAL);
	slot = strata_slot_find(arena, region);
	return slot ? &slot->producer : NULL;
}

/**
 * strata_arena_prepare() - get a region ready to be filled by the kernel
 * @a: created with STRATA_CREATE_PRODUCER
 * @region: which of its regions
 *
 * Commits all of it. It stays pinned until the arena goes.
 *
 * Context: may sleep.
 * Return: 0, also if it was ready; -EINVAL no such region, or no producer arena;
 * -EPERM sealed; -EINTR; -EDQUOT; -ENOMEM.
 */
int strata_arena_prepare(struct strata_arena *a, u32 region)
{
	struct strata_producer **place = place_of(a, region), *p, *there;

	if (IS_ERR(place))
		return PTR_ERR(place);
	if (place && READ_ONCE(*place))
		return 0;
	p = create(a, region);
	if (IS_ERR(p))
		return PTR_ERR(p);
	/* Pairs with smp_load_acquire() in producer_of(). */
	there = cmpxchg_release(place_of(a, region), NULL, p);
	if (there) {
		destroy(p);
		return 0;
	}
	spin_lock(&a->pins_lock);
	list_add_tail_rcu(&p->list, &a->producers);
	spin_unlock(&a->pins_lock);
	return 0;
}
STRATA_EXPORT(strata_arena_prepare);

static struct strata_producer *producer_of(struct strata_arena *arena, u32 region)
{
	struct strata_producer **place = place_of(arena, region);

	/* Pairs with cmpxchg_release() in strata_arena_prepare(). */
	return IS_ERR_OR_NULL(place) ? NULL : smp_load_acquire(place);
}

/*
 * Positions have 64 bits in both worlds, and are read and stored at once: a plain
 * access would be two where a word has 32.
 */
static u64 position_acquire(__u64 *shared)
{
	return atomic64_read_acquire((atomic64_t *)shared);
}

static void position_release(__u64 *shared, u64 position)
{
	atomic64_set_release((atomic64_t *)shared, position);
}

/* Bytes that the process is done with, or that were never used. */
static u64 room(const struct strata_producer *p)
{
	/*
	 * What the process read of the ring it read before it said so. Pairs with
	 * its own store with release semantics.
	 */
	u64 used = p->head - position_acquire(&p->ctl->top);

	return used > p->size ? 0 : p->size - used;
}

/* The header of the next record; @size bytes from it to the record after that. */
static struct strata_record *next(struct strata_producer *p, size_t size, u32 state)
{
	struct strata_record *record = p->base + p->at;

	record->size = size - sizeof(*record);
	record->seq = p->seq;
	WRITE_ONCE(record->state, state);
	p->at += size;
	if (p->at == p->size)
		p->at = 0;
	strata_figure_add(&p->head, size);
	return record;
}

/* Where a record of @size bytes with its header can go, as bytes to skip. */
static bool find_room(const struct strata_producer *p, size_t size, size_t align,
		      size_t *to_end, size_t *to_align)
{
	size_t at = p->at;

	*to_end = 0;
	*to_align = ALIGN(at + sizeof(struct strata_record), align) -
		    sizeof(struct strata_record) - at;
	if (size > p->size - at || *to_align > p->size - at - size) {
		*to_end = p->size - at;
		*to_align = ALIGN(sizeof(struct strata_record), align) -
			    sizeof(struct strata_record);
		if (size > p->size || *to_align > p->size - size)
			return false;
	}
	return *to_end + *to_align + size <= room(p);
}

static struct strata_record *reserve(struct strata_producer *p, size_t size, size_t align)
{
	struct strata_record *record = NULL;
	size_t to_end, to_align;
	unsigned long flags;

	raw_spin_lock_irqsave(&p->lock, flags);
	if (find_room(p, size, align, &to_end, &to_align)) {
		if (to_end)
			next(p, to_end, STRATA_RECORD_SKIP);
		if (to_align)
			next(p, to_align, STRATA_RECORD_SKIP);
		record = next(p, size, STRATA_RECORD_BUSY);
		/* The process reads headers up to there: pairs with its acquire. */
		position_release(&p->ctl->kernel[0], p->head);
	} else {
		p->lost++;
		WRITE_ONCE(p->ctl->kernel[1], p->lost);
	}
	/* A number for those that are lost, too: the gap shows where. */
	p->seq++;
	raw_spin_unlock_irqrestore(&p->lock, flags);
	return record;
}

/**
 * strata_arena_alloc() - room for a record that a process is going to read
 * @a: created with STRATA_CREATE_PRODUCER
 * @region: which of its regions
 * @size: bytes
 * @align: a power of two up to PAGE_SIZE; at least 16 in any case
 * @off: set to where it is, as an mmap() offset of the arena; may be NULL
 *
 * The process does not go past the record until strata_arena_publish(). Records
 * are read in the order in which they were allocated.
 *
 * Context: may sleep if the region is not prepared; after strata_arena_prepare()
 * any, but NMI.
 * Return: the record, its contents undefined; NULL if the process has not read
 * enough yet (counted as lost), or if the region cannot be used.
 */
void *strata_arena_alloc(struct strata_arena *a, u32 region, size_t size, size_t align,
			 u64 *off)
{
	struct strata_producer *p = producer_of(a, region);
	struct strata_record *record;

	if (!is_power_of_2(align) || align > PAGE_SIZE ||
	    size > min_t(u64, U32_MAX, a->region_bytes))
		return NULL;
	if (!p) {
		if (strata_arena_prepare(a, region))
			return NULL;
		p = producer_of(a, region);
	}
	size = ALIGN(size + sizeof(*record), RECORD_ALIGN);
	record = reserve(p, size, max(align, RECORD_ALIGN));
	if (!record)
		return NULL;
	if (off)
		*off = p->pin.off + ((void *)(record + 1) - p->base);
	return record + 1;
}
STRATA_EXPORT(strata_arena_alloc);

/**
 * strata_arena_publish() - a record is filled in
 * @a: whose
 * @p: from strata_arena_alloc(); not touched any more
 *
 * Context: any, but NMI.
 */
void strata_arena_publish(struct strata_arena *a, void *p)
{
	struct strata_record *record = p - sizeof(*record);

	/* What is in the record comes first: pairs with the process's acquire. */
	smp_store_release(&record->state, STRATA_RECORD_READY);
	/* With a barrier: pairs with the one in arena_poll(). */
	if (wq_has_sleeper(&a->readers))
		irq_work_queue(&a->wake);
}
STRATA_EXPORT(strata_arena_publish);

/**
 * strata_producers_unread() - is there anything that the process has not read?
 * @arena: whose
 *
 * Context: any but interrupts.
 * Return: true if there is, in any region.
 */
bool strata_producers_unread(struct strata_arena *arena)
{
	struct strata_producer *p;
	bool unread = false;

	rcu_read_lock();
	list_for_each_entry_rcu(p, &arena->producers, list)
		unread |= READ_ONCE(p->ctl->top) != READ_ONCE(p->head);
	rcu_read_unlock();
	return unread;
}

/**
 * strata_producers_init() - none yet
 * @arena: whose
 *
 * Context: any.
 */
void strata_producers_init(struct strata_arena *arena)
{
	INIT_LIST_HEAD(&arena->producers);
	init_waitqueue_head(&arena->readers);
	init_irq_work(&arena->wake, wake);
}

/**
 * strata_producers_exit() - let go of all that they pinned
 * @arena: used by nobody any more
 *
 * Context: may sleep.
 */
void strata_producers_exit(struct strata_arena *arena)
{
	struct strata_producer *p, *next;

	irq_work_sync(&arena->wake);
	list_for_each_entry_safe(p, next, &arena->producers, list)
		destroy(p);
}
