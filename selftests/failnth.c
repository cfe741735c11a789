// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every allocation behind the commands of /dev/strata fails once: the first,
 * then the second, and so on until a run needs none of them. Each failure is
 * one that the caller can tell, and leaves nothing behind.
 */
#include "kselftest_harness.h"
#include "arena_util.h"

#define MOST	1000
#define SOME	(64UL * 1024)

/* Let the @nth allocation of this thread from now on fail; 0: none. */
static bool fail_nth(int nth)
{
	char text[16];
	int fd = open("/proc/thread-self/fail-nth", O_RDWR);
	int len = snprintf(text, sizeof(text), "%d", nth);
	bool ok = fd >= 0 && write(fd, text, len) == len;

	close(fd);
	return ok;
}

/* True if the failure asked for has not come yet. */
static bool fail_pending(void)
{
	char text[16] = "0";
	int fd = open("/proc/thread-self/fail-nth", O_RDWR);
	bool pending;

	pending = fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 && atoi(text);
	close(fd);
	return pending;
}

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
	return fail_nth(0);
}

/* Copies from and to the caller are made to fail as well. */
static bool may_fail(int err)
{
	return !err || err == -ENOMEM || err == -EFAULT;
}

/* All commands in turn, as far as it goes. False: something is wrong. */
static bool use_arena(int dev)
{
	struct strata_export export = { .size = sizeof(export), .access = O_RDONLY };
	struct strata_create how = create_args(4 * MIB, MIB);
	struct arena a = { .how = how };
	bool ok = true;
	long got;

	got = command(dev, STRATA_IOC_CREATE, &a.how);
	if (got)
		return may_fail(got);
	a.fd = a.how.out_fd;
	got = arena_range(a.fd, STRATA_IOC_POPULATE, MIB - SOME, 2 * SOME);
	ok = got >= 0 ? got == (long)(2 * SOME - PAGE) : may_fail(got);
	got = command(a.fd, STRATA_IOC_EXPORT, &export);
	ok = ok && may_fail(got);
	if (!got)
		close(export.out_fd);
	if (arena_map(&a, PROT_READ | PROT_WRITE)) {
		/* A page fault is tried again. */
		memset(a.data, 1, 2 * PAGE);
		memset(a.data + 3 * MIB + MIB / 2, 1, SOME);
		ok = ok && a.ctl[3].committed == SOME;
	}
	got = arena_range(a.fd, STRATA_IOC_TRIM, 0, 4 * MIB);
	ok = ok && (got >= 0 || may_fail(got));
	/* What failed once does not a second time. */
	if (got < 0)
		ok = ok && arena_range(a.fd, STRATA_IOC_TRIM, 0, 4 * MIB) >= 0;
	got = arena_stat(a.fd, STRATA_REGION_ALL).committed;
	if (got < 0)
		got = arena_stat(a.fd, STRATA_REGION_ALL).committed;
	close(a.fd);
	return ok && !got;
}

enum { OK, DONE, WRONG };

/* In a process of its own, which takes along what it could not unmap. */
static int use_arena_once(int dev, int nth)
{
	pid_t pid = fork();
	bool ok, pending;

	if (pid)
		return reap(pid);
	if (!fail_nth(nth))
		_exit(WRONG);
	ok = use_arena(dev);
	pending = fail_pending();
	_exit(!fail_nth(0) || !ok ? WRONG : pending ? DONE : OK);
}

TEST(every_allocation)
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
