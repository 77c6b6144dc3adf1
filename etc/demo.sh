#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# One export, end to end, on a made-up organisation: installs what is missing, builds, starts one exportd and two
# export-workers, exports one person, checks the bundle, and stops everything it started. Safe to repeat.
#
#   etc/demo.sh           does all that
#   etc/demo.sh --keep    leaves the processes running and says how to talk to them
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=packages.sh
. "$top/etc/packages.sh"

tenant=6d1e2f30-5a4b-4c3d-8e9f-000000000001
user=c228b2ae-c4fb-4eda-9620-7e73dddd1cac
programs=$top/build/release/bin
demo=$top/build/demo
organisation=$demo/organisation
run=$demo/run
keep=no
step=0
processes=()
requests='' status=''

case "${1-}" in
--keep) keep=yes ;;
"") ;;
*)
    sed -n '3,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac

bold='' plain=''
if [ -t 1 ]; then
    bold=$'\e[1m' plain=$'\e[0m'
fi

say() {
    step=$((step + 1))
    printf '\n%s%d. %s%s\n' "$bold" "$step" "$*" "$plain"
}

indented() {
    sed -u 's/^/   /'
}

# Runs a command whose output matters only when it fails.
quietly() {
    local log=$demo/$1.log
    shift
    "$@" >"$log" 2>&1 || {
        cat "$log" >&2
        return 1
    }
}

ctl() {
    EXPORTD_SERVER=$requests EXPORTD_STATUS=$status \
        EXPORTD_CERTIFICATE=$run/keys/backend.key_secret EXPORTD_SERVER_CERTIFICATE=$run/keys/exportd.key \
        "$programs/exportctl" --token-file "$run/token" "$@"
}

build() {
    if [ ! -f "$top/build/release/build.ninja" ]; then
        cmake -S "$top" --preset release -DBUILD_TESTING=OFF || return 1
    fi
    cmake --build "$top/build/release" --target exportd export-worker exportctl
}

# The organisation is made once and kept until its generator changes.
make_organisation() {
    local version
    version=$(cat "$top/etc/demo/organisation.sql" "$top/etc/demo/files.sh" | sha256sum)
    [ "$(cat "$organisation/version" 2>/dev/null)" = "$version" ] && return 0
    rm -rf "$organisation" &&
        mkdir -p "$organisation/files" &&
        (cd "$organisation" && sqlite3 -bail organisation.db <"$top/etc/demo/organisation.sql" &&
            "$top/etc/demo/files.sh" files) &&
        printf '%s\n' "$version" >"$organisation/version"
}

# Its own session, so that ^C reaches this script alone, which then stops things in order.
start() {
    local name=$1
    shift
    setsid "$@" </dev/null >"$run/log/$name.log" 2>&1 9>&- &
    processes+=("$!")
    printf '%s\n' "$!" >>"$run/pids"
}

# Where exportd says in its log that it listens: endpoint NAME.
endpoint() {
    local port
    port=$(sed -n "s/.* event=ready .*$1=[^ ]*:\([0-9]*\).*/\1/p" "$run/log/exportd.log")
    [ -n "$port" ] && printf 'tcp://127.0.0.1:%s' "$port"
}

wait_for_exportd() {
    local tries
    for ((tries = 0; tries < 100; tries++)); do
        requests=$(endpoint requests) && status=$(endpoint status) && return 0
        sleep 0.1
    done
    echo "exportd has not become ready within 10 seconds." >&2
    return 1
}

wait_for_workers() {
    local tries
    for ((tries = 0; tries < 100; tries++)); do
        if ctl stats --json 2>/dev/null | grep -q '"workers": \{0,1\}2'; then
            return 0
        fi
        sleep 0.1
    done
    echo "exportd and its two workers have not found each other within 10 seconds." >&2
    return 1
}

stop() {
    local number process tries
    # Workers first, so that the daemon hears their last reports.
    for ((number = ${#processes[@]} - 1; number >= 0; number--)); do
        process=${processes[number]}
        kill -TERM "$process" 2>/dev/null || continue
        for ((tries = 0; tries < 100; tries++)); do
            kill -0 "$process" 2>/dev/null || break
            sleep 0.05
        done
        kill -KILL "$process" 2>/dev/null || true
        wait "$process" 2>/dev/null || true
    done
    processes=()
}

finish() {
    local code=$?
    trap - EXIT INT TERM HUP
    if [ "$code" != 0 ]; then
        printf '\nThe demo failed (exit code %d).\n' "$code" >&2
        tail -n 20 "$run"/log/*.log >&2 2>/dev/null || true
    fi
    stop
    exit "$code"
}

mkdir -p "$demo"
exec 9>"$demo/lock"
if ! flock -n 9; then
    echo "Another run of the demo is at work." >&2
    exit 1
fi
if [ -f "$run/kept" ] && read -r kept_pid <"$run/pids" && kill -0 "$kept_pid" 2>/dev/null; then
    echo "A demo that was kept is still running. Stop it with: $run/kept" >&2
    exit 1
fi

trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

say "Building exportd, export-worker and exportctl."
packages_install "${packages_to_demo[@]}"
quietly build build
echo "In build/release/bin." | indented

say "Making a key pair, a key set and an access token, as an issuer would."
rm -rf "$run"
mkdir -p "$run/log" "$run/bundles"
"$top/etc/demo/token.sh" "$run" "$tenant"
echo "RS256, delegated, good for an hour, scope CrossTenantUserProfileSharing.Read.All." | indented

say "Making up an organisation: 4 tenants, 4,002 profiles, mailboxes, sign-in logs, files."
quietly organisation make_organisation
echo "In build/demo/organisation." | indented

say "Making a CURVE key for exportd and for each who may connect to it, and starting it and two export-workers."
export EXPORTCTL=$programs/exportctl
"$top/etc/demo/configure.sh" "$run" "$organisation" | indented
start exportd "$programs/exportd" -c "$run/exportd.yaml"
wait_for_exportd
"$top/etc/demo/configure.sh" "$run" "$organisation" "$(endpoint jobs)" "$(endpoint reports)" "$status"
start worker-1 "$programs/export-worker" -c "$run/worker-1.yaml"
start worker-2 "$programs/export-worker" -c "$run/worker-2.yaml"
wait_for_workers
echo "Logs and configuration in build/demo/run." | indented

say "Asking for an export of all data about the person with the user id $user."
ctl export "$user" >"$run/accepted"
sed '/^$/,$d' "$run/accepted" | indented
operation=$(awk '$1 == "operation" { print $2 }' "$run/accepted")

say "Watching it until it ends, by the status frames as they arrive."
# On a terminal there is a progress bar instead of lines.
if [ -t 1 ]; then
    ctl watch "$operation"
else
    ctl watch "$operation" | indented
fi

say "Reading the stored events, where no change is ever missing."
ctl events --since 0 | indented

bundle=$(find "$run/bundles" -name '*.zip')
say "The bundle, a ZIP file that holds a BagIt bag."
mkdir "$run/bundle"
unzip -q "$bundle" -d "$run/bundle"
bag=$(dirname "$(find "$run/bundle" -name bagit.txt)")
(cd "$bag" && find . -type f -printf '%9s  %P\n' | sort -k2) | indented

say "Checking it with unzip, sha256sum and exportctl."
unzip -tq "$bundle" | sed "s|$run/||" | indented
(cd "$bag" && sha256sum --quiet -c manifest-sha256.txt tagmanifest-sha256.txt)
echo "sha256sum -c: all files as listed in manifest-sha256.txt and tagmanifest-sha256.txt." | indented
ctl verify "$bundle" | sed "s|$run/||" | indented

say "How complete it is: data/completeness.json."
sed 's/{"name"/\n  &/g; s/]}$/\n&/' "$bag/data/completeness.json" | indented

say "To read it, open this page in a browser; it needs no scripts and no network."
echo "$bag/data/index.html" | indented

if [ "$keep" = yes ]; then
    cat >"$run/kept" <<SCRIPT
#!/bin/sh
kill -TERM ${processes[*]}
tries=100 # they have ended when this does, so that the demo can be started again
for process in ${processes[*]}; do
    while [ "\$tries" -gt 0 ] && kill -0 "\$process" 2>/dev/null; do
        sleep 0.1
        tries=\$((tries - 1))
    done
done
SCRIPT
    chmod 700 "$run/kept"
    trap - EXIT
    say "The processes keep running: ${processes[*]}."
    printf 'Talk to them:  %s\nStop them:     %s\n' \
        "$programs/exportctl --server $requests --status-server $status --certificate $run/keys/backend.key_secret --server-certificate $run/keys/exportd.key --token-file $run/token list" \
        "$run/kept" | indented
    exit 0
fi

say "Stopping what was started."
stop
echo "Done." | indented
