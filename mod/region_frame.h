/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the frames of a region tell the rest of it. Private to the region*.c
 * files.
 */
#ifndef _STRATA_REGION_FRAME_H
#define _STRATA_REGION_FRAME_H

#include <linux/types.h>

struct region;

bool strata_region_live(const struct region *r, const char *call, unsigned long site);
bool strata_region_close(struct region *r, const char *call, unsigned long site);

#endif /* _STRATA_REGION_FRAME_H */
