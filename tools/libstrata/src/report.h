/* SPDX-License-Identifier: MIT */
/* Wrong use: said in one line, and in the debug library the end. */
#ifndef REPORT_H
#define REPORT_H

#include <stdint.h>

/* Where a public call was called from. */
#define CALLER	__builtin_return_address(0)

__attribute__((format(printf, 4, 5)))
void report(const char *call, uint64_t region, const void *site, const char *format, ...);

#endif /* REPORT_H */
