// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copies to and from user space that cannot leave an object. The kernel's own
 * usercopy checks know SLUB's objects; of ours they see pages.
 */
#include <linux/rcupdate.h>
#include <linux/uaccess.h>

#include <linux/strata.h>

#include "compat.h"
#include "debug.h"
#include "fast.h"
#include "large.h"
#include "main.h"
#include "misuse.h"

/* The part of the object at @offset that is its owner's; 0 if it has none. */
static size_t live_bytes(const struct strata_span *span, size_t *offset)
{
	struct strata_cache *c = span->cache;
	unsigned int index;
	void *object;

	if (span->kind != STRATA_SPAN_OBJECTS)
		return READ_ONCE(span->nr_free) ? 0 : strata_large_usable(span);
	index = strata_shape_index(&c->shape, *offset);
	if (index >= c->shape.nr_objects)
		return 0;
	object = span->base + index * c->shape.size;
	*offset -= index * c->shape.size;
	return strata_object_is_marked(c, object) ? 0 : strata_debug_asked(c, object);
}

/* Is [@p, @p + @n) inside of one object that somebody has? Says so if not. */
static bool inside(const void *p, size_t n, const char *way, unsigned long site)
{
	const struct strata_span *span;
	size_t offset = 0, bytes = 0;

	rcu_read_lock();
	span = strata_heap_span(&strata_main.heap, p);
	if (span) {
		offset = p - span->base;
		bytes = live_bytes(span, &offset);
	}
	rcu_read_unlock();
	if (likely(offset < bytes && n <= bytes - offset))
		return true;
	if (!span)
		strata_misuse_report(STRATA_MISUSE_USERCOPY,
				     "%zu bytes %s user space at %p by %pS: not strata's memory; refused",
				     n, way, p, (void *)site);
	else if (!bytes)
		strata_misuse_report(STRATA_MISUSE_USERCOPY,
				     "%zu bytes %s user space at %p by %pS: nobody has an object there; refused",
				     n, way, p, (void *)site);
	else
		strata_misuse_report(STRATA_MISUSE_USERCOPY,
				     "%zu bytes %s user space at byte %zu of an object of %zu bytes by %pS; refused",
				     n, way, offset, bytes, (void *)site);
	return false;
}

/**
 * strata_copy_to_user() - copy_to_user() that cannot leave an object
 * @to: user memory
 * @from: in an object of strata's, or in memory of a region
 * @n: bytes; all of them inside of that object
 *
 * A copy that would leave the object, or of memory that is free or not strata's,
 * is reported and refused. Of region memory the bounds are its segment's.
 * Context: may sleep.
 * Return: bytes that were not copied, as copy_to_user(): @n if refused.
 */
unsigned long strata_copy_to_user(void __user *to, const void *from, size_t n)
{
	if (n && !inside(from, n, "to", _RET_IP_))
		return n;
	return copy_to_user(to, from, n);
}
STRATA_EXPORT(strata_copy_to_user);

/**
 * strata_copy_from_user() - copy_from_user() that cannot leave an object
 * @to: in an object of strata's, or in memory of a region
 * @from: user memory
 * @n: bytes; all of them fit into that object
 *
 * As strata_copy_to_user(). Nothing is written, zeroes neither, if refused.
 * Context: may sleep.
 * Return: bytes that were not copied, as copy_from_user(): @n if refused.
 */
unsigned long strata_copy_from_user(void *to, const void __user *from, size_t n)
{
	if (n && !inside(to, n, "from", _RET_IP_))
		return n;
	return copy_from_user(to, from, n);
}
STRATA_EXPORT(strata_copy_from_user);
