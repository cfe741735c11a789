/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Figures that are changed under a lock, and read by others with READ_ONCE() and
 * without it. To the memory model a plain store is not one that they may meet.
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

#endif /* _STRATA_FIGURE_H */
