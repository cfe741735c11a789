/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Arenas of user processes, from the kernel: memory that a process has mapped,
 * read and written in place.
 *
 * strata_arena_pin() keeps a range where it is, whoever made the arena, until
 * strata_arena_unpin(). In an arena created with STRATA_CREATE_PRODUCER the
 * kernel hands out memory itself: strata_arena_alloc() and, when the record is
 * filled in, strata_arena_publish(). The process reads it where it lies.
 *
 * All that a process can write, it can write at any time: read once what matters.
 */
#ifndef _LINUX_STRATA_ARENA_H
#define _LINUX_STRATA_ARENA_H

#include <linux/rbtree.h>
#include <linux/types.h>

struct mm_struct;
struct strata_arena;

/**
 * struct strata_pin - a range of an arena that stays where it is
 *
 * The caller's, untouched between strata_arena_pin() and strata_arena_unpin().
 */
struct strata_pin {
	/* private: */
	struct strata_arena *arena;
	struct mm_struct *mm;		/* charged for it */
	u64 off;
	void *mapped;			/* its first page, for strata_pin_map() */
	bool write;
	unsigned long first, last;	/* page offsets */
	unsigned long subtree_last;
	struct rb_node node;
};

struct strata_arena *strata_arena_get(int fd);
void strata_arena_put(struct strata_arena *a);

int strata_arena_pin(struct strata_arena *a, u64 off, u64 len, bool write,
		     struct strata_pin *pin);
void *strata_pin_map(struct strata_pin *pin);
void strata_arena_unpin(struct strata_pin *pin);

int strata_arena_prepare(struct strata_arena *a, u32 region);
void *strata_arena_alloc(struct strata_arena *a, u32 region, size_t size, size_t align,
			 u64 *off);
void strata_arena_publish(struct strata_arena *a, void *p);

#endif /* _LINUX_STRATA_ARENA_H */
