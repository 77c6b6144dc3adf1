#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs what is missing, builds and tests. Safe to repeat; needs no network when everything is there.
#
#   tests/run.sh                       everything, in the numbers that every change is tested with
#   tests/run.sh --quick               the dev preset only
#   tests/run.sh --preset NAME         what everything does with one preset: dev release asan tsan fuzz
#   tests/run.sh --campaign NAME N     one campaign, as long as wanted:
#       simulation SEEDS               so many seeds of the simulator
#       crash ROUNDS                   so many rounds of killed, stopped and restarted processes
#       planted SEEDS                  every planted bug, each hunted for so many seeds
#       fuzz SECONDS                   every fuzzer for so many seconds
#       faults MINUTES                 every call of every kind fails, until the minutes are over
#       integration PERCENT            the black-box tests with so many percent of their numbers
#   tests/run.sh --campaign bench      every benchmark in full, as a table
#
# What was skipped is named before the last line, which is "N passed, N failed"; the exit code is 0 when nothing failed.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=../etc/packages.sh
. "$top/etc/packages.sh"
cd "$top"

jobs=$(nproc)
seeds=10000       # of the simulator
fuzz_seconds=60   # of each fuzzer
selection=() # what to run of a preset, in the words of ctest; empty for all
# What is built of a preset, as targets; without any, everything.
declare -A targets_of=(
    [tsan]="daemon/all workers/all clients/all tests/support/all tests/unit/daemon/net/all tests/unit/workers/all
        tests/unit/clients/all tests/integration/all"
    [release]="daemon/all workers/all clients/all tests/support/all tests/bench/all tests/faults/all tests/simulation/all"
    [fuzz]=tests/fuzz/all
)
# Files, for phases at the side are processes of their own.
summary=build/summary
left_out=build/left-out # what was skipped, by name

export ASAN_OPTIONS=${ASAN_OPTIONS:-allocator_may_return_null=1:detect_leaks=1:strict_string_checks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1}
# libzmq is not instrumented: what happens inside it looks like races that are none.
export TSAN_OPTIONS=${TSAN_OPTIONS:-ignore_noninstrumented_modules=1:halt_on_error=1:second_deadlock_stack=1}

usage() {
    sed -n '3,18s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
}

# record NAME PASSED FAILED SKIPPED SINCE
record() {
    printf '  %-22s %5d passed %5d failed %5d skipped %6d s\n' "$1" "$2" "$3" "$4" $((SECONDS - $5)) >>"$summary"
}

# check NAME COMMAND…: one thing that succeeds or fails.
check() {
    local name=$1 since=$SECONDS
    shift
    printf '\n== %s\n' "$name"
    if "$@"; then
        record "$name" 1 0 0 "$since"
    else
        record "$name" 0 1 0 "$since"
    fi
}

# build PRESET: what is run of it. Waits for the same build when that goes on at the side.
build() {
    local targets=()
    # shellcheck disable=SC2206 # words
    [ -z "${targets_of[$1]-}" ] || targets=(--target ${targets_of[$1]})
    {
        flock 9
        cmake --preset "$1" -DBUILD_TESTING=ON >"build/$1.log" 2>&1 &&
            cmake --build "build/$1" "${targets[@]}" >>"build/$1.log" 2>&1 && return 0
        tail -n 60 "build/$1.log"
        return 1
    } 9>"build/$1.lock"
}

# built PRESET: builds it and counts a failure to.
built() {
    local since=$SECONDS
    printf '\n== %s\n' "$1"
    build "$1" && printf '  %-59s %6d s\n' "$1, built" $((SECONDS - since)) >>"$summary" && return 0
    record "$1" 0 1 0 "$since"
    return 1
}

# at_the_side COMMAND…: beside what follows, with the time that this leaves while it waits. What it prints is shown by side_ended.
at_the_side() {
    set -m # a process group of its own, to end all of it
    (
        renice -n 19 -p "$BASHPID" >/dev/null
        "$@"
    ) >build/side.log 2>&1 </dev/null &
    set +m
    side=$!
    trap 'kill -- "-$side" 2>/dev/null' EXIT
}

side_ended() {
    local since=$SECONDS
    wait "$side" || record "at the side" 0 1 0 "$since"
    trap - EXIT
    cat build/side.log
}

# tested NAME FOLDER [WRAPPER…]: runs what is selected of the tests of a folder of a build and counts them. Black-box
# tests compute for a quarter of their time, so that more of them run than there are processors.
tested() {
    local name=$1 folder=$2 since=$SECONDS total=0 wrong=0 left
    local output=build/ctest-$name.log
    shift 2
    "$@" ctest --test-dir "$folder" -j $((5 * jobs / 2)) --output-on-failure --no-tests=error --timeout 900 \
        "${selection[@]}" 2>&1 | tee "$output" && wrong=0 || wrong=1
    # "…% tests passed, 2 tests failed out of 40", and below it the tests that did not run.
    read -r wrong total < <(sed -n 's/^.* \([0-9]*\) tests\{0,1\} failed out of \([0-9]*\)$/\1 \2/p' "$output"
        echo "$wrong $wrong") || true
    left=$(grep -cE '^[[:space:]]+[0-9]+ - .* \((Skipped|Disabled)\)$' "$output" || true)
    note_left_out "$name" "$folder" "$output"
    record "$name" $((total - wrong - left)) "$wrong" "$left" "$since"
}

# note_left_out NAME FOLDER OUTPUT: the tests that did not run, and what tests that passed left out, which only their own
# output tells.
note_left_out() {
    local what
    while read -r what; do
        printf '  %-22s %s\n' "$1" "$what" >>"$left_out"
    done < <(sed -nE 's/^[[:space:]]+[0-9]+ - (.*) \((Skipped|Disabled)\)$/\1/p' "$3"
        [ ! -r "$2/Testing/Temporary/LastTest.log" ] ||
            awk '/^[0-9]+\/[0-9]+ Testing: / { test = $3 }
                 / \.\.\. skipped / { print test ", " $0 }' "$2/Testing/Temporary/LastTest.log")
}

our_sources() {
    find schemas daemon workers clients tests -name '*.c' -o -name '*.h' | sort
}

formatted() {
    our_sources | xargs -r clang-format --dry-run --Werror
}

# Only what the build compiles and what is ours: generated code lies in build/.
tidy() {
    sed -n 's/^ *"file": "\(.*\)",\{0,1\}$/\1/p' build/asan/compile_commands.json |
        grep -v "^$top/build/" | grep -v "^$top/tests/" | sort -u |
        tr '\n' '\0' | xargs -0 -r -n 4 -P "$jobs" clang-tidy --quiet -p build/asan 2>build/clang-tidy.log ||
        {
            tail -n 20 build/clang-tidy.log
            return 1
        }
}

# Every test but what is a campaign, in full numbers.
preset_dev() {
    built dev || return 0
    selection=(-LE 'campaign|bench')
    tested dev build/dev
}

# Everything in small numbers: a sanitizer sees a fault the first time. The build is clang's, the others are gcc's, so that both compilers
# have warned.
preset_asan() {
    built asan || return 0
    selection=(-LE 'style|bench|differential')
    EXPORTD_TEST_PERCENT=${EXPORTD_TEST_PERCENT:-10} tested asan build/asan
}

# What has threads of its own, and the processes as a whole; not where only what is said differs, or time, traces and the network.
preset_tsan() {
    local wrapper=() folder
    built tsan || return 0
    # ThreadSanitizer of gcc 12 does not start where the kernel scatters addresses widely.
    if setarch -R true 2>/dev/null; then
        wrapper=(setarch -R)
    fi
    selection=(-LE campaign -E 'clocks|commit_before_speak|crash_curve|partitions|slow_disk|units')
    selection[3]+='|approval|bad_input|damages|hostile_tokens|isolation|limits|msgpack|two_worlds|vouching'
    selection[3]+='|mutations|recorded|refusal_floods|revoked_rights|zmq_crowds|zmq_memory|zmq_peers|zmq_replies|zmq_unfinished'
    for folder in unit/daemon/net unit/workers unit/clients integration; do
        EXPORTD_TEST_PERCENT=${EXPORTD_TEST_PERCENT:-10} \
            tested "tsan-${folder##*/}" "build/tsan/tests/$folder" "${wrapper[@]}"
    done
}

# The campaigns, as users would run the programs.
campaigns() {
    built release || return 0
    selection=(-L 'campaign|bench|mutants|cost' -LE simulation)
    tested release build/release
}

simulated() {
    selection=()
    tested simulation build/release/tests/simulation
    check "simulation $seeds" tests/simulation/run.sh "$seeds"
}

preset_release() {
    campaigns
    simulated
}

preset_fuzz() {
    built fuzz || return 0
    selection=()
    tested fuzz build/fuzz/tests/fuzz
    check "fuzz $fuzz_seconds s each" tests/fuzz/run.sh "$fuzz_seconds"
}

# What only computes.
computed() {
    local preset
    for preset in asan tsan release; do
        build "$preset" || true # a failure is counted where its tests are
    done
    check clang-format formatted
    check clang-tidy tidy
    simulated
    preset_fuzz
}

everything() {
    at_the_side computed
    check demo flock build/release.lock etc/demo.sh # which builds there, too, as in a fresh clone
    preset_dev
    preset_asan
    preset_tsan
    campaigns
    side_ended
}

campaign() {
    local name=$1 number=$2
    case "$name" in
    simulation | planted)
        built release || return 0
        if [ "$name" = simulation ]; then
            check "simulation $number" tests/simulation/run.sh "$number"
        else
            check "planted $number" /usr/bin/python3 -B tests/simulation/planted.py --seeds "$number"
        fi
        ;;
    crash | integration | faults)
        built release || return 0
        export EXPORTD_BIN=$top/build/release/bin
        if [ "$name" = crash ]; then
            check "crash $number" /usr/bin/python3 -B tests/integration/crash_rounds.py --rounds "$number" --seed $RANDOM
        elif [ "$name" = faults ]; then
            check "faults $number" tests/faults/run.sh all --budget-seconds $((number * 60 / 2))
        else
            selection=(-L integration -LE campaign --timeout 36000)
            EXPORTD_TEST_PERCENT=$number tested integration build/release
        fi
        ;;
    fuzz)
        built fuzz || return 0
        check "fuzz $number s each" tests/fuzz/run.sh "$number"
        ;;
    bench)
        built release || return 0
        check bench tests/bench/run.sh
        ;;
    esac
}

finish() {
    printf '\n== Summary, after %d s\n' "$SECONDS"
    cat "$summary"
    if [ -s "$left_out" ]; then
        printf '\nSkipped:\n'
        cat "$left_out"
    fi
    awk '$NF == "s" && $(NF - 2) == "skipped" { passed += $(NF - 7); failed += $(NF - 5) }
         END { printf "\n%d passed, %d failed\n", passed, failed; exit failed != 0 || passed == 0 }' "$summary"
}

case "${1-}" in
"") plan=(everything) ;;
--quick) plan=(preset_dev) ;;
--preset)
    [[ ${2-} =~ ^(dev|release|asan|tsan|fuzz)$ ]] || usage
    plan=("preset_$2")
    ;;
--campaign)
    [[ "${2-} ${3-}" =~ ^((simulation|crash|planted|fuzz|faults|integration)\ [1-9][0-9]*|bench\ )$ ]] || usage
    plan=(campaign "$2" "${3-}")
    ;;
*) usage ;;
esac

packages_install "${packages_to_test[@]}"
mkdir -p build
true >"$summary"
true >"$left_out"
"${plan[@]}"
finish
