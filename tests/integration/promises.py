# SPDX-License-Identifier: MIT
"""What is promised whatever happens, looked at from outside once it is over: the log of the stopped
daemon tells a life that may happen of every operation, and each complete operation, and no other,
has one file, which verifies."""
import time

import bundle
import history
from peers import TIMEOUT


def bundle_files(made):
    return {p for p in (made.directory / "bundles").rglob("*") if p.is_file()}


def files_to_be(operations):
    return {bundle.path_of(o) for o in operations if o["status"] == "complete"}


def check_bundles(made, operations):
    """Once the workers have swept what is stale, and the marks of what is recorded."""
    expected = files_to_be(operations)
    assert len(expected) == sum(o["status"] == "complete" for o in operations), "one file for two"
    deadline = time.monotonic() + TIMEOUT
    while (found := bundle_files(made)) != expected:
        assert time.monotonic() < deadline, (found ^ expected, made.logs())
        time.sleep(0.05)
    for operation in operations:
        if operation["status"] == "complete":
            bundle.Bundle(operation)


def check_log(made):
    """Stops the daemon and reads its store; returns the history, in which nothing is wrong."""
    code = made.daemon.stop()
    assert code == 0, (code, made.daemon.text())
    told = history.History(*history.read_store(made.directory / "store" / "store.db"))
    assert not told.problems, told.problems
    return told
