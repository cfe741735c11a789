# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034 # failed is what the script exits with
#
# For scripts that measure: which rows are wanted, and how one is reported. Sourced.

nr_reported=0
failed=0

wanted() { case " $BENCH_ROWS " in *" $1 "*) ;; *) return 1 ;; esac; }

# How many of these rows are wanted.
count() { # <row>...
	local name n=0

	for name; do
		! wanted "$name" || n=$((n + 1))
	done
	echo $n
}

row() { # <name> <operations of strata> <figure> <operations of its rival> <figure>
	wanted "$1" || return 0
	nr_reported=$((nr_reported + 1))
	echo "# $1 strata $2 $3"
	echo "# $1 rival $4 $5"
	if [ "$3" -gt 0 ] && [ "$5" -gt 0 ]; then
		echo "ok $nr_reported $1"
	else
		echo "not ok $nr_reported $1"
		failed=1
	fi
}

# Who counts from outside what was executed wants to name it.
symbols() {
	[ -z "$BENCH_SYMBOLS" ] ||
		grep -i ' t ' /proc/kallsyms | gzip -c | base64 | sed 's/^/# symbols /'
}

# Pages that strata has from the page allocator.
strata_pages() {
	awk 'NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
		{ sum += $column["held"] + $column["direct"] }
		END { print sum }' /sys/kernel/debug/strata/heap
}
