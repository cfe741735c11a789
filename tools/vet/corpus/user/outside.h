/* SPDX-License-Identifier: GPL-2.0-only */
/* Functions of which nobody knows what they do: no body, no summary, no table. */
#ifndef OUTSIDE_H
#define OUTSIDE_H

#include <stddef.h>

struct outside_ops {
	int (*read)(void *priv, void *buffer, size_t size);
	void (*visit)(void *priv);
};

void outside_keep(void *p);
int outside_look(const void *p);
void *outside_pass(void *p);
void outside_number(unsigned long n);
int outside_condition(void);

/* What the author of a header knows, said with an attribute. */
int outside_borrow(const void *p, size_t size) __strata_noescape(1);
void outside_attach(void *list, void *p) __strata_captures(2);
char *outside_skip(char *p) __strata_returns_arg(1);

#endif
