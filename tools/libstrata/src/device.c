// SPDX-License-Identifier: MIT
/*
 * Arenas of /dev/strata: the kernel makes them grow, holds them to their limits
 * and takes them back.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backend.h"

/* An ioctl() that returns 0 or -errno. */
static int command(int fd, unsigned int cmd, void *arg)
{
	return ioctl(fd, cmd, arg) ? -errno : 0;
}

/* Map the arena at @a->fd over address space of its size. */
static int map_arena(struct strata_arena *a)
{
	int prot = PROT_READ | (a->readonly ? 0 : PROT_WRITE);
	size_t bytes = data_bytes(a);
	size_t ctl_bytes = a->nr_regions * sizeof(*a->ctl);
	int err;

	err = reserve_space(a);
	if (err)
		return err;
	a->ctl = (void *)(a->data + bytes);
	if (mmap(a->data, bytes, prot, MAP_SHARED | MAP_FIXED, a->fd, 0) == MAP_FAILED ||
	    mmap(a->ctl, ctl_bytes, prot, MAP_SHARED | MAP_FIXED, a->fd, bytes) == MAP_FAILED) {
		err = -errno;
		munmap(a->map, a->map_bytes);
	}
	return err;
}

/* Ask the device for an arena of about this shape. */
static int ask(int dev, const struct shape *shape, struct strata_create *how)
{
	struct strata_info info = { .size = sizeof(info) };
	int err = command(dev, STRATA_IOC_INFO, &info);

	if (err)
		return err;
	how->flags = shape->flags;
	if (!(info.features & STRATA_FEATURE_HUGE))
		how->flags &= ~STRATA_CREATE_HUGE;
	if (!(info.features & STRATA_FEATURE_LAZY))
		how->flags &= ~STRATA_CREATE_LAZY;
	memcpy(how->name, shape->name, sizeof(how->name));
	return command(dev, STRATA_IOC_CREATE, how);
}

static int create(struct strata_arena *a, const struct shape *shape)
{
	struct strata_create how = {
		.size = sizeof(how),
		.max_bytes = shape->max_bytes,
		.region_bytes = shape->region_bytes,
		.keep_bytes = shape->keep_bytes,
		.node = shape->node,
	};
	int dev = open("/dev/strata", O_RDWR | O_CLOEXEC);
	int err;

	if (dev < 0)
		return -errno;
	err = ask(dev, shape, &how);
	close(dev);
	if (err)
		return err;
	a->fd = how.out_fd;
	a->nr_regions = how.out_nr_regions;
	a->region_bytes = shape->region_bytes;
	err = map_arena(a);
	if (err)
		close(a->fd);
	return err;
}

/* What /proc says of an arena's descriptor. */
static int read_shape(struct strata_arena *a, int fd)
{
	unsigned long long regions = 0, region_bytes = 0;
	char path[64], line[128];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "re");
	if (!f)
		return errno == ENOENT ? -EBADF : -errno;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "strata-regions: %llu", &regions) != 1 &&
		    sscanf(line, "strata-region-bytes: %llu", &region_bytes) != 1)
			continue;
		if (regions && region_bytes)
			break;
	}
	fclose(f);
	if (!regions || !region_bytes)
		return -EINVAL;
	/* A 64-bit program may have made it. */
	if (regions > SIZE_MAX / 4 / region_bytes)
		return -EOVERFLOW;
	a->nr_regions = regions;
	a->region_bytes = region_bytes;
	return 0;
}

/**
 * device_adopt() - map an arena that is there already
 * @a: filled in, as by create()
 * @fd: of the arena; a copy of it is kept
 * @readonly: map it for reading
 *
 * Return: 0 or -errno.
 */
int device_adopt(struct strata_arena *a, int fd, bool readonly)
{
	int err = read_shape(a, fd);

	if (err)
		return err;
	a->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (a->fd < 0)
		return -errno;
	a->readonly = readonly;
	err = map_arena(a);
	if (err)
		close(a->fd);
	/* mmap() says EACCES where the rest of the interface says EBADF. */
	return err == -EACCES ? -EBADF : err;
}

/* A page fault does it. */
static int reach(struct strata_arena *a, uint32_t index, size_t bytes)
{
	(void)a, (void)index, (void)bytes;
	return 0;
}

static size_t trim(struct strata_arena *a, uint32_t index, size_t from)
{
	struct strata_range range = {
		.size = sizeof(range),
		.off = index * a->region_bytes + from,
		.len = a->region_bytes - from,
	};

	/* Some of it may have gone back before it failed. */
	command(a->fd, STRATA_IOC_TRIM, &range);
	return range.out_bytes;
}

static int stat(const struct strata_arena *a, uint32_t index, struct strata_stat *out)
{
	*out = (struct strata_stat){ .size = sizeof(*out), .region = index };
	return command(a->fd, STRATA_IOC_STAT, out);
}

const struct backend device_backend = {
	.name = "device",
	.create = create,
	.reach = reach,
	.trim = trim,
	.stat = stat,
};
