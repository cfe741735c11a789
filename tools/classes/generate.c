// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes mod/class_table.h: the sizes that requests round up to, the span that
 * each class is cut from, and the look-up from a size to its class. And
 * include/linux/strata_class.h: that look-up for compilers, where a size is constant.
 *
 *	generate [--index]	the header on stdout; with --index the second one
 *	generate [--index] --check FILE
 *				exit status 0 only when FILE is what would be written
 *
 * It is a host program that knows nothing of the kernel. Everything in the
 * header follows from the rules below, so a change to the table is a change to
 * this file, and the table shows what the change costs.
 *
 * Rules for the sizes
 *   - Up to 128 bytes the list is fixed. Steps of 8 and 16 bytes are as fine as
 *     alignment allows.
 *   - Above, a request wastes at most 1/8 of its class. Every power of two is a
 *     class, since such a request must be aligned to itself. Between two powers
 *     of two there are as few classes as that permits. Among those the choice
 *     that needs the least memory for evenly spread requests, the unused ends
 *     of spans included, is taken.
 *   - From 4096 bytes on an object starts on a page, so a class is a number of
 *     whole pages.
 *
 * Rules for the spans
 *   - Whole pages, at most 128 KiB, at most 512 objects, and at most 1/8 of the
 *     span unused at its end.
 *   - Two pages for small objects (one for the 8-byte class, which would
 *     exceed 512 objects with two). At least 8 objects up to 4096 bytes and 4
 *     above, so that a trip to the heap serves several requests.
 *   - Of what is left, the fewest pages.
 */
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>

#define PAGE_BYTES		4096u
#define MAX_SIZE		32768u
#define MAX_SPAN_BYTES		(128u * 1024)
#define MAX_SPAN_OBJECTS	512u
#define WASTE_LIMIT		8u	/* one part in so many may be wasted */

#define FINE_SIZE		128u	/* up to here the list is fixed */
#define FINE_GRAIN		16u	/* class sizes from there to COARSE_SIZE */
#define COARSE_SIZE		1024u	/* the look-up changes its step here */
#define LUT_FINE_SHIFT		3
#define LUT_COARSE_SHIFT	7
#define COARSE_GRAIN		128u	/* class sizes from COARSE_SIZE on: one step */

#define MAX_CLASSES		255u	/* a class number is one byte */

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

static_assert(COARSE_GRAIN >> LUT_COARSE_SHIFT == 1, "the look-up would not be exact");

struct class {
	unsigned int size;
	unsigned int span_bytes;
};

struct table {
	struct class class[MAX_CLASSES];
	unsigned int nr;
};

static const unsigned int fine_sizes[] = {
	8, 16, 24, 32, 48, 64, 80, 96, 112, FINE_SIZE
};

static noreturn void die(const char *what)
{
	fprintf(stderr, "classes: %s\n", what);
	exit(2);
}

static unsigned int min_pages(unsigned int size)
{
	return size <= 8 || size > COARSE_SIZE ? 1 : 2;
}

static unsigned int min_objects(unsigned int size)
{
	return size <= PAGE_BYTES ? 8 : 4;
}

/* The span for objects of @size, or 0 if no span keeps all the rules. */
static unsigned int span_bytes_of(unsigned int size)
{
	unsigned int bytes = min_pages(size) * PAGE_BYTES;

	for (; bytes <= MAX_SPAN_BYTES; bytes += PAGE_BYTES) {
		unsigned int objects = bytes / size;

		if (objects > MAX_SPAN_OBJECTS)
			return 0;
		if (objects >= min_objects(size) && bytes % size <= bytes / WASTE_LIMIT)
			return bytes;
	}
	return 0;
}

static void add_class(struct table *t, unsigned int size)
{
	unsigned int span_bytes = span_bytes_of(size);

	if (!span_bytes)
		die("a size has no span that keeps the rules");
	if (t->nr == MAX_CLASSES)
		die("more classes than a byte can number");
	t->class[t->nr++] = (struct class){ size, span_bytes };
}

/* Does a request one byte larger than @below waste too much of @size? */
static bool steps_too_far(unsigned int below, unsigned int size)
{
	return (size - below - 1) * WASTE_LIMIT > size;
}

/*
 * The classes in (@low, 2 * @low], from the upper end down: best[i] is the
 * cheapest way to cover the sizes above low + i * grain. Few classes come
 * first, little memory second.
 */
static void add_octave(struct table *t, unsigned int low)
{
	const unsigned int grain = low < COARSE_SIZE ? FINE_GRAIN : COARSE_GRAIN;
	const unsigned int steps = low / grain;
	struct {
		unsigned int classes;
		unsigned int next;
		uint64_t cost;
	} best[COARSE_SIZE / FINE_GRAIN + 1] = { 0 };
	unsigned int i, j;

	if (steps >= ARRAY_SIZE(best))
		die("an octave has more sizes than the planner has room for");

	for (i = steps; i-- > 0;) {
		best[i].classes = MAX_CLASSES + 1;
		for (j = i + 1; j <= steps; j++) {
			unsigned int below = low + i * grain;
			unsigned int size = low + j * grain;
			unsigned int span_bytes = span_bytes_of(size);
			unsigned int classes = best[j].classes + 1;
			uint64_t cost;

			if (steps_too_far(below, size) || !span_bytes)
				continue;
			/* Parts of a byte matter: scaled before the division. */
			cost = (uint64_t)(size - below) * span_bytes * 1024 / (span_bytes / size);
			cost += best[j].cost;
			if (classes > best[i].classes ||
			    (classes == best[i].classes && cost >= best[i].cost))
				continue;
			best[i].classes = classes;
			best[i].cost = cost;
			best[i].next = j;
		}
	}
	if (best[0].classes > MAX_CLASSES)
		die("an octave cannot be covered within the waste limit");
	for (i = 0; i < steps; i = best[i].next)
		add_class(t, low + best[i].next * grain);
}

static void plan(struct table *t)
{
	unsigned int size, i;

	for (i = 0; i < ARRAY_SIZE(fine_sizes); i++)
		add_class(t, fine_sizes[i]);
	for (size = FINE_SIZE; size < PAGE_BYTES; size *= 2)
		add_octave(t, size);
	for (size = 2 * PAGE_BYTES; size <= MAX_SIZE; size += PAGE_BYTES)
		add_class(t, size);
}

static void write_comment(FILE *out, const struct table *t)
{
	unsigned int i;

	fputs("/*\n"
	      " * Written by the generator in tools/classes, which has the rules. Do not edit:\n"
	      " * change the generator and write this file anew.\n"
	      " *\n"
	      " * tail: bytes of a span after its last object.\n"
	      " * rounding: the most that a request can leave unused of its object, reached\n"
	      " * by a request one byte larger than the class before.\n"
	      " *\n"
	      " * Between 128 and 4096 bytes rounding wastes at most 12.5 %. From 4096 bytes\n"
	      " * on every object is page aligned, and the step is one page. Both cannot hold\n"
	      " * between 4097 and 28672 bytes: the loss there is less than one page, and never\n"
	      " * more than rounding up to a power of two loses.\n"
	      " *\n"
	      " * Spans are given for 4 KiB pages. With larger pages they are rounded up to\n"
	      " * whole pages when the module starts.\n"
	      " *\n"
	      " *   class   size     span  objects       tail       rounding\n", out);
	for (i = 0; i < t->nr; i++) {
		const struct class *c = &t->class[i];
		unsigned int below = i ? t->class[i - 1].size : 0;
		unsigned int tail = c->span_bytes % c->size;

		fprintf(out, " *   %5u  %5u   %6u    %5u  %5u %4.1f %%  %6.1f %%\n",
			i, c->size, c->span_bytes, c->span_bytes / c->size,
			tail, 100.0 * tail / c->span_bytes,
			100.0 * (c->size - below - 1) / c->size);
	}
	fputs(" */\n", out);
}

static void write_lut(FILE *out, const struct table *t)
{
	const unsigned int fine = COARSE_SIZE >> LUT_FINE_SHIFT;
	const unsigned int bias = fine - (COARSE_SIZE >> LUT_COARSE_SHIFT);
	const unsigned int entries = (MAX_SIZE >> LUT_COARSE_SHIFT) + bias + 1;
	unsigned int i, class = 0;

	fputs("\n/* Sizes above this one use the coarse step. */\n", out);
	fprintf(out, "#define STRATA_CLASS_LUT_COARSE\t%u\n", COARSE_SIZE);
	fprintf(out, "#define STRATA_CLASS_LUT_FINE_SHIFT\t%d\n", LUT_FINE_SHIFT);
	fprintf(out, "#define STRATA_CLASS_LUT_COARSE_SHIFT\t%d\n", LUT_COARSE_SHIFT);
	fprintf(out, "#define STRATA_CLASS_LUT_BIAS\t%u\t/* added to a coarse index */\n", bias);
	fprintf(out, "#define STRATA_CLASS_LUT_SIZE\t%u\n", entries);
	fputs("\n#define STRATA_CLASS_LUT_INIT { \\\n", out);
	for (i = 0; i < entries; i++) {
		unsigned int size = i << LUT_FINE_SHIFT;

		if (i > fine)
			size = (i - bias) << LUT_COARSE_SHIFT;
		while (t->class[class].size < size)
			class++;
		fprintf(out, "%s%2u,%s", i % 16 ? " " : "\t", class,
			i % 16 == 15 || i + 1 == entries ? " \\\n" : "");
	}
	fputs("}\n", out);
}

static void write_header(FILE *out, const struct table *t)
{
	unsigned int i;

	/* In two parts, or tools would take it for the licence line of this file. */
	fprintf(out, "/* %s-License-Identifier: GPL-2.0-only */\n", "SPDX");
	write_comment(out, t);
	fputs("#ifndef STRATA_CLASS_TABLE_H\n#define STRATA_CLASS_TABLE_H\n\n", out);
	fprintf(out, "#define STRATA_NR_CLASSES\t%u\n", t->nr);
	fputs("\n/* size, span_bytes */\n#define STRATA_CLASS_INFO_INIT { \\\n", out);
	for (i = 0; i < t->nr; i++)
		fprintf(out, "\t{ %u, %u }, \\\n", t->class[i].size, t->class[i].span_bytes);
	fputs("}\n", out);
	write_lut(out, t);
	fputs("\n#endif /* STRATA_CLASS_TABLE_H */\n", out);
}

/* A chain of comparisons: of a constant size nothing is left of it but a number. */
static void write_index(FILE *out, const struct table *t)
{
	unsigned int i;

	fprintf(out, "/* %s-License-Identifier: GPL-2.0-only */\n", "SPDX");
	fputs("/*\n"
	      " * Written by the generator in tools/classes, which has the rules. Do not edit:\n"
	      " * change the generator and write this file anew.\n"
	      " */\n"
	      "#ifndef _LINUX_STRATA_CLASS_H\n"
	      "#define _LINUX_STRATA_CLASS_H\n"
	      "\n"
	      "#include <linux/types.h>\n"
	      "\n"
	      "/* The largest request that has a size class. */\n", out);
	fprintf(out, "#define STRATA_CLASS_MAX_SIZE\t%u\n", t->class[t->nr - 1].size);
	fputs("\n"
	      "/**\n"
	      " * strata_class_index() - the size class of a request, where the compiler can tell\n"
	      " * @size: bytes, a constant, 1 to STRATA_CLASS_MAX_SIZE\n"
	      " *\n"
	      " * Return: a class number.\n"
	      " */\n"
	      "static __always_inline unsigned int strata_class_index(size_t size)\n"
	      "{\n", out);
	for (i = 0; i + 1 < t->nr; i++)
		fprintf(out, "\tif (size <= %u)\n\t\treturn %u;\n", t->class[i].size, i);
	fprintf(out, "\treturn %u;\n}\n", i);
	fputs("\n#endif /* _LINUX_STRATA_CLASS_H */\n", out);
}

/* Returns 0 when @path holds exactly @want, 1 when it does not. */
static int check(const char *path, const char *option, const char *want)
{
	FILE *in = fopen(path, "r");
	unsigned int line = 1;
	int c;

	if (!in) {
		perror(path);
		return 1;
	}
	while ((c = getc(in)) != EOF && c == (unsigned char)*want) {
		line += c == '\n';
		want++;
	}
	fclose(in);
	if (c == EOF && !*want)
		return 0;
	fprintf(stderr,
		"%s:%u: stale, the generator writes something else from here on.\n"
		"See what differs, then write it anew:\n"
		"\tcc -o build/classes tools/classes/*.c\n"
		"\tbuild/classes %s | diff %s -\n"
		"\tbuild/classes %s > %s\n", path, line, option, path, option, path);
	return 1;
}

int main(int argc, char **argv)
{
	static struct table t;
	const char *program = argv[0];
	const bool index = argc > 1 && !strcmp(argv[1], "--index");
	char *text = NULL;
	size_t length;
	int ret = 0;
	FILE *out;

	argc -= 1 + index;
	argv += 1 + index;
	if (argc && !(argc == 2 && !strcmp(argv[0], "--check"))) {
		fprintf(stderr, "usage: %s [--index] [--check FILE]\n", program);
		return 2;
	}
	out = open_memstream(&text, &length);
	if (!out)
		die("out of memory");
	plan(&t);
	if (index)
		write_index(out, &t);
	else
		write_header(out, &t);
	if (fclose(out))
		die("out of memory");

	if (argc)
		ret = check(argv[1], index ? "--index" : "", text);
	else if (fwrite(text, 1, length, stdout) != length || fflush(stdout))
		die("cannot write");
	free(text);
	return ret;
}
