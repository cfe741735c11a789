// SPDX-License-Identifier: GPL-2.0-only
/*
 * strata_faults.ko: uses one part of the kernel API when told so, for tests that
 * have its allocations fail.
 *
 *	echo <name> [<arena fd>] >/sys/module/strata_faults/parameters/use
 *
 * The write succeeds if all of it worked, and fails with ENOMEM if an allocation
 * did, and with EBADMSG if something is not as it should be. Nothing is left of
 * it in either case.
 *
 *	echo <n> >/sys/module/strata_faults/parameters/threads
 *
 * has as many threads use all of it over and over, whatever fails; 0 ends them, and
 * fails with EBADMSG if anything was not as it should be.
 */
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/strata.h>

#define SMALL	40
#define MANY	300
#define FEW	5
#define MOST_THREADS	16

static const char *wrong;

/* Something that no lack of memory explains. */
static int bad(const char *what)
{
	pr_err("strata_faults: %s\n", what);
	WRITE_ONCE(wrong, what);
	return -EBADMSG;
}

static int heap(size_t size, gfp_t gfp)
{
	char *p = strata_alloc(size, gfp);

	if (!p)
		return gfp & __GFP_NOFAIL ? bad("no memory in spite of NOFAIL") : -ENOMEM;
	memset(p, 1, size);
	strata_free(p);
	return 0;
}

static int use_small(int fd) { return heap(SMALL, GFP_KERNEL); }
static int use_page(int fd) { return heap(PAGE_SIZE, GFP_KERNEL); }
static int use_large(int fd) { return heap(SZ_128K, GFP_KERNEL); }
static int use_largest(int fd) { return heap(STRATA_MAX_SIZE, GFP_KERNEL); }
static int use_account(int fd) { return heap(SMALL, GFP_KERNEL_ACCOUNT); }
static int use_dma(int fd) { return heap(SMALL, GFP_KERNEL | GFP_DMA32); }
static int use_nowait(int fd) { return heap(SMALL, GFP_NOWAIT | __GFP_NOWARN); }
static int use_nofail(int fd) { return heap(SMALL, GFP_KERNEL | __GFP_NOFAIL); }
static int use_large_nofail(int fd) { return heap(SZ_64K, GFP_KERNEL | __GFP_NOFAIL); }

static int use_node(int fd)
{
	void *p = strata_alloc_node(SMALL, GFP_KERNEL | __GFP_THISNODE, numa_mem_id());

	strata_free(p);
	return p ? 0 : -ENOMEM;
}

static int use_zeroed(int fd)
{
	char *p = strata_zalloc(SMALL, GFP_KERNEL), *q = strata_calloc(SMALL, SMALL, GFP_KERNEL);
	int err = p && q ? 0 : -ENOMEM;

	if ((p && memchr_inv(p, 0, SMALL)) || (q && memchr_inv(q, 0, SMALL * SMALL)))
		err = bad("not zeroed");
	strata_free(p);
	strata_free(q);
	return err;
}

/* An object that cannot grow stays what it was. */
static int use_realloc(int fd)
{
	char *p = strata_alloc(SMALL, GFP_KERNEL), *q;
	size_t size;
	int err = 0;

	if (!p)
		return -ENOMEM;
	memset(p, 7, SMALL);
	for (size = SZ_2K; size <= SZ_256K && !err; size *= 4) {
		q = strata_realloc(p, size, GFP_KERNEL);
		if (!q)
			err = -ENOMEM;
		p = q ?: p;
	}
	if (memchr_inv(p, 7, SMALL))
		err = bad("realloc lost contents");
	strata_free(p);
	return err;
}

/* All or nothing: what there is of nothing shows in the counts. */
static int bulk(size_t size, int n)
{
	void **objects = kcalloc(n, sizeof(*objects), GFP_KERNEL);
	int err = -ENOMEM;

	if (objects && strata_alloc_bulk(size, GFP_KERNEL, n, objects)) {
		strata_free_bulk(n, objects);
		err = 0;
	}
	kfree(objects);
	return err;
}

static int use_bulk(int fd)
{
	return bulk(128, MANY) ?: bulk(SZ_64K, 4);
}

/* A free cannot fail, not even one that has to wait for a grace period. */
static int use_free_rcu(int fd)
{
	int i, n = 5 * PAGE_SIZE / sizeof(void *);
	void *p;

	for (i = 0; i < n; i++) {
		p = strata_alloc(SMALL, GFP_KERNEL);
		if (!p)
			return -ENOMEM;
		strata_free_rcu(p);
	}
	return 0;
}

static void construct(void *object)
{
	memset(object, 3, 100);
}

static int use_objects(struct strata_cache *c, bool constructed, int n)
{
	void **objects;
	char *p = strata_cache_alloc(c, GFP_KERNEL);
	int err = 0;

	if (!p)
		return -ENOMEM;
	if (constructed && memchr_inv(p, 3, 100))
		err = bad("not constructed");
	strata_cache_free(c, p);
	objects = kcalloc(n, sizeof(*objects), GFP_KERNEL);
	if (objects && strata_cache_alloc_bulk(c, GFP_KERNEL, n, objects))
		strata_cache_free_bulk(c, n, objects);
	else
		err = err ?: -ENOMEM;
	kfree(objects);
	strata_cache_shrink(c);
	return err;
}

static int use_reserve(struct strata_cache *c, int n)
{
	struct strata_reserve *r = strata_reserve_create(c, n, GFP_KERNEL);
	int i, err = 0;
	void *p;

	if (IS_ERR(r))
		return PTR_ERR(r);
	for (i = 0; i < n && !err; i++) {
		p = strata_reserve_alloc(r);
		if (!p)
			err = bad("a full reserve is empty");
		strata_cache_free(c, p);
	}
	err = err ?: strata_reserve_refill(r, GFP_KERNEL);
	strata_reserve_destroy(r);
	return err;
}

static int cache(unsigned int flags, void (*ctor)(void *object))
{
	struct strata_cache_args args = { .size = 100, .flags = flags, .ctor = ctor };
	struct strata_cache *c = strata_cache_create("faults", &args);
	/* Each object that is charged is a page of its own. */
	int n = flags & STRATA_ACCOUNT ? FEW : MANY, err;

	if (IS_ERR(c))
		return PTR_ERR(c);
	err = use_objects(c, ctor, n);
	if (!err)
		err = use_reserve(c, n);
	strata_cache_destroy(c);
	return err;
}

static int use_cache(int fd) { return cache(0, NULL); }
static int use_constructed(int fd) { return cache(0, construct); }
static int use_typesafe(int fd) { return cache(STRATA_TYPESAFE_BY_RCU, construct); }
static int use_charged(int fd) { return cache(STRATA_ACCOUNT, NULL); }
static int use_debug(int fd)
{
	return cache(STRATA_REDZONE | STRATA_POISON | STRATA_TRACE, NULL);
}

static void count(void *n)
{
	++*(int *)n;
}

static int use_text(struct strata_region *r)
{
	char *p = strata_region_printf(r, "%1000d", 5), *copy;
	int err = 0;

	if (!p)
		return -ENOMEM;
	if (p[999] != '5' || p[1000])
		return bad("printf");
	p = strata_region_strdup(r, "word");
	if (!p)
		return -ENOMEM;
	copy = strata_region_escape(r, p, 5, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	if (strcmp(copy, "word"))
		err = bad("escape");
	strata_free(copy);
	return err;
}

/* Everything that a region can do, in a frame. */
static int fill_region(struct strata_region *r, int *deferred, int *ran)
{
	strata_mark_t mark = strata_region_push(r);
	size_t size;
	char *p;
	int err;

	err = strata_region_defer(r, count, ran);
	*deferred += !err;
	for (size = 16; size <= SZ_64K && !err; size *= 2) {
		p = strata_region_zalloc(r, size);
		if (!p)
			err = -ENOMEM;
		else if (memchr_inv(p, 0, size))
			err = bad("not zeroed");
	}
	if (!err && !strata_region_alloc_aligned(r, SZ_32K, PAGE_SIZE))
		err = -ENOMEM;
	err = err ?: use_text(r);
	if (strata_region_pop(r, mark))
		err = bad("pop");
	return err;
}

static int use_region(int fd)
{
	struct strata_region *r = strata_region_create(0, GFP_KERNEL);
	int deferred = 0, ran = 0, err, again;

	if (IS_ERR(r))
		return PTR_ERR(r);
	err = fill_region(r, &deferred, &ran);
	strata_region_reset(r);
	/* What failed in one frame does not show in the next. */
	again = fill_region(r, &deferred, &ran);
	strata_region_destroy(r);
	if (ran != deferred)
		return bad("a deferred call is missing");
	return err ?: again;
}

/* A range of the caller's arena, pinned and mapped. */
static int use_pin(int fd)
{
	struct strata_arena *a = strata_arena_get(fd);
	struct strata_pin pin;
	char *p;
	int err;

	if (IS_ERR(a))
		return PTR_ERR(a);
	err = strata_arena_pin(a, SZ_64K + 100, 3 * PAGE_SIZE, true, &pin);
	if (!err) {
		p = strata_pin_map(&pin);
		if (p)
			memset(p, 9, 3 * PAGE_SIZE);
		else
			err = -ENOMEM;
		strata_arena_unpin(&pin);
	}
	strata_arena_put(a);
	return err;
}

/* A record in a region of the caller's arena, which has producers. */
static int use_producer(int fd)
{
	struct strata_arena *a = strata_arena_get(fd);
	void *p;
	u64 off;
	int err;

	if (IS_ERR(a))
		return PTR_ERR(a);
	err = strata_arena_prepare(a, 1);
	if (!err) {
		p = strata_arena_alloc(a, 1, 64, 8, &off);
		if (p)
			strata_arena_publish(a, p);
		else
			err = bad("a prepared region has no room");
	}
	/* Another one is prepared on the way; before the page there is a gap. */
	if (!err) {
		p = strata_arena_alloc(a, 2, 64, PAGE_SIZE, &off);
		if (p)
			strata_arena_publish(a, p);
		else
			err = -ENOMEM;
		if (p && off % PAGE_SIZE)
			err = bad("a record does not begin where it was asked to");
	}
	/* A ring is a page shorter than its region, and nothing is longer than that. */
	if (!err && strata_arena_alloc(a, 1, SZ_1M, 8, NULL))
		err = bad("a record larger than its ring has room");
	if (!err && strata_arena_alloc(a, 1, SZ_1M - PAGE_SIZE - 32, PAGE_SIZE, NULL))
		err = bad("a record that fits nowhere has room");
	strata_arena_put(a);
	return err;
}

static const struct {
	const char *name;
	int (*fn)(int fd);
} uses[] = {
	{ "small", use_small },
	{ "page", use_page },
	{ "large", use_large },
	{ "largest", use_largest },
	{ "account", use_account },
	{ "dma", use_dma },
	{ "nowait", use_nowait },
	{ "nofail", use_nofail },
	{ "large_nofail", use_large_nofail },
	{ "node", use_node },
	{ "zeroed", use_zeroed },
	{ "realloc", use_realloc },
	{ "bulk", use_bulk },
	{ "free_rcu", use_free_rcu },
	{ "cache", use_cache },
	{ "constructed", use_constructed },
	{ "typesafe", use_typesafe },
	{ "charged", use_charged },
	{ "debug", use_debug },
	{ "region", use_region },
	{ "pin", use_pin },
	{ "producer", use_producer },
};

static int use_set(const char *text, const struct kernel_param *param)
{
	char name[16] = "";
	int fd = -1, i, err;

	if (sscanf(text, "%15s %d", name, &fd) < 1)
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(uses); i++) {
		if (strcmp(uses[i].name, name))
			continue;
		wrong = NULL;
		err = uses[i].fn(fd);
		return wrong ? -EBADMSG : err;
	}
	return -EINVAL;
}

/* The names of all that can be used. */
static int use_get(char *buffer, const struct kernel_param *param)
{
	int i, n = 0;

	for (i = 0; i < ARRAY_SIZE(uses); i++)
		n += sysfs_emit_at(buffer, n, "%s\n", uses[i].name);
	return n;
}

static const struct kernel_param_ops use_ops = { .set = use_set, .get = use_get };
module_param_cb(use, &use_ops, NULL, 0600);
MODULE_PARM_DESC(use, "What to use now, and the descriptor of an arena where one is needed");

static struct task_struct *thread[MOST_THREADS];

/* All of it over and over, as far as no arena is needed. */
static int run(void *unused)
{
	int i = 0;

	while (!kthread_should_stop()) {
		if (uses[i].fn != use_pin && uses[i].fn != use_producer)
			uses[i].fn(-1);
		i = (i + 1) % ARRAY_SIZE(uses);
		cond_resched();
	}
	return 0;
}

static void stop_threads(void)
{
	int i;

	for (i = 0; i < MOST_THREADS; i++)
		if (thread[i])
			kthread_stop(thread[i]);
	memset(thread, 0, sizeof(thread));
}

static int threads_set(const char *text, const struct kernel_param *param)
{
	struct task_struct *task;
	unsigned int n, i;
	int err = kstrtouint(text, 0, &n);

	if (err || n > MOST_THREADS)
		return err ?: -EINVAL;
	stop_threads();
	if (!n)
		return wrong ? -EBADMSG : 0;
	wrong = NULL;
	for (i = 0; i < n; i++) {
		task = kthread_run(run, NULL, "strata_faults/%u", i);
		if (IS_ERR(task)) {
			stop_threads();
			return PTR_ERR(task);
		}
		thread[i] = task;
	}
	return 0;
}

static const struct kernel_param_ops threads_ops = { .set = threads_set };
module_param_cb(threads, &threads_ops, NULL, 0200);
MODULE_PARM_DESC(threads, "How many threads are to use all of it");

static int __init faults_init(void)
{
	return 0;
}

static void __exit faults_exit(void)
{
	stop_threads();
}

module_init(faults_init);
module_exit(faults_exit);

MODULE_DESCRIPTION("Uses parts of strata, which a test makes fail");
MODULE_LICENSE("GPL");
/* What MODULE_IMPORT_NS() comes to, before and since its argument is a string. */
MODULE_INFO(import_ns, "STRATA");
