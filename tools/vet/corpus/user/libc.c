// SPDX-License-Identifier: GPL-2.0-only
/* The C library and system calls: they look at what they are given. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <strata.h>

long libc_read(strata_region *r, int fd)
{
	STRATA_FRAME(r);
	char *buffer = strata_region_alloc(r, 4096);	// OK
	long sum = 0;
	ssize_t n;

	while ((n = read(fd, buffer, 4096)) > 0)
		for (ssize_t i = 0; i < n; i++)
			sum += buffer[i];
	return sum;
}

int libc_write(strata_region *r, int fd, int n)
{
	STRATA_FRAME(r);
	char *text = strata_region_printf(r, "%d\n", n);	// OK

	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

off_t libc_stat(strata_region *r, const char *name)
{
	STRATA_FRAME(r);
	char *path = strata_region_printf(r, "./%s", name);	// OK
	struct stat *st = strata_region_alloc(r, sizeof(*st));	// OK

	return stat(path, st) ? -1 : st->st_size;
}

ssize_t libc_writev(strata_region *r, int fd, const char *text)
{
	STRATA_FRAME(r);
	struct iovec *iov = strata_region_alloc(r, 2 * sizeof(*iov));	// OK
	char *copy = strata_region_strdup(r, text);	// OK

	iov[0].iov_base = copy;
	iov[0].iov_len = strlen(copy);
	iov[1].iov_base = "\n";
	iov[1].iov_len = 1;
	return writev(fd, iov, 2);
}

int libc_poll(strata_region *r, const int *fds, int n)
{
	STRATA_FRAME(r);
	struct pollfd *p = strata_region_zalloc(r, (size_t)n * sizeof(*p));	// OK

	for (int i = 0; i < n; i++) {
		p[i].fd = fds[i];
		p[i].events = POLLIN;
	}
	return poll(p, (nfds_t)n, 100);
}

size_t libc_string(strata_region *r, const char *text)
{
	STRATA_FRAME(r);
	char *a = strata_region_strdup(r, text);	// OK
	char *b = strata_region_alloc(r, strlen(text) + 8);	// OK
	char *found;

	sprintf(b, "%s", a);
	strcat(b, "suffix");
	found = strstr(b, "suf");
	if (memcmp(a, b, strlen(a)) || !found)
		return 0;
	memmove(b, found, strlen(found) + 1);
	return strspn(b, "sufix") + strlen(strpbrk(a, " "));
}

double libc_number(strata_region *r, const char *text)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, text);	// OK
	char *end;
	double x = strtod(copy, &end);

	return *end ? -1.0 : x + atof(end);
}

int libc_regex(strata_region *r, const char *text)
{
	STRATA_FRAME(r);
	regex_t *re = strata_region_alloc(r, sizeof(*re));	// OK
	char *copy = strata_region_strdup(r, text);	// OK
	int none;

	if (regcomp(re, "^[a-z]+$", REG_EXTENDED | REG_NOSUB))
		return -1;
	none = regexec(re, copy, 0, NULL, 0);
	regfree(re);
	return !none;
}

int libc_directory(strata_region *r, const char *name)
{
	STRATA_FRAME(r);
	char *path = strata_region_printf(r, "%s/.", name);	// OK
	DIR *dir = opendir(path);
	int n = 0;

	if (!dir)
		return -errno;
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

int libc_exec(strata_region *r, const char *program, const char *arg)
{
	STRATA_FRAME(r);
	char **argv = strata_region_zalloc(r, 3 * sizeof(*argv));	// OK
	int status = -1;
	pid_t pid;

	argv[0] = strata_region_strdup(r, program);	// OK
	argv[1] = strata_region_strdup(r, arg);		// OK
	pid = fork();
	if (!pid) {
		execvp(argv[0], argv);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	return status;
}

int libc_getaddrinfo(strata_region *r, const char *host, int port)
{
	STRATA_FRAME(r);
	struct addrinfo *hints = strata_region_zalloc(r, sizeof(*hints));	// OK
	char *service = strata_region_printf(r, "%d", port);	// OK
	struct addrinfo *found;
	int fd;

	hints->ai_socktype = SOCK_STREAM;
	if (getaddrinfo(host, service, hints, &found))
		return -1;
	fd = socket(found->ai_family, found->ai_socktype, found->ai_protocol);
	freeaddrinfo(found);
	return fd;
}

/* The kernel copies the event. */
int libc_epoll(strata_region *r, int epoll, int fd)
{
	STRATA_FRAME(r);
	struct epoll_event *ev = strata_region_zalloc(r, sizeof(*ev));	// OK

	ev->events = EPOLLIN;
	ev->data.fd = fd;
	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, ev);
}

size_t libc_fread(strata_region *r, const char *name)
{
	STRATA_FRAME(r);
	char *buffer = strata_region_alloc(r, 512);	// OK
	FILE *f = fopen(name, "r");
	size_t n;

	if (!f)
		return 0;
	n = fread(buffer, 1, 512, f);
	fclose(f);
	return n && isprint((unsigned char)buffer[0]) ? n : 0;
}

/* A stream on the frame's memory is closed before it ends. */
int libc_fmemopen(strata_region *r)
{
	STRATA_FRAME(r);
	char *buffer = strata_region_zalloc(r, 64);	// OK
	FILE *f = fmemopen(buffer, 64, "w");

	if (!f)
		return -1;
	fprintf(f, "%d", 12);
	fclose(f);
	return atoi(buffer);
}

char *libc_strcpy_result(strata_region *r, const char *text)
{
	STRATA_FRAME(r);
	char *to = strata_region_alloc(r, strlen(text) + 1);

	return strcpy(to, text);	// WARN "to escapes its frame: returned"
}

char *libc_strcat_to_argument(strata_region *r, char *to, const char *text)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, text);	// OK

	return strcat(to, copy);
}

void *libc_memchr_result(strata_region *r, const char *text)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, text);

	return memchr(copy, ' ', strlen(copy));	// WARN "copy escapes its frame: returned"
}

char *libc_realpath(strata_region *r, const char *name)
{
	STRATA_FRAME(r);
	char *path = strata_region_printf(r, "./%s", name);	// OK

	return realpath(path, NULL);
}

char *libc_fgets_result(strata_region *r, FILE *f)
{
	STRATA_FRAME(r);
	char *line = strata_region_alloc(r, 128);

	return fgets(line, 128, f);	// WARN "line escapes its frame: returned"
}
