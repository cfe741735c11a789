#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# Both sides with 90 % of memory in use and no block of 2 MiB free: how long an
# operation takes there, how many are refused although the page allocator has the
# pages, and how much memory objects take. Then what strata still holds of what was
# freed, once somebody needed nine tenths of it. strata_full.ko is the load;
# selftests/full.sh is the test of it. Prints KTAP and figures as kernel.sh does;
# exit status 4 if none of the rows is wanted.

modules=${STRATA_MODULES:-/lib/strata}
full=/sys/kernel/debug/strata_full
operations=100000

# shellcheck source=selftests/bench/util.sh
. ./util.sh

nr=$(count full-mixed full-same full-early memory-full memory-full-pressure)
[ "$nr" -gt 0 ] || exit 4
insmod "$modules/strata_full.ko" || exit 1
# The kernel would set more memory aside with every block that is broken up.
echo 0 >/proc/sys/vm/watermark_boost_factor
echo "1..$nr"

run() { echo "$*" >$full/run; }
get() { awk -v name="$1" '$1 == name { print $2 }' $full/result; }

# Leaves ns, early, pages and KiB asked for.
load() { # <side> <command and its argument>
	local empty

	run shatter
	empty=$(get free)
	run "${2% *} $1 ${2#* }" || return 1
	kib=$(($(get bytes) / 1024))
	pages=$((empty - $(get free)))
	run mix $operations || return 1
	ns=$(get ns)
	early=$(get early)
	run free
	sleep 5
	# A figure is above nothing.
	[ "$early" -gt 0 ] || early=1
}

load rival 'fill 90' || failed=1
their_ns=$ns their_early=$early their_pages=$pages their_kib=$kib
load strata 'fill 90' || failed=1
row full-mixed $operations "$ns" $operations "$their_ns"
row full-early 1 "$early" 1 "$their_early"
row memory-full $((kib / 1024)) "$pages" $((their_kib / 1024)) "$their_pages"

# Not what fits into as much memory, but what the rival had in it.
load strata "load $their_kib" || failed=1
row full-same $operations "$ns" $operations "$their_ns"

run fill strata 75 || failed=1
before=$(strata_pages)
run press $(($(get available) + before * 9 / 10)) || failed=1
row memory-full-pressure 1 "$(strata_pages)" 1 "$before"
run free
symbols
rmmod strata_full || failed=1
exit "$failed"
