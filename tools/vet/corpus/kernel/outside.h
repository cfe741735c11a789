/* SPDX-License-Identifier: GPL-2.0-only */
/* Functions of which nobody knows what they do: no body, no summary, no table. */
#ifndef OUTSIDE_H
#define OUTSIDE_H

#include <linux/strata.h>
#include <linux/types.h>

struct outside_ops {
	int (*read)(void *priv, void *buffer, size_t size);
	int (*look)(const void *p) __strata_noescape(1);
};

void outside_keep(void *p);
void outside_number(unsigned long n);

/* What the author of a header knows, said with an attribute. */
int outside_borrow(const void *p) __strata_noescape(1);
void outside_attach(void *list, void *p) __strata_captures(2);

#endif
