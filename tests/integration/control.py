#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What people do to operations: cancel, retry, ask why, pause and resume, and the limits that the
configuration sets. Real processes, frames put together here."""
import signal
import time
import uuid

import bundle
import harness
import joined_logs

SOMEBODY = "0b1ec700-0000-4000-8000-000000000002"
OPERATOR = "0b1ec700-0000-4000-8000-000000000003"
APPROVE = "Exports.Approve"


class Control(harness.Case):
    def made(self, slow_rows=None, settings=None, workers=1, **options):
        made = self.installation(workers=workers, **options)

        def change(values):
            values["permissions"] = {
                "approver_scope": APPROVE,
                "operators": [{"tenant_id": made.tenant_id(0), "object_id": OPERATOR}]}
            values.setdefault("dispatch", {}).update(settings or {})
        made.configure("exportd", change)
        if slow_rows:
            made.configure("worker-0", harness.slow(slow_rows))
        return made

    def operator(self, made):
        return made.client(token=made.token(oid=OPERATOR, scp="openid"))

    def cancel(self, client, identifier):
        return client.ask("cancelOperation", operationId=identifier)

    def files(self, made):
        return [p for p in (made.directory / "bundles").rglob("*") if p.is_file()]

    def wait_for_no_files(self, made):
        deadline = time.monotonic() + harness.TIMEOUT
        while self.files(made):
            self.assertLess(time.monotonic(), deadline, self.files(made))
            time.sleep(0.02)

    def why(self, client, identifier):
        reply = client.ask("explainOperation", operationId=identifier)
        self.assertEqual(reply["status"], 200, reply)
        self.assertEqual(reply["operation"]["id"], identifier)
        return " ".join(reply["explanation"])


class Joined(Control):
    def test_a_line_that_is_missing_from_the_log_is_missed(self):
        """What every black-box test is asked at its end, asked of logs that lack something."""
        made = self.made()
        made.start_daemon()
        client = made.client()
        client.ask("cancelOperation", operationId=client.export(made.user_id(0))["id"])
        made.daemon.stop()
        store, log = made.directory / "store" / "store.db", made.daemon.text()
        self.assertEqual([event[1] for event in joined_logs.stored(store)], ["accepted", "failed"])
        self.assertEqual(joined_logs.unexplained(store, log), [])
        for lacks, said in (("event=accepted ", "no line"), ("event=failed ", "no line"), ("event=cancelled ", "nobody decided")):
            lines = "\n".join(line for line in log.splitlines() if lacks not in line)
            self.assertEqual([found[0] for found in joined_logs.unexplained(store, lines)], [said])


class Cancel(Control):
    def assert_cancelled(self, operation, by=harness.CALLER):
        self.assertEqual((operation["status"], operation["stage"]), ("failed", "failed"))
        self.assertEqual(operation["failure"]["code"], "cancelled")
        self.assertFalse(operation["failure"]["retryable"])
        self.assertEqual(operation["cancelledBy"], by)
        self.assertIsNone(operation["storageLocation"])
        self.assertIsNotNone(operation["completedDateTime"])

    def test_a_running_operation_is_stopped_and_leaves_no_file_and_a_free_slot(self):
        made = self.made(slow_rows=10 ** 8, slots=1)
        made.start()
        client = made.client()
        operation = client.export(made.user_id(1))
        watcher = made.watcher(operation["id"])
        made.wait_until(client, operation["id"], "running")
        while not self.files(made):
            time.sleep(0.01)
        reply = self.cancel(client, operation["id"])
        self.assertEqual(reply["status"], 200, reply)
        self.assert_cancelled(reply["operation"])
        self.wait_for_no_files(made)
        made.configure("worker-0", lambda s: None)
        again = client.export(made.user_id(2))
        made.wait_until(client, again["id"], "running")  # the only slot is free again
        self.cancel(client, again["id"])
        self.wait_for_no_files(made)
        while not any(e["status"] == "failed" for e in watcher.events):
            self.assertIsNotNone(watcher.next(harness.TIMEOUT))
        self.assertEqual(watcher.events[-1]["failureCode"], "cancelled")
        self.assert_cancelled(made.wait_until(client, operation["id"], "failed"))
        self.assertIn("cancelled", made.workers[0].text())

    def test_a_queued_operation_never_starts_and_cancelling_twice_is_the_same(self):
        made = self.made()
        made.start_daemon()
        client = made.client()
        operation = client.export(made.user_id(1))
        first = self.cancel(client, operation["id"])
        second = self.cancel(client, operation["id"])
        self.assert_cancelled(first["operation"])
        self.assertEqual(first["operation"], second["operation"])
        made.daemon.stop(signal.SIGKILL)
        made.start_daemon()
        made.start_worker()
        other = client.export(made.user_id(2))
        made.wait_until(client, other["id"], "complete")
        events, _ = client.events(operationId=operation["id"])
        self.assertEqual([e["kind"] for e in events], ["accepted", "failed"])

    def test_only_the_requester_and_approvers_of_the_tenant_may(self):
        made = self.made()
        made.start_daemon()
        client = made.client()
        operation = client.export(made.user_id(1))
        colleague = made.client(token=made.token(oid=SOMEBODY))
        self.assert_refused(self.cancel(colleague, operation["id"]), 403, "forbidden",
                            "notRequester", "operationId")
        stranger = made.client(tenant=1)
        self.assert_refused(self.cancel(stranger, operation["id"]), 404, "notFound", "notFound")
        foreign_approver = made.client(token=made.token(1, oid=SOMEBODY, scp=APPROVE))
        self.assert_refused(self.cancel(foreign_approver, operation["id"]), 404, "notFound",
                            "notFound")
        self.assertEqual(client.ask("getOperation", operationId=operation["id"])
                         ["operation"]["status"], "notStarted")
        approver = made.client(token=made.token(oid=SOMEBODY, scp=APPROVE))
        self.assert_refused(approver.ask("getOperation", operationId=operation["id"]), 403,
                            "forbidden", "scopeMissing")
        self.assert_cancelled(self.cancel(approver, operation["id"])["operation"], SOMEBODY)

    def test_what_is_complete_stays_complete(self):
        made = self.made()
        made.start()
        client = made.client()
        operation = client.export(made.user_id(1))
        done = made.wait_until(client, operation["id"], "complete")
        self.assert_refused(self.cancel(client, operation["id"]), 409, "conflict",
                            "operationEnded", "operationId")
        self.assertEqual(client.ask("getOperation", operationId=operation["id"])["operation"],
                         done)
        bundle.check_person(made, done, 0, 1)

    def test_cancelling_what_does_not_exist_is_not_found(self):
        made = self.made()
        made.start_daemon()
        self.assert_refused(self.cancel(made.client(), str(uuid.uuid4())), 404, "notFound",
                            "notFound")


class Retry(Control):
    def test_a_failed_operation_is_retried_by_one_new_one(self):
        made = self.made()
        made.start_daemon()
        client = made.client()
        operation = client.export(made.user_id(1), idempotencyKey="k-1")
        self.assert_refused(client.ask("retryOperation", operationId=operation["id"]), 409,
                            "conflict", "operationNotFailed", "operationId")
        failed = self.cancel(client, operation["id"])["operation"]
        self.assert_refused(made.client(1).ask("retryOperation", operationId=operation["id"]),
                            404, "notFound", "notFound")
        reply = client.ask("retryOperation", operationId=operation["id"])
        self.assertEqual(reply["status"], 202, reply)
        retry = reply["operation"]
        self.assertEqual(retry["retryOf"], operation["id"])
        self.assertNotEqual(retry["id"], operation["id"])
        self.assertTrue(reply["location"].endswith(retry["id"]))
        made.daemon.stop(signal.SIGKILL)
        made.start_daemon()
        again = client.ask("retryOperation", operationId=operation["id"])
        self.assertEqual((again["status"], again["operation"]["id"]), (202, retry["id"]))
        made.start_worker()
        bundle.check_person(made, made.wait_until(client, retry["id"], "complete"), 0, 1)
        # The failed one and its key stay what they were.
        self.assertEqual(client.ask("getOperation", operationId=operation["id"])["operation"],
                         failed)
        self.assertEqual(client.export(made.user_id(1), idempotencyKey="k-1")["id"],
                         operation["id"])


class Why(Control):
    def test_each_stage_is_explained(self):
        made = self.made(slow_rows=10 ** 8, slots=1, settings={"maximum_running": 1})
        made.start_daemon()
        client = made.client()
        first = client.export(made.user_id(1))["id"]
        second = client.export(made.user_id(2))["id"]
        self.assertIn("No worker is connected.", self.why(client, first))
        self.assertIn("It is the next of its tenant.", self.why(client, first))
        self.assertIn("1 older operation of its tenant goes first.", self.why(client, second))
        made.start_worker()
        made.wait_until(client, first, "running")
        self.assertRegex(self.why(client, first), r"Attempt 1 is gathering .* at worker ")
        self.assertIn("as many as it may", self.why(client, second))
        operator = self.operator(made)
        operator.ask("pauseDispatch", tenantId=made.tenant_id(0))
        self.assertIn("An operator has paused its tenant", self.why(client, second))
        operator.ask("pauseDispatch")
        self.assertIn("An operator has paused all dispatch", self.why(client, second))
        self.cancel(client, first)
        self.assertIn(f"cancelled by {harness.CALLER}", self.why(client, first))
        self.assertIn("exportctl retry", self.why(client, first))
        self.assert_refused(made.client(1).ask("explainOperation", operationId=first), 404,
                            "notFound", "notFound")

    def test_a_lost_worker_is_named_as_the_reason(self):
        made = self.made(slow_rows=10 ** 8, slots=1, settings={"lease_ms": 500})
        made.start()
        client = made.client()
        operation = client.export(made.user_id(1))
        made.wait_until(client, operation["id"], "running")
        made.workers[0].stop(signal.SIGKILL)
        back = made.wait_until(client, operation["id"], "notStarted")
        self.assertEqual((back["failure"]["code"], back["lostAttempts"]), ("workerLost", 1))
        text = self.why(client, operation["id"])
        self.assertIn("(workerLost)", text)
        self.assertIn("of 3 that may be lost with their worker, 1 were", text)


class Pause(Control):
    def test_a_paused_tenant_waits_over_a_restart_and_others_go_on(self):
        made = self.made(slots=2)
        made.start()
        operator = self.operator(made)
        mine, theirs = made.client(0), made.client(1)
        reply = operator.ask("pauseDispatch", tenantId=made.tenant_id(0))
        self.assertEqual(reply["pauses"], {"everything": False, "tenants": [made.tenant_id(0)]})
        waiting = mine.export(made.user_id(1))
        self.assertTrue(mine.ask("getStatistics")["statistics"]["paused"])
        self.assertFalse(theirs.ask("getStatistics")["statistics"]["paused"])
        person = made.people(1)[0]
        made.wait_until(theirs, theirs.export(made.user_id(person))["id"], "complete")
        made.daemon.stop(signal.SIGKILL)
        made.start_daemon()
        self.assertEqual(operator.ask("getPauses")["pauses"]["tenants"], [made.tenant_id(0)])
        made.wait_workers(1)
        made.wait_until(theirs, theirs.export(made.user_id(person))["id"], "complete")
        events, _ = mine.events(operationId=waiting["id"])
        self.assertEqual([e["kind"] for e in events], ["accepted"])
        self.assertEqual(operator.ask("resumeDispatch", tenantId=made.tenant_id(0))["pauses"],
                         {"everything": False, "tenants": []})
        made.wait_until(mine, waiting["id"], "complete")

    def test_pausing_everything_lets_finish_what_runs(self):
        made = self.made(slow_rows=harness.ROWS, slots=1)
        made.start()
        client = made.client()
        running = client.export(made.user_id(1))
        waiting = client.export(made.user_id(2))
        made.wait_until(client, running["id"], "running")
        operator = self.operator(made)
        self.assertTrue(operator.ask("pauseDispatch")["pauses"]["everything"])
        made.wait_until(client, running["id"], "complete")
        self.assertEqual(len(client.events(operationId=waiting["id"])[0]), 1)
        operator.ask("resumeDispatch")
        made.wait_until(client, waiting["id"], "complete")

    def test_only_operators_may(self):
        made = self.made()
        made.start_daemon()
        for client in (made.client(0), made.client(token=made.token(1, oid=OPERATOR)),
                       made.client(token=made.token(oid=SOMEBODY, scp=APPROVE))):
            for kind in ("pauseDispatch", "resumeDispatch", "getPauses"):
                self.assert_refused(client.ask(kind), 403, "forbidden", "operatorNeeded")
        self.assertFalse(self.operator(made).ask("getPauses")["pauses"]["everything"])
        self.assert_refused(
            self.operator(made).ask("pauseDispatch", tenantId=str(uuid.UUID(int=0))), 400,
            "badRequest", "fieldValue", "tenantId")

    def test_pauses_are_bounded(self):
        made = self.made()
        made.start_daemon()
        operator = self.operator(made)
        for number in range(256):
            tenant = str(uuid.UUID(int=number + 1))
            self.assertEqual(operator.ask("pauseDispatch", tenantId=tenant)["status"], 200)
        self.assert_refused(operator.ask("pauseDispatch", tenantId=str(uuid.uuid4())), 409,
                            "conflict", "tooManyPauses", "tenantId")
        again = operator.ask("pauseDispatch", tenantId=tenant)
        self.assertEqual(again["status"], 200, again)
        self.assertEqual(operator.ask("pauseDispatch")["status"], 200)
        self.assertEqual(len(operator.ask("getPauses")["pauses"]["tenants"]), 256)


class Limits(Control):
    def test_a_tenant_has_no_more_running_than_it_may(self):
        made = self.made(slow_rows=harness.ROWS // 4, slots=4, profiles=24,
                         settings={"maximum_running": 4})

        def limit(values):
            values["dispatch"]["tenants"] = [
                {"tenant_id": made.tenant_id(0), "maximum_running": 1}]
        made.configure("exportd", limit)
        made.start()
        client = made.client()
        made_ones = [client.export(made.user_id(p))["id"] for p in list(made.people(0))[:4]]
        for identifier in made_ones:
            made.wait_until(client, identifier, "complete")
        running, most = 0, 0
        for event in client.events()[0]:
            running += {"started": 1, "completed": -1, "requeued": -1}.get(event["kind"], 0)
            most = max(most, running)
        self.assertEqual(most, 1)


if __name__ == "__main__":
    harness.main()
