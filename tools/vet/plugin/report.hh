/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Says what was found, once each, in the form that README fixes; writes it to a
 * file for the wrapper, too.
 */
#ifndef VET_REPORT_HH
#define VET_REPORT_HH

#include "gcc.hh"

struct Options {
	int explain = 0;		/* -m: 1, with the flow: 2 */
	bool notes = true;
	bool quiet = false;		/* for the summaries alone */
	std::string findings;		/* a file to append one line of JSON each to */
	std::string summaries;		/* a directory of summary files */
	std::string known;		/* the table of known functions */
};

class Report {
public:
	explicit Report(const Options &o) : options(o) { }

	void warn(location_t where, const std::string &text);
	void note(location_t where, const std::string &text);

	/* -m; @flow is the explanation that -m=2 puts before it. */
	void say(location_t where, const std::string &text, const std::string &flow = "");

	const Options &options;

private:
	bool first(const char *kind, location_t where, const std::string &text);

	std::set<std::pair<std::string, std::string>> said;
};

#endif
