// SPDX-License-Identifier: MIT
/*
 * Arenas: options good and bad, the backend, slots and guards, what may be shared
 * with others, and what a child process finds.
 */
#define _GNU_SOURCE
#include "kselftest_harness.h"
#include "test.h"
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

static bool on_device(const strata_arena *a)
{
	return !strcmp(strata_arena_backend(a), "device");
}

static int create(struct strata_arena_opts opts)
{
	strata_arena *a = NULL;
	int err;

	if (!opts.size)
		opts.size = sizeof(opts);
	err = strata_arena_create(&opts, &a);
	if (!err)
		strata_arena_destroy(a);
	else if (a)
		return -1000;
	return err;
}

#define CREATE(...)	create((struct strata_arena_opts) { __VA_ARGS__ })

TEST(defaults)
{
	strata_arena *a;
	size_t bytes;

	ASSERT_EQ(strata_arena_create(NULL, &a), 0);
	EXPECT_NE(strata_arena_data(a, &bytes), NULL);
	EXPECT_GE(bytes, 64 * MIB);
	EXPECT_NE(strata_region_create(a), NULL);
	strata_arena_destroy(a);
	strata_arena_destroy(NULL);
	EXPECT_EQ(CREATE(0), 0);
}

/* The device where there is one, unless somebody decides. */
TEST(backend)
{
	const char *wish = getenv("STRATA_BACKEND") ?: "";
	bool device = !access("/dev/strata", R_OK | W_OK);
	strata_arena *a;

	ASSERT_EQ(strata_arena_create(NULL, &a), 0);
	EXPECT_EQ(on_device(a), device && strcmp(wish, "anonymous"));
	EXPECT_EQ(on_device(a), strata_arena_fd(a) >= 0);
	strata_arena_destroy(a);

	setenv("STRATA_BACKEND", "anonymous", 1);
	ASSERT_EQ(strata_arena_create(NULL, &a), 0);
	EXPECT_STREQ(strata_arena_backend(a), "anonymous");
	EXPECT_EQ(strata_arena_fd(a), -1);
	strata_arena_destroy(a);
	setenv("STRATA_BACKEND", "device", 1);
	EXPECT_EQ(strata_arena_create(NULL, &a) == 0, device);
	/* What the program asks for comes first. */
	EXPECT_EQ(CREATE(.flags = STRATA_ARENA_ANONYMOUS), 0);
	setenv("STRATA_BACKEND", "anonymous", 1);
	EXPECT_EQ(CREATE(.flags = STRATA_ARENA_DEVICE), device ? 0 : -ENOENT);
}

TEST(options)
{
	struct {
		struct strata_arena_opts opts;
		char tail[8];
	} future = { .opts.size = sizeof(future) };
	strata_arena *a;

	EXPECT_EQ(CREATE(.max_bytes = 2 * PAGE), 0);
	EXPECT_EQ(CREATE(.max_bytes = 8 * MIB, .region_bytes = 8 * MIB), 0);
	EXPECT_EQ(CREATE(.max_bytes = 9 * MIB), 0);
	EXPECT_EQ(CREATE(.region_bytes = 4 * MIB), 0);
	EXPECT_EQ(CREATE(.max_bytes = 8 * MIB, .keep_bytes = 8 * MIB), 0);
	EXPECT_EQ(CREATE(.node = 1), 0);
	EXPECT_EQ(CREATE(.node = -1), 0);
	EXPECT_EQ(CREATE(.name = ""), 0);
	EXPECT_EQ(CREATE(.name = "a name that is longer than there is room for"), 0);
	EXPECT_EQ(CREATE(.flags = STRATA_CREATE_FORK_SHARE | STRATA_CREATE_DUMP), 0);
	EXPECT_EQ(CREATE(.flags = STRATA_CREATE_HUGE | STRATA_CREATE_LAZY), 0);

	EXPECT_EQ(CREATE(.max_bytes = 1), -EINVAL);
	EXPECT_EQ(CREATE(.max_bytes = PAGE), -EINVAL);
	EXPECT_EQ(CREATE(.max_bytes = 8 * MIB, .region_bytes = 16 * MIB), -EINVAL);
	EXPECT_EQ(CREATE(.region_bytes = 3 * MIB), -EINVAL);
	EXPECT_EQ(CREATE(.region_bytes = PAGE), -EINVAL);
	EXPECT_EQ(CREATE(.max_bytes = 8 * MIB, .keep_bytes = 9 * MIB), -EINVAL);
	EXPECT_EQ(CREATE(.max_bytes = UINT64_MAX), -EOVERFLOW);
	EXPECT_EQ(CREATE(.max_bytes = (uint64_t)1 << 60, .region_bytes = 2 * PAGE), -EOVERFLOW);
	EXPECT_EQ(CREATE(.flags = 1 << 20), -EINVAL);
	EXPECT_EQ(CREATE(.flags = STRATA_ARENA_DEVICE | STRATA_ARENA_ANONYMOUS), -EINVAL);
	EXPECT_EQ(CREATE(.flags = STRATA_ARENA_ANONYMOUS | STRATA_CREATE_PRODUCER), -EOPNOTSUPP);

	EXPECT_EQ(CREATE(.size = offsetof(struct strata_arena_opts, max_bytes) - 1), -EINVAL);
	EXPECT_EQ(CREATE(.size = offsetof(struct strata_arena_opts, region_bytes),
			 .region_bytes = 3), 0);
	EXPECT_EQ(strata_arena_create(&future.opts, &a), 0);
	strata_arena_destroy(a);
	future.tail[7] = 1;
	EXPECT_EQ(strata_arena_create(&future.opts, &a), -E2BIG);
}

/* A default that the process may not have is made smaller, a wish is not. */
TEST(little_address_space)
{
	uint64_t little = sizeof(void *) > 4 ? 8192 * (uint64_t)MIB : 256 * MIB;
	struct rlimit limit = { little, little };
	strata_region *r;
	strata_arena *a;
	int nr = 0;

	ASSERT_EQ(setrlimit(RLIMIT_AS, &limit), 0);
	ASSERT_EQ(strata_arena_create(NULL, &a), 0);
	/* Enough for the threads of a program: smaller ones, and not fewer. */
	while (strata_region_create(a))
		nr++;
	EXPECT_GE(nr, 128);
	strata_arena_destroy(a);
	EXPECT_EQ(CREATE(.max_bytes = 2 * little), -ENOMEM);
	r = strata_region_thread();
	ASSERT_NE(r, NULL);
	EXPECT_NE(strata_region_alloc(r, 1), NULL);
}

TEST(regions)
{
	strata_arena *a = small_arena(4 * MIB, MIB);
	strata_region *r[4];
	char *data, *p[4];
	size_t bytes, i;

	ASSERT_NE(a, NULL);
	data = strata_arena_data(a, &bytes);
	EXPECT_EQ(bytes, 4 * MIB);
	for (i = 0; i < 4; i++) {
		r[i] = strata_region_create(a);
		ASSERT_NE(r[i], NULL);
		p[i] = strata_region_alloc(r[i], 100);
		EXPECT_EQ(p[i], data + i * MIB);
		memset(p[i], i, 100);
	}
	EXPECT_EQ(strata_region_create(a), NULL);
	EXPECT_EQ(errno, ENOSPC);
	for (i = 0; i < 4; i++)
		EXPECT_TRUE(all_bytes(p[i], i, 100));

	/* The slot of one that was destroyed comes as if it were new. */
	strata_region_destroy(r[2]);
	r[2] = strata_region_create(a);
	ASSERT_NE(r[2], NULL);
	EXPECT_EQ(strata_region_alloc(r[2], 100), p[2]);
	EXPECT_TRUE(all_bytes(p[2], 0, 100));
	EXPECT_EQ(strata_region_create(a), NULL);
	strata_region_destroy(NULL);
	strata_arena_destroy(a);
}

/* Running over the end of a region does not reach the next one. */
TEST(guard)
{
	strata_arena *a = small_arena(4 * MIB, MIB);
	strata_region *r = strata_region_create(a), *next = strata_region_create(a);
	pid_t pid;
	char *p;

	p = strata_region_alloc(r, MIB - PAGE);
	memset(p, 1, MIB - PAGE);
	EXPECT_EQ(strata_region_alloc(next, 1), p + MIB);
	fflush(NULL);
	pid = fork();
	if (!pid) {
		/* The parent's memory is not here: make the same again. */
		a = small_arena(4 * MIB, MIB);
		r = strata_region_create(a);
		p = strata_region_alloc(r, MIB - PAGE);
		memset(p, 1, MIB - PAGE);
		p[MIB - PAGE + (size_t)(*p - 1)] = 1;
		_exit(0);
	}
	EXPECT_EQ(reap(pid), on_device(a) ? -SIGBUS : -SIGSEGV);
	strata_arena_destroy(a);
}

TEST(ten_thousand_regions)
{
	strata_arena *a = small_arena(10000 * SMALL, SMALL);
	strata_region *r;
	int i;

	ASSERT_NE(a, NULL);
	for (i = 0; i < 10000; i++) {
		r = strata_region_create(a);
		ASSERT_NE(r, NULL);
		if (i % 100)
			continue;
		memset(strata_region_alloc(r, 200), 1, 200);
		ASSERT_EQ(stat_of(r).committed, PAGE);
	}
	EXPECT_EQ(strata_region_create(a), NULL);
	strata_arena_destroy(a);
}

static long resident_kib(void)
{
	long kib = -1;
	char line[128];
	FILE *f = fopen("/proc/self/status", "re");

	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "VmRSS: %ld", &kib);
	if (f)
		fclose(f);
	return kib;
}

/* Of idle regions only the records cost anything. */
TEST(idle_regions)
{
	strata_arena *a = small_arena(10000 * SMALL, SMALL);
	long before = resident_kib();
	int i;

	for (i = 0; i < 10000; i++)
		ASSERT_NE(strata_region_create(a), NULL);
	EXPECT_LE(resident_kib() - before, 10000 * 4);
	/* In fact much less. */
	EXPECT_LE(resident_kib() - before, 10000);
	strata_arena_destroy(a);
}

TEST(keep_bytes)
{
	struct strata_arena_opts opts = {
		.size = sizeof(opts), .max_bytes = 4 * MIB, .keep_bytes = 256 * KIB,
	};
	strata_region *r;
	strata_arena *a;

	ASSERT_EQ(strata_arena_create(&opts, &a), 0);
	r = strata_region_create(a);
	memset(strata_region_alloc(r, MIB), 1, MIB);
	strata_region_reset(r);
	EXPECT_GE(strata_region_trim(r), MIB - 256 * KIB);
	EXPECT_EQ(stat_of(r).committed, 256 * KIB);
	EXPECT_EQ(strata_region_trim(r), 0);
	strata_arena_destroy(a);
}

TEST(name_in_maps)
{
	char line[512];
	bool found = false;
	strata_arena *a;
	FILE *f;

	ASSERT_EQ(strata_arena_create(&(struct strata_arena_opts) {
		.size = sizeof(struct strata_arena_opts), .name = "findme" }, &a), 0);
	f = fopen("/proc/self/maps", "re");
	while (fgets(line, sizeof(line), f))
		found |= !!strstr(line, "findme");
	fclose(f);
	if (!found && !on_device(a))
		SKIP(return, "this kernel has no names for anonymous memory");
	EXPECT_TRUE(found);
}

TEST(child_has_none_of_it)
{
	strata_arena *a = small_arena(4 * MIB, MIB);
	strata_region *r = strata_region_create(a);
	strata_mark_t mark = strata_region_push(r);
	char *p = strata_region_strdup(r, "the parent's");
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		if (strata_region_alloc(r, 1) || errno != EPERM ||
		    strata_region_zalloc(r, 1) || strata_region_contains(r, p))
			_exit(1);
		/* What unwinds the stack of the parent has nothing to complain of. */
		if (strata_region_pop(r, mark) || strata_region_alloc(r, 100))
			_exit(2);
		if (strata_region_create(a) || errno != EPERM || strata_region_trim(r))
			_exit(3);
		strata_region_reset(r);
		strata_region_destroy(r);
		strata_arena_destroy(a);
		a = small_arena(4 * MIB, MIB);
		_exit(a && strata_region_create(a) ? 0 : 4);
	}
	EXPECT_EQ(reap(pid), 0);
	EXPECT_STREQ(p, "the parent's");
	EXPECT_EQ(strata_region_pop(r, mark), 0);
	strata_arena_destroy(a);
}

TEST(child_shares_if_asked)
{
	struct strata_arena_opts opts = {
		.size = sizeof(opts), .max_bytes = 4 * MIB, .region_bytes = MIB,
		.flags = STRATA_CREATE_FORK_SHARE,
	};
	strata_region *r, *own;
	strata_arena *a;
	pid_t pid;
	char *p;

	ASSERT_EQ(strata_arena_create(&opts, &a), 0);
	r = strata_region_create(a);
	p = strata_region_strdup(r, "both see this");
	fflush(NULL);
	pid = fork();
	if (!pid) {
		own = strata_region_create(a);
		/* A slot of its own, in memory that both have. */
		if (!own || strata_region_alloc(own, 1) != (char *)strata_arena_data(a, NULL) + MIB)
			_exit(1);
		memcpy(p, "yes, both", 10);
		_exit(0);
	}
	EXPECT_EQ(reap(pid), 0);
	EXPECT_STREQ(p, "yes, both");
	/* The child did not destroy its region: it remains taken. */
	own = strata_region_create(a);
	EXPECT_EQ(strata_region_alloc(own, 1), (char *)strata_arena_data(a, NULL) + 2 * MIB);
	strata_arena_destroy(a);
}

TEST(from_fd)
{
	strata_arena *a = small_arena(4 * MIB, MIB), *b;
	strata_region *r, *s;
	size_t bytes;
	char *p, *q;

	if (!on_device(a))
		SKIP(return, "anonymous memory has no descriptor");
	r = strata_region_create(a);
	p = strata_region_strdup(r, "seen twice");
	ASSERT_EQ(strata_arena_from_fd(strata_arena_fd(a), 0, &b), 0);
	q = strata_arena_data(b, &bytes);
	EXPECT_EQ(bytes, 4 * MIB);
	EXPECT_NE(q, p);
	EXPECT_STREQ(q, "seen twice");
	EXPECT_STREQ(strata_arena_backend(b), "device");
	EXPECT_NE(strata_arena_fd(b), strata_arena_fd(a));
	/* Slots are taken for all. */
	s = strata_region_create(b);
	EXPECT_EQ(strata_region_alloc(s, 1), q + MIB);
	/* The memory lives as long as one of them. */
	strata_arena_destroy(a);
	EXPECT_STREQ(q, "");
	EXPECT_NE(strata_region_strdup(s, "alive"), NULL);
	EXPECT_STREQ(q + MIB + 16, "alive");
	strata_arena_destroy(b);
}

TEST(from_fd_readonly)
{
	strata_arena *a = small_arena(4 * MIB, MIB), *b;
	struct strata_export export = { .size = sizeof(export), .access = O_RDONLY };
	strata_region *r;

	if (!on_device(a))
		SKIP(return, "anonymous memory has no descriptor");
	r = strata_region_create(a);
	EXPECT_NE(strata_region_strdup(r, "look"), NULL);
	ASSERT_EQ(ioctl(strata_arena_fd(a), STRATA_IOC_EXPORT, &export), 0);
	EXPECT_EQ(strata_arena_from_fd(export.out_fd, 0, &b), -EBADF);
	ASSERT_EQ(strata_arena_from_fd(export.out_fd, STRATA_ARENA_READONLY, &b), 0);
	close(export.out_fd);
	EXPECT_STREQ((char *)strata_arena_data(b, NULL), "look");
	EXPECT_EQ(strata_region_create(b), NULL);
	EXPECT_EQ(errno, EBADF);
	strata_arena_destroy(b);
	strata_arena_destroy(a);
}

TEST(from_no_arena)
{
	int null = open("/dev/null", O_RDWR);
	strata_arena *a;

	EXPECT_EQ(strata_arena_from_fd(-1, 0, &a), -EBADF);
	EXPECT_EQ(strata_arena_from_fd(12345, 0, &a), -EBADF);
	EXPECT_EQ(strata_arena_from_fd(null, 0, &a), -EINVAL);
	EXPECT_EQ(strata_arena_from_fd(null, 2, &a), -EINVAL);
	close(null);
}

/* Nothing is left of an arena that is gone: descriptors and address space. */
TEST(leaves_nothing)
{
	int fd = open("/dev/null", O_RDONLY), next, i;
	void *at = NULL;
	strata_arena *a;

	for (i = 0; i < 100; i++) {
		ASSERT_EQ(strata_arena_create(NULL, &a), 0);
		if (at)
			EXPECT_EQ(strata_arena_data(a, NULL), at);
		at = strata_arena_data(a, NULL);
		EXPECT_NE(strata_region_create(a), NULL);
		strata_arena_destroy(a);
	}
	next = open("/dev/null", O_RDONLY);
	EXPECT_EQ(next, fd + 1);
}

TEST_HARNESS_MAIN
