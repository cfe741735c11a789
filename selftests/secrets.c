// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a hostile process may try, see Documentation/security.rst: to see what
 * others left in memory, to learn where the kernel is, to have more than its
 * share, and to lie in the control page while the kernel looks.
 *
 * The guest does not zero what the page allocator hands out (init_on_alloc=0), so
 * that only strata itself stands between an arena and stale memory.
 */
#include "kselftest_harness.h"
#include "arena_util.h"
#include <ctype.h>
#include <dirent.h>
#include <pthread.h>
#include <sys/socket.h>

#define NOBODY	65534
#define SECRET	0x5ec7e7c0de5ec7e7ULL
#define LOADS	(96 * MIB)

/* Fill @len bytes with something that is easily found again. */
static void fill(void *p, size_t len)
{
	__u64 *words = p;
	size_t i;

	for (i = 0; i < len / sizeof(*words); i++)
		words[i] = SECRET;
}

/* How many words of memory are not what they should be. */
static size_t strange(const void *p, size_t len, __u64 right)
{
	const __u64 *words = p;
	size_t i, n = 0;

	for (i = 0; i < len / sizeof(*words); i++)
		n += words[i] != right;
	return n;
}

/* Memory of a process, of pipes and messages, and of another arena; then all is freed. */
static int leave_secrets(void)
{
	char *anon = mmap(NULL, LOADS, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	static __u64 block[8192];
	int i, ends[2], pair[2];
	struct arena a;

	if (anon == MAP_FAILED)
		return 1;
	fill(anon, LOADS);
	fill(block, sizeof(block));
	for (i = 0; i < 64; i++) {
		if (pipe2(ends, O_NONBLOCK) || write(ends[1], block, sizeof(block)) <= 0 ||
		    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) ||
		    write(pair[0], block, sizeof(block)) <= 0)
			return 2;
	}
	if (!arena_open(&a, 64 * MIB, 0))
		return 3;
	fill(a.data, 32 * MIB);
	fill(a.ctl, sizeof(*a.ctl));
	return 0;
}

/* All of a new arena, faulted in or populated: zeroes, and a control page as documented. */
static int look_for_secrets(bool populate)
{
	const struct strata_ctl fresh = { .limit = STRATA_REGION_START };
	size_t i, regions;
	struct arena a;

	if (!arena_open(&a, 64 * MIB, MIB))
		return 1;
	regions = a.how.out_nr_regions;
	for (i = 0; i < regions; i++)
		if (memcmp(&a.ctl[i], &fresh, sizeof(fresh)))
			return 2;
	/* What the page of control structs has behind the last of them. */
	if (strange(&a.ctl[regions], a.ctl_len - regions * sizeof(*a.ctl), 0) &&
	    regions * sizeof(*a.ctl) % PAGE == 0)
		return 3;
	if (populate && arena_range(a.fd, STRATA_IOC_POPULATE, 0, a.data_len) <= 0)
		return 4;
	for (i = 0; i < regions; i++)
		if (strange(a.data + i * MIB, MIB - PAGE, 0))
			return 5;
	/* Trimmed and had again, by a user that wrote there before. */
	fill(a.data, MIB - PAGE);
	if (arena_range(a.fd, STRATA_IOC_TRIM, 0, MIB) != (long)(MIB - PAGE))
		return 6;
	if (strange(a.data, MIB - PAGE, 0))
		return 7;
	arena_close(&a);
	return 0;
}

static int in_child(int (*fn)(void))
{
	pid_t pid = fork();

	if (!pid)
		_exit(fn());
	return reap(pid);
}

static int look_by_fault(void)
{
	return look_for_secrets(false);
}

static int look_populated(void)
{
	return look_for_secrets(true);
}

TEST(stale_bytes)
{
	char line[4096] = {};
	int fd = open("/proc/cmdline", O_RDONLY), round;

	ASSERT_GT(read(fd, line, sizeof(line) - 1), 0);
	close(fd);
	/* Otherwise the page allocator would do strata's work. */
	EXPECT_NE(strstr(line, "init_on_alloc=0"), NULL);
	for (round = 0; round < 2; round++) {
		ASSERT_EQ(in_child(leave_secrets), 0);
		EXPECT_EQ(in_child(look_by_fault), 0);
		ASSERT_EQ(in_child(leave_secrets), 0);
		EXPECT_EQ(in_child(look_populated), 0);
	}
	EXPECT_TRUE(arena_all_gone());
}

/* What commands return: each field is set, and nothing but the fields. */
TEST(stale_results)
{
	struct strata_stat stat;
	struct strata_info info;
	struct arena a;

	ASSERT_TRUE(arena_open(&a, 4 * MIB, MIB));
	fill(&stat, sizeof(stat));
	stat.size = sizeof(stat);
	stat.region = 2;
	ASSERT_EQ(command(a.fd, STRATA_IOC_STAT, &stat), 0);
	EXPECT_EQ(stat.limit, STRATA_REGION_START);
	stat.limit = 0;
	EXPECT_TRUE(is_zero((char *)&stat.committed, sizeof(stat) -
			    offsetof(struct strata_stat, committed)));
	fill(&info, sizeof(info));
	info.size = sizeof(info);
	ASSERT_EQ(command(open(DEVICE, O_RDWR), STRATA_IOC_INFO, &info), 0);
	EXPECT_EQ(info.features & 0xffffffff00000000ULL, 0);
	EXPECT_LE(info.max_bytes, 1ULL << 62);
	arena_close(&a);
}

/* Is there something in a text that reads like a kernel address? Hashed ones do not. */
static bool has_address(const char *text)
{
	const char *p = text;
	size_t n;

	for (; *p; p += n ?: 1) {
		n = strspn(p, "0123456789abcdefABCDEF");
		if (n >= 16 && (!strncasecmp(p + n - 16, "ffff", 4)))
			return true;
	}
	return false;
}

static char text[1 << 20];

static ssize_t slurp(const char *path)
{
	int fd = open(path, O_RDONLY);
	ssize_t n, got = 0;

	if (fd < 0)
		return -1;
	while ((n = read(fd, text + got, sizeof(text) - 1 - got)) > 0)
		got += n;
	close(fd);
	text[got] = '\0';
	return n < 0 ? n : got;
}

static int read_debugfs(void)
{
	if (setgid(NOBODY) || setuid(NOBODY))
		return 100;
	return slurp("/sys/kernel/debug/strata/classes") >= 0;
}

TEST(kernel_addresses)
{
	static const char dir[] = "/sys/kernel/debug/strata";
	unsigned int files = 0;
	struct dirent *entry;
	char path[512];
	struct arena a;
	DIR *d;

	ASSERT_TRUE(has_address("at ffff888012345678"));
	ASSERT_FALSE(has_address("at 00000000deadbeef, 7fff12345678"));
	ASSERT_TRUE(arena_open(&a, 4 * MIB, MIB));
	a.data[0] = 1;
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", a.fd);
	ASSERT_GT(slurp(path), 0);
	EXPECT_NE(strstr(text, "strata-committed"), NULL);
	EXPECT_FALSE(has_address(text));
	ASSERT_GT(slurp("/proc/self/maps"), 0);
	EXPECT_NE(strstr(text, "strata:test"), NULL);

	d = opendir(dir);
	ASSERT_NE(d, NULL);
	while ((entry = readdir(d))) {
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		if (entry->d_type != DT_REG || slurp(path) < 0)
			continue;
		files++;
		EXPECT_FALSE(has_address(text))
			TH_LOG("%s", path);
	}
	closedir(d);
	EXPECT_GT(files, 5);
	/* And nobody but root reads them. */
	EXPECT_EQ(in_child(read_debugfs), 0);
	arena_close(&a);
}

static long parameter(const char *name, const char *value, char *old, size_t size)
{
	char path[128];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/sys/module/strata/parameters/%s", name);
	fd = open(path, O_RDWR);
	if (fd < 0)
		return -1;
	n = old ? read(fd, old, size - 1) : 0;
	if (old && n >= 0)
		old[n] = '\0';
	n = write(fd, value, strlen(value));
	close(fd);
	return n;
}

#define QUOTA	256UL	/* pages */

static int dev;

/* What one process of this user can get for itself, in pages. */
static long grab(struct arena *a)
{
	struct strata_range range = { .size = sizeof(range), .len = 8 * QUOTA * PAGE };

	a->how = create_args(16 * MIB, 0);
	if (command(dev, STRATA_IOC_CREATE, &a->how))
		return -1;
	a->fd = a->how.out_fd;
	if (command(a->fd, STRATA_IOC_POPULATE, &range) != -EDQUOT)
		return -2;
	return range.out_bytes / PAGE;
}

/* The children of a fork, and an arena that came from elsewhere, count as one user's. */
static int grab_together(void)
{
	struct strata_range range = { .size = sizeof(range), .len = 8 * QUOTA * PAGE };
	struct arena a, more;
	int pair[2];
	char c = 0;
	pid_t pid;
	long got;

	if (setgid(NOBODY) || setuid(NOBODY) || socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return 100;
	got = grab(&a);
	if (got < (long)QUOTA - 64 || got > (long)QUOTA)
		return 1;
	pid = fork();
	if (!pid) {
		/* The parent has it all; the little that is left is a page or so. */
		got = grab(&more);
		if (got > 64)
			_exit(1);
		/* With the parent's descriptor it is the same account. */
		_exit(command(a.fd, STRATA_IOC_POPULATE, &range) == -EDQUOT ? 0 : 2);
	}
	if (reap(pid))
		return 2;
	/* What dies with a process can be had again. */
	close(a.fd);
	if (write(pair[0], &c, 1) != 1)
		return 3;
	got = grab(&a);
	return got < (long)QUOTA - 64 || got > (long)QUOTA ? 4 : 0;
}

TEST(one_quota_for_all)
{
	char old[32];

	dev = open(DEVICE, O_RDWR);
	ASSERT_GE(dev, 0);
	ASSERT_GT(parameter("user_pages", "256", old, sizeof(old)), 0);
	EXPECT_EQ(in_child(grab_together), 0);
	ASSERT_GT(parameter("user_pages", old, NULL, 0), 0);
	close(dev);
	EXPECT_TRUE(arena_all_gone());
}

static bool stop;

/* Whatever the kernel believes of a control page, it is something else at once. */
static void *scribble(void *arg)
{
	struct arena *a = arg;
	__u64 *words = (__u64 *)a->ctl, random = SECRET;
	size_t i;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		for (i = 0; i < a->ctl_len / sizeof(*words); i++) {
			random = random * 6364136223846793005ULL + 1442695040888963407ULL;
			words[i] = random & 1 ? random : ~0ULL;
		}
	}
	return NULL;
}

TEST(control_page_lies)
{
	const size_t some = 64 * PAGE;
	struct strata_stat stat;
	pthread_t liar;
	struct arena a;
	int round;

	ASSERT_TRUE(arena_open(&a, 4 * MIB, MIB));
	ASSERT_EQ(pthread_create(&liar, NULL, scribble, &a), 0);
	for (round = 0; round < 300; round++) {
		__u32 region = round % 4;

		ASSERT_EQ(arena_range(a.fd, STRATA_IOC_POPULATE, region * MIB, some), (long)some);
		ASSERT_EQ(try_access(a.data + region * MIB + some + 1, true), 0);
		stat = arena_stat(a.fd, region);
		/* What is committed is what was asked for, whatever is written there. */
		ASSERT_GE(stat.committed, some + PAGE);
		ASSERT_LE(stat.committed, some + 64 * PAGE);
		ASSERT_EQ(stat.grown - stat.trimmed, stat.committed);
		ASSERT_LE(stat.limit, MIB - PAGE);
		ASSERT_GE(stat.limit, some);
		ASSERT_EQ(try_access(a.data + (region + 1) * MIB - PAGE, true), SIGBUS);
		ASSERT_EQ(arena_range(a.fd, STRATA_IOC_TRIM, region * MIB, MIB),
			  (long)stat.committed);
		ASSERT_EQ(arena_stat(a.fd, region).committed, 0);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(liar, NULL);
	arena_close(&a);
	EXPECT_TRUE(arena_all_gone());
}

/* Region numbers beyond the last, near to it and far: refused, and nothing is read. */
TEST(region_numbers)
{
	static const __u32 beyond[] = { 4, 5, 31, 32, 33, 4096, 0x7fffffff, 0xfffffffe };
	struct arena a;
	size_t i;

	ASSERT_TRUE(arena_open(&a, 4 * MIB, MIB));
	for (i = 0; i < sizeof(beyond) / sizeof(*beyond); i++) {
		struct strata_stat stat = { .size = sizeof(stat), .region = beyond[i] };

		EXPECT_EQ(command(a.fd, STRATA_IOC_STAT, &stat), -EOVERFLOW);
		EXPECT_TRUE(is_zero((char *)&stat.committed, sizeof(stat) -
				    offsetof(struct strata_stat, committed)));
	}
	arena_close(&a);
}

TEST_HARNESS_MAIN
