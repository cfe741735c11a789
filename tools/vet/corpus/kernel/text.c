// SPDX-License-Identifier: GPL-2.0-only
/* Text: built, parsed, printed. Nothing of the kernel's keeps what it prints. */
#include <linux/ctype.h>
#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/parser.h>
#include <linux/printk.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/strata.h>

struct option {
	const char *name;
	const char *value;
	int number;
};

static const char *mount_options;

int text_printed(struct strata_region *r, int n)
{
	STRATA_FRAME(r);
	char *text = strata_region_printf(r, "number %d", n);	// OK

	if (!text)
		return -ENOMEM;
	pr_info("%s\n", text);
	return strlen(text);
}

void text_device(struct strata_region *r, struct device *dev, int n)
{
	STRATA_FRAME(r);
	char *text = strata_region_printf(r, "unit %d", n);	// OK

	if (text)
		dev_warn(dev, "%s is at %p\n", text, text);
}

ssize_t text_sysfs(struct strata_region *r, char *buf, int n)
{
	STRATA_FRAME(r);
	char *text = strata_region_printf(r, "%d:%d", n, n + 1);	// OK

	return text ? sysfs_emit(buf, "%s\n", text) : -ENOMEM;
}

int text_seq(struct strata_region *r, struct seq_file *m, const void *data, size_t len)
{
	STRATA_FRAME(r);
	char *hex = strata_region_alloc(r, 2 * len + 1);	// OK

	if (!hex)
		return -ENOMEM;
	*bin2hex(hex, data, len) = '\0';
	seq_printf(m, "%s", hex);
	seq_puts(m, hex);
	seq_write(m, hex, 2 * len);
	return 0;
}

ssize_t text_copied(struct strata_region *r, const char *from, char *to, size_t size)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, from);	// OK

	if (!copy)
		return -ENOMEM;
	return strscpy(to, strim(copy), size);
}

int text_scnprintf(struct strata_region *r, char *to, size_t size)
{
	STRATA_FRAME(r);
	char *part = strata_region_alloc(r, 32);	// OK
	int len;

	if (!part)
		return -ENOMEM;
	len = scnprintf(part, 32, "%d", 5);
	memset(part + len, 'x', 31 - len);
	part[31] = '\0';
	return scnprintf(to, size, "<%s>", part);
}

int text_numbers(struct strata_region *r, const char *text)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, text);	// OK
	char *word, *rest = copy;
	int n, sum = 0;

	if (!copy)
		return -ENOMEM;
	while ((word = strsep(&rest, ",")))
		if (!kstrtoint(word, 0, &n))
			sum += n;
	return sum;
}

int text_options(struct strata_region *r, const char *text, struct option *opt)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, text);
	char *rest = copy, *word, *value;

	while (rest && (word = strsep(&rest, ","))) {
		value = strchr(word, '=');
		if (!value)
			continue;
		*value++ = '\0';
		opt->value = value;	// WARN "copy escapes its frame: stored in .*which outlives the frame"
	}
	return 0;
}

int text_option_number(struct strata_region *r, const char *text, struct option *opt)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, text);	// OK
	char *rest = copy, *word, *value;

	while (rest && (word = strsep(&rest, ","))) {
		value = strchr(word, '=');
		if (!value)
			continue;
		*value++ = '\0';
		if (!strcmp(word, opt->name) && kstrtoint(value, 10, &opt->number))
			return -EINVAL;
	}
	return 0;
}

void text_global(struct strata_region *r, const char *text)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, text);

	mount_options = copy ? skip_spaces(copy) : "";	// WARN "copy escapes its frame: stored in global mount_options"
}

int text_global_kstrdup(struct strata_region *r, const char *text)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, text);	// OK
	char *kept;

	if (!copy)
		return -ENOMEM;
	kept = kstrdup(strim(copy), GFP_KERNEL);
	if (!kept)
		return -ENOMEM;
	mount_options = kept;
	return 0;
}

/* Nothing of a constant string is in the frame. */
void text_global_constant(struct strata_region *r, int n)
{
	STRATA_FRAME(r);
	char *text = strata_region_printf(r, "%d", n);	// OK

	mount_options = text && text[0] == '1' ? "one" : "other";
}

int text_match(struct strata_region *r, char *line, const struct match_token *tokens)
{
	STRATA_FRAME(r);
	substring_t *args = strata_region_zalloc(r, MAX_OPT_ARGS * sizeof(*args)); // OK
	int n;

	if (!args || match_token(line, tokens, args) < 0 || match_int(args, &n))
		return -EINVAL;
	return n;
}

int text_match_string(struct strata_region *r, const char *word)
{
	STRATA_FRAME(r);
	const char **names = strata_region_alloc(r, 2 * sizeof(*names));	// OK

	if (!names)
		return -ENOMEM;
	names[0] = "on";
	names[1] = "off";
	return match_string(names, 2, word);
}

size_t text_upper(struct strata_region *r, const char *text)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, text);	// OK
	char *c;

	if (!copy)
		return 0;
	for (c = copy; *c; c++)
		*c = toupper(*c);
	return c - copy;
}

char *text_trimmed(struct strata_region *r, const char *text)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, text);

	return copy ? strim(copy) : NULL;	// WARN "copy escapes its frame: returned"
}

char *text_escaped(struct strata_region *r, const char *text)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, text);	// OK
	char *trimmed;

	if (!copy)
		return NULL;
	trimmed = strim(copy);
	return strata_region_escape(r, trimmed, strlen(trimmed) + 1, GFP_KERNEL); // M "moved to heap: "
}

void text_dump(struct strata_region *r, const void *data, size_t len)
{
	STRATA_FRAME(r);
	u8 *copy = strata_region_alloc(r, len);	// OK

	if (!copy)
		return;
	memcpy(copy, data, len);
	print_hex_dump_bytes("copy: ", DUMP_PREFIX_OFFSET, copy, len);
}
