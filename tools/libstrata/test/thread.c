// SPDX-License-Identifier: MIT
/*
 * The regions of threads, and many threads that make regions of one arena.
 */
#define _GNU_SOURCE
#include "kselftest_harness.h"
#include "test.h"
#include <pthread.h>

#define THREADS	16

static pthread_barrier_t barrier;
static int ran;

static void count(void *unused)
{
	(void)unused;
	__atomic_add_fetch(&ran, 1, __ATOMIC_RELAXED);
}

static void *in_thread(void *(*fn)(void *), void *arg)
{
	pthread_t thread;
	void *ret;

	if (pthread_create(&thread, NULL, fn, arg))
		abort();
	pthread_join(thread, &ret);
	return ret;
}

static void *where(void *unused)
{
	(void)unused;
	return strata_region_alloc(strata_region_thread(), 1);
}

TEST(same_each_time)
{
	strata_region *r = strata_region_thread();

	ASSERT_NE(r, NULL);
	EXPECT_EQ(strata_region_thread(), r);
	EXPECT_NE(strata_region_alloc(r, 1000), NULL);
	EXPECT_EQ(strata_region_thread(), r);
}

/* A slot that a thread leaves is free for the next one. */
TEST(gone_at_thread_exit)
{
	void *mine = where(NULL);
	int i;

	EXPECT_NE(in_thread(where, NULL), mine);
	for (i = 0; i < 2000; i++)
		ASSERT_EQ(in_thread(where, NULL), in_thread(where, NULL));
}

static void *defers(void *unused)
{
	(void)unused;
	strata_region_defer(strata_region_thread(), count, NULL);
	strata_region_push(strata_region_thread());
	strata_region_defer(strata_region_thread(), count, NULL);
	return NULL;
}

TEST(defers_run_at_thread_exit)
{
	in_thread(defers, NULL);
	EXPECT_EQ(ran, 2);
}

static void *works(void *arg)
{
	strata_region *r = strata_region_thread();
	unsigned char id = (uintptr_t)arg;
	int i;

	pthread_barrier_wait(&barrier);
	for (i = 0; i < 2000; i++) {
		STRATA_FRAME(r);
		size_t size = 1 + i * 31 % 5000;
		char *p = strata_region_alloc(r, size);

		if (!p)
			return "no memory";
		memset(p, id, size);
		STRATA_FRAME(r);
		memset(strata_region_alloc(r, size), 0xff, size);
		if (!all_bytes(p, id, size))
			return "spoilt";
	}
	return NULL;
}

static void many(void *(*fn)(void *), void *arg[THREADS], void *ret[THREADS])
{
	pthread_t threads[THREADS];
	size_t i;

	pthread_barrier_init(&barrier, NULL, THREADS);
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, fn, arg ? arg[i] : (void *)(i + 1)))
			abort();
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], &ret[i]);
}

TEST(do_not_disturb_each_other)
{
	void *ret[THREADS];
	int i;

	many(works, NULL, ret);
	for (i = 0; i < THREADS; i++)
		EXPECT_EQ(ret[i], NULL);
}

/* Each thread makes and destroys regions of one arena that is nearly full. */
static void *makes_regions(void *arg)
{
	uint64_t i;

	pthread_barrier_wait(&barrier);
	for (i = 1; i <= 500; i++) {
		strata_region *r = strata_region_create(arg);
		uint64_t *p;

		if (!r)
			continue;
		p = strata_region_alloc(r, sizeof(*p));
		*p = (uintptr_t)&i;
		if (i % 16 == 0)
			sched_yield();
		if (*p != (uintptr_t)&i)
			return "two have one slot";
		strata_region_destroy(r);
	}
	return NULL;
}

TEST(regions_of_one_arena)
{
	strata_arena *a = small_arena(8 * MIB, MIB);
	void *arg[THREADS], *ret[THREADS];
	int i;

	for (i = 0; i < THREADS; i++)
		arg[i] = a;
	many(makes_regions, arg, ret);
	for (i = 0; i < THREADS; i++)
		EXPECT_STREQ(ret[i] ?: "good", "good");
	/* None got lost. */
	for (i = 0; i < 8; i++)
		EXPECT_NE(strata_region_create(a), NULL);
	EXPECT_EQ(strata_region_create(a), NULL);
	strata_arena_destroy(a);
}

TEST(new_one_after_fork)
{
	strata_region *r = strata_region_thread(), *s;
	char *p = strata_region_strdup(r, "parent");
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		s = strata_region_thread();
		if (!s || s == r)
			_exit(1);
		if (!strata_region_strdup(s, "child") || strata_region_alloc(r, 1))
			_exit(2);
		if (!in_thread(where, NULL))
			_exit(3);
		/* And so on. */
		pid = fork();
		if (!pid)
			_exit(strata_region_thread() == s ? 4 : 0);
		_exit(reap(pid));
	}
	EXPECT_EQ(reap(pid), 0);
	EXPECT_STREQ(p, "parent");
	EXPECT_EQ(strata_region_thread(), r);
	EXPECT_NE(strata_region_alloc(r, 1), NULL);
}

/* fork() while others are busy with arenas. */
static int stop;

static void *makes_arenas(void *unused)
{
	(void)unused;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		strata_arena *a = small_arena(MIB, MIB);

		if (!a || !strata_region_create(a))
			return "failed";
		strata_arena_destroy(a);
	}
	return NULL;
}

TEST(fork_among_threads)
{
	pthread_t threads[3];
	void *ret;
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(pthread_create(&threads[i], NULL, makes_arenas, NULL), 0);
	fflush(NULL);
	for (i = 0; i < 50; i++) {
		pid_t pid = fork();

		if (!pid) {
			alarm(60);
			_exit(where(NULL) && small_arena(MIB, MIB) ? 0 : 1);
		}
		EXPECT_EQ(reap(pid), 0);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (i = 0; i < 3; i++) {
		pthread_join(threads[i], &ret);
		EXPECT_EQ(ret, NULL);
	}
}

/* More threads at once than one arena has regions. */
static pthread_barrier_t all_there;

static void *waits(void *unused)
{
	void *p = where(unused);

	pthread_barrier_wait(&all_there);
	return p;
}

TEST(three_hundred_threads)
{
	pthread_attr_t attr;
	pthread_t threads[300];
	void *at[300];
	int i, j;

	pthread_barrier_init(&all_there, NULL, 300);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 * KIB);
	for (i = 0; i < 300; i++)
		ASSERT_EQ(pthread_create(&threads[i], &attr, waits, NULL), 0);
	for (i = 0; i < 300; i++)
		pthread_join(threads[i], &at[i]);
	for (i = 0; i < 300; i++)
		for (j = 0; j < i; j++)
			ASSERT_NE(at[i], at[j]);
}

TEST_HARNESS_MAIN
