// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames of a region: push, pop, deferred functions, reset.
 *
 * A frame is a number. The region knows the number of the innermost open frame;
 * the mark that the caller keeps has what to go back to. Numbers only grow, so
 * a mark that was popped never fits again, and everything deferred since a push
 * has a number at least as large as that frame's.
 *
 * While deferred functions run, a frame of their own is the innermost one. It
 * has no mark: whatever they try to pop does not fit, unless they pushed it.
 */
#include <linux/strata.h>

#include "compat.h"
#include "misuse.h"
#include "region_frame.h"
#include "region_segment.h"

/* A deferred function; lies in the frame that it belongs to. */
struct strata_defer {
	struct strata_defer *next;
	u64 frame;
	void (*fn)(void *arg);
	void *arg;
};

static void report(const struct region *r, const char *call, unsigned long site,
		   const char *what)
{
	strata_misuse_report(STRATA_MISUSE_REGION, "%s of region %llu by %pS: %s; refused",
			     call, r->id, (void *)site, what);
}

/**
 * strata_region_live() - may this region be used
 * @r: the region
 * @call: what for
 * @site: by whom
 *
 * Return: false for a region that is destroyed, which is reported.
 */
bool strata_region_live(const struct region *r, const char *call, unsigned long site)
{
	if (likely(r->id))
		return true;
	strata_misuse_report(STRATA_MISUSE_REGION,
			     "%s of region at %p by %pS: it is destroyed already; refused",
			     call, r, (void *)site);
	return false;
}

strata_mark_t strata_region_push(struct strata_region *pub)
{
	struct region *r = strata_region_of(pub);
	strata_mark_t mark;

	if (!strata_region_live(r, "push", _RET_IP_))
		return (strata_mark_t){};
	mark = (strata_mark_t){
		.region = r->id,
		.frame = ++r->last_frame,
		.outer = r->frame,
		.segment = r->pub.segment,
		.top = r->pub.top,
	};
	r->frame = mark.frame;
	return mark;
}
STRATA_EXPORT(strata_region_push);

/*
 * Run what was deferred in frame @frame and in later ones, last first. The caller
 * then says which frame is the innermost.
 */
static void run_defers(struct region *r, u64 frame)
{
	struct strata_defer *d = r->defers;
	u64 running = r->running;
	void (*fn)(void *arg);

	if (!d || d->frame < frame)
		return;

	r->running = ++r->last_frame;
	for (; d && d->frame >= frame; d = r->defers) {
		fn = d->fn;
		r->frame = r->running;
		r->defers = d->next;
		fn(d->arg);
		if (r->frame != r->running)
			strata_misuse_report(STRATA_MISUSE_REGION,
					     "deferred function %ps left a frame of region %llu open; closed for it",
					     fn, r->id);
	}
	r->running = running;
}

/* Why @mark may not be popped; NULL: it may. */
static const char *wrong_mark(const struct region *r, const strata_mark_t *mark)
{
	if (!mark->region)
		return "the mark was not filled by a push";
	if (mark->region != r->id)
		return "the mark is another region's";
	if (mark->frame == r->frame)
		return NULL;
	if (r->running && r->frame == r->running)
		return "a deferred function may pop its own frames only";
	if (mark->frame > r->frame)
		return "the mark is stale: its frame is closed already";
	return "not the innermost open frame: one inside it is open, or it was popped before";
}

int strata_region_pop(struct strata_region *pub, strata_mark_t mark)
{
	struct region *r = strata_region_of(pub);
	const char *wrong;

	if (!strata_region_live(r, "pop", _RET_IP_))
		return -EINVAL;
	wrong = wrong_mark(r, &mark);
	if (unlikely(wrong)) {
		report(r, "pop", _RET_IP_, wrong);
		return -EINVAL;
	}
	run_defers(r, mark.frame);
	strata_region_rewind(r, mark.segment, mark.top);
	r->frame = mark.outer;
	return 0;
}
STRATA_EXPORT(strata_region_pop);

int strata_region_defer(struct strata_region *pub, void (*fn)(void *), void *arg)
{
	struct region *r = strata_region_of(pub);
	struct strata_defer *d;

	if (!strata_region_live(r, "defer", _RET_IP_))
		return -EINVAL;
	if (!fn) {
		report(r, "defer", _RET_IP_, "no function given");
		return -EINVAL;
	}
	if (r->running && r->frame == r->running) {
		report(r, "defer", _RET_IP_,
		       "a deferred function may defer in its own frames only");
		return -EBUSY;
	}
	d = strata_region_alloc(pub, sizeof(*d));
	if (!d)
		return -ENOMEM;
	*d = (struct strata_defer){
		.next = r->defers,
		.frame = r->frame,
		.fn = fn,
		.arg = arg,
	};
	r->defers = d;
	return 0;
}
STRATA_EXPORT(strata_region_defer);

/**
 * strata_region_close() - run everything deferred and close every frame
 * @r: the region
 * @call: what for
 * @site: by whom
 *
 * Return: false where this may not be done, which is reported.
 */
bool strata_region_close(struct region *r, const char *call, unsigned long site)
{
	if (!strata_region_live(r, call, site))
		return false;
	if (r->running) {
		report(r, call, site, "a deferred function of the region is running");
		return false;
	}
	run_defers(r, 0);
	r->frame = 0;
	return true;
}

void strata_region_reset(struct strata_region *pub)
{
	struct region *r = strata_region_of(pub);

	if (strata_region_close(r, "reset", _RET_IP_))
		strata_region_rewind_all(r);
}
STRATA_EXPORT(strata_region_reset);
