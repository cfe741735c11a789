// SPDX-License-Identifier: GPL-2.0-only
/* Error pointers, ladders of goto, frames on the way out. */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/namei.h>
#include <linux/slab.h>
#include <linux/strata.h>

struct state {
	struct mutex lock;	/* of users */
	struct strata_region *region;
	char *name;
	int users;
};

struct state *error_pointer(struct strata_region *r, const char *name)
{
	STRATA_FRAME(r);
	struct state *s = strata_region_zalloc(r, sizeof(*s));

	if (!s)
		return ERR_PTR(-ENOMEM);
	if (!*name)
		return ERR_PTR(-EINVAL);
	return s;	// WARN "s escapes its frame: returned"
}

struct state *error_pointer_unframed(struct strata_region *r, const char *name)
{
	struct state *s = strata_region_zalloc(r, sizeof(*s));	// OK

	if (!s)
		return ERR_PTR(-ENOMEM);
	s->name = strata_region_strdup(r, name);	// OK
	return s->name ? s : ERR_PTR(-ENOMEM);
}

int error_pointer_used(struct strata_region *r, const char *name)
{
	STRATA_FRAME(r);
	struct state *s = error_pointer_unframed(r, name);	// OK

	if (IS_ERR(s))
		return PTR_ERR(s);
	return s->name[0];
}

/* An error of the frame's object, not the object. */
int error_of_frame_pointer(struct strata_region *r, const char *name)
{
	STRATA_FRAME(r);
	struct state *s = error_pointer_unframed(r, name);	// OK

	return PTR_ERR_OR_ZERO(s);
}

int error_ladder(struct strata_region *r, struct state *s, const char *name)
{
	STRATA_FRAME(r);
	struct file *f;
	char *path;
	int err = 0;

	mutex_lock(&s->lock);
	path = strata_region_printf(r, "/run/%s", name);	// OK
	if (!path) {
		err = -ENOMEM;
		goto unlock;
	}
	f = filp_open(path, O_RDONLY, 0);
	if (IS_ERR(f)) {
		err = PTR_ERR(f);
		goto unlock;
	}
	s->users++;
	filp_close(f, NULL);
unlock:
	mutex_unlock(&s->lock);
	return err;
}

int error_ladder_of_frames(struct strata_region *a, struct strata_region *b, int n)
{
	strata_mark_t in_a = strata_region_push(a);
	strata_mark_t in_b = strata_region_push(b);
	int *x, *y, err = -ENOMEM;

	x = strata_region_zalloc(a, n * sizeof(*x));	// OK
	if (!x)
		goto pop;
	y = strata_region_zalloc(b, n * sizeof(*y));	// OK
	if (!y)
		goto pop;
	memcpy(y, x, n * sizeof(*x));
	err = y[0];
pop:
	strata_region_pop(b, in_b);
	strata_region_pop(a, in_a);
	return err;
}

int error_leaves_frame(struct strata_region *r, struct state *s)
{
	strata_mark_t mark = strata_region_push(r);	// WARN "frame of r is left open on some path"
	char *copy = strata_region_strdup(r, s->name);	// OK

	if (!copy)
		return -ENOMEM;
	s->users += strlen(copy);
	strata_region_pop(r, mark);
	return 0;
}

int error_leaves_frame_after_lock(struct strata_region *r, struct state *s)
{
	strata_mark_t mark;
	int *copy;

	if (mutex_lock_interruptible(&s->lock))
		return -EINTR;
	mark = strata_region_push(r);	// WARN "frame of r is left open on some path"
	copy = strata_region_zalloc(r, sizeof(*copy));	// OK
	if (!copy || s->users < 0) {
		mutex_unlock(&s->lock);
		return -EINVAL;
	}
	*copy = s->users;
	s->users = *copy + 1;
	strata_region_pop(r, mark);
	mutex_unlock(&s->lock);
	return 0;
}

/* Returns before the push, which is no path of the frame. */
int error_before_push(struct strata_region *r, struct state *s)
{
	strata_mark_t mark;
	int *copy, n;

	if (!s->name)
		return -EINVAL;
	mark = strata_region_push(r);
	copy = strata_region_zalloc(r, sizeof(*copy));	// OK
	n = copy ? *copy : -ENOMEM;
	strata_region_pop(r, mark);
	return n;
}

int error_name_kept(struct strata_region *r, struct state *s, const char *name)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, name);
	int err = 0;

	if (!copy)
		return -ENOMEM;
	s->name = copy;	// WARN "copy escapes its frame: stored in "
	if (s->users > 3) {
		err = -EBUSY;
		goto undo;
	}
	s->users++;
	return 0;
undo:
	s->name = NULL;
	return err;
}

/* Taken back on all ways out. */
int error_name_taken_back(struct strata_region *r, struct state *s, const char *name)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, name);	// OK
	int err = 0;

	if (!copy)
		return -ENOMEM;
	s->name = copy;
	if (s->users > 3) {
		err = -EBUSY;
		goto undo;
	}
	err = s->name[0];
undo:
	s->name = NULL;
	return err;
}

int error_path(struct strata_region *r, const char *dir)
{
	STRATA_FRAME(r);
	char *name = strata_region_printf(r, "%s/file", dir);	// OK
	struct path *path = strata_region_alloc(r, sizeof(*path));	// OK
	int err;

	if (!name || !path)
		return -ENOMEM;
	err = kern_path(name, LOOKUP_FOLLOW, path);
	if (err)
		return err;
	path_put(path);
	return 0;
}
