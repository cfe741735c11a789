// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arenas and other processes: what a child has of its parent's, and what looks
 * into a process from outside: a debugger, and a core dump.
 */
#include "kselftest_harness.h"
#include "arena_util.h"
#include <pthread.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>

#define REGION	(8 * MIB)
#define CORES	"/tmp/strata-core"

FIXTURE(fork)
{
	struct arena a;
};

FIXTURE_VARIANT(fork)
{
	__u32 flags;
};

FIXTURE_VARIANT_ADD(fork, alone) { .flags = 0 };
FIXTURE_VARIANT_ADD(fork, shared) { .flags = STRATA_CREATE_FORK_SHARE };
FIXTURE_VARIANT_ADD(fork, shared_huge) {
	.flags = STRATA_CREATE_FORK_SHARE | STRATA_CREATE_HUGE
};

static bool open_with(struct arena *a, __u32 flags)
{
	a->how = create_args(2 * REGION, REGION);
	a->how.flags = flags;
	a->fd = arena_create(&a->how);
	return a->fd >= 0 && arena_map(a, PROT_READ | PROT_WRITE);
}

FIXTURE_SETUP(fork)
{
	ASSERT_TRUE(open_with(&self->a, variant->flags));
}

FIXTURE_TEARDOWN(fork)
{
	arena_close(&self->a);
	EXPECT_TRUE(arena_all_gone());
}

/* The child sees all of it and adds to it, or nothing. */
TEST_F(fork, inherited)
{
	char *p = self->a.data;
	bool share = variant->flags & STRATA_CREATE_FORK_SHARE;
	pid_t pid;

	memset(p, 1, MIB);
	pid = fork();
	if (!pid) {
		if (!share)
			_exit(try_access(p, false) != SIGSEGV ||
			      try_access((char *)self->a.ctl, false) != SIGSEGV);
		if (p[0] != 1 || p[MIB - 1] != 1 || try_access(p + REGION - PAGE, true) != SIGBUS)
			_exit(1);
		memset(p + MIB, 2, 3 * MIB);
		self->a.ctl[1].top = 99;
		_exit(0);
	}
	ASSERT_EQ(reap(pid), 0);
	EXPECT_EQ(p[0], 1);
	EXPECT_EQ(p[MIB], share ? 2 : 0);
	EXPECT_EQ(p[4 * MIB - 1], share ? 2 : 0);
	EXPECT_EQ(self->a.ctl[1].top, share ? 99 : 0);
}

/* Trimmed by one, it is gone for both, also where it was not touched since. */
TEST_F(fork, trimmed_by_the_child)
{
	char *p = self->a.data;
	pid_t pid;

	memset(p, 1, 4 * MIB);
	pid = fork();
	if (!pid)
		_exit(arena_range(self->a.fd, STRATA_IOC_TRIM, 0, 4 * MIB) != 4 * (long)MIB);
	ASSERT_EQ(reap(pid), 0);
	EXPECT_EQ(arena_stat(self->a.fd, 0).committed, 0);
	EXPECT_TRUE(is_zero(p, 4 * MIB));
}

static bool over;

static void *touch(void *arg)
{
	struct arena *a = arg;
	size_t i = 0;

	while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
		a->data[i] = 1;
		i = (i + 7 * PAGE) % (REGION / 2);
		if (i < 7 * PAGE)
			arena_range(a->fd, STRATA_IOC_TRIM, 0, REGION);
	}
	return NULL;
}

/* While other threads fault and trim. */
TEST_F(fork, at_any_time)
{
	pthread_t threads[2];
	int i, failed = 0;
	pid_t pid;

	__atomic_store_n(&over, false, __ATOMIC_RELAXED);
	for (i = 0; i < 2; i++)
		ASSERT_EQ(pthread_create(&threads[i], NULL, touch, &self->a), 0);
	for (i = 0; i < 30; i++) {
		pid = fork();
		if (!pid) {
			if (variant->flags & STRATA_CREATE_FORK_SHARE)
				self->a.data[REGION + i * PAGE] = i;
			_exit(0);
		}
		failed += !!reap(pid);
	}
	__atomic_store_n(&over, true, __ATOMIC_RELAXED);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(failed, 0);
	for (i = 0; i < 30 && variant->flags; i++)
		EXPECT_EQ(self->a.data[REGION + i * PAGE], i);
}

/* The last mapping is a child's; it is killed. */
TEST_F(fork, last_is_a_child)
{
	int ready[2];
	pid_t pid;
	char c;

	ASSERT_EQ(pipe(ready), 0);
	self->a.data[0] = 1;
	pid = fork();
	if (!pid) {
		if (variant->flags)
			self->a.data[2 * MIB] = 2;
		if (write(ready[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	ASSERT_EQ(read(ready[0], &c, 1), 1);
	arena_close(&self->a);
	EXPECT_EQ(arena_total("arenas"), 1);
	kill(pid, SIGKILL);
	EXPECT_EQ(reap(pid), -SIGKILL);
	EXPECT_TRUE(arena_all_gone());
	ASSERT_TRUE(open_with(&self->a, variant->flags));
}

/* A debugger reads and writes it, and brings in what is not there. */
TEST_F(fork, traced)
{
	struct arena b;
	char *p = self->a.data, buf[6] = "";
	struct iovec mine = { buf, 5 }, theirs = { p + MIB, 5 };
	pid_t pid;
	long word;

	pid = fork();
	if (!pid) {
		b = (struct arena) { .fd = self->a.fd, .how = self->a.how };
		munmap(p, self->a.data_len);
		b.data = mmap(p, self->a.data_len, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_FIXED, b.fd, 0);
		put_text(p + MIB, "child");
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(*(long *)(p + 3 * MIB) != 0x5757);
	}
	ASSERT_EQ(waitpid(pid, NULL, 0), pid);
	errno = 0;
	word = ptrace(PTRACE_PEEKDATA, pid, p + MIB, NULL);
	EXPECT_EQ(errno, 0);
	/* A word of it: of 32 bits not all. */
	EXPECT_EQ(strncmp((char *)&word, "child", sizeof(word)), 0);
	EXPECT_EQ(ptrace(PTRACE_POKEDATA, pid, p + 3 * MIB, (void *)0x5757), 0);
	EXPECT_EQ(ptrace(PTRACE_PEEKDATA, pid, p + REGION - PAGE, NULL), -1);
	/* Not every kernel has this one: try it on memory of one's own. */
	if (process_vm_readv(getpid(), &mine, 1, &mine, 1, 0) == 5) {
		EXPECT_EQ(process_vm_readv(pid, &mine, 1, &theirs, 1, 0), 5);
		EXPECT_STREQ(buf, "child");
	}
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	EXPECT_EQ(reap(pid), 0);
}

/* Is the text in the file? */
static bool has_text(const char *path, const char *text)
{
	size_t size, n = strlen(text), i;
	int fd = open(path, O_RDONLY);
	struct stat st;
	char *p;

	if (fd < 0 || fstat(fd, &st))
		return false;
	size = st.st_size;
	p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	for (i = 0; p != MAP_FAILED && i + n <= size; i += 8)
		if (!memcmp(p + i, text, n))
			return true;
	return false;
}

/* What is the arena's own is in a dump if it was asked for. */
TEST(core_dump)
{
	static const char scrambled[] = "tsubn`fmqlc`up,bohu,on";
	char text[sizeof(scrambled)];
	struct rlimit core = { RLIM_INFINITY, RLIM_INFINITY };
	const char *pattern = "/proc/sys/kernel/core_pattern";
	__u32 flags[] = { 0, STRATA_CREATE_DUMP, STRATA_CREATE_DUMP | STRATA_CREATE_HUGE };
	size_t i, k;
	FILE *f;
	pid_t pid;

	f = fopen(pattern, "w");
	if (!f)
		SKIP(return, "no core dumps in this kernel");
	fputs(CORES, f);
	fclose(f);
	for (i = 0; i < 3; i++) {
		unlink(CORES);
		pid = fork();
		if (!pid) {
			struct arena a;

			if (setrlimit(RLIMIT_CORE, &core) || !open_with(&a, flags[i]))
				_exit(1);
			/* Made there, so that the text is nowhere else. */
			for (k = 0; k < sizeof(scrambled) - 1; k++)
				a.data[MIB + k] = scrambled[k] ^ 1;
			abort();
		}
		ASSERT_EQ(reap(pid), -SIGABRT);
		ASSERT_EQ(access(CORES, R_OK), 0);
		for (k = 0; k < sizeof(scrambled); k++)
			text[k] = k < sizeof(scrambled) - 1 ? scrambled[k] ^ 1 : 0;
		EXPECT_EQ(has_text(CORES, text), !!flags[i]);
	}
	unlink(CORES);
}

TEST_HARNESS_MAIN
