// SPDX-License-Identifier: GPL-2.0-only
/* Regions that are made, reset and destroyed while something points into them. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strata.h>

struct thing {
	struct thing *next;
	int n;
};

static struct thing *kept;

int region_local(strata_arena *a)
{
	strata_region *r = strata_region_create(a);
	struct thing *t;
	int n = -1;

	if (!r)
		return -1;
	t = strata_region_zalloc(r, sizeof(*t));	// OK
	if (t)
		n = t->n;
	strata_region_destroy(r);
	return n;
}

struct thing *region_local_returned(strata_arena *a)
{
	strata_region *r = strata_region_create(a);
	struct thing *t;

	if (!r)
		return NULL;
	t = strata_region_zalloc(r, sizeof(*t));
	strata_region_destroy(r);
	return t;	// WARN "t escapes its frame: returned"
}

int region_destroy_then_read(strata_arena *a)
{
	strata_region *r = strata_region_create(a);
	struct thing *t = strata_region_zalloc(r, sizeof(*t));

	strata_region_destroy(r);
	return t->n;	// WARN "use of t after"
}

int region_reset_then_read(strata_region *r)
{
	struct thing *t = strata_region_zalloc(r, sizeof(*t));

	t->n = 1;
	strata_region_reset(r);
	return t->n;	// WARN "use of t after"
}

int region_read_then_reset(strata_region *r)
{
	struct thing *t = strata_region_zalloc(r, sizeof(*t));	// OK
	int n;

	n = t->n;
	strata_region_reset(r);
	return n;
}

void *region_alloc_after_destroy(strata_region *r)
{
	strata_region_destroy(r);
	return strata_region_zalloc(r, 8);	// WARN "use of region r after destroy"
}

void region_destroy_twice(strata_region *r, bool also)
{
	strata_region_destroy(r);
	if (also)
		strata_region_destroy(r);	// WARN "use of region r after destroy"
}

/* A region is used again after a reset: that is what it is for. */
int region_alloc_after_reset(strata_region *r)
{
	struct thing *t = strata_region_zalloc(r, sizeof(*t));	// OK
	int n = t->n;

	strata_region_reset(r);
	t = strata_region_zalloc(r, sizeof(*t));	// OK
	n += t->n;
	strata_region_reset(r);
	return n;
}

int region_made_again(strata_arena *a)
{
	strata_region *r = strata_region_create(a);
	struct thing *t = strata_region_zalloc(r, sizeof(*t));	// OK
	int n = t->n;

	strata_region_destroy(r);
	r = strata_region_create(a);
	t = strata_region_zalloc(r, sizeof(*t));	// OK
	n += t->n;
	strata_region_destroy(r);
	return n;
}

int region_destroyed_on_error(strata_arena *a, int size)
{
	strata_region *r = strata_region_create(a);
	char *p;
	int c;

	if (!r)
		return -1;
	p = strata_region_alloc(r, (size_t)size);	// OK
	if (!p) {
		strata_region_destroy(r);
		return -1;
	}
	memset(p, 1, (size_t)size);
	c = p[0];
	strata_region_destroy(r);
	return c;
}

int region_destroyed_too_early(strata_arena *a, int size)
{
	strata_region *r = strata_region_create(a);
	char *p = strata_region_alloc(r, (size_t)size);

	memset(p, 1, (size_t)size);
	if (size > 100)
		strata_region_destroy(r);
	if (p[1])	// WARN "use of p after"
		puts("one");
	if (size <= 100)
		strata_region_destroy(r);
	return size;
}

void region_global_before_destroy(strata_arena *a)
{
	strata_region *r = strata_region_create(a);
	struct thing *t = strata_region_zalloc(r, sizeof(*t));

	kept = t;	// WARN "t escapes its frame: stored in global kept"
	strata_region_destroy(r);
}

/* A region that is as long there as the program, and so what is in it. */
static strata_region *forever;

int region_forever(strata_arena *a)
{
	struct thing *t;

	forever = strata_region_create(a);
	if (!forever)
		return -1;
	t = strata_region_zalloc(forever, sizeof(*t));	// OK
	kept = t;
	return 0;
}

struct thing *region_of_the_thread(void)
{
	struct thing *t = strata_region_zalloc(strata_region_thread(), sizeof(*t));	// OK

	return t;
}

int region_of_the_thread_framed(void)
{
	strata_region *r = strata_region_thread();
	STRATA_FRAME(r);
	struct thing *t = strata_region_zalloc(r, sizeof(*t));	// OK

	return t->n;
}

/* Both calls give the same region: the frame is the object's. */
struct thing *region_of_the_thread_returned(void)
{
	STRATA_FRAME(strata_region_thread());
	struct thing *t = strata_region_zalloc(strata_region_thread(), sizeof(*t));

	return t;	// WARN "t escapes its frame: returned"
}

/* Hands the region to its caller, with what is in it. */
strata_region *region_made_for_caller(strata_arena *a, struct thing **first)
{
	strata_region *r = strata_region_create(a);

	if (!r)
		return NULL;
	*first = strata_region_zalloc(r, sizeof(**first));	// OK
	if (!*first) {
		strata_region_destroy(r);
		return NULL;
	}
	return r;
}

static void destroy_cleanup(strata_region **r)
{
	strata_region_destroy(*r);
}

int region_scoped(strata_arena *a)
{
	__attribute__((cleanup(destroy_cleanup))) strata_region *r = strata_region_create(a);
	struct thing *t;

	if (!r)
		return -1;
	t = strata_region_zalloc(r, sizeof(*t));	// OK
	return t ? t->n : -1;
}

struct thing *region_scoped_returned(strata_arena *a)
{
	__attribute__((cleanup(destroy_cleanup))) strata_region *r = strata_region_create(a);
	struct thing *t = strata_region_zalloc(r, sizeof(*t));

	return t;	// WARN "t escapes its frame: returned"
}

/* The mark is of a frame that reset has closed already. */
void region_pop_after_reset(strata_region *r)
{
	strata_mark_t mark = strata_region_push(r);

	strata_region_reset(r);
	strata_region_pop(r, mark);	// WARN "frames popped out of order"
}

size_t region_trim_in_frame(strata_region *r, const char *text)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, text);	// OK

	return strata_region_trim(r) + strlen(copy);
}

bool region_contains_after_pop(strata_region *r, const char *text)
{
	strata_mark_t mark = strata_region_push(r);
	const char *copy = strata_region_strdup(r, text);	// OK

	strata_region_pop(r, mark);
	return strata_region_contains(r, copy);
}

struct owner {
	strata_region *region;
	struct thing *things;
};

/* The object has its region with it, and dies with it. */
int owner_init(struct owner *o, strata_arena *a)
{
	o->region = strata_region_create(a);
	if (!o->region)
		return -1;
	o->things = strata_region_zalloc(o->region, sizeof(*o->things));	// OK
	return o->things ? 0 : -1;
}

void owner_add(struct owner *o, int n)
{
	struct thing *t = strata_region_zalloc(o->region, sizeof(*t));	// OK

	t->n = n;
	t->next = o->things;
	o->things = t;
}

void owner_exit(struct owner *o)
{
	strata_region_destroy(o->region);
	o->region = NULL;
	o->things = NULL;
}

/* The first thing of the list is in the region, with the whole of the owner. */
struct owner *owner_in_its_region(strata_arena *a)
{
	strata_region *r = strata_region_create(a);
	struct owner *o;

	if (!r)
		return NULL;
	o = strata_region_zalloc(r, sizeof(*o));	// OK
	if (!o) {
		strata_region_destroy(r);
		return NULL;
	}
	o->region = r;
	return o;
}

int owner_use_after_exit(strata_arena *a)
{
	strata_region *r = strata_region_create(a);
	struct owner *o = strata_region_zalloc(r, sizeof(*o));

	o->region = r;
	strata_region_destroy(o->region);
	return o->things ? 1 : 0;	// WARN "use of o after"
}
