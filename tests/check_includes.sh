#!/bin/sh
# SPDX-License-Identifier: MIT
# Checks the structure of the tree: which directory may include which (common -> common; ingest, store, notify -> common
# and themselves; daemon -> public headers of all), which one file includes each third-party header, no header pulled in
# around that (x_p.h stays in its directory), and an SPDX line in every file.
set -u
cd "${srcdir:-.}" || exit 1
failures=0
checked=0

fail() {
        echo "$1"
        failures=$((failures + 1))
}

# allowed DIRECTORY OTHER: whether a file of DIRECTORY may include a header of OTHER.
allowed() {
        case $1:$2 in
        common:common | ingest:ingest | ingest:common | store:store | store:common | notify:notify | notify:common) return 0 ;;
        daemon:* | tests:* | tests/fuzz:*) return 0 ;;
        *) return 1 ;;
        esac
}

# fence HEADER-PATTERN FILE-PATTERN: only files that match may include the header.
fence() {
        found=$(grep -lE "^[[:space:]]*#[[:space:]]*include[[:space:]]*<($1)>" common/*.[ch] ingest/*.[ch] store/*.[ch] notify/*.[ch] \
                daemon/*.[ch] tests/*.[ch] 2>/dev/null | grep -vE "^($2)$")
        [ -z "$found" ] || fail "$1 may only be included by $2, and is by: $found"
        grep -qE "^#include <($1)>" $(echo "$2" | tr '|' ' ') || fail "$2 does not include $1: the fence guards nothing"
}

for directory in common ingest store notify daemon tests tests/fuzz; do
        for file in "$directory"/*.c "$directory"/*.h; do
                [ -f "$file" ] || continue
                checked=$((checked + 1))
                head -n 1 "$file" | grep -q 'SPDX-License-Identifier: MIT' || fail "$file: no SPDX line"
                for header in $(sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"\([^"]*\)".*/\1/p' "$file"); do
                        [ "$header" != build_config.h ] || continue
                        case $header in
                        */*) ;;
                        *) fail "$file: includes \"$header\" without its directory"; continue ;;
                        esac
                        other=${header%%/*}
                        [ -f "$header" ] || fail "$file: includes $header, which does not exist"
                        allowed "$directory" "$other" || fail "$file: $directory may not include $header"
                        case $header in
                        *_p.h) [ "$directory" = "$other" ] || [ "${directory%%/*}" = tests ] || fail "$file: $header is private to $other" ;;
                        esac
                done
        done
done

fence 'gmime/.*' 'ingest/mime.c'
fence 'libxml/.*' 'ingest/html.c'
fence 'sqlite3.h' 'store/database.c'
fence 'curl/.*' 'daemon/transfer_curl_p.h'
found=$(grep -l '"daemon/transfer_curl_p.h"' */*.[ch] | grep -v '^daemon/transfer')
[ -z "$found" ] || fail "daemon/transfer_curl_p.h is only for daemon/transfer*, and is included by: $found"
fence 'zstd.*' 'store/compress.c'
fence 'seccomp.h' 'ingest/sandbox.c'

# The program's only clock is common/clock.c; GLib's monotonic clock bounds waits on its own condition variables.
found=$(grep -nE '\b(time|gettimeofday|clock_gettime|g_get_real_time)[[:space:]]*\(' common/*.c ingest/*.c store/*.c notify/*.c daemon/*.c |
        grep -vE '^(common/clock\.c|ingest/sandbox\.c):' | grep -v 'SCMP_SYS')
[ -z "$found" ] || fail "a clock is read outside common/clock.c: $found"

# Checked parsers only.
found=$(grep -nE '\b(sscanf|atoi|atol|strtol|strtoul|strtok|gets|sprintf|strcpy|strcat)[[:space:]]*\(' common/*.c ingest/*.c store/*.c \
        notify/*.c daemon/*.c | grep -vE '^[^:]*:[0-9]*:[[:space:]]*(\*|//|/\*)')
[ -z "$found" ] || fail "unchecked parser or string function: $found"

[ $checked -gt 50 ] || fail "only $checked files were looked at"
echo "$checked files, $failures failures"
[ $failures -eq 0 ]
