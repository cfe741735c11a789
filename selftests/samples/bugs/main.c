// SPDX-License-Identifier: GPL-2.0-only
/*
 * strata_bugs.ko: makes one mistake when told so, for tests of what is said about
 * it.
 *
 *	echo <name> >/sys/module/strata_bugs/parameters/commit
 *
 * Each mistake is a function of its own, named in the reports. What a mistake
 * leaves behind goes with 'mend', or with the module. It is for a machine that
 * nobody needs, with memory to spare: what is created is there.
 */
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/strata.h>

#include "bugs.h"

/* Same-sized objects of which one is not at the start of a page. */
#define SOME 4

/* Objects of a cache that are more than a span of it. */
#define MANY 64

/*
 * Objects of 3000 bytes: what a magazine and a depot hold of them, of those what is
 * leaked, and of the rest what is used on, which is more than the magazine holds.
 */
#define HELD 31
#define LEAKED 16
#define USED 13

/* Objects of 20000 bytes set aside in a reserve, all of which are leaked. */
#define ASIDE 6

/* What is leaked or must be freed later; told so that kmemleak does not see it. */
static unsigned long kept[2 * MANY];
static unsigned int nr_kept;
static struct strata_cache *leaky, *passed_on, *aside;
static struct strata_reserve *reserve;

static void keep(void *p)
{
	if (p && nr_kept < ARRAY_SIZE(kept))
		kept[nr_kept++] = ~(unsigned long)p;
}

static void mend(void)
{
	while (nr_kept)
		strata_free((void *)~kept[--nr_kept]);
	if (!IS_ERR_OR_NULL(leaky))
		strata_cache_destroy(leaky);
	if (!IS_ERR_OR_NULL(passed_on))
		strata_cache_destroy(passed_on);
	strata_reserve_destroy(reserve);
	if (!IS_ERR_OR_NULL(aside))
		strata_cache_destroy(aside);
	leaky = NULL;
	passed_on = NULL;
	reserve = NULL;
	aside = NULL;
}

/* The compiler would see some of the mistakes, too. */
static __always_inline u8 *get(size_t size)
{
	u8 *p = strata_alloc(size, GFP_KERNEL | __GFP_NOFAIL);

	OPTIMIZER_HIDE_VAR(p);
	return p;
}

static noinline void touch(u8 *p)
{
	WRITE_ONCE(*p, 1);
}

#define BUG_FN static noinline __noclone void

/* One byte past the end, of an object that fills its class and of one that does not. */
BUG_FN bug_right(void)
{
	u8 *p = get(64);

	WRITE_ONCE(p[64], 1);
	strata_free(p);
}

BUG_FN bug_right_odd(void)
{
	u8 *p = get(61);

	WRITE_ONCE(p[61], 1);
	strata_free(p);
}

BUG_FN bug_right_large(void)
{
	u8 *p = get(40001);

	WRITE_ONCE(p[40001], 1);
	strata_free(p);
}

/* Some objects of 64 bytes. Returns which of them has another one in front. */
static noinline int some(u8 **p)
{
	int i, at = 0;

	for (i = 0; i < SOME; i++) {
		p[i] = get(64);
		if (offset_in_page(p[i]))
			at = i;
	}
	return at;
}

/* One byte before an object, where those around it are free. */
BUG_FN bug_left(void)
{
	u8 *p[SOME];
	int i, at = some(p);

	for (i = 0; i < SOME; i++)
		if (i != at)
			strata_free(p[i]);
	WRITE_ONCE(p[at][-1], 1);
	strata_free(p[at]);
}

/* The same where the one in front is somebody's, and freed afterwards. */
BUG_FN bug_left_live(void)
{
	u8 *p[SOME];
	int i, at = some(p);

	WRITE_ONCE(p[at][-1], 1);
	for (i = 0; i < SOME; i++)
		strata_free(p[i]);
}

/* What realloc() took away. */
BUG_FN bug_shrunk(void)
{
	u8 *p = strata_realloc(get(64), 40, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(p);
	WRITE_ONCE(p[41], 1);
	strata_free(p);
}

BUG_FN bug_freed_read(void)
{
	u8 *p = get(64);

	strata_free(p);
	READ_ONCE(p[32]);
}

/* Seen at once by KASAN, or when the object is handed out again by poison. */
BUG_FN bug_freed_write(void)
{
	u8 *p = get(64), *q[SOME];
	int i;

	strata_free(p);
	WRITE_ONCE(p[33], 1);
	for (i = 0; i < SOME; i++)
		q[i] = get(64);
	for (i = 0; i < SOME; i++)
		strata_free(q[i]);
}

/* Where strata notes that it is free. */
BUG_FN bug_freed_first(void)
{
	u8 *p = get(64);

	strata_free(p);
	WRITE_ONCE(p[0], p[0] + 1);
}

BUG_FN bug_freed_large(void)
{
	u8 *p = get(SZ_128K);

	strata_free(p);
	READ_ONCE(p[5000]);
}

BUG_FN bug_freed_typed(void)
{
	const struct strata_cache_args args = { .size = 48 };
	struct strata_cache *c = strata_cache_create("buggy", &args);
	u8 *p = strata_cache_alloc(c, GFP_KERNEL);

	strata_cache_free(c, p);
	READ_ONCE(p[24]);
	strata_cache_destroy(c);
}

BUG_FN bug_popped(void)
{
	struct strata_region *r = strata_region_create(0, GFP_KERNEL);
	strata_mark_t mark = strata_region_push(r);
	u8 *p = strata_region_alloc(r, 20);

	OPTIMIZER_HIDE_VAR(p);
	strata_region_pop(r, mark);
	READ_ONCE(p[8]);
	strata_region_destroy(r);
}

BUG_FN bug_region_right(void)
{
	struct strata_region *r = strata_region_create(0, GFP_KERNEL);
	u8 *p = strata_region_alloc(r, 20);

	OPTIMIZER_HIDE_VAR(p);
	WRITE_ONCE(p[20], 1);
	strata_region_destroy(r);
}

BUG_FN bug_double_free(void)
{
	u8 *p = get(64);

	strata_free(p);
	strata_free(p);
}

BUG_FN bug_invalid_free(void)
{
	u8 *p = get(64);

	strata_free(p + 16);
	strata_free(p);
}

BUG_FN bug_foreign_free(void)
{
	void *p = kmalloc(64, GFP_KERNEL);

	strata_free(p);
	kfree(p);
}

BUG_FN bug_wrong_cache(void)
{
	const struct strata_cache_args args = { .size = 48 };
	struct strata_cache *one = strata_cache_create("one", &args);
	struct strata_cache *other = strata_cache_create("other", &args);
	void *p = strata_cache_alloc(one, GFP_KERNEL);

	strata_cache_free(other, p);
	strata_cache_free(one, p);
	strata_cache_destroy(other);
	strata_cache_destroy(one);
}

/* KMSAN sees the branch; poison shows in what is printed. */
BUG_FN bug_uninitialised(void)
{
	const struct strata_cache_args args = { .size = 64, .flags = STRATA_POISON };
	struct strata_cache *c = strata_cache_create("fresh", &args);
	u8 *p = get(64), *q = strata_cache_alloc(c, GFP_KERNEL);

	if (READ_ONCE(p[40]) == 0x42)
		pr_info("strata_bugs: a strange byte\n");
	pr_info("strata_bugs: never written: %*ph\n", 4, q + 40);
	strata_cache_free(c, q);
	strata_cache_destroy(c);
	strata_free(p);
}

/* Out of an object at either side; into what is free, and into what is not ours. */
BUG_FN bug_copy_to_user(void)
{
	unsigned long user = vm_mmap(NULL, 0, PAGE_SIZE, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, 0);
	u8 *p = get(64);

	if (strata_copy_to_user((void __user *)user, p + 32, 33) != 33)
		pr_info("strata_bugs: copied\n");
	strata_free(p);
	vm_munmap(user, PAGE_SIZE);
}

BUG_FN bug_copy_from_user(void)
{
	unsigned long user = vm_mmap(NULL, 0, PAGE_SIZE, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, 0);
	u8 *p = get(64), *large = get(SZ_64K), stack[8] = {};

	strata_free(p);
	if (strata_copy_from_user(p, (void __user *)user, 1) != 1 ||
	    strata_copy_from_user(stack, (void __user *)user, 1) != 1 ||
	    strata_copy_from_user(large + 1, (void __user *)user, SZ_64K) != SZ_64K)
		pr_info("strata_bugs: copied\n");
	strata_free(large);
	vm_munmap(user, PAGE_SIZE);
}

/* No mistake: all of an object, part of it, a region's memory; and a bad address. */
BUG_FN bug_good_copies(void)
{
	unsigned long user = vm_mmap(NULL, 0, PAGE_SIZE, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, 0);
	struct strata_region *r = strata_region_create(0, GFP_KERNEL);
	char *from = strata_region_printf(r, "all of this"), *to = get(64);

	memset(to, 0, 64);
	if (strata_copy_to_user((void __user *)user, from, 12) ||
	    strata_copy_from_user(to + 52, (void __user *)user, 12) ||
	    strata_copy_from_user(to, (void __user *)user, 64) ||
	    strata_copy_to_user((void __user *)user, to, 0) || strcmp(to, from))
		pr_info("strata_bugs: not copied\n");
	if (strata_copy_to_user(NULL, from, 12) != 12)
		pr_info("strata_bugs: copied to nowhere\n");
	strata_free(to);
	strata_region_destroy(r);
	vm_munmap(user, PAGE_SIZE);
}

/* The magazine is filled for the first, if it was empty; the others are out of it. */
BUG_FN bug_leak(void)
{
	int i;

	for (i = 0; i < SOME; i++)
		keep(get(200));
}

static void use_magazine(void *unused)
{
	strata_free(strata_alloc(200, GFP_ATOMIC));
}

static void use_depot(void *unused)
{
	void *object[USED];
	int i;

	if (IS_ERR_OR_NULL(passed_on))
		return;
	for (i = 0; i < USED; i++)
		object[i] = strata_cache_alloc(passed_on, GFP_ATOMIC);
	while (i--)
		strata_cache_free(passed_on, object[i]);
}

/* No mistake: the magazines and depots that objects were leaked from stay in use. */
BUG_FN bug_busy(void)
{
	on_each_cpu(use_magazine, NULL, 1);
	on_each_cpu(use_depot, NULL, 1);
}

/* Of objects that were in a magazine and a depot: their addresses still are. */
BUG_FN bug_leak_depot(void)
{
	const struct strata_cache_args args = { .size = 3000 };
	const unsigned int before = nr_kept;
	int i;

	passed_on = strata_cache_create("passed-on", &args);
	if (IS_ERR(passed_on))
		return;
	migrate_disable();
	for (i = 0; i < HELD; i++)
		keep(strata_cache_alloc(passed_on, GFP_KERNEL));
	while (nr_kept > before)
		strata_cache_free(passed_on, (void *)~kept[--nr_kept]);
	for (i = 0; i < LEAKED; i++)
		keep(strata_cache_alloc(passed_on, GFP_KERNEL));
	migrate_enable();
}

/* No mistake yet: for leak_reserve, which is for when no memory is to be had. */
BUG_FN bug_set_aside(void)
{
	const struct strata_cache_args args = { .size = 20000 };

	aside = strata_cache_create("aside", &args);
	if (!IS_ERR(aside))
		reserve = strata_reserve_create(aside, ASIDE, GFP_KERNEL);
}

/*
 * Of objects that a reserve held, and has given when its cache had none left; the
 * reserve stays. With memory to be had it would not be asked.
 */
BUG_FN bug_leak_reserve(void)
{
	void **used_up = NULL, **object;
	unsigned int n;

	if (IS_ERR_OR_NULL(reserve))
		return;
	for (n = 0; n < SZ_4K; n++) {
		object = strata_cache_alloc(aside, GFP_NOWAIT | __GFP_NOWARN);
		if (!object)
			break;
		*object = used_up;
		used_up = object;
	}
	for (n = 0; n < ASIDE; n++)
		keep(strata_reserve_alloc(reserve));
	while (used_up) {
		object = used_up;
		used_up = *object;
		strata_cache_free(aside, object);
	}
}

/* The first object of a span, and all others: what tells of a span keeps nobody alive. */
BUG_FN bug_leak_span(void)
{
	const struct strata_cache_args args = { .size = 1000 };
	int i;

	leaky = strata_cache_create("leaky", &args);
	for (i = 0; i < MANY && !IS_ERR(leaky); i++)
		keep(strata_cache_alloc(leaky, GFP_KERNEL));
}

/* A few pages, a whole chunk, and more than one. */
BUG_FN bug_leak_large(void)
{
	keep(get(40001));
	keep(get(SZ_2M));
	keep(get(SZ_4M));
}

/* No mistake at all: what strata_usable_size() gives is the caller's. */
BUG_FN bug_none(void)
{
	u8 *p = get(61);
	size_t usable = strata_usable_size(p);

	memset(p, 1, usable);
	p = strata_realloc(p, 62, GFP_KERNEL);
	OPTIMIZER_HIDE_VAR(p);
	touch(p + 61);
	strata_free(p);
}

static const struct {
	const char *name;
	void (*commit)(void);
} bugs[] = {
	{ "right", bug_right },
	{ "right_odd", bug_right_odd },
	{ "right_large", bug_right_large },
	{ "left", bug_left },
	{ "left_live", bug_left_live },
	{ "shrunk", bug_shrunk },
	{ "freed_read", bug_freed_read },
	{ "freed_write", bug_freed_write },
	{ "freed_first", bug_freed_first },
	{ "freed_large", bug_freed_large },
	{ "freed_typed", bug_freed_typed },
	{ "popped", bug_popped },
	{ "region_right", bug_region_right },
	{ "double_free", bug_double_free },
	{ "invalid_free", bug_invalid_free },
	{ "foreign_free", bug_foreign_free },
	{ "wrong_cache", bug_wrong_cache },
	{ "uninitialised", bug_uninitialised },
	{ "copy_to_user", bug_copy_to_user },
	{ "copy_from_user", bug_copy_from_user },
	{ "good_copies", bug_good_copies },
	{ "leak", bug_leak },
	{ "busy", bug_busy },
	{ "leak_depot", bug_leak_depot },
	{ "set_aside", bug_set_aside },
	{ "leak_reserve", bug_leak_reserve },
	{ "leak_span", bug_leak_span },
	{ "leak_large", bug_leak_large },
	{ "race", bug_race },
	{ "weak_race", bug_weak_race },
	{ "shared_region", bug_shared_region },
	{ "none", bug_none },
	{ "mend", mend },
};

static int commit(const char *text, const struct kernel_param *param)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bugs); i++) {
		if (sysfs_streq(text, bugs[i].name)) {
			bugs[i].commit();
			return 0;
		}
	}
	return -EINVAL;
}

static const struct kernel_param_ops commit_ops = { .set = commit };
module_param_cb(commit, &commit_ops, NULL, 0200);
MODULE_PARM_DESC(commit, "The mistake to make now");

static int __init bugs_init(void)
{
	return 0;
}

static void __exit bugs_exit(void)
{
	mend();
}

module_init(bugs_init);
module_exit(bugs_exit);

MODULE_DESCRIPTION("Mistakes in the use of strata, for tests");
MODULE_LICENSE("GPL");
/* What MODULE_IMPORT_NS() comes to, before and since its argument is a string. */
MODULE_INFO(import_ns, "STRATA");
