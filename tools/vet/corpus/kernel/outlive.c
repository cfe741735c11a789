// SPDX-License-Identifier: GPL-2.0-only
/* Results in parameters, private data, published pointers. */
#include <linux/atomic.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/percpu.h>
#include <linux/platform_device.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/strata.h>

struct conf {
	struct rcu_head rcu;
	const char *name;
	int level;
};

static struct conf __rcu *active;
static struct conf *shared;
static DEFINE_PER_CPU(struct conf *, local);

int outlive_parameter(struct strata_region *r, struct conf **out)
{
	STRATA_FRAME(r);
	struct conf *c = strata_region_zalloc(r, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->level = 1;
	*out = c;	// WARN "c escapes its frame: stored in \*out, which outlives the frame"
	return 0;
}

int outlive_parameter_unframed(struct strata_region *r, struct conf **out)
{
	struct conf *c = strata_region_zalloc(r, sizeof(*c));	// OK

	if (!c)
		return -ENOMEM;
	*out = c;
	return 0;
}

int outlive_constructed(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct conf *c;

	if (outlive_parameter_unframed(r, &c))
		return -ENOMEM;
	return c->level;
}

struct conf *outlive_constructed_kept(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct conf *c;

	if (outlive_parameter_unframed(r, &c))
		return NULL;
	return c;	// WARN "escapes its frame: returned"
}

int outlive_parameter_value(struct strata_region *r, struct conf *out)
{
	STRATA_FRAME(r);
	struct conf *c = strata_region_zalloc(r, sizeof(*c));	// OK

	if (!c)
		return -ENOMEM;
	c->level = 3;
	out->level = c->level;
	return 0;
}

int outlive_file(struct strata_region *r, struct file *file)
{
	STRATA_FRAME(r);
	struct conf *c = strata_region_zalloc(r, sizeof(*c));

	if (!c)
		return -ENOMEM;
	file->private_data = c;	// WARN "c escapes its frame: stored in .*which outlives the frame"
	return 0;
}

int outlive_drvdata(struct strata_region *r, struct platform_device *pdev)
{
	STRATA_FRAME(r);
	struct conf *c = strata_region_zalloc(r, sizeof(*c));

	if (!c)
		return -ENOMEM;
	platform_set_drvdata(pdev, c);	// WARN "c escapes its frame: "
	return 0;
}

int outlive_drvdata_read(struct strata_region *r, struct device *dev)
{
	STRATA_FRAME(r);
	struct conf *copy = strata_region_alloc(r, sizeof(*copy));	// OK
	struct conf *c = dev_get_drvdata(dev);

	if (!copy)
		return -ENOMEM;
	*copy = *c;
	return copy->level;
}

void outlive_rcu(struct strata_region *r, int level)
{
	STRATA_FRAME(r);
	struct conf *c = strata_region_zalloc(r, sizeof(*c));

	if (!c)
		return;
	c->level = level;
	rcu_assign_pointer(active, c);	// WARN "c escapes its frame: stored in global active"
}

int outlive_rcu_read(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct conf *copy = strata_region_zalloc(r, sizeof(*copy));	// OK
	struct conf *c;

	if (!copy)
		return -ENOMEM;
	rcu_read_lock();
	c = rcu_dereference(active);
	if (c)
		*copy = *c;
	rcu_read_unlock();
	return copy->level;
}

void outlive_write_once(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct conf *c = strata_region_zalloc(r, sizeof(*c));

	WRITE_ONCE(shared, c);	// WARN "c escapes its frame: stored in global shared"
}

void outlive_store_release(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct conf *c = strata_region_zalloc(r, sizeof(*c));

	smp_store_release(&shared, c);	// WARN "c escapes its frame: stored in global shared"
}

/* Stored by inline assembly. */
struct conf *outlive_xchg(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct conf *c = strata_region_zalloc(r, sizeof(*c));

	return xchg(&shared, c);	// WARN "c escapes its frame: "
}

int outlive_for_a_while(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct conf *c = strata_region_zalloc(r, sizeof(*c));	// OK
	struct conf *old = shared;
	int level;

	if (!c)
		return -ENOMEM;
	WRITE_ONCE(shared, c);
	level = READ_ONCE(shared->level);
	WRITE_ONCE(shared, old);
	return level;
}

void outlive_percpu(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct conf *c = strata_region_zalloc(r, sizeof(*c));

	this_cpu_write(local, c);	// WARN "c escapes its frame: "
}

int outlive_percpu_read(struct strata_region *r)
{
	STRATA_FRAME(r);
	int *sums = strata_region_zalloc(r, nr_cpu_ids * sizeof(*sums));	// OK
	int cpu, sum = 0;

	if (!sums)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		if (per_cpu(local, cpu))
			sums[cpu] = per_cpu(local, cpu)->level;
	for_each_possible_cpu(cpu)
		sum += sums[cpu];
	return sum;
}

/* As file systems do: the task carries it as long as the frame is open. */
int outlive_journal(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct conf *c = strata_region_zalloc(r, sizeof(*c));	// OK
	void *saved = current->journal_info;
	int level;

	if (!c)
		return -ENOMEM;
	current->journal_info = c;
	level = c->level;
	current->journal_info = saved;
	return level;
}

int outlive_journal_left(struct strata_region *r)
{
	STRATA_FRAME(r);
	struct conf *c = strata_region_zalloc(r, sizeof(*c));

	if (!c)
		return -ENOMEM;
	current->journal_info = c;	// WARN "c escapes its frame: stored in "
	return c->level;
}

static int show(struct seq_file *m, void *v)
{
	return 0;
}

int outlive_single_open(struct strata_region *r, struct file *file)
{
	STRATA_FRAME(r);
	struct conf *c = strata_region_zalloc(r, sizeof(*c));

	if (!c)
		return -ENOMEM;
	return single_open(file, show, c);	// WARN "c escapes its frame: "
}

/* The pointer is an element of what is passed by value. */
struct qstr outlive_by_value(struct strata_region *r, int n)
{
	STRATA_FRAME(r);
	char *name = strata_region_printf(r, "%d", n);
	struct qstr q = QSTR_INIT(name, name ? strlen(name) : 0);

	return q;	// WARN "name escapes its frame: returned"
}

u32 outlive_by_value_used(struct strata_region *r, int n)
{
	STRATA_FRAME(r);
	char *name = strata_region_printf(r, "%d", n);	// OK
	struct qstr q = QSTR_INIT(name, name ? strlen(name) : 0);

	return q.len + (q.name ? q.name[0] : 0);
}
