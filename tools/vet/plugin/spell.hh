/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What things are called in messages: as the program's author wrote them.
 */
#ifndef VET_SPELL_HH
#define VET_SPELL_HH

#include "gcc.hh"

/* A variable, an expression, or the call that made a value: f(...). */
std::string spell(tree expr);

/* What holds the result of a call: x, c->buf, or f(...) where nothing does. */
std::string spell_result(gimple *call);

/* A function's or variable's name for the linker. */
std::string symbol_name(tree decl);

/* Where a message about a statement goes: the use of a macro, not its text. */
location_t place_of(gimple *stmt);
location_t place_of(location_t loc);

/* file:line:col */
std::string spell(location_t loc);

#endif
