// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes that are killed while the kernel works for them: in faults, in
 * commands, with many threads. Nothing may be left, and nobody else be hurt.
 */
#include "kselftest_harness.h"
#include "arena_util.h"
#include <pthread.h>

#define VICTIMS	20
#define REGION	(64 * MIB)
#define ATTEMPTS	50		/* a busy machine misses some */

/* Does one thing to an arena over and over; returns at an error only. */
typedef void (*work_fn)(struct arena *a);

static void work_fault(struct arena *a)
{
	for (;;) {
		memset(a->data, 1, REGION / 2);
		if (arena_range(a->fd, STRATA_IOC_TRIM, 0, REGION) < 0)
			return;
	}
}

static void work_populate(struct arena *a)
{
	for (;;) {
		if (arena_range(a->fd, STRATA_IOC_POPULATE, 0, REGION) < 0)
			return;
		if (arena_range(a->fd, STRATA_IOC_TRIM, 0, REGION) < 0)
			return;
	}
}

static void work_create(struct arena *a)
{
	struct arena b;

	for (;;) {
		a->data[0]++;
		if (!arena_open(&b, REGION, MIB))
			return;
		b.data[0] = 1;
		b.data[5 * MIB] = 1;
		arena_close(&b);
	}
}

struct job {
	struct arena *a;
	work_fn work;
};

static void *run(void *arg)
{
	struct job *job = arg;

	job->work(job->a);
	return NULL;
}

/* Four threads at work on one arena, until somebody kills the process. */
static void victim(work_fn work, int ready)
{
	struct arena a;
	struct job job = { &a, work };
	pthread_t thread;
	int i;

	if (!arena_open(&a, REGION, 0))
		_exit(1);
	a.data[0] = 1;
	for (i = 0; i < 3; i++)
		if (pthread_create(&thread, NULL, run, &job))
			_exit(2);
	if (write(ready, "x", 1) != 1)
		_exit(3);
	work(&a);
	_exit(4);
}

static void kill_in(struct __test_metadata *_metadata, work_fn work)
{
	struct arena bystander;
	int ready[2], i;
	pid_t pid;
	char c;

	ASSERT_EQ(pipe(ready), 0);
	ASSERT_TRUE(arena_open(&bystander, MIB, 0));
	memset(bystander.data, 7, MIB / 2);
	for (i = 0; i < VICTIMS; i++) {
		pid = fork();
		if (!pid)
			victim(work, ready[1]);
		ASSERT_EQ(read(ready[0], &c, 1), 1);
		/* Wherever it is by now. */
		usleep(i * 500);
		ASSERT_EQ(kill(pid, SIGKILL), 0);
		ASSERT_EQ(reap(pid), -SIGKILL);
	}
	/* Of the victims' memory nothing; of the bystander's all. */
	EXPECT_EQ(arena_total("arenas"), 1);
	EXPECT_EQ(arena_total("committed"), (long)(MIB / 2));
	EXPECT_EQ(bystander.data[0], 7);
	EXPECT_EQ(memcmp(bystander.data, bystander.data + 1, MIB / 2 - 1), 0);
	arena_close(&bystander);
	EXPECT_TRUE(arena_all_gone());
}

TEST(in_fault)
{
	kill_in(_metadata, work_fault);
}

TEST(in_populate)
{
	kill_in(_metadata, work_populate);
}

TEST(in_create)
{
	kill_in(_metadata, work_create);
}

/*
 * Killed in the middle of a long command, it does not go on to the end. Nobody
 * can say when the signal comes, so there are some attempts; a kernel that does
 * not look fails in all of them.
 */
TEST(populate_stops)
{
	struct arena a = { .how = create_args(REGION, 0) };
	__u64 committed = REGION;
	int attempt;
	pid_t pid;

	a.fd = arena_create(&a.how);
	ASSERT_GE(a.fd, 0);
	for (attempt = 0; attempt < ATTEMPTS && committed >= REGION - PAGE; attempt++) {
		ASSERT_GE(arena_range(a.fd, STRATA_IOC_TRIM, 0, REGION), 0);
		pid = fork();
		if (!pid) {
			arena_range(a.fd, STRATA_IOC_POPULATE, 0, REGION);
			_exit(0);
		}
		while (!arena_stat(a.fd, 0).committed)
			;
		kill(pid, SIGKILL);
		reap(pid);
		committed = arena_stat(a.fd, 0).committed;
	}
	EXPECT_LT(committed, REGION - PAGE);
	/* The arena is as good as before. */
	EXPECT_EQ(arena_range(a.fd, STRATA_IOC_TRIM, 0, REGION), (long)committed);
	EXPECT_EQ(arena_range(a.fd, STRATA_IOC_POPULATE, 0, MIB), (long)MIB);
	close(a.fd);
	EXPECT_TRUE(arena_all_gone());
}

/*
 * The same of giving back: what was not taken by then is still there. It looks once in
 * 512 pages, so there have to be many of those, however large they are.
 */
TEST(trim_stops)
{
	const size_t region = PAGE > 4096 ? 8 * 512 * PAGE : REGION;
	struct arena a = { .how = create_args(region, 0) };
	__u64 committed = 0;
	int attempt;
	pid_t pid;

	a.fd = arena_create(&a.how);
	ASSERT_GE(a.fd, 0);
	for (attempt = 0; attempt < ATTEMPTS && !committed; attempt++) {
		ASSERT_GE(arena_range(a.fd, STRATA_IOC_POPULATE, 0, region), 0);
		pid = fork();
		if (!pid) {
			arena_range(a.fd, STRATA_IOC_TRIM, 0, region);
			_exit(0);
		}
		while (arena_stat(a.fd, 0).committed == region - PAGE)
			;
		kill(pid, SIGKILL);
		reap(pid);
		committed = arena_stat(a.fd, 0).committed;
	}
	EXPECT_GT(committed, 0);
	EXPECT_EQ(arena_range(a.fd, STRATA_IOC_TRIM, 0, region), (long)committed);
	close(a.fd);
	EXPECT_TRUE(arena_all_gone());
}

TEST_HARNESS_MAIN
