/* SPDX-License-Identifier: MIT */
/*
 * libstrata: memory handed out by moving a pointer, released a frame at a time.
 *
 *	STRATA_FRAME(r);
 *	struct node *n = strata_region_alloc(r, sizeof(*n));
 *	...
 *	return 0;		// and everything since STRATA_FRAME() is gone
 *
 * An arena is address space cut into regions; a region grows in place, and what
 * it has handed out never moves. It has one user at a time and takes no lock.
 * The memory is /dev/strata's, or anonymous where there is no such device.
 *
 * Calls that return a pointer return NULL and set errno; calls that return int
 * return 0 or -errno. Wrong use (a frame out of order, a pointer that is not the
 * region's) is reported on stderr and refused; the debug library aborts.
 */
#ifndef STRATA_H
#define STRATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/strata.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What every object of a region is aligned to, in bytes. */
#define STRATA_REGION_ALIGN	((size_t)16)

#define STRATA_UNLIKELY(x)	__builtin_expect(!!(x), 0)
#define STRATA_SIZED(...)	__attribute__((alloc_size(__VA_ARGS__), warn_unused_result))
#define STRATA_PRINTF(f, a)	__attribute__((format(printf, f, a), warn_unused_result))

/*
 * What a function does to regions, for strata-vet (Documentation/vet.rst). They
 * are nothing unless its plugin is loaded. Arguments count from 1; for functions
 * and for types of pointers to functions. It knows the functions of this header.
 */
#ifdef __has_attribute
#if __has_attribute(strata_frame_alloc)
#define __strata_vet(...)	__attribute__((__VA_ARGS__))
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

typedef struct strata_arena strata_arena;

/**
 * struct strata_region - what the inline calls see of a region
 *
 * Made by the library alone; there is more behind it.
 */
struct strata_region {
	/* private: */
	char *top;		/* of the next object */
	char *end;		/* of what may be handed out without asking */
	char *start;		/* where the innermost frame began */
	char *low;		/* to pop below this takes more than moving top */
	uint64_t id;		/* no other region ever had it */
	uint64_t frame;		/* number of the innermost frame */
	uint64_t last_frame;	/* number given out last */
	uint64_t deferred;	/* frame of the function deferred last */
};

typedef struct strata_region strata_region;

/**
 * typedef strata_mark_t - a frame, as strata_region_push() returned it
 *
 * A value to keep and to hand to strata_region_pop(). Good for one pop.
 */
typedef struct {
	/* private: */
	uint64_t region;
	uint64_t frame;
	uint64_t outer;
	char *outer_start;
} strata_mark_t;

/* strata_arena_opts.flags: STRATA_CREATE_* of <linux/strata.h>, and these. */
#define STRATA_ARENA_DEVICE	(1U << 30)	/* /dev/strata or an error */
#define STRATA_ARENA_ANONYMOUS	(1U << 31)	/* never /dev/strata */

/* strata_arena_from_fd() flags */
#define STRATA_ARENA_READONLY	(1U << 0)	/* map for reading: no regions can be made */

/**
 * struct strata_arena_opts - what an arena is to be like; 0 stands for a default
 * @size: sizeof(struct strata_arena_opts)
 * @max_bytes: address space of all regions; by default 256 GiB, or less where
 *	the device or the process may not have so much
 * @region_bytes: slot of one region, a power of two of at least two pages, of
 *	which the last is a guard; by default 1 GiB, or the largest that fits, and
 *	of a default @max_bytes at most a 128th
 * @keep_bytes: memory above its top that strata_region_trim() leaves to a region
 * @flags: STRATA_CREATE_*, STRATA_ARENA_*
 * @node: NUMA node to prefer, counted from 1; 0 for none
 * @name: for /proc/PID/maps, up to 31 characters; by default the program's
 */
struct strata_arena_opts {
	size_t size;
	uint64_t max_bytes;
	uint64_t region_bytes;
	uint64_t keep_bytes;
	unsigned int flags;
	int node;
	const char *name;
};

/* ------------------------------------------------------------- arenas */

/**
 * strata_arena_create() - make an arena
 * @opts: what it is to be like; NULL for all defaults
 * @out: the arena
 *
 * Without /dev/strata, or without the right to open it, the arena is of
 * anonymous memory, unless @opts asks for the device. The environment variable
 * STRATA_BACKEND=anonymous or =device decides where @opts does not.
 *
 * Return: 0; -EINVAL for a value without meaning, -EOVERFLOW for one that is too
 * large, -E2BIG for options from the future, -EOPNOTSUPP for a flag that this
 * backend has not, -EDQUOT over a quota; -ENOMEM; or why there is no device.
 */
int strata_arena_create(const struct strata_arena_opts *opts, strata_arena **out);

/**
 * strata_arena_from_fd() - map an arena that somebody else made
 * @fd: an arena's descriptor; remains the caller's
 * @flags: 0 or STRATA_ARENA_READONLY
 * @out: the arena
 *
 * All who have mapped an arena see the same memory, at addresses of their own.
 * Each region belongs to whoever made it.
 *
 * Return: 0; -EBADF if @fd is not open, or not for writing; -EINVAL if it is not
 * an arena; -EPERM if the arena is sealed against writes; -ENOMEM.
 */
int strata_arena_from_fd(int fd, unsigned int flags, strata_arena **out);

/**
 * strata_arena_fd() - the descriptor of an arena
 * @a: the arena
 *
 * Return: the descriptor, which is the arena's to close; -1 on anonymous memory.
 */
int strata_arena_fd(const strata_arena *a);

/**
 * strata_arena_destroy() - give back an arena, its regions first
 * @a: the arena; NULL is a no-op
 *
 * Runs what its regions have deferred.
 */
void strata_arena_destroy(strata_arena *a);

/**
 * strata_arena_backend() - what the memory of an arena is
 * @a: the arena
 *
 * Return: "device" or "anonymous".
 */
const char *strata_arena_backend(const strata_arena *a);

/**
 * strata_arena_data() - where an arena is mapped
 * @a: the arena
 * @bytes: size of all its regions; may be NULL
 *
 * For what is handed to another process: an address less this one is an offset
 * that is the same for all.
 *
 * Return: address of region 0.
 */
void *strata_arena_data(const strata_arena *a, size_t *bytes);

/* ------------------------------------------------- regions, start to end */

/**
 * strata_region_create() - make an empty region
 * @a: of which arena
 *
 * May be called by many threads at once.
 *
 * Return: the region, or NULL with errno: ENOSPC if all slots of the arena are
 * taken, EBADF if it is read-only, EPERM if it is the parent process's, ENOMEM.
 */
strata_region *strata_region_create(strata_arena *a);

/**
 * strata_region_thread() - this thread's own region
 *
 * Made at first use, and gone when the thread ends. After fork() the child gets
 * a new one; the parent's is not there in the child.
 *
 * Return: the region, or NULL with errno as strata_arena_create() has it.
 */
strata_region *strata_region_thread(void);

/**
 * strata_region_reset() - empty a region and keep its memory
 * @r: the region
 *
 * Runs everything deferred, last first, and closes every frame: their marks are
 * stale from then on.
 */
void strata_region_reset(strata_region *r);

/**
 * strata_region_trim() - give memory back to the system
 * @r: the region
 *
 * What is in use stays, and keep_bytes of the arena above it.
 *
 * Return: bytes given back.
 */
size_t strata_region_trim(strata_region *r);

/**
 * strata_region_destroy() - give back a region and all that it holds
 * @r: the region; NULL is a no-op
 *
 * Runs everything deferred, last first.
 */
void strata_region_destroy(strata_region *r);

/**
 * strata_region_stat() - figures of a region, in bytes
 * @r: the region
 * @out: filled in
 *
 * On anonymous memory @faults and @pinned are 0, and @hwm is the most that a
 * call of strata_region_stat() or strata_region_trim() saw.
 *
 * Return: 0 or -errno.
 */
int strata_region_stat(const strata_region *r, struct strata_stat *out);

/**
 * strata_region_contains() - is this address memory that the region handed out
 * @r: the region
 * @p: any pointer value
 *
 * Released memory is not contained, the padding between objects is.
 */
bool strata_region_contains(const strata_region *r, const void *p);

/* ----------------------------------------------------------- allocation */

/* The path of strata_region_alloc() that has to look for memory. */
void *strata_region_alloc_slow(strata_region *r, size_t size) STRATA_SIZED(2);

/**
 * strata_region_alloc() - allocate from a region
 * @r: the region
 * @size: bytes; 0 gives a valid pointer to no bytes, which may be the next one's
 *
 * The memory is aligned to 16 bytes and its contents are undefined.
 *
 * Return: the memory, or NULL with errno ENOMEM where @size does not fit; the
 * region is then as it was.
 */
static inline STRATA_SIZED(2) void *strata_region_alloc(strata_region *r, size_t size)
{
	char *p = r->top;

	/* Both ends are aligned: what fits as it is fits rounded up. */
	if (STRATA_UNLIKELY(size > (size_t)(r->end - p)))
		return strata_region_alloc_slow(r, size);
	r->top = p + ((size + STRATA_REGION_ALIGN - 1) & -STRATA_REGION_ALIGN);
	return p;
}

/**
 * strata_region_alloc_aligned() - allocate with an alignment
 * @r: the region
 * @size: bytes, as for strata_region_alloc()
 * @align: a power of two; another is reported
 *
 * Return: the memory, aligned to @align and to 16 bytes, or NULL.
 */
void *strata_region_alloc_aligned(strata_region *r, size_t size, size_t align)
	STRATA_SIZED(2);

/**
 * strata_region_zalloc() - allocate zeroed memory from a region
 * @r: the region
 * @size: bytes, as for strata_region_alloc()
 *
 * Return: the memory, or NULL.
 */
void *strata_region_zalloc(strata_region *r, size_t size) STRATA_SIZED(2);

/**
 * strata_region_strdup() - copy a string into a region
 * @r: the region
 * @s: the string, or NULL
 *
 * Return: the copy; NULL for NULL or without memory.
 */
char *strata_region_strdup(strata_region *r, const char *s)
	__attribute__((warn_unused_result));

/**
 * strata_region_printf() - print into a string in a region
 * @r: the region
 * @fmt: as for snprintf(), with its arguments
 *
 * Return: the string, as long as it needs to be, or NULL with errno.
 */
char *strata_region_printf(strata_region *r, const char *fmt, ...) STRATA_PRINTF(2, 3);

/**
 * strata_region_realloc_last() - change the size of a block, in place if it is
 *	the one allocated last
 * @r: the region
 * @p: the block; NULL allocates
 * @old: its size
 * @size: wanted
 *
 * A block that is not the last of the innermost frame is copied; the old one
 * stays until its frame ends.
 *
 * Return: the block, or NULL with the old one as it was.
 */
void *strata_region_realloc_last(strata_region *r, void *p, size_t old, size_t size)
	STRATA_SIZED(4);

/**
 * strata_region_escape() - copy out of a region what must outlive its frame
 * @from: a region
 * @to: the region to copy to
 * @p: in an object of @from; another pointer is reported
 * @size: bytes from @p on, all in memory that @from handed out
 *
 * Return: the copy, or NULL.
 */
void *strata_region_escape(strata_region *from, strata_region *to, const void *p,
			   size_t size) STRATA_SIZED(4);

/* --------------------------------------------------------------- frames */

/**
 * strata_region_push() - open a frame
 * @r: the region
 *
 * Takes no memory and cannot fail. Frames nest without a bound.
 *
 * Return: the mark to hand to strata_region_pop().
 */
static inline strata_mark_t strata_region_push(strata_region *r)
{
	strata_mark_t mark;

	mark.region = r->id;
	mark.frame = ++r->last_frame;
	mark.outer = r->frame;
	mark.outer_start = r->start;
	r->frame = mark.frame;
	r->start = r->top;
	return mark;
}

/* The path of strata_region_pop() that has more to do, or to refuse. */
int strata_region_pop_slow(strata_region *r, strata_mark_t mark);

/**
 * strata_region_pop() - close the innermost frame
 * @r: the region
 * @mark: from the strata_region_push() that opened it
 *
 * First runs what strata_region_defer() left in the frame, last first; what
 * these functions allocate goes with the frame. Then releases everything
 * allocated since the push. The memory stays with the region.
 *
 * Return: 0, or -EINVAL for a mark of another region, of a frame that is not
 * the innermost open one or that is closed already. This is reported, and the
 * region is as it was.
 */
static inline int strata_region_pop(strata_region *r, strata_mark_t mark)
{
	if (STRATA_UNLIKELY(mark.frame != r->frame || mark.region != r->id ||
			    r->deferred >= mark.frame || r->start < r->low))
		return strata_region_pop_slow(r, mark);
	r->top = r->start;
	r->start = mark.outer_start;
	r->frame = mark.outer;
	return 0;
}

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
 * Return: 0, -ENOMEM, -EINVAL without @fn, or -EBUSY when called from a deferred
 * function outside a frame of its own: nothing would bound the pop.
 */
int strata_region_defer(strata_region *r, void (*fn)(void *), void *arg);

/* What STRATA_FRAME() keeps in the scope. */
struct strata_frame {
	strata_region *region;
	strata_mark_t mark;
};

static inline struct strata_frame strata_frame_open(strata_region *r)
{
	struct strata_frame frame;

	frame.region = r;
	frame.mark = strata_region_push(r);
	return frame;
}

static inline void strata_frame_close(struct strata_frame *frame)
{
	strata_region_pop(frame->region, frame->mark);
}

#define STRATA_PASTE_(a, b)	a##b
#define STRATA_PASTE(a, b)	STRATA_PASTE_(a, b)

/**
 * STRATA_FRAME() - open a frame that is popped when the scope ends
 * @r: the region; evaluated once
 *
 * A declaration. Several in one scope nest.
 */
#define STRATA_FRAME(r) \
	struct strata_frame STRATA_PASTE(strata_frame_, __COUNTER__) \
		__attribute__((cleanup(strata_frame_close), unused)) = \
		strata_frame_open(r)

/* -------------------------------------------------------------- reports */

/**
 * strata_set_report() - have wrong use reported elsewhere than on stderr
 * @fn: called with one line, without an end of line; NULL: stderr
 *
 * For the whole process. The debug library aborts after the report all the same.
 *
 * Return: what was set before.
 */
void (*strata_set_report(void (*fn)(const char *line)))(const char *line);

#ifdef __cplusplus
}
#endif

#endif /* STRATA_H */
