// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long an arena lives: as long as the last descriptor or mapping of it, in
 * whatever order they go, and with nothing left after that.
 */
#include "kselftest_harness.h"
#include "arena_util.h"
#include <sys/resource.h>
#include <sys/socket.h>

FIXTURE(life)
{
	struct arena a;
	long arenas;
};

FIXTURE_SETUP(life)
{
	self->arenas = arena_total("arenas");
	ASSERT_GE(self->arenas, 0);
	ASSERT_TRUE(arena_open(&self->a, 4 * MIB, MIB));
	memset(self->a.data, 1, MIB / 2);
	ASSERT_EQ(arena_total("arenas"), self->arenas + 1);
}

/* Each test ends with the arena gone. */
FIXTURE_TEARDOWN(life)
{
	EXPECT_TRUE(arena_all_gone());
}

static void unmap(struct arena *a)
{
	munmap(a->data, a->data_len);
	munmap(a->ctl, a->ctl_len);
}

TEST_F(life, close_first)
{
	close(self->a.fd);
	EXPECT_EQ(arena_total("arenas"), self->arenas + 1);
	EXPECT_EQ(self->a.data[MIB / 2 - 1], 1);
	self->a.data[2 * MIB] = 2;
	EXPECT_EQ(self->a.ctl[2].limit, STRATA_REGION_START);
	unmap(&self->a);
}

TEST_F(life, unmap_first)
{
	size_t committed = arena_stat(self->a.fd, 0).committed;

	unmap(&self->a);
	EXPECT_EQ(arena_stat(self->a.fd, 0).committed, committed);
	ASSERT_TRUE(arena_map(&self->a, PROT_READ | PROT_WRITE));
	EXPECT_EQ(self->a.data[MIB / 2 - 1], 1);
	EXPECT_EQ(self->a.ctl->committed, committed);
	arena_close(&self->a);
}

TEST_F(life, last_page)
{
	char *last = self->a.data + PAGE;

	close(self->a.fd);
	munmap(self->a.ctl, self->a.ctl_len);
	munmap(self->a.data, PAGE);
	munmap(last + PAGE, self->a.data_len - 2 * PAGE);
	EXPECT_EQ(arena_total("arenas"), self->arenas + 1);
	EXPECT_EQ(last[0], 1);
	munmap(last, PAGE);
	EXPECT_EQ(arena_total("arenas"), self->arenas);
}

TEST_F(life, dup)
{
	int fd = dup(self->a.fd);

	ASSERT_GE(fd, 0);
	arena_close(&self->a);
	EXPECT_GE(arena_stat(fd, 0).committed, MIB / 2);
	EXPECT_EQ(arena_range(fd, STRATA_IOC_TRIM, 0, MIB), (long)(MIB / 2));
	close(fd);
}

TEST_F(life, export)
{
	struct strata_export export = { .size = sizeof(export), .access = O_RDONLY };
	struct arena ro = { .how = self->a.how };

	ASSERT_EQ(command(self->a.fd, STRATA_IOC_EXPORT, &export), 0);
	ro.fd = export.out_fd;
	arena_close(&self->a);
	ASSERT_TRUE(arena_map(&ro, PROT_READ));
	EXPECT_EQ(ro.data[MIB / 2 - 1], 1);
	close(ro.fd);
	EXPECT_EQ(ro.data[0], 1);
	unmap(&ro);
}

TEST_F(life, exec_closes)
{
	char fd[16];
	pid_t pid;

	/* A program that fails if its standard input, put there, is not open. */
	snprintf(fd, sizeof(fd), "%d", self->a.fd);
	pid = fork();
	if (!pid) {
		execl("/proc/self/exe", "life", "--is-open", fd, NULL);
		_exit(100);
	}
	EXPECT_EQ(reap(pid), 1);
	ASSERT_EQ(fcntl(self->a.fd, F_SETFD, 0), 0);
	pid = fork();
	if (!pid) {
		execl("/proc/self/exe", "life", "--is-open", fd, NULL);
		_exit(100);
	}
	EXPECT_EQ(reap(pid), 0);
	arena_close(&self->a);
}

TEST_F(life, fork)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (try_access(self->a.data, false) != SIGSEGV ||
		    try_access((char *)self->a.ctl, false) != SIGSEGV)
			_exit(1);
		_exit(arena_stat(self->a.fd, 0).committed < MIB / 2);
	}
	EXPECT_EQ(reap(pid), 0);
	EXPECT_EQ(self->a.data[0], 1);

	/* The last one out is a child. */
	pid = fork();
	if (!pid) {
		if (getppid() < 0 || arena_total("arenas") != self->arenas + 1)
			_exit(1);
		_exit(arena_stat(self->a.fd, 0).committed < MIB / 2);
	}
	arena_close(&self->a);
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(status, 0);
}

TEST_F(life, fork_shares_if_asked)
{
	struct arena b = { .how = create_args(MIB, 0) };
	pid_t pid;

	b.how.flags = STRATA_CREATE_FORK_SHARE;
	b.fd = arena_create(&b.how);
	ASSERT_GE(b.fd, 0);
	ASSERT_TRUE(arena_map(&b, PROT_READ | PROT_WRITE));
	b.data[0] = 1;
	pid = fork();
	if (!pid) {
		b.data[0]++;
		b.data[PAGE] = 7;
		b.ctl->user[0] = 8;
		_exit(0);
	}
	EXPECT_EQ(reap(pid), 0);
	EXPECT_EQ(b.data[0], 2);
	EXPECT_EQ(b.data[PAGE], 7);
	EXPECT_EQ(b.ctl->user[0], 8);
	arena_close(&b);
	arena_close(&self->a);
}

/* A descriptor on its way is enough. */
TEST_F(life, passed_by_message)
{
	char control[CMSG_SPACE(sizeof(int))] = {}, byte = 'x';
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	struct arena b = { .how = self->a.how };
	int pair[2];

	ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &self->a.fd, sizeof(int));
	ASSERT_EQ(sendmsg(pair[0], &msg, 0), 1);
	arena_close(&self->a);
	EXPECT_EQ(arena_total("arenas"), self->arenas + 1);

	ASSERT_EQ(recvmsg(pair[1], &msg, 0), 1);
	cmsg = CMSG_FIRSTHDR(&msg);
	ASSERT_NE(cmsg, NULL);
	memcpy(&b.fd, CMSG_DATA(cmsg), sizeof(int));
	ASSERT_TRUE(arena_map(&b, PROT_READ | PROT_WRITE));
	EXPECT_EQ(b.data[MIB / 2 - 1], 1);
	arena_close(&b);
	close(pair[0]);
	close(pair[1]);
}

TEST_F(life, many)
{
	enum { NR = 200 };
	static struct arena arenas[NR];
	struct rlimit files = { 1024, 1024 };
	int i;

	ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &files), 0);
	for (i = 0; i < NR; i++) {
		ASSERT_TRUE(arena_open(&arenas[i], SLOT, 16 * PAGE));
		arenas[i].data[i % 8 * 16 * PAGE] = i;
	}
	EXPECT_EQ(arena_total("arenas"), self->arenas + 1 + NR);
	EXPECT_EQ(arena_total("committed"), (long)(MIB / 2 + NR * PAGE));
	for (i = 0; i < NR; i++)
		EXPECT_EQ((unsigned char)arenas[i].data[i % 8 * 16 * PAGE], i);
	for (i = 0; i < NR; i++)
		arena_close(&arenas[i]);
	EXPECT_EQ(arena_total("arenas"), self->arenas + 1);
	arena_close(&self->a);
}

/* The module is held by whatever is open. */
TEST_F(life, holds_the_module)
{
	FILE *f = fopen("/sys/module/strata/refcnt", "r");
	int with = -1, without = -1;

	ASSERT_NE(f, NULL);
	setvbuf(f, NULL, _IONBF, 0);
	ASSERT_EQ(fscanf(f, "%d", &with), 1);
	arena_close(&self->a);
	rewind(f);
	ASSERT_EQ(fscanf(f, "%d", &without), 1);
	fclose(f);
	EXPECT_GT(with, without);
}

/* What exec_closes runs: 0 if the descriptor is an arena's. */
static int is_open(const char *fd)
{
	return arena_stat(atoi(fd), 0).committed == ~0ULL;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--is-open"))
		return is_open(argv[2]);
	return test_harness_run(argc, argv);
}
