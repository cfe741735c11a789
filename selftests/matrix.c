// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything that may be done to mappings of an arena, in any order: mapped in
 * parts, cut, protected, moved, shrunk, dropped, trimmed and populated at random,
 * against a model that knows what each page has to hold and who may touch it.
 *
 * The order comes from a seed, which is printed: SEED=<n> in the environment has
 * the same once more.
 */
#include "kselftest_harness.h"
#include "arena_util.h"

#define REGION		(8 * MIB)
#define ARENA_PAGES	(2 * REGION / 4096)
#define SLOT_PAGES	(REGION / 4096)
#define VA_PAGES	(5 * REGION / 4096)
#define STEPS		4000
#define RW		(PROT_READ | PROT_WRITE)

struct model {
	struct arena a;
	char *va;			/* VA_PAGES of address space */
	int there[VA_PAGES];		/* page of the arena, -1 none */
	int prot[VA_PAGES];
	unsigned char content[ARENA_PAGES];	/* 0 also if there is no page */
	bool huge;
	bool stale;			/* moving over something leaves it there */
	unsigned int seed;
	unsigned long wrong;
};

static unsigned int any(struct model *m, unsigned int n)
{
	return rand_r(&m->seed) % n;
}

/* A length, mostly short; and a start that leaves room for it. */
static void any_range(struct model *m, int of, int *first, int *n)
{
	int longest = any(m, 4) ? 20 : of / 3;

	*n = 1 + any(m, longest);
	*first = any(m, of - *n);
	/* Now and then where a huge page fits. */
	if (!any(m, 3))
		*first = *first / 512 * 512;
}

static bool guard(int page)
{
	return page % SLOT_PAGES == SLOT_PAGES - 1;
}

static void fail(struct model *m, const char *what, int v)
{
	if (m->wrong++ < 5)
		printf("# %s at page %d, arena page %d\n", what, v, m->there[v]);
}

static void check_page(struct model *m, int v)
{
	char *p = m->va + (size_t)v * PAGE;
	int page = m->there[v], want = 0;

	if (page < 0 || m->prot[v] == PROT_NONE)
		want = SIGSEGV;
	else if (guard(page))
		want = SIGBUS;
	if (try_access(p, false) != want)
		fail(m, "wrong signal", v);
	else if (!want && (unsigned char)*p != m->content[page])
		fail(m, "wrong content", v);
}

static void write_page(struct model *m, int v)
{
	char *p = m->va + (size_t)v * PAGE;
	int page = m->there[v], want = 0;

	if (page < 0 || m->prot[v] != RW)
		want = SIGSEGV;
	else if (guard(page))
		want = SIGBUS;
	if (try_access(p, true) != want)
		fail(m, "wrong signal for a write", v);
	if (!want) {
		m->content[page] = 1 + any(m, 255);
		*(unsigned char *)p = m->content[page];
	}
}

static void forget(struct model *m, int v, int n)
{
	for (; n--; v++) {
		m->there[v] = -1;
		m->prot[v] = PROT_NONE;
	}
}

static void reserve(struct model *m, int v, int n)
{
	mmap(m->va + v * PAGE, n * PAGE, PROT_NONE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
	forget(m, v, n);
}

static void do_map(struct model *m)
{
	int v, n, page, prot = any(m, 3) ? RW : PROT_READ;

	any_range(m, ARENA_PAGES, &page, &n);
	v = any(m, VA_PAGES - n);
	if (!any(m, 2))		/* aligned like the file */
		v = (v / 512 * 512 + page % 512) % (VA_PAGES - n);
	if (mmap(m->va + v * PAGE, n * PAGE, prot, MAP_SHARED | MAP_FIXED, m->a.fd,
		 page * PAGE) == MAP_FAILED)
		fail(m, "mmap failed", v);
	for (; n--; v++, page++) {
		m->there[v] = page;
		m->prot[v] = prot;
	}
}

static void do_unmap(struct model *m)
{
	int v, n;

	any_range(m, VA_PAGES, &v, &n);
	reserve(m, v, n);
}

static void do_protect(struct model *m)
{
	static const int prots[] = { PROT_NONE, PROT_READ, RW };
	int v, n, run, end, prot = prots[any(m, 3)];

	any_range(m, VA_PAGES, &v, &n);
	for (end = v + n; v < end; v = run + 1) {
		for (run = v; run < end && m->there[run] >= 0; run++)
			m->prot[run] = prot;
		if (run > v && mprotect(m->va + v * PAGE, (run - v) * PAGE, prot))
			fail(m, "mprotect failed", v);
	}
}

/*
 * Does the kernel itself lose track, with memory that strata has no part in? In
 * user-mode Linux (7.3.4) a page table that mremap() frees and at once needs again loses
 * the mark that the process has to unmap what was below it: of what is moved over,
 * pages are still seen where nothing came in their place, whatever is mapped there
 * later. So a child tries it.
 */
static bool moving_leaves_stale(struct model *m)
{
	size_t len = 2 * MIB;
	char *from = m->va + 4 * len, *to = m->va + len;
	pid_t child = fork();

	if (child)
		return reap(child) == 1;
	mmap(to, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	memset(to, 1, len);
	mmap(from, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	*from = 1;
	_exit(mremap(from, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to &&
	      to[len / 2]);
}

/* Of one mapping only: if it is several, the kernel refuses and nothing changes. */
static void do_move(struct model *m)
{
	int v, n, to, left, i;
	void *moved;

	any_range(m, VA_PAGES, &v, &n);
	to = any(m, VA_PAGES - n);
	if (m->there[v] < 0 || (to < v + n && v < to + n))
		return;
	for (i = 1; i < n; i++)
		if (m->there[v + i] != m->there[v] + i)
			return;
	left = any(m, 3) ? n : 1 + (int)any(m, n);
	if (m->stale)
		reserve(m, to, left);
	moved = mremap(m->va + v * PAGE, n * PAGE, left * PAGE,
		       MREMAP_MAYMOVE | MREMAP_FIXED, m->va + to * PAGE);
	if (moved == MAP_FAILED) {
		/* The target may be gone, and what was cut off. */
		reserve(m, to, left);
		reserve(m, v, n);
		return;
	}
	for (i = 0; i < left; i++) {
		m->there[to + i] = m->there[v + i];
		m->prot[to + i] = m->prot[v + i];
	}
	reserve(m, v, n);
}

static void do_drop(struct model *m)
{
	int v, n;

	any_range(m, VA_PAGES, &v, &n);
	madvise(m->va + v * PAGE, n * PAGE, MADV_DONTNEED);
}

/* Do something with all places where the ends of a range are, and some between. */
static void at_ends(struct model *m, int page, int n, void (*what)(struct model *m, int v))
{
	int v, at;

	for (v = 0; v < (int)VA_PAGES; v++) {
		at = m->there[v] - page;
		if (at >= 0 && at < n && (at < 2 || at >= n - 2 || at % 16 >= 14))
			what(m, v);
	}
}

/* With huge pages it is for the kernel to say which pages a trim reached. */
static void do_trim(struct model *m)
{
	int page, n, i;
	long got;

	any_range(m, ARENA_PAGES, &page, &n);
	if (m->huge) {
		page = page / 512 * 512;
		n = (n + 511) / 512 * 512;
		if (page + n > (int)ARENA_PAGES)
			n = ARENA_PAGES - page;
	}
	at_ends(m, page, n, write_page);
	got = arena_range(m->a.fd, STRATA_IOC_TRIM, page * PAGE, n * PAGE);
	if (got < 0)
		fail(m, "trim failed", 0);
	for (i = 0; i < n; i++)
		m->content[page + i] = 0;
	/* A page that stayed in somebody's page table is somebody else's by now. */
	if (any(m, 2))
		at_ends(m, page, n, check_page);
}

static void do_populate(struct model *m)
{
	int page, n;

	any_range(m, ARENA_PAGES, &page, &n);
	if (arena_range(m->a.fd, STRATA_IOC_POPULATE, page * PAGE, n * PAGE) < 0)
		fail(m, "populate failed", 0);
}

static void do_touch(struct model *m)
{
	int i, v = any(m, VA_PAGES);

	for (i = 0; i < 30; i++) {
		if (any(m, 2))
			v = any(m, VA_PAGES);
		else
			v = (v + 1) % VA_PAGES;
		if (any(m, 2))
			write_page(m, v);
		else
			check_page(m, v);
	}
}

typedef void (*op_fn)(struct model *m);

static const op_fn ops[] = {
	do_map, do_map, do_unmap, do_protect, do_move, do_move, do_drop, do_trim,
	do_populate, do_touch, do_touch, do_touch,
};

static void run(struct __test_metadata *_metadata, __u32 flags)
{
	static struct model m;
	const char *seed = getenv("SEED");
	struct strata_stat stat;
	char *reserved;
	int step;

	if (PAGE != 4096)
		SKIP(return, "the model is made for pages of 4 KiB");
	memset(&m, 0, sizeof(m));
	m.seed = seed && *seed ? strtoul(seed, NULL, 0) : (unsigned long)getpid();
	m.huge = flags & STRATA_CREATE_HUGE;
	m.a.how = create_args(2 * REGION, REGION);
	m.a.how.flags = flags;
	m.a.fd = arena_create(&m.a.how);
	ASSERT_GE(m.a.fd, 0);
	reserved = mmap(NULL, (VA_PAGES + 512) * PAGE, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ASSERT_NE(reserved, MAP_FAILED);
	m.va = (char *)(((unsigned long)reserved + 2 * MIB - 1) & -(2 * MIB));
	reserve(&m, 0, VA_PAGES);
	m.stale = moving_leaves_stale(&m);
	if (m.stale)
		printf("# this kernel moves pages over others badly: those are unmapped first\n");
	printf("# seed %u\n", m.seed);
	for (step = 0; step < STEPS && !m.wrong; step++)
		ops[any(&m, ARRAY_SIZE(ops))](&m);
	for (step = 0; step < (int)VA_PAGES; step++)
		check_page(&m, step);
	EXPECT_EQ(m.wrong, 0);
	stat = arena_stat(m.a.fd, STRATA_REGION_ALL);
	EXPECT_GT(stat.trimmed, 0);
	EXPECT_EQ(stat.grown - stat.trimmed, stat.committed);
	munmap(reserved, (VA_PAGES + 512) * PAGE);
	close(m.a.fd);
	EXPECT_TRUE(arena_all_gone());
}

FIXTURE(matrix)
{
};

FIXTURE_VARIANT(matrix)
{
	__u32 flags;
};

FIXTURE_VARIANT_ADD(matrix, small) { .flags = 0 };
FIXTURE_VARIANT_ADD(matrix, huge) { .flags = STRATA_CREATE_HUGE };

FIXTURE_SETUP(matrix)
{
	(void)self;
}

FIXTURE_TEARDOWN(matrix)
{
	(void)self;
}

TEST_F_TIMEOUT(matrix, any_order, 300)
{
	run(_metadata, variant->flags);
}

TEST_HARNESS_MAIN
