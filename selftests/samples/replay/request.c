// SPDX-License-Identifier: GPL-2.0-only
/*
 * A small server, to show the calls that a replayed trace has no use for: a
 * request is parsed in a frame of the thread's region, answered from the heap,
 * and noted in a journal under a spinlock. It may not know of the trace but
 * the one event that it is asked about.
 */
#include <linux/kernel.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include <linux/strata.h>

#include "replay.h"

#define REGION_LIMIT	SZ_64K
#define NR_BUFFERS	8
#define BUFFER_SIZE	256
#define RESERVE_RECORDS	4
#define JOURNAL_RECORDS	16	/* written out when so many have gathered */

struct record {
	struct record *next;
	u32 event;
	u32 size;
	char what[16];
};

static struct strata_cache *records;
static DEFINE_SPINLOCK(journal_lock);	/* the two below */
static struct record *journal;
static unsigned int journal_length;

/* Takes the journal off, if it has @least records or more. */
static struct record *journal_take(unsigned int least)
{
	struct record *all = NULL;

	if (journal_length >= least) {
		all = journal;
		journal = NULL;
		journal_length = 0;
	}
	return all;
}

/* A real server would write them out first. */
static void journal_free(struct record *rec)
{
	void *batch[JOURNAL_RECORDS];
	size_t n = 0;

	while (rec) {
		batch[n++] = rec;
		rec = rec->next;
		if (n == ARRAY_SIZE(batch) || !rec) {
			strata_cache_free_bulk(records, n, batch);
			n = 0;
		}
	}
}

/*
 * Nothing may sleep under the lock, and a request that is answered must be in
 * the journal: so the record comes from a reserve, which is filled up outside.
 */
static int journal_note(struct replay_server *server, const struct record *request)
{
	struct record *rec, *full;

	spin_lock(&journal_lock);
	rec = strata_reserve_alloc(server->reserve);
	if (rec) {
		*rec = *request;
		rec->next = journal;
		journal = rec;
		journal_length++;
	}
	full = journal_take(JOURNAL_RECORDS);
	spin_unlock(&journal_lock);

	journal_free(full);
	if (!rec)
		return -ENODATA;
	server->tally->records++;
	return strata_reserve_refill(server->reserve, GFP_KERNEL);
}

/*
 * What is inlined when a region's memory is taken, on its own: tools/golden
 * looks at this function of the built module.
 */
noinline void *replay_region_take(struct strata_region *r, size_t size)
{
	return strata_region_alloc(r, size);
}

/* Splits "free event=5 size=64" into strings of the region, and reads them. */
static int parse(struct replay_server *server, const char *line, struct record *request)
{
	char *rest = strata_region_strdup(server->region, line);
	char *word;

	if (!rest)
		return -ENOMEM;
	while ((word = strsep(&rest, " "))) {
		size_t size = strlen(word) + 1;
		char *key = replay_region_take(server->region, size);
		char *value;

		if (!key)
			return -ENOMEM;
		memcpy(key, word, size);
		server->tally->strings++;
		value = strchr(key, '=');
		if (!value) {
			strscpy(request->what, key, sizeof(request->what));
			continue;
		}
		*value++ = '\0';
		if (kstrtou32(value, 10, strcmp(key, "size") ? &request->event : &request->size))
			return -EINVAL;
	}
	return 0;
}

/*
 * All that the request needs for a while lives in a frame, and is gone when
 * the frame is popped. The reply outlives it: it moves to the heap.
 */
static char *answer(struct replay_server *server, const struct replay_event *e, u32 nr,
		    struct record *request)
{
	struct strata_region *r = server->region;
	const char *what = replay_event_frees(e) ? "free" : "alloc";
	strata_mark_t mark = strata_region_push(r);
	char *line, *reply = NULL;
	int ret = -ENOMEM;

	*request = (struct record){};
	line = strata_region_printf(r, "%s event=%u size=%u", what, nr, replay_event_size(e));
	if (line)
		ret = parse(server, line, request);
	if (!ret && (request->event != nr || request->size != replay_event_size(e) ||
		     strcmp(request->what, what)))
		ret = -EIO;
	if (!ret)
		line = strata_region_printf(r, "%s of %u bytes done", request->what, request->size);
	if (!ret && line)
		reply = strata_region_escape(r, line, strlen(line) + 1, GFP_KERNEL);
	if (strata_region_pop(r, mark))
		ret = -EIO;
	if (reply) {
		server->tally->escaped++;
		if (!ret)
			return reply;
		strata_free(reply);
	}
	return ERR_PTR(ret ?: -ENOMEM);
}

/* Copies the reply into buffers taken all at once, as for a scattered send. */
static int send(const char *reply)
{
	size_t length = strlen(reply) + 1;
	void *buffers[NR_BUFFERS];
	int ret = 0;
	size_t i;

	if (length > BUFFER_SIZE)
		return -EMSGSIZE;
	if (!strata_alloc_bulk(BUFFER_SIZE, GFP_KERNEL, NR_BUFFERS, buffers))
		return -ENOMEM;
	for (i = 0; i < NR_BUFFERS; i++)
		memcpy(buffers[i], reply, length);
	for (i = 0; i < NR_BUFFERS; i++)
		if (memcmp(buffers[i], reply, length))
			ret = -EIO;
	strata_free_bulk(NR_BUFFERS, buffers);
	return ret;
}

/**
 * replay_serve() - serve one request
 * @server: of this thread
 * @e: the event that the request is about
 * @nr: its number
 *
 * Context: task, may sleep.
 * Return: 0, -ENOMEM, or -EIO when memory did not hold what was put there.
 */
int replay_serve(struct replay_server *server, const struct replay_event *e, u32 nr)
{
	struct record *request = strata_cache_alloc(records, GFP_KERNEL);
	char *reply;
	int ret;

	if (!request)
		return -ENOMEM;
	reply = answer(server, e, nr, request);
	ret = PTR_ERR_OR_ZERO(reply);
	if (!ret) {
		ret = send(reply);
		strata_free(reply);
	}
	if (!ret)
		ret = journal_note(server, request);
	strata_cache_free(records, request);
	server->tally->requests += !ret;
	return ret;
}

/**
 * replay_server_open() - what one thread needs to serve requests
 * @server: filled in
 * @tally: where the thread counts
 *
 * Return: 0 or an error, with nothing left open.
 */
int replay_server_open(struct replay_server *server, struct replay_tally *tally)
{
	server->tally = tally;
	server->region = strata_region_create(REGION_LIMIT, GFP_KERNEL);
	if (IS_ERR(server->region))
		return PTR_ERR(server->region);
	server->reserve = strata_reserve_create(records, RESERVE_RECORDS, GFP_KERNEL);
	if (IS_ERR(server->reserve)) {
		strata_region_destroy(server->region);
		return PTR_ERR(server->reserve);
	}
	return 0;
}

/**
 * replay_server_close() - the reverse of replay_server_open()
 * @server: no longer in use by its thread
 */
void replay_server_close(struct replay_server *server)
{
	strata_reserve_destroy(server->reserve);
	strata_region_destroy(server->region);
}

/**
 * replay_requests_init() - make the cache that servers share
 *
 * Return: 0 or an error.
 */
int replay_requests_init(void)
{
	static const struct strata_cache_args args = { .size = sizeof(struct record) };

	records = strata_cache_create("replay_record", &args);
	return PTR_ERR_OR_ZERO(records);
}

/**
 * replay_requests_exit() - give back the journal and the cache
 *
 * No server is open any more.
 */
void replay_requests_exit(void)
{
	journal_free(journal_take(0));
	strata_cache_destroy(records);
}
