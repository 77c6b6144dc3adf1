# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034
# The one list of Debian packages, and how to install what is missing. Sourced by etc/demo.sh and tests/run.sh.

packages_to_build=(
    build-essential cmake ninja-build pkg-config
    libarchive-dev libjansson-dev libmsgpack-dev libsqlite3-dev libssl-dev libsystemd-dev libyaml-dev libzmq3-dev zlib1g-dev
)
packages_to_demo=("${packages_to_build[@]}" openssl sqlite3 unzip)
packages_to_test=(
    "${packages_to_demo[@]}"
    clang clang-format clang-tidy iproute2 libclang-rt-14-dev man-db strace
    libcmocka-dev python3 python3-cryptography python3-jsonschema python3-jwt python3-msgpack python3-yaml python3-zmq systemd valgrind
)

# Installs what is missing of the packages named; asks apt for nothing when nothing is.
packages_install() {
    local name log installed missing=() as_root=()
    if ! command -v dpkg-query >/dev/null; then
        echo "This is not Debian; needed are the equivalents of: $*" >&2
        return 0
    fi
    installed=" $(dpkg-query -W -f='${db:Status-Status}:${Package} ' "$@" 2>/dev/null || true)"
    for name in "$@"; do
        [[ $installed == *" installed:$name "* ]] || missing+=("$name")
    done
    ((${#missing[@]})) || return 0

    if [ "$(id -u)" != 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "Missing, and neither root nor sudo to install them: ${missing[*]}" >&2
            return 1
        fi
        as_root=(sudo)
    fi
    echo "Installing with apt: ${missing[*]}"
    log=$(mktemp)
    if "${as_root[@]}" apt-get -q update >"$log" 2>&1 &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get -q install -y --no-install-recommends "${missing[@]}" >>"$log" 2>&1; then
        rm -f "$log"
        return 0
    fi
    cat "$log" >&2
    rm -f "$log"
    return 1
}
