/* SPDX-License-Identifier: GPL-2.0-only */
#include "object.hh"
#include "spell.hh"

/* How far into the memory of others objects are told apart. */
static const int MAX_DEPTH = 4;
static const unsigned MAX_CHILDREN = 4096;

bool outlives_call(tree decl)
{
	return VAR_P(decl) && is_global_var(decl);
}

Object *Objects::make(Kind kind)
{
	objects.emplace_back(new Object());
	Object *o = objects.back().get();

	o->id = objects.size();
	o->kind = kind;
	o->memory = o;
	return o;
}

/* @tag tells apart what one call makes. */
Object *Objects::made_at(Kind kind, gimple *site, unsigned tag)
{
	Object *&o = sites[std::make_tuple(kind, site, tag)];

	if (!o) {
		o = make(kind);
		o->site = site;
	}
	return o;
}

Object *Objects::variable(tree decl)
{
	if (outlives_call(decl))
		return global(symbol_name(decl));
	Object *&o = variables[decl];

	if (!o) {
		o = make(Kind::local);
		o->decl = decl;
		o->name = spell(decl);
	}
	return o;
}

Object *Objects::argument(int index, const std::string &name)
{
	Object *&o = arguments[index];

	if (!o) {
		o = make(Kind::param);
		o->argument = index;
		o->name = name;
	}
	return o;
}

/*
 * Global variables are known by name: the same in all units of a program. The
 * compiler numbers static ones of functions: g.12
 */
Object *Objects::global(const std::string &name)
{
	Object *&o = globals[name];

	if (!o) {
		o = make(Kind::global);
		o->name = name.substr(0, name.find('.'));
		o->symbol = name;
	}
	return o;
}

Object *Objects::code(tree decl)
{
	Object *&o = variables[decl];

	if (!o) {
		o = make(Kind::code);
		o->decl = decl;
		o->name = spell(decl);
	}
	return o;
}

/*
 * What a holder that the function did not make has at an offset, if nothing was
 * stored there. Deep down a thing holds itself: lists and trees are not endless.
 */
Object *Objects::read_from(Object *holder, long offset)
{
	int depth = 0;

	for (Object *o = holder; o; o = o->parent)
		depth++;
	if (depth >= MAX_DEPTH)
		return holder;
	if (children.size() > MAX_CHILDREN)
		offset = ANY;

	Object *&o = children[std::make_tuple(holder, offset, false)];

	if (!o) {
		o = make(holder->kind);
		o->parent = holder;
		o->offset = offset;
		o->name = holder->name;
		o->derived = holder->derived;
		o->site = holder->site;
	}
	return o;
}

/* A region that is a member of something. */
Object *Objects::part_of(Object *whole, long offset)
{
	Object *&o = children[std::make_tuple(whole, offset, true)];

	if (!o) {
		o = make(whole->kind);
		o->parent = whole;
		o->offset = offset;
		o->inside = true;
		o->name = whole->name;
		o->site = whole->site;
	}
	return o;
}

/* The object that the same call made when the loop came past it before. */
Object *Objects::of_last_iteration(Object *o)
{
	if (o->memory != o)
		return o;
	Object *&last = earlier[o];

	if (!last) {
		last = make(o->kind);
		last->site = o->site;
		last->region = o->region;
		last->memory = o;
		last->name = o->name;
	}
	return last;
}
