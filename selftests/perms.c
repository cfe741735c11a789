// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may do what: the node in /dev, and descriptors that are read-only.
 */
#include "kselftest_harness.h"
#include "arena_util.h"

#define NOBODY	65534

static int export(int fd, unsigned int access)
{
	struct strata_export export = { .size = sizeof(export), .access = access };
	int err = command(fd, STRATA_IOC_EXPORT, &export);

	return err ?: export.out_fd;
}

TEST(node)
{
	struct stat st;
	pid_t pid;

	ASSERT_EQ(stat(DEVICE, &st), 0);
	EXPECT_TRUE(S_ISCHR(st.st_mode));
	EXPECT_EQ(st.st_mode & 0777, 0660);
	EXPECT_EQ(st.st_uid, 0);

	pid = fork();
	if (!pid) {
		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(2);
		_exit(open(DEVICE, O_RDONLY) >= 0 || errno != EACCES);
	}
	EXPECT_EQ(reap(pid), 0);
}

FIXTURE(perms)
{
	struct arena a, ro;
};

FIXTURE_SETUP(perms)
{
	ASSERT_TRUE(arena_open(&self->a, MIB, 0));
	self->ro.how = self->a.how;
	self->ro.fd = export(self->a.fd, O_RDONLY);
	ASSERT_GE(self->ro.fd, 0);
}

FIXTURE_TEARDOWN(perms)
{
	close(self->ro.fd);
	arena_close(&self->a);
}

TEST_F(perms, read_only_mappings)
{
	size_t len = self->a.data_len;

	EXPECT_EQ(fcntl(self->ro.fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	EXPECT_EQ(mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, self->ro.fd, 0),
		  MAP_FAILED);
	EXPECT_EQ(errno, EACCES);
	ASSERT_TRUE(arena_map(&self->ro, PROT_READ));
	EXPECT_EQ(mprotect(self->ro.data, PAGE, PROT_READ | PROT_WRITE), -1);
	EXPECT_EQ(errno, EACCES);

	put_text(self->a.data, "seen");
	EXPECT_STREQ(self->ro.data, "seen");
	EXPECT_EQ(self->ro.ctl->committed, self->a.ctl->committed);
	EXPECT_EQ(try_access(self->ro.data, true), SIGSEGV);
	EXPECT_STREQ(self->a.data, "seen");
}

/* Who may only read does not make the arena bigger. */
TEST_F(perms, readers_do_not_grow)
{
	ASSERT_TRUE(arena_map(&self->ro, PROT_READ));
	EXPECT_EQ(try_access(self->ro.data, false), SIGBUS);
	EXPECT_EQ(arena_stat(self->a.fd, 0).committed, 0);
	self->a.data[0] = 1;
	EXPECT_EQ(try_access(self->ro.data, false), 0);
	EXPECT_EQ(arena_range(self->ro.fd, STRATA_IOC_POPULATE, 0, PAGE), -EBADF);
	EXPECT_EQ(arena_range(self->ro.fd, STRATA_IOC_TRIM, 0, PAGE), -EBADF);
	EXPECT_EQ(self->a.data[0], 1);
	EXPECT_EQ(arena_stat(self->ro.fd, 0).committed, PAGE);
}

TEST_F(perms, no_way_back)
{
	char path[64];
	int fd;

	EXPECT_EQ(export(self->ro.fd, O_RDWR), -EBADF);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->ro.fd);
	EXPECT_EQ(open(path, O_RDWR), -1);

	fd = export(self->ro.fd, O_RDONLY);
	EXPECT_GE(fd, 0);
	close(fd);
	fd = export(self->a.fd, O_RDWR);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(arena_range(fd, STRATA_IOC_POPULATE, 0, PAGE), PAGE);
	close(fd);
}

/* An arena can be told from others by whoever looks at the process. */
TEST_F(perms, name)
{
	char line[512], path[64];
	bool maps = false, info = false;
	FILE *f;

	f = fopen("/proc/self/maps", "r");
	ASSERT_NE(f, NULL);
	while (fgets(line, sizeof(line), f))
		maps |= !!strstr(line, "strata:test\n");
	fclose(f);
	EXPECT_TRUE(maps);

	self->a.data[0] = 1;
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", self->a.fd);
	f = fopen(path, "r");
	ASSERT_NE(f, NULL);
	while (fgets(line, sizeof(line), f)) {
		unsigned long bytes;

		if (sscanf(line, "strata-committed: %lu", &bytes) == 1)
			info = bytes == PAGE;
	}
	fclose(f);
	EXPECT_TRUE(info);
}

TEST_HARNESS_MAIN
