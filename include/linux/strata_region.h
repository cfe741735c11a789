/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bump regions: memory handed out by moving a pointer, released in frames.
 *
 * A region has one owner at a time: no call on it may run beside another. It
 * takes no lock and no atomic, so it works in every context in which the gfp
 * given at create works. It starts at 2 KiB and grows by segments that double;
 * what has been handed out never moves.
 *
 *	STRATA_FRAME(r);
 *	req = strata_region_alloc(r, sizeof(*req));
 *	...
 *	return 0;		// and everything since STRATA_FRAME() is gone
 */
#ifndef _LINUX_STRATA_REGION_H
#define _LINUX_STRATA_REGION_H

#include <linux/align.h>
#include <linux/cleanup.h>
#include <linux/compiler.h>
#include <linux/err.h>
#include <linux/kconfig.h>
#include <linux/types.h>

/* What every object of a region is aligned to, in bytes. */
#define STRATA_REGION_ALIGN	16UL

/*
 * What a function does to regions, for strata-vet (Documentation/vet.rst). They
 * are nothing unless its plugin is loaded. Arguments count from 1; for functions
 * and for types of pointers to functions.
 */
#ifdef __has_attribute
#if __has_attribute(strata_frame_alloc)
#define __strata_vet(...)	__attribute__((__VA_ARGS__))
#define STRATA_VET_LOOKS
#endif
#endif
#ifndef __strata_vet
#define __strata_vet(...)
#endif

/* The result is a new region. */
#define __strata_create			__strata_vet(strata_create)
/* Region @r and all that is in it end; all of its frames and objects do. */
#define __strata_destroy(r)		__strata_vet(strata_destroy(r))
#define __strata_reset(r)		__strata_vet(strata_reset(r))
/* The result is memory of region @r's innermost frame; a constructor's is, too. */
#define __strata_frame_alloc(r)		__strata_vet(strata_frame_alloc(r))
#define __strata_result_of(r)		__strata_vet(strata_result_of(r))
/* The result is the mark of a frame of @r; @mark, or what it points to, is closed. */
#define __strata_push(r)		__strata_vet(strata_push(r))
#define __strata_pop(r, mark)		__strata_vet(strata_pop(r, mark))
#define __strata_pop_mark(mark)		__strata_vet(strata_pop_mark(mark))
/* Function @fn is called with @arg when the innermost frame of @r is popped. */
#define __strata_defer(r, fn, arg)	__strata_vet(strata_defer(r, fn, arg))
/* The result is a copy in the heap of what @p, of region @r, points to. */
#define __strata_escape(r, p)		__strata_vet(strata_escape(r, p))
/* The result is new memory of the heap; @p is freed. */
#define __strata_heap_alloc		__strata_vet(strata_heap_alloc)
#define __strata_heap_free(p)		__strata_vet(strata_heap_free(p))
/* The result is @p or points into it. */
#define __strata_returns_arg(p)		__strata_vet(strata_returns_arg(p))
/* The arguments are not kept; or they are, and used after the return. */
#define __strata_noescape(...)		__strata_vet(strata_noescape(__VA_ARGS__))
#define __strata_captures(...)		__strata_vet(strata_captures(__VA_ARGS__))

/* A sanitizer must see each object: no inline path then. */
#define STRATA_REGION_OUT_OF_LINE \
	(IS_ENABLED(CONFIG_KASAN) || IS_ENABLED(CONFIG_KMSAN))

/**
 * struct strata_region - what the inline path sees of a region
 *
 * Made by strata_region_create() alone; there is more behind it.
 */
struct strata_region {
	/* private: */
	void *segment;	/* that top and end are in */
	char *top;	/* both aligned to STRATA_REGION_ALIGN, top <= end */
	char *end;
};

/**
 * typedef strata_mark_t - a frame, as strata_region_push() returned it
 *
 * A value to keep and to hand to strata_region_pop(). Good for one pop.
 */
typedef struct {
	/* private: */
	u64 region;
	u64 frame;
	u64 outer;
	void *segment;
	char *top;
} strata_mark_t;

/**
 * strata_region_create() - make an empty region
 * @limit: bytes of objects it may hold at a time, rounded up to 16; padding of
 *	aligned objects and the records of strata_region_defer() count. 0 for
 *	no limit
 * @gfp: for this call and each time the region grows
 *
 * Context: as kmalloc() with @gfp.
 * Return: the region, or ERR_PTR(-ENOMEM).
 */
struct strata_region *strata_region_create(size_t limit, gfp_t gfp) __strata_create;

/* The path of strata_region_alloc() that has to look for memory. */
void *strata_region_alloc_slow(struct strata_region *r, size_t size)
	__alloc_size(2) __strata_frame_alloc(1);

/* kernel-doc takes what this says to strata-vet for a function of its own. */
static __always_inline void *strata_region_alloc(struct strata_region *r, size_t size)
	__strata_frame_alloc(1);

/**
 * strata_region_alloc() - allocate from a region
 * @r: the region
 * @size: bytes, at most STRATA_MAX_SIZE less a page; 0 gives a valid pointer to
 *	no bytes, which may be the next one's too
 *
 * The memory is aligned to 16 bytes. Its contents are undefined, unless the
 * system runs with init_on_alloc or the region was created with __GFP_ZERO.
 *
 * Context: the region's owner; where it grows, as kmalloc() with its gfp.
 * Return: the memory, or NULL at the limit, where @size is too large, or
 * without memory. The region is then as it was.
 */
static __always_inline void *strata_region_alloc(struct strata_region *r, size_t size)
{
	char *p = r->top;

	/* Both ends are aligned: what fits as it is fits rounded up. */
	if (STRATA_REGION_OUT_OF_LINE || unlikely(size > (size_t)(r->end - p)))
		return strata_region_alloc_slow(r, size);
	r->top = p + ALIGN(size, STRATA_REGION_ALIGN);
	return p;
}

/**
 * strata_region_alloc_aligned() - allocate with an alignment
 * @r: the region
 * @size: bytes, as for strata_region_alloc()
 * @align: a power of two, at most PAGE_SIZE; another is reported
 *
 * Context: as strata_region_alloc().
 * Return: the memory, aligned to @align and to 16 bytes, or NULL.
 */
void *strata_region_alloc_aligned(struct strata_region *r, size_t size, size_t align)
	__alloc_size(2) __strata_frame_alloc(1);

/**
 * strata_region_zalloc() - allocate zeroed memory from a region
 * @r: the region
 * @size: bytes, as for strata_region_alloc()
 *
 * Context: as strata_region_alloc().
 * Return: the memory, or NULL.
 */
void *strata_region_zalloc(struct strata_region *r, size_t size)
	__alloc_size(2) __strata_frame_alloc(1);

/**
 * strata_region_strdup() - copy a string into a region
 * @r: the region
 * @s: the string, or NULL
 *
 * Context: as strata_region_alloc().
 * Return: the copy; NULL for NULL or without memory.
 */
char *strata_region_strdup(struct strata_region *r, const char *s) __strata_frame_alloc(1);

/**
 * strata_region_printf() - print into a string in a region
 * @r: the region
 * @fmt: as for snprintf(), with its arguments
 *
 * Context: as strata_region_alloc(). The arguments must not change meanwhile.
 * Return: the string, as long as it needs to be, or NULL.
 */
char *strata_region_printf(struct strata_region *r, const char *fmt, ...)
	__printf(2, 3) __strata_frame_alloc(1);

/**
 * strata_region_push() - open a frame
 * @r: the region
 *
 * Takes no memory and cannot fail. Frames nest without a bound.
 *
 * Context: the region's owner.
 * Return: the mark to hand to strata_region_pop().
 */
strata_mark_t strata_region_push(struct strata_region *r) __strata_push(1);

/**
 * strata_region_pop() - close the innermost frame
 * @r: the region
 * @mark: from the strata_region_push() that opened it
 *
 * First runs what strata_region_defer() left in the frame, last first; what
 * these functions allocate goes with the frame. Then releases everything
 * allocated since the push. Takes time for the segments entered since, not for
 * the objects. The largest segment of up to 64 KiB is kept for the next frame.
 *
 * Context: the region's owner, in a context where the deferred functions may run.
 * Return: 0, or -EINVAL for a mark of another region, of a frame that is not
 * the innermost open one or that is closed already. This is reported, and the
 * region is as it was.
 */
int strata_region_pop(struct strata_region *r, strata_mark_t mark) __strata_pop(1, 2);

/* Apart for kernel-doc, as above. */
int strata_region_defer(struct strata_region *r, void (*fn)(void *), void *arg)
	__strata_defer(1, 2, 3);

/**
 * strata_region_defer() - have a function run when the frame is popped
 * @r: the region
 * @fn: called once with @arg. May allocate from @r and use frames of its own;
 *	may not pop any other, nor reset or destroy @r, which is reported and
 *	refused
 * @arg: its argument
 *
 * Outside of any frame, @fn runs at reset or destroy. The record takes 32 bytes
 * of the region.
 *
 * Context: as strata_region_alloc().
 * Return: 0, -ENOMEM, -EINVAL without @fn, or -EBUSY when called from a deferred
 * function outside a frame of its own: nothing would bound the pop.
 */
int strata_region_defer(struct strata_region *r, void (*fn)(void *), void *arg);

/**
 * strata_region_escape() - copy out of a region what must outlive its frame
 * @r: the region
 * @p: in an object of @r; another pointer is reported
 * @size: bytes from @p on, all in memory that @r handed out
 * @gfp: for the copy
 *
 * Context: the region's owner, and as kmalloc() with @gfp.
 * Return: a copy to be freed by strata_free(), or NULL.
 */
void *strata_region_escape(struct strata_region *r, const void *p, size_t size, gfp_t gfp)
	__alloc_size(3) __strata_escape(1, 2);

/**
 * strata_region_contains() - is this address memory that the region handed out
 * @r: the region
 * @p: any pointer value
 *
 * Released memory is not contained, the padding between objects is.
 *
 * Context: the region's owner.
 * Return: true if so.
 */
bool strata_region_contains(const struct strata_region *r, const void *p);

/**
 * strata_region_reset() - empty a region and keep its memory
 * @r: the region
 *
 * Runs everything deferred, last first, and closes every frame: their marks are
 * stale from then on.
 *
 * Context: as strata_region_pop().
 */
void strata_region_reset(struct strata_region *r) __strata_reset(1);

/**
 * strata_region_destroy() - give back a region and all that it holds
 * @r: the region; NULL and error pointers are no-ops
 *
 * Runs everything deferred, last first.
 *
 * Context: as strata_region_pop().
 */
void strata_region_destroy(struct strata_region *r) __strata_destroy(1);

/* What STRATA_FRAME() keeps in the scope. */
struct strata_frame {
	struct strata_region *region;
	strata_mark_t mark;
};

static inline struct strata_frame strata_frame_open(struct strata_region *r)
{
	return (struct strata_frame){ .region = r, .mark = strata_region_push(r) };
}

static inline void strata_frame_close(struct strata_frame *frame)
{
	strata_region_pop(frame->region, frame->mark);
}

/**
 * STRATA_FRAME() - open a frame that is popped when the scope ends
 * @r: the region; evaluated once
 *
 * A declaration. Several in one scope nest.
 */
#define STRATA_FRAME(r) \
	struct strata_frame __UNIQUE_ID(strata_frame) \
		__cleanup(strata_frame_close) __maybe_unused = \
		strata_frame_open(r)

/* For __free(strata_region). */
DEFINE_FREE(strata_region, struct strata_region *, strata_region_destroy(_T))

#endif /* _LINUX_STRATA_REGION_H */
