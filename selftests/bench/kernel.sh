#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# The rows of the kernel API, measured in the guest by strata_bench.ko: those of
# $BENCH_ROWS that it has. Like any program here that measures, it prints KTAP
# with a case for each row, and before it the figures:
#
#	# <row> strata|rival <operations in a round> <figure of each round>...
#
# Exit status 4 if none of the rows is known here.

modules=${STRATA_MODULES:-/lib/strata}
bench=/sys/kernel/debug/strata_bench

# It has the recordings.
insmod "$modules/strata_replay.ko" || exit 1
insmod "$modules/strata_bench.ko" rounds="${BENCH_ROUNDS:-16}" \
	round_us="${BENCH_ROUND_US:-1000}" || exit 1

# Rows named trace-<recording>-<CPUs> replay that one, and zero-<recording> zeroes
# what it would.
give_trace() {
	local name

	case $1 in
	trace-*-[0-9]) name=${1#trace-} name=${name%-*} ;;
	zero-*-*) name=${1#zero-} ;;
	*) return 0 ;;
	esac
	zcat "/traces/$name.trace.gz" >/sys/kernel/debug/strata_replay/trace
}

# shellcheck source=selftests/bench/util.sh
. ./util.sh

unload() { rmmod strata_bench && rmmod strata_replay; }

set --
while read -r row; do
	case " $BENCH_ROWS " in
	*" $row "*) set -- "$@" "$row" ;;
	esac
done <$bench/list
[ $# -gt 0 ] || { unload; exit 4; }

case=0
echo "1..$#"
for row; do
	case=$((case + 1))
	if give_trace "$row" && echo "$row" >$bench/run; then
		sed "s/^/# $row /" $bench/result
		echo "ok $case $row"
	else
		failed=1
		echo "not ok $case $row"
	fi
done
symbols
unload || failed=1
exit $failed
