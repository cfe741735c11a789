// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs on the kernel API, which strata_fuzz.ko executes: it holds the model,
 * this side makes them up. See module/fuzz.h for what a program is.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"

#define RUN		"/sys/kernel/debug/strata_fuzz/run"
#define FINDING		"/sys/kernel/debug/strata_fuzz/finding"
#define SETTLE		"/sys/kernel/debug/strata_fuzz/settle"
#define EXPECTED	"/sys/kernel/debug/strata_fuzz/misuses"
#define METRICS		"/sys/kernel/debug/strata/metrics"
#define CHECK		"/sys/kernel/debug/strata/check"

static int run_fd;
static unsigned long long objects_before, misuses_before;

/* The value of a metric, or the first number of a file. */
static unsigned long long value_of(const char *path, const char *name)
{
	FILE *f = fopen(path, "r");
	unsigned long long value = 0;
	char word[64];

	if (!f)
		return 0;
	if (!name) {
		if (fscanf(f, "%llu", &value) != 1)
			value = 0;
	} else {
		while (fscanf(f, "%63s %llu", word, &value) == 2 && strcmp(word, name))
			;
	}
	fclose(f);
	return value;
}

static unsigned long long objects(void)
{
	return value_of(METRICS, "/gc/heap/objects:objects");
}

static unsigned long long misuses(void)
{
	return value_of(METRICS, "/strata/misuse:events") - value_of(EXPECTED, NULL);
}

static bool prepare(void)
{
	run_fd = open(RUN, O_WRONLY | O_CLOEXEC);
	objects_before = objects();
	misuses_before = misuses();
	return run_fd >= 0;
}

/* What strata_fuzz.ko makes of the first byte of a unit; the heap comes twice. */
static unsigned int operation_of(uint8_t what)
{
	unsigned int part = what % 4;

	return part % 3 ? part << 4 | what / 4 % 16 : what / 4 % 10;
}

static unsigned int context_of(uint8_t how)
{
	return how & 0x80 ? (how & 0x7f) % 5 : 0;
}

static void run(const uint8_t *program, size_t len)
{
	char said[200];
	size_t at;
	ssize_t n;
	int fd;

	/* Which operations follow each other, and where the second one runs. */
	for (at = FUZZ_UNIT; at + FUZZ_UNIT <= len; at += FUZZ_UNIT)
		fuzz_signal(operation_of(program[at - FUZZ_UNIT]) << 16 |
			    operation_of(program[at]) << 8 | context_of(program[at + 3]));
	if (write(run_fd, program, len) == (ssize_t)len)
		return;
	if (errno != EBADMSG) {
		fuzz_finding("strata_fuzz refuses a program: %s", strerror(errno));
		return;
	}
	fd = open(FINDING, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, said, sizeof(said) - 1);
	if (fd >= 0)
		close(fd);
	said[n > 0 ? n : 0] = '\0';
	fuzz_finding("%s", said);
}

/* Objects freed after a grace period take a moment. */
static bool audit(void)
{
	unsigned long long live = 0;
	char said[64] = "";
	int tries, fd;

	fd = open(SETTLE, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, said, sizeof(said))) {
		fuzz_finding("strata_fuzz does not settle: %s", strerror(errno));
		return false;
	}
	close(fd);
	for (tries = 0; tries < 200; tries++) {
		live = objects();
		if (live <= objects_before)
			break;
		usleep(50000);
	}
	if (live > objects_before) {
		fuzz_finding("left: %llu objects", live - objects_before);
		return false;
	}
	if (misuses() != misuses_before) {
		fuzz_finding("%lld reports of misuse more than expected",
			     (long long)(misuses() - misuses_before));
		misuses_before = misuses();
		return false;
	}
	fd = open(CHECK, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, said, sizeof(said) - 1) < 3 || memcmp(said, "ok\n", 3)) {
		fuzz_finding("the walker says: %s", said);
		if (fd >= 0)
			close(fd);
		return false;
	}
	close(fd);
	return true;
}

static const struct fuzz_target api = {
	.name = "api", .prepare = prepare, .run = run, .audit = audit,
};

int main(int argc, char **argv)
{
	return fuzz_main(&api, argc, argv);
}
