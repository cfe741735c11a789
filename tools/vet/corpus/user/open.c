// SPDX-License-Identifier: GPL-2.0-only
/* Frames that are left open, and those that only look so. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strata.h>

int open_on_error(strata_region *r, const char *name)
{
	strata_mark_t mark = strata_region_push(r);	// WARN "frame of r is left open on some path"
	char *path = strata_region_printf(r, "/tmp/%s", name);	// OK
	FILE *f;

	if (!path)
		return -ENOMEM;
	f = fopen(path, "r");
	if (f)
		fclose(f);
	strata_region_pop(r, mark);
	return 0;
}

int closed_on_error(strata_region *r, const char *name)
{
	strata_mark_t mark = strata_region_push(r);
	char *path = strata_region_printf(r, "/tmp/%s", name);	// OK
	int err = 0;
	FILE *f;

	if (!path) {
		err = -ENOMEM;
		goto out;
	}
	f = fopen(path, "r");
	if (!f) {
		err = -errno;
		goto out;
	}
	fclose(f);
out:
	strata_region_pop(r, mark);
	return err;
}

void open_when_empty(strata_region *r, const char *text)
{
	strata_mark_t mark = strata_region_push(r);	// WARN "frame of r is left open on some path"
	char *copy = strata_region_strdup(r, text);	// OK

	if (copy[0]) {
		puts(copy);
		strata_region_pop(r, mark);
	}
}

int open_after_break(strata_region *r, const char **lines, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		strata_mark_t mark = strata_region_push(r);	// WARN "frame of r is left open on some path"
		char *copy = strata_region_strdup(r, lines[i]);	// OK

		if (copy[0] == '#')
			break;
		strata_region_pop(r, mark);
	}
	return i;
}

int closed_after_break(strata_region *r, const char **lines, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		strata_mark_t mark = strata_region_push(r);
		char *copy = strata_region_strdup(r, lines[i]);	// OK
		int stop = copy[0] == '#';

		strata_region_pop(r, mark);
		if (stop)
			break;
	}
	return i;
}

/* Opens a frame for its caller, who gets the mark. */
strata_mark_t open_for_the_caller(strata_region *r)
{
	return strata_region_push(r);
}

struct work {
	strata_region *region;
	strata_mark_t mark;
	char *name;
};

/* A pair of functions: the mark is kept in the meantime. */
void open_begin(struct work *w, const char *name)
{
	w->mark = strata_region_push(w->region);
	w->name = strata_region_strdup(w->region, name);	// OK
}

void open_end(struct work *w)
{
	w->name = NULL;
	strata_region_pop(w->region, w->mark);
}

/* Reset closes every frame. */
int open_until_reset(strata_region *r, const char *text)
{
	strata_mark_t mark = strata_region_push(r);
	char *copy = strata_region_strdup(r, text);	// OK
	int c = copy[0];

	if (c == '#') {
		strata_region_reset(r);
		return 0;
	}
	strata_region_pop(r, mark);
	return c;
}

/* The region does not live longer than the frame. */
int open_until_destroy(strata_arena *a, const char *text)
{
	strata_region *r = strata_region_create(a);
	char *copy;
	int c;

	if (!r)
		return -1;
	strata_region_push(r);
	copy = strata_region_strdup(r, text);	// OK
	c = copy[0];
	strata_region_destroy(r);
	return c;
}

int open_twice_closed_once(strata_region *r, const char *text)
{
	strata_mark_t outer = strata_region_push(r);	// WARN "frame of r is left open on some path"
	strata_mark_t inner = strata_region_push(r);
	char *copy = strata_region_strdup(r, text);	// OK
	int c = copy[0];

	strata_region_pop(r, inner);
	if (c == '#')
		return 0;
	strata_region_pop(r, outer);
	return c;
}

int open_in_cleanup_ladder(strata_region *r, int fd)
{
	strata_mark_t outer, inner;
	char *a, *b;
	int err = 0;

	outer = strata_region_push(r);
	a = strata_region_zalloc(r, 64);	// OK
	if (!a) {
		err = -ENOMEM;
		goto close_outer;
	}
	inner = strata_region_push(r);
	b = strata_region_zalloc(r, 64);	// OK
	if (!b) {
		err = -ENOMEM;
		goto close_inner;
	}
	snprintf(b, 64, "%d", fd);
	memcpy(a, b, 64);
	err = a[0];
close_inner:
	strata_region_pop(r, inner);
close_outer:
	strata_region_pop(r, outer);
	return err;
}
