// SPDX-License-Identifier: GPL-2.0-only
/* Singly linked lists: built, walked, turned round, and kept too long. */
#include <stddef.h>
#include <string.h>
#include <strata.h>

struct item {
	struct item *next;
	int value;
	const char *name;
};

struct queue {
	struct item *head;
	struct item **tail;
};

static struct item *every_item;

long list_sum(strata_region *r, const int *values, size_t n)
{
	STRATA_FRAME(r);
	struct item *head = NULL;
	long sum = 0;

	for (size_t i = 0; i < n; i++) {
		struct item *it = strata_region_alloc(r, sizeof(*it));	// OK

		if (!it)
			return -1;
		it->value = values[i];
		it->next = head;
		head = it;
	}
	for (struct item *it = head; it; it = it->next)
		sum += it->value;
	return sum;
}

struct item *list_build(strata_region *r, const int *values, size_t n)
{
	STRATA_FRAME(r);
	struct item *head = NULL;

	for (size_t i = 0; i < n; i++) {
		struct item *it = strata_region_alloc(r, sizeof(*it));

		it->value = values[i];
		it->next = head;
		head = it;
	}
	return head;	// WARN "escapes its frame: returned"
}

/* The list lives in the caller's frame, as is usual: no frame here. */
struct item *list_prepend(strata_region *r, struct item *head, int value)
{
	struct item *it = strata_region_alloc(r, sizeof(*it));	// OK

	if (!it)
		return head;
	it->value = value;
	it->next = head;
	return it;
}

void list_register(strata_region *r, int value)
{
	STRATA_FRAME(r);
	struct item *it = strata_region_zalloc(r, sizeof(*it));

	it->value = value;
	it->next = every_item;
	every_item = it;	// WARN "it escapes its frame: stored in global every_item"
}

void queue_append(struct queue *q, strata_region *r, int value)
{
	STRATA_FRAME(r);
	struct item *it = strata_region_zalloc(r, sizeof(*it));

	it->value = value;
	*q->tail = it;		// WARN "it escapes its frame: stored in "
	q->tail = &it->next;	// WARN "it escapes its frame: stored in "
}

/* The same with the queue in the frame's function. */
int queue_local(strata_region *r, const int *values, size_t n)
{
	STRATA_FRAME(r);
	struct queue q = { .head = NULL, .tail = &q.head };
	int longest = 0;

	for (size_t i = 0; i < n; i++) {
		struct item *it = strata_region_zalloc(r, sizeof(*it));	// OK

		it->value = values[i];
		*q.tail = it;
		q.tail = &it->next;
	}
	for (struct item *it = q.head; it; it = it->next)
		if (it->value > longest)
			longest = it->value;
	return longest;
}

static struct item *reverse(struct item *head)
{
	struct item *done = NULL;

	while (head) {
		struct item *next = head->next;

		head->next = done;
		done = head;
		head = next;
	}
	return done;
}

int list_reversed_first(strata_region *r, int n)
{
	STRATA_FRAME(r);
	struct item *head = NULL;

	while (n--) {
		struct item *it = strata_region_alloc(r, sizeof(*it));	// OK

		it->value = n;
		it->next = head;
		head = it;
	}
	head = reverse(head);
	return head ? head->value : 0;
}

struct item *list_reversed(strata_region *r, int n)
{
	STRATA_FRAME(r);
	struct item *head = NULL;

	while (n--) {
		struct item *it = strata_region_alloc(r, sizeof(*it));

		it->value = n;
		it->next = head;
		head = it;
	}
	return reverse(head);	// WARN "escapes its frame: returned"
}

/* An old list is marked through temporary cells: nothing new is left in it. */
void list_mark(strata_region *r, struct item *list)
{
	STRATA_FRAME(r);
	struct item *stack = NULL;

	for (; list; list = list->next) {
		struct item *cell = strata_region_alloc(r, sizeof(*cell));	// OK

		cell->value = list->value;
		cell->next = stack;
		stack = cell;
		list->value = -stack->value;
	}
}

/* The caller's list gets a name that dies with the frame. */
void list_name_first(strata_region *r, struct item *list)
{
	STRATA_FRAME(r);
	char *name = strata_region_printf(r, "first of %d", list->value);

	list->name = name;	// WARN "name escapes its frame: stored in .*which outlives the frame"
}

size_t list_name_length(strata_region *r, struct item *list)
{
	STRATA_FRAME(r);
	char *name = strata_region_printf(r, "first of %d", list->value);	// OK
	struct item copy = *list;

	copy.name = name;
	return strlen(copy.name);
}

/* Put in front of the caller's list for a search, and taken off again. */
int list_find_with_sentinel(strata_region *r, struct item *list, int value)
{
	STRATA_FRAME(r);
	struct item *sentinel = strata_region_zalloc(r, sizeof(*sentinel));	// OK
	struct item *at;

	sentinel->next = list;
	sentinel->value = value;
	for (at = sentinel->next; at && at->value != value; at = at->next)
		;
	return at ? 1 : 0;
}
