#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Real processes are killed, stopped and restarted at bad moments: what was acknowledged is never
lost, is done, and is seen once."""
import json
import shutil
import signal
import socket
import sqlite3
import time

import bundle
import harness

class Crash(harness.Case):
    def bundles(self, made):
        return [p for p in (made.directory / "bundles").rglob("*") if p.is_file()
                and p.suffix != ".unrecorded"]

    def assert_all_complete(self, made, accepted, client):
        for identifier, person in accepted.items():
            operation = made.wait_until(client, identifier, "complete")
            bundle.check_person(made, operation, 0, person)

    def send_exports(self, made, client, count, prefix="k"):
        """Sends without waiting for replies; requestId to person."""
        people = made.people(0)
        return {client.send("exportPersonalData", idempotencyKey=f"{prefix}-{n}",
                            inboundSharedUserProfileId=made.user_id(people[n % len(people)])):
                people[n % len(people)] for n in range(count)}

    def collect(self, client, sent, count, timeout=harness.TIMEOUT):
        """At least so many 202s; operation to person."""
        accepted = {}
        while len(accepted) < count:
            reply = client.receive(timeout)
            if reply.get("requestId") in sent:
                self.assertEqual(reply["status"], 202, reply)
                accepted[reply["operation"]["id"]] = sent[reply["requestId"]]
        return accepted


class KilledDaemon(Crash):
    def test_what_was_acknowledged_is_there_after_sigkill_and_completes(self):
        made = self.installation(workers=2, slots=4)
        made.start_daemon()
        client = made.client()
        accepted = self.collect(client, self.send_exports(made, client, 400), 100)
        made.daemon.stop(signal.SIGKILL)
        while client.socket.poll(200):  # Replies that were on their way are promises too.
            reply = client.receive()
            if reply["status"] == 202:
                accepted.setdefault(reply["operation"]["id"], None)
        made.start_daemon()
        again = made.client()
        listed = {o["id"]: o for o in again.pages("listOperations", top=100)}
        self.assertEqual(set(accepted) - set(listed), set())
        made.start_worker(0)
        made.start_worker(1)
        users = {made.user_id(p): p for p in made.people(0)}
        people = {i: users[listed[i]["userId"]] for i in listed}
        self.assert_all_complete(made, people, again)
        self.assertEqual(len(self.bundles(made)), len(listed))

    def test_killed_again_and_again_while_workers_work(self):
        made = self.installation(workers=2, slots=2)
        made.start(2)
        accepted = {}
        for turn in range(4):
            client = made.client()
            sent = self.send_exports(made, client, 60, f"turn-{turn}")
            accepted.update(self.collect(client, sent, 20 + 10 * turn))
            made.daemon.stop(signal.SIGKILL)
            made.start_daemon()
        client = made.client()
        listed = {o["id"]: o for o in client.pages("listOperations", top=100)}
        self.assertEqual(set(accepted) - set(listed), set())
        users = {made.user_id(p): p for p in made.people(0)}
        self.assert_all_complete(made, {i: users[o["userId"]] for i, o in listed.items()}, client)
        self.assert_history(client)

    def assert_history(self, client):
        """Sequences without gaps, revisions without gaps, and one end for each operation."""
        events, _ = client.events(top=500)
        self.assertEqual([e["sequence"] for e in events], list(range(1, len(events) + 1)))
        by_operation = {}
        for event in events:
            by_operation.setdefault(event["operationId"], []).append(event)
        for history in by_operation.values():
            self.assertEqual([e["revision"] for e in history], list(range(1, len(history) + 1)))
            self.assertEqual(history[0]["kind"], "accepted")
            ends = [e["status"] for e in history if e["status"] in harness.TERMINAL]
            self.assertEqual(ends, ["complete"])
            self.assertEqual(history[-1]["status"], "complete")

    def test_a_result_that_nobody_was_there_to_hear_is_repeated(self):
        made = self.installation()
        made.configure("worker-0", harness.slow())
        made.start()
        client = made.client()
        operation = client.export(made.user_id(1))
        made.wait_until(client, operation["id"], "running")
        made.daemon.stop(signal.SIGKILL)
        folder = made.directory / "bundles" / made.tenant_id(0)
        deadline = time.monotonic() + harness.TIMEOUT
        while not list(folder.glob("*.zip")):
            self.assertLess(time.monotonic(), deadline, made.logs())
            self.assertTrue(made.workers[0].is_running(), made.logs())
            time.sleep(0.02)
        made.start_daemon()
        made.wait_until(made.client(), operation["id"], "complete")
        self.assertEqual(len(self.bundles(made)), 1)

    def test_sigterm_ends_with_0_and_the_next_start_goes_on(self):
        made = self.installation()
        made.start()
        client = made.client()
        accepted = self.collect(client, self.send_exports(made, client, 100), 100)
        self.assertEqual(made.daemon.stop(signal.SIGTERM), 0, made.logs())
        made.start_daemon()
        self.assert_all_complete(made, accepted, made.client())


class KilledWorker(Crash):
    def running_on_the_slow_worker(self):
        made = self.installation(workers=2)
        made.configure("worker-0", harness.slow(10 ** 8))
        made.start()
        client = made.client()
        operation = client.export(made.user_id(2))
        made.wait_until(client, operation["id"], "running")
        return made, client, operation["id"]

    def check_second_attempt(self, made, client, identifier):
        operation = made.wait_until(client, identifier, "complete")
        self.assertEqual(operation["attempt"], 2)
        bundle.check_person(made, operation, 0, 2)
        events, _ = client.events(operationId=identifier)
        self.assertEqual([e["status"] for e in events if e["kind"] in ("accepted", "started",
                                                                       "completed")],
                         ["notStarted", "running", "running", "complete"])
        back = [e for e in events if e["kind"] in ("requeued", "retryWait")]
        self.assertEqual([(e["status"], e["progress"]) for e in back][:1], [("notStarted", 0)])

    def test_the_operation_of_a_killed_worker_completes_on_another(self):
        made, client, identifier = self.running_on_the_slow_worker()
        made.workers[0].stop(signal.SIGKILL)
        made.start_worker(1)
        self.check_second_attempt(made, client, identifier)

    def test_what_a_killed_worker_left_behind_is_swept_when_it_starts_again(self):
        made, client, identifier = self.running_on_the_slow_worker()
        made.workers[0].stop(signal.SIGKILL)
        made.start_worker(1)
        made.wait_until(client, identifier, "complete")
        made.configure("worker-0", lambda s: s.update(
            sources=made.configuration("worker-1")["sources"]))
        made.start_worker(0)
        second = client.export(made.user_id(2))
        made.wait_until(client, second["id"], "complete")
        leftovers = [p for p in self.bundles(made) if p.suffix != ".zip"]
        self.assertEqual(leftovers, [])

    def test_the_operation_of_a_worker_told_to_stop_completes_on_another(self):
        made, client, identifier = self.running_on_the_slow_worker()
        self.assertEqual(made.workers[0].stop(signal.SIGTERM), 0, made.logs())
        made.start_worker(1)
        self.check_second_attempt(made, client, identifier)
        self.assertEqual(len(self.bundles(made)), 1)

    def test_a_worker_that_slept_through_its_lease_changes_nothing(self):
        made = self.installation(workers=2)
        made.configure("worker-0", harness.slow())
        made.start()
        client = made.client()
        identifier = client.export(made.user_id(2))["id"]
        made.wait_until(client, identifier, "running")
        made.workers[0].send_signal(signal.SIGSTOP)
        made.start_worker(1, wait=False)
        operation = made.wait_until(client, identifier, "complete")
        self.assertEqual(operation["attempt"], 2)
        made.workers[0].send_signal(signal.SIGCONT)
        second = client.export(made.user_id(3))
        made.wait_until(client, second["id"], "complete")
        self.assertEqual(made.workers[0].stop(signal.SIGTERM), 0, made.logs())
        self.assertEqual(client.ask("getOperation", operationId=identifier)["operation"],
                         operation)
        bundle.check_person(made, operation, 0, 2)
        self.assertEqual(len(self.bundles(made)), 2, made.logs())


class Waiting(Crash):
    def test_without_workers_it_is_accepted_and_waits_until_one_comes(self):
        made = self.installation()
        made.start_daemon()
        client = made.client()
        operation = client.export(made.user_id(0))
        for _ in range(3):
            self.assertEqual(client.ask("getOperation", operationId=operation["id"])
                             ["operation"]["status"], "notStarted")
        self.assertEqual(client.ask("getStatistics")["statistics"]["queued"], 1)
        made.start_worker(0)
        bundle.check_person(made, made.wait_until(client, operation["id"], "complete"), 0, 0)

    def test_a_profile_that_went_away_before_the_gathering_is_a_failure(self):
        made = self.installation()
        made.start_daemon()
        client = made.client()
        operation = client.export(made.user_id(0))
        with sqlite3.connect(made.directory / "registry.db") as registry:
            registry.execute("DELETE FROM profiles WHERE user_id = ?", (made.user_id(0),))
        registry.close()
        made.start_worker(0)
        failed = made.wait_until(client, operation["id"], "failed")
        self.assertEqual(failed["failure"]["code"], "profileNotFound")
        self.assertEqual(self.bundles(made), [])


class Sources(Crash):
    def with_a_broken_mailbox(self, required):
        made = self.installation()
        made.configure("exportd", lambda s: s["dispatch"].update(maximum_attempts=2))
        made.configure("worker-0", lambda s: s["sources"][0].update(required=required))
        made.start()
        (made.directory / "mailbox.db").rename(made.directory / "elsewhere.db")
        client = made.client()
        operation = client.export(made.user_id(3))
        ended = made.wait_until(client, operation["id"])
        (made.directory / "elsewhere.db").rename(made.directory / "mailbox.db")
        return made, client, ended

    def test_a_required_source_that_fails_fails_the_operation(self):
        made, client, operation = self.with_a_broken_mailbox(True)
        self.assertEqual(operation["status"], "failed")
        self.assertIn(operation["failure"]["code"], ("sourceFailed", "sourceUnavailable"))
        self.assertIsNone(operation["storageLocation"])
        self.assertIsNotNone(operation["completedDateTime"])
        self.assertEqual(operation["attempt"], 2)
        states = {s["name"]: (s["state"], s["reason"]) for s in operation["sources"]}
        self.assertEqual(states["mailbox"], ("failed", "databaseUnavailable"))
        self.assertEqual(self.bundles(made), [])
        second = client.export(made.user_id(3))
        bundle.check_person(made, made.wait_until(client, second["id"], "complete"), 0, 3)

    def test_an_optional_source_that_fails_is_a_named_gap(self):
        made, _, operation = self.with_a_broken_mailbox(False)
        self.assertEqual(operation["status"], "complete")
        found = bundle.Bundle(operation)
        completeness = found.json("completeness.json")
        self.assertIs(completeness["isComplete"], False)
        states = {s["name"]: (s["state"], s["reason"]) for s in completeness["sources"]}
        self.assertEqual(states["mailbox"], ("failed", "databaseUnavailable"))
        self.assertEqual(states["sign-ins"][0], "complete")
        self.assertEqual(len(found.csv_rows("sign-ins")), len(made.rows(0, 3)[1]))
        self.assertEqual(sorted(found.of_source("files").values()), sorted(made.files(0, 3)))


class Idempotency(Crash):
    def test_one_key_is_one_operation_across_a_restart(self):
        made = self.installation()
        made.start()
        client = made.client()
        fields = {"idempotencyKey": "one", "inboundSharedUserProfileId": made.user_id(0)}
        first = client.ask("exportPersonalData", **fields)
        again = client.ask("exportPersonalData", **fields)
        self.assertEqual((again["status"], again["operation"]["id"], again["location"]),
                         (202, first["operation"]["id"], first["location"]))
        complete = made.wait_until(client, first["operation"]["id"], "complete")
        for number in (signal.SIGTERM, signal.SIGKILL):
            made.daemon.stop(number)
            made.start_daemon()
            client = made.client()
            again = client.ask("exportPersonalData", **fields)
            self.assertEqual((again["status"], again["operation"]), (202, complete))
            fields_of_another = {**fields, "inboundSharedUserProfileId": made.user_id(1)}
            self.assert_refused(client.ask("exportPersonalData", **fields_of_another), 409,
                                "conflict", "idempotencyKeyReused")
        self.assertEqual(len(list(client.pages("listOperations"))), 1)

    def test_the_same_key_many_times_at_once_is_one_operation(self):
        made = self.installation()
        made.start_daemon()
        clients = [made.client() for _ in range(4)]
        for _ in range(25):
            for client in clients:
                client.send("exportPersonalData", idempotencyKey="storm",
                            inboundSharedUserProfileId=made.user_id(0))
        found = {c.receive()["operation"]["id"] for _ in range(25) for c in clients}
        self.assertEqual(len(found), 1)

    def test_without_a_key_each_request_is_an_operation(self):
        made = self.installation()
        made.start_daemon()
        client = made.client()
        self.assertNotEqual(client.export(made.user_id(0))["id"],
                            client.export(made.user_id(0))["id"])


class OneStore(Crash):
    def test_a_second_daemon_on_the_same_store_refuses_to_start(self):
        made = self.installation()
        made.start_daemon()
        client = made.client()
        operation = client.export(made.user_id(0))
        shutil.copy(made.directory / "exportd.yaml", made.directory / "second.yaml")

        def elsewhere(settings):
            for name in ("requests", "jobs", "reports", "status"):
                settings["sockets"][name] = f"ipc://{made.directory}/second-{name}.socket"
        made.configure("second", elsewhere)
        second = made.run("exportd", "second")
        self.addCleanup(second.release)
        self.assertGreater(second.wait(), 0, second.text())
        self.assertEqual(client.ask("getOperation", operationId=operation["id"])["status"], 200)

    def test_a_daemon_started_twice_by_mistake_does_not_disturb_the_first(self):
        made = self.installation()
        made.start_daemon()
        client = made.client()
        second = made.run("exportd", "second", "exportd")
        self.addCleanup(second.release)
        self.assertGreater(second.wait(), 0, second.text())
        self.assertEqual(client.ask("getStatistics")["status"], 200)
        self.assertEqual(made.client().ask("getStatistics")["status"], 200)
        made.start_worker(0)
        operation = client.export(made.user_id(0))
        made.wait_until(client, operation["id"], "complete")

    def test_a_second_daemon_on_the_same_port_refuses_to_start(self):
        made = self.installation()
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            made.configure("exportd", lambda s: s["sockets"].update(
                reports=f"tcp://127.0.0.1:{taken.getsockname()[1]}"))
            daemon = made.run("exportd", "exportd")
            self.addCleanup(daemon.release)
            self.assertGreater(daemon.wait(), 0, daemon.text())
            self.assertIn("already in use", daemon.text())


class Keys(Crash):
    def install(self, made, *names):
        """Makes the key set that of these keys, by renaming over it, and has it read again."""
        keys = []
        for name in names:
            path = made.directory / "keys" / f"{name}.json"
            keys += json.loads(path.read_text())["keys"]
        self.replace(made, json.dumps({"keys": keys}))

    def replace(self, made, text):
        new = made.directory / "keys" / "new"
        new.write_text(text)
        new.rename(made.directory / "keys" / "keys.json")
        size = len(made.daemon.text())
        made.daemon.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + harness.TIMEOUT
        while len(made.daemon.text()) == size:  # A reload is a decision, so it is logged.
            self.assertLess(time.monotonic(), deadline, "nothing is logged about the reload")
            made.client().ask("ping")

    def test_sighup_reads_the_key_set_again(self):
        made = self.installation()
        shutil.copy(made.directory / "keys" / "keys.json", made.directory / "keys" / "old.json")
        made.tool("key", made.directory, "new-key")
        made.start_daemon()
        old = made.client()
        new = made.client(token=made.token(key="new-key"))
        self.assert_refused(new.ask("getStatistics"), 401, "unauthorized", "tokenKeyUnknown")
        self.assertEqual(old.ask("getStatistics")["status"], 200)

        self.install(made, "old", "new-key")
        self.assertEqual(new.ask("getStatistics")["status"], 200)
        self.assertEqual(old.ask("getStatistics")["status"], 200)

        for broken in ("", "{", "[]", '{"keys": []}', "x" * 70000):
            self.replace(made, broken)
            self.assertEqual(new.ask("getStatistics")["status"], 200, broken[:20])
            self.assertEqual(old.ask("getStatistics")["status"], 200, broken[:20])

        self.install(made, "new-key")
        self.assertEqual(new.ask("getStatistics")["status"], 200)
        self.assert_refused(old.ask("getStatistics"), 401, "unauthorized", "tokenKeyUnknown")


if __name__ == "__main__":
    harness.main()
