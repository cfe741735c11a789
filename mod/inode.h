/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files of strata's own, each on an inode of its own or sharing another's.
 */
#ifndef _STRATA_INODE_H
#define _STRATA_INODE_H

#include <linux/fs.h>

struct inode *strata_inode_create(void);
void strata_inode_destroy(struct inode *inode);
struct file *strata_inode_open(struct inode *inode, const char *name, int flags,
			       const struct file_operations *fops, void *private);

#endif /* _STRATA_INODE_H */
