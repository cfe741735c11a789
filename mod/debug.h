/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What caches with STRATA_REDZONE, STRATA_POISON or STRATA_TRACE look at, at
 * every allocation and free. Such caches have no magazines, so that the fast
 * path does not know of this.
 *
 * An object then is: the caller's bytes, guard bytes, mark, record.
 */
#ifndef _STRATA_DEBUG_H
#define _STRATA_DEBUG_H

#include "cache.h"

/* Who had an object: the words of its record. */
enum strata_record {
	STRATA_RECORD_ALLOC_SITE,
	STRATA_RECORD_ALLOC_TASK,
	STRATA_RECORD_FREE_SITE,
	STRATA_RECORD_FREE_TASK,
	STRATA_RECORD_WORDS,
};

void strata_debug_fresh(const struct strata_cache *c, void *object);
void strata_debug_alloc(const struct strata_cache *c, void *object, unsigned long site);
bool strata_debug_free(const struct strata_cache *c, void *object, unsigned long site);
unsigned long strata_debug_recorded(const struct strata_cache *c, const void *object,
				    enum strata_record word);

#endif /* _STRATA_DEBUG_H */
