/* SPDX-License-Identifier: GPL-2.0-only */
/* Shapes, whose constructors say that they are some. */
#ifndef CONSTRUCTOR_H
#define CONSTRUCTOR_H

#include <linux/strata.h>

struct shape {
	struct shape *next;
	const char *name;
	int sides;
};

struct shape_ops {
	struct shape *(*make)(struct strata_region *r, int sides) __strata_result_of(1);
};

struct shape *shape_new(struct strata_region *r, const char *name) __strata_result_of(1);
struct shape *shape_elsewhere(struct strata_region *r) __strata_result_of(1);

#endif
