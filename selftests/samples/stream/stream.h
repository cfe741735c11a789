/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What goes from the kernel to the process, shared with the reader
 * (selftests/producer.c), and what the two halves of the module share.
 */
#ifndef STRATA_STREAM_H
#define STRATA_STREAM_H

#include <linux/types.h>

enum stream_kind {
	STREAM_FORK = 1,	/* a task made another one */
	STREAM_EXEC = 2,	/* a task runs a program */
	STREAM_NUMBER = 3,	/* written to "numbers" */
};

struct stream_event {
	__u64 time;		/* ns, CLOCK_MONOTONIC */
	__u32 kind;
	__u32 cpu;
	__u64 value;		/* the new task's PID, or a number */
	char comm[16];
};

/* The records that "blobs" makes have sizes and alignments of all kinds, by number. */
static inline __u32 stream_blob_size(__u32 i)
{
	return i * 37 % 3000;
}

static inline __u32 stream_blob_align(__u32 i)
{
	return 1U << i % 13;
}

#ifdef __KERNEL__
struct dentry;

void stream_emit(enum stream_kind kind, u64 value, const char *comm);
int stream_probes_init(void);
void stream_probes_exit(void);
void stream_hold_init(struct dentry *directory);
void stream_hold_exit(void);
#endif

#endif /* STRATA_STREAM_H */
