// SPDX-License-Identifier: GPL-2.0-only
/*
 * The general heap against a model: each live object has a place in a table
 * that says its size and the byte it is filled with.
 */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/strata.h>

#include "fuzz.h"

#define NR_SLOTS	64
/* Bytes that a program may hold at a time. */
#define MOST_BYTES	SZ_8M

struct object {
	void *p;
	size_t size;
	u8 pattern;
};

static struct object slots[NR_SLOTS];
static size_t held;

static struct object *slot_of(u8 n)
{
	return &slots[n % NR_SLOTS];
}

/* Small ones mostly; around powers of two; any up to a page or 32 of them. */
static size_t size_of(u32 value)
{
	static const u32 most[] = { 128, 1024, PAGE_SIZE, SZ_32K, SZ_128K };
	u32 low = value & 0xffffff;

	switch (value >> 29) {
	case 0:
		return low & 0xff ? (1UL << low % 17) - 1 + (low >> 8) % 3 : 0;
	case 1:
		return value >> 24 == 0x3f ? STRATA_MAX_SIZE - 1 + low % 3 : low % SZ_512K;
	default:
		return low % most[(value >> 24) % ARRAY_SIZE(most)];
	}
}

/* A new object is what it should be, and apart from all others. */
static void check_new(const struct object *o, bool zeroed)
{
	unsigned long start = (unsigned long)o->p;
	size_t align = sizeof(u64), i;

	if (o->size >= PAGE_SIZE)
		align = PAGE_SIZE;
	else if (is_power_of_2(o->size))
		align = max(o->size, align);
	if (!IS_ALIGNED(start, align))
		fuzz_wrong("%zu bytes are not aligned to %zu", o->size, align);
	for (i = 0; i < NR_SLOTS; i++)
		if (slots[i].p && &slots[i] != o && start < (unsigned long)slots[i].p +
		    slots[i].size && (unsigned long)slots[i].p < start + o->size)
			fuzz_wrong("%zu bytes overlap with an object of %zu", o->size,
				   slots[i].size);
	if (zeroed && !fuzz_is_filled(o->p, 0, o->size))
		fuzz_wrong("%zu bytes are not zero", o->size);
	if (!strata_owns(o->p) || !strata_owns(o->p + o->size - 1))
		fuzz_wrong("%zu bytes are not owned", o->size);
}

/* Put a new object into its slot. ZERO_SIZE_PTR is for no bytes, and only then. */
static void put(struct object *o, void *p, size_t size, u8 pattern, bool zeroed)
{
	if (p == ZERO_SIZE_PTR || !size) {
		if (p != ZERO_SIZE_PTR || size)
			fuzz_wrong("%zu bytes are at %p", size, p);
		return;
	}
	if (!p)
		return;
	if (size > STRATA_MAX_SIZE) {
		fuzz_wrong("%zu bytes were given", size);
		return;
	}
	*o = (struct object) { .p = p, .size = size, .pattern = pattern };
	check_new(o, zeroed);
	fuzz_fill(p, pattern, size);
	held += size;
}

/* More than there ever is, is reported, unless the caller wants to hear nothing. */
static void expect_too_large(size_t size, gfp_t gfp)
{
	if (size > STRATA_MAX_SIZE && !(gfp & __GFP_NOWARN))
		fuzz_expect_misuse();
}

struct call {
	const struct fuzz_unit *u;
	struct object *o;
	size_t size;
	void *p;
	bool zeroed;
};

static void allocate(void *arg)
{
	struct call *c = arg;
	gfp_t gfp = fuzz_gfp(c->u->how);

	c->zeroed = true;
	switch (c->u->b % 6) {
	case 0:
		c->p = strata_zalloc(c->size, gfp);
		break;
	case 1:
		c->p = strata_calloc(c->size, 1, gfp);
		break;
	case 2:
		c->p = strata_alloc(c->size, gfp | __GFP_ZERO);
		break;
	case 3:
		c->p = strata_alloc_node(c->size, gfp, numa_mem_id());
		c->zeroed = false;
		break;
	default:
		c->p = strata_alloc(c->size, gfp);
		c->zeroed = false;
	}
}

/* Does the object still hold what was written? It is the caller's until freed. */
static void check_live(const struct object *o)
{
	if (!fuzz_is_filled(o->p, o->pattern, o->size))
		fuzz_wrong("an object of %zu bytes has changed", o->size);
}

static void release(void *arg)
{
	struct call *c = arg;

	switch (c->u->b % 4) {
	case 0:
		strata_free_sized(c->p, c->size);
		break;
	case 1:
		strata_free_rcu(c->p);
		break;
	default:
		strata_free(c->p);
	}
}

static void do_free(const struct fuzz_unit *u, struct object *o)
{
	struct call c = { .u = u, .p = o->p, .size = o->size };

	if (!o->p)
		return;
	check_live(o);
	held -= o->size;
	o->p = NULL;
	fuzz_in_context(u->how, release, &c);
}

static void do_alloc(const struct fuzz_unit *u)
{
	struct call c = { .u = u, .o = slot_of(u->a), .size = size_of(u->value) };

	do_free(u, c.o);
	if (held + c.size > MOST_BYTES)
		return;
	expect_too_large(c.size, fuzz_gfp(u->how));
	fuzz_in_context(u->how, allocate, &c);
	if (!c.p && c.size && c.size <= SZ_32K && fuzz_may_sleep(u->how))
		fuzz_wrong("no %zu bytes for GFP_KERNEL", c.size);
	put(c.o, c.p, c.size, u->a + 1, c.zeroed);
}

static void reallocate(void *arg)
{
	struct call *c = arg;

	c->p = strata_realloc(c->o->p, c->size, fuzz_gfp(c->u->how));
}

static void do_realloc(const struct fuzz_unit *u)
{
	struct object *o = slot_of(u->a), old = *o;
	struct call c = { .u = u, .o = o, .size = size_of(u->value) };

	if (held + c.size > MOST_BYTES || c.size > STRATA_MAX_SIZE)
		return;
	if (o->p)
		check_live(o);
	fuzz_in_context(u->how, reallocate, &c);
	if (!c.p)
		return;
	if (old.p)
		held -= old.size;
	o->p = NULL;
	if (c.size && old.p && !fuzz_is_filled(c.p, old.pattern, min(old.size, c.size)))
		fuzz_wrong("realloc from %zu to %zu bytes lost contents", old.size, c.size);
	put(o, c.p, c.size, u->a + 1, false);
}

struct bulk_call {
	const struct fuzz_unit *u;
	void *objects[NR_SLOTS];
	size_t n, size;
	bool done;
};

static void allocate_bulk(void *arg)
{
	struct bulk_call *c = arg;

	c->done = strata_alloc_bulk(c->size, fuzz_gfp(c->u->how), c->n, c->objects);
}

static void release_bulk(void *arg)
{
	struct bulk_call *c = arg;

	strata_free_bulk(c->n, c->objects);
}

static struct bulk_call bulk;

static void do_free_bulk(const struct fuzz_unit *u)
{
	size_t i, n = 1 + u->b % NR_SLOTS;

	bulk = (struct bulk_call) { .u = u };
	for (i = 0; i < n; i++) {
		struct object *o = slot_of(u->a + i);

		if (!o->p)
			continue;
		check_live(o);
		held -= o->size;
		bulk.objects[bulk.n++] = o->p;
		o->p = NULL;
	}
	fuzz_in_context(u->how, release_bulk, &bulk);
}

static void do_alloc_bulk(const struct fuzz_unit *u)
{
	size_t i, n = 1 + u->b % NR_SLOTS, size = size_of(u->value);

	do_free_bulk(u);
	if (held + n * size > MOST_BYTES || !size)
		return;
	bulk = (struct bulk_call) { .u = u, .n = n, .size = size };
	expect_too_large(size, fuzz_gfp(u->how));
	fuzz_in_context(u->how, allocate_bulk, &bulk);
	for (i = 0; bulk.done && i < n; i++) {
		if (!bulk.objects[i])
			fuzz_wrong("a bulk of %zu has a hole", n);
		put(slot_of(u->a + i), bulk.objects[i], size, u->a + i + 1, false);
	}
}

/* What can be asked about an object, and about addresses that are none. */
static void do_look(const struct fuzz_unit *u)
{
	struct object *o = slot_of(u->a);
	size_t usable;

	strata_owns((void *)((unsigned long)u->value << (u->b & 31)));
	strata_owns((void *)(PAGE_OFFSET + ((unsigned long)u->value << PAGE_SHIFT)));
	if (strata_owns(NULL) || strata_owns(ZERO_SIZE_PTR) || strata_owns(u))
		fuzz_wrong("owns what is not strata's");
	usable = strata_good_size(size_of(u->value));
	if (size_of(u->value) && size_of(u->value) <= STRATA_MAX_SIZE &&
	    usable < size_of(u->value))
		fuzz_wrong("good size of %zu is %zu", size_of(u->value), usable);
	if (!o->p)
		return;
	check_live(o);
	usable = strata_usable_size(o->p);
	if (usable < o->size)
		fuzz_wrong("usable size of %zu bytes is %zu", o->size, usable);
	/* All of it is ours now. */
	held += usable - o->size;
	o->size = usable;
	fuzz_fill(o->p, o->pattern, usable);
}

/* Frees that must be reported and must change nothing. */
static void do_misuse(const struct fuzz_unit *u)
{
	struct object *o = slot_of(u->a);
	static u64 foreign[4];

	switch (u->b % 3) {
	case 0:
		if (!o->p || o->size < 16)
			return;
		fuzz_expect_misuse();
		strata_free(o->p + 8);
		check_live(o);
		break;
	case 1:
		fuzz_expect_misuse();
		strata_free(&foreign[u->value % 4]);
		break;
	default:
		fuzz_expect_misuse();
		strata_calloc(SIZE_MAX / 2, 3 + u->b, GFP_KERNEL);
	}
}

void fuzz_heap_op(const struct fuzz_unit *u)
{
	switch ((u->what >> 2) % 10) {
	case 0:
	case 1:
	case 2:
		do_alloc(u);
		break;
	case 3:
	case 4:
		do_free(u, slot_of(u->a));
		break;
	case 5:
		do_realloc(u);
		break;
	case 6:
		do_alloc_bulk(u);
		break;
	case 7:
		do_free_bulk(u);
		break;
	case 8:
		do_look(u);
		break;
	default:
		do_misuse(u);
	}
}

void fuzz_heap_clean(void)
{
	static const struct fuzz_unit plainly = { .b = 3 };
	size_t i;

	for (i = 0; i < NR_SLOTS; i++)
		do_free(&plainly, &slots[i]);
	if (held)
		fuzz_wrong("the model itself is wrong: %zu bytes held", held);
}
