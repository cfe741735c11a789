// SPDX-License-Identifier: GPL-2.0-only
/*
 * How an allocator begins and ends.
 */
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "allocator.h"
#include "compat.h"
#include "fault.h"
#include "large.h"

static const char *class_name(unsigned int class)
{
	return strata_may_fail(GFP_KERNEL, kasprintf(GFP_KERNEL, "heap-%u",
						     strata_class_info[class].size));
}

/* A power of two is aligned to itself, whatever follows an object. */
static size_t alignment_of(size_t size)
{
	return min_t(size_t, size & -size, PAGE_SIZE);
}

static int init_classes(struct strata_allocator *a)
{
	const struct strata_class_info *info;
	unsigned int class;
	const char *name;
	size_t size;
	int err;

	for (class = 0; class < STRATA_NR_CLASSES; class++) {
		info = &strata_class_info[class];
		name = class_name(class);
		if (!name)
			return -ENOMEM;
		/* Page aligned from one page on, where pages are larger than 4 KiB, too. */
		size = info->size < PAGE_SIZE ? info->size : PAGE_ALIGN(info->size);
		err = strata_cache_init(&a->class[class], name, size, alignment_of(size),
					info->span_bytes, a->debug, NULL, &a->heap,
					&strata_cache_host);
		if (err) {
			kfree(name);
			a->class[class].name = NULL;
			return err;
		}
		a->magazine[class] = a->class[class].magazine;
	}
	return 0;
}

/**
 * strata_allocator_init() - an allocator that holds nothing yet
 * @a: zeroed memory, but for its debug
 * @backing: where its pages come from; outlives it
 *
 * Context: may sleep.
 * Return: 0, or -ENOMEM with nothing left behind.
 */
int strata_allocator_init(struct strata_allocator *a, const struct strata_backing *backing)
{
	int err;

	mutex_init(&a->lock);
	INIT_LIST_HEAD(&a->caches);
	INIT_LIST_HEAD(&a->zombies);
	init_llist_head(&a->deferred);
	init_llist_head(&a->deferred_pages);
	err = strata_heap_init(&a->heap, backing);
	if (err)
		return err;
	err = init_classes(a);
	if (!err)
		err = strata_background_init(a);
	if (err)
		strata_allocator_exit(a);
	return err;
}
STRATA_TEST_EXPORT(strata_allocator_init);

static unsigned long exit_cache(struct strata_cache *c)
{
	unsigned long live;

	if (!c->name)
		return 0;
	live = strata_cache_exit(c);
	if (live)
		pr_err("strata: unloaded with %lu live objects of cache %s (%u bytes each); their pages are lost until reboot\n",
		       live, c->name, c->usable);
	kfree(c->name);
	return live;
}

/**
 * strata_allocator_exit() - end an allocator, and say what was not freed
 * @a: nobody else uses it; also one half made
 *
 * Context: may sleep.
 * Return: how many objects still live. Their pages are never given back.
 */
unsigned long strata_allocator_exit(struct strata_allocator *a)
{
	struct strata_cache *c, *next;
	const struct strata_large_counts large = strata_large_counts(a);
	unsigned long live = 0;
	unsigned int class;
	size_t pages;

	strata_background_exit(a);
	for (class = 0; class < STRATA_NR_CLASSES; class++)
		live += exit_cache(&a->class[class]);
	list_splice_init(&a->zombies, &a->caches);
	list_for_each_entry_safe(c, next, &a->caches, list) {
		list_del(&c->list);
		live += exit_cache(c);
		kfree(c);
	}
	if (large.live)
		pr_err("strata: unloaded with %lu live large objects (%lu pages)\n",
		       large.live, large.pages);
	pages = strata_heap_exit(&a->heap);
	if (pages)
		pr_err("strata: unloaded with %zu pages lost to live objects\n", pages);
	rcu_barrier();
	return live + large.live;
}
STRATA_TEST_EXPORT(strata_allocator_exit);

/**
 * strata_allocator_for_each() - visit all caches: classes, typed, destroyed
 * @a: the allocator; this thread holds its lock, or works for one that does
 * @visit: called for each
 * @context: handed on
 */
void strata_allocator_for_each(struct strata_allocator *a, strata_cache_visitor visit,
			       void *context)
{
	struct strata_cache *c;
	unsigned int class;

	WARN_ON_ONCE(!mutex_is_locked(&a->lock));
	for (class = 0; class < STRATA_NR_CLASSES; class++)
		visit(&a->class[class], context);
	list_for_each_entry(c, &a->caches, list)
		visit(c, context);
	list_for_each_entry(c, &a->zombies, list)
		visit(c, context);
}
STRATA_TEST_EXPORT(strata_allocator_for_each);
