// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs of system calls on /dev/strata, its arenas and their mappings. Each
 * runs in a process of its own, which may fork, pass descriptors around, and be
 * killed at any point.
 *
 * A unit of a program is one call: what, on what, and values that are mostly
 * taken from tables of sensible and of nearly sensible ones, and as they are if
 * the unit says so.
 *
 * Wrong is: an error that the device does not give; figures that do not add up;
 * a byte in an arena that this program did not write; anything left of an arena
 * when all processes are gone; and what the kernel says about itself.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "../arena_util.h"
#include "engine.h"

#define NR_FDS		8
#define NR_MAPS		8
#define NR_CHILDREN	4
/* Where mappings with a fixed address go: nothing else is there. */
#define WINDOW		((char *)(sizeof(long) == 8 ? 0x200000000000UL : 0x20000000UL))
#define WINDOW_SIZE	(64UL << 20)
/* No single call commits more. */
#define MOST		(4UL << 20)

/* One unit of a program. */
struct unit {
	uint8_t what, a, b, how;
	uint32_t value;
};

/* In unit.how: values as they are; arguments that are not even structs. */
#define HOW_RAW		0x80
#define HOW_WILD	0x40

struct map {
	char *at;
	size_t len;
	bool control;
};

static int fds[NR_FDS];
static struct strata_create shape[NR_FDS];
static struct map maps[NR_MAPS];
static pid_t children[NR_CHILDREN];
static int depth;
static bool alone;	/* no other process or thread of this program yet */
static int sockets[2];
static bool no_sockets;	/* in this kernel: a pipe is in their place */
static char *odd_page;	/* followed by one that is not there, before one that is read-only */
static uint8_t tag;
static sigjmp_buf bad_access;

static const uint64_t sizes[] = {
	0, 1, 2048, 4095, 4096, 4097, 8192, 16384, 65536, 131072, 1 << 20, 2 << 20,
	(2 << 20) + 4096, 4 << 20, 8 << 20, 1ULL << 30, 1ULL << 32, 1ULL << 40,
	1ULL << 47, 1ULL << 63, -4096ULL, -1ULL,
};

static const uint32_t words[] = {
	0, 1, 2, 3, 4, 7, 8, 16, 31, 32, 64, 0x80, 0xff, 0x100, 0xfff, 0x1000, 0x7fff,
	0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, O_CLOEXEC,
};

#define PICK(table, n) ((table)[(n) % (sizeof(table) / sizeof((table)[0]))])

static uint64_t size_of(const struct unit *u)
{
	return u->how & HOW_RAW ? (uint64_t)u->value << (u->how & 31) : PICK(sizes, u->value);
}

static uint32_t word_of(const struct unit *u, unsigned int shift)
{
	return u->how & HOW_RAW ? u->value >> shift : PICK(words, u->value >> shift);
}

static int fd_of(uint8_t n)
{
	return fds[n % NR_FDS];
}

/* A slot gets a new descriptor, and what was there is closed. */
static void put_fd(uint8_t n, int fd, const struct strata_create *how)
{
	if (fd < 0)
		return;
	if (fds[n % NR_FDS] >= 0)
		close(fds[n % NR_FDS]);
	fds[n % NR_FDS] = fd;
	if (how)
		shape[n % NR_FDS] = *how;
}

/* The errors that the documentation of the ABI lists, and those of any call. */
static bool documented(int err)
{
	static const int list[] = {
		EINVAL, E2BIG, ENOTTY, EOPNOTSUPP, EDQUOT, EPERM, EBUSY, EOVERFLOW, EBADF,
		EFAULT, ENOMEM, EMFILE, ENFILE, EINTR, EACCES, EAGAIN,
	};
	size_t i;

	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (err == list[i])
			return true;
	return false;
}

static void said(uint8_t what, long result)
{
	fuzz_signal(what << 16 | (result < 0 ? 0x8000 | (errno & 0xff) : result ? 1 : 0));
}

static void device_ioctl(const struct unit *u, int fd, unsigned long cmd, void *arg)
{
	int result = ioctl(fd, cmd, arg);

	said(u->what + (cmd & 0xff), result);
	if (result && !documented(errno))
		fuzz_finding("ioctl %#lx fails with undocumented errno %d", cmd, errno);
}

/* A struct that starts where the page ends, that is read-only, or nowhere. */
static void *odd_pointer(const struct unit *u, const void *arg, size_t size)
{
	switch (u->value >> 28) {
	case 0:
		return NULL;
	case 1:
		return odd_page + PAGE - 4;
	case 2:
		memcpy(odd_page + PAGE - size, arg, size);
		return odd_page + PAGE - size;
	case 3:
		return odd_page - PAGE;
	case 4:
		return (void *)-4096L;
	default:
		return maps[u->b % NR_MAPS].len ? maps[u->b % NR_MAPS].at : (void *)8;
	}
}

/* One command with a struct of @size bytes, or with something instead of it. */
static void command_with(const struct unit *u, unsigned long cmd, void *arg, size_t size)
{
	void *given = arg;
	uint32_t *say_size = arg;

	if (u->how & HOW_WILD) {
		if (u->how & 1)
			given = odd_pointer(u, arg, size);
		if (u->how & 2)
			*say_size = PICK(words, u->value >> 8);
		if (u->how & 4)
			((char *)arg)[u->b % size] ^= u->value;
	}
	device_ioctl(u, fd_of(u->a), cmd, given);
}

static void do_open(const struct unit *u)
{
	static const int modes[] = { O_RDWR, O_RDONLY, O_WRONLY, O_RDWR | O_NONBLOCK };

	put_fd(u->a, open(DEVICE, PICK(modes, u->value) | O_CLOEXEC), NULL);
}

static void do_info(const struct unit *u)
{
	struct { struct strata_info info; char more[64]; } arg = { .info.size = sizeof(arg.info) };

	command_with(u, STRATA_IOC_INFO, &arg, sizeof(arg));
}

/* Most programs need arenas: mostly sane ones, of up to 8 MiB. */
static void do_create(const struct unit *u)
{
	struct { struct strata_create how; char more[64]; } arg = {
		.how = create_args(PICK(sizes, 4 + u->value % 11), 0),
	};
	int dev = open(DEVICE, O_RDWR | O_CLOEXEC);
	int result;

	arg.how.region_bytes = u->value & 0x100 ? 8192UL << (u->value >> 9 & 7) : 0;
	arg.how.flags = u->how & 0x1f;
	if (u->value & 0x1000)
		arg.how.keep_bytes = arg.how.max_bytes / 2;
	if (u->value & 0x2000)
		arg.how.node = 0;
	if (u->how & HOW_RAW) {
		arg.how.max_bytes = PICK(sizes, u->value);
		arg.how.region_bytes = PICK(sizes, u->value >> 8);
		arg.how.keep_bytes = PICK(sizes, u->value >> 16);
		arg.how.node = PICK(words, u->value >> 20);
		arg.how.fd_flags = PICK(words, u->value >> 24);
		memset(arg.how.name, u->b, u->value >> 28);
	}
	if (u->how & HOW_WILD)
		((char *)&arg)[u->b % sizeof(arg)] ^= u->value;
	result = dev < 0 ? -1 : ioctl(dev, STRATA_IOC_CREATE, &arg);
	said(u->what, result);
	if (dev >= 0 && result && !documented(errno))
		fuzz_finding("create fails with undocumented errno %d", errno);
	if (dev >= 0)
		close(dev);
	if (!result)
		put_fd(u->a, arg.how.out_fd, &arg.how);
}

static void do_range(const struct unit *u)
{
	const struct strata_create *how = &shape[u->a % NR_FDS];
	struct { struct strata_range range; char more[64]; } arg = {
		.range.size = sizeof(arg.range),
		.range.off = how->out_data_off + (u->value & 0xff) * 2048,
		.range.len = PICK(sizes, u->value >> 8),
	};

	if (u->how & HOW_RAW) {
		arg.range.off = PICK(sizes, u->value);
		arg.range.flags = PICK(words, u->value >> 16) & 1;
	}
	if (arg.range.len > MOST && how->max_bytes > MOST && !(u->how & 1))
		arg.range.len = MOST;
	command_with(u, u->how & 1 ? STRATA_IOC_TRIM : STRATA_IOC_POPULATE, &arg, sizeof(arg));
}

static void do_export(const struct unit *u)
{
	struct { struct strata_export export; char more[64]; } arg = {
		.export.size = sizeof(arg.export),
		.export.access = u->value & 1 ? O_RDWR : O_RDONLY,
		.export.fd_flags = u->value & 2 ? O_CLOEXEC : 0,
		.export.out_fd = -1,
	};

	if (u->how & HOW_RAW) {
		arg.export.access = word_of(u, 0);
		arg.export.fd_flags = word_of(u, 8);
	}
	command_with(u, STRATA_IOC_EXPORT, &arg, sizeof(arg));
	/* Wild arguments may have put it out of sight; exit closes it. */
	if (!(u->how & HOW_WILD) && arg.export.out_fd >= 0)
		put_fd(u->b, arg.export.out_fd, &shape[u->a % NR_FDS]);
}

static void do_seal(const struct unit *u)
{
	struct { struct strata_seal seal; char more[64]; } arg = {
		.seal.size = sizeof(arg.seal), .seal.seals = u->how & HOW_RAW ? word_of(u, 0) :
							     u->value & 7,
	};

	command_with(u, STRATA_IOC_SEAL, &arg, sizeof(arg));
}

static void do_stat(const struct unit *u)
{
	struct strata_stat stat = {
		.size = sizeof(stat), .region = u->value & 1 ? STRATA_REGION_ALL : word_of(u, 1),
	};

	if (u->how & HOW_WILD) {
		command_with(u, STRATA_IOC_STAT, &stat, sizeof(stat));
		return;
	}
	device_ioctl(u, fd_of(u->a), STRATA_IOC_STAT, &stat);
	if (alone && stat.grown - stat.trimmed != stat.committed)
		fuzz_finding("stat: grown %llu - trimmed %llu is not committed %llu",
			     stat.grown, stat.trimmed, stat.committed);
	if (stat.hwm < stat.committed)
		fuzz_finding("stat: hwm %llu below committed %llu", stat.hwm, stat.committed);
}

/* Any command, known or not, with any argument. */
static void do_ioctl(const struct unit *u)
{
	static const unsigned long known[] = {
		STRATA_IOC_INFO, STRATA_IOC_CREATE, STRATA_IOC_POPULATE, STRATA_IOC_TRIM,
		STRATA_IOC_EXPORT, STRATA_IOC_SEAL, STRATA_IOC_STAT, 0x5421 /* FIONBIO */,
	};
	char arg[256];
	unsigned long cmd = PICK(known, u->value);

	memset(arg, u->b, sizeof(arg));
	memcpy(arg, &words[u->value >> 8 & 15], 4);
	if (cmd == STRATA_IOC_POPULATE)
		return;
	if (u->how & HOW_RAW)
		cmd = _IOC(u->value & 3, STRATA_IOC_MAGIC, u->value >> 8 & 0xff,
			   u->value >> 16 & 0xfff);
	if (u->how & 1)
		cmd = u->value;
	/* Nothing may be committed beyond MOST by an argument like this. */
	if (_IOC_NR(cmd) == _IOC_NR(STRATA_IOC_POPULATE))
		return;
	said(u->what, ioctl(fd_of(u->a), cmd, u->how & 2 ? odd_pointer(u, arg, sizeof(arg)) : arg));
}

static const int protections[] = {
	PROT_READ | PROT_WRITE, PROT_READ, PROT_NONE, PROT_WRITE,
	PROT_READ | PROT_WRITE | PROT_EXEC, PROT_READ | PROT_EXEC,
};

static void do_mmap(const struct unit *u)
{
	const struct strata_create *how = &shape[u->a % NR_FDS];
	struct map *m = &maps[u->b % NR_MAPS];
	bool control = u->how & 1;
	size_t all = control ? how->out_nr_regions * sizeof(struct strata_ctl) :
		     how->out_ctl_off - how->out_data_off;
	off_t off = control ? how->out_ctl_off : how->out_data_off;
	int prot = PICK(protections, u->value);
	int flags = u->value & 0x800 ? MAP_PRIVATE : MAP_SHARED;
	size_t len = (all + PAGE - 1) & -PAGE;
	char *at = NULL, *got;

	if (u->value & 0x1000)
		len = size_of(u) & -PAGE;
	if (u->value & 0x2000)
		off += (u->value >> 16 & 15) * PAGE;
	if (u->value & 0x4000)
		flags |= MAP_NORESERVE;
	if (u->value & 0x8000) {
		at = WINDOW + (u->value >> 16) * PAGE % WINDOW_SIZE;
		flags |= MAP_FIXED;
		if (len > WINDOW_SIZE / 2)
			len = WINDOW_SIZE / 2;
	}
	if ((u->how & 2) && len <= MOST)
		flags |= MAP_POPULATE;
	if ((u->how & 4) && len <= MOST)
		flags |= MAP_LOCKED;
	got = mmap(at, len, prot, flags, fd_of(u->a), off);
	said(u->what, got == MAP_FAILED ? -1 : 0);
	if (got == MAP_FAILED)
		return;
	if (m->len && m->at != got)
		munmap(m->at, m->len);
	*m = (struct map) { .at = got, .len = len, .control = control };
}

/* Some pages of a mapping, or of what is beside it. */
static void part(const struct unit *u, const struct map *m, char **at, size_t *len)
{
	size_t pages = m->len / PAGE ?: 1;

	*at = m->at + (u->value & 0xff) % pages * PAGE;
	*len = (1 + (u->value >> 8 & 0xff) % pages) * PAGE;
	if (*at + *len > m->at + m->len && !(u->how & HOW_RAW))
		*len = m->at + m->len - *at;
	if (*len > WINDOW_SIZE)
		*len = WINDOW_SIZE;
}

static void do_munmap(const struct unit *u)
{
	struct map *m = &maps[u->a % NR_MAPS];
	char *at;
	size_t len;

	if (!m->len)
		return;
	part(u, m, &at, &len);
	if (u->how & 1)
		at = m->at, len = m->len;
	if (at + len > m->at + m->len)
		len = m->at + m->len - at;
	said(u->what, munmap(at, len));
	/* A hole may be anywhere; the rest goes with what is touched. */
	if (at == m->at)
		*m = (struct map) { .at = at + len, .len = m->len - len, .control = m->control };
}

static void do_mremap(const struct unit *u)
{
	struct map *m = &maps[u->a % NR_MAPS], *to = &maps[u->b % NR_MAPS];
	size_t new = (u->value >> 16 & 0x3ff) * PAGE, len;
	int flags = u->how & (MREMAP_MAYMOVE | MREMAP_FIXED | 4 /* DONTUNMAP */);
	char *at, *got;

	if (!m->len)
		return;
	part(u, m, &at, &len);
	if (u->how & 8)
		at = m->at, len = m->len;
	if (u->how & 16)
		new = len;
	if (flags & MREMAP_FIXED)
		flags |= MREMAP_MAYMOVE;
	if (new > WINDOW_SIZE / 2)
		new = WINDOW_SIZE / 2;
	got = mremap(at, len, new, flags, WINDOW + (u->value & 0xfff) * PAGE);
	said(u->what, got == MAP_FAILED ? -1 : 0);
	if (got != MAP_FAILED)
		*to = (struct map) { .at = got, .len = new, .control = m->control };
}

static void do_madvise(const struct unit *u)
{
	struct map *m = &maps[u->a % NR_MAPS];
	char *at;
	size_t len;
	int advice = u->b % 26;

	if (!m->len)
		return;
	part(u, m, &at, &len);
	if (u->how & HOW_WILD)
		advice = u->b;
	/* Those that break memory on purpose are not about strata. */
	if (advice == 100 || advice == 101)
		return;
	said(u->what, madvise(at, len, advice));
}

static void do_mprotect(const struct unit *u)
{
	struct map *m = &maps[u->a % NR_MAPS];
	char *at;
	size_t len;

	if (!m->len)
		return;
	part(u, m, &at, &len);
	said(u->what, mprotect(at, len, PICK(protections, u->b)));
}

static void bad_access_handler(int sig)
{
	siglongjmp(bad_access, sig);
}

/* Data is nobody's or this program's. Control pages are the kernel's to fill. */
static void look_at(const struct map *m, const char *at, size_t len)
{
	const uint64_t own = tag * 0x0101010101010101ULL;
	size_t i;

	for (i = 0; i < len; i++) {
		uint64_t word = i % 8 ? 1 : *(const volatile uint64_t *)(at + i);
		uint8_t byte;

		/* Mostly, eight at a time. */
		if (!word || word == own) {
			i += 7;
			continue;
		}
		byte = ((const volatile uint8_t *)at)[i];

		if (byte && byte != tag && !m->control) {
			fuzz_finding("stale byte %#x at %zu of a page, this program writes %#x",
				     byte, i % PAGE, tag);
			return;
		}
	}
}

static void do_touch(const struct unit *u)
{
	const struct map *m = &maps[u->a % NR_MAPS];
	volatile int sig;
	char *at;
	size_t len, i;

	if (!m->len)
		return;
	part(u, m, &at, &len);
	if (len > 64 * PAGE)
		len = 64 * PAGE;
	sig = sigsetjmp(bad_access, 1);
	said(u->what, sig);
	if (sig)
		return;
	if (u->how & 1)
		look_at(m, at, u->how & 2 ? len : PAGE);
	if ((u->how & 4) && !m->control)
		for (i = 0; i < len; i += 1 + u->b)
			((volatile char *)at)[i] = tag;
	if ((u->how & 4) && m->control)
		memset(at + (u->b & 15) * 8, u->value, 8);
}

/* What a control page says, written by the process as it likes. */
static void do_control(const struct unit *u)
{
	const struct map *m = &maps[u->a % NR_MAPS];
	struct strata_ctl *ctl = (struct strata_ctl *)m->at + (u->b & 3);

	if (!m->len || !m->control || sigsetjmp(bad_access, 1))
		return;
	switch (u->how & 3) {
	case 0:
		ctl->top = size_of(u);
		break;
	case 1:
		ctl->limit = size_of(u);
		break;
	case 2:
		ctl->committed = size_of(u);
		break;
	default:
		memset((void *)ctl, u->value, sizeof(*ctl));
	}
}

static void do_close(const struct unit *u)
{
	int *fd = &fds[u->a % NR_FDS];

	if (*fd < 0)
		return;
	said(u->what, close(*fd));
	*fd = -1;
}

static void do_dup(const struct unit *u)
{
	int fd = fd_of(u->a), new;

	switch (u->value % 3) {
	case 0:
		new = dup(fd);
		break;
	case 1:
		new = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		break;
	default:
		/* Another descriptor through /proc opens the file anew, or may not. */
		{
			char path[64];

			snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
			new = open(path, O_RDWR | O_CLOEXEC);
		}
	}
	said(u->what, new);
	put_fd(u->b, new, &shape[u->a % NR_FDS]);
}

static void do_send(const struct unit *u)
{
	char byte = 0, room[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec io = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &io, .msg_iovlen = 1, .msg_control = room,
			      .msg_controllen = sizeof(room) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	int fd = fd_of(u->a);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	said(u->what, sendmsg(sockets[u->value & 1], &msg, MSG_DONTWAIT));
}

static void do_receive(const struct unit *u)
{
	char byte, room[CMSG_SPACE(sizeof(int))];
	struct iovec io = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &io, .msg_iovlen = 1, .msg_control = room,
			      .msg_controllen = sizeof(room) };
	struct cmsghdr *c;
	int fd;

	if (recvmsg(sockets[u->value & 1], &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != 1)
		return;
	c = CMSG_FIRSTHDR(&msg);
	if (!c || c->cmsg_type != SCM_RIGHTS)
		return;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	put_fd(u->a, fd, &shape[u->b % NR_FDS]);
}

/* The child goes on with the same program. */
static void do_fork(const struct unit *u)
{
	pid_t pid;

	if (depth >= 2)
		return;
	alone = false;
	pid = fork();
	if (pid < 0)
		return;
	if (!pid) {
		depth++;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		memset(children, 0, sizeof(children));
		return;
	}
	children[u->a % NR_CHILDREN] = pid;
}

static void do_kill(const struct unit *u)
{
	pid_t *child = &children[u->a % NR_CHILDREN];

	if (*child <= 0)
		return;
	kill(*child, SIGKILL);
	if (u->value & 1) {
		waitpid(*child, NULL, 0);
		*child = 0;
	}
}

/* Calls that any file gets. */
static void do_file(const struct unit *u)
{
	int fd = fd_of(u->a);
	char bytes[64] = { 0 };
	struct pollfd poller = { .fd = fd, .events = POLLIN | POLLOUT };
	struct stat st;
	long result;

	switch (u->b % 12) {
	case 0:
		result = read(fd, bytes, sizeof(bytes));
		break;
	case 1:
		result = pwrite(fd, bytes, sizeof(bytes), size_of(u));
		break;
	case 2:
		result = lseek(fd, size_of(u), u->how & 3);
		break;
	case 3:
		result = ftruncate(fd, size_of(u));
		break;
	case 4:
		result = fallocate(fd, u->how & 0x1f, size_of(u), 4096);
		break;
	case 5:
		result = fsync(fd);
		break;
	case 6:
		result = fstat(fd, &st);
		break;
	case 7:
		result = poll(&poller, 1, 0);
		break;
	case 8:
		result = fcntl(fd, F_ADD_SEALS, u->value & 0x1f);
		break;
	case 9:
		result = fchmod(fd, u->value & 0777);
		break;
	case 10:
		result = posix_fadvise(fd, size_of(u), 4096, u->how & 7);
		break;
	default:
		result = fcntl(fd, F_SETFL, u->value & (O_APPEND | O_NONBLOCK | O_DIRECT));
	}
	said(u->what + u->b % 12, result);
}

/* Calls on mappings that look at pages, hold them, or move them. */
static void do_pages(const struct unit *u)
{
	const struct map *m = &maps[u->a % NR_MAPS];
	unsigned char resident[256];
	char buffer[256], *at;
	struct iovec local = { .iov_base = buffer, .iov_len = sizeof(buffer) }, remote;
	size_t len;
	long result = 0;

	if (!m->len)
		return;
	part(u, m, &at, &len);
	if (len > sizeof(resident) * PAGE)
		len = sizeof(resident) * PAGE;
	remote = (struct iovec) { .iov_base = at, .iov_len = sizeof(buffer) };
	memset(buffer, tag, sizeof(buffer));
	switch (u->b % 8) {
	case 0:
		result = mincore(at, len, resident);
		break;
	case 1:
		result = mlock(at, len);
		break;
	case 2:
		result = munlock(at, len);
		break;
	case 3:
		result = msync(at, len, u->how & 7);
		break;
	case 4:
		result = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
		break;
	case 5:
		if (!m->control)
			result = process_vm_writev(getpid(), &local, 1, &remote, 1, 0);
		break;
	case 6:
		result = write(sockets[no_sockets], at, sizeof(buffer));
		if (result > 0)
			result = read(sockets[!no_sockets], buffer, result);
		break;
	default:
		result = syscall(SYS_mbind, at, len, u->how & 7, NULL, 0, u->value & 7);
	}
	said(u->what + u->b % 8, result);
}

static void *hammer(void *arg)
{
	const struct map m = *(const struct map *)arg;
	size_t i, at = 0;

	for (i = 0; i < 200; i++) {
		/* Faults of this thread end it: the handler belongs to the other. */
		struct iovec io = { .iov_base = m.at + at, .iov_len = 8 };
		char bytes[8];
		struct iovec local = { .iov_base = bytes, .iov_len = 8 };

		memset(bytes, tag, sizeof(bytes));
		if (!m.control && (i & 1))
			process_vm_writev(getpid(), &local, 1, &io, 1, 0);
		else
			process_vm_readv(getpid(), &local, 1, &io, 1, 0);
		at = (at + PAGE) % m.len;
	}
	return NULL;
}

/* A thread that goes through a mapping while the program goes on. */
static void do_thread(const struct unit *u)
{
	static struct map copy[4];
	struct map *m = &copy[u->b % 4];
	pthread_t thread;

	*m = maps[u->a % NR_MAPS];
	if (!m->len)
		return;
	alone = false;
	if (!pthread_create(&thread, NULL, hammer, m))
		pthread_detach(thread);
}

/* What others can read about it meanwhile. */
static void do_read(const struct unit *u)
{
	static const char * const files[] = {
		"/proc/self/maps", "/proc/self/smaps_rollup", "/proc/self/numa_maps",
		"/sys/kernel/debug/strata/arenas", "/proc/self/status", "/proc/meminfo",
	};
	char bytes[4096];
	int fd = open(PICK(files, u->value), O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	while (read(fd, bytes, sizeof(bytes)) > 0)
		;
	close(fd);
}

static void (* const calls[])(const struct unit *u) = {
	do_open, do_info, do_create, do_range, do_export, do_seal, do_stat, do_ioctl,
	do_mmap, do_munmap, do_mremap, do_madvise, do_mprotect, do_touch, do_control,
	do_close, do_dup, do_send, do_receive, do_fork, do_kill, do_file, do_pages,
	do_thread, do_read,
	/* What the rest is for comes more often. */
	do_create, do_mmap, do_touch, do_range, do_mmap, do_touch, do_create,
};

static void run(const uint8_t *program, size_t len)
{
	struct sigaction action = { .sa_handler = bad_access_handler };
	struct rlimit limit = { 64, 64 };
	size_t at;
	int i;

	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
	setrlimit(RLIMIT_NOFILE, &limit);
	alone = true;
	for (i = 0; i < NR_FDS; i++)
		fds[i] = -1;
	/* Never 0, and that of the next program is another. */
	tag = 1 + fuzz_serial % 255;
	/* Without sockets no descriptor is passed, but pages are still written out. */
	if (no_sockets ? pipe(sockets) : socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets)) {
		fuzz_finding("no sockets to pass descriptors by: %s", strerror(errno));
		return;
	}
	odd_page = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (odd_page == MAP_FAILED)
		return;
	odd_page += PAGE;
	mprotect(odd_page - PAGE, PAGE, PROT_READ);
	munmap(odd_page + PAGE, PAGE);

	for (at = 0; at + sizeof(struct unit) <= len; at += sizeof(struct unit)) {
		struct unit u;

		memcpy(&u, program + at, sizeof(u));
		u.what %= sizeof(calls) / sizeof(calls[0]);
		/* An access that nobody expects: out of a call, to here. */
		if (!sigsetjmp(bad_access, 1))
			calls[u.what](&u);
	}
}

static bool prepare(void)
{
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return false;
	close(fd);
	/* User-mode Linux as it is timed has none. */
	no_sockets = socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets);
	if (no_sockets)
		printf("# no descriptors are passed, for lack of sockets: %s\n", strerror(errno));
	else
		close(sockets[0]), close(sockets[1]);
	return true;
}

/* The last process has exited; what a grace period frees may take a moment. */
static bool audit(void)
{
	int tries;

	for (tries = 0; tries < 200; tries++) {
		if (arena_all_gone())
			return true;
		usleep(50000);
	}
	fuzz_finding("left: %ld arenas, %ld regions, %ld bytes", arena_total("arenas"),
		     arena_total("regions"), arena_total("committed"));
	return false;
}

static const struct fuzz_target device = {
	.name = "device", .isolated = true, .prepare = prepare, .run = run, .audit = audit,
};

int main(int argc, char **argv)
{
	return fuzz_main(&device, argc, argv);
}
