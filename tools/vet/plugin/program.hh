/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is known of each function that a unit calls, from whichever source knows:
 * its attributes, its body, the table of known functions, or the summary file
 * of another unit.
 */
#ifndef VET_PROGRAM_HH
#define VET_PROGRAM_HH

#include "report.hh"
#include "summary.hh"

typedef std::shared_ptr<const Summary> SummaryRef;

class Program {
public:
	explicit Program(Report &r) : report(r) { }

	/* The table, and what other units left. */
	void read_files();

	/* Analyze the unit, callees first; write its summary file. */
	void analyze();

	/* What a function does; null if nobody knows. */
	SummaryRef summary(tree decl);
	/* Known to wait until what was captured is not used any more. */
	bool waits(tree decl) const;
	/* For a call through a pointer to this type. */
	SummaryRef summary_of_type(tree type, const std::string &name);

	Report &report;

private:
	/* A function with a body. While it runs, callees of its own see what was
	   found so far; what they find is good only if that does not change. */
	struct Body {
		enum { NEW, RUNNING, PROVISIONAL, DONE } progress = NEW;
		bool asked = false;
		SummaryRef summary;
	};
	typedef std::map<std::string, SummaryRef> Table;

	SummaryRef body(cgraph_node *node);
	void settle(cgraph_node *node, Body &b);
	SummaryRef in_table(tree decl) const;
	bool about_regions(cgraph_node *node);
	void read_table(const std::string &file, Table &table, bool analyzed);
	void write_summaries();
	std::string summary_file() const;

	Table known, elsewhere;
	std::map<tree, Body> bodies;
	std::vector<tree> running;
	std::map<cgraph_node *, bool> relevant;
};

#endif
