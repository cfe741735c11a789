// SPDX-License-Identifier: GPL-2.0-only
/* Flexible arrays, unions, members and the objects around them, double pointers. */
#include <linux/container_of.h>
#include <linux/kernel.h>
#include <linux/overflow.h>
#include <linux/string.h>
#include <linux/strata.h>

struct part {
	u16 type;
	u16 len;
	union {
		u64 number;
		char *text;
		struct part *group;
	};
};

struct message {
	struct message *next;
	size_t count;
	struct part header;
	struct part parts[];
};

static struct part last_part;

size_t flex_local(struct strata_region *r, size_t n)
{
	STRATA_FRAME(r);
	struct message *m = strata_region_zalloc(r, struct_size(m, parts, n));	// OK
	size_t i, sum = 0;

	if (!m)
		return 0;
	m->count = n;
	for (i = 0; i < n; i++)
		m->parts[i].number = i * i;
	for (i = 0; i < m->count; i++)
		sum += m->parts[i].number;
	return sum;
}

struct part *flex_element(struct strata_region *r, size_t n)
{
	STRATA_FRAME(r);
	struct message *m = strata_region_zalloc(r, struct_size(m, parts, n));

	return m ? &m->parts[n - 1] : NULL;	// WARN "m escapes its frame: returned"
}

u64 flex_element_number(struct strata_region *r, size_t n)
{
	STRATA_FRAME(r);
	struct message *m = strata_region_zalloc(r, struct_size(m, parts, n));	// OK

	return m ? m->parts[n - 1].number : 0;
}

struct message *flex_around_member(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct message *m = strata_region_zalloc(r, sizeof(*m));
	struct part *h = m ? &m->header : NULL;

	return h ? container_of(h, struct message, header) : NULL; // WARN "m escapes its frame: returned"
}

void flex_union_text(struct strata_region *r, struct part *p, int n)
{
	STRATA_FRAME(r);
	char *text = strata_region_printf(r, "%d", n);

	p->text = text;	// WARN "text escapes its frame: stored in .*which outlives the frame"
}

void flex_union_number(struct strata_region *r, struct part *p, const char *text)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, text);	// OK

	p->number = copy ? strlen(copy) : 0;
}

void flex_global_copy(struct strata_region *r, int n)
{
	STRATA_FRAME(r);
	struct part *p = strata_region_zalloc(r, sizeof(*p));	// OK

	if (!p)
		return;
	p->number = n;
	last_part = *p;
}

void flex_global_copy_with_text(struct strata_region *r, int n)
{
	STRATA_FRAME(r);
	struct part *p = strata_region_zalloc(r, sizeof(*p));	// OK
	char *text = strata_region_printf(r, "%d", n);

	if (!p)
		return;
	p->text = text;
	last_part = *p;	// WARN "text escapes its frame: stored in global last_part"
}

/* A group of parts in a part, all of them in the frame. */
u64 flex_group(struct strata_region *r, size_t n)
{
	STRATA_FRAME(r);
	struct part *top = strata_region_zalloc(r, sizeof(*top));	// OK
	struct part *at;
	u64 sum = 0;

	for (at = top; at && n--; at = at->group)
		at->group = strata_region_zalloc(r, sizeof(*at));	// OK
	for (at = top; at; at = at->group)
		sum++;
	return sum;
}

struct part *flex_group_member(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct part *top = strata_region_zalloc(r, sizeof(*top));	// OK
	struct part *sub = strata_region_zalloc(r, sizeof(*sub));

	if (!top)
		return NULL;
	top->group = sub;
	return top->group;	// WARN "sub escapes its frame: returned"
}

/* The array of pointers is in the frame; what they point to is the caller's. */
struct part *flex_largest(struct strata_region *r, struct part *parts, size_t n)
{
	STRATA_FRAME(r);
	struct part **order = strata_region_alloc(r, n * sizeof(*order));	// OK
	size_t i, best = 0;

	if (!order)
		return NULL;
	for (i = 0; i < n; i++)
		order[i] = &parts[n - 1 - i];
	for (i = 1; i < n; i++)
		if (order[i]->len > order[best]->len)
			best = i;
	return order[best];
}

int flex_split(struct strata_region *r, const char *text, char ***out)
{
	STRATA_FRAME(r);
	char **words = strata_region_zalloc(r, 8 * sizeof(*words));
	char *copy = strata_region_strdup(r, text);
	int n = 0;

	while (copy && n < 8) {
		char *word = strsep(&copy, " ");

		if (!word)
			break;
		words[n++] = word;
	}
	*out = words;	// WARN "words escapes its frame: stored in \*out, which outlives the frame"
	return n;
}

int flex_split_unframed(struct strata_region *r, const char *text, char ***out)
{
	char **words = strata_region_zalloc(r, 8 * sizeof(*words));	// OK
	char *copy = strata_region_strdup(r, text);	// OK
	int n = 0;

	if (!words)
		return -ENOMEM;
	while (copy && n < 8)
		words[n++] = strsep(&copy, " ");
	*out = words;
	return n;
}

int flex_split_used(struct strata_region *r, const char *text)
{
	STRATA_FRAME(r);
	char **words;
	int n = flex_split_unframed(r, text, &words);
	int i, len = 0;

	for (i = 0; i < n; i++)
		len += words[i] ? strlen(words[i]) : 0;
	return len;
}
