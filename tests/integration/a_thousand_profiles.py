#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A thousand profiles of four tenants over three worker processes of four slots each, through real
sockets: every bag is verified, every row of every profile is in its bundle and nobody else's, and
nothing is done twice."""
import collections
import time

import bundle
import harness

TENANTS = 4
PROFILES = 8 * harness.share(125)
WORKERS = 3
SLOTS = 4
PATIENCE = 300


class AThousandProfiles(harness.Case):
    @classmethod
    def setUpClass(cls):
        cls.made = made = harness.Installation(TENANTS, PROFILES, WORKERS, SLOTS)
        cls.addClassCleanup(made.close)
        made.start(WORKERS)
        cls.clients = [made.client(tenant) for tenant in range(TENANTS)]
        cls.watcher = made.watcher("")
        cls.wanted = [(t, p) for t in range(TENANTS) for p in made.people(t)]
        cls.accepted = cls.request_all()
        cls.wait_for_all()
        cls.operations = {}
        for tenant, client in enumerate(cls.clients):
            for operation in client.pages("listOperations", top=100):
                cls.operations[(tenant, operation["id"])] = operation

    @classmethod
    def request_all(cls):
        """All of them at once, without waiting in between; (tenant, id) to the person."""
        waiting = {}
        for tenant, person in cls.wanted:
            identifier = cls.clients[tenant].send(
                "exportPersonalData", inboundSharedUserProfileId=cls.made.user_id(person),
                idempotencyKey=f"key-{person}")
            waiting[(tenant, identifier)] = person
        accepted = {}
        for tenant, client in enumerate(cls.clients):
            for _ in cls.made.people(tenant):
                reply = client.receive()
                assert reply["status"] == 202, reply
                person = waiting.pop((tenant, reply["requestId"]))
                accepted[(tenant, reply["operation"]["id"])] = person
        assert not waiting
        return accepted

    @classmethod
    def wait_for_all(cls):
        """By the stored events, which cannot be lost; the watcher says when to look again."""
        ended = set()
        sequences = [0] * TENANTS
        deadline = time.monotonic() + PATIENCE
        while len(ended) < len(cls.accepted):
            assert time.monotonic() < deadline, (len(ended), cls.made.logs())
            while cls.watcher.next(0.1):
                pass
            for tenant, client in enumerate(cls.clients):
                events, sequences[tenant] = client.events(sequences[tenant], top=500)
                ended |= {(tenant, e["operationId"]) for e in events
                          if e["status"] in harness.TERMINAL}

    def test_every_profile_has_one_operation_and_it_is_complete(self):
        self.assertEqual(len(self.accepted), PROFILES)
        self.assertEqual(set(self.operations), set(self.accepted))
        self.assertEqual(collections.Counter(o["status"] for o in self.operations.values()),
                         {"complete": PROFILES})
        people = {(tenant, o["userId"]) for (tenant, _), o in self.operations.items()}
        self.assertEqual(people, {(t, self.made.user_id(p)) for t, p in self.wanted})

    def test_no_operation_is_done_twice(self):
        self.assertEqual({o["attempt"] for o in self.operations.values()}, {1})
        for client in self.clients:
            kinds = collections.Counter(
                (e["operationId"], e["kind"]) for e in client.events(top=500)[0])
            self.assertEqual(set(kinds.values()), {1})
        bundles = [p for p in (self.made.directory / "bundles").rglob("*") if p.is_file()]
        self.assertEqual(len(bundles), PROFILES)

    def test_every_bundle_holds_all_of_its_person_and_nothing_else(self):
        for (tenant, identifier), operation in self.operations.items():
            bundle.check_person(self.made, operation, tenant, self.accepted[tenant, identifier])

    def test_every_worker_had_its_share(self):
        shares = [self.made.workers[n].text().count("\n") for n in range(WORKERS)]
        self.assertGreater(min(shares), 0, shares)

    def test_the_events_of_all_tenants_have_each_sequence_once(self):
        sequences = [e["sequence"] for client in self.clients
                     for e in client.events(top=500)[0]]
        self.assertEqual(sorted(sequences), list(range(1, len(sequences) + 1)))


if __name__ == "__main__":
    harness.main()
