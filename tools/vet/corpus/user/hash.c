// SPDX-License-Identifier: GPL-2.0-only
/* Hash tables: chained in a frame, chained in the caller's table, grown. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strata.h>

#define BUCKETS 64

struct entry {
	struct entry *next;
	const char *key;
	int count;
};

struct table {
	struct entry *bucket[BUCKETS];
	size_t used;
};

static struct table shared;

static uint32_t hash(const char *s)
{
	uint32_t h = 2166136261u;

	while (*s)
		h = (h ^ (unsigned char)*s++) * 16777619u;
	return h;
}

size_t hash_count_distinct(strata_region *r, const char *const *words, size_t n)
{
	STRATA_FRAME(r);
	struct table *t = strata_region_zalloc(r, sizeof(*t));	// OK

	for (size_t i = 0; i < n; i++) {
		uint32_t h = hash(words[i]) % BUCKETS;
		struct entry *e;

		for (e = t->bucket[h]; e && strcmp(e->key, words[i]); e = e->next)
			;
		if (e) {
			e->count++;
			continue;
		}
		e = strata_region_zalloc(r, sizeof(*e));	// OK
		e->key = words[i];
		e->next = t->bucket[h];
		t->bucket[h] = e;
		t->used++;
	}
	return t->used;
}

void hash_add_shared(strata_region *r, const char *key)
{
	STRATA_FRAME(r);
	struct entry *e = strata_region_zalloc(r, sizeof(*e));
	uint32_t h = hash(key) % BUCKETS;

	e->key = key;
	e->next = shared.bucket[h];
	shared.bucket[h] = e;	// WARN "e escapes its frame: stored in global shared"
}

void hash_add(strata_region *r, struct table *t, const char *key)
{
	STRATA_FRAME(r);
	struct entry *e = strata_region_zalloc(r, sizeof(*e));
	uint32_t h = hash(key) % BUCKETS;

	e->key = key;
	e->next = t->bucket[h];
	t->bucket[h] = e;	// WARN "e escapes its frame: stored in .*which outlives the frame"
}

/* The entry is older than the frame, the key is not. */
void hash_add_key(strata_region *r, struct table *t, int n)
{
	struct entry *e = strata_region_zalloc(r, sizeof(*e));	// OK
	STRATA_FRAME(r);
	char *key = strata_region_printf(r, "key %d", n);

	e->key = key;	// WARN "key escapes its frame: stored in "
	e->next = t->bucket[0];
	t->bucket[0] = e;
}

/* Looks up under a key that is made for it. */
struct entry *hash_lookup(strata_region *r, struct table *t, int n)
{
	STRATA_FRAME(r);
	char *key = strata_region_printf(r, "key %d", n);	// OK
	struct entry *e = t->bucket[hash(key) % BUCKETS];

	while (e && strcmp(e->key, key))
		e = e->next;
	return e;
}

/* Chained into a table on the C stack, which ends with the frame. */
int hash_most_frequent(strata_region *r, const int *values, size_t n)
{
	struct entry *bucket[16] = { NULL };
	STRATA_FRAME(r);
	int most = 0;

	for (size_t i = 0; i < n; i++) {
		struct entry *e = bucket[values[i] & 15];

		if (!e) {
			e = strata_region_zalloc(r, sizeof(*e));	// OK
			bucket[values[i] & 15] = e;
		}
		if (++e->count > most)
			most = e->count;
	}
	return most;
}

/* The larger table replaces the smaller one, both in the frame. */
size_t hash_grow(strata_region *r, const uint32_t *keys, size_t n)
{
	STRATA_FRAME(r);
	size_t size = 8, used = 0;
	uint32_t *slots = strata_region_zalloc(r, size * sizeof(*slots));	// OK

	for (size_t i = 0; i < n; i++) {
		if (used * 2 >= size) {
			uint32_t *bigger = strata_region_zalloc(r, 2 * size * sizeof(*slots)); // OK

			for (size_t j = 0; j < size; j++)
				if (slots[j])
					bigger[slots[j] % (2 * size)] = slots[j];
			slots = bigger;
			size *= 2;
		}
		if (!slots[keys[i] % size])
			used++;
		slots[keys[i] % size] = keys[i];
	}
	return used;
}

struct grown {
	uint32_t *slots;
	size_t size;
};

void hash_grow_kept(strata_region *r, struct grown *g)
{
	STRATA_FRAME(r);
	uint32_t *bigger = strata_region_zalloc(r, 2 * g->size * sizeof(*bigger));

	memcpy(bigger, g->slots, g->size * sizeof(*bigger));
	g->slots = bigger;	// WARN "bigger escapes its frame: stored in .*which outlives the frame"
	g->size *= 2;
}

void hash_compact(strata_region *r, struct grown *g)
{
	STRATA_FRAME(r);
	uint32_t *copy = strata_region_alloc(r, g->size * sizeof(*copy));	// OK
	size_t used = 0;

	for (size_t i = 0; i < g->size; i++)
		if (g->slots[i])
			copy[used++] = g->slots[i];
	memcpy(g->slots, copy, used * sizeof(*copy));
	memset(g->slots + used, 0, (g->size - used) * sizeof(*copy));
}

void hash_clear_shared(strata_region *r)
{
	STRATA_FRAME(r);
	struct table *blank = strata_region_zalloc(r, sizeof(*blank));	// OK

	shared = *blank;
}
