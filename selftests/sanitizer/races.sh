#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-only
#
# KCSAN sees data races of strata's objects, in modules that use it and in strata
# itself. strata_bugs.ko makes them; each has to be in the log.
#
# Every run on a kernel with KCSAN ends with this: that it reported nothing else means
# something only then. It samples, so each race is made again until it is seen, and
# meanwhile every few accesses are watched.
#
# shellcheck shell=dash

modules=${STRATA_MODULES:-/lib/strata}
commit=/sys/module/strata_bugs/parameters/commit
watch=/sys/module/kcsan/parameters/skip_watch

# shellcheck source=selftests/ktap.sh
. "${0%/*}/ktap.sh"

# The report of a race between two functions, if there is one. More of the log may have
# been lost than what came before.
reported() { # <functions>
	dmesg | awk -v title="BUG: KCSAN: data-race in $1" '
		index($0, title) && !/expect:/ { seen = 1 }
		seen
		seen && /==========/ { exit }'
}

race() { # <mistake> <functions> <words of the report> <name of the case>
	local tries=0 report=''

	echo "strata-vm: expect: BUG: KCSAN: data-race in $2" >/dev/kmsg
	while [ -z "$report" ] && [ $tries -lt 60 ]; do
		echo 20 >$watch
		echo "$1" >$commit
		echo "$often" >$watch
		report=$(reported "$2")
		tries=$((tries + 1))
	done
	echo "# $1: tries: $tries"
	echo "$report" | grep -q -- "$3"
	result $? "$4"
}

if ! [ -e $watch ]; then
	skip_all 'this kernel has no KCSAN'
fi
plan 3
insmod "$modules/strata_bugs.ko" || exit 1
often=$(cat $watch)

race race 'race_read [strata_bugs] / race_write [strata_bugs]' 'race_write+.*\[strata_bugs\]' 'a word that one writes and another reads'
race weak_race 'weak_read [strata_bugs] / weak_write [strata_bugs]' 'write (reordered)' 'a barrier that is missing'
race shared_region 'strata_region_push [strata] / strata_region_push [strata]' \
	'strata_region_push+.*\[strata\]' \
	'a region with two users, in strata itself'

rmmod strata_bugs
exit $failed
