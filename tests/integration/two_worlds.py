#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Two worlds that differ only in what another tenant has and does: everything that a tenant is told, by replies, on its feed and in
its bundles, is the same in both, but for times, random ids and the service's own numbers, which the log's sequence, fences, workers
and slots are (README, Security)."""
import random
import re
import time
import zipfile

import bundle
import curve
import harness
import noop
import peers

PAIRS = harness.share(50, 2)
BUNDLED_PAIRS = harness.share(5, 1)
STEPS = 40
LIMITS = {"exports_per_day": 8, "exports_per_day_of_subject": 4}
DATE = re.compile(r"\b\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?Z)?")
FENCE = re.compile(r"-[0-9a-f]{16}\b")
DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
SERVICE = ("workers", "slots", "uptimeSeconds")  # of getStatistics
VARYING = ("sequence", "head", "next", "retryAfter")
PACKED = ("bundle",)  # the digest and the size of what times and ids are in


class View:
    """What one caller was told, with the same names in every world for what is drawn at random."""

    def __init__(self):
        self.told = []
        self.names = {}
        self.varying = VARYING

    def name(self, value):
        return self.names.setdefault(value, f"operation {len(self.names)}")

    def normal(self, value, key=None):
        if key in self.varying:
            return None if value is None else key
        if isinstance(value, dict):
            return {k: self.normal(v, k) for k, v in value.items() if k not in SERVICE}
        if isinstance(value, list):
            return [self.normal(v) for v in value]
        if key in ("id", "operationId", "retryOf") and value is not None:
            return self.name(value)
        if isinstance(value, str):
            for known, name in self.names.items():
                value = value.replace(known, name)
            return FENCE.sub("-FENCE", DATE.sub("TIME", value))
        return value

    def add(self, question, reply):
        self.told.append((question, self.normal(reply)))


class Person:
    """Somebody of a tenant who asks at random; the questions depend on the seed and on what was accepted."""

    def __init__(self, made, tenant, seed):
        self.client, self.chance = made.client(tenant), random.Random(seed)
        self.users = [made.user_id(person) for person in made.people(tenant)]
        self.operations, self.view = [], View()

    def ask(self, kind, **fields):
        reply = self.client.ask(kind, **fields)
        self.view.add(kind, reply)
        if reply["status"] == 202 and reply["operation"]["id"] not in self.operations:
            self.operations.append(reply["operation"]["id"])
            time.sleep(0.002)  # lists are in the order of ids, which is random within a millisecond
        return reply

    def step(self):
        kind = self.chance.choice(("export", "export", "keyed", "operation", "operation", "list", "events", "profiles", "statistics"))
        number, user = self.chance.randrange(1000), self.chance.choice(self.users)
        about = self.chance.choice(("getOperation", "explainOperation", "cancelOperation", "retryOperation"))
        if kind == "export":
            self.ask("exportPersonalData", inboundSharedUserProfileId=user)
        elif kind == "keyed":
            self.ask("exportPersonalData", inboundSharedUserProfileId=user, idempotencyKey=f"key-{number % 4}")
        elif kind == "operation":
            known = self.operations[number % len(self.operations)] if self.operations else "00000000-0000-4000-8000-000000000000"
            self.ask(about, operationId=known)
        elif kind == "list":
            self.ask("listOperations", top=1 + number % 9)
        elif kind == "events":
            self.ask("eventsSince", sequence=0, top=500)
        elif kind == "profiles":
            self.ask("listProfiles", top=1 + number % 9)
        else:
            self.ask("getStatistics")

    def hear(self, watcher):
        """What the feed told, for each operation in the order in which it was told: it is of nobody else's."""
        deadline = time.monotonic() + harness.TIMEOUT
        while {e["operationId"] for e in watcher.events if e["status"] in harness.TERMINAL} != set(self.operations):
            assert time.monotonic() < deadline, watcher.events
            watcher.next(0.1)
        for operation in self.operations:
            for event in watcher.events:
                if event["operationId"] == operation and event["kind"] != "progress":
                    self.view.add("frame", event)

    def unpack(self):
        """What is in the bundles."""
        for operation in self.operations:
            found = self.client.ask("getOperation", operationId=operation)["operation"]
            if found["status"] != "complete":
                continue
            with zipfile.ZipFile(bundle.path_of(found)) as packed:
                for name in sorted(packed.namelist()):
                    text = packed.read(name).decode(errors="surrogateescape")
                    self.view.add(self.view.normal(name), DIGEST.sub("DIGEST", self.view.normal(text)))

    def at_the_end(self):
        for operation in self.operations:
            for kind in ("getOperation", "explainOperation"):
                self.ask(kind, operationId=operation)
        self.ask("listOperations", top=100)
        self.ask("getStatistics")
        self.view.add("events", sorted((self.view.name(e["operationId"]), e["revision"], e["kind"], e["status"], e["stage"])
                                       for e in self.client.ask("eventsSince", sequence=0, top=500)["value"]))


class TwoWorlds(harness.Case):
    def make(self):
        """Of the first tenant there is a dashboard with a feed."""
        made = curve.secure(self.installation(tenants=2, profiles=8), is_local=True)
        made.configure("exportd", lambda s: s.update(limits=LIMITS))
        made.keys.admit("dashboard", "subscriber", [made.tenant_id(0)])
        feed = curve.add_feeds(made, ("a", [made.tenant_id(0)], ["dashboard"]), is_local=True)["a"]
        made.start_daemon()
        watcher = peers.Watcher(feed, "", prepare=made.keys.prepare("dashboard"))
        made.closers.append(watcher)
        return made, watcher

    def work(self, made, has_bundles):
        """What is to be called until all is done."""
        if has_bundles:
            made.start_worker()
            return lambda: time.sleep(0.01)
        worker = noop.NoopWorker(made, "worker-0", slots=4, prepare=made.keys.prepare("worker-0"))
        made.closers.append(worker)
        return worker.turn

    def world(self, seed, is_busy, has_bundles=False):
        """What the first tenant is told in a world in which the second is busy, or is not there at all."""
        made, watcher = self.make()
        own, other = Person(made, 0, seed), Person(made, 1, -seed)
        if has_bundles:
            own.view.varying += PACKED
            own.view.names[str(made.directory)] = "DIRECTORY"
        for _ in range(STEPS):
            for _ in range(self.chance.randrange(4) if is_busy else 0):
                other.step()
            own.step()
        turn, poller = self.work(made, has_bundles), made.client(0)
        deadline = time.monotonic() + harness.TIMEOUT
        while any(poller.ask("getOperation", operationId=o)["operation"]["status"] not in harness.TERMINAL
                  for o in own.operations):
            self.assertLess(time.monotonic(), deadline, made.logs())
            turn()
            if is_busy:
                other.step()
        own.hear(watcher)
        if has_bundles:
            own.unpack()
        own.at_the_end()
        self.assertEqual(made.daemon.stop(), 0, made.logs())
        return own.view.told

    def compare(self, seeds, has_bundles):
        self.chance = random.Random(1)
        for seed in seeds:
            alone, beside = self.world(seed, False, has_bundles), self.world(seed, True, has_bundles)
            self.assertEqual(len(alone), len(beside), seed)
            for one, other in zip(alone, beside):
                self.assertEqual(one, other, seed)
            self.doCleanups()
        print(f"{len(seeds)} pairs; of the last {len(alone)} answers, frames and files each")

    def test_a_tenant_is_told_the_same_whatever_another_has_and_does(self):
        self.compare(range(1, PAIRS + 1), False)

    def test_its_bundles_are_the_same_as_well(self):
        self.compare(range(1, BUNDLED_PAIRS + 1), True)


if __name__ == "__main__":
    harness.main()
