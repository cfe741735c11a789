/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * strata-vet as GCC sees it: options, attributes, and one pass over the unit,
 * when all functions are in SSA form and none is inlined or optimized yet.
 *
 * -fplugin-arg-strata_vet-<option>:
 *	m[=2]		say what escapes and what does not
 *	notes=no	warnings only
 *	quiet		say nothing, for the summaries alone
 *	findings=FILE	append each finding to it as a line of JSON
 *	summaries=DIR	read the other units' summaries there, leave ours
 *	known=FILE	the table of known functions, instead of the one beside us
 */
#include "attributes.hh"
#include "program.hh"

int plugin_is_GPL_compatible;

namespace {

Options options;

const pass_data vet_data = {
	SIMPLE_IPA_PASS, "strata_vet", OPTGROUP_NONE, TV_NONE, PROP_ssa, 0, 0, 0, 0,
};

class VetPass : public simple_ipa_opt_pass {
public:
	explicit VetPass(gcc::context *c) : simple_ipa_opt_pass(vet_data, c) { }

	unsigned int execute(function *) final override
	{
		if (seen_error() || in_lto_p)
			return 0;

		Report report(options);
		Program program(report);

		program.read_files();
		program.analyze();
		return 0;
	}
};

bool take_option(const plugin_argument &arg)
{
	std::string key = arg.key, value = arg.value ? arg.value : "";

	if (key == "m") {
		options.explain = value == "2" ? 2 : 1;
		return value.empty() || value == "1" || value == "2";
	}
	if (key == "notes") {
		options.notes = value != "no";
		return value == "no" || value == "yes";
	}
	if (key == "quiet") {
		options.quiet = true;
		return value.empty() || value == "yes";
	}
	std::string *file = key == "findings" ? &options.findings :
			    key == "summaries" ? &options.summaries :
			    key == "known" ? &options.known : nullptr;

	if (!file || value.empty())
		return false;
	*file = value;
	return true;
}

} /* namespace */

int plugin_init(plugin_name_args *info, plugin_gcc_version *version)
{
	static plugin_info about = {
		"1", "strata-vet: escape analysis for C regions; see tools/vet/README",
	};

	if (!plugin_default_version_check(version, &gcc_version)) {
		error("strata-vet was built for GCC %s, this is %s; build it again",
		      gcc_version.basever, version->basever);
		return 1;
	}

	options.known = info->full_name;
	options.known = options.known.substr(0, options.known.rfind('/') + 1) + "known";
	for (int i = 0; i < info->argc; i++)
		if (!take_option(info->argv[i])) {
			error("strata-vet: no such option: -fplugin-arg-%s-%s%s%s",
			      info->base_name, info->argv[i].key,
			      info->argv[i].value ? "=" : "",
			      info->argv[i].value ? info->argv[i].value : "");
			return 1;
		}

	register_pass_info pass = {
		new VetPass(g), "build_ssa_passes", 1, PASS_POS_INSERT_AFTER,
	};

	register_callback(info->base_name, PLUGIN_INFO, NULL, &about);
	register_callback(info->base_name, PLUGIN_ATTRIBUTES, register_attributes, NULL);
	register_callback(info->base_name, PLUGIN_PASS_MANAGER_SETUP, NULL, &pass);
	return 0;
}
