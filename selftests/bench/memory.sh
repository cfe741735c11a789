#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# The pages that strata and its rival hold over a recorded load: at the peak, at
# the end of it, and once everything is free. Looks every so many events. What
# strata holds is what it took from the page allocator and what describes that;
# of its rival it is all pages of slabs and of large kmalloc objects. Both begin
# at what there was before. Prints KTAP and figures as kernel.sh does, in pages;
# exit status 4 if none of the rows is wanted.

modules=${STRATA_MODULES:-/lib/strata}
bench=/sys/kernel/debug/strata_bench
strata=/sys/kernel/debug/strata
step=8192
quiet=5 # seconds in which the background gives back what is free

wanted() { case " $BENCH_ROWS " in *" $1 "*) ;; *) return 1 ;; esac; }

traces=
nr=0
for name in tmpfs-churn build-and-git; do
	for what in peak end left back metadata; do
		wanted "memory-$name-$what" || continue
		nr=$((nr + 1))
		case " $traces " in *" $name "*) ;; *) traces="$traces $name" ;; esac
	done
done
[ $nr -gt 0 ] || exit 4

insmod "$modules/strata_replay.ko" && insmod "$modules/strata_bench.ko" || exit 1
echo "1..$nr"
nr=0
failed=0

# Bytes of metadata, as strata counts them: descriptors, and with 'all' the
# magazines, too, which are there from the start.
metadata() {
	awk -v all="${1:-}" '
		/metadata\/(mspan|other)/ { sum += $2 }
		/metadata\/mcache/ && all { sum += $2 }
		END { print sum + 0 }' "$strata/metrics"
}

held_strata() {
	awk -v metadata="$(metadata)" '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == "held") at = i; next }
		{ sum += $at }
		END { if (!at) exit 1; print int(sum + metadata / 4096) }' "$strata/heap"
}

held_rival() {
	echo 1 >/proc/sys/vm/stat_refresh
	awk '/^nr_slab_(un)?reclaimable / { sum += $2 } END { print sum }' /proc/vmstat
}

held() { # <side>
	case $1 in
	strata) held_strata ;;
	*) held_rival ;;
	esac
}

# Replay all of a recording; leaves what was held in peak, end and left.
replay() { # <side>
	local before at now

	sleep $quiet
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

row() { # <name> <strata> <rival>
	wanted "$1" || return 0
	nr=$((nr + 1))
	echo "# $1 strata 1 $2"
	echo "# $1 rival 1 $3"
	if [ "$2" -gt 0 ] && [ "$3" -gt 0 ]; then
		echo "ok $nr $1"
	else
		echo "not ok $nr $1"
		failed=1
	fi
}

for name in $traces; do
	zcat "/traces/$name.trace.gz" >/sys/kernel/debug/strata_replay/trace || exit 1
	events=$(zcat "/traces/$name.trace.gz" | dd bs=4 skip=2 count=1 2>/dev/null | od -An -tu4)
	events=$((events))
	replay rival || exit 1
	rival_peak=$peak rival_end=$end rival_left=$left
	replay strata || exit 1
	row "memory-$name-peak" "$peak" "$rival_peak"
	row "memory-$name-end" "$end" "$rival_end"
	row "memory-$name-left" "$left" "$rival_left"
	row "memory-$name-back" "$left" "$peak"
	row "memory-$name-metadata" "$overhead" "$peak"
done
rmmod strata_bench && rmmod strata_replay || failed=1
exit $failed
