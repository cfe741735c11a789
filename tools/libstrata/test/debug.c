// SPDX-License-Identifier: MIT
/*
 * The debug library: wrong use is the end, and what is not an object's is filled
 * with bytes that are easy to recognise.
 */
#include "kselftest_harness.h"
#include "test.h"
#include <signal.h>
#include <sys/resource.h>

#define NEW		0xa5
#define RELEASED	0x5a

FIXTURE(debug)
{
	strata_arena *a;
	strata_region *r;
};

FIXTURE_SETUP(debug)
{
	strata_set_report(keep_report);
	self->a = small_arena(4 * MIB, MIB);
	ASSERT_NE(self->a, NULL);
	self->r = strata_region_create(self->a);
}

FIXTURE_TEARDOWN(debug)
{
	strata_arena_destroy(self->a);
}

static void out_of_order(strata_arena *a, strata_region *r)
{
	strata_mark_t outer = strata_region_push(r);

	(void)a;
	strata_region_push(r);
	strata_region_pop(r, outer);
}

static void stale(strata_arena *a, strata_region *r)
{
	strata_mark_t mark = strata_region_push(r);

	(void)a;
	strata_region_pop(r, mark);
	strata_region_pop(r, mark);
}

static void another_region(strata_arena *a, strata_region *r)
{
	strata_region_pop(strata_region_create(a), strata_region_push(r));
}

static void bad_escape(strata_arena *a, strata_region *r)
{
	int here = 0;

	if (strata_region_escape(r, strata_region_create(a), &here, sizeof(here)))
		_exit(1);
}

/* In a child, on an arena of its own: 0, or minus the signal that ended it. */
static int ends(void (*wrong)(strata_arena *a, strata_region *r))
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		strata_arena *a = small_arena(4 * MIB, MIB);

		wrong(a, strata_region_create(a));
		_exit(0);
	}
	return reap(pid);
}

TEST(aborts)
{
	strata_set_report(keep_report);
	setrlimit(RLIMIT_CORE, &(struct rlimit) { 0, 0 });
	EXPECT_EQ(ends(out_of_order), -SIGABRT);
	EXPECT_EQ(ends(stale), -SIGABRT);
	EXPECT_EQ(ends(another_region), -SIGABRT);
	EXPECT_EQ(ends(bad_escape), -SIGABRT);
}

TEST_F(debug, fills)
{
	strata_mark_t mark = strata_region_push(self->r);
	unsigned char *p = strata_region_alloc(self->r, 1000);

	EXPECT_TRUE(all_bytes(p, NEW, 1000));
	memset(p, 1, 1000);
	EXPECT_EQ(strata_region_pop(self->r, mark), 0);
	EXPECT_TRUE(all_bytes(p, RELEASED, 1000));
	EXPECT_EQ(strata_region_alloc(self->r, 500), p);
	EXPECT_TRUE(all_bytes(p, NEW, 500));
}

/* All the rest works as ever. */
TEST_F(debug, works)
{
	char *s = strata_region_printf(self->r, "%d", 7), *p;
	size_t size;

	EXPECT_STREQ(s, "7");
	p = strata_region_zalloc(self->r, 100);
	EXPECT_TRUE(all_bytes(p, 0, 100));
	for (size = 100; size < 100 * KIB; size *= 2) {
		p = strata_region_realloc_last(self->r, p, size, 2 * size);
		ASSERT_NE(p, NULL);
		EXPECT_TRUE(all_bytes(p, 0, 100));
	}
	strata_region_reset(self->r);
	strata_region_trim(self->r);
	EXPECT_STREQ(strata_region_strdup(self->r, "again"), "again");
	EXPECT_EQ(reports, 0);
}

TEST_HARNESS_MAIN
