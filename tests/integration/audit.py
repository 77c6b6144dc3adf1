#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Receipts and the chain of the event log, from outside: what a client is given, what exportctl says
about the store of a living, a killed and a tampered-with daemon, and what the log of the daemon says
about refusals. The canonical bytes of an event are written down here a second time, on purpose."""
import hashlib
import json
import shutil
import signal
import sqlite3
import struct
import subprocess
import time
import uuid

import msgpack
import zmq

import harness

NUMBERS = ("kind", "id", "tenant_id", "user_id", "requested_by", "sequence", "revision", "status", "stage", "attempt",
           "fence", "failure", "failure_is_retryable", "submitted_ms", "completed_ms", "due_ms", "expiration_ms",
           "ready_ms", "changed_ms", "key_digest", "result", "failed_attempts", "lost_attempts", "overdue_ms",
           "retry_of", "cancelled_by", "accepted_sequence", "approval", "decided_by", "decided_ms", "worker",
           "acted_by")
CANARY = "Canary.ZoeZebra"
NAME = "ZoeZebra"  # may be a field's name as it is


def canonical(event):
    """The bytes of an event, as schemas/chain.h describes them; columns of later formats go behind."""
    names = NUMBERS + tuple(sorted(set(event) - set(NUMBERS) - {"hash"}))
    made = b""
    for number, name in enumerate(names, 1):
        value = event[name]
        if value is None or value == 0:
            continue
        assert name in NUMBERS, f"{name} has no number here"
        if isinstance(value, int):
            made += struct.pack(">BQ", number, value % 2 ** 64)
        else:
            value = value.encode() if isinstance(value, str) else value
            made += struct.pack(">BI", number, len(value)) + value
    return made


def heads(store):
    """The hash of each event, computed anew; the stored ones must be the same."""
    database = sqlite3.connect(f"file:{store}/store.db?mode=ro", uri=True)
    try:
        database.row_factory = sqlite3.Row
        found = {}
        last = bytes(32)
        for row in database.execute("SELECT * FROM events ORDER BY sequence"):
            last = hashlib.sha256(last + canonical(dict(row))).digest()
            assert last == row["hash"], row["sequence"]
            found[row["sequence"]] = last.hex()
        return found
    finally:
        database.close()


def exportctl(*arguments):
    return subprocess.run([harness.PROGRAMS / "exportctl", *map(str, arguments)], text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=harness.TIMEOUT)


class Audit(harness.Case):
    def store(self, made):
        return made.directory / made.configuration()["store"]["directory"]

    def verify(self, store, *receipts):
        options = [option for name in receipts for option in ("--receipts", name)]
        return exportctl("audit", "verify", "--store", store, *options)

    def assert_right(self, store, *receipts):
        result = self.verify(store, *receipts)
        self.assertEqual((result.returncode, result.stderr), (0, ""), result.stdout)
        return result.stdout

    def assert_broken(self, store, said, *receipts):
        result = self.verify(store, *receipts)
        self.assertEqual(result.returncode, 1, result)
        self.assertIn(said, result.stdout)

    def exports(self, made, client, count):
        people = made.people(0)
        return [client.ask("exportPersonalData", idempotencyKey=f"k-{n}",
                           inboundSharedUserProfileId=made.user_id(people[n % len(people)]))
                for n in range(count)]

    def save(self, made, replies):
        path = made.directory / "receipts"
        path.write_text("".join(json.dumps({"operationId": r["operation"]["id"], **r["receipt"]}) + "\n" for r in replies))
        return path

    def copy(self, made):
        """The store's files as they are, of a daemon that lives or not."""
        target = made.directory / f"copy-{uuid.uuid4().hex}"
        shutil.copytree(self.store(made), target, ignore=shutil.ignore_patterns("*-shm", "lock", "reserve*"))
        return target

    def change(self, store, sql):
        database = sqlite3.connect(store / "store.db")
        database.executescript(sql)
        database.close()


class Receipts(Audit):
    def test_a_receipt_is_the_hash_of_the_accepted_event_however_often_it_is_asked_for(self):
        made = self.installation()
        made.start()
        client = made.client()
        replies = self.exports(made, client, 12)
        for reply in replies:
            self.assertEqual(reply["status"], 202)
            made.wait_until(client, reply["operation"]["id"], "complete")
        again = self.exports(made, client, 12)
        self.assertEqual([r["receipt"] for r in again], [r["receipt"] for r in replies])
        made.daemon.stop()
        made.start_daemon()
        again = self.exports(made, made.client(), 12)
        self.assertEqual([r["receipt"] for r in again], [r["receipt"] for r in replies])
        found = heads(self.store(made))
        for reply in replies:
            self.assertEqual(reply["receipt"]["head"], found[reply["receipt"]["sequence"]])
        said = self.assert_right(self.store(made), self.save(made, replies))
        self.assertEqual(said, f"events {len(found)}, receipts 12, head {found[len(found)]}\n")

    def test_cancelling_and_retrying_give_receipts_that_stay_the_same(self):
        made = self.installation()
        made.start_daemon()
        client = made.client()
        export = self.exports(made, client, 1)[0]
        identifier = export["operation"]["id"]
        cancelled = [client.ask("cancelOperation", operationId=identifier) for _ in range(2)]
        retried = [client.ask("retryOperation", operationId=identifier) for _ in range(2)]
        found = heads(self.store(made))
        for replies, sequence in ((cancelled, 2), (retried, 3)):
            self.assertEqual(replies[0]["receipt"], {"sequence": sequence, "head": found[sequence]})
            self.assertEqual(replies[1]["receipt"], replies[0]["receipt"])
        self.assert_right(self.store(made), self.save(made, [export, *cancelled, *retried]))

    def test_exportctl_keeps_receipts_and_anchors(self):
        made = self.installation()
        made.start_daemon()
        token = made.directory / "token"
        token.write_text(made.token())
        token.chmod(0o600)
        kept = made.directory / "kept"
        for n in range(3):
            result = exportctl("export", made.user_id(made.people(0)[n]), "--server", made.endpoint("requests"),
                               "--token-file", token, "--receipt", kept)
            self.assertEqual(result.returncode, 0, result.stderr)
        result = exportctl("audit", "head", "--store", self.store(made))
        self.assertEqual(json.loads(result.stdout), {"sequence": 3, "head": heads(self.store(made))[3]})
        anchors = made.directory / "anchors"
        anchors.write_text(result.stdout)
        self.assertEqual(kept.stat().st_mode & 0o777, 0o600)
        self.assertEqual(len(kept.read_text().splitlines()), 3)
        self.assertIn("receipts 4,", self.assert_right(self.store(made), kept, anchors))


class Stores(Audit):
    def test_the_store_of_a_living_and_of_a_killed_daemon_can_be_checked_in_place_and_as_a_copy(self):
        made = self.installation()
        made.start()
        client = made.client()
        for turn in range(3):
            replies = self.exports(made, client, 40 * (turn + 1))
            receipts = self.save(made, replies)
            self.assert_right(self.store(made), receipts)
            made.daemon.stop(signal.SIGKILL)
            self.assert_right(self.copy(made), receipts)
            self.assert_right(self.store(made), receipts)
            made.start_daemon()
            client = made.client()
        self.assert_right(self.store(made), receipts)

    def test_what_was_changed_is_named(self):
        made = self.installation()
        made.start_daemon()
        receipts = self.save(made, self.exports(made, made.client(), 30))
        made.daemon.stop()
        for sql, said in (
                ("UPDATE events SET due_ms = due_ms + 1 WHERE sequence = 7", "broken at event 7: "),
                ("DELETE FROM events WHERE sequence BETWEEN 11 AND 12", "broken at event 11: "),
                ("UPDATE operations SET due_ms = due_ms + 1 WHERE sequence = 9", "has another due_ms in the view"),
                ("DELETE FROM operations WHERE sequence = 5", "is missing in the view"),
                ("UPDATE counts SET number = number + 1", "another number of operations"),
                ("DELETE FROM events WHERE sequence > 28; DELETE FROM operations WHERE sequence > 28;"
                 "UPDATE counts SET number = 28 WHERE stage = 'queued';"
                 "UPDATE meta SET value = 28 WHERE name = 'view_sequence'", "broken at event 29: the log ends before it")):
            store = self.copy(made)
            self.change(store, sql)
            self.assert_broken(store, said, receipts)
        self.assert_right(self.store(made), receipts)

    def test_a_receipt_of_another_operation_is_told(self):
        made = self.installation()
        made.start_daemon()
        replies = self.exports(made, made.client(), 4)
        replies[2]["operation"]["id"] = replies[1]["operation"]["id"]
        self.assert_broken(self.store(made), "broken at event 3: the receipt is of another operation",
                           self.save(made, replies))

    def test_what_cannot_be_checked_is_no_break(self):
        made = self.installation()
        made.start_daemon()
        made.daemon.stop()
        junk = made.directory / "junk"
        for text in ("{}\n", "[]\n", "junk\n", '{"sequence":1}\n', '{"sequence":1,"head":"00"}\n',
                     '{"sequence":-1,"head":"' + 64 * "0" + '"}\n', '{"sequence":1.5,"head":"' + 64 * "0" + '"}\n',
                     '{"sequence":1,"head":"' + 64 * "G" + '"}\n', "{" + 9000 * " " + "}\n", "\n",
                     '{"sequence":0,"head":"' + 64 * "0" + '"}\0more', '{"sequence":0,"head":"' + 64 * "0" + '"}\0\n'):
            junk.write_text(text)
            result = self.verify(self.store(made), junk)
            self.assertEqual(result.returncode, 6, (text, result))
            self.assertIn("line 1 is no receipt", result.stderr)
        self.assertEqual(self.verify(made.directory / "nowhere").returncode, 4)
        self.assertEqual(exportctl("audit", "verify").returncode, 2)
        self.assertEqual(exportctl("audit", "repair", "--store", ".").returncode, 2)
        self.change(self.store(made), "PRAGMA user_version = 2")
        result = self.verify(self.store(made))
        self.assertIn("has format 2", result.stderr)
        self.assertNotEqual(result.returncode, 0)


class Refusals(Audit):
    """Each refusal is a line with its reason, and nothing that the caller wrote but the request's id."""

    def test_no_content_of_a_request_is_in_the_log(self):
        made = self.installation()
        made.start_daemon()
        client = made.client()
        person = made.user_id(made.people(0)[0])
        stranger = str(uuid.uuid4())
        claims = {"name": CANARY, "upn": CANARY, "preferred_username": CANARY}
        other = made.client(token=made.token(scp="none", **claims))
        asked = [
            (client, "exportPersonalData", {"inboundSharedUserProfileId": CANARY}),
            (client, "exportPersonalData", {"inboundSharedUserProfileId": person, "idempotencyKey": CANARY + " é"}),
            (client, "exportPersonalData", {"inboundSharedUserProfileId": stranger, "idempotencyKey": CANARY}),
            (client, "exportPersonalData", {"inboundSharedUserProfileId": person, CANARY: CANARY}),
            (client, "exportPersonalData", {"inboundSharedUserProfileId": {CANARY: CANARY}}),
            (client, "exportPersonalData", {"inboundSharedUserProfileId": person, NAME: 1}),
            (client, "exportPersonalData", {"inboundSharedUserProfileId": {NAME: NAME}}),
            (client, CANARY, {}),
            (client, NAME, {}),
            (client, "getOperation", {"operationId": stranger}),
            (client, "getOperation", {"operationId": [CANARY]}),
            (client, "listOperations", {"next": CANARY}),
            (client, "listOperations", {"status": CANARY}),
            (client, "ping", {"token": CANARY}),
            (other, "exportPersonalData", {"inboundSharedUserProfileId": person, "idempotencyKey": CANARY}),
        ]
        for peer, kind, fields in asked:
            reply = peer.ask(kind, **fields)
            self.assertGreaterEqual(reply["status"], 400, (kind, fields))
        reports = made.endpoint("reports")
        self.report(reports, {"type": CANARY, CANARY: CANARY})
        self.report(reports, {"type": "heartbeat", "worker": CANARY + " é", CANARY: 1})
        self.report(reports, {"type": "heartbeat", NAME: 1})
        deadline = time.monotonic() + harness.TIMEOUT
        while made.daemon.text().count("report_refused") < 3 and time.monotonic() < deadline:
            self.assertEqual(client.ask("ping")["status"], 200)
        made.daemon.stop()
        log = made.daemon.text()
        refused = [line for line in log.splitlines() if " refused " in line or "event=refused" in line]
        self.assertEqual(len(refused), len(asked), log)
        for line in refused:
            self.assertRegex(line, r"code=[a-zA-Z]+")
        self.assertEqual(log.count("report_refused"), 3, log)
        for word in (CANARY, NAME, stranger, client.token, other.token):
            self.assertNotIn(word, log)

    def report(self, endpoint, message):
        socket = zmq.Context.instance().socket(zmq.PUSH)
        socket.linger = int(harness.TIMEOUT * 1000)
        socket.connect(endpoint)
        socket.send(msgpack.packb(message))
        socket.close()


if __name__ == "__main__":
    harness.main()
