#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A cancellation meets a completion and the end of a lease: at random times, on real processes.
Whatever comes first ends the operation, once; the reply, the events, the store and the bundle
folder tell the same of it, and what was cancelled leaves no file."""
import collections
import random
import signal
import time

import harness
import promises

AT_ONCE = 10
RACES = AT_ONCE * harness.share(20, 8)
LEASE_MS = 500
# From nothing to about half a second of gathering, by the last digit of the person.
ROWS = ("SELECT a.id, b.id AS second, c.id AS third, :tenant_id AS tenant, :user_id AS user"
        " FROM messages a, messages b, messages c, messages d, messages e"
        " LIMIT 20 + 6000 * CAST(substr(:user_id, -1) AS INTEGER)")


class Races(harness.Case):
    def prepare(self, seed):
        self.random = random.Random(seed)
        made = self.installation(tenants=1, workers=2, slots=3)
        made.configure("exportd", lambda s: s["dispatch"].update(
            lease_ms=LEASE_MS, maximum_attempts=100, maximum_lost_attempts=100, retry_base_ms=10,
            retry_ceiling_ms=50))
        for number in range(2):
            made.configure(f"worker-{number}", lambda s: (
                s["sources"][0].update(statement=ROWS, count=False),
                s["worker"].update(heartbeat_interval_ms=50, repeat_interval_ms=100)))
        made.start(2)
        return made

    def plan(self, identifiers, worker, is_stopping):
        """Times and deeds of a round. A worker that is stopped sleeps through the end of its
        lease, and wakes up with a result that may be too late."""
        deeds = [(self.random.uniform(0, 0.3), lambda i=i: self.cancel(i)) for i in identifiers]
        if is_stopping:
            deeds = [(when + self.random.choice((0, 1, 2, 4)) * LEASE_MS / 1000, deed)
                     for when, deed in deeds]
            stopped = self.random.uniform(0, 0.2)
            slept = self.random.uniform(0.9, 2) * LEASE_MS / 1000
            deeds += [(stopped, lambda: worker.send_signal(signal.SIGSTOP)),
                      (stopped + slept, lambda: worker.send_signal(signal.SIGCONT))]
        return sorted(deeds, key=lambda deed: deed[0])

    def cancel(self, identifier):
        self.asked[self.client.send("cancelOperation", operationId=identifier)] = identifier

    def collect(self):
        """The replies to all cancellations that are on their way; operation to reply."""
        while self.asked:
            reply = self.client.receive()
            identifier = self.asked.pop(reply["requestId"])
            if reply["status"] == 200:
                operation = reply["operation"]
                self.assertEqual((operation["id"], operation["status"],
                                  operation["failure"]["code"], operation["cancelledBy"]),
                                 (identifier, "failed", "cancelled", harness.CALLER), reply)
            else:
                self.assert_refused(reply, 409, "conflict", "operationEnded")
            self.replies[identifier] = reply

    def round(self, made, number):
        people = made.people(0)
        identifiers = [self.client.export(made.user_id(self.random.choice(people)))["id"]
                       for _ in range(AT_ONCE)]
        begun = time.monotonic()
        for when, deed in self.plan(identifiers, made.workers[number % 2], number % 4 < 3):
            time.sleep(max(0, begun + when - time.monotonic()))
            deed()
        self.collect()
        for identifier in identifiers:
            ended = made.wait_until(self.client, identifier)
            if self.replies[identifier]["status"] == 200:
                self.assertEqual(self.replies[identifier]["operation"], ended)
            else:
                self.assertEqual(ended["status"], "complete", ended)

    def check_watched(self, watcher, operations):
        """Whatever frames came, they tell of one end of each operation, the stored one."""
        while watcher.next(0.2):
            pass
        ends = collections.defaultdict(set)
        for event in watcher.events:
            if event["status"] in harness.TERMINAL:
                ends[event["operationId"]].add(
                    (event["status"], event.get("failureCode"), event["sequence"]))
        self.assertEqual(set(ends), {o["id"] for o in operations})
        for operation in operations:
            reason = (operation.get("failure") or {}).get("code")
            self.assertEqual(ends[operation["id"]],
                             {(operation["status"], reason, operation["sequence"])})

    def test_two_hundred_cancellations_meet_completions_and_lost_leases(self):
        made = self.prepare(7)
        self.client = made.client()
        watcher = made.watcher("")
        self.asked, self.replies = {}, {}
        for number in range(RACES // AT_ONCE):
            self.round(made, number)
        operations = list(self.client.pages("listOperations", top=100))
        self.assertEqual(len(operations), RACES)
        promises.check_bundles(made, operations)
        self.check_watched(watcher, operations)
        told = promises.check_log(made)
        for operation in operations:
            last = told.last(operation["id"])
            self.assertEqual((last["status"], last["sequence"]),
                             (operation["status"], operation["sequence"]))
        outcomes = collections.Counter(
            f"{o['status']} after {'a lost lease' if o['lostAttempts'] else 'one attempt or none'}"
            for o in operations)
        print(dict(outcomes), "starts", told.count(kind="started"))
        ends = {o["status"] for o in operations}
        self.assertEqual(ends, {"complete", "failed"}, "some race was never run")
        self.assertTrue(any(o["lostAttempts"] for o in operations), "no lease was lost")


if __name__ == "__main__":
    harness.main()
