#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""One export travels the whole way, and everything that can be asked about it agrees; or it does not, and the log says why."""
import re
import shutil
import sqlite3
import subprocess

import bundle
import harness

PERSON = 3
FIELDS = {"id", "userId", "status", "progress", "submittedDateTime", "completedDateTime",
          "storageLocation", "stage", "attempt", "approval", "requestedBy", "dueDateTime",
          "expirationDateTime", "sequence", "revision", "sources"}
ORDER = {"notStarted": 0, "running": 1, "complete": 2, "failed": 2}
UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")


class OneExport(harness.Case):
    @classmethod
    def setUpClass(cls):
        cls.made = made = harness.Installation(tenants=3, profiles=18)
        cls.addClassCleanup(made.close)
        made.start()
        cls.client = made.client()
        cls.watcher = made.watcher("")
        cls.watcher.settle(made, 2)
        cls.reply = cls.client.ask("exportPersonalData",
                                   inboundSharedUserProfileId=made.user_id(PERSON))
        assert cls.reply["status"] == 202, cls.reply
        cls.accepted = cls.reply["operation"]
        cls.identifier = cls.accepted["id"]
        cls.complete = made.wait_until(cls.client, cls.identifier, "complete")
        while ("complete", cls.identifier) not in [
                (e["status"], e["operationId"]) for e in cls.watcher.events]:
            assert cls.watcher.next(harness.TIMEOUT), "no event of the completion"

    def test_the_request_is_answered_with_202_the_operation_and_where_to_find_it(self):
        self.assertRegex(self.identifier, UUID7)
        self.assertLessEqual(FIELDS, set(self.accepted))
        self.assertEqual(self.accepted["userId"], self.made.user_id(PERSON))
        self.assertEqual(self.accepted["status"], "notStarted")
        self.assertEqual(self.accepted["progress"], 0)
        self.assertEqual(self.accepted["attempt"], 0)
        self.assertEqual(self.accepted["requestedBy"], harness.CALLER)
        self.assertIsNone(self.accepted["completedDateTime"])
        self.assertIsNone(self.accepted["storageLocation"])
        self.assertEqual(self.reply["location"],
                         "https://export.example.org/v1.0/operations/" + self.identifier)
        self.assertEqual(self.reply["retryAfter"], 60)

    def test_the_complete_operation_says_where_its_bundle_is(self):
        self.assertEqual(self.complete["progress"], 100)
        self.assertEqual(self.complete["stage"], "done")
        self.assertEqual(self.complete["attempt"], 1)
        self.assertNotIn("failure", self.complete)
        self.assertIn(self.identifier, self.complete["storageLocation"])
        self.assertGreaterEqual(self.complete["completedDateTime"],
                                self.complete["submittedDateTime"])
        self.assertGreater(self.complete["expirationDateTime"], self.complete["completedDateTime"])

    def test_statuses_are_published_in_a_legal_order(self):
        events = [e for e in self.watcher.events if e["operationId"] == self.identifier]
        stored = [e for e in events if e["kind"] not in ("progress", "snapshot")]
        self.assertEqual([e["kind"] for e in stored], ["accepted", "started", "completed"])
        self.assertEqual([e["status"] for e in stored], ["notStarted", "running", "complete"])
        for before, after in zip(events, events[1:]):
            self.assertLessEqual(ORDER[before["status"]], ORDER[after["status"]], events)
            self.assertLessEqual(before["revision"], after["revision"], events)
            self.assertLessEqual(before["progress"], after["progress"], events)
        self.assertEqual(events[-1]["progress"], 100)

    def test_the_stored_events_are_the_published_ones(self):
        published = [e for e in self.watcher.events if e["operationId"] == self.identifier
                     and e["kind"] not in ("progress", "snapshot")]
        stored, _ = self.client.events(operationId=self.identifier)
        self.assertEqual([e["sequence"] for e in stored], [e["sequence"] for e in published])
        self.assertEqual([e["revision"] for e in stored], list(range(1, len(stored) + 1)))
        self.assertEqual(stored, published)
        self.assertEqual(stored[-1]["sequence"], self.complete["sequence"])
        self.assertEqual(stored[-1]["revision"], self.complete["revision"])

    def test_the_list_holds_the_same_operation(self):
        user = self.made.user_id(PERSON)
        for query in ({}, {"status": "complete"}, {"userId": user}, {"top": 1}):
            with self.subTest(query=query):
                self.assertIn(self.complete, list(self.client.pages("listOperations", **query)))
        self.assertNotIn(self.identifier, [o["id"] for o in self.client.pages(
            "listOperations", status="running")])

    def test_a_late_subscriber_gets_the_last_status_at_once(self):
        watcher = self.made.watcher(self.identifier)
        event = watcher.next(harness.TIMEOUT)
        self.assertIsNotNone(event)
        self.assertEqual((event["status"], event["progress"], event["revision"]),
                         ("complete", 100, self.complete["revision"]))

    def test_the_bundle_holds_everything_of_the_person_and_of_nobody_else(self):
        bundle.check_person(self.made, self.complete, 0, PERSON)

    def test_the_bundle_is_verified_by_unzip_and_sha256sum(self):
        folder = self.made.directory / "unpacked"
        subprocess.run(["unzip", "-q", bundle.path_of(self.complete), "-d", folder], check=True)
        (root,) = folder.iterdir()
        for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
            subprocess.run(["sha256sum", "--check", "--strict", "--quiet", name], check=True,
                           cwd=root)

    def test_exportctl_verifies_the_bundle_and_finds_a_changed_byte(self):
        control = harness.PROGRAMS / "exportctl"
        path = bundle.path_of(self.complete)
        good = subprocess.run([control, "verify", path], capture_output=True, check=False)
        self.assertEqual(good.returncode, 0, good)
        damaged = self.made.directory / "damaged.zip"
        shutil.copy(path, damaged)
        with open(damaged, "r+b") as file:
            file.seek(damaged.stat().st_size // 2)
            byte = file.read(1)
            file.seek(-1, 1)
            file.write(bytes([byte[0] ^ 1]))
        bad = subprocess.run([control, "verify", damaged], capture_output=True, check=False)
        self.assertNotEqual(bad.returncode, 0, bad)

    def test_the_page_for_people_has_no_scripts(self):
        page = bundle.Bundle(self.complete).text("data/index.html").lower()
        self.assertNotIn("<script", page)
        self.assertIn("&lt;of&gt;", page)

    def test_neither_logs_nor_store_hold_names_payload_or_tokens(self):
        needles = [f"person{PERSON}@", f"#t0p{PERSON}#", self.client.token, f"Person {PERSON}"]
        files = [*self.made.directory.glob("*.log"), *(self.made.directory / "store").rglob("*")]
        self.assertTrue(any(p.is_file() and p.stat().st_size for p in files))
        for path in files:
            content = path.read_bytes() if path.is_file() else b""
            for needle in needles:
                self.assertNotIn(needle.encode(), content, path)

    def test_profiles_are_those_of_the_tenant(self):
        listed = list(self.client.pages("listProfiles", top=3))
        self.assertEqual([p["userId"] for p in listed],
                         [self.made.user_id(p) for p in self.made.people(0)])
        one = self.client.ask("getProfile", userId=self.made.user_id(PERSON))
        self.assertEqual(one["profile"], listed[PERSON])
        self.assertEqual(one["profile"]["displayName"], f'Person {PERSON} "<of>" tenant 0')

    def test_statistics_count_the_operation_for_its_tenant_only(self):
        mine = self.client.ask("getStatistics")["statistics"]
        self.assertEqual((mine["complete"], mine["queued"], mine["gathering"], mine["failed"]),
                         (1, 0, 0, 0))
        self.assertEqual((mine["workers"], mine["slots"]), (1, 2))
        other = self.made.client(1).ask("getStatistics")["statistics"]
        self.assertEqual(other["complete"], 0)
        self.assertEqual(list(self.made.client(1).pages("listOperations")), [])
        self.assertEqual(self.made.client(1).events()[0], [])


class Unreadable(harness.Case):
    def test_what_a_worker_cannot_read_is_named_in_its_log(self):
        made = self.installation()
        own = made.directory / "own.db"
        shutil.copy(made.directory / "registry.db", own)
        made.configure("exportd", lambda s: s["dispatch"].update(maximum_attempts=1))
        made.configure("worker-0", lambda s: s["registry"].update(database=str(own)))
        made.start()
        client = made.client()
        with sqlite3.connect(own) as registry:
            registry.execute("ALTER TABLE profiles RENAME TO people")
        registry.close()
        failed = made.wait_until(client, client.export(made.user_id(0))["id"], "failed")
        self.assertEqual(failed["failure"]["code"], "registryUnavailable")
        self.assertIn('event=registry_unreadable reason="no such table: profiles"', made.logs())
        shutil.copy(made.directory / "registry.db", own)
        with sqlite3.connect(made.directory / "mailbox.db") as mailbox:
            mailbox.execute("ALTER TABLE messages RENAME TO letters")
        mailbox.close()
        made.wait_until(client, client.export(made.user_id(0))["id"])
        self.assertRegex(made.logs(), 'event=source_incomplete .* reason=statementFailed .*detail="no such table: messages"')


if __name__ == "__main__":
    harness.main()
