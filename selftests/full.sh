#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# strata where memory is nearly all in use, and no block of 2 MiB is left: what it
# is asked for is cut from smaller ones, and refused only when the page allocator has
# nothing either. Then what it gives back: with no request for it, and when others
# need it. strata_full.ko is the load, and says what it counts.
#
# 'make selftest T=full MEMORY=512' is the guest that the aims are stated for.

modules=${STRATA_MODULES:-/lib/strata}
full=/sys/kernel/debug/strata_full
strata=/sys/kernel/debug/strata
boost_factor=/proc/sys/vm/watermark_boost_factor
tracing=/sys/kernel/debug/tracing
operations=100000
# The background works in ticks of half a second. So many waits of that length
# are five seconds where the machine has time for the guest.
waits=10

# shellcheck source=selftests/ktap.sh
. "${0%/*}/ktap.sh"

run() { echo "$*" >$full/run; }

get() { awk -v name="$1" '$1 == name { print $2 }' $full/result; }
refused_nothing() { [ "$(get refused)" = 0 ]; }
refused_nothing_early() { [ "$(get early)" = 0 ]; }

# What others give back in the first moments may make a block whole: until it stays so.
shatter() {
	local tries=20

	while [ $tries -gt 0 ]; do
		run shatter || return 1
		sleep 1
		[ "$(get blocks)" != 0 ] || return 0
		tries=$((tries - 1))
	done
	return 1
}

# Pages that strata has from the page allocator.
held() {
	awk 'NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
		{ sum += $column["held"] + $column["direct"] }
		END { print sum }' $strata/heap
}

oom_kills() { awk '$1 == "oom_kill" { print $2 }' /proc/vmstat; }

# What shrinkers of strata's say that they gave back, and what reclaim says of itself.
events="$tracing/events/vmscan/mm_shrink_slab_end $tracing/events/vmscan/mm_vmscan_direct_reclaim_end"
watch_reclaim() {
	for event in $events; do
		[ -e "$event/enable" ] || return 1
	done
	# To know the names of tasks the kernel would patch its scheduler, while that runs:
	# QEMU may go on with what was there before, and hang.
	echo 0 >$tracing/options/record-cmd
	echo >$tracing/trace
	for event in $events; do
		echo 1 >"$event/enable"
	done
}

unwatch_reclaim() {
	for event in $events; do
		echo 0 >"$event/enable"
	done
	echo 1 >$tracing/options/record-cmd
}

shrunk() { awk '/scan_objects.*\[strata\]/ { sum += $NF } END { print sum + 0 }' $tracing/trace; }

# The same without the kernel's own threads, which do not say what came of it.
shrunk_directly() {
	grep -ls '^kswapd' /proc/[0-9]*/comm | awk -F / '
		/^\/proc/ { kswapd["-" $3] = 1; next }
		/scan_objects.*\[strata\]/ {
			match($0, /-[0-9]+ /)
			if (!(substr($0, RSTART, RLENGTH - 1) in kswapd))
				sum += substr($0, match($0, /[0-9]+$/))
		}
		END { print sum + 0 }' - $tracing/trace
}

progress() {
	awk '/nr_reclaimed=/ { sub(/.*nr_reclaimed=/, ""); sum += $0 } END { print sum + 0 }' \
		$tracing/trace
}

if grep -q ' kasan_report$' /proc/kallsyms || [ -e /sys/kernel/debug/kmemleak ]; then
	skip_all 'sanitizers take memory for each object, and keep what is freed'
fi
plan 10
insmod "$modules/strata_full.ko" || exit 1
# Where blocks are broken up on purpose the kernel would set ever more memory aside,
# up to where others are killed for it.
boost=$(cat $boost_factor)
echo 0 >$boost_factor

shatter
result $? 'no block of 2 MiB is free' $full/result
say "$(get pieces) blocks were broken; $(get free) of $(get total) pages are free"

run fill strata 90 && refused_nothing
result $? 'memory is filled to 90 %, and nothing refused' $full/result
say "$(get objects) objects of $(get bytes) bytes in $(held) pages"

mix() {
	run mix $operations && refused_nothing_early &&
		[ $(($(get refused) * 20)) -lt $operations ] &&
		[ $(($(get allocs) + $(get frees) + $(get refused))) = $operations ]
}

# A page that others give back may have made a block whole: then all that once more.
tries=3
while mix; mixed=$?; [ $mixed = 0 ] && [ "$(get blocks)" != 0 ] && [ $tries -gt 0 ]; do
	say "$(get blocks) blocks have become whole"
	shatter
	tries=$((tries - 1))
done
[ $mixed = 0 ]
result $? "$operations allocations and frees there: refused is what the page allocator has not" $full/result
say "$(get refused) refused, $(get early) of them early, at $(get percent) %"

[ "$(get blocks)" = 0 ]
result $? 'all that without a block of 2 MiB' $full/result

run last && [ "$(get refused)" -gt 0 ] && refused_nothing_early
result $? 'to the end of memory: refused is what the page allocator has not' $full/result
say "$(get allocs) more objects, $(get refused) sizes refused, $(get early) of them early"

peak=$(held)
run free
waited=0
while left=$(held); [ $((left * 20)) -gt "$peak" ] && [ $waited -lt $waits ]; do
	sleep 0.5
	waited=$((waited + 1))
done
[ $((left * 20)) -le "$peak" ]
result $? 'of what is freed 95 % goes back by itself' $full/result
say "$left of $peak pages after $waited waits of half a second"

# The objects are freed, and at once somebody wants nine tenths of what they were in.
run fill strata 75
before=$(held)
wanted=$(($(get available) + before * 9 / 10))
kills=$(oom_kills)
watch_reclaim && traced=1 || traced=
run "press $wanted" && [ "$(get refused)" = 0 ] && [ "$(oom_kills)" = "$kills" ]
result $? 'who needs what is free gets it, and nothing is killed' $full/result
after=$(held)
say "$(get ns) ns for $wanted pages, without the last $(get refused); strata held $before before and $after after"

if [ "$traced" ]; then
	unwatch_reclaim
	shrunk=$(shrunk)
	directly=$(shrunk_directly)
	# Two ticks of the background are enough for what was free all the time between.
	if [ "$shrunk" -lt $((before / 2)) ] && [ "$(get ns)" -ge 1000000000 ]; then
		skip 'most of it at once, through the shrinker' \
			'the background had time to give it back'
	else
		[ "$shrunk" -ge $((before / 2)) ]
		result $? 'most of it at once, through the shrinker' $full/result
	fi
	if [ "$directly" = 0 ]; then
		skip 'reclaim counts it as progress' 'a thread of the kernel was always first'
	else
		[ $(($(progress) * 2)) -ge "$directly" ]
		result $? 'reclaim counts it as progress' $full/result
	fi
	say "the shrinker gave back $shrunk pages, $directly of them to who wanted some;" \
		"reclaim counts $(progress)"
else
	skip 'most of it at once, through the shrinker' 'the kernel traces nothing'
	skip 'reclaim counts it as progress' 'the kernel traces nothing'
fi

run free
[ "$(cat $strata/check)" = ok ]
result $? 'all is in order' $full/result

rmmod strata_full || failed=1
echo "$boost" >$boost_factor
exit $failed
