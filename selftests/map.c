// SPDX-License-Identifier: GPL-2.0-only
/*
 * mmap() of an arena and what may be done to the mapping after that.
 */
#include "kselftest_harness.h"
#include "arena_util.h"
#include "module_util.h"
#include <sys/personality.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>

#define RW	(PROT_READ | PROT_WRITE)

FIXTURE(map)
{
	struct arena a;
	size_t total;
};

FIXTURE_SETUP(map)
{
	ASSERT_TRUE(arena_open(&self->a, 4 * SLOT, SLOT));
	self->total = self->a.how.out_ctl_off + self->a.ctl_len;
}

FIXTURE_TEARDOWN(map)
{
	arena_close(&self->a);
}

static int map_error(int fd, size_t len, int prot, int flags, off_t off)
{
	void *p = mmap(NULL, len, prot, flags, fd, off);

	if (p == MAP_FAILED)
		return errno;
	munmap(p, len);
	return 0;
}

TEST_F(map, shared_only)
{
	EXPECT_EQ(map_error(self->a.fd, PAGE, RW, MAP_SHARED, 0), 0);
	EXPECT_EQ(map_error(self->a.fd, PAGE, RW, MAP_PRIVATE, 0), EINVAL);
	EXPECT_EQ(map_error(self->a.fd, PAGE, PROT_READ, MAP_PRIVATE, 0), EINVAL);
}

TEST_F(map, never_executable)
{
	EXPECT_EQ(map_error(self->a.fd, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, 0), EPERM);
	EXPECT_EQ(mprotect(self->a.data, PAGE, PROT_READ | PROT_EXEC), -1);
	EXPECT_EQ(errno, EACCES);
	/* Nor for an old program, for which what it can read it can run. */
	ASSERT_GE(personality(READ_IMPLIES_EXEC), 0);
	EXPECT_EQ(map_error(self->a.fd, PAGE, RW, MAP_SHARED, 0), 0);
}

TEST_F(map, offset_and_length)
{
	int fd = self->a.fd;
	size_t total = self->total;

	EXPECT_EQ(map_error(fd, total, RW, MAP_SHARED, 0), 0);
	EXPECT_EQ(map_error(fd, total + PAGE, RW, MAP_SHARED, 0), EINVAL);
	EXPECT_EQ(map_error(fd, PAGE, RW, MAP_SHARED, total - PAGE), 0);
	EXPECT_EQ(map_error(fd, PAGE, RW, MAP_SHARED, total), EINVAL);
	EXPECT_EQ(map_error(fd, 2 * PAGE, RW, MAP_SHARED, total - PAGE), EINVAL);
	EXPECT_NE(map_error(fd, PAGE, RW, MAP_SHARED, -(off_t)PAGE), 0);
	EXPECT_NE(map_error(fd, PAGE, RW, MAP_SHARED, 1LL << 62), 0);
}

TEST_F(map, in_parts)
{
	char *part = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, self->a.fd, SLOT + 3 * PAGE);

	ASSERT_NE(part, MAP_FAILED);
	put_text(part + PAGE, "same");
	EXPECT_STREQ(self->a.data + SLOT + 4 * PAGE, "same");
	/* From the middle to the ends. */
	munmap(part + PAGE, 2 * PAGE);
	put_text(part, "left");
	put_text(part + 3 * PAGE, "right");
	EXPECT_STREQ(self->a.data + SLOT + 3 * PAGE, "left");
	EXPECT_STREQ(self->a.data + SLOT + 6 * PAGE, "right");
	EXPECT_STREQ(self->a.data + SLOT + 4 * PAGE, "same");
	EXPECT_EQ(arena_stat(self->a.fd, 0).committed, 0);
}

TEST_F(map, regions_and_guards)
{
	int i;

	for (i = 0; i < 4; i++) {
		char *slot = self->a.data + i * SLOT;

		EXPECT_EQ(try_access(slot + SLOT - PAGE - 1, true), 0);
		EXPECT_EQ(try_access(slot + SLOT - PAGE, true), SIGBUS);
		EXPECT_EQ(try_access(slot + SLOT - PAGE, false), SIGBUS);
		EXPECT_EQ(try_access(slot + SLOT - 1, true), SIGBUS);
	}
	/* A guard is not part of any range. */
	EXPECT_EQ(arena_range(self->a.fd, STRATA_IOC_POPULATE, 2 * SLOT - PAGE, PAGE), 0);
	EXPECT_EQ(try_access(self->a.data + 2 * SLOT - PAGE, true), SIGBUS);
}

TEST_F(map, control_pages)
{
	struct strata_ctl *again = mmap(NULL, self->a.ctl_len, RW, MAP_SHARED, self->a.fd,
					self->a.how.out_ctl_off);
	int i;

	ASSERT_NE(again, MAP_FAILED);
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(self->a.ctl[i].limit, STRATA_REGION_START);
		EXPECT_EQ(self->a.ctl[i].top, 0);
		EXPECT_EQ(self->a.ctl[i].committed, 0);
		self->a.ctl[i].user[2] = 40 + i;
	}
	for (i = 0; i < 4; i++)
		EXPECT_EQ(again[i].user[2], 40 + i);
	/* They are the arena's for good. */
	EXPECT_EQ(arena_range(self->a.fd, STRATA_IOC_TRIM, self->a.how.out_ctl_off, PAGE),
		  -EOVERFLOW);
}

/* More regions than have room on a control page. */
TEST_F(map, many_regions)
{
	struct arena many;
	unsigned int i;

	ASSERT_TRUE(arena_open(&many, 1000 * 2 * PAGE, 2 * PAGE));
	ASSERT_EQ(many.how.out_nr_regions, 1000);
	for (i = 0; i < 1000; i++) {
		many.ctl[i].top = i;
		many.data[i * 2 * PAGE + PAGE - 1] = i % 128;
	}
	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(many.ctl[i].top, i);
		ASSERT_EQ(many.ctl[i].committed, PAGE);
		ASSERT_EQ(many.ctl[i].limit, PAGE);
		ASSERT_EQ(many.data[i * 2 * PAGE + PAGE - 1], i % 128);
	}
	EXPECT_EQ(arena_stat(many.fd, STRATA_REGION_ALL).committed, 1000 * PAGE);
	EXPECT_EQ(arena_stat(many.fd, STRATA_REGION_ALL).limit, 1000 * PAGE);
	arena_close(&many);
}

TEST_F(map, mremap)
{
	char *p = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, self->a.fd, 0);
	char *moved, *to;

	ASSERT_NE(p, MAP_FAILED);
	p[0] = 7;
	EXPECT_EQ(mremap(p, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE), MAP_FAILED);
	EXPECT_EQ(mremap(p, 0, 4 * PAGE, MREMAP_MAYMOVE), MAP_FAILED);

	to = mmap(NULL, 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(to, MAP_FAILED);
	moved = mremap(p, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	ASSERT_EQ(moved, to);
	EXPECT_EQ(moved[0], 7);
	moved[PAGE] = 8;
	EXPECT_EQ(self->a.data[PAGE], 8);
	EXPECT_EQ(mremap(moved, 4 * PAGE, PAGE, 0), moved);
	EXPECT_EQ(moved[0], 7);
}

TEST_F(map, mprotect)
{
	char *p = self->a.data;

	p[PAGE] = 9;
	ASSERT_EQ(mprotect(p + PAGE, PAGE, PROT_NONE), 0);
	EXPECT_EQ(try_access(p + PAGE, false), SIGSEGV);
	EXPECT_EQ(try_access(p, true), 0);
	EXPECT_EQ(try_access(p + 2 * PAGE, true), 0);
	ASSERT_EQ(mprotect(p + PAGE, PAGE, PROT_READ), 0);
	EXPECT_EQ(p[PAGE], 9);
	EXPECT_EQ(try_access(p + PAGE, true), SIGSEGV);
	ASSERT_EQ(mprotect(p + PAGE, PAGE, RW), 0);
	EXPECT_EQ(try_access(p + PAGE, true), 0);
}

/* Only STRATA_IOC_TRIM gives memory back. */
TEST_F(map, madvise)
{
	char *p = self->a.data;

	memset(p, 5, 16 * PAGE);
	EXPECT_EQ(madvise(p, 16 * PAGE, MADV_DONTNEED), 0);
	EXPECT_EQ(p[0], 5);
	EXPECT_EQ(p[16 * PAGE - 1], 5);
	EXPECT_GE(arena_stat(self->a.fd, 0).committed, 16 * PAGE);
	EXPECT_EQ(arena_stat(self->a.fd, 0).trimmed, 0);
	EXPECT_EQ(madvise(p, 16 * PAGE, MADV_REMOVE), -1);
}

/* The flags that the kernel shows of the mapping at @p. */
static bool vm_flags(void *p, char *flags, size_t size)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long start, end, here = 0;
	bool found = false;
	char line[512];

	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			here = start;
		if (here != (unsigned long)p || strncmp(line, "VmFlags:", 8))
			continue;
		snprintf(flags, size, "%s", line);
		found = true;
	}
	fclose(f);
	return found;
}

/* No copy, no dump, no expansion, mixed map; and what the create flags change. */
TEST_F(map, flags)
{
	struct arena b = { .how = create_args(SLOT, 0) };
	char flags[512];

	if (access("/proc/self/smaps", R_OK))
		SKIP(return, "no smaps in this kernel");
	ASSERT_TRUE(vm_flags(self->a.data, flags, sizeof(flags)));
	EXPECT_NE(strstr(flags, " dc"), NULL);
	EXPECT_NE(strstr(flags, " dd"), NULL);
	EXPECT_NE(strstr(flags, " de"), NULL);
	EXPECT_NE(strstr(flags, " mm"), NULL);
	EXPECT_EQ(strstr(flags, " me"), NULL);

	b.how.flags = STRATA_CREATE_DUMP | STRATA_CREATE_FORK_SHARE;
	b.fd = arena_create(&b.how);
	ASSERT_GE(b.fd, 0);
	ASSERT_TRUE(arena_map(&b, RW));
	ASSERT_TRUE(vm_flags(b.data, flags, sizeof(flags)));
	EXPECT_EQ(strstr(flags, " dc"), NULL);
	EXPECT_EQ(strstr(flags, " dd"), NULL);
	EXPECT_NE(strstr(flags, " de"), NULL);
	arena_close(&b);
}

/* The kernel's own access, as a debugger and a pipe have it. */
TEST_F(map, get_user_pages)
{
	static const char text[] = "through the kernel";
	char *there = self->a.data + 3 * SLOT, *fresh = there + 8 * PAGE;
	struct iovec iov = { there, sizeof(text) };
	int fds[2], mem = open("/proc/self/mem", O_RDWR);
	char buf[64] = { 1 };

	/* Into pages that are not there yet, and out of them. */
	ASSERT_EQ(pwrite(mem, text, sizeof(text), (off_t)(uintptr_t)there), (long)sizeof(text));
	close(mem);
	EXPECT_STREQ(there, text);
	ASSERT_EQ(pipe(fds), 0);
	ASSERT_EQ(vmsplice(fds[1], &(struct iovec) { fresh, 1 }, 1, 0), 1);
	ASSERT_EQ(vmsplice(fds[1], &iov, 1, 0), (long)sizeof(text));
	ASSERT_EQ(read(fds[0], buf, 1), 1);
	EXPECT_EQ(buf[0], 0);
	ASSERT_EQ(read(fds[0], buf, sizeof(buf)), (long)sizeof(text));
	EXPECT_STREQ(buf, text);
	close(fds[0]);
	close(fds[1]);
}

/*
 * A disk that writes from an arena and reads into it, into pages that are not
 * there yet and across the steps in which a region grows.
 */
TEST_F(map, direct_io)
{
	enum { BYTES = 640 * 1024 };
	char *from = self->a.data, *to = self->a.data + 2 * SLOT;
	bool loaded = !module_load("brd");
	int disk, i;

	mknod("/tmp/disk", S_IFBLK | 0600, makedev(1, 0));
	disk = open("/tmp/disk", O_RDWR | O_DIRECT);
	if (disk < 0) {
		unlink("/tmp/disk");
		SKIP(return, "no disk in memory in this kernel");
	}
	for (i = 0; i < BYTES; i++)
		from[i] = i * 7 + i / 4096;
	EXPECT_EQ(pwrite(disk, from, BYTES, 0), BYTES);
	EXPECT_EQ(pread(disk, to, BYTES, 0), BYTES);
	EXPECT_EQ(memcmp(from, to, BYTES), 0);
	/* What was never written is zeros for the disk too, and a guard is nothing. */
	EXPECT_EQ(pwrite(disk, from + SLOT, PAGE, 0), (long)PAGE);
	EXPECT_EQ(pread(disk, to, PAGE, 0), (long)PAGE);
	EXPECT_TRUE(is_zero(to, PAGE));
	EXPECT_EQ(pread(disk, from + self->a.how.region_bytes - PAGE, PAGE, 0), -1);
	EXPECT_EQ(errno, EFAULT);
	/* The disk is done with them. */
	EXPECT_EQ(arena_range(self->a.fd, STRATA_IOC_TRIM, 0, BYTES), (long)BYTES);
	EXPECT_TRUE(is_zero(from, BYTES));
	close(disk);
	unlink("/tmp/disk");
	if (loaded)
		EXPECT_EQ(module_unload("brd"), 0);
}

/* What the kernel still holds is not what the next owner gets. */
TEST_F(map, held_while_trimmed)
{
	struct iovec iov = { self->a.data, PAGE };
	static char sink[1 << 16];
	int fds[2];

	memset(self->a.data, 'x', PAGE);
	ASSERT_EQ(pipe(fds), 0);
	ASSERT_EQ(vmsplice(fds[1], &iov, 1, 0), (long)PAGE);
	ASSERT_EQ(arena_range(self->a.fd, STRATA_IOC_TRIM, 0, SLOT), (long)PAGE);
	memset(self->a.data, 'y', SLOT - PAGE);
	ASSERT_EQ(read(fds[0], sink, sizeof(sink)), (long)PAGE);
	EXPECT_EQ(sink[0], 'x');
	EXPECT_EQ(memcmp(sink, sink + 1, PAGE - 1), 0);
	close(fds[0]);
	close(fds[1]);
}

TEST_HARNESS_MAIN
