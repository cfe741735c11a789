// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything at once, while the machine changes under it: threads that use all of
 * the kernel API, processes at work in arenas; and processors that come and go,
 * memory that is reclaimed, allocations that fail, processes that are killed, no
 * memory at all. Afterwards all is as before, and strata's own walk finds nothing.
 *
 * STORM=<seconds> has each last for so long.
 */
#include "kselftest_harness.h"
#include "arena_util.h"
#include "module_util.h"
#include "stat_util.h"
#include <sys/prctl.h>
#include <time.h>

#define SECONDS		2
#define REGION		(16 * MIB)
#define PARAMETERS	"/sys/module/strata_faults/parameters/"
#define CPUS		"/sys/devices/system/cpu/"
#define MOST_WORKERS	16

FIXTURE(storm)
{
	long long objects;
	pid_t worker[MOST_WORKERS];
	int nr_workers;
	time_t end;
};

/* A process in an arena: faults, commands and mappings, until it is killed. */
static void work(unsigned int seed)
{
	struct arena a;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		if (!arena_open(&a, 4 * REGION, REGION)) {
			usleep(1000);
			continue;
		}
		arena_range(a.fd, STRATA_IOC_POPULATE, rand_r(&seed) % REGION & -PAGE, 4 * MIB);
		/* Without memory, that is a SIGBUS. */
		try_access(a.data + rand_r(&seed) % (REGION - PAGE), true);
		try_access(a.data + rand_r(&seed) % (REGION - PAGE), true);
		arena_range(a.fd, STRATA_IOC_TRIM, 0, 4 * REGION);
		arena_close(&a);
	}
}

static pid_t start_worker(int i)
{
	pid_t pid = fork();

	if (!pid) {
		/* Where there is no memory, these go before those that watch. */
		put_word("/proc/self/oom_score_adj", "900");
		work(i);
	}
	return pid;
}

FIXTURE_SETUP(storm)
{
	const char *seconds = getenv("STORM");
	int cpus = sysconf(_SC_NPROCESSORS_ONLN), i;

	module_unload("strata_faults");
	self->objects = value_of("metrics", "/gc/heap/objects:objects");
	ASSERT_EQ(module_load("strata_faults"), 0);
	ASSERT_EQ(module_tell(PARAMETERS "threads", "%d", cpus < 8 ? 2 * cpus : 16), 0);
	self->nr_workers = cpus < MOST_WORKERS ? cpus : MOST_WORKERS;
	for (i = 0; i < self->nr_workers; i++)
		self->worker[i] = start_worker(i);
	self->end = time(NULL) + (seconds && atoi(seconds) > 0 ? atoi(seconds) : SECONDS);
}

FIXTURE_TEARDOWN(storm)
{
	int i, tries;

	for (i = 0; i < self->nr_workers; i++) {
		kill(self->worker[i], SIGKILL);
		EXPECT_EQ(reap(self->worker[i]), -SIGKILL);
	}
	EXPECT_EQ(module_tell(PARAMETERS "threads", "0"), 0);
	EXPECT_EQ(module_unload("strata_faults"), 0);
	EXPECT_TRUE(arena_all_gone());
	for (tries = 0; tries < 1500; tries++) {
		if (value_of("metrics", "/gc/heap/objects:objects") == self->objects)
			break;
		usleep(20000);
	}
	EXPECT_EQ(value_of("metrics", "/gc/heap/objects:objects"), self->objects);
	EXPECT_TRUE(sound());
}

static bool set_online(int cpu, const char *word)
{
	char path[128];

	snprintf(path, sizeof(path), CPUS "cpu%d/online", cpu);
	return !put_word(path, word);
}

/* All processors but the first go and come back, again and again. */
TEST_F_TIMEOUT(storm, processors, 600)
{
	int cpus = sysconf(_SC_NPROCESSORS_CONF), cpu, rounds = 0;

	if (cpus < 2 || access(CPUS "cpu1/online", W_OK))
		SKIP(return, "no processor can be taken away");
	do {
		for (cpu = 1; cpu < cpus; cpu++)
			EXPECT_TRUE(set_online(cpu, "0"));
		for (cpu = 1; cpu < cpus; cpu++)
			EXPECT_TRUE(set_online(cpu, "1"));
		rounds++;
	} while (time(NULL) < self->end);
	TH_LOG("%d processors, %d rounds", cpus, rounds);
	EXPECT_EQ(sysconf(_SC_NPROCESSORS_ONLN), cpus);
}

/*
 * The machine goes to sleep and wakes, again and again, as far as practising goes:
 * processes are stopped in the middle of calls, the rest does not stop for that; at
 * the last level all processors but one go, too.
 */
TEST_F_TIMEOUT(storm, suspend, 600)
{
	static const char * const levels[] = { "freezer", "devices", "platform", "processors" };
	size_t i, rounds = 0;

	if (access("/sys/power/pm_test", W_OK))
		SKIP(return, "this kernel does not practise suspending");
	/* It stays asleep for five seconds otherwise. */
	EXPECT_EQ(put_word("/sys/module/suspend/parameters/pm_test_delay", "0"), 0);
	do {
		for (i = 0; i < ARRAY_SIZE(levels); i++) {
			ASSERT_EQ(put_word("/sys/power/pm_test", levels[i]), 0);
			EXPECT_EQ(put_word("/sys/power/state", "mem"), 0)
				TH_LOG("%s", levels[i]);
		}
		rounds++;
	} while (time(NULL) < self->end);
	EXPECT_EQ(put_word("/sys/power/pm_test", "none"), 0);
	TH_LOG("%zu rounds", rounds);
}

/* All that shrinkers can have, and all that is free, goes back meanwhile. */
TEST_F_TIMEOUT(storm, reclaim, 600)
{
	int rounds = 0;

	do {
		EXPECT_EQ(put_word("/proc/sys/vm/drop_caches", "3"), 0);
		EXPECT_EQ(put_word(STRATA "drain", "1"), 0);
		rounds++;
	} while (time(NULL) < self->end);
	TH_LOG("%d rounds", rounds);
}

/* One allocation in five of strata's own fails. */
TEST_F_TIMEOUT(storm, faults, 600)
{
	EXPECT_EQ(put_word(STRATA "fault/times", "-1"), 0);
	EXPECT_EQ(put_word(STRATA "fault/probability", "20"), 0);
	while (time(NULL) < self->end)
		usleep(100000);
	EXPECT_EQ(put_word(STRATA "fault/probability", "0"), 0);
	EXPECT_EQ(put_word(STRATA "fault/times", "1"), 0);
}

/* Processes are killed wherever they are. */
TEST_F_TIMEOUT(storm, kills, 600)
{
	unsigned int seed = 1;
	int i, rounds = 0;

	do {
		i = rounds++ % self->nr_workers;
		usleep(rand_r(&seed) % 5000);
		ASSERT_EQ(kill(self->worker[i], SIGKILL), 0);
		ASSERT_EQ(reap(self->worker[i]), -SIGKILL);
		self->worker[i] = start_worker(rounds);
	} while (time(NULL) < self->end);
	TH_LOG("%d processes", rounds);
}

/* Takes all the memory there is. It is the first to go. */
static void devour(void)
{
	struct strata_create how = create_args(64 * MIB, 0);

	if (put_word("/proc/self/oom_score_adj", "1000"))
		_exit(1);
	for (;;) {
		int fd = arena_create(&how);

		if (fd < 0 || arena_range(fd, STRATA_IOC_POPULATE, 0, 64 * MIB) < 0)
			_exit(fd == -ENOMEM || fd >= 0 ? 0 : 2);
		how.size = sizeof(how);
	}
}

/* How many the OOM killer has killed since boot. */
static long oom_kills(void)
{
	FILE *f = fopen("/proc/vmstat", "r");
	char name[64];
	long value;

	while (f && fscanf(f, "%63s %ld", name, &value) == 2)
		if (!strcmp(name, "oom_kill")) {
			fclose(f);
			return value;
		}
	if (f)
		fclose(f);
	return -1;
}

/* It is enough that one goes: until its arenas are gone, nobody else has to. */
TEST_F_TIMEOUT(storm, out_of_memory, 600)
{
	int ret, rounds = 0, killed = 0;
	long before = oom_kills();
	pid_t pid;

	do {
		pid = fork();
		if (!pid)
			devour();
		ret = reap(pid);
		EXPECT_TRUE(!ret || ret == -SIGKILL)
			TH_LOG("status %d", ret);
		killed += ret == -SIGKILL;
		rounds++;
	} while (time(NULL) < self->end);
	TH_LOG("%d times, %ld killed", rounds, oom_kills() - before);
	EXPECT_EQ(oom_kills() - before, killed);
}

TEST_HARNESS_MAIN
