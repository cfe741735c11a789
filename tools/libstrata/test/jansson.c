// SPDX-License-Identifier: MIT
/*
 * Jansson, as Debian has it, in a region: documents come out as they do from
 * malloc(), and are gone with a frame instead of being freed one value at a time.
 */
#include "kselftest_harness.h"
#include "test.h"
#include <jansson.h>

static strata_region *in;

static void *region_malloc(size_t size)
{
	return strata_region_alloc(in, size);
}

/* The frame does it. */
static void region_free(void *p)
{
	(void)p;
}

static void use_region(strata_region *r)
{
	in = r;
	json_set_alloc_funcs(region_malloc, region_free);
}

static void use_malloc(void)
{
	json_set_alloc_funcs(malloc, free);
}

/* A document of @n records, as text that the caller frees. */
static char *document(int n)
{
	size_t size = 256 * n + 100, len;
	char *text = malloc(size);
	int i;

	len = snprintf(text, size, "{\"records\": [");
	for (i = 0; i < n; i++)
		len += snprintf(text + len, size - len,
				"%s{\"id\": %d, \"name\": \"number \\u00e9 %d\", \"tags\": [%d, %d.5, true, null], "
				"\"nested\": {\"a\": {\"b\": {\"c\": \"%0*d\"}}}}",
				i ? ", " : "", i, i * 7, i % 3, i, i % 60 + 1, i);
	snprintf(text + len, size - len, "]}");
	return text;
}

/* Read, change, and write a document. The text is malloc's or the region's. */
static char *round_trip(const char *text, json_error_t *error)
{
	json_t *root = json_loads(text, 0, error), *records, *record;
	char *out;
	size_t i;

	if (!root)
		return NULL;
	records = json_object_get(root, "records");
	json_array_foreach(records, i, record) {
		json_object_set_new(record, "seen", json_integer(i * i));
		if (i % 3 == 0)
			json_object_del(record, "tags");
	}
	json_object_set_new(root, "copy", json_deep_copy(json_array_get(records, 1)));
	out = json_dumps(root, JSON_SORT_KEYS | JSON_INDENT(1));
	json_decref(root);
	return out;
}

TEST(same_as_malloc)
{
	strata_region *r = strata_region_thread();
	char *text = document(500), *plain, *ours;
	json_error_t error;

	use_malloc();
	plain = round_trip(text, &error);
	ASSERT_NE(plain, NULL);
	use_region(r);
	{
		STRATA_FRAME(r);
		ours = round_trip(text, &error);
		ASSERT_NE(ours, NULL);
		EXPECT_TRUE(strata_region_contains(r, ours));
		EXPECT_GT(strlen(ours), 50000);
		EXPECT_EQ(strcmp(ours, plain), 0);
	}
	EXPECT_FALSE(strata_region_contains(r, ours));
	free(plain);
	free(text);
}

TEST(errors_are_the_same)
{
	static const char * const wrong[] = {
		"{\"a\": [1, 2", "[1, 2,]", "{\"a\" 1}", "[\"\\ud800\"]", "", "nul",
	};
	json_error_t plain, ours;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		use_malloc();
		EXPECT_EQ(json_loads(wrong[i], 0, &plain), NULL);
		use_region(strata_region_thread());
		STRATA_FRAME(in);
		EXPECT_EQ(json_loads(wrong[i], 0, &ours), NULL);
		EXPECT_STREQ(ours.text, plain.text);
		EXPECT_EQ(ours.position, plain.position);
	}
}

/* As a server would: a document for each request, and the memory of the largest. */
TEST(requests)
{
	strata_arena *a = small_arena(16 * MIB, 16 * MIB);
	char *texts[4] = { document(1), document(10), document(100), document(200) };
	strata_region *r = strata_region_create(a);
	json_error_t error;
	size_t most = 0;
	int i;

	use_region(r);
	for (i = 0; i < 100; i++) {
		STRATA_FRAME(r);
		EXPECT_NE(round_trip(texts[i % 4], &error), NULL);
		if (i < 4)
			most = stat_of(r).committed;
	}
	EXPECT_LE(stat_of(r).committed, most);
	strata_arena_destroy(a);
}

TEST(full_region)
{
	strata_arena *a = small_arena(256 * KIB, 256 * KIB);
	char *small = document(10), *large = document(2000);
	strata_region *r = strata_region_create(a);
	json_error_t error;

	use_region(r);
	{
		STRATA_FRAME(r);
		EXPECT_EQ(round_trip(large, &error), NULL);
	}
	STRATA_FRAME(r);
	EXPECT_NE(round_trip(small, &error), NULL);
}

TEST_HARNESS_MAIN
