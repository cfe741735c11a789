// SPDX-License-Identifier: GPL-2.0-only
/*
 * The recording: taken in piece by piece, and believed only once it is checked
 * from end to end. selftests/demo/README has the format.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/export.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include <linux/strata.h>

#include "replay.h"

#define MAX_EVENTS	(8U << 20)	/* 64 MiB of them */

struct header {
	char magic[8];
	__le32 nr_events;
	__le32 nr_slots;
};

static struct header header;
static size_t filled;			/* bytes taken in, header included */
static struct replay_trace trace;	/* turns is NULL until it is checked */

/**
 * replay_trace_drop() - forget the recording
 */
void replay_trace_drop(void)
{
	vfree(trace.events);
	vfree(trace.turns);
	memset(&trace, 0, sizeof(trace));
	filled = 0;
}

static int check_header(void)
{
	u32 nr_events = le32_to_cpu(header.nr_events);
	u32 nr_slots = le32_to_cpu(header.nr_slots);

	if (memcmp(header.magic, "STRTRACE", sizeof(header.magic))) {
		pr_err("not a trace: it does not begin with STRTRACE\n");
		return -EINVAL;
	}
	if (!nr_events || nr_events > MAX_EVENTS || !nr_slots || nr_slots > nr_events) {
		pr_err("a trace of %u events and %u slots: at most %u events, and no more slots than events\n",
		       nr_events, nr_slots, MAX_EVENTS);
		return -EINVAL;
	}
	trace.events = vmalloc_array(nr_events, sizeof(*trace.events));
	if (!trace.events)
		return -ENOMEM;
	trace.nr_events = nr_events;
	trace.nr_slots = nr_slots;
	return 0;
}

/**
 * replay_trace_feed() - take in the next bytes of a recording
 * @from: user memory
 * @n: bytes there
 * @at: where in the recording they belong; 0 starts a new one
 *
 * Return: the bytes taken, at least 1 of @n, or an error.
 */
int replay_trace_feed(const char __user *from, size_t n, loff_t at)
{
	size_t end;
	void *to;
	int ret;

	if (!at)
		replay_trace_drop();
	if (at != filled) {
		pr_err("a trace is written from front to back\n");
		return -ESPIPE;
	}
	if (filled < sizeof(header)) {
		to = (void *)&header + filled;
		end = sizeof(header);
	} else {
		to = (void *)trace.events + (filled - sizeof(header));
		end = sizeof(header) + trace.nr_events * sizeof(*trace.events);
	}
	if (filled == end) {
		pr_err("a trace of %u events has no byte %zu\n", trace.nr_events, end);
		return -EFBIG;
	}
	n = min3(n, end - filled, (size_t)SZ_1M);
	if (copy_from_user(to, from, n))
		return -EFAULT;
	vfree(trace.turns);
	trace.turns = NULL;
	filled += n;
	if (filled == sizeof(header)) {
		ret = check_header();
		if (ret) {
			replay_trace_drop();
			return ret;
		}
	}
	return n;
}

/*
 * Every free frees what is there, every allocation finds its slot empty, and
 * no size is beyond what strata serves. Finds the turns and the peak on the way.
 */
static int check_events(u32 *turns, u32 *nr_turns, u32 *sizes)
{
	u64 live = 0, most = 0;
	u32 i;

	for (i = 0; i < trace.nr_events; i++) {
		const struct replay_event *e = &trace.events[i];
		u32 slot = le32_to_cpu(e->slot);

		if (slot >= trace.nr_slots) {
			pr_err("event %u: slot %u of %u\n", i, slot, trace.nr_slots);
			return -EINVAL;
		}
		turns[i] = nr_turns[slot]++;
		if (replay_event_frees(e) != (turns[i] & 1)) {
			pr_err("event %u: slot %u is %s\n", i, slot,
			       turns[i] & 1 ? "taken" : "empty");
			return -EINVAL;
		}
		trace.nr_cpus = max(trace.nr_cpus, replay_event_cpu(e) + 1);
		if (replay_event_frees(e)) {
			live -= sizes[slot];
			continue;
		}
		sizes[slot] = replay_event_size(e);
		if (sizes[slot] > STRATA_MAX_SIZE) {
			pr_err("event %u: an object of %u bytes\n", i, sizes[slot]);
			return -EINVAL;
		}
		live += sizes[slot];
		if (live > most) {
			most = live;
			trace.peak = i + 1;
		}
	}
	return 0;
}

/**
 * replay_trace_get() - the recording, checked
 *
 * Return: ERR_PTR(-ENODATA) when there is none or only part of one,
 * ERR_PTR(-EINVAL) when it makes no sense: the log says where.
 */
const struct replay_trace *replay_trace_get(void)
{
	u32 *turns, *nr_turns, *sizes;
	int ret = -ENOMEM;

	if (trace.turns)
		return &trace;
	if (!trace.events || filled != sizeof(header) + trace.nr_events * sizeof(*trace.events)) {
		pr_err("no complete trace: %zu bytes have been written\n", filled);
		return ERR_PTR(-ENODATA);
	}
	turns = vmalloc_array(trace.nr_events, sizeof(*turns));
	nr_turns = vcalloc(trace.nr_slots, sizeof(*nr_turns));
	sizes = vcalloc(trace.nr_slots, sizeof(*sizes));
	if (turns && nr_turns && sizes)
		ret = check_events(turns, nr_turns, sizes);
	vfree(sizes);
	vfree(nr_turns);
	if (ret) {
		vfree(turns);
		return ERR_PTR(ret);
	}
	trace.turns = turns;
	return &trace;
}
EXPORT_SYMBOL_GPL(replay_trace_get);
