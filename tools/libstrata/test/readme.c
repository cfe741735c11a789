// SPDX-License-Identifier: MIT
/*
 * The README's program, as it is there, on the device and without it.
 */
#include "kselftest_harness.h"
#include "test.h"

#define main readme_main
#include "README.c"
#undef main

/* What the program printed with that backend, or how it failed. */
static const char *printed(const char *backend)
{
	static char text[256];
	int fds[2], status;
	ssize_t len;
	pid_t pid;

	fflush(NULL);
	if (pipe(fds))
		return "no pipe";
	pid = fork();
	if (!pid) {
		setenv("STRATA_BACKEND", backend, 1);
		dup2(fds[1], STDOUT_FILENO);
		status = readme_main();
		fflush(NULL);
		_exit(status);
	}
	close(fds[1]);
	len = read(fds[0], text, sizeof(text) - 1);
	close(fds[0]);
	text[len > 0 ? len : 0] = 0;
	return reap(pid) ? "failed" : text;
}

/* All of it fits in a page, whose size is the machine's. */
static const char *expected(const char *backend)
{
	static char text[128];

	snprintf(text, sizeof(text), "800000 bytes of strings in %ld KiB of %s memory\n",
		 sysconf(_SC_PAGESIZE) / 1024, backend);
	return text;
}

TEST(anonymous)
{
	EXPECT_STREQ(printed("anonymous"), expected("anonymous"));
}

TEST(device)
{
	if (access("/dev/strata", R_OK | W_OK))
		SKIP(return, "there is no /dev/strata");
	EXPECT_STREQ(printed("device"), expected("device"));
}

TEST_HARNESS_MAIN
