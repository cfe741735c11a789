/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a pointer may point to: the objects of one function's analysis.
 *
 * An object stands for all that one place in the program makes: what an
 * allocating call returns, a variable, what a parameter points to. Memory that
 * the function did not make is discovered as it is read: *param, (*param)->next
 * are children of their holders, named by the offset that they were read at.
 */
#ifndef VET_OBJECT_HH
#define VET_OBJECT_HH

#include "gcc.hh"

/* An offset that is not known, or a number of places at once. */
const long ANY = -1;

enum class Kind {
	frame,		/* allocated from a region */
	heap,		/* allocated from a heap */
	local,		/* a variable of the function */
	param,		/* what an argument points to, and on from there */
	global,		/* a global variable, and on from there */
	unknown,	/* the result of a call that nothing is known of, and on */
	code,		/* a function */
	mark,		/* an open frame: the result of a push */
};

struct Object {
	unsigned id;
	Kind kind;
	std::string name;

	tree decl = NULL_TREE;		/* local, code */
	std::string symbol;		/* global: for the linker */
	int argument = -1;		/* param: which, from 0 */
	gimple *site = nullptr;		/* frame, heap, unknown, mark: the call */

	Object *parent = nullptr;	/* what this was read from ... */
	long offset = 0;		/* ... and where */
	bool inside = false;		/* a part of the parent, not what it points to */

	Object *region = nullptr;	/* frame, mark; null if not known */
	Object *memory = nullptr;	/* whose contents these are: mostly this */
	bool many = false;		/* made more than once before its end */
	bool derived = false;		/* unknown: may be made of a frame's object */
	bool direct = false;		/* frame, heap: by an allocator called here */
	bool own_copy = false;		/* param: a struct that was passed by value */
	std::string holds;		/* says how it came to hold what it does, if
					   not by a store */

	Object *root()
	{
		Object *o = this;

		while (o->parent)
			o = o->parent;
		return o;
	}

	/* Not made by this function. */
	bool foreign() const
	{
		return kind == Kind::param || kind == Kind::global ||
		       kind == Kind::unknown;
	}

	/* Alive before the call of the function and after it. */
	bool outlives() const { return foreign() && !own_copy && !derived; }
};

/* By age, so that results do not depend on where malloc put things. */
struct Older {
	bool operator()(const Object *a, const Object *b) const
	{
		return a->id < b->id;
	}
};

typedef std::set<Object *, Older> ObjectSet;

/* All objects of a function; the same question gets the same object. */
class Objects {
public:
	Object *made_at(Kind kind, gimple *site, unsigned tag);
	Object *variable(tree decl);
	Object *argument(int index, const std::string &name);
	Object *global(const std::string &name);
	Object *code(tree decl);
	void alias(tree decl, Object *o) { variables[decl] = o; }
	Object *read_from(Object *holder, long offset);
	Object *part_of(Object *whole, long offset);
	Object *of_last_iteration(Object *o);

	const std::vector<std::unique_ptr<Object>> &all() const { return objects; }

private:
	Object *make(Kind kind);

	std::vector<std::unique_ptr<Object>> objects;
	std::map<std::tuple<Kind, gimple *, unsigned>, Object *> sites;
	std::map<tree, Object *> variables;
	std::map<int, Object *> arguments;
	std::map<std::string, Object *> globals;
	std::map<std::tuple<Object *, long, bool>, Object *> children;
	std::map<Object *, Object *> earlier;
};

/* Is it a variable that outlives the call? */
bool outlives_call(tree decl);

#endif
