/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Marks around what is measured, for who looks from outside: instructions that do
 * nothing, which a plugin of QEMU knows, tools/bench/profile.c. Each processor marks
 * what it does itself.
 */
#ifndef BENCH_MARK_H
#define BENCH_MARK_H

#include <linux/compiler.h>

#include "bench.h"

/* nopl <number>(%rax) */
#ifdef CONFIG_X86_64
#define BENCH_MARK(n)							\
	asm volatile(".byte 0x0f, 0x1f, 0x80\n\t.long %c0"		\
		     : : "i" (0x53545200 + (n)) : "memory")
#else
#define BENCH_MARK(n)	do { (void)(n); barrier(); } while (0)
#endif

/* What follows is another row. Nobody is between begin and end. */
static __always_inline void bench_mark_row(void)
{
	BENCH_MARK(0);
}

static __always_inline void bench_mark_begin(enum bench_side side)
{
	if (side == BENCH_STRATA)
		BENCH_MARK(1);
	else
		BENCH_MARK(2);
}

static __always_inline void bench_mark_end(void)
{
	BENCH_MARK(3);
}

/* What was done since the row began was to warm up. Nobody is between begin and end. */
static __always_inline void bench_mark_forget(void)
{
	BENCH_MARK(4);
}

#endif /* BENCH_MARK_H */
