#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/faults/run.sh all: the n-th call fails, for all n; see sweep.py for what can be chosen, and EXPORTD_BIN for the
# programs (build/dev/bin).
exec /usr/bin/python3 -B "$(dirname "$0")/sweep.py" "$@"
