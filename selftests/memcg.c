// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory cgroups: the creator's group pays for what others touch, gets all of it
 * back, and at its limit there is an error or somebody is killed, but nobody
 * hangs.
 */
#include "kselftest_harness.h"
#include "arena_util.h"
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#define CGROUPS	"/tmp/strata-cgroups"
#define GROUP	CGROUPS "/strata-test"
#define CHARGED	(16 * MIB)
#define MAX	"8M"
/* A group's sum is told of charges in batches of 64 pages, and keeps some. */
#define SLACK	((long)(PAGE > 4096 ? 128 * PAGE : 2 * MIB))

static int nr_nodes(void)
{
	char path[64];
	int nr = 0;

	do
		snprintf(path, sizeof(path), "/sys/devices/system/node/node%d", ++nr);
	while (!access(path, F_OK));
	return nr;
}

/* Charged for objects of the kernel that are not ours to free. */
static long remembered(void)
{
	int fd = open("/sys/devices/system/cpu/nohz_full", O_RDONLY);
	char cpus[2] = "";
	bool isolated = read(fd, cpus, 1) == 1 && cpus[0] >= '0' && cpus[0] <= '9';

	close(fd);
	/* What processors without a tick keep of charges nobody takes from them. */
	if (isolated)
		return 64 * PAGE;
	/*
	 * KASAN keeps freed objects in quarantine: a page of each kind. Newer kernels
	 * count whole pages for each node's objects.
	 */
	return (nr_nodes() - 1 + (access("/sys/kernel/debug/kmemleak", F_OK) ? 2 : 8)) * PAGE;
}

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	close(fd);
	return ok;
}

static long get(const char *path)
{
	FILE *f = fopen(path, "r");
	long value = -1;

	if (f && fscanf(f, "%ld", &value) != 1)
		value = -1;
	if (f)
		fclose(f);
	return value;
}

static long current_bytes(void)
{
	return get(GROUP "/memory.current");
}

/* What is charged for the kernel's memory, arenas too, to the page. */
static long kernel_bytes(void)
{
	FILE *f = fopen(GROUP "/memory.stat", "r");
	long value, found = -1;
	char name[64];

	while (f && fscanf(f, "%63s %ld", name, &value) == 2)
		if (!strcmp(name, "kernel"))
			found = value;
	if (f)
		fclose(f);
	return found;
}

/* For whoever has to find out what was left. */
static void say_what_is_charged(void)
{
	FILE *f = fopen(GROUP "/memory.stat", "r");
	long value;
	char name[64];

	while (f && fscanf(f, "%63s %ld", name, &value) == 2)
		if (value)
			printf("# %s %ld\n", name, value);
	if (f)
		fclose(f);
}

static bool enter(void)
{
	return put(GROUP "/cgroup.procs", "0");
}

FIXTURE(memcg)
{
	bool able;
};

FIXTURE_SETUP(memcg)
{
	/* A test that was ended by its time left these. */
	rmdir(GROUP);
	umount(CGROUPS);
	mkdir(CGROUPS, 0700);
	self->able = !mount("none", CGROUPS, "cgroup2", 0, NULL) &&
		     put(CGROUPS "/cgroup.subtree_control", "+memory");
	if (!self->able)
		SKIP(return, "no memory cgroups to try with");
	ASSERT_EQ(mkdir(GROUP, 0700), 0);
}

FIXTURE_TEARDOWN(memcg)
{
	int i;

	if (self->able) {
		/*
		 * What is left is given back; then there are some file names that
		 * the kernel remembers, and a page or two of their kind. Of what is
		 * freed later, each processor keeps up to a page charged until it is
		 * told again.
		 */
		put(GROUP "/memory.max", "0");
		for (i = 0; i < 100 && kernel_bytes() > remembered(); i++) {
			usleep(100000);
			put(GROUP "/memory.max", "0");
		}
		EXPECT_GE(kernel_bytes(), 0);
		EXPECT_LE(kernel_bytes(), remembered()) {
			say_what_is_charged();
		}
		EXPECT_LE(current_bytes(), SLACK);
		EXPECT_EQ(rmdir(GROUP), 0);
	}
	umount(CGROUPS);
	rmdir(CGROUPS);
	EXPECT_TRUE(arena_all_gone());
}

/*
 * An arena that the group pays for, and nothing else: made by a process that
 * enters the group and ends, and leaves the descriptor to this one.
 */
static bool open_charged(struct arena *a, __u32 flags, __u64 max_bytes, __u64 region_bytes)
{
	struct strata_create *how = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
					 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	*how = create_args(max_bytes, region_bytes);
	how->flags = flags;
	/* Descriptors in common, memory not. */
	pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
	if (!pid)
		_exit(!enter() || arena_create(how) < 0);
	if (reap(pid))
		return false;
	a->how = *how;
	a->fd = how->out_fd;
	munmap(how, PAGE);
	return arena_map(a, PROT_READ | PROT_WRITE);
}

static void charge_and_return(struct __test_metadata *_metadata, __u32 flags)
{
	long before, with;
	struct arena a;

	ASSERT_TRUE(open_charged(&a, flags, 4 * CHARGED, 2 * CHARGED));
	before = current_bytes();
	memset(a.data, 1, CHARGED);
	with = current_bytes();
	EXPECT_GE(with - before, (long)CHARGED - SLACK);
	EXPECT_LE(with - before, (long)CHARGED + SLACK);
	EXPECT_EQ(arena_range(a.fd, STRATA_IOC_TRIM, 0, CHARGED), (long)CHARGED);
	EXPECT_LE(current_bytes() - before, SLACK);
	EXPECT_EQ(arena_range(a.fd, STRATA_IOC_POPULATE, 0, CHARGED), (long)CHARGED);
	EXPECT_GE(current_bytes() - before, (long)CHARGED - SLACK);
	arena_close(&a);
	EXPECT_LE(current_bytes(), before + SLACK);
}

TEST_F(memcg, charged)
{
	charge_and_return(_metadata, 0);
}

TEST_F(memcg, charged_huge)
{
	charge_and_return(_metadata, STRATA_CREATE_HUGE);
}

/*
 * What a region costs, in memory that is charged: used and given back, little, and
 * with something in it, its page and that.
 */
TEST_F_TIMEOUT(memcg, idle_regions, 120)
{
	/* Ten thousand, or fewer where a page in each would be much. */
	const long regions = 10000L * 4096 / PAGE;
	const size_t region = 16 * PAGE;
	long before, used, idle, i;
	struct arena a;

	before = kernel_bytes();
	ASSERT_TRUE(open_charged(&a, 0, regions * region, region));
	for (i = 0; i < regions; i++)
		a.data[i * region] = 1;
	used = kernel_bytes() - before;
	EXPECT_EQ(arena_range(a.fd, STRATA_IOC_TRIM, 0, regions * region),
		  (long)(regions * PAGE));
	idle = kernel_bytes() - before;
	TH_LOG("%ld regions: %ld bytes each with a page in it, %ld idle", regions,
	       used / regions, idle / regions);
	EXPECT_GE(used, (long)(regions * PAGE));
	EXPECT_LE(used, (long)(regions * (PAGE + 1024)));
	EXPECT_GT(idle, 0);
	EXPECT_LE(idle, regions * 1024);
	arena_close(&a);
}

/* The group is full and nobody is in it: an error, not a fault without end. */
TEST_F_TIMEOUT(memcg, full_from_outside, 120)
{
	struct arena a;
	size_t i;

	ASSERT_TRUE(open_charged(&a, 0, 4 * CHARGED, 2 * CHARGED));
	ASSERT_TRUE(put(GROUP "/memory.max", MAX));
	for (i = 0; i < CHARGED; i += PAGE)
		if (try_access(a.data + i, true))
			break;
	EXPECT_GT(i, 6 * MIB);
	EXPECT_LE(i, 8 * MIB);
	EXPECT_EQ(fault_signal, SIGBUS);
	EXPECT_EQ(arena_range(a.fd, STRATA_IOC_POPULATE, 0, CHARGED), -ENOMEM);
	EXPECT_LE(arena_stat(a.fd, 0).committed, 8 * MIB);
	/* With room again, it goes on. */
	ASSERT_GT(arena_range(a.fd, STRATA_IOC_TRIM, 0, 2 * MIB), 0);
	EXPECT_EQ(try_access(a.data + i, true), 0);
	arena_close(&a);
}

/* The same from inside: the OOM killer comes, and all of it is given back. */
TEST_F_TIMEOUT(memcg, oom_from_inside, 120)
{
	struct arena a;
	int how;
	pid_t pid;

	ASSERT_TRUE(put(GROUP "/memory.max", MAX));
	for (how = 0; how < 2; how++) {
		pid = fork();
		if (!pid) {
			if (!enter() || !arena_open(&a, 2 * CHARGED, 0))
				_exit(1);
			if (how) {
				_exit(arena_range(a.fd, STRATA_IOC_POPULATE, 0, CHARGED) ==
				      -ENOMEM ? 42 : 2);
			}
			memset(a.data, 1, CHARGED);
			_exit(3);
		}
		if (how) {
			int got = reap(pid);

			EXPECT_TRUE(got == 42 || got == -SIGKILL);
		} else {
			EXPECT_EQ(reap(pid), -SIGKILL);
		}
		EXPECT_TRUE(arena_all_gone());
		EXPECT_LE(current_bytes(), SLACK);
	}
}

/* What a lazy arena does not use goes before anybody is refused, or killed. */
TEST_F_TIMEOUT(memcg, lazy_goes_first, 120)
{
	struct arena a;
	size_t i;

	ASSERT_TRUE(open_charged(&a, STRATA_CREATE_LAZY, 4 * CHARGED, 2 * CHARGED));
	ASSERT_TRUE(put(GROUP "/memory.max", MAX));
	memset(a.data, 1, 6 * MIB);
	a.ctl[1].top = 6 * MIB;
	for (i = 0; i < 6 * MIB; i += PAGE)
		ASSERT_EQ(try_access(a.data + 2 * CHARGED + i, true), 0);
	EXPECT_LT(arena_stat(a.fd, 0).committed, 2 * MIB);
	for (i = 0; i < 6 * MIB; i += PAGE)
		ASSERT_EQ(a.data[2 * CHARGED + i], 1);
	arena_close(&a);
}

/* Nor is anybody else of the group, whose arena it is not. */
TEST_F_TIMEOUT(memcg, lazy_goes_for_others, 120)
{
	struct arena a;
	char *p;
	pid_t pid;

	ASSERT_TRUE(open_charged(&a, STRATA_CREATE_LAZY, 4 * CHARGED, 2 * CHARGED));
	ASSERT_TRUE(put(GROUP "/memory.max", MAX));
	memset(a.data, 1, 6 * MIB);
	memset(a.data + 2 * CHARGED, 2, MIB);
	a.ctl[1].top = MIB;
	pid = fork();
	if (!pid) {
		p = mmap(NULL, 6 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
		if (p == MAP_FAILED || !enter())
			_exit(1);
		memset(p, 1, 6 * MIB);
		_exit(p[0] + p[6 * MIB - 1] == 2 ? 42 : 2);
	}
	EXPECT_EQ(reap(pid), 42);
	/* What is in use stayed. */
	EXPECT_GE(arena_stat(a.fd, 0).committed + arena_stat(a.fd, 1).committed, MIB);
	EXPECT_LT(arena_stat(a.fd, 0).committed, 2 * MIB);
	EXPECT_EQ(a.data[2 * CHARGED], 2);
	EXPECT_EQ(a.data[2 * CHARGED + MIB - 1], 2);
	arena_close(&a);
}

/* A process that enters the group and fills as much; 42 if it lives to its end. */
static pid_t filler(size_t bytes)
{
	pid_t pid = fork();
	char *p;

	if (pid)
		return pid;
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED || !enter())
		_exit(1);
	memset(p, 1, bytes);
	_exit(p[0] + p[bytes - 1] == 2 ? 42 : 2);
}

/* Nor is who comes while another is about to give it back: several times, as they race. */
TEST_F_TIMEOUT(memcg, lazy_goes_to_all, 120)
{
	const size_t much = 60 * MIB;
	struct arena a;
	pid_t pid[8];
	int round;
	size_t i;

	ASSERT_TRUE(put(GROUP "/memory.max", "64M"));
	for (round = 0; round < 4; round++) {
		ASSERT_TRUE(open_charged(&a, STRATA_CREATE_LAZY, 128 * MIB, 128 * MIB));
		memset(a.data, 1, much);
		for (i = 0; i < ARRAY_SIZE(pid); i++)
			pid[i] = filler(48 * MIB / ARRAY_SIZE(pid));
		for (i = 0; i < ARRAY_SIZE(pid); i++)
			EXPECT_EQ(reap(pid[i]), 42);
		EXPECT_LT(arena_stat(a.fd, 0).committed, much);
		arena_close(&a);
	}
}

TEST_HARNESS_MAIN
