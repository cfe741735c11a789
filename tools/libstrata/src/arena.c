// SPDX-License-Identifier: MIT
/*
 * Arenas from create to destroy: options into a shape, a shape onto a backend,
 * and what becomes of all of them in a child process.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backend.h"
#include "region.h"
#include "report.h"

#define DEFAULT_MAX	((uint64_t)256 << 30)
#define DEFAULT_REGION	((uint64_t)1 << 30)

/* So many regions, at least, has an arena of which neither size was asked for. */
#define DEFAULT_REGIONS	128

/* The least that is tried where a process may not have DEFAULT_MAX. */
#define LEAST_MAX	((uint64_t)64 << 20)

#define CREATE_FLAGS	(STRATA_CREATE_FORK_SHARE | STRATA_CREATE_HUGE |		\
			 STRATA_CREATE_LAZY | STRATA_CREATE_PRODUCER | STRATA_CREATE_DUMP)
#define CHOICE_FLAGS	(STRATA_ARENA_DEVICE | STRATA_ARENA_ANONYMOUS)

/* All arenas of this process, for fork(). */
static struct strata_arena *arenas;
static pthread_mutex_t arenas_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

static void before_fork(void)
{
	struct strata_arena *a;

	pthread_mutex_lock(&arenas_lock);
	for (a = arenas; a; a = a->next)
		pthread_mutex_lock(&a->lock);
}

static void after_fork(void)
{
	struct strata_arena *a;

	for (a = arenas; a; a = a->next)
		pthread_mutex_unlock(&a->lock);
	pthread_mutex_unlock(&arenas_lock);
}

/*
 * The kernel copied no mapping but the shared ones. What the program still holds
 * of the others is to fail and not to fault.
 */
static void after_fork_in_child(void)
{
	struct strata_arena *a;
	struct region *r;

	for (a = arenas; a; a = a->next) {
		if (a->flags & STRATA_CREATE_FORK_SHARE)
			continue;
		a->gone = true;
		/* It would keep the parent's memory for as long as the child lives. */
		if (a->hidden && a->fd >= 0) {
			close(a->fd);
			a->fd = -1;
		}
		for (r = a->regions; r; r = r->next)
			region_leave(r);
	}
	after_fork();
}

static void add_fork_handlers(void)
{
	pthread_atfork(before_fork, after_fork, after_fork_in_child);
}

/**
 * arena_watch_forks() - have arenas told of fork()
 *
 * Handlers that are added after this one run before it, and in the child after.
 */
void arena_watch_forks(void)
{
	pthread_once(&fork_once, add_fork_handlers);
}

static void add_arena(struct strata_arena *a)
{
	arena_watch_forks();
	pthread_mutex_init(&a->lock, NULL);
	pthread_mutex_lock(&arenas_lock);
	a->next = arenas;
	a->prev = &arenas;
	if (a->next)
		a->next->prev = &a->next;
	arenas = a;
	pthread_mutex_unlock(&arenas_lock);
}

static void remove_arena(struct strata_arena *a)
{
	pthread_mutex_lock(&arenas_lock);
	*a->prev = a->next;
	if (a->next)
		a->next->prev = a->prev;
	pthread_mutex_unlock(&arenas_lock);
}

/* The same is an error on both backends, so it is found here. */
static int check_shape(const struct shape *shape)
{
	if (shape->flags & ~CREATE_FLAGS)
		return -EINVAL;
	if (shape->region_bytes & (shape->region_bytes - 1) ||
	    shape->region_bytes < 2 * page_size() || shape->region_bytes > shape->max_bytes)
		return -EINVAL;
	if (shape->keep_bytes > shape->max_bytes)
		return -EINVAL;
	if (shape->max_bytes > SIZE_MAX / 4 ||
	    shape->max_bytes / shape->region_bytes >= STRATA_REGION_ALL)
		return -EOVERFLOW;
	return 0;
}

/* At most @most, which is what there is room for. */
static uint64_t default_region_bytes(uint64_t most)
{
	uint64_t bytes = DEFAULT_REGION;

	while (bytes > most)
		bytes /= 2;
	return bytes;
}

static void set_name(struct shape *shape, const char *name)
{
	snprintf(shape->name, sizeof(shape->name), "%s",
		 name ?: program_invocation_short_name);
}

/* Fields of @opts that its caller did not know of are 0. */
static int read_opts(const struct strata_arena_opts *opts, struct strata_arena_opts *known)
{
	const char *byte = (const char *)opts;
	size_t i;

	*known = (struct strata_arena_opts){ .size = sizeof(*known) };
	if (!opts)
		return 0;
	if (opts->size < offsetof(struct strata_arena_opts, max_bytes))
		return -EINVAL;
	for (i = sizeof(*known); i < opts->size; i++)
		if (byte[i])
			return -E2BIG;
	memcpy(known, opts, opts->size < sizeof(*known) ? opts->size : sizeof(*known));
	return (known->flags & CHOICE_FLAGS) == CHOICE_FLAGS ? -EINVAL : 0;
}

/* STRATA_ARENA_DEVICE, STRATA_ARENA_ANONYMOUS, or 0: the device if there is one. */
static unsigned int choose(const struct strata_arena_opts *opts)
{
	const char *wish = secure_getenv("STRATA_BACKEND");

	if (opts->flags & CHOICE_FLAGS || !wish)
		return opts->flags & CHOICE_FLAGS;
	if (!strcmp(wish, "device"))
		return STRATA_ARENA_DEVICE;
	return strcmp(wish, "anonymous") ? 0 : STRATA_ARENA_ANONYMOUS;
}

/* Not there, or not for us: anonymous memory will do as well. */
static bool no_device(int err)
{
	return err == -ENOENT || err == -ENXIO || err == -ENODEV || err == -EACCES ||
	       err == -EPERM;
}

static int create_on(struct strata_arena *a, const struct backend *backend,
		     const struct shape *shape)
{
	a->backend = backend;
	return backend->create(a, shape);
}

static int create_shape(struct strata_arena *a, const struct shape *shape, unsigned int choice)
{
	int err = -ENOENT;

	if (choice != STRATA_ARENA_ANONYMOUS)
		err = create_on(a, &device_backend, shape);
	if (choice != STRATA_ARENA_DEVICE && no_device(err))
		err = create_on(a, &anonymous_backend, shape);
	return err;
}

/* A default size is one of many that would do. */
static int create_fitting(struct strata_arena *a, const struct strata_arena_opts *opts,
			  struct shape *shape, unsigned int choice)
{
	uint64_t least = opts->region_bytes > LEAST_MAX ? opts->region_bytes : LEAST_MAX;
	int err;

	shape->max_bytes = opts->max_bytes ?: DEFAULT_MAX;
	if (shape->max_bytes < opts->region_bytes && !opts->max_bytes)
		shape->max_bytes = opts->region_bytes;
	for (;;) {
		/* Of what is less than usual, each thread still has its part. */
		shape->region_bytes = opts->region_bytes ?:
			default_region_bytes(opts->max_bytes ?: shape->max_bytes / DEFAULT_REGIONS);
		err = check_shape(shape) ?: create_shape(a, shape, choice);
		if ((err != -EOVERFLOW && err != -ENOMEM) || opts->max_bytes ||
		    shape->max_bytes / 2 < least)
			return err;
		shape->max_bytes /= 2;
	}
}

PUBLIC int strata_arena_create(const struct strata_arena_opts *opts, strata_arena **out)
{
	struct strata_arena_opts known;
	struct shape shape = {};
	struct strata_arena *a;
	int err = read_opts(opts, &known);

	if (err)
		return err;
	shape.flags = known.flags & ~CHOICE_FLAGS;
	shape.keep_bytes = known.keep_bytes;
	shape.node = known.node > 0 ? known.node - 1 : -1;
	set_name(&shape, known.name);

	a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	a->flags = shape.flags;
	a->keep_bytes = shape.keep_bytes;
	err = create_fitting(a, &known, &shape, choose(&known));
	if (err) {
		free(a);
		return err;
	}
	add_arena(a);
	*out = a;
	return 0;
}

PUBLIC int strata_arena_from_fd(int fd, unsigned int flags, strata_arena **out)
{
	struct strata_arena *a;
	int err;

	if (flags & ~STRATA_ARENA_READONLY)
		return -EINVAL;
	a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	a->backend = &device_backend;
	err = device_adopt(a, fd, flags & STRATA_ARENA_READONLY);
	if (err) {
		free(a);
		return err;
	}
	add_arena(a);
	*out = a;
	return 0;
}

PUBLIC void strata_arena_destroy(strata_arena *a)
{
	struct region *r, *next;

	if (!a)
		return;
	for (r = a->regions; r; r = next) {
		next = r->next;
		region_discard(r, "arena_destroy", CALLER);
	}
	remove_arena(a);
	/* What is at these addresses in a child process is something else by now. */
	if (!a->gone)
		munmap(a->map, a->map_bytes);
	if (a->fd >= 0)
		close(a->fd);
	pthread_mutex_destroy(&a->lock);
	free(a);
}

PUBLIC int strata_arena_fd(const strata_arena *a)
{
	return a->fd;
}

PUBLIC const char *strata_arena_backend(const strata_arena *a)
{
	return a->backend->name;
}

PUBLIC void *strata_arena_data(const strata_arena *a, size_t *bytes)
{
	if (bytes)
		*bytes = data_bytes(a);
	return a->data;
}
