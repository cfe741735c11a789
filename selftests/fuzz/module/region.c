// SPDX-License-Identifier: GPL-2.0-only
/* A region against a model: a stack of what was allocated, and of frames in it. */
#include <linux/align.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/strata.h>
#include <linux/string.h>

#include "fuzz.h"

#define NR_PIECES	96
#define NR_FRAMES	12
#define MOST_BYTES	SZ_1M

struct piece {
	u8 *p;
	size_t size;
	bool deferred;	/* no memory: a function that runs when its frame goes */
};

static struct strata_region *region;
static struct piece pieces[NR_PIECES];
static unsigned int nr_pieces;
static struct frame {
	strata_mark_t mark;
	unsigned int nr_pieces;
} frames[NR_FRAMES], stale;
static unsigned int nr_frames;
static size_t held;
/* Deferred functions run last first; which one is next. */
static unsigned long next_deferred;
static unsigned long ran;

static void run_deferred(void *arg)
{
	if ((unsigned long)arg != next_deferred)
		fuzz_wrong("deferred function %lu ran, not %lu", (unsigned long)arg,
			   next_deferred);
	next_deferred--;
	ran++;
}

static u8 pattern_of(unsigned int i)
{
	return i + 1;
}

static void check_piece(unsigned int i)
{
	const struct piece *it = &pieces[i];

	if (it->deferred || !it->size)
		return;
	if (!fuzz_is_filled(it->p, pattern_of(i), it->size))
		fuzz_wrong("%zu bytes of a region have changed", it->size);
	if (!strata_region_contains(region, it->p) ||
	    !strata_region_contains(region, it->p + it->size - 1))
		fuzz_wrong("%zu bytes of a region are not contained", it->size);
}

/* Everything from piece @n on goes now, by @release. */
static void let_go(unsigned int n, void (*release)(void))
{
	unsigned long expected = 0;
	unsigned int i;

	for (i = n; i < nr_pieces; i++) {
		check_piece(i);
		expected += pieces[i].deferred;
		if (!pieces[i].deferred)
			held -= pieces[i].size;
	}
	ran = 0;
	release();
	if (ran != expected)
		fuzz_wrong("%lu of %lu deferred functions ran", ran, expected);
	nr_pieces = n;
}

static void pop_innermost(void)
{
	if (strata_region_pop(region, frames[nr_frames].mark))
		fuzz_wrong("the innermost frame is not popped");
}

static void do_pop(void)
{
	if (!nr_frames)
		return;
	stale = frames[--nr_frames];
	let_go(stale.nr_pieces, pop_innermost);
}

static void do_push(void)
{
	if (nr_frames == NR_FRAMES)
		return;
	frames[nr_frames++] = (struct frame) {
		.mark = strata_region_push(region), .nr_pieces = nr_pieces,
	};
}

static void put(void *p, size_t size, size_t align, bool zeroed)
{
	struct piece *it = &pieces[nr_pieces];

	if (!p)
		return;
	*it = (struct piece) { .p = p, .size = size };
	if (!IS_ALIGNED((unsigned long)p, max(align, STRATA_REGION_ALIGN)))
		fuzz_wrong("%zu bytes of a region are not aligned to %zu", size, align);
	if (zeroed && size && !fuzz_is_filled(p, 0, size))
		fuzz_wrong("%zu bytes of a region are not zero", size);
	if (size)
		fuzz_fill(p, pattern_of(nr_pieces), size);
	held += size;
	nr_pieces++;
}

static void do_alloc(const struct fuzz_unit *u)
{
	size_t size = u->value % (u->value & BIT(31) ? SZ_64K : 512), align;
	char *text;

	if (nr_pieces == NR_PIECES || held + size > MOST_BYTES)
		return;
	switch (u->b % 6) {
	case 0:
		put(strata_region_zalloc(region, size), size, 1, true);
		break;
	case 1:
		align = 1UL << (u->value >> 20) % 13;
		put(strata_region_alloc_aligned(region, size, align), size, align, false);
		break;
	case 2:
		text = strata_region_printf(region, "%*s", (int)(size % 300), "x");
		if (text && strlen(text) != max_t(size_t, size % 300, 1))
			fuzz_wrong("printf of %zu characters has %zu", size % 300, strlen(text));
		if (text)
			put(text, strlen(text) + 1, 1, false);
		break;
	case 3:
		text = strata_region_strdup(region, "a string that is kept");
		if (text && strcmp(text, "a string that is kept"))
			fuzz_wrong("strdup gave another string");
		if (text)
			put(text, strlen(text) + 1, 1, false);
		break;
	default:
		put(strata_region_alloc(region, size), size, 1, false);
	}
}

static void do_defer(void)
{
	if (nr_pieces == NR_PIECES)
		return;
	if (!strata_region_defer(region, run_deferred, (void *)(next_deferred + 1))) {
		next_deferred++;
		pieces[nr_pieces++] = (struct piece) { .deferred = true };
	}
}

/* A copy outlives the frame. */
static void do_escape(const struct fuzz_unit *u)
{
	const struct piece *it;
	u8 *copy;

	if (!nr_pieces)
		return;
	it = &pieces[u->value % nr_pieces];
	if (it->deferred || !it->size)
		return;
	copy = strata_region_escape(region, it->p, it->size, GFP_KERNEL);
	if (!copy)
		return;
	if (strata_region_contains(region, copy))
		fuzz_wrong("what escaped is contained");
	if (!fuzz_is_filled(copy, pattern_of(it - pieces), it->size))
		fuzz_wrong("%zu bytes escaped and changed", it->size);
	strata_free(copy);
}

static void reset_region(void)
{
	strata_region_reset(region);
}

static void destroy_region(void)
{
	strata_region_destroy(region);
}

/* A mark that is no more good, and one of a frame that is not the innermost. */
static void do_misuse(const struct fuzz_unit *u)
{
	strata_mark_t mark = stale.mark;

	if (u->b & 1 && nr_frames > 1)
		mark = frames[u->value % (nr_frames - 1)].mark;
	fuzz_expect_misuse();
	if (strata_region_pop(region, mark) != -EINVAL)
		fuzz_wrong("a mark that is not the innermost's pops");
}

static void do_create(const struct fuzz_unit *u)
{
	size_t limit = u->value & 1 ? 0 : u->value % MOST_BYTES;

	region = strata_region_create(limit, GFP_KERNEL);
	if (IS_ERR(region))
		region = NULL;
	stale = (struct frame) { };
	next_deferred = 0;
}

void fuzz_region_op(const struct fuzz_unit *u)
{
	if (!region) {
		do_create(u);
		return;
	}
	switch ((u->what >> 2) % 16) {
	case 0:
		fuzz_region_clean();
		break;
	case 1:
		let_go(0, reset_region);
		nr_frames = 0;
		break;
	case 2:
	case 3:
		do_push();
		break;
	case 4:
	case 5:
		do_pop();
		break;
	case 6:
	case 7:
		do_defer();
		break;
	case 8:
		do_escape(u);
		break;
	case 9:
		do_misuse(u);
		break;
	default:
		do_alloc(u);
	}
}

void fuzz_region_clean(void)
{
	if (!region)
		return;
	let_go(0, destroy_region);
	region = NULL;
	nr_frames = 0;
}
