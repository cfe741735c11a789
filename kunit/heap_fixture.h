/* SPDX-License-Identifier: GPL-2.0-only */
/* A heap of a test's own, on a watched page allocator. */
#ifndef _STRATA_KUNIT_HEAP_FIXTURE_H
#define _STRATA_KUNIT_HEAP_FIXTURE_H

#include <kunit/test.h>

#include "../mod/home.h"
#include "fixture.h"

struct strata_heap_fixture {
	struct strata_heap heap;
	struct strata_fake fake;
	unsigned long lost;		/* pages that the test leaves in use */
};

int strata_heap_fixture_init(struct kunit *test);
void strata_heap_fixture_exit(struct kunit *test);
void strata_expect_heap(struct kunit *test, unsigned long used, unsigned long free);

/* Runs of the pages that the test's CPU has nearest. */
static inline void *strata_new_run(struct kunit *test, unsigned int npages)
{
	struct strata_heap_fixture *f = test->priv;
	void *run = strata_heap_alloc(&f->heap, strata_home(), npages, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, run);
	return run;
}

#endif /* _STRATA_KUNIT_HEAP_FIXTURE_H */
