#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# strata.ko comes and goes: fifty times, with a consumer and an arena now and then. Each
# time everything it made is there, then gone, it says that nothing was live, and the
# memory it took is back. While it is in use it stays.
#
# It is loaded when this starts, and when it ends.

modules=${STRATA_MODULES:-/lib/strata}
rounds=50
# Sanitizers make a round ten times as slow.
[ ! -e /sys/kernel/debug/kmemleak ] || rounds=10
# Asked for a long storm, they go on.
[ -z "$STORM" ] || rounds=200
# What is in use may vary by so much between the first round and the last, in KiB.
slack=2048

# shellcheck source=selftests/ktap.sh
. "${0%/*}/ktap.sh"

there() { [ -d /sys/module/strata ] && [ -c /dev/strata ] && [ -d /sys/kernel/debug/strata ]; }
gone() { ! [ -e /sys/module/strata ] && ! [ -e /dev/strata ] && ! [ -e /sys/kernel/debug/strata ]; }
quiet() { "$@" 2>/dev/null; }

# What the log says since the mark of that name.
since() { dmesg | awk -v mark="strata-load: $1" 'index($0, mark) { seen = 1; next } seen'; }

# Freed memory comes back after grace periods, and from what keeps it meanwhile: SLUB
# keeps slabs that are empty, and KASAN up to 1/32 of memory, so as to see it used
# after it was freed. A cache that is told to shrink gives up both.
settle() {
	sleep 1
	echo 3 >/proc/sys/vm/drop_caches
	for cache in /sys/kernel/slab/*/shrink; do
		[ ! -e "$cache" ] || echo 1 >"$cache"
	done
}

# All pages but what is free, whether a zone or a processor has it, and those of files
# and of user space. Nor the stack traces that sanitizers keep for good, in pools of
# four pages: a module is at another address each time, and its traces are new. In KiB.
in_use() {
	quiet cat /proc/zoneinfo /proc/meminfo /sys/kernel/debug/stackdepot/stats |
		awk -v page="$(awk '/^KernelPageSize/ { print $2; exit }' /proc/self/smaps)" '
		$1 == "count:" { sum -= $2 * page }
		/^MemTotal:/ { sum += $2 }
		/^(MemFree|Buffers|Cached|AnonPages):/ { sum -= $2 }
		/^pools:/ { sum -= $2 * 4 * page }
		END { print sum }'
}

# What SLUB's caches hold: name and pages.
caches() { quiet awk 'NR > 2 { print $1, $6 * $15 }' /proc/slabinfo; }

u32() {
	# shellcheck disable=SC2059 # the format is the bytes
	printf "$(printf '\\%03o' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24)))"
}

# A recording for strata_replay.ko: an object of each kind, of which it leaves the last
# three alive. selftests/demo/README has the format.
recording() {
	printf STRTRACE
	u32 9
	u32 6
	slot=0
	for size in 8 100 5000 32768 200000 3000000; do
		u32 $((size << 4))
		u32 $slot
		slot=$((slot + 1))
	done
	for slot in 0 1 2; do
		u32 1
		u32 $slot
	done
}

# A module that allocates and is unloaded with objects alive, and a program with an arena.
consumers() {
	replay=/sys/kernel/debug/strata_replay
	insmod "$modules/strata_replay.ko" || return 1
	recording >$replay/trace && echo end >$replay/run || return 1
	grep -q '^live *3 objects' $replay/report || return 1
	[ "$(cat /sys/kernel/debug/strata/check)" = ok ] || return 1
	rmmod strata_replay || return 1
	"${0%/*}/lib_readme" >/dev/null
}

# One coming and going. Says what went wrong.
round() {
	insmod "$modules/strata.ko" || return 1
	there || { say "round $1: loaded, but not all of it is there"; return 1; }
	[ $(($1 % 5)) != 0 ] || consumers || { say "round $1: a consumer failed"; return 1; }
	echo "strata-load: round $1" >/dev/kmsg
	rmmod strata || return 1
	gone || { say "round $1: unloaded, but something of it is there"; return 1; }
	since "round $1" | grep -q 'strata: unloaded, nothing live' ||
		{ say "round $1: it did not say that nothing was live"; return 1; }
	! since "round $1" | grep -q 'strata: unloaded with' ||
		{ say "round $1: it said that something was live"; return 1; }
}

# Up to so many rounds, or the first that fails.
done=0
go_on() {
	while [ $done -lt "$1" ] && round $((done + 1)); do
		done=$((done + 1))
	done
}

plan 7

# Left over by a test before this one: none of our business, but in our way.
quiet rmmod strata_replay

! quiet insmod "$modules/strata.ko" && there
result $? 'is not loaded twice'

insmod "$modules/strata_replay.ko" && ! quiet rmmod strata && there && rmmod strata_replay
result $? 'stays while a module uses it'

exec 4</dev/strata
! quiet rmmod strata && there
result $? 'stays while its device is open'
exec 4<&-

exec 4</sys/kernel/debug/strata/classes
! quiet rmmod strata && there
result $? 'stays while its statistics are read'
exec 4<&-

rmmod strata && gone
result $? 'goes'

# What is made once and stays is made by then.
go_on 5
settle
before=$(in_use)
caches >/tmp/strata-load.before
# One that failed is not tried again.
[ $done -lt 5 ] || go_on $rounds
[ $done = $rounds ]
result $? "comes and goes $rounds times"

waited=0
while settle; after=$(in_use); [ $((after - before)) -gt $slack ] && [ $waited -lt 10 ]; do
	waited=$((waited + 1))
done
say "in use: $before KiB before, $after KiB after $done rounds"
caches | awk 'NR == FNR { had[$1] = $2; next }
	$2 > had[$1] { print $2 - had[$1], "pages more in", $1 }' /tmp/strata-load.before - |
	sort -rn >/tmp/strata-load.grown
echo 'what else there is came from the page allocator itself' >>/tmp/strata-load.grown
[ $((after - before)) -le $slack ]
result $? 'leaves no memory behind' /tmp/strata-load.grown
rm -f /tmp/strata-load.before /tmp/strata-load.grown

quiet insmod "$modules/strata.ko"
exit $failed
