// SPDX-License-Identifier: GPL-2.0-only
/* Binary trees: inserted into, walked with and without recursion, rotated. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strata.h>

struct node {
	struct node *left, *right, *parent;
	int key;
	char *label;
};

struct tree {
	struct node *root;
	size_t count;
};

/* In the frame that the caller has open. */
static struct node *node_new(strata_region *r, int key)
{
	struct node *n = strata_region_zalloc(r, sizeof(*n));	// OK

	if (n)
		n->key = key;
	return n;
}

static bool insert(strata_region *r, struct tree *t, int key)
{
	struct node **at = &t->root, *parent = NULL;

	while (*at) {
		parent = *at;
		at = key < parent->key ? &parent->left : &parent->right;
	}
	*at = node_new(r, key);	// OK
	if (!*at)
		return false;
	(*at)->parent = parent;
	t->count++;
	return true;
}

static int depth(const struct node *n)
{
	int left, right;

	if (!n)
		return 0;
	left = depth(n->left);
	right = depth(n->right);
	return 1 + (left > right ? left : right);
}

int tree_depth(strata_region *r, const int *keys, size_t n)
{
	STRATA_FRAME(r);
	struct tree t = { .root = NULL };

	for (size_t i = 0; i < n; i++)
		if (!insert(r, &t, keys[i]))
			return -1;
	return depth(t.root);
}

struct node *tree_root(strata_region *r, const int *keys, size_t n)
{
	STRATA_FRAME(r);
	struct tree t = { .root = NULL };

	for (size_t i = 0; i < n; i++)
		insert(r, &t, keys[i]);
	return t.root;	// WARN "escapes its frame: returned"
}

/* The tree is the caller's; its new nodes must not be in a frame of ours. */
void tree_add(strata_region *r, struct tree *t, int key)
{
	STRATA_FRAME(r);

	insert(r, t, key);	// WARN "escapes its frame: stored in .*which outlives the frame"
}

void tree_add_unframed(strata_region *r, struct tree *t, int key)
{
	insert(r, t, key);
}

void tree_add_first(strata_region *r, struct tree *t, int key)
{
	STRATA_FRAME(r);
	struct node *n = strata_region_zalloc(r, sizeof(*n));

	n->key = key;
	t->root = n;	// WARN "n escapes its frame: stored in .*which outlives the frame"
}

/* Walks with a stack of its own in place of recursion. */
long tree_sum(strata_region *r, struct node *root, size_t count)
{
	STRATA_FRAME(r);
	struct node **stack = strata_region_alloc(r, (count + 1) * sizeof(*stack));	// OK
	size_t top = 0;
	long sum = 0;

	if (!stack || !root)
		return 0;
	stack[top++] = root;
	while (top) {
		struct node *n = stack[--top];

		sum += n->key;
		if (n->left)
			stack[top++] = n->left;
		if (n->right)
			stack[top++] = n->right;
	}
	return sum;
}

/* What is returned was found on the stack, but lives in the caller's tree. */
struct node *tree_find(strata_region *r, struct node *root, size_t count, int key)
{
	STRATA_FRAME(r);
	struct node **stack = strata_region_alloc(r, (count + 1) * sizeof(*stack));	// OK
	size_t top = 0;

	stack[top++] = root;
	while (top) {
		struct node *n = stack[--top];

		if (!n)
			continue;
		if (n->key == key)
			return n;
		stack[top++] = n->left;
		stack[top++] = n->right;
	}
	return NULL;
}

struct node **tree_path(strata_region *r, struct node *n, size_t deep)
{
	STRATA_FRAME(r);
	struct node **path = strata_region_zalloc(r, (deep + 1) * sizeof(*path));

	for (size_t i = deep; n && i; n = n->parent)
		path[--i] = n;
	return path;	// WARN "path escapes its frame: returned"
}

/* Rotates the caller's nodes; only the counter is in the frame. */
struct node *tree_rotate(strata_region *r, struct node *n)
{
	STRATA_FRAME(r);
	int *turned = strata_region_zalloc(r, sizeof(*turned));	// OK
	struct node *up = n->right;

	n->right = up->left;
	if (up->left) {
		up->left->parent = n;
		++*turned;
	}
	up->left = n;
	up->parent = n->parent;
	n->parent = up;
	up->key += *turned;
	return up;
}

void tree_label(strata_region *r, struct node *n)
{
	STRATA_FRAME(r);
	char *label = strata_region_printf(r, "node %d", n->key);

	for (; n; n = n->parent)
		n->label = label;	// WARN "label escapes its frame: stored in "
}

size_t tree_label_longest(strata_region *r, struct node *n)
{
	size_t longest = 0;

	for (; n; n = n->parent) {
		STRATA_FRAME(r);
		char *label = strata_region_printf(r, "node %d", n->key);	// OK
		size_t len = strlen(label);

		if (len > longest)
			longest = len;
	}
	return longest;
}

/* Hung into the caller's tree and taken out again before the frame ends. */
int tree_try(strata_region *r, struct tree *t, int key)
{
	STRATA_FRAME(r);
	struct node *n = strata_region_zalloc(r, sizeof(*n));	// OK
	struct node *old = t->root;
	int deep;

	n->key = key;
	n->left = old;
	t->root = n;
	deep = depth(t->root);
	t->root = old;
	return deep;
}
