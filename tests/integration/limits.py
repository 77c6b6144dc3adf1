#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Limits of tenants and of the persons that exports are about: what is over one is 429 with the
time after which it works, over restarts and kills too. Real processes; a preloaded library moves
the wall clock."""
import signal
import sqlite3
import struct
import time
import uuid

import harness
from clocks import EVER, Shift

SOMEBODY = "0b1ec700-0000-4000-8000-000000000002"


class Limits(harness.Case):
    def made(self, tenants=(), **limits):
        made = self.installation(profiles=24)
        self.shift = Shift(made.directory / "exportd.shift")
        made.prefixes["exportd"] = self.shift.prefix

        def change(values):
            values["limits"].update(limits)
            values["limits"]["tenants"] = [{"tenant_id": made.tenant_id(number), **own}
                                           for number, own in tenants]
        made.configure("exportd", change)
        made.start_daemon()
        return made

    @staticmethod
    def client_of(made, tenant=0, **claims):
        return made.client(token=made.token(tenant, **EVER, **claims))

    @staticmethod
    def ask(client, made, person, **fields):
        return client.ask("exportPersonalData",
                          inboundSharedUserProfileId=made.user_id(person), **fields)

    def assert_limited(self, reply, inner):
        self.assert_refused(reply, 429, "tooManyRequests", inner)
        self.assertGreaterEqual(reply["retryAfter"], 1)
        return reply["retryAfter"]

    @staticmethod
    def stored(made):
        """Requests that the store knows of: 8 bytes of time, and the counts."""
        with sqlite3.connect(made.directory / "store/store.db") as store:
            rows = store.execute("SELECT counts FROM request_counts").fetchall()
        return sum(sum(struct.unpack(f">{(len(row) - 8) // 4}I", row[8:])) for row, in rows)

    def kill(self, made):
        made.daemon.stop(signal.SIGKILL)
        made.start_daemon()


class Exports(Limits):
    def test_a_tenant_has_as_many_exports_a_day_as_it_may_and_waits_as_told(self):
        made = self.made(exports_per_day=3)
        client = self.client_of(made)
        persons = list(made.people(0))
        for person in persons[:3]:
            self.assertEqual(self.ask(client, made, person)["status"], 202)
        wait = self.assert_limited(self.ask(client, made, persons[3]), "exportLimit")
        self.assertLessEqual(wait, 25 * 3600)
        self.assertEqual(self.ask(self.client_of(made, 1), made, made.people(1)[5])["status"], 202)
        self.shift.set(wall=wait - 60)
        self.assert_limited(self.ask(client, made, persons[3]), "exportLimit")
        self.shift.set(wall=wait)
        self.assertEqual(self.ask(client, made, persons[3])["status"], 202)

    def test_a_person_is_exported_as_often_as_may_be_whoever_asks(self):
        made = self.made(exports_per_day_of_subject=2)
        client, colleague = self.client_of(made), self.client_of(made, oid=SOMEBODY)
        for asking in (client, colleague):
            self.assertEqual(self.ask(asking, made, 1)["status"], 202)
        for asking in (client, colleague):
            wait = self.assert_limited(self.ask(asking, made, 1), "subjectLimit")
        self.assertEqual(self.ask(client, made, 2)["status"], 202)
        shared = set(made.people(0)) & set(made.people(1))
        if 1 in shared:
            self.assertEqual(self.ask(self.client_of(made, 1), made, 1)["status"], 202)
        self.shift.set(wall=wait)
        self.assertEqual(self.ask(client, made, 1)["status"], 202)

    def test_exports_are_counted_exactly_over_kills_and_clean_stops(self):
        made = self.made(exports_per_day=4, exports_per_day_of_subject=2)
        client = self.client_of(made)
        self.assertEqual(self.ask(client, made, 1)["status"], 202)
        self.kill(made)
        self.assertEqual(self.ask(client, made, 1)["status"], 202)
        self.kill(made)
        self.assert_limited(self.ask(client, made, 1), "subjectLimit")
        self.assertEqual(self.ask(client, made, 2)["status"], 202)
        made.daemon.stop()
        made.start_daemon()
        self.assertEqual(self.ask(client, made, 3)["status"], 202)
        self.kill(made)
        before = self.assert_limited(self.ask(client, made, 4), "exportLimit")
        self.kill(made)
        after = self.assert_limited(self.ask(client, made, 4), "exportLimit")
        self.assertLessEqual(after, before)
        self.shift.set(wall=after)
        self.assertEqual(self.ask(client, made, 4)["status"], 202)

    def test_a_repeated_key_is_not_counted_and_gets_its_operation(self):
        made = self.made(exports_per_day=2)
        client = self.client_of(made)
        first = self.ask(client, made, 1, idempotencyKey="k")
        for _ in range(5):
            again = self.ask(client, made, 1, idempotencyKey="k")
            self.assertEqual(again["operation"]["id"], first["operation"]["id"])
        self.assertEqual(self.ask(client, made, 2)["status"], 202)
        self.assert_limited(self.ask(client, made, 2), "exportLimit")
        again = self.ask(client, made, 1, idempotencyKey="k")
        self.assertEqual((again["status"], again["operation"]["id"]),
                         (202, first["operation"]["id"]))

    def test_a_retry_is_an_export(self):
        made = self.made(exports_per_day=2)
        client = self.client_of(made)
        identifiers = [self.ask(client, made, p)["operation"]["id"] for p in (1, 2)]
        for identifier in identifiers:
            client.ask("cancelOperation", operationId=identifier)
        self.assert_limited(client.ask("retryOperation", operationId=identifiers[0]),
                            "exportLimit")

    def test_refusals_come_in_their_order(self):
        made = self.made(exports_per_day=1, requests_per_hour=1)
        client = self.client_of(made)
        self.assertEqual(self.ask(client, made, 1)["status"], 202)
        self.assertEqual(client.ask("getStatistics")["status"], 200)
        nobody = str(uuid.uuid4())
        for kind, field in (("exportPersonalData", "inboundSharedUserProfileId"),
                            ("getOperation", "operationId"), ("getProfile", "userId"),
                            ("cancelOperation", "operationId"),
                            ("explainOperation", "operationId")):
            self.assertEqual(client.ask(kind, **{field: "no id"})["status"], 400, kind)
            stranger = made.client(token="x.y.z")
            self.assertEqual(stranger.ask(kind, **{field: nobody})["status"], 401, kind)
            unfit = self.client_of(made, scp="openid")
            self.assertEqual(unfit.ask(kind, **{field: nobody})["status"], 403, kind)
            self.assertEqual(client.ask(kind, **{field: nobody})["status"], 404, kind)
        self.assert_limited(self.ask(client, made, 2), "exportLimit")
        self.assert_limited(client.ask("getProfile", userId=made.user_id(1)), "requestLimit")
        self.assert_limited(client.ask("listOperations"), "requestLimit")
        self.assertEqual(client.ask("ping")["status"], 200)


class Requests(Limits):
    def test_other_requests_are_counted_an_hour_and_the_wait_is_right(self):
        made = self.made(requests_per_hour=10)
        client, other = self.client_of(made), self.client_of(made, 1)
        operation = self.ask(client, made, 1)["operation"]["id"]
        for number in range(10):
            reply = client.ask("ping")
            self.assertEqual(reply["status"], 200)
            reply = client.ask(("getStatistics", "listProfiles")[number % 2])
            self.assertEqual(reply["status"], 200, reply)
        wait = self.assert_limited(client.ask("getOperation", operationId=operation),
                                   "requestLimit")
        self.assertLessEqual(wait, 3600 + 150)
        self.assertEqual(other.ask("getStatistics")["status"], 200)
        self.assertEqual(self.ask(client, made, 2)["status"], 202)  # exports are counted apart
        self.shift.set(wall=wait)
        self.assertEqual(client.ask("getOperation", operationId=operation)["status"], 200)

    def test_counts_outlive_a_clean_stop_and_all_but_a_second_a_kill(self):
        made = self.made(requests_per_hour=10)
        client = self.client_of(made)
        for _ in range(4):
            self.assertEqual(client.ask("getStatistics")["status"], 200)
        made.daemon.stop()
        made.start_daemon()
        for _ in range(4):
            self.assertEqual(client.ask("getStatistics")["status"], 200)
        deadline = time.monotonic() + harness.TIMEOUT
        while self.stored(made) < 8:  # within about a second
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        self.kill(made)
        for _ in range(2):
            self.assertEqual(client.ask("getStatistics")["status"], 200)
        self.assert_limited(client.ask("getStatistics"), "requestLimit")

    def test_a_tenant_may_differ_from_the_others(self):
        made = self.made(requests_per_hour=2, exports_per_day=1,
                         tenants=[(1, {"requests_per_hour": 0, "exports_per_day": 2})])
        first, second = self.client_of(made), self.client_of(made, 1)
        for _ in range(5):
            self.assertEqual(second.ask("getStatistics")["status"], 200)
        for _ in range(2):
            self.assertEqual(first.ask("getStatistics")["status"], 200)
        self.assert_limited(first.ask("getStatistics"), "requestLimit")
        people = list(made.people(1))
        for person in people[:2]:
            self.assertEqual(self.ask(second, made, person)["status"], 202)
        self.assert_limited(self.ask(second, made, people[2]), "exportLimit")

    def test_a_clock_that_jumps_forgets_nothing_for_long(self):
        made = self.made(exports_per_day=2)
        client = self.client_of(made)
        self.shift.set(wall=365 * 86400)
        for person in (1, 2):
            self.assertEqual(self.ask(client, made, person)["status"], 202)
        self.shift.set(wall=0)
        wait = self.assert_limited(self.ask(client, made, 3), "exportLimit")
        self.assertLessEqual(wait, 25 * 3600)
        self.kill(made)
        wait = self.assert_limited(self.ask(client, made, 3), "exportLimit")
        self.assertLessEqual(wait, 25 * 3600)
        self.shift.set(wall=wait)
        self.assertEqual(self.ask(client, made, 3)["status"], 202)


if __name__ == "__main__":
    harness.main()
