#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# AddressSanitizer and Valgrind report what checkers/misuse.c does wrong, and
# nothing where it does nothing wrong. With the shared library and the static one.

here=$(dirname "$(readlink -f "$0")")
top=$(readlink -f "$here/../../..")
lib=$top/build/lib
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# shellcheck source=selftests/ktap.sh
. "$top/selftests/ktap.sh"

compile() { # <program> <arguments>
	local program=$1
	shift
	"${CC:-gcc}" -g -O1 -std=gnu11 -pthread -I "$top/tools/libstrata/include" \
		-I "$top/include/uapi" -o "$tmp/$program" "$here/checkers/misuse.c" "$@"
}

# <words> <program> <way>: it stops there, and these words are said.
reported() {
	! LD_LIBRARY_PATH=$lib "${under[@]}" "$tmp/$2" "$3" >"$tmp/said" 2>&1 &&
		grep -q "$1" "$tmp/said"
}

silent() { # <program> <way>
	LD_LIBRARY_PATH=$lib "${under[@]}" "$tmp/$1" "$2" >"$tmp/said" 2>&1 &&
		grep -qx 'e\?ended' "$tmp/said" && [ "$(wc -l <"$tmp/said")" = 1 ]
}

plan 20

for kind in shared static; do
	case $kind in
	shared) link=("-L$lib" -lstrata) ;;
	static) link=("$lib/libstrata.a") ;;
	esac
	compile "asan-$kind" -fsanitize=address "${link[@]}" || exit 1
	under=(env ASAN_OPTIONS=detect_leaks=0)
	for way in after_pop after_frame after_reset over_the_end after_shrinking; do
		reported 'ERROR: AddressSanitizer: use-after-poison' "asan-$kind" $way
		result $? "AddressSanitizer, $kind: $way" "$tmp/said"
	done
	silent "asan-$kind" nothing
	result $? "AddressSanitizer, $kind: nothing" "$tmp/said"
done

compile plain "$lib/libstrata.a" || exit 1
under=(valgrind -q --error-exitcode=9)
for way in after_pop after_frame after_reset over_the_end after_shrinking; do
	reported 'Invalid \(read\|write\)' plain $way
	result $? "Valgrind: $way" "$tmp/said"
done
reported 'depends on uninitialised' plain never_written
result $? 'Valgrind: never_written' "$tmp/said"
silent plain nothing
result $? 'Valgrind: nothing' "$tmp/said"

# With neither, nobody notices.
under=()
silent plain after_pop
result $? 'unchecked: after_pop' "$tmp/said"

exit $failed
