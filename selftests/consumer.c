// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel module that uses strata, seen from outside: strata_replay.ko replays
 * a load of every size from several CPUs, and strata's own walk over its
 * structures finds nothing wrong at any stop. Recordings that make no sense are
 * refused, and leave the module usable.
 */
#include "kselftest_harness.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/types.h>

#define REPLAY		"/sys/kernel/debug/strata_replay/"
#define STRATA		"/sys/kernel/debug/strata/"
#define NR_EVENTS	8000
#define NR_SLOTS	500
#define MAX_SIZE	(4U << 20)
#define SLOW		120	/* seconds, for a kernel with sanitizers in emulation */

struct event {
	__u32 what;
	__u32 slot;
};

/* As selftests/demo/README describes it; x86 is little-endian as the file is. */
struct trace {
	char magic[8];
	__u32 nr_events;
	__u32 nr_slots;
	struct event event[NR_EVENTS];
};

/* What a trace does, counted here. */
struct expected {
	unsigned long allocated, freed;
	unsigned long peak, peak_bytes, peak_event;
};

static int load(void)
{
	const char *dir = getenv("STRATA_MODULES");
	char path[PATH_MAX];
	int fd, ret;

	snprintf(path, sizeof(path), "%s/strata_replay.ko", dir ? dir : "/lib/strata");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	close(fd);
	return ret;
}

static int unload(void)
{
	return syscall(SYS_delete_module, "strata_replay", O_NONBLOCK) ? -errno : 0;
}

/* After a test that did not get to its end. Its last run may still be ending. */
static void unload_leftover(void)
{
	int tries = 100;

	while (unload() != -ENOENT && tries--)
		usleep(100000);
}

/* All of it, as a pipe into the file would. */
static int feed(const char *path, const void *data, size_t n)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t done = 0;

	if (fd < 0)
		return -errno;
	for (; n; data += done, n -= done) {
		done = write(fd, data, n);
		if (done < 0) {
			done = -errno;
			break;
		}
	}
	close(fd);
	return done < 0 ? done : 0;
}

static int run(const char *word)
{
	return feed(REPLAY "run", word, strlen(word));
}

static int run_to(unsigned int event)
{
	char word[16];

	snprintf(word, sizeof(word), "%u\n", event);
	return run(word);
}

/* The nth word of the line that begins with @line, as a number: 0 for a word, -1 if none. */
static long long figure(const char *path, const char *line, int n)
{
	char text[256], *word, *rest;
	long long value = -1;
	FILE *f = fopen(path, "r");

	while (f && fgets(text, sizeof(text), f)) {
		word = strtok_r(text, " \t\n", &rest);
		if (!word || strcmp(word, line))
			continue;
		while (word && --n)
			word = strtok_r(NULL, " \t\n", &rest);
		value = word ? atoll(word) : -1;
		break;
	}
	if (f)
		fclose(f);
	return value;
}

static long long report(const char *line, int n)
{
	return figure(REPLAY "report", line, n);
}

/* Has anything been done wrong to strata, or does it find its structures wrong? */
static bool complains(void)
{
	return figure(STRATA "metrics", "/strata/misuse:events", 2) ||
	       figure(STRATA "check", "ok", 1);
}

static long long live_objects(void)
{
	return figure(STRATA "metrics", "/gc/heap/objects:objects", 2);
}

/* The same numbers each time. */
static __u32 draw(__u64 *state, __u32 below)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (*state >> 33) % below;
}

/* Mostly small, every size class now and then, and a few beyond them. */
static __u32 draw_size(__u64 *state)
{
	switch (draw(state, 400)) {
	case 0: return draw(state, MAX_SIZE / 8) + 1;
	case 1: return MAX_SIZE >> draw(state, 8);
	case 2: return 0;
	case 3 ... 50: return draw(state, 32768) + 1;
	case 51 ... 200: return draw(state, 1024) + 1;
	default: return draw(state, 256) + 1;
	}
}

static struct trace *make_trace(struct expected *want)
{
	struct trace *t = calloc(1, sizeof(*t));
	static __u32 size_in[NR_SLOTS];
	static bool taken[NR_SLOTS];
	__u64 state = 1;
	unsigned long bytes = 0;
	__u32 i;

	memcpy(t->magic, "STRTRACE", 8);
	t->nr_events = NR_EVENTS;
	t->nr_slots = NR_SLOTS;
	memset(taken, 0, sizeof(taken));
	memset(want, 0, sizeof(*want));
	for (i = 0; i < NR_EVENTS; i++) {
		__u32 slot = draw(&state, NR_SLOTS);
		__u32 size = taken[slot] ? 0 : draw_size(&state);

		t->event[i].slot = slot;
		t->event[i].what = taken[slot] | draw(&state, 8) << 1 | size << 4;
		if (taken[slot]) {
			want->freed++;
			bytes -= size_in[slot];
		} else {
			want->allocated++;
			size_in[slot] = size;
			bytes += size;
		}
		taken[slot] = !taken[slot];
		if (bytes > want->peak_bytes) {
			want->peak_bytes = bytes;
			want->peak = want->allocated - want->freed;
			want->peak_event = i + 1;
		}
	}
	return t;
}

FIXTURE(consumer)
{
	struct trace *trace;
	struct expected want;
	long long live;
};

FIXTURE_SETUP(consumer)
{
	unload_leftover();
	self->live = live_objects();
	ASSERT_EQ(load(), 0);
	self->trace = make_trace(&self->want);
}

/* Whatever a test leaves behind, the module takes along. */
FIXTURE_TEARDOWN(consumer)
{
	EXPECT_EQ(unload(), 0);
	EXPECT_EQ(live_objects(), self->live);
	EXPECT_FALSE(complains());
	free(self->trace);
}

TEST_F_TIMEOUT(consumer, replay, SLOW)
{
	ASSERT_EQ(feed(REPLAY "trace", self->trace, sizeof(*self->trace)), 0);

	ASSERT_EQ(run("peak\n"), 0);
	EXPECT_EQ(report("replayed", 2), self->want.peak_event);
	EXPECT_EQ(report("live", 2), self->want.peak);
	EXPECT_EQ(report("live", 4), self->want.peak_bytes >> 10);
	/* Some objects are of no bytes, or so large that they count as pages. */
	EXPECT_GE(live_objects() - self->live, self->want.peak * 9 / 10);
	EXPECT_FALSE(complains());

	ASSERT_EQ(run("end\n"), 0);
	EXPECT_EQ(report("replayed", 2), NR_EVENTS);
	EXPECT_EQ(report("allocated", 2), self->want.allocated);
	EXPECT_EQ(report("freed", 2), self->want.freed);
	EXPECT_EQ(report("live", 2), self->want.allocated - self->want.freed);
	EXPECT_GT(report("served", 2), 0);
	EXPECT_FALSE(complains());

	ASSERT_EQ(run("free\n"), 0);
	EXPECT_EQ(report("live", 2), 0);
	EXPECT_EQ(report("live", 4), 0);
	EXPECT_EQ(report("verified", 2), self->want.allocated);
	EXPECT_EQ(report("verified", 4), 0);
	EXPECT_FALSE(complains());
}

TEST_F_TIMEOUT(consumer, replay_again, SLOW)
{
	int i;

	ASSERT_EQ(feed(REPLAY "trace", self->trace, sizeof(*self->trace)), 0);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(run("end\n"), 0);
		ASSERT_EQ(run("free\n"), 0);
		EXPECT_EQ(report("verified", 2), self->want.allocated);
	}
}

TEST_F_TIMEOUT(consumer, stops, SLOW)
{
	ASSERT_EQ(feed(REPLAY "trace", self->trace, sizeof(*self->trace)), 0);
	EXPECT_EQ(run_to(0), 0);
	EXPECT_EQ(report("replayed", 2), 0);
	EXPECT_EQ(run_to(1), 0);
	EXPECT_EQ(report("replayed", 2), 1);
	EXPECT_EQ(run_to(2000), 0);
	EXPECT_EQ(report("replayed", 2), 2000);
	EXPECT_EQ(run_to(1999), -EINVAL);
	EXPECT_EQ(run_to(NR_EVENTS + 1), -EINVAL);
	EXPECT_EQ(run("nonsense\n"), -EINVAL);
	EXPECT_EQ(run("a word that is too long\n"), -EINVAL);
	EXPECT_EQ(report("replayed", 2), 2000);
	EXPECT_EQ(run_to(NR_EVENTS), 0);
	EXPECT_EQ(report("live", 2), self->want.allocated - self->want.freed);
}

TEST_F_TIMEOUT(consumer, unload_with_objects, SLOW)
{
	ASSERT_EQ(feed(REPLAY "trace", self->trace, sizeof(*self->trace)), 0);
	ASSERT_EQ(run("peak\n"), 0);
	/* The teardown unloads, and looks. */
	EXPECT_GT(live_objects(), self->live);
}

TEST_F_TIMEOUT(consumer, busy, SLOW)
{
	ASSERT_EQ(feed(REPLAY "trace", self->trace, sizeof(*self->trace)), 0);
	ASSERT_EQ(run_to(100), 0);
	EXPECT_EQ(feed(REPLAY "trace", self->trace, sizeof(*self->trace)), -EBUSY);
	EXPECT_EQ(run("end\n"), 0);
	EXPECT_EQ(run("free\n"), 0);
	EXPECT_EQ(report("verified", 2), self->want.allocated);
	EXPECT_EQ(feed(REPLAY "trace", self->trace, sizeof(*self->trace)), 0);
}

/* Headers are looked at when they are complete, and stop the rest. */
TEST_F(consumer, bad_headers)
{
	const size_t n = sizeof(*self->trace);
	struct trace *t = self->trace;

	EXPECT_EQ(run("peak\n"), -ENODATA);
	t->magic[7] = 'X';
	EXPECT_EQ(feed(REPLAY "trace", t, n), -EINVAL);
	t->magic[7] = 'E';
	t->nr_events = 0;
	EXPECT_EQ(feed(REPLAY "trace", t, n), -EINVAL);
	t->nr_events = ~0U;
	EXPECT_EQ(feed(REPLAY "trace", t, n), -EINVAL);
	t->nr_events = NR_EVENTS;
	t->nr_slots = 0;
	EXPECT_EQ(feed(REPLAY "trace", t, n), -EINVAL);
	t->nr_slots = NR_EVENTS + 1;
	EXPECT_EQ(feed(REPLAY "trace", t, n), -EINVAL);
	EXPECT_EQ(run("peak\n"), -ENODATA);
	t->nr_slots = NR_SLOTS;
	EXPECT_EQ(feed(REPLAY "trace", t, n), 0);
	EXPECT_EQ(run_to(100), 0);
}

TEST_F(consumer, bad_lengths)
{
	const size_t n = sizeof(*self->trace);
	struct trace *t = self->trace;

	EXPECT_EQ(feed(REPLAY "trace", t, 7), 0);
	EXPECT_EQ(run("peak\n"), -ENODATA);
	EXPECT_EQ(feed(REPLAY "trace", t, 16), 0);
	EXPECT_EQ(run("peak\n"), -ENODATA);
	EXPECT_EQ(feed(REPLAY "trace", t, n - 1), 0);
	EXPECT_EQ(run("peak\n"), -ENODATA);
	t->nr_events--;
	EXPECT_EQ(feed(REPLAY "trace", t, n), -EFBIG);
	t->nr_events++;
	EXPECT_EQ(feed(REPLAY "trace", t, n), 0);
	EXPECT_EQ(run_to(100), 0);
}

TEST_F(consumer, bad_events)
{
	static const struct event bad[] = {
		{ .what = 16 << 4, .slot = NR_SLOTS },		/* no such slot */
		{ .what = 16 << 4, .slot = ~0U },
		{ .what = 1, .slot = 5 },			/* nothing to free */
		{ .what = (MAX_SIZE + 1) << 4, .slot = 5 },	/* too large */
		{ .what = ~0xfU, .slot = 5 },
	};
	struct trace *t = self->trace;
	size_t i;

	t->nr_events = NR_SLOTS;
	for (i = 0; i < NR_SLOTS; i++)
		t->event[i] = (struct event){ .what = 16 << 4, .slot = i };
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		t->event[5] = bad[i];
		EXPECT_EQ(feed(REPLAY "trace", t, 16 + NR_SLOTS * 8), 0);
		EXPECT_EQ(run("end\n"), -EINVAL);
		EXPECT_EQ(run("free\n"), 0);
	}
	t->event[5] = t->event[4];				/* taken already */
	EXPECT_EQ(feed(REPLAY "trace", t, 16 + NR_SLOTS * 8), 0);
	EXPECT_EQ(run("end\n"), -EINVAL);
	t->event[5].slot = 5;
	EXPECT_EQ(feed(REPLAY "trace", t, 16 + NR_SLOTS * 8), 0);
	EXPECT_EQ(run("end\n"), 0);
	EXPECT_EQ(report("live", 2), NR_SLOTS);
}

TEST_HARNESS_MAIN
