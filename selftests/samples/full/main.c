// SPDX-License-Identifier: GPL-2.0-only
/*
 * strata_full.ko: a machine with nearly all of its memory in use, for the test
 * selftests/full.sh and the rows of selftests/bench/full.sh.
 *
 *	cd /sys/kernel/debug/strata_full
 *	echo shatter > run		leaves no free block of 2 MiB: keeps a page of each
 *	echo fill strata 90 > run	objects, until so many percent of memory are used
 *	echo load strata 5000 > run	objects, until so many KiB were asked for
 *	echo mix 100000 > run		so many allocations and frees, at that level
 *	echo last > run			more of them, to the end of memory
 *	echo press 50000 > run		frees the objects, and takes so many pages at once
 *	echo free > run			all of that
 *	cat result
 *
 * 'fill rival' does the same with kmalloc(). A request that is refused is only
 * counted, and then the page allocator is asked. Where it has a block for the object
 * alone, that was refused early. Memory may have been given back between the two,
 * so only a second refusal counts.
 *
 * It is for a machine that nobody needs: at the end of memory others find none.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/prandom.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include <linux/strata.h>

#include "../../bench/mark.h"

#define BLOCK_ORDER	get_order(SZ_2M)

/* Tries as hard as one may without killing anybody for it. */
#define TRY		(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN)

/* Takes from others, but kills nobody: a test that fails is to say so. */
#define PRESS	(GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

/* Sizes from 16 bytes up to this, each power of two as often as the others. */
#define MAX_SHIFT	16
#define MIN_SHIFT	4

/* So many refusals one after the other, and memory is taken to be full. */
#define GIVE_UP		1000

struct side {
	const char *name;
	void *(*alloc)(size_t size);
	void (*free)(const void *p);
};

struct object {
	void *p;
	u32 size;
};

static void *from_strata(size_t size)
{
	return strata_alloc(size, TRY);
}

static void *from_kmalloc(size_t size)
{
	return kmalloc(size, TRY);
}

static const struct side sides[] = {
	{ "strata", from_strata, strata_free },
	{ "rival", from_kmalloc, kfree },
};

static DEFINE_MUTEX(lock);
static const struct side *side = sides;
static struct object *object;		/* room for max_objects, nr_objects are there */
static u32 nr_objects, max_objects;
static u64 bytes;			/* that were asked for them */
static LIST_HEAD(pieces);		/* a page of each block of 2 MiB */
static LIST_HEAD(pages);		/* taken by 'press' */
static u64 nr_pieces, nr_pages;
static struct rnd_state random;

/* What the last command did. */
static struct {
	u64 allocs, frees, refused, early, ns;
} done;

static bool page_allocator_has(unsigned int order)
{
	struct page *page = alloc_pages(TRY, order);

	if (page)
		__free_pages(page, order);
	return page;
}

static void *get(size_t size)
{
	void *p = side->alloc(size);

	if (!p && page_allocator_has(get_order(size))) {
		p = side->alloc(size);
		if (!p)
			done.early++;
	}
	if (p)
		done.allocs++;
	else
		done.refused++;
	return p;
}

static bool add(size_t size)
{
	void *p = nr_objects < max_objects ? get(size) : NULL;

	if (!p)
		return false;
	object[nr_objects++] = (struct object){ p, size };
	bytes += size;
	return true;
}

static void drop(u32 which)
{
	side->free(object[which].p);
	bytes -= object[which].size;
	object[which] = object[--nr_objects];
	done.frees++;
}

static void drop_to(u32 left)
{
	while (nr_objects > left) {
		drop(nr_objects - 1);
		if (!(nr_objects % 1024))
			cond_resched();
	}
}

static size_t some_size(void)
{
	u32 least = 1U << (MIN_SHIFT + prandom_u32_state(&random) % (MAX_SHIFT - MIN_SHIFT));

	return least + prandom_u32_state(&random) % least;
}

/* Pages, of the memory that kernel objects may be in. */
static unsigned long count_free(unsigned long *total)
{
	struct sysinfo i;

	si_meminfo(&i);
	*total = i.totalram - i.totalhigh;
	return i.freeram - i.freehigh;
}

static unsigned int percent_used(void)
{
	unsigned long total, free = count_free(&total);

	return 100 - 100 * free / total;
}

static void free_list(struct list_head *list)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, list, lru) {
		list_del(&page->lru);
		__free_page(page);
	}
}

/* A page in the middle of each free block stays, so that it does not come again. */
static int do_shatter(void)
{
	struct page *page;
	LIST_HEAD(rest);
	unsigned int i;

	/* While the rest is not free again, memory is too short for the last blocks. */
	do {
		while ((page = alloc_pages(TRY, BLOCK_ORDER))) {
			split_page(page, BLOCK_ORDER);
			for (i = 0; i < 1U << BLOCK_ORDER; i++)
				list_add(&page[i].lru,
					 i == 1U << (BLOCK_ORDER - 1) ? &pieces : &rest);
			nr_pieces++;
			cond_resched();
		}
		free_list(&rest);
	} while (page_allocator_has(BLOCK_ORDER) && !fatal_signal_pending(current));
	return 0;
}

static bool is_percent_used(unsigned int percent)
{
	return percent_used() >= percent;
}

static bool is_kib_asked_for(unsigned int kib)
{
	return bytes / SZ_1K >= kib;
}

static int fill_until(bool (*is_enough)(unsigned int n), unsigned int n)
{
	unsigned int refused = 0, i;

	while (!is_enough(n)) {
		for (i = 0; i < 64; i++)
			refused = add(some_size()) ? 0 : refused + 1;
		if (refused > GIVE_UP || nr_objects == max_objects)
			return -ENOMEM;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

/* What an allocator took in advance it may soon give back: until it stays so. */
static int do_fill(unsigned int percent)
{
	unsigned int more;
	int ret;

	for (more = 10; more; more--) {
		ret = fill_until(is_percent_used, percent);
		if (ret)
			return ret;
		ssleep(1);
		if (percent_used() >= percent - 1)
			return 0;
	}
	return -EAGAIN;
}

/* Between all of what there is now and 49/50 of it. */
static int do_mix(unsigned int n)
{
	u64 most = bytes, least = bytes - bytes / 50, start = ktime_get_ns();
	unsigned int i;

	bench_mark_begin(side == sides ? BENCH_STRATA : BENCH_RIVAL);
	for (i = 0; i < n; i++) {
		bool full = bytes >= most ||
			    (bytes > least && prandom_u32_state(&random) % 2);

		if (full && nr_objects)
			drop(prandom_u32_state(&random) % nr_objects);
		else
			add(some_size());
		if (!(i % 256))
			cond_resched();
	}
	bench_mark_end();
	done.ns = ktime_get_ns() - start;
	return 0;
}

/* Goes back at once, so that others find memory again. */
static int do_last(void)
{
	u32 before = nr_objects;
	bool no_room;
	size_t size;

	for (size = SZ_64K; size >= 16; size /= 2)
		while (add(size) && !fatal_signal_pending(current))
			;
	no_room = nr_objects == max_objects;
	drop_to(before);
	return no_room ? -ENOSPC : 0;
}

static void free_pages_taken(void)
{
	free_list(&pages);
	nr_pages = 0;
}

static int do_press(unsigned int n)
{
	u64 start = ktime_get_ns();
	struct page *page;

	drop_to(0);
	for (; n && !fatal_signal_pending(current); n--) {
		page = alloc_page(PRESS);
		if (!page)
			break;
		list_add(&page->lru, &pages);
		nr_pages++;
	}
	done.ns = ktime_get_ns() - start;
	done.refused = n;
	/* The machine is to live on until it is asked how far that came. */
	if (n)
		free_pages_taken();
	return n ? -ENOMEM : 0;
}

static void free_all(void)
{
	drop_to(0);
	free_pages_taken();
	free_list(&pieces);
	nr_pieces = 0;
}

/* 'fill' or 'load', and of whom. */
static int fill(char *words, bool by_percent)
{
	char *name = strsep(&words, " ");
	unsigned int n;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sides) && strcmp(name, sides[i].name); i++)
		;
	if (i == ARRAY_SIZE(sides) || !words || kstrtouint(words, 0, &n) || !n ||
	    (by_percent && n > 99))
		return -EINVAL;
	if (nr_objects && side != &sides[i])
		return -EBUSY;
	side = &sides[i];
	return by_percent ? do_fill(n) : fill_until(is_kib_asked_for, n);
}

static int obey(char *words)
{
	char *command = strsep(&words, " ");
	unsigned int n;

	memset(&done, 0, sizeof(done));
	if ((!strcmp(command, "fill") || !strcmp(command, "load")) && words)
		return fill(words, *command == 'f');
	if (!words && !strcmp(command, "shatter"))
		return do_shatter();
	if (!words && !strcmp(command, "last"))
		return do_last();
	if (!words && !strcmp(command, "free")) {
		free_all();
		return 0;
	}
	if (words && !kstrtouint(words, 0, &n)) {
		if (!strcmp(command, "mix"))
			return do_mix(n);
		if (!strcmp(command, "press"))
			return do_press(n);
	}
	pr_err("say shatter, fill strata|rival <percent>, load strata|rival <KiB>, mix <n>, last, press <pages> or free\n");
	return -EINVAL;
}

static ssize_t run_write(struct file *file, const char __user *from, size_t n, loff_t *at)
{
	char words[32] = "";
	int ret;

	if (n >= sizeof(words))
		return -EINVAL;
	if (copy_from_user(words, from, n))
		return -EFAULT;
	if (mutex_lock_interruptible(&lock))
		return -ERESTARTSYS;
	ret = obey(strim(words));
	mutex_unlock(&lock);
	return ret ?: n;
}

static const struct file_operations run_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = run_write,
};

/* What there is, and what the last command did. */
static int result_show(struct seq_file *m, void *unused)
{
	unsigned long total, free;
	struct sysinfo i;

	mutex_lock(&lock);
	free = count_free(&total);
	si_meminfo(&i);
	seq_printf(m, "objects %u\nbytes %llu\npieces %llu\npages %llu\nfree %lu\ntotal %lu\n",
		   nr_objects, bytes, nr_pieces, nr_pages, free, total);
	/* What the kernel keeps for those in need is not, nor what kernel objects cannot be in. */
	seq_printf(m, "percent %u\navailable %ld\n", percent_used(),
		   max(0L, si_mem_available() - (long)i.freehigh));
	seq_printf(m, "blocks %u\nallocs %llu\nfrees %llu\nrefused %llu\nearly %llu\nns %llu\n",
		   page_allocator_has(BLOCK_ORDER), done.allocs, done.frees, done.refused,
		   done.early, done.ns);
	mutex_unlock(&lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(result);

static struct dentry *directory;

static int __init full_init(void)
{
	/* On average an object has 8 KiB; the last ones are smaller. */
	max_objects = totalram_pages() * (PAGE_SIZE / SZ_2K);
	object = vcalloc(max_objects, sizeof(*object));
	if (!object)
		return -ENOMEM;
	prandom_seed_state(&random, 1);
	/* All that is marked here is of one row. */
	bench_mark_row();
	directory = debugfs_create_dir("strata_full", NULL);
	debugfs_create_file("run", 0200, directory, NULL, &run_fops);
	debugfs_create_file("result", 0400, directory, NULL, &result_fops);
	return 0;
}

static void __exit full_exit(void)
{
	debugfs_remove(directory);
	free_all();
	vfree(object);
}

module_init(full_init);
module_exit(full_exit);
MODULE_DESCRIPTION("A machine with nearly all of its memory in use");
MODULE_LICENSE("GPL");
/* What MODULE_IMPORT_NS() comes to, before and since its argument is a string. */
MODULE_INFO(import_ns, "STRATA");
