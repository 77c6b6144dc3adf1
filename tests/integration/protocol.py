#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Requests that are sent again and again, replies that are lost, and a tenant that asks for too
much: one key is one operation whoever sends it how often, and nobody's turn is taken."""
import json
import os
import random
import re
import signal
import subprocess
import time

import msgpack
import zmq

import harness
import peers
import promises
import relay

SENDS = harness.share(2000, 400)
LOST_REPLIES = harness.share(1000)
FLOOD = harness.share(10000, 2000)
WINDOW = 64
RECONNECT_MS = 2  # The connection is lost with each reply.
IDENTIFIER = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


def soon_again(socket):
    socket.reconnect_ivl = RECONNECT_MS


class Req:
    """A REQ socket with REQ_RELAXED and REQ_CORRELATE, as the README's client has it."""

    def __init__(self, endpoint, token):
        self.socket = zmq.Context.instance().socket(zmq.REQ)
        self.socket.linger = 0
        self.socket.reconnect_ivl = RECONNECT_MS
        for option in (zmq.REQ_RELAXED, zmq.REQ_CORRELATE):
            self.socket.setsockopt(option, 1)
        self.socket.connect(endpoint)
        self.token = token
        self.count = 0

    def close(self):
        self.socket.close()

    def send(self, kind, **fields):
        self.count += 1
        self.socket.send(msgpack.packb({"type": kind, "requestId": f"q-{self.count}",
                                        "token": self.token, **fields}))

    def ask(self, kind, timeout=harness.TIMEOUT, **fields):
        self.send(kind, **fields)
        if not peers.poll(self.socket, timeout):
            raise harness.Lost("no reply")
        reply = msgpack.unpackb(self.socket.recv())
        assert reply["requestId"] == f"q-{self.count}", reply
        return reply


class Control:
    """exportctl, and so the C client library, as a client that is asked for exports only."""

    # Exit codes of exportctl, in the place of what the service said.
    STATUS = {0: 202, 3: 409, 5: 503}

    def __init__(self, endpoint, token):
        self.command = [harness.PROGRAMS / "exportctl", "export", "--json", "--timeout", "10",
                        "--server", endpoint]
        self.environment = {**os.environ, "EXPORTD_TOKEN": token}

    def close(self):
        pass

    def start(self, user_id, key):
        return subprocess.Popen([*self.command, user_id, "--key", key],
                                env=self.environment, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, preexec_fn=harness.end_with_parent)

    def finish(self, child):
        out, error = child.communicate(timeout=harness.TIMEOUT)
        assert child.returncode in self.STATUS, (child.returncode, error)
        reply = {"status": self.STATUS[child.returncode], "error": {"text": error.decode()}}
        if child.returncode == 0:
            reply["operation"] = json.loads(out)
        return reply

    def ask(self, kind, inboundSharedUserProfileId, idempotencyKey, **_):
        assert kind == "exportPersonalData"
        return self.finish(self.start(inboundSharedUserProfileId, idempotencyKey))


class Keys(harness.Case):
    """Sends of many keys by clients of three kinds, which come and go."""

    def prepare(self, seed):
        self.random = random.Random(seed)
        self.made = self.installation(tenants=2, workers=1, slots=2)
        self.made.start()
        self.token = self.made.token()
        self.endpoint = self.made.endpoint("requests")
        self.clients = []
        self.addCleanup(lambda: [c.close() for c in self.clients])
        self.found = {}  # by key: the operation's id
        self.counts = {"sends": 0, "unanswered": 0, "restarts": 0, "reconnects": 0}

    def connect(self):
        """One client of each kind, anew."""
        for client in self.clients:
            client.close()
        self.counts["reconnects"] += 1
        self.clients = [kind(self.endpoint, self.token) for kind in (peers.Client, Req, Control)]

    def client(self):
        return self.random.choices(self.clients, (10, 10, 0.5))[0]

    def fields(self, key, person):
        return {"idempotencyKey": key, "inboundSharedUserProfileId": self.made.user_id(person)}

    def send(self, key, person):
        """Once, with whatever comes of it."""
        self.counts["sends"] += 1
        client = self.client()
        if not isinstance(client, Control) and self.random.random() < 0.1:
            client.send("exportPersonalData", **self.fields(key, person))
            self.connect()  # Nobody will ever know what was said.
            self.counts["unanswered"] += 1
            return
        try:
            reply = client.ask("exportPersonalData", timeout=2, **self.fields(key, person))
        except harness.Lost:
            self.counts["unanswered"] += 1
            return
        self.assertEqual(reply["status"], 202, reply)
        identifier = self.found.setdefault(key, reply["operation"]["id"])
        self.assertEqual(reply["operation"]["id"], identifier, key)

    def restart(self):
        self.counts["restarts"] += 1
        self.made.daemon.stop(self.random.choice((signal.SIGKILL, signal.SIGTERM)))
        if self.random.random() < 0.5:  # Something waits while nobody is there.
            self.clients[0].send("exportPersonalData", **self.fields("while away", 0))
        self.made.start_daemon()

    def test_one_key_is_one_operation_over_two_thousand_sends(self):
        self.prepare(5)
        self.connect()
        left = []
        people = self.made.people(0)
        persons = {"while away": 0}
        while self.counts["sends"] < SENDS:
            while len(left) < 100:
                key = f"key-{len(persons)}"
                persons[key] = self.random.choice(people)
                left += [key] * self.random.randint(1, 20)
                self.random.shuffle(left)
            key = left.pop()
            self.send(key, persons[key])
            if self.counts["sends"] % 200 == 0:
                self.restart()
            if self.random.random() < 0.05:
                self.connect()
        sent = [k for k in persons if k in self.found]
        self.check_other_uses(sent, persons)
        self.check_log(persons)
        print(f"{self.counts} keys={len(sent)}")

    def check_other_uses(self, keys, persons):
        """With another person it is refused; in another tenant it is another operation."""
        self.connect()
        for number, key in enumerate(keys):
            kinds = self.clients if number < 5 else self.clients[:2]
            for client in kinds:
                other = self.made.people(0)[(persons[key] + 1) % len(self.made.people(0))]
                reply = client.ask("exportPersonalData", **self.fields(key, other))
                self.assertEqual(reply["status"], 409, reply)
                self.assertIn("dempotency", str(reply["error"]), reply)
                again = client.ask("exportPersonalData", **self.fields(key, persons[key]))
                self.assertEqual(again["operation"]["id"], self.found[key])
        foreign = self.made.client(1).export(self.made.user_id(self.made.people(1)[0]),
                                             idempotencyKey=keys[0])
        self.assertNotEqual(foreign["id"], self.found[keys[0]])

    def check_log(self, persons):
        client = self.made.client()
        operations = list(client.pages("listOperations", top=100))
        for operation in operations:
            self.made.wait_until(client, operation["id"], "complete")
        operations = list(client.pages("listOperations", top=100))
        unknown = {o["id"] for o in operations} - set(self.found.values())
        self.assertEqual(set(self.found.values()) - {o["id"] for o in operations}, set())
        # Of the keys that were never answered at most one operation each.
        self.assertLessEqual(len(unknown), len(persons) - len(self.found))
        self.assertEqual(len(set(self.found.values())), len(self.found))
        told = promises.check_log(self.made)
        self.assertEqual(told.count(kind="accepted"), len(operations) + 1)


class LostReplies(harness.Case):
    def prepare(self):
        made = self.installation()
        made.start_daemon()
        lossy = relay.Relay(made.endpoint("requests"))
        self.addCleanup(lossy.close)
        return made, lossy

    def wait_lost(self, lossy, count):
        deadline = time.monotonic() + harness.TIMEOUT
        while len(lossy.lost) < count:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.001)

    @staticmethod
    def ask_again(client, fields):
        """Until it is answered: what is sent while the connection breaks goes with it."""
        deadline = time.monotonic() + harness.TIMEOUT
        while True:
            try:
                return client.ask("exportPersonalData", timeout=0.2, **fields)
            except harness.Lost:
                if time.monotonic() > deadline:
                    raise

    def check(self, made, lossy, found):
        """What was lost said the same as what was answered later."""
        self.assertEqual(len(lossy.lost), len(found))
        for reply, identifier in zip(lossy.lost, found):
            self.assertIn(identifier.encode(), IDENTIFIER.findall(reply))
        self.assertEqual(len(set(found)), len(found))
        self.assertEqual(promises.check_log(made).count(kind="accepted"), len(found))

    def test_the_same_request_after_a_lost_reply_is_answered_with_the_same_operation(self):
        made, lossy = self.prepare()
        token = made.token()
        clients = [peers.Client(lossy.endpoint, token, prepare=soon_again), Req(lossy.endpoint, token)]
        for client in clients:
            self.addCleanup(client.close)
        found = []
        for number in range(LOST_REPLIES):
            client = clients[number % 2]
            fields = {"idempotencyKey": f"lost-{number}",
                      "inboundSharedUserProfileId": made.user_id(number % 4)}
            lossy.is_losing = True
            client.send("exportPersonalData", **fields)
            self.wait_lost(lossy, number + 1)
            lossy.is_losing = False
            reply = self.ask_again(client, fields)
            self.assertEqual(reply["status"], 202, reply)
            found.append(reply["operation"]["id"])
        self.check(made, lossy, found)

    def test_the_client_library_sends_again_by_itself(self):
        made, lossy = self.prepare()
        control = Control(lossy.endpoint, made.token())
        found = []
        for number in range(5):
            lossy.is_losing = True
            child = control.start(made.user_id(number % 4), f"library-{number}")
            self.wait_lost(lossy, number + 1)
            lossy.is_losing = False
            reply = control.finish(child)
            self.assertEqual(reply["status"], 202, reply)
            found.append(reply["operation"]["id"])
        self.check(made, lossy, found)


class Flood(harness.Case):
    SLOTS = 4
    WORKERS = 2
    OTHERS = 40

    def flood(self, made, client, count):
        people = made.people(0)
        waiting = 0
        for number in range(count):
            if waiting == WINDOW:
                self.assertEqual(client.receive()["status"], 202)
                waiting -= 1
            client.send("exportPersonalData",
                        inboundSharedUserProfileId=made.user_id(people[number % len(people)]))
            waiting += 1
        for _ in range(waiting):
            self.assertEqual(client.receive()["status"], 202)

    def test_a_tenant_with_ten_thousand_operations_takes_no_turn_of_another(self):
        made = self.installation(tenants=2, workers=self.WORKERS, slots=self.SLOTS)
        made.start_daemon()
        self.flood(made, made.client(0), FLOOD)
        for number in range(self.WORKERS):
            made.start_worker(number)
        other = made.client(1)
        for number in range(self.OTHERS):
            person = made.people(1)[number % len(made.people(1))]
            operation = other.export(made.user_id(person))
            made.wait_until(other, operation["id"], "complete")
        left = made.client(0).ask("getStatistics")["statistics"]["queued"]
        for worker in made.workers.values():
            worker.stop(signal.SIGKILL)
        overtaken = self.overtaken(promises.check_log(made))
        self.assertEqual(len(overtaken), self.OTHERS)
        print(f"starts of the flooding tenant before another's: {sorted(overtaken)}")
        self.assertLessEqual(max(overtaken), self.SLOTS * self.WORKERS + 2 * made.tenant_count)
        self.assertGreater(left, self.SLOTS * self.WORKERS, "the flood ended too soon")

    @staticmethod
    def overtaken(told):
        """For each operation of the other tenant, how many of the flooding tenant's started between
        its acceptance and its start."""
        flooding = told.events[0]["tenant_id"]
        counts = []
        for events in told.operations.values():
            if events[0]["tenant_id"] != flooding:
                start = next(e["sequence"] for e in events if e["kind"] == "started")
                counts.append(sum(
                    e["kind"] == "started" and e["tenant_id"] == flooding
                    for e in told.events[events[0]["sequence"]:start - 1]))
        return counts


if __name__ == "__main__":
    harness.main()
