// SPDX-License-Identifier: MIT
/*
 * Allocation in one region: what is handed out, what does not fit, and what
 * becomes of blocks that change their size or leave.
 */
#include "kselftest_harness.h"
#include "test.h"

FIXTURE(region)
{
	strata_arena *a;
	strata_region *r;
};

FIXTURE_SETUP(region)
{
	strata_set_report(keep_report);
	self->a = small_arena(4 * MIB, MIB);
	ASSERT_NE(self->a, NULL);
	self->r = strata_region_create(self->a);
	ASSERT_NE(self->r, NULL);
}

FIXTURE_TEARDOWN(region)
{
	strata_arena_destroy(self->a);
	EXPECT_EQ(reports, 0);
}

TEST_F(region, alloc)
{
	char *last = NULL;
	size_t size;

	for (size = 1; size < 300; size++) {
		char *p = strata_region_alloc(self->r, size);

		ASSERT_NE(p, NULL);
		EXPECT_EQ((uintptr_t)p % 16, 0);
		/* Objects lie side by side, without anything between them. */
		if (last)
			EXPECT_EQ(p, last + ((size - 1 + 15) & -16));
		memset(p, size, size);
		last = p;
	}
	for (size = 299; size > 0; size--) {
		EXPECT_TRUE(all_bytes(last, size & 0xff, size));
		last -= (size - 1 + 15) & -16;
	}
}

TEST_F(region, nothing)
{
	char *p = strata_region_alloc(self->r, 0);
	char *q = strata_region_alloc(self->r, 0);
	char *s = strata_region_alloc(self->r, 1);

	ASSERT_NE(p, NULL);
	EXPECT_EQ((uintptr_t)p % 16, 0);
	EXPECT_EQ(q, p);
	EXPECT_EQ(s, p);
}

TEST_F(region, does_not_fit)
{
	static const size_t sizes[] = {
		MIB, MIB + 1, SIZE_MAX, SIZE_MAX - 15, SIZE_MAX / 2, SIZE_MAX / 2 + 1,
		(size_t)1 << (sizeof(size_t) > 4 ? 32 : 31),
	};
	char *before = strata_region_alloc(self->r, 16);
	char *after;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		errno = 0;
		EXPECT_EQ(strata_region_alloc(self->r, sizes[i]), NULL);
		EXPECT_EQ(errno, ENOMEM);
		EXPECT_EQ(strata_region_zalloc(self->r, sizes[i]), NULL);
		EXPECT_EQ(strata_region_alloc_aligned(self->r, sizes[i], 4096), NULL);
		EXPECT_EQ(strata_region_realloc_last(self->r, before, 16, sizes[i]), NULL);
	}
	after = strata_region_alloc(self->r, 16);
	EXPECT_EQ(after, before + 16);
}

/* All of the slot but its guard page, and not one byte more. */
TEST_F(region, to_the_end)
{
	size_t room = MIB - PAGE;
	char *p;

	EXPECT_EQ(strata_region_alloc(self->r, room + 1), NULL);
	p = strata_region_alloc(self->r, room);
	ASSERT_NE(p, NULL);
	memset(p, 1, room);
	EXPECT_EQ(strata_region_alloc(self->r, 1), NULL);
	EXPECT_NE(strata_region_alloc(self->r, 0), NULL);
	strata_region_reset(self->r);

	p = strata_region_alloc(self->r, room - 16);
	ASSERT_NE(p, NULL);
	EXPECT_EQ(strata_region_alloc(self->r, 17), NULL);
	EXPECT_EQ(strata_region_alloc(self->r, 16), p + room - 16);
}

/* One object at a time, through every size of the window. */
TEST_F(region, grows_in_place)
{
	char *first = strata_region_alloc(self->r, 64), *p;
	size_t n;

	for (n = 1; (p = strata_region_alloc(self->r, 64)); n++) {
		ASSERT_EQ(p, first + 64 * n);
		memcpy(p, &n, sizeof(n));
	}
	EXPECT_EQ(n, (MIB - PAGE) / 64);
	while (--n)
		ASSERT_EQ(memcmp(first + 64 * n, &n, sizeof(n)), 0);
	EXPECT_EQ(stat_of(self->r).limit, MIB - PAGE);
}

TEST_F(region, aligned)
{
	size_t align;

	for (align = 1; align <= 64 * KIB; align *= 2) {
		char *p = strata_region_alloc_aligned(self->r, 3, align);

		ASSERT_NE(p, NULL);
		EXPECT_EQ((uintptr_t)p % align, 0);
		EXPECT_EQ((uintptr_t)p % 16, 0);
		memset(p, 7, 3);
		EXPECT_NE(strata_region_alloc(self->r, 1), NULL);
	}
	/* The padding does not fit, the object would. */
	EXPECT_EQ(strata_region_alloc_aligned(self->r, 1, 2 * MIB), NULL);
	EXPECT_EQ(strata_region_alloc_aligned(self->r, 1, SIZE_MAX / 2 + 1), NULL);
	EXPECT_EQ(reports, 0);
}

TEST_F(region, bad_alignment)
{
	EXPECT_EQ(strata_region_alloc_aligned(self->r, 1, 0), NULL);
	EXPECT_TRUE(was_reported("alignment 0"));
	EXPECT_EQ(strata_region_alloc_aligned(self->r, 1, 48), NULL);
	EXPECT_TRUE(was_reported("alignment 48"));
	EXPECT_EQ(errno, EINVAL);
}

TEST_F(region, zalloc)
{
	strata_mark_t mark = strata_region_push(self->r);
	char *p = strata_region_alloc(self->r, 100 * KIB);

	memset(p, 0xff, 100 * KIB);
	EXPECT_EQ(strata_region_pop(self->r, mark), 0);
	p = strata_region_zalloc(self->r, 100 * KIB - 3);
	EXPECT_TRUE(all_bytes(p, 0, 100 * KIB - 3));
}

TEST_F(region, strings)
{
	char *s = strata_region_strdup(self->r, "a string");
	char *t = strata_region_printf(self->r, "%d of %s%*s", 7, s, 5000, "!");

	EXPECT_STREQ(s, "a string");
	EXPECT_STREQ(strata_region_strdup(self->r, ""), "");
	EXPECT_EQ(strata_region_strdup(self->r, NULL), NULL);
	ASSERT_NE(t, NULL);
	EXPECT_EQ(strlen(t), 13 + 5000);
	EXPECT_EQ(memcmp(t, "7 of a string   ", 16), 0);
	EXPECT_EQ(t[5012], '!');
	EXPECT_EQ(strata_region_printf(self->r, "%*s", 1 << 21, ""), NULL);
}

TEST_F(region, contains)
{
	strata_region *other = strata_region_create(self->a);
	char *p = strata_region_alloc(self->r, 10);

	EXPECT_TRUE(strata_region_contains(self->r, p));
	EXPECT_TRUE(strata_region_contains(self->r, p + 9));
	EXPECT_FALSE(strata_region_contains(self->r, p - 1));
	EXPECT_FALSE(strata_region_contains(self->r, p + 16));
	EXPECT_FALSE(strata_region_contains(self->r, NULL));
	EXPECT_FALSE(strata_region_contains(self->r, (void *)-1));
	EXPECT_FALSE(strata_region_contains(self->r, &p));
	EXPECT_FALSE(strata_region_contains(other, p));
	strata_region_reset(self->r);
	EXPECT_FALSE(strata_region_contains(self->r, p));
}

TEST_F(region, realloc_in_place)
{
	char *first = strata_region_realloc_last(self->r, NULL, 0, 10), *p = first;
	size_t size;

	ASSERT_NE(p, NULL);
	memset(p, 1, 10);
	for (size = 10; size < 200 * KIB; size = size * 3 / 2) {
		p = strata_region_realloc_last(self->r, p, size, size * 3 / 2);
		ASSERT_EQ(p, first);
		EXPECT_TRUE(all_bytes(p, 1, size));
		memset(p, 1, size * 3 / 2);
	}
	p = strata_region_realloc_last(self->r, p, size, 20);
	ASSERT_EQ(p, first);
	EXPECT_EQ(strata_region_alloc(self->r, 1), p + 32);
}

TEST_F(region, realloc_copies)
{
	char *p = strata_region_strdup(self->r, "not the last");
	char *wall = strata_region_alloc(self->r, 1);
	char *q = strata_region_realloc_last(self->r, p, 13, 100);

	ASSERT_NE(q, NULL);
	EXPECT_GT(q, wall);
	EXPECT_STREQ(q, "not the last");
	/* The old one stays. */
	EXPECT_STREQ(p, "not the last");
	EXPECT_TRUE(strata_region_contains(self->r, p));
}

/* The last block of the outer frame must not grow into the inner one. */
TEST_F(region, realloc_across_a_push)
{
	char *p = strata_region_strdup(self->r, "outer"), *q, *s;
	strata_mark_t mark = strata_region_push(self->r);

	q = strata_region_realloc_last(self->r, p, 6, 60);
	EXPECT_NE(q, p);
	EXPECT_STREQ(q, "outer");
	EXPECT_EQ(strata_region_realloc_last(self->r, q, 60, 600), q);
	EXPECT_EQ(strata_region_pop(self->r, mark), 0);
	s = strata_region_alloc(self->r, 1);
	EXPECT_EQ(s, p + 16);
	EXPECT_STREQ(p, "outer");
}

TEST_F(region, realloc_of_nothing_known)
{
	char *p = strata_region_alloc(self->r, 16);
	int here = 0;

	EXPECT_EQ(strata_region_realloc_last(self->r, &here, 4, 8), NULL);
	EXPECT_TRUE(was_reported("not memory that it handed out"));
	EXPECT_EQ(strata_region_realloc_last(self->r, p, 17, 8), NULL);
	EXPECT_TRUE(was_reported("not memory that it handed out"));
	EXPECT_EQ(errno, EINVAL);
}

TEST_F(region, escape)
{
	strata_region *to = strata_region_create(self->a);
	strata_mark_t mark = strata_region_push(self->r);
	char *p = strata_region_strdup(self->r, "to be kept"), *q;

	q = strata_region_escape(self->r, to, p + 3, 8);
	EXPECT_EQ(strata_region_pop(self->r, mark), 0);
	memset(strata_region_alloc(self->r, 32), 'x', 32);
	EXPECT_TRUE(strata_region_contains(to, q));
	EXPECT_STREQ(q, "be kept");
	EXPECT_NE(strata_region_escape(self->r, to, NULL, 0), NULL);
}

TEST_F(region, bad_escape)
{
	strata_region *to = strata_region_create(self->a);
	char *p = strata_region_alloc(self->r, 32), local[4] = {};

	EXPECT_EQ(strata_region_escape(self->r, to, local, 4), NULL);
	EXPECT_TRUE(was_reported("escape of region"));
	EXPECT_EQ(strata_region_escape(self->r, to, p, 33), NULL);
	EXPECT_TRUE(was_reported("not memory that it handed out"));
	EXPECT_EQ(strata_region_escape(to, self->r, p, 1), NULL);
	EXPECT_TRUE(was_reported("not memory that it handed out"));
	EXPECT_EQ(strata_region_escape(self->r, NULL, p, 1), NULL);
	EXPECT_TRUE(was_reported("no region to copy to"));
	EXPECT_NE(strata_region_escape(self->r, to, p, 32), NULL);
}

TEST_F(region, reset_keeps_memory)
{
	char *p = strata_region_alloc(self->r, 300 * KIB);
	struct strata_stat before, after;

	memset(p, 1, 300 * KIB);
	before = stat_of(self->r);
	EXPECT_GE(before.committed, 300 * KIB);
	strata_region_reset(self->r);
	EXPECT_EQ(strata_region_alloc(self->r, 300 * KIB), p);
	after = stat_of(self->r);
	EXPECT_EQ(after.committed, before.committed);
	EXPECT_EQ(after.trimmed, 0);
}

TEST_F(region, trim)
{
	struct strata_stat stat;
	char *p, *q, *fresh;

	p = strata_region_alloc(self->r, 100 * KIB);
	q = strata_region_alloc(self->r, 500 * KIB);
	memset(p, 1, 100 * KIB);
	memset(q, 2, 500 * KIB);
	EXPECT_EQ(strata_region_realloc_last(self->r, q, 500 * KIB, 0), q);
	EXPECT_GE(strata_region_trim(self->r), 500 * KIB - PAGE);

	stat = stat_of(self->r);
	EXPECT_EQ(stat.committed, (100 * KIB + PAGE - 1) & -PAGE);
	EXPECT_GE(stat.hwm, 600 * KIB);
	EXPECT_EQ(stat.grown - stat.trimmed, stat.committed);
	EXPECT_TRUE(all_bytes(p, 1, 100 * KIB));
	/* Fresh memory comes as it did the first time. */
	EXPECT_EQ(strata_region_alloc(self->r, 500 * KIB), q);
	fresh = p + stat.committed;
	EXPECT_TRUE(all_bytes(fresh, 0, q + 500 * KIB - fresh));
	strata_region_reset(self->r);
	strata_region_trim(self->r);
	EXPECT_EQ(stat_of(self->r).committed, 0);
	EXPECT_EQ(strata_region_trim(self->r), 0);
}

TEST_F(region, stat)
{
	struct strata_stat stat = stat_of(self->r);
	char *p;

	EXPECT_EQ(stat.committed, 0);
	EXPECT_EQ(stat.limit, STRATA_REGION_START);
	p = strata_region_alloc(self->r, 10 * KIB);
	memset(p, 1, 10 * KIB);
	stat = stat_of(self->r);
	EXPECT_GE(stat.committed, 10 * KIB);
	EXPECT_LE(stat.committed, PAGE > 32 * KIB ? PAGE : 32 * KIB);
	EXPECT_GE(stat.limit, 10 * KIB);
	EXPECT_EQ(stat.limit & (stat.limit - 1), 0);
	EXPECT_EQ(stat.hwm, stat.committed);
	EXPECT_EQ(stat.grown, stat.committed);
	EXPECT_EQ(stat.pinned, 0);
	EXPECT_EQ(stat.size, sizeof(stat));
}

TEST_HARNESS_MAIN
