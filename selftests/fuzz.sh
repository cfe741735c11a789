#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# The fuzzers, for a moment: all programs of the corpus, crashes of the past
# among them, and some new ones from a fixed seed. 'make fuzz' is the real thing.

modules=${STRATA_MODULES:-/lib/strata}
programs=200
failed=0

echo 'TAP version 13'
echo 1..6
insmod "$modules/strata_fuzz.ko"
nr=0
for name in api device; do
	# Three cases each, numbered on.
	/fuzz/$name -n $programs -s 1 -c /fuzz/corpus/$name >/tmp/fuzz || failed=1
	awk -v nr=$nr -v name="$name" '
		/^(not )?ok / {
			sub(/ok [0-9]+/, "ok " ++nr " " name ":")
			print
			next
		}
		/^#/ && !/^# corpus/ { print }' /tmp/fuzz
	nr=$((nr + 3))
done
rmmod strata_fuzz || failed=1
exit $failed
