#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-only
#
# strata.ko loaded with debug=: guard bytes, poison and owners in every cache of
# the general heap. strata_bugs.ko makes one mistake after the other, and each is
# reported with who allocated, freed and found it. No sanitizer is needed; where
# there is one it would speak first.
#
# strata.ko is loaded when this starts, and when it ends.
#
# shellcheck shell=dash

modules=${STRATA_MODULES:-/lib/strata}
commit=/sys/module/strata_bugs/parameters/commit

# shellcheck source=selftests/ktap.sh
. "${0%/*}/ktap.sh"

# What the log says since the last mark of that name.
since() {
	dmesg | awk -v mark="strata-debug: $1" 'index($0, mark) { seen = 1; said = ""; next }
		seen { said = said $0 "\n" }
		END { printf "%s", said }'
}

# One mistake, and what has to be said of it; nothing: no report at all.
mistake() { # <mistake> <name of the case> <words>...
	local name=$1 title=$2 words status=0

	shift 2
	echo "strata-debug: $name" >/dev/kmsg
	echo "$name" >$commit
	for words; do
		since "$name" | grep 'strata: ' | grep -q -- "$words" || {
			say "not said: $words"
			status=1
		}
	done
	[ $# != 0 ] || ! since "$name" | grep -q 'strata: ' || status=1
	! since "$name" | grep -q 'strata_bugs: ' || status=1
	[ $status = 0 ] || since "$name" | sed 's/^/# /' | head -n 10
	result $status "$title"
}

with() { # <options of strata.ko>...
	quiet rmmod strata_bugs
	rmmod strata && insmod "$modules/strata.ko" "$@" && insmod "$modules/strata_bugs.ko"
}

quiet() { "$@" 2>/dev/null; }

if grep -q ' kasan_report$' /proc/kallsyms; then
	skip_all 'KASAN would speak first'
fi
plan 19

rmmod strata
! quiet insmod "$modules/strata.ko" debug=redzone,poisn && dmesg | grep -q 'debug=redzone,poisn: known are'
result $? 'an unknown option is refused'
insmod "$modules/strata.ko"

with && [ "$(cat /sys/module/strata/parameters/debug)" = '' ]
result $? 'nothing is looked at unless asked for'

# Without any of it, copies are checked all the same.
copies() { # <when>
	mistake copy_to_user "copy out of an object to user space, $1" \
		'usercopy: 33 bytes to user space at byte 32 of an object of 64 bytes by bug_copy_to_user+'
	mistake copy_from_user "copy from user space into what is free, not ours, or too small, $1" \
		'usercopy: 1 bytes from .*by bug_copy_from_user.*nobody has an object there' \
		'usercopy: 1 bytes from .*by bug_copy_from_user.*not strata' \
		'usercopy: 65536 bytes from user space at byte 1 of an object of 65536 bytes'
	mistake good_copies "copies inside of an object, $1"
}
copies 'by default'

# Until the object comes home, and is lost. The background may be faster with that.
written_after_free() {
	echo freed_first >$commit
	check=$(cat /sys/kernel/debug/strata/check)
	echo "$check" | grep -q 'of cache heap-64 is in .* not marked free: written to after its free' &&
		echo "$check" | grep -q '^1 discrepancies$'
}
tries=10
until written_after_free || [ $tries = 0 ]; do
	say "the checker said: $check"
	tries=$((tries - 1))
done
[ $tries != 0 ]
result $? 'the checker sees what was written to after its free'

with debug=all && [ "$(cat /sys/module/strata/parameters/debug)" = redzone,poison,trace ]
result $? 'all of it can be asked for'

mistake none 'no mistake, no report'
mistake right 'one byte past an object that fills its class' \
	'redzone: byte 64 of object .* of cache heap-64 (64 bytes)' \
	"allocated by bug_right+.* in task $$, freed by bug_right+"
mistake right_odd 'one byte past an object that does not' \
	'redzone: byte 61 of object .* (61 bytes)'
mistake left_live 'one byte before an object' 'redzone: byte .* or one before the next object'
mistake freed_write 'write after free' \
	'poison: byte 33 of object .* after it was freed by bug_freed_write+.* in task [1-9][0-9]*; found when allocated by bug_freed_write+'
mistake double_free 'double free, both times' \
	'double-free: object .* freed by bug_double_free+.* was freed by bug_double_free+.* already'
mistake invalid_free 'free of an interior pointer' 'interior-pointer: .* 16 bytes into object'

copies 'with debug=all'

# What bug_right(), bug_right_odd() and bug_left_live() spoilt was leaked on purpose.
quiet rmmod strata_bugs
echo 'strata-debug: going' >/dev/kmsg
rmmod strata
since going | grep -q 'strata: unloaded with 3 live objects of cache heap-64'
result $? 'what was written out of bounds stays, and is counted'

# With all of it on, a consumer and the checker find nothing.
insmod "$modules/strata.ko" debug=all && insmod "$modules/strata_replay.ko" &&
	[ "$(cat /sys/kernel/debug/strata/check)" = ok ] && rmmod strata_replay
result $? 'a consumer works with all of it'

quiet rmmod strata
quiet insmod "$modules/strata.ko"
exit $failed
