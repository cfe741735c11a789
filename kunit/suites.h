/* SPDX-License-Identifier: GPL-2.0-only */
/* The suites of strata_kunit.ko: each is in the file named after it. */
#ifndef _STRATA_KUNIT_SUITES_H
#define _STRATA_KUNIT_SUITES_H

#include <kunit/test.h>

extern struct kunit_suite strata_class_suite;
extern struct kunit_suite strata_home_suite;
extern struct kunit_suite strata_chunk_suite;
extern struct kunit_suite strata_heap_suite;
extern struct kunit_suite strata_heap_grow_suite;
extern struct kunit_suite strata_heap_scavenge_suite;
extern struct kunit_suite strata_span_suite;
extern struct kunit_suite strata_central_suite;
extern struct kunit_suite strata_depot_suite;
extern struct kunit_suite strata_cache_suite;
extern struct kunit_suite strata_cache_budget_suite;
extern struct kunit_suite strata_cache_drain_suite;
extern struct kunit_suite strata_allocator_suite;
extern struct kunit_suite strata_nested_suite;
extern struct kunit_suite strata_misuse_report_suite;
extern struct kunit_suite strata_api_suite;
extern struct kunit_suite strata_zero_suite;
extern struct kunit_suite strata_large_suite;
extern struct kunit_suite strata_alone_suite;
extern struct kunit_suite strata_rcu_free_suite;
extern struct kunit_suite strata_typed_suite;
extern struct kunit_suite strata_typed_debug_suite;
extern struct kunit_suite strata_debug_suite;
extern struct kunit_suite strata_reserve_suite;
extern struct kunit_suite strata_account_suite;
extern struct kunit_suite strata_misuse_suite;
extern struct kunit_suite strata_hotplug_suite;
extern struct kunit_suite strata_race_suite;
extern struct kunit_suite strata_region_suite;
extern struct kunit_suite strata_region_content_suite;
extern struct kunit_suite strata_region_frame_suite;
extern struct kunit_suite strata_region_model_suite;
extern struct kunit_suite strata_check_suite;
extern struct kunit_suite strata_counts_suite;

#endif /* _STRATA_KUNIT_SUITES_H */
