#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/bench/run.sh [--quick] [BIN]: runs every benchmark in BIN (build/release/bin) and prints one
# Markdown table. --quick takes a minute instead of a quarter of an hour and is for seeing that all
# works. TMPDIR chooses the disk that is measured; it needs 3 GB there.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
accept="--rounds 5 --seconds 1.5"
large="--mib 2048"
dispatch="--rounds 3"
fairness="--rounds 3"
restart="--rounds 3"
if [ "${1:-}" = --quick ]; then
    accept="--rounds 1 --seconds 0.3"
    large="--mib 64"
    dispatch=--quick
    fairness=--quick
    restart=--quick
    shift
fi
bin=${1:-$here/../../build/release/bin}
out=$(mktemp)
trap 'rm -f "$out"' EXIT INT TERM

# The options are lists of words.
# shellcheck disable=SC2086
{
    "$bin/bench_accept" $accept
    "$bin/bench_large" $large
    "$bin/bench_dispatch" $dispatch
    "$bin/bench_fairness" $fairness
    "$bin/bench_restart" $restart
} >"$out"

echo "| figure | ours | unit | least..most | p50 µs | p99 µs | reference | its value | ratio | goal |"
echo "| --- | ---: | --- | --- | ---: | ---: | --- | ---: | ---: | --- |"
awk -F '\t' '$1 != "figure" {
    spread = ($4 == $5) ? "" : $4 ".." $5
    p50 = ($6 > 0) ? $6 : ""
    p99 = ($7 > 0) ? $7 : ""
    if ($8 == "-")
        $8 = $9 = $10 = ""
    goal = ($11 == "-") ? "" : $11 ": " $12
    printf "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n",
        $1, $3, $2, spread, p50, p99, $8, $9, $10, goal
}' "$out"
