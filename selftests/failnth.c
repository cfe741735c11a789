// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every allocation fails once: the first, then the second, and so on until a run
 * needs none of them. So it goes for the commands of /dev/strata and its page
 * faults, for each part of the kernel API, and for loading the module. Each
 * failure is one that the caller can tell, or there is a way around it; it leaves
 * nothing behind, and what failed works the next time.
 *
 * Strata's own allocations fail on any kernel (debugfs/strata/fault). Where the
 * kernel has fault injection, all that it allocates for strata does, too.
 */
#include "kselftest_harness.h"
#include "arena_util.h"
#include "module_util.h"
#include "stat_util.h"

#define FAULT	STRATA "fault/"
#define USE	"/sys/module/strata_faults/parameters/use"
#define MOST	100000
#define SOME	(64UL * 1024)

struct source {
	const char *file;	/* the number of the allocation is written there */
	bool (*setup)(void);	/* false: not in this kernel */
	bool copies;		/* copies from and to the caller fail, too */
};

static const struct source *source;

static bool own_setup(void)
{
	return !access(FAULT "fail-nth", W_OK);
}

/* Sleeping allocations too, and without a word in the log. */
static bool kernel_setup(void)
{
	static const char * const settings[][2] = {
		{ "failslab/ignore-gfp-wait", "N" },
		{ "failslab/verbose", "0" },
		{ "fail_page_alloc/ignore-gfp-wait", "N" },
		{ "fail_page_alloc/ignore-gfp-highmem", "N" },
		{ "fail_page_alloc/min-order", "0" },
		{ "fail_page_alloc/verbose", "0" },
		{ "fail_usercopy/verbose", "0" },
	};
	char path[128];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s", settings[i][0]);
		if (put_word(path, settings[i][1]) && i < ARRAY_SIZE(settings) - 1)
			return false;
	}
	return !access(source->file, W_OK);
}

static const struct source own = { FAULT "fail-nth", own_setup, false };
static const struct source kernel = { "/proc/thread-self/fail-nth", kernel_setup, true };

/* From now on the @nth allocation of this thread fails. Returns the file. */
static int arm(int nth)
{
	char text[16];
	int fd = open(source->file, O_RDWR | O_CLOEXEC);

	snprintf(text, sizeof(text), "%d", nth);
	if (fd >= 0 && write(fd, text, strlen(text)) > 0)
		return fd;
	close(fd);
	return -1;
}

/* Was there an allocation that failed? What nobody needed is not to come any more. */
static bool disarm(int fd)
{
	char text[16] = "";
	/* It could hit this very read. */
	bool failed = pread(fd, text, sizeof(text) - 1, 0) > 0 && !atoi(text);

	while (fd >= 0 && write(fd, "0", 1) != 1)
		;
	close(fd);
	return failed;
}

/* Is @got, bytes or an error, one that a failure explains? Say so if not. */
static bool fine(const char *what, long got, long want)
{
	if (got == want || got == -ENOMEM || (source->copies && got == -EFAULT))
		return true;
	printf("# %s: %ld, not %ld\n", what, got, want);
	return false;
}

/* All commands in turn, as far as it goes. False: something is wrong. */
static bool use_arena(int dev, unsigned int flags)
{
	struct strata_export export = { .size = sizeof(export), .access = O_RDONLY };
	struct arena a = { .how = create_args(4 * MIB, MIB) };
	bool ok = true, mapped;
	long got;

	a.how.flags = flags;
	got = command(dev, STRATA_IOC_CREATE, &a.how);
	if (got)
		return fine("create", got, 0);
	a.fd = a.how.out_fd;
	/* The control page comes with a fault, too, which is tried again. */
	mapped = arena_map(&a, PROT_READ | PROT_WRITE);
	if (mapped)
		a.ctl[0].user[0] = 1;
	got = arena_range(a.fd, STRATA_IOC_POPULATE, MIB - SOME, 2 * SOME);
	ok &= fine("populate", got, 2 * SOME - PAGE);
	got = command(a.fd, STRATA_IOC_EXPORT, &export);
	ok &= fine("export", got, 0);
	if (!got)
		close(export.out_fd);
	if (mapped) {
		/* A page fault is tried again. */
		memset(a.data, 1, 2 * PAGE);
		memset(a.data + 3 * MIB + MIB / 2, 1, SOME);
		ok &= a.ctl[3].committed >= SOME || fine("fault", a.ctl[3].committed, SOME);
	}
	/* What failed once does not a second time. */
	got = arena_range(a.fd, STRATA_IOC_TRIM, 0, 4 * MIB);
	if (got < 0) {
		ok &= fine("trim", got, 0);
		got = arena_range(a.fd, STRATA_IOC_TRIM, 0, 4 * MIB);
		ok &= got >= 0 || fine("trim again", got, 0);
	}
	got = arena_stat(a.fd, STRATA_REGION_ALL).committed;
	if (got < 0)
		got = arena_stat(a.fd, STRATA_REGION_ALL).committed;
	close(a.fd);
	return ok && fine("stat", got, 0);
}

enum { OK, DONE, WRONG };

/* In a process of its own, which takes along what it could not unmap. */
static int use_arena_once(int dev, unsigned int flags, int nth)
{
	pid_t pid = fork();
	int fd;

	if (pid)
		return reap(pid);
	fd = arm(nth);
	if (fd < 0 || !use_arena(dev, flags))
		_exit(WRONG);
	_exit(disarm(fd) ? OK : DONE);
}

FIXTURE(failnth)
{
	int dev;
};

FIXTURE_VARIANT(failnth)
{
	const struct source *source;
};

FIXTURE_VARIANT_ADD(failnth, own)
{
	.source = &own,
};

FIXTURE_VARIANT_ADD(failnth, kernel)
{
	.source = &kernel,
};

FIXTURE_SETUP(failnth)
{
	source = variant->source;
	self->dev = open(DEVICE, O_RDWR | O_CLOEXEC);
	ASSERT_GE(self->dev, 0);
	if (!source->setup())
		SKIP(return, "no fault injection in this kernel");
}

FIXTURE_TEARDOWN(failnth)
{
	close(self->dev);
}

/*
 * Which allocation is to fail after the @nth: the next. Of the kernel's there are
 * hundreds, most of them not ours, and where there are sanitizers each try takes
 * long: of the later ones, some.
 */
static int after(int nth)
{
	int all = access("/sys/kernel/debug/kmemleak", F_OK) ? 32 : 8;

	if (source == &own && all > 8)
		return nth + 1;
	return nth + (nth < all ? 1 : 1 + nth / 4);
}

static bool each_of_arena(int dev, unsigned int flags)
{
	int nth, tried = 0, ret = OK;

	for (nth = 1; nth < MOST && ret == OK; nth = after(nth), tried++) {
		ret = use_arena_once(dev, flags, nth);
		if (ret == WRONG || !arena_all_gone()) {
			printf("# flags %#x, allocation %d: %s\n", flags, nth,
			       ret == WRONG ? "wrong" : "something is left");
			return false;
		}
	}
	printf("# flags %#x: %d allocations failed\n", flags, tried - 1);
	/* It took some, and they ended. */
	return ret == DONE && nth > 10;
}

/* Hundreds of runs, slow ones where memory is watched. */
TEST_F_TIMEOUT(failnth, arenas, 300)
{
	EXPECT_TRUE(each_of_arena(self->dev, 0));
	EXPECT_TRUE(each_of_arena(self->dev, STRATA_CREATE_LAZY));
	EXPECT_TRUE(each_of_arena(self->dev, STRATA_CREATE_HUGE));
}

static long long objects(void)
{
	return value_of("metrics", "/gc/heap/objects:objects");
}

/* Nothing more lives than before, and all of it is as it should be. */
static bool nothing_left(long long before)
{
	int tries;

	/* What is freed after a grace period takes one, without ticks a long one. */
	for (tries = 0; tries < 1500 && objects() != before; tries++)
		usleep(20000);
	if (objects() != before)
		printf("# %lld objects, %lld before\n", objects(), before);
	return objects() == before && value_of("regions", "live") <= 0 && sound();
}

static int use(const char *name, int fd)
{
	return module_tell(USE, "%s %d", name, fd);
}

/* So that an allocation has to go all the way. */
static void drain(void)
{
	put_word(STRATA "drain", "1");
}

/* Once in an arena of its own, with the @nth allocation failing, and once without. */
static bool use_once(const char *name, int nth, bool *failed)
{
	struct strata_create how = create_args(4 * MIB, MIB);
	int arena, fd, got, again;

	how.flags = strcmp(name, "producer") ? 0 : STRATA_CREATE_PRODUCER;
	arena = arena_create(&how);
	drain();
	fd = arm(nth);
	got = use(name, arena);
	*failed = disarm(fd);
	again = use(name, arena);
	close(arena);
	/* The kernel's own counts copies from user space, too: the name does not arrive. */
	if (arena >= 0 && fd >= 0 && !again &&
	    (!got || (*failed && (got == -ENOMEM || got == -EFAULT))))
		return true;
	printf("# %s, allocation %d: %d, then %d\n", name, nth, got, again);
	return false;
}

/* A part of the kernel API with each of its allocations failing in turn. */
static bool each_of(const char *name)
{
	long long before = objects();
	bool failed = true;
	int nth, tried = 0;

	for (nth = 1; nth < MOST && failed; nth = after(nth), tried++) {
		if (!use_once(name, nth, &failed))
			return false;
		if (!nothing_left(before) || !arena_all_gone()) {
			printf("# %s, allocation %d: something is left\n", name, nth);
			return false;
		}
	}
	printf("# %s: %d allocations failed\n", name, tried - 1);
	return !failed && tried > 1;
}

TEST_F_TIMEOUT(failnth, kernel_api, 600)
{
	char *names, *name, *rest;
	bool ok = true;
	int n = 0;

	module_unload("strata_faults");
	ASSERT_EQ(module_load("strata_faults"), 0);
	names = text_of(USE);
	for (name = strtok_r(names, "\n", &rest); name; name = strtok_r(NULL, "\n", &rest)) {
		ok &= each_of(name);
		n++;
	}
	free(names);
	EXPECT_TRUE(ok);
	EXPECT_GT(n, 20);
	EXPECT_EQ(module_unload("strata_faults"), 0);
}

static int load_failing(int nth)
{
	char parameters[32];

	snprintf(parameters, sizeof(parameters), "fail_nth=%d", nth);
	return module_load_with("strata", parameters);
}

/* How many more allocations the last load would have had to make. */
static long left(void)
{
	char *text = text_of("/sys/module/strata/parameters/fail_nth");
	long n = atol(text);

	free(text);
	return n;
}

/*
 * Loading takes hundreds of allocations, most of them for one size class after
 * the other. Of those in the middle a few stand for the rest.
 */
TEST(loading)
{
	int nth, all, got, tried = 0;

	ASSERT_EQ(module_unload("strata"), 0);
	ASSERT_EQ(load_failing(1000000), 0);
	all = 1000000 - left();
	ASSERT_GT(all, 100);
	for (nth = 1; nth <= all; nth += nth < 24 || nth > all - 24 ? 1 : 23) {
		if (!access("/sys/module/strata", F_OK))
			ASSERT_EQ(module_unload("strata"), 0);
		got = load_failing(nth);
		/* What is only kept ready may be missing. */
		if (!got)
			got = left() ? -EINVAL : sound() ? -ENOMEM : -EBADMSG;
		ASSERT_EQ(got, -ENOMEM)
			TH_LOG("allocation %d of %d", nth, all);
		tried++;
	}
	if (!access("/sys/module/strata", F_OK))
		ASSERT_EQ(module_unload("strata"), 0);
	ASSERT_EQ(module_load("strata"), 0);
	EXPECT_TRUE(sound());
	printf("# %d of %d allocations failed\n", tried, all);
}

static long failures(void)
{
	char *text = text_of(FAULT "failed");
	long n = atol(text);

	free(text);
	return n;
}

/* One in so many, with a probability, and not more often than said. */
TEST(probability)
{
	struct strata_create how = create_args(MIB, 0);
	int i, fd, failed = 0;
	long before;

	ASSERT_EQ(put_word(FAULT "probability", "101"), -EINVAL);
	ASSERT_EQ(put_word(FAULT "interval", "1"), 0);
	ASSERT_EQ(put_word(FAULT "times", "3"), 0);
	before = failures();
	ASSERT_EQ(put_word(FAULT "probability", "100"), 0);
	for (i = 0; i < 10; i++) {
		how.size = sizeof(how);
		fd = arena_create(&how);
		failed += fd == -ENOMEM;
		close(fd);
	}
	ASSERT_EQ(put_word(FAULT "probability", "0"), 0);
	EXPECT_EQ(failed, 3);
	EXPECT_EQ(failures(), before + 3);
	/* Endless, and now and then. */
	ASSERT_EQ(put_word(FAULT "interval", "3"), 0);
	ASSERT_EQ(put_word(FAULT "times", "-1"), 0);
	ASSERT_EQ(put_word(FAULT "probability", "50"), 0);
	for (failed = i = 0; i < 200; i++) {
		how.size = sizeof(how);
		fd = arena_create(&how);
		failed += fd == -ENOMEM;
		close(fd);
	}
	ASSERT_EQ(put_word(FAULT "probability", "0"), 0);
	ASSERT_EQ(put_word(FAULT "interval", "1"), 0);
	EXPECT_GT(failed, 0);
	EXPECT_LT(failed, 200);
	EXPECT_TRUE(sound());
	EXPECT_TRUE(arena_all_gone());
}

/* What was written is what is there; what makes no sense is refused. */
TEST(files)
{
	char *text;

	EXPECT_EQ(put_word(FAULT "fail-nth", "some"), -EINVAL);
	ASSERT_EQ(put_word(FAULT "times", "-7"), 0);
	text = text_of(FAULT "times");
	EXPECT_STREQ(text, "-1\n");
	free(text);
	ASSERT_EQ(put_word(FAULT "times", "0"), 0);
	ASSERT_EQ(put_word(FAULT "probability", "30"), 0);
	text = text_of(FAULT "probability");
	EXPECT_STREQ(text, "30\n");
	free(text);
	ASSERT_EQ(put_word(FAULT "probability", "0"), 0);
}

/* Two that count would be in each other's way; what is closed is over. */
TEST(one_at_a_time)
{
	int fd;

	source = &own;
	fd = arm(5);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(open(FAULT "fail-nth", O_RDWR), -1);
	EXPECT_EQ(errno, EBUSY);
	EXPECT_FALSE(disarm(fd));
	fd = arm(5);
	ASSERT_GE(fd, 0);
	close(fd);
}

TEST_HARNESS_MAIN
