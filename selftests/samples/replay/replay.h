/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * strata_replay.ko inside: trace.c has the recording, worker.c the threads that
 * replay it, request.c the server that each of them also is, main.c the files
 * that a user sees. None knows more of strata than include/linux/strata.h.
 */
#ifndef REPLAY_H
#define REPLAY_H

#include <linux/types.h>

#define REPLAY_MAX_WORKERS	8	/* the CPUs that a trace tells apart */

struct strata_cache;
struct strata_region;
struct strata_reserve;

/* One event as recorded. what: op | cpu << 1 | size << 4, op 1 frees. */
struct replay_event {
	__le32 what;
	__le32 slot;
};

static inline bool replay_event_frees(const struct replay_event *e)
{
	return le32_to_cpu(e->what) & 1;
}

static inline unsigned int replay_event_cpu(const struct replay_event *e)
{
	return le32_to_cpu(e->what) >> 1 & (REPLAY_MAX_WORKERS - 1);
}

static inline u32 replay_event_size(const struct replay_event *e)
{
	return le32_to_cpu(e->what) >> 4;
}

/**
 * struct replay_trace - a recording, complete and checked
 * @events: in order of time
 * @turns: for each event, how many of its slot come before: even allocates,
 *	odd frees
 * @nr_events: how many
 * @nr_slots: slots are numbered below this
 * @nr_cpus: the CPUs of the recording are numbered below this
 * @peak: so many events lead up to where most bytes are live
 */
struct replay_trace {
	struct replay_event *events;
	u32 *turns;
	u32 nr_events;
	u32 nr_slots;
	unsigned int nr_cpus;
	u32 peak;
};

/* What has been done. u64 only: tallies are added up as arrays. */
struct replay_tally {
	u64 events;		/* of the recording */
	u64 allocated, bytes_allocated;
	u64 freed, bytes_freed;
	u64 handed_over;	/* freed by another thread than allocated */
	u64 verified, damaged;
	u64 requests;
	u64 strings;		/* in frames */
	u64 escaped;		/* from a frame to the heap */
	u64 records;		/* taken from a reserve under a spinlock */
};

/* What serves the requests of one thread. */
struct replay_server {
	struct strata_region *region;
	struct strata_reserve *reserve;
	struct replay_tally *tally;
};

/* trace.c: the caller serialises */
int replay_trace_feed(const char __user *from, size_t n, loff_t at);
const struct replay_trace *replay_trace_get(void);	/* for the benchmarks, too */
void replay_trace_drop(void);

/* worker.c: the caller serialises */
int replay_run(const struct replay_trace *trace, u32 to);
int replay_free_rest(void);
bool replay_under_way(void);
unsigned int replay_nr_workers(void);
const struct replay_tally *replay_tally(void);

/* request.c: the first two serialised by the caller, one server per thread */
int replay_requests_init(void);
void replay_requests_exit(void);
int replay_server_open(struct replay_server *server, struct replay_tally *tally);
void replay_server_close(struct replay_server *server);
int replay_serve(struct replay_server *server, const struct replay_event *e, u32 nr);
void *replay_region_take(struct strata_region *r, size_t size);

#endif /* REPLAY_H */
