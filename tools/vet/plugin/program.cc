/* SPDX-License-Identifier: GPL-2.0-only */
#include "analysis.hh"

/* Callees within callees that are analyzed on demand. */
static const size_t MAX_NESTING = 40;

static bool in_main_file(tree decl)
{
	const char *file = DECL_SOURCE_FILE(decl);

	return file && main_input_filename && !strcmp(file, main_input_filename);
}

/* "name: effects" a line; # at the start of a line is a comment. */
void Program::read_table(const std::string &file, Table &table, bool analyzed)
{
	std::ifstream in(file);
	std::string line;
	int number = 0;

	while (std::getline(in, line)) {
		size_t colon = line.find(':');
		auto summary = std::make_shared<Summary>();

		number++;
		summary->analyzed = analyzed;
		if (line.empty() || line[0] == '#')
			continue;
		if (colon == std::string::npos || !summary->parse(line.substr(colon + 1))) {
			error_at(UNKNOWN_LOCATION, "strata-vet: %s:%d: not a summary: %s",
				 file.c_str(), number, line.c_str());
			continue;
		}
		/* Several names may share one line. */
		for (size_t at = 0; at < colon;) {
			size_t end = std::min(line.find(' ', at), colon);

			if (end > at)
				table[line.substr(at, end - at)] = summary;
			at = end + 1;
		}
	}
}

std::string Program::summary_file() const
{
	std::string name = main_input_filename ? main_input_filename : "unit";
	char *path = lrealpath(name.c_str());

	name = path;
	free(path);
	std::replace(name.begin(), name.end(), '/', '%');
	return report.options.summaries + "/" + name + ".sum";
}

void Program::read_files()
{
	std::ifstream there(report.options.known);

	if (!there)
		error_at(UNKNOWN_LOCATION, "strata-vet: cannot read the table of known functions, %s",
			 report.options.known.c_str());
	read_table(report.options.known, known, false);

	if (report.options.summaries.empty())
		return;
	DIR *dir = opendir(report.options.summaries.c_str());

	if (!dir) {
		error_at(UNKNOWN_LOCATION, "strata-vet: cannot read the directory of summaries, %s",
			 report.options.summaries.c_str());
		return;
	}
	std::set<std::string> files;

	while (dirent *entry = readdir(dir)) {
		std::string name = report.options.summaries + "/" + entry->d_name;

		if (name.size() > 4 && !name.compare(name.size() - 4, 4, ".sum") &&
		    name != summary_file())
			files.insert(name);
	}
	closedir(dir);
	for (const std::string &file : files)
		read_table(file, elsewhere, true);
}

/* Known by its name, or as the compiler's or the fortified variant of one. */
SummaryRef Program::in_table(tree decl) const
{
	if (!DECL_NAME(decl))
		return nullptr;

	std::string name = IDENTIFIER_POINTER(DECL_NAME(decl));
	auto find = [&](const std::string &s) {
		auto at = known.find(s);

		return at == known.end() ? SummaryRef() : at->second;
	};

	SummaryRef found = find(name);

	for (const char *prefix : { "__builtin_", "__fortify_", "__underlying_", "__real_",
				    "__" }) {
		if (!found && !name.compare(0, strlen(prefix), prefix)) {
			name = name.substr(strlen(prefix));
			found = find(name);
		}
	}
	for (const char *suffix : { "_chk", "_noprof" }) {
		size_t n = strlen(suffix);

		if (!found && name.size() > n && !name.compare(name.size() - n, n, suffix)) {
			name.resize(name.size() - n);
			found = find(name);
		}
	}
	return found;
}

bool Program::waits(tree decl) const
{
	SummaryRef s = in_table(decl);

	return s && std::any_of(s->effects.begin(), s->effects.end(), [](const Effect &e) {
		return e.does == Does::joins;
	});
}

SummaryRef Program::summary_of_type(tree type, const std::string &name)
{
	auto summary = std::make_shared<Summary>();

	if (!type || !has_attributes(type))
		return nullptr;
	attribute_summary(type, name, *summary);
	return summary;
}

SummaryRef Program::summary(tree decl)
{
	tree type = TREE_TYPE(decl);
	std::string name = spell(decl);
	auto by_attribute = std::make_shared<Summary>();
	SummaryRef found;

	/* Primitives are what their attributes say, whatever is inside. */
	if (has_attributes(type) && attribute_summary(type, name, *by_attribute))
		return by_attribute;

	cgraph_node *node = cgraph_node::get(decl);

	if (node)
		node = node->ultimate_alias_target();
	if (node && !node->has_gimple_body_p())
		node = nullptr;

	/* A program's own list_add() is not the kernel's. */
	if (node && in_main_file(decl))
		found = body(node);
	if (!found)
		found = in_table(decl);
	if (!found && node)
		found = body(node);
	if (found)
		return found;

	auto other = elsewhere.find(symbol_name(decl));

	if (other != elsewhere.end())
		return other->second;
	if (has_attributes(type))
		return by_attribute;
	/* What prints, or only reads, keeps nothing. */
	if (lookup_attribute("format", TYPE_ATTRIBUTES(type)) &&
	    !POINTER_TYPE_P(TREE_TYPE(type)))
		return std::make_shared<Summary>();
	if ((TREE_READONLY(decl) || DECL_PURE_P(decl)) && !POINTER_TYPE_P(TREE_TYPE(type)))
		return std::make_shared<Summary>();
	return nullptr;
}

SummaryRef Program::body(cgraph_node *node)
{
	function *fun = DECL_STRUCT_FUNCTION(node->decl);
	Body &b = bodies[node->decl];

	if (!fun || !fun->cfg || !gimple_in_ssa_p(fun) || node->thunk)
		return nullptr;
	if (b.progress == Body::RUNNING) {
		auto at = std::find(running.begin(), running.end(), node->decl);

		b.asked = true;
		while (++at != running.end())
			bodies[*at].progress = Body::PROVISIONAL;
		return b.summary;
	}
	if (b.progress == Body::NEW) {
		if (running.size() > MAX_NESTING)
			return nullptr;
		settle(node, b);
	}
	return b.summary;
}

/* Functions that call each other: until no summary grows. */
void Program::settle(cgraph_node *node, Body &b)
{
	function *fun = DECL_STRUCT_FUNCTION(node->decl);
	static const int MAX_ROUNDS = 4;

	b.summary = std::make_shared<Summary>();
	for (int round = 0; round < MAX_ROUNDS; round++) {
		bool done;

		b.progress = Body::RUNNING;
		b.asked = false;
		running.push_back(node->decl);
		push_cfun(fun);
		{
			Analysis analysis(*this, fun);

			done = analysis.run();
			if (done) {
				auto found = std::make_shared<Summary>(analysis.summarize());
				bool same = *found == *b.summary;

				analysis.explain_results();
				b.summary = found;
				done = !same && b.asked;
			} else {
				b.summary = nullptr;	/* too large: nobody knows */
			}
		}
		pop_cfun();
		running.pop_back();
		if (b.progress == Body::RUNNING)
			b.progress = Body::DONE;
		if (!done)
			break;
		for (auto &other : bodies)
			if (other.second.progress == Body::PROVISIONAL &&
			    std::find(running.begin(), running.end(), other.first) == running.end())
				other.second.progress = Body::NEW;
	}
}

/* Does it allocate from regions, or does anything that it calls? */
bool Program::about_regions(cgraph_node *node)
{
	auto at = relevant.find(node);

	if (at != relevant.end())
		return at->second;
	relevant[node] = false;
	for (cgraph_edge *e = node->callees; e; e = e->next_callee) {
		tree decl = e->callee->decl;
		bool is = has_attributes(TREE_TYPE(decl));

		if (!is) {
			SummaryRef s = in_table(decl);

			if (!s && elsewhere.count(symbol_name(decl)))
				s = elsewhere[symbol_name(decl)];
			is = (s && s->about_regions()) ||
			     (!s && e->callee->has_gimple_body_p() &&
			      about_regions(e->callee->ultimate_alias_target()));
		}
		if (is)
			return relevant[node] = true;
	}
	return false;
}

void Program::analyze()
{
	bool all = report.options.explain || !report.options.summaries.empty();
	std::vector<cgraph_node *> nodes(symtab->cgraph_count);
	int n = ipa_reverse_postorder(nodes.data());

	/* Callees come last there. */
	while (n--) {
		cgraph_node *node = nodes[n];

		if (!node->has_gimple_body_p() || node->alias)
			continue;
		if (!about_regions(node) && !(all && in_main_file(node->decl)))
			continue;
		body(node);
	}
	if (!report.options.summaries.empty())
		write_summaries();
}

void Program::write_summaries()
{
	std::string file = summary_file(), part = file + ".new";
	std::ofstream out(part);

	for (const auto &b : bodies) {
		if (!b.second.summary || !TREE_PUBLIC(b.first) || !in_main_file(b.first))
			continue;

		/* What the other units will read is what was meant. */
		const Summary &summary = *b.second.summary;
		std::string name = symbol_name(b.first), text = summary.text();
		Summary again;

		if (!again.parse(text) || !(again == summary) || again.text() != text)
			error_at(DECL_SOURCE_LOCATION(b.first),
				 "strata-vet: the summary of %s cannot be read: %s",
				 name.c_str(), text.c_str());
		out << name << ": " << text << "\n";
	}
	out.close();
	if (!out || rename(part.c_str(), file.c_str()))
		error_at(UNKNOWN_LOCATION, "strata-vet: cannot write %s", file.c_str());
}
