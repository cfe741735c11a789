// SPDX-License-Identifier: GPL-2.0-only
/* Use after pop: at once, through another pointer, a helper, some paths only. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strata.h>

struct rec {
	struct rec *link;
	char *text;
	int n;
};

int pop_then_read(strata_region *r)
{
	strata_mark_t mark = strata_region_push(r);
	struct rec *p = strata_region_zalloc(r, sizeof(*p));

	p->n = 4;
	strata_region_pop(r, mark);
	return p->n;	// WARN "use of p after its frame was popped"
}

int read_then_pop(strata_region *r)
{
	strata_mark_t mark = strata_region_push(r);
	struct rec *p = strata_region_zalloc(r, sizeof(*p));	// OK
	int n = p->n;

	strata_region_pop(r, mark);
	return n;
}

void pop_then_write(strata_region *r, const char *s)
{
	strata_mark_t mark = strata_region_push(r);
	char *copy = strata_region_strdup(r, s);

	puts(copy);
	strata_region_pop(r, mark);
	copy[0] = '\0';	// WARN "use of copy after its frame was popped"
}

void pop_then_print(strata_region *r, const char *s)
{
	strata_mark_t mark = strata_region_push(r);
	char *copy = strata_region_printf(r, "(%s)", s);

	strata_region_pop(r, mark);
	puts(copy);	// WARN "use of copy after its frame was popped"
}

/* Whether there was one is known without looking at it. */
bool pop_then_test(strata_region *r, const char *s)
{
	strata_mark_t mark = strata_region_push(r);
	char *copy = strata_region_strdup(r, s);	// OK

	strata_region_pop(r, mark);
	return copy ? true : false;
}

int pop_then_read_alias(strata_region *r)
{
	strata_mark_t mark = strata_region_push(r);
	struct rec *p = strata_region_zalloc(r, sizeof(*p));
	struct rec holder = { .link = p };
	int *n = &p->n;

	strata_region_pop(r, mark);
	return holder.link ? *n : 0;	// WARN "use of p after its frame was popped"
}

int pop_on_one_path(strata_region *r, int done)
{
	strata_mark_t mark = strata_region_push(r);
	struct rec *p = strata_region_zalloc(r, sizeof(*p));
	int n;

	if (done)
		strata_region_pop(r, mark);
	n = p->n;	// WARN "use of p after its frame was popped"
	if (!done)
		strata_region_pop(r, mark);
	return n;
}

int pop_on_either_path(strata_region *r, int done)
{
	strata_mark_t mark = strata_region_push(r);
	struct rec *p = strata_region_zalloc(r, sizeof(*p));	// OK
	int n = 0;

	if (done) {
		strata_region_pop(r, mark);
	} else {
		n = p->n;
		strata_region_pop(r, mark);
	}
	return n;
}

static void finish(strata_region *r, strata_mark_t mark)
{
	strata_region_pop(r, mark);
}

int pop_in_helper(strata_region *r)
{
	strata_mark_t mark = strata_region_push(r);
	struct rec *p = strata_region_zalloc(r, sizeof(*p));

	p->n = 7;
	finish(r, mark);
	return p->n;	// WARN "use of p after its frame was popped"
}

int pop_in_helper_last(strata_region *r)
{
	strata_mark_t mark = strata_region_push(r);
	struct rec *p = strata_region_zalloc(r, sizeof(*p));	// OK
	int n = p->n + 1;

	finish(r, mark);
	return n;
}

static int weight(const struct rec *p)
{
	return p->n * 2 + (p->link ? 1 : 0);
}

int pop_then_helper(strata_region *r)
{
	strata_mark_t mark = strata_region_push(r);
	struct rec *p = strata_region_zalloc(r, sizeof(*p));

	strata_region_pop(r, mark);
	return weight(p);	// WARN "use of p after its frame was popped"
}

int helper_then_pop(strata_region *r)
{
	strata_mark_t mark = strata_region_push(r);
	struct rec *p = strata_region_zalloc(r, sizeof(*p));	// OK
	int w = weight(p);

	strata_region_pop(r, mark);
	return w;
}

/* The variable is used again for an object of the frame that is open then. */
int pop_and_reuse_variable(strata_region *r)
{
	strata_mark_t mark = strata_region_push(r);
	struct rec *p = strata_region_zalloc(r, sizeof(*p));	// OK
	int n = p->n;

	strata_region_pop(r, mark);
	mark = strata_region_push(r);
	p = strata_region_zalloc(r, sizeof(*p));	// OK
	n += p->n;
	strata_region_pop(r, mark);
	return n;
}

/* Allocated before the push, so the pop does not touch it. */
int pop_of_a_younger_frame(strata_region *r)
{
	struct rec *p = strata_region_zalloc(r, sizeof(*p));	// OK
	strata_mark_t mark = strata_region_push(r);
	char *text = strata_region_printf(r, "%p", (void *)r);	// OK
	size_t len = strlen(text);

	strata_region_pop(r, mark);
	p->n = (int)len;
	return p->n;
}

/* What is left in the older object dangles from the pop on. */
int pop_leaves_a_field(strata_region *r)
{
	struct rec *p = strata_region_zalloc(r, sizeof(*p));	// OK
	strata_mark_t mark = strata_region_push(r);
	char *text = strata_region_printf(r, "%d", p->n);

	p->text = text;	// WARN "text escapes its frame: stored in "
	strata_region_pop(r, mark);
	return p->n;
}

int pop_other_region(strata_region *a, strata_region *b)
{
	strata_mark_t mark = strata_region_push(a);
	struct rec *p = strata_region_zalloc(b, sizeof(*p));	// OK

	strata_region_pop(a, mark);
	return p->n;
}

/* With the result of the pop looked at, as a careful program does. */
int pop_checked(strata_region *r)
{
	strata_mark_t mark = strata_region_push(r);
	struct rec *p = strata_region_zalloc(r, sizeof(*p));	// OK
	int n = p->n;

	if (strata_region_pop(r, mark))
		return -1;
	return n;
}

void pop_then_copy_from(strata_region *r, char *to, size_t size)
{
	strata_mark_t mark = strata_region_push(r);
	char *text = strata_region_printf(r, "%zu", size);
	size_t len = strlen(text);

	strata_region_pop(r, mark);
	memcpy(to, text, len < size ? len : size);	// WARN "use of text after its frame was popped"
}

void copy_then_pop(strata_region *r, char *to, size_t size)
{
	strata_mark_t mark = strata_region_push(r);
	char *text = strata_region_printf(r, "%zu", size);	// OK
	size_t len = strlen(text);

	memcpy(to, text, len < size ? len : size);
	strata_region_pop(r, mark);
}
