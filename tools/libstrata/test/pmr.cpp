// SPDX-License-Identifier: MIT
//
// strata.hpp: the standard library's containers in regions, and frames. Says TAP
// by itself, as the kernel's test harness is for C.

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <list>
#include <map>
#include <memory_resource>
#include <new>
#include <string>
#include <thread>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include <strata.hpp>

namespace {

int failures;

#define EXPECT(condition) do {							\
	if (!(condition)) {							\
		std::printf("# %s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
		failures++;							\
	}									\
} while (0)

void *top(strata_region *r)
{
	return strata_region_alloc(r, 0);
}

void a_vector_grows()
{
	strata::frame frame;
	strata::region_resource memory;
	std::pmr::vector<int> v(&memory);

	for (int i = 0; i < 100000; i++)
		v.push_back(i);
	for (int i = 0; i < 100000; i++)
		EXPECT(v[i] == i);
	EXPECT(strata_region_contains(memory.region(), v.data()));
}

void containers_of_containers()
{
	strata::frame frame;
	strata::region_resource memory;
	std::pmr::map<std::pmr::string, std::pmr::list<std::pmr::string>> m(&memory);

	for (int i = 0; i < 1000; i++) {
		auto &l = m["a key that is not in the string itself " + std::pmr::string(1, 'a' + i % 26)];

		l.push_back("a value that is not in the string itself, either");
	}
	EXPECT(m.size() == 26);
	for (auto &[key, list] : m) {
		EXPECT(strata_region_contains(memory.region(), key.data()));
		EXPECT(list.size() >= 38);
		for (auto &value : list)
			EXPECT(strata_region_contains(memory.region(), value.data()));
	}
}

void a_hash_table_erases()
{
	strata::frame frame;
	strata::region_resource memory;
	std::pmr::unordered_map<int, std::pmr::vector<char>> m(&memory);

	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 500; i++)
			m[i].assign(i, 'x');
		for (int i = 0; i < 500; i += 2)
			m.erase(i);
	}
	EXPECT(m.size() == 250);
	for (auto &[key, v] : m)
		EXPECT(key % 2 == 1 && v.size() == (size_t)key);
}

void frames_end_with_their_scope()
{
	strata_region *r = strata_region_thread();
	void *before = top(r);

	for (int i = 0; i < 100; i++) {
		strata::frame outer;
		strata::region_resource memory(outer.region());
		std::pmr::vector<std::pmr::string> v(&memory);

		v.resize(1000, "something long enough to be allocated somewhere");
		strata::frame inner(r);
		EXPECT(strata_region_alloc(r, 1000) != nullptr);
	}
	EXPECT(top(r) == before);
}

void an_exception_ends_them_too()
{
	strata_region *r = strata_region_thread();
	void *before = top(r);

	try {
		strata::frame frame;
		EXPECT(strata_region_alloc(r, 1000) != nullptr);
		throw 1;
	} catch (int) {
	}
	EXPECT(top(r) == before);
}

struct alignas(256) aligned {
	char c;
};

void alignment()
{
	strata::frame frame;
	strata::region_resource memory;
	std::pmr::vector<aligned> v(&memory);

	for (int i = 0; i < 100; i++) {
		v.emplace_back();
		EXPECT((std::uintptr_t)&v.back() % 256 == 0);
		EXPECT(memory.allocate(1, 1) != nullptr);
		EXPECT((std::uintptr_t)memory.allocate(1, 8192) % 8192 == 0);
	}
}

void no_memory()
{
	strata_arena_opts opts{};
	strata_arena *a;

	opts.size = sizeof(opts);
	opts.max_bytes = 1 << 20;
	EXPECT(strata_arena_create(&opts, &a) == 0);
	strata::region_resource memory(strata_region_create(a));
	std::pmr::vector<char> v(&memory);
	bool threw = false;

	try {
		v.resize(1 << 20);
	} catch (const std::bad_alloc &) {
		threw = true;
	}
	EXPECT(threw);
	v.resize(1000);
	EXPECT(v.size() == 1000);
	strata_arena_destroy(a);
}

template <typename F> bool throws(F f)
{
	try {
		f();
	} catch (const std::bad_alloc &) {
		return true;
	}
	return false;
}

void no_region()
{
	EXPECT(throws([] { strata::region_resource memory(nullptr); }));
	EXPECT(throws([] { strata::frame frame(nullptr); }));
}

void equality()
{
	strata_arena *a;

	EXPECT(strata_arena_create(nullptr, &a) == 0);
	strata_region *r = strata_region_create(a);
	strata::region_resource first(r), same(r), other;

	EXPECT(first == same);
	EXPECT(first != other);
	EXPECT(first != *std::pmr::get_default_resource());
	/* What is equal can take over the memory: moving does not copy. */
	std::pmr::vector<int> v({1, 2, 3}, &first), w(&same);
	int *data = v.data();

	w = std::move(v);
	EXPECT(w.data() == data);
	strata_arena_destroy(a);
}

void each_thread_has_its_own()
{
	strata_region *mine = strata_region_thread(), *theirs = nullptr;
	std::thread thread([&] {
		strata::region_resource memory;
		std::pmr::string s("something long enough to be allocated somewhere", &memory);

		theirs = memory.region();
		EXPECT(strata_region_contains(theirs, s.data()));
		EXPECT(!strata_region_contains(mine, s.data()));
	});

	thread.join();
	EXPECT(theirs && theirs != mine);
}

static_assert(!std::is_copy_constructible_v<strata::frame>);
static_assert(!std::is_copy_assignable_v<strata::frame>);
static_assert(std::is_base_of_v<std::pmr::memory_resource, strata::region_resource>);

const struct {
	const char *name;
	void (*run)();
} tests[] = {
	{ "a_vector_grows", a_vector_grows },
	{ "containers_of_containers", containers_of_containers },
	{ "a_hash_table_erases", a_hash_table_erases },
	{ "frames_end_with_their_scope", frames_end_with_their_scope },
	{ "an_exception_ends_them_too", an_exception_ends_them_too },
	{ "alignment", alignment },
	{ "no_memory", no_memory },
	{ "no_region", no_region },
	{ "equality", equality },
	{ "each_thread_has_its_own", each_thread_has_its_own },
};

} // namespace

int main()
{
	int nr = 0, failed = 0;

	std::printf("TAP version 13\n1..%zu\n", std::size(tests));
	for (auto &test : tests) {
		failures = 0;
		test.run();
		std::printf("%sok %d %s\n", failures ? "not " : "", ++nr, test.name);
		failed += failures != 0;
	}
	return failed != 0;
}
