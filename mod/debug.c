// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guard bytes, poison and owners. The patterns are those that people know from
 * SLUB: 0xbb in a redzone, 0x6b in a free object.
 */
#include <linux/sched.h>

#include "compat.h"
#include "debug.h"
#include "misuse.h"
#include "track.h"

#define REDZONE		0xbb
#define POISON		0x6b

static bool poisons(const struct strata_cache *c)
{
	/* Neither what is constructed nor what RCU readers may see can be overwritten. */
	return (c->flags & STRATA_POISON) && !c->ctor && !(c->flags & STRATA_TYPESAFE_BY_RCU);
}

/* A site, and in the word behind it the task. */
static void record(const struct strata_cache *c, void *object, enum strata_record word,
		   unsigned long site)
{
	unsigned long *words = object + c->record;

	if (!c->record)
		return;
	strata_track_store(&words[word], site);
	strata_track_store(&words[word + 1], current->pid);
}

/**
 * strata_debug_fresh() - an object of a new span
 * @c: its cache
 * @object: constructed, not yet marked free
 */
void strata_debug_fresh(const struct strata_cache *c, void *object)
{
	if (poisons(c))
		strata_track_fill(object, POISON, c->usable);
	if (c->record)
		strata_track_fill(object + c->record, 0, STRATA_RECORD_WORDS * sizeof(long));
}

/**
 * strata_debug_alloc() - check an object and make it ready for its owner
 * @c: its cache
 * @object: free until now
 * @site: who asks for it
 *
 * Context: any.
 */
void strata_debug_alloc(const struct strata_cache *c, void *object, unsigned long site)
{
	size_t good;

	if (poisons(c)) {
		good = strata_track_match(object, POISON, c->usable);
		if (good < c->usable)
			strata_misuse_report(STRATA_MISUSE_POISON,
					     "byte %zu of object %p of cache %s was written after it was freed by %pS; found when allocated by %pS",
					     good, object, c->name,
					     (void *)strata_debug_recorded(c, object,
									   STRATA_RECORD_FREE_SITE),
					     (void *)site);
	}
	if (c->redzone)
		strata_track_fill(object + c->redzone, REDZONE, c->mark - c->redzone);
	record(c, object, STRATA_RECORD_ALLOC_SITE, site);
}

/**
 * strata_debug_free() - check an object that comes back
 * @c: its cache
 * @object: its owner's until now
 * @site: who frees it
 *
 * Context: any.
 * Return: false if it was written out of bounds: reported, and to be leaked,
 * for nobody knows what else was hit.
 */
bool strata_debug_free(const struct strata_cache *c, void *object, unsigned long site)
{
	unsigned long by;
	size_t good;

	if (c->redzone) {
		by = strata_debug_recorded(c, object, STRATA_RECORD_ALLOC_SITE);
		good = strata_track_match(object + c->redzone, REDZONE, c->mark - c->redzone);
		if (good < c->mark - c->redzone) {
			strata_misuse_report(STRATA_MISUSE_REDZONE,
					     "byte %zu of object %p of cache %s (%u bytes) was written; allocated by %pS, freed by %pS. The object is leaked",
					     c->redzone + good, object, c->name, c->usable,
					     (void *)by, (void *)site);
			return false;
		}
	}
	record(c, object, STRATA_RECORD_FREE_SITE, site);
	if (poisons(c))
		strata_track_fill(object, POISON, c->usable);
	return true;
}

/**
 * strata_debug_recorded() - who had an object
 * @c: its cache
 * @object: of it
 * @word: what is asked
 *
 * Return: a word of the record, 0 if the cache keeps none.
 */
unsigned long strata_debug_recorded(const struct strata_cache *c, const void *object,
				    enum strata_record word)
{
	const unsigned long *words = object + c->record;

	return c->record ? strata_track_load(&words[word]) : 0;
}
STRATA_TEST_EXPORT(strata_debug_recorded);
