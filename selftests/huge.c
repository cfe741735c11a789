// SPDX-License-Identifier: GPL-2.0-only
/*
 * Huge pages: that a region gets them, that they are mapped as such and counted
 * as such, and what happens to them at the edges of regions, mappings and
 * ranges. Where the kernel has none the arena works with small ones.
 */
#include "kselftest_harness.h"
#include "arena_util.h"
#include <linux/mempolicy.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>

#define HUGE	(2 * MIB)
#define REGION	(16 * MIB)
/* Somewhere inside a huge page, and not at its start. */
#define SPOT	(HUGE / 7)
#define RW	(PROT_READ | PROT_WRITE)

FIXTURE(huge)
{
	struct arena a;
};

FIXTURE_SETUP(huge)
{
	struct strata_info info = { .size = sizeof(info) };
	int dev = open(DEVICE, O_RDWR | O_CLOEXEC);

	ASSERT_EQ(command(dev, STRATA_IOC_INFO, &info), 0);
	close(dev);
	ASSERT_TRUE(info.features & STRATA_FEATURE_HUGE);
	/*
	 * NUMA balancing takes the access to a page away for a while, to see who asks
	 * for it, and smaps of 6.1 passes over a huge page in that state. Memory of a
	 * task with a policy of its own is left alone.
	 */
	if (!access("/proc/sys/kernel/numa_balancing", F_OK))
		ASSERT_EQ(syscall(SYS_set_mempolicy, MPOL_LOCAL, NULL, 0), 0);
	self->a.how = create_args(2 * REGION, REGION);
	self->a.how.flags = STRATA_CREATE_HUGE;
	self->a.fd = arena_create(&self->a.how);
	ASSERT_GE(self->a.fd, 0);
	ASSERT_TRUE(arena_map(&self->a, RW));
}

FIXTURE_TEARDOWN(huge)
{
	arena_close(&self->a);
	EXPECT_TRUE(arena_all_gone());
}

/* A figure of the mapping at @p, in bytes, as smaps has it. */
static long figure(const void *p, const char *name)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long start, end, here = 0, kib;
	char line[512], key[64];
	long found = -1;

	while (f && found < 0 && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			here = start;
		if (here == (unsigned long)p && sscanf(line, "%63[^:]: %lu kB", key, &kib) == 2 &&
		    !strcmp(key, name))
			found = kib << 10;
	}
	if (f)
		fclose(f);
	return found;
}

/* Whether the kernel maps huge pages at all. */
static bool maps_huge(void)
{
	return has_huge_pages() && !access("/proc/self/smaps", R_OK);
}

TEST_F(huge, one_fault_each)
{
	size_t i, n = REGION / HUGE - 1;

	if (!has_huge_pages())
		SKIP(return, "no huge pages of 2 MiB in this kernel");
	EXPECT_EQ((unsigned long)self->a.data % HUGE, 0);
	for (i = 0; i < n; i++) {
		self->a.data[i * HUGE + 12345] = 1;
		EXPECT_EQ(arena_stat(self->a.fd, 0).committed, (i + 1) * HUGE);
		EXPECT_EQ(self->a.ctl->committed, (i + 1) * HUGE);
	}
	memset(self->a.data, 2, n * HUGE);
	if (!maps_huge())
		SKIP(return, "this kernel maps no huge pages");
	EXPECT_EQ(arena_stat(self->a.fd, 0).faults, n);
	EXPECT_EQ(figure(self->a.data, "Rss"), (long)(n * HUGE));
	EXPECT_EQ(figure(self->a.data, "FilePmdMapped"), (long)(n * HUGE));
	/* All of it goes, from the counts, too. */
	EXPECT_EQ(arena_range(self->a.fd, STRATA_IOC_TRIM, 0, REGION), (long)(n * HUGE));
	EXPECT_EQ(figure(self->a.data, "Rss"), 0);
}

/* Much of the memory that is free has been somebody's huge pages, whose marks it keeps. */
static void use_much(struct __test_metadata *_metadata)
{
	struct sysinfo info;
	size_t size, off;
	char *p;

	ASSERT_EQ(sysinfo(&info), 0);
	size = info.freeram / 4 * 3 * info.mem_unit / HUGE * HUGE;
	/* What was freed last comes back first: of a large machine a part will do. */
	if (size > 2048 * MIB)
		size = 2048 * MIB;
	p = mmap(NULL, size, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ASSERT_NE(p, MAP_FAILED);
	ASSERT_EQ(madvise(p, size, MADV_HUGEPAGE), 0);
	for (off = 0; off < size; off += HUGE)
		p[off] = 1;
	munmap(p, size);
}

TEST_F(huge, after_others)
{
	size_t i, n = REGION / HUGE - 1, whole;

	if (!has_huge_pages() || !maps_huge())
		SKIP(return, "this kernel maps no huge pages");
	use_much(_metadata);
	for (i = 0; i < n; i++)
		self->a.data[i * HUGE] = 1;
	/* Where the kernel had no block of 2 MiB free, there is one small page. */
	whole = (self->a.ctl->committed - n * PAGE) / (HUGE - PAGE);
	TH_LOG("%zu of %zu blocks had whole", whole, n);
	EXPECT_GT(whole, 0);
	EXPECT_EQ(figure(self->a.data, "FilePmdMapped"), (long)(whole * HUGE));
}

/* The piece with the guard in it has small pages, and ends where it should. */
TEST_F(huge, guard)
{
	char *last = self->a.data + REGION - HUGE;

	if (!has_huge_pages())
		SKIP(return, "no huge pages of 2 MiB in this kernel");
	memset(last, 1, HUGE - PAGE);
	EXPECT_EQ(arena_stat(self->a.fd, 0).committed, HUGE - PAGE);
	EXPECT_EQ(try_access(last + HUGE - PAGE, true), SIGBUS);
	EXPECT_EQ(try_access(last + HUGE - PAGE, false), SIGBUS);
	EXPECT_EQ(self->a.data[REGION], 0);
	EXPECT_EQ(arena_stat(self->a.fd, 1).committed, HUGE);
}

TEST_F(huge, zeroed)
{
	int round;

	for (round = 0; round < 3; round++) {
		EXPECT_TRUE(is_zero(self->a.data, 2 * HUGE));
		memset(self->a.data, 0xa5, 2 * HUGE);
		EXPECT_EQ(arena_range(self->a.fd, STRATA_IOC_TRIM, 0, REGION), (long)(2 * HUGE));
		if (round)
			EXPECT_EQ(arena_range(self->a.fd, STRATA_IOC_POPULATE, 0, 2 * HUGE),
				  (long)(2 * HUGE));
	}
}

/* What reaches out of the range stays whole. */
TEST_F(huge, trim_in_part)
{
	if (!has_huge_pages())
		SKIP(return, "no huge pages of 2 MiB in this kernel");
	memset(self->a.data, 7, 3 * HUGE);
	EXPECT_EQ(arena_range(self->a.fd, STRATA_IOC_TRIM, PAGE, HUGE), 0);
	EXPECT_EQ(arena_range(self->a.fd, STRATA_IOC_TRIM, PAGE, 3 * HUGE - 2 * PAGE),
		  (long)HUGE);
	EXPECT_EQ(self->a.data[HUGE - 1], 7);
	EXPECT_EQ(self->a.data[HUGE], 0);
	EXPECT_EQ(self->a.data[2 * HUGE], 7);
	EXPECT_EQ(self->a.data[3 * HUGE - 1], 7);
}

/* Mappings that a huge page does not fit in share it by small steps. */
TEST_F(huge, odd_mappings)
{
	char *whole = self->a.data, *part, *reserved, *off;

	if (!has_huge_pages())
		SKIP(return, "no huge pages of 2 MiB in this kernel");
	part = mmap(NULL, 8 * PAGE, RW, MAP_SHARED, self->a.fd, HUGE + 5 * PAGE);
	ASSERT_NE(part, MAP_FAILED);
	put_text(part, "part");
	/* No more memory than could be mapped there. */
	EXPECT_EQ(arena_stat(self->a.fd, 0).committed, PAGE);
	EXPECT_STREQ(whole + HUGE + 5 * PAGE, "part");
	whole[0] = 1;
	EXPECT_EQ(arena_stat(self->a.fd, 0).committed, HUGE + PAGE);

	reserved = mmap(NULL, 4 * HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(reserved, MAP_FAILED);
	off = (char *)(((unsigned long)reserved + HUGE) & -HUGE) + PAGE;
	ASSERT_EQ(mmap(off, 2 * HUGE, RW, MAP_SHARED | MAP_FIXED, self->a.fd, 0), off);
	EXPECT_EQ(off[0], 1);
	off[HUGE - 1] = 2;
	EXPECT_EQ(whole[HUGE - 1], 2);
	EXPECT_STREQ(off + HUGE + 5 * PAGE, "part");
	munmap(part, 8 * PAGE);
	munmap(reserved, 4 * HUGE);
}

TEST_F(huge, split_mapping)
{
	char *p = self->a.data;
	size_t i;

	for (i = 0; i < 2 * HUGE; i += PAGE)
		p[i] = i / PAGE % 100;
	ASSERT_EQ(mprotect(p + 3 * PAGE, PAGE, PROT_READ), 0);
	EXPECT_EQ(try_access(p + 3 * PAGE, true), SIGSEGV);
	ASSERT_EQ(munmap(p + 100 * PAGE, 10 * PAGE), 0);
	ASSERT_EQ(madvise(p + HUGE + 5 * PAGE, 7 * PAGE, MADV_DONTNEED), 0);
	for (i = 0; i < 2 * HUGE; i += PAGE)
		if (i / PAGE < 100 || i / PAGE >= 110)
			ASSERT_EQ(p[i], (char)(i / PAGE % 100));
	EXPECT_EQ(arena_stat(self->a.fd, 0).committed, 2 * HUGE);
	EXPECT_EQ(try_access(p + 100 * PAGE, false), SIGSEGV);
	ASSERT_EQ(mprotect(p + 3 * PAGE, PAGE, RW), 0);
	EXPECT_EQ(try_access(p + 3 * PAGE, true), 0);
	EXPECT_EQ(arena_range(self->a.fd, STRATA_IOC_TRIM, 0, REGION), (long)(2 * HUGE));
	EXPECT_TRUE(is_zero(p + HUGE, HUGE));
}

TEST_F(huge, moved)
{
	char *to = mmap(NULL, 3 * HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *p = mmap(NULL, HUGE, RW, MAP_SHARED, self->a.fd, HUGE);

	ASSERT_NE(to, MAP_FAILED);
	ASSERT_NE(p, MAP_FAILED);
	put_text(p + SPOT, "here");
	EXPECT_EQ(mremap(p, HUGE, 2 * HUGE, MREMAP_MAYMOVE), MAP_FAILED);
	/* To where it fits and to where it does not. */
	to = (char *)(((unsigned long)to + HUGE) & -HUGE);
	ASSERT_EQ(mremap(p, HUGE, HUGE, MREMAP_MAYMOVE | MREMAP_FIXED, to), to);
	EXPECT_STREQ(to + SPOT, "here");
	ASSERT_EQ(mremap(to, HUGE, HUGE, MREMAP_MAYMOVE | MREMAP_FIXED, to + HUGE / 2 + PAGE),
		  MAP_FAILED);	/* onto itself */
	p = mmap(NULL, 2 * HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	p = (char *)((unsigned long)p & -HUGE) + PAGE;
	p = mremap(to, HUGE, HUGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + PAGE);
	ASSERT_NE(p, MAP_FAILED);
	EXPECT_STREQ(p + SPOT, "here");
	EXPECT_STREQ(self->a.data + HUGE + SPOT, "here");
	munmap(p, HUGE);
}

/* The kernel's own access, quick and slow, to the inside of a huge page. */
TEST_F(huge, get_user_pages)
{
	char *p = self->a.data, buf[3 * 4096];
	struct iovec iov = { p + 99 * PAGE, 3 * PAGE };
	int fds[2], mem = open("/proc/self/mem", O_RDWR);

	if (!has_huge_pages())
		SKIP(return, "no huge pages of 2 MiB in this kernel");
	memset(p + 98 * PAGE, 'x', PAGE);
	memset(p + 99 * PAGE, 'y', 3 * PAGE);
	ASSERT_EQ(pipe(fds), 0);
	ASSERT_EQ(vmsplice(fds[1], &iov, 1, 0), (long)(3 * PAGE));
	/* Held by the pipe, it is not reused. */
	EXPECT_EQ(arena_range(self->a.fd, STRATA_IOC_TRIM, 0, HUGE), (long)HUGE);
	memset(p, 'z', HUGE);
	ASSERT_EQ(read(fds[0], buf, sizeof(buf)), (long)sizeof(buf));
	EXPECT_EQ(buf[0], 'y');
	EXPECT_EQ(memcmp(buf, buf + 1, sizeof(buf) - 1), 0);
	ASSERT_EQ(pwrite(mem, "poke", 5, (off_t)(uintptr_t)(p + 55 * PAGE)), 5);
	EXPECT_STREQ(p + 55 * PAGE, "poke");
	close(mem);
	close(fds[0]);
	close(fds[1]);
}

/* Sealed, it may be copied: small pages of one's own. */
TEST_F(huge, private_copy)
{
	struct strata_seal seal = { .size = sizeof(seal), .seals = STRATA_SEAL_WRITE };
	struct strata_export export = { .size = sizeof(export), .access = O_RDONLY };
	char *p;

	memset(self->a.data, 3, HUGE);
	munmap(self->a.data, self->a.data_len);
	munmap(self->a.ctl, self->a.ctl_len);
	ASSERT_EQ(command(self->a.fd, STRATA_IOC_SEAL, &seal), 0);
	p = mmap(NULL, HUGE, RW, MAP_PRIVATE, self->a.fd, 0);
	ASSERT_NE(p, MAP_FAILED);
	p[PAGE] = 4;
	EXPECT_EQ(p[0], 3);
	EXPECT_EQ(p[PAGE + 1], 3);
	ASSERT_EQ(command(self->a.fd, STRATA_IOC_EXPORT, &export), 0);
	close(self->a.fd);
	self->a.fd = export.out_fd;
	ASSERT_TRUE(arena_map(&self->a, PROT_READ));
	EXPECT_EQ(self->a.data[PAGE], 3);
	munmap(p, HUGE);
}

/* In slots with no room for one the flag changes nothing. */
TEST_F(huge, small_slots)
{
	struct arena b = { .how = create_args(8 * MIB, HUGE) };

	b.how.flags = STRATA_CREATE_HUGE;
	b.fd = arena_create(&b.how);
	ASSERT_GE(b.fd, 0);
	ASSERT_TRUE(arena_map(&b, RW));
	memset(b.data + HUGE, 1, HUGE - PAGE);
	EXPECT_EQ(arena_stat(b.fd, 1).committed, HUGE - PAGE);
	EXPECT_LE(arena_stat(b.fd, 1).faults, 64);
	arena_close(&b);
}

static bool stop;

static void *trim(void *arg)
{
	struct arena *a = arg;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		arena_range(a->fd, STRATA_IOC_TRIM, 0, REGION);
	return NULL;
}

static void *touch(void *arg)
{
	unsigned long *p = arg, seen, wrong = 0;
	size_t i;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		for (i = 0; i < REGION / 2 / sizeof(*p); i += 1009) {
			seen = __atomic_load_n(&p[i], __ATOMIC_RELAXED);
			wrong += seen && seen != i + 1;
			__atomic_store_n(&p[i], i + 1, __ATOMIC_RELAXED);
		}
	return (void *)wrong;
}

/* Taken away in the middle of faults, what is seen is the old or all zero. */
TEST_F(huge, against_trim)
{
	pthread_t threads[3];
	struct strata_stat stat;
	void *wrong;
	int i;

	ASSERT_EQ(pthread_create(&threads[0], NULL, trim, &self->a), 0);
	for (i = 1; i < 3; i++)
		ASSERT_EQ(pthread_create(&threads[i], NULL, touch, self->a.data), 0);
	sleep(2);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < 3; i++) {
		pthread_join(threads[i], &wrong);
		EXPECT_EQ(wrong, NULL);
	}
	stat = arena_stat(self->a.fd, 0);
	EXPECT_GT(stat.trimmed, 0);
	EXPECT_EQ(stat.grown - stat.trimmed, stat.committed);
	EXPECT_GE(arena_range(self->a.fd, STRATA_IOC_TRIM, 0, REGION), 0);
	EXPECT_EQ(arena_stat(self->a.fd, 0).committed, 0);
	EXPECT_TRUE(is_zero(self->a.data, HUGE));
}

TEST_HARNESS_MAIN
