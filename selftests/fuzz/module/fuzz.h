/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A program is a byte string: units of eight bytes, each one operation on the
 * kernel API and on the model of what should come of it. One program runs at a
 * time, and takes down all it made before the next.
 */
#ifndef STRATA_FUZZ_H
#define STRATA_FUZZ_H

#include <linux/gfp.h>
#include <linux/types.h>

/**
 * struct fuzz_unit - one operation
 * @what: which
 * @a: on what
 * @b: variant
 * @how: context, see fuzz_gfp()
 * @value: size or seed
 */
struct fuzz_unit {
	u8 what, a, b, how;
	u32 value;
};

/* Something is not as the model says. What is said first counts. */
void fuzz_wrong(const char *format, ...) __printf(1, 2);

/* The model expects that strata reports a misuse. */
void fuzz_expect_misuse(void);

/*
 * Run @fn where @how says: in the task, with preemption, softirqs or interrupts
 * off, or in an interrupt on another CPU; and the gfp that is right there.
 */
void fuzz_in_context(u8 how, void (*fn)(void *arg), void *arg);
gfp_t fuzz_gfp(u8 how);
bool fuzz_may_sleep(u8 how);

/* Memory filled with a byte that tells its owner. */
void fuzz_fill(void *p, u8 pattern, size_t size);
bool fuzz_is_filled(const void *p, u8 pattern, size_t size);

/* What each part of the API can do. */
void fuzz_heap_op(const struct fuzz_unit *u);
void fuzz_heap_clean(void);
void fuzz_cache_op(const struct fuzz_unit *u);
void fuzz_cache_clean(void);
int fuzz_cache_init(void);
void fuzz_cache_exit(void);
/* Wait until all caches are gone that were destroyed. */
void fuzz_cache_settle(void);
void fuzz_region_op(const struct fuzz_unit *u);
void fuzz_region_clean(void);

#endif /* STRATA_FUZZ_H */
