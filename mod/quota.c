// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arenas and bytes by user. Arena memory cannot be swapped, so a user who may
 * open the device gets so many arenas and so much memory and no more; whoever
 * has CAP_SYS_RESOURCE in the initial namespace is counted, but not stopped.
 * Knows nothing of what an arena is.
 */
#include <linux/atomic.h>
#include <linux/cred.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "fault.h"
#include "quota.h"

static unsigned int user_arenas = 4096;
module_param(user_arenas, uint, 0644);
MODULE_PARM_DESC(user_arenas, "Most arenas of one user (more with CAP_SYS_RESOURCE)");

static unsigned long user_pages;
module_param(user_pages, ulong, 0644);
MODULE_PARM_DESC(user_pages, "Most pages in one user's arenas; 0: half of the memory");

/**
 * struct strata_user - what one user has
 * @node: in users
 * @uid: who
 * @arenas: how many, and so references to this; under users_lock
 * @bytes: memory in them
 */
struct strata_user {
	struct list_head node;
	kuid_t uid;
	unsigned int arenas;
	atomic64_t bytes;
};

static DEFINE_MUTEX(users_lock);
static LIST_HEAD(users);

static struct strata_user *user_of(kuid_t uid)
{
	struct strata_user *user;

	list_for_each_entry(user, &users, node)
		if (uid_eq(user->uid, uid))
			return user;
	return NULL;
}

/**
 * strata_user_get() - count one more arena of the current user
 * @privileged: go over the quota if need be
 *
 * Context: may sleep.
 * Return: the user, to be given to strata_user_put() when the arena is gone;
 * ERR_PTR(-EDQUOT) over the quota, or ERR_PTR(-ENOMEM).
 */
struct strata_user *strata_user_get(bool privileged)
{
	struct strata_user *user;

	mutex_lock(&users_lock);
	user = user_of(current_uid());
	if ((user ? user->arenas : 0) >= READ_ONCE(user_arenas) && !privileged) {
		user = ERR_PTR(-EDQUOT);
		goto out;
	}
	if (!user) {
		user = strata_may_fail(GFP_KERNEL, kzalloc(sizeof(*user), GFP_KERNEL_ACCOUNT));
		if (!user) {
			user = ERR_PTR(-ENOMEM);
			goto out;
		}
		user->uid = current_uid();
		list_add(&user->node, &users);
	}
	user->arenas++;
out:
	mutex_unlock(&users_lock);
	return user;
}

/**
 * strata_user_put() - one arena less
 * @user: from strata_user_get(), all that was charged to the arena uncharged
 *
 * Context: may sleep.
 */
void strata_user_put(struct strata_user *user)
{
	mutex_lock(&users_lock);
	if (!--user->arenas) {
		WARN_ON_ONCE(atomic64_read(&user->bytes));
		list_del(&user->node);
		kfree(user);
	}
	mutex_unlock(&users_lock);
}

/**
 * strata_user_charge() - memory is about to be taken for a user's arena
 * @user: whose
 * @bytes: how much
 * @privileged: go over the quota if need be
 *
 * Context: any.
 * Return: 0, or -EDQUOT and nothing charged.
 */
int strata_user_charge(struct strata_user *user, u64 bytes, bool privileged)
{
	unsigned long pages = READ_ONCE(user_pages) ?: totalram_pages() / 2;

	if ((u64)atomic64_add_return(bytes, &user->bytes) >> PAGE_SHIFT <= pages || privileged)
		return 0;
	atomic64_sub(bytes, &user->bytes);
	return -EDQUOT;
}

/**
 * strata_user_uncharge() - memory of a user's arena was given back
 * @user: whose
 * @bytes: how much
 *
 * Context: any.
 */
void strata_user_uncharge(struct strata_user *user, u64 bytes)
{
	atomic64_sub(bytes, &user->bytes);
}
