// SPDX-License-Identifier: GPL-2.0-only
/* list_head, hlist, llist: on the C stack, in a global, spliced, taken off again. */
#include <linux/list.h>
#include <linux/list_sort.h>
#include <linux/llist.h>
#include <linux/string.h>
#include <linux/strata.h>

struct item {
	struct list_head list;
	struct hlist_node hash;
	struct llist_node lockless;
	int value;
	char name[16];
};

struct owner {
	struct list_head items;
	struct item *first;
};

static LIST_HEAD(all_items);
static LLIST_HEAD(posted);

int list_on_stack(struct strata_region *r, const int *values, size_t n)
{
	STRATA_FRAME(r);
	LIST_HEAD(items);
	struct item *it;
	int sum = 0;

	while (n--) {
		it = strata_region_zalloc(r, sizeof(*it));	// OK
		if (!it)
			return -ENOMEM;
		it->value = values[n];
		list_add_tail(&it->list, &items);
	}
	list_for_each_entry(it, &items, list)
		sum += it->value;
	return sum;
}

int list_global(struct strata_region *r, int value)
{
	STRATA_FRAME(r);
	struct item *it = strata_region_zalloc(r, sizeof(*it));

	if (!it)
		return -ENOMEM;
	it->value = value;
	list_add(&it->list, &all_items);	// WARN "it escapes its frame: stored in global all_items"
	return 0;
}

void list_global_for_a_while(struct strata_region *r, void (*scan)(void))
{
	STRATA_FRAME(r);
	struct item *it = strata_region_zalloc(r, sizeof(*it));	// OK

	if (!it)
		return;
	list_add(&it->list, &all_items);
	scan();
	list_del(&it->list);
}

int list_of_owner(struct strata_region *r, struct owner *o)
{
	STRATA_FRAME(r);
	struct item *it = strata_region_zalloc(r, sizeof(*it));

	if (!it)
		return -ENOMEM;
	list_add_tail(&it->list, &o->items);	// WARN "it escapes its frame: stored in .*which outlives the frame"
	return 0;
}

/* No frame here: what belongs to the owner is in the frame of the caller. */
int list_of_owner_unframed(struct strata_region *r, struct owner *o)
{
	struct item *it = strata_region_zalloc(r, sizeof(*it));	// OK

	if (!it)
		return -ENOMEM;
	list_add_tail(&it->list, &o->items);
	return 0;
}

/* Collected in private, then made public. */
void list_spliced(struct strata_region *r, size_t n)
{
	STRATA_FRAME(r);
	LIST_HEAD(items);

	while (n--) {
		struct item *it = strata_region_zalloc(r, sizeof(*it));

		if (!it)
			break;
		list_add(&it->list, &items);
	}
	list_splice(&items, &all_items);	// WARN "it escapes its frame: stored in global all_items"
}

/* The other way: the owner's items pass through a list on the stack. */
int list_spliced_in(struct strata_region *r, struct owner *o)
{
	STRATA_FRAME(r);
	int *count = strata_region_zalloc(r, sizeof(*count));	// OK
	struct item *it;
	LIST_HEAD(items);

	if (!count)
		return -ENOMEM;
	list_splice_init(&o->items, &items);
	list_for_each_entry(it, &items, list)
		(*count)++;
	list_splice(&items, &o->items);
	return *count;
}

static int by_value(void *priv, const struct list_head *a, const struct list_head *b)
{
	return list_entry(a, struct item, list)->value -
	       list_entry(b, struct item, list)->value;
}

int list_sorted(struct strata_region *r, const int *values, size_t n)
{
	STRATA_FRAME(r);
	LIST_HEAD(items);

	while (n--) {
		struct item *it = strata_region_zalloc(r, sizeof(*it));	// OK

		if (!it)
			return -ENOMEM;
		it->value = values[n];
		list_add(&it->list, &items);
	}
	list_sort(NULL, &items, by_value);
	return list_empty(&items) ? 0 : list_first_entry(&items, struct item, list)->value;
}

struct item *list_first_returned(struct strata_region *r, size_t n)
{
	STRATA_FRAME(r);
	LIST_HEAD(items);

	while (n--) {
		struct item *it = strata_region_zalloc(r, sizeof(*it));

		if (!it)
			break;
		list_add(&it->list, &items);
	}
	return list_first_entry_or_null(&items, struct item, list); // WARN "escapes its frame: returned"
}

int hlist_on_stack(struct strata_region *r, int value)
{
	STRATA_FRAME(r);
	struct item *it = strata_region_zalloc(r, sizeof(*it));	// OK
	struct item *at;
	HLIST_HEAD(head);
	int n = 0;

	if (!it)
		return -ENOMEM;
	it->value = value;
	hlist_add_head(&it->hash, &head);
	hlist_for_each_entry(at, &head, hash)
		n += at->value;
	return n;
}

void hlist_of_caller(struct strata_region *r, struct hlist_head *head)
{
	STRATA_FRAME(r);
	struct item *it = strata_region_zalloc(r, sizeof(*it));

	if (it)
		hlist_add_head(&it->hash, head);	// WARN "it escapes its frame: stored in "
}

void llist_global(struct strata_region *r, int value)
{
	STRATA_FRAME(r);
	struct item *it = strata_region_zalloc(r, sizeof(*it));

	if (!it)
		return;
	it->value = value;
	llist_add(&it->lockless, &posted);	// WARN "it escapes its frame: "
}

/* Only the owner's items are moved; the array that orders them is ours. */
void list_reordered(struct strata_region *r, struct owner *o, size_t n)
{
	STRATA_FRAME(r);
	struct item **order = strata_region_zalloc(r, n * sizeof(*order));	// OK
	struct item *it, *next;
	size_t i = 0;

	if (!order)
		return;
	list_for_each_entry_safe(it, next, &o->items, list) {
		if (i < n)
			order[i++] = it;
		list_del(&it->list);
	}
	while (i--)
		list_add(&order[i]->list, &o->items);
}

/* A cursor in the owner's list that is taken out whatever happens. */
int list_cursor(struct strata_region *r, struct owner *o)
{
	STRATA_FRAME(r);
	struct item *cursor = strata_region_zalloc(r, sizeof(*cursor));	// OK
	int err = 0;

	if (!cursor)
		return -ENOMEM;
	list_add(&cursor->list, &o->items);
	if (list_is_singular(&o->items)) {
		err = -ENOENT;
		goto out;
	}
	cursor->value = list_next_entry(cursor, list)->value;
	err = cursor->value;
out:
	list_del_init(&cursor->list);
	return err;
}

int list_cursor_forgotten(struct strata_region *r, struct owner *o)
{
	STRATA_FRAME(r);
	struct item *cursor = strata_region_zalloc(r, sizeof(*cursor));

	if (!cursor)
		return -ENOMEM;
	list_add(&cursor->list, &o->items);	// WARN "cursor escapes its frame: stored in "
	if (list_is_singular(&o->items))
		return -ENOENT;
	cursor->value = list_next_entry(cursor, list)->value;
	list_del_init(&cursor->list);
	return 0;
}
