// SPDX-License-Identifier: GPL-2.0-only
/* Threads: what they are given must outlive them, or they are waited for. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <strata.h>

struct job {
	int n;
	long result;
	char *name;
	pthread_mutex_t lock;
};

static pthread_key_t job_key;
static __thread struct job *current_job;

static void *work(void *arg)
{
	struct job *job = arg;

	job->result = job->n * 2;
	return job;
}

void thread_detached(strata_region *r, int n)
{
	STRATA_FRAME(r);
	struct job *job = strata_region_zalloc(r, sizeof(*job));
	pthread_t id;

	job->n = n;
	if (!pthread_create(&id, NULL, work, job))	// WARN "job escapes its frame: captured by callback work"
		pthread_detach(id);
}

long thread_joined(strata_region *r, int n)
{
	STRATA_FRAME(r);
	struct job *job = strata_region_zalloc(r, sizeof(*job));	// OK
	pthread_t id;

	job->n = n;
	if (pthread_create(&id, NULL, work, job))
		return -1;
	pthread_join(id, NULL);
	return job->result;
}

long thread_all_joined(strata_region *r, int n)
{
	STRATA_FRAME(r);
	struct job *jobs = strata_region_zalloc(r, n * sizeof(*jobs));	// OK
	pthread_t *ids = strata_region_zalloc(r, n * sizeof(*ids));	// OK
	int started = 0;
	long sum = 0;

	while (started < n && !pthread_create(&ids[started], NULL, work, &jobs[started]))
		started++;
	for (int i = 0; i < started; i++) {
		pthread_join(ids[i], NULL);
		sum += jobs[i].result;
	}
	return sum;
}

/* The thread's argument is the heap's; the frame has only its name for a while. */
int thread_heap_argument(strata_region *r, int n)
{
	STRATA_FRAME(r);
	char *name = strata_region_printf(r, "job %d", n);	// OK
	struct job *job = calloc(1, sizeof(*job));
	pthread_t id;

	if (!job)
		return -1;
	job->n = (int)strlen(name);
	if (pthread_create(&id, NULL, work, job)) {
		free(job);
		return -1;
	}
	return pthread_detach(id);
}

int thread_heap_with_frame_name(strata_region *r, int n)
{
	STRATA_FRAME(r);
	struct job *job = calloc(1, sizeof(*job));
	char *name = strata_region_printf(r, "job %d", n);
	pthread_t id;

	if (!job)
		return -1;
	job->name = name;	// WARN "name escapes its frame: stored in a heap object"
	if (pthread_create(&id, NULL, work, job)) {
		free(job);
		return -1;
	}
	return pthread_detach(id);
}

void thread_specific(strata_region *r, int n)
{
	STRATA_FRAME(r);
	struct job *job = strata_region_zalloc(r, sizeof(*job));

	job->n = n;
	pthread_setspecific(job_key, job);	// WARN "job escapes its frame: "
}

int thread_specific_for_a_while(strata_region *r, int n)
{
	STRATA_FRAME(r);
	struct job *job = strata_region_zalloc(r, sizeof(*job));	// OK

	current_job = job;
	current_job->n = n;
	n = current_job->n + 1;
	current_job = NULL;
	return n;
}

void thread_local_variable(strata_region *r, int n)
{
	STRATA_FRAME(r);
	struct job *job = strata_region_zalloc(r, sizeof(*job));

	job->n = n;
	current_job = job;	// WARN "job escapes its frame: stored in global current_job"
}

long thread_mutex(strata_region *r, int n)
{
	STRATA_FRAME(r);
	struct job *job = strata_region_zalloc(r, sizeof(*job));	// OK

	pthread_mutex_init(&job->lock, NULL);
	pthread_mutex_lock(&job->lock);
	job->n = n;
	pthread_mutex_unlock(&job->lock);
	pthread_mutex_destroy(&job->lock);
	return job->n;
}

/* The thread gets a region of its own, which is not in any frame. */
static void *work_in_own_region(void *arg)
{
	strata_region *r = strata_region_thread();
	STRATA_FRAME(r);
	int *copy = strata_region_zalloc(r, sizeof(*copy));	// OK

	*copy = *(int *)arg;
	return *copy ? arg : NULL;
}

int thread_own_region(int *n)
{
	pthread_t id;

	if (pthread_create(&id, NULL, work_in_own_region, n))
		return -1;
	return pthread_join(id, NULL);
}

static void *work_returns_frame(void *arg)
{
	strata_region *r = strata_region_thread();
	STRATA_FRAME(r);
	struct job *job = strata_region_zalloc(r, sizeof(*job));

	job->n = *(int *)arg;
	return job;	// WARN "job escapes its frame: returned"
}

long thread_result(int *n)
{
	void *job = NULL;
	pthread_t id;

	if (pthread_create(&id, NULL, work_returns_frame, n))
		return -1;
	pthread_join(id, &job);
	return job ? 1 : 0;
}

int thread_clock(strata_region *r)
{
	STRATA_FRAME(r);
	struct timespec *ts = strata_region_alloc(r, sizeof(*ts));	// OK
	struct tm *tm = strata_region_alloc(r, sizeof(*tm));		// OK

	clock_gettime(CLOCK_REALTIME, ts);
	localtime_r(&ts->tv_sec, tm);
	return tm->tm_year;
}
