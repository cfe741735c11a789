// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every allocation behind the commands of /dev/strata fails once: the first,
 * then the second, and so on until a run needs none of them. Each failure is
 * one that the caller can tell, and leaves nothing behind.
 */
#include "kselftest_harness.h"
#include "arena_util.h"

#define FAIL_NTH	"/proc/thread-self/fail-nth"
#define MOST	1000
#define SOME	(64UL * 1024)

/* Sleeping allocations too, and without a word in the log. */
static bool fail_setup(void)
{
	static const char * const settings[][2] = {
		{ "failslab/ignore-gfp-wait", "N" },
		{ "failslab/verbose", "0" },
		{ "fail_page_alloc/ignore-gfp-wait", "N" },
		{ "fail_page_alloc/ignore-gfp-highmem", "N" },
		{ "fail_page_alloc/min-order", "0" },
		{ "fail_page_alloc/verbose", "0" },
		{ "fail_usercopy/verbose", "0" },
	};
	char path[128];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		FILE *f;

		snprintf(path, sizeof(path), "/sys/kernel/debug/%s", settings[i][0]);
		f = fopen(path, "w");
		if (f)
			fputs(settings[i][1], f);
		if ((!f || fclose(f)) && i < ARRAY_SIZE(settings) - 1)
			return false;
	}
	return !access(FAIL_NTH, W_OK);
}

/* Is @got, bytes or an error, one that a failure explains? Say so if not. */
static bool fine(const char *what, long got, long want)
{
	/* Copies from and to the caller are made to fail as well. */
	if (got == want || got == -ENOMEM || got == -EFAULT)
		return true;
	printf("# %s: %ld, not %ld\n", what, got, want);
	return false;
}

/* All commands in turn, as far as it goes. False: something is wrong. */
static bool use_arena(int dev)
{
	struct strata_export export = { .size = sizeof(export), .access = O_RDONLY };
	struct arena a = { .how = create_args(4 * MIB, MIB) };
	bool ok = true;
	long got;

	got = command(dev, STRATA_IOC_CREATE, &a.how);
	if (got)
		return fine("create", got, 0);
	a.fd = a.how.out_fd;
	got = arena_range(a.fd, STRATA_IOC_POPULATE, MIB - SOME, 2 * SOME);
	ok &= fine("populate", got, 2 * SOME - PAGE);
	got = command(a.fd, STRATA_IOC_EXPORT, &export);
	ok &= fine("export", got, 0);
	if (!got)
		close(export.out_fd);
	if (arena_map(&a, PROT_READ | PROT_WRITE)) {
		/* A page fault is tried again. */
		memset(a.data, 1, 2 * PAGE);
		memset(a.data + 3 * MIB + MIB / 2, 1, SOME);
		ok &= a.ctl[3].committed == SOME || fine("fault", a.ctl[3].committed, SOME);
	}
	/* What failed once does not a second time. */
	got = arena_range(a.fd, STRATA_IOC_TRIM, 0, 4 * MIB);
	if (got < 0) {
		ok &= fine("trim", got, 0);
		got = arena_range(a.fd, STRATA_IOC_TRIM, 0, 4 * MIB);
		ok &= got >= 0 || fine("trim again", got, 0);
	}
	got = arena_stat(a.fd, STRATA_REGION_ALL).committed;
	if (got < 0)
		got = arena_stat(a.fd, STRATA_REGION_ALL).committed;
	close(a.fd);
	return ok && fine("stat", got, 0);
}

enum { OK, DONE, WRONG };

/* In a process of its own, which takes along what it could not unmap. */
static int use_arena_once(int dev, int nth)
{
	char text[16] = {};
	pid_t pid = fork();
	int fd;

	if (pid)
		return reap(pid);
	fd = open(FAIL_NTH, O_RDWR);
	snprintf(text, sizeof(text), "%d", nth);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		_exit(WRONG);
	if (!use_arena(dev))
		_exit(WRONG);
	/* How many more there could be: what nobody needed is still to come. */
	if (pread(fd, text, sizeof(text) - 1, 0) < 0)
		_exit(DONE);
	_exit(atoi(text) ? DONE : OK);
}

FIXTURE(failnth)
{
};

FIXTURE_SETUP(failnth)
{
}

FIXTURE_TEARDOWN(failnth)
{
}

/* Hundreds of runs, slow ones where memory is watched. */
TEST_F_TIMEOUT(failnth, every_allocation, 300)
{
	int dev = open(DEVICE, O_RDWR), nth, ret = OK;

	ASSERT_GE(dev, 0);
	if (!fail_setup())
		SKIP(return, "no fault injection in this kernel");
	for (nth = 1; nth < MOST && ret == OK; nth++) {
		ret = use_arena_once(dev, nth);
		ASSERT_NE(ret, WRONG)
			TH_LOG("allocation %d", nth);
		ASSERT_TRUE(arena_all_gone())
			TH_LOG("allocation %d", nth);
	}
	/* It took some, and they ended. */
	EXPECT_EQ(ret, DONE);
	EXPECT_GT(nth, 10);
	close(dev);
}

TEST_HARNESS_MAIN
