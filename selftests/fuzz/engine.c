// SPDX-License-Identifier: GPL-2.0-only
/*
 * The loop of a fuzzer. Prints KTAP: the programs that it was given are one
 * case, those that it made up another, and what they left behind a third.
 *
 * Coverage comes from KCOV where the kernel has it, which instruments strata
 * alone (see Kbuild), and from what the target signals everywhere.
 *
 * For the host it prints diagnostics: "# corpus <hex>" for a program that is
 * worth keeping, "# finding <hex>" for one that shows an error, as short as it
 * could be made. After a panic strata_fuzz.ko says in the kernel's log which
 * program it was; to that end each is written to the file that -l names first.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine.h"

/* From the kernel's uapi/linux/kcov.h. */
#define KCOV_INIT_TRACE	_IOR('c', 1, unsigned long)
#define KCOV_ENABLE	_IO('c', 100)
#define KCOV_DISABLE	_IO('c', 101)
#define KCOV_TRACE_PC	0
#define KCOV_WORDS	(64 << 10)

#define CORPUS_MAX	4096
#define SIGNALS		(1 << 18)
#define SIGNALS_EACH	4096
/* A program that takes longer than this hangs. Emulation is slow, sanitizers too. */
#define HANG_SECONDS	120
/* Programs between two audits. */
#define AUDIT_EVERY	256
/* Programs that work see more than that by then. */
#define SIGNALS_LEAST	16

struct program {
	size_t len;
	uint8_t bytes[FUZZ_MAX];
};

/* What the processes of a program tell the engine. */
struct report {
	unsigned int nr_signals;
	uint32_t signals[SIGNALS_EACH];
	unsigned int found;
	char finding[256];
};

static const struct fuzz_target *target;
static struct report *report;
static struct program *corpus[CORPUS_MAX];
static unsigned int nr_corpus;
static uint8_t seen[SIGNALS / 8];
static unsigned int nr_seen;
static uint64_t random_state;
static unsigned long *kcov;
static int kcov_fd = -1;
static int last_fd = -1;
static unsigned int case_nr;
static bool failed;

unsigned int fuzz_serial;

/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators", 2016. */
static uint32_t random32(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (random_state * 0x2545F4914F6CDD1DULL) >> 32;
}

static uint32_t below(uint32_t n)
{
	return random32() % n;
}

void fuzz_signal(uint32_t what)
{
	unsigned int at = __atomic_fetch_add(&report->nr_signals, 1, __ATOMIC_RELAXED);

	if (at < SIGNALS_EACH)
		report->signals[at] = what;
}

void fuzz_finding(const char *format, ...)
{
	va_list args;

	if (__atomic_exchange_n(&report->found, 1, __ATOMIC_RELAXED))
		return;
	va_start(args, format);
	vsnprintf(report->finding, sizeof(report->finding), format, args);
	va_end(args);
}

static void kcov_open(void)
{
	size_t bytes = KCOV_WORDS * sizeof(*kcov);

	kcov_fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);
	if (kcov_fd < 0)
		return;
	if (!ioctl(kcov_fd, KCOV_INIT_TRACE, KCOV_WORDS))
		kcov = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, kcov_fd, 0);
	if (!kcov || kcov == MAP_FAILED) {
		kcov = NULL;
		close(kcov_fd);
		kcov_fd = -1;
	}
}

static void kcov_start(void)
{
	if (!kcov)
		return;
	__atomic_store_n(&kcov[0], 0, __ATOMIC_RELAXED);
	ioctl(kcov_fd, KCOV_ENABLE, KCOV_TRACE_PC);
}

static void kcov_stop(void)
{
	if (kcov)
		ioctl(kcov_fd, KCOV_DISABLE, 0);
}

static uint32_t mix(uint64_t x)
{
	x *= 0x9E3779B97F4A7C15ULL;
	return x >> 32;
}

static bool note(uint32_t hash)
{
	uint32_t bit = hash % SIGNALS;

	if (seen[bit / 8] & 1 << bit % 8)
		return false;
	seen[bit / 8] |= 1 << bit % 8;
	nr_seen++;
	return true;
}

/* How much of what the program saw is new? */
static unsigned int note_all(void)
{
	unsigned long i, n = report->nr_signals;
	unsigned long before = 0;
	unsigned int new = 0;

	for (i = 0; i < n && i < SIGNALS_EACH; i++)
		new += note(mix(report->signals[i]));
	n = kcov ? kcov[0] : 0;
	for (i = 0; i < n && i < KCOV_WORDS - 1; i++) {
		/* An edge, not a place: two of them in another order are new. */
		new += note(mix(kcov[i + 1] ^ before << 1));
		before = kcov[i + 1];
	}
	return new;
}

static void print_hex(const char *word, const struct program *p)
{
	size_t i;

	printf("# %s %s ", word, target->name);
	for (i = 0; i < p->len; i++)
		printf("%02x", p->bytes[i]);
	putchar('\n');
	fflush(stdout);
}

/* The processes that the program made, too: they are ours once orphaned. */
static void reap_all(pid_t pid)
{
	kill(-pid, SIGKILL);
	while (waitpid(-1, NULL, __WALL) > 0 || errno == EINTR)
		;
}

/* Wait for one process, and for no longer than a hang. */
static void wait_for(pid_t pid)
{
	struct pollfd fd = { .fd = syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
	int status = 0;

	if (fd.fd >= 0 && poll(&fd, 1, HANG_SECONDS * 1000) == 0) {
		fuzz_finding("hangs: not finished after %d s", HANG_SECONDS);
		kill(pid, SIGKILL);
	}
	if (fd.fd >= 0)
		close(fd.fd);
	waitpid(pid, &status, __WALL);
	/* A signal is an answer that a program may get; the engine's own bugs, too. */
	fuzz_signal(0xdead0000 | (status & 0x7f));
	reap_all(pid);
}

static void run_isolated(const struct program *p)
{
	pid_t pid = fork();

	if (pid < 0) {
		fuzz_finding("cannot fork: %s", strerror(errno));
		return;
	}
	if (!pid) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		kcov_start();
		target->run(p->bytes, p->len);
		_exit(0);
	}
	setpgid(pid, pid);
	wait_for(pid);
}

/* Run one program. True: nothing is wrong. */
static bool run(const struct program *p)
{
	report->nr_signals = 0;
	report->found = 0;
	fuzz_serial++;
	if (last_fd >= 0 && write(last_fd, p->bytes, p->len) != (ssize_t)p->len)
		fuzz_finding("cannot note the program: %s", strerror(errno));
	if (target->isolated) {
		run_isolated(p);
	} else {
		kcov_start();
		target->run(p->bytes, p->len);
		kcov_stop();
	}
	return !report->found;
}

static bool audit(void)
{
	report->found = 0;
	return !target->audit || target->audit();
}

static bool shows_finding(const struct program *p)
{
	return !run(p) || !audit();
}

/* Take out whatever is not needed to show the finding: halves first, then units. */
static void minimise(struct program *p)
{
	size_t chunk, at;

	for (chunk = p->len / 2 / FUZZ_UNIT * FUZZ_UNIT; chunk >= FUZZ_UNIT;
	     chunk = chunk / 2 / FUZZ_UNIT * FUZZ_UNIT) {
		for (at = 0; at + chunk <= p->len;) {
			struct program less = *p;

			memmove(less.bytes + at, less.bytes + at + chunk, p->len - at - chunk);
			less.len -= chunk;
			if (less.len && shows_finding(&less))
				*p = less;
			else
				at += chunk;
		}
	}
}

static void say_finding(const struct program *p, const char *finding)
{
	struct program small = *p;

	printf("# %s\n", finding);
	print_hex("finding-whole", p);
	if (shows_finding(&small)) {
		minimise(&small);
		shows_finding(&small);
		printf("# the shortest program that shows it: %s\n", report->finding);
	} else {
		printf("# it does not show it a second time\n");
	}
	print_hex("finding", &small);
}

static void result(bool ok, const char *what)
{
	printf("%sok %u %s\n", ok ? "" : "not ", ++case_nr, what);
	fflush(stdout);
	failed |= !ok;
}

static void keep(const struct program *p)
{
	struct program *copy;

	if (nr_corpus == CORPUS_MAX)
		return;
	copy = malloc(sizeof(*copy));
	if (!copy)
		return;
	*copy = *p;
	corpus[nr_corpus++] = copy;
}

static bool read_program(const char *path, struct program *p)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, p->bytes, FUZZ_MAX);
	close(fd);
	p->len = n > 0 ? n : 0;
	return n >= 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char * const *)a, *(char * const *)b);
}

/* Replay what is there, in the order of its names; all of it is the start of the corpus. */
static bool replay(char **paths, unsigned int n)
{
	bool ok = true;
	unsigned int i;

	qsort(paths, n, sizeof(*paths), by_name);
	for (i = 0; i < n; i++) {
		struct program p;

		if (!read_program(paths[i], &p)) {
			printf("# %s: %s\n", paths[i], strerror(errno));
			ok = false;
			continue;
		}
		if (!run(&p) || !audit()) {
			ok = false;
			printf("# %s:\n", paths[i]);
			say_finding(&p, report->finding);
		}
		note_all();
		keep(&p);
	}
	printf("# %u programs replayed, %u signals\n", n, nr_seen);
	return ok;
}

static char **list(const char *directory, unsigned int *n)
{
	struct dirent *entry;
	char **paths = NULL;
	DIR *dir = opendir(directory);

	*n = 0;
	while (dir && (entry = readdir(dir))) {
		char **more = realloc(paths, (*n + 1) * sizeof(*paths));

		if (!more)
			break;
		paths = more;
		if (entry->d_name[0] == '.' ||
		    asprintf(&paths[*n], "%s/%s", directory, entry->d_name) < 0)
			continue;
		++*n;
	}
	if (dir)
		closedir(dir);
	return paths;
}

/* Values that boundaries are made of. */
static const uint8_t edges[] = { 0, 1, 2, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 254, 255 };

static void mutate_once(struct program *p)
{
	size_t at = p->len ? below(p->len) : 0, unit = at / FUZZ_UNIT * FUZZ_UNIT;
	const struct program *other;
	size_t from, n, i;

	switch (below(8)) {
	case 0:
		p->bytes[at] ^= 1 << below(8);
		break;
	case 1:
		p->bytes[at] = edges[below(sizeof(edges))];
		break;
	case 2:
		p->bytes[at] = random32();
		break;
	case 3:	/* a unit less */
		if (p->len > FUZZ_UNIT) {
			memmove(p->bytes + unit, p->bytes + unit + FUZZ_UNIT,
				p->len > unit + FUZZ_UNIT ? p->len - unit - FUZZ_UNIT : 0);
			p->len -= FUZZ_UNIT;
		}
		break;
	case 4:	/* a unit twice */
	case 5:	/* a new unit */
		if (p->len + FUZZ_UNIT > FUZZ_MAX)
			break;
		memmove(p->bytes + unit + FUZZ_UNIT, p->bytes + unit, p->len - unit);
		p->len += FUZZ_UNIT;
		if (below(2))
			for (i = 0; i < FUZZ_UNIT; i++)
				p->bytes[unit + i] = random32();
		break;
	default: /* a piece of another program */
		if (!nr_corpus)
			break;
		other = corpus[below(nr_corpus)];
		if (!other->len)
			break;
		from = below(other->len) / FUZZ_UNIT * FUZZ_UNIT;
		n = other->len - from;
		if (n > FUZZ_MAX - unit)
			n = FUZZ_MAX - unit;
		n = (1 + below(n / FUZZ_UNIT ?: 1)) * FUZZ_UNIT < n ?
		    (1 + below(n / FUZZ_UNIT ?: 1)) * FUZZ_UNIT : n;
		if (n > FUZZ_MAX - unit)
			n = FUZZ_MAX - unit;
		if (from + n > other->len)
			n = other->len - from;
		memcpy(p->bytes + unit, other->bytes + from, n);
		if (p->len < unit + n)
			p->len = unit + n;
		break;
	}
}

static void make_up(struct program *p)
{
	unsigned int i, n;

	if (nr_corpus && below(16)) {
		*p = *corpus[below(nr_corpus)];
		for (n = 1 + below(8); n; n--)
			mutate_once(p);
		return;
	}
	p->len = (1 + below(FUZZ_MAX / FUZZ_UNIT / 2)) * FUZZ_UNIT;
	for (i = 0; i < p->len; i++)
		p->bytes[i] = random32();
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* Make up programs for some time, or a number of them. */
static bool fuzz(double seconds, unsigned long count)
{
	double start = now(), said = start;
	unsigned long done;
	bool ok = true;

	for (done = 0; ok && (count ? done < count : now() - start < seconds); done++) {
		struct program p;

		make_up(&p);
		ok = run(&p);
		if (ok && note_all()) {
			keep(&p);
			print_hex("corpus", &p);
		}
		if (ok && done % AUDIT_EVERY == AUDIT_EVERY - 1) {
			ok = audit();
			/* Else all would pass where nothing works. */
			if (nr_seen < SIGNALS_LEAST) {
				fuzz_finding("%lu programs reached next to nothing", done + 1);
				ok = false;
			}
		}
		if (!ok)
			say_finding(&p, report->finding);
		if (now() - said > 30) {
			said = now();
			printf("# %lu programs, %u kept, %u signals, %.0f s\n",
			       done + 1, nr_corpus, nr_seen, said - start);
			fflush(stdout);
		}
	}
	printf("# programs %lu\n", done);
	printf("# %lu programs made up in %.0f s, %u in the corpus, %u signals%s\n", done,
	       now() - start, nr_corpus, nr_seen, kcov ? " with KCOV" : "");
	return ok;
}

static int usage(const char *name)
{
	fprintf(stderr,
		"usage: %s [-t seconds] [-n programs] [-s seed] [-l file] [-c directory]... [file]...\n"
		"  -t, -n  make up programs for so long, or so many (default: none)\n"
		"  -s      seed of the random numbers; printed, the default is the time\n"
		"  -l      write each program there before it is run\n"
		"  -c      replay the programs in that directory first\n", name);
	return 2;
}

int fuzz_main(const struct fuzz_target *of, int argc, char **argv)
{
	char **paths = NULL, **more;
	unsigned int n = 0, nr_more;
	uint64_t seed = time(NULL);
	unsigned long count = 0;
	double seconds = 0;
	int opt;

	target = of;
	while ((opt = getopt(argc, argv, "t:n:s:l:c:")) != -1) {
		switch (opt) {
		case 't':
			seconds = atof(optarg);
			break;
		case 'n':
			count = strtoul(optarg, NULL, 0);
			break;
		case 's':
			seed = strtoull(optarg, NULL, 0);
			break;
		case 'l':
			last_fd = open(optarg, O_WRONLY | O_CLOEXEC);
			if (last_fd < 0) {
				perror(optarg);
				return 2;
			}
			break;
		case 'c':
			more = list(optarg, &nr_more);
			paths = realloc(paths, (n + nr_more + argc) * sizeof(*paths));
			if (!paths)
				return 2;
			if (nr_more)
				memcpy(paths + n, more, nr_more * sizeof(*paths));
			n += nr_more;
			free(more);
			break;
		default:
			return usage(argv[0]);
		}
	}
	paths = realloc(paths, (n + argc + 1) * sizeof(*paths));
	if (!paths)
		return 2;
	for (; optind < argc; optind++)
		paths[n++] = argv[optind];

	report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (report == MAP_FAILED)
		return 2;
	printf("TAP version 13\n1..%d\n# seed %llu\n", 2 + (count || seconds),
	       (unsigned long long)seed);
	/* A state of 0 stays 0. */
	random_state = seed * 2 + 1;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (!target->prepare()) {
		printf("Bail out! %s: %s\n", target->name, strerror(errno));
		return 1;
	}
	kcov_open();

	result(replay(paths, n), "the corpus");
	if (count || seconds)
		result(fuzz(seconds, count), "programs that were made up");
	result(audit(), "nothing is left");
	if (report->found)
		printf("# %s\n", report->finding);
	return failed;
}
