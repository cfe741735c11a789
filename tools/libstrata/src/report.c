// SPDX-License-Identifier: MIT
/*
 * Reports of wrong use: which call, of which region, from where, and what is
 * wrong. Knows how to say it, not how to find it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "arena.h"
#include "report.h"

static void (*report_line)(const char *line);

PUBLIC void (*strata_set_report(void (*fn)(const char *line)))(const char *line)
{
	return __atomic_exchange_n(&report_line, fn, __ATOMIC_ACQ_REL);
}

/**
 * report() - say that a call was wrong
 * @call: its name, after strata_region_
 * @region: its number; 0 for one that is not known
 * @site: who called
 * @format: what is wrong and what was done about it
 */
void report(const char *call, uint64_t region, const void *site, const char *format, ...)
{
	void (*fn)(const char *line);
	char line[256];
	va_list args;
	int n;

	n = snprintf(line, sizeof(line), "strata: %s of region %llu by %p: ", call,
		     (unsigned long long)region, site);
	va_start(args, format);
	vsnprintf(line + n, sizeof(line) - n, format, args);
	va_end(args);
	__atomic_load(&report_line, &fn, __ATOMIC_ACQUIRE);
	if (fn)
		fn(line);
	else
		fprintf(stderr, "%s\n", line);
#ifdef STRATA_DEBUG
	abort();
#endif
}
