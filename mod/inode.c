// SPDX-License-Identifier: GPL-2.0-only
/*
 * A file system that nobody can mount, for the inodes of arenas. An inode of
 * its own gives an arena an address space of its own, so that one call takes a
 * page out of every process that maps it, and out of no other arena. Knows
 * nothing of arenas.
 */
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/pseudo_fs.h>

#include "fault.h"
#include "inode.h"

#define STRATA_FS_MAGIC		0x73747261	/* "stra" */

static struct vfsmount *inode_mount;
static int inode_mount_users;

/* What /proc/PID/maps and /proc/PID/fd show. */
static char *inode_dname(struct dentry *dentry, char *buffer, int buflen)
{
	static const char prefix[] = "strata:";
	int len = strlen(prefix) + dentry->d_name.len + 1;
	char *start = buffer + buflen - len;

	if (len > buflen)
		return ERR_PTR(-ENAMETOOLONG);
	strscpy(start, prefix, len);
	memcpy(start + strlen(prefix), dentry->d_name.name, dentry->d_name.len + 1);
	return start;
}

static const struct dentry_operations inode_dentry_operations = {
	.d_dname = inode_dname,
};

static int inode_init_fs_context(struct fs_context *fc)
{
	struct pseudo_fs_context *ctx = init_pseudo(fc, STRATA_FS_MAGIC);

	if (!ctx)
		return -ENOMEM;
	ctx->dops = &inode_dentry_operations;
	fc->s_iflags |= SB_I_NOEXEC | SB_I_NODEV;
	return 0;
}

/*
 * The mount holds the module, so it lives only while there are inodes. A mount
 * for the life of the module would keep it from ever being unloaded.
 */
static struct file_system_type inode_fs = {
	.owner = THIS_MODULE,
	.name = "strata",
	.init_fs_context = inode_init_fs_context,
	.kill_sb = kill_anon_super,
};

/**
 * strata_inode_create() - an inode with an address space of its own
 *
 * Context: may sleep.
 * Return: the inode, or an error pointer.
 */
struct inode *strata_inode_create(void)
{
	struct inode *inode;
	int err;

	err = strata_fault(GFP_KERNEL) ? -ENOMEM :
	      simple_pin_fs(&inode_fs, &inode_mount, &inode_mount_users);
	if (err)
		return ERR_PTR(err);
	inode = strata_fault(GFP_KERNEL) ? ERR_PTR(-ENOMEM) :
		alloc_anon_inode(inode_mount->mnt_sb);
	if (IS_ERR(inode))
		simple_release_fs(&inode_mount, &inode_mount_users);
	else
		inode->i_flags |= S_NOCMTIME;	/* no page fault looks at the clock */
	return inode;
}

/**
 * strata_inode_destroy() - drop what strata_inode_create() gave
 * @inode: the inode; lives on in the files that are still open on it
 *
 * Context: may sleep.
 */
void strata_inode_destroy(struct inode *inode)
{
	iput(inode);
	simple_release_fs(&inode_mount, &inode_mount_users);
}

/**
 * strata_inode_open() - a new file of an inode
 * @inode: from strata_inode_create(), alive during the call
 * @name: what the file is called in /proc
 * @flags: O_RDONLY or O_RDWR
 * @fops: its operations, whose owner is held until the file is gone
 * @private: for file->private_data
 *
 * Context: may sleep.
 * Return: the file, or an error pointer.
 */
struct file *strata_inode_open(struct inode *inode, const char *name, int flags,
			       const struct file_operations *fops, void *private)
{
	struct file *file;

	/* Called through a file of this module, so it cannot be going. */
	__module_get(fops->owner);
	ihold(inode);
	file = strata_fault(GFP_KERNEL) ? ERR_PTR(-ENOMEM) :
	       alloc_file_pseudo(inode, inode_mount, name, flags, fops);
	if (IS_ERR(file)) {
		iput(inode);
		module_put(fops->owner);
		return file;
	}
	file->private_data = private;
	return file;
}
