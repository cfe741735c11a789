/* SPDX-License-Identifier: GPL-2.0-only */
#include "report.hh"
#include "spell.hh"

static std::string json_string(const std::string &s)
{
	std::string out = "\"";
	char code[8];

	for (unsigned char c : s) {
		if (c == '"' || c == '\\') {
			out += '\\';
			out += c;
		} else if (c < 0x20) {
			snprintf(code, sizeof(code), "\\u%04x", c);
			out += code;
		} else {
			out += c;
		}
	}
	return out + "\"";
}

/* False if the same was said before: a header is in many units, a loop runs twice. */
bool Report::first(const char *kind, location_t where, const std::string &text)
{
	expanded_location at = expand_location(where);

	if (options.quiet)
		return false;
	if (!said.emplace(spell(where), text).second)
		return false;
	if (options.findings.empty())
		return true;

	/* One write a line: units are compiled side by side. */
	std::string line = std::string("{\"kind\":\"") + kind + "\",\"file\":" +
		json_string(at.file ? at.file : "") +
		",\"line\":" + std::to_string(at.line) +
		",\"column\":" + std::to_string(at.column) +
		",\"text\":" + json_string(text) + "}\n";
	FILE *out = fopen(options.findings.c_str(), "a");

	if (!out || fwrite(line.data(), 1, line.size(), out) != line.size() ||
	    fclose(out))
		error_at(UNKNOWN_LOCATION, "strata-vet: cannot write %qs: %m",
			 options.findings.c_str());
	return true;
}

void Report::warn(location_t where, const std::string &text)
{
	if (first("warning", where, text))
		warning_at(where, 0, "%s [-Wstrata-escape]", text.c_str());
}

void Report::note(location_t where, const std::string &text)
{
	if (options.notes && first("note", where, text))
		inform(where, "%s", text.c_str());
}

void Report::say(location_t where, const std::string &text, const std::string &flow)
{
	if (!options.explain || !first("m", where, text))
		return;
	if (options.explain > 1)
		fputs(flow.c_str(), stderr);
	fprintf(stderr, "%s: %s\n", spell(where).c_str(), text.c_str());
}
