// SPDX-License-Identifier: MIT
/*
 * Frames of a region: pops that run something or are refused, deferred functions.
 *
 * A frame is a number. The region knows the number and the start of the innermost
 * open frame; the mark that the caller keeps has those of the one around it.
 * Numbers only grow, so a mark that was popped never fits again, and everything
 * deferred since a push has a number at least as large as that frame's.
 *
 * While deferred functions run, a frame of their own is the innermost one. It has
 * no mark: whatever they try to pop does not fit, unless they pushed it.
 */
#include <errno.h>

#include "region.h"
#include "report.h"
#include "track.h"

/* A deferred function; lies in the frame that it belongs to. */
struct defer {
	struct defer *next;
	uint64_t frame;
	void (*fn)(void *arg);
	void *arg;
};

/*
 * Run what was deferred in frame @frame and in later ones, last first. The caller
 * then says which frame is the innermost.
 */
static void run_defers(struct region *r, uint64_t frame)
{
	uint64_t outer = r->running;

	if (!r->defers || r->defers->frame < frame)
		return;
	r->running = ++r->pub.last_frame;
	while (r->defers && r->defers->frame >= frame) {
		struct defer d = *r->defers;

		r->defers = d.next;
		r->pub.deferred = d.next ? d.next->frame : 0;
		r->pub.frame = r->running;
		r->pub.start = r->pub.top;
		d.fn(d.arg);
		if (r->pub.frame != r->running)
			report("pop", r->pub.id, d.fn,
			       "a deferred function, this one, left a frame open; closed for it");
	}
	r->running = outer;
}

/* Why @mark may not be popped; NULL: it may. */
static const char *wrong_mark(const struct region *r, const strata_mark_t *mark)
{
	if (!mark->region)
		return "the mark was not filled by a push";
	if (mark->region != r->pub.id)
		return "the mark is another region's";
	if (mark->frame == r->pub.frame)
		return NULL;
	if (r->running && r->pub.frame == r->running)
		return "a deferred function may pop its own frames only";
	if (mark->frame > r->pub.frame)
		return "the mark is stale: its frame is closed already";
	return "not the innermost open frame: one inside it is open, or it was popped before";
}

/* Go back to @top, and tell the checkers. */
static void rewind_to(struct region *r, char *top)
{
	if (r->tracked)
		track_release(top, r->pub.top - top);
	r->pub.top = top;
	window_settle(r);
}

PUBLIC int strata_region_pop_slow(strata_region *pub, strata_mark_t mark)
{
	struct region *r = region_of(pub);
	const char *wrong = wrong_mark(r, &mark);
	char *start = pub->start;

	if (wrong) {
		report("pop", pub->id, CALLER, "%s; refused", wrong);
		return -EINVAL;
	}
	/* In a child process there is nothing to release. */
	if (!is_gone(r)) {
		run_defers(r, mark.frame);
		rewind_to(r, start);
	}
	pub->start = mark.outer_start;
	pub->frame = mark.outer;
	return 0;
}

PUBLIC int strata_region_defer(strata_region *pub, void (*fn)(void *), void *arg)
{
	struct region *r = region_of(pub);
	struct defer *d;

	if (!fn) {
		report("defer", pub->id, CALLER, "no function given; refused");
		return -EINVAL;
	}
	if (r->running && pub->frame == r->running) {
		report("defer", pub->id, CALLER,
		       "a deferred function may defer in its own frames only; refused");
		return -EBUSY;
	}
	d = strata_region_alloc(pub, sizeof(*d));
	if (!d)
		return -errno;
	*d = (struct defer){
		.next = r->defers,
		.frame = pub->frame,
		.fn = fn,
		.arg = arg,
	};
	r->defers = d;
	pub->deferred = d->frame;
	return 0;
}

/**
 * frame_close_all() - run everything deferred, close every frame, release all
 * @r: the region
 * @call: what for
 * @site: by whom
 *
 * Return: false where this may not be done, which is reported.
 */
bool frame_close_all(struct region *r, const char *call, const void *site)
{
	if (r->running) {
		report(call, r->pub.id, site,
		       "a deferred function of the region is running; refused");
		return false;
	}
	if (is_gone(r))
		return true;
	run_defers(r, 0);
	r->pub.frame = 0;
	r->pub.start = r->base;
	rewind_to(r, r->base);
	return true;
}

PUBLIC void strata_region_reset(strata_region *pub)
{
	frame_close_all(region_of(pub), "reset", CALLER);
}
