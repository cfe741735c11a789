/* SPDX-License-Identifier: GPL-2.0-only */
/* For tests of the caches of size classes, of an allocator of the test's own. */
#ifndef _STRATA_KUNIT_CACHE_FIXTURE_H
#define _STRATA_KUNIT_CACHE_FIXTURE_H

#include "fixture.h"

struct strata_cache *strata_class_cache(struct kunit *test, size_t size);
struct strata_magazine *strata_class_magazine(struct kunit *test, struct strata_cache *c);
void strata_get_many(struct kunit *test, size_t size, void **p, unsigned int n);
void strata_put_many(struct kunit *test, void **p, unsigned int n);
void **strata_room(struct kunit *test, unsigned int n);
void strata_expect_conserved(struct kunit *test, struct strata_cache *c, unsigned int live);

#endif /* _STRATA_KUNIT_CACHE_FIXTURE_H */
