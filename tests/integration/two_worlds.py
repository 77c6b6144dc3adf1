#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Two worlds that differ only in what another tenant has and does: everything that a tenant is told is the same in both, but for
times, random ids and the service's own numbers, which the log's sequence, fences, workers and slots are (README, Security)."""
import random
import re
import time

import harness
import noop

PAIRS = harness.share(50, 2)
STEPS = 40
LIMITS = {"exports_per_day": 8, "exports_per_day_of_subject": 4}
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
FENCE = re.compile(r"-[0-9a-f]{16}\.zip")
SERVICE = ("workers", "slots", "uptimeSeconds")  # of getStatistics


class View:
    """What one caller was told, with the same names in every world for what is drawn at random."""

    def __init__(self):
        self.told = []
        self.names = {}

    def name(self, value):
        return self.names.setdefault(value, f"operation {len(self.names)}")

    def normal(self, value, key=None):
        if isinstance(value, dict):
            return {k: self.normal(v, k) for k, v in value.items() if k not in SERVICE}
        if isinstance(value, list):
            return [self.normal(v) for v in value]
        if key in ("id", "operationId", "retryOf") and value is not None:
            return self.name(value)
        if key in ("sequence", "head", "next", "retryAfter"):
            return key
        if isinstance(value, str):
            for known, name in self.names.items():
                value = value.replace(known, name)
            return FENCE.sub("-FENCE.zip", DATE.sub("TIME", value))
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

    def at_the_end(self):
        for operation in self.operations:
            for kind in ("getOperation", "explainOperation"):
                self.ask(kind, operationId=operation)
        self.ask("listOperations", top=100)
        self.ask("getStatistics")
        self.view.add("events", sorted((self.view.name(e["operationId"]), e["revision"], e["kind"], e["status"], e["stage"])
                                       for e in self.client.ask("eventsSince", sequence=0, top=500)["value"]))


class TwoWorlds(harness.Case):
    def world(self, seed, is_busy):
        """What the first tenant is told in a world in which the second is busy, or is not there at all."""
        made = self.installation(tenants=2, profiles=8)
        made.configure("exportd", lambda s: s.update(limits=LIMITS))
        made.start_daemon()
        own, other = Person(made, 0, seed), Person(made, 1, -seed)
        for _ in range(STEPS):
            for _ in range(self.chance.randrange(4) if is_busy else 0):
                other.step()
            own.step()
        worker, poller = noop.NoopWorker(made, slots=4), made.client(0)
        made.closers.append(worker)
        deadline = time.monotonic() + harness.TIMEOUT
        while any(poller.ask("getOperation", operationId=o)["operation"]["status"] not in harness.TERMINAL
                  for o in own.operations):
            self.assertLess(time.monotonic(), deadline, made.logs())
            worker.turn()
            if is_busy:
                other.step()
        own.at_the_end()
        self.assertEqual(made.daemon.stop(), 0, made.logs())
        return own.view.told

    def test_a_tenant_is_told_the_same_whatever_another_has_and_does(self):
        self.chance = random.Random(1)
        for seed in range(1, PAIRS + 1):
            alone, beside = self.world(seed, False), self.world(seed, True)
            self.assertEqual(len(alone), len(beside), seed)
            for one, other in zip(alone, beside):
                self.assertEqual(one, other, seed)
            self.doCleanups()
        print(f"{PAIRS} pairs, {len(alone)} answers each of the last")


if __name__ == "__main__":
    harness.main()
