/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Arenas in the address space of processes.
 */
#ifndef _STRATA_MAP_H
#define _STRATA_MAP_H

struct file;
struct vm_area_struct;

int strata_map(struct file *file, struct vm_area_struct *vma);

#endif /* _STRATA_MAP_H */
