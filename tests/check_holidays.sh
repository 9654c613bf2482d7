#!/bin/sh
# SPDX-License-Identifier: MIT
# The list of Japanese holidays that is installed is what scripts/holidays-jp computes.
set -u
srcdir=${srcdir:-.}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

/usr/bin/python3 "$srcdir/scripts/holidays-jp" 2026 2035 >"$work/computed" || exit 1
diff -u "$srcdir/systemd/holidays-jp" "$work/computed" || exit 1
! /usr/bin/python3 "$srcdir/scripts/holidays-jp" 2026 >"$work/wrong" 2>&1 || exit 1
grep -q '^Usage: ' "$work/wrong" || exit 1
echo "$(grep -c '^20' "$work/computed") holidays are as computed"
