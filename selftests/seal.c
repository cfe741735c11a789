// SPDX-License-Identifier: GPL-2.0-only
/*
 * Seals: what each stops, for everybody and for good.
 */
#include "kselftest_harness.h"
#include "arena_util.h"
#include <sys/uio.h>

#define RW	(PROT_READ | PROT_WRITE)

static int seal(int fd, __u32 seals)
{
	struct strata_seal seal = { .size = sizeof(seal), .seals = seals };
	int err = command(fd, STRATA_IOC_SEAL, &seal);

	return err ?: (int)seal.seals;
}

static int export(int fd, unsigned int access)
{
	struct strata_export export = { .size = sizeof(export), .access = access };
	int err = command(fd, STRATA_IOC_EXPORT, &export);

	return err ?: export.out_fd;
}

FIXTURE(seal)
{
	struct arena a;
};

FIXTURE_SETUP(seal)
{
	ASSERT_TRUE(arena_open(&self->a, 4 * MIB, MIB));
	put_text(self->a.data, "before");
}

FIXTURE_TEARDOWN(seal)
{
	arena_close(&self->a);
	EXPECT_TRUE(arena_all_gone());
}

TEST_F(seal, growth)
{
	int fd = self->a.fd;

	EXPECT_EQ(seal(fd, 0), 0);
	EXPECT_EQ(seal(fd, STRATA_SEAL_GROW), STRATA_SEAL_GROW);
	EXPECT_EQ(seal(fd, 0), STRATA_SEAL_GROW);
	EXPECT_EQ(seal(fd, STRATA_SEAL_GROW), STRATA_SEAL_GROW);
	EXPECT_EQ(try_access(self->a.data + PAGE, true), SIGBUS);
	EXPECT_EQ(try_access(self->a.data + MIB, false), SIGBUS);
	EXPECT_EQ(arena_range(fd, STRATA_IOC_POPULATE, MIB, MIB), -EPERM);
	EXPECT_EQ(arena_stat(fd, STRATA_REGION_ALL).committed, PAGE);
	/* What there is can be used, and given back, but not had again. */
	put_text(self->a.data, "after");
	EXPECT_STREQ(self->a.data, "after");
	EXPECT_EQ(arena_range(fd, STRATA_IOC_TRIM, 0, MIB), (long)PAGE);
	EXPECT_EQ(try_access(self->a.data, true), SIGBUS);
}

TEST_F(seal, seals)
{
	int fd = self->a.fd;

	EXPECT_EQ(seal(fd, STRATA_SEAL_SEAL), STRATA_SEAL_SEAL);
	EXPECT_EQ(seal(fd, STRATA_SEAL_GROW), -EPERM);
	EXPECT_EQ(seal(fd, STRATA_SEAL_SEAL), STRATA_SEAL_SEAL);
	EXPECT_EQ(try_access(self->a.data + PAGE, true), 0);
}

TEST_F(seal, read_only_descriptor)
{
	int ro = export(self->a.fd, O_RDONLY);

	ASSERT_GE(ro, 0);
	EXPECT_EQ(seal(ro, STRATA_SEAL_GROW), -EBADF);
	EXPECT_EQ(try_access(self->a.data + PAGE, true), 0);
	close(ro);
}

TEST_F(seal, writes)
{
	int fd = self->a.fd, ro = export(fd, O_RDONLY);
	char *reader, *copy;

	ASSERT_GE(ro, 0);
	reader = mmap(NULL, MIB, PROT_READ, MAP_SHARED, ro, 0);
	ASSERT_NE(reader, MAP_FAILED);
	EXPECT_STREQ(reader, "before");
	/* Not while somebody could write, be it to a control page. */
	EXPECT_EQ(seal(fd, STRATA_SEAL_WRITE), -EBUSY);
	munmap(self->a.data, self->a.data_len);
	EXPECT_EQ(seal(fd, STRATA_SEAL_WRITE), -EBUSY);
	munmap(self->a.ctl, self->a.ctl_len);
	EXPECT_EQ(seal(fd, STRATA_SEAL_WRITE), STRATA_SEAL_WRITE);

	EXPECT_STREQ(reader, "before");
	EXPECT_EQ(mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0), MAP_FAILED);
	EXPECT_EQ(errno, EPERM);
	EXPECT_EQ(arena_range(fd, STRATA_IOC_TRIM, 0, MIB), -EPERM);
	EXPECT_EQ(arena_range(fd, STRATA_IOC_POPULATE, 0, MIB), -EPERM);

	/* A copy that is written to is the process's own. */
	copy = mmap(NULL, MIB, RW, MAP_PRIVATE, fd, 0);
	ASSERT_NE(copy, MAP_FAILED);
	EXPECT_STREQ(copy, "before");
	put_text(copy, "mine");
	EXPECT_STREQ(copy, "mine");
	EXPECT_STREQ(reader, "before");
	EXPECT_EQ(try_access(copy + PAGE, false), SIGBUS);
	EXPECT_EQ(mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0), MAP_FAILED);
	munmap(copy, MIB);
	munmap(reader, MIB);
	close(ro);
}

/* A page on its way through the kernel could still be written to. */
TEST_F(seal, writes_under_way)
{
	struct iovec iov = { self->a.data, PAGE };
	int fd = self->a.fd, fds[2];
	static char sink[1 << 16];

	ASSERT_EQ(pipe(fds), 0);
	ASSERT_EQ(vmsplice(fds[1], &iov, 1, 0), (long)PAGE);
	munmap(self->a.data, self->a.data_len);
	munmap(self->a.ctl, self->a.ctl_len);
	EXPECT_EQ(seal(fd, STRATA_SEAL_WRITE), -EBUSY);
	ASSERT_EQ(read(fds[0], sink, sizeof(sink)), (long)PAGE);
	EXPECT_STREQ(sink, "before");
	/* As if nothing had been asked, then as asked. */
	self->a.data = mmap(NULL, self->a.data_len, RW, MAP_SHARED, fd, 0);
	ASSERT_NE(self->a.data, MAP_FAILED);
	munmap(self->a.data, self->a.data_len);
	close(fds[0]);
	close(fds[1]);
	EXPECT_EQ(seal(fd, STRATA_SEAL_WRITE), STRATA_SEAL_WRITE);
}

TEST_HARNESS_MAIN
