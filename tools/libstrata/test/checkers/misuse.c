// SPDX-License-Identifier: MIT
/*
 * Wrong in one way, which the first argument names, and right but for that. What
 * a checker says of it is looked at by checkers.sh.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strata.h>

static strata_region *r;

static void after_pop(void)
{
	strata_mark_t mark = strata_region_push(r);
	char *p = strata_region_strdup(r, "gone soon");

	strata_region_pop(r, mark);
	putchar(p[3]);
}

static void after_frame(void)
{
	char *p;

	{
		STRATA_FRAME(r);
		p = strata_region_alloc(r, 100);
		p[0] = 1;
	}
	p[0] = 2;
}

static void after_reset(void)
{
	char *p = strata_region_zalloc(r, 10000);

	strata_region_reset(r);
	putchar(p[9999]);
}

static void over_the_end(void)
{
	char *p = strata_region_alloc(r, 24);

	p[strlen("and this is as far as it goes")] = 1;
}

static void after_shrinking(void)
{
	char *p = strata_region_alloc(r, 200);

	memset(p, 1, 200);
	p = strata_region_realloc_last(r, p, 200, 100);
	putchar(p[150]);
}

/* Only Valgrind sees this. */
static void never_written(void)
{
	strata_mark_t mark = strata_region_push(r);
	char *p = strata_region_zalloc(r, 100);

	strata_region_pop(r, mark);
	p = strata_region_alloc(r, 100);
	if (p[50])
		putchar('x');
}

/* Nothing is wrong with all this. */
static void nothing(void)
{
	int i, j;

	for (i = 0; i < 100; i++) {
		STRATA_FRAME(r);
		char *p = strata_region_alloc(r, 1000 * i + 1), *q, *s;

		memset(p, i, 1000 * i + 1);
		for (j = 0; j < 10; j++) {
			STRATA_FRAME(r);
			q = strata_region_zalloc(r, j);
			s = strata_region_printf(r, "%d %d", i, j);
			q = strata_region_realloc_last(r, q, j, 2 * j);
			s = strata_region_realloc_last(r, s, strlen(s) + 1, 500);
			memset(q, 1, 2 * j);
			memset(s, 1, 500);
		}
		if (p[1000 * i] != i)
			abort();
	}
	strata_region_reset(r);
	strata_region_trim(r);
	memset(strata_region_alloc_aligned(r, 5000, 4096), 1, 5000);
}

static const struct {
	const char *name;
	void (*run)(void);
} ways[] = {
	{ "after_pop", after_pop },
	{ "after_frame", after_frame },
	{ "after_reset", after_reset },
	{ "over_the_end", over_the_end },
	{ "after_shrinking", after_shrinking },
	{ "never_written", never_written },
	{ "nothing", nothing },
};

int main(int argc, char **argv)
{
	char *fresh;
	size_t i;

	r = strata_region_thread();
	if (argc < 2 || !r)
		return 2;
	for (i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (!strcmp(ways[i].name, argv[1]))
			ways[i].run();
	strata_region_reset(r);
	/* Address space that was a region's is anybody's again. */
	for (i = 0; i < 3; i++) {
		strata_arena *a;

		if (strata_arena_create(NULL, &a))
			return 2;
		memset(strata_region_alloc(strata_region_create(a), 100000), 1, 100000);
		strata_arena_destroy(a);
		fresh = calloc(1, 1 << 20);
		memset(fresh, 1, 1 << 20);
		free(fresh);
	}
	puts("ended");
	return 0;
}
