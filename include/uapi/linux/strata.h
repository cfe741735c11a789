/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * /dev/strata: stack-like memory for a process, grown in place by the kernel.
 *
 * Opening the device gives nothing but the right to ask. STRATA_IOC_CREATE
 * makes an arena, a file descriptor of its own. Mapped, it is a row of regions,
 * each a slot of region_bytes bytes whose last page is a guard (SIGBUS), and a
 * row of control pages with one struct strata_ctl per region.
 *
 * Every struct starts with its size as the caller knows it. The kernel fills no
 * more than that, and a caller newer than the kernel gets E2BIG if it asks for
 * something that the kernel does not know. The size is not part of the command
 * number, so structs grow without new commands.
 *
 * Errors: EINVAL a value that has no meaning; EOPNOTSUPP a defined one that is
 * not supported here (see strata_info.features); EOVERFLOW beyond what the
 * arena or the device can hold; EDQUOT over the user's quota; EPERM sealed;
 * EBUSY in use by what would have to stop; EBADF the descriptor is read-only;
 * ENOTTY no such command on this descriptor.
 */
#ifndef _UAPI_LINUX_STRATA_H
#define _UAPI_LINUX_STRATA_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define STRATA_ABI_VERSION	1

/* What strata_info.features says that this kernel can do. */
#define STRATA_FEATURE_FORK_SHARE	(1ULL << 0)
#define STRATA_FEATURE_HUGE		(1ULL << 1)
#define STRATA_FEATURE_LAZY		(1ULL << 2)
#define STRATA_FEATURE_PRODUCER		(1ULL << 3)
#define STRATA_FEATURE_DUMP		(1ULL << 4)
#define STRATA_FEATURE_EXPORT		(1ULL << 5)
#define STRATA_FEATURE_SEAL		(1ULL << 6)

/* Sizes of the structs as they first were: the least that a caller may say. */
#define STRATA_INFO_SIZE_VER0	24
#define STRATA_CREATE_SIZE_VER0	96
#define STRATA_RANGE_SIZE_VER0	32
#define STRATA_EXPORT_SIZE_VER0	16
#define STRATA_SEAL_SIZE_VER0	8
#define STRATA_STAT_SIZE_VER0	72

/**
 * struct strata_info - what the device offers
 * @size: sizeof(struct strata_info)
 * @abi: STRATA_ABI_VERSION of the kernel
 * @features: STRATA_FEATURE_* bits
 * @max_bytes: address space of the largest arena that may be created
 */
struct strata_info {
	__u32 size;
	__u32 abi;
	__aligned_u64 features;
	__aligned_u64 max_bytes;
};

/* strata_create.flags */
#define STRATA_CREATE_FORK_SHARE	(1U << 0) /* mappings are inherited by fork() */
#define STRATA_CREATE_HUGE		(1U << 1) /* memory comes, and goes, 2 MiB at a time */
#define STRATA_CREATE_LAZY		(1U << 2) /* memory above top goes when memory is short */
#define STRATA_CREATE_PRODUCER		(1U << 3) /* the kernel writes, the process reads */
#define STRATA_CREATE_DUMP		(1U << 4) /* show up in core dumps */

/* Descriptors are close-on-exec, with or without O_CLOEXEC, unless this is given. */
#define STRATA_FD_INHERIT		(1U << 0)

/**
 * struct strata_create - a new arena
 * @size: sizeof(struct strata_create)
 * @flags: STRATA_CREATE_* bits
 * @max_bytes: address space of the regions, and so the hard limit of the arena;
 *	rounded up to whole pages
 * @region_bytes: slot of one region with its guard page, a power of two of at
 *	least two pages; 0: one region that takes all of @max_bytes
 * @keep_bytes: memory that STRATA_IOC_TRIM and lazy reclaim leave to the arena, so
 *	that it can be used again without a fault and without being zeroed; at most
 *	@max_bytes
 * @node: NUMA node to prefer, or -1
 * @fd_flags: 0, O_CLOEXEC or STRATA_FD_INHERIT
 * @out_fd: the arena
 * @out_nr_regions: whole slots in @max_bytes
 * @out_data_off: mmap() offset of region 0
 * @out_ctl_off: mmap() offset of region 0's struct strata_ctl
 * @name: shown in /proc/PID/maps; ends with a 0 byte, no control characters
 *
 * With STRATA_CREATE_LAZY a region's memory from strata_ctl.top on, in whole pages,
 * may be gone at any time, and is zeroed when it is next touched. So top has to
 * be stored before anything is written above its old value, with a barrier in
 * between: a compiler's where stores stay in order (x86), a store barrier elsewhere
 * (arm64).
 */
struct strata_create {
	__u32 size;
	__u32 flags;
	__aligned_u64 max_bytes;
	__aligned_u64 region_bytes;
	__aligned_u64 keep_bytes;
	__s32 node;
	__u32 fd_flags;
	__s32 out_fd;
	__u32 out_nr_regions;
	__aligned_u64 out_data_off;
	__aligned_u64 out_ctl_off;
	__u8 name[32];
};

/**
 * struct strata_range - bytes of an arena
 * @size: sizeof(struct strata_range)
 * @flags: 0
 * @off: first byte, as an mmap() offset
 * @len: bytes; only the whole pages inside count, guard pages never do
 * @out_bytes: committed or given back by this call; filled in on failure too
 */
struct strata_range {
	__u32 size;
	__u32 flags;
	__aligned_u64 off;
	__aligned_u64 len;
	__aligned_u64 out_bytes;
};

/**
 * struct strata_export - another descriptor of the same arena
 * @size: sizeof(struct strata_export)
 * @access: O_RDONLY or O_RDWR
 * @fd_flags: 0, O_CLOEXEC or STRATA_FD_INHERIT
 * @out_fd: the descriptor
 */
struct strata_export {
	__u32 size;
	__u32 access;
	__u32 fd_flags;
	__s32 out_fd;
};

/* strata_seal.seals; the values are those of F_SEAL_* */
#define STRATA_SEAL_SEAL	(1U << 0) /* no more seals */
#define STRATA_SEAL_GROW	(1U << 2) /* no more memory */
#define STRATA_SEAL_WRITE	(1U << 3) /* contents stay as they are */

/**
 * struct strata_seal - things that nobody can do to an arena any more
 * @size: sizeof(struct strata_seal)
 * @seals: STRATA_SEAL_* bits to add; comes back with all that there are
 *
 * Sealing against writes needs all writable mappings gone first (EBUSY). Then
 * the arena can be mapped privately, and shared through read-only descriptors.
 */
struct strata_seal {
	__u32 size;
	__u32 seals;
};

/* strata_stat.region: the sum of all regions */
#define STRATA_REGION_ALL	(~0U)

/**
 * struct strata_stat - figures of one region, or of all of them
 * @size: sizeof(struct strata_stat)
 * @region: which; STRATA_REGION_ALL for the sum
 * @committed: bytes of memory held now
 * @hwm: most bytes ever held at once
 * @limit: bytes that the region has grown to (as strata_ctl.limit)
 * @faults: page faults served
 * @grown: bytes ever committed; @grown - @trimmed = @committed
 * @trimmed: bytes ever given back
 * @recycled: bytes that trimming left where they are, to be used again
 * @pinned: bytes held by the kernel for input and output
 */
struct strata_stat {
	__u32 size;
	__u32 region;
	__aligned_u64 committed;
	__aligned_u64 hwm;
	__aligned_u64 limit;
	__aligned_u64 faults;
	__aligned_u64 grown;
	__aligned_u64 trimmed;
	__aligned_u64 recycled;
	__aligned_u64 pinned;
};

/* strata_ctl.limit of a region that nothing was asked of yet */
#define STRATA_REGION_START	2048

/**
 * struct strata_ctl - what a region and the kernel tell each other
 * @top: offset in the region, written by its one user; a hint to the kernel. In a
 *	producer region, how far the process has read, see struct strata_record
 * @limit: bytes the region has grown to: starts at STRATA_REGION_START and
 *	doubles up to region_bytes less the guard page
 * @hwm: most bytes committed at once
 * @frame: the user's
 * @gen: the user's
 * @flags: the user's
 * @user: the user's
 * @committed: bytes of memory held now
 * @trimmed: bytes ever given back
 * @trim_seq: counts the times that memory was taken away
 * @events: counts the changes of @limit
 * @kernel: in a producer region, [0] how far the kernel has written and [1] how
 *	many records there was no room for; 0 else
 *
 * The page is the process's to write, so the kernel relies on nothing in it: it
 * keeps figures of its own and only shows them here.
 */
struct strata_ctl {
	__aligned_u64 top;
	__aligned_u64 limit;
	__aligned_u64 hwm;
	__aligned_u64 frame;
	__u32 gen;
	__u32 flags;
	__aligned_u64 user[3];
	__aligned_u64 committed;
	__aligned_u64 trimmed;
	__u32 trim_seq;
	__u32 events;
	__aligned_u64 kernel[5];
};

/* strata_record.state */
#define STRATA_RECORD_BUSY	0	/* being written: come back later */
#define STRATA_RECORD_READY	1
#define STRATA_RECORD_SKIP	2	/* nothing in it */

/**
 * struct strata_record - what comes before each record of a producer region
 * @size: bytes that follow; the next header is there, rounded up to 16
 * @state: STRATA_RECORD_*
 * @seq: counts the records of the region, lost ones too: a gap is a loss
 *
 * With STRATA_CREATE_PRODUCER the kernel writes and the process reads; it can map
 * regions for reading only. A region, without its guard page, is a ring: byte P
 * ever written is at offset P modulo its size. The process starts at P = 0, and
 * while P is not strata_ctl.kernel[0] (load with acquire semantics) there is a
 * header at P; unless its state (again, acquire) is STRATA_RECORD_BUSY, P moves
 * past the record. Memory before strata_ctl.top (store with release semantics) is
 * used again. poll() waits for records that were not read.
 */
struct strata_record {
	__u32 size;
	__u32 state;
	__aligned_u64 seq;
};

#define STRATA_IOC_MAGIC	0xBB

/* On /dev/strata */
#define STRATA_IOC_INFO		_IO(STRATA_IOC_MAGIC, 0x00)	/* struct strata_info */
#define STRATA_IOC_CREATE	_IO(STRATA_IOC_MAGIC, 0x01)	/* struct strata_create */

/* On an arena */
#define STRATA_IOC_POPULATE	_IO(STRATA_IOC_MAGIC, 0x10)	/* struct strata_range */
#define STRATA_IOC_TRIM		_IO(STRATA_IOC_MAGIC, 0x11)	/* struct strata_range */
#define STRATA_IOC_EXPORT	_IO(STRATA_IOC_MAGIC, 0x12)	/* struct strata_export */
#define STRATA_IOC_SEAL		_IO(STRATA_IOC_MAGIC, 0x13)	/* struct strata_seal */
#define STRATA_IOC_STAT		_IO(STRATA_IOC_MAGIC, 0x14)	/* struct strata_stat */

#endif /* _UAPI_LINUX_STRATA_H */
