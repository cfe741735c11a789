// SPDX-License-Identifier: GPL-2.0-only
/*
 * The files in debugfs/strata: each can be read and parsed, they agree with each
 * other, and they show what a load of known size did. The load is a recording
 * that strata_replay.ko replays.
 */
#define _GNU_SOURCE
#include "kselftest_harness.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/types.h>

#include "stat_util.h"

#define REPLAY		"/sys/kernel/debug/strata_replay/"
#define PERCPU_KIB	"/sys/module/strata/parameters/percpu_kib"

/* Classes that the replay itself has no use for, and objects beyond all classes. */
#define CLASS		"heap-3200"
#define CLASS_SIZE	3100
#define OTHER_CLASS	"heap-2816"
#define OTHER_SIZE	2700
#define NR_SMALL	3000
#define LARGE_SIZE	(200 << 10)
#define NR_LARGE	30
#define NR_ALL		(NR_SMALL + NR_LARGE)

static const char * const tables[] = { "central", "classes", "depots", "heap", "percpu" };
static const char * const lists[] = {
	"arenas", "large", "metrics", "misuse", "regions", "tiers", "check"
};

static int load_replay(void)
{
	const char *dir = getenv("STRATA_MODULES");
	char path[PATH_MAX];
	int fd, err;

	snprintf(path, sizeof(path), "%s/strata_replay.ko", dir ? dir : "/lib/strata");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	close(fd);
	return err;
}

static int unload_replay(void)
{
	return syscall(SYS_delete_module, "strata_replay", O_NONBLOCK) ? -errno : 0;
}

/* A recording that allocates, from CPUs in turn; selftests/demo/README has the format. */
static int feed_recording(__u32 small, __u32 cpus)
{
	struct {
		char magic[8];
		__u32 nr_events, nr_slots;
		struct { __u32 what, slot; } event[NR_ALL];
	} *recording = calloc(1, sizeof(*recording));
	__u32 i, size;
	int err;

	memcpy(recording->magic, "STRTRACE", 8);
	recording->nr_events = NR_ALL;
	recording->nr_slots = NR_ALL;
	for (i = 0; i < NR_ALL; i++) {
		size = i < NR_SMALL ? small : LARGE_SIZE;
		recording->event[i].what = size << 4 | i % cpus << 1;
		recording->event[i].slot = i;
	}
	err = put(REPLAY "trace", recording, sizeof(*recording));
	free(recording);
	return err;
}

TEST(files)
{
	/* Besides the tables and lists: drain, and the directory fault. */
	unsigned int i, known = ARRAY_SIZE(tables) + ARRAY_SIZE(lists) + 2, found = 0;
	struct dirent *entry;
	struct stat st;
	char path[PATH_MAX], *text;
	DIR *dir = opendir(STRATA);

	ASSERT_NE(NULL, dir);
	while ((entry = readdir(dir)))
		found += entry->d_name[0] != '.';
	closedir(dir);
	EXPECT_EQ(known, found);
	for (i = 0; i < ARRAY_SIZE(tables) + ARRAY_SIZE(lists); i++) {
		snprintf(path, sizeof(path), STRATA "%s", i < ARRAY_SIZE(tables) ?
			 tables[i] : lists[i - ARRAY_SIZE(tables)]);
		ASSERT_EQ(0, stat(path, &st)) TH_LOG("%s", path);
		EXPECT_EQ(0400, st.st_mode & 07777) TH_LOG("%s", path);
		text = text_of(path);
		EXPECT_LT(0, strlen(text)) TH_LOG("%s", path);
		if (*text)
			EXPECT_EQ('\n', text[strlen(text) - 1]) TH_LOG("%s", path);
		free(text);
	}
	ASSERT_EQ(0, stat(STRATA "drain", &st));
	EXPECT_EQ(0200, st.st_mode & 07777);
}

FIXTURE(load)
{
	long long allocs, frees, live, large, objects;
};

FIXTURE_SETUP(load)
{
	ASSERT_EQ(0, load_replay());
	ASSERT_EQ(0, feed_recording(CLASS_SIZE, 2));
	self->allocs = sum_of("classes", "cache", CLASS, "allocs");
	self->frees = sum_of("classes", "cache", CLASS, "frees");
	self->live = sum_of("classes", "cache", CLASS, "live");
	self->large = value_of("large", "live");
	self->objects = value_of("metrics", "/gc/heap/objects:objects");
	ASSERT_LE(0, self->allocs);
	ASSERT_LE(0, self->frees);
	ASSERT_EQ(self->live, self->allocs - self->frees);
	ASSERT_EQ(0, put_word(REPLAY "run", "end"));
}

FIXTURE_TEARDOWN(load)
{
	EXPECT_EQ(0, unload_replay());
	EXPECT_EQ(self->objects, value_of("metrics", "/gc/heap/objects:objects"));
	EXPECT_TRUE(sound());
}

/* A table's lines all have as many words as its headings. */
TEST_F(load, has_columns)
{
	char *text, *line, *rest, *word[32];
	unsigned int i, rows;
	int headings;

	for (i = 0; i < ARRAY_SIZE(tables); i++) {
		text = strata(tables[i]);
		line = strtok_r(text, "\n", &rest);
		ASSERT_NE(NULL, line);
		headings = words(line, word, 32);
		for (rows = 0; (line = strtok_r(NULL, "\n", &rest)); rows++)
			EXPECT_EQ(headings, words(line, word, 32)) TH_LOG("%s", tables[i]);
		EXPECT_LT(0, rows) TH_LOG("%s", tables[i]);
		free(text);
	}
}

TEST_F(load, is_shown)
{
	EXPECT_TRUE(sound());
	EXPECT_EQ(self->allocs + NR_SMALL, sum_of("classes", "cache", CLASS, "allocs"));
	EXPECT_EQ(self->live + NR_SMALL, sum_of("classes", "cache", CLASS, "live"));
	EXPECT_LE(NR_SMALL * 3200LL, sum_of("classes", "cache", CLASS, "held-bytes"));
	EXPECT_EQ(self->large + NR_LARGE, value_of("large", "live"));
	EXPECT_EQ(value_of("large", "allocs") - value_of("large", "frees"),
		  value_of("large", "live"));
	EXPECT_LE((long long)NR_LARGE * LARGE_SIZE,
		  value_of("large", "pages") * sysconf(_SC_PAGESIZE));
	EXPECT_LE(self->objects + NR_ALL, value_of("metrics", "/gc/heap/objects:objects"));

	ASSERT_EQ(0, put_word(REPLAY "run", "free"));
	EXPECT_TRUE(sound());
	EXPECT_EQ(self->frees + NR_SMALL, sum_of("classes", "cache", CLASS, "frees"));
	EXPECT_EQ(self->live, sum_of("classes", "cache", CLASS, "live"));
	EXPECT_EQ(self->large, value_of("large", "live"));
}

/* What each tier served adds up to what was asked for. */
TEST_F(load, is_told_by_tier)
{
	char *text = strata("tiers"), *word[32];
	long long served = 0, allocs;
	int i, n;

	n = words(text, word, 32);
	ASSERT_LE(2, n);
	for (i = 1; i < n; i += 2)
		served += atoll(word[i]);
	free(text);
	allocs = sum_of("classes", "cache", NULL, "allocs") + value_of("large", "allocs");
	EXPECT_EQ(allocs, served);
	EXPECT_EQ(allocs, value_of("metrics", "/gc/heap/allocs:objects"));
	/* Hits are the rule, and not everything. */
	EXPECT_LT(NR_SMALL / 2, sum_of("classes", "cache", CLASS, "hits"));
	EXPECT_LT(0, sum_of("classes", "cache", CLASS, "refills"));
}

/* Memory that one file says is held is what another adds up. */
TEST_F(load, adds_up)
{
	long long page = sysconf(_SC_PAGESIZE), used, held, total = 0;
	char *metrics, *line, *rest;

	/* Nothing is left for the background to move about. */
	ASSERT_EQ(0, put_word(STRATA "drain", "1"));
	held = sum_of("heap", "node", NULL, "held");
	EXPECT_EQ(0, sum_of("heap", "node", NULL, "free"));
	EXPECT_EQ(sum_of("heap", "node", NULL, "taken") - sum_of("heap", "node", NULL, "returned"),
		  held + sum_of("heap", "node", NULL, "direct"));
	used = sum_of("classes", "cache", NULL, "held-bytes") + value_of("large", "pages") * page;
	EXPECT_EQ(used, (held + sum_of("heap", "node", NULL, "direct")) * page);
	EXPECT_EQ(sum_of("central", "cache", CLASS, "spans"),
		  sum_of("classes", "cache", CLASS, "spans"));
	EXPECT_EQ(sum_of("central", "cache", CLASS, "taken") -
		  sum_of("central", "cache", CLASS, "put"),
		  sum_of("classes", "cache", CLASS, "live"));
	EXPECT_EQ(0, sum_of("classes", "cache", NULL, "magazines"));
	EXPECT_EQ(0, sum_of("classes", "cache", NULL, "depots"));
	EXPECT_EQ(0, value_of("large", "kept"));
	EXPECT_LE(NR_SMALL * 3200LL, sum_of("classes", "cache", CLASS, "held-bytes"));

	metrics = strata("metrics");
	EXPECT_EQ(0, value(metrics, "/memory/classes/heap/free:bytes"));
	EXPECT_EQ(sum_of("heap", "node", NULL, "taken") * page,
		  value(metrics, "/strata/heap/taken:bytes"));
	EXPECT_EQ(sum_of("heap", "node", NULL, "returned") * page,
		  value(metrics, "/strata/heap/returned:bytes"));
	EXPECT_LE((long long)NR_SMALL * CLASS_SIZE + NR_LARGE * LARGE_SIZE,
		  value(metrics, "/memory/classes/heap/objects:bytes"));
	EXPECT_LT(0, value(metrics, "/memory/classes/metadata/mcache/inuse:bytes"));
	EXPECT_LT(0, value(metrics, "/memory/classes/metadata/other:bytes"));
	EXPECT_LT(0, value(metrics, "/memory/classes/metadata/pagemap/inuse:bytes"));
	/* A span descriptor has more than a word. */
	EXPECT_LT(8 * sum_of("classes", "cache", NULL, "spans"),
		  value(metrics, "/memory/classes/metadata/mspan/inuse:bytes"));
	EXPECT_EQ(used, value(metrics, "/memory/classes/heap/objects:bytes") +
			value(metrics, "/memory/classes/heap/stacks:bytes") +
			value(metrics, "/memory/classes/heap/unused:bytes"));
	used = value(metrics, "/memory/classes/total:bytes");
	for (line = strtok_r(metrics, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (!strncmp(line, "/memory/classes/", 16) && !strstr(line, "/total:bytes"))
			total += atoll(strchr(line, ' '));
	EXPECT_EQ(used, total);
	free(metrics);
}

/* What CPUs hold, and the pages: two files that say when something moved. */
static char *movable(void)
{
	char *percpu = strata("percpu"), *heap = strata("heap"), *both;

	if (asprintf(&both, "%s\n%s", percpu, heap) < 0)
		both = strdup("");
	free(percpu);
	free(heap);
	return both;
}

/* The background may drain something in between: look again until nothing moved. */
TEST_F(load, is_the_same_everywhere)
{
	static const char * const summed[] = {
		"objects", "aside", "bytes", "may-hold", "allocs", "refills", "flushes"
	};
	char *before, *classes = NULL, *metrics = NULL, *large = NULL, *after = NULL;
	long long page = sysconf(_SC_PAGESIZE), all;
	bool same = false;
	unsigned int i;

	ASSERT_EQ(0, put_word(REPLAY "run", "free"));
	before = movable();
	for (i = 0; i < 1000 && !same; i++) {
		free(classes);
		free(metrics);
		free(large);
		classes = strata("classes");
		metrics = strata("metrics");
		large = strata("large");
		after = movable();
		same = !strcmp(before, after);
		free(before);
		before = after;
	}
	ASSERT_TRUE(same);
	*strstr(after, "\n\n") = 0;	/* only percpu from here on */
	EXPECT_EQ(sum(after, "cache", CLASS, "objects") + sum(after, "cache", CLASS, "aside"),
		  sum(classes, "cache", CLASS, "magazines"));
	EXPECT_EQ(sum(after, "cache", "all", "objects") + sum(after, "cache", "all", "aside"),
		  sum(classes, "cache", NULL, "magazines"));
	EXPECT_EQ(sum(after, "cache", CLASS, "refills"), sum(classes, "cache", CLASS, "refills"));
	EXPECT_EQ(sum(after, "cache", CLASS, "flushes"), sum(classes, "cache", CLASS, "flushes"));
	EXPECT_LT(0, sum(classes, "cache", CLASS, "flushes"));
	EXPECT_LE(sum(after, "cache", "all", "bytes"), sum(after, "cache", "all", "may-hold"));
	EXPECT_LE(sum(after, "cache", "all", "may-hold"), sum(after, "cache", "all", "budget"));
	for (i = 0; i < ARRAY_SIZE(summed); i++) {
		all = sum(after, "cache", "all", summed[i]);
		EXPECT_EQ(2 * all, sum(after, "cache", NULL, summed[i]) -
				   sum(after, "cache", "large", summed[i]))
			TH_LOG("%s", summed[i]);
	}
	EXPECT_EQ(sum(after, "cache", "large", "objects"), value(large, "kept"));
	EXPECT_EQ(sum(after, "cache", "large", "bytes"), value(large, "kept-pages") * page);
	free(classes);
	free(metrics);
	free(large);
	free(after);
}

/* What a CPU did that only frees is in the sums when its magazine holds nothing again. */
TEST_F(load, shows_who_only_frees)
{
	cpu_set_t last;

	ASSERT_EQ(0, put_word(REPLAY "run", "free"));
	ASSERT_EQ(0, feed_recording(OTHER_SIZE, 1));
	ASSERT_EQ(0, put_word(REPLAY "run", "end"));
	/* The recording allocates on the first one; who writes "free" does that. */
	CPU_ZERO(&last);
	CPU_SET(sysconf(_SC_NPROCESSORS_ONLN) - 1, &last);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(last), &last));
	ASSERT_EQ(0, put_word(REPLAY "run", "free"));
	ASSERT_EQ(0, put_word(STRATA "drain", "1"));
	EXPECT_LT(0, sum_of("classes", "cache", OTHER_CLASS, "flushes"));
	EXPECT_EQ(sum_of("classes", "cache", OTHER_CLASS, "flushes"),
		  sum_of("percpu", "cache", OTHER_CLASS, "flushes"));
}

/* Chunks by how full they are add up, and a free page is a free run. */
TEST_F(load, fills_chunks)
{
	static const char * const bins[] = {
		"unused", "<25%", "<50%", "<75%", "<100%", "used"
	};
	long long chunks = 0;
	unsigned int i;
	char *heap;

	ASSERT_EQ(0, put_word(STRATA "drain", "1"));
	heap = strata("heap");
	for (i = 0; i < ARRAY_SIZE(bins); i++)
		chunks += sum(heap, "node", NULL, bins[i]);
	EXPECT_EQ(sum(heap, "node", NULL, "chunks"), chunks);
	EXPECT_LT(0, chunks);
	EXPECT_EQ(0, sum(heap, "node", NULL, "longest"));
	free(heap);

	ASSERT_EQ(0, put_word(REPLAY "run", "free"));
	heap = strata("heap");
	if (sum(heap, "node", NULL, "free"))
		EXPECT_LT(0, sum(heap, "node", NULL, "longest"));
	free(heap);
}

/* Nothing is kept when nothing is in use. */
TEST_F(load, goes_back)
{
	ASSERT_EQ(0, put_word(REPLAY "run", "free"));
	ASSERT_EQ(0, unload_replay());
	ASSERT_EQ(0, put_word(STRATA "drain", "1"));
	if (!value_of("metrics", "/gc/heap/objects:objects")) {
		EXPECT_EQ(0, sum_of("heap", "node", NULL, "held"));
		EXPECT_EQ(0, sum_of("heap", "node", NULL, "chunks"));
		EXPECT_EQ(0, sum_of("classes", "cache", NULL, "spans"));
		EXPECT_EQ(0, value_of("metrics", "/memory/classes/metadata/mspan/inuse:bytes"));
		EXPECT_EQ(0, value_of("metrics", "/memory/classes/metadata/other:bytes"));
	}
	EXPECT_EQ(0, sum_of("heap", "node", NULL, "free"));
	EXPECT_EQ(0, value_of("metrics", "/memory/classes/heap/free:bytes"));
	ASSERT_EQ(0, load_replay());
}

/* Without a budget magazines hold nothing, and everything works. */
TEST_F(load, heeds_the_budget)
{
	char *was = text_of(PERCPU_KIB);
	long long allocs, refills, hits;

	ASSERT_EQ(0, put_word(REPLAY "run", "free"));
	ASSERT_EQ(0, put_word(PERCPU_KIB, "0"));
	ASSERT_EQ(0, put_word(STRATA "drain", "1"));
	allocs = sum_of("classes", "cache", CLASS, "allocs");
	refills = sum_of("classes", "cache", CLASS, "refills");
	hits = sum_of("classes", "cache", CLASS, "hits");
	EXPECT_EQ(0, put_word(REPLAY "run", "end"));
	EXPECT_EQ(0, sum_of("percpu", "cache", "all", "budget"));
	EXPECT_EQ(0, sum_of("percpu", "cache", "all", "may-hold"));
	EXPECT_EQ(0, sum_of("percpu", "cache", "all", "bytes"));
	EXPECT_EQ(allocs + NR_SMALL, sum_of("classes", "cache", CLASS, "allocs"));
	EXPECT_EQ(refills + NR_SMALL, sum_of("classes", "cache", CLASS, "refills"));
	EXPECT_EQ(hits, sum_of("classes", "cache", CLASS, "hits"));
	EXPECT_EQ(0, put_word(REPLAY "run", "free"));
	EXPECT_EQ(0, put_word(PERCPU_KIB, was));
	EXPECT_TRUE(sound());
	free(was);
}

TEST_HARNESS_MAIN
