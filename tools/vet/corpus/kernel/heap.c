// SPDX-License-Identifier: GPL-2.0-only
/* The heap: it must not point into frames, and often need not be the heap. */
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/strata.h>

struct job {
	struct job *next;
	char *name;
	u32 flags;
	u8 data[];
};

static struct job *jobs;

struct job *heap_points_to_frame(struct strata_region *r, int n)
{
	STRATA_FRAME(r);
	struct job *j = strata_zalloc(sizeof(*j), GFP_KERNEL);
	char *name = strata_region_printf(r, "job %d", n);

	if (!j)
		return NULL;
	j->name = name;	// WARN "name escapes its frame: stored in a heap object"
	return j;
}

struct job *heap_kmalloc_points_to_frame(struct strata_region *r, int n)
{
	STRATA_FRAME(r);
	struct job *j = kzalloc(sizeof(*j), GFP_KERNEL);
	char *name = strata_region_printf(r, "job %d", n);

	if (!j)
		return NULL;
	j->name = name;	// WARN "name escapes its frame: stored in a heap object"
	return j;
}

struct job *heap_points_to_escaped(struct strata_region *r, int n)
{
	STRATA_FRAME(r);
	struct job *j = strata_zalloc(sizeof(*j), GFP_KERNEL);
	char *name = strata_region_printf(r, "job %d", n);	// OK

	if (!j || !name)
		return j;
	j->name = strata_region_escape(r, name, strlen(name) + 1, GFP_KERNEL); // M "moved to heap: name"
	return j;
}

struct job *heap_points_to_kmemdup(struct strata_region *r, int n)
{
	STRATA_FRAME(r);
	struct job *j = kzalloc(sizeof(*j), GFP_KERNEL);
	char *name = strata_region_printf(r, "job %d", n);	// OK

	if (!j || !name)
		return j;
	j->name = kmemdup(name, strlen(name) + 1, GFP_KERNEL);
	return j;
}

int heap_freed_before_frame(struct strata_region *r, int n)
{
	STRATA_FRAME(r);
	struct job *j = strata_zalloc(sizeof(*j), GFP_KERNEL);
	char *name = strata_region_printf(r, "job %d", n);	// OK
	int len;

	if (!j)
		return -ENOMEM;
	j->name = name;
	len = j->name ? strlen(j->name) : 0;
	strata_free(j);
	return len;
}

/* Freed by the scope, after the frame; it has only a length of the name. */
int heap_freed_by_scope(struct strata_region *r, int n)
{
	struct job *j __free(strata) = strata_zalloc(sizeof(*j), GFP_KERNEL);
	STRATA_FRAME(r);
	char *name = strata_region_printf(r, "job %d", n);	// OK

	if (!j || !name)
		return -ENOMEM;
	j->flags = strlen(name);
	return j->flags;
}

int heap_could_be_frame(const u8 *data, size_t len)
{
	struct job *j = strata_alloc(struct_size(j, data, len), GFP_KERNEL); // M "strata_alloc of j does not escape: could live in the frame"
	int flags;

	if (!j)
		return -ENOMEM;
	memcpy(j->data, data, len);
	flags = j->data[0];
	strata_free(j);
	return flags;
}

int heap_kmalloc_could_be_frame(const u8 *data, size_t len)
{
	u8 *copy = kmemdup(data, len, GFP_KERNEL);
	u32 *sums = kcalloc(len, sizeof(*sums), GFP_KERNEL);	// M "of sums does not escape: could live in the frame"
	size_t i;
	u32 sum = 0;

	if (!copy || !sums)
		goto out;
	for (i = 0; i < len; i++)
		sums[i] = sum += copy[i];
	sum = sums[len / 2];
out:
	kfree(sums);
	kfree(copy);
	return sum;
}

struct job *heap_returned(size_t len)
{
	struct job *j = strata_zalloc(struct_size(j, data, len), GFP_KERNEL); // M "j escapes to heap"

	if (j)
		j->flags = 1;
	return j;
}

int heap_kept(void)
{
	struct job *j = strata_zalloc(sizeof(*j), GFP_KERNEL);	// M "j escapes to heap"

	if (!j)
		return -ENOMEM;
	j->next = jobs;
	jobs = j;
	return 0;
}

void heap_global_frame(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct job *j = strata_region_zalloc(r, sizeof(*j));

	if (!j)
		return;
	j->next = jobs;
	jobs = j;	// WARN "j escapes its frame: stored in global jobs"
}

/* Into an object that a list of the heap leads to. */
void heap_reached(struct strata_region *r, int n)
{
	STRATA_FRAME(r);
	char *name = strata_region_printf(r, "job %d", n);
	struct job *j;

	for (j = jobs; j; j = j->next)
		if (j->flags == n)
			j->name = name;	// WARN "name escapes its frame: stored in "
}

int heap_realloc(struct strata_region *r, const char *text)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, text);	// OK
	char *grown;

	if (!copy || !jobs)
		return -EINVAL;
	grown = strata_realloc(jobs->name, strlen(copy) + 1, GFP_KERNEL);
	if (!grown)
		return -ENOMEM;
	memcpy(grown, copy, strlen(copy) + 1);
	jobs->name = grown;
	return 0;
}

int heap_bulk(struct strata_region *r, size_t n)
{
	STRATA_FRAME(r);
	void **objs = strata_region_alloc(r, n * sizeof(*objs));	// OK

	if (!objs || !strata_alloc_bulk(64, GFP_KERNEL, n, objs))
		return -ENOMEM;
	memset(objs[0], 0, 64);
	strata_free_bulk(n, objs);
	return 0;
}

void *heap_cache_object(struct strata_region *r, struct kmem_cache *c, int n)
{
	STRATA_FRAME(r);
	struct job *j = kmem_cache_zalloc(c, GFP_KERNEL);
	char *name = strata_region_printf(r, "job %d", n);

	if (!j)
		return NULL;
	j->name = name;	// WARN "name escapes its frame: stored in a heap object"
	return j;
}

struct job *heap_chain(struct strata_region *r, size_t n)
{
	STRATA_FRAME(r);
	struct job **order = strata_region_alloc(r, n * sizeof(*order));	// OK
	struct job *first = NULL;

	while (order && n--) {
		order[n] = strata_zalloc(sizeof(**order), GFP_KERNEL);
		if (!order[n])
			break;
		order[n]->next = first;
		first = order[n];
	}
	return first;
}

int heap_frame_points_to_heap(struct strata_region *r, size_t len)
{
	STRATA_FRAME(r);
	struct job *j = strata_region_zalloc(r, sizeof(*j));	// OK
	int c;

	if (!j)
		return -ENOMEM;
	j->name = kzalloc(len, GFP_KERNEL);
	if (!j->name)
		return -ENOMEM;
	c = j->name[0];
	kfree(j->name);
	return c;
}
