/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The attributes strata_*, by which a declaration says what a call does.
 */
#ifndef VET_ATTRIBUTES_HH
#define VET_ATTRIBUTES_HH

#include "summary.hh"

/* For PLUGIN_ATTRIBUTES. */
void register_attributes(void *, void *);

/* Does the type of a function have any? */
bool has_attributes(tree type);

/*
 * What they say of a function of this type. Returns false if they leave open
 * what becomes of other arguments. @name is called unknown for those.
 */
bool attribute_summary(tree type, const std::string &name, Summary &out);

/* Does not keep this argument, whatever its body seems to do. */
bool attribute_noescape(tree type, int argument);

#endif
