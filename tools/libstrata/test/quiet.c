// SPDX-License-Identifier: MIT
/*
 * What work of the same shape over and over costs after the first round: no
 * system call, no page fault, no memory.
 */
#define _GNU_SOURCE
#include "kselftest_harness.h"
#include "test.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#define ROUNDS	20000

/* System calls that were made since count_calls(): each gets a signal instead. */
static volatile sig_atomic_t calls;

static void called(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)info, (void)context;
	calls++;
}

/* The calls that this test needs to end pass. False without seccomp. */
static bool count_calls(void)
{
	/* Of handlers with less to be told, some machines return by another call. */
	struct sigaction action = { .sa_sigaction = called, .sa_flags = SA_SIGINFO };
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_rt_sigreturn, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_exit_group, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_getrusage, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { ARRAY_SIZE(filter), filter };

	sigaction(SIGSYS, &action, NULL);
	return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) &&
	       !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

static void request(strata_region *r, size_t size)
{
	STRATA_FRAME(r);
	char *p = strata_region_alloc(r, size), *q;

	p[0] = 1;
	p[size - 1] = 1;
	p = strata_region_realloc_last(r, p, size, 2 * size);
	STRATA_FRAME(r);
	q = strata_region_zalloc(r, 100);
	q = strata_region_realloc_last(r, q, 100, 200);
	p[2 * size - 1] = q[0];
}

/*
 * What happens in ROUNDS requests of up to 5000 bytes or, every 1000th, of @large:
 * 0 nothing, 1 system calls, 2 faults, 3 both, 4 it could not be counted.
 */
static int happens(unsigned int flags, size_t large)
{
	struct strata_arena_opts opts = {
		.size = sizeof(opts), .max_bytes = 64 * MIB, .flags = flags,
	};
	strata_region *r;
	strata_arena *a;
	long before;
	int i, ret;

	if (strata_arena_create(&opts, &a))
		return 4;
	r = strata_region_create(a);
	/* Reach all memory that any round needs; the rest of the stack, too. */
	{
		STRATA_FRAME(r);
		memset(strata_region_alloc(r, 2 * large + 5000), 1, 2 * large + 5000);
	}
	request(r, 1000);
	if (!count_calls())
		return 4;
	/* Twice: what it takes of the stack to count is not counted. */
	faults();
	before = faults();
	for (i = 0; i < ROUNDS; i++)
		request(r, i % 1000 ? 1 + (size_t)i * 7 % 5000 : large);
	ret = calls ? 1 : 0;
	return faults() > before ? ret + 2 : ret;
}

/* In a process of its own: there is no way back from seccomp. */
static int happens_in_child(unsigned int flags, size_t large)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid)
		_exit(happens(flags, large));
	return reap(pid);
}

/* The counters count. */
TEST(counting)
{
	pid_t pid = fork();

	if (!pid) {
		long before = faults();
		char *p = malloc(4 * MIB);

		p[MIB] = 1;
		if (!count_calls())
			_exit(4);
		syscall(SYS_getppid);
		_exit(calls == 1 && faults() > before ? 0 : 1);
	}
	pid = reap(pid);
	if (pid == 4)
		SKIP(return, "this kernel has no seccomp filters");
	EXPECT_EQ(pid, 0);
}

TEST(steady_state)
{
	int what = happens_in_child(0, 100 * KIB);

	if (what == 4)
		SKIP(return, "this kernel has no seccomp filters");
	EXPECT_EQ(what, 0);
}

TEST(steady_state_lazy)
{
	int what = happens_in_child(STRATA_CREATE_LAZY, MIB);

	if (what == 4)
		SKIP(return, "this kernel has no seccomp filters");
	EXPECT_EQ(what, 0);
}

TEST(steady_state_huge)
{
	int what = happens_in_child(STRATA_CREATE_HUGE, 4 * MIB);

	if (what == 4)
		SKIP(return, "this kernel has no seccomp filters");
	EXPECT_EQ(what, 0);
}

/* Memory comes and goes, and what a trim leaves is what is in use. */
TEST(memory_after_trim)
{
	struct strata_arena_opts opts = {
		.size = sizeof(opts), .max_bytes = 64 * MIB, .keep_bytes = 64 * KIB,
	};
	strata_region *r;
	strata_arena *a;
	int i;

	ASSERT_EQ(strata_arena_create(&opts, &a), 0);
	r = strata_region_create(a);
	for (i = 0; i < 4; i++) {
		strata_mark_t mark = strata_region_push(r);

		memset(strata_region_alloc(r, 10 * MIB), 1, 10 * MIB);
		EXPECT_EQ(strata_region_pop(r, mark), 0);
		strata_region_trim(r);
		/* Within keep_bytes and one folio. */
		EXPECT_LE(stat_of(r).committed, 64 * KIB + 2 * MIB);
	}
	strata_arena_destroy(a);
}

TEST_HARNESS_MAIN
