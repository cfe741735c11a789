#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What 'make install-lib' leaves behind is enough to build and run with: examples
# of the README and the manual pages, in C and in C++, by pkg-config, with the
# shared library, the static one and the debug one.

here=$(dirname "$(readlink -f "$0")")
top=$(readlink -f "$here/../../..")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
root=$tmp/root
said=$tmp/said
cd "$tmp" || exit 1

# shellcheck source=selftests/ktap.sh
. "$top/selftests/ktap.sh"

# As a user would who has unpacked what was staged.
config() {
	PKG_CONFIG_PATH=$root/usr/lib/pkgconfig pkg-config --define-variable=prefix="$root/usr" \
		--define-variable=libdir="$root/usr/lib" \
		--define-variable=includedir="$root/usr/include" "$@"
}
warn=(-Wall -Wextra -Wpedantic -Werror)

plan 16

git -C "$top" status --porcelain >"$tmp/before"
make -s -C "$top/tools/libstrata" install PREFIX=/usr DESTDIR="$root" >"$said" 2>&1
result $? 'make install' "$said"

(cd "$root" && find . -type f -o -type l | LC_ALL=C sort) >"$tmp/files"
cat >"$tmp/wanted" <<-END
	./usr/include/linux/strata.h
	./usr/include/strata.h
	./usr/include/strata.hpp
	./usr/lib/libstrata.a
	./usr/lib/libstrata.so
	./usr/lib/libstrata.so.1
	./usr/lib/libstrata_debug.a
	./usr/lib/libstrata_debug.so
	./usr/lib/libstrata_debug.so.1
	./usr/lib/pkgconfig/strata-debug.pc
	./usr/lib/pkgconfig/strata.pc
END
grep -v /man/ "$tmp/files" | diff - "$tmp/wanted" >"$said"
result $? 'installs these files' "$said"

git -C "$top" status --porcelain | diff "$tmp/before" - >"$said"
result $? 'leaves the tree clean' "$said"

# Every function of the headers has a page by its name, or is the slow path of one.
grep -oE '\bstrata_(arena|region|set)_[a-z_]+\(' "$root/usr/include/strata.h" | tr -d '(' | sort -u |
	grep -vE '_slow$|^strata_frame_(open|close)$' | while read -r name; do
	[ -e "$root/usr/share/man/man3/$name.3" ] || echo "no page for $name"
done >"$said"
[ ! -s "$said" ]
result $? 'has a manual page for each function' "$said"

# The symbols are those of the header, and have versions.
nm -D --defined-only "$root/usr/lib/libstrata.so.1" | awk '$2 == "T" { print $3 }' |
	sort >"$tmp/symbols"
! grep -v '@@STRATA_1$' "$tmp/symbols" >"$said" && [ "$(wc -l <"$tmp/symbols")" -gt 20 ]
result $? 'every symbol has a version' "$said"
sed 's/@@.*//' "$tmp/symbols" | while read -r name; do
	grep -qw "$name" "$root/usr/include/strata.h" || echo "$name is not in strata.h"
done >"$said"
[ ! -s "$said" ]
result $? 'no symbol is unheard of' "$said"
readelf -d "$root/usr/lib/libstrata.so.1" | grep -q 'SONAME.*\[libstrata.so.1\]'
result $? 'has a soname' "$said"
# No writable and executable memory, no text relocations.
! readelf -dl "$root/usr/lib/libstrata.so.1" | grep -E 'TEXTREL|GNU_STACK.*RWE|RWE' >"$said"
result $? 'is position independent' "$said"

"$top/tools/libstrata/examples" "$tmp/examples"
result $? 'examples are found' "$said"

build_examples() { # <package> <link arguments>
	local package=$1 source
	shift
	for source in "$tmp"/examples/*.c; do
		# shellcheck disable=SC2046 # words on purpose
		"${CC:-gcc}" -std=gnu11 -O2 "${warn[@]}" -o "${source%.c}" "$source" \
			$(config --cflags "$package") "$@" || return 1
	done
}

run_examples() {
	local source
	for source in "$tmp"/examples/*.c; do
		LD_LIBRARY_PATH=$root/usr/lib timeout 60 "${source%.c}" || return 1
	done
}

# shellcheck disable=SC2046 # words on purpose
build_examples strata $(config --libs strata) >"$said" 2>&1 && run_examples >"$said" 2>&1
result $? 'examples, shared library' "$said"
build_examples strata "$root/usr/lib/libstrata.a" -static -pthread >"$said" 2>&1 &&
	run_examples >"$said" 2>&1
result $? 'examples, static library' "$said"
# shellcheck disable=SC2046 # words on purpose
build_examples strata-debug $(config --libs strata-debug) >"$said" 2>&1 &&
	run_examples >"$said" 2>&1
result $? 'examples, debug library' "$said"

# The debug library in place of the other, without building anew.
# shellcheck disable=SC2046 # words on purpose
build_examples strata $(config --libs strata) >"$said" 2>&1 &&
	LD_PRELOAD=$root/usr/lib/libstrata_debug.so run_examples >"$said" 2>&1
result $? 'examples, debug library preloaded' "$said"

cat >hello.cpp <<-'END'
	#include <vector>
	#include <strata.hpp>
	int main()
	{
		strata::frame frame;
		strata::region_resource memory;
		std::pmr::vector<int> v(1000, 1, &memory);
		return v.size() != 1000;
	}
END
for std in 17 20; do
	# shellcheck disable=SC2046 # words on purpose
	"${CXX:-g++}" -std=c++$std -O2 "${warn[@]}" -Wno-pedantic -o hello hello.cpp \
		$(config --cflags --libs strata) >"$said" 2>&1 &&
		LD_LIBRARY_PATH=$root/usr/lib ./hello
	result $? "C++$std" "$said"
done

# The README says twenty lines.
[ "$(grep -vc '^$' "$tmp/examples/README.c")" -le 22 ]
result $? 'the program of the README is short' "$said"

exit $failed
