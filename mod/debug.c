// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guard bytes, poison and owners. The patterns are those that people know from
 * SLUB: 0xbb in a redzone, 0x6b in a free object.
 */
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "compat.h"
#include "debug.h"
#include "misuse.h"
#include "track.h"

#define REDZONE		0xbb
#define POISON		0x6b

/* What all caches look at besides what their own flags say. */
unsigned int strata_debug_flags __ro_after_init;

static const struct {
	const char *name;
	unsigned int flags;
} options[] = {
	{ "redzone", STRATA_REDZONE },
	{ "poison", STRATA_POISON },
	{ "trace", STRATA_TRACE },
	{ "all", STRATA_DEBUG_FLAGS },
};

/**
 * strata_debug_parse() - what the parameter debug= says
 * @text: words with commas between them, or nothing
 * @flags: set to STRATA_* flags
 *
 * Return: 0, or -EINVAL for a word that is none.
 */
int strata_debug_parse(const char *text, unsigned int *flags)
{
	unsigned int i;
	size_t len;

	*flags = 0;
	for (text += strspn(text, ",\n"); *text; text += strspn(text, ",\n")) {
		len = strcspn(text, ",\n");
		for (i = 0; i < ARRAY_SIZE(options); i++)
			if (strlen(options[i].name) == len && !strncmp(text, options[i].name, len))
				break;
		if (i == ARRAY_SIZE(options))
			return -EINVAL;
		*flags |= options[i].flags;
		text += len;
	}
	return 0;
}
STRATA_TEST_EXPORT(strata_debug_parse);

static int debug_set(const char *text, const struct kernel_param *param)
{
	int err = strata_debug_parse(text, param->arg);

	if (err)
		pr_err("strata: debug=%s: known are redzone, poison, trace and all\n", text);
	return err;
}

static int debug_get(char *buffer, const struct kernel_param *param)
{
	unsigned int flags = *(unsigned int *)param->arg, i, n = 0;

	for (i = 0; i < ARRAY_SIZE(options) - 1; i++)
		if (flags & options[i].flags)
			n += sprintf(buffer + n, "%s%s", n ? "," : "", options[i].name);
	return n + sprintf(buffer + n, "\n");
}

static const struct kernel_param_ops debug_ops = { .set = debug_set, .get = debug_get };
module_param_cb(debug, &debug_ops, &strata_debug_flags, 0444);
MODULE_PARM_DESC(debug, "What all caches look at: redzone,poison,trace or all; slow");

static bool poisons(const struct strata_cache *c)
{
	/* Neither what is constructed nor what RCU readers may see can be overwritten. */
	return (c->flags & STRATA_POISON) && !c->ctor && !(c->flags & STRATA_TYPESAFE_BY_RCU);
}

/* A site, and in the word behind it the task. */
static void record(const struct strata_cache *c, void *object, enum strata_debug_record word,
		   unsigned long site)
{
	unsigned long *words = object + c->record;

	if (!c->record)
		return;
	strata_track_store(&words[word], site);
	strata_track_store(&words[word + 1], current->pid);
}

/**
 * strata_debug_lay_out() - find a place for what is looked at
 * @c: its flags are set
 * @room: bytes of the caller's part, a multiple of 8
 *
 * Return: bytes of an object with all of it.
 */
size_t strata_debug_lay_out(struct strata_cache *c, size_t room)
{
	if (c->flags & STRATA_REDZONE) {
		c->asked = room + sizeof(long);
		room = c->asked + sizeof(long);
	}
	c->mark = room;
	room += sizeof(long);
	if (c->flags & STRATA_TRACE) {
		c->record = room;
		room += STRATA_RECORD_WORDS * sizeof(long);
	}
	if (c->flags & STRATA_REDZONE) {
		c->fence = room;
		room += sizeof(long);
	}
	return room;
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

/* The word that says how many bytes an object was asked for with. */
static unsigned long *asked_word(const struct strata_cache *c, const void *object)
{
	return (unsigned long *)(object + c->asked);
}

/**
 * strata_debug_asked() - how many bytes of an object are its owner's
 * @c: its cache
 * @object: of it
 *
 * Context: any.
 * Return: bytes: as asked for where guard bytes follow them.
 */
size_t strata_debug_asked(const struct strata_cache *c, const void *object)
{
	size_t size = c->asked ? strata_track_load(asked_word(c, object)) : c->usable;

	/* It may have been overwritten, or never written yet. */
	return size - 1 < c->usable ? size : c->usable;
}

static void put_guards(const struct strata_cache *c, void *object, size_t size)
{
	if (!c->asked)
		return;
	strata_track_fill(object + size, REDZONE, c->asked - size);
	strata_track_store(asked_word(c, object), size);
	strata_track_fill(object + c->fence, REDZONE, c->shape.size - c->fence);
}

/* Where the first byte is that somebody wrote out of bounds; 0 for nowhere. */
static size_t broken_at(const struct strata_cache *c, const void *object)
{
	size_t size, good;

	if (!c->asked)
		return 0;
	size = strata_track_load(asked_word(c, object));
	if (size - 1 >= c->usable)
		return c->asked;
	good = strata_track_match(object + size, REDZONE, c->asked - size);
	if (good < c->asked - size)
		return size + good;
	good = strata_track_match(object + c->fence, REDZONE, c->shape.size - c->fence);
	return good < c->shape.size - c->fence ? c->fence + good : 0;
}

/**
 * strata_debug_alloc() - check an object and make it ready for its owner
 * @c: its cache
 * @object: free until now
 * @size: bytes asked for
 * @site: who asks for it
 *
 * Context: any.
 */
void strata_debug_alloc(const struct strata_cache *c, void *object, size_t size,
			unsigned long site)
{
	size_t good;

	if (poisons(c)) {
		good = strata_track_match(object, POISON, c->usable);
		if (good < c->usable)
			strata_misuse_report(STRATA_MISUSE_POISON,
					     "byte %zu of object %p of cache %s was written after it was freed by %pS in task %lu; found when allocated by %pS",
					     good, object, c->name,
					     (void *)strata_debug_recorded(c, object,
									   STRATA_RECORD_FREE_SITE),
					     strata_debug_recorded(c, object,
								   STRATA_RECORD_FREE_TASK),
					     (void *)site);
	}
	put_guards(c, object, size);
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
	size_t byte = broken_at(c, object);
	unsigned long by, task;

	if (byte) {
		by = strata_debug_recorded(c, object, STRATA_RECORD_ALLOC_SITE);
		task = strata_debug_recorded(c, object, STRATA_RECORD_ALLOC_TASK);
		strata_misuse_report(STRATA_MISUSE_REDZONE,
				     "byte %zu of object %p of cache %s (%zu bytes) was written%s; allocated by %pS in task %lu, freed by %pS. The object is leaked",
				     byte, object, c->name, strata_debug_asked(c, object),
				     byte < c->fence ? "" : ", or one before the next object",
				     (void *)by, task, (void *)site);
		return false;
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
				    enum strata_debug_record word)
{
	const unsigned long *words = object + c->record;

	return c->record ? strata_track_load(&words[word]) : 0;
}
STRATA_TEST_EXPORT(strata_debug_recorded);
