// SPDX-License-Identifier: GPL-2.0-only
/*
 * The commands of /dev/strata as a binary interface: sizes, and what each says
 * to each field that is wrong, and to structs of another age.
 */
#include "kselftest_harness.h"
#include "arena_util.h"

#define DEVICE_COMMANDS	2
#define LOW(p)		((__u64)(uintptr_t)(p) >> 32 == 0)
/* Where there is but one kind of programs, anywhere will do. */
#ifndef MAP_32BIT
#define MAP_32BIT	0
#endif
#define NO_SUCH_COMMAND	_IO(STRATA_IOC_MAGIC, 0xff)

static const struct {
	unsigned int cmd;
	size_t first_size;
} commands[] = {
	{ STRATA_IOC_INFO, 24 },
	{ STRATA_IOC_CREATE, 96 },
	{ STRATA_IOC_POPULATE, 32 },
	{ STRATA_IOC_TRIM, 32 },
	{ STRATA_IOC_EXPORT, 16 },
	{ STRATA_IOC_SEAL, 8 },
	{ STRATA_IOC_STAT, 72 },
};

/* Whether commands are given as a 32-bit program gives them. */
static bool compat;
static char *low;

static int compat_ioctl(int fd, unsigned int cmd, void *arg)
{
#ifdef __x86_64__
	long ret;

	asm volatile("int $0x80" : "=a"(ret)
		     : "a"(54), "b"(fd), "c"(cmd), "d"(arg)
		     : "memory", "r8", "r9", "r10", "r11");
	return (int)ret;
#else
	(void)fd, (void)cmd, (void)arg;
	return -ENOTSUP;
#endif
}

/*
 * As command(). A 32-bit program has its structs where 32 bits reach, so they are
 * taken there and back: as much as they say they are, and the kernel would read.
 */
static int call(int fd, unsigned int cmd, void *arg)
{
	size_t size;
	int err;

	if (!compat)
		return command(fd, cmd, arg);
	if (LOW(arg))
		return compat_ioctl(fd, cmd, arg);
	if ((unsigned long)arg > -8192UL)
		return compat_ioctl(fd, cmd, (void *)0xfffff000UL);
	size = *(__u32 *)arg;
	size = size < 4 ? 4 : size > PAGE + 4 ? PAGE + 4 : size;
	memcpy(low, arg, size);
	err = compat_ioctl(fd, cmd, low);
	memcpy(arg, low, size);
	return err;
}

static bool have_compat(void)
{
	/* Without 32-bit support in the kernel, the attempt is a fault. */
	pid_t pid = fork();

	if (!pid)
		_exit(compat_ioctl(-1, 0, NULL) != -EBADF);
	return !reap(pid);
}

static void *map_low(size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
}

/* The next number for a descriptor: it moves if one is taken, open or not. */
static int next_fd(void)
{
	int fd = dup(STDOUT_FILENO);

	close(fd);
	return fd;
}

TEST(layout)
{
	EXPECT_EQ(sizeof(struct strata_info), STRATA_INFO_SIZE_VER0);
	EXPECT_EQ(sizeof(struct strata_create), STRATA_CREATE_SIZE_VER0);
	EXPECT_EQ(sizeof(struct strata_range), STRATA_RANGE_SIZE_VER0);
	EXPECT_EQ(sizeof(struct strata_export), STRATA_EXPORT_SIZE_VER0);
	EXPECT_EQ(sizeof(struct strata_seal), STRATA_SEAL_SIZE_VER0);
	EXPECT_EQ(sizeof(struct strata_stat), STRATA_STAT_SIZE_VER0);
	EXPECT_EQ(sizeof(struct strata_ctl), 128);
	/* What the user writes and what the kernel writes are on different lines. */
	EXPECT_EQ(offsetof(struct strata_ctl, committed), 64);
}

FIXTURE(abi)
{
	int dev;
	struct arena a;
	size_t max_bytes;
	__u64 features;
};

FIXTURE_VARIANT(abi)
{
	bool compat;
};

FIXTURE_VARIANT_ADD(abi, native) { .compat = false };
FIXTURE_VARIANT_ADD(abi, compat) { .compat = true };

FIXTURE_SETUP(abi)
{
	struct strata_info info = { .size = sizeof(info) };

	low = map_low(2 * PAGE);
	ASSERT_NE(low, MAP_FAILED);
	self->a.fd = -1;
	self->dev = open(DEVICE, O_RDWR | O_CLOEXEC);
	ASSERT_GE(self->dev, 0);
	if (variant->compat && !have_compat())
		SKIP(return, "no 32-bit system calls in this kernel");
	compat = variant->compat;
	ASSERT_EQ(call(self->dev, STRATA_IOC_INFO, &info), 0);
	self->max_bytes = info.max_bytes;
	self->features = info.features;
	ASSERT_TRUE(arena_open(&self->a, 4 * MIB, MIB));
}

FIXTURE_TEARDOWN(abi)
{
	if (self->a.fd >= 0)
		arena_close(&self->a);
	close(self->dev);
}

TEST_F(abi, info)
{
	struct strata_info info = { .size = sizeof(info) };

	EXPECT_EQ(call(self->dev, STRATA_IOC_INFO, &info), 0);
	EXPECT_EQ(info.size, sizeof(info));
	EXPECT_EQ(info.abi, STRATA_ABI_VERSION);
	EXPECT_GT(info.max_bytes, 0);
	EXPECT_EQ(info.max_bytes % PAGE, 0);
}

TEST_F(abi, unknown_commands)
{
	char buf[128] = {};
	size_t i;
	int fd;

	EXPECT_EQ(call(self->dev, NO_SUCH_COMMAND, buf), -ENOTTY);
	EXPECT_EQ(call(self->a.fd, NO_SUCH_COMMAND, buf), -ENOTTY);
	EXPECT_EQ(call(self->dev, 0, buf), -ENOTTY);
	EXPECT_EQ(call(self->a.fd, 0, buf), -ENOTTY);
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		/* On the other kind of file, and with a size in the number. */
		fd = i < DEVICE_COMMANDS ? self->a.fd : self->dev;
		EXPECT_EQ(call(fd, commands[i].cmd, buf), -ENOTTY);
		fd = i < DEVICE_COMMANDS ? self->dev : self->a.fd;
		EXPECT_EQ(call(fd, commands[i].cmd | 8 << _IOC_SIZESHIFT, buf), -ENOTTY);
	}
}

TEST_F(abi, struct_sizes)
{
	size_t i, first;
	union {
		__u32 size;
		struct strata_create create;
		char bytes[2 * 4096];
	} buf;
	int fd;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		fd = i < DEVICE_COMMANDS ? self->dev : self->a.fd;
		first = commands[i].first_size;

		memset(&buf, 0, sizeof(buf));
		EXPECT_EQ(call(fd, commands[i].cmd, &buf), -EINVAL);
		buf.size = 4;
		EXPECT_EQ(call(fd, commands[i].cmd, &buf), -EINVAL);
		buf.size = first - 1;
		EXPECT_EQ(call(fd, commands[i].cmd, &buf), -EINVAL);
		/* From the future: what this kernel does not know is asked for. */
		buf.size = first + 8;
		buf.bytes[first] = 1;
		EXPECT_EQ(call(fd, commands[i].cmd, &buf), -E2BIG);
		buf.bytes[first] = 0;
		buf.bytes[first + 7] = 1;
		EXPECT_EQ(call(fd, commands[i].cmd, &buf), -E2BIG);
		buf.bytes[first + 7] = 0;
		buf.size = PAGE + 1;
		EXPECT_EQ(call(fd, commands[i].cmd, &buf), -E2BIG);
		buf.size = ~0U;
		EXPECT_EQ(call(fd, commands[i].cmd, &buf), -E2BIG);
	}
}

TEST_F(abi, struct_from_the_future)
{
	struct {
		struct strata_info info;
		char tail[64];
	} info = { .info.size = sizeof(info) };
	struct {
		struct strata_stat stat;
		char tail[64];
	} stat = { .stat.size = sizeof(stat), .stat.region = STRATA_REGION_ALL };

	EXPECT_EQ(call(self->dev, STRATA_IOC_INFO, &info), 0);
	EXPECT_EQ(info.info.abi, STRATA_ABI_VERSION);
	EXPECT_TRUE(is_zero(info.tail, sizeof(info.tail)));
	EXPECT_EQ(call(self->a.fd, STRATA_IOC_STAT, &stat), 0);
	EXPECT_EQ(stat.stat.limit, 4 * STRATA_REGION_START);
	EXPECT_TRUE(is_zero(stat.tail, sizeof(stat.tail)));
}

/* The size says how far the kernel may write. */
TEST_F(abi, writes_no_more_than_the_size)
{
	struct {
		struct strata_stat stat;
		__u64 canary;
	} s = { .stat.size = sizeof(s.stat), .canary = 0x5ca1ab1e };

	EXPECT_EQ(call(self->a.fd, STRATA_IOC_STAT, &s), 0);
	EXPECT_EQ(s.canary, 0x5ca1ab1e);
}

TEST_F(abi, bad_pointers)
{
	struct strata_create *create;
	long arenas;
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		fd = i < DEVICE_COMMANDS ? self->dev : self->a.fd;
		EXPECT_EQ(call(fd, commands[i].cmd, NULL), -EFAULT);
		EXPECT_EQ(call(fd, commands[i].cmd, (void *)-4096L), -EFAULT);
	}

	/* Good to read and not to write: nothing may be left of the arena. */
	create = map_low(PAGE);
	ASSERT_NE(create, MAP_FAILED);
	*create = create_args(MIB, 0);
	ASSERT_EQ(mprotect(create, PAGE, PROT_READ), 0);
	fd = next_fd();
	arenas = arena_total("arenas");
	EXPECT_EQ(call(self->dev, STRATA_IOC_CREATE, create), -EFAULT);
	EXPECT_EQ(next_fd(), fd);
	EXPECT_EQ(arena_total("arenas"), arenas);
}

#define EXPECT_CREATE(_err, ...) do {						\
	struct strata_create how = create_args(4 * MIB, MIB);			\
	int ret;								\
	__VA_ARGS__;								\
	ret = call(self->dev, STRATA_IOC_CREATE, &how);			\
	EXPECT_EQ(ret, (_err));							\
	if (!ret)								\
		close(how.out_fd);						\
} while (0)

TEST_F(abi, create)
{
	size_t i;

	EXPECT_CREATE(0, (void)how);
	EXPECT_CREATE(0, how.region_bytes = 0);
	EXPECT_CREATE(0, how.region_bytes = 2 * PAGE);
	EXPECT_CREATE(0, how.region_bytes = 4 * MIB);
	EXPECT_CREATE(0, how.keep_bytes = 4 * MIB);
	EXPECT_CREATE(0, how.node = 0);
	EXPECT_CREATE(0, how.fd_flags = O_CLOEXEC);
	EXPECT_CREATE(0, how.name[0] = 0);
	/* What comes out does not matter on the way in. */
	EXPECT_CREATE(0, how.out_fd = 77, how.out_nr_regions = 1, how.out_ctl_off = 1);

	EXPECT_CREATE(-EINVAL, how.max_bytes = 0);
	EXPECT_CREATE(-EINVAL, how.max_bytes = PAGE, how.region_bytes = 0);
	EXPECT_CREATE(-EOVERFLOW, how.max_bytes = self->max_bytes + 1);
	EXPECT_CREATE(-EOVERFLOW, how.max_bytes = self->max_bytes + 1, how.region_bytes = 0);
	EXPECT_CREATE(-EOVERFLOW, how.max_bytes = ~0ULL);
	EXPECT_CREATE(-EINVAL, how.region_bytes = 3 * PAGE);
	EXPECT_CREATE(-EINVAL, how.region_bytes = PAGE);
	EXPECT_CREATE(-EINVAL, how.region_bytes = 1);
	EXPECT_CREATE(-EINVAL, how.region_bytes = 8 * MIB);
	EXPECT_CREATE(-EINVAL, how.region_bytes = 1ULL << 63);
	EXPECT_CREATE(-EINVAL, how.keep_bytes = 4 * MIB + 1);
	EXPECT_CREATE(-EINVAL, how.node = -2);
	EXPECT_CREATE(-EINVAL, how.node = 1 << 30);
	EXPECT_CREATE(-EINVAL, how.fd_flags = O_NONBLOCK);
	EXPECT_CREATE(-EINVAL, how.fd_flags = O_CLOEXEC | STRATA_FD_INHERIT);
	EXPECT_CREATE(-EINVAL, memset(how.name, 'x', sizeof(how.name)));
	EXPECT_CREATE(-EINVAL, put_text(how.name, "two\nlines"));
	for (i = 5; i < 32; i++)
		EXPECT_CREATE(-EINVAL, how.flags = 1U << i);
}

TEST_F(abi, create_flags_follow_features)
{
	static const struct {
		__u32 flag;
		__u64 feature;
	} flags[] = {
		{ STRATA_CREATE_FORK_SHARE, STRATA_FEATURE_FORK_SHARE },
		{ STRATA_CREATE_HUGE, STRATA_FEATURE_HUGE },
		{ STRATA_CREATE_LAZY, STRATA_FEATURE_LAZY },
		{ STRATA_CREATE_PRODUCER, STRATA_FEATURE_PRODUCER },
		{ STRATA_CREATE_DUMP, STRATA_FEATURE_DUMP },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		int want = self->features & flags[i].feature ? 0 : -EOPNOTSUPP;

		EXPECT_CREATE(want, how.flags = flags[i].flag);
	}
}

TEST_F(abi, create_results)
{
	struct strata_create *how = &self->a.how;

	EXPECT_EQ(how->out_nr_regions, 4);
	EXPECT_EQ(how->out_data_off % PAGE, 0);
	EXPECT_EQ(how->out_ctl_off % PAGE, 0);
	EXPECT_GE(how->out_ctl_off, how->out_data_off + 4 * MIB);
	EXPECT_EQ(fcntl(self->a.fd, F_GETFD), FD_CLOEXEC);
	EXPECT_EQ(fcntl(self->a.fd, F_GETFL) & O_ACCMODE, O_RDWR);

	/* What does not make a whole region is not used. */
	*how = create_args(5 * MIB + MIB / 2, 2 * MIB);
	ASSERT_EQ(call(self->dev, STRATA_IOC_CREATE, how), 0);
	EXPECT_EQ(how->out_nr_regions, 2);
	close(how->out_fd);
	*how = create_args(MIB + 1, 0);
	how->fd_flags = STRATA_FD_INHERIT;
	ASSERT_EQ(call(self->dev, STRATA_IOC_CREATE, how), 0);
	EXPECT_EQ(how->out_nr_regions, 1);
	EXPECT_EQ(how->out_ctl_off - how->out_data_off, MIB + PAGE);
	EXPECT_EQ(fcntl(how->out_fd, F_GETFD), 0);
	close(how->out_fd);
}

TEST_F(abi, range)
{
	static const unsigned int cmds[] = { STRATA_IOC_POPULATE, STRATA_IOC_TRIM };
	struct strata_range range;
	size_t i;

	for (i = 0; i < 2; i++) {
		range = (struct strata_range) { .size = sizeof(range), .flags = 1, .len = PAGE,
						.out_bytes = 99 };
		EXPECT_EQ(call(self->a.fd, cmds[i], &range), -EINVAL);
		EXPECT_EQ(range.out_bytes, 0);
		EXPECT_EQ(arena_range(self->a.fd, cmds[i], 4 * MIB, 1), -EOVERFLOW);
		EXPECT_EQ(arena_range(self->a.fd, cmds[i], 0, 4 * MIB + 1), -EOVERFLOW);
		EXPECT_EQ(arena_range(self->a.fd, cmds[i], 5 * MIB, 0), -EOVERFLOW);
		EXPECT_EQ(arena_range(self->a.fd, cmds[i], PAGE, -(long)PAGE), -EOVERFLOW);
		EXPECT_EQ(arena_range(self->a.fd, cmds[i], -1, 2), -EOVERFLOW);
		EXPECT_EQ(arena_range(self->a.fd, cmds[i], 4 * MIB, 0), 0);
		EXPECT_EQ(arena_range(self->a.fd, cmds[i], 0, 0), 0);
		/* No whole page in it. */
		EXPECT_EQ(arena_range(self->a.fd, cmds[i], 1, PAGE), 0);
		EXPECT_EQ(arena_range(self->a.fd, cmds[i], 0, PAGE - 1), 0);
	}
	EXPECT_EQ(arena_stat(self->a.fd, STRATA_REGION_ALL).committed, 0);
}

TEST_F(abi, export_and_seal)
{
	struct strata_export export = { .size = sizeof(export), .access = O_RDWR };
	struct strata_seal seal = { .size = sizeof(seal), .seals = 1U << 31 };

	if (self->features & STRATA_FEATURE_EXPORT) {
		EXPECT_EQ(call(self->a.fd, STRATA_IOC_EXPORT, &export), 0);
		EXPECT_EQ(fcntl(export.out_fd, F_GETFD), FD_CLOEXEC);
		close(export.out_fd);
		export.fd_flags = O_APPEND;
		EXPECT_EQ(call(self->a.fd, STRATA_IOC_EXPORT, &export), -EINVAL);
		export.fd_flags = 0;
		export.access = O_WRONLY;
		EXPECT_EQ(call(self->a.fd, STRATA_IOC_EXPORT, &export), -EINVAL);
		export.access = 1U << 31;
		EXPECT_EQ(call(self->a.fd, STRATA_IOC_EXPORT, &export), -EINVAL);
	} else {
		EXPECT_EQ(call(self->a.fd, STRATA_IOC_EXPORT, &export), -EOPNOTSUPP);
	}
	EXPECT_EQ(call(self->a.fd, STRATA_IOC_SEAL, &seal), -EINVAL);
	seal.seals = STRATA_SEAL_SEAL;
	EXPECT_EQ(call(self->a.fd, STRATA_IOC_SEAL, &seal),
		  self->features & STRATA_FEATURE_SEAL ? 0 : -EOPNOTSUPP);
}

TEST_F(abi, stat)
{
	struct strata_stat stat = { .size = sizeof(stat), .region = 3 };

	EXPECT_EQ(call(self->a.fd, STRATA_IOC_STAT, &stat), 0);
	EXPECT_EQ(stat.region, 3);
	EXPECT_EQ(stat.limit, STRATA_REGION_START);
	EXPECT_EQ(stat.committed, 0);
	stat.region = 4;
	EXPECT_EQ(call(self->a.fd, STRATA_IOC_STAT, &stat), -EOVERFLOW);
	stat.region = STRATA_REGION_ALL - 1;
	EXPECT_EQ(call(self->a.fd, STRATA_IOC_STAT, &stat), -EOVERFLOW);
}

/* One field of a struct, and what it may not be. */
struct wrong {
	unsigned int cmd;
	size_t offset;
	size_t size;
	__u64 value;
	int err;
};

static const struct wrong wrongs[] = {
	{ STRATA_IOC_INFO, offsetof(struct strata_info, size), 4, 23, -EINVAL },
	{ STRATA_IOC_CREATE, offsetof(struct strata_create, size), 4, 95, -EINVAL },
	{ STRATA_IOC_CREATE, offsetof(struct strata_create, flags), 4, 1U << 31, -EINVAL },
	{ STRATA_IOC_CREATE, offsetof(struct strata_create, max_bytes), 8, 1ULL << 62, -EOVERFLOW },
	{ STRATA_IOC_CREATE, offsetof(struct strata_create, region_bytes), 8, 12345, -EINVAL },
	{ STRATA_IOC_CREATE, offsetof(struct strata_create, keep_bytes), 8, 1ULL << 62, -EINVAL },
	{ STRATA_IOC_CREATE, offsetof(struct strata_create, node), 4, 1 << 20, -EINVAL },
	{ STRATA_IOC_CREATE, offsetof(struct strata_create, fd_flags), 4, O_APPEND, -EINVAL },
	{ STRATA_IOC_POPULATE, offsetof(struct strata_range, size), 4, 31, -EINVAL },
	{ STRATA_IOC_POPULATE, offsetof(struct strata_range, flags), 4, 1, -EINVAL },
	{ STRATA_IOC_POPULATE, offsetof(struct strata_range, off), 8, 1ULL << 40, -EOVERFLOW },
	{ STRATA_IOC_POPULATE, offsetof(struct strata_range, len), 8, ~0ULL, -EOVERFLOW },
	{ STRATA_IOC_TRIM, offsetof(struct strata_range, size), 4, 31, -EINVAL },
	{ STRATA_IOC_TRIM, offsetof(struct strata_range, flags), 4, 1U << 31, -EINVAL },
	{ STRATA_IOC_TRIM, offsetof(struct strata_range, off), 8, ~0ULL, -EOVERFLOW },
	{ STRATA_IOC_TRIM, offsetof(struct strata_range, len), 8, 1ULL << 40, -EOVERFLOW },
	{ STRATA_IOC_EXPORT, offsetof(struct strata_export, size), 4, 15, -EINVAL },
	{ STRATA_IOC_EXPORT, offsetof(struct strata_export, access), 4, O_WRONLY, -EINVAL },
	{ STRATA_IOC_EXPORT, offsetof(struct strata_export, fd_flags), 4, O_NONBLOCK, -EINVAL },
	{ STRATA_IOC_SEAL, offsetof(struct strata_seal, size), 4, 7, -EINVAL },
	{ STRATA_IOC_SEAL, offsetof(struct strata_seal, seals), 4, 1U << 1, -EINVAL },
	{ STRATA_IOC_STAT, offsetof(struct strata_stat, size), 4, 71, -EINVAL },
	{ STRATA_IOC_STAT, offsetof(struct strata_stat, region), 4, 1000, -EOVERFLOW },
};

/* A struct with which each command succeeds. */
static void right_args(unsigned int cmd, void *args)
{
	size_t i;

	memset(args, 0, sizeof(struct strata_create));
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (commands[i].cmd == cmd)
			*(__u32 *)args = commands[i].first_size;
	if (cmd == STRATA_IOC_CREATE)
		*(struct strata_create *)args = create_args(4 * MIB, MIB);
}

/* Each is refused for the one field that is wrong, and nothing has changed. */
TEST_F(abi, each_field_wrong)
{
	const struct wrong *w;
	char args[sizeof(struct strata_create)];
	int fd = next_fd();

	for (w = wrongs; w < wrongs + ARRAY_SIZE(wrongs); w++) {
		int on = w->cmd == STRATA_IOC_INFO || w->cmd == STRATA_IOC_CREATE ?
			 self->dev : self->a.fd;

		right_args(w->cmd, args);
		ASSERT_EQ(call(on, w->cmd, args), 0);
		if (w->cmd == STRATA_IOC_CREATE)
			close(((struct strata_create *)args)->out_fd);
		if (w->cmd == STRATA_IOC_EXPORT)
			close(((struct strata_export *)args)->out_fd);
		right_args(w->cmd, args);
		memcpy(args + w->offset, &w->value, w->size);
		EXPECT_EQ(call(on, w->cmd, args), w->err)
			TH_LOG("command %#x, field at %zu", w->cmd, w->offset);
	}
	EXPECT_EQ(next_fd(), fd);
	EXPECT_EQ(arena_total("arenas"), 1);
	EXPECT_EQ(arena_stat(self->a.fd, STRATA_REGION_ALL).committed, 0);
}

/* The files are for mmap() and ioctl(), and say so. */
TEST_F(abi, no_other_operations)
{
	char c = 0;

	EXPECT_EQ(read(self->a.fd, &c, 1), -1);
	EXPECT_EQ(write(self->a.fd, &c, 1), -1);
	EXPECT_EQ(lseek(self->a.fd, 0, SEEK_END), -1);
	EXPECT_EQ(ftruncate(self->a.fd, 0), -1);
	EXPECT_EQ(read(self->dev, &c, 1), -1);
	EXPECT_EQ(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->dev, 0), MAP_FAILED);
}

TEST_HARNESS_MAIN
