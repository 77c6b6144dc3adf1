# SPDX-License-Identifier: MIT
"""The event log and the text log of a daemon side by side: whatever happened to an operation was decided, and the log says so."""
import re
import sqlite3
import uuid

LINE = re.compile(r"event=(\w+) .*?operation=([0-9a-f-]{36})(.*)")
SEQUENCE = re.compile(r" sequence=(\d+)")
# What a person decides, an event or the failure that it brings, and the line that names who it was.
DECISIONS = {"approved": "decided", "denied": "decided", "cancelled": "cancelled"}


def stored(path):
    """(sequence, kind, operation, failure) of each event; nothing of a store that a test has damaged or that is of another format."""
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
            rows = database.execute("SELECT sequence, kind, id, failure FROM events ORDER BY sequence").fetchall()
        return [(sequence, kind, str(uuid.UUID(bytes=bytes(identifier))), failure) for sequence, kind, identifier, failure in rows]
    except (sqlite3.Error, ValueError, TypeError):
        return []


def unexplained(store, log):
    """Events that no line of the log explains, and ends of operations that nobody accepted. For daemons that ended by themselves: one
    that was killed may have lost the last lines, which are written after what they tell of."""
    said, named = set(), set()
    for kind, identifier, rest in LINE.findall(log):
        if sequence := SEQUENCE.search(rest):
            said.add((int(sequence.group(1)), kind, identifier))
        if " caller=" in rest:
            named.add((kind, identifier))
    found, accepted = [], set()
    for *event, failure in stored(store):
        _, kind, identifier = event
        person = DECISIONS.get(failure if kind == "failed" else kind)
        if kind == "accepted":
            accepted.add(identifier)
        if tuple(event) not in said:
            found.append(("no line", *event))
        elif identifier not in accepted:
            found.append(("never accepted", *event))
        elif person and (person, identifier) not in named:
            found.append(("nobody decided", *event))
    return found
