// SPDX-License-Identifier: MIT
/*
 * Frames and deferred functions: in order, out of order, and within each other.
 */
#include "kselftest_harness.h"
#include "test.h"

FIXTURE(frame)
{
	strata_arena *a;
	strata_region *r;
};

/* What deferred functions did, in order. */
static char trace[64];
static strata_region *in;

static void note(void *arg)
{
	strncat(trace, arg, sizeof(trace) - strlen(trace) - 1);
}

FIXTURE_SETUP(frame)
{
	strata_set_report(keep_report);
	trace[0] = 0;
	self->a = small_arena(4 * MIB, MIB);
	ASSERT_NE(self->a, NULL);
	self->r = strata_region_create(self->a);
	ASSERT_NE(self->r, NULL);
	in = self->r;
}

FIXTURE_TEARDOWN(frame)
{
	strata_arena_destroy(self->a);
	EXPECT_EQ(reports, 0);
}

TEST_F(frame, releases)
{
	char *p = strata_region_alloc(self->r, 100), *q;
	strata_mark_t mark = strata_region_push(self->r);

	q = strata_region_alloc(self->r, 300 * KIB);
	memset(q, 1, 300 * KIB);
	EXPECT_EQ(strata_region_pop(self->r, mark), 0);
	EXPECT_TRUE(strata_region_contains(self->r, p));
	EXPECT_FALSE(strata_region_contains(self->r, q));
	EXPECT_EQ(strata_region_alloc(self->r, 1), q);
}

TEST_F(frame, nests)
{
	strata_mark_t marks[1000];
	char *at[1000];
	int i;

	for (i = 0; i < 1000; i++) {
		at[i] = strata_region_alloc(self->r, i % 50);
		marks[i] = strata_region_push(self->r);
	}
	while (i--) {
		EXPECT_NE(strata_region_alloc(self->r, 24), NULL);
		ASSERT_EQ(strata_region_pop(self->r, marks[i]), 0);
		ASSERT_EQ(strata_region_alloc(self->r, 0), at[i] + ((i % 50 + 15) & -16));
	}
}

TEST_F(frame, out_of_order)
{
	strata_mark_t outer = strata_region_push(self->r), inner;
	char *p = strata_region_alloc(self->r, 1);

	inner = strata_region_push(self->r);
	EXPECT_NE(strata_region_alloc(self->r, 1), NULL);
	EXPECT_EQ(strata_region_pop(self->r, outer), -EINVAL);
	EXPECT_TRUE(was_reported("not the innermost open frame"));
	EXPECT_TRUE(strata_region_contains(self->r, p + 16));
	EXPECT_EQ(strata_region_pop(self->r, inner), 0);
	EXPECT_EQ(strata_region_pop(self->r, outer), 0);
}

TEST_F(frame, stale)
{
	strata_mark_t outer = strata_region_push(self->r), inner, again;

	inner = strata_region_push(self->r);
	EXPECT_EQ(strata_region_pop(self->r, inner), 0);
	EXPECT_EQ(strata_region_pop(self->r, inner), -EINVAL);
	EXPECT_TRUE(was_reported("stale"));
	/* A frame that looks the same has another number. */
	again = strata_region_push(self->r);
	EXPECT_EQ(strata_region_pop(self->r, inner), -EINVAL);
	EXPECT_TRUE(was_reported("refused"));
	EXPECT_EQ(strata_region_pop(self->r, again), 0);
	EXPECT_EQ(strata_region_pop(self->r, outer), 0);
	outer = strata_region_push(self->r);
	strata_region_reset(self->r);
	EXPECT_EQ(strata_region_pop(self->r, outer), -EINVAL);
	EXPECT_TRUE(was_reported("stale"));
}

TEST_F(frame, of_another_region)
{
	strata_region *other = strata_region_create(self->a);
	strata_mark_t mine = strata_region_push(self->r);
	strata_mark_t others = strata_region_push(other);

	EXPECT_EQ(strata_region_pop(self->r, others), -EINVAL);
	EXPECT_TRUE(was_reported("another region's"));
	EXPECT_EQ(strata_region_pop(other, mine), -EINVAL);
	EXPECT_TRUE(was_reported("another region's"));
	EXPECT_EQ(strata_region_pop(self->r, mine), 0);
	EXPECT_EQ(strata_region_pop(other, others), 0);

	/* Nor of one that was in the same place. */
	mine = strata_region_push(other);
	strata_region_destroy(other);
	other = strata_region_create(self->a);
	EXPECT_EQ(strata_region_pop(other, mine), -EINVAL);
	EXPECT_TRUE(was_reported("another region's"));
}

TEST_F(frame, never_pushed)
{
	strata_mark_t mark = {};

	EXPECT_EQ(strata_region_pop(self->r, mark), -EINVAL);
	EXPECT_TRUE(was_reported("not filled by a push"));
}

TEST_F(frame, macro)
{
	char *p = strata_region_alloc(self->r, 0);

	{
		STRATA_FRAME(self->r);
		EXPECT_NE(strata_region_alloc(self->r, 100), NULL);
		STRATA_FRAME(self->r);
		EXPECT_NE(strata_region_alloc(self->r, 100), NULL);
	}
	EXPECT_EQ(strata_region_alloc(self->r, 0), p);
}

TEST_F(frame, defer_in_order)
{
	strata_mark_t outer, inner;

	EXPECT_EQ(strata_region_defer(self->r, note, "0"), 0);
	outer = strata_region_push(self->r);
	EXPECT_EQ(strata_region_defer(self->r, note, "1"), 0);
	EXPECT_EQ(strata_region_defer(self->r, note, "2"), 0);
	inner = strata_region_push(self->r);
	EXPECT_EQ(strata_region_defer(self->r, note, "3"), 0);
	EXPECT_EQ(strata_region_pop(self->r, inner), 0);
	EXPECT_STREQ(trace, "3");
	inner = strata_region_push(self->r);
	EXPECT_EQ(strata_region_pop(self->r, inner), 0);
	EXPECT_STREQ(trace, "3");
	EXPECT_EQ(strata_region_pop(self->r, outer), 0);
	EXPECT_STREQ(trace, "321");
	strata_region_reset(self->r);
	EXPECT_STREQ(trace, "3210");
	strata_region_reset(self->r);
	EXPECT_STREQ(trace, "3210");
}

TEST_F(frame, defer_until_destroy)
{
	strata_region *r = strata_region_create(self->a);

	EXPECT_EQ(strata_region_defer(r, note, "a"), 0);
	strata_region_push(r);
	EXPECT_EQ(strata_region_defer(r, note, "b"), 0);
	strata_region_destroy(r);
	EXPECT_STREQ(trace, "ba");

	r = strata_region_create(self->a);
	EXPECT_EQ(strata_region_defer(r, note, "c"), 0);
	strata_arena_destroy(self->a);
	EXPECT_STREQ(trace, "bac");
	self->a = NULL;
}

static void works(void *arg)
{
	strata_mark_t mark = strata_region_push(in);
	char *s = strata_region_printf(in, "<%s>", (char *)arg);

	strata_region_defer(in, note, "!");
	note(s);
	strata_region_pop(in, mark);
	note(strata_region_strdup(in, "."));
}

TEST_F(frame, defer_may_allocate)
{
	strata_mark_t mark = strata_region_push(self->r);
	char *p = strata_region_alloc(self->r, 0);

	EXPECT_EQ(strata_region_defer(self->r, works, "x"), 0);
	EXPECT_EQ(strata_region_defer(self->r, works, "y"), 0);
	EXPECT_EQ(strata_region_pop(self->r, mark), 0);
	EXPECT_STREQ(trace, "<y>!.<x>!.");
	EXPECT_EQ(strata_region_alloc(self->r, 0), p);
}

static strata_mark_t around;
static int errors[4];

static void misbehaves(void *arg)
{
	errors[0] = strata_region_pop(in, around);
	errors[1] = strata_region_defer(in, note, arg);
	strata_region_reset(in);
	strata_region_destroy(in);
}

TEST_F(frame, defer_may_not)
{
	char *p = strata_region_alloc(self->r, 0);

	around = strata_region_push(self->r);
	EXPECT_EQ(strata_region_defer(self->r, misbehaves, "never"), 0);
	EXPECT_EQ(strata_region_pop(self->r, around), 0);
	EXPECT_EQ(errors[0], -EINVAL);
	EXPECT_EQ(errors[1], -EBUSY);
	EXPECT_EQ(reports, 4);
	reports = 0;
	EXPECT_STREQ(trace, "");
	EXPECT_EQ(strata_region_alloc(self->r, 0), p);
}

static void leaves_open(void *arg)
{
	strata_region_push(in);
	note(arg);
}

TEST_F(frame, defer_leaves_a_frame_open)
{
	strata_mark_t outer = strata_region_push(self->r), inner;

	inner = strata_region_push(self->r);
	EXPECT_EQ(strata_region_defer(self->r, note, "b"), 0);
	EXPECT_EQ(strata_region_defer(self->r, leaves_open, "a"), 0);
	EXPECT_EQ(strata_region_pop(self->r, inner), 0);
	EXPECT_TRUE(was_reported("left a frame open"));
	EXPECT_STREQ(trace, "ab");
	EXPECT_EQ(strata_region_pop(self->r, outer), 0);
}

TEST_F(frame, defer_needs)
{
	size_t room = MIB - PAGE;

	EXPECT_EQ(strata_region_defer(self->r, NULL, "x"), -EINVAL);
	EXPECT_TRUE(was_reported("no function given"));
	EXPECT_NE(strata_region_alloc(self->r, room - 16), NULL);
	EXPECT_EQ(strata_region_defer(self->r, note, "x"), -ENOMEM);
	strata_region_reset(self->r);
	EXPECT_STREQ(trace, "");
}

/* A million frames cost one, whatever was in them. */
TEST_F(frame, leave_nothing_behind)
{
	char *p = strata_region_alloc(self->r, 0);
	int i;

	for (i = 0; i < 100000; i++) {
		STRATA_FRAME(self->r);
		char *q = strata_region_alloc(self->r, 1 + i * 7919 % (20 * (int)KIB));

		q[0] = 1;
		if (i % 64 == 0)
			strata_region_defer(self->r, note, "");
	}
	EXPECT_LE(stat_of(self->r).committed, 64 * KIB);
	EXPECT_EQ(strata_region_alloc(self->r, 0), p);
}

TEST_HARNESS_MAIN
