// SPDX-License-Identifier: GPL-2.0-only
/* Hash tables of <linux/hashtable.h>, with keys and without. */
#include <linux/hashtable.h>
#include <linux/jhash.h>
#include <linux/string.h>
#include <linux/strata.h>

struct entry {
	struct hlist_node node;
	const char *key;
	u32 count;
};

struct index {
	DECLARE_HASHTABLE(table, 6);
	struct entry *newest;
};

static DEFINE_HASHTABLE(shared, 6);

static struct entry *find(struct index *ix, const char *key)
{
	struct entry *e;

	hash_for_each_possible(ix->table, e, node, jhash(key, strlen(key), 0))
		if (!strcmp(e->key, key))
			return e;
	return NULL;
}

u32 hash_local(struct strata_region *r, const char *const *words, size_t n)
{
	STRATA_FRAME(r);
	struct index *ix = strata_region_alloc(r, sizeof(*ix));	// OK
	struct entry *e;
	u32 most = 0;

	if (!ix)
		return 0;
	hash_init(ix->table);
	for (; n--; words++) {
		e = find(ix, *words);
		if (!e) {
			e = strata_region_zalloc(r, sizeof(*e));	// OK
			if (!e)
				return 0;
			e->key = *words;
			hash_add(ix->table, &e->node, jhash(*words, strlen(*words), 0));
		}
		most = max(most, ++e->count);
	}
	return most;
}

void hash_global(struct strata_region *r, const char *key)
{
	STRATA_FRAME(r);
	struct entry *e = strata_region_zalloc(r, sizeof(*e));

	if (!e)
		return;
	e->key = key;
	hash_add(shared, &e->node, jhash(key, strlen(key), 0));	// WARN "e escapes its frame: stored in global shared"
}

void hash_global_for_a_while(struct strata_region *r, const char *key)
{
	STRATA_FRAME(r);
	struct entry *e = strata_region_zalloc(r, sizeof(*e));	// OK

	if (!e)
		return;
	e->key = key;
	hash_add(shared, &e->node, jhash(key, strlen(key), 0));
	e->count++;
	hash_del(&e->node);
}

void hash_of_caller(struct strata_region *r, struct index *ix, const char *key)
{
	STRATA_FRAME(r);
	struct entry *e = strata_region_zalloc(r, sizeof(*e));

	if (!e)
		return;
	e->key = key;
	ix->newest = e;	// WARN "e escapes its frame: stored in .*which outlives the frame"
}

/* A key is built to look for it. */
struct entry *hash_lookup(struct strata_region *r, struct index *ix, int n)
{
	STRATA_FRAME(r);
	char *key = strata_region_printf(r, "entry-%d", n);	// OK

	return key ? find(ix, key) : NULL;
}

/* The entry outlives the frame, its key does not. */
int hash_key(struct strata_region *r, struct index *ix, int n)
{
	struct entry *e = strata_region_zalloc(r, sizeof(*e));	// OK
	STRATA_FRAME(r);
	char *key = strata_region_printf(r, "entry-%d", n);

	if (!e || !key)
		return -ENOMEM;
	e->key = key;	// WARN "key escapes its frame: stored in "
	ix->newest = e;
	return 0;
}

u32 hash_of_bytes(struct strata_region *r, const void *data, size_t len)
{
	STRATA_FRAME(r);
	u32 *words = strata_region_zalloc(r, round_up(len, 4));	// OK

	if (!words)
		return 0;
	memcpy(words, data, len);
	return jhash2(words, DIV_ROUND_UP(len, 4), 17);
}
