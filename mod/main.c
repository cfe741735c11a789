// SPDX-License-Identifier: GPL-2.0-only
/*
 * Load and unload, one the exact reverse of the other, and the one allocator
 * behind the exported calls.
 */
#include <linux/cpuhotplug.h>
#include <linux/module.h>
#include <linux/random.h>

#include "arena.h"
#include "compat.h"
#include "debug.h"
#include "drain.h"
#include "device.h"
#include "fault.h"
#include "main.h"
#include "object.h"
#include "rcu_free.h"
#include "shrink.h"
#include "stat.h"

struct strata_allocator strata_main;
struct strata_rcu_queue *strata_main_rcu;
unsigned long strata_mark_secret __ro_after_init;
STRATA_TEST_EXPORT(strata_main);
STRATA_TEST_EXPORT(strata_main_rcu);
STRATA_TEST_EXPORT(strata_mark_secret);

static int hotplug_state;

static int cpu_dead(unsigned int cpu)
{
	strata_drain_dead_cpu(&strata_main, cpu);
	return 0;
}

static int __init init_all(void)
{
	int err;

	strata_mark_secret = get_random_long();
	strata_main.debug = strata_debug_flags;
	err = strata_span_init();
	if (err)
		return err;
	err = strata_allocator_init(&strata_main, &strata_page_allocator);
	if (err)
		goto exit_span;
	strata_main_rcu = strata_rcu_queue_create(&strata_main);
	if (!strata_main_rcu) {
		err = -ENOMEM;
		goto exit_allocator;
	}
	hotplug_state = strata_fault(GFP_KERNEL) ? -ENOMEM :
			cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "mm/strata:dead",
						  NULL, cpu_dead);
	if (hotplug_state < 0) {
		err = hotplug_state;
		goto exit_rcu;
	}
	err = strata_shrink_init(&strata_main);
	if (err)
		goto exit_hotplug;
	err = strata_arenas_init();
	if (err)
		goto exit_shrink;
	err = strata_device_init();
	if (err)
		goto exit_arenas;
	strata_stat_init(&strata_main);
	pr_info("strata: loaded\n");
	return 0;

exit_arenas:
	strata_arenas_exit();
exit_shrink:
	strata_shrink_exit();
exit_hotplug:
	cpuhp_remove_state_nocalls(hotplug_state);
exit_rcu:
	strata_rcu_queue_destroy(strata_main_rcu);
exit_allocator:
	strata_allocator_exit(&strata_main);
exit_span:
	strata_span_exit();
	return err;
}

static int __init strata_init(void)
{
	int err;

	strata_fault_load();
	err = init_all();
	strata_fault_loaded();
	return err;
}

static void __exit strata_exit(void)
{
	unsigned long live;

	strata_stat_exit();
	strata_device_exit();
	strata_arenas_exit();
	strata_shrink_exit();
	cpuhp_remove_state_nocalls(hotplug_state);
	strata_rcu_queue_destroy(strata_main_rcu);
	live = strata_allocator_exit(&strata_main);
	strata_span_exit();
	if (!live)
		pr_info("strata: unloaded, nothing live\n");
}

module_init(strata_init);
module_exit(strata_exit);

MODULE_DESCRIPTION("Memory manager with per-CPU caches, spans, regions and user arenas");
MODULE_LICENSE("GPL");
