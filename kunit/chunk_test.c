// SPDX-License-Identifier: GPL-2.0-only
/*
 * A chunk's bitmaps against a model that has a byte for each page and counts
 * everything again after every step.
 */
#include <kunit/test.h>
#include <linux/prandom.h>

#include "../mod/chunk.h"
#include "suites.h"

enum state { ABSENT, FREE, USED };

struct model {
	u8 page[STRATA_CHUNK_PAGES];
};

static unsigned int run_at(const struct model *model, unsigned int page, enum state state)
{
	unsigned int n = 0;

	while (page + n < STRATA_CHUNK_PAGES && model->page[page + n] == state)
		n++;
	return n;
}

/* The first free run of at least @n pages, or STRATA_CHUNK_PAGES. */
static unsigned int first_fit(const struct model *model, unsigned int n)
{
	unsigned int page;

	for (page = 0; page < STRATA_CHUNK_PAGES; page++)
		if (run_at(model, page, FREE) >= n)
			return page;
	return STRATA_CHUNK_PAGES;
}

static void compare(struct kunit *test, const struct strata_chunk *chunk,
		    const struct model *model)
{
	unsigned int page, nr_free = 0, nr_present = 0, longest = 0, wrong = 0;

	for (page = 0; page < STRATA_CHUNK_PAGES; page++) {
		nr_free += model->page[page] == FREE;
		nr_present += model->page[page] != ABSENT;
		longest = max(longest, run_at(model, page, FREE));
		wrong += test_bit(page, chunk->busy) != (model->page[page] != FREE);
		wrong += test_bit(page, chunk->present) != (model->page[page] != ABSENT);
	}
	KUNIT_ASSERT_EQ(test, wrong, 0U);
	KUNIT_ASSERT_EQ(test, (unsigned int)chunk->nr_free, nr_free);
	KUNIT_ASSERT_EQ(test, (unsigned int)chunk->nr_present, nr_present);
	KUNIT_ASSERT_EQ(test, (unsigned int)chunk->longest, longest);
}

static void mark(struct model *model, unsigned int page, unsigned int n, enum state state)
{
	memset(model->page + page, state, n);
}

static struct strata_chunk *new_chunk(struct kunit *test)
{
	/* The address is never used. */
	struct strata_chunk *chunk = strata_chunk_create((void *)PAGE_OFFSET, 0, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, chunk);
	return chunk;
}

static void begins_empty(struct kunit *test)
{
	struct strata_chunk *chunk = new_chunk(test);
	struct model model = {};
	unsigned int n = 1;

	compare(test, chunk, &model);
	KUNIT_EXPECT_EQ(test, strata_chunk_take(chunk, 1), -ENOSPC);
	KUNIT_EXPECT_EQ(test, strata_chunk_next_free(chunk, 0, &n), STRATA_CHUNK_PAGES);
	KUNIT_EXPECT_EQ(test, n, 0U);
	strata_chunk_destroy(chunk);
}

static void whole_window(struct kunit *test)
{
	struct strata_chunk *chunk = new_chunk(test);
	struct model model = {};

	strata_chunk_add(chunk, 0, STRATA_CHUNK_PAGES, 0);
	mark(&model, 0, STRATA_CHUNK_PAGES, FREE);
	compare(test, chunk, &model);
	KUNIT_EXPECT_EQ(test, strata_chunk_take(chunk, STRATA_CHUNK_PAGES), 0);
	mark(&model, 0, STRATA_CHUNK_PAGES, USED);
	compare(test, chunk, &model);
	KUNIT_EXPECT_EQ(test, strata_chunk_take(chunk, 1), -ENOSPC);
	strata_chunk_put(chunk, 0, STRATA_CHUNK_PAGES);
	mark(&model, 0, STRATA_CHUNK_PAGES, FREE);
	compare(test, chunk, &model);
	strata_chunk_remove(chunk, 0, STRATA_CHUNK_PAGES);
	mark(&model, 0, STRATA_CHUNK_PAGES, ABSENT);
	compare(test, chunk, &model);
	strata_chunk_destroy(chunk);
}

/* Pages put one by one between others make one run again. */
static void joins_neighbours(struct kunit *test)
{
	struct strata_chunk *chunk = new_chunk(test);
	struct model model = {};
	unsigned int page;

	strata_chunk_add(chunk, 0, STRATA_CHUNK_PAGES, STRATA_CHUNK_PAGES);
	mark(&model, 0, STRATA_CHUNK_PAGES, USED);
	for (page = 0; page < STRATA_CHUNK_PAGES; page += 2) {
		strata_chunk_put(chunk, page, 1);
		mark(&model, page, 1, FREE);
	}
	compare(test, chunk, &model);
	KUNIT_EXPECT_EQ(test, strata_chunk_take(chunk, 2), -ENOSPC);
	for (page = 1; page < STRATA_CHUNK_PAGES; page += 2) {
		strata_chunk_put(chunk, page, 1);
		mark(&model, page, 1, FREE);
		KUNIT_ASSERT_EQ(test, (unsigned int)chunk->longest,
				min(page + 2, STRATA_CHUNK_PAGES));
	}
	compare(test, chunk, &model);
	strata_chunk_destroy(chunk);
}

static void take_step(struct kunit *test, struct strata_chunk *chunk, struct model *model,
		      unsigned int n)
{
	unsigned int page = first_fit(model, n);
	int got = strata_chunk_take(chunk, n);

	if (page >= STRATA_CHUNK_PAGES) {
		KUNIT_ASSERT_EQ(test, got, -ENOSPC);
		return;
	}
	KUNIT_ASSERT_EQ(test, got, (int)page);
	mark(model, page, n, USED);
}

/* Whatever is at @page changes into what it can become, for at most @n pages. */
static void change_step(struct strata_chunk *chunk, struct model *model, unsigned int page,
			unsigned int n, u32 dice)
{
	unsigned int used;

	switch (model->page[page]) {
	case ABSENT:
		n = min(n, run_at(model, page, ABSENT));
		used = dice % (n + 1);
		strata_chunk_add(chunk, page, n, used);
		mark(model, page, used, USED);
		mark(model, page + used, n - used, FREE);
		break;
	case USED:
		n = min(n, run_at(model, page, USED));
		strata_chunk_put(chunk, page, n);
		mark(model, page, n, FREE);
		break;
	case FREE:
		n = min(n, run_at(model, page, FREE));
		strata_chunk_remove(chunk, page, n);
		mark(model, page, n, ABSENT);
		break;
	}
}

static void random_steps(struct kunit *test)
{
	struct strata_chunk *chunk = new_chunk(test);
	struct model *model = kunit_kzalloc(test, sizeof(*model), GFP_KERNEL);
	struct rnd_state random;
	unsigned int step, n, page;

	KUNIT_ASSERT_NOT_NULL(test, model);
	prandom_seed_state(&random, 20251123);
	for (step = 0; step < 2000; step++) {
		n = 1 + prandom_u32_state(&random) % (step & 1 ? 8 : 64);
		page = prandom_u32_state(&random) % STRATA_CHUNK_PAGES;
		if (prandom_u32_state(&random) % 3)
			take_step(test, chunk, model, n);
		else
			change_step(chunk, model, page, n, prandom_u32_state(&random));
		if (step % 8 == 0)
			compare(test, chunk, model);
	}
	compare(test, chunk, model);
	strata_chunk_destroy(chunk);
}

static struct kunit_case chunk_cases[] = {
	KUNIT_CASE(begins_empty),
	KUNIT_CASE(whole_window),
	KUNIT_CASE(joins_neighbours),
	KUNIT_CASE(random_steps),
	{}
};

struct kunit_suite strata_chunk_suite = {
	.name = "strata_chunk",
	.test_cases = chunk_cases,
};
