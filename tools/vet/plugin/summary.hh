/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a call does to memory and frames: the one language in which the table of
 * known functions, attributes, summary files and the analysis of a body speak.
 *
 * In text a summary is a line:	name: effect, effect, ...
 *
 *	returns T		the result may be T
 *	stores T -> T		the first may be put where the second points
 *	replaces T		what was at that place is not there any more
 *	copies T -> T		what the first points to may be put there
 *	leaks T [g]		T may be reached from memory that stays (global g)
 *	unknown T f		T is given to f, which nobody knows
 *	captures T [f]		f, or the function itself, uses T after the return
 *	joins			waits until captured things are not used any more
 *	calls T (T T ...)	calls T with these, before it returns
 *	unlinks T		takes it off what it is linked to
 *	frees T
 *	address T		looks at T's value, not at what it points to
 *	new #k in T [name]	#k is new memory in the innermost frame of region T
 *	heap #k			#k is new heap memory
 *	region #k		#k is a new region
 *	push #k in T		#k is a frame of T, opened and left open
 *	pop T			closes frame T, or the one that *T holds
 *	defer T (T) in T	call the first when the region's frame is popped
 *	moved T			T was copied to the heap
 *	destroy T
 *	reset T
 *
 * T is a term: 1 the first argument, 1.8 what is at offset 8 of what it points
 * to, 1.* at any offset, @g the address of a global, #1 something new, ... the
 * arguments beyond the named, = the place of a result that is a struct, ? what
 * nobody knows, & a function; +8 or +* after it: a pointer to its inside. A name that is not
 * one word stands in quotes: "inline asm".
 */
#ifndef VET_SUMMARY_HH
#define VET_SUMMARY_HH

#include "object.hh"

/* The argument number that stands for all that are not named. */
const int VARARGS = 1000;

struct Term {
	enum Root { argument, global, made, result, unknown, code } root = unknown;
	int index = 0;			/* argument from 0, or number of a made thing */
	std::string name;		/* global or code */
	tree decl = NULL_TREE;		/* code */
	std::vector<long> path;		/* offsets to read from, one after the other */
	long inside = 0;

	bool operator<(const Term &o) const
	{
		return std::tie(root, index, name, path, inside) <
		       std::tie(o.root, o.index, o.name, o.path, o.inside);
	}
	bool operator==(const Term &o) const { return !(*this < o) && !(o < *this); }
};

enum class Does {
	make_frame, make_heap, make_region, push,	/* in the order applied */
	replaces, copies, stores, returns, calls, leaks, unknown, captures, joins, address,
	moved, defer, unlinks, frees, pop, reset, destroy,
};

struct Effect {
	Does does;
	Term what;			/* T, F, or #k */
	Term other;			/* where to, or the region */
	std::vector<Term> with;		/* arguments of a call */
	std::string name;

	bool operator<(const Effect &o) const
	{
		return std::tie(does, what, other, with, name) <
		       std::tie(o.does, o.what, o.other, o.with, o.name);
	}
	bool operator==(const Effect &o) const { return !(*this < o) && !(o < *this); }
};

class Summary {
public:
	std::set<Effect> effects;
	bool analyzed = false;		/* what a body does, not what somebody says */

	void add(Does does, const Term &what, const std::string &name = "");
	void add(Does does, const Term &what, const Term &other,
		 const std::string &name = "");
	bool operator==(const Summary &o) const { return effects == o.effects; }

	/* Allocates from a region, or opens or ends frames. */
	bool about_regions() const;

	/* Returns false for text that is none. */
	bool parse(const std::string &text);
	std::string text() const;
};

Term term_argument(int index);
Term term_made(int index);

#endif
