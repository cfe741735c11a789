#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# The demo, in the guest: strata.ko is loaded, and the programs are here. A
# kernel consumer and a user program use it; what they did is printed. Exit
# status 0 only if every object held its contents and everything was given back.

here=$(dirname "$0")
modules=${STRATA_MODULES:-/lib/strata}
strata=/sys/kernel/debug/strata
replay=/sys/kernel/debug/strata_replay
trace=$here/tmpfs-churn.trace.gz

die() {
	echo "demo: $*"
	exit 1
}

# A column of one of strata's tables by its heading, added up.
column() { # <file> <heading>
	awk -v want="$2" '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == want) at = i; next }
		{ sum += $at }
		END { if (!at) exit 1; print sum }' "$strata/$1"
}

# A figure that the replay reports: the nth word of a line.
figure() { # <line> <n>
	awk -v line="$1" -v n="$2" '$1 == line { print $n }' "$replay/report"
}

live() {
	held=$(column heap held) || die "cannot read $strata/heap"
	free=$(column heap free) || die "cannot read $strata/heap"
	printf '  %-18s %13s %13s %11s %11s\n' "$1" "$(figure live 2)" "$(figure live 4)" \
		$((held - free)) "$held"
}

step() { # <run> <what it leaves behind>
	echo "$1" >$replay/run || die "the replay failed at $1"
	live "$2"
}

# Who served how many of all allocations.
tiers() {
	awk '{
		for (i = 2; i <= NF; i += 2)
			sum += $i
		printf "  served by"
		for (i = 2; i <= NF; i += 2)
			if ($i)
				printf("%s %s %.2f %%", (at++ ? "," : ""), $(i - 1), 100 * $i / sum)
		print ""
	}' $strata/tiers
}

insmod "$modules/strata_replay.ko" || die 'cannot load strata_replay.ko'
zcat "$trace" >$replay/trace || die 'the trace is refused'

echo "A kernel consumer replays ${trace##*/} through strata"
printf '  %-18s %13s %13s %11s %11s\n' '' 'live objects' 'KiB asked for' 'pages used' 'pages held'
live 'before'
step peak 'at the peak'
step end 'end of the trace'
step free 'all freed'
echo 1 >$strata/drain
live 'caches drained'
printf '  %s events by %s threads: %s objects allocated, %s freed, %s by another thread\n' \
	"$(figure replayed 2)" "$(figure replayed 5)" "$(figure allocated 2)" \
	"$(figure freed 2)" "$(figure freed 4)"
printf '  %s objects verified, %s damaged; %s requests served\n' \
	"$(figure verified 2)" "$(figure verified 4)" "$(figure served 2)"
tiers
[ "$(figure live 2)" = 0 ] || die 'objects are still live'
rmmod strata_replay || die 'cannot unload strata_replay'

echo
echo 'A user program sorts the symbols of this kernel in an arena of /dev/strata'
"$here/symbols" || die 'the user program failed'
