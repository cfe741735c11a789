// SPDX-License-Identifier: MIT
/*
 * Each thread's own region: made at first use, gone when the thread ends. They
 * share arenas that nobody else sees, and that stay until the process ends.
 */
#include <errno.h>

#include "arena.h"

static __thread struct strata_region *own __attribute__((tls_model("initial-exec")));

/* Set at thread exit only to be called then: its value is of no interest. */
static pthread_key_t ending;
static int no_key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* That which new threads get their regions from. */
static strata_arena *shared;
static pthread_mutex_t shared_lock = PTHREAD_MUTEX_INITIALIZER;

/* What the region has deferred may still ask for it. */
static void thread_ends(void *unused)
{
	(void)unused;
	strata_region_destroy(own);
	own = NULL;
}

static void before_fork(void)
{
	pthread_mutex_lock(&shared_lock);
}

static void after_fork(void)
{
	pthread_mutex_unlock(&shared_lock);
}

/* The parent's regions are not here. */
static void after_fork_in_child(void)
{
	shared = NULL;
	own = NULL;
	pthread_setspecific(ending, NULL);
	pthread_mutex_unlock(&shared_lock);
}

static void prepare(void)
{
	arena_watch_forks();
	no_key = pthread_key_create(&ending, thread_ends);
	pthread_atfork(before_fork, after_fork, after_fork_in_child);
}

/* A region of the shared arena; of a new one if that is full. */
static strata_region *create(void)
{
	strata_region *r = NULL;
	int err = 0;

	pthread_mutex_lock(&shared_lock);
	if (shared)
		r = strata_region_create(shared);
	if (!r && (!shared || errno == ENOSPC)) {
		err = strata_arena_create(NULL, &shared);
		if (!err) {
			shared->hidden = true;
			r = strata_region_create(shared);
		}
	}
	pthread_mutex_unlock(&shared_lock);
	if (err)
		errno = -err;
	return r;
}

PUBLIC struct strata_region *strata_region_thread(void)
{
	strata_region *r = own;

	if (r)
		return r;
	pthread_once(&once, prepare);
	if (no_key) {
		errno = no_key;
		return NULL;
	}
	r = create();
	if (r && pthread_setspecific(ending, r)) {
		strata_region_destroy(r);
		errno = ENOMEM;
		return NULL;
	}
	own = r;
	return r;
}
