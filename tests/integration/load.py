# SPDX-License-Identifier: MIT
"""A load that goes on whatever happens to the daemon: callers that send again under the same
idempotency key until they are answered, and a watcher that repairs what it missed. Everything that
anybody is shown is kept, to be held against the daemon's log at the end. One thread, no waiting."""
import time

import msgpack
import zmq

from peers import Client, Watcher

RESEND_SECONDS = 0.4
# Replies that say "not now" by design; everything else that is not 202 is a violation.
LATER = (429, 503, 504, 507)


class Ledger:
    """What was acknowledged and what was shown, by anybody to anybody."""

    def __init__(self):
        self.accepted = {}  # key to (operation id, tenant, person)
        self.shown = {}     # (operation id, revision, kind or None) to what was shown
        self.duplicates = []
        self.problems = []

    def accept(self, key, operation, tenant, person):
        first = self.accepted.setdefault(key, (operation["id"], tenant, person))
        if first[0] != operation["id"]:
            self.duplicates.append(f"{key} is {first[0]} and {operation['id']}")

    def show(self, identifier, fields, kind=None):
        kept = {"id": identifier, **{n: fields[n] for n in ("revision", "sequence", "status",
                                                            "attempt")}}
        if kind:
            kept["kind"] = kind
        first = self.shown.setdefault((identifier, kept["revision"], kind), kept)
        if first != kept:
            self.problems.append(f"shown {first}, then {kept}")


class Order:
    """Along one connection an operation never goes back, whatever happened to the daemon."""

    def __init__(self, name, ledger):
        self.name = name
        self.ledger = ledger
        self.newest = {}

    def see(self, identifier, fields):
        at, before = fields["revision"], self.newest.get(identifier, 0)
        if at < before:
            self.ledger.problems.append(f"{self.name} saw {identifier} go from {before} to {at}")
        self.newest[identifier] = max(at, before)


class Caller:
    """One connection of a backend service of one tenant, with a window of unanswered requests."""

    def __init__(self, made, tenant, number, random, ledger, window=8):
        self.made, self.tenant, self.random, self.ledger = made, tenant, random, ledger
        self.name = f"caller-{number}"
        self.window = window
        self.token = made.token(tenant)
        self.client = Client(made.endpoint("requests"), self.token)
        self.order = Order(self.name, ledger)
        self.keys = 0
        self.waiting = {}  # key to [person, when sent last, operation id if it is a repetition]
        self.requests = {}  # requestId to key
        self.own = []
        self.resent = 0

    def close(self):
        self.client.close()

    def reconnect(self):
        """Drops the connection and what was on its way; everything is asked again on a new one."""
        self.client.close()
        self.client = Client(self.made.endpoint("requests"), self.token)
        self.order = Order(self.name, self.ledger)
        self.requests.clear()
        for entry in self.waiting.values():
            entry[1] = 0

    def begin(self, now):
        """A new operation, or one under a key that was answered already."""
        if self.own and self.random.random() < 0.2:
            key, person, expected = self.random.choice(self.own)
            if key in self.waiting:
                return
        else:
            self.keys += 1
            key, expected = f"{self.name}-{self.keys}", None
            person = self.random.choice(self.made.people(self.tenant))
        self.waiting[key] = [person, now, expected]
        self.send(key, person)

    def send(self, key, person):
        name = self.client.send("exportPersonalData", idempotencyKey=key,
                                inboundSharedUserProfileId=self.made.user_id(person))
        self.requests[name] = key

    def turn(self, now, is_open):
        if self.random.random() < 0.002:
            self.reconnect()
        for key, entry in self.waiting.items():
            if now - entry[1] > RESEND_SECONDS:
                entry[1] = now
                self.resent += 1
                self.send(key, entry[0])
        while is_open and len(self.waiting) < self.window and self.random.random() < 0.3:
            self.begin(now)

    def receive(self):
        while self.client.socket.poll(0):
            self.take(self.client.receive(0))

    def take(self, reply):
        key = self.requests.pop(reply["requestId"], None)
        if key is None or reply["status"] in LATER:
            return
        if reply["status"] != 202:
            self.ledger.problems.append(f"{key}: {reply}")
            return
        operation = reply["operation"]
        self.ledger.show(operation["id"], operation)
        self.order.see(operation["id"], operation)
        person, _, expected = self.waiting.pop(key, (None, 0, None))
        if person is None:  # An answer to an earlier sending of what was answered already.
            person = self.ledger.accepted[key][2]
        elif expected is None:
            self.own.append((key, person, operation["id"]))
        self.ledger.accept(key, operation, self.tenant, person)
        if expected not in (None, operation["id"]):
            self.ledger.duplicates.append(f"{key} was {expected} and is {operation['id']}")


class Dashboard:
    """Watches every operation: by status frames, and by eventsSince for what was missed."""

    def __init__(self, made, tenants, ledger, repair_seconds=0.5):
        self.ledger = ledger
        self.watcher = Watcher(made.endpoint("status"), "")
        self.order = Order("the watcher", ledger)
        self.repair_seconds = repair_seconds
        self.known = {}  # operation id to (revision, status)
        self.clients = [Client(made.endpoint("requests"), made.token(t)) for t in range(tenants)]
        self.sequences = [0] * tenants
        self.asked = [(None, 0.0)] * tenants
        self.frames = 0

    def close(self):
        self.watcher.close()
        for client in self.clients:
            client.close()

    def learn(self, identifier, revision, status):
        if revision > self.known.get(identifier, (0,))[0]:
            self.known[identifier] = (revision, status)

    def hear(self):
        while self.watcher.socket.poll(0):
            topic, payload = self.watcher.socket.recv_multipart(zmq.NOBLOCK)
            if topic.startswith(b"worker/"):
                continue
            event = msgpack.unpackb(payload)
            self.frames += 1
            name = event["operationId"]
            is_change = event["kind"] not in ("progress", "snapshot")
            self.ledger.show(name, event, event["kind"] if is_change else None)
            self.order.see(name, event)
            self.learn(name, event["revision"], event["status"])

    def repair(self, now):
        for tenant, client in enumerate(self.clients):
            while client.socket.poll(0):
                self.take(tenant, client.receive(0))
            asked, when = self.asked[tenant]
            if now - when > (self.repair_seconds if asked is None else 2):
                name = client.send("eventsSince", sequence=self.sequences[tenant], top=500)
                self.asked[tenant] = (name, now)

    def take(self, tenant, reply):
        if reply["requestId"] != self.asked[tenant][0]:
            return
        if reply["status"] != 200:
            self.ledger.problems.append(f"eventsSince: {reply}")
            return
        for event in reply["value"]:
            self.ledger.show(event["operationId"], event, event["kind"])
            self.learn(event["operationId"], event["revision"], event["status"])
        self.sequences[tenant] = reply["sequence"]
        self.asked[tenant] = (None, 0.0 if reply["more"] else time.monotonic())

    def open_count(self):
        return sum(status not in ("complete", "failed") for _, status in self.known.values())
