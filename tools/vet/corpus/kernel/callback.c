// SPDX-License-Identifier: GPL-2.0-only
/* Functions given to the kernel: called at once, registered, deferred. */
#include <linux/bsearch.h>
#include <linux/debugfs.h>
#include <linux/file.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/interrupt.h>
#include <linux/miscdevice.h>
#include <linux/notifier.h>
#include <linux/proc_fs.h>
#include <linux/reboot.h>
#include <linux/sort.h>
#include <linux/strata.h>

struct counter {
	struct notifier_block nb;
	int n;
	const char *name;
};

struct visitor {
	int (*fn)(void *arg, int value);
	void *arg;
};

static struct visitor hook;
static const struct file_operations counter_fops;
static BLOCKING_NOTIFIER_HEAD(chain);

static int count(void *arg, int value)
{
	struct counter *c = arg;

	c->n += value;
	return 0;
}

static int visit_values(const int *values, size_t n, const struct visitor *v)
{
	int err = 0;

	while (n-- && !err)
		err = v->fn(v->arg, values[n]);
	return err;
}

static int notified(struct notifier_block *nb, unsigned long action, void *data)
{
	container_of(nb, struct counter, nb)->n++;
	return NOTIFY_OK;
}

static void set_hook(int (*fn)(void *arg, int value), void *arg)
{
	hook.fn = fn;
	hook.arg = arg;
}

static void put_file(void *file)
{
	fput(file);
}

static void note_end(void *arg)
{
	pr_debug("%s: %d\n", ((struct counter *)arg)->name, ((struct counter *)arg)->n);
}

int callback_now(struct strata_region *r, const int *values, size_t n)
{
	STRATA_FRAME(r);
	struct counter *c = strata_region_zalloc(r, sizeof(*c));	// OK
	struct visitor v = { .fn = count, .arg = c };

	if (!c || visit_values(values, n, &v))
		return -ENOMEM;
	return c->n;
}

void callback_hooked(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct counter *c = strata_region_zalloc(r, sizeof(*c));

	set_hook(count, c);	// WARN "c escapes its frame: (stored in global hook|captured)"
}

int callback_hooked_for_a_while(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct counter *c = strata_region_zalloc(r, sizeof(*c));	// OK

	if (!c)
		return -ENOMEM;
	set_hook(count, c);
	count(hook.arg, 4);
	set_hook(NULL, NULL);
	return c->n;
}

int callback_notifier(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct counter *c = strata_region_zalloc(r, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->nb.notifier_call = notified;
	return blocking_notifier_chain_register(&chain, &c->nb);	// WARN "c escapes its frame: "
}

int callback_notifier_for_a_while(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct counter *c = strata_region_zalloc(r, sizeof(*c));	// OK

	if (!c)
		return -ENOMEM;
	c->nb.notifier_call = notified;
	blocking_notifier_chain_register(&chain, &c->nb);
	blocking_notifier_call_chain(&chain, 0, NULL);
	blocking_notifier_chain_unregister(&chain, &c->nb);
	return c->n;
}

int callback_notifier_data(struct strata_region *r, int n)
{
	STRATA_FRAME(r);
	int *data = strata_region_zalloc(r, sizeof(*data));	// OK

	if (!data)
		return -ENOMEM;
	*data = n;
	return blocking_notifier_call_chain(&chain, 1, data);
}

int callback_reboot(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct notifier_block *nb = strata_region_zalloc(r, sizeof(*nb));

	if (!nb)
		return -ENOMEM;
	nb->notifier_call = notified;
	return register_reboot_notifier(nb);	// WARN "nb escapes its frame: "
}

static int by_value(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

int callback_sort(struct strata_region *r, const int *values, size_t n)
{
	STRATA_FRAME(r);
	int *sorted = strata_region_alloc(r, n * sizeof(*sorted));	// OK

	if (!sorted)
		return -ENOMEM;
	memcpy(sorted, values, n * sizeof(*sorted));
	sort(sorted, n, sizeof(*sorted), by_value, NULL);
	return sorted[n / 2];
}

int *callback_bsearch(struct strata_region *r, const int *values, size_t n, int key)
{
	STRATA_FRAME(r);
	int *sorted = strata_region_alloc(r, n * sizeof(*sorted));

	if (!sorted)
		return NULL;
	memcpy(sorted, values, n * sizeof(*sorted));
	sort(sorted, n, sizeof(*sorted), by_value, NULL);
	return bsearch(&key, sorted, n, sizeof(*sorted), by_value); // WARN "sorted escapes its frame: returned"
}

int callback_deferred(struct strata_region *r, struct file *file)
{
	STRATA_FRAME(r);
	struct counter *c = strata_region_zalloc(r, sizeof(*c));	// OK

	if (!c || strata_region_defer(r, put_file, get_file(file)))
		return -ENOMEM;
	c->n = file->f_flags;
	return c->n;
}

int callback_deferred_object(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct counter *c = strata_region_zalloc(r, sizeof(*c));	// OK

	if (!c)
		return -ENOMEM;
	c->name = "counter";
	return strata_region_defer(r, note_end, c);
}

int callback_deferred_inner(struct strata_region *outer, struct strata_region *r)
{
	STRATA_FRAME(outer);
	STRATA_FRAME(r);
	struct counter *c = strata_region_zalloc(r, sizeof(*c));	// OK

	if (!c)
		return -ENOMEM;
	c->name = "in the frame that runs it";
	return strata_region_defer(r, note_end, c);
}

int callback_deferred_past(struct strata_region *outer, struct strata_region *r)
{
	STRATA_FRAME(outer);
	STRATA_FRAME(r);
	struct counter *c = strata_region_zalloc(r, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->name = "popped first";
	return strata_region_defer(outer, note_end, c);	// WARN "c escapes its frame: deferred past its frame"
}

/* The deferred function runs when the outer frame closes; the counter is in it. */
int callback_deferred_within(struct strata_region *outer, struct strata_region *r)
{
	STRATA_FRAME(r);
	struct counter *c = strata_region_zalloc(r, sizeof(*c));	// OK
	STRATA_FRAME(outer);

	if (!c)
		return -ENOMEM;
	c->name = "still there";
	return strata_region_defer(outer, note_end, c);
}

struct dentry *callback_debugfs(struct strata_region *r, struct dentry *dir)
{
	STRATA_FRAME(r);
	struct counter *c = strata_region_zalloc(r, sizeof(*c));

	return debugfs_create_file("counter", 0400, dir, c, &counter_fops);	// WARN "c escapes its frame: "
}

struct dentry *callback_debugfs_name(struct strata_region *r, struct dentry *dir, int n)
{
	STRATA_FRAME(r);
	char *name = strata_region_printf(r, "counter%d", n);	// OK

	return name ? debugfs_create_file(name, 0400, dir, NULL, &counter_fops) : NULL;
}

static struct miscdevice device;

int callback_misc(struct strata_region *r, int n)
{
	STRATA_FRAME(r);
	char *name = strata_region_printf(r, "counter%d", n);

	device.minor = MISC_DYNAMIC_MINOR;
	device.fops = &counter_fops;
	device.name = name;	// WARN "name escapes its frame: stored in global device"
	return misc_register(&device);
}
