// SPDX-License-Identifier: GPL-2.0-only
/* Frames by hand and by scope: nested, out of order, used after the pop. */
#include <linux/string.h>
#include <linux/strata.h>

struct obj {
	struct obj *link;
	const char *name;
	int n;
};

int frames_pop_then_read(struct strata_region *r)
{
	strata_mark_t mark = strata_region_push(r);
	struct obj *o = strata_region_zalloc(r, sizeof(*o));

	strata_region_pop(r, mark);
	return o ? o->n : 0;	// WARN "use of o after its frame was popped"
}

int frames_read_then_pop(struct strata_region *r)
{
	strata_mark_t mark = strata_region_push(r);
	struct obj *o = strata_region_zalloc(r, sizeof(*o));	// OK
	int n = o ? o->n : 0;

	strata_region_pop(r, mark);
	return n;
}

void frames_pop_then_write(struct strata_region *r, const char *name)
{
	strata_mark_t mark = strata_region_push(r);
	char *copy = strata_region_strdup(r, name);

	strata_region_pop(r, mark);
	if (copy)
		copy[0] = 'x';	// WARN "use of copy after its frame was popped"
}

void frames_pop_then_print(struct strata_region *r, const char *name)
{
	strata_mark_t mark = strata_region_push(r);
	char *copy = strata_region_strdup(r, name);

	strata_region_pop(r, mark);
	pr_info("%s\n", copy);	// WARN "use of copy after its frame was popped"
}

static void leave(struct strata_region *r, strata_mark_t mark)
{
	if (strata_region_pop(r, mark))
		pr_err("a frame is still open\n");
}

int frames_pop_in_helper(struct strata_region *r)
{
	strata_mark_t mark = strata_region_push(r);
	struct obj *o = strata_region_zalloc(r, sizeof(*o));

	leave(r, mark);
	return o ? o->n : 0;	// WARN "use of o after its frame was popped"
}

int frames_pop_in_helper_last(struct strata_region *r)
{
	strata_mark_t mark = strata_region_push(r);
	struct obj *o = strata_region_zalloc(r, sizeof(*o));	// OK
	int n = o ? o->n : 0;

	leave(r, mark);
	return n;
}

int frames_pop_if(struct strata_region *r, bool early)
{
	strata_mark_t mark = strata_region_push(r);
	struct obj *o = strata_region_zalloc(r, sizeof(*o));
	int n = 0;

	if (early)
		strata_region_pop(r, mark);
	if (o)
		n = o->n;	// WARN "use of o after its frame was popped"
	if (!early)
		strata_region_pop(r, mark);
	return n;
}

/* The same condition guards both: on no path is it used too late. */
int frames_pop_if_not_used(struct strata_region *r, bool early)
{
	strata_mark_t mark = strata_region_push(r);
	struct obj *o = strata_region_zalloc(r, sizeof(*o));	// OK
	int n = 0;

	if (early)
		strata_region_pop(r, mark);
	if (!early) {
		n = o ? o->n : 0;
		strata_region_pop(r, mark);
	}
	return n;
}

void frames_out_of_order(struct strata_region *r)
{
	strata_mark_t outer = strata_region_push(r);
	strata_mark_t inner = strata_region_push(r);

	strata_region_pop(r, outer);	// WARN "frames popped out of order"
	strata_region_pop(r, inner);
	strata_region_reset(r);
}

void frames_popped_twice(struct strata_region *r)
{
	strata_mark_t mark = strata_region_push(r);

	strata_region_pop(r, mark);
	strata_region_pop(r, mark);	// WARN "frames popped out of order"
}

void frames_popped_on_either_path(struct strata_region *r, bool which)
{
	strata_mark_t mark = strata_region_push(r);

	if (which) {
		pr_debug("one\n");
		strata_region_pop(r, mark);
		return;
	}
	pr_debug("other\n");
	strata_region_pop(r, mark);
}

/* A mark of the one, a region of the other. */
void frames_of_another_region(struct strata_region *a, struct strata_region *b)
{
	strata_mark_t in_a = strata_region_push(a);
	strata_mark_t in_b = strata_region_push(b);

	strata_region_pop(b, in_a);	// WARN "frames popped out of order"
	strata_region_pop(b, in_b);
	strata_region_pop(a, in_a);
}

int frames_scope_in_scope(struct strata_region *r, const char *name)
{
	STRATA_FRAME(r);
	struct obj *outer = strata_region_zalloc(r, sizeof(*outer));	// OK

	if (!outer)
		return -ENOMEM;
	{
		STRATA_FRAME(r);
		struct obj *inner = strata_region_zalloc(r, sizeof(*inner));	// OK

		if (!inner)
			return -ENOMEM;
		inner->link = outer;
		inner->n = strlen(name);
		outer->n = inner->n;
	}
	return outer->n;
}

int frames_outer_to_inner(struct strata_region *r, const char *name)
{
	STRATA_FRAME(r);
	struct obj *outer = strata_region_zalloc(r, sizeof(*outer));	// OK

	if (!outer)
		return -ENOMEM;
	{
		STRATA_FRAME(r);
		struct obj *inner = strata_region_zalloc(r, sizeof(*inner));

		if (!inner)
			return -ENOMEM;
		inner->n = strlen(name);
		outer->link = inner;	// WARN "inner escapes its frame: stored in an outer frame's object"
		outer->n = inner->n;
	}
	return outer->n;
}

/* Pointed to while the inner frame is open, and no longer. */
int frames_outer_to_inner_undone(struct strata_region *r, const char *name)
{
	STRATA_FRAME(r);
	struct obj *outer = strata_region_zalloc(r, sizeof(*outer));	// OK

	if (!outer)
		return -ENOMEM;
	{
		STRATA_FRAME(r);
		struct obj *inner = strata_region_zalloc(r, sizeof(*inner));	// OK

		if (!inner)
			return -ENOMEM;
		outer->link = inner;
		inner->n = strlen(name);
		outer->n = outer->link->n;
		outer->link = NULL;
	}
	return outer->n;
}

int frames_scope_left_behind(struct strata_region *r, const char *name)
{
	struct obj *o;

	{
		STRATA_FRAME(r);
		o = strata_region_zalloc(r, sizeof(*o));
		if (o)
			o->n = strlen(name);
	}
	return o ? o->n : 0;	// WARN "use of o after its frame was popped"
}

static struct obj *outermost;

/* Two frames further in, and as global as before. */
void frames_deep(struct strata_region *r)
{
	STRATA_FRAME(r);
	{
		STRATA_FRAME(r);
		{
			STRATA_FRAME(r);
			struct obj *o = strata_region_zalloc(r, sizeof(*o));

			outermost = o;	// WARN "o escapes its frame: stored in global outermost"
		}
	}
}

struct walk {
	struct strata_region *region;
	strata_mark_t mark;
	struct obj *at;
};

/* As seq_file has it: start opens the frame, stop closes it. */
void *frames_start(struct walk *w)
{
	w->mark = strata_region_push(w->region);
	w->at = strata_region_zalloc(w->region, sizeof(*w->at));	// OK
	return w->at;
}

void frames_stop(struct walk *w)
{
	w->at = NULL;
	strata_region_pop(w->region, w->mark);
}

int frames_start_and_stop(struct walk *w)
{
	struct obj *o = frames_start(w);	// OK
	int n = o ? o->n : -ENOMEM;

	frames_stop(w);
	return n;
}

int frames_start_stop_use(struct walk *w)
{
	struct obj *o = frames_start(w);

	frames_stop(w);
	return o ? o->n : -ENOMEM;	// WARN "use of o after its frame was popped"
}
