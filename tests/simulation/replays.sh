#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# replays.sh SIMULATE: seeds give the same trace byte for byte, alone and after others.
set -euo pipefail

simulate=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

for seed in 3 17 200; do
    "$simulate" --first-seed "$seed" --seeds 1 --trace >"$folder/first" || true
    "$simulate" --first-seed "$seed" --seeds 1 --trace >"$folder/again" || true
    [ "$(wc -l <"$folder/first")" -gt 100 ] || {
        echo "seed $seed: the trace is too short to say anything"
        exit 1
    }
    cmp "$folder/first" "$folder/again"
done
"$simulate" --first-seed 1 --seeds 30 --digest >"$folder/all" || true
for seed in 1 15 30; do
    "$simulate" --first-seed "$seed" --seeds 1 --digest | grep '^seed ' >"$folder/one" || true
    grep -qxF "$(cat "$folder/one")" "$folder/all" || {
        echo "seed $seed: not the same alone and after others"
        exit 1
    }
done
