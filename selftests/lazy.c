// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory above the top of a region that goes when memory is short: all of it, and
 * never what is in use. Writing to drop_caches is all the shortage there is.
 */
#include "kselftest_harness.h"
#include "arena_util.h"
#include <pthread.h>
#include <sys/uio.h>
#include <time.h>

#define REGION	(8 * MIB)
#define RW	(PROT_READ | PROT_WRITE)

FIXTURE(lazy)
{
	struct arena a;
};

static bool open_lazy(struct arena *a, __u32 flags, __u64 keep)
{
	a->how = create_args(2 * REGION, REGION);
	a->how.flags = flags;
	a->how.keep_bytes = keep;
	a->fd = arena_create(&a->how);
	return a->fd >= 0 && arena_map(a, RW);
}

FIXTURE_SETUP(lazy)
{
	ASSERT_TRUE(open_lazy(&self->a, STRATA_CREATE_LAZY, 0));
}

FIXTURE_TEARDOWN(lazy)
{
	arena_close(&self->a);
	EXPECT_TRUE(arena_all_gone());
}

/* Call all shrinkers. */
static void squeeze(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	if (fd < 0 || write(fd, "2", 1) != 1)
		perror("# drop_caches");
	close(fd);
}

/* As often as it takes: who holds the lock at that moment is passed over. */
static bool squeezed_to(int fd, __u32 region, __u64 bytes)
{
	int i;

	for (i = 0; i < 50 && arena_stat(fd, region).committed > bytes; i++)
		squeeze();
	return arena_stat(fd, region).committed == bytes;
}

static void set_top(struct arena *a, __u32 region, __u64 top)
{
	__atomic_store_n(&a->ctl[region].top, top, __ATOMIC_RELEASE);
}

TEST_F(lazy, above_top)
{
	char *p = self->a.data;

	set_top(&self->a, 0, 4 * MIB);
	memset(p, 1, 4 * MIB);
	squeeze();
	EXPECT_EQ(arena_stat(self->a.fd, 0).committed, 4 * MIB);
	/* Popped. What shares a page with the top stays. */
	set_top(&self->a, 0, MIB + 1);
	EXPECT_TRUE(squeezed_to(self->a.fd, 0, MIB + PAGE));
	EXPECT_EQ(p[0], 1);
	EXPECT_EQ(p[MIB], 1);
	EXPECT_EQ(p[MIB + PAGE - 1], 1);
	EXPECT_EQ(p[MIB + PAGE], 0);
	EXPECT_GT(self->a.ctl[0].trim_seq, 0);
	EXPECT_EQ(self->a.ctl[0].trimmed, 3 * MIB - PAGE);
	EXPECT_TRUE(is_zero(p + MIB + PAGE, 2 * MIB));
}

TEST_F(lazy, each_region)
{
	set_top(&self->a, 1, 2 * MIB);
	memset(self->a.data, 1, 3 * MIB);
	memset(self->a.data + REGION, 2, 3 * MIB);
	EXPECT_TRUE(squeezed_to(self->a.fd, STRATA_REGION_ALL, 2 * MIB));
	EXPECT_EQ(arena_stat(self->a.fd, 0).committed, 0);
	EXPECT_EQ(self->a.data[REGION + 2 * MIB - 1], 2);
}

/* Only those that said so at creation. */
TEST_F(lazy, not_others)
{
	struct arena b;
	int i;

	ASSERT_TRUE(open_lazy(&b, 0, 0));
	memset(b.data, 1, MIB);
	for (i = 0; i < 5; i++)
		squeeze();
	EXPECT_EQ(arena_stat(b.fd, 0).committed, MIB);
	arena_close(&b);
}

TEST_F(lazy, keeps)
{
	struct arena b;
	__u64 faults;

	ASSERT_TRUE(open_lazy(&b, STRATA_CREATE_LAZY, MIB));
	memset(b.data, 1, 4 * MIB);
	EXPECT_TRUE(squeezed_to(b.fd, 0, MIB));
	faults = arena_stat(b.fd, 0).faults;
	EXPECT_EQ(b.data[MIB - 1], 1);
	EXPECT_EQ(arena_stat(b.fd, 0).faults, faults);
	EXPECT_EQ(b.data[MIB], 0);
	arena_close(&b);
}

TEST_F(lazy, huge)
{
	struct arena b;

	if (!has_huge_pages())
		SKIP(return, "no huge pages of 2 MiB in this kernel");
	ASSERT_TRUE(open_lazy(&b, STRATA_CREATE_LAZY | STRATA_CREATE_HUGE, 0));
	set_top(&b, 0, 6 * MIB);
	memset(b.data, 1, 6 * MIB);
	set_top(&b, 0, 2 * MIB + PAGE);
	EXPECT_TRUE(squeezed_to(b.fd, 0, 4 * MIB));
	EXPECT_EQ(b.data[4 * MIB - 1], 1);
	EXPECT_EQ(b.data[4 * MIB], 0);
	arena_close(&b);
}

/* Held for output: it stays, with its contents, also in the arena. */
TEST_F(lazy, held)
{
	struct iovec iov = { self->a.data + MIB, PAGE };
	char buf[4096];
	int fds[2];

	memset(self->a.data, 'x', 2 * MIB);
	ASSERT_EQ(pipe(fds), 0);
	ASSERT_EQ(vmsplice(fds[1], &iov, 1, 0), (long)PAGE);
	EXPECT_TRUE(squeezed_to(self->a.fd, 0, PAGE));
	EXPECT_EQ(self->a.data[MIB], 'x');
	EXPECT_EQ(self->a.data[MIB - 1], 0);
	ASSERT_EQ(read(fds[0], buf, sizeof(buf)), (long)sizeof(buf));
	EXPECT_EQ(buf[0], 'x');
	close(fds[0]);
	close(fds[1]);
	self->a.data[MIB - 1] = 1;
	set_top(&self->a, 0, 0);
	EXPECT_TRUE(squeezed_to(self->a.fd, 0, 0));
}

/* Who lies keeps or loses what is theirs. */
TEST_F(lazy, hostile_top)
{
	static const __u64 lies[] = { ~0ULL, 1ULL << 63, REGION, REGION - 1, 1ULL << 40 };
	struct arena b;
	size_t i;

	ASSERT_TRUE(open_lazy(&b, STRATA_CREATE_LAZY, 0));
	set_top(&b, 0, MIB);
	memset(b.data, 7, MIB);
	for (i = 0; i < ARRAY_SIZE(lies); i++) {
		memset(self->a.data, 1, MIB);
		set_top(&self->a, 0, lies[i]);
		squeeze();
		EXPECT_EQ(arena_stat(self->a.fd, 0).committed, MIB);
		EXPECT_EQ(self->a.data[MIB - 1], 1);
	}
	EXPECT_EQ(b.data[0], 7);
	EXPECT_EQ(memcmp(b.data, b.data + 1, MIB - 1), 0);
	arena_close(&b);
}

/*
 * Over the quota, what the arena does not use goes first. With CAP_SYS_RESOURCE
 * there is no quota, so somebody else tries.
 */
static int within_quota(struct arena *a)
{
	size_t i;

	if (setgid(65534) || setuid(65534) || !open_lazy(a, STRATA_CREATE_LAZY, 0))
		return 1;
	/* Popped memory of one region, and growth of another beyond the quota. */
	for (i = 0; i < 3 * MIB; i += PAGE)
		if (try_access(a->data + i, true))
			return 2;
	set_top(a, 1, 3 * MIB);
	for (i = 0; i < 3 * MIB; i += PAGE)
		if (try_access(a->data + REGION + i, true))
			return 3;
	for (i = 0; i < 3 * MIB; i += PAGE)
		if (a->data[REGION + i] != 1)
			return 4;
	/* And no further. */
	set_top(a, 1, 6 * MIB);
	for (i = 3 * MIB; i < 6 * MIB; i += PAGE)
		if (try_access(a->data + REGION + i, true))
			return 0;
	return 5;
}

TEST_F(lazy, relieves_quota)
{
	const char *path = "/sys/module/strata/parameters/user_pages";
	FILE *f = fopen(path, "r+");
	struct arena b;
	pid_t pid;

	ASSERT_NE(f, NULL);
	fprintf(f, "%zu\n", (size_t)(4 * MIB / PAGE));
	fflush(f);
	ASSERT_EQ(chmod(DEVICE, 0666), 0);
	pid = fork();
	if (!pid)
		_exit(within_quota(&b));
	EXPECT_EQ(reap(pid), 0);
	ASSERT_EQ(chmod(DEVICE, 0660), 0);
	rewind(f);
	fprintf(f, "0\n");
	fclose(f);
}

/*
 * The race: two owners push and pop, each write is verified before it is popped,
 * and all the while memory is short. For so many pops, or so many seconds.
 */
#define POPS		10000000UL
#define SECONDS		40
#define DEPTH		6

struct owner {
	char *base;
	struct strata_ctl *ctl;
	size_t apart;			/* of places where the frames begin */
	unsigned int seed;
	unsigned long pops, lost;
};

static bool over;

static void *own(void *arg)
{
	struct owner *o = arg;
	size_t mark[DEPTH + 1], at;
	unsigned long stamp = 0;
	int depth, i;

	while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
		depth = 1 + rand_r(&o->seed) % DEPTH;
		mark[0] = rand_r(&o->seed) % 3 * o->apart + rand_r(&o->seed) % 64 * 64;
		for (i = 0; i < depth; i++) {
			/* The rule: top first. */
			mark[i + 1] = mark[i] + 64 + rand_r(&o->seed) % (3 * 4096) / 64 * 64;
			__atomic_store_n(&o->ctl->top, mark[i + 1], __ATOMIC_RELEASE);
			__atomic_thread_fence(__ATOMIC_RELEASE);
			for (at = mark[i]; at < mark[i + 1]; at += 1024)
				__atomic_store_n((unsigned long *)(o->base + at), stamp + i,
						 __ATOMIC_RELAXED);
		}
		for (i = depth - 1; i >= 0; i--) {
			for (at = mark[i]; at < mark[i + 1]; at += 1024)
				o->lost += __atomic_load_n((unsigned long *)(o->base + at),
							   __ATOMIC_RELAXED) != stamp + i;
			__atomic_store_n(&o->ctl->top, mark[i], __ATOMIC_RELEASE);
			o->pops++;
		}
		stamp += DEPTH;
	}
	return NULL;
}

static void race(struct __test_metadata *_metadata, struct arena *a, size_t apart)
{
	unsigned long pops, squeezes = 0, reclaimed;
	struct owner owners[2] = {};
	time_t end = time(NULL) + SECONDS;
	pthread_t threads[2];
	int i;

	for (i = 0; i < 2; i++) {
		owners[i] = (struct owner) {
			.base = a->data + i * REGION, .ctl = &a->ctl[i], .apart = apart,
			.seed = i + 1,
		};
		ASSERT_EQ(pthread_create(&threads[i], NULL, own, &owners[i]), 0);
	}
	do {
		squeeze();
		squeezes++;
		pops = __atomic_load_n(&owners[0].pops, __ATOMIC_RELAXED) +
		       __atomic_load_n(&owners[1].pops, __ATOMIC_RELAXED);
	} while (pops < POPS && time(NULL) < end);
	__atomic_store_n(&over, true, __ATOMIC_RELAXED);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	__atomic_store_n(&over, false, __ATOMIC_RELAXED);
	reclaimed = arena_stat(a->fd, STRATA_REGION_ALL).trimmed;
	printf("# %lu pops, %lu squeezes, %lu pages reclaimed, %lu writes lost\n",
	       owners[0].pops + owners[1].pops, squeezes, reclaimed / PAGE,
	       owners[0].lost + owners[1].lost);
	EXPECT_EQ(owners[0].lost + owners[1].lost, 0);
	EXPECT_GT(reclaimed, 0);
}

TEST_F_TIMEOUT(lazy, race, 300)
{
	race(_metadata, &self->a, PAGE / 2);
}

TEST_F_TIMEOUT(lazy, race_huge, 300)
{
	struct arena b;

	ASSERT_TRUE(open_lazy(&b, STRATA_CREATE_LAZY | STRATA_CREATE_HUGE, 0));
	/* From one huge page into the next. */
	race(_metadata, &b, 2 * MIB - 3 * PAGE);
	arena_close(&b);
}

TEST_HARNESS_MAIN
