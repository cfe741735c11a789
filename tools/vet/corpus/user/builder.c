// SPDX-License-Identifier: GPL-2.0-only
/* String builders: buffers that grow at the top of the region, and ropes. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strata.h>

struct builder {
	strata_region *region;
	char *text;
	size_t len, size;
};

struct rope {
	struct rope *next;
	const char *piece;
};

static char *banner;

/* The buffer belongs to whoever has the builder: no frame here. */
static int put(struct builder *b, const char *s)
{
	size_t len = strlen(s);

	if (b->len + len + 1 > b->size) {
		size_t size = 2 * (b->len + len + 1);
		char *text;

		text = strata_region_realloc_last(b->region, b->text, b->size, size);	// OK
		if (!text)
			return -1;
		b->text = text;
		b->size = size;
	}
	memcpy(b->text + b->len, s, len + 1);
	b->len += len;
	return 0;
}

size_t build_and_measure(strata_region *r, const char *const *words, size_t n)
{
	STRATA_FRAME(r);
	struct builder b = { .region = r };

	for (size_t i = 0; i < n; i++)
		if (put(&b, words[i]))
			return 0;
	return b.len;
}

char *build_and_return(strata_region *r, const char *const *words, size_t n)
{
	STRATA_FRAME(r);
	struct builder b = { .region = r };

	for (size_t i = 0; i < n; i++)
		if (put(&b, words[i]))
			return NULL;
	return b.text;	// WARN "escapes its frame: returned"
}

char *build_and_dup(strata_region *r, const char *const *words, size_t n)
{
	STRATA_FRAME(r);
	struct builder b = { .region = r };

	for (size_t i = 0; i < n; i++)
		if (put(&b, words[i]))
			return NULL;
	return b.text ? strdup(b.text) : NULL;
}

/* The caller's builder keeps what was built in a frame of ours. */
void build_in_callers(struct builder *b, const char *name)
{
	STRATA_FRAME(b->region);
	char *text = strata_region_printf(b->region, "hello, %s", name);

	b->text = text;	// WARN "text escapes its frame: stored in .*which outlives the frame"
	b->len = strlen(text);
	b->size = b->len + 1;
}

/* Only the bytes get into the caller's builder. */
void build_append_number(struct builder *b, strata_region *scratch, int n)
{
	STRATA_FRAME(scratch);
	char *text = strata_region_printf(scratch, "%d", n);	// OK

	put(b, text);
}

char *build_grown_last(strata_region *r, const char *s)
{
	STRATA_FRAME(r);
	char *text = strata_region_alloc(r, 16);

	snprintf(text, 16, "%s", s);
	text = strata_region_realloc_last(r, text, 16, 64);
	text[16] = '\0';
	return text;	// WARN "escapes its frame: returned"
}

size_t build_grown_last_used(strata_region *r, const char *s)
{
	STRATA_FRAME(r);
	char *text = strata_region_alloc(r, 16);	// OK

	snprintf(text, 16, "%s", s);
	text = strata_region_realloc_last(r, text, 16, 64);	// OK
	text[16] = '\0';
	return strlen(text);
}

void build_banner(strata_region *r, const char *name, int version)
{
	STRATA_FRAME(r);

	banner = strata_region_printf(r, "%s %d", name, version); // WARN "stored in global banner"
}

/* Shown while it lasts, and taken back. */
void build_banner_for_a_while(strata_region *r, const char *name)
{
	STRATA_FRAME(r);

	banner = strata_region_printf(r, "<%s>", name);	// OK
	fputs(banner, stdout);
	banner = NULL;
}

void build_banner_escaped(strata_region *r, strata_region *keep, const char *name)
{
	STRATA_FRAME(r);
	char *text = strata_region_printf(r, "<%s>", name);	// OK

	banner = strata_region_escape(r, keep, text, strlen(text) + 1);
}

/* Moved, but to a frame that ends here as well. */
void build_banner_escaped_in_vain(strata_region *r, strata_region *keep, const char *name)
{
	STRATA_FRAME(keep);
	char *text = strata_region_printf(r, "<%s>", name);	// OK

	banner = strata_region_escape(r, keep, text, strlen(text) + 1);	// WARN "escapes its frame: stored in global banner"
}

size_t build_rope(strata_region *r, const char *const *pieces, size_t n)
{
	STRATA_FRAME(r);
	struct rope *first = NULL;
	size_t len = 0;

	while (n--) {
		struct rope *p = strata_region_alloc(r, sizeof(*p));	// OK

		p->piece = pieces[n];
		p->next = first;
		first = p;
	}
	for (struct rope *p = first; p; p = p->next)
		len += strlen(p->piece);
	return len;
}

/* Flattened into memory of the caller. */
size_t build_flatten(strata_region *r, struct rope *rope, char *to, size_t size)
{
	STRATA_FRAME(r);
	const char **pieces = strata_region_alloc(r, 64 * sizeof(*pieces));	// OK
	size_t n = 0, used = 0;

	for (; rope && n < 64; rope = rope->next)
		pieces[n++] = rope->piece;
	for (size_t i = n; i-- > 0;) {
		size_t len = strlen(pieces[i]);

		if (used + len >= size)
			break;
		memcpy(to + used, pieces[i], len);
		used += len;
	}
	to[used] = '\0';
	return used;
}

/* The pieces go along with the array only if the array is copied by value. */
void build_collect(strata_region *r, const char **out, size_t n)
{
	STRATA_FRAME(r);
	const char **pieces = strata_region_alloc(r, n * sizeof(*pieces));	// OK

	for (size_t i = 0; i < n; i++)
		pieces[i] = strata_region_printf(r, "piece %zu", i);
	memcpy(out, pieces, n * sizeof(*pieces)); // WARN "escapes its frame: stored in .*which outlives"
}

void build_join(strata_region *r, FILE *to, const char *a, const char *b)
{
	STRATA_FRAME(r);
	char *joined = strata_region_alloc(r, strlen(a) + strlen(b) + 2);	// OK

	sprintf(joined, "%s %s", a, b);
	fprintf(to, "%s\n", joined);
	fflush(to);
}
