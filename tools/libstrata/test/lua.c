// SPDX-License-Identifier: MIT
/*
 * Lua, as Debian has it, in a region: scripts print what they print in plain Lua,
 * states that end with a frame leave nothing behind, and a full region is an
 * error that Lua knows.
 */
#include "kselftest_harness.h"
#include "test.h"
#include "sized_heap.h"
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <time.h>

#define SCRIPT(name)								\
	extern const char script_##name[], script_##name##_end[];		\
	asm(".pushsection .rodata\n"						\
	    "script_" #name ": .incbin \"tools/libstrata/test/lua/" #name ".lua\"\n" \
	    "script_" #name "_end: .byte 0\n"					\
	    ".popsection")

SCRIPT(trees);
SCRIPT(strings);
SCRIPT(sort);
SCRIPT(closures);

struct output {
	size_t len;
	char text[8192];
};

static void *region_alloc(void *heap, void *p, size_t old, size_t size)
{
	/* Of a new object @old is what kind it is. */
	return sized_realloc(heap, p, p ? old : 0, size);
}

static int print(lua_State *L)
{
	struct output *out = lua_touserdata(L, lua_upvalueindex(1));
	int i, n = lua_gettop(L);

	for (i = 1; i <= n; i++) {
		out->len += snprintf(out->text + out->len, sizeof(out->text) - out->len,
				     "%s%c", luaL_tolstring(L, i, NULL), i < n ? '\t' : '\n');
		lua_pop(L, 1);
		if (out->len >= sizeof(out->text))
			return luaL_error(L, "too much output");
	}
	return 0;
}

/* Those that a program linked statically can have. */
static const luaL_Reg libraries[] = {
	{ LUA_GNAME, luaopen_base },
	{ LUA_COLIBNAME, luaopen_coroutine },
	{ LUA_TABLIBNAME, luaopen_table },
	{ LUA_STRLIBNAME, luaopen_string },
	{ LUA_MATHLIBNAME, luaopen_math },
};

/* Run a script; what it printed, or what was wrong, is in @out. */
static void run(lua_State *L, const char *script, size_t len, struct output *out)
{
	size_t i;

	memset(out, 0, sizeof(*out));
	if (!L) {
		snprintf(out->text, sizeof(out->text), "no state");
		return;
	}
	for (i = 0; i < ARRAY_SIZE(libraries); i++) {
		luaL_requiref(L, libraries[i].name, libraries[i].func, 1);
		lua_pop(L, 1);
	}
	lua_pushlightuserdata(L, out);
	lua_pushcclosure(L, print, 1);
	lua_setglobal(L, "print");
	if (luaL_loadbuffer(L, script, len, "script") || lua_pcall(L, 0, 0, 0))
		snprintf(out->text, sizeof(out->text), "%s", lua_tostring(L, -1));
}

static double ms(void)
{
	return 1000.0 * clock() / CLOCKS_PER_SEC;
}

static struct output plain, ours;

static void compare(const char *name, const char *script, const char *end)
{
	struct sized_heap heap = { .region = strata_region_thread() };
	double start = ms(), between;
	lua_State *L = luaL_newstate();

	run(L, script, end - script, &plain);
	lua_close(L);
	between = ms();
	STRATA_FRAME(heap.region);
	run(lua_newstate(region_alloc, &heap), script, end - script, &ours);
	/* No lua_close(): the frame does it. */
	printf("# %s: %.1f ms plain, %.1f ms in a region\n", name, between - start,
	       ms() - between);
}

#define TEST_SCRIPT(name)							\
TEST(name)									\
{										\
	compare(#name, script_##name, script_##name##_end);			\
	EXPECT_GT(plain.len, 20);						\
	EXPECT_STREQ(ours.text, plain.text);					\
}

TEST_SCRIPT(trees)
TEST_SCRIPT(strings)
TEST_SCRIPT(sort)
TEST_SCRIPT(closures)

TEST(closing_works_too)
{
	struct sized_heap heap = { .region = strata_region_thread() };
	lua_State *L = lua_newstate(region_alloc, &heap);

	run(L, script_closures, script_closures_end - script_closures, &ours);
	lua_close(L);
	L = lua_newstate(region_alloc, &heap);
	run(L, script_closures, script_closures_end - script_closures, &plain);
	lua_close(L);
	EXPECT_STREQ(ours.text, plain.text);
	EXPECT_GT(plain.len, 20);
}

/* A hundred states one after the other take the memory of one. */
TEST(states_end_with_their_frame)
{
	struct sized_heap heap = { .region = strata_region_thread() };
	void *top = strata_region_alloc(heap.region, 0);
	static const char script[] = "local t = {} for i = 1, 1000 do t[i] = {i} end print(#t)";
	size_t after_one = 0;
	int i;

	for (i = 0; i < 30; i++) {
		STRATA_FRAME(heap.region);
		memset(heap.free, 0, sizeof(heap.free));
		run(lua_newstate(region_alloc, &heap), script, sizeof(script) - 1, &ours);
		EXPECT_STREQ(ours.text, "1000\n");
		if (!i)
			after_one = stat_of(heap.region).committed;
	}
	EXPECT_EQ(strata_region_alloc(heap.region, 0), top);
	EXPECT_LE(stat_of(heap.region).committed, after_one + 64 * KIB);
}

TEST(full_region)
{
	strata_arena *a = small_arena(2 * MIB, 2 * MIB);
	struct sized_heap heap = { .region = strata_region_create(a) };
	lua_State *L = lua_newstate(region_alloc, &heap);
	static const char script[] =
		"local ok, why = pcall(function() local t = {} while true do t[#t + 1] = {} end end) "
		"print(ok, why) collectgarbage() "
		"local t = {} for i = 1, 100 do t[i] = {} end print(#t)";

	run(L, script, sizeof(script) - 1, &ours);
	EXPECT_STREQ(ours.text, "false\tnot enough memory\n100\n");
	lua_close(L);
	strata_arena_destroy(a);
}

TEST_HARNESS_MAIN
