// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random operations on a region and on a model of it: a stack of objects, a
 * stack of frames on it, and a count of what is deferred.
 */
#include <kunit/test.h>
#include <linux/prandom.h>
#include <linux/strata.h>

#include "region_shelf.h"
#include "suites.h"

#define MODEL_OPS	100000
#define MODEL_OBJECTS	4096
#define MODEL_FRAMES	64
#define MODEL_LIMIT	SZ_256K

struct model {
	struct kunit *test;
	struct strata_region *region;
	struct rnd_state rnd;
	struct {
		u8 *p;
		size_t size;
		u8 fill;
	} object[MODEL_OBJECTS];
	struct {
		strata_mark_t mark;
		char *top;
		unsigned int objects;
		unsigned long defers;
	} frame[MODEL_FRAMES];
	unsigned int objects, frames;
	unsigned long defers;		/* registered and not run */
};

static struct model *model_of_defer;

static void model_defer(void *arg)
{
	struct model *m = model_of_defer;

	KUNIT_EXPECT_EQ(m->test, (unsigned long)arg, m->defers);
	m->defers--;
}

static u32 model_random(struct model *m, u32 below)
{
	return prandom_u32_state(&m->rnd) % below;
}

static void model_alloc(struct model *m)
{
	size_t size = model_random(m, model_random(m, 100) ? 300 : 20000);
	u32 how = model_random(m, 8);
	u8 *p;

	if (m->objects == MODEL_OBJECTS)
		return;
	if (how == 0)
		p = strata_region_alloc_aligned(m->region, size, 1UL << model_random(m, 13));
	else if (how == 1)
		p = strata_region_zalloc(m->region, size);
	else
		p = strata_region_alloc(m->region, size);
	if (!p)
		return;		/* the limit */
	if (how == 1)
		KUNIT_ASSERT_TRUE(m->test, holds(p, 0, size));
	m->object[m->objects].p = p;
	m->object[m->objects].size = size;
	m->object[m->objects].fill = model_random(m, 256);
	memset(p, m->object[m->objects].fill, size);
	m->objects++;
}

static void model_check(struct model *m, unsigned int from)
{
	for (; from < m->objects; from++)
		KUNIT_ASSERT_TRUE_MSG(m->test, holds(m->object[from].p, m->object[from].fill,
						     m->object[from].size),
				      "object %u of %zu bytes", from, m->object[from].size);
}

static void model_pop(struct model *m)
{
	unsigned int top = m->frames - 1;

	if (!m->frames)
		return;
	if (!model_random(m, 2000) && m->frames > 1)
		expect_refused(m->test, m->region, m->frame[model_random(m, top)].mark);
	model_check(m, m->frame[top].objects);
	KUNIT_ASSERT_EQ(m->test, strata_region_pop(m->region, m->frame[top].mark), 0);
	KUNIT_ASSERT_EQ(m->test, m->defers, m->frame[top].defers);
	KUNIT_ASSERT_PTR_EQ(m->test, m->region->top, m->frame[top].top);
	m->objects = m->frame[top].objects;
	m->frames = top;
}

static void model_push(struct model *m)
{
	if (m->frames == MODEL_FRAMES)
		return;
	m->frame[m->frames].objects = m->objects;
	m->frame[m->frames].defers = m->defers;
	m->frame[m->frames].top = m->region->top;
	m->frame[m->frames].mark = strata_region_push(m->region);
	m->frames++;
}

static void model_reset(struct model *m)
{
	model_check(m, 0);
	strata_region_reset(m->region);
	KUNIT_ASSERT_EQ(m->test, m->defers, 0UL);
	m->objects = 0;
	m->frames = 0;
}

static void random_operations(struct kunit *test)
{
	struct shelf *shelf = strata_new_shelf(test);
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	unsigned int op;

	KUNIT_ASSERT_NOT_NULL(test, m);
	m->test = test;
	m->region = strata_new_region(shelf, MODEL_LIMIT, GFP_KERNEL);
	model_of_defer = m;
	prandom_seed_state(&m->rnd, 20260101);
	for (op = 0; op < MODEL_OPS; op++) {
		u32 what = model_random(m, 1000);

		if (what < 600)
			model_alloc(m);
		else if (what < 760)
			model_push(m);
		else if (what < 920)
			model_pop(m);
		else if (what < 980 &&
			 !strata_region_defer(m->region, model_defer, (void *)(m->defers + 1)))
			m->defers++;
		else if (what == 999)
			model_reset(m);
		if (op % 1000 == 0) {
			model_check(m, 0);
			KUNIT_ASSERT_LE(test, shelf->bytes, (size_t)4 * MODEL_LIMIT);
			cond_resched();
		}
	}
	model_check(m, 0);
	strata_region_destroy(m->region);
	KUNIT_EXPECT_EQ(test, m->defers, 0UL);
	KUNIT_EXPECT_EQ(test, shelf->blocks, 0U);
}

static struct kunit_case region_model_cases[] = {
	KUNIT_CASE(random_operations),
	{}
};

struct kunit_suite strata_region_model_suite = {
	.name = "strata_region_model",
	.test_cases = region_model_cases,
};
