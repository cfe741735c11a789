/* SPDX-License-Identifier: GPL-2.0-only */
#include "state.hh"

/* What is at a place that was not written to. */
Values State::untouched(Object *holder, long offset, Objects &objects) const
{
	return holder->foreign() ? Values(objects.read_from(holder, offset)) : Values();
}

Values State::read(Object *holder, long offset, Objects &objects) const
{
	Values result;

	holder = holder->memory;
	if (offset != ANY) {
		auto at = places.find(Place{ holder, offset });

		result = at != places.end() ? at->second :
					      untouched(holder, offset, objects);
		at = places.find(Place{ holder, ANY });
		if (at != places.end())
			result.add(at->second);
		return result;
	}
	for (auto at = places.lower_bound(Place{ holder, ANY });
	     at != places.end() && at->first.holder == holder; ++at)
		result.add(at->second);
	result.add(untouched(holder, ANY, objects));
	return result;
}

void State::write(const Values &where, const Values &what, Objects &objects)
{
	if (where.size() == 1 && where.front().offset != ANY &&
	    !where.front().object->many) {
		places[Place{ where.front().object->memory, where.front().offset }] = what;
		return;
	}
	for (const Value &w : where)
		add(w, what, objects);
}

/* Besides what is there: it may be stored or not, here or elsewhere. */
void State::add(const Value &where, const Values &what, Objects &objects)
{
	Place place{ where.object->memory, where.offset };
	auto at = places.find(place);

	if (at == places.end()) {
		if (what.empty())
			return;
		at = places.emplace(place, where.offset == ANY ? Values() :
				    untouched(place.holder, place.offset,
					      objects)).first;
	}
	at->second.add(what);
}

/* @size bytes, or all that there are for ANY. */
void State::copy(const Values &to, const Values &from, long size, gimple *by,
		 Objects &objects)
{
	std::vector<std::pair<long, Values>> found;

	for (const Value &f : from) {
		Object *holder = f.object->memory;

		for (auto at = places.lower_bound(Place{ holder, ANY });
		     at != places.end() && at->first.holder == holder; ++at) {
			long offset = at->first.offset;

			if (offset == ANY || f.offset == ANY) {
				found.emplace_back(ANY, at->second);
			} else if (offset >= f.offset &&
				   (size == ANY || offset < f.offset + size)) {
				found.emplace_back(offset - f.offset, at->second);
			}
		}
		if (holder->foreign())
			found.emplace_back(ANY, untouched(holder, ANY, objects));
	}

	/* A whole copy takes the place of what was there. */
	if (to.size() == 1 && to.front().offset != ANY && size != ANY &&
	    !to.front().object->many) {
		Object *holder = to.front().object->memory;
		long start = to.front().offset;
		auto at = places.lower_bound(Place{ holder, start });

		while (at != places.end() && at->first.holder == holder &&
		       at->first.offset < start + size)
			at = places.erase(at);
	}
	for (auto &f : found) {
		Values what = f.second.stored_by(by);

		for (const Value &t : to) {
			Values where(t.object, t.offset == ANY || f.first == ANY ?
					       ANY : t.offset + f.first);

			if (where.front().offset == ANY) {
				write(where, what, objects);
			} else {
				Place place{ t.object->memory, where.front().offset };

				places[place].add(what);
			}
		}
	}
}

void State::forget(Object *holder)
{
	auto at = places.lower_bound(Place{ holder, ANY });

	while (at != places.end() && at->first.holder == holder)
		at = places.erase(at);
}

/* Threads, timers and work were waited for. */
void State::forget_captured()
{
	for (auto at = places.begin(); at != places.end();) {
		if (at->first.holder->kind == Kind::global && !at->first.holder->holds.empty())
			at = places.erase(at);
		else
			++at;
	}
}

/* Taken off the lists and trees that it was on; variables still know it. */
void State::unlink(const Values &what)
{
	for (auto &at : places)
		if (at.first.holder->kind != Kind::local)
			for (const Value &v : what)
				at.second.remove(v.object);
}

bool State::join(const State &other, Objects &objects)
{
	bool grown = false;

	for (const auto &theirs : other.places) {
		auto at = places.find(theirs.first);

		if (at == places.end()) {
			at = places.emplace(theirs.first,
					    theirs.first.offset == ANY ? Values() :
					    untouched(theirs.first.holder,
						      theirs.first.offset,
						      objects)).first;
			grown = true;
		}
		grown |= at->second.add(theirs.second);
	}
	/* What only this path wrote, the other left as it was. */
	for (auto &mine : places)
		if (mine.first.offset != ANY && !other.places.count(mine.first))
			grown |= mine.second.add(untouched(mine.first.holder,
							   mine.first.offset, objects));

	for (Object *mark : other.kept)
		grown |= kept.insert(mark).second;
	for (Object *mark : other.excused)
		grown |= excused.insert(mark).second;
	for (const auto &theirs : other.life) {
		Life &mine = life[theirs.first];
		Life old = mine;

		mine.alive |= theirs.second.alive;
		mine.ended |= theirs.second.ended;
		if (!mine.frame)
			mine.frame = theirs.second.frame;
		grown |= !(mine == old);
	}
	for (auto fact = facts.begin(); fact != facts.end();) {
		auto theirs = other.facts.find(fact->first);

		if (theirs != other.facts.end() && theirs->second == fact->second) {
			++fact;
		} else {
			fact = facts.erase(fact);
			grown = true;
		}
	}
	return grown;
}

Object *State::frame_of(const Object *region) const
{
	for (auto mark = frames.open.rbegin(); mark != frames.open.rend(); ++mark)
		if (region && (*mark)->region == region)
			return *mark;
	return nullptr;
}

int State::knows(const Condition &c) const
{
	auto fact = facts.find(c);

	if (fact != facts.end())
		return fact->second;
	if (c.code != EQ_EXPR || !c.number)
		return -1;

	/* Equal to another number? */
	for (const auto &other : facts)
		if (other.second && other.first.code == EQ_EXPR && other.first.number &&
		    other.first.left == c.left)
			return 0;
	return -1;
}

void State::learn_copy(unsigned to, unsigned from)
{
	std::vector<std::pair<Condition, bool>> copied;

	for (const auto &fact : facts)
		if (fact.first.left == from && fact.first.number)
			copied.push_back(fact);
	for (auto &fact : copied) {
		fact.first.left = to;
		facts[fact.first] = fact.second;
	}
}

void State::forget_version(unsigned version)
{
	for (auto fact = facts.begin(); fact != facts.end();) {
		if (fact->first.left == version ||
		    (!fact->first.number && fact->first.right == (HOST_WIDE_INT)version))
			fact = facts.erase(fact);
		else
			++fact;
	}
}
