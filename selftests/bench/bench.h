/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * strata_bench.ko inside. A row does the same work twice, through strata and
 * through its rival, with the same loop around both. Rows are told apart by
 * file: what is measured there is said there, and main.c lists the tables.
 *
 * To add one: write both functions, add a line to the table of the file, and a
 * line with its aims to selftests/bench/rows.
 */
#ifndef BENCH_H
#define BENCH_H

#include <linux/compiler.h>
#include <linux/ktime.h>
#include <linux/types.h>

/* What is measured, unless a row is about something else. */
#define BENCH_SIZE	64

enum bench_side { BENCH_STRATA, BENCH_RIVAL, BENCH_NR_SIDES };

/* Do the work @loops times: the nanoseconds that took, or BENCH_FAILED. */
typedef u64 bench_round_t(unsigned long loops);

/**
 * struct bench - one row
 * @name: as in selftests/bench/rows
 * @ops: what the figure is divided by, for each loop
 * @max_loops: no more loops in a round than this; 0 for as many as make a
 *	round long enough for the clock
 * @run: a round of each side
 * @set_up: before the first round, or NULL. Negative errno if that fails
 * @tear_down: after the last one, also when @set_up failed; or NULL
 * @on_all: done by each CPU at the same time, which marks what is measured itself
 */
struct bench {
	const char *name;
	unsigned int ops;
	unsigned int max_loops;
	bench_round_t *run[BENCH_NR_SIDES];
	int (*set_up)(void);
	void (*tear_down)(void);
	bool on_all;
};

#define BENCH_FAILED	U64_MAX

/*
 * A round of one side, as a function: @before declares what the loop needs, and
 * @body is done @loops times. It is a macro so that both sides are inlined
 * alike. @body says "goto failed" where an allocation fails.
 */
#define BENCH_ROUND(name, before, body)					\
static u64 name(unsigned long loops)					\
{									\
	u64 start;							\
	before;								\
									\
	start = ktime_get_ns();						\
	while (loops--) {						\
		body;							\
	}								\
	return ktime_get_ns() - start;					\
failed: __maybe_unused							\
	return BENCH_FAILED;						\
}

/* A value that the compiler knows nothing about. */
#define BENCH_VARIABLE(value)						\
({									\
	typeof(value) __value = (value);				\
									\
	OPTIMIZER_HIDE_VAR(__value);					\
	__value;							\
})

/* An allocation and its free. */
#define BENCH_PAIR(alloc, free)						\
do {									\
	void *p = alloc;						\
									\
	if (unlikely(!p))						\
		goto failed;						\
	free;								\
} while (0)

/* A table of each file, up to a row without name. */
extern const struct bench bench_pair[], bench_burst[], bench_bulk[], bench_pages[];
extern const struct bench bench_context[], bench_region[], bench_reserve[], bench_cold[];
extern const struct bench bench_zero[], bench_cross[], bench_trace[];
extern const struct bench bench_scale[];

/* A type for each side, objects of BENCH_SIZE: set_up and tear_down of a row. */
extern struct strata_cache *bench_strata_type;
extern struct kmem_cache *bench_slab_type;

int bench_make_types(void);
void bench_drop_types(void);

/* Where bursts keep what they allocated, and an order to free it in. */
#define BENCH_OBJECTS	10000

extern void *bench_object[BENCH_OBJECTS];
extern u16 bench_order[BENCH_OBJECTS];

/* A frame of as many objects of one size. */
#define BENCH_BUMPS	1000

/* A request: so many objects, each of its own size. */
#define BENCH_REQUEST	100

extern u16 bench_request[BENCH_REQUEST];

/* Work of several CPUs at once. */
#define BENCH_CREW	8U

/* The file memory, see memory.c; and an end to what it left allocated. */
extern const struct file_operations bench_memory_fops;
void bench_memory_free(void);

/* The file rounding, see rounding.c. */
struct seq_file;
int bench_rounding_show(struct seq_file *m, void *unused);

u64 bench_crew(int (*work)(unsigned int nr), unsigned int n);

#endif /* BENCH_H */
