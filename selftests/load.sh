#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# strata.ko comes and goes: fifty times, with a consumer now and then. Each time
# everything it made is there, then gone, it says that nothing was live, and the
# memory it took is back. While it is in use it stays.
#
# It is loaded when this starts, and when it ends.

modules=${STRATA_MODULES:-/lib/strata}
rounds=50
# Sanitizers make a round ten times as slow.
[ ! -e /sys/kernel/debug/kmemleak ] || rounds=10
# Asked for a long storm, they go on.
[ -z "$STORM" ] || rounds=200
# Kernel memory may vary by so much between the first round and the last, in KiB.
slack=2048

# shellcheck source=selftests/ktap.sh
. "${0%/*}/ktap.sh"

there() { [ -d /sys/module/strata ] && [ -c /dev/strata ] && [ -d /sys/kernel/debug/strata ]; }
gone() { ! [ -e /sys/module/strata ] && ! [ -e /dev/strata ] && ! [ -e /sys/kernel/debug/strata ]; }
quiet() { "$@" 2>/dev/null; }

# What the log says since the mark of that name.
since() { dmesg | awk -v mark="strata-load: $1" 'index($0, mark) { seen = 1; next } seen'; }

kernel_memory() { awk '/^(SUnreclaim|Percpu|VmallocUsed|PageTables):/ { sum += $2 } END { print sum }' /proc/meminfo; }

consumer() {
	insmod "$modules/strata_replay.ko" || return 1
	[ "$(cat /sys/kernel/debug/strata/check)" = ok ] || return 1
	rmmod strata_replay
}

# One coming and going. Says what went wrong.
round() {
	insmod "$modules/strata.ko" || return 1
	there || { say "round $1: loaded, but not all of it is there"; return 1; }
	[ $(($1 % 5)) != 0 ] || consumer || { say "round $1: the consumer failed"; return 1; }
	echo "strata-load: round $1" >/dev/kmsg
	rmmod strata || return 1
	gone || { say "round $1: unloaded, but something of it is there"; return 1; }
	since "round $1" | grep -q 'strata: unloaded, nothing live' ||
		{ say "round $1: it did not say that nothing was live"; return 1; }
	! since "round $1" | grep -q 'strata: unloaded with' ||
		{ say "round $1: it said that something was live"; return 1; }
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

# What only the first load makes, such as the device class, is made by now.
before=$(kernel_memory)
done=0
while [ $done -lt $rounds ] && round $((done + 1)); do
	done=$((done + 1))
done
[ $done = $rounds ]
result $? "comes and goes $rounds times"

# Freed memory is returned after grace periods, and by work that runs when it may.
waited=0
while after=$(kernel_memory); [ $((after - before)) -gt $slack ] && [ $waited -lt 10 ]; do
	sleep 1
	waited=$((waited + 1))
done
say "kernel memory: $before KiB before, $after KiB after $done rounds"
[ $((after - before)) -le $slack ]
result $? 'leaves no memory behind'

quiet insmod "$modules/strata.ko"
exit $failed
