#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""exportd, two workers and a client on hosts of their own, and the network between them fails in
one of the ways networks do, twice, while exports are asked for. Afterwards everything that was
acknowledged is there, has ended within a lease and a minute, and has one bundle that verifies.

Each shape runs in a process of its own (`partitions.py --shape NAME` runs one), several at a time,
with namespaces of its own; see namespaces.py for what is needed. Exits 77 where that is missing.
"""
import concurrent.futures
import json
import os
import random
import subprocess
import sys
import time
import unittest

import harness
import namespaces
import promises

AT_ONCE = int(os.environ.get("EXPORTD_TEST_SHAPES_AT_ONCE", "6"))
ROUNDS = harness.share(2)
LEASE = 2.0      # seconds, as the fixture configures it
PATIENCE = LEASE + harness.TIMEOUT  # 60 unless the environment says otherwise
SEND_EVERY = 0.25
RESEND_AFTER = 1.0
BOUNDARY = [("daemon", "left"), ("daemon", "right"), ("daemon", "client")]
WORKERS = BOUNDARY[:2]


def back(pairs):
    return [(b, a) for a, b in pairs]


def both(pairs):
    return pairs + back(pairs)


# What is cut, for how many leases, and how often in a round.
SHAPES = {
    "full": (both(BOUNDARY), 2, 1),
    "to-workers": (WORKERS, 2, 1),
    "from-workers": (back(WORKERS), 2, 1),
    "flapping": (both(BOUNDARY), 0.2, 6),
    "client": (both(BOUNDARY[2:]), 2, 1),
    "one-worker": (both(BOUNDARY[:1]), 2, 1),
    "long": (both(WORKERS), 4.5, 1),
    "short": (both(WORKERS), 0.5, 1),
    "loss": ([], 3, 1),
    "delay": ([], 3, 1),
}
WORSE = {"loss": {"loss": 0.2}, "delay": {"delay": 0.2}}  # each way: a round trip of 400 ms

# One person of eight has so many rows that his export is still running when the network fails.
SLOW_PERSON = 3
ROWS = ("SELECT a.id, b.id AS second, c.id AS third, :tenant_id AS tenant, :user_id AS user"
        " FROM messages a, messages b, messages c, messages d, messages e"
        " LIMIT CASE WHEN :user_id LIKE '%3' THEN 120000 ELSE 20 END")


class Hosts(harness.Installation):
    """Each process on its host; the ports are everybody's own, so they are the default ones."""

    def __init__(self, network):
        super().__init__(tenants=1, workers=2, slots=2)
        self.network = network
        names = {"exportd": "daemon", "worker-0": "left", "worker-1": "right"}
        for process, host in names.items():
            space = network.hosts[host].path
            self.prefixes[process] = ("nsenter", f"--net={space}")
        ports = {name: f"tcp://127.0.0.1:{5570 + n}"
                 for n, name in enumerate(("requests", "jobs", "reports", "status"))}
        self.configure("exportd", lambda s: (s["sockets"].update(ports),
                                             s["dispatch"].update(self.patience())))
        for worker in ("worker-0", "worker-1"):
            self.configure(worker, lambda s: (
                s["exportd"].update({n: ports[n] for n in ("jobs", "reports", "status")}),
                s["sources"][0].update(statement=ROWS, count=False)))

    @staticmethod
    def patience():
        """An attempt lost to the network is no fault of the operation's."""
        return {"maximum_attempts": 100, "maximum_lost_attempts": 100}


class Load:
    """A client that asks for exports and sends again, under the same key, what is not answered."""

    def __init__(self, made):
        self.made = made
        self.client = made.client()
        self.wanted = {}    # by key: the person
        self.sent = {}      # by requestId: the key
        self.unanswered = {}  # by key: when to send again
        self.accepted = {}  # by key: the operation's id
        self.locations = {}
        self.next_send = time.monotonic()

    def send(self, key):
        user = self.made.user_id(self.wanted[key])
        request = self.client.send("exportPersonalData", idempotencyKey=key,
                                   inboundSharedUserProfileId=user)
        self.sent[request] = key
        self.unanswered[key] = time.monotonic() + RESEND_AFTER

    def take(self, reply):
        key = self.sent.get(reply.get("requestId"))
        if key is None or reply["status"] in (503, 504):
            return
        assert reply["status"] == 202, reply
        identifier = self.accepted.setdefault(key, reply["operation"]["id"])
        assert reply["operation"]["id"] == identifier, (key, identifier, reply)
        self.unanswered.pop(key, None)

    def run(self, seconds, is_new=True):
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end:
            for key in [k for k, due in self.unanswered.items() if due <= now]:
                self.send(key)
            if is_new and now >= self.next_send:
                key = f"key-{len(self.wanted)}"
                people = self.made.people(0)
                self.wanted[key] = people[len(self.wanted) % len(people)]
                self.next_send = now + SEND_EVERY
                self.send(key)
            if self.client.socket.poll(20):
                self.take(self.client.receive())

    def run_until_running(self):
        """Until somebody's long export is being gathered, so that there is a lease to lose."""
        deadline = time.monotonic() + harness.TIMEOUT
        while True:
            started = len(self.wanted)
            self.wanted[f"key-{started}"] = SLOW_PERSON
            self.send(f"key-{started}")
            self.run(0.1, is_new=False)
            counts = self.client.ask("getStatistics")["statistics"]
            if counts["gathering"] and counts["queued"] < 8:
                return
            assert time.monotonic() < deadline, counts

    def operations(self):
        """Every operation there is, or None when no answer comes. What is complete stays so."""
        try:
            found = {}
            following = None
            while True:
                reply = self.client.ask("listOperations", timeout=2, top=100, next=following)
                assert reply["status"] == 200, reply
                found.update((o["id"], o) for o in reply["value"])
                following = reply.get("next")
                if following is None:
                    break
        except harness.Lost:
            return None
        for operation in found.values():
            place = operation["storageLocation"]
            if place:
                assert self.locations.setdefault(operation["id"], place) == place, operation
        return found


class Shape:
    def __init__(self, name, seed):
        self.pairs, leases, self.times = SHAPES[name]
        self.seconds = leases * LEASE
        self.worse = WORSE.get(name)
        self.random = random.Random(f"{name} {seed}")
        self.network = namespaces.Network("daemon", "left", "right", "client", seed=seed)
        self.made = Hosts(self.network)
        self.figures = []

    def close(self):
        self.network.heal()
        self.made.close()
        self.network.close()

    def run(self):
        self.made.start(2)
        load = Load(self.made)
        for _ in range(ROUNDS):
            load.run(self.random.uniform(0.5, 1.5))
            load.run_until_running()
            for _ in range(self.times):
                self.network.cut(*self.pairs)
                if self.worse:
                    self.network.worsen(**self.worse)
                load.run(self.seconds)
                self.network.heal()
                load.run(self.seconds if self.times > 1 else 0)
            self.settle(load)
        self.check(load)

    def is_settled(self, load):
        if load.unanswered:
            return False
        operations = load.operations()
        if operations is None:
            return False
        self.left = [o for o in operations.values() if o["status"] not in harness.TERMINAL]
        self.left += promises.bundle_files(self.made) ^ promises.files_to_be(operations.values())
        return not self.left

    def settle(self, load):
        """Until everything has ended and stale files are gone; within a lease and a minute."""
        healed = time.monotonic()
        while not self.is_settled(load):
            if time.monotonic() - healed > PATIENCE:
                raise harness.Lost(f"{load.unanswered} {self.left}\n{self.made.logs()}")
            load.run(0.2, is_new=False)
        self.figures.append(round(time.monotonic() - healed, 1))

    def check(self, load):
        operations = load.operations()
        lost = set(load.accepted.values()) - set(operations)
        assert not lost, lost
        assert len(set(load.accepted.values())) == len(load.wanted), "two keys, one operation"
        unexpected = set(operations) - set(load.accepted.values())
        assert not unexpected, unexpected
        ends = {i: o for i, o in operations.items() if o["status"] != "complete"}
        assert not ends, ends
        promises.check_bundles(self.made, operations.values())
        told = promises.check_log(self.made)
        assert set(told.operations) == set(operations)
        assert self.network.dropped or not (self.pairs), "nothing was cut"
        again = told.count(kind="started") - len(operations)
        print(json.dumps({"operations": len(operations), "sent": len(load.sent), "again": again,
                          "settled_seconds": self.figures, "passed": self.network.passed,
                          "dropped": self.network.dropped}))


def run_shape(name, seed):
    try:
        shape = Shape(name, seed)
    except namespaces.Unavailable as error:
        print(error)
        return 77
    try:
        shape.run()
    finally:
        shape.close()
    return 0


class Partitions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        pool = concurrent.futures.ThreadPoolExecutor(AT_ONCE)
        cls.addClassCleanup(pool.shutdown, cancel_futures=True)
        cls.runs = {name: pool.submit(cls.run_one, name) for name in SHAPES}

    @staticmethod
    def run_one(name):
        return subprocess.run(
            [sys.executable, "-B", __file__, "--shape", name], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=600, preexec_fn=harness.end_with_parent)

    def check(self, name):
        done = self.runs[name].result()
        text = done.stdout.decode(errors="replace")
        self.assertEqual(done.returncode, 0, text)
        print(f"{name}: {text.strip()}")

    def test_the_daemon_is_cut_off_from_everybody(self):
        self.check("full")

    def test_nothing_reaches_the_workers(self):
        self.check("to-workers")

    def test_nothing_comes_from_the_workers(self):
        self.check("from-workers")

    def test_the_network_comes_and_goes(self):
        self.check("flapping")

    def test_the_client_is_cut_off(self):
        self.check("client")

    def test_one_worker_is_cut_off(self):
        self.check("one-worker")

    def test_the_workers_are_cut_off_for_longer_than_their_leases(self):
        self.check("long")

    def test_the_workers_are_cut_off_for_less_than_a_lease(self):
        self.check("short")

    def test_a_fifth_of_all_frames_is_lost(self):
        self.check("loss")

    def test_every_frame_takes_200_ms(self):
        self.check("delay")


def missing():
    """What keeps the shapes from running here, or nothing."""
    probe = subprocess.run([sys.executable, "-B", __file__, "--probe"], stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, timeout=60)
    return probe.stdout.decode(errors="replace").strip() if probe.returncode else None


def probe():
    try:
        namespaces.Network("one", "other").close()
    except namespaces.Unavailable as error:
        print(error)
        return 77
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--shape"]:
        sys.exit(run_shape(sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 1))
    if sys.argv[1:2] == ["--probe"]:
        sys.exit(probe())
    reason = missing()
    if reason is not None:
        print(f"skipped: no network namespaces here: {reason}")
        sys.exit(77)
    harness.main()
