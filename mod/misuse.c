// SPDX-License-Identifier: GPL-2.0-only
/*
 * One line in the kernel log for each misuse, and a counter that is exact
 * when the log is not: lines are limited in number, counts are not.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/sched/task_stack.h>

#include "compat.h"
#include "misuse.h"

const char * const strata_misuse_name[STRATA_NR_MISUSE] = {
	[STRATA_MISUSE_DOUBLE_FREE]	= "double-free",
	[STRATA_MISUSE_INTERIOR]	= "interior-pointer",
	[STRATA_MISUSE_FOREIGN]		= "foreign-pointer",
	[STRATA_MISUSE_FREED_PAGE]	= "freed-page",
	[STRATA_MISUSE_WRONG_CACHE]	= "wrong-cache",
	[STRATA_MISUSE_WRONG_SIZE]	= "wrong-size",
	[STRATA_MISUSE_REDZONE]		= "redzone",
	[STRATA_MISUSE_POISON]		= "poison",
	[STRATA_MISUSE_ARGUMENT]	= "argument",
	[STRATA_MISUSE_LEAK]		= "leak",
	[STRATA_MISUSE_REGION]		= "region",
	[STRATA_MISUSE_USERCOPY]	= "usercopy",
};
STRATA_TEST_EXPORT(strata_misuse_name);

static atomic64_t misuses[STRATA_NR_MISUSE];

/**
 * strata_misuse_report() - count a misuse and say so
 * @kind: of misuse
 * @format: what happened, where (%pS of the call site) and what was done;
 *	no newline
 *
 * At most 200 lines in 5 seconds reach the log.
 * Context: any; from NMI the line is printed later.
 */
void strata_misuse_report(enum strata_misuse kind, const char *format, ...)
{
	static DEFINE_RATELIMIT_STATE(limit, 5 * HZ, 200);
	struct va_format message = { .fmt = format };
	va_list args;

	atomic64_inc(&misuses[kind]);
	if (!__ratelimit(&limit))
		return;
	va_start(args, format);
	message.va = &args;
	pr_err("strata: %s: %pV\n", strata_misuse_name[kind], &message);
	va_end(args);
}

/**
 * strata_misuse_count() - how often this happened since load
 * @kind: of misuse
 *
 * Return: the number, reported or not.
 */
u64 strata_misuse_count(enum strata_misuse kind)
{
	return atomic64_read(&misuses[kind]);
}
STRATA_TEST_EXPORT(strata_misuse_count);

/**
 * strata_misuse_total() - all misuses since load
 *
 * Return: the sum over all kinds.
 */
u64 strata_misuse_total(void)
{
	u64 total = 0;
	int kind;

	for (kind = 0; kind < STRATA_NR_MISUSE; kind++)
		total += strata_misuse_count(kind);
	return total;
}
STRATA_TEST_EXPORT(strata_misuse_total);

/* The kernel has it in its map of all memory. */
static const char *describe_page(const void *p)
{
	if (PageSlab(virt_to_head_page(p)))
		return "kmalloc() or kmem_cache memory: use kfree()";
	if (PageReserved(virt_to_page(p)))
		return "static data of the kernel";
	return "a page that strata does not own";
}

static bool in_a_module(unsigned long address)
{
#ifdef MODULES_VADDR
	return address >= MODULES_VADDR && address < MODULES_END;
#else
	return false;
#endif
}

/**
 * strata_describe_foreign() - what a pointer that is not strata's may be
 * @p: any value; nothing is read through it, at most its struct page
 *
 * Context: any.
 * Return: words for a report.
 */
const char *strata_describe_foreign(const void *p)
{
	unsigned long address = (unsigned long)p;

	if (address < PAGE_SIZE)
		return "NULL and a little";
	if (IS_ERR(p))
		return "an error code (ERR_PTR)";
	if (object_is_on_stack(p))
		return "on the caller's stack";
	/* On 32-bit PCs there is one range for both. */
	if (in_a_module(address))
		return is_vmalloc_addr(p) ? "vmalloc memory, or data or code of a module" :
					    "data or code of a module";
	if (is_vmalloc_addr(p))
		return "vmalloc memory, or another task's stack";
	if (virt_addr_valid(p))
		return describe_page(p);
	/* User-mode Linux has its own memory among such addresses. */
	return address < TASK_SIZE ? "a user space address" : "a wild pointer";
}
STRATA_TEST_EXPORT(strata_describe_foreign);
