// SPDX-License-Identifier: GPL-2.0-only
/* What nobody can know: bodies elsewhere, calls through pointers, asm, integers. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strata.h>
#include "outside.h"

struct box {
	struct box *inner;
	int n;
};

static uintptr_t cookie;

int unknown_kept(strata_region *r)
{
	STRATA_FRAME(r);
	struct box *b = strata_region_zalloc(r, sizeof(*b));

	outside_keep(b);	// NOTE "b passed to outside_keep: no summary"
	return b->n;
}

int unknown_through_pointer(strata_region *r, const struct outside_ops *ops)
{
	STRATA_FRAME(r);
	char *buffer = strata_region_alloc(r, 64);
	int n;

	n = ops->read(NULL, buffer, 64);	// NOTE "buffer passed to ops->read: no summary"
	return n > 0 ? buffer[0] : -1;
}

int unknown_visitor(strata_region *r, void (*visit)(void *arg))
{
	STRATA_FRAME(r);
	struct box *b = strata_region_zalloc(r, sizeof(*b));

	visit(b);	// NOTE "b passed to visit: no summary"
	return b->n;
}

/* Inside of something that is passed. */
int unknown_content(strata_region *r)
{
	STRATA_FRAME(r);
	struct box outer = { .n = 1 };

	outer.inner = strata_region_zalloc(r, sizeof(*outer.inner));
	outside_keep(&outer);	// NOTE "passed to outside_keep: no summary"
	return outer.n;
}

/* The object was not given to it. */
int unknown_not_given(strata_region *r)
{
	STRATA_FRAME(r);
	struct box *b = strata_region_zalloc(r, sizeof(*b));	// OK
	struct box other = { .n = 2 };

	outside_keep(&other);
	b->n = other.n;
	return b->n;
}

int unknown_number(strata_region *r)
{
	STRATA_FRAME(r);
	struct box *b = strata_region_zalloc(r, sizeof(*b));	// OK

	b->n = 4;
	outside_number((unsigned long)b->n);
	return outside_condition() ? b->n : 0;
}

int unknown_but_borrowed(strata_region *r, const char *text)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, text);	// OK

	return outside_borrow(copy, strlen(copy));
}

void unknown_but_captured(strata_region *r, void *list)
{
	STRATA_FRAME(r);
	struct box *b = strata_region_zalloc(r, sizeof(*b));

	outside_attach(list, b);	// WARN "b escapes its frame: captured by callback outside_attach"
}

char unknown_but_returned(strata_region *r, const char *text)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, text);	// OK

	return *outside_skip(copy);
}

char *unknown_but_returned_further(strata_region *r, const char *text)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, text);

	return outside_skip(copy);	// WARN "copy escapes its frame: returned"
}

int unknown_asm_input(strata_region *r)
{
	STRATA_FRAME(r);
	struct box *b = strata_region_zalloc(r, sizeof(*b));

	__asm__ volatile("prefetcht0 (%0)" : : "r"(b));	// NOTE "b passed to inline asm"
	return b->n;
}

/* A barrier for the compiler: nothing is passed to nobody. */
int unknown_asm_barrier(strata_region *r)
{
	STRATA_FRAME(r);
	struct box *b = strata_region_zalloc(r, sizeof(*b));	// OK

	b->n = 1;
	__asm__ volatile("" : : : "memory");
	return b->n;
}

int unknown_asm_number(strata_region *r)
{
	STRATA_FRAME(r);
	struct box *b = strata_region_zalloc(r, sizeof(*b));	// OK
	int n = b->n;

	__asm__("bswap %0" : "+r"(n));
	return n;
}

void unknown_integer_global(strata_region *r)
{
	STRATA_FRAME(r);
	struct box *b = strata_region_zalloc(r, sizeof(*b));

	cookie = (uintptr_t)b;	// NOTE "b converted to an integer"
}

unsigned int unknown_integer_hash(strata_region *r)
{
	STRATA_FRAME(r);
	struct box *b = strata_region_zalloc(r, sizeof(*b));	// OK

	return ((uintptr_t)b >> 4) % 64 == 0;
}

int unknown_integer_passed(strata_region *r)
{
	STRATA_FRAME(r);
	struct box *b = strata_region_zalloc(r, sizeof(*b));

	outside_number((unsigned long)b);	// NOTE "b converted to an integer"
	return b->n;
}

/* What comes back may be what was given. */
void *unknown_passed_through(strata_region *r)
{
	STRATA_FRAME(r);
	struct box *b = strata_region_zalloc(r, sizeof(*b));

	return outside_pass(b);	// NOTE "b passed to outside_pass: no summary"
}

/* One look at a time, one note. */
int unknown_two(strata_region *r)
{
	STRATA_FRAME(r);
	struct box *a = strata_region_zalloc(r, sizeof(*a));
	struct box *b = strata_region_zalloc(r, sizeof(*b));	// OK

	outside_keep(a);	// NOTE "a passed to outside_keep: no summary"
	b->inner = a;
	return b->inner->n;
}
