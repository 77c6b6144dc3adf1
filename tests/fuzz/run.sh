#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# run.sh SECONDS [TARGET...]: runs each fuzzer of build/fuzz for so many seconds, as many at a time as there are processors,
# from the kept corpus and what earlier runs found (build/fuzz/corpus). An input that breaks something is left in
# build/fuzz/findings, is named at the end, and makes the exit code 1. EXPORTD_FUZZ_JOBS is how many run at a time.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
[[ ${1-} =~ ^[1-9][0-9]*$ ]] || {
    sed -n '3,5s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
}
export seconds=$1 top
shift
targets=("$@")
if [ "$#" = 0 ]; then
    for program in "$top"/build/fuzz/bin/fuzz_*; do
        [ ! -x "$program" ] || targets+=("${program##*/fuzz_}")
    done
fi
[ "${#targets[@]}" -gt 0 ] || {
    echo "run.sh: there are no fuzzers in build/fuzz/bin" >&2
    exit 2
}

# One target; the last lines of its log when it found something.
fuzz() {
    local target=$1 found="$top/build/fuzz/corpus/$1" findings="$top/build/fuzz/findings/$1"
    local log="$top/build/fuzz/$1.log"
    mkdir -p "$found" "$findings"
    if "$top/build/fuzz/bin/fuzz_$target" -max_total_time="$seconds" -max_len=65536 -timeout=10 -rss_limit_mb=1024 \
        -print_final_stats=1 -artifact_prefix="$findings/" "$found" "$top/tests/fuzz/corpus/$target" >"$log" 2>&1; then
        echo "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs," \
            "$(sed -n 's/^.* cov: \([0-9]*\) .*$/\1/p' "$log" | tail -n 1) edges, nothing found"
    else
        tail -n 40 "$log"
        echo "$target: FOUND SOMETHING, see $log and $findings"
        return 1
    fi
}
export -f fuzz

# shellcheck disable=SC2016
printf '%s\n' "${targets[@]}" |
    xargs -P "${EXPORTD_FUZZ_JOBS:-$(nproc)}" -I TARGET bash -c 'fuzz "$1"' fuzz TARGET
