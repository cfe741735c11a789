// SPDX-License-Identifier: GPL-2.0-only
/* Parsers: tokens that point into a copied line, trees of expressions, key=value. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strata.h>

struct token {
	const char *at;
	size_t len;
	struct token *next;
};

struct expr {
	char op;
	long value;
	struct expr *left, *right;
};

struct parser {
	strata_region *region;
	const char *at;
	struct expr *root;
};

static const char *last_word;

/* Tokens are in the caller's frame; they point into the caller's line. */
static struct token *tokenize(strata_region *r, const char *line)
{
	struct token *first = NULL, **tail = &first;

	while (*line) {
		struct token *t;

		line += strspn(line, " \t");
		if (!*line)
			break;
		t = strata_region_zalloc(r, sizeof(*t));	// OK
		if (!t)
			break;
		t->at = line;
		t->len = strcspn(line, " \t");
		line += t->len;
		*tail = t;
		tail = &t->next;
	}
	return first;
}

size_t parse_count_words(strata_region *r, const char *line)
{
	STRATA_FRAME(r);
	size_t n = 0;

	for (struct token *t = tokenize(r, line); t; t = t->next)
		n++;
	return n;
}

struct token *parse_words_kept(strata_region *r, const char *line)
{
	STRATA_FRAME(r);
	struct token *words = tokenize(r, line);

	return words;	// WARN "escapes its frame: returned"
}

/* What the token points at is the caller's. */
const char *parse_second_word(strata_region *r, const char *line)
{
	STRATA_FRAME(r);
	struct token *words = tokenize(r, line);	// OK

	return words && words->next ? words->next->at : NULL;
}

/* Here it points into a copy that goes with the frame. */
const char *parse_second_word_of_copy(strata_region *r, const char *line)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, line);
	struct token *words = tokenize(r, copy);	// OK

	return words && words->next ? words->next->at : NULL;	// WARN "escapes its frame: returned"
}

void parse_remember_last(strata_region *r, const char *line)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, line);
	char *save, *word = strtok_r(copy, " ", &save);

	while (word) {
		last_word = word;	// WARN "escapes its frame: stored in global last_word"
		word = strtok_r(NULL, " ", &save);
	}
}

long parse_sum(strata_region *r, const char *line)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, line);	// OK
	char *save, *word;
	long sum = 0;

	for (word = strtok_r(copy, ",", &save); word; word = strtok_r(NULL, ",", &save))
		sum += strtol(word, NULL, 0);
	return sum;
}

long parse_number_and_rest(strata_region *r, const char *line, const char **rest)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, line);
	char *end;
	long n = strtol(copy, &end, 10);

	*rest = end;	// WARN "escapes its frame: stored in \*rest, which outlives the frame"
	return n;
}

long parse_number_and_offset(strata_region *r, const char *line, const char **rest)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, line);	// OK
	char *end;
	long n = strtol(copy, &end, 10);

	*rest = line + (end - copy);
	return n;
}

static struct expr *number(struct parser *p)
{
	struct expr *e = strata_region_zalloc(p->region, sizeof(*e));	// OK

	while (e && isdigit((unsigned char)*p->at))
		e->value = e->value * 10 + (*p->at++ - '0');
	return e;
}

static struct expr *sum(struct parser *p)
{
	struct expr *left = number(p);

	while (left && *p->at == '+') {
		struct expr *e = strata_region_zalloc(p->region, sizeof(*e));	// OK

		if (!e)
			return NULL;
		p->at++;
		e->op = '+';
		e->left = left;
		e->right = number(p);
		left = e;
	}
	return left;
}

static long evaluate(const struct expr *e)
{
	return e->op ? evaluate(e->left) + evaluate(e->right) : e->value;
}

long parse_and_evaluate(strata_region *r, const char *text)
{
	STRATA_FRAME(r);
	struct parser p = { .region = r, .at = text };
	struct expr *e = sum(&p);	// OK

	return e ? evaluate(e) : 0;
}

struct expr *parse_kept(strata_region *r, const char *text)
{
	STRATA_FRAME(r);
	struct parser p = { .region = r, .at = text };
	struct expr *e = sum(&p);

	return e;	// WARN "escapes its frame: returned"
}

/* The parser is the caller's, and its region too: only its own frame is short. */
void parse_into_parser(struct parser *p)
{
	STRATA_FRAME(p->region);
	struct expr *e = sum(p);

	p->root = e;	// WARN "escapes its frame: stored in .*, which outlives the frame"
}

void parse_into_parser_unframed(struct parser *p)
{
	p->root = sum(p);	// OK
}

int parse_key_value(strata_region *r, const char *line, char *key, size_t size)
{
	STRATA_FRAME(r);
	char *copy = strata_region_strdup(r, line);	// OK
	char *eq = copy ? strchr(copy, '=') : NULL;

	if (!eq)
		return -1;
	*eq = '\0';
	snprintf(key, size, "%s", copy);
	return atoi(eq + 1);
}
