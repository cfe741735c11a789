// SPDX-License-Identifier: GPL-2.0-only
/*
 * The threads that replay a recording through strata, one on each CPU, and the
 * objects that live meanwhile. Each object is filled when it is allocated and
 * verified when it is freed.
 *
 * Order: the events of one slot happen as recorded, whichever threads replay
 * them. Each event knows its turn and waits for it. A thread takes its events
 * as recorded too, so the oldest event not yet done waits for nobody, and
 * there is no deadlock.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/hash.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include <linux/strata.h>

#include "replay.h"

#define WINDOW		4096	/* how many events one thread may be ahead */
#define REQUEST_EVENTS	64	/* a thread serves a request every so many events */
#define FREE_BATCH	32
#define SPINS		256	/* looks at a slot before it sleeps */

/* The turn counts the events done: odd while there is an object. */
struct slot {
	void *obj;
	u32 size;
	u32 turn;
	unsigned int worker;	/* who allocated it */
};

struct worker {
	struct task_struct *task;
	struct completion done;
	struct replay_server server;
	struct replay_tally tally;
	unsigned int nr;
	unsigned int load;	/* events since the last request */
	u32 at;			/* the event it is at, U32_MAX when it has no more */
	int error;
};

static struct slot *slots;			/* NULL when no replay is under way */
static const struct replay_trace *trace;	/* what is replayed */
static u32 position, until;			/* the events of a run */
static bool stop;				/* a thread failed, or the user gave up */
static bool broken;				/* a run did not get to its end */
static struct worker workers[REPLAY_MAX_WORKERS];
static unsigned int nr_workers;
static struct replay_tally total;

/**
 * replay_under_way() - is there a replay that replay_free_rest() has not ended?
 *
 * Return: true if there is.
 */
bool replay_under_way(void)
{
	return slots;
}

/**
 * replay_nr_workers() - threads of the last run
 *
 * Return: how many.
 */
unsigned int replay_nr_workers(void)
{
	return nr_workers;
}

/**
 * replay_tally() - what has been done since the trace was begun
 *
 * Return: the sums; they go on changing while threads run.
 */
const struct replay_tally *replay_tally(void)
{
	return &total;
}

/*
 * The contents follow from where the object is and which of its slot's objects
 * it is: memory that is handed out twice, or moved, does not verify.
 */
static u64 pattern_start(const void *obj, u32 turn)
{
	return hash_long((unsigned long)obj, BITS_PER_LONG) ^ turn * GOLDEN_RATIO_64;
}

static void fill(void *obj, u32 size, u32 turn)
{
	u64 *at = obj, word = pattern_start(obj, turn);

	for (; size >= sizeof(word); size -= sizeof(word), word += GOLDEN_RATIO_64)
		*at++ = word;
	memcpy(at, &word, size);
}

static bool intact(const void *obj, u32 size, u32 turn)
{
	u64 word = pattern_start(obj, turn);
	const u64 *at = obj;

	for (; size >= sizeof(word); size -= sizeof(word), word += GOLDEN_RATIO_64)
		if (*at++ != word)
			return false;
	return !memcmp(at, &word, size);
}

/* Verifies the object and takes it out of the slot; the caller frees it. */
static void *take_out(struct slot *s, struct replay_tally *tally)
{
	void *obj = s->obj;

	if (intact(obj, s->size, s->turn - 1))
		tally->verified++;
	else if (!tally->damaged++)
		pr_err("an object of %u bytes at %p does not hold what was put there\n",
		       s->size, obj);
	tally->freed++;
	tally->bytes_freed += s->size;
	s->obj = NULL;
	return obj;
}

static int put_in(struct slot *s, u32 size, struct worker *w)
{
	s->obj = strata_alloc(size, GFP_KERNEL);
	if (!s->obj)
		return -ENOMEM;
	s->size = size;
	s->worker = w->nr;
	fill(s->obj, size, s->turn);
	w->tally.allocated++;
	w->tally.bytes_allocated += size;
	return 0;
}

static u32 slowest(void)
{
	u32 at = U32_MAX;
	unsigned int i;

	for (i = 0; i < nr_workers; i++)
		at = min(at, READ_ONCE(workers[i].at));
	return at;
}

/*
 * Waits for the earlier events of the slot. Keeps the threads together, too, so
 * that as much is live at once as there was in the recording.
 */
static bool wait_for_turn(const struct slot *s, u32 turn, u32 nr)
{
	unsigned int tries;

	/* Pairs with the release in replay_one(). */
	for (tries = 1; smp_load_acquire(&s->turn) != turn ||
	     nr - min(nr, slowest()) > WINDOW; tries++) {
		if (READ_ONCE(stop))
			return false;
		cpu_relax();
		/* A CPU of a guest may not be running: do not keep the other from it. */
		if (!(tries % SPINS))
			usleep_range(50, 100);
	}
	return true;
}

static int replay_one(struct worker *w, u32 nr)
{
	const struct replay_event *e = &trace->events[nr];
	struct slot *s = &slots[le32_to_cpu(e->slot)];
	int ret;

	WRITE_ONCE(w->at, nr);
	if (!wait_for_turn(s, trace->turns[nr], nr))
		return -EINTR;
	if (replay_event_frees(e)) {
		w->tally.handed_over += s->worker != w->nr;
		strata_free(take_out(s, &w->tally));
	} else {
		ret = put_in(s, replay_event_size(e), w);
		if (ret)
			return ret;
	}
	/* Pairs with the acquire in wait_for_turn(): the next one sees the object. */
	smp_store_release(&s->turn, s->turn + 1);
	w->tally.events++;

	if (++w->load < REQUEST_EVENTS)
		return 0;
	w->load = 0;
	return replay_serve(&w->server, e, nr);
}

static int worker_main(void *arg)
{
	struct worker *w = arg;
	int ret = 0;
	u32 nr;

	for (nr = position; nr < until && !ret; nr++) {
		if (replay_event_cpu(&trace->events[nr]) % nr_workers == w->nr)
			ret = READ_ONCE(stop) ? -EINTR : replay_one(w, nr);
		cond_resched();
	}
	w->error = ret;
	if (ret)
		WRITE_ONCE(stop, true);
	WRITE_ONCE(w->at, U32_MAX);
	/* Ends outside this module, which may be unloaded from then on. */
	kthread_complete_and_exit(&w->done, 0);
}

static int worker_start(struct worker *w, unsigned int nr, int cpu)
{
	int ret;

	memset(w, 0, sizeof(*w));
	init_completion(&w->done);
	w->nr = nr;
	w->at = position;
	ret = replay_server_open(&w->server, &w->tally);
	if (ret)
		return ret;
	w->task = kthread_create(worker_main, w, "strata_replay/%d", cpu);
	if (IS_ERR(w->task)) {
		replay_server_close(&w->server);
		return PTR_ERR(w->task);
	}
	kthread_bind(w->task, cpu);
	return 0;
}

static void add_tally(const struct replay_tally *part)
{
	const u64 *from = (const u64 *)part;
	u64 *to = (u64 *)&total;
	size_t i;

	for (i = 0; i < sizeof(total) / sizeof(*to); i++)
		to[i] += from[i];
}

/* The first error that is not only somebody else's. */
static int worker_finish(struct worker *w, int ret)
{
	if (wait_for_completion_killable(&w->done)) {
		WRITE_ONCE(stop, true);
		wait_for_completion(&w->done);
	}
	replay_server_close(&w->server);
	add_tally(&w->tally);
	return !ret || ret == -EINTR ? w->error ?: ret : ret;
}

static int run_workers(void)
{
	unsigned int i, wanted = min(num_online_cpus(), trace->nr_cpus);
	int cpu = -1, ret = 0;

	for (nr_workers = 0; nr_workers < wanted; nr_workers++) {
		cpu = cpumask_next(cpu, cpu_online_mask);
		if (cpu >= nr_cpu_ids)
			break;
		ret = worker_start(&workers[nr_workers], nr_workers, cpu);
		if (ret)
			break;
	}
	stop = ret;
	for (i = 0; i < nr_workers; i++)
		wake_up_process(workers[i].task);
	for (i = 0; i < nr_workers; i++)
		ret = worker_finish(&workers[i], ret);
	return ret;
}

/**
 * replay_run() - replay from where the last run ended
 * @t: checked, and the same until replay_free_rest()
 * @to: the event to stop before
 *
 * Context: task, may sleep; a fatal signal ends it early.
 * Return: 0; -EINVAL when that is in the past or a run has failed; -EIO when
 * an object was damaged; or what a thread met.
 */
int replay_run(const struct replay_trace *t, u32 to)
{
	int ret;

	if (broken || to < position) {
		pr_err("this replay is past that or has failed: end it with \"free\"\n");
		return -EINVAL;
	}
	if (!slots) {
		slots = vcalloc(t->nr_slots, sizeof(*slots));
		if (!slots)
			return -ENOMEM;
		trace = t;
		memset(&total, 0, sizeof(total));
	}
	until = to;
	ret = run_workers();
	if (ret) {
		broken = true;
		return ret;
	}
	position = to;
	return total.damaged ? -EIO : 0;
}

/**
 * replay_free_rest() - verify and free what is live, and go back to the start
 *
 * Context: task, may sleep.
 * Return: 0, or -EIO when an object was damaged.
 */
int replay_free_rest(void)
{
	void *batch[FREE_BATCH];
	size_t n = 0;
	u32 i;

	for (i = 0; slots && i < trace->nr_slots; i++) {
		if (slots[i].obj)
			batch[n++] = take_out(&slots[i], &total);
		if (n == ARRAY_SIZE(batch) || (n && i + 1 == trace->nr_slots)) {
			strata_free_bulk(n, batch);
			n = 0;
			cond_resched();
		}
	}
	vfree(slots);
	slots = NULL;
	position = 0;
	broken = false;
	return total.damaged ? -EIO : 0;
}
