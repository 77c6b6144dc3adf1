#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# run.sh SEEDS [FIRST_SEED [BUILD_DIRECTORY]]: simulates so many seeds, split over the processors. Prints what was violated
# and, last, "seeds N, violations V"; exit codes are those of simulate. The build directory is that of a preset; build/release
# when none is given.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
[[ ${1-} =~ ^[1-9][0-9]*$ && ${2-1} =~ ^[0-9]+$ ]] || {
    sed -n '3,5s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
}
seeds=$1
first=${2-1}
simulate=${3-$top/build/release}/bin/simulate
[ -x "$simulate" ] || {
    echo "run.sh: there is no $simulate" >&2
    exit 2
}

processes=$(nproc)
[ "$processes" -le "$seeds" ] || processes=$seeds
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
pids=()
for ((i = 0; i < processes; i++)); do
    share=$((seeds / processes + (i < seeds % processes ? 1 : 0)))
    "$simulate" --first-seed "$first" --seeds "$share" >"$folder/$i" 2>&1 &
    pids+=($!)
    first=$((first + share))
done

failed=0
for pid in "${pids[@]}"; do
    code=0
    wait "$pid" || code=$?
    [ "$code" -le "$failed" ] || failed=$code
done
grep -hv '^seeds [0-9]*, violations [0-9]*$' "$folder"/* || true
sed -n 's/^seeds \([0-9]*\), violations \([0-9]*\)$/\1 \2/p' "$folder"/* | {
    total=0
    violations=0
    while read -r n v; do
        total=$((total + n))
        violations=$((violations + v))
    done
    # A process that was killed has said nothing of its seeds.
    echo "seeds $total, violations $violations"
    [ "$total" = "$seeds" ] || exit 1
} || failed=$((failed > 0 ? failed : 1))
exit "$failed"
