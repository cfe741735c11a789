# SPDX-License-Identifier: GPL-2.0-only
#
# The programs that run in the guest: one per .c file in selftests/, in
# selftests/demo/ and in tools/libstrata/test/, linked statically, since the guest
# has no libraries; and the fuzzers. The last ones run on the host, too.
#
# make -f tools/vm/programs.mk {tests,library,demo,bench,fuzz} KSELFTEST=<directory with kselftest.h>
#	[ARCH=<i386|arm64> OUT=<directory of its own>]

OUT := build/selftests
CC-i386 := i686-linux-gnu-gcc -D_FILE_OFFSET_BITS=64
CC-arm64 := aarch64-linux-gnu-gcc
CC := $(or $(CC-$(ARCH)),$(CC))
CFLAGS := -O2 -std=gnu11 -Wall -Wextra -Werror -pthread -static
CPPFLAGS := -Iinclude/uapi $(if $(KSELFTEST),-isystem $(KSELFTEST))

tests := $(patsubst selftests/%.c,$(OUT)/%,$(wildcard selftests/*.c))
demo := $(patsubst selftests/%.c,$(OUT)/%,$(wildcard selftests/demo/*.c))
fuzz := $(OUT)/fuzz/device $(OUT)/fuzz/api

libstrata := tools/libstrata
library := $(patsubst $(libstrata)/test/%,$(OUT)/lib_%,$(basename \
	$(wildcard $(libstrata)/test/*.c $(libstrata)/test/*.cpp)))

.PHONY: tests library demo bench fuzz
tests: $(tests) library
library: $(library)
fuzz: $(fuzz)
demo: $(demo)
bench: $(OUT)/bench/user

$(OUT)/%: selftests/%.c
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(if $(V),,@)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -MF $@.d -o $@ $< $(LDLIBS)

# Tests have the time that the guest needs.
$(tests) $(library): $(OUT)/alarm.o
$(tests) $(library): LDLIBS += $(OUT)/alarm.o -Wl,--wrap=alarm
$(OUT)/alarm.o: tools/vm/alarm.c
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(if $(V),,@)$(CC) $(filter-out -static,$(CFLAGS)) -c -o $@ $<

# What measures libstrata.
$(OUT)/bench/user: selftests/bench/user.c $(OUT)/lib/libstrata.a
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(if $(V),,@)$(CC) $(CPPFLAGS) -I$(libstrata)/include $(CFLAGS) -MMD -MP -MF $@.d \
		-o $@ $< $(OUT)/lib/libstrata.a

# Which library a test is linked to; the debug library has a test of its own.
archive := $(OUT)/lib/libstrata.a
$(OUT)/lib_debug: archive := $(OUT)/lib/libstrata_debug.a

.PHONY: libstrata_archives
$(OUT)/lib/libstrata.a $(OUT)/lib/libstrata_debug.a: libstrata_archives
	@:
libstrata_archives:
	$(if $(V),,@)$(MAKE) -C $(libstrata) static CC='$(CC)' OUT=$(abspath $(OUT))/lib

$(OUT)/lib_%: CPPFLAGS += -I$(libstrata)/include

# Real programs, from Debian's packages.
$(OUT)/lib_lua: package := lua5.4
$(OUT)/lib_jansson: package := jansson
from_packages := $(OUT)/lib_lua $(OUT)/lib_jansson
$(from_packages): CPPFLAGS += $(shell pkg-config --cflags $(package))
$(from_packages): LDLIBS += $(shell pkg-config --static --libs $(package))

# The program of the README, as it is there.
$(OUT)/lib_readme: $(OUT)/lib/examples/README.c
$(OUT)/lib_readme: CPPFLAGS += -I$(OUT)/lib/examples
$(OUT)/lib/examples/README.c: $(libstrata)/examples README.md $(wildcard Documentation/man/*)
	@$(libstrata)/examples $(@D)

$(OUT)/lib_lua: $(wildcard $(libstrata)/test/lua/*.lua)

$(OUT)/lib_%: $(libstrata)/test/%.c $(OUT)/lib/libstrata.a $(OUT)/lib/libstrata_debug.a
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(if $(V),,@)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -MF $@.d -o $@ $< $(archive) $(LDLIBS)

# Of other architectures there is a C compiler and nothing to link to.
define skip_program
#!/bin/sh
echo '1..0 # SKIP needs more than a C compiler for $(ARCH)'
exit 4
endef
export skip_program

$(OUT)/lib_%: $(libstrata)/test/%.cpp $(OUT)/lib/libstrata.a
	@mkdir -p $(@D)
	@echo "  CXX     $@"
	$(if $(V),,@)$(CXX) $(CPPFLAGS) $(patsubst -std=%,-std=c++17,$(CFLAGS)) \
		-MMD -MP -MF $@.d -o $@ $< $(archive)

ifneq ($(CC-$(ARCH)),)
$(from_packages) $(OUT)/lib_pmr:
	@mkdir -p $(@D)
	@echo "$$skip_program" >$@ && chmod +x $@
endif

$(fuzz): $(OUT)/%: selftests/%.c selftests/fuzz/engine.c
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(if $(V),,@)$(CC) $(CPPFLAGS) $(CFLAGS) -o $@ $^

$(fuzz): selftests/fuzz/engine.h selftests/arena_util.h

-include $(wildcard $(OUT)/*.d $(OUT)/demo/*.d $(OUT)/bench/*.d)
