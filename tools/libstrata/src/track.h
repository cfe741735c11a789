/* SPDX-License-Identifier: MIT */
/*
 * The only calls to checkers: AddressSanitizer, where the program has it,
 * Valgrind, where the program runs under it, and the debug library's own fill
 * bytes. Memory that is not in an object is off limits to the program.
 */
#ifndef TRACK_H
#define TRACK_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#else
#define RUNNING_ON_VALGRIND			0
#define VALGRIND_MAKE_MEM_NOACCESS(p, size)	((void)(p), (void)(size))
#define VALGRIND_MAKE_MEM_UNDEFINED(p, size)	((void)(p), (void)(size))
#define VALGRIND_MAKE_MEM_DEFINED(p, size)	((void)(p), (void)(size))
#endif

/* There in a program that was built with -fsanitize=address, else NULL. */
__attribute__((weak)) void __asan_poison_memory_region(void const volatile *p, size_t size);
__attribute__((weak)) void __asan_unpoison_memory_region(void const volatile *p, size_t size);

#ifdef STRATA_DEBUG
#define TRACK_FILLS	true
#else
#define TRACK_FILLS	false
#endif

/* What the debug library fills memory with: not yet written, and released. */
#define TRACK_NEW	0xa5
#define TRACK_RELEASED	0x5a

/* Off limits between any two objects, so that running over one shows. */
#define TRACK_GAP	16

/* Must every call come to the library? */
static inline bool track_on(void)
{
	return TRACK_FILLS || __asan_poison_memory_region || RUNNING_ON_VALGRIND;
}

/* From here on it is an object. */
static inline void track_alloc(void *p, size_t size)
{
	if (__asan_unpoison_memory_region)
		__asan_unpoison_memory_region(p, size);
	VALGRIND_MAKE_MEM_UNDEFINED(p, size);
	if (TRACK_FILLS) {
		memset(p, TRACK_NEW, size);
		VALGRIND_MAKE_MEM_UNDEFINED(p, size);
	}
}

/* Memory that was never an object, nor written to by anybody. */
static inline void track_reserve(void *p, size_t size)
{
	if (__asan_poison_memory_region)
		__asan_poison_memory_region(p, size);
	VALGRIND_MAKE_MEM_NOACCESS(p, size);
}

/* From here on it is not. */
static inline void track_release(void *p, size_t size)
{
	if (TRACK_FILLS) {
		if (__asan_unpoison_memory_region)
			__asan_unpoison_memory_region(p, size);
		VALGRIND_MAKE_MEM_DEFINED(p, size);
		memset(p, TRACK_RELEASED, size);
	}
	track_reserve(p, size);
}

/* The memory is none of ours any more. */
static inline void track_forget(void *p, size_t size)
{
	if (__asan_unpoison_memory_region)
		__asan_unpoison_memory_region(p, size);
	VALGRIND_MAKE_MEM_DEFINED(p, size);
}

#endif /* TRACK_H */
