// SPDX-License-Identifier: GPL-2.0-only
/* Where nothing is known: other units, operations, assembly, addresses as numbers. */
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/types.h>
#include <linux/strata.h>
#include "outside.h"

struct box {
	struct box *inner;
	int n;
};

static unsigned long cookie;

int unknown_kept(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct box *b = strata_region_zalloc(r, sizeof(*b));

	if (!b)
		return -ENOMEM;
	outside_keep(b);	// NOTE "b passed to outside_keep: no summary"
	return b->n;
}

int unknown_operation(struct strata_region *r, const struct outside_ops *ops, void *priv)
{
	STRATA_FRAME(r);
	char *buffer = strata_region_zalloc(r, 64);

	return ops->read(priv, buffer, 64);	// NOTE "buffer passed to ops->read: no summary"
}

/* The operations say what they do. */
int unknown_operation_annotated(struct strata_region *r, const struct outside_ops *ops)
{
	STRATA_FRAME(r);
	struct box *b = strata_region_zalloc(r, sizeof(*b));	// OK

	return b ? ops->look(b) : -ENOMEM;
}

int unknown_content(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct box outer = { .n = 1 };
	struct box *inner = strata_region_zalloc(r, sizeof(*inner));

	outer.inner = inner;
	outside_keep(&outer);	// NOTE "inner passed to outside_keep: no summary"
	return outer.n;
}

int unknown_not_given(struct strata_region *r, struct box *b)
{
	STRATA_FRAME(r);
	int *n = strata_region_zalloc(r, sizeof(*n));	// OK

	outside_keep(b);
	outside_number(n ? *n : 0);
	return n ? *n + b->n : 0;
}

int unknown_borrowed(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct box *b = strata_region_zalloc(r, sizeof(*b));	// OK

	return outside_borrow(b);
}

void unknown_captured(struct strata_region *r, void *list)
{
	STRATA_FRAME(r);
	struct box *b = strata_region_zalloc(r, sizeof(*b));

	outside_attach(list, b);	// WARN "b escapes its frame: captured by callback outside_attach"
}

int unknown_asm(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct box *b = strata_region_zalloc(r, sizeof(*b));

	if (!b)
		return -ENOMEM;
	asm volatile("movq %0, outside_cell(%%rip)" : : "r"(b) : "memory");	// NOTE "b passed to inline asm"
	return b->n;
}

int unknown_asm_barrier(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct box *b = strata_region_zalloc(r, sizeof(*b));	// OK

	OPTIMIZER_HIDE_VAR(b);
	barrier();
	return b ? b->n : 0;
}

void unknown_number(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct box *b = strata_region_zalloc(r, sizeof(*b));

	cookie = (unsigned long)b;	// NOTE "b converted to an integer"
}

phys_addr_t unknown_physical(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct box *b = strata_region_zalloc(r, sizeof(*b));

	return virt_to_phys(b);	// NOTE "b (converted to an integer|passed to)"
}

bool unknown_aligned(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct box *b = strata_region_zalloc(r, sizeof(*b));	// OK

	return IS_ALIGNED((unsigned long)b, 16) && !offset_in_page(b);
}

int unknown_tagged(struct strata_region *r, bool flag)
{
	STRATA_FRAME(r);
	struct box *b = strata_region_zalloc(r, sizeof(*b));	// OK
	unsigned long tagged = (unsigned long)b | flag;

	b = (struct box *)(tagged & ~1UL);
	return b ? b->n : 0;
}
