#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A disk that takes a fifth of a second for each sync: the daemon goes on deciding meanwhile, keeps what it will
say within a bound, and answers everybody once. Left out, with a note, where processes may not be traced."""
import os
import signal
import sys
import time

import harness
import system_calls

SKIPPED = 77
DELAY_US = 200000
CLIENTS = 4
WINDOW = 3000  # of each: together more than may wait for the disk
MEMORY_KIB = sys.maxsize if harness.is_sanitized() else 64 * 1024


class SlowDisk(harness.Case):
    def setUp(self):
        os.environ["ASAN_OPTIONS"] = ":".join(  # It cannot look for leaks when traced.
            [os.environ.get("ASAN_OPTIONS", ""), "detect_leaks=0"])
        self.made = self.installation(tenants=1)
        self.made.configure("exportd", lambda s: s["sockets"].update(high_water_mark=100000))
        self.made.prefixes["exportd"] = (
            "strace", "-D", "-f", "-q", "-e", "trace=fdatasync,fcntl", "-e", "signal=none", "-e",
            f"inject=fdatasync:delay_exit={DELAY_US}", "-o", self.made.directory / "trace.txt")
        self.made.start_daemon()

    def resident_kib(self):
        with open(f"/proc/{self.made.daemon.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

    def calls(self):
        """What strace wrote: thread and call, in order."""
        return [line.split(None, 1) for line in (self.made.directory / "trace.txt").read_text().splitlines()]

    def syncs(self):
        return sum(call.startswith("fdatasync(") for _, call in self.calls())

    def locked_meanwhile(self):
        """How often another thread locked a database, as every batch of requests makes it do, while a sync lasted."""
        syncing, count = None, 0
        for thread, call in self.calls():
            if call.startswith("fdatasync(") and call.endswith("<unfinished ...>"):
                syncing = thread
            elif thread == syncing:
                syncing = None
            elif syncing and call.startswith("fcntl("):
                count += 1
        return count

    def test_everybody_is_answered_once_and_what_waits_is_bounded(self):
        clients = [self.made.client() for _ in range(CLIENTS)]
        user = self.made.user_id(0)
        for client in clients:
            for _ in range(WINDOW):
                client.send("exportPersonalData", inboundSharedUserProfileId=user)
        told = set()
        for client in clients:
            replies = [client.receive() for _ in range(WINDOW)]
            self.assertEqual({reply["status"] for reply in replies}, {202})
            self.assertEqual(len({reply["requestId"] for reply in replies}), WINDOW)
            told |= {reply["operation"]["id"] for reply in replies}
        self.assertEqual(len(told), CLIENTS * WINDOW)
        self.assertLess(self.resident_kib(), MEMORY_KIB)
        self.assertLess(self.syncs(), CLIENTS * WINDOW / 50, "one sync serves many")
        self.assertGreater(self.locked_meanwhile(), 0, "nothing was decided while the disk worked")

    def test_what_was_decided_while_the_disk_worked_is_said_before_the_daemon_stops(self):
        """SIGTERM comes while a sync lasts and more has been decided behind it."""
        client, user = self.made.client(), self.made.user_id(0)
        for _ in range(200):
            client.send("exportPersonalData", inboundSharedUserProfileId=user)
        first = client.receive()
        for _ in range(200):
            client.send("exportPersonalData", inboundSharedUserProfileId=user)
        time.sleep(DELAY_US / 4e6)
        self.made.daemon.send_signal(signal.SIGTERM)
        replies = [first]
        deadline = time.monotonic() + harness.TIMEOUT
        while self.made.daemon.is_running() or client.socket.poll(0):
            self.assertLess(time.monotonic(), deadline)
            if client.socket.poll(50):
                replies.append(client.receive(0))
        self.assertEqual(self.made.daemon.wait(), 0, self.made.logs())
        stored = self.made.daemon.text().count("event=accepted")
        self.assertEqual(len(replies), stored, "what the log says was accepted, and nothing else, was answered")


if __name__ == "__main__":
    if not system_calls.can_trace():
        print("skipped: strace is missing, or processes may not be traced here")
        sys.exit(SKIPPED)
    harness.main()
