// SPDX-License-Identifier: GPL-2.0-only
/*
 * More time for tests where all is slower. kselftest's harness, like a test that
 * watches itself, has an alarm() that says how long it may take, in seconds and for
 * good: so many as do without sanitizers. SLOWDOWN=<n>, from tools/vm/run, has each
 * take n times as long. Programs are linked to this with --wrap=alarm.
 */
#include <stdlib.h>

unsigned int __real_alarm(unsigned int seconds);
unsigned int __wrap_alarm(unsigned int seconds);

unsigned int __wrap_alarm(unsigned int seconds)
{
	const char *times = getenv("SLOWDOWN");
	int n = times ? atoi(times) : 1;

	return __real_alarm(n > 1 ? seconds * n : seconds);
}
