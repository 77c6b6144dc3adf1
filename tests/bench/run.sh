#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/bench/run.sh [--quick] [--json FILE] [BIN]: runs every benchmark in BIN (build/release/bin) and
# prints one Markdown table; --json writes the same figures as JSON too. --quick takes a minute and a
# half instead of half an hour, with stores and profiles of a hundredth of the size, and is for seeing
# that all works. TMPDIR chooses the disk that is measured; it needs 8 GB there.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
quick=
large="--mib 2048"
json=
bin=$here/../../build/release/bin
while [ $# -gt 0 ]; do
    case $1 in
    --quick)
        quick=--quick
        large="--mib 64"
        ;;
    --json)
        json=${2:?--json needs a file}
        shift
        ;;
    -*)
        sed -n '3,6s/^# //p' "$0" >&2
        exit 2
        ;;
    *) bin=$1 ;;
    esac
    shift
done
out=$(mktemp)
trap 'rm -f "$out"' EXIT INT TERM

# The options are lists of words.
# shellcheck disable=SC2086
for name in accept complete queues status token large memory restart growth dispatch fairness ids; do
    options=$quick
    [ $name = large ] && options=$large
    echo "bench_$name $options" >&2
    "$bin/bench_$name" $options >>"$out"
done

echo "| figure | ours | least..most | p50, p99 µs | reference | ratio | goal | met |"
echo "| --- | ---: | --- | ---: | --- | ---: | --- | --- |"
awk -F '\t' '$1 != "figure" {
    spread = ($4 == $5) ? "" : $4 ".." $5
    latency = ($6 > 0) ? $6 ", " $7 : ""
    reference = ($8 == "-") ? "" : $8 ": " $9
    ratio = ($10 == "-") ? "" : $10
    goal = ($11 == "-") ? "" : $11
    met = ($12 == "met") ? "yes" : ($12 == "missed") ? "**no**" : ""
    printf "| %s | %s %s | %s | %s | %s | %s | %s | %s |\n",
        $1, $3, $2, spread, latency, reference, ratio, goal, met
}' "$out"

[ -z "$json" ] || awk -F '\t' '
function text(value) { return (value == "-") ? "null" : "\"" value "\"" }
function number(value) { return (value == "-") ? "null" : value }
BEGIN { print "[" }
$1 != "figure" {
    printf "%s  {\"figure\": %s, \"unit\": %s, \"median\": %s, \"least\": %s, \"most\": %s, ",
        separator, text($1), text($2), $3, $4, $5
    printf "\"p50_us\": %s, \"p99_us\": %s, \"reference\": %s, \"of_reference\": %s, \"ratio\": %s, ",
        $6, $7, text($8), number($9), number($10)
    printf "\"goal\": %s, \"met\": %s}", text($11),
        ($12 == "-") ? "null" : ($12 == "met") ? "true" : "false"
    separator = ",\n"
}
END { print "\n]" }' "$out" >"$json"
