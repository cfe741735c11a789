// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records that the kernel writes and a process reads where they lie, with a
 * sample module that streams events. "producer --print" is its reader: it prints
 * what the kernel does until it is interrupted, and what it missed.
 */
#include "kselftest_harness.h"
#include "arena_util.h"
#include "module_util.h"
#include "samples/stream/stream.h"
#include <poll.h>
#include <pthread.h>

#define STREAM		"/sys/kernel/debug/strata_stream/"
/* With the guard two pages at least. */
#define REGION		(PAGE > 32 * 1024 ? 2 * PAGE : (size_t)64 * 1024)
#define RING		(REGION - PAGE)
#define ROUND16(n)	(((n) + 15UL) & -16UL)
#define RECORD		(sizeof(struct strata_record) + ROUND16(sizeof(struct stream_event)))
#define MAX_CPUS	64

/* The reader's side of a producer region. */
struct reader {
	const char *ring;
	size_t size;
	struct strata_ctl *ctl;
	__u64 at;		/* position */
	__u64 seq;		/* of the next record, if none is lost */
	__u64 lost;
};

/*
 * The next event, where it lies, until the next call; NULL if there is none yet.
 */
static const struct stream_event *reader_next(struct reader *r)
{
	const struct strata_record *record;
	__u32 state;

	for (;;) {
		/* Done with all before this. */
		__atomic_store_n(&r->ctl->top, r->at, __ATOMIC_RELEASE);
		if (r->at == __atomic_load_n(&r->ctl->kernel[0], __ATOMIC_ACQUIRE))
			return NULL;
		record = (const void *)(r->ring + r->at % r->size);
		state = __atomic_load_n(&record->state, __ATOMIC_ACQUIRE);
		if (state == STRATA_RECORD_BUSY)
			return NULL;
		r->at += sizeof(*record) + ROUND16(record->size);
		if (state == STRATA_RECORD_SKIP)
			continue;
		r->lost += record->seq - r->seq;
		r->seq = record->seq + 1;
		return (const void *)(record + 1);
	}
}

/* An arena for the kernel to write to: regions to read, control pages to write. */
static bool open_producer(struct arena *a, struct reader *r)
{
	a->how = create_args(2 * REGION, REGION);
	a->how.flags = STRATA_CREATE_PRODUCER;
	a->fd = arena_create(&a->how);
	if (a->fd < 0)
		return false;
	a->data_len = 2 * REGION;
	a->ctl_len = PAGE;
	a->data = mmap(NULL, a->data_len, PROT_READ, MAP_SHARED, a->fd, 0);
	a->ctl = mmap(NULL, a->ctl_len, PROT_READ | PROT_WRITE, MAP_SHARED, a->fd,
		      a->how.out_ctl_off);
	*r = (struct reader) { .ring = a->data, .size = RING, .ctl = a->ctl };
	return a->data != MAP_FAILED && a->ctl != MAP_FAILED;
}

static const char *const kinds[] = {
	[STREAM_FORK] = "fork", [STREAM_EXEC] = "exec", [STREAM_NUMBER] = "number",
};

static bool interrupted;

static void interrupt(int sig)
{
	(void)sig;
	interrupted = true;
}

/* What "producer --print" does. */
static int print_events(void)
{
	const struct stream_event *event;
	unsigned long nr = 0;
	struct pollfd poller;
	struct reader r;
	struct arena a;

	if (!open_producer(&a, &r))
		return perror("no producer arena"), 1;
	if (module_tell(STREAM "attach", "%d", a.fd))
		return fprintf(stderr, "load strata_stream.ko first\n"), 1;
	sigaction(SIGINT, &(struct sigaction) { .sa_handler = interrupt }, NULL);
	sigaction(SIGTERM, &(struct sigaction) { .sa_handler = interrupt }, NULL);
	poller = (struct pollfd) { .fd = a.fd, .events = POLLIN };
	while (!interrupted) {
		while ((event = reader_next(&r))) {
			nr++;
			printf("%llu.%09llu cpu %u %-6s %llu %.16s\n",
			       event->time / 1000000000, event->time % 1000000000,
			       event->cpu, event->kind <= STREAM_NUMBER ?
			       kinds[event->kind] : "?", event->value, event->comm);
		}
		fflush(stdout);
		poll(&poller, 1, 1000);
	}
	module_tell(STREAM "detach", "0");
	printf("%lu events, %llu lost\n", nr, r.lost);
	return 0;
}

FIXTURE(producer)
{
	struct arena a;
	struct reader r;
};

FIXTURE_SETUP(producer)
{
	module_unload("strata_stream");
	ASSERT_EQ(module_load("strata_stream"), 0);
	ASSERT_TRUE(open_producer(&self->a, &self->r));
}

FIXTURE_TEARDOWN(producer)
{
	arena_close(&self->a);
	EXPECT_EQ(module_unload("strata_stream"), 0);
	EXPECT_TRUE(arena_all_gone());
}

static long report(const char *name)
{
	FILE *f = fopen(STREAM "report", "r");
	char word[32];
	long value, found = -1;

	while (f && fscanf(f, "%31s %ld", word, &value) == 2)
		if (!strcmp(word, name))
			found = value;
	if (f)
		fclose(f);
	return found;
}

/* Who writes there is the kernel. */
TEST_F(producer, read_only)
{
	EXPECT_EQ(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, self->a.fd, 0),
		  MAP_FAILED);
	EXPECT_EQ(errno, EPERM);
	EXPECT_EQ(mmap(NULL, 3 * REGION, PROT_WRITE, MAP_SHARED, self->a.fd, 0), MAP_FAILED);
	EXPECT_EQ(mprotect(self->a.data, PAGE, PROT_READ | PROT_WRITE), -1);
	EXPECT_EQ(errno, EACCES);
	EXPECT_EQ(try_access(self->a.data, true), SIGSEGV);
	/* Nothing there yet, and reading does not change that. */
	EXPECT_EQ(try_access(self->a.data, false), SIGBUS);
	EXPECT_EQ(arena_stat(self->a.fd, 0).committed, 0);
}

TEST_F(producer, not_of_others)
{
	struct arena b;

	ASSERT_TRUE(arena_open(&b, MIB, 0));
	EXPECT_EQ(module_tell(STREAM "attach", "%d", b.fd), -EINVAL);
	EXPECT_EQ(module_tell(STREAM "attach", "999"), -EBADF);
	EXPECT_EQ(module_tell(STREAM "detach", "0"), -ENOENT);
	arena_close(&b);
}

/* More than fit at once, read as they come: in order, and none lost. */
TEST_F(producer, in_order)
{
	const struct stream_event *event;
	__u64 next[MAX_CPUS] = {}, wrong = 0, nr = 0, time = 0;
	/* Half of what fits: tasks that are made meanwhile are events, too. */
	int round, per_cpu = RING / RECORD / 2 / sysconf(_SC_NPROCESSORS_ONLN);

	ASSERT_EQ(module_tell(STREAM "attach", "%d", self->a.fd), 0);
	EXPECT_EQ(arena_stat(self->a.fd, 0).pinned, RING);
	for (round = 0; round < 20; round++) {
		ASSERT_EQ(module_tell(STREAM "numbers", "%d", per_cpu), 0);
		while ((event = reader_next(&self->r))) {
			if (event->kind != STREAM_NUMBER)
				continue;
			wrong += event->cpu >= MAX_CPUS || event->value != next[event->cpu]++;
			wrong += event->time < time && event->time + 1000000000 < time;
			time = event->time;
			nr++;
		}
		for (int i = 0; i < MAX_CPUS; i++) {
			wrong += next[i] && next[i] != (__u64)per_cpu;
			next[i] = 0;
		}
	}
	EXPECT_EQ(wrong, 0);
	EXPECT_GE(nr, 20 * per_cpu);
	EXPECT_EQ(self->r.lost, 0);
	EXPECT_EQ(report("lost"), 0);
	EXPECT_EQ(self->a.ctl->kernel[1], 0);
	/* It went around more than once. */
	EXPECT_GT(self->r.at, RING);
	EXPECT_EQ(module_tell(STREAM "detach", "0"), 0);
}

/* Whoever does not read loses the newest, and learns how many. */
TEST_F(producer, losses_counted)
{
	long seen = 0, before;
	int round;

	ASSERT_EQ(module_tell(STREAM "attach", "%d", self->a.fd), 0);
	for (round = 0; round < 3; round++) {
		ASSERT_EQ(module_tell(STREAM "numbers", "%ld", 2 * RING / RECORD), 0);
		before = seen;
		while (reader_next(&self->r))
			seen++;
		EXPECT_GT(seen, before);
		EXPECT_LE(seen - before, (long)(RING / RECORD));
	}
	/* The last losses show with the next event that finds room. */
	ASSERT_EQ(module_tell(STREAM "numbers", "1"), 0);
	while (reader_next(&self->r))
		seen++;
	EXPECT_GT(self->r.lost, 0);
	EXPECT_EQ((long)self->r.lost, report("lost"));
	EXPECT_EQ(self->r.lost, self->a.ctl->kernel[1]);
	EXPECT_EQ(seen + (long)self->r.lost, report("events"));
	EXPECT_EQ(module_tell(STREAM "detach", "0"), 0);
}

/* Of any size, at any alignment, around the ring's end and into what is left there. */
TEST_F(producer, any_size)
{
	struct reader r = { .ring = self->a.data + REGION, .size = RING,
			    .ctl = self->a.ctl + 1 };
	const struct strata_record *record;
	__u32 n = 0, wrong = 0, at;
	const char *blob;

	ASSERT_EQ(module_tell(STREAM "attach", "%d", self->a.fd), 0);
	while (n < 2000) {
		/* So many fit, whatever they have before them. */
		ASSERT_EQ(module_tell(STREAM "blobs", "5"), 0);
		while ((blob = (const char *)reader_next(&r))) {
			__u32 size = stream_blob_size(n), align = stream_blob_align(n);

			record = (const void *)(blob - sizeof(*record));
			wrong += record->size != ROUND16(size);
			wrong += (blob - r.ring) % align != 0;
			for (at = 0; at < size; at++)
				wrong += blob[at] != (char)n;
			n++;
		}
		ASSERT_EQ(n % 5, 0);
	}
	EXPECT_EQ(n, 2000);
	EXPECT_EQ(wrong, 0);
	EXPECT_EQ(r.lost, 0);
	EXPECT_GT(r.at, 20 * RING);
	/* Not read, they end: with what was there intact. */
	EXPECT_EQ(module_tell(STREAM "blobs", "100"), -ENOSPC);
	EXPECT_EQ(self->a.ctl[1].kernel[1], 1);
	while ((blob = (const char *)reader_next(&r))) {
		for (at = 0; at < stream_blob_size(n); at++)
			wrong += blob[at] != (char)n;
		n++;
	}
	EXPECT_GT(n, 2000);
	EXPECT_EQ(wrong, 0);
	EXPECT_EQ(module_tell(STREAM "detach", "0"), 0);
}

/* A position that lies costs the liar records, and the kernel nothing. */
TEST_F(producer, hostile_reader)
{
	const __u64 lies[] = { ~0ULL, 1, 1ULL << 63, RING, 7, 1ULL << 40 };
	size_t i;

	ASSERT_EQ(module_tell(STREAM "attach", "%d", self->a.fd), 0);
	for (i = 0; i < ARRAY_SIZE(lies); i++) {
		self->a.ctl->top = lies[i];
		self->a.ctl->kernel[0] = lies[i];
		ASSERT_EQ(module_tell(STREAM "numbers", "%ld", RING / RECORD), 0);
		EXPECT_LE(arena_stat(self->a.fd, 0).limit, RING);
	}
	EXPECT_EQ(arena_range(self->a.fd, STRATA_IOC_TRIM, 0, 2 * REGION), -EBUSY);
	EXPECT_EQ(module_tell(STREAM "detach", "0"), 0);
}

static void *numbers_later(void *unused)
{
	usleep(100000);
	module_tell(STREAM "numbers", "1");
	return unused;
}

TEST_F(producer, poll)
{
	struct pollfd p = { .fd = self->a.fd, .events = POLLIN };
	pthread_t thread;

	EXPECT_EQ(poll(&p, 1, 0), 0);
	ASSERT_EQ(module_tell(STREAM "attach", "%d", self->a.fd), 0);
	while (reader_next(&self->r))
		;
	ASSERT_EQ(pthread_create(&thread, NULL, numbers_later, NULL), 0);
	EXPECT_EQ(poll(&p, 1, 60000), 1);
	EXPECT_EQ(p.revents, POLLIN);
	pthread_join(thread, NULL);
	while (reader_next(&self->r))
		;
	ASSERT_EQ(module_tell(STREAM "detach", "0"), 0);
	while (reader_next(&self->r))
		;
	EXPECT_EQ(poll(&p, 1, 0), 0);
}

/* The kernel goes on writing to an arena that its process has let go. */
TEST_F(producer, outlives)
{
	ASSERT_EQ(module_tell(STREAM "attach", "%d", self->a.fd), 0);
	arena_close(&self->a);
	EXPECT_EQ(module_tell(STREAM "numbers", "1000"), 0);
	EXPECT_EQ(arena_total("arenas"), 1);
	EXPECT_EQ(module_tell(STREAM "detach", "0"), 0);
	EXPECT_TRUE(arena_all_gone());
	ASSERT_TRUE(open_producer(&self->a, &self->r));
}

/* What the kernel does by itself, where it has tracepoints. */
TEST_F(producer, forks)
{
	const struct stream_event *event;
	bool found = false;
	pid_t pid;

	ASSERT_EQ(module_tell(STREAM "attach", "%d", self->a.fd), 0);
	pid = fork();
	if (!pid)
		_exit(0);
	reap(pid);
	while ((event = reader_next(&self->r)))
		found |= event->kind == STREAM_FORK && event->value == (__u64)pid;
	EXPECT_EQ(module_tell(STREAM "detach", "0"), 0);
	if (!found && !report("events"))
		SKIP(return, "no tracepoints in this kernel");
	EXPECT_TRUE(found);
}

/* The reader that people use, from start to Ctrl-C. */
TEST_F(producer, prints)
{
	long printed = 0, events = -1, lost = -1, sent = 0;
	char line[256];
	int fds[2], i;
	pid_t pid;
	FILE *out;

	ASSERT_EQ(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		dup2(fds[1], STDOUT_FILENO);
		execl("/proc/self/exe", "producer", "--print", NULL);
		_exit(100);
	}
	close(fds[1]);
	/* To nobody, until the reader has attached its arena. */
	for (i = 0; i < 100 && !sent; i++) {
		EXPECT_EQ(module_tell(STREAM "numbers", "50"), 0);
		sent = report("events") >= 50 ? 50 : 0;
		usleep(100000);
	}
	EXPECT_EQ(sent, 50);
	kill(pid, SIGINT);
	out = fdopen(fds[0], "r");
	while (fgets(line, sizeof(line), out)) {
		if (sscanf(line, "%ld events, %ld lost", &events, &lost) != 2)
			printed += !!strstr(line, " number ");
	}
	fclose(out);
	EXPECT_EQ(reap(pid), 0);
	EXPECT_GE(printed, sent);
	EXPECT_GE(events, printed);
	EXPECT_EQ(lost, 0);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--print"))
		return print_events();
	return test_harness_run(argc, argv);
}
