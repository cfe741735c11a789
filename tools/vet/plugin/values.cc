/* SPDX-License-Identifier: GPL-2.0-only */
#include "values.hh"

/* Pointers into more places of an object than this are pointers to anywhere. */
static const int MAX_OFFSETS = 8;

static bool before(const Value &a, const Value &b)
{
	return a.object != b.object ? a.object->id < b.object->id : a.offset < b.offset;
}

bool Values::add(const Value &v)
{
	auto at = std::lower_bound(list.begin(), list.end(), v, before);

	if (at != list.end() && at->object == v.object && at->offset == v.offset)
		return false;

	int offsets = 0;
	for (const Value &other : list) {
		if (other.object != v.object)
			continue;
		if (other.offset == ANY)
			return false;
		offsets++;
	}
	if (v.offset != ANY && offsets < MAX_OFFSETS) {
		list.insert(at, v);
		return true;
	}

	/* Anywhere takes the place of all others. */
	Value any = v;

	any.offset = ANY;
	list.erase(std::remove_if(list.begin(), list.end(), [&](const Value &other) {
		return other.object == v.object;
	}), list.end());
	list.insert(std::lower_bound(list.begin(), list.end(), any, before), any);
	return true;
}

bool Values::add(const Values &more)
{
	bool grown = false;

	for (const Value &v : more)
		grown |= add(v);
	return grown;
}

void Values::remove(const Object *o)
{
	list.erase(std::remove_if(list.begin(), list.end(), [o](const Value &v) {
		return v.object == o;
	}), list.end());
}

bool Values::has(const Object *o) const
{
	return std::any_of(list.begin(), list.end(), [o](const Value &v) {
		return v.object == o;
	});
}

Values Values::moved(long by) const
{
	Values result;

	for (Value v : list) {
		v.offset = v.offset == ANY || by == ANY || v.offset + by < 0 ?
			   ANY : v.offset + by;
		result.add(v);
	}
	return result;
}

Values Values::cast_by(gimple *stmt) const
{
	Values result = *this;

	for (Value &v : result.list)
		if (!v.cast)
			v.cast = stmt;
	return result;
}

Values Values::stored_by(gimple *stmt) const
{
	Values result = *this;

	for (Value &v : result.list)
		v.stored = stmt;
	return result;
}

Object *Values::single() const
{
	for (const Value &v : list)
		if (v.object != list.front().object || v.offset != list.front().offset)
			return nullptr;
	return list.empty() ? nullptr : list.front().object;
}
