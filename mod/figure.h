/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Figures that are read by others than who changes them, and without a lock. To the
 * memory model a plain store is not one that they may meet.
 *
 * What is decided by a figure is stored by strata_figure_add() and its like, or by
 * WRITE_ONCE(), and read by READ_ONCE().
 *
 * What CPUs count for themselves on the fast path is stored plainly, by one instruction
 * where two would do for a marked store, and read by strata_figure_read(): for a file
 * that shows it, or for a guess that costs nothing but time when it is wrong. Who
 * stores it is alone in that, and KCSAN sees to it.
 */
#ifndef _STRATA_FIGURE_H
#define _STRATA_FIGURE_H

#include <linux/compiler.h>

#define strata_figure_add(figure, n) do {		\
	typeof(figure) __figure = (figure);		\
							\
	WRITE_ONCE(*__figure, *__figure + (n));		\
} while (0)

#define strata_figure_sub(figure, n) do {		\
	typeof(figure) __figure = (figure);		\
							\
	WRITE_ONCE(*__figure, *__figure - (n));		\
} while (0)

/* Of another CPU, which stores plainly: an old value, in theory half of one. */
#define strata_figure_read(figure)	data_race(READ_ONCE(*(figure)))

#endif /* _STRATA_FIGURE_H */
