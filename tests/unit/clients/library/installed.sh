#!/bin/sh
# SPDX-License-Identifier: MIT
# What gets installed: the headers alone in C and C++, the symbols of both libraries, and a program built by pkg-config
# from a DESTDIR. Usage: installed.sh BUILD_DIRECTORY COMPILER SANITIZERS
set -eu

build=$1
compiler=$2
sanitizers=$3
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail()
{
    echo "installed: $*" >&2
    exit 1
}

DESTDIR=$scratch/root cmake --install "$build" --component client >"$scratch/log" 2>&1 || {
    cat "$scratch/log" >&2
    fail "cmake --install failed"
}
pc=$(find "$scratch/root" -name exportclient.pc)
[ -n "$pc" ] || fail "no exportclient.pc"
library=$(dirname "$(dirname "$pc")")
header=$(find "$scratch/root" -name exportclient.h)
vouch=$(dirname "$header")/exportvouch.h
[ "$(find "$scratch/root" -name '*.h' | wc -l)" -eq 2 ] || fail "other headers than exportclient.h and exportvouch.h"

printf '#include "exportclient.h"\n#include "exportclient.h"\n#include "exportvouch.h"\nint main(void) { return EXPORTD_OK; }\n' \
    >"$scratch/alone.c"
cp "$scratch/alone.c" "$scratch/alone.cpp"
include=$(dirname "$header")
for standard in c99 c11 c17; do
    "$compiler" -std=$standard -pedantic -Wall -Wextra -Werror -I"$include" -c "$scratch/alone.c" -o /dev/null ||
        fail "the header does not compile alone as $standard"
done
if command -v c++ >/dev/null; then
    c++ -std=c++11 -pedantic -Wall -Wextra -Werror -I"$include" -c "$scratch/alone.cpp" -o /dev/null ||
        fail "the header does not compile as C++"
fi

declared=$(grep -oh 'exportd_[a-z_]*(' "$header" "$vouch" | tr -d '(' | sort -u)
for symbols in "-D --defined-only $library/libexportclient.so.0" "-g --defined-only $library/libexportclient.a"; do
    # shellcheck disable=SC2086
    nm $symbols | awk 'NF == 3 && $2 != "A" {sub("@.*", "", $3); print $3}' | sort -u >"$scratch/names"
    foreign=$(grep -v '^exportd_' "$scratch/names" | grep -v -E '^(__asan|__odr_asan|__ubsan|__tsan)' || true)
    [ -z "$foreign" ] || fail "foreign symbols in $symbols: $foreign"
    for name in $(cat "$scratch/names"); do
        case $name in
        exportd_*) echo "$declared" | grep -qx "$name" || fail "$name is not in the header" ;;
        esac
    done
    for name in $(grep -B1 -h '^EXPORTD_API' "$header" "$vouch" | grep -o 'exportd_[a-z_]*(' | tr -d '('); do
        grep -qx "$name" "$scratch/names" || fail "$name is missing in $symbols"
    done
done

# The program links as a stranger's would; sanitizers would have to be asked for by it as well.
export PKG_CONFIG_PATH="$library/pkgconfig"
export PKG_CONFIG_SYSROOT_DIR="$scratch/root"
flags=$(pkg-config --cflags --libs exportclient) || fail "pkg-config"
# shellcheck disable=SC2086
"$compiler" ${sanitizers:+-fsanitize=$sanitizers} -Wall -Wextra -Werror "$here/installed_example.c" \
    -o "$scratch/example" $flags || fail "a program does not build"
LD_LIBRARY_PATH=$library "$scratch/example" || fail "the program does not run"

# Statically the library brings its own part of the schemas, and nothing else does.
static=$(pkg-config --static --libs exportclient | sed "s,-lexportclient,$library/libexportclient.a,")
# shellcheck disable=SC2086
"$compiler" ${sanitizers:+-fsanitize=$sanitizers} -I"$include" "$here/installed_example.c" \
    -o "$scratch/static" $static || fail "a program does not link statically"
"$scratch/static" || fail "the static program does not run"
