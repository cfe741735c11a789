/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What strata tells the sanitizers: which bytes are an object's and which are
 * free. KASAN, KMSAN and kmemleak do not know a foreign allocator; without these
 * calls they see whole pages and stay silent. The only file that calls them.
 */
#ifndef _STRATA_TRACK_H
#define _STRATA_TRACK_H

#include <linux/compiler.h>
#include <linux/hardirq.h>
#include <linux/kasan.h>
#include <linux/kmemleak.h>
#include <linux/kmsan-checks.h>
#include <linux/string.h>

#ifdef CONFIG_KASAN_GENERIC
/* Shadow values as mm/kasan/kasan.h gives them: report texts depend on them. */
#define STRATA_SHADOW_REDZONE	0xfc
#define STRATA_SHADOW_FREE	0xfb

/* Bytes behind each object that are nobody's, so that one past it is seen. */
#define STRATA_TRACK_GAP	8

/* @p is aligned to 8 bytes; what does not fill the last 8 is marked as partial. */
static inline void strata_track_poison(const void *p, size_t size)
{
	__memset(kasan_mem_to_shadow(p), STRATA_SHADOW_FREE, DIV_ROUND_UP(size, 8));
}

/* @size bytes become the caller's, the rest up to @room stays out of bounds. */
static inline void strata_track_unpoison(const void *p, size_t size, size_t room)
{
	u8 *shadow = kasan_mem_to_shadow(p);

	__memset(shadow, 0, size / 8);
	shadow += size / 8;
	if (size % 8)
		*shadow++ = size % 8;
	__memset(shadow, STRATA_SHADOW_REDZONE, room / 8 - DIV_ROUND_UP(size, 8));
}

/*
 * A place for objects, of which none was handed out yet. The gap is out of bounds
 * from now on and stays it: who steps over the start of an object is told so, and
 * not that the one in front has been freed.
 */
static inline void strata_track_lay_out(const void *p, size_t room)
{
	strata_track_unpoison(p, 0, room);
	strata_track_poison(p, room - STRATA_TRACK_GAP);
}
#else
#define STRATA_TRACK_GAP	0
static inline void strata_track_poison(const void *p, size_t size) { }
static inline void strata_track_lay_out(const void *p, size_t room) { }
static inline void strata_track_unpoison(const void *p, size_t size, size_t room) { }
#endif

/* Nothing is stored at @p yet that anybody may use: KMSAN reports who does. */
static __always_inline void strata_track_uninit(const void *p, size_t size, gfp_t gfp)
{
	if (IS_ENABLED(CONFIG_KMSAN))
		kmsan_poison_memory(p, size, gfp & ~__GFP_RECLAIM);
}

/* What strata itself reads may be something that nobody ever stored. */
static __always_inline void strata_track_init(const void *p, size_t size)
{
	if (IS_ENABLED(CONFIG_KMSAN))
		kmsan_unpoison_memory(p, size);
}

/*
 * kmemleak is not told where its own allocation would take a sleeping lock: in NMI,
 * and for GFP_NOWAIT in a context that is not preemptible.
 */
static __always_inline bool strata_track_tells_kmemleak(gfp_t gfp)
{
	return IS_ENABLED(CONFIG_DEBUG_KMEMLEAK) &&
	       (gfp & (__GFP_DIRECT_RECLAIM | __GFP_HIGH) || preemptible());
}

/**
 * strata_track_alloc() - an object is handed out
 * @p: the object
 * @size: bytes that the caller may use
 * @room: bytes the object occupies, a multiple of 8
 * @gfp: of the allocation; kmemleak allocates its own record with it
 *
 * Any context.
 */
static __always_inline void strata_track_alloc(const void *p, size_t size,
					       size_t room, gfp_t gfp)
{
	if (IS_ENABLED(CONFIG_KASAN_GENERIC))
		strata_track_unpoison(p, size, room);
	if (strata_track_tells_kmemleak(gfp))
		kmemleak_alloc(p, size, 1, gfp);
}

/*
 * kmemleak takes locks: where it is, a free in NMI has to be put off until it
 * can be told, or it would take the next owner of the memory for an overlap.
 */
static __always_inline bool strata_track_defers(void)
{
	return IS_ENABLED(CONFIG_DEBUG_KMEMLEAK) && in_nmi();
}

/* What was put off happens now. */
static inline void strata_track_deferred(const void *p)
{
	if (IS_ENABLED(CONFIG_DEBUG_KMEMLEAK))
		kmemleak_free(p);
}

/**
 * strata_track_free() - an object is free again
 * @p: the object
 * @room: bytes that nobody may look at from now on: what it occupies but for the
 *	gap behind it
 *
 * Any context. In one where strata_track_defers(), strata_track_deferred()
 * follows later.
 */
static __always_inline void strata_track_free(const void *p, size_t room)
{
	if (IS_ENABLED(CONFIG_DEBUG_KMEMLEAK) && !strata_track_defers())
		kmemleak_free(p);
	if (IS_ENABLED(CONFIG_KASAN_GENERIC))
		strata_track_poison(p, room);
}

/* Is there anybody who has to be told of each object that is handed out? */
static __always_inline bool strata_track_listens(void)
{
	return IS_ENABLED(CONFIG_KASAN_GENERIC) || IS_ENABLED(CONFIG_DEBUG_KMEMLEAK) ||
	       IS_ENABLED(CONFIG_KMSAN);
}

/* An object stays where it is and has another size from now on. */
static inline void strata_track_resize(const void *p, size_t size, size_t room, gfp_t gfp)
{
	if (IS_ENABLED(CONFIG_KASAN_GENERIC))
		strata_track_unpoison(p, size, room);
	/* Otherwise it goes on to look at as much as before. */
	if (strata_track_tells_kmemleak(gfp)) {
		kmemleak_free(p);
		kmemleak_alloc(p, size, 1, gfp);
	}
}

/*
 * Where strata notes an address of memory that is somebody's, kmemleak is not to look:
 * it takes what it finds for a pointer of the owner's, and a leak for none.
 */

/**
 * strata_track_scan_only() - kmemleak looks for pointers in a part of this
 * @part: where the part begins, in what was just allocated
 * @size: bytes of it
 * @gfp: of that allocation; kmemleak allocates with it. If it cannot it looks at all
 *
 * Context: as for the allocation.
 */
static inline void strata_track_scan_only(const void *part, size_t size, gfp_t gfp)
{
	if (IS_ENABLED(CONFIG_DEBUG_KMEMLEAK))
		kmemleak_scan_area(part, size, gfp);
}

/* There are none in @p, of kmalloc()'s. Any context but NMI. */
static inline void strata_track_scan_none(const void *p)
{
	if (IS_ENABLED(CONFIG_DEBUG_KMEMLEAK))
		kmemleak_no_scan(p);
}

/*
 * The same for memory of each CPU. To kmemleak it is freed, and it does not mind that it
 * is once more later: 6.12 has no call that says not to scan it.
 */
static inline void strata_track_scan_none_percpu(const void __percpu *p)
{
	if (IS_ENABLED(CONFIG_DEBUG_KMEMLEAK))
		kmemleak_free_percpu(p);
}

/* Copy what an object may hold, of which its owner knows a part only. */
static inline void strata_track_copy(void *to, const void *from, size_t size)
{
#ifdef CONFIG_KASAN
	__memcpy(to, from, size);
#else
	memcpy(to, from, size);
#endif
}

/* Words of free objects that strata itself reads and writes. */
static __no_sanitize_or_inline unsigned long strata_track_load(const unsigned long *word)
{
	strata_track_init(word, sizeof(*word));
	/* A plain load gcc moves to the caller (IPA-SRA), where KASAN looks at it. */
	if (strata_track_listens())
		return READ_ONCE(*word);
	/* It may be part of a larger instruction, which gcc makes of no READ_ONCE(). */
	return data_race(*word);
}

static __no_sanitize_or_inline void strata_track_store(unsigned long *word,
						       unsigned long value)
{
	/* KCSAN takes it for what it would report of its user's. */
	if (strata_track_listens() || IS_ENABLED(CONFIG_KCSAN))
		WRITE_ONCE(*word, value);
	else
		*word = value;
}

/* Fill memory that is not its user's, or not any more. */
static inline void strata_track_fill(void *p, int byte, size_t size)
{
#ifdef CONFIG_KASAN
	__memset(p, byte, size);
#else
	memset(p, byte, size);
#endif
}

/* How many of the first @size bytes are @byte, up to the first that is not. */
static __no_sanitize_or_inline size_t strata_track_match(const void *p, u8 byte, size_t size)
{
	const u8 *bytes = p;
	size_t i;

	strata_track_init(p, size);
	for (i = 0; i < size && READ_ONCE(bytes[i]) == byte; i++)
		;
	return i;
}

/* Zero memory of an object beyond what its user was given, too. */
static __always_inline void strata_track_zero(void *p, size_t size)
{
#ifdef CONFIG_KASAN
	__memset(p, 0, size);
#else
	memset(p, 0, size);
#endif
}

#endif /* _STRATA_TRACK_H */
