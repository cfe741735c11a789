/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /dev/strata.
 */
#ifndef _STRATA_DEVICE_H
#define _STRATA_DEVICE_H

int strata_device_init(void);
void strata_device_exit(void);

#endif /* _STRATA_DEVICE_H */
