/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For tests of the exported calls, which use strata's one allocator: what is
 * live and what was reported is noted before a test and compared after it.
 */
#ifndef _STRATA_KUNIT_API_FIXTURE_H
#define _STRATA_KUNIT_API_FIXTURE_H

#include <kunit/test.h>

#include "../mod/main.h"
#include "../mod/misuse.h"
#include "fixture.h"

/**
 * struct strata_before - how things were
 * @live: objects
 * @misuse: reports of each kind; a test that provokes some counts them here
 */
struct strata_before {
	unsigned long live;
	u64 misuse[STRATA_NR_MISUSE];
};

int strata_api_init(struct kunit *test);
void strata_api_exit(struct kunit *test);
unsigned long strata_live(struct strata_allocator *a);
void strata_expect_misuse(struct kunit *test, enum strata_misuse kind, unsigned int n);

#endif /* _STRATA_KUNIT_API_FIXTURE_H */
