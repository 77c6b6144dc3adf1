#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs what is missing, builds and tests. Safe to repeat; needs no network when everything is there.
#
#   tests/run.sh                  everything: gcc, clang, sanitizers, style, the demo
#   tests/run.sh --quick          the dev preset only
#   tests/run.sh --preset NAME    one preset of CMakePresets.json: dev clang release asan tsan fuzz
#
# The last line is "N passed, N failed"; the exit code is 0 when nothing failed.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=../etc/packages.sh
. "$top/etc/packages.sh"
cd "$top"

jobs=$(nproc)
passed=0
failed=0
skipped=0
summary=()

export ASAN_OPTIONS=${ASAN_OPTIONS:-allocator_may_return_null=1:detect_leaks=1:strict_string_checks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1}
# libzmq is not instrumented: what happens inside it looks like races that are none.
export TSAN_OPTIONS=${TSAN_OPTIONS:-ignore_noninstrumented_modules=1:halt_on_error=1:second_deadlock_stack=1}

usage() {
    sed -n '3,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
}

# record NAME PASSED FAILED SKIPPED SINCE
record() {
    passed=$((passed + $2))
    failed=$((failed + $3))
    skipped=$((skipped + $4))
    summary+=("$(printf '  %-14s %5d passed %5d failed %5d skipped %6d s' "$1" "$2" "$3" "$4" $((SECONDS - $5)))")
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

build() {
    cmake --preset "$1" -DBUILD_TESTING=ON >"build/$1.log" 2>&1 &&
        cmake --build "build/$1" >>"build/$1.log" 2>&1 && return 0
    tail -n 60 "build/$1.log"
    return 1
}

# ctest_folder NAME FOLDER SINCE [WRAPPER…]: runs the tests of a folder of a build and counts them.
ctest_folder() {
    local name=$1 folder=$2 since=$3 total=0 wrong=0 left
    local output=build/ctest-$name.log
    shift 3
    "$@" ctest --test-dir "$folder" -j "$jobs" --output-on-failure --no-tests=error --timeout 600 2>&1 |
        tee "$output" && wrong=0 || wrong=1
    # "…% tests passed, 2 tests failed out of 40", and below it the tests that did not run.
    read -r wrong total < <(sed -n 's/^.* \([0-9]*\) tests\{0,1\} failed out of \([0-9]*\)$/\1 \2/p' "$output"
        echo "$wrong $wrong") || true
    left=$(grep -cE '^[[:space:]]+[0-9]+ - .* \((Skipped|Disabled)\)$' "$output" || true)
    record "$name" $((total - wrong - left)) "$wrong" "$left" "$since"
}

# preset NAME [FOLDER…]: builds a preset and runs all its tests, or those of some folders.
preset() {
    local name=$1 since=$SECONDS folder wrapper=()
    shift
    printf '\n== %s\n' "$name"
    if ! build "$name"; then
        record "$name" 0 1 0 "$since"
        return
    fi
    # ThreadSanitizer of gcc 12 does not start where the kernel scatters addresses widely.
    if [ "$name" = tsan ] && setarch -R true 2>/dev/null; then
        wrapper=(setarch -R)
    fi
    if [ "$#" = 0 ]; then
        ctest_folder "$name" "build/$name" "$since" "${wrapper[@]}"
        return
    fi
    for folder in "$@"; do
        ctest_folder "$name-${folder##*/}" "build/$name/$folder" "$since" "${wrapper[@]}"
        since=$SECONDS
    done
}

our_sources() {
    find schemas daemon workers clients tests -name '*.c' -o -name '*.h' | sort
}

formatted() {
    our_sources | xargs -r clang-format --dry-run --Werror
}

# Only what the build compiles and what is ours: generated code lies in build/.
tidy() {
    sed -n 's/^ *"file": "\(.*\)",\{0,1\}$/\1/p' build/clang/compile_commands.json |
        grep -v "^$top/build/" | grep -v "^$top/tests/" | sort -u |
        tr '\n' '\0' | xargs -0 -r -n 1 -P "$jobs" clang-tidy --quiet -p build/clang 2>build/clang-tidy.log ||
        {
            tail -n 20 build/clang-tidy.log
            return 1
        }
}

everything() {
    preset dev
    preset clang
    check clang-format formatted
    check clang-tidy tidy
    preset asan
    preset tsan tests/unit/workers tests/unit/clients tests/integration
    check demo etc/demo.sh
}

finish() {
    printf '\n== Summary\n'
    printf '%s\n' "${summary[@]}"
    printf '\n%d passed, %d failed\n' "$passed" "$failed"
    [ "$failed" = 0 ]
}

case "${1-}" in
"") plan=(everything) ;;
--quick) plan=(preset dev) ;;
--preset)
    [[ ${2-} =~ ^(dev|clang|release|asan|tsan|fuzz)$ ]] || usage
    plan=(preset "$2")
    ;;
*) usage ;;
esac

packages_install "${packages_to_test[@]}"
mkdir -p build
"${plan[@]}"
finish
