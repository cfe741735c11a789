// SPDX-License-Identifier: GPL-2.0-only
/* Regions of a function, of a scope, of an object; reset and destroyed. */
#include <linux/module.h>
#include <linux/string.h>
#include <linux/strata.h>

struct session {
	struct strata_region *region;
	struct session *next;
	char *user;
};

static struct session *sessions;
static char *last_user;

int region_of_function(const char *name)
{
	struct strata_region *r = strata_region_create(0, GFP_KERNEL);
	char *copy;
	int len = -ENOMEM;

	if (IS_ERR(r))
		return PTR_ERR(r);
	copy = strata_region_strdup(r, name);	// OK
	if (copy)
		len = strlen(copy);
	strata_region_destroy(r);
	return len;
}

int region_of_scope(const char *name)
{
	struct strata_region *r __free(strata_region) = strata_region_create(0, GFP_KERNEL);
	char *copy;

	if (IS_ERR(r))
		return PTR_ERR(r);
	copy = strata_region_strdup(r, name);	// OK
	return copy ? strlen(copy) : -ENOMEM;
}

char *region_of_scope_returned(const char *name)
{
	struct strata_region *r __free(strata_region) = strata_region_create(0, GFP_KERNEL);

	if (IS_ERR(r))
		return NULL;
	return strata_region_strdup(r, name);	// WARN "escapes its frame: returned"
}

char *region_of_scope_escaped(const char *name)
{
	struct strata_region *r __free(strata_region) = strata_region_create(0, GFP_KERNEL);
	char *copy;

	if (IS_ERR(r))
		return NULL;
	copy = strata_region_strdup(r, name);	// OK
	return copy ? strata_region_escape(r, copy, strlen(copy) + 1, GFP_KERNEL) : NULL;
}

int region_destroyed_then_read(const char *name)
{
	struct strata_region *r = strata_region_create(0, GFP_KERNEL);
	char *copy;

	if (IS_ERR(r))
		return PTR_ERR(r);
	copy = strata_region_strdup(r, name);
	strata_region_destroy(r);
	return copy ? copy[0] : 0;	// WARN "use of copy after"
}

void *region_destroyed_then_used(struct strata_region *r)
{
	strata_region_destroy(r);
	return strata_region_zalloc(r, 16);	// WARN "use of region r after destroy"
}

int region_destroyed_on_one_path(struct strata_region *r, bool stop)
{
	int *n;

	if (stop)
		strata_region_destroy(r);
	n = strata_region_zalloc(r, sizeof(*n));	// WARN "use of region r after destroy"
	return n ? *n : 0;
}

int region_destroyed_and_returned(struct strata_region *r, bool stop)
{
	int *n;

	if (stop) {
		strata_region_destroy(r);
		return 0;
	}
	n = strata_region_zalloc(r, sizeof(*n));	// OK
	return n ? *n : 0;
}

int region_reset_then_read(struct strata_region *r, const char *name)
{
	char *copy = strata_region_strdup(r, name);

	strata_region_reset(r);
	return copy ? copy[0] : 0;	// WARN "use of copy after"
}

int region_reset_then_again(struct strata_region *r, const char *name)
{
	char *copy = strata_region_strdup(r, name);	// OK
	int c = copy ? copy[0] : 0;

	strata_region_reset(r);
	copy = strata_region_strdup(r, name);	// OK
	return copy ? c + copy[1] : c;
}

struct session *region_session_new(const char *user)
{
	struct strata_region *r = strata_region_create(SZ_64K, GFP_KERNEL);
	struct session *s;

	if (IS_ERR(r))
		return NULL;
	s = strata_region_zalloc(r, sizeof(*s));	// OK
	if (!s) {
		strata_region_destroy(r);
		return NULL;
	}
	s->region = r;
	s->user = strata_region_strdup(r, user);	// OK
	return s;
}

void region_session_add(const char *user)
{
	struct session *s = region_session_new(user);

	if (!s)
		return;
	s->next = sessions;
	sessions = s;
}

void region_session_end(struct session *s)
{
	struct strata_region *r = s->region;

	s->user = NULL;
	strata_region_destroy(r);
}

/* Ends with the session, but a global still has its name. */
void region_session_end_named(struct session *s)
{
	char *user = strata_region_printf(s->region, "last: %s", s->user);

	last_user = user;	// WARN "user escapes its frame: stored in global last_user"
	strata_region_destroy(s->region);
}

char *region_session_rename(struct session *s, int n)
{
	s->user = strata_region_printf(s->region, "user %d", n);	// OK
	return s->user;
}

char *region_session_rename_framed(struct session *s, int n)
{
	STRATA_FRAME(s->region);
	char *user = strata_region_printf(s->region, "user %d", n);

	return user;	// WARN "user escapes its frame: returned"
}

bool region_is_inside(struct strata_region *r, const void *p)
{
	STRATA_FRAME(r);
	int *probe = strata_region_zalloc(r, sizeof(*probe));	// OK

	return strata_region_contains(r, p) && strata_region_contains(r, probe);
}

int region_two(const char *name)
{
	struct strata_region *a __free(strata_region) = strata_region_create(0, GFP_KERNEL);
	struct strata_region *b __free(strata_region) = strata_region_create(0, GFP_KERNEL);
	struct session *s;

	if (IS_ERR(a) || IS_ERR(b))
		return -ENOMEM;
	s = strata_region_zalloc(b, sizeof(*s));	// OK
	if (!s)
		return -ENOMEM;
	/* b goes first, so that nothing of it points to what is gone. */
	s->user = strata_region_strdup(a, name);	// OK
	return s->user ? s->user[0] : 0;
}
