/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every fuzzer here shares: byte strings are run as programs, kept when
 * they reach something new, mutated, and made smaller when they find something.
 * The engine knows nothing of what a program means.
 */
#ifndef FUZZ_ENGINE_H
#define FUZZ_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Programs are at most so long, and mutated in units of so many bytes. */
#define FUZZ_MAX	512
#define FUZZ_UNIT	8

/**
 * struct fuzz_target - what runs programs
 * @name: of the target, and of its directory of the corpus
 * @isolated: each program gets a process of its own
 * @prepare: called once; false: cannot run here, errno says why
 * @run: run one program. Reports what it sees with fuzz_signal() and what is
 *	wrong with fuzz_finding(); returns either way
 * @audit: called between programs, when nothing of them may be left; false
 *	after fuzz_finding()
 */
struct fuzz_target {
	const char *name;
	bool isolated;
	bool (*prepare)(void);
	void (*run)(const uint8_t *program, size_t len);
	bool (*audit)(void);
};

/* Something that was seen: a program that sees what none before has is kept. */
void fuzz_signal(uint32_t what);

/* Something is wrong. What is said first about a program counts. */
void fuzz_finding(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One of the programs that are run now has this number, the same in all of its processes. */
extern unsigned int fuzz_serial;

int fuzz_main(const struct fuzz_target *target, int argc, char **argv);

#endif /* FUZZ_ENGINE_H */
