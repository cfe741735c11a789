// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an arena and a user may have, and that what is given back can be had again.
 * Memory cgroups are in memcg.c.
 */
#include "kselftest_harness.h"
#include "arena_util.h"

#define NOBODY	65534

static long parameter(const char *name, long value)
{
	char path[128];
	long old = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/module/strata/parameters/%s", name);
	f = fopen(path, "r+");
	if (!f)
		return -1;
	if (fscanf(f, "%ld", &old) != 1)
		old = -1;
	rewind(f);
	if (value >= 0)
		fprintf(f, "%ld\n", value);
	return fclose(f) ? -1 : old;
}

/* Run @fn as somebody without privileges who may use @dev; its return value. */
static int as_nobody(int (*fn)(int dev))
{
	int dev = open(DEVICE, O_RDWR);
	pid_t pid = fork();

	if (!pid) {
		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(100);
		_exit(fn(dev));
	}
	close(dev);
	return reap(pid);
}

TEST(populate_counts)
{
	struct arena a;

	ASSERT_TRUE(arena_open(&a, 4 * SLOT, SLOT));
	EXPECT_EQ(arena_range(a.fd, STRATA_IOC_POPULATE, 0, 3 * PAGE), (long)(3 * PAGE));
	/* What is there is not counted again. */
	EXPECT_EQ(arena_range(a.fd, STRATA_IOC_POPULATE, PAGE, 4 * PAGE), (long)(2 * PAGE));
	EXPECT_EQ(arena_range(a.fd, STRATA_IOC_POPULATE, 0, 5 * PAGE), 0);
	/* Whole pages inside. */
	EXPECT_EQ(arena_range(a.fd, STRATA_IOC_POPULATE, 10 * PAGE + 1, 3 * PAGE),
		  (long)(2 * PAGE));
	EXPECT_EQ(arena_stat(a.fd, 0).committed, 7 * PAGE);
	EXPECT_EQ(arena_stat(a.fd, 0).faults, 0);
	EXPECT_EQ(a.ctl->committed, 7 * PAGE);
	EXPECT_EQ(a.ctl->limit, 16 * PAGE);
	/* Over regions, without their guards. */
	EXPECT_EQ(arena_range(a.fd, STRATA_IOC_POPULATE, 0, 4 * SLOT),
		  (long)(4 * (SLOT - PAGE) - 7 * PAGE));
	EXPECT_EQ(arena_stat(a.fd, STRATA_REGION_ALL).committed, 4 * (SLOT - PAGE));
	EXPECT_EQ(arena_stat(a.fd, 3).limit, SLOT - PAGE);
	/* Mapped without getting anything more. */
	memset(a.data + 3 * SLOT, 1, SLOT - PAGE);
	EXPECT_EQ(arena_stat(a.fd, 3).grown, SLOT - PAGE);
	arena_close(&a);
}

TEST(trim_gives_back)
{
	struct arena a;
	struct strata_stat stat;
	long free_before = arena_total("committed");

	ASSERT_TRUE(arena_open(&a, 4 * SLOT, SLOT));
	ASSERT_EQ(arena_range(a.fd, STRATA_IOC_POPULATE, 0, 2 * SLOT),
		  (long)(2 * (SLOT - PAGE)));
	memset(a.data, 3, SLOT - PAGE);
	EXPECT_EQ(arena_range(a.fd, STRATA_IOC_TRIM, PAGE + 1, 3 * PAGE), (long)(2 * PAGE));
	EXPECT_EQ(a.data[2 * PAGE - 1], 3);
	EXPECT_EQ(a.data[4 * PAGE], 3);
	stat = arena_stat(a.fd, 0);
	EXPECT_EQ(stat.trimmed, 2 * PAGE);
	EXPECT_EQ(stat.committed, SLOT - 3 * PAGE);
	EXPECT_EQ(stat.hwm, SLOT - PAGE);
	EXPECT_EQ(a.ctl->trimmed, 2 * PAGE);
	EXPECT_EQ(a.ctl->trim_seq, 1);
	EXPECT_EQ(a.ctl->committed, SLOT - 3 * PAGE);
	EXPECT_EQ(a.data[2 * PAGE], 0);
	EXPECT_EQ(arena_range(a.fd, STRATA_IOC_TRIM, 0, 4 * SLOT),
		  (long)(2 * (SLOT - PAGE) - PAGE));
	EXPECT_EQ(arena_range(a.fd, STRATA_IOC_TRIM, 0, 4 * SLOT), 0);
	EXPECT_EQ(arena_total("committed"), free_before);
	stat = arena_stat(a.fd, STRATA_REGION_ALL);
	EXPECT_EQ(stat.committed, 0);
	EXPECT_EQ(stat.grown, stat.trimmed);
	EXPECT_EQ(stat.hwm, 2 * (SLOT - PAGE));
	arena_close(&a);
	EXPECT_TRUE(arena_all_gone());
}

TEST(arena_size)
{
	struct strata_info info = { .size = sizeof(info) };
	struct strata_create how;
	long old = parameter("arena_pages", 1000);
	int dev = open(DEVICE, O_RDWR);

	ASSERT_GT(old, 0);
	EXPECT_EQ(command(dev, STRATA_IOC_INFO, &info), 0);
	EXPECT_EQ(info.max_bytes, 1000 * PAGE);
	how = create_args(1000 * PAGE + 1, 0);
	EXPECT_EQ(command(dev, STRATA_IOC_CREATE, &how), -EOVERFLOW);
	how = create_args(1000 * PAGE, 0);
	EXPECT_EQ(command(dev, STRATA_IOC_CREATE, &how), 0);
	/* All of it can be had, but for the guard, and not a page more. */
	EXPECT_EQ(arena_range(how.out_fd, STRATA_IOC_POPULATE, 0, 1000 * PAGE),
		  (long)(999 * PAGE));
	EXPECT_EQ(arena_range(how.out_fd, STRATA_IOC_POPULATE, 0, 1000 * PAGE + 1), -EOVERFLOW);
	close(how.out_fd);
	close(dev);
	EXPECT_EQ(parameter("arena_pages", old), 1000);
}

static int three_arenas(int dev)
{
	struct strata_create how[3];
	int i, err;

	for (i = 0; i < 3; i++) {
		how[i] = create_args(MIB, 0);
		err = command(dev, STRATA_IOC_CREATE, &how[i]);
		if (i < 2 ? err : err != -EDQUOT)
			return 1 + i;
	}
	/* Room again when one is gone. */
	close(how[0].out_fd);
	how[2] = create_args(MIB, 0);
	return command(dev, STRATA_IOC_CREATE, &how[2]) ? 10 : 0;
}

TEST(user_arenas)
{
	long old = parameter("user_arenas", 2);

	ASSERT_GT(old, 0);
	EXPECT_EQ(as_nobody(three_arenas), 0);
	/* Nothing stays on the account of who is gone. */
	EXPECT_EQ(as_nobody(three_arenas), 0);
	EXPECT_EQ(parameter("user_arenas", old), 2);
	EXPECT_TRUE(arena_all_gone());
}

TEST(user_arenas_privileged)
{
	long old = parameter("user_arenas", 1);
	struct arena a[3];
	int i;

	ASSERT_GT(old, 0);
	for (i = 0; i < 3; i++)
		EXPECT_TRUE(arena_open(&a[i], MIB, 0));
	for (i = 0; i < 3; i++)
		arena_close(&a[i]);
	EXPECT_EQ(parameter("user_arenas", old), 1);
}

#define QUOTA	64	/* pages */

static int over_quota(int dev)
{
	struct strata_range range = { .size = sizeof(range), .len = 2 * QUOTA * PAGE };
	struct arena a = { .how = create_args(SLOT, 0) };
	size_t i;

	if (command(dev, STRATA_IOC_CREATE, &a.how))
		return 1;
	a.fd = a.how.out_fd;
	if (command(a.fd, STRATA_IOC_POPULATE, &range) != -EDQUOT)
		return 2;
	/* How far it got, with a page or so for control. */
	if (range.out_bytes > QUOTA * PAGE || range.out_bytes < (QUOTA - 16) * PAGE)
		return 3;
	if (arena_stat(a.fd, 0).committed != range.out_bytes)
		return 4;
	if (!arena_map(&a, PROT_READ | PROT_WRITE))
		return 5;
	for (i = 0; i < 2 * QUOTA; i++)
		if (try_access(a.data + i * PAGE, true))
			break;
	if (i != arena_stat(a.fd, 0).committed / PAGE || i != QUOTA - 1)
		return 6;
	/* What is given back can be had elsewhere. */
	if (arena_range(a.fd, STRATA_IOC_TRIM, 0, PAGE) != (long)PAGE)
		return 7;
	if (try_access(a.data + i * PAGE, true) || !try_access(a.data, true))
		return 8;
	return 0;
}

TEST(user_pages)
{
	long old = parameter("user_pages", QUOTA);

	ASSERT_GE(old, 0);
	EXPECT_EQ(as_nobody(over_quota), 0);
	EXPECT_EQ(as_nobody(over_quota), 0);
	EXPECT_EQ(parameter("user_pages", old), QUOTA);
	EXPECT_TRUE(arena_all_gone());
}

TEST(user_pages_privileged)
{
	long old = parameter("user_pages", QUOTA);
	struct arena a;

	ASSERT_GE(old, 0);
	ASSERT_TRUE(arena_open(&a, SLOT, 0));
	EXPECT_EQ(arena_range(a.fd, STRATA_IOC_POPULATE, 0, 2 * QUOTA * PAGE),
		  (long)(2 * QUOTA * PAGE));
	arena_close(&a);
	EXPECT_EQ(parameter("user_pages", old), QUOTA);
}

TEST_HARNESS_MAIN
