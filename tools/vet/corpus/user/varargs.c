// SPDX-License-Identifier: GPL-2.0-only
/* Functions with any number of arguments. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strata.h>

static const char *titles[4];

static size_t total(int n, ...)
{
	size_t len = 0;
	va_list ap;

	va_start(ap, n);
	while (n--)
		len += strlen(va_arg(ap, const char *));
	va_end(ap);
	return len;
}

static void set_titles(int n, ...)
{
	va_list ap;

	va_start(ap, n);
	for (int i = 0; i < n && i < 4; i++)
		titles[i] = va_arg(ap, const char *);
	va_end(ap);
}

static int log_to(FILE *f, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vfprintf(f, fmt, ap);
	va_end(ap);
	return n;
}

size_t varargs_total(strata_region *r, int n)
{
	STRATA_FRAME(r);
	char *a = strata_region_printf(r, "%d", n);	// OK
	char *b = strata_region_printf(r, "%x", n);	// OK

	return total(2, a, b);
}

void varargs_titles(strata_region *r, int n)
{
	STRATA_FRAME(r);
	char *a = strata_region_printf(r, "title %d", n);

	set_titles(1, a);	// WARN "a escapes its frame: (stored in global titles|captured)"
}

int varargs_log(strata_region *r, FILE *f, int n)
{
	STRATA_FRAME(r);
	char *a = strata_region_printf(r, "%d", n);	// OK

	return log_to(f, "number %s\n", a);
}

int varargs_printf(strata_region *r, int n)
{
	STRATA_FRAME(r);
	char *a = strata_region_printf(r, "%d", n);	// OK
	char *b = strata_region_strdup(r, a);		// OK

	return printf("%s and %s at %p\n", a, b, (void *)b);
}

size_t varargs_snprintf(strata_region *r, char *to, size_t size, int n)
{
	STRATA_FRAME(r);
	char *a = strata_region_printf(r, "%d", n);	// OK

	return (size_t)snprintf(to, size, "<%s>", a);
}

int varargs_sscanf(strata_region *r, const char *line)
{
	STRATA_FRAME(r);
	int *n = strata_region_zalloc(r, sizeof(*n));	// OK
	char *word = strata_region_alloc(r, 64);	// OK

	if (sscanf(line, "%d %63s", n, word) != 2)
		return -1;
	return *n + (int)strlen(word);
}

/* The bytes go to the heap, the string stays. */
char *varargs_to_heap(strata_region *r, int n)
{
	STRATA_FRAME(r);
	char *a = strata_region_printf(r, "%d", n);	// OK
	char *out = malloc(32);

	if (out)
		snprintf(out, 32, "<%s>", a);
	return out;
}

/* Prints into the region what was printed into the region. */
char *varargs_region_printf(strata_region *scratch, strata_region *r, int n)
{
	STRATA_FRAME(scratch);
	char *a = strata_region_printf(scratch, "%d", n);	// OK

	return strata_region_printf(r, "<%s>", a);	// OK
}

static char *format_v(strata_region *r, const char *fmt, va_list ap)
{
	va_list again;
	char *text;
	int len;

	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	text = strata_region_alloc(r, (size_t)len + 1);	// OK
	if (text)
		vsnprintf(text, (size_t)len + 1, fmt, ap);
	return text;
}

size_t varargs_measure(strata_region *r, const char *fmt, ...)
{
	STRATA_FRAME(r);
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = format_v(r, fmt, ap);	// OK
	va_end(ap);
	return text ? strlen(text) : 0;
}

char *varargs_kept(strata_region *r, const char *fmt, ...)
{
	STRATA_FRAME(r);
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = format_v(r, fmt, ap);
	va_end(ap);
	return text;	// WARN "text escapes its frame: returned"
}
