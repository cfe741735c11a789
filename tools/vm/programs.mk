# SPDX-License-Identifier: GPL-2.0-only
#
# The programs that run in the guest: one per .c file in selftests/ and in
# selftests/demo/, linked statically, since the guest has no libraries.
#
# make -f tools/vm/programs.mk {tests,demo} KSELFTEST=<directory with kselftest.h>
#	[ARCH=<i386|arm64> OUT=<directory of its own>]

OUT := build/selftests
CC-i386 := i686-linux-gnu-gcc -D_FILE_OFFSET_BITS=64
CC-arm64 := aarch64-linux-gnu-gcc
CC := $(or $(CC-$(ARCH)),$(CC))
CFLAGS := -O2 -std=gnu11 -Wall -Wextra -Werror -pthread -static
CPPFLAGS := -Iinclude/uapi $(if $(KSELFTEST),-isystem $(KSELFTEST))

tests := $(patsubst selftests/%.c,$(OUT)/%,$(wildcard selftests/*.c))
demo := $(patsubst selftests/%.c,$(OUT)/%,$(wildcard selftests/demo/*.c))

.PHONY: tests demo
tests: $(tests)
demo: $(demo)

$(OUT)/%: selftests/%.c
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(if $(V),,@)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -MF $@.d -o $@ $<

-include $(wildcard $(OUT)/*.d $(OUT)/demo/*.d)
