// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an arena keeps when it is trimmed: memory that stays mapped, with what is
 * in it, and costs nothing to use again.
 */
#include "kselftest_harness.h"
#include "arena_util.h"

#define KEEP	MIB

static bool open_keeping(struct arena *a, size_t max_bytes, size_t region_bytes, __u64 keep,
			 __u32 flags)
{
	a->how = create_args(max_bytes, region_bytes);
	a->how.keep_bytes = keep;
	a->how.flags = flags;
	a->fd = arena_create(&a->how);
	return a->fd >= 0 && arena_map(a, PROT_READ | PROT_WRITE);
}

TEST(kept)
{
	struct strata_stat stat;
	struct arena a;
	__u64 faults;

	ASSERT_TRUE(open_keeping(&a, 8 * MIB, 0, KEEP, 0));
	memset(a.data, 5, 4 * MIB);
	EXPECT_EQ(arena_range(a.fd, STRATA_IOC_TRIM, 0, 8 * MIB), (long)(3 * MIB));
	stat = arena_stat(a.fd, 0);
	EXPECT_EQ(stat.committed, KEEP);
	EXPECT_EQ(stat.recycled, KEEP);
	EXPECT_EQ(arena_stat(a.fd, STRATA_REGION_ALL).recycled, KEEP);
	/* The lowest, neither faulting nor zeroed. */
	faults = stat.faults;
	EXPECT_EQ(a.data[0], 5);
	EXPECT_EQ(a.data[KEEP - 1], 5);
	memset(a.data, 6, KEEP);
	EXPECT_EQ(arena_stat(a.fd, 0).faults, faults);
	EXPECT_EQ(a.data[KEEP], 0);
	EXPECT_EQ(arena_stat(a.fd, 0).faults, faults + 1);
	arena_close(&a);
	EXPECT_TRUE(arena_all_gone());
}

/* Until there is more than that to keep, nothing goes. */
TEST(hysteresis)
{
	struct arena a;
	int i;

	ASSERT_TRUE(open_keeping(&a, 8 * MIB, 0, KEEP, 0));
	for (i = 0; i < 10; i++) {
		memset(a.data, i, KEEP / 2);
		EXPECT_EQ(arena_range(a.fd, STRATA_IOC_TRIM, 0, 8 * MIB), 0);
	}
	EXPECT_EQ(arena_stat(a.fd, 0).trimmed, 0);
	EXPECT_EQ(arena_stat(a.fd, 0).grown, KEEP / 2);
	EXPECT_EQ(a.ctl->trim_seq, 0);
	arena_close(&a);
}

/* It is the arena that keeps, whichever of its regions have the memory. */
TEST(across_regions)
{
	struct arena a;

	ASSERT_TRUE(open_keeping(&a, 8 * MIB, 2 * MIB, KEEP, 0));
	memset(a.data, 1, KEEP / 2);
	memset(a.data + 2 * MIB, 2, KEEP);
	memset(a.data + 4 * MIB, 3, KEEP);
	/* Others have enough: all of this one goes. */
	EXPECT_EQ(arena_range(a.fd, STRATA_IOC_TRIM, 4 * MIB, 2 * MIB), (long)KEEP);
	EXPECT_EQ(arena_stat(a.fd, 2).recycled, 0);
	/* Others have half of it. */
	EXPECT_EQ(arena_range(a.fd, STRATA_IOC_TRIM, 2 * MIB, 2 * MIB), (long)(KEEP / 2));
	EXPECT_EQ(a.data[2 * MIB], 2);
	EXPECT_EQ(arena_stat(a.fd, 1).recycled, KEEP / 2);
	EXPECT_EQ(arena_stat(a.fd, STRATA_REGION_ALL).committed, KEEP);
	EXPECT_EQ(arena_range(a.fd, STRATA_IOC_TRIM, 0, 8 * MIB), 0);
	arena_close(&a);
}

/* No more than one page over what is to be kept, be it a huge one. */
TEST(whole_pages)
{
	struct arena a;

	ASSERT_TRUE(open_keeping(&a, 16 * MIB, 0, KEEP + 1, 0));
	memset(a.data, 1, 8 * MIB);
	arena_range(a.fd, STRATA_IOC_TRIM, 0, 16 * MIB);
	EXPECT_EQ(arena_stat(a.fd, 0).committed, KEEP + PAGE);
	arena_close(&a);
	ASSERT_TRUE(open_keeping(&a, 16 * MIB, 0, KEEP, STRATA_CREATE_HUGE));
	memset(a.data, 1, 8 * MIB);
	arena_range(a.fd, STRATA_IOC_TRIM, 0, 16 * MIB);
	EXPECT_GE(arena_stat(a.fd, 0).committed, KEEP);
	EXPECT_LE(arena_stat(a.fd, 0).committed, 2 * MIB);
	if (has_huge_pages())
		EXPECT_EQ(a.data[KEEP], 1);
	arena_close(&a);
}

/* What one arena kept, no other ever sees. */
TEST(not_for_others)
{
	struct arena a, b;

	ASSERT_TRUE(open_keeping(&a, 8 * MIB, 0, 8 * MIB, 0));
	memset(a.data, 'k', 4 * MIB);
	arena_range(a.fd, STRATA_IOC_TRIM, 0, 8 * MIB);
	arena_close(&a);
	ASSERT_TRUE(open_keeping(&b, 8 * MIB, 0, 8 * MIB, 0));
	EXPECT_TRUE(is_zero(b.data, 4 * MIB));
	arena_close(&b);
}

TEST_HARNESS_MAIN
