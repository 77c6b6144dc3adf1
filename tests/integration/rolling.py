#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Workers and the daemon are told to stop and started again, one after the other, while exports are
asked for. Nobody notices: every operation completes, though a single failed or lost attempt would
end one here, and no worker that was told to stop begins anything."""
import signal
import time

import harness
import promises

RESTARTS = harness.share(20, 6)
WORKERS = 2
EVENT = "event="
# A third of the people have so many rows that their exports are running when the worker is stopped.
ROWS = ("SELECT a.id, b.id AS second, c.id AS third, :tenant_id AS tenant, :user_id AS user"
        " FROM messages a, messages b, messages c, messages d, messages e"
        " LIMIT CASE WHEN :user_id LIKE '%1' OR :user_id LIKE '%4' THEN 120000 ELSE 20 END")


class Rolling(harness.Case):
    def prepare(self):
        """Worker 0 lets attempts finish when it stops, worker 1 hands them back at once."""
        made = self.installation(tenants=1, workers=WORKERS, slots=2)
        made.configure("exportd", lambda s: s["dispatch"].update(
            maximum_attempts=1, maximum_lost_attempts=1, lease_ms=10000))
        for number, drain_ms in enumerate((60000, 0)):
            made.configure(f"worker-{number}", lambda s: (
                s["sources"][0].update(statement=ROWS, count=False),
                s.setdefault("limits", {}).update(drain_ms=drain_ms)))
        made.start(WORKERS)
        self.accepted = {}  # by key
        self.unanswered = {}  # by requestId
        return made

    def ask(self, made, client, count=3):
        """Exports under keys of their own; those that were not answered are asked for again."""
        wanted = list(self.unanswered.values()) + [
            f"key-{len(self.accepted) + len(self.unanswered) + n}" for n in range(count)]
        self.unanswered = {client.send("exportPersonalData", idempotencyKey=key,
                                       inboundSharedUserProfileId=made.user_id(self.person(key)))
                           : key for key in wanted}
        self.take(client, 0.05)

    @staticmethod
    def person(key):
        return int(key.split("-")[1]) % 8

    def take(self, client, seconds):
        while self.unanswered and client.socket.poll(int(seconds * 1000)):
            reply = client.receive()
            key = self.unanswered.pop(reply["requestId"], None)
            if key:
                self.assertEqual(reply["status"], 202, reply)
                self.accepted[key] = reply["operation"]["id"]

    def settle(self, made, client):
        deadline = time.monotonic() + harness.TIMEOUT
        while self.unanswered:
            self.ask(made, client, 0)
            self.take(client, 1)
            self.assertLess(time.monotonic(), deadline, self.unanswered)
        for identifier in self.accepted.values():
            made.wait_until(client, identifier)

    def check_log_of(self, worker):
        """Between being told to stop and the end, a worker accepts nothing."""
        is_stopping, accepted_late, handed_back = False, [], 0
        for line in worker.text().splitlines():
            event = next((w[len(EVENT):] for w in line.split() if w.startswith(EVENT)), None)
            is_stopping = event == "stopping" or is_stopping and event != "started"
            if is_stopping and event == "accepted":
                accepted_late.append(line)
            handed_back += "code=workerStopped" in line
        self.assertEqual(accepted_late, [])
        return handed_back

    def test_twenty_rolling_restarts_under_load_fail_nothing(self):
        made = self.prepare()
        client = made.client()
        for turn in range(RESTARTS):
            self.ask(made, client)
            number = turn % (WORKERS + 1)
            process = made.daemon if number == WORKERS else made.workers[number]
            process.send_signal(signal.SIGTERM)
            self.ask(made, client)
            self.assertEqual(process.wait(), 0, process.text()[-2000:])
            if number == WORKERS:
                made.start_daemon()
            else:
                made.start_worker(number, wait=False)
            self.ask(made, client)
        self.settle(made, client)
        operations = list(client.pages("listOperations", top=100))
        self.assertEqual({o["id"] for o in operations}, set(self.accepted.values()))
        self.assertEqual([o for o in operations if o["status"] != "complete"], [])
        handed_back = sum(self.check_log_of(w) for w in made.workers.values())
        promises.check_bundles(made, operations)
        told = promises.check_log(made)
        blamed = [e for e in told.events if e["failed_attempts"] or e["lost_attempts"]]
        self.assertEqual(blamed, [])
        self.assertGreater(handed_back, 0, "no worker was stopped at its work")
        print(f"operations={len(operations)} starts={told.count(kind='started')} "
              f"handed_back={handed_back}")


if __name__ == "__main__":
    harness.main()
