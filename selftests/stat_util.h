/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading debugfs/strata. A table has a line of headings and rows of as many
 * words; a list has lines "name value".
 */
#ifndef STAT_UTIL_H
#define STAT_UTIL_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STRATA		"/sys/kernel/debug/strata/"
#define TEXT_MAX	(1024 * 1024)

/* The whole of a file, or "" if it cannot be read. */
static inline char *text_of(const char *path)
{
	char *text = calloc(1, TEXT_MAX);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;
	size_t at = 0;

	while (fd >= 0 && at < TEXT_MAX - 1) {
		n = read(fd, text + at, TEXT_MAX - 1 - at);
		if (n <= 0)
			break;
		at += n;
	}
	if (fd >= 0)
		close(fd);
	text[at] = 0;
	return text;
}

static inline char *strata(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), STRATA "%s", name);
	return text_of(path);
}

static inline int put(const char *path, const void *data, size_t n)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;
	ssize_t done;

	if (fd < 0)
		return -errno;
	for (; n && !err; data += done, n -= done) {
		done = write(fd, data, n);
		if (done < 0)
			err = -errno;
	}
	close(fd);
	return err;
}

static inline int put_word(const char *path, const char *word)
{
	return put(path, word, strlen(word));
}

static inline int words(char *line, char **word, int max)
{
	char *rest, *at;
	int n = 0;

	for (at = strtok_r(line, " ", &rest); at && n < max; at = strtok_r(NULL, " ", &rest))
		word[n++] = at;
	return n;
}

/*
 * Of a table, the sum of the column @heading over the rows which have @key in
 * the column @of; over all rows if @key is NULL. -1 if there is no such column.
 */
static inline long long sum(const char *table, const char *of, const char *key, const char *heading)
{
	char *copy = strdup(table), *rest, *line, *word[32];
	int n, i, key_at = -1, at = -1;
	long long total = 0;

	line = strtok_r(copy, "\n", &rest);
	n = line ? words(line, word, 32) : 0;
	for (i = 0; i < n; i++) {
		if (!strcmp(word[i], heading))
			at = i;
		if (!strcmp(word[i], of))
			key_at = i;
	}
	while (at >= 0 && key_at >= 0 && (line = strtok_r(NULL, "\n", &rest))) {
		n = words(line, word, 32);
		if (n > at && n > key_at && (!key || !strcmp(word[key_at], key)))
			total += atoll(word[at]);
	}
	free(copy);
	return at < 0 || key_at < 0 ? -1 : total;
}

/* The value of a line "name value", -1 if there is none. */
static inline long long value(const char *list, const char *name)
{
	size_t n = strlen(name);
	const char *line;

	for (line = list; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, name, n) && line[n] == ' ')
			return atoll(line + n);
	}
	return -1;
}

/* The same of a file. */
static inline long long sum_of(const char *file, const char *of, const char *key,
			       const char *heading)
{
	char *text = strata(file);
	long long found = sum(text, of, key, heading);

	free(text);
	return found;
}

static inline long long value_of(const char *file, const char *name)
{
	char *text = strata(file);
	long long found = value(text, name);

	free(text);
	return found;
}

static inline bool sound(void)
{
	char *text = strata("check");
	bool ok = !strcmp(text, "ok\n");

	if (!ok)
		printf("# %s", text);
	free(text);
	return ok;
}

#endif /* STAT_UTIL_H */
