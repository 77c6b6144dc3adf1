#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Operations that await approval: four eyes, who may decide, what is kept of a decision and where
it must not be. Real processes, frames put together here."""
import json
import re
import signal
import sqlite3
import subprocess
import uuid

import bundle
import harness

APPROVE = "Exports.Approve"
FIRST = "0b1ec700-0000-4000-8000-000000000011"
SECOND = "0b1ec700-0000-4000-8000-000000000012"
REASON = "Asked for by Zdenka Marešová, letter of 3 May"


class Approval(harness.Case):
    def made(self, approval="manual", tenants=(), workers=1, **options):
        made = self.installation(workers=workers, **options)

        def change(values):
            values["permissions"] = {"approver_scope": APPROVE}
            values["operations"].update(approval=approval, tenants=[
                {"tenant_id": made.tenant_id(t), "approval": a} for t, a in tenants])
        made.configure("exportd", change)
        return made

    @staticmethod
    def approver(made, person=FIRST, tenant=0, scope=APPROVE):
        return made.client(token=made.token(tenant, oid=person, scp=scope))

    @staticmethod
    def approve(client, identifier, **more):
        return client.ask("approveOperation", operationId=identifier, **more)

    @staticmethod
    def deny(client, identifier, reason="no"):
        return client.ask("denyOperation", operationId=identifier, reason=reason)

    def awaiting(self, client, person):
        operation = client.export(person)
        self.assertEqual((operation["status"], operation["stage"], operation["approval"]),
                         ("notStarted", "awaitingApproval", "manual"))
        return operation["id"]

    def assert_receipts_hold(self, made, receipts, number):
        store = made.directory / made.configuration()["store"]["directory"]
        result = subprocess.run(
            [harness.PROGRAMS / "exportctl", "audit", "verify", "--store", store, "--receipts", receipts],
            capture_output=True, text=True, timeout=harness.TIMEOUT, check=False)
        self.assertEqual(result.returncode, 0, result)
        self.assertIn(f"receipts {number},", result.stdout)

    def operation(self, client, identifier):
        return client.ask("getOperation", operationId=identifier)["operation"]


class Decisions(Approval):
    def test_an_operation_waits_for_another_person_and_then_goes_on(self):
        made = self.made()
        made.start()
        client = made.client()
        identifier = self.awaiting(client, made.user_id(1))
        watcher = made.watcher(identifier)
        statistics = client.ask("getStatistics")["statistics"]
        self.assertEqual((statistics["awaitingApproval"], statistics["queued"]), (1, 0))
        reply = self.approve(self.approver(made), identifier, reason=REASON)
        self.assertEqual(reply["status"], 200, reply)
        self.assertEqual((reply["operation"]["decidedBy"], reply["operation"]["decisionReason"]),
                         (FIRST, REASON))
        self.assertIn("decidedDateTime", reply["operation"])
        done = made.wait_until(client, identifier, "complete")
        self.assertEqual((done["approval"], done["decidedBy"], done["decisionReason"]),
                         ("manual", FIRST, REASON))
        bundle.check_person(made, done, 0, 1)
        events, _ = client.events(operationId=identifier)
        self.assertEqual([e["kind"] for e in events],
                         ["accepted", "approved", "started", "completed"])
        self.assert_reason_is_nowhere_else(made, watcher, events)

    def assert_reason_is_nowhere_else(self, made, watcher, events):
        """The reason may name people: it is in one table of the store, and in no log or event."""
        while not any(e.get("status") == "complete" for e in watcher.events):
            self.assertIsNotNone(watcher.next(harness.TIMEOUT))
        self.assertNotIn(REASON, repr(watcher.events) + repr(events))
        self.assertNotIn(REASON, made.logs())
        made.daemon.stop()
        with sqlite3.connect(made.directory / "store/store.db") as store:
            tables = [r[0] for r in store.execute("SELECT name FROM sqlite_master"
                                                  " WHERE type = 'table'")]
            holding = [t for t in tables if REASON.encode() in repr(
                store.execute(f"SELECT * FROM {t}").fetchall()).encode()]
        self.assertEqual(holding, ["reasons"])

    def test_nobody_decides_about_his_own_request(self):
        made = self.made()
        made.start_daemon()
        both = f"{harness.SCOPE} {APPROVE}"
        client = self.approver(made, harness.CALLER, scope=both)
        identifier = self.awaiting(client, made.user_id(1))
        self.assert_refused(self.approve(client, identifier), 403, "forbidden", "ownRequest",
                            "operationId")
        self.assert_refused(self.deny(client, identifier), 403, "forbidden", "ownRequest")
        self.assertEqual(self.operation(client, identifier)["stage"], "awaitingApproval")
        # Nor by way of a retry: what it makes is the request of who retries.
        self.assertEqual(self.deny(self.approver(made), identifier)["status"], 200)
        other = self.approver(made, SECOND, scope=both)
        retry = other.ask("retryOperation", operationId=identifier)["operation"]
        self.assertEqual((retry["stage"], retry["requestedBy"]), ("awaitingApproval", SECOND))
        self.assert_refused(self.approve(other, retry["id"]), 403, "forbidden", "ownRequest")
        self.assertEqual(self.approve(client, retry["id"])["operation"]["stage"], "queued")

    def test_who_acts_for_somebody_is_no_second_pair_of_eyes(self):
        made = self.made(tenants=[(1, "automatic")])
        made.start_daemon()
        both = f"{harness.SCOPE} {APPROVE}"
        person = made.user_id(1)
        acting = made.client(token=made.token(
            oid=FIRST, scp=both, act={"sub": "x", "oid": harness.CALLER}))
        himself = self.approver(made, harness.CALLER, scope=both)
        identifier = self.awaiting(himself, person)
        self.assert_refused(self.approve(acting, identifier), 403, "forbidden", "actorNotAdmitted",
                            "operationId")
        self.assert_refused(self.deny(acting, identifier), 403, "forbidden", "actorNotAdmitted")
        self.assert_refused(acting.ask("exportPersonalData", inboundSharedUserProfileId=person),
                            403, "forbidden", "actorNotAdmitted")
        self.assertEqual(self.deny(self.approver(made), identifier)["status"], 200)
        self.assert_refused(acting.ask("retryOperation", operationId=identifier), 403, "forbidden",
                            "actorNotAdmitted")
        # Where nobody need approve, and for who acts for himself, it does not matter.
        elsewhere = made.client(token=made.token(1, act={"sub": "x", "oid": FIRST}))
        self.assertEqual(elsewhere.export(made.user_id(made.people(1)[-1]))["stage"], "queued")
        own = made.client(token=made.token(oid=FIRST, act={"sub": "x", "oid": FIRST}))
        self.awaiting(own, person)

    def test_only_approvers_of_the_tenant_may(self):
        made = self.made()
        made.start_daemon()
        client = made.client()
        identifier = self.awaiting(client, made.user_id(1))
        colleague = made.client(token=made.token(oid=FIRST))
        for decide in (self.approve, self.deny):
            self.assert_refused(decide(colleague, identifier), 403, "forbidden", "scopeMissing")
            for stranger in (self.approver(made, tenant=1),
                             self.approver(made, harness.CALLER, tenant=1)):
                absent = decide(stranger, str(uuid.uuid4()))
                there = decide(stranger, identifier)
                self.assert_refused(there, 404, "notFound", "notFound")
                for reply in (absent, there):
                    reply["requestId"] = reply["error"]["innerError"] = None
                self.assertEqual(absent, there)
            self.assert_refused(decide(self.approver(made), str(uuid.uuid4())), 404, "notFound",
                                "notFound")
        self.assertEqual(self.operation(client, identifier)["stage"], "awaitingApproval")

    def test_what_is_denied_has_failed_and_was_never_started(self):
        made = self.made()
        made.start()
        client = made.client()
        identifier = self.awaiting(client, made.user_id(1))
        self.assert_refused(self.approver(made).ask("denyOperation", operationId=identifier), 400,
                            "badRequest", "fieldMissing", "reason")
        reply = self.deny(self.approver(made), identifier, REASON)
        denied = self.operation(client, identifier)
        self.assertEqual(denied, reply["operation"])
        self.assertEqual((denied["status"], denied["failure"]["code"], denied["decisionReason"]),
                         ("failed", "denied", REASON))
        self.assertEqual((denied["attempt"], denied["storageLocation"]), (0, None))
        why = " ".join(client.ask("explainOperation", operationId=identifier)["explanation"])
        self.assertIn(f"It was denied by {FIRST}", why)
        self.assertEqual([e["kind"] for e in client.events(operationId=identifier)[0]],
                         ["accepted", "failed"])

    def test_the_first_decision_counts_and_repeating_it_is_the_same(self):
        made = self.made()
        made.start_daemon()
        client = made.client()
        approved, denied = (self.awaiting(client, made.user_id(p)) for p in (1, 2))
        first, second = self.approver(made), self.approver(made, SECOND)
        answers = [self.approve(first, approved, reason=REASON)["operation"],
                   self.deny(first, denied, REASON)["operation"]]
        self.assertEqual([self.approve(first, approved, reason="other")["operation"],
                          self.deny(first, denied, "other")["operation"]], answers)
        for client, decide, identifier in ((first, self.deny, approved),
                                           (first, self.approve, denied),
                                           (second, self.approve, approved),
                                           (second, self.deny, denied)):
            self.assert_refused(decide(client, identifier), 409, "conflict", "operationDecided",
                                "operationId")

    def test_a_decision_carries_a_receipt_of_an_event_that_holds_it(self):
        made = self.made()
        made.start()
        client = made.client()
        approved, denied = (self.awaiting(client, made.user_id(p)) for p in (1, 2))
        approver = self.approver(made)
        replies = [self.approve(approver, approved), self.deny(approver, denied)]
        made.wait_until(client, approved, "complete")
        replies += [self.approve(approver, approved), self.deny(approver, denied)]
        events, _ = client.events(operationId=approved)
        sequence = {event["kind"]: event["sequence"] for event in events}
        self.assertEqual(replies[0]["receipt"]["sequence"], sequence["approved"])
        self.assertEqual(replies[2]["receipt"]["sequence"], sequence["completed"])
        self.assertEqual(replies[1]["receipt"]["sequence"], replies[1]["operation"]["sequence"])
        self.assertEqual(replies[3], {**replies[1], "requestId": replies[3]["requestId"]})
        receipts = made.directory / "receipts"
        receipts.write_text("".join(json.dumps({"operationId": r["operation"]["id"], **r["receipt"]}) + "\n"
                                    for r in replies))
        self.assert_receipts_hold(made, receipts, 4)

    def test_what_needs_no_approval_or_was_cancelled_is_not_decided(self):
        made = self.made("automatic", tenants=[(1, "manual")])
        made.start_daemon()
        client = made.client(0)
        automatic = client.export(made.user_id(1))
        self.assertEqual((automatic["stage"], automatic["approval"]), ("queued", "automatic"))
        self.assert_refused(self.approve(self.approver(made), automatic["id"]), 409, "conflict",
                            "operationNotAwaiting")
        other = made.client(1)
        identifier = self.awaiting(other, made.user_id(made.people(1)[0]))
        cancelled = other.ask("cancelOperation", operationId=identifier)["operation"]
        self.assertEqual(cancelled["failure"]["code"], "cancelled")
        self.assert_refused(self.approve(self.approver(made, tenant=1), identifier), 409,
                            "conflict", "operationNotAwaiting")


class Waiting(Approval):
    def test_waiting_outlives_a_kill_and_decisions_too(self):
        made = self.made()
        made.start()
        client = made.client()
        waiting, approved = (self.awaiting(client, made.user_id(p)) for p in (1, 2))
        made.workers[0].stop()
        self.approve(self.approver(made), approved, reason=REASON)
        made.daemon.stop(signal.SIGKILL)
        made.start_daemon()
        self.assertEqual(self.operation(client, waiting)["stage"], "awaitingApproval")
        self.assertEqual(self.operation(client, approved)["decisionReason"], REASON)
        made.start_worker()
        made.wait_until(client, approved, "complete")
        self.assertEqual(self.operation(client, waiting)["stage"], "awaitingApproval")
        self.assertEqual([e["kind"] for e in client.events(operationId=waiting)[0]], ["accepted"])
        self.approve(self.approver(made), waiting)
        bundle.check_person(made, made.wait_until(client, waiting, "complete"), 0, 1)

    def test_what_awaits_approval_can_be_listed(self):
        made = self.made(tenants=[(1, "automatic")], profiles=24)
        made.start_daemon()
        client = made.client()
        waiting = [self.awaiting(client, made.user_id(p)) for p in list(made.people(0))[:7]]
        made.client(1).export(made.user_id(made.people(1)[0]))
        for identifier in waiting[:3]:
            self.approve(self.approver(made), identifier)
        listed = list(client.pages("listOperations", stage="awaitingApproval", top=2))
        self.assertEqual([o["id"] for o in listed], sorted(waiting[3:], reverse=True))
        queued = list(client.pages("listOperations", stage="queued", top=2))
        self.assertEqual([o["id"] for o in queued], sorted(waiting[:3], reverse=True))
        page = client.ask("listOperations", stage="awaitingApproval", top=2)
        self.assert_refused(client.ask("listOperations", stage="queued", next=page["next"]), 400,
                            "badRequest", "nextValueInvalid")
        self.assertEqual(list(made.client(1).pages("listOperations", stage="awaitingApproval")), [])
        why = " ".join(client.ask("explainOperation", operationId=waiting[5])["explanation"])
        self.assertIn("It awaits the approval of an approver", why)
        self.assertIn(harness.CALLER, why)


class Control(Approval):
    def control(self, made, token, *arguments, stdin=None):
        path = made.directory / "token"
        path.write_text(token)
        path.chmod(0o600)
        return subprocess.run(
            [harness.PROGRAMS / "exportctl", "--server", made.endpoint("requests"), "--token-file",
             path, *arguments], capture_output=True, text=True, timeout=harness.TIMEOUT, input=stdin,
            check=False)

    def test_exportctl_lists_approves_denies_and_explains(self):
        made = self.made()
        made.start_daemon()
        client = made.client()
        ids = [self.awaiting(client, made.user_id(p)) for p in (1, 2, 3)]
        token = made.token(oid=FIRST, scp=f"{harness.SCOPE} {APPROVE}")
        pending = self.control(made, token, "pending")
        self.assertEqual(re.findall(r"^[0-9a-f-]{36}", pending.stdout, re.M),
                         sorted(ids, reverse=True), pending)
        self.assertIn(harness.CALLER, pending.stdout)
        self.assertIn("exportctl approve", self.control(made, token, "why", ids[0]).stdout)
        kept = made.directory / "kept"
        approved = self.control(made, token, "approve", ids[0], ids[1], "--reason", REASON, "--receipt", kept)
        self.assertEqual((approved.returncode, approved.stdout),
                         (0, f"{ids[0]}  approved\n{ids[1]}  approved\n"), approved)
        self.assertEqual(self.control(made, token, "deny", ids[2]).returncode, 2)
        denied = self.control(made, token, "deny", ids[2], "--reason", "unsigned", "--receipt", kept)
        self.assertEqual((denied.returncode, denied.stdout), (0, f"{ids[2]}  denied\n"), denied)
        self.assertEqual([json.loads(line)["operationId"] for line in kept.read_text().splitlines()], ids)
        self.assert_receipts_hold(made, kept, 3)
        shown = self.control(made, token, "get", ids[0]).stdout
        self.assertIn(REASON, shown)
        self.assertIn(FIRST, shown)
        own = self.control(made, made.token(scp=APPROVE), "approve", ids[0])
        self.assertEqual(own.returncode, 3)
        self.assertIn("Ask another approver", own.stderr)
        self.assertEqual(self.control(made, token, "pending").stdout.count("\n"), 1)

    def test_exportctl_takes_the_reason_from_a_file_so_that_nobody_sees_it_among_the_arguments(self):
        made = self.made()
        made.start_daemon()
        client = made.client()
        ids = [self.awaiting(client, made.user_id(p)) for p in (1, 2)]
        token = made.token(oid=FIRST, scp=f"{harness.SCOPE} {APPROVE}")
        file = made.directory / "reason"
        for content, said in ((b"", "is empty"), (b"\n\r\n", "is empty"), (b"a\0b", "is no text"), (b"x" * 2051, "is longer"),
                              (b"x" * 513, "reason")):
            file.write_bytes(content)
            refused = self.control(made, token, "deny", ids[0], "--reason-file", file)
            self.assertNotEqual(refused.returncode, 0, content)
            self.assertIn(said, refused.stderr)
        file.write_text(f"{REASON}\n")
        both = self.control(made, token, "deny", ids[0], "--reason-file", file, "--reason", "other")
        self.assertEqual((both.returncode, both.stdout), (2, ""), both)
        for unread in (file.parent / "none", file.parent):
            self.assertEqual(self.control(made, token, "deny", ids[0], "--reason-file", unread).returncode, 6)
        self.assertEqual(len(list(client.pages("listOperations", stage="awaitingApproval"))), 2)
        self.assertEqual(self.control(made, token, "deny", ids[0], "--reason-file", file).returncode, 0)
        self.assertEqual(self.control(made, token, "approve", ids[1], "--reason-file", "-", stdin=REASON).returncode, 0)
        self.assertEqual([client.ask("getOperation", operationId=i)["operation"]["decisionReason"] for i in ids], [REASON, REASON])

    def test_manual_approval_without_an_approver_scope_is_refused_at_the_start(self):
        made = self.made()
        made.configure("exportd", lambda s: s.pop("permissions"))
        daemon = made.run("exportd", "exportd")
        self.assertNotEqual(daemon.wait(), 0)
        self.assertRegex(daemon.text(), r"exportd\.yaml:\d+: operations\.approval: found manual")


if __name__ == "__main__":
    harness.main()
