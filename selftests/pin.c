// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of an arena that the kernel holds on to, with a sample module that does
 * so for us: it is the same memory, it stays where it is, and it is accounted for.
 */
#include "kselftest_harness.h"
#include "arena_util.h"
#include "module_util.h"
#include <sys/resource.h>

#define STREAM	"/sys/kernel/debug/strata_stream/"

FIXTURE(pin)
{
	struct arena a;
};

FIXTURE_SETUP(pin)
{
	module_unload("strata_stream");
	ASSERT_EQ(module_load("strata_stream"), 0);
	ASSERT_TRUE(arena_open(&self->a, 4 * SLOT, SLOT));
}

FIXTURE_TEARDOWN(pin)
{
	arena_close(&self->a);
	EXPECT_EQ(module_unload("strata_stream"), 0);
	EXPECT_TRUE(arena_all_gone());
}

static int hold(int fd, long long off, long long len, char how)
{
	return module_tell(STREAM "hold", "%d %llu %llu %c", fd, off, len, how);
}

static int release(void)
{
	return module_tell(STREAM "release", "0");
}

static int put_held(const char *text)
{
	return module_tell(STREAM "held", "%s", text);
}

/* What the module sees, @n bytes of it. */
static bool get_held(char *to, size_t n)
{
	int fd = open(STREAM "held", O_RDONLY);
	bool ok = read(fd, to, n) == (ssize_t)n;

	close(fd);
	return ok;
}

TEST_F(pin, same_memory)
{
	char *p = self->a.data + SLOT + 3 * PAGE + 100, seen[6];

	put_text(p, "mine");
	ASSERT_EQ(hold(self->a.fd, p - self->a.data, 2 * PAGE, 'w'), 0);
	ASSERT_TRUE(get_held(seen, 5));
	EXPECT_STREQ(seen, "mine");
	ASSERT_EQ(put_held("yours"), 0);
	EXPECT_STREQ(p, "yours");
	EXPECT_EQ(p[2 * PAGE - 1], 0);
	put_text(p, "again");
	ASSERT_TRUE(get_held(seen, 6));
	EXPECT_STREQ(seen, "again");
	EXPECT_EQ(release(), 0);
	EXPECT_STREQ(p, "again");
}

/* What is not there comes, zeroed; what is held for reading is not written to. */
TEST_F(pin, commits)
{
	char seen[64] = { 1 };

	ASSERT_EQ(hold(self->a.fd, 100 * PAGE, 20 * PAGE, 'r'), 0);
	EXPECT_EQ(arena_stat(self->a.fd, 0).committed, 20 * PAGE);
	ASSERT_TRUE(get_held(seen, sizeof(seen)));
	EXPECT_TRUE(is_zero(seen, sizeof(seen)));
	EXPECT_EQ(put_held("x"), -EACCES);
	EXPECT_EQ(hold(self->a.fd, 0, 1, 'r'), -EBUSY);
	EXPECT_EQ(release(), 0);
}

TEST_F(pin, stays)
{
	memset(self->a.data, 1, 64 * PAGE);
	memset(self->a.data + SLOT, 2, 64 * PAGE);
	ASSERT_EQ(hold(self->a.fd, 10 * PAGE + 1, PAGE, 'r'), 0);
	EXPECT_EQ(arena_stat(self->a.fd, 0).pinned, 2 * PAGE);
	EXPECT_EQ(arena_stat(self->a.fd, 1).pinned, 0);
	EXPECT_EQ(arena_stat(self->a.fd, STRATA_REGION_ALL).pinned, 2 * PAGE);
	EXPECT_EQ(arena_range(self->a.fd, STRATA_IOC_TRIM, 0, 4 * SLOT), -EBUSY);
	EXPECT_EQ(arena_range(self->a.fd, STRATA_IOC_TRIM, 11 * PAGE, PAGE), -EBUSY);
	/* On either side of it, and elsewhere. */
	EXPECT_EQ(arena_range(self->a.fd, STRATA_IOC_TRIM, 0, 10 * PAGE), (long)(10 * PAGE));
	EXPECT_EQ(arena_range(self->a.fd, STRATA_IOC_TRIM, 12 * PAGE, SLOT - 12 * PAGE),
		  (long)(52 * PAGE));
	EXPECT_EQ(arena_range(self->a.fd, STRATA_IOC_TRIM, SLOT, SLOT), (long)(64 * PAGE));
	EXPECT_EQ(self->a.data[10 * PAGE], 1);
	EXPECT_EQ(release(), 0);
	EXPECT_EQ(arena_stat(self->a.fd, STRATA_REGION_ALL).pinned, 0);
	EXPECT_EQ(arena_range(self->a.fd, STRATA_IOC_TRIM, 0, 4 * SLOT), (long)(2 * PAGE));
}

TEST_F(pin, bad_ranges)
{
	int fd = self->a.fd;

	EXPECT_EQ(hold(fd, 0, 0, 'r'), -EINVAL);
	EXPECT_EQ(hold(fd, 4 * SLOT, 1, 'r'), -EOVERFLOW);
	EXPECT_EQ(hold(fd, 4 * SLOT - 1, 2, 'r'), -EOVERFLOW);
	EXPECT_EQ(hold(fd, -1, 2, 'r'), -EOVERFLOW);
	EXPECT_EQ(hold(fd, 1, -1, 'r'), -EOVERFLOW);
	/* The guard, and over it into the next region. */
	EXPECT_EQ(hold(fd, SLOT - 1, 1, 'r'), -EINVAL);
	EXPECT_EQ(hold(fd, SLOT - PAGE - 1, 2, 'r'), -EINVAL);
	EXPECT_EQ(hold(fd, SLOT - 2 * PAGE, 4 * PAGE, 'r'), -EINVAL);
	EXPECT_EQ(arena_stat(fd, STRATA_REGION_ALL).committed, 0);
	EXPECT_EQ(arena_stat(fd, STRATA_REGION_ALL).pinned, 0);
}

TEST_F(pin, bad_descriptors)
{
	struct strata_export export = { .size = sizeof(export), .access = O_RDONLY };
	int dev = open(DEVICE, O_RDWR);

	EXPECT_EQ(hold(-1, 0, 1, 'r'), -EBADF);
	EXPECT_EQ(hold(999, 0, 1, 'r'), -EBADF);
	EXPECT_EQ(hold(dev, 0, 1, 'r'), -EINVAL);
	EXPECT_EQ(hold(0, 0, 1, 'r'), -EINVAL);
	ASSERT_EQ(command(self->a.fd, STRATA_IOC_EXPORT, &export), 0);
	EXPECT_EQ(hold(export.out_fd, 0, 1, 'r'), -EBADF);
	close(export.out_fd);
	close(dev);
}

TEST_F(pin, seals)
{
	struct strata_seal seal = { .size = sizeof(seal), .seals = STRATA_SEAL_WRITE };

	self->a.data[0] = 1;
	munmap(self->a.data, self->a.data_len);
	munmap(self->a.ctl, self->a.ctl_len);
	ASSERT_EQ(hold(self->a.fd, 0, PAGE, 'w'), 0);
	EXPECT_EQ(command(self->a.fd, STRATA_IOC_SEAL, &seal), -EBUSY);
	EXPECT_EQ(release(), 0);
	ASSERT_EQ(hold(self->a.fd, 0, PAGE, 'r'), 0);
	EXPECT_EQ(command(self->a.fd, STRATA_IOC_SEAL, &seal), 0);
	EXPECT_EQ(release(), 0);
	EXPECT_EQ(hold(self->a.fd, 0, PAGE, 'w'), -EPERM);
	EXPECT_EQ(hold(self->a.fd, 0, 2 * PAGE, 'r'), -EPERM);
	EXPECT_EQ(hold(self->a.fd, 0, PAGE, 'r'), 0);
	EXPECT_EQ(release(), 0);
}

/* RLIMIT_MEMLOCK is for those without CAP_IPC_LOCK. */
static int over_limit(int fd, int file)
{
	struct rlimit limit = { 4 * PAGE, 4 * PAGE };
	char line[64];
	int n;

	if (setrlimit(RLIMIT_MEMLOCK, &limit) || setgid(65534) || setuid(65534))
		return 1;
	n = snprintf(line, sizeof(line), "%d 0 %zu w", fd, 5 * PAGE);
	if (write(file, line, n) != -1 || errno != ENOMEM)
		return 2;
	n = snprintf(line, sizeof(line), "%d 0 %zu w", fd, 4 * PAGE);
	return write(file, line, n) != n ? 3 : 0;
}

static long locked_kib(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[256];
	long kib = -1;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmLck: %ld kB", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib;
}

TEST_F(pin, memlock)
{
	long before = locked_kib();
	int file = open(STREAM "hold", O_WRONLY);
	pid_t pid;

	ASSERT_GE(file, 0);
	ASSERT_EQ(hold(self->a.fd, 0, 8 * PAGE, 'w'), 0);
	EXPECT_EQ(locked_kib() - before, (long)(8 * PAGE / 1024));
	EXPECT_EQ(release(), 0);
	EXPECT_EQ(locked_kib(), before);

	pid = fork();
	if (!pid)
		_exit(over_limit(self->a.fd, file));
	EXPECT_EQ(reap(pid), 0);
	/* Held beyond the life of who asked for it. */
	EXPECT_EQ(arena_stat(self->a.fd, 0).pinned, 4 * PAGE);
	EXPECT_EQ(release(), 0);
	close(file);
}

/* The last one to hold the arena is the module. */
TEST_F(pin, outlives)
{
	char seen[5];

	put_text(self->a.data, "last");
	ASSERT_EQ(hold(self->a.fd, 0, PAGE, 'r'), 0);
	arena_close(&self->a);
	EXPECT_EQ(arena_total("arenas"), 1);
	ASSERT_TRUE(get_held(seen, 5));
	EXPECT_STREQ(seen, "last");
	EXPECT_EQ(release(), 0);
	EXPECT_TRUE(arena_all_gone());
	ASSERT_TRUE(arena_open(&self->a, SLOT, 0));
}

TEST_F(pin, huge)
{
	struct arena b = { .how = create_args(16 * MIB, 0) };
	char seen[5];

	b.how.flags = STRATA_CREATE_HUGE;
	b.fd = arena_create(&b.how);
	ASSERT_GE(b.fd, 0);
	ASSERT_TRUE(arena_map(&b, PROT_READ | PROT_WRITE));
	memset(b.data, 1, 8 * MIB);
	put_text(b.data + 3 * MIB - 2, "over");
	ASSERT_EQ(hold(b.fd, 3 * MIB - 2, 2 * MIB, 'w'), 0);
	ASSERT_TRUE(get_held(seen, 5));
	EXPECT_STREQ(seen, "over");
	EXPECT_EQ(arena_range(b.fd, STRATA_IOC_TRIM, 0, 2 * MIB), (long)(2 * MIB));
	EXPECT_EQ(arena_range(b.fd, STRATA_IOC_TRIM, 2 * MIB, 2 * MIB), -EBUSY);
	EXPECT_EQ(arena_range(b.fd, STRATA_IOC_TRIM, 6 * MIB, 2 * MIB), (long)(2 * MIB));
	EXPECT_EQ(release(), 0);
	arena_close(&b);
}

TEST_HARNESS_MAIN
