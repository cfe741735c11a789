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
#include "module_util.h"
#include <ctype.h>
#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>

#define NOBODY	65534
#define SOMEBODY	65533
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
static int look_for_secrets(__u32 flags, bool populate)
{
	const size_t region = flags & STRATA_CREATE_HUGE ? 8 * MIB : MIB;
	const struct strata_ctl fresh = { .limit = STRATA_REGION_START };
	struct arena a = { .how = create_args(64 * MIB, region) };
	size_t i, regions;

	a.how.flags = flags;
	a.fd = arena_create(&a.how);
	if (a.fd < 0 || !arena_map(&a, PROT_READ | PROT_WRITE))
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
		if (strange(a.data + i * region, region - PAGE, 0))
			return 5;
	/* Trimmed and had again, by a user that wrote there before. */
	fill(a.data, region - PAGE);
	if (arena_range(a.fd, STRATA_IOC_TRIM, 0, region) != (long)(region - PAGE))
		return 6;
	if (strange(a.data, region - PAGE, 0))
		return 7;
	arena_close(&a);
	return 0;
}

/* What @fn() returns in a process of its own, which gives back all that it took. */
static int in_child(int (*fn)(void))
{
	pid_t pid = fork();

	if (!pid)
		_exit(fn());
	return reap(pid);
}

static int look_by_fault(void)
{
	return look_for_secrets(0, false);
}

static int look_populated(void)
{
	return look_for_secrets(0, true);
}

static int look_by_huge_fault(void)
{
	return look_for_secrets(STRATA_CREATE_HUGE, false);
}

static int look_populated_huge(void)
{
	return look_for_secrets(STRATA_CREATE_HUGE, true);
}

TEST(stale_bytes)
{
	static int (* const look[])(void) = {
		look_by_fault, look_populated, look_by_huge_fault, look_populated_huge,
	};
	char line[4096] = {};
	int fd = open("/proc/cmdline", O_RDONLY);
	size_t i;

	ASSERT_GT(read(fd, line, sizeof(line) - 1), 0);
	close(fd);
	/* Otherwise the page allocator would do strata's work. */
	EXPECT_NE(strstr(line, "init_on_alloc=0"), NULL);
	for (i = 0; i < ARRAY_SIZE(look); i++) {
		ASSERT_EQ(in_child(leave_secrets), 0);
		EXPECT_EQ(in_child(look[i]), 0)
			TH_LOG("the way to look number %zu", i);
	}
	EXPECT_TRUE(arena_all_gone());
}

/* What commands return: each field is set, and nothing but the fields. */
TEST(stale_results)
{
	struct strata_export export = { .size = sizeof(export), .access = O_RDONLY,
					.out_fd = -1 };
	struct strata_range range = { .size = sizeof(range), .len = PAGE,
				      .out_bytes = SECRET };
	struct strata_seal seal = { .size = sizeof(seal) };
	struct strata_create how, want;
	struct strata_stat stat;
	struct strata_info info;
	struct arena a;
	int dev = open(DEVICE, O_RDWR);

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
	ASSERT_EQ(command(dev, STRATA_IOC_INFO, &info), 0);
	EXPECT_EQ(info.abi, STRATA_ABI_VERSION);
	EXPECT_EQ(info.features & 0xffffffff00000000ULL, 0);
	EXPECT_LE(info.max_bytes, 1ULL << 62);

	/* The rest: as it was given but for what is said to come out. */
	how = create_args(4 * MIB, MIB);
	want = how;
	ASSERT_EQ(command(dev, STRATA_IOC_CREATE, &how), 0);
	close(how.out_fd);
	EXPECT_EQ(how.out_nr_regions, 4);
	EXPECT_EQ(how.out_data_off, 0);
	want.out_fd = how.out_fd;
	want.out_nr_regions = how.out_nr_regions;
	want.out_ctl_off = how.out_ctl_off;
	EXPECT_EQ(memcmp(&how, &want, sizeof(how)), 0);
	ASSERT_EQ(command(a.fd, STRATA_IOC_POPULATE, &range), 0);
	EXPECT_EQ(range.out_bytes, PAGE);
	range.out_bytes = SECRET;
	range.flags = 1;
	ASSERT_EQ(command(a.fd, STRATA_IOC_TRIM, &range), -EINVAL);
	EXPECT_EQ(range.out_bytes, 0);
	EXPECT_TRUE(range.size == sizeof(range) && !range.off && range.len == PAGE);
	ASSERT_EQ(command(a.fd, STRATA_IOC_EXPORT, &export), 0);
	close(export.out_fd);
	EXPECT_TRUE(export.out_fd > 0 && export.size == sizeof(export) &&
		    export.access == O_RDONLY && !export.fd_flags);
	ASSERT_EQ(command(a.fd, STRATA_IOC_SEAL, &seal), 0);
	EXPECT_TRUE(seal.size == sizeof(seal) && !seal.seals);
	arena_close(&a);
	close(dev);
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

/*
 * What strata said in the kernel's log so far, by itself and of mistakes made on
 * purpose: no address, but hashed ones. Returns the number of lines with such.
 */
static int look_at_the_log(struct __test_metadata *_metadata)
{
	static const char * const mistakes[] = {
		"double_free", "invalid_free", "foreign_free", "wrong_cache", "copy_from_user",
	};
	int hashed = 0, fd;
	char record[8192];
	ssize_t n;
	size_t i;

	EXPECT_EQ(module_load("strata_bugs"), 0);
	for (i = 0; i < ARRAY_SIZE(mistakes); i++)
		EXPECT_EQ(module_tell("/sys/module/strata_bugs/parameters/commit", "%s",
				      mistakes[i]), 0);
	EXPECT_EQ(module_unload("strata_bugs"), 0);
	fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	while ((n = read(fd, record, sizeof(record) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		record[n > 0 ? n : 0] = '\0';
		if (!strstr(record, "strata: "))
			continue;
		EXPECT_FALSE(has_address(record))
			TH_LOG("%s", record);
		hashed += !!strstr(record, " 00000000");
	}
	close(fd);
	return hashed;
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
	/* Of 32 bits, hashed ones look like any other. */
	if (sizeof(long) == 8)
		EXPECT_GE(look_at_the_log(_metadata), 5);
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
#define NO_NAMESPACES	77

static int dev;

static bool become(uid_t uid)
{
	return !setgid(uid) && !setuid(uid);
}

/* What one process of this user can get for itself, in pages. */
static long grab(struct arena *a)
{
	struct strata_range range = { .size = sizeof(range), .len = 8 * QUOTA * PAGE };

	a->how = create_args(16 * QUOTA * PAGE, 0);
	if (command(dev, STRATA_IOC_CREATE, &a->how))
		return -1;
	a->fd = a->how.out_fd;
	if (command(a->fd, STRATA_IOC_POPULATE, &range) != -EDQUOT)
		return -2;
	return range.out_bytes / PAGE;
}

static bool is_all(long pages)
{
	/* Some of it is for control pages. */
	return pages >= (long)QUOTA - 64 && pages <= (long)QUOTA;
}

/* The children of a fork count as one user. */
static int grab_together(void)
{
	struct strata_range range = { .size = sizeof(range), .len = 8 * QUOTA * PAGE };
	struct arena a, more;
	pid_t pid;

	if (!become(NOBODY))
		return 100;
	if (!is_all(grab(&a)))
		return 1;
	pid = fork();
	if (!pid) {
		/* The parent has it all; the little that is left is a page or so. */
		if (grab(&more) > 64)
			_exit(1);
		/* With the parent's descriptor it is the same account. */
		_exit(command(a.fd, STRATA_IOC_POPULATE, &range) == -EDQUOT ? 0 : 2);
	}
	if (reap(pid))
		return 2;
	/* What dies with a process can be had again. */
	close(a.fd);
	return is_all(grab(&a)) ? 0 : 3;
}

static int send_fd(int to, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {}, byte = 'x';
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	return sendmsg(to, &msg, 0) == 1 ? 0 : -1;
}

static int receive_fd(int from)
{
	char control[CMSG_SPACE(sizeof(int))] = {}, byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	int fd = -1;

	if (recvmsg(from, &msg, 0) == 1 && CMSG_FIRSTHDR(&msg))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
	return fd;
}

/* Somebody else with a descriptor that came in a message, and with an empty account. */
static int spend_what_came(int from, struct strata_create how)
{
	struct strata_range range = { .size = sizeof(range), .len = 8 * QUOTA * PAGE };
	struct arena a = { .how = how }, own;
	size_t i;
	char c;

	if (!become(SOMEBODY))
		return 100;
	a.fd = receive_fd(from);
	if (a.fd < 0 || !arena_map(&a, PROT_READ | PROT_WRITE))
		return 1;
	/* It is the creator's that counts, and that is used up. */
	if (command(a.fd, STRATA_IOC_POPULATE, &range) != -EDQUOT || range.out_bytes > 64 * PAGE)
		return 2;
	for (i = 0; i < 8 * QUOTA * PAGE; i += PAGE)
		if (try_access(a.data + i, true))
			break;
	if (i > QUOTA * PAGE || fault_signal != SIGBUS)
		return 3;
	/* One's own is as it was. */
	if (!is_all(grab(&own)))
		return 4;
	/* What this process holds stays on the creator's account. */
	return send_fd(from, own.fd) || read(from, &c, 1) != 1 ? 5 : 0;
}

/* An arena given away is not out of the books, and not a way to have more. */
static int grab_and_pass_on(void)
{
	struct arena a, more;
	int pair[2], other;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return 100;
	pid = fork();
	if (!pid) {
		/* Root until it has what it is to get. */
		close(pair[0]);
		if (read(pair[1], &a.how, sizeof(a.how)) != sizeof(a.how))
			_exit(101);
		_exit(spend_what_came(pair[1], a.how));
	}
	close(pair[1]);
	if (!become(NOBODY) || !is_all(grab(&a)))
		return 1;
	if (write(pair[0], &a.how, sizeof(a.how)) != sizeof(a.how) || send_fd(pair[0], a.fd))
		return 2;
	close(a.fd);
	other = receive_fd(pair[0]);
	if (other < 0)
		return 10 + reap(pid);
	/* Held by the receiver alone, it is still charged here. */
	if (grab(&more) > 64)
		return 3;
	close(more.fd);
	if (write(pair[0], "x", 1) != 1 || reap(pid))
		return 4;
	/* With it gone, all can be had again, while the other's arena is held here. */
	return is_all(grab(&a)) ? 0 : 5;
}

/* Root of a namespace of one's own is nobody in particular. */
static int grab_as_root_of_a_namespace(void)
{
	struct arena a;

	if (!become(NOBODY))
		return 100;
	if (unshare(CLONE_NEWUSER))
		return NO_NAMESPACES;
	return is_all(grab(&a)) ? 0 : 1;
}

/* Calls @fn() in a process of its own, while a user may have QUOTA pages. */
static void with_quota(struct __test_metadata *_metadata, int (*fn)(void))
{
	char old[32];
	int got;

	dev = open(DEVICE, O_RDWR);
	ASSERT_GE(dev, 0);
	ASSERT_GT(parameter("user_pages", "256", old, sizeof(old)), 0);
	got = in_child(fn);
	ASSERT_GT(parameter("user_pages", old, NULL, 0), 0);
	close(dev);
	EXPECT_TRUE(arena_all_gone());
	if (got == NO_NAMESPACES)
		SKIP(return, "no user namespaces in this kernel");
	EXPECT_EQ(got, 0);
}

TEST(one_quota_for_all)
{
	with_quota(_metadata, grab_together);
}

TEST(quota_of_the_creator)
{
	with_quota(_metadata, grab_and_pass_on);
}

TEST(quota_in_a_namespace)
{
	with_quota(_metadata, grab_as_root_of_a_namespace);
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
	const size_t some = 64 * PAGE, whole = 4 * some;
	struct strata_stat stat;
	pthread_t liar;
	struct arena a;
	int round;

	ASSERT_TRUE(arena_open(&a, 4 * whole, whole));
	ASSERT_EQ(pthread_create(&liar, NULL, scribble, &a), 0);
	for (round = 0; round < 300; round++) {
		__u32 region = round % 4;

		ASSERT_EQ(arena_range(a.fd, STRATA_IOC_POPULATE, region * whole, some), (long)some);
		ASSERT_EQ(try_access(a.data + region * whole + some + 1, true), 0);
		stat = arena_stat(a.fd, region);
		/* What is committed is what was asked for, whatever is written there. */
		ASSERT_GE(stat.committed, some + PAGE);
		ASSERT_LE(stat.committed, some + 64 * PAGE);
		ASSERT_EQ(stat.grown - stat.trimmed, stat.committed);
		ASSERT_LE(stat.limit, whole - PAGE);
		ASSERT_GE(stat.limit, some);
		ASSERT_EQ(try_access(a.data + (region + 1) * whole - PAGE, true), SIGBUS);
		ASSERT_EQ(arena_range(a.fd, STRATA_IOC_TRIM, region * whole, whole),
			  (long)stat.committed);
		ASSERT_EQ(arena_stat(a.fd, region).committed, 0);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(liar, NULL);
	arena_close(&a);
	EXPECT_TRUE(arena_all_gone());
}

/* A command's struct, and behind it what a longer one would have: nothing. */
static struct {
	struct strata_range range;
	char behind[2 * 4096];
} changing = { .range.size = sizeof(changing.range) };

/*
 * Where it is, how long, and how large the struct is: right and wrong in turn, which
 * differ in one byte, for copies may be made byte by byte. So is what the kernel writes
 * back: sizes that differ in two would leave one here that is neither.
 */
static void *change(void *arg)
{
	struct strata_range *range = &changing.range;
	unsigned int i;

	for (i = 0; !__atomic_load_n(&stop, __ATOMIC_RELAXED); i++) {
		__atomic_store_n(&range->size, sizeof(*range) | (i & 1 ? 0xf00 : 0),
				 __ATOMIC_RELAXED);
		__atomic_store_n(&range->off, PAGE | (i & 2 ? 1ULL << 50 : 0), __ATOMIC_RELAXED);
		__atomic_store_n(&range->len, 2 * MIB | (i & 4 ? 1ULL << 50 : 0), __ATOMIC_RELAXED);
	}
	return arg;
}

/* Arguments that change during the call: as they were at one time, and no other size. */
TEST(arguments_change)
{
	unsigned int round, worked = 0, refused = 0;
	struct strata_stat stat;
	pthread_t changer;
	struct arena a;
	int err;

	ASSERT_TRUE(arena_open(&a, 4 * MIB, MIB));
	stop = false;
	ASSERT_EQ(pthread_create(&changer, NULL, change, NULL), 0);
	for (round = 0; round < 20000 || (!(worked && refused) && round < 1000000); round++) {
		err = command(a.fd, round % 2 ? STRATA_IOC_TRIM : STRATA_IOC_POPULATE,
			      &changing);
		worked += !err;
		refused += err == -EOVERFLOW;
		ASSERT_TRUE(!err || err == -EOVERFLOW)
			TH_LOG("error %d", err);
		/* The kernel wrote its results and nothing else. */
		ASSERT_TRUE(is_zero(changing.behind, sizeof(changing.behind)));
		stat = arena_stat(a.fd, STRATA_REGION_ALL);
		ASSERT_TRUE(!stat.committed || stat.committed == 2 * MIB - 2 * PAGE);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(changer, NULL);
	EXPECT_GT(worked, 0);
	EXPECT_GT(refused, 0);
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
