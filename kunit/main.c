// SPDX-License-Identifier: GPL-2.0-only
/*
 * strata_kunit.ko: all suites, lowest layer first. They run when it is loaded.
 */
#include <kunit/test.h>
#include <linux/module.h>

#include "../mod/compat.h"
#include "suites.h"

kunit_test_suites(&strata_class_suite,
		  &strata_home_suite,
		  &strata_chunk_suite,
		  &strata_heap_suite,
		  &strata_heap_grow_suite,
		  &strata_heap_scavenge_suite,
		  &strata_span_suite,
		  &strata_central_suite,
		  &strata_depot_suite,
		  &strata_cache_suite,
		  &strata_cache_budget_suite,
		  &strata_cache_drain_suite,
		  &strata_allocator_suite,
		  &strata_nested_suite,
		  &strata_misuse_report_suite,
		  &strata_api_suite,
		  &strata_zero_suite,
		  &strata_large_suite,
		  &strata_alone_suite,
		  &strata_rcu_free_suite,
		  &strata_typed_suite,
		  &strata_typed_debug_suite,
		  &strata_debug_suite,
		  &strata_reserve_suite,
		  &strata_account_suite,
		  &strata_misuse_suite,
		  &strata_hotplug_suite,
		  &strata_race_suite,
		  &strata_region_suite,
		  &strata_region_content_suite,
		  &strata_region_frame_suite,
		  &strata_region_model_suite,
		  &strata_check_suite,
		  &strata_counts_suite);

MODULE_DESCRIPTION("KUnit suites of strata");
MODULE_LICENSE("GPL");
STRATA_IMPORT();
STRATA_IMPORT_TEST();
