// SPDX-License-Identifier: GPL-2.0-only
/* To and from user space, through the macros and the inline assembly behind them. */
#include <linux/fs.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <linux/strata.h>

struct request {
	u32 op;
	u32 len;
	u64 data;
};

struct file_state {
	struct request *pending;
	struct request last;
};

long uaccess_ioctl(struct strata_region *r, void __user *arg)
{
	STRATA_FRAME(r);
	struct request *req = strata_region_alloc(r, sizeof(*req));	// OK

	if (!req)
		return -ENOMEM;
	if (copy_from_user(req, arg, sizeof(*req)))
		return -EFAULT;
	req->len = req->op * 2;
	if (copy_to_user(arg, req, sizeof(*req)))
		return -EFAULT;
	return 0;
}

long uaccess_payload(struct strata_region *r, struct request __user *arg)
{
	STRATA_FRAME(r);
	u8 *data;
	u32 len, i, sum = 0;

	if (get_user(len, &arg->len))
		return -EFAULT;
	if (len > PAGE_SIZE)
		return -E2BIG;
	data = strata_region_alloc(r, len);	// OK
	if (!data)
		return -ENOMEM;
	if (copy_from_user(data, arg + 1, len))
		return -EFAULT;
	for (i = 0; i < len; i++)
		sum += data[i];
	return put_user(sum, &arg->op);
}

long uaccess_pending(struct strata_region *r, struct file_state *fs, void __user *arg)
{
	STRATA_FRAME(r);
	struct request *req = strata_region_alloc(r, sizeof(*req));

	if (!req)
		return -ENOMEM;
	if (copy_from_user(req, arg, sizeof(*req)))
		return -EFAULT;
	fs->pending = req;	// WARN "req escapes its frame: stored in .*which outlives the frame"
	return 0;
}

long uaccess_pending_value(struct strata_region *r, struct file_state *fs, void __user *arg)
{
	STRATA_FRAME(r);
	struct request *req = strata_region_alloc(r, sizeof(*req));	// OK

	if (!req)
		return -ENOMEM;
	if (copy_from_user(req, arg, sizeof(*req)))
		return -EFAULT;
	fs->last = *req;
	return 0;
}

long uaccess_struct(struct strata_region *r, const void __user *arg, size_t size)
{
	STRATA_FRAME(r);
	struct request *req = strata_region_alloc(r, sizeof(*req));	// OK
	int err;

	if (!req)
		return -ENOMEM;
	err = copy_struct_from_user(req, sizeof(*req), arg, size);
	return err ? err : req->op;
}

long uaccess_string(struct strata_region *r, const char __user *name)
{
	STRATA_FRAME(r);
	char *copy = strata_region_alloc(r, 256);	// OK
	long len;

	if (!copy)
		return -ENOMEM;
	len = strncpy_from_user(copy, name, 256);
	if (len < 0)
		return len;
	return len == 256 ? -ENAMETOOLONG : copy[0];
}

ssize_t uaccess_simple_read(struct strata_region *r, char __user *buf, size_t len, loff_t *pos)
{
	STRATA_FRAME(r);
	char *text = strata_region_printf(r, "%lld\n", *pos);	// OK

	if (!text)
		return -ENOMEM;
	return simple_read_from_buffer(buf, len, pos, text, strlen(text));
}

ssize_t uaccess_simple_write(struct strata_region *r, const char __user *buf, size_t len,
			     loff_t *pos)
{
	STRATA_FRAME(r);
	char *text = strata_region_zalloc(r, 65);	// OK
	ssize_t n;
	int value;

	if (!text)
		return -ENOMEM;
	n = simple_write_to_buffer(text, 64, pos, buf, len);
	if (n < 0 || kstrtoint(text, 0, &value))
		return -EINVAL;
	return n;
}

ssize_t uaccess_iter(struct strata_region *r, struct iov_iter *to)
{
	STRATA_FRAME(r);
	char *text = strata_region_printf(r, "%zu", iov_iter_count(to));	// OK

	if (!text)
		return -ENOMEM;
	return copy_to_iter(text, strlen(text), to);
}

/* The address itself goes to user space. */
long uaccess_leaks_address(struct strata_region *r, u64 __user *arg)
{
	STRATA_FRAME(r);
	struct request *req = strata_region_zalloc(r, sizeof(*req));

	if (!req)
		return -ENOMEM;
	return put_user((u64)(unsigned long)req, arg);	// NOTE "req converted to an integer"
}
