// SPDX-License-Identifier: GPL-2.0-only
/* Double pointers, unions, flexible arrays, arrays of pointers, tagged pointers. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strata.h>

union value {
	long number;
	char *text;
	struct message *message;
};

struct message {
	size_t len;
	union value value;
	struct message *reply;
	char data[];
};

struct holder {
	int n;
	char **names;
	struct {
		union value first;
		struct message *second;
	} inner;
};

static union value last_value;
static struct message *history[8];

size_t double_pointer_local(strata_region *r, const char *text)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, text);	// OK
	char **where = &copy;

	(*where)++;
	return strlen(*where);
}

void double_pointer_out(strata_region *r, const char *text, char **out)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, text);

	*out = copy;	// WARN "copy escapes its frame: stored in \*out, which outlives the frame"
}

static void set(char **where, char *what)
{
	*where = what;
}

int double_pointer_helper_local(strata_region *r, const char *text)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, text);	// OK
	char *second = NULL;

	set(&second, copy);
	return second[0];
}

void double_pointer_helper_out(strata_region *r, const char *text, char **out)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, text);

	set(out, copy);	// WARN "copy escapes its frame: stored in .*which outlives the frame"
}

void triple_pointer_out(strata_region *r, size_t n, char ***out)
{
	STRATA_FRAME(r);
	char **names = strata_region_zalloc(r, n * sizeof(*names));

	for (size_t i = 0; i < n; i++)
		names[i] = strata_region_printf(r, "%zu", i);	// OK
	*out = names;	// WARN "names escapes its frame: stored in .*which outlives the frame"
}

size_t triple_pointer_local(strata_region *r, size_t n)
{
	STRATA_FRAME(r);
	char **names = strata_region_zalloc(r, n * sizeof(*names));	// OK
	char ***all = &names;
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		names[i] = strata_region_printf(r, "%zu", i);	// OK
	for (size_t i = 0; i < n; i++)
		len += strlen((*all)[i]);
	return len;
}

void union_number(strata_region *r, const char *text)
{
	STRATA_FRAME(r);
	union value *v = strata_region_zalloc(r, sizeof(*v));	// OK

	v->number = strtol(text, NULL, 0);
	last_value.number = v->number;
}

void union_text(strata_region *r, const char *text)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, text);

	last_value.text = copy;	// WARN "copy escapes its frame: stored in global last_value"
}

/* A copy of the union takes the pointer along. */
void union_copied(strata_region *r, const char *text)
{
	STRATA_FRAME(r);
	union value v = { .text = strata_region_strdup(r, text) };

	last_value = v;	// WARN "escapes its frame: stored in global last_value"
}

long union_local(strata_region *r, const char *text, int is_text)
{
	STRATA_FRAME(r);
	union value v;

	if (is_text)
		v.text = strata_region_strdup(r, text);	// OK
	else
		v.number = 4;
	return is_text ? (long)strlen(v.text) : v.number;
}

size_t flexible_local(strata_region *r, const char *text, size_t len)
{
	STRATA_FRAME(r);
	struct message *m = strata_region_alloc(r, sizeof(*m) + len + 1);	// OK

	m->len = len;
	memcpy(m->data, text, len);
	m->data[len] = '\0';
	return m->len + (size_t)m->data[0];
}

char *flexible_data(strata_region *r, const char *text, size_t len)
{
	STRATA_FRAME(r);
	struct message *m = strata_region_alloc(r, sizeof(*m) + len + 1);

	memcpy(m->data, text, len);
	m->data[len] = '\0';
	return m->data;	// WARN "m escapes its frame: returned"
}

void flexible_reply(strata_region *r, struct message *to, size_t len)
{
	STRATA_FRAME(r);
	struct message *m = strata_region_zalloc(r, sizeof(*m) + len);

	m->len = len;
	to->reply = m;	// WARN "m escapes its frame: stored in .*which outlives the frame"
}

/* Answers with the caller's message: the pointer goes the other way. */
size_t flexible_quote(strata_region *r, struct message *to, size_t len)
{
	STRATA_FRAME(r);
	struct message *m = strata_region_zalloc(r, sizeof(*m) + len);	// OK

	m->reply = to;
	memcpy(m->data, to->data, len);
	return m->reply->len + len;
}

void array_global(strata_region *r, size_t len)
{
	STRATA_FRAME(r);
	struct message *m = strata_region_zalloc(r, sizeof(*m) + len);

	history[len % 8] = m;	// WARN "m escapes its frame: stored in global history"
}

size_t array_local(strata_region *r, const char *const *lines, size_t n)
{
	STRATA_FRAME(r);
	char *copies[16];
	size_t len = 0;

	if (n > 16)
		n = 16;
	for (size_t i = 0; i < n; i++)
		copies[i] = strata_region_strdup(r, lines[i]);	// OK
	for (size_t i = 0; i < n; i++)
		len += strlen(copies[i]);
	return len;
}

/* A struct in a struct in the caller's hands. */
void nested_struct_out(strata_region *r, struct holder *h, const char *text)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, text);

	h->inner.first.text = copy;	// WARN "copy escapes its frame: stored in "
}

long nested_struct_local(strata_region *r, const struct holder *from, const char *text)
{
	STRATA_FRAME(r);
	struct holder *h = strata_region_alloc(r, sizeof(*h));	// OK

	*h = *from;
	h->inner.first.text = strata_region_strdup(r, text);	// OK
	h->names = &h->inner.first.text;
	return (long)strlen(h->names[0]) + h->n;
}

struct message *container_from_member(strata_region *r, size_t len)
{
	STRATA_FRAME(r);
	struct message *m = strata_region_zalloc(r, sizeof(*m) + len);
	union value *v = &m->value;

	v->number = 1;
	return (struct message *)((char *)v - offsetof(struct message, value)); // WARN "m escapes its frame: returned"
}

/* The low bit is a flag; the pointer is used and forgotten. */
long tagged_local(strata_region *r, int flag)
{
	STRATA_FRAME(r);
	struct message *m = strata_region_zalloc(r, sizeof(*m));	// OK
	uintptr_t tagged = (uintptr_t)m | (flag ? 1 : 0);

	m->len = 3;
	return (long)((struct message *)(tagged & ~(uintptr_t)1))->len;
}

uintptr_t tagged_returned(strata_region *r)
{
	STRATA_FRAME(r);
	struct message *m = strata_region_zalloc(r, sizeof(*m));

	return (uintptr_t)m | 1;	// NOTE "m converted to an integer"
}

/* An address that is only looked at. */
int aligned(strata_region *r)
{
	STRATA_FRAME(r);
	struct message *m = strata_region_zalloc(r, sizeof(*m));	// OK

	return ((uintptr_t)m & 15) == 0;
}

ptrdiff_t difference(strata_region *r, const char *text)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, text);	// OK
	char *comma = strchr(copy, ',');

	return comma ? comma - copy : -1;
}

void swap_in_the_frame(strata_region *r, int *a, int *b)
{
	STRATA_FRAME(r);
	int **pair = strata_region_alloc(r, 2 * sizeof(*pair));	// OK
	int t;

	pair[0] = a;
	pair[1] = b;
	t = *pair[0];
	*pair[0] = *pair[1];
	*pair[1] = t;
}
