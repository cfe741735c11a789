#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# Bytes that objects really get for each byte asked for, over the sizes up to the
# one in a row's name, from that of the row before. Prints KTAP and figures as
# kernel.sh does, and the figures of each size as "# size <bytes> <strata> <rival>";
# exit status 4 if none of the rows is wanted.

modules=${STRATA_MODULES:-/lib/strata}
# shellcheck source=selftests/bench/util.sh
. ./util.sh

nr=$(count rounding-64 rounding-512 rounding-4k rounding-32k rounding-1m)
[ "$nr" -gt 0 ] || exit 4
insmod "$modules/strata_replay.ko" && insmod "$modules/strata_bench.ko" || exit 1
echo "1..$nr"
cat /sys/kernel/debug/strata_bench/rounding >/tmp/rounding || failed=1
sed 's/^/# size /' /tmp/rounding

# The sums of one column, of sizes above $1 and up to $2.
sum() { awk -v least="$1" -v most="$2" -v at="$3" \
	'$1 > least && $1 <= most { sum += $at } END { print sum + 0 }' /tmp/rounding; }

least=4
for last in 64=64 512=512 4k=4096 32k=32768 1m=1048576; do
	most=${last#*=}
	asked=$(sum "$least" "$most" 1)
	row "rounding-${last%=*}" "$asked" "$(sum "$least" "$most" 2)" "$asked" "$(sum "$least" "$most" 3)"
	least=$most
done
rmmod strata_bench && rmmod strata_replay || failed=1
exit "$failed"
