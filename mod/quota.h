/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How much of the device one user may have.
 */
#ifndef _STRATA_QUOTA_H
#define _STRATA_QUOTA_H

#include <linux/types.h>

struct strata_user;

struct strata_user *strata_user_get(bool privileged);
void strata_user_put(struct strata_user *user);
int strata_user_charge(struct strata_user *user, u64 bytes, bool privileged);
void strata_user_uncharge(struct strata_user *user, u64 bytes);

#endif /* _STRATA_QUOTA_H */
