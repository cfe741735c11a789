// SPDX-License-Identifier: GPL-2.0-only
/* A frame for each round, each level, each command; formats with any arguments. */
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/strata.h>

struct level {
	const struct level *up;
	char *name;
	int depth;
};

struct command {
	const char *name;
	int (*run)(struct strata_region *r, char *args);
};

static char *last_command;

int loop_each(struct strata_region *r, const char *const *lines, size_t n)
{
	int sum = 0;

	while (n--) {
		STRATA_FRAME(r);
		char *copy = strata_region_strdup(r, lines[n]);	// OK

		if (!copy)
			continue;
		sum += strlen(strim(copy));
		cond_resched();
	}
	return sum;
}

int loop_last_round(struct strata_region *r, const char *const *lines, size_t n)
{
	char *last = NULL;

	while (n--) {
		STRATA_FRAME(r);
		last = strata_region_strdup(r, lines[n]);
	}
	return last ? last[0] : 0;	// WARN "use of last after its frame was popped"
}

int loop_kept_in_outer(struct strata_region *r, const char *const *lines, size_t n)
{
	STRATA_FRAME(r);
	char **all = strata_region_zalloc(r, n * sizeof(*all));	// OK
	int len = 0;
	size_t i;

	if (!all)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		STRATA_FRAME(r);
		char *copy = strata_region_strdup(r, lines[i]);

		all[i] = copy;	// WARN "copy escapes its frame: stored in an outer frame's object"
		len += copy ? strlen(copy) : 0;
	}
	return len;
}

int loop_one_frame(struct strata_region *r, const char *const *lines, size_t n)
{
	STRATA_FRAME(r);
	char **all = strata_region_zalloc(r, n * sizeof(*all));	// OK
	int len = 0;
	size_t i;

	if (!all)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		all[i] = strata_region_strdup(r, lines[i]);	// OK
	for (i = 0; i < n; i++)
		len += all[i] ? strlen(all[i]) : 0;
	return len;
}

int loop_recursion(struct strata_region *r, const struct level *up, int n)
{
	STRATA_FRAME(r);
	struct level *l = strata_region_zalloc(r, sizeof(*l));	// OK

	if (!l)
		return -ENOMEM;
	l->up = up;
	l->depth = up ? up->depth + 1 : 0;
	return n ? loop_recursion(r, l, n - 1) : l->depth;
}

void loop_recursion_name_up(struct strata_region *r, struct level *up, int n)
{
	STRATA_FRAME(r);
	struct level *l = strata_region_zalloc(r, sizeof(*l));	// OK
	char *name = strata_region_printf(r, "level %d", n);

	if (!l)
		return;
	up->name = name;	// WARN "name escapes its frame: stored in .*which outlives the frame"
	if (n)
		loop_recursion_name_up(r, l, n - 1);
}

/* The command is looked up in a table and run inside of the frame. */
static int run_echo(struct strata_region *r, char *args)
{
	return args ? strlen(args) : 0;
}

static int run_twice(struct strata_region *r, char *args)
{
	char *twice = strata_region_printf(r, "%s%s", args, args);	// OK

	return twice ? strlen(twice) : -ENOMEM;
}

static int run_keep(struct strata_region *r, char *args)
{
	last_command = args;
	return 0;
}

static const struct command harmless[] = {
	{ "echo", run_echo },
	{ "twice", run_twice },
};

static const struct command harmful[] = {
	{ "echo", run_echo },
	{ "keep", run_keep },
};

int loop_command(struct strata_region *r, const char *line)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, line);	// OK
	char *args = copy;
	size_t i;

	if (!copy)
		return -ENOMEM;
	strsep(&args, " ");
	for (i = 0; i < ARRAY_SIZE(harmless); i++)
		if (!strcmp(harmless[i].name, copy))
			return harmless[i].run(r, args);
	return -ENOENT;
}

/* One of them keeps its arguments: unknown to who does not follow the table. */
int loop_command_kept(struct strata_region *r, const char *line)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, line);
	char *args = copy;
	size_t i;

	if (!copy)
		return -ENOMEM;
	strsep(&args, " ");
	for (i = 0; i < ARRAY_SIZE(harmful); i++)
		if (!strcmp(harmful[i].name, copy))
			return harmful[i].run(r, args);	// WARN "copy escapes its frame: "
	return -ENOENT;
}

static char *format_v(struct strata_region *r, const char *fmt, va_list ap)
{
	va_list again;
	char *text;
	int len;

	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	text = strata_region_alloc(r, len + 1);	// OK
	if (text)
		vsnprintf(text, len + 1, fmt, ap);
	return text;
}

__printf(2, 3) int loop_format(struct strata_region *r, const char *fmt, ...)
{
	STRATA_FRAME(r);
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = format_v(r, fmt, ap);	// OK
	va_end(ap);
	return text ? strlen(text) : -ENOMEM;
}

__printf(2, 3) void loop_print(struct strata_region *r, const char *fmt, ...)
{
	STRATA_FRAME(r);
	char *where = strata_region_printf(r, "%s/%d", current->comm, current->pid);	// OK
	struct va_format vaf;
	va_list ap;

	va_start(ap, fmt);
	vaf.fmt = fmt;
	vaf.va = &ap;
	pr_info("%s: %pV\n", where, &vaf);
	va_end(ap);
}

int loop_retry(struct strata_region *r, int (*ready)(const int *state))
{
	int tries = 0;

	for (;;) {
		strata_mark_t mark = strata_region_push(r);
		int *state = strata_region_zalloc(r, sizeof(*state));	// OK
		int busy = !state || *state;

		strata_region_pop(r, mark);
		if (!busy || ++tries > 3)
			break;
	}
	return ready(&tries);
}
