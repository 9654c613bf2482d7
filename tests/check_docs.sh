#!/bin/sh
# SPDX-License-Identifier: MIT
# Compares what the programs say of themselves with the man pages and the README. (The configuration's keys are compared
# by check_config, the limits by check_limits.)
set -u
srcdir=${srcdir:-.}
builddir=${builddir:-.}
failures=0
checked=0

fail() {
        echo "$1"
        failures=$((failures + 1))
}

# long_options TEXT-FILE: the options that a help text lists, one a line.
long_options() {
        grep -oE '(^|[ ,[])--[a-z][a-z-]*' "$1" | grep -oE '\-\-[a-z-]+' | sort -u
}

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# Every option of a help text is in the man page, and every option of the man page is in a help text.
compare_options() {
        page=$1
        help=$2
        long_options "$help" >"$work/said"
        grep -oE 'Fl -[a-z][a-z-]*' "$page" | sed 's/^Fl -/--/' | sort -u >"$work/documented"
        while read -r option; do
                checked=$((checked + 1))
                grep -qx -- "$option" "$work/documented" || fail "$page does not document $option"
        done <"$work/said"
        while read -r option; do
                grep -qx -- "$option" "$work/said" || fail "$page documents $option, which no help text has"
        done <"$work/documented"
}

"$builddir/hotfixd" --help >"$work/hotfixd" || fail "hotfixd --help failed"
compare_options "$srcdir/man/hotfixd.8" "$work/hotfixd"

"$builddir/hotfixctl" --help >"$work/hotfixctl" || fail "hotfixctl --help failed"
sed -n 's/^  \([a-z][a-z]*\) .*/\1/p' "$work/hotfixctl" >"$work/commands"
while read -r command; do
        checked=$((checked + 1))
        grep -q "^\.It Cm $command\b" "$srcdir/man/hotfixctl.1" || fail "hotfixctl.1 does not document $command"
        grep -q "hotfixctl $command\b" "$srcdir/README.md" || fail "README.md does not mention hotfixctl $command"
        "$builddir/hotfixctl" "$command" --help >>"$work/hotfixctl" || fail "hotfixctl $command --help failed"
done <"$work/commands"
compare_options "$srcdir/man/hotfixctl.1" "$work/hotfixctl"
for command in $(sed -n '/^\.Sh COMMANDS/,/^\.Sh FILES/s/^\.It Cm \([a-z]*\).*/\1/p' "$srcdir/man/hotfixctl.1"); do
        grep -qx "$command" "$work/commands" || fail "hotfixctl.1 documents $command, which hotfixctl does not have"
done

# Every member of "status --json" is in the man page.
mkdir "$work/state"
cat >"$work/config" <<END
[daemon]
state-dir = $work/state
[mailbox m]
url = imaps://127.0.0.1/
user = u
password-file = /nowhere
END
"$builddir/hotfixctl" -c "$work/config" import "$srcdir/tests/mail/samples" >"$work/log" 2>&1
"$builddir/hotfixctl" -c "$work/config" --json status | grep -oE '"[a-z_]+":' | tr -d '":' | sort -u >"$work/members"
[ "$(wc -l <"$work/members")" -ge 30 ] || fail "hotfixctl --json status has too few members: $(cat "$work/log")"
sed -n '/^\.It Cm status/,/^\.It Cm list/p' "$srcdir/man/hotfixctl.1" | grep -E '^\.(It )?Va ' | tr ' ,' '\n\n' |
        sort -u >"$work/documented"
while read -r member; do
        checked=$((checked + 1))
        grep -qx -- "$member" "$work/documented" || fail "hotfixctl.1 does not document $member of status --json"
done <"$work/members"

for program in hotfixd hotfixctl; do
        "$builddir/$program" --version | grep -qE "^$program [0-9]+\.[0-9]+\.[0-9]+$" || fail "$program --version is malformed"
done

for page in "$srcdir"/man/*.[1-8]; do
        checked=$((checked + 1))
        found=$(mandoc -Tlint "$page" 2>&1 | grep -vE 'referenced manual not found|outdated mandoc.db')
        [ -z "$found" ] || fail "$found"
done

for script in scripts/quickstart scripts/check scripts/deps tests/fuzz/run; do
        grep -q "$script" "$srcdir/README.md" || fail "README.md does not name $script"
        [ -x "$srcdir/$script" ] || fail "$script cannot be run"
        "$srcdir/$script" --help | grep -q '^Usage: ' || fail "$script --help says nothing"
done

# The README names files and folders that exist.
folders='common|ingest|store|notify|daemon|tests|man|schema|systemd|scripts'
for path in $(grep -oE "($folders)/[A-Za-z0-9_./-]*[a-z0-9]" "$srcdir/README.md" | sort -u); do
        checked=$((checked + 1))
        case $path in
        tests/check_*) [ -e "$srcdir/$path.c" ] || [ -e "$srcdir/$path" ] || fail "README.md names $path, which does not exist" ;;
        *) ls -d "$srcdir/$path"* >/dev/null 2>&1 || fail "README.md names $path, which does not exist" ;;
        esac
done

# The configurations that a newcomer meets first are right, and without a warning: the README's, and quickstart's.
mkdir "$work/credentials"
for name in imap-password slack-webhook; do
        echo https://hooks.example.com/x >"$work/credentials/$name"
done
chmod 600 "$work/credentials"/*
check_configuration() {
        checked=$((checked + 1))
        CREDENTIALS_DIRECTORY=$work/credentials "$builddir/hotfixd" -c "$2" --check-config >"$work/checked" 2>&1 ||
                fail "$1: $(cat "$work/checked")"
        ! grep warning "$work/checked" >"$work/warnings" || fail "$1: $(cat "$work/warnings")"
}
sed -n '/^```ini$/,/^```$/p' "$srcdir/README.md" | sed '/^```/d' >"$work/readme.conf"
check_configuration "the README's configuration" "$work/readme.conf"
cp "$work/credentials/imap-password" "$work/imap-password"
echo http://127.0.0.1:1/x >"$work/slack-webhook"
chmod 600 "$work/imap-password" "$work/slack-webhook"
sed -n '/hotfixd.conf" <<END$/,/^END$/p' "$srcdir/scripts/quickstart" | sed -e '1d;$d' -e "s|\$work/imap/tls/cert.pem|$work/readme.conf|" \
        -e "s|\$work|$work|" -e 's/\$[a-z]*_port/1/' >"$work/quickstart.conf"
check_configuration "the configuration of scripts/quickstart" "$work/quickstart.conf"

[ $checked -ge 80 ] || fail "only $checked things were compared"
echo "$checked compared, $failures failures"
[ $failures -eq 0 ]
