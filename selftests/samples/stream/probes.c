// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the events come from: tracepoints of the scheduler, found by name, as
 * they are not exported. A kernel without tracepoints has no such events.
 */
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "stream.h"

#ifdef CONFIG_TRACEPOINTS
struct linux_binprm;

static void probe_fork(void *data, struct task_struct *parent, struct task_struct *child)
{
	stream_emit(STREAM_FORK, child->pid, parent->comm);
}

static void probe_exec(void *data, struct task_struct *task, pid_t old_pid,
		       struct linux_binprm *bprm)
{
	stream_emit(STREAM_EXEC, task->pid, task->comm);
}

static struct {
	const char *name;
	void *probe;
	struct tracepoint *tracepoint;
} probes[] = {
	{ "sched_process_fork", probe_fork },
	{ "sched_process_exec", probe_exec },
};

static void find(struct tracepoint *tracepoint, void *unused)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(probes); i++)
		if (!strcmp(tracepoint->name, probes[i].name))
			probes[i].tracepoint = tracepoint;
}

static int set_probes(int (*set)(struct tracepoint *t, void *probe, void *data))
{
	int i, err = 0;

	for (i = 0; i < ARRAY_SIZE(probes); i++)
		if (probes[i].tracepoint)
			err = err ?: set(probes[i].tracepoint, probes[i].probe, NULL);
	return err;
}

/* Returns 0 or an error. */
int stream_probes_init(void)
{
	int err;

	for_each_kernel_tracepoint(find, NULL);
	err = set_probes(tracepoint_probe_register);
	if (err)
		stream_probes_exit();
	return err;
}

/* No probe runs any more. */
void stream_probes_exit(void)
{
	set_probes(tracepoint_probe_unregister);
	tracepoint_synchronize_unregister();
}
#else
int stream_probes_init(void)
{
	return 0;
}

void stream_probes_exit(void)
{
}
#endif
