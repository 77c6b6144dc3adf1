# SPDX-License-Identifier: MIT
"""Reads the event log of a stopped daemon with Python's own sqlite3 and checks that it tells a
story that may happen. The legal moves are written down here a second time, on purpose: a mistake
in the daemon's table is not copied."""
import sqlite3
import uuid

# From which stage which kind of event leads where. Overdue is said at most once and moves nothing.
MOVES = {
    (None, "accepted"): ("queued", "notStarted"),
    ("queued", "started"): ("gathering", "running"),
    ("gathering", "completed"): ("done", "complete"),
    ("gathering", "failed"): ("failed", "failed"),
    ("gathering", "requeued"): ("queued", "notStarted"),
    ("gathering", "retryWait"): ("retryWait", "notStarted"),
    ("retryWait", "requeued"): ("queued", "notStarted"),
    ("retryWait", "failed"): ("failed", "failed"),
    ("queued", "failed"): ("failed", "failed"),
    ("queued", "overdue"): ("queued", "notStarted"),
    ("retryWait", "overdue"): ("retryWait", "notStarted"),
    ("gathering", "overdue"): ("gathering", "running"),
}
# What may end an operation that no worker is at.
ENDED_WAITING = ("cancelled", "overdue", "requesterRevoked")
# What the start of an attempt may change, and no other event.
OF_THE_ATTEMPT = ("attempt", "fence")
# What no event may change.
FOR_EVER = ("tenant_id", "user_id", "requested_by", "acted_by", "submitted_ms", "due_ms", "key_digest")


def identifier(blob):
    return str(uuid.UUID(bytes=blob))


def read_store(path):
    """All events, in order, and the rows of the view, as dictionaries."""
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        database.row_factory = sqlite3.Row
        assert database.execute("PRAGMA integrity_check").fetchall()[0][0] == "ok"
        events = [dict(r) for r in database.execute("SELECT * FROM events ORDER BY sequence")]
        view = [dict(r) for r in database.execute("SELECT * FROM operations")]
    finally:
        database.close()
    return events, view


class History:
    """The log by operation, and what is wrong with it."""

    def __init__(self, events, view):
        self.problems = []
        self.events = events
        self.by_sequence = {e["sequence"]: e for e in events}
        self.operations = {}
        for number, event in enumerate(events, 1):
            if event["sequence"] != number:
                self.wrong(event, f"is number {number} of the log")
            self.operations.setdefault(identifier(event["id"]), []).append(event)
        for operation in self.operations.values():
            self.check_operation(operation)
        self.check_keys()
        self.check_view(view)

    def wrong(self, event, what):
        self.problems.append(f"event {event['sequence']} {event['kind']} of "
                             f"{identifier(event['id'])}: {what}")

    def check_operation(self, events):
        before = None
        for revision, event in enumerate(events, 1):
            if event["revision"] != revision:
                self.wrong(event, f"has revision {event['revision']}, not {revision}")
            self.check_move(before, event)
            if before:
                self.check_fields(before, event)
            before = event

    def check_move(self, before, event):
        move = (before["stage"] if before else None, event["kind"])
        if MOVES.get(move) != (event["stage"], event["status"]):
            self.wrong(event, f"{move} led to {event['stage']}, {event['status']}")
        if move in (("queued", "failed"), ("retryWait", "failed")) and (
                event["failure"] not in ENDED_WAITING):
            self.wrong(event, f"{event['failure']} without an attempt")
        if event["kind"] == "failed" and not event["failure"]:
            self.wrong(event, "has no reason")
        has_ended = event["status"] in ("complete", "failed")
        if has_ended != (event["completed_ms"] != 0):
            self.wrong(event, f"completed at {event['completed_ms']}")

    def check_fields(self, before, event):
        is_start = event["kind"] == "started"
        if event["attempt"] != before["attempt"] + is_start:
            self.wrong(event, f"attempt {before['attempt']} became {event['attempt']}")
        if is_start and event["fence"] <= before["fence"]:
            self.wrong(event, f"fence {event['fence']} after {before['fence']}")
        if not is_start and event["fence"] != before["fence"]:
            self.wrong(event, f"a fence that did not start it: {event['fence']}")
        for name in FOR_EVER:
            if event[name] != before[name]:
                self.wrong(event, f"{name} changed")

    def check_keys(self):
        """One idempotency key is one operation of its tenant, and a fence is used once."""
        keys, fences = {}, {}
        for event in self.events:
            if event["kind"] == "accepted" and event["key_digest"]:
                first = keys.setdefault((event["tenant_id"], event["key_digest"]), event)
                if first is not event:
                    self.wrong(event, f"has the key of {identifier(first['id'])}")
            if event["kind"] == "started":
                first = fences.setdefault(event["fence"], event)
                if first is not event:
                    self.wrong(event, f"has the fence of event {first['sequence']}")

    def check_view(self, view):
        """After a clean stop the view has each operation's last event."""
        rows = {identifier(row["id"]): row for row in view}
        if set(rows) != set(self.operations):
            self.problems.append(f"the view lacks {set(self.operations) - set(rows)} or has too "
                                 f"many {set(rows) - set(self.operations)}")
        for name in set(rows) & set(self.operations):
            last = self.operations[name][-1]
            differing = [c for c in rows[name] if rows[name][c] != last[c]]
            if differing:
                self.wrong(last, f"the view differs in {differing}")

    def duplicate_keys(self):
        return sum("has the key of" in p for p in self.problems)

    def count(self, **fields):
        return sum(all(e[name] == value for name, value in fields.items()) for e in self.events)

    def last(self, name):
        return self.operations[name][-1]

    def check_shown(self, shown):
        """What somebody was shown of an operation is the newest thing that the log says for that
        revision: nobody was told of something that is not there any more."""
        events = self.operations.get(shown["id"], [])
        if not 1 <= shown["revision"] <= len(events):
            self.problems.append(f"shown, but not in the log: {shown}")
            return
        event = events[shown["revision"] - 1]
        stored = {name: event[name] for name in ("sequence", "status", "attempt")}
        told = {name: shown[name] for name in stored}
        if told != stored or shown.get("kind", event["kind"]) != event["kind"]:
            self.problems.append(f"shown {shown}, stored {stored} {event['kind']}")
