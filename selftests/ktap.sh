# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# shellcheck disable=SC2034 # failed is read by who sources this
#
# Verdicts of a test that is a shell script, as KTAP. To be sourced, by any POSIX
# shell; the script ends with 'exit $failed'.

case=0
failed=0

plan() { # <how many cases>
	echo 'TAP version 13'
	echo "1..$1"
}

# In place of a plan. Ends the script, by kselftest's exit status for that.
skip_all() { # <why>
	echo 'TAP version 13'
	echo "1..0 # SKIP $1"
	exit 4
}

result() { # <exit status> <name> [<file to be shown if it failed>]
	case=$((case + 1))
	if [ "$1" = 0 ]; then
		echo "ok $case $2"
		return
	fi
	failed=1
	echo "not ok $case $2"
	[ -z "$3" ] || sed 's/^/# /' "$3" | head -n 20
}

skip() { # <name> <why>
	case=$((case + 1))
	echo "ok $case $1 # SKIP $2"
}

say() { echo "# $*"; }
