// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rows of libstrata, measured in a process: those of $BENCH_ROWS that are
 * here, or without it all of them. Each does the same work in a region and on its
 * rival, with the same loop around both. Prints KTAP, and before each case
 *
 *	# <row> strata|rival <operations in a round> <figure of each round>...
 *
 * The figures are nanoseconds; where the guest's clock counts instructions they are
 * instructions, the kernel's included. Exit status 4 if no row is wanted here.
 */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <strata.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof(*(a)))
#define MIB		((size_t)1 << 20)
#define ROUNDS		5

/* Objects in a frame, of this many bytes each, and frames in a round. */
#define OBJECTS		1000
#define SIZE		48
#define FRAMES		200

/* What grows in a round. */
#define GROWN		(32 * MIB)
#define PAGE		((size_t)4096)

/* The compiler must believe that @p is used. */
static inline void use(void *p)
{
	asm volatile("" : : "r"(p) : "memory");
}

static unsigned long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/*
 * The rival that nothing can beat at handing out memory: a bump allocator in a
 * header, over memory that was mapped beforehand.
 */
struct bump {
	char *top;
	char *end;
};

static __attribute__((noipa)) void *bump_full(struct bump *b)
{
	(void)b;
	return NULL;
}

static inline void *bump_alloc(struct bump *b, size_t size)
{
	char *p = b->top;

	if (__builtin_expect(size > (size_t)(b->end - p), 0))
		return bump_full(b);
	b->top = p + ((size + 15) & -16UL);
	return p;
}

/* Memory behind each kind of bump allocator, none of it touched. */
static char *map_anonymous(size_t bytes, int advice)
{
	char *map = mmap(NULL, bytes + 2 * MIB, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *p = (char *)(((uintptr_t)map + 2 * MIB - 1) & -(2 * MIB));

	if (map == MAP_FAILED)
		die("mmap");
	/* The caller knows of what is aligned, and gives that back. */
	if (p > map)
		munmap(map, p - map);
	if (p < map + 2 * MIB)
		munmap(p + bytes, map + 2 * MIB - p);
	madvise(p, bytes, advice);
	return p;
}

static char *map_memfd(size_t bytes)
{
	int fd = memfd_create("bench", MFD_CLOEXEC);
	char *p;

	if (fd < 0 || ftruncate(fd, bytes))
		die("memfd");
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

static struct strata_arena *arena;

static struct strata_region *new_region(unsigned int flags)
{
	struct strata_arena_opts opts = {
		.size = sizeof(opts),
		.max_bytes = 256 * MIB,
		.flags = flags,
	};

	if (strata_arena_create(&opts, &arena))
		die("strata_arena_create");
	return strata_region_create(arena);
}

/* Frames full of objects, after one that reached the memory. */
#define BUMP_ROUND(start, alloc, end) do {					\
	int i, j;								\
										\
	for (i = 0; i < FRAMES; i++) {						\
		start;								\
		for (j = 0; j < OBJECTS; j++) {					\
			char *p = alloc;					\
										\
			use(p);							\
		}								\
		end;								\
	}									\
} while (0)

static unsigned long long strata_bump(void)
{
	strata_region *r = new_region(0);
	strata_mark_t mark;
	unsigned long long start;

	memset(strata_region_alloc(r, OBJECTS * SIZE), 1, OBJECTS * SIZE);
	strata_region_reset(r);
	start = now();
	BUMP_ROUND(mark = strata_region_push(r), strata_region_alloc(r, SIZE),
		   strata_region_pop(r, mark));
	start = now() - start;
	strata_arena_destroy(arena);
	return start;
}

static unsigned long long rival_bump(void)
{
	char *memory = map_anonymous(MIB, MADV_NOHUGEPAGE);
	struct bump bump = { memory, memory + MIB }, *b = &bump;
	unsigned long long start;
	char *top;

	/* As a region is: somewhere in memory, not in registers. */
	asm volatile("" : "+r"(b) : : "memory");
	memset(memory, 1, MIB);
	start = now();
	BUMP_ROUND(top = b->top, bump_alloc(b, SIZE), b->top = top);
	start = now() - start;
	munmap(memory, MIB);
	return start;
}

static unsigned long long rival_malloc(void)
{
	unsigned long long start = now();
	int i;

	for (i = 0; i < FRAMES * OBJECTS; i++) {
		char *p = malloc(SIZE);

		use(p);
		free(p);
	}
	return now() - start;
}

/* One byte of each page of GROWN bytes that nobody has touched. */
static unsigned long long grow_region(unsigned int flags, bool again)
{
	strata_region *r = new_region(flags);
	unsigned long long start;
	size_t off;

	for (;;) {
		start = now();
		for (off = 0; off < GROWN; off += PAGE) {
			char *p = strata_region_alloc(r, PAGE);

			p[0] = 1;
		}
		start = now() - start;
		if (!again)
			break;
		strata_region_reset(r);
		again = false;
	}
	strata_arena_destroy(arena);
	return start;
}

static unsigned long long grow_bump(char *memory)
{
	struct bump bump = { memory, memory + GROWN }, *b = &bump;
	unsigned long long start = now();
	size_t off;

	for (off = 0; off < GROWN; off += PAGE) {
		char *p = bump_alloc(b, PAGE);

		p[0] = 1;
	}
	start = now() - start;
	munmap(memory, GROWN);
	return start;
}

static unsigned long long strata_grow(void)
{
	return grow_region(0, false);
}

static unsigned long long strata_grow_huge(void)
{
	return grow_region(STRATA_CREATE_HUGE, false);
}

static unsigned long long strata_regrow(void)
{
	return grow_region(0, true);
}

static unsigned long long rival_4k(void)
{
	return grow_bump(map_anonymous(GROWN, MADV_NOHUGEPAGE));
}

static unsigned long long rival_memfd(void)
{
	return grow_bump(map_memfd(GROWN));
}

static unsigned long long rival_thp(void)
{
	return grow_bump(map_anonymous(GROWN, MADV_HUGEPAGE));
}

static const struct {
	const char *name;
	unsigned int ops;
	unsigned long long (*strata)(void);
	unsigned long long (*rival)(void);
} rows[] = {
	{ "user-bump-48", FRAMES * OBJECTS, strata_bump, rival_bump },
	{ "user-pair-48", FRAMES * OBJECTS, strata_bump, rival_malloc },
	{ "user-grow", GROWN / MIB, strata_grow, rival_4k },
	{ "user-grow-memfd", GROWN / MIB, strata_grow, rival_memfd },
	{ "user-grow-huge", GROWN / MIB, strata_grow_huge, rival_thp },
	{ "user-regrow", GROWN / MIB, strata_regrow, strata_grow },
};

static bool wanted(const char *names, const char *name)
{
	char word[64], all[4096];

	if (!names)
		return true;
	snprintf(all, sizeof(all), " %s ", names);
	snprintf(word, sizeof(word), " %s ", name);
	return strstr(all, word);
}

/* The first round warms up and does not count. */
static void measure(const char *name, const char *side, unsigned int ops,
		    unsigned long long (*round)(void))
{
	int i;

	round();
	printf("# %s %s %u", name, side, ops);
	for (i = 0; i < ROUNDS; i++)
		printf(" %llu", round());
	printf("\n");
}

int main(void)
{
	const char *names = getenv("BENCH_ROWS");
	size_t i, nr = 0;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		nr += wanted(names, rows[i].name);
	if (!nr)
		return 4;
	printf("1..%zu\n", nr);
	for (i = nr = 0; i < ARRAY_SIZE(rows); i++) {
		if (!wanted(names, rows[i].name))
			continue;
		measure(rows[i].name, "strata", rows[i].ops, rows[i].strata);
		measure(rows[i].name, "rival", rows[i].ops, rows[i].rival);
		printf("ok %zu %s\n", ++nr, rows[i].name);
		fflush(stdout);
	}
	return 0;
}
