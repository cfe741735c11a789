// SPDX-License-Identifier: GPL-2.0-only
/* Typed caches and reserves against a model: objects know their cache. */
#include <linux/atomic.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/strata.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "fuzz.h"

#define NR_CACHES	4
#define NR_OBJECTS	32
#define NR_RESERVED	8
/* What a constructor leaves, and what is there again when an object is freed. */
#define CONSTRUCTED	0xc7
/* Caches that are being destroyed at a time. */
#define MOST_ENDING	64

struct cache {
	struct strata_cache *cache;
	struct strata_cache_args args;
	struct strata_reserve *reserve;
	unsigned int reserved;	/* so many calls cannot fail */
	void *objects[NR_OBJECTS];
};

static struct cache caches[NR_CACHES];
static struct workqueue_struct *endings;
static atomic_t nr_ending;
static DECLARE_WAIT_QUEUE_HEAD(one_ended);

static const u16 sizes[] = { 1, 8, 24, 64, 100, 192, 500, 1024, 3000, 4096, 8192, 32768 };

/*
 * Constructors are told nothing but the object, and run in the background, too, for
 * as long as the cache is not gone: one for each size.
 */
#define CTOR(n) static void ctor_##n(void *p) { fuzz_fill(p, CONSTRUCTED, sizes[n]); }
CTOR(0)
CTOR(1)
CTOR(2)
CTOR(3)
CTOR(4)
CTOR(5)
CTOR(6)
CTOR(7)
CTOR(8)
CTOR(9)
CTOR(10)
CTOR(11)
static void (* const ctors[ARRAY_SIZE(sizes)])(void *p) = {
	ctor_0, ctor_1, ctor_2, ctor_3, ctor_4, ctor_5, ctor_6, ctor_7, ctor_8, ctor_9,
	ctor_10, ctor_11,
};

static u8 pattern_of(const struct cache *c, size_t i)
{
	return 1 + (c - caches) * NR_OBJECTS + i;
}

static void put(struct cache *c, size_t i, void *p)
{
	size_t align = c->args.align ?: sizeof(u64);

	if (!IS_ALIGNED((unsigned long)p, align))
		fuzz_wrong("an object of a cache is not aligned to %zu", align);
	if (c->args.ctor && !fuzz_is_filled(p, CONSTRUCTED, c->args.size))
		fuzz_wrong("an object of %zu bytes is not constructed", c->args.size);
	c->objects[i] = p;
	fuzz_fill(p, pattern_of(c, i), c->args.size);
}

/* It holds what was written, and is left as it was constructed. */
static void *take(struct cache *c, size_t i)
{
	void *p = c->objects[i];

	c->objects[i] = NULL;
	if (!fuzz_is_filled(p, pattern_of(c, i), c->args.size))
		fuzz_wrong("an object of a cache of %zu bytes has changed", c->args.size);
	if (c->args.ctor)
		fuzz_fill(p, CONSTRUCTED, c->args.size);
	return p;
}

struct call {
	struct cache *c;
	u8 how;
	void *objects[NR_OBJECTS];
	size_t n;
	bool done;
};

static struct call call;

static void allocate(void *arg)
{
	struct call *it = arg;
	gfp_t gfp = fuzz_gfp(it->how);

	if (it->n > 1) {
		it->done = strata_cache_alloc_bulk(it->c->cache, gfp, it->n, it->objects);
	} else {
		it->objects[0] = strata_cache_alloc(it->c->cache, gfp);
		it->done = it->objects[0];
	}
}

static void release(void *arg)
{
	struct call *it = arg;

	if (it->n == 1)
		strata_cache_free(it->c->cache, it->objects[0]);
	else
		strata_cache_free_bulk(it->c->cache, it->n, it->objects);
}

static void reserve_allocate(void *arg)
{
	struct call *it = arg;

	it->objects[0] = strata_reserve_alloc(it->c->reserve);
}

static void do_free(struct cache *c, size_t from, size_t n, u8 how)
{
	size_t i;

	call = (struct call) { .c = c, .how = how };
	for (i = from; i < from + n; i++)
		if (c->objects[i % NR_OBJECTS])
			call.objects[call.n++] = take(c, i % NR_OBJECTS);
	if (call.n)
		fuzz_in_context(how, release, &call);
}

static void do_alloc(struct cache *c, size_t from, size_t n, u8 how)
{
	size_t i;

	do_free(c, from, n, how);
	call = (struct call) { .c = c, .how = how, .n = n };
	fuzz_in_context(how, allocate, &call);
	if (!call.done && fuzz_may_sleep(how))
		fuzz_wrong("no object of %zu bytes for GFP_KERNEL", c->args.size);
	for (i = 0; call.done && i < n; i++)
		put(c, (from + i) % NR_OBJECTS, call.objects[i]);
}

/*
 * To destroy a cache is to wait for grace periods, which took nearly all of the time.
 * So it goes on beside the operations that follow, and several share a grace period.
 */
struct ending {
	struct work_struct work;
	struct strata_cache *cache;
};

static void destroy_work(struct work_struct *work)
{
	struct ending *it = container_of(work, struct ending, work);

	strata_cache_destroy(it->cache);
	kfree(it);
	if (atomic_dec_return(&nr_ending) < MOST_ENDING)
		wake_up(&one_ended);
}

static void destroy_later(struct strata_cache *cache)
{
	struct ending *it = kmalloc(sizeof(*it), GFP_KERNEL);

	if (!it) {
		strata_cache_destroy(cache);
		return;
	}
	INIT_WORK(&it->work, destroy_work);
	it->cache = cache;
	atomic_inc(&nr_ending);
	queue_work(endings, &it->work);
	wait_event(one_ended, atomic_read(&nr_ending) < MOST_ENDING);
}

static void do_destroy(struct cache *c, bool wait)
{
	if (!c->cache)
		return;
	strata_reserve_destroy(c->reserve);
	do_free(c, 0, NR_OBJECTS, 0);
	if (wait)
		strata_cache_destroy(c->cache);
	else
		destroy_later(c->cache);
	*c = (struct cache) { };
}

/* One in 256 is waited for, and so is over when the next operation begins. */
static bool is_waited_for(const struct fuzz_unit *u)
{
	return !u->b;
}

static void do_create(struct cache *c, const struct fuzz_unit *u)
{
	const unsigned int size = u->value % ARRAY_SIZE(sizes);

	do_destroy(c, is_waited_for(u));
	c->args = (struct strata_cache_args) {
		.size = sizes[size],
		.align = u->value & 0x100 ? 8UL << (u->value >> 9 & 7) : 0,
		.flags = u->value >> 16 & 0x1f,
		.ctor = u->value & 0x1000 ? ctors[size] : NULL,
	};
	c->cache = strata_cache_create("fuzz", &c->args);
	if (!IS_ERR(c->cache))
		return;
	/* Some arguments do not go together; that is said, and counted. */
	if (PTR_ERR(c->cache) == -EINVAL)
		fuzz_expect_misuse();
	*c = (struct cache) { };
}

static void do_reserve(struct cache *c, const struct fuzz_unit *u)
{
	size_t at = u->b % NR_OBJECTS;

	if (!c->reserve) {
		c->reserve = strata_reserve_create(c->cache, NR_RESERVED, GFP_KERNEL);
		if (IS_ERR(c->reserve)) {
			c->reserve = NULL;
			return;
		}
		c->reserved = NR_RESERVED;
		return;
	}
	if (u->value & 1) {
		if (!strata_reserve_refill(c->reserve, GFP_KERNEL))
			c->reserved = NR_RESERVED;
		return;
	}
	do_free(c, at, 1, u->how);
	call = (struct call) { .c = c, .how = u->how };
	fuzz_in_context(u->how, reserve_allocate, &call);
	if (call.objects[0])
		put(c, at, call.objects[0]);
	else if (c->reserved)
		fuzz_wrong("a reserve with %u objects has none", c->reserved);
	if (c->reserved)
		c->reserved--;
}

void fuzz_cache_op(const struct fuzz_unit *u)
{
	struct cache *c = &caches[u->a % NR_CACHES];
	size_t at = u->b % NR_OBJECTS;

	if (!c->cache || (u->what >> 2) % 16 == 0) {
		do_create(c, u);
		return;
	}
	switch ((u->what >> 2) % 16) {
	case 1:
		strata_cache_shrink(c->cache);
		break;
	case 2:
		do_destroy(c, is_waited_for(u));
		break;
	case 3:
	case 4:
	case 5:
		do_free(c, at, 1, u->how);
		break;
	case 6:
	case 7:
		do_free(c, at, 2 + u->value % (NR_OBJECTS - 2), u->how);
		break;
	case 8:
	case 9:
		do_alloc(c, at, 2 + u->value % (NR_OBJECTS - 2), u->how);
		break;
	case 10:
	case 11:
		do_reserve(c, u);
		break;
	default:
		do_alloc(c, at, 1, u->how);
	}
}

/* The caches stay for the next program, which may destroy them. */
void fuzz_cache_clean(void)
{
	size_t i;

	for (i = 0; i < NR_CACHES; i++) {
		if (!caches[i].cache)
			continue;
		strata_reserve_destroy(caches[i].reserve);
		caches[i].reserve = NULL;
		caches[i].reserved = 0;
		do_free(&caches[i], 0, NR_OBJECTS, 0);
	}
}

void fuzz_cache_settle(void)
{
	flush_workqueue(endings);
}

int fuzz_cache_init(void)
{
	endings = alloc_workqueue("strata_fuzz", WQ_UNBOUND, MOST_ENDING);
	return endings ? 0 : -ENOMEM;
}

void fuzz_cache_exit(void)
{
	size_t i;

	for (i = 0; i < NR_CACHES; i++)
		do_destroy(&caches[i], true);
	destroy_workqueue(endings);
}
