/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What caches with STRATA_REDZONE, STRATA_POISON or STRATA_TRACE look at, at
 * every allocation and free: typed ones that ask for it, all if the module was
 * loaded with debug=. Such caches have no magazines, so that the fast path does
 * not know of this, and costs nothing.
 *
 * An object then is: the caller's bytes, guard bytes up to the size that was
 * asked for, mark, record, and guard bytes against the next object.
 */
#ifndef _STRATA_DEBUG_H
#define _STRATA_DEBUG_H

#include "cache.h"

/* Who had an object: the words of its record. */
enum strata_debug_record {
	STRATA_RECORD_ALLOC_SITE,
	STRATA_RECORD_ALLOC_TASK,
	STRATA_RECORD_FREE_SITE,
	STRATA_RECORD_FREE_TASK,
	STRATA_RECORD_WORDS,
};

extern unsigned int strata_debug_flags;

int strata_debug_parse(const char *text, unsigned int *flags);
size_t strata_debug_lay_out(struct strata_cache *c, size_t room);
void strata_debug_fresh(const struct strata_cache *c, void *object);
void strata_debug_alloc(const struct strata_cache *c, void *object, size_t size,
			unsigned long site);
size_t strata_debug_asked(const struct strata_cache *c, const void *object);
bool strata_debug_free(const struct strata_cache *c, void *object, unsigned long site);
unsigned long strata_debug_recorded(const struct strata_cache *c, const void *object,
				    enum strata_debug_record word);

#endif /* _STRATA_DEBUG_H */
