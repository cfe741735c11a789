// SPDX-License-Identifier: GPL-2.0-only
/* Globals, statics and the heap, which all outlive a frame. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strata.h>

struct config {
	char *path;
	int verbose;
	struct config *parent;
};

static struct config defaults;
static struct config *current;
static char *names[4];
static int count;
static const char *program;

struct config *heap_list;

void global_pointer(strata_region *r)
{
	STRATA_FRAME(r);
	struct config *c = strata_region_zalloc(r, sizeof(*c));

	c->verbose = 1;
	current = c;	// WARN "c escapes its frame: stored in global current"
}

void global_value(strata_region *r)
{
	STRATA_FRAME(r);
	struct config *c = strata_region_zalloc(r, sizeof(*c));	// OK

	c->verbose = 1;
	defaults = *c;
}

void global_field(strata_region *r, const char *path)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, path);

	defaults.path = copy;	// WARN "copy escapes its frame: stored in global defaults"
}

void global_array(strata_region *r, const char *name)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, name);

	if (count < 4)
		names[count++] = copy;	// WARN "copy escapes its frame: stored in global names"
}

void global_number(strata_region *r, const char *name)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, name);	// OK

	count = (int)strlen(copy);
}

size_t static_local(strata_region *r, const char *name)
{
	static char *previous;
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, name);

	previous = copy;	// WARN "copy escapes its frame: stored in global previous"
	return strlen(previous);
}

/* The program's name, in the middle of a string that is the frame's. */
void global_interior(strata_region *r, const char *path)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, path);
	char *slash = strrchr(copy, '/');

	program = slash ? slash + 1 : copy;	// WARN "copy escapes its frame: stored in global program"
}

void global_interior_of_argument(strata_region *r, const char *path)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, path);	// OK
	char *slash = strrchr(copy, '/');

	program = slash ? path + (slash + 1 - copy) : path;
}

/* Through the global that points to it. */
void global_reached(strata_region *r, const char *path)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, path);

	if (current)
		current->path = copy;	// WARN "copy escapes its frame: stored in global current"
}

int global_swapped(strata_region *r)
{
	struct config *saved = current;
	STRATA_FRAME(r);
	struct config *c = strata_region_zalloc(r, sizeof(*c));	// OK
	int verbose;

	c->parent = saved;
	current = c;
	verbose = current->verbose;
	current = saved;
	return verbose;
}

/* Who returns early forgets to put it back. */
int global_not_swapped_back(strata_region *r)
{
	struct config *saved = current;
	STRATA_FRAME(r);
	struct config *c = strata_region_zalloc(r, sizeof(*c));
	int verbose;

	c->parent = saved;
	current = c;	// WARN "c escapes its frame: stored in global current"
	verbose = current->verbose;
	if (!saved)
		return -1;
	current = saved;
	return verbose;
}

int global_read(strata_region *r)
{
	STRATA_FRAME(r);
	struct config *c = strata_region_alloc(r, sizeof(*c));	// OK

	*c = defaults;
	c->parent = current;
	return c->parent ? c->parent->verbose : c->verbose;
}

struct config *heap_stores_frame(strata_region *r, const char *path)
{
	STRATA_FRAME(r);
	struct config *c = malloc(sizeof(*c));
	char *copy = strata_region_strdup(r, path);

	if (!c)
		return NULL;
	c->path = copy;	// WARN "copy escapes its frame: stored in a heap object"
	return c;
}

struct config *heap_stores_dup(strata_region *r, const char *path)
{
	STRATA_FRAME(r);
	struct config *c = malloc(sizeof(*c));
	char *copy = strata_region_strdup(r, path);	// OK

	if (!c)
		return NULL;
	c->path = strdup(copy);
	return c;
}

/* The heap object does not outlive the frame either. */
size_t heap_freed_in_frame(strata_region *r, const char *path)
{
	STRATA_FRAME(r);
	struct config *c = malloc(sizeof(*c));
	char *copy = strata_region_strdup(r, path);	// OK
	size_t len;

	if (!c)
		return 0;
	c->path = copy;
	len = strlen(c->path);
	free(c);
	return len;
}

size_t heap_freed_on_one_path(strata_region *r, const char *path)
{
	STRATA_FRAME(r);
	struct config *c = calloc(1, sizeof(*c));
	char *copy = strata_region_strdup(r, path);
	size_t len;

	if (!c)
		return 0;
	c->path = copy;	// WARN "copy escapes its frame: stored in a heap object"
	len = strlen(c->path);
	if (len > 3) {
		free(c);
		return len;
	}
	c->parent = heap_list;
	heap_list = c;
	return len;
}

/* From the frame to the heap is the right way round. */
int heap_from_frame(strata_region *r)
{
	STRATA_FRAME(r);
	struct config *c = strata_region_zalloc(r, sizeof(*c));	// OK
	int verbose;

	c->parent = calloc(1, sizeof(*c));
	if (!c->parent)
		return -1;
	verbose = c->parent->verbose;
	free(c->parent);
	return verbose;
}

size_t heap_array_of_frame_pointers(strata_region *r, size_t n)
{
	STRATA_FRAME(r);
	char **all = malloc(n * sizeof(*all));
	size_t len = 0;

	if (!all)
		return 0;
	for (size_t i = 0; i < n; i++)
		all[i] = strata_region_printf(r, "%zu", i);	// OK
	for (size_t i = 0; i < n; i++)
		len += strlen(all[i]);
	free(all);
	return len;
}

void heap_realloc_global(strata_region *r, const char *text)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, text);	// OK
	char *bigger = realloc(defaults.path, strlen(copy) + 1);

	if (!bigger)
		return;
	memcpy(bigger, copy, strlen(copy) + 1);
	defaults.path = bigger;
}

void heap_through_list(strata_region *r, const char *path)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, path);

	for (struct config *c = heap_list; c; c = c->parent)
		c->path = copy;	// WARN "copy escapes its frame: stored in "
}

int heap_could_be_frame(int n)
{
	int *all = malloc((size_t)n * sizeof(*all));	// M "malloc of all does not escape: could live in the frame"
	int sum = 0;

	if (!all)
		return -1;
	for (int i = 0; i < n; i++)
		all[i] = i * i;
	for (int i = 0; i < n; i++)
		sum += all[i] % 7;
	free(all);
	return sum;
}

int *heap_returned(int n)
{
	int *all = calloc((size_t)n, sizeof(*all));	// M "escapes to heap"

	if (all)
		all[0] = n;
	return all;
}
