#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A right that is taken back between the accept, the gathering and the reading of an export (A06). A table of what is
taken back by when it is: the export stops at the next check and leaves no bundle, and nobody else's is touched."""
import json
import sqlite3
import time
import uuid

import harness
import msgpack
import noop
import peers

APPROVE = "Exports.Approve"
APPROVER = "0b1ec700-0000-4000-8000-000000000011"
ROUNDS = harness.share(3, 1)
PROFILES = 64  # of two tenants, which share the middle half
SHARED = PROFILES // 4
# What is taken back: what becomes of an export that is not complete, and what its requester is told who reads on.
WHAT = {
    "requester": ("requesterRevoked", 401, "personRevoked"),
    "actor": ("requesterRevoked", 401, "personRevoked"),
    "profile": ("profileNotFound", 200, 200),
    "token": (None, 401, "tokenRevoked"),
    "scope": (None, 403, "scopeMissing"),
}
READS = {"getOperation": True, "explainOperation": True, "listOperations": False, "eventsSince": False}


class Case:
    """One cell of the table: who requested an export and loses what, and two whom it must not concern."""

    def __init__(self, made, what, number):
        self.what, self.made = what, made
        self.user = made.user_id(SHARED + number)
        self.oid, self.uti, self.actor = str(uuid.uuid4()), uuid.uuid4().hex, str(uuid.uuid4())
        acted = {"act": {"sub": "service", "oid": self.actor}} if what == "actor" else {}
        self.client = made.client(token=made.token(oid=self.oid, uti=self.uti, **acted))
        self.bystanders = [(made.client(), made.user_id(0)),
                           (made.client(token=made.token(1, oid=self.oid, **acted)), self.user)]

    def export(self):
        self.id = self.client.export(self.user)["id"]
        self.others = [(client, client.export(user)["id"]) for client, user in self.bystanders]

    def all(self):
        return [(self.client, self.id), *self.others]

    def owner(self):
        """Somebody else of the tenant, who may read what becomes of it."""
        return self.bystanders[0][0]

    def persons(self):
        persons = {"requester": [self.oid], "actor": [self.actor]}
        return [{"tid": self.made.tenant_id(0), "oid": oid} for oid in persons.get(self.what, [])]

    def tokens(self):
        return [self.uti] if self.what == "token" else []

    def take_back(self):
        """What no file of revocations says."""
        if self.what == "profile":
            with sqlite3.connect(self.made.directory / "registry.db") as registry:
                registry.execute("DELETE FROM profiles WHERE tenant_id = ? AND user_id = ?",
                                 (self.made.tenant_id(0), self.user))
        if self.what == "scope":
            self.client.token = self.made.token(oid=self.oid, scp="User.Read")


class Revoked(harness.Case):
    def made(self, approval="automatic", workers=1):
        made = self.installation(profiles=PROFILES, workers=workers, slots=16)
        self.path = made.directory / "revocations.json"
        self.path.write_text("{}")

        def change(settings):
            settings["tokens"]["revocations"] = str(self.path)
            settings["permissions"] = {"approver_scope": APPROVE}
            settings["operations"]["approval"] = approval
            settings["dispatch"]["offer_timeout_ms"] = 60000
        made.configure("exportd", change)
        if workers:
            made.configure("worker-0", lambda s: (s["sources"][0].update(busy_timeout_ms=600000),
                                                  s["worker"].update(slots=64)))
        made.start_daemon()
        return made

    def revoke(self, made, cases, is_running=True):
        self.path.write_text(json.dumps({"tokens": [t for c in cases for t in c.tokens()],
                                         "persons": [p for c in cases for p in c.persons()]}))
        for case in cases:
            case.take_back()
        if is_running:
            before, client = made.daemon.text().count("event=reloaded revocations="), made.client(token="none")
            made.daemon.send_signal(harness.signal.SIGHUP)
            while made.daemon.text().count("event=reloaded revocations=") == before:
                client.ask("ping", token=None)


class Table(Revoked):
    def cases(self, made):
        return [Case(made, what, number * len(WHAT) + i) for number in range(ROUNDS) for i, what in enumerate(WHAT)]

    def bundles(self, made, identifier, ending=".zip"):
        return [path.name for path in (made.directory / "bundles").rglob(f"{identifier}*{ending}")]

    def check(self, made, case, is_complete=False):
        """The end of the case's export and of the two others, what there is of bundles, and who may read it."""
        code, status, inner = WHAT[case.what]
        code = None if is_complete else code
        operation = made.wait_until(case.owner(), case.id)
        self.assertEqual(operation["status"], "failed" if code else "complete", operation)
        self.assertEqual(operation.get("failure", {}).get("code"), code, operation)
        if code:
            self.assertIsNone(operation["storageLocation"])
            self.gone(made, case.id)
        else:
            self.assertEqual(len(self.bundles(made, case.id)), 1)
        for client, identifier in case.others:
            other = made.wait_until(client, identifier)
            self.assertEqual((other["status"], len(self.bundles(made, identifier))), ("complete", 1), other)
        for kind, is_of_one in READS.items():
            fields = {"operationId": case.id} if is_of_one else {"sequence": 0} if kind == "eventsSince" else {}
            reply = case.client.ask(kind, **fields)
            self.assertEqual(reply["error"]["innerError"]["code"] if "error" in reply else 200, inner, (kind, reply))
            self.assertEqual(reply["status"], status)

    def gone(self, made, identifier):
        """Nothing is left of it but, for a moment, what its worker has not yet removed; it never had its name."""
        deadline = time.monotonic() + peers.TIMEOUT
        while left := self.bundles(made, identifier, ""):
            self.assertEqual(self.bundles(made, identifier), [])
            self.assertLess(time.monotonic(), deadline, left)
            time.sleep(0.01)

    def check_all(self, made, cases, when, **more):
        for case in cases:
            with self.subTest(what=case.what, when=when):
                self.check(made, case, **more)
        before = {case.id: case.owner().ask("getOperation", operationId=case.id)["operation"] for case in cases}
        made.daemon.stop(harness.signal.SIGKILL)
        made.start_daemon()
        for case in cases:
            with self.subTest(what=case.what, when=when + ", after a restart"):
                self.check(made, case, **more)
                self.assertEqual(case.owner().ask("getOperation", operationId=case.id)["operation"], before[case.id])
        print(f"{when}: {len(cases)} cases")

    def hold(self, made):
        """Workers wait for their first source until this is closed."""
        lock = sqlite3.connect(made.directory / "mailbox.db", isolation_level=None)
        self.addCleanup(lock.close)
        lock.execute("BEGIN EXCLUSIVE")
        return lock

    def gathering(self, made):
        cases = self.cases(made)
        made.start_worker()
        lock = self.hold(made)
        for case in cases:
            case.export()
        for case in cases:
            for client, identifier in case.all():
                made.wait_until(client, identifier, "running")
        return cases, lock

    def stopped(self, made, cases):
        """They end without their sources, and the worker is told."""
        for case in cases:
            if WHAT[case.what][0] == "requesterRevoked":
                self.assertEqual(made.wait_until(case.owner(), case.id)["failure"]["code"], "requesterRevoked")
                self.gone(made, case.id)

    def test_while_it_is_queued(self):
        made = self.made()
        cases = self.cases(made)
        for case in cases:
            case.export()
        self.revoke(made, cases)
        for case in cases:
            operation = case.owner().ask("getOperation", operationId=case.id)["operation"]
            self.assertEqual(operation["stage"], "queued")
        made.start_worker()
        self.check_all(made, cases, "queued")

    def test_while_it_is_queued_and_the_daemon_is_down(self):
        made = self.made()
        cases = self.cases(made)
        for case in cases:
            case.export()
        made.daemon.stop(harness.signal.SIGKILL)
        self.revoke(made, cases, is_running=False)
        made.start_daemon()
        made.start_worker()
        self.check_all(made, cases, "queued, daemon down")

    def test_while_it_awaits_approval(self):
        made = self.made("manual")
        made.start_worker()
        cases = [case for case in self.cases(made) if case.what != "actor"]  # who could have none to approve
        for case in cases:
            case.export()
        self.revoke(made, cases)
        approvers = [made.client(token=made.token(tenant, oid=APPROVER, scp=APPROVE)) for tenant in (0, 1)]
        for case in cases:
            for tenant, identifier in ((0, case.id), (0, case.others[0][1]), (1, case.others[1][1])):
                reply = approvers[tenant].ask("approveOperation", operationId=identifier)
                self.assertEqual(reply["status"], 200, reply)
        self.check_all(made, cases, "awaiting approval")

    def test_while_it_is_gathered(self):
        made = self.made()
        cases, lock = self.gathering(made)
        self.revoke(made, cases)
        self.stopped(made, cases)
        lock.close()
        self.check_all(made, cases, "gathering")

    def test_while_it_is_gathered_and_the_daemon_is_down(self):
        made = self.made()
        cases, lock = self.gathering(made)
        made.daemon.stop(harness.signal.SIGKILL)
        self.revoke(made, cases, is_running=False)
        made.start_daemon()
        self.stopped(made, cases)
        lock.close()
        self.check_all(made, cases, "gathering, daemon down")

    def test_after_it_is_complete_and_before_it_is_read(self):
        made = self.made()
        made.start_worker()
        cases = self.cases(made)
        for case in cases:
            case.export()
        for case in cases:
            for client, identifier in case.all():
                made.wait_until(client, identifier)
        self.revoke(made, cases)
        self.check_all(made, cases, "complete", is_complete=True)

    def test_why_says_so_and_somebody_else_may_ask_again(self):
        made = self.made()
        case = Case(made, "requester", 0)
        case.export()
        self.revoke(made, [case])
        made.start_worker()
        made.wait_until(case.owner(), case.id)
        why = " ".join(case.owner().ask("explainOperation", operationId=case.id)["explanation"])
        self.assertIn("Access was taken back from who requested it, or acted for him,", why)
        retry = case.owner().ask("retryOperation", operationId=case.id)["operation"]
        self.assertEqual(made.wait_until(case.owner(), retry["id"])["status"], "complete")
        kinds = [event["kind"] for event in case.owner().events(operationId=case.id)[0]]
        self.assertEqual(kinds, ["accepted", "failed"])


class Reports(Revoked):
    """A worker that goes on as if it had not been told."""

    def setUp(self):
        self.made_up = made = self.made(workers=0)
        self.worker = noop.NoopWorker(made, slots=64, hold=True)
        self.addCleanup(self.worker.close)
        self.told = {"superseded": set(), "recorded": set()}
        self.job_list = []

    def wait(self, condition):
        deadline = time.monotonic() + peers.TIMEOUT
        while not (found := condition()):
            self.worker.heartbeat(time.monotonic())
            while self.worker.jobs.poll(0):
                self.job_list.append(msgpack.unpackb(self.worker.jobs.recv()))
            while self.worker.status.poll(0):
                notice = msgpack.unpackb(self.worker.status.recv_multipart()[1])
                for name, fences in self.told.items():
                    fences.update(notice[name])
            self.assertLess(time.monotonic(), deadline, self.made_up.daemon.text()[-3000:])
            self.worker.jobs.poll(2)
        return found

    def offered(self, case):
        case.export()
        return self.wait(lambda: next((j for j in self.job_list if j["operationId"] == case.id), None))

    def get(self, case):
        return case.owner().ask("getOperation", operationId=case.id)["operation"]

    def repeat(self, report, condition):
        """What goes into a connection that is breaking is lost, so it is said again, as workers do."""
        self.told["superseded"].clear()
        said = 0.0

        def is_so():
            nonlocal said
            if time.monotonic() - said > 0.5:
                said = time.monotonic()
                report()
            return condition()
        self.wait(is_so)

    def assert_ended(self, case, job):
        for report in (lambda: self.worker.report("started", job), lambda: self.worker.done(job),
                       lambda: self.worker.report("failed", job, code="sourceFailed", retryable=True, sources=[]),
                       lambda: self.worker.done(job)):
            self.repeat(report, lambda: job["fence"] in self.told["superseded"])
            operation = self.get(case)
            self.assertEqual((operation["failure"]["code"], operation["storageLocation"]), ("requesterRevoked", None))
        self.assertEqual(self.told["recorded"], set())

    def test_an_offer_that_is_out_is_taken_back(self):
        case = Case(self.made_up, "requester", 0)
        job = self.offered(case)
        self.assertEqual(self.get(case)["stage"], "offered")
        self.revoke(self.made_up, [case])
        self.assertEqual(self.get(case)["failure"]["code"], "requesterRevoked")
        self.assert_ended(case, job)

    def test_a_running_attempt_is_told_at_once_and_its_results_are_late(self):
        case = Case(self.made_up, "requester", 0)
        job = self.offered(case)
        self.worker.report("started", job)
        self.wait(lambda: self.get(case)["status"] == "running")
        self.revoke(self.made_up, [case])
        self.wait(lambda: job["fence"] in self.told["superseded"])
        self.assert_ended(case, job)

    def test_a_running_attempt_is_ended_by_a_start_of_the_daemon(self):
        case = Case(self.made_up, "requester", 0)
        job = self.offered(case)
        self.worker.report("started", job)
        self.wait(lambda: self.get(case)["status"] == "running")
        self.made_up.daemon.stop(harness.signal.SIGKILL)
        self.revoke(self.made_up, [case], is_running=False)
        self.made_up.start_daemon()
        self.assertEqual(self.get(case)["failure"]["code"], "requesterRevoked")
        self.assert_ended(case, job)

    def test_what_waits_for_another_attempt_is_not_tried_again(self):
        case = Case(self.made_up, "requester", 0)
        job = self.offered(case)
        self.worker.report("started", job)
        self.wait(lambda: self.get(case)["status"] == "running")
        self.repeat(lambda: self.worker.report("failed", job, code="sourceUnavailable", retryable=True, sources=[]),
                    lambda: self.get(case)["stage"] != "gathering")
        self.revoke(self.made_up, [case])
        self.wait(lambda: self.get(case)["status"] == "failed")
        self.assertEqual(self.get(case)["failure"]["code"], "requesterRevoked")
        self.assertEqual(self.get(case)["attempt"], 1)


if __name__ == "__main__":
    harness.main()
