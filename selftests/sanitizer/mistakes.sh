#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The sanitizers see strata's objects. strata_bugs.ko makes one mistake after the
# other; each has to be in the log, by the right name and with who made it.
#
# For a kernel with KASAN and kmemleak, in a guest of its own: the reports taint
# the kernel and end its lock checks. Each is announced in the log, so that the
# verdict knows which splats were wanted, and misses those that did not come.
#
# shellcheck shell=dash

modules=${STRATA_MODULES:-/lib/strata}
parameter=/sys/module/strata_bugs/parameters/commit
fault=/sys/kernel/debug/strata/fault

# shellcheck source=selftests/ktap.sh
. "${0%/*}/ktap.sh"

# By a process that is gone afterwards: kmemleak takes what is left on a stack for a
# pointer.
commit() { (echo "$1" >$parameter); }

log() { echo "strata-vm: $*" >/dev/kmsg; }

# What the log says since the mark of that name.
since() { dmesg | awk -v mark="strata-vm: mistake $1" 'index($0, mark) { seen = 1; next } seen'; }

# Each of the words is in what was said.
has() { # <what was said> <words>...
	local said=$1 words

	shift
	for words; do
		echo "$said" | grep -q -- "$words" || {
			say "not said: $words"
			echo "$said" | sed 's/^/# /' | head -n 30
			return 1
		}
	done
}

# A mistake that KASAN reports.
kasan() { # <mistake> <kind> <access> <name of the case>
	log "expect: BUG: KASAN: $2 in bug_$1"
	log "mistake $1"
	commit "$1"
	has "$(since "$1")" "BUG: KASAN: $2 in bug_$1+.*\[strata_bugs\]" "$3 of size 1 at addr" \
		'Call Trace:'
	result $? "$4"
}

# One that strata reports itself.
strata() { # <mistake> <kind> <words> <name of the case>
	log "mistake $1"
	commit "$1"
	has "$(since "$1")" "strata: $2: .*$3" "bug_$1+.*\[strata_bugs\]" &&
		! since "$1" | grep -q 'BUG:'
	result $? "$4"
}

# By a process of its own: kmemleak looks at the stack of who scans, too, where what it
# has looked at before may still lie.
scan() { (echo scan >/sys/kernel/debug/kmemleak); }

# What kmemleak reports until nothing is missing, in a few scans. Something of the moment,
# a word on a stack most likely, may hide an object from one of them; what a slot of ours
# held would from each.
leaks_found() {
	local scans size

	leaks=
	scan
	# It says nothing of an object that is younger than five seconds.
	for _ in 1 2 3 4 5 6; do
		sleep 1
		commit busy
	done
	for scans in 1 2 3 4 5 6; do
		scan
		leaks="$leaks
$(cat /sys/kernel/debug/kmemleak)"
		for size in $leaked; do
			[ "$(count "${size#*:}")" = "${size%:*}" ] || continue 2
		done
		break
	done
	[ "$scans" = 1 ] || say "kmemleak has scanned $scans times"
}

# How many objects of a size have been reported, in one scan or another.
count() { # <size>
	echo "$leaks" | grep "unreferenced object .* (size $1)" | sort -u | wc -l
}

found() { # <how many:size>...
	local n size

	for size; do
		n=$(count "${size#*:}")
		[ "$n" = "${size%:*}" ] && continue
		say "of ${size%:*} leaked objects of ${size#*:} bytes kmemleak says $n"
		return 1
	done
}

if ! [ -e /sys/kernel/debug/kmemleak ] || ! grep -q ' kasan_report$' /proc/kallsyms; then
	skip_all 'this kernel has no KASAN or no kmemleak'
fi
plan 22
insmod "$modules/strata_bugs.ko" || exit 1

kasan right slab-out-of-bounds Write 'one byte past an object that fills its class'
kasan right_odd slab-out-of-bounds Write 'one byte past an object that does not'
kasan right_large slab-out-of-bounds Write 'one byte past a large object'
kasan left slab-out-of-bounds Write 'one byte before an object, and free ones around it'
kasan shrunk slab-out-of-bounds Write 'past what realloc() left'
kasan freed_read slab-use-after-free Read 'read after free'
kasan freed_write slab-use-after-free Write 'write after free'
kasan freed_large slab-use-after-free Read 'read of a large object after free'
kasan freed_typed slab-use-after-free Read 'read of a typed object after free'
kasan popped slab-use-after-free Read 'read of a region after pop'
kasan region_right slab-out-of-bounds Write "one byte past a region's object"
strata double_free double-free 'was free already; ignored' 'double free'
strata invalid_free interior-pointer '16 bytes into object' 'free of an interior pointer'
strata foreign_free foreign-pointer 'use kfree()' 'free of what is not ours'
strata wrong_cache wrong-cache 'cache one freed to cache other' 'free to the wrong cache'

log 'mistake uninitialised'
commit uninitialised
has "$(since uninitialised)" 'never written: 6b 6b 6b 6b'
result $? 'what was never written holds poison'

log 'mistake none'
commit none
! since none | grep -qE 'BUG:|strata: '
result $? 'no mistake, no report'

commit leak
commit leak_depot
# A reserve is asked when its cache gets no memory.
commit set_aside
echo -1 >$fault/times
echo 100 >$fault/probability
commit leak_reserve
echo 0 >$fault/probability
commit leak_span
commit leak_large
leaked='4:200 16:3000 6:20000 64:1000 1:40001 1:2097152 1:4194304'
leaks_found
found 4:200 && has "$leaks" 'bug_leak+.*\[strata_bugs\]' 'commit+.*\[strata_bugs\]'
result $? 'kmemleak finds what was leaked, and who did it'
found 16:3000
result $? 'what was in a depot before'
found 6:20000
result $? 'what was set aside in a reserve'
found 64:1000
result $? 'all objects of a span'
found 1:40001 1:2097152 1:4194304
result $? 'objects with pages of their own'
commit mend

rmmod strata_bugs
exit $failed
