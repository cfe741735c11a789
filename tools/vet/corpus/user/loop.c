// SPDX-License-Identifier: GPL-2.0-only
/* A frame for each round of a loop; what one round leaves to the next. */
#include <stdio.h>
#include <string.h>
#include <strata.h>

struct line {
	struct line *previous;
	char *text;
};

long loop_frame_each(strata_region *r, FILE *f)
{
	char buffer[128];
	long sum = 0;

	while (fgets(buffer, sizeof(buffer), f)) {
		STRATA_FRAME(r);
		char *copy = strata_region_strdup(r, buffer);	// OK

		sum += (long)strcspn(copy, "\n");
	}
	return sum;
}

long loop_previous_round(strata_region *r, const char *const *lines, size_t n)
{
	char *previous = NULL;
	long same = 0;

	for (size_t i = 0; i < n; i++) {
		STRATA_FRAME(r);
		char *copy = strata_region_strdup(r, lines[i]);

		if (previous && !strcmp(previous, copy))	// WARN "use of copy after its frame was popped"
			same++;
		previous = copy;
	}
	return same;
}

/* Two regions take turns, so that the previous line is still there. */
long loop_two_regions(strata_region *a, strata_region *b, const char *const *lines, size_t n)
{
	long same = 0;

	for (size_t i = 1; i < n; i++) {
		STRATA_FRAME(a);
		STRATA_FRAME(b);
		char *previous = strata_region_strdup(a, lines[i - 1]);	// OK
		char *copy = strata_region_strdup(b, lines[i]);		// OK

		if (!strcmp(previous, copy))
			same++;
	}
	return same;
}

/* One frame around the loop keeps all rounds. */
long loop_in_one_frame(strata_region *r, const char *const *lines, size_t n)
{
	STRATA_FRAME(r);
	char *previous = NULL;
	long same = 0;

	for (size_t i = 0; i < n; i++) {
		char *copy = strata_region_strdup(r, lines[i]);	// OK

		if (previous && !strcmp(previous, copy))
			same++;
		previous = copy;
	}
	return same;
}

long loop_chain(strata_region *r, const char *const *lines, size_t n)
{
	STRATA_FRAME(r);
	struct line *last = NULL;
	long count = 0;

	for (size_t i = 0; i < n; i++) {
		struct line *l = strata_region_alloc(r, sizeof(*l));	// OK

		l->text = strata_region_strdup(r, lines[i]);	// OK
		l->previous = last;
		last = l;
	}
	for (; last; last = last->previous)
		count += last->text[0] == '#';
	return count;
}

/* The chain is in the outer frame, the texts are in the inner ones. */
long loop_chain_of_dead(strata_region *r, const char *const *lines, size_t n)
{
	STRATA_FRAME(r);
	struct line *all = strata_region_zalloc(r, n * sizeof(*all));	// OK
	long count = 0;

	for (size_t i = 0; i < n; i++) {
		STRATA_FRAME(r);
		char *text = strata_region_strdup(r, lines[i]);

		all[i].text = text;	// WARN "text escapes its frame: stored in an outer frame's object"
		count += text[0] == '#';
	}
	return count;
}

long loop_numbers_of_dead(strata_region *r, const char *const *lines, size_t n)
{
	STRATA_FRAME(r);
	size_t *lengths = strata_region_zalloc(r, n * sizeof(*lengths));	// OK
	long sum = 0;

	for (size_t i = 0; i < n; i++) {
		STRATA_FRAME(r);
		char *text = strata_region_printf(r, "%s.", lines[i]);	// OK

		lengths[i] = strlen(text);
	}
	for (size_t i = 0; i < n; i++)
		sum += (long)lengths[i];
	return sum;
}

long loop_continue(strata_region *r, const char *const *lines, size_t n)
{
	long sum = 0;

	for (size_t i = 0; i < n; i++) {
		STRATA_FRAME(r);
		char *copy = strata_region_strdup(r, lines[i]);	// OK

		if (!copy || copy[0] == '#')
			continue;
		if (!strcmp(copy, "end"))
			break;
		sum += copy[0];
	}
	return sum;
}

const char *loop_longest(strata_region *r, const char *const *lines, size_t n)
{
	const char *longest = NULL;
	size_t max = 0;

	for (size_t i = 0; i < n; i++) {
		STRATA_FRAME(r);
		char *trimmed = strata_region_strdup(r, lines[i] + strspn(lines[i], " "));

		if (strlen(trimmed) > max) {
			max = strlen(trimmed);
			longest = trimmed;
		}
	}
	return longest;	// WARN "trimmed (escapes its frame: returned|after its frame was popped)"
}

const char *loop_longest_line(strata_region *r, const char *const *lines, size_t n)
{
	const char *longest = NULL;
	size_t max = 0;

	for (size_t i = 0; i < n; i++) {
		STRATA_FRAME(r);
		char *trimmed = strata_region_strdup(r, lines[i] + strspn(lines[i], " ")); // OK

		if (strlen(trimmed) > max) {
			max = strlen(trimmed);
			longest = lines[i];
		}
	}
	return longest;
}

/* One frame is kept open over the rounds and renewed when it is full. */
size_t loop_renew(strata_region *r, const char *const *lines, size_t n)
{
	strata_mark_t mark = strata_region_push(r);
	size_t used = 0, renewed = 0;

	for (size_t i = 0; i < n; i++) {
		char *copy = strata_region_strdup(r, lines[i]);	// OK

		used += strlen(copy);
		if (used > 4096) {
			strata_region_pop(r, mark);
			mark = strata_region_push(r);
			used = 0;
			renewed++;
		}
	}
	strata_region_pop(r, mark);
	return renewed;
}

int loop_goto_retry(strata_region *r, const char *name)
{
	int tries = 0;
	char *path;
	strata_mark_t mark;
	FILE *f;

retry:
	mark = strata_region_push(r);
	path = strata_region_printf(r, "%s.%d", name, tries);	// OK
	f = fopen(path, "r");
	strata_region_pop(r, mark);
	if (!f && tries++ < 3)
		goto retry;
	if (f)
		fclose(f);
	return tries;
}
