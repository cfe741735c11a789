/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reports of misuse: who called, what the pointer is, what was done about it.
 * Knows how to describe, not how to detect.
 */
#ifndef _STRATA_MISUSE_H
#define _STRATA_MISUSE_H

#include <linux/types.h>

struct strata_allocator;
struct strata_cache;

enum strata_misuse {
	STRATA_MISUSE_DOUBLE_FREE,
	STRATA_MISUSE_INTERIOR,		/* inside an object, not its start */
	STRATA_MISUSE_FOREIGN,		/* not strata's at all */
	STRATA_MISUSE_FREED_PAGE,	/* strata's memory, but no object is there now */
	STRATA_MISUSE_WRONG_CACHE,
	STRATA_MISUSE_WRONG_SIZE,	/* strata_free_sized() with another size */
	STRATA_MISUSE_REDZONE,		/* written past the end */
	STRATA_MISUSE_POISON,		/* written after free */
	STRATA_MISUSE_ARGUMENT,		/* a size, alignment or count that makes no sense */
	STRATA_MISUSE_LEAK,		/* live objects at destroy or unload */
	STRATA_MISUSE_REGION,		/* a frame or mark out of order */
	STRATA_MISUSE_USERCOPY,		/* a copy that would leave an object */
	STRATA_NR_MISUSE,
};

extern const char * const strata_misuse_name[STRATA_NR_MISUSE];

__printf(2, 3) void strata_misuse_report(enum strata_misuse kind, const char *format, ...);
u64 strata_misuse_count(enum strata_misuse kind);
u64 strata_misuse_total(void);

const char *strata_describe_foreign(const void *p);

#endif /* _STRATA_MISUSE_H */
