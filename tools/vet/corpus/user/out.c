// SPDX-License-Identifier: GPL-2.0-only
/* Results through parameters. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strata.h>

struct result {
	const char *text;
	size_t len;
	struct result *more;
};

struct session {
	strata_region *region;
	struct result *current;
	struct result last;
	char name[32];
};

int out_struct(strata_region *r, const char *line, struct result *res)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, line);

	if (!copy)
		return -ENOMEM;
	res->len = strlen(copy);
	res->text = copy;	// WARN "copy escapes its frame: stored in .*res.*, which outlives the frame"
	return 0;
}

int out_struct_into_argument(strata_region *r, const char *line, struct result *res)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, line);	// OK

	if (!copy)
		return -ENOMEM;
	res->len = strlen(copy);
	res->text = line;
	return 0;
}

/* A constructor with its result in a parameter: the caller's frame. */
int out_struct_unframed(strata_region *r, const char *line, struct result *res)
{
	char *copy = strata_region_strdup(r, line);	// OK

	if (!copy)
		return -ENOMEM;
	res->text = copy;
	res->len = strlen(copy);
	return 0;
}

/* ... which is then used as it should be, and not. */
size_t out_unframed_used(strata_region *r, const char *line)
{
	STRATA_FRAME(r);
	struct result res = { .len = 0 };

	if (out_struct_unframed(r, line, &res))
		return 0;
	return res.len + (size_t)res.text[0];
}

const char *out_unframed_kept(strata_region *r, const char *line)
{
	STRATA_FRAME(r);
	struct result res = { .len = 0 };

	if (out_struct_unframed(r, line, &res))
		return NULL;
	return res.text;	// WARN "escapes its frame: returned"
}

void out_copied_struct(strata_region *r, const char *line, struct result *res)
{
	STRATA_FRAME(r);
	struct result mine = { .text = strata_region_strdup(r, line), .len = 1 };

	*res = mine;	// WARN "escapes its frame: stored in "
}

void out_memcpy(strata_region *r, const char *line, struct result *res)
{
	STRATA_FRAME(r);
	struct result mine = { .text = strata_region_strdup(r, line), .len = 1 };

	memcpy(res, &mine, sizeof(*res));	// WARN "escapes its frame: stored in "
}

/* Only filled in for the call; what is left is a length. */
size_t out_reset_after(strata_region *r, const char *line, struct session *s)
{
	STRATA_FRAME(r);
	struct result *res = strata_region_zalloc(r, sizeof(*res));	// OK
	size_t len;

	s->current = res;
	s->current->len = strlen(line);
	len = s->current->len;
	s->current = NULL;
	return len;
}

size_t out_reset_on_one_path(strata_region *r, const char *line, struct session *s)
{
	STRATA_FRAME(r);
	struct result *res = strata_region_zalloc(r, sizeof(*res));
	size_t len;

	s->current = res;	// WARN "res escapes its frame: stored in .*which outlives the frame"
	s->current->len = strlen(line);
	len = s->current->len;
	if (len > 10)
		s->current = NULL;
	return len;
}

size_t out_restored(strata_region *r, struct session *s)
{
	STRATA_FRAME(r);
	struct result *res = strata_region_zalloc(r, sizeof(*res));	// OK
	struct result *saved = s->current;

	res->more = saved;
	s->current = res;
	fprintf(stderr, "%p\n", (void *)s->current);
	s->current = saved;
	return res->len;
}

void out_bytes(strata_region *r, struct session *s, int n)
{
	STRATA_FRAME(r);
	char *name = strata_region_printf(r, "session %d", n);	// OK

	snprintf(s->name, sizeof(s->name), "%s", name);
}

void out_length(strata_region *r, struct session *s, int n)
{
	STRATA_FRAME(r);
	struct result *res = strata_region_zalloc(r, sizeof(*res));	// OK

	res->len = (size_t)n;
	s->last = *res;
}

void out_struct_with_text(strata_region *r, struct session *s, int n)
{
	STRATA_FRAME(r);
	struct result *res = strata_region_zalloc(r, sizeof(*res));	// OK

	res->text = strata_region_printf(r, "%d", n);
	s->last = *res;	// WARN "escapes its frame: stored in .*which outlives the frame"
}

/* The session's own region, in a frame of the session's caller. */
void out_in_sessions_region(struct session *s, const char *line)
{
	struct result *res = strata_region_zalloc(s->region, sizeof(*res));	// OK

	res->text = strata_region_strdup(s->region, line);	// OK
	s->current = res;
}

void out_in_sessions_frame(struct session *s, const char *line)
{
	STRATA_FRAME(s->region);
	struct result *res = strata_region_zalloc(s->region, sizeof(*res));

	res->len = strlen(line);
	s->current = res;	// WARN "res escapes its frame: stored in .*which outlives the frame"
}

/* Scratch memory of one region for an object of another. */
void out_scratch(struct session *s, strata_region *scratch, const char *line)
{
	STRATA_FRAME(scratch);
	char *copy = strata_region_strdup(scratch, line);	// OK
	struct result *res = strata_region_zalloc(s->region, sizeof(*res));	// OK

	res->len = strcspn(copy, ":");
	s->current = res;
}

int out_error_code(strata_region *r, const char *name, int *code)
{
	STRATA_FRAME(r);
	int *found = strata_region_zalloc(r, sizeof(*found));	// OK

	*found = (int)strlen(name);
	*code = *found;
	return *code ? 0 : -EINVAL;
}
