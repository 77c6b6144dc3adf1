#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""No reply, status event, offer or notice leaves the daemon before a sync of the log has covered
what it tells of: read from a trace of its system calls, for every single message.

Left out, with a note, where processes may not be traced."""
import os
import signal
import sys
import time

import harness
import noop
import system_calls

SKIPPED = 77
REQUESTS = harness.share(20000, 500)
CLIENTS = 4
WINDOW = 8
REPEATED = 8  # every so many requests repeat an earlier key
OF_AN_END = ("completed", "failed", "retryWait", "requeued")


class CommitBeforeSpeak(harness.Case):
    @classmethod
    def setUpClass(cls):
        cls.made = made = harness.Installation(tenants=1)
        cls.addClassCleanup(made.close)
        path = made.directory / "trace.txt"
        os.environ["ASAN_OPTIONS"] = ":".join(  # It cannot look for leaks when traced.
            [os.environ.get("ASAN_OPTIONS", ""), "detect_leaks=0"])
        made.configure("exportd", lambda s: s["sockets"].update(high_water_mark=100000))
        made.configure("exportd", lambda s: s["dispatch"].update(
            lease_ms=60000, offer_timeout_ms=60000))
        made.daemon = harness.Process(
            system_calls.command(path, harness.PROGRAMS / "exportd", "-c",
                                 made.directory / "exportd.yaml"), made.directory / "exportd.log")
        made.ready()
        cls.run_load()
        assert made.daemon.stop(signal.SIGTERM) == 0, made.logs()
        deadline = time.monotonic() + harness.TIMEOUT
        while "+++ exited" not in path.read_text(encoding="latin-1")[-4000:]:
            assert time.monotonic() < deadline, "strace does not end"
            time.sleep(0.05)
        cls.trace = system_calls.Trace(path, made.directory / "store" / "store.db")
        cls.messages = [(*system_calls.decode(f), d) for f, d in cls.trace.messages]

    @classmethod
    def run_load(cls):
        """Requests with a window, some of them repetitions, while a worker does everything."""
        made, worker = cls.made, noop.NoopWorker(cls.made, ticks=1)
        clients = [made.client() for _ in range(CLIENTS)]
        watcher = made.watcher("")
        made.closers.append(worker)
        sent, waiting, ended, user = 0, [0] * CLIENTS, set(), made.user_id(made.people(0)[0])
        wanted = {n - (n % REPEATED == 1) for n in range(REQUESTS)}
        deadline = time.monotonic() + 6 * harness.TIMEOUT
        while sent < REQUESTS or any(waiting) or len(ended) < len(wanted):
            assert time.monotonic() < deadline, (sent, waiting, len(ended), made.logs())
            for number, client in enumerate(clients):
                while client.socket.poll(0):
                    assert client.receive(0)["status"] == 202
                    waiting[number] -= 1
                while sent < REQUESTS and waiting[number] < WINDOW:
                    key = sent - (sent % REPEATED == 1)
                    client.send("exportPersonalData", inboundSharedUserProfileId=user,
                                idempotencyKey=f"key-{key}")
                    sent, waiting[number] = sent + 1, waiting[number] + 1
            worker.turn()
            while event := watcher.next(0):
                if event.get("status") == "complete":
                    ended.add(event["operationId"])

    def of(self, kind):
        found = [(content, durable) for k, content, durable in self.messages if k == kind]
        self.assertGreater(len(found), 0, f"no {kind} in the trace")
        return found

    def assert_durable(self, sequence, durable, identifier, content):
        self.assertLessEqual(sequence, durable, f"said before it was durable: {content}")
        self.assertEqual(self.trace.log.events[sequence][1], identifier, content)

    def test_every_acknowledgement(self):
        told, repeated = set(), 0
        acknowledged = [(c["operation"], d) for c, d in self.of("reply") if c["status"] == 202]
        self.assertEqual(len(acknowledged), REQUESTS)
        for operation, durable in acknowledged:
            self.assert_durable(operation["sequence"], durable, operation["id"], operation)
            repeated += operation["id"] in told
            told.add(operation["id"])
        self.assertGreaterEqual(repeated, REQUESTS // REPEATED - 1)

    def test_every_status_event(self):
        changes, sequences = 0, []
        for event, durable in self.of("status"):
            sequences.append(event["sequence"])
            self.assert_durable(event["sequence"], durable, event["operationId"], event)
            if event["kind"] not in ("progress", "snapshot"):
                self.assertEqual(self.trace.log.events[event["sequence"]][0], event["kind"])
                changes += 1
        # Before the first subscription has arrived nothing is said.
        heard = [s for s in self.trace.log.events if s >= min(sequences)]
        self.assertEqual(changes, len(heard))

    def durable_kinds(self, identifier, durable):
        return {kind for sequence, kind in self.of_operation[identifier] if sequence <= durable}

    def setUp(self):
        self.of_operation = {}
        for sequence, (kind, identifier) in self.trace.log.events.items():
            self.of_operation.setdefault(identifier, []).append((sequence, kind))

    def test_every_offer(self):
        for job, durable in self.of("offer"):
            self.assertIn("accepted", self.durable_kinds(job["operationId"], durable), job)

    def test_every_word_to_a_worker_that_a_result_is_recorded(self):
        operations = {job["fence"]: job["operationId"] for job, _ in self.of("offer")}
        recorded = 0
        for notice, durable in self.of("notice"):
            for fence in notice["recorded"]:
                kinds = self.durable_kinds(operations[fence], durable)
                self.assertTrue(kinds & set(OF_AN_END), (fence, kinds))
                recorded += 1
        self.assertGreater(recorded, 0)

    def test_the_trace_shows_one_sync_for_many(self):
        """So that a daemon which syncs after every message is not taken for one that waits."""
        self.assertGreater(self.trace.log.syncs, 0)
        self.assertLess(self.trace.log.syncs, len(self.trace.log.events))
        self.assertEqual(sorted(self.trace.log.events),
                         list(range(1, len(self.trace.log.events) + 1)))


if __name__ == "__main__":
    if not system_calls.can_trace():
        print("skipped: strace is missing, or processes may not be traced here")
        sys.exit(SKIPPED)
    harness.main()
