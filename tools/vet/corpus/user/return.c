// SPDX-License-Identifier: GPL-2.0-only
/* What leaves a function with its result. */
#include <stdlib.h>
#include <string.h>
#include <strata.h>

struct point {
	int x, y;
	struct point *next;
};

struct slice {
	const char *text;
	size_t len;
};

struct point *return_object(strata_region *r)
{
	STRATA_FRAME(r);
	struct point *p = strata_region_alloc(r, sizeof(*p));

	if (!p)
		return NULL;
	p->x = 1;
	return p;	// WARN "p escapes its frame: returned"
}

struct point *return_without_a_frame(strata_region *r)
{
	struct point *p = strata_region_alloc(r, sizeof(*p));	// OK

	if (p)
		p->x = 1;
	return p;
}

int return_a_field(strata_region *r)
{
	STRATA_FRAME(r);
	struct point *p = strata_region_zalloc(r, sizeof(*p));	// OK

	return p ? p->x : -1;
}

char *return_interior(strata_region *r, const char *line)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, line);

	while (*copy == ' ')
		copy++;
	return copy;	// WARN "escapes its frame: returned"
}

const char *return_into_the_argument(strata_region *r, const char *line)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, line);	// OK
	size_t skip = 0;

	while (copy[skip] == ' ')
		skip++;
	return line + skip;
}

struct slice return_in_a_struct(strata_region *r, const char *line)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, line);
	struct slice s = { .text = copy, .len = strlen(copy) };

	return s;	// WARN "copy escapes its frame: returned"
}

size_t return_the_length(strata_region *r, const char *line)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, line);	// OK
	struct slice s = { .text = copy, .len = strlen(copy) };

	return s.len + (s.text[0] == '-');
}

struct point *return_one_of_two(strata_region *r, struct point *given, int fresh)
{
	STRATA_FRAME(r);
	struct point *p = given;

	if (fresh)
		p = strata_region_zalloc(r, sizeof(*p));
	return p;	// WARN "escapes its frame: returned"
}

/* Temporary on the way, but what is returned was there before the frame. */
struct point *return_older_than_the_frame(strata_region *r, size_t n)
{
	struct point *sum = strata_region_zalloc(r, sizeof(*sum));	// OK
	STRATA_FRAME(r);
	struct point *all = strata_region_zalloc(r, n * sizeof(*all));	// OK

	for (size_t i = 0; i < n; i++)
		sum->x += all[i].x;
	return sum;
}

struct point *return_from_another_region(strata_region *scratch, strata_region *out)
{
	STRATA_FRAME(scratch);
	struct point *from = strata_region_zalloc(scratch, sizeof(*from));	// OK
	struct point *to = strata_region_alloc(out, sizeof(*to));	// OK

	*to = *from;
	return to;
}

/* The frame is closed before the result is allocated. */
char *return_younger_than_the_frame(strata_region *r, const char *line)
{
	strata_mark_t mark = strata_region_push(r);
	char *copy = strata_region_strdup(r, line);	// OK
	size_t len = strcspn(copy, "\n");
	char *result;

	strata_region_pop(r, mark);
	result = strata_region_alloc(r, len + 1);	// OK
	if (!result)
		return NULL;
	memcpy(result, line, len);
	result[len] = '\0';
	return result;
}

char *return_copied_out(strata_region *r, strata_region *keep, int n)
{
	STRATA_FRAME(r);
	char *text = strata_region_printf(r, "number %d", n);	// OK

	return strata_region_escape(r, keep, text, strlen(text) + 1);
}

struct point return_by_value(strata_region *r)
{
	STRATA_FRAME(r);
	struct point *p = strata_region_zalloc(r, sizeof(*p));	// OK

	p->next = NULL;
	return *p;
}

/* The pointer inside goes along. */
struct point return_by_value_with_a_tail(strata_region *r)
{
	STRATA_FRAME(r);
	struct point *p = strata_region_zalloc(r, sizeof(*p));	// OK
	struct point *tail = strata_region_zalloc(r, sizeof(*tail));

	p->next = tail;
	return *p;	// WARN "tail escapes its frame: returned"
}

char *return_through_strchr(strata_region *r, const char *line)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, line);

	return strchr(copy, '=');	// WARN "escapes its frame: returned"
}

char *return_heap_copy(strata_region *r, const char *line)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, line);	// OK

	return strdup(copy);
}
