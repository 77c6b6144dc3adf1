#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A peer that has finished its handshake sends one message that never ends, over TCP: it is cut off long before any cap of
memory, and named; its key is not let in for a while; who sends whole messages, however many and however late they are
taken, is not. reliability: Z04."""
import os
import re
import select
import socket
import sqlite3
import threading
import time

import msgpack

import curve
import curve_raw
import harness
import zmtp

MIB = 1 << 20
PARTS = {"requests": 60000, "jobs": 900, "reports": 60000, "status": 900}  # The most that a socket takes.
GROWTH_BYTES = 160 * MIB
ENDLESS_BYTES = 512 * MIB
WHOLE = 200000
STALL_SECONDS = 1.5
FLOODER = "127.0.0.2"
LINE = re.compile(r"event=closed reason=unfinished connections=\d+ last_address=(?:::ffff:)?(\S+) last_port=\d+ last_identity=(\S+)")


class Flood(threading.Thread):
    """Sends this until it is cut off."""

    def __init__(self, peer, parts):
        super().__init__()
        self.peer = peer
        self.parts = parts
        self.sent = 0
        self.is_cut = False

    def run(self):
        words = memoryview(b"")
        while self.sent < ENDLESS_BYTES:
            readable, writable, _ = select.select([self.peer], [self.peer], [], harness.TIMEOUT)
            try:
                if readable and not self.peer.recv(65536):
                    break
                if writable:
                    words = words or memoryview(self.parts())
                    count = self.peer.send(words, socket.MSG_DONTWAIT)
                    words = words[count:]
                    self.sent += count
            except BlockingIOError:
                pass
            except OSError:
                break
        self.is_cut = self.sent < ENDLESS_BYTES


class Unfinished(harness.Case):
    def installation(self, **options):
        made = zmtp.Installation(**options)
        self.addCleanup(made.close)
        # The raw peer answers no heartbeat; one that does is not cut off by it.
        made.configure("exportd", lambda s: s["sockets"].update(
            heartbeat_interval_ms=60000, heartbeat_timeout_ms=300000, handshake_timeout_ms=500))
        return made

    def lines(self, made):
        return LINE.findall(made.daemon.text())

    def wait_for_lines(self, made, count):
        deadline = time.monotonic() + harness.TIMEOUT
        while len(found := self.lines(made)) < count:
            self.assertLess(time.monotonic(), deadline, made.daemon.text()[-2000:])
            time.sleep(0.01)
        return found

    def served_meanwhile(self, made, client, flood):
        """Answers that another peer got while the flood lasted, and how much memory there was at most."""
        answers = most = 0
        while flood.is_alive():
            self.assertEqual(client.ask("ping")["status"], 200)
            answers += 1
            most = max(most, made.resident_bytes())
        return answers, most

    def check(self, made, shake, names, identity):
        """shake(name): a connection to the socket whose handshake is done, and what makes parts of an endless message."""
        client = made.client()
        accepted = [client.export(made.user_id(person % 4))["id"] for person in range(20)]
        pid, before = made.daemon.pid, made.resident_bytes()
        for number, name in enumerate(names):
            with self.subTest(name=name):
                peer, parts = shake(name)
                flood = Flood(peer, parts)
                flood.start()
                answers, most = self.served_meanwhile(made, client, flood)
                flood.join()
                peer.close()
                print(f"{name}: cut after {flood.sent / MIB:.0f} MiB, {(most - before) / MIB:.0f} MiB more at the most,"
                      f" {answers} answers meanwhile", flush=True)
                self.assertTrue(flood.is_cut)
                self.assertGreater(answers, 0)
                self.assertLess(most - before, GROWTH_BYTES)
                self.assertEqual(self.wait_for_lines(made, number + 1)[number], (FLOODER, identity(name)))
        self.assertTrue(made.daemon.is_running())
        self.assertEqual(made.daemon.pid, pid)
        for operation in accepted:
            self.assertEqual(client.ask("getOperation", operationId=operation)["status"], 200)

    def test_of_a_stranger_where_there_is_no_security(self):
        made = self.installation()
        made.start_daemon()

        def shake(name):
            peer = made.connect(name, source=FLOODER)
            zmtp.shake_hands(peer, zmtp.PEERS[name])
            parts = zmtp.frame(bytes(PARTS[name]), zmtp.MORE) * (MIB // PARTS[name])
            return peer, lambda: parts

        self.check(made, shake, zmtp.ENDPOINTS, lambda name: "-")

    def secure(self, roles):
        made = curve.secure(self.installation())
        for name in zmtp.ENDPOINTS:
            made.keys.admit(f"flooder-{name}", roles)
        made.start_daemon()

        def channel(name, key):
            return curve_raw.Channel(made.connect(name, source=FLOODER), made.keys.pair(key), made.keys.server(), zmtp.PEERS[name])

        return made, channel

    def test_of_a_known_peer_under_curve_whose_key_is_then_not_let_in(self):
        made, channel = self.secure("client,worker,subscriber")

        def shake(name):
            sealed = channel(name, f"flooder-{name}")
            return sealed.peer, lambda: sealed.message(bytes(PARTS[name]), zmtp.MORE)

        self.check(made, shake, zmtp.ENDPOINTS, lambda name: f"flooder-{name}")
        with self.assertRaises((TypeError, OSError)):  # It is closed instead of being told READY.
            channel("reports", "flooder-requests")
        self.assertIn("last_code=busy domain=reports address=::ffff:127.0.0.2", made.daemon.text())
        self.assertEqual(made.client().ask("ping")["status"], 200)

    def test_whole_messages_that_are_taken_late_cut_nobody_off(self):
        """The thread that takes messages waits for a registry that another process has locked."""
        made = self.installation()
        made.configure("exportd", lambda s: s["registry"].update(busy_timeout_ms=int(STALL_SECONDS * 2000)))
        made.start_daemon()
        client = made.client()
        report = zmtp.frame(msgpack.packb({"type": "heartbeat", "worker": "nobody", "filler": os.urandom(300).hex()}))
        peer = made.connect("reports")
        zmtp.shake_hands(peer, b"PUSH")
        lock = sqlite3.connect(made.configuration()["registry"]["database"], isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")
        client.send("exportPersonalData", inboundSharedUserProfileId=made.user_id(0))
        time.sleep(0.2)
        start = time.monotonic()
        for _ in range(WHOLE // 1000):
            peer.sendall(report * 1000)
        took = time.monotonic() - start
        time.sleep(max(0, STALL_SECONDS - took))
        lock.execute("ROLLBACK")
        lock.close()
        print(f"{WHOLE * len(report) / MIB:.0f} MiB in {took:.1f} s", flush=True)
        for _ in range(200):
            self.assertEqual(made.client().ask("ping")["status"], 200)
            peer.sendall(report)
        self.assertIsNone(zmtp.closed_after(peer, 0.2))
        self.assertEqual(self.lines(made), [])


if __name__ == "__main__":
    harness.main()
