#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""zmq_crowds.py [--churn N] [--curve-churn N]: many connections, many subscriptions, and peers that do not read. Each has a bound, and who
keeps the rules is served meanwhile. reliability: Z07, Z11, Z12, Z15."""
import argparse
import collections
import os
import resource
import socket
import sys
import time
import unittest

import msgpack
import zmq

import curve
import harness
import zmtp

MIB = 1 << 20
FLOOD = 5000
SUBSCRIPTIONS = 4000
PER_CONNECTION = 1000
HIGH_WATER_MARK = 64
PAGE_BYTES = 60000
AT_ONCE = 16
arguments = argparse.Namespace(churn=harness.share(3000, 600), curve_churn=harness.share(10000, 1000))


class Crowd(harness.Case):
    mechanism = b"NULL"

    def make(self, **sockets):
        made = zmtp.Installation(profiles=400)
        self.addCleanup(made.close)
        made.configure("exportd", lambda s: s["sockets"].update(sockets))
        made.start_daemon()
        return made

    def served(self, made, *clients):
        """Clients that were there before, and a new one."""
        self.assertTrue(made.daemon.is_running(), made.logs())
        for client in (*clients, made.client()):
            for _ in range(20):
                self.assertEqual(client.ask("ping")["status"], 200)

    def flood(self, made, count, words=b""):
        peers = []
        for number in range(count):
            peer = made.connect(zmtp.ENDPOINTS[number % len(zmtp.ENDPOINTS)])
            self.addCleanup(peer.close)
            peer.sendall(words)
            peers.append(peer)
        return peers


class Connections(Crowd):
    def setUp(self):
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        if most < 2 * FLOOD:
            self.skipTest(f"{FLOOD} connections need more descriptors than {most}")
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    def test_thousands_of_silent_connections_from_one_address(self):
        for words, count in ((b"", FLOOD), (zmtp.greeting(self.mechanism), 1000)):
            with self.subTest(words=words):
                made = self.make(connections=300, handshake_timeout_ms=60000)
                client = made.client()
                self.flood(made, count // 2, words)
                self.served(made, client)
                self.flood(made, count // 2, words)
                self.served(made, client)
                self.settles(made, 300)
                self.served(made, client)

    def settles(self, made, connections):
        """Descriptors beside those of connections are few."""
        deadline = time.monotonic() + harness.TIMEOUT
        while made.descriptors() > connections + 50:
            self.assertLess(time.monotonic(), deadline, made.descriptors())
            time.sleep(0.05)

    def test_the_start_is_refused_when_descriptors_do_not_suffice(self):
        made = self.installation()
        made.prefixes["exportd"] = ["prlimit", "--nofile=256:4200"]
        made.configure("exportd", lambda s: s["sockets"].update(connections=200))
        daemon = made.run("exportd", "exportd")
        self.addCleanup(daemon.release)
        self.assertEqual(daemon.wait(), 2)
        self.assertIn("sockets.connections", daemon.text().replace("sockets: ", "sockets."))
        made.configure("exportd", lambda s: s["sockets"].update(connections=64))
        made.start_daemon()
        self.assertGreaterEqual(resource.prlimit(made.daemon.pid, resource.RLIMIT_NOFILE)[0], 4096 + 64)

    def test_connections_that_come_and_go(self):
        made = self.make()
        client = made.client()

        def churn(count):
            for number in range(count):
                name = zmtp.ENDPOINTS[number % len(zmtp.ENDPOINTS)]
                with made.connect(name) as peer:
                    zmtp.shake_hands(peer, zmtp.PEERS[name])
            client.ask("ping")

        self.levels_off(made, client, churn, arguments.churn // 2)

    def test_connections_that_come_and_go_under_curve(self):
        made = curve.secure(zmtp.Installation())
        self.addCleanup(made.close)
        made.start_daemon()
        client = made.client()
        endpoint, (public, secret), server = made.endpoint("requests"), made.keys.pair("backend"), made.keys.server()
        context = zmq.Context()
        self.addCleanup(context.destroy, 0)

        def leave(peer):
            self.assertTrue(peer.poll(harness.TIMEOUT * 1000, zmq.POLLOUT), "it was not admitted")
            peer.close()

        def churn(count):
            peers = collections.deque()
            for _ in range(count):
                peer = context.socket(zmq.DEALER)
                peer.linger, peer.immediate = 0, 1  # Nothing can be sent before the handshake is done.
                peer.curve_publickey, peer.curve_secretkey, peer.curve_serverkey = public, secret, server
                peer.connect(endpoint)
                peers.append(peer)
                if len(peers) == AT_ONCE:
                    leave(peers.popleft())
            for peer in peers:
                leave(peer)
            client.ask("ping")

        self.levels_off(made, client, churn, arguments.curve_churn // 2)

    def levels_off(self, made, client, churn, count):
        """After as many again, neither descriptors nor memory are more."""
        churn(count)
        descriptors, resident = made.descriptors(), made.resident_bytes()
        churn(count)
        self.settles(made, descriptors)
        growth = made.resident_bytes() - resident
        print(f"{growth / 1024:.0f} KiB more after {count} connections", file=sys.stderr)
        self.assertLess(growth, 2 * MIB)
        self.served(made, client)


class Readers(Crowd):
    def test_peers_that_never_read_their_replies(self):
        made = self.make(high_water_mark=HIGH_WATER_MARK)
        client = made.client()
        before = made.resident_bytes()
        token = made.token()
        request = b"".join(
            zmtp.frame(b"", zmtp.MORE) + zmtp.frame(msgpack.packb(
                {"type": "listProfiles", "requestId": "unread", "token": token, "top": 100}))
            for _ in range(300))
        peers = []
        for _ in range(5):
            peer = made.connect()
            self.addCleanup(peer.close)
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            zmtp.shake_hands(peer, b"DEALER")
            peer.settimeout(0.5)
            peers.append(peer)
        for peer in peers:
            try:
                peer.sendall(request)
            except OSError:  # It is not read any more: as good.
                pass
            self.served(made, client)
        cap = len(peers) * 2 * HIGH_WATER_MARK * PAGE_BYTES
        growth = made.resident_bytes() - before
        print(f"{growth / MIB:.1f} MiB more, at most {cap / MIB:.0f}", file=sys.stderr)
        self.assertLess(growth, cap)


class Subscriptions(Crowd):
    def setUp(self):
        # Heartbeats that nobody answers are not what cuts them off.
        self.made = self.make(subscriptions=SUBSCRIPTIONS, subscriptions_per_connection=PER_CONNECTION,
                              heartbeat_interval_ms=30000, heartbeat_timeout_ms=60000)
        self.client = self.made.client()
        self.watcher = self.made.watcher("")
        self.watched(True)

    def watched(self, is_new=False):
        """A subscriber that was there before hears of an export."""
        if is_new:
            self.watcher.settle(self.made, 1)
        self.watcher.turn()
        operation = self.client.export(self.made.user_id(0))
        while (event := self.watcher.next(harness.TIMEOUT))["operationId"] != operation["id"]:
            self.assertIsNotNone(event)

    def subscribe(self, peer, topic, flag=b"\1"):
        """True as long as it is not cut off."""
        try:
            peer.sendall(zmtp.frame(flag + topic))
            return True
        except OSError:
            return False

    def shaken(self):
        """A subscriber; what is left of one that was cut off may be counted for the next on its descriptor, who then tries again."""
        deadline = time.monotonic() + harness.TIMEOUT
        while True:
            peer = self.made.connect("status")
            self.addCleanup(peer.close)
            try:
                zmtp.shake_hands(peer, b"SUB")
                return peer
            except (AssertionError, OSError):
                self.assertLess(time.monotonic(), deadline)

    def test_a_flood_of_random_topics(self):
        before = self.made.resident_bytes()
        for _ in range(8):
            peer = self.shaken()
            for _ in range(10 * PER_CONNECTION):
                if not self.subscribe(peer, os.urandom(36)):
                    break
            self.assertIsNotNone(zmtp.closed_after(peer), "it was not cut off")
        growth = self.made.resident_bytes() - before
        print(f"{growth / MIB:.1f} MiB more", file=sys.stderr)
        self.assertLess(growth, 64 * MIB)
        self.watched()

    def test_a_flood_over_many_connections(self):
        peers = [self.shaken() for _ in range(20)]
        for peer in peers:
            for _ in range(PER_CONNECTION // 2):
                self.subscribe(peer, os.urandom(36))
        self.watched()
        most = SUBSCRIPTIONS // (PER_CONNECTION // 2)
        deadline = time.monotonic() + harness.TIMEOUT
        while len(peers) > most:
            self.assertLess(time.monotonic(), deadline, f"{len(peers)} are still open")
            peers = [peer for peer in peers if zmtp.closed_after(peer, 0.01) is None]
        self.assertGreater(len(peers), 0)
        self.watched()

    def test_topics_that_are_too_long(self):
        before = self.made.resident_bytes()
        for size in (1024, 2000, 65534, 65535):
            for _ in range(10):
                peer = self.shaken()
                self.subscribe(peer, b"t" * size)
                self.assertIsNotNone(zmtp.closed_after(peer))
        self.assertLess(self.made.resident_bytes() - before, 2 * MIB)
        self.watched()

    def test_storms_of_ends_of_subscriptions(self):
        before = self.made.resident_bytes()
        for number in range(5):
            peer = self.shaken()
            for count in range(5000):
                topic = os.urandom(20) if number % 2 else b"%d" % (count // 2)
                if not self.subscribe(peer, topic, bytes([number % 2 and 0 or count % 2])):
                    break
        self.watched()
        self.assertLess(self.made.resident_bytes() - before, 16 * MIB)

    def test_who_is_cut_off_for_subscribing_often_in_its_life_gets_what_it_still_wants(self):
        """A dashboard that watches one operation after the other."""
        watcher = self.made.watcher()
        operation = self.client.export(self.made.user_id(0))["id"]
        watcher.subscribe(operation)
        self.assertEqual(watcher.next(harness.TIMEOUT)["operationId"], operation)
        for number in range(2 * PER_CONNECTION):
            watcher.subscribe(f"{number:036}")
            watcher.socket.setsockopt(zmq.UNSUBSCRIBE, f"{number:036}".encode())
        snapshot = watcher.next(harness.TIMEOUT)  # It connected and subscribed again.
        self.assertEqual(snapshot["operationId"], operation)
        self.watched()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--churn", type=int, default=arguments.churn)
    parser.add_argument("--curve-churn", type=int, default=arguments.curve_churn)
    arguments, rest = parser.parse_known_args()
    unittest.main(verbosity=2, argv=[sys.argv[0], *rest])
