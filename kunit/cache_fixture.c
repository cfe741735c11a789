// SPDX-License-Identifier: GPL-2.0-only
/* Many objects of a size class, and what its cache has to show for them. */
#include "cache_fixture.h"

/**
 * strata_class_cache() - the cache that objects of a size come from
 * @test: the test, with a fixture
 * @size: bytes, of a size class
 */
struct strata_cache *strata_class_cache(struct kunit *test, size_t size)
{
	struct strata_fixture *f = test->priv;

	return &f->a->class[strata_class_of(size)];
}

/**
 * strata_class_magazine() - a cache's magazine of the CPU that the test runs on
 * @test: the test, with a fixture
 * @c: the cache
 */
struct strata_magazine *strata_class_magazine(struct kunit *test, struct strata_cache *c)
{
	struct strata_fixture *f = test->priv;

	return per_cpu_ptr(c->magazine, f->cpu);
}

/**
 * strata_get_many() - allocate objects, and fill each with its number
 * @test: the test, with a fixture
 * @size: of each, in bytes
 * @p: filled with them
 * @n: how many
 */
void strata_get_many(struct kunit *test, size_t size, void **p, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		p[i] = strata_get(test, size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, p[i]);
		memset(p[i], i, size);
	}
}

/**
 * strata_put_many() - free objects
 * @test: the test, with a fixture
 * @p: the objects
 * @n: how many
 */
void strata_put_many(struct kunit *test, void **p, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		strata_put(test, p[i]);
}

/**
 * strata_room() - an array of pointers that lives as long as the test
 * @test: the test
 * @n: how many
 */
void **strata_room(struct kunit *test, unsigned int n)
{
	void **p = kunit_kcalloc(test, n, sizeof(*p), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	return p;
}

/**
 * strata_expect_conserved() - objects out of the spans are with callers, magazines or depots
 * @test: the test
 * @c: the cache, which nobody uses right now
 * @live: how many are with callers
 */
void strata_expect_conserved(struct kunit *test, struct strata_cache *c, unsigned int live)
{
	unsigned long out = live;
	int cpu, node;

	for_each_possible_cpu(cpu) {
		const struct strata_magazine *m = per_cpu_ptr(c->magazine, cpu);

		out += m->count + m->nr_nested;
		KUNIT_EXPECT_LE(test, m->count, m->capacity);
		KUNIT_EXPECT_LE(test, m->capacity, c->magazine_max);
		KUNIT_EXPECT_FALSE(test, strata_magazine_is_claimed(m));
	}
	for (node = 0; node < nr_node_ids; node++)
		out += c->depot[node].count;
	KUNIT_EXPECT_EQ(test, strata_cache_live(c), out);
}
