/* SPDX-License-Identifier: MIT */
/*
 * What the tests of libstrata share. They are the same on the device and on
 * anonymous memory. Include after kselftest_harness.h.
 */
#ifndef TEST_H
#define TEST_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <strata.h>

/* Cases are slow where memory is watched; the run as a whole has a limit, too. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	300

#define PAGE	((size_t)sysconf(_SC_PAGESIZE))
#define KIB	((size_t)1024)
#define MIB	((size_t)1024 * 1024)

/* A small region. With the guard it has two pages at least. */
#define SMALL	(PAGE > 32 * KIB ? 2 * PAGE : 64 * KIB)

/* What was reported last, and how many times something was. */
static char reported[256];
static int reports;

static inline void keep_report(const char *line)
{
	snprintf(reported, sizeof(reported), "%s", line);
	reports++;
}

/* Was there one report since the last call of this, and with these words in it? */
static inline bool was_reported(const char *words)
{
	bool yes = reports == 1 && strstr(reported, words);

	reports = 0;
	return yes;
}

/* An arena of regions of @region_bytes, or NULL. */
static inline strata_arena *small_arena(size_t max_bytes, size_t region_bytes)
{
	struct strata_arena_opts opts = {
		.size = sizeof(opts),
		.max_bytes = max_bytes,
		.region_bytes = region_bytes,
		.name = "test",
	};
	strata_arena *a = NULL;
	int err = strata_arena_create(&opts, &a);

	if (err)
		fprintf(stderr, "# strata_arena_create: %s\n", strerror(-err));
	return a;
}

static inline struct strata_stat stat_of(const strata_region *r)
{
	struct strata_stat stat;

	if (strata_region_stat(r, &stat))
		memset(&stat, 0xff, sizeof(stat));
	return stat;
}

static inline bool all_bytes(const void *p, int byte, size_t size)
{
	const unsigned char *c = p;

	return !size || (c[0] == byte && !memcmp(c, c + 1, size - 1));
}

/* Exit status of a child, or minus the signal that killed it. */
static inline int reap(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -1000;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

#endif /* TEST_H */
