/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a variable may hold: pointers to objects, each with an offset. Nothing
 * stands for NULL, for numbers, and for what points to no object of interest.
 */
#ifndef VET_VALUES_HH
#define VET_VALUES_HH

#include "object.hh"

struct Value {
	Object *object;
	long offset;
	gimple *cast = nullptr;		/* made it a number on the way, if any did */
	gimple *stored = nullptr;	/* in memory: put it there */

	Value(Object *o, long off = 0) : object(o), offset(off) { }
};

class Values {
public:
	typedef std::vector<Value>::const_iterator iterator;

	Values() = default;
	explicit Values(Object *o, long offset = 0) { list.emplace_back(o, offset); }

	iterator begin() const { return list.begin(); }
	iterator end() const { return list.end(); }
	bool empty() const { return list.empty(); }
	size_t size() const { return list.size(); }
	const Value &front() const { return list.front(); }

	/* These return whether anything is new. */
	bool add(const Value &v);
	bool add(const Values &more);

	void remove(const Object *o);
	bool has(const Object *o) const;
	Values moved(long by) const;		/* pointer + by; ANY for anywhere */
	Values cast_by(gimple *stmt) const;	/* as a number from here on */
	Values stored_by(gimple *stmt) const;

	/* The one object that these all point to, or null. */
	Object *single() const;

private:
	std::vector<Value> list;	/* by age of the object, then by offset */
};

#endif
