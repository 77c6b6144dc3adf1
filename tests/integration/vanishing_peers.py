#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Peers that send more than is read and then vanish do not take the other side with them.

libzmq 4.3 ends the process ("Assertion failed: !_io_error") when a connection on which it has
stopped reading, because its high-water mark is reached, is cut before the heartbeat timer of that
connection fires. So either nothing is left unread there, or there is no such timer."""
import signal
import sqlite3
import time

import msgpack
import zmq

import harness

TIMES = harness.share(5, 2)
MESSAGES = 200  # more than the daemon's high-water mark here
OFFERS = 40     # more than a worker's, and little enough to be read at once
STALL_MS = 2000


class Vanishing(harness.Case):
    def stalled_daemon(self):
        """It waits for its registry, which is locked, while its sockets fill."""
        made = self.installation()
        made.configure("exportd", lambda s: s["sockets"].update(
            heartbeat_interval_ms=100, high_water_mark=16))
        made.configure("exportd", lambda s: s["registry"].update(busy_timeout_ms=STALL_MS))
        made.start_daemon()
        registry = sqlite3.connect(made.directory / "registry.db", isolation_level=None)
        self.addCleanup(registry.close)
        return made, registry

    def check_daemon(self, kind, name, *frames):
        made, registry = self.stalled_daemon()
        for _ in range(TIMES):
            registry.execute("BEGIN EXCLUSIVE")
            made.client().send("exportPersonalData",
                               inboundSharedUserProfileId=made.user_id(made.people(0)[0]))
            peer = zmq.Context.instance().socket(kind)
            peer.linger = 0
            peer.connect(made.endpoint(name))
            for _ in range(MESSAGES):
                peer.send_multipart(frames)
            time.sleep(STALL_MS / 4000)  # Nothing to wait for: the daemon is to be left alone.
            peer.close()
            time.sleep(STALL_MS / 4000)
            registry.execute("ROLLBACK")
            try:
                self.assertEqual(made.client().ask("ping")["status"], 200)
            except harness.Lost:
                self.fail(f"it {'hangs' if made.daemon.is_running() else 'has ended'}: "
                          + made.daemon.text()[-500:])

    def test_a_client(self):
        self.check_daemon(zmq.DEALER, "requests", b"",
                          msgpack.packb({"type": "ping", "requestId": "r"}))

    def test_a_worker(self):
        report = {"type": "heartbeat", "worker": "w", "slots": 0, "running": [],
                  "instance": "05e20000-0000-4000-8000-000000000001"}
        self.check_daemon(zmq.PUSH, "reports", msgpack.packb(report))

    def test_a_daemon_while_its_worker_is_stopped(self):
        """The worker comes to itself and finds a full socket that nobody is behind any more."""
        made = self.installation()
        for _ in range(TIMES):
            jobs = zmq.Context.instance().socket(zmq.PUSH)
            jobs.linger = 0
            jobs.set_hwm(1000)
            jobs.heartbeat_ivl = 50  # What it sends as well lies between the offers.
            jobs.heartbeat_timeout = 60000
            jobs.bind(made.endpoint("jobs"))
            worker = made.run("export-worker", "worker-0")
            self.addCleanup(worker.release)
            self.assertTrue(jobs.poll(int(harness.TIMEOUT * 1000), zmq.POLLOUT))
            worker.send_signal(signal.SIGSTOP)
            for _ in range(OFFERS):
                jobs.send(b"junk" * 10)
                time.sleep(0.02)
            jobs.close()
            time.sleep(0.2)
            worker.send_signal(signal.SIGCONT)
            time.sleep(0.5)
            self.assertEqual(worker.stop(signal.SIGTERM), 0, worker.text()[-500:])


if __name__ == "__main__":
    harness.main()
