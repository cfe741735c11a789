// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's symbols, sorted in an arena of /dev/strata: what a program does
 * with stack-like memory, by hand, over nothing but the device.
 *
 * Two regions. One holds the table: its frame is open until all is printed. The
 * other holds scratch: a frame for each line of the file, and one for the sort.
 * A region is used by moving ctl->top. Memory behind it arrives when it is
 * touched, and goes back when it is asked for with STRATA_IOC_TRIM.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/strata.h>

#define REGION_BYTES	(64UL << 20)
#define ALIGNMENT	16UL
#define READ_BYTES	(64UL << 10)
#define NR_SHOWN	3
#define LONGEST_FUNCTION (64UL << 10)
#define BAR_WIDTH	32

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/* The same in the kernel and here: a reserved range, filled up to ctl->top. */
struct region {
	struct strata_ctl *ctl;
	char *base;
	__u64 size;
	__u64 frames;
};

struct symbol {
	struct symbol *next;	/* as read */
	const char *name;
	__u64 address;
	__u64 size;		/* up to the next symbol, 0 if that says nothing */
	bool of_module;
	char type;
};

struct table {
	struct symbol *first, **last;
	struct symbol **sorted;
	size_t nr;
};

struct usage {
	struct strata_stat table, scratch;
};

static int arena;
static struct region table_region, scratch;

#define die(...)						\
	do {							\
		fprintf(stderr, "symbols: " __VA_ARGS__);	\
		fputc('\n', stderr);				\
		exit(1);					\
	} while (0)

static void command(int fd, unsigned int cmd, void *arg, const char *what)
{
	if (ioctl(fd, cmd, arg))
		die("%s: %s", what, strerror(errno));
}

static void open_regions(void)
{
	struct strata_create how = {
		.size = sizeof(how), .max_bytes = 2 * REGION_BYTES, .region_bytes = REGION_BYTES,
		.node = -1, .name = "symbols",
	};
	struct region *regions[] = { &table_region, &scratch };
	size_t page = sysconf(_SC_PAGESIZE);
	struct strata_ctl *ctl;
	char *data;
	size_t i;
	int device = open("/dev/strata", O_RDWR | O_CLOEXEC);

	if (device < 0)
		die("/dev/strata: %s", strerror(errno));
	command(device, STRATA_IOC_CREATE, &how, "an arena of two regions");
	close(device);
	arena = how.out_fd;
	data = mmap(NULL, 2 * REGION_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, arena,
		    how.out_data_off);
	ctl = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, arena, how.out_ctl_off);
	if (data == MAP_FAILED || ctl == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	for (i = 0; i < 2; i++) {
		regions[i]->ctl = &ctl[i];
		regions[i]->base = data + i * REGION_BYTES;
		regions[i]->size = REGION_BYTES - page;
	}
}

static void *allocate(struct region *r, size_t size)
{
	__u64 top = r->ctl->top;

	size = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	if (size > r->size - top)
		die("%zu bytes more do not fit a region of %llu", size, r->size);
	/* The kernel may look at top at any fault: it is told before the memory is used. */
	__atomic_store_n(&r->ctl->top, top + size, __ATOMIC_RELEASE);
	return r->base + top;
}

static __u64 push(struct region *r)
{
	r->frames++;
	return r->ctl->top;
}

static void pop(struct region *r, __u64 mark)
{
	r->ctl->top = mark;
}

static char *duplicate(struct region *r, const char *s, size_t length)
{
	char *copy = allocate(r, length + 1);

	memcpy(copy, s, length);
	copy[length] = '\0';
	return copy;
}

/* "ffffffff81000000 T _stext" and perhaps "[module]" */
static void parse_line(struct table *t, char *line)
{
	struct symbol *s;
	char *end, *name;
	__u64 address = strtoull(line, &end, 16);

	if (end == line || end[0] != ' ' || !end[1] || end[2] != ' ')
		die("not a line of a symbol table: %s", line);
	name = end + 3;
	s = allocate(&table_region, sizeof(*s));
	*s = (struct symbol){ .address = address, .type = end[1] };
	end = name + strcspn(name, "\t ");
	s->of_module = *end;
	s->name = duplicate(&table_region, name, end - name);
	*t->last = s;
	t->last = &s->next;
	t->nr++;
}

static void read_symbols(struct table *t, const char *path)
{
	char *buffer = allocate(&scratch, READ_BYTES);
	size_t held = 0;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	while ((n = read(fd, buffer + held, READ_BYTES - held)) > 0) {
		char *line = buffer, *newline;

		held += n;
		while ((newline = memchr(line, '\n', buffer + held - line))) {
			__u64 frame = push(&scratch);

			parse_line(t, duplicate(&scratch, line, newline - line));
			pop(&scratch, frame);
			line = newline + 1;
		}
		held -= line - buffer;
		memmove(buffer, line, held);
	}
	if (n < 0)
		die("%s: %s", path, strerror(errno));
	if (held)
		die("%s: a line without an end", path);
	close(fd);
	if (!t->nr)
		die("%s: no symbols", path);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* A merge sort from the bottom up. Its second array is gone when it returns. */
static void sort_symbols(struct table *t)
{
	struct symbol **from, **to, **swap, *s;
	size_t width, i, left, right, out, end;
	__u64 frame = push(&scratch);

	t->sorted = allocate(&table_region, t->nr * sizeof(*t->sorted));
	from = t->sorted;
	to = allocate(&scratch, t->nr * sizeof(*to));
	for (i = 0, s = t->first; s; s = s->next)
		from[i++] = s;
	for (width = 1; width < t->nr; width *= 2) {
		for (out = 0; out < t->nr;) {
			left = out;
			i = least(left + width, t->nr);
			end = least(i + width, t->nr);
			right = i;
			while (left < i || right < end)
				if (right == end ||
				    (left < i && from[left]->address <= from[right]->address))
					to[out++] = from[left++];
				else
					to[out++] = from[right++];
		}
		swap = from;
		from = to;
		to = swap;
	}
	if (from != t->sorted)
		memcpy(t->sorted, from, t->nr * sizeof(*from));
	pop(&scratch, frame);
}

/* What a symbol's kind is called, by the letter that nm gives it. */
static const struct kind {
	const char *name, *letters;
} kinds[] = {
	{ "code", "tT" }, { "read-only", "rR" }, { "data", "dD" }, { "zeroed", "bB" },
	{ "others", "" },
};

#define NR_KINDS	ARRAY_SIZE(kinds)

static size_t kind_of(const struct symbol *s)
{
	size_t i;

	for (i = 0; i < NR_KINDS - 1 && !strchr(kinds[i].letters, s->type); i++)
		;
	return i;
}

/* How far it is to the next symbol, where that is likely to be the end of a function. */
static void measure(struct table *t)
{
	size_t i;

	for (i = 0; i + 1 < t->nr; i++) {
		const struct symbol *next = t->sorted[i + 1];
		struct symbol *s = t->sorted[i];
		__u64 gap = next->address - s->address;

		/* Sections begin at pages, and have holes between them. */
		if (kind_of(s) == 0 && s->of_module == next->of_module &&
		    next->address % 4096 && gap <= LONGEST_FUNCTION)
			s->size = gap;
	}
}

static void print_kinds(const struct table *t)
{
	size_t count[NR_KINDS] = { 0 }, most = 1, i;
	int width;

	for (i = 0; i < t->nr; i++)
		count[kind_of(t->sorted[i])]++;
	for (i = 0; i < NR_KINDS; i++)
		most = count[i] > most ? count[i] : most;
	for (i = 0; i < NR_KINDS; i++) {
		width = (count[i] * BAR_WIDTH + most - 1) / most;
		printf("  %-10s %7zu  %.*s\n", kinds[i].name, count[i], width,
		       "################################");
	}
}

static __u64 by_name(const struct symbol *s)
{
	return strlen(s->name);
}

static __u64 by_size(const struct symbol *s)
{
	return s->of_module ? 0 : s->size;
}

/* The few with the largest figure, in the order of their addresses if equal. */
static void print_top(const struct table *t, const char *title,
		      __u64 (*figure)(const struct symbol *s))
{
	const struct symbol *top[NR_SHOWN + 1] = { NULL };
	size_t i, j;

	for (i = 0; i < t->nr; i++) {
		for (j = NR_SHOWN; j && (!top[j - 1] ||
					 figure(top[j - 1]) < figure(t->sorted[i])); j--)
			top[j] = top[j - 1];
		top[j] = t->sorted[i];
	}
	for (i = 0; i < NR_SHOWN && top[i]; i++)
		printf("  %-18s %6llu  %.52s\n", i ? "" : title, figure(top[i]),
		       top[i]->name);
}

static struct usage look(void)
{
	struct usage u = {
		.table = { .size = sizeof(u.table), .region = 0 },
		.scratch = { .size = sizeof(u.scratch), .region = 1 },
	};

	command(arena, STRATA_IOC_STAT, &u.table, "figures of the table");
	command(arena, STRATA_IOC_STAT, &u.scratch, "figures of the scratch region");
	return u;
}

static __u64 trim(const struct region *r)
{
	struct strata_range range = {
		.size = sizeof(range), .off = r->base - table_region.base, .len = r->size,
	};

	command(arena, STRATA_IOC_TRIM, &range, "trim");
	return range.out_bytes;
}

static void print_usage(const char *name, const struct strata_stat *before,
			const struct strata_stat *peak, const struct strata_stat *after,
			const struct region *r)
{
	printf("  %-12s %8llu %8llu %8llu %8llu %8llu\n", name, before->committed >> 10,
	       peak->hwm >> 10, after->committed >> 10, after->faults, r->frames);
}

int main(int argc, char **argv)
{
	const char *path = argc > 1 ? argv[1] : "/proc/kallsyms";
	struct table t = { .last = &t.first };
	struct usage before, peak, after;
	__u64 frame, given_back;

	if (argc > 2)
		die("usage: symbols [FILE]");
	open_regions();
	before = look();
	frame = push(&table_region);
	read_symbols(&t, path);
	sort_symbols(&t);
	measure(&t);
	printf("%zu symbols of %s, sorted in an arena\n", t.nr, path);
	print_kinds(&t);
	print_top(&t, "longest names", by_name);
	print_top(&t, "largest functions", by_size);
	peak = look();
	pop(&table_region, frame);
	pop(&scratch, 0);
	given_back = trim(&table_region) + trim(&scratch);
	after = look();
	printf("  %-12s %8s %8s %8s %8s %8s\n", "memory, KiB", "before", "peak", "after",
	       "faults", "frames");
	print_usage("table", &before.table, &peak.table, &after.table, &table_region);
	print_usage("scratch", &before.scratch, &peak.scratch, &after.scratch, &scratch);

	if (after.table.committed || after.scratch.committed)
		die("memory is still held after the trim");
	if (given_back != peak.table.committed + peak.scratch.committed)
		die("the trim gave back %llu bytes", given_back);
	return 0;
}
