// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a region grows: its limit, what is in new memory, and who sees it.
 */
#include "kselftest_harness.h"
#include "arena_util.h"
#include <pthread.h>

#define REGION	(8 * MIB)
#define END	(REGION - PAGE)		/* where the guard starts */

FIXTURE(fault)
{
	struct arena a;
};

FIXTURE_SETUP(fault)
{
	ASSERT_TRUE(arena_open(&self->a, 2 * REGION, REGION));
}

FIXTURE_TEARDOWN(fault)
{
	arena_close(&self->a);
}

TEST_F(fault, limit_doubles)
{
	struct strata_ctl *ctl = self->a.ctl;
	size_t limit, off;
	__u32 events = 0;

	EXPECT_EQ(ctl->limit, STRATA_REGION_START);
	self->a.data[0] = 1;
	EXPECT_EQ(ctl->limit, STRATA_REGION_START);
	EXPECT_EQ(ctl->events, 0);
	/* The first byte past the limit, and the last up to the next one. */
	for (limit = PAGE; limit < END; limit *= 2) {
		self->a.data[limit] = 1;
		EXPECT_EQ(ctl->limit, 2 * limit < END ? 2 * limit : END);
		EXPECT_EQ(ctl->events, ++events);
		for (off = limit; off < 2 * limit && off < END; off += PAGE)
			self->a.data[off + PAGE - 1] = 1;
		EXPECT_EQ(ctl->limit, 2 * limit < END ? 2 * limit : END);
		EXPECT_EQ(ctl->events, events);
		EXPECT_EQ(arena_stat(self->a.fd, 0).limit, ctl->limit);
	}
	EXPECT_EQ(ctl->limit, END);
	EXPECT_EQ(try_access(self->a.data + END, true), SIGBUS);
	EXPECT_EQ(ctl->limit, END);
	/* It is each region's own. */
	EXPECT_EQ(ctl[1].limit, STRATA_REGION_START);
	EXPECT_EQ(arena_stat(self->a.fd, 1).limit, STRATA_REGION_START);
}

TEST_F(fault, limit_is_exact)
{
	/* In the first page, but past what a region starts with. */
	self->a.data[STRATA_REGION_START] = 1;
	EXPECT_EQ(self->a.ctl[0].limit, 2 * STRATA_REGION_START);
	self->a.data[REGION + STRATA_REGION_START - 1] = 1;
	EXPECT_EQ(self->a.ctl[1].limit, STRATA_REGION_START);
}

TEST_F(fault, limit_jumps)
{
	self->a.data[3 * MIB] = 1;
	EXPECT_EQ(self->a.ctl->limit, 4 * MIB);
	EXPECT_EQ(self->a.ctl->events, 1);
	/* No memory for what was jumped over. */
	EXPECT_LE(arena_stat(self->a.fd, 0).committed, 64 << 10);
}

/* The process may say how far it is, and lie: only its limit moves. */
TEST_F(fault, top_is_a_hint)
{
	struct strata_ctl *ctl = self->a.ctl;

	self->a.data[0] = 1;
	ctl->top = 100 << 10;
	self->a.data[PAGE] = 1;
	EXPECT_EQ(ctl->limit, 128 << 10);
	ctl->top = ~0ULL;
	ctl->limit = 12345;
	ctl->committed = ~0ULL;
	self->a.data[2 * PAGE] = 1;
	EXPECT_EQ(ctl->limit, END);
	EXPECT_EQ(ctl->committed, 3 * PAGE);
	EXPECT_EQ(arena_stat(self->a.fd, 0).limit, END);
	EXPECT_EQ(arena_stat(self->a.fd, 0).committed, 3 * PAGE);
	EXPECT_EQ(try_access(self->a.data + END, true), SIGBUS);
}

TEST_F(fault, stat_knows_top)
{
	self->a.data[0] = 1;
	self->a.ctl->top = PAGE;
	EXPECT_EQ(arena_stat(self->a.fd, 0).limit, PAGE);
	EXPECT_EQ(self->a.ctl->limit, PAGE);
}

TEST_F(fault, zeroed)
{
	char *p = self->a.data;
	int round;

	for (round = 0; round < 3; round++) {
		EXPECT_TRUE(is_zero(p, 2 * MIB));
		memset(p, 0xa5, 2 * MIB);
		EXPECT_EQ(arena_range(self->a.fd, STRATA_IOC_TRIM, 0, 2 * MIB), (long)(2 * MIB));
		/* By fault and by command. */
		if (round)
			EXPECT_EQ(arena_range(self->a.fd, STRATA_IOC_POPULATE, 0, 2 * MIB),
				  (long)(2 * MIB));
	}
}

/* Steps of growth: small at first, never more than a quarter ahead of use. */
TEST_F(fault, growth)
{
	size_t off, faults;

	for (off = 0; off < END; off += PAGE) {
		self->a.data[off] = 1;
		ASSERT_GE(self->a.ctl->committed, off + PAGE);
		ASSERT_LE(self->a.ctl->committed, off + PAGE + off / 4 + PAGE);
	}
	EXPECT_EQ(arena_stat(self->a.fd, 0).committed, END);
	EXPECT_EQ(arena_stat(self->a.fd, 0).hwm, END);
	EXPECT_EQ(arena_stat(self->a.fd, 0).grown, END);
	EXPECT_EQ(self->a.ctl->hwm, END);
	faults = arena_stat(self->a.fd, 0).faults;
	EXPECT_GT(faults, 0);
	EXPECT_LE(faults, END / (64 << 10) + 32);
	EXPECT_EQ(arena_stat(self->a.fd, STRATA_REGION_ALL).faults, faults);
}

TEST_F(fault, two_mappings)
{
	struct arena b = { .fd = self->a.fd, .how = self->a.how };

	ASSERT_TRUE(arena_map(&b, PROT_READ | PROT_WRITE));
	self->a.data[5 * PAGE] = 1;
	EXPECT_EQ(b.data[5 * PAGE], 1);
	b.data[5 * PAGE] = 2;
	EXPECT_EQ(self->a.data[5 * PAGE], 2);
	b.ctl->top = 77;
	EXPECT_EQ(self->a.ctl->top, 77);
	/* Taken out of both. */
	EXPECT_GE(arena_range(self->a.fd, STRATA_IOC_TRIM, 0, REGION), (long)PAGE);
	EXPECT_EQ(self->a.data[5 * PAGE], 0);
	EXPECT_EQ(b.data[5 * PAGE], 0);
	b.data[5 * PAGE] = 3;
	EXPECT_EQ(self->a.data[5 * PAGE], 3);
}

TEST_F(fault, two_processes)
{
	int to_child[2], to_parent[2];
	char c;
	pid_t pid;

	ASSERT_EQ(pipe(to_child), 0);
	ASSERT_EQ(pipe(to_parent), 0);
	pid = fork();
	if (!pid) {
		struct arena b = { .fd = self->a.fd, .how = self->a.how };

		/* The mapping was not inherited, the descriptor was. */
		if (try_access(self->a.data, false) != SIGSEGV)
			_exit(2);
		if (!arena_map(&b, PROT_READ | PROT_WRITE))
			_exit(3);
		put_text(b.data + MIB, "from the child");
		if (write(to_parent[1], "x", 1) != 1 || read(to_child[0], &c, 1) != 1)
			_exit(4);
		/* The parent trimmed, and wrote again. */
		_exit(b.data[MIB] ? 5 : strcmp(b.data + 2 * MIB, "from the parent") ? 6 : 0);
	}
	EXPECT_EQ(read(to_parent[0], &c, 1), 1);
	EXPECT_STREQ(self->a.data + MIB, "from the child");
	EXPECT_GT(arena_range(self->a.fd, STRATA_IOC_TRIM, 0, REGION), 0);
	put_text(self->a.data + 2 * MIB, "from the parent");
	EXPECT_EQ(write(to_child[1], "x", 1), 1);
	EXPECT_EQ(reap(pid), 0);
}

static void *fill(void *arg)
{
	unsigned int *p = arg;
	size_t i;

	for (i = 0; i < END / sizeof(*p); i += 512)
		__atomic_add_fetch(&p[i], 1, __ATOMIC_RELAXED);
	return NULL;
}

/* Four threads at the same pages: each page comes once. */
TEST_F(fault, together)
{
	pthread_t threads[4];
	unsigned int *p = (unsigned int *)self->a.data;
	size_t i, wrong = 0;

	for (i = 0; i < 4; i++)
		ASSERT_EQ(pthread_create(&threads[i], NULL, fill, self->a.data), 0);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (i = 0; i < END / sizeof(*p); i += 512)
		wrong += p[i] != 4;
	EXPECT_EQ(wrong, 0);
	EXPECT_EQ(arena_stat(self->a.fd, 0).committed, END);
	EXPECT_EQ(arena_stat(self->a.fd, 0).grown, END);
}

static bool stop;

static void *trim(void *arg)
{
	struct arena *a = arg;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		arena_range(a->fd, STRATA_IOC_TRIM, 0, REGION);
	return NULL;
}

/* Memory that goes away while it is used is either the old or all zero. */
TEST_F(fault, against_trim)
{
	unsigned long *p = (unsigned long *)self->a.data;
	struct strata_stat stat;
	pthread_t thread;
	size_t i, wrong = 0;
	int round;

	ASSERT_EQ(pthread_create(&thread, NULL, trim, &self->a), 0);
	for (round = 0; round < 20 || !arena_stat(self->a.fd, 0).trimmed; round++)
		for (i = 0; i < MIB / sizeof(*p); i += 256) {
			unsigned long seen = __atomic_load_n(&p[i], __ATOMIC_RELAXED);

			wrong += seen && seen != i + 1;
			__atomic_store_n(&p[i], i + 1, __ATOMIC_RELAXED);
		}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	EXPECT_EQ(wrong, 0);
	stat = arena_stat(self->a.fd, 0);
	EXPECT_EQ(stat.grown - stat.trimmed, stat.committed);
	EXPECT_GE(arena_range(self->a.fd, STRATA_IOC_TRIM, 0, REGION), 0);
	EXPECT_EQ(arena_stat(self->a.fd, 0).committed, 0);
}

static long resident(void)
{
	unsigned long size, pages;
	FILE *f = fopen("/proc/self/statm", "r");

	if (!f || fscanf(f, "%lu %lu", &size, &pages) != 2)
		pages = 0;
	if (f)
		fclose(f);
	return pages * PAGE;
}

/*
 * Pages show up as the process's own. Older kernels bring the count up to date
 * every 64 faults, hence the slack.
 */
TEST_F(fault, resident)
{
	long slack = 5 * MIB, before = resident();

	ASSERT_GT(before, 0);
	memset(self->a.data, 1, END);
	memset(self->a.data + REGION, 1, END);
	EXPECT_GE(resident(), before + (long)(2 * END) - slack);
	EXPECT_EQ(arena_range(self->a.fd, STRATA_IOC_TRIM, 0, 2 * REGION), (long)(2 * END));
	EXPECT_LE(resident(), before + slack);
}

TEST_HARNESS_MAIN
