// SPDX-License-Identifier: GPL-2.0-only
/*
 * What reports of misuse say: what it was, which object of which cache, and
 * who called. The lines are read back from the kernel's log.
 */
#include <kunit/test.h>
#include <linux/cpu.h>
#include <linux/jiffies.h>
#include <linux/kmsg_dump.h>
#include <linux/mm.h>
#include <linux/strata.h>
#include <linux/vmalloc.h>

#include "../mod/alloc.h"
#include "../mod/drain.h"
#include "../mod/misuse.h"
#include "../mod/track.h"
#include "api_fixture.h"
#include "suites.h"

#define LINE	512

/* Room for the log while a test reads it. */
struct journal {
	struct strata_before before;	/* first: see api_fixture.h */
	char line[LINE];
	char last[LINE];
};

static int report_init(struct kunit *test)
{
	struct journal *journal = kunit_kzalloc(test, sizeof(*journal), GFP_KERNEL);
	int err;

	if (!journal)
		return -ENOMEM;
	err = strata_api_init(test);
	if (err)
		return err;
	journal->before = *(struct strata_before *)test->priv;
	test->priv = journal;
	return 0;
}

/* The last line of the log that is a report. */
static const char *last_report(struct journal *journal)
{
	struct kmsg_dump_iter iter;
	size_t len;

	journal->last[0] = '\0';
	kmsg_dump_rewind(&iter);
	while (kmsg_dump_get_line(&iter, false, journal->line, LINE - 1, &len)) {
		journal->line[len] = '\0';
		if (strstr(journal->line, "strata: "))
			strscpy(journal->last, journal->line, LINE);
	}
	return journal->last;
}

static unsigned int lines_with(struct journal *journal, const char *words)
{
	struct kmsg_dump_iter iter;
	unsigned int n = 0;
	size_t len;

	kmsg_dump_rewind(&iter);
	while (kmsg_dump_get_line(&iter, false, journal->line, LINE - 1, &len)) {
		journal->line[len] = '\0';
		n += !!strstr(journal->line, words);
	}
	return n;
}

/* The last report is of this kind, names the caller so often, and has all these words. */
static void expect_said(struct kunit *test, enum strata_misuse kind, const char *caller,
			unsigned int times, const char *const *words)
{
	const char *report = last_report(test->priv), *at = report;
	char by[64];

	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(report, strata_misuse_name[kind]), "%s", report);
	snprintf(by, sizeof(by), " %s+", caller);
	while (times-- && at) {
		at = strstr(at, by);
		KUNIT_EXPECT_NOT_NULL_MSG(test, at, "\"%s\" in: %s", by, report);
		if (at)
			at++;
	}
	for (; *words; words++)
		KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(report, *words), "\"%s\" in: %s", *words,
					  report);
	strata_expect_misuse(test, kind, 1);
}

#define SAID(...)	((const char *const[]) { __VA_ARGS__, NULL })

static void double_free(struct kunit *test)
{
	void *p = strata_alloc(64, GFP_KERNEL);

	strata_free(p);
	strata_free(p);
	expect_said(test, STRATA_MISUSE_DOUBLE_FREE, __func__, 1,
		    SAID("heap-64", "64 bytes", "[strata_kunit]", "ignored"));
}

/* With STRATA_TRACE both sites are known. */
static void double_free_traced(struct kunit *test)
{
	const struct strata_cache_args args = { .size = 40, .flags = STRATA_TRACE };
	struct strata_cache *c = strata_cache_create("tracy", &args);
	void *p;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, c);
	p = strata_cache_alloc(c, GFP_KERNEL);
	strata_cache_free(c, p);
	strata_free(p);
	expect_said(test, STRATA_MISUSE_DOUBLE_FREE, __func__, 2,
		    SAID("cache tracy", "already"));
	strata_cache_destroy(c);
}

static void interior(struct kunit *test)
{
	void *p = strata_alloc(64, GFP_KERNEL), *large = strata_alloc(SZ_64K, GFP_KERNEL);

	strata_free(p + 24);
	expect_said(test, STRATA_MISUSE_INTERIOR, __func__, 1,
		    SAID("24 bytes into object", "heap-64", "leaked"));
	strata_free(large + 4097);
	expect_said(test, STRATA_MISUSE_INTERIOR, __func__, 1,
		    SAID("4097 bytes into object", "65536 bytes"));
	strata_free(p);
	strata_free(large);
}

static void foreign(struct kunit *test)
{
	void *km = kmalloc(64, GFP_KERNEL), *vm = vmalloc(64);
	int stack;

	strata_free(km);
	expect_said(test, STRATA_MISUSE_FOREIGN, __func__, 1,
		    SAID("kfree()"));
	strata_free(vm);
	expect_said(test, STRATA_MISUSE_FOREIGN, __func__, 1,
		    SAID("vmalloc"));
	strata_free(&stack);
	expect_said(test, STRATA_MISUSE_FOREIGN, __func__, 1,
		    SAID("stack"));
	strata_free((void *)0x10000);
	expect_said(test, STRATA_MISUSE_FOREIGN, __func__, 1,
		    SAID("user space"));
	strata_free(ERR_PTR(-EIO));
	expect_said(test, STRATA_MISUSE_FOREIGN, __func__, 1,
		    SAID("ERR_PTR"));
	strata_free((void *)24);
	expect_said(test, STRATA_MISUSE_FOREIGN, __func__, 1,
		    SAID("NULL"));
	/* Behind all that is mapped. */
	strata_free((void *)-(long)SZ_64K);
	expect_said(test, STRATA_MISUSE_FOREIGN, __func__, 1,
		    SAID("wild"));
	vfree(vm);
	kfree(km);
}

static void wrong_cache_and_size(struct kunit *test)
{
	const struct strata_cache_args args = { .size = 64 };
	struct strata_cache *c = strata_cache_create("picky", &args);
	void *p = strata_alloc(64, GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, c);
	strata_cache_free(c, p);
	expect_said(test, STRATA_MISUSE_WRONG_CACHE, __func__, 1,
		    SAID("heap-64", "cache picky", "leaked"));
	strata_free_sized(p, 1000);
	expect_said(test, STRATA_MISUSE_WRONG_SIZE, __func__, 1,
		    SAID("64 bytes", "1000"));
	strata_cache_destroy(c);
}

static void arguments(struct kunit *test)
{
	const struct strata_cache_args args = { .size = 8, .align = 24 };

	KUNIT_EXPECT_TRUE(test, IS_ERR(strata_cache_create("crooked", &args)));
	expect_said(test, STRATA_MISUSE_ARGUMENT, __func__, 1,
		    SAID("crooked", "alignment"));
	KUNIT_EXPECT_NULL(test, strata_alloc(STRATA_MAX_SIZE + 1, GFP_KERNEL));
	expect_said(test, STRATA_MISUSE_ARGUMENT, __func__, 1,
		    SAID("4194305 bytes"));
	KUNIT_EXPECT_NULL(test, strata_calloc(SIZE_MAX, 3, GFP_KERNEL));
	expect_said(test, STRATA_MISUSE_ARGUMENT, __func__, 1,
		    SAID("overflow"));
}

/* Freed when not even its span is there any more, but its page is strata's still. */
static void freed_page(struct kunit *test)
{
	const struct strata_cache_args args = { .size = 40 };
	struct journal *journal = test->priv;
	struct strata_fixture *f;
	struct strata_cache *c;
	void *p;

	KUNIT_ASSERT_EQ(test, strata_fixture_init(test), 0);
	f = test->priv;
	c = strata_fixture_cache(test, &args);
	p = strata_cache_alloc(c, GFP_KERNEL);
	test->priv = journal;
	KUNIT_ASSERT_NOT_NULL(test, p);
	strata_cache_free(c, p);
	cpus_read_lock();
	mutex_lock(&f->a->lock);
	strata_drain_cpus(f->a, c);
	strata_cache_trim(c);
	mutex_unlock(&f->a->lock);
	cpus_read_unlock();
	strata_free_to(f->a, p, STRATA_HERE);
	expect_said(test, STRATA_MISUSE_FREED_PAGE, __func__, 1,
		    SAID("where no object is", "ignored"));
	test->priv = f;
	strata_fixture_exit(test);
	test->priv = journal;
}

static void live_at_destroy(struct kunit *test)
{
	const struct strata_cache_args args = { .size = 40 };
	struct journal *journal = test->priv;
	struct strata_fixture *f;
	struct strata_cache *c;
	char by[64];
	void *p;

	/* Of a test's own allocator, for what is leaked stays until that ends. */
	KUNIT_ASSERT_EQ(test, strata_fixture_init(test), 0);
	f = test->priv;
	c = strata_cache_create_in(f->a, "orphans", &args);
	test->priv = journal;
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, c);
	p = strata_cache_alloc(c, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, p);
	strata_cache_destroy(c);
	strata_expect_misuse(test, STRATA_MISUSE_LEAK, 1);
	/* The last line names the object, the one before it the caller. */
	KUNIT_EXPECT_NOT_NULL(test, strstr(last_report(journal), "object "));
	KUNIT_EXPECT_NOT_NULL(test, strstr(last_report(journal), "of cache orphans"));
	snprintf(by, sizeof(by), "cache orphans destroyed by %s+", __func__);
	KUNIT_EXPECT_EQ(test, lines_with(journal, by), 1U);
	KUNIT_EXPECT_GE(test, lines_with(journal, "with 1 live objects (40 bytes each)"), 1U);
	f->lost = 1;
	strata_track_deferred(p);
	test->priv = f;
	strata_fixture_exit(test);
	test->priv = journal;
}

static void region(struct kunit *test)
{
	struct strata_region *r = strata_region_create(0, GFP_KERNEL);
	strata_mark_t mark;
	int stack;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, r);
	mark = strata_region_push(r);
	KUNIT_EXPECT_EQ(test, strata_region_pop(r, mark), 0);
	KUNIT_EXPECT_EQ(test, strata_region_pop(r, mark), -EINVAL);
	expect_said(test, STRATA_MISUSE_REGION, __func__, 1,
		    SAID("pop", "refused"));
	KUNIT_EXPECT_NULL(test, strata_region_escape(r, &stack, 1, GFP_KERNEL));
	expect_said(test, STRATA_MISUSE_REGION, __func__, 1,
		    SAID("escape of 1 bytes", "not memory that it handed out"));
	strata_region_destroy(r);
}

static void usercopy(struct kunit *test)
{
	void *p = strata_alloc(64, GFP_KERNEL);

	KUNIT_EXPECT_EQ(test, strata_copy_to_user(NULL, p + 60, 5), 5UL);
	expect_said(test, STRATA_MISUSE_USERCOPY, __func__, 1,
		    SAID("5 bytes to user space at byte 60 of an object of 64 bytes", "refused"));
	KUNIT_EXPECT_EQ(test, strata_copy_from_user(test, NULL, 1), 1UL);
	expect_said(test, STRATA_MISUSE_USERCOPY, __func__, 1,
		    SAID("1 bytes from user space", "not strata's memory"));
	strata_free(p);
}

/* A flood is counted, but does not drown the log. The last case: it uses the limit up. */
static void lines_are_limited(struct kunit *test)
{
	const unsigned int n = 1000;
	unsigned long start = jiffies;
	unsigned int i;

	for (i = 0; i < n; i++)
		strata_free((void *)0x10000);
	strata_expect_misuse(test, STRATA_MISUSE_FOREIGN, n);
	/* The limit is 200 lines in 5 s, and starts anew once in so long. */
	if (time_after(jiffies, start + 5 * HZ))
		kunit_skip(test, "no flood: %u reports took %u ms", n,
			   jiffies_to_msecs(jiffies - start));
	KUNIT_EXPECT_LT(test, lines_with(test->priv, __func__), n / 2);
}

static struct kunit_case misuse_report_cases[] = {
	KUNIT_CASE(double_free),
	KUNIT_CASE(double_free_traced),
	KUNIT_CASE(interior),
	KUNIT_CASE(foreign),
	KUNIT_CASE(wrong_cache_and_size),
	KUNIT_CASE(arguments),
	KUNIT_CASE(freed_page),
	KUNIT_CASE(live_at_destroy),
	KUNIT_CASE(region),
	KUNIT_CASE(usercopy),
	KUNIT_CASE(lines_are_limited),
	{}
};

struct kunit_suite strata_misuse_report_suite = {
	.name = "strata_misuse_report",
	.init = report_init,
	.exit = strata_api_exit,
	.test_cases = misuse_report_cases,
};
