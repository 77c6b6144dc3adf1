#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Peers that are known to nobody and say what they like, byte by byte: they are cut off in time, cost no memory, and the
others are served meanwhile. reliability: Z02, Z03, Z06, Z08, Z19."""
import contextlib
import itertools
import random
import selectors
import socket
import struct
import time
import unittest
import uuid

import msgpack

import curve
import curve_raw
import harness
import zmtp

HANDSHAKE_MS = 1000
HEARTBEAT_MS = 500
HEARTBEAT_TIMEOUT_MS = 600
SLACK = 1.0  # of a busy machine, in seconds; the promise is within a tenth
GROWTH_BYTES = 1 << 20
MIB = 1 << 20
SEED = 20261


class Hostile(harness.Case):
    """One daemon for all; after each test it answers a client that it had, and a new one."""

    mechanism = b"NULL"

    @classmethod
    def setUpClass(cls):
        cls.made = cls.make()
        cls.addClassCleanup(cls.made.close)
        cls.made.configure("exportd", lambda s: s["sockets"].update(
            handshake_timeout_ms=HANDSHAKE_MS, heartbeat_interval_ms=HEARTBEAT_MS,
            heartbeat_timeout_ms=HEARTBEAT_TIMEOUT_MS))
        cls.made.start_daemon()
        cls.client = cls.made.client()
        cls.client.ask("ping")

    @classmethod
    def make(cls):
        return zmtp.Installation()

    def tearDown(self):
        self.assertTrue(self.made.daemon.is_running(), self.made.logs())
        for client in (self.client, self.made.client()):
            self.assertEqual(client.ask("ping")["status"], 200)

    def peer(self, name="requests"):
        peer = self.made.connect(name)
        self.addCleanup(peer.close)
        return peer

    def all_closed(self, peers, timeout):
        """How long it took until the other side had closed all; what it sends is thrown away."""
        start = time.monotonic()
        with selectors.DefaultSelector() as waiting:
            for peer in peers:
                peer.setblocking(False)
                waiting.register(peer, selectors.EVENT_READ)
            while waiting.get_map():
                left = timeout - (time.monotonic() - start)
                self.assertGreater(left, 0, f"{len(waiting.get_map())} are still open")
                for key, _ in waiting.select(left):
                    try:
                        ended = not key.fileobj.recv(65536)
                    except BlockingIOError:
                        continue
                    except OSError:
                        ended = True
                    if ended:
                        waiting.unregister(key.fileobj)
        return time.monotonic() - start


class Strangers(Hostile):
    """Before a handshake, or without one."""

    def test_lengths_of_frames_from_the_limit_to_2_to_the_63(self):
        lengths = [65537, 65600, 1 << 17, 1 << 20, (1 << 31) - 1, 1 << 31, 1 << 32, 1 << 48,
                   (1 << 63) - 1, 1 << 63, (1 << 64) - 1]
        tries = list(itertools.product(lengths, zmtp.ENDPOINTS, (0, zmtp.COMMAND)))
        for length, name, flags in tries[:4]:
            self.cut(length, name, flags)  # What is used for the first time stays in use.
        before = self.made.resident_bytes()
        for length, name, flags in tries:
            with self.subTest(length=length, name=name, flags=flags):
                self.cut(length, name, flags)
        self.assertLessEqual(self.made.resident_bytes() - before, GROWTH_BYTES)

    def cut(self, length, name, flags):
        with self.made.connect(name) as peer:
            peer.sendall(zmtp.greeting(self.mechanism) + bytes([flags | zmtp.LONG]) +
                         struct.pack(">Q", length))
            try:
                for _ in range(32):  # Up to 2 MiB, unless it is cut off before.
                    peer.sendall(bytes(65536))
            except OSError:
                pass
            self.assertIsNotNone(zmtp.closed_after(peer, HANDSHAKE_MS / 1000 + SLACK))

    def test_handshakes_of_a_byte_now_and_then(self):
        peers = [self.peer(name) for name in zmtp.ENDPOINTS * 13]
        words = zmtp.greeting(self.mechanism) + zmtp.ready(b"DEALER")
        start = time.monotonic()
        for byte in words:
            if time.monotonic() - start > HANDSHAKE_MS / 1000 - 0.2:
                break
            for peer in peers:
                with contextlib.suppress(OSError):  # cut off already, on a busy machine
                    peer.sendall(bytes([byte]))
            time.sleep(0.2)
        took = time.monotonic() - start + self.all_closed(peers, HANDSHAKE_MS / 1000 + SLACK)
        self.assertLessEqual(took, HANDSHAKE_MS / 1000 + SLACK)

    def test_silence(self):
        peers = [self.peer(name) for name in zmtp.ENDPOINTS * 13]
        took = self.all_closed(peers, HANDSHAKE_MS / 1000 + SLACK)
        self.assertGreater(took, HANDSHAKE_MS / 2000)

    def test_silence_after_the_greeting(self):
        peers = [self.peer(name) for name in zmtp.ENDPOINTS * 5]
        for peer in peers:
            peer.sendall(zmtp.greeting(self.mechanism))
        self.all_closed(peers, HANDSHAKE_MS / 1000 + SLACK)

    def test_frames_of_data_before_the_handshake(self):
        for flags, name in itertools.product((0, zmtp.MORE), zmtp.ENDPOINTS):
            peer = self.peer(name)
            peer.sendall(zmtp.greeting(self.mechanism) + zmtp.frame(b"", flags) * 20)
            self.assertIsNotNone(zmtp.closed_after(peer, HANDSHAKE_MS / 1000 + SLACK))


    def test_greetings_of_another_mechanism(self):
        """Z02: with all that would follow, were it taken."""
        beat = {"type": "heartbeat", "worker": "worker-0", "instance": str(uuid.uuid4()), "slots": 1, "running": []}
        ask = zmtp.frame(msgpack.packb({"type": "ping", "requestId": "r"}))
        said = {"requests": zmtp.frame(b"", zmtp.MORE) + ask, "reports": zmtp.frame(msgpack.packb(beat))}
        for name, mechanism in itertools.product(zmtp.ENDPOINTS, (b"GSSAPI", b"PLAIN")):
            with self.subTest(endpoint=name, mechanism=mechanism):
                self.assertTrue(zmtp.is_turned_away(self.peer(name), mechanism, zmtp.PEERS[name],
                                                    said.get(name, zmtp.frame(b"\1"))))
        self.assertEqual(self.client.ask("getStatistics")["statistics"]["workers"], 0)


class Guests(Hostile):
    """After a handshake, which without security everybody can make."""

    def shaken(self, name="requests"):
        peer = self.peer(name)
        zmtp.shake_hands(peer, zmtp.PEERS[name])
        return peer

    def test_silence_after_the_handshake(self):
        peers = [self.shaken(name) for name in zmtp.ENDPOINTS * 6]
        self.all_closed(peers, 2 * HEARTBEAT_TIMEOUT_MS / 1000 + SLACK)

    def test_a_frame_of_which_half_is_sent(self):
        peers = []
        for size, name in itertools.product((100, 300, 60000), ("requests", "reports", "status")):
            peer = self.shaken(name)
            body = zmtp.frame(bytes(size if name != "status" else min(size, 900)))
            peer.sendall(body[:len(body) // 2])
            peers.append(peer)
        self.all_closed(peers, 2 * HEARTBEAT_TIMEOUT_MS / 1000 + SLACK)

    def test_lengths_of_frames_after_the_handshake(self):
        before = self.made.resident_bytes()
        for length, name in itertools.product((65537, 1 << 20, 1 << 40, 1 << 63),
                                              ("requests", "reports", "status")):
            peer = self.shaken(name)
            peer.sendall(bytes([zmtp.LONG]) + struct.pack(">Q", length))
            self.assertIsNotNone(zmtp.closed_after(peer, SLACK))
        self.assertLessEqual(self.made.resident_bytes() - before, GROWTH_BYTES)

    def test_messages_of_any_number_of_frames(self):
        """Each is answered with an error or dropped; the good request behind it is answered."""
        source = random.Random(SEED)
        good = msgpack.packb({"type": "ping", "requestId": "after"})
        parts = [b"", b"\xc1", b"x", b"\0" * 300, good, b"y" * 256, b"z" * 257]
        for number in range(500):
            frames = [source.choice(parts) for _ in range(source.choice((1, 2, 3, 4, 5, 6, 9, 40)))]
            if number % 25 == 0:
                peer = self.shaken()
            peer.sendall(b"".join(zmtp.frame(body, zmtp.MORE) for body in frames[:-1]) +
                         zmtp.frame(frames[-1]) + zmtp.frame(b"", zmtp.MORE) + zmtp.frame(good))
            peer.settimeout(harness.TIMEOUT)
            self.assertTrue(self.answered(peer), (number, frames))

    def answered(self, peer):
        """Whether the request behind is answered; errors for what was before may come first."""
        while True:
            flags, body = zmtp.read_frame(peer)
            if flags & zmtp.COMMAND:
                if body.startswith(b"\x04PING"):
                    peer.sendall(zmtp.command(b"PONG", body[7:]))
                continue
            if flags & zmtp.MORE:
                continue
            reply = msgpack.unpackb(body)
            self.assertIn(reply["status"], (200, 400), reply)
            if reply["status"] == 200 and not flags & zmtp.MORE:
                return reply["requestId"] == "after"

    def test_reports_and_subscriptions_of_any_number_of_frames(self):
        source = random.Random(SEED + 1)
        for name in ("reports", "status"):
            peer = self.shaken(name)
            for _ in range(200):
                frames = [bytes([source.randrange(3)]) * source.choice((0, 1, 37, 255))
                          for _ in range(source.randrange(1, 12))]
                peer.sendall(b"".join(zmtp.frame(b, zmtp.MORE) for b in frames[:-1]) +
                             zmtp.frame(frames[-1]))

    def test_commands_that_do_not_exist(self):
        for name in zmtp.ENDPOINTS:
            peer = self.shaken(name)
            try:
                for body in (b"", b"\xff", b"\x05READY", b"\x04PING", b"\x04PING\xff\xff" + b"x" * 17,
                             b"\x09SUBSCRIBE", b"\x06CANCEL" + b"x" * 255, b"\x05ERROR\xff"):
                    peer.sendall(zmtp.frame(body, zmtp.COMMAND))
            except OSError:
                pass


class StrangersUnderCurve(Strangers):
    mechanism = b"CURVE"

    @classmethod
    def make(cls):
        made = curve.secure(zmtp.Installation())
        cls.feed = curve.add_feeds(made, ("a", [made.tenant_id(0)], ["backend"]))["a"]
        return made

    def test_greetings_of_another_mechanism_to_a_feed(self):
        """Z02: with a subscription to everything that would follow."""
        host, port = self.feed[len("tcp://"):].rsplit(":", 1)
        for mechanism in zmtp.OTHER_COMMANDS:
            with self.subTest(mechanism=mechanism), socket.create_connection((host, int(port)), harness.TIMEOUT) as peer:
                self.assertTrue(zmtp.is_turned_away(peer, mechanism, b"SUB", zmtp.frame(b"\1")))


class GuestsUnderCurve(Hostile):
    """Known peers, after their handshakes."""

    mechanism = b"CURVE"
    make = StrangersUnderCurve.make

    def shaken(self):
        return curve_raw.Channel(self.peer(), self.made.keys.pair("backend"), self.made.keys.server())

    def test_silence_after_the_handshake(self):
        self.all_closed([self.shaken().peer for _ in range(20)], 2 * HEARTBEAT_TIMEOUT_MS / 1000 + SLACK)

    def test_a_frame_of_which_half_is_sent(self):
        channels = [self.shaken() for _ in range(20)]
        for channel in channels:
            message = channel.message(bytes(5000))
            channel.peer.sendall(message[:len(message) // 2])
        self.all_closed([channel.peer for channel in channels], 2 * HEARTBEAT_TIMEOUT_MS / 1000 + SLACK)

    def test_frames_that_are_not_sealed_or_sealed_wrongly(self):
        for words in (zmtp.frame(b""), zmtp.frame(b"plain"), zmtp.frame(b"\x07MESSAGE" + bytes(40)),
                      zmtp.command(b"READY"), bytes([zmtp.LONG]) + struct.pack(">Q", 1 << 63)):
            peer = self.shaken().peer
            peer.sendall(words)
            self.assertIsNotNone(zmtp.closed_after(peer, 2 * HEARTBEAT_TIMEOUT_MS / 1000 + SLACK))

    def test_a_frame_that_is_sent_again(self):
        channel = self.shaken()
        message = channel.message(b"", zmtp.MORE) + channel.message(b"\xc1")
        channel.peer.sendall(message + message)
        self.assertIsNotNone(zmtp.closed_after(channel.peer, 2 * HEARTBEAT_TIMEOUT_MS / 1000 + SLACK))


if __name__ == "__main__":
    unittest.main(verbosity=2)
