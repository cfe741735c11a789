// SPDX-License-Identifier: GPL-2.0-only
/* Red-black trees, radix trees and maps with the kernel's own containers. */
#include <linux/idr.h>
#include <linux/rbtree.h>
#include <linux/xarray.h>
#include <linux/strata.h>

struct extent {
	struct rb_node node;
	u64 start, end;
	struct extent *origin;
};

struct map {
	struct rb_root root;
	struct rb_root_cached cached;
	struct extent *last;
};

static DEFINE_XARRAY(everyone);
static DEFINE_IDR(handles);

static bool extent_less(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct extent, node)->start <
	       rb_entry(b, struct extent, node)->start;
}

/* The tree decides who keeps it; this only links. */
static void extent_insert(struct rb_root *root, struct extent *e)
{
	struct rb_node **at = &root->rb_node, *parent = NULL;

	while (*at) {
		parent = *at;
		if (e->start < rb_entry(parent, struct extent, node)->start)
			at = &parent->rb_left;
		else
			at = &parent->rb_right;
	}
	rb_link_node(&e->node, parent, at);
	rb_insert_color(&e->node, root);
}

u64 rbtree_on_stack(struct strata_region *r, const u64 *starts, size_t n)
{
	STRATA_FRAME(r);
	struct rb_root root = RB_ROOT;
	struct rb_node *node;
	u64 sum = 0;

	while (n--) {
		struct extent *e = strata_region_zalloc(r, sizeof(*e));	// OK

		if (!e)
			return 0;
		e->start = starts[n];
		extent_insert(&root, e);
	}
	for (node = rb_first(&root); node; node = rb_next(node))
		sum = sum * 3 + rb_entry(node, struct extent, node)->start;
	return sum;
}

int rbtree_of_caller(struct strata_region *r, struct map *m, u64 start)
{
	STRATA_FRAME(r);
	struct extent *e = strata_region_zalloc(r, sizeof(*e));

	if (!e)
		return -ENOMEM;
	e->start = start;
	extent_insert(&m->root, e);	// WARN "e escapes its frame: stored in "
	return 0;
}

int rbtree_of_caller_unframed(struct strata_region *r, struct map *m, u64 start)
{
	struct extent *e = strata_region_zalloc(r, sizeof(*e));	// OK

	if (!e)
		return -ENOMEM;
	e->start = start;
	extent_insert(&m->root, e);
	return 0;
}

int rbtree_erased_again(struct strata_region *r, struct map *m, u64 start)
{
	STRATA_FRAME(r);
	struct extent *e = strata_region_zalloc(r, sizeof(*e));	// OK
	struct rb_node *next;
	int found;

	if (!e)
		return -ENOMEM;
	e->start = start;
	extent_insert(&m->root, e);
	next = rb_next(&e->node);
	found = next && rb_entry(next, struct extent, node)->start == start;
	rb_erase(&e->node, &m->root);
	return found;
}

void rbtree_cached(struct strata_region *r, struct map *m, u64 start)
{
	STRATA_FRAME(r);
	struct extent *e = strata_region_zalloc(r, sizeof(*e));

	if (!e)
		return;
	e->start = start;
	rb_add_cached(&e->node, &m->cached, extent_less);	// WARN "e escapes its frame: stored in "
}

/* What is remembered was in the tree before. */
void rbtree_remember(struct strata_region *r, struct map *m, u64 start)
{
	STRATA_FRAME(r);
	struct extent *key = strata_region_zalloc(r, sizeof(*key));	// OK
	struct rb_node *node;

	if (!key)
		return;
	key->start = start;
	for (node = rb_first(&m->root); node; node = rb_next(node))
		if (!extent_less(node, &key->node)) {
			m->last = rb_entry(node, struct extent, node);
			break;
		}
}

void rbtree_remember_key(struct strata_region *r, struct map *m, u64 start)
{
	STRATA_FRAME(r);
	struct extent *key = strata_region_zalloc(r, sizeof(*key));

	if (!key)
		return;
	key->start = start;
	m->last = key;	// WARN "key escapes its frame: stored in .*which outlives the frame"
}

/* A replaced node is gone from the tree; the copy that took its place is not. */
void rbtree_replaced(struct strata_region *r, struct map *m, struct extent *old)
{
	STRATA_FRAME(r);
	struct extent *e = strata_region_alloc(r, sizeof(*e));

	if (!e)
		return;
	*e = *old;
	rb_replace_node(&old->node, &e->node, &m->root);	// WARN "e escapes its frame: "
}

int xarray_global(struct strata_region *r, unsigned long id)
{
	STRATA_FRAME(r);
	struct extent *e = strata_region_zalloc(r, sizeof(*e));

	if (!e)
		return -ENOMEM;
	return xa_err(xa_store(&everyone, id, e, GFP_KERNEL));	// WARN "e escapes its frame: "
}

int xarray_erased(struct strata_region *r, unsigned long id)
{
	STRATA_FRAME(r);
	struct extent *e = strata_region_zalloc(r, sizeof(*e));	// OK
	int err;

	if (!e)
		return -ENOMEM;
	err = xa_err(xa_store(&everyone, id, e, GFP_KERNEL));
	if (err)
		return err;
	e->end = 1;
	xa_erase(&everyone, id);
	return 0;
}

/* Erased before it was stored. */
int xarray_erased_too_soon(struct strata_region *r, unsigned long id)
{
	STRATA_FRAME(r);
	struct extent *e = strata_region_zalloc(r, sizeof(*e));

	if (!e)
		return -ENOMEM;
	xa_erase(&everyone, id);
	return xa_err(xa_store(&everyone, id, e, GFP_KERNEL));	// WARN "e escapes its frame: "
}

unsigned long xarray_on_stack(struct strata_region *r, size_t n)
{
	STRATA_FRAME(r);
	struct xarray xa;
	struct extent *e;
	unsigned long index, sum = 0;

	xa_init(&xa);
	while (n--) {
		e = strata_region_zalloc(r, sizeof(*e));	// OK
		if (!e || xa_is_err(xa_store(&xa, n, e, GFP_KERNEL)))
			break;
	}
	xa_for_each(&xa, index, e)
		sum += index + e->start;
	xa_destroy(&xa);
	return sum;
}

struct extent *xarray_found(struct strata_region *r, unsigned long id)
{
	STRATA_FRAME(r);
	struct extent *key = strata_region_zalloc(r, sizeof(*key));	// OK

	if (!key)
		return NULL;
	key->start = id;
	return xa_load(&everyone, key->start);
}

int idr_global(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct extent *e = strata_region_zalloc(r, sizeof(*e));

	if (!e)
		return -ENOMEM;
	return idr_alloc(&handles, e, 0, 0, GFP_KERNEL);	// WARN "e escapes its frame: "
}

int idr_removed(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct extent *e = strata_region_zalloc(r, sizeof(*e));	// OK
	int id;

	if (!e)
		return -ENOMEM;
	id = idr_alloc(&handles, e, 0, 0, GFP_KERNEL);
	if (id < 0)
		return id;
	e->start = id;
	idr_remove(&handles, id);
	return id;
}
