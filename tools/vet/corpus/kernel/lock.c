// SPDX-License-Identifier: GPL-2.0-only
/* Locks, counters, bits: their assembly gets the address, and does not keep it. */
#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/prefetch.h>
#include <linux/random.h>
#include <linux/rwsem.h>
#include <linux/seqlock.h>
#include <linux/spinlock.h>
#include <linux/uuid.h>
#include <linux/strata.h>

struct guarded {
	spinlock_t lock;	/* of n */
	struct mutex mutex;	/* likewise, where it may sleep */
	struct rw_semaphore sem;
	atomic_t hits;
	atomic64_t bytes;
	struct kref ref;
	unsigned long flags;
	int n;
};

int lock_spin(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct guarded *g = strata_region_zalloc(r, sizeof(*g));	// OK
	unsigned long flags;

	if (!g)
		return -ENOMEM;
	spin_lock_init(&g->lock);
	spin_lock_irqsave(&g->lock, flags);
	g->n++;
	spin_unlock_irqrestore(&g->lock, flags);
	return g->n;
}

int lock_mutex(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct guarded *g = strata_region_zalloc(r, sizeof(*g));	// OK

	if (!g)
		return -ENOMEM;
	mutex_init(&g->mutex);
	mutex_lock(&g->mutex);
	g->n++;
	mutex_unlock(&g->mutex);
	mutex_destroy(&g->mutex);
	init_rwsem(&g->sem);
	down_read(&g->sem);
	up_read(&g->sem);
	return g->n;
}

int lock_atomic(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct guarded *g = strata_region_zalloc(r, sizeof(*g));	// OK

	if (!g)
		return -ENOMEM;
	atomic_set(&g->hits, 1);
	atomic_inc(&g->hits);
	atomic64_add(12, &g->bytes);
	if (atomic_cmpxchg(&g->hits, 2, 3) != 2)
		return -EAGAIN;
	return atomic_read(&g->hits) + atomic64_read(&g->bytes);
}

int lock_bits(struct strata_region *r, unsigned int n)
{
	STRATA_FRAME(r);
	unsigned long *map = strata_region_zalloc(r, BITS_TO_LONGS(n) * sizeof(long)); // OK

	if (!map)
		return -ENOMEM;
	set_bit(3, map);
	__set_bit(4, map);
	clear_bit(3, map);
	if (test_and_set_bit(5, map))
		return -EBUSY;
	bitmap_fill(map, n / 2);
	return find_next_zero_bit(map, n, 0) + bitmap_weight(map, n);
}

static void last_put(struct kref *ref)
{
	container_of(ref, struct guarded, ref)->n = -1;
}

int lock_kref(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct guarded *g = strata_region_zalloc(r, sizeof(*g));	// OK

	if (!g)
		return -ENOMEM;
	kref_init(&g->ref);
	kref_get(&g->ref);
	kref_put(&g->ref, last_put);
	kref_put(&g->ref, last_put);
	return g->n;
}

int lock_prefetch(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct guarded *g = strata_region_zalloc(r, sizeof(*g));	// OK

	prefetch(g);
	prefetchw(g);
	barrier();
	return g ? READ_ONCE(g->n) : 0;
}

u32 lock_random(struct strata_region *r)
{
	STRATA_FRAME(r);
	u32 *words = strata_region_alloc(r, 4 * sizeof(*words));	// OK
	uuid_t *id = strata_region_alloc(r, sizeof(*id));	// OK

	if (!words || !id)
		return 0;
	get_random_bytes(words, 4 * sizeof(*words));
	generate_random_uuid(id->b);
	return words[0] ^ words[3] ^ id->b[0];
}

/* The lock is the caller's, what it guards too. */
int lock_callers(struct strata_region *r, struct guarded *g)
{
	STRATA_FRAME(r);
	int *copy = strata_region_zalloc(r, sizeof(*copy));	// OK

	if (!copy)
		return -ENOMEM;
	spin_lock(&g->lock);
	*copy = g->n++;
	spin_unlock(&g->lock);
	usleep_range(10, 20);
	return *copy;
}

u32 lock_io(struct strata_region *r, void __iomem *regs, size_t n)
{
	STRATA_FRAME(r);
	u32 *copy = strata_region_zalloc(r, n * sizeof(*copy));	// OK
	u32 sum = 0;

	if (!copy)
		return 0;
	memcpy_fromio(copy, regs, n * sizeof(*copy));
	while (n--)
		sum += copy[n];
	writel(sum, regs);
	return sum;
}
