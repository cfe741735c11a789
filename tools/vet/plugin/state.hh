/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What holds at one point of a function, for one set of open frames.
 *
 * Paths that meet with different frames open are kept apart, each with the
 * branches that it took, so that "if (r) push(r); ... if (r) pop(r)" is seen to
 * be right. The method is property simulation: Das, Lerner and Seigle, "ESP:
 * path-sensitive program verification in polynomial time", PLDI 2002.
 */
#ifndef VET_STATE_HH
#define VET_STATE_HH

#include "values.hh"

/* A place in memory. */
struct Place {
	Object *holder;
	long offset;

	bool operator<(const Place &other) const
	{
		return holder != other.holder ? holder->id < other.holder->id :
						offset < other.offset;
	}
};

struct Life {
	bool alive = false;		/* on some path */
	bool ended = false;		/* on some path */
	Object *frame = nullptr;	/* the mark; null for the caller's frame */

	bool operator==(const Life &o) const
	{
		return alive == o.alive && ended == o.ended && frame == o.frame;
	}
};

/* "left code right" of two SSA versions, or of one and a number. */
struct Condition {
	tree_code code;
	unsigned left;
	bool number;
	HOST_WIDE_INT right;

	bool operator<(const Condition &o) const
	{
		return std::tie(code, left, number, right) <
		       std::tie(o.code, o.left, o.number, o.right);
	}
};

/* States are kept apart by this. */
struct Frames {
	std::vector<Object *> open;	/* marks, the innermost last */
	ObjectSet destroyed;		/* regions */

	bool operator<(const Frames &o) const
	{
		return std::tie(open, destroyed) < std::tie(o.open, o.destroyed);
	}
	bool has(const Object *mark) const
	{
		return std::find(open.begin(), open.end(), mark) != open.end();
	}
};

class State {
public:
	Frames frames;
	std::map<Object *, Life, Older> life;	/* frame and heap objects */
	ObjectSet kept;				/* marks that others have, too */
	ObjectSet excused;			/* marks closed by a pop of another */

	/* Add what holds on another path that leads here; true if that is news. */
	bool join(const State &other, Objects &objects);

	/* Memory. An offset of ANY reads all of the holder. */
	Values read(Object *holder, long offset, Objects &objects) const;
	void write(const Values &where, const Values &what, Objects &objects);
	void copy(const Values &to, const Values &from, long size, gimple *by,
		  Objects &objects);
	void add(const Value &where, const Values &what, Objects &objects);
	void forget(Object *holder);
	void forget_captured();
	void unlink(const Values &what);	/* nothing points there any more */
	const std::map<Place, Values> &memory() const { return places; }

	/* The innermost frame of a region; null if none is open here. */
	Object *frame_of(const Object *region) const;

	/* What the branches taken say. */
	void learn(const Condition &c, bool holds) { facts[c] = holds; }
	int knows(const Condition &c) const;	/* 1, 0, or -1: no */
	void learn_copy(unsigned to, unsigned from);
	void forget_version(unsigned version);

private:
	Values untouched(Object *holder, long offset, Objects &objects) const;

	std::map<Place, Values> places;
	std::map<Condition, bool> facts;
};

#endif
