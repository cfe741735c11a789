#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The manual pages: two formatters have nothing to complain of, and what a page
# refers to is there.

top=$(readlink -f "$(dirname "$(readlink -f "$0")")/../../..")
cd "$top/Documentation/man" || exit 1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# shellcheck source=selftests/ktap.sh
. "$top/selftests/ktap.sh"

plan 4

mandoc -T lint -W warning ./*.[0-9] >"$tmp/said" 2>&1
result $? 'mandoc' "$tmp/said"

for page in *.[0-9]; do
	groff -mdoc -Tutf8 -ww -z "$page"
done >"$tmp/said" 2>&1
[ ! -s "$tmp/said" ]
result $? 'groff' "$tmp/said"

# Our names are in these pages; the others are the system's.
names=$(sed -n 's/^\.Nm \([a-zA-Z_]*\).*/\1/p' ./*.[0-9])
grep -hoE '^\.Xr strata[a-z_]* [0-9]' ./*.[0-9] | while read -r _ name _; do
	grep -qx "$name" <<<"$names" || echo "$name is referred to and has no page"
done >"$tmp/said"
[ ! -s "$tmp/said" ]
result $? 'references' "$tmp/said"

# Every command and flag of the device is spoken of.
grep -oE 'STRATA_(IOC|CREATE)_[A-Z_]+\b' "$top/include/uapi/linux/strata.h" |
	grep -vE 'VER0|MAGIC' | sort -u | while read -r name; do
	grep -qw "$name" ./*.[0-9] || echo "$name is on no page"
done >"$tmp/said"
[ ! -s "$tmp/said" ]
result $? 'the device' "$tmp/said"

exit $failed
