/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests that need a sample module share: to load and unload it, and to
 * write to its files.
 */
#ifndef MODULE_UTIL_H
#define MODULE_UTIL_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline int module_load_with(const char *name, const char *parameters)
{
	const char *dir = getenv("STRATA_MODULES");
	char path[PATH_MAX];
	int fd, err;

	snprintf(path, sizeof(path), "%s/%s.ko", dir ? dir : "/lib/strata", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = syscall(SYS_finit_module, fd, parameters, 0) ? -errno : 0;
	close(fd);
	return err;
}

static inline int module_load(const char *name)
{
	return module_load_with(name, "");
}

static inline int module_unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

/* Write a line to a file: 0 or -errno. */
static inline int module_tell(const char *path, const char *format, ...)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;
	va_list args;

	if (fd < 0)
		return -errno;
	va_start(args, format);
	if (vdprintf(fd, format, args) < 0)
		err = -errno;
	va_end(args);
	close(fd);
	return err;
}

#endif /* MODULE_UTIL_H */
