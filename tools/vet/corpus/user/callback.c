// SPDX-License-Identifier: GPL-2.0-only
/* Functions that are called later: registered, deferred, at exit, in qsort(). */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <search.h>
#include <strata.h>

typedef void (*handler_fn)(void *arg);

struct handler {
	handler_fn fn;
	void *arg;
};

struct context {
	int hits;
	FILE *file;
};

static struct handler on_event;

static void count(void *arg)
{
	struct context *ctx = arg;

	ctx->hits++;
}

static void close_file(void *arg)
{
	fclose(arg);
}

static void free_it(void *arg)
{
	free(*(void **)arg);
}

static void run_all(const struct handler *h, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h[i].fn(h[i].arg);
}

static void subscribe(handler_fn fn, void *arg)
{
	on_event.fn = fn;
	on_event.arg = arg;
}

static void unsubscribe(void)
{
	on_event.fn = NULL;
	on_event.arg = NULL;
}

/* Called before the frame ends, and not kept. */
int callback_now(strata_region *r)
{
	STRATA_FRAME(r);
	struct context *ctx = strata_region_zalloc(r, sizeof(*ctx));	// OK
	struct handler h = { count, ctx };

	run_all(&h, 1);
	return ctx->hits;
}

void callback_later(strata_region *r)
{
	STRATA_FRAME(r);
	struct context *ctx = strata_region_zalloc(r, sizeof(*ctx));

	subscribe(count, ctx);	// WARN "ctx escapes its frame: (stored in global on_event|captured by callback)"
}

int callback_for_a_while(strata_region *r)
{
	STRATA_FRAME(r);
	struct context *ctx = strata_region_zalloc(r, sizeof(*ctx));	// OK

	subscribe(count, ctx);
	raise(SIGUSR1);
	unsubscribe();
	return ctx->hits;
}

/* Taken back only if asked to. */
static void unsubscribe_if(bool asked)
{
	if (asked)
		unsubscribe();
}

int callback_for_a_while_perhaps(strata_region *r, bool asked)
{
	STRATA_FRAME(r);
	struct context *ctx = strata_region_zalloc(r, sizeof(*ctx));

	subscribe(count, ctx);	// WARN "ctx escapes its frame: (stored in global on_event|captured by callback)"
	raise(SIGUSR1);
	unsubscribe_if(asked);
	return ctx->hits;
}

/* Runs at the pop, when its argument is still there. */
int defer_in_the_frame(strata_region *r, const char *name)
{
	STRATA_FRAME(r);
	struct context *ctx = strata_region_zalloc(r, sizeof(*ctx));	// OK

	ctx->file = fopen(name, "r");
	if (!ctx->file)
		return -1;
	if (strata_region_defer(r, close_file, ctx->file)) {
		fclose(ctx->file);
		return -1;
	}
	return fgetc(ctx->file);
}

int defer_frame_object(strata_region *r)
{
	STRATA_FRAME(r);
	void **slot = strata_region_zalloc(r, sizeof(*slot));	// OK

	*slot = malloc(100);
	if (strata_region_defer(r, free_it, slot)) {
		free(*slot);
		return -1;
	}
	return *slot ? 0 : -1;
}

/* The outer region's frame runs it when the object is gone. */
void defer_in_an_outer_region(strata_region *outer, strata_region *r)
{
	STRATA_FRAME(r);
	void **slot = strata_region_zalloc(r, sizeof(*slot));

	strata_region_defer(outer, free_it, slot);	// WARN "slot escapes its frame: deferred past its frame"
}

/* Deferred in the inner frame, about an object of the outer one. */
int defer_about_outer_object(strata_region *r)
{
	STRATA_FRAME(r);
	struct context *ctx = strata_region_zalloc(r, sizeof(*ctx));	// OK

	{
		STRATA_FRAME(r);
		strata_region_defer(r, count, ctx);
	}
	return ctx->hits;
}

static int by_value(const void *a, const void *b)
{
	const int *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int callback_in_qsort(strata_region *r, const int *values, size_t n)
{
	STRATA_FRAME(r);
	int *sorted = strata_region_alloc(r, n * sizeof(*sorted));	// OK

	memcpy(sorted, values, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), by_value);
	return sorted[n / 2];
}

int *callback_in_bsearch(strata_region *r, const int *values, size_t n, int key)
{
	STRATA_FRAME(r);
	int *sorted = strata_region_alloc(r, n * sizeof(*sorted));

	memcpy(sorted, values, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), by_value);
	return bsearch(&key, sorted, n, sizeof(*sorted), by_value); // WARN "escapes its frame: returned"
}

/* The key is in the frame, what is found is in the caller's array. */
int *callback_bsearch_key(strata_region *r, int *values, size_t n)
{
	STRATA_FRAME(r);
	int *key = strata_region_zalloc(r, sizeof(*key));	// OK

	*key = 7;
	return bsearch(key, values, n, sizeof(*values), by_value);
}

/* A handler in the frame, with an argument that outlives it. */
void callback_argument_outlives(strata_region *r, struct context *ctx)
{
	STRATA_FRAME(r);
	struct handler *h = strata_region_zalloc(r, sizeof(*h));	// OK

	h->fn = count;
	h->arg = ctx;
	run_all(h, 1);
}

void callback_into_callers_handler(strata_region *r, struct handler *h)
{
	STRATA_FRAME(r);
	struct context *ctx = strata_region_zalloc(r, sizeof(*ctx));

	h->fn = count;
	h->arg = ctx;	// WARN "ctx escapes its frame: stored in .*which outlives the frame"
}

/* Kept by a search tree of the C library, beyond the frame. */
static void *words;

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

void callback_tsearch(strata_region *r, const char *word)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, word);

	tsearch(copy, &words, by_text);	// WARN "copy escapes its frame: "
}

/* putenv() keeps the very string that it is given. */
void callback_putenv(strata_region *r, const char *value)
{
	STRATA_FRAME(r);
	char *text = strata_region_printf(r, "STRATA=%s", value);

	putenv(text);	// WARN "text escapes its frame: "
}

void callback_setenv(strata_region *r, int value)
{
	STRATA_FRAME(r);
	char *text = strata_region_printf(r, "%d", value);	// OK

	setenv("STRATA", text, 1);
}

static char line_buffer[256];

void callback_setvbuf(strata_region *r, FILE *f)
{
	STRATA_FRAME(r);
	char *buffer = strata_region_alloc(r, BUFSIZ);

	setvbuf(f, buffer, _IOFBF, BUFSIZ);	// WARN "buffer escapes its frame: "
}

void callback_setvbuf_static(strata_region *r, FILE *f, const char *text)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, text);	// OK

	setvbuf(f, line_buffer, _IOLBF, sizeof(line_buffer));
	fputs(copy, f);
}
