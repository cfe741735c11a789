// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/strata and the files of arenas: their commands, and what goes in and out
 * with them. The only place that touches user memory. Knows nothing of pages.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "arena.h"
#include "arena_figures.h"
#include "arena_pages.h"
#include "arena_producer.h"
#include "arena_seal.h"
#include "arena_trim.h"
#include "compat.h"
#include "device.h"
#include "fault.h"
#include "inode.h"
#include "map.h"

#define FEATURES	(STRATA_FEATURE_FORK_SHARE | STRATA_FEATURE_DUMP | \
			 STRATA_FEATURE_EXPORT | STRATA_FEATURE_SEAL | STRATA_FEATURE_HUGE | \
			 STRATA_FEATURE_PRODUCER | STRATA_FEATURE_LAZY)

#define CREATE_FLAGS	(STRATA_CREATE_FORK_SHARE | STRATA_CREATE_HUGE | \
			 STRATA_CREATE_LAZY | STRATA_CREATE_PRODUCER | STRATA_CREATE_DUMP)

#define SEALS		(STRATA_SEAL_SEAL | STRATA_SEAL_GROW | STRATA_SEAL_WRITE)

/* What a command is given: a copy of the caller's struct. */
union args {
	struct strata_info info;
	struct strata_create create;
	struct strata_range range;
	struct strata_export export;
	struct strata_seal seal;
	struct strata_stat stat;
};

/**
 * struct call - one ioctl()
 * @file: on which
 * @args: copied in before the command runs, and out after it
 * @new_file: made by the command; the caller gets it if all else went well
 * @fd: number reserved for @new_file
 */
struct call {
	struct file *file;
	union args args;
	struct file *new_file;
	int fd;
};

/**
 * struct command - what an ioctl number stands for
 * @cmd: the number
 * @run: does it; 0 or an error
 * @first_size: of its struct when the command was new: no caller knows less
 * @size: of its struct now
 * @reports: its struct goes out when it failed, too
 */
struct command {
	unsigned int cmd;
	int (*run)(struct call *call);
	size_t first_size;
	size_t size;
	bool reports;
};

static const struct file_operations arena_fops;

/* A file of @arena, whose reference it takes over, for the caller of @call. */
static int new_fd(struct call *call, struct strata_arena *arena, unsigned int access,
		  u32 fd_flags)
{
	unsigned int cloexec = fd_flags & STRATA_FD_INHERIT ? 0 : O_CLOEXEC;
	struct file *file;
	int fd, err;

	err = -EINVAL;
	if (fd_flags & ~(O_CLOEXEC | STRATA_FD_INHERIT) ||
	    (fd_flags & O_CLOEXEC && fd_flags & STRATA_FD_INHERIT))
		goto put_arena;
	fd = strata_fault(GFP_KERNEL) ? -ENOMEM : get_unused_fd_flags(cloexec);
	if (fd < 0) {
		err = fd;
		goto put_arena;
	}
	file = strata_inode_open(arena->inode, arena->name, access, &arena_fops, arena);
	if (IS_ERR(file)) {
		err = PTR_ERR(file);
		goto put_fd;
	}
	call->new_file = file;
	call->fd = fd;
	return 0;

put_fd:
	put_unused_fd(fd);
put_arena:
	strata_arena_put(arena);
	return err;
}

static int run_info(struct call *call)
{
	struct strata_info *info = &call->args.info;

	info->abi = STRATA_ABI_VERSION;
	info->features = FEATURES;
	info->max_bytes = strata_arena_max_bytes();
	return 0;
}

static int run_create(struct call *call)
{
	struct strata_create *create = &call->args.create;
	struct strata_arena *arena;
	int err;

	if (create->flags & ~CREATE_FLAGS)
		return -EINVAL;
	arena = strata_arena_create(create);
	if (IS_ERR(arena))
		return PTR_ERR(arena);
	create->out_nr_regions = arena->nr_regions;
	create->out_data_off = 0;
	create->out_ctl_off = (u64)arena->data_pages << PAGE_SHIFT;
	err = new_fd(call, arena, O_RDWR, create->fd_flags);
	create->out_fd = call->fd;
	return err;
}

/* The whole pages in a range. */
static int get_range(struct call *call, pgoff_t *first, pgoff_t *end)
{
	struct strata_arena *arena = call->file->private_data;
	struct strata_range *range = &call->args.range;
	u64 data_bytes = (u64)arena->data_pages << PAGE_SHIFT;

	range->out_bytes = 0;
	if (!(call->file->f_mode & FMODE_WRITE))
		return -EBADF;
	if (range->flags)
		return -EINVAL;
	if (range->off > data_bytes || range->len > data_bytes - range->off)
		return -EOVERFLOW;
	*first = (range->off + PAGE_SIZE - 1) >> PAGE_SHIFT;
	*end = (range->off + range->len) >> PAGE_SHIFT;
	return 0;
}

static int run_populate(struct call *call)
{
	pgoff_t first, end;
	int err = get_range(call, &first, &end);

	return err ?: strata_pages_populate(call->file->private_data, first, end,
					    &call->args.range.out_bytes);
}

static int run_trim(struct call *call)
{
	pgoff_t first, end;
	int err = get_range(call, &first, &end);

	return err ?: strata_pages_trim(call->file->private_data, first, end,
					&call->args.range.out_bytes);
}

static int run_export(struct call *call)
{
	struct strata_arena *arena = call->file->private_data;
	struct strata_export *export = &call->args.export;
	int err;

	if (export->access != O_RDONLY && export->access != O_RDWR)
		return -EINVAL;
	/* Nobody gets more than they have. */
	if (export->access == O_RDWR && !(call->file->f_mode & FMODE_WRITE))
		return -EBADF;
	err = new_fd(call, strata_arena_hold(arena), export->access, export->fd_flags);
	export->out_fd = call->fd;
	return err;
}

static int run_seal(struct call *call)
{
	if (!(call->file->f_mode & FMODE_WRITE))
		return -EBADF;
	if (call->args.seal.seals & ~SEALS)
		return -EINVAL;
	return strata_arena_seal(call->file->private_data, &call->args.seal.seals);
}

static int run_stat(struct call *call)
{
	return strata_arena_stat(call->file->private_data, &call->args.stat);
}

static const struct command device_commands[] = {
	{ STRATA_IOC_INFO, run_info, STRATA_INFO_SIZE_VER0, sizeof(struct strata_info) },
	{ STRATA_IOC_CREATE, run_create, STRATA_CREATE_SIZE_VER0, sizeof(struct strata_create) },
};

static const struct command arena_commands[] = {
	{ STRATA_IOC_POPULATE, run_populate, STRATA_RANGE_SIZE_VER0,
	  sizeof(struct strata_range), .reports = true },
	{ STRATA_IOC_TRIM, run_trim, STRATA_RANGE_SIZE_VER0,
	  sizeof(struct strata_range), .reports = true },
	{ STRATA_IOC_EXPORT, run_export, STRATA_EXPORT_SIZE_VER0,
	  sizeof(struct strata_export) },
	{ STRATA_IOC_SEAL, run_seal, STRATA_SEAL_SIZE_VER0, sizeof(struct strata_seal) },
	{ STRATA_IOC_STAT, run_stat, STRATA_STAT_SIZE_VER0, sizeof(struct strata_stat) },
};

static const struct command *find_command(const struct command *commands, size_t nr,
					  unsigned int cmd)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (commands[i].cmd == cmd)
			return &commands[i];
	return NULL;
}

static long run_command(const struct command *command, struct file *file,
			void __user *user)
{
	struct call call = { .file = file, .fd = -1 };
	u32 size;
	long err;

	if (!command)
		return -ENOTTY;
	if (get_user(size, (u32 __user *)user))
		return -EFAULT;
	if (size < command->first_size)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	err = copy_struct_from_user(&call.args, command->size, user, size);
	if (err)
		return err;

	err = command->run(&call);
	if ((!err || command->reports) &&
	    copy_to_user(user, &call.args, min_t(size_t, size, command->size)))
		err = err ?: -EFAULT;
	if (!call.new_file)
		return err;
	if (err) {
		put_unused_fd(call.fd);
		fput(call.new_file);
		return err;
	}
	/* From here on another thread may use the file: nothing can fail any more. */
	fd_install(call.fd, call.new_file);
	return 0;
}

static long device_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return run_command(find_command(device_commands, ARRAY_SIZE(device_commands), cmd),
			   file, (void __user *)arg);
}

static long arena_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return run_command(find_command(arena_commands, ARRAY_SIZE(arena_commands), cmd),
			   file, (void __user *)arg);
}

static int arena_release(struct inode *inode, struct file *file)
{
	strata_arena_put(file->private_data);
	return 0;
}

/* Only what the kernel writes is waited for. */
static __poll_t arena_poll(struct file *file, struct poll_table_struct *wait)
{
	struct strata_arena *arena = file->private_data;

	poll_wait(file, &arena->readers, wait);
	/* Pairs with wq_has_sleeper() in strata_arena_publish(). */
	smp_mb();
	return strata_producers_unread(arena) ? EPOLLIN | EPOLLRDNORM : 0;
}

static void arena_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct strata_arena *arena = file->private_data;
	struct strata_stat stat = { .region = STRATA_REGION_ALL };

	strata_arena_stat(arena, &stat);
	seq_printf(m, "strata-name:\t%s\n", arena->name);
	seq_printf(m, "strata-regions:\t%u\n", arena->nr_regions);
	seq_printf(m, "strata-region-bytes:\t%llu\n", arena->region_bytes);
	seq_printf(m, "strata-committed:\t%llu\n", stat.committed);
	seq_printf(m, "strata-hwm:\t%llu\n", stat.hwm);
	seq_printf(m, "strata-faults:\t%llu\n", stat.faults);
	seq_printf(m, "strata-recycled:\t%llu\n", stat.recycled);
	seq_printf(m, "strata-pinned:\t%llu\n", stat.pinned);
	seq_printf(m, "strata-flags:\t%#x\n", arena->flags);
	seq_printf(m, "strata-seals:\t%#x\n", READ_ONCE(arena->seals));
}

static const struct file_operations arena_fops = {
	.owner = THIS_MODULE,
	.mmap = strata_map,
	.get_unmapped_area = thp_get_unmapped_area,	/* NULL where there are none */
	.release = arena_release,
	.unlocked_ioctl = arena_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.poll = arena_poll,
	.show_fdinfo = arena_show_fdinfo,
};

static const struct file_operations device_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = device_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

/**
 * strata_arena_get() - an arena by its descriptor
 * @fd: of the current process, open for reading and writing
 *
 * Context: may sleep.
 * Return: the arena, to be let go with strata_arena_put(); ERR_PTR(-EBADF) no such
 * descriptor, or a read-only one; ERR_PTR(-EINVAL) not an arena.
 */
struct strata_arena *strata_arena_get(int fd)
{
	struct file *file = fget(fd);
	struct strata_arena *arena;

	if (!file)
		return ERR_PTR(-EBADF);
	if (file->f_op != &arena_fops)
		arena = ERR_PTR(-EINVAL);
	else if (!(file->f_mode & FMODE_WRITE))
		arena = ERR_PTR(-EBADF);
	else
		arena = strata_arena_hold(file->private_data);
	fput(file);
	return arena;
}
STRATA_EXPORT(strata_arena_get);

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "strata",
	.fops = &device_fops,
	.mode = 0660,
};

/**
 * strata_device_init() - from here on there is /dev/strata
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
int strata_device_init(void)
{
	BUILD_BUG_ON(sizeof(struct strata_ctl) != 128);
	return strata_fault(GFP_KERNEL) ? -ENOMEM : misc_register(&device);
}

/**
 * strata_device_exit() - no more /dev/strata, and no arenas
 *
 * Every arena holds the module through its files, so there is none here.
 *
 * Context: may sleep.
 */
void strata_device_exit(void)
{
	misc_deregister(&device);
}
