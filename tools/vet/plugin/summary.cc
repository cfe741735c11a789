/* SPDX-License-Identifier: GPL-2.0-only */
#include "summary.hh"

static const struct {
	Does does;
	const char *word;
	bool names_term;	/* has a T, or a #k, after the word */
} words[] = {
	{ Does::make_frame, "new", true },	{ Does::make_heap, "heap", true },
	{ Does::make_region, "region", true },	{ Does::push, "push", true },
	{ Does::replaces, "replaces", true },
	{ Does::copies, "copies", true },	{ Does::stores, "stores", true },
	{ Does::returns, "returns", true },	{ Does::calls, "calls", true },
	{ Does::leaks, "leaks", true },		{ Does::unknown, "unknown", true },
	{ Does::captures, "captures", true },	{ Does::joins, "joins", false },
	{ Does::address, "address", true },	{ Does::moved, "moved", true },
	{ Does::defer, "defer", true },		{ Does::unlinks, "unlinks", true },
	{ Does::frees, "frees", true },
	{ Does::pop, "pop", true },		{ Does::reset, "reset", true },
	{ Does::destroy, "destroy", true },
};

Term term_argument(int index)
{
	Term t;

	t.root = Term::argument;
	t.index = index;
	return t;
}

Term term_made(int index)
{
	Term t;

	t.root = Term::made;
	t.index = index;
	return t;
}

void Summary::add(Does does, const Term &what, const std::string &name)
{
	add(does, what, Term(), name);
}

void Summary::add(Does does, const Term &what, const Term &other,
		  const std::string &name)
{
	Effect e;

	e.does = does;
	e.what = what;
	e.other = other;
	e.name = name;
	effects.insert(e);
}

bool Summary::about_regions() const
{
	return std::any_of(effects.begin(), effects.end(), [](const Effect &e) {
		switch (e.does) {
		case Does::make_frame:
		case Does::make_region:
		case Does::push:
		case Does::pop:
		case Does::defer:
		case Does::moved:
		case Does::reset:
		case Does::destroy:
			return true;
		default:
			return false;
		}
	});
}

/* The dots in the compiler's names of local things, g.12, are no offsets. */
static std::string with(std::string name, char dot, char instead)
{
	std::replace(name.begin(), name.end(), dot, instead);
	return name;
}

static std::string text_of(const Term &t)
{
	std::string s;

	switch (t.root) {
	case Term::argument:
		s = t.index == VARARGS ? "..." : std::to_string(t.index + 1);
		break;
	case Term::global:
		s = "@" + with(t.name, '.', '%');
		break;
	case Term::code:
		s = "&" + with(t.name, '.', '%');
		break;
	case Term::made:
		s = "#" + std::to_string(t.index);
		break;
	case Term::result:
		s = "=";
		break;
	case Term::unknown:
		s = "?";
		break;
	}
	for (long offset : t.path)
		s += "." + (offset == ANY ? std::string("*") : std::to_string(offset));
	if (t.inside)
		s += "+" + (t.inside == ANY ? std::string("*") : std::to_string(t.inside));
	return s;
}

/* As written in the source: ops->read, and also "get(a, b)->read". */
static std::string text_of_name(const std::string &name)
{
	if (name.find_first_of(" \t,()\"") == std::string::npos)
		return name;

	std::string s = "\"";

	for (char c : name)
		s += c == '"' ? '\'' : c;
	return s + "\"";
}

static std::string text_of(const Effect &e)
{
	std::string s;

	for (const auto &w : words)
		if (w.does == e.does)
			s = w.word + (w.names_term ? " " + text_of(e.what) : "");
	if (e.does == Does::calls || e.does == Does::defer) {
		s += " (";
		for (const Term &t : e.with)
			s += (s.back() == '(' ? "" : " ") + text_of(t);
		s += ")";
	}
	if (e.does == Does::stores || e.does == Does::copies)
		s += " -> " + text_of(e.other);
	if (e.does == Does::make_frame || e.does == Does::push || e.does == Does::defer)
		s += " in " + text_of(e.other);
	if (!e.name.empty())
		s += " " + text_of_name(e.name);
	return s;
}

std::string Summary::text() const
{
	std::string s;

	for (const Effect &e : effects)
		s += (s.empty() ? "" : ", ") + text_of(e);
	return s;
}

namespace {

/* Reads one line of effects. */
class Parser {
public:
	explicit Parser(const std::string &text) : at(text.c_str()) { }

	bool end()
	{
		blanks();
		return !*at;
	}
	bool take(char c)
	{
		blanks();
		if (*at != c)
			return false;
		at++;
		return true;
	}
	std::string word()
	{
		std::string s;

		blanks();
		while (*at && !strchr(" \t,()", *at))
			s += *at++;
		return s;
	}
	bool name(std::string &s);
	bool term(Term &t);

private:
	void blanks()
	{
		while (*at == ' ' || *at == '\t')
			at++;
	}
	const char *at;
};

/* A word, or what stands in quotes. False if the quotes are not closed. */
bool Parser::name(std::string &s)
{
	if (!take('"')) {
		s = word();
		return true;
	}
	for (s.clear(); *at && *at != '"';)
		s += *at++;
	return *at && *at++;
}

bool number(const std::string &s, size_t &at, long &n)
{
	if (at < s.size() && s[at] == '*') {
		n = ANY;
		at++;
		return true;
	}
	if (at >= s.size() || !ISDIGIT(s[at]))
		return false;
	for (n = 0; at < s.size() && ISDIGIT(s[at]); at++)
		n = n * 10 + s[at] - '0';
	return true;
}

bool Parser::term(Term &t)
{
	std::string s = word();
	size_t at = 1;
	long n;

	if (s.empty())
		return false;
	if (s.compare(0, 3, "...") == 0) {
		t.root = Term::argument;
		t.index = VARARGS;
		at = 3;
	} else if (ISDIGIT(s[0])) {
		t.root = Term::argument;
		at = 0;
		if (!number(s, at, n) || n < 1)
			return false;
		t.index = n - 1;
	} else if (s[0] == '#') {
		t.root = Term::made;
		if (!number(s, at, n))
			return false;
		t.index = n;
	} else if (s[0] == '@' || s[0] == '&') {
		t.root = s[0] == '@' ? Term::global : Term::code;
		at = std::min(s.find_first_of(".+", 1), s.size());
		t.name = with(s.substr(1, at - 1), '%', '.');
	} else if (s[0] == '=') {
		t.root = Term::result;
	} else if (s[0] == '?') {
		t.root = Term::unknown;
	} else {
		return false;
	}
	while (at < s.size() && s[at] == '.') {
		at++;
		if (!number(s, at, n))
			return false;
		t.path.push_back(n);
	}
	if (at < s.size() && s[at] == '+') {
		at++;
		if (!number(s, at, t.inside))
			return false;
	}
	return at == s.size();
}

} /* namespace */

bool Summary::parse(const std::string &text)
{
	Parser p(text);

	while (!p.end()) {
		std::string word = p.word();
		Effect e;
		bool known = false, named = false;

		for (const auto &w : words)
			if (word == w.word) {
				e.does = w.does;
				named = w.names_term;
				known = true;
			}
		if (!known || (named && !p.term(e.what)))
			return false;
		if (e.does == Does::calls || e.does == Does::defer) {
			if (!p.take('('))
				return false;
			while (!p.take(')')) {
				Term t;

				if (!p.term(t))
					return false;
				e.with.push_back(t);
			}
		}
		if (e.does == Does::stores || e.does == Does::copies)
			if (p.word() != "->" || !p.term(e.other))
				return false;
		if (e.does == Does::make_frame || e.does == Does::push ||
		    e.does == Does::defer)
			if (p.word() != "in" || !p.term(e.other))
				return false;
		if (!p.name(e.name))
			return false;
		effects.insert(e);
		if (!p.take(',') && !p.end())
			return false;
	}
	return true;
}
