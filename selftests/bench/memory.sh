#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# The pages that strata and its rival hold over a recorded load: at the peak, at
# the end of it, and once everything is free. Looks every so many events. What
# strata holds is what it took from the page allocator and what describes that;
# of its rival it is all pages of slabs and of large kmalloc objects. Both begin
# with nothing idle, or what one recording left behind would be given to the next
# and counted for neither. Prints KTAP and figures as kernel.sh does, in pages;
# exit status 4 if none of the rows is wanted.

modules=${STRATA_MODULES:-/lib/strata}
bench=/sys/kernel/debug/strata_bench
strata=/sys/kernel/debug/strata
step=8192
quiet=5 # seconds in which the background gives back what is free

# shellcheck source=selftests/bench/util.sh
. ./util.sh

rows_of() { printf "memory-$1-%s " peak end left back metadata; }
traces=
nr=0
for name in tmpfs-churn build-and-git; do
	# shellcheck disable=SC2046 # words are split on purpose
	n=$(count $(rows_of $name))
	nr=$((nr + n))
	[ "$n" = 0 ] || traces="$traces $name"
done
[ $nr -gt 0 ] || exit 4

insmod "$modules/strata_replay.ko" && insmod "$modules/strata_bench.ko" || exit 1
echo "1..$nr"

# Bytes of metadata, as strata counts them: descriptors, and with 'all' the
# magazines, too, which are there from the start.
metadata() {
	awk -v all="${1:-}" '
		/metadata\/(mspan|other)/ { sum += $2 }
		/metadata\/(mcache|pagemap)/ && all { sum += $2 }
		END { print sum + 0 }' "$strata/metrics"
}

held_rival() {
	echo 1 >/proc/sys/vm/stat_refresh
	awk '/^nr_slab_(un)?reclaimable / { sum += $2 } END { print sum }' /proc/vmstat
}

held() { # <side>
	case $1 in
	strata) echo $(($(strata_pages) + $(metadata) / 4096)) ;;
	*) held_rival ;;
	esac
}

# Give back what is idle, of both: partial slabs, cached objects, empty spans.
settle() {
	for cache in /sys/kernel/slab/*/shrink; do
		echo 1 >"$cache"
	done
	echo 1 >$strata/drain
}

# Replay all of a recording; leaves what was held in peak, end and left.
replay() { # <side>
	local before at now

	settle
	before=$(held "$1")
	peak=0
	at=0
	while at=$((at + step)); [ $at -lt "$events" ]; do
		echo "$1 $at" >$bench/memory || return 1
		now=$(($(held "$1") - before))
		[ $now -le $peak ] || {
			peak=$now
			overhead=$(($(metadata all) / 4096))
		}
	done
	echo "$1 end" >$bench/memory || return 1
	sleep $quiet
	end=$(($(held "$1") - before))
	echo free >$bench/memory
	sleep $quiet
	left=$(($(held "$1") - before))
	# A figure is above nothing.
	[ $left -gt 0 ] || left=1
}

for name in $traces; do
	zcat "/traces/$name.trace.gz" >/sys/kernel/debug/strata_replay/trace || exit 1
	events=$(zcat "/traces/$name.trace.gz" | dd bs=4 skip=2 count=1 2>/dev/null | od -An -tu4)
	events=$((events))
	replay rival || exit 1
	rival_peak=$peak rival_end=$end rival_left=$left
	replay strata || exit 1
	row "memory-$name-peak" 1 "$peak" 1 "$rival_peak"
	row "memory-$name-end" 1 "$end" 1 "$rival_end"
	row "memory-$name-left" 1 "$left" 1 "$rival_left"
	row "memory-$name-back" 1 "$left" 1 "$peak"
	row "memory-$name-metadata" 1 "$overhead" 1 "$peak"
done
rmmod strata_bench && rmmod strata_replay || failed=1
exit "$failed"
