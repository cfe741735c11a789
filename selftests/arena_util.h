/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of /dev/strata share: raw commands, mappings, and a way to
 * survive a SIGBUS. Include after kselftest_harness.h.
 */
#ifndef ARENA_UTIL_H
#define ARENA_UTIL_H

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/strata.h>

/* Cases are slow where memory is watched; the run as a whole has a limit, too. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	300

#define DEVICE	"/dev/strata"
#define PAGE	((size_t)sysconf(_SC_PAGESIZE))
#define MIB	(1024UL * 1024)
/* What holds so many pages, however large they are: 1 MiB of small ones. */
#define SLOT	(256 * PAGE)

struct arena {
	int fd;
	struct strata_create how;
	char *data;			/* region 0 */
	struct strata_ctl *ctl;		/* of region 0 */
	size_t data_len, ctl_len;
};

/* An ioctl() that returns 0 or -errno. */
static inline int command(int fd, unsigned int cmd, void *arg)
{
	return ioctl(fd, cmd, arg) ? -errno : 0;
}

static inline struct strata_create create_args(size_t max_bytes, size_t region_bytes)
{
	return (struct strata_create) {
		.size = sizeof(struct strata_create), .max_bytes = max_bytes,
		.region_bytes = region_bytes, .node = -1, .name = "test",
	};
}

/* An arena that is not mapped: its descriptor or -errno. */
static inline int arena_create(struct strata_create *how)
{
	int dev = open(DEVICE, O_RDWR | O_CLOEXEC);
	int err;

	if (dev < 0)
		return -errno;
	err = command(dev, STRATA_IOC_CREATE, how);
	close(dev);
	return err ?: how->out_fd;
}

/* Where in free address space huge pages fit. The kernel sees to it for 64-bit programs. */
static inline void *huge_place(size_t len)
{
	size_t huge = 2 * MIB;
	char *room;

	if (sizeof(void *) > 4)
		return NULL;
	room = mmap(NULL, len + huge, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (room == MAP_FAILED)
		return NULL;
	munmap(room, len + huge);
	return (void *)(((unsigned long)room + huge - 1) & -huge);
}

/* Map all of the arena at @a->fd; @a->how says its shape. */
static inline bool arena_map(struct arena *a, int prot)
{
	bool huge = a->how.flags & STRATA_CREATE_HUGE;

	a->data_len = a->how.out_ctl_off - a->how.out_data_off;
	a->ctl_len = (a->how.out_nr_regions * sizeof(*a->ctl) + PAGE - 1) & -PAGE;
	a->data = mmap(huge ? huge_place(a->data_len) : NULL, a->data_len, prot, MAP_SHARED,
		       a->fd, a->how.out_data_off);
	a->ctl = mmap(NULL, a->ctl_len, prot, MAP_SHARED, a->fd, a->how.out_ctl_off);
	return a->data != MAP_FAILED && a->ctl != MAP_FAILED;
}

/* An arena of regions of @region_bytes, mapped. False: see errno. */
static inline bool arena_open(struct arena *a, size_t max_bytes, size_t region_bytes)
{
	a->how = create_args(max_bytes, region_bytes);
	a->fd = arena_create(&a->how);
	if (a->fd < 0) {
		errno = -a->fd;
		return false;
	}
	return arena_map(a, PROT_READ | PROT_WRITE);
}

/*
 * Kernels with PREEMPT_RT have no huge pages, and others have larger ones than fit in
 * a test: arenas get small ones in their place.
 */
static inline bool has_huge_pages(void)
{
	FILE *f = fopen("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "r");
	unsigned long size = 0;

	if (f && fscanf(f, "%lu", &size) != 1)
		size = 0;
	if (f)
		fclose(f);
	return size == 2 * MIB;
}

static inline void arena_close(struct arena *a)
{
	munmap(a->data, a->data_len);
	munmap(a->ctl, a->ctl_len);
	close(a->fd);
}

static inline struct strata_stat arena_stat(int fd, __u32 region)
{
	struct strata_stat stat = { .size = sizeof(stat), .region = region };

	if (ioctl(fd, STRATA_IOC_STAT, &stat))
		memset(&stat, 0xff, sizeof(stat));
	return stat;
}

/* STRATA_IOC_POPULATE or _TRIM: bytes, or -errno. */
static inline long arena_range(int fd, unsigned int cmd, __u64 off, __u64 len)
{
	struct strata_range range = { .size = sizeof(range), .off = off, .len = len };
	int err = command(fd, cmd, &range);

	return err ?: (long)range.out_bytes;
}

/* Bytes of all arenas of all processes, or a count of them, by name. */
static inline long arena_total(const char *name)
{
	FILE *f = fopen("/sys/kernel/debug/strata/arenas", "r");
	char word[32];
	long value, found = -1;

	if (!f)
		return -1;
	while (fscanf(f, "%31s %ld", word, &value) == 2)
		if (!strcmp(word, name))
			found = value;
	fclose(f);
	return found;
}

/* True once nothing is left of any arena. */
static inline bool arena_all_gone(void)
{
	return !arena_total("arenas") && !arena_total("regions") &&
	       !arena_total("committed") && !arena_total("control");
}

static sigjmp_buf fault_jump;
static int fault_signal;

static inline void fault_handler(int sig)
{
	fault_signal = sig;
	siglongjmp(fault_jump, 1);
}

/* Read, or write 1 to, the byte at @p: 0, or the signal that it raised. */
static inline int try_access(char *p, bool write)
{
	struct sigaction new = { .sa_handler = fault_handler }, bus, segv;

	sigaction(SIGBUS, &new, &bus);
	sigaction(SIGSEGV, &new, &segv);
	fault_signal = 0;
	if (!sigsetjmp(fault_jump, 1)) {
		if (write)
			__atomic_store_n(p, 1, __ATOMIC_SEQ_CST);
		else
			__atomic_load_n(p, __ATOMIC_SEQ_CST);
	}
	sigaction(SIGBUS, &bus, NULL);
	sigaction(SIGSEGV, &segv, NULL);
	return fault_signal;
}

/* Strings go into an arena with their end. */
static inline void put_text(void *p, const char *text)
{
	memcpy(p, text, strlen(text) + 1);
}

static inline bool is_zero(const char *p, size_t len)
{
	return !p[0] && !memcmp(p, p + 1, len - 1);
}

/* Exit status of a child, or minus the signal that killed it. */
static inline int reap(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -1000;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

#endif /* ARENA_UTIL_H */
