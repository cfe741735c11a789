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

insmod "$modules/strata_bench.ko" || exit 1

set --
while read -r row; do
	case " $BENCH_ROWS " in
	*" $row "*) set -- "$@" "$row" ;;
	esac
done <$bench/list
[ $# -gt 0 ] || { rmmod strata_bench; exit 4; }

failed=0
case=0
echo "1..$#"
for row; do
	case=$((case + 1))
	if echo "$row" >$bench/run; then
		sed "s/^/# $row /" $bench/result
		echo "ok $case $row"
	else
		failed=1
		echo "not ok $case $row"
	fi
done
rmmod strata_bench || failed=1
exit $failed
