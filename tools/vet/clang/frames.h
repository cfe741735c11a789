/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Regions as a compiler that knows nothing of them can see them: what is allocated
 * under STRATA_FRAME() is memory of the C stack, which any compiler knows to be
 * gone when the function returns.
 *
 * Included before the code by tools/vet/clang-lint; the result is analysed, never
 * run. Frames opened by strata_region_push() and the order of pops are beyond it,
 * and so is a scope smaller than the function.
 */
#ifndef STRATA_VET_CLANG_FRAMES_H
#define STRATA_VET_CLANG_FRAMES_H

#ifdef __KERNEL__
#include <linux/strata.h>
#else
#include <string.h>
#include <strata.h>
#endif

/*
 * Shadowed by STRATA_FRAME(), so that a call knows whether its scope has a frame. A
 * type, because unlike a variable it may be declared twice in one scope.
 */
typedef char strata_vet_scope[1];

#undef STRATA_FRAME
#define STRATA_FRAME(r)		typedef char strata_vet_scope[1 + !!sizeof(r)]

/* Memory of somewhere else, of which nothing is known. */
void *strata_vet_elsewhere(const void *region);

#define strata_vet_object(r, size) \
	(sizeof(strata_vet_scope) == 2 ? __builtin_alloca(size) : strata_vet_elsewhere(r))

#define strata_region_alloc(r, size)			strata_vet_object(r, size)
#define strata_region_alloc_aligned(r, size, align) \
	strata_vet_object(r, (size) + (align))
#define strata_region_zalloc(r, size)			strata_vet_object(r, size)
#define strata_region_strdup(r, s)	((char *)strata_vet_object(r, strlen(s) + 1))
#define strata_region_printf(r, ...)	((char *)strata_vet_object(r, sizeof(#__VA_ARGS__)))

#endif
