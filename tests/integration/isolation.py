#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What a caller of one tenant can do to, and learn about, another: nothing. And every request by every kind of caller, from outside."""
import re
import time
import uuid

import harness
import msgpack

READ_ALL = harness.SCOPE
READ_WRITE_ALL = "CrossTenantUserProfileSharing.ReadWrite.All"
APPROVE = "Exports.Approve"
OPERATOR = "0b1ec700-0000-4000-8000-00000000000a"
PORTION = 500  # replies that wait for a client; beyond its own mark they would be dropped
ROLE = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"
BY_OPERATION = ("getOperation", "explainOperation", "cancelOperation", "retryOperation")
DECISIONS = ("approveOperation", "denyOperation")
DATE = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

# Who may: a scope that opens it, an operator, or anybody. Not taken from the table that decides.
GUARDED, FOR_OPERATORS = {READ_ALL}, {OPERATOR}
REQUESTS = {
    "approveOperation": {APPROVE}, "denyOperation": {APPROVE},
    "cancelOperation": GUARDED | {APPROVE}, "eventsSince": GUARDED, "explainOperation": GUARDED, "exportPersonalData": GUARDED,
    "getOperation": GUARDED, "getPauses": FOR_OPERATORS, "getProfile": GUARDED, "getStatistics": GUARDED, "listOperations": GUARDED,
    "listProfiles": GUARDED, "pauseDispatch": FOR_OPERATORS, "ping": None, "resumeDispatch": FOR_OPERATORS, "retryOperation": GUARDED,
}


def code(reply):
    return reply["error"]["innerError"]["code"] if "error" in reply else reply["status"]


class Isolation(harness.Case):
    def start(self):
        made = self.installation(tenants=2, profiles=8)
        made.start_daemon()
        return made

    def raw(self, client, **request):
        """The reply's bytes, with its date made the same for all."""
        return DATE.sub(b"0000-00-00T00:00:00.000Z", client.raw(msgpack.packb(request)))

    def test_foreign_unknown_and_malformed_ids_are_answered_alike(self):
        made = self.start()
        own, other = made.client(0), made.client(1)
        people = list(made.people(0))
        foreign = [other.export(made.user_id(person))["id"] for person in made.people(1) if person not in people]
        user = next(made.user_id(person) for person in made.people(1) if person not in people)
        count, seen = 0, {}

        def ask(kind, field, value, sort):
            nonlocal count
            request = {"type": kind, "requestId": "r", "token": own.token, field: value}
            seen.setdefault((kind, sort), set()).add(self.raw(own, **request))
            count += 1

        for number in range(125):
            unknown = str(uuid.uuid4())
            for kind in BY_OPERATION:
                ask(kind, "operationId", foreign[number % len(foreign)], "no such")
                ask(kind, "operationId", unknown, "no such")
                ask(kind, "operationId", unknown[:number % 36], "malformed")
            for kind, field in (("getProfile", "userId"), ("exportPersonalData", "inboundSharedUserProfileId")):
                ask(kind, field, user, "no such")
                ask(kind, field, unknown, "no such")
            for kind, field in (("eventsSince", "operationId"), ("listOperations", "userId")):
                values = {"operationId": foreign[number % len(foreign)], "userId": user}
                for value in (values[field], unknown):
                    request = {"type": kind, "requestId": "r", "token": own.token, field: value}
                    if kind == "eventsSince":
                        request["sequence"] = 0
                    seen.setdefault((kind, "no such"), set()).add(self.raw(own, **request))
                    count += 1
        self.assertGreaterEqual(count, 2000)
        for (kind, sort), replies in seen.items():
            self.assertEqual(len(replies), 1, (kind, sort, replies))
            reply = msgpack.unpackb(next(iter(replies)))
            if kind in ("eventsSince", "listOperations"):
                self.assertEqual(reply["value"], [], reply)
            else:
                self.assertEqual((reply["status"], code(reply)),
                                 (404, "notFound") if sort == "no such" else (400, "fieldValue"), (kind, sort))
        for identifier in foreign:  # And nothing happened to them.
            self.assertEqual(other.ask("getOperation", operationId=identifier)["operation"]["status"], "notStarted")

    def test_nothing_of_another_tenant_is_counted_or_listed(self):
        made = self.start()
        clients = [made.client(0), made.client(1)]
        quiet = {kind: self.raw(clients[0], type=kind, requestId="r", token=clients[0].token) for kind in
                 ("listOperations", "listProfiles")}
        made_by = [set(), set()]
        mine = [person for person in made.people(1) if person not in list(made.people(0))]
        for person in mine:
            made_by[1].add(clients[1].export(made.user_id(person))["id"])
        for kind, before in quiet.items():
            after = msgpack.unpackb(self.raw(clients[0], type=kind, requestId="r", token=clients[0].token))
            before = msgpack.unpackb(before)
            self.assertEqual(after["value"], before["value"], kind)
        self.assertEqual(clients[0].events()[0], [])
        statistics = clients[0].ask("getStatistics")["statistics"]
        self.assertEqual([statistics[name] for name in ("queued", "gathering", "retryWait", "complete", "failed")], [0] * 5)
        for person in made.people(0):
            made_by[0].add(clients[0].export(made.user_id(person))["id"])
        for client, ids in zip(clients, made_by):
            self.assertEqual({operation["id"] for operation in client.pages("listOperations", top=2)}, ids)
            self.assertEqual({event["operationId"] for event in client.events()[0]}, ids)
            self.assertEqual(client.ask("getStatistics")["statistics"]["queued"], len(ids))
        for kind in ("listOperations", "listProfiles"):
            following = clients[1].ask(kind, top=1)["next"]
            self.assert_refused(clients[0].ask(kind, top=1, next=following), 400, "badRequest", "nextValueInvalid")

    def test_a_key_means_another_operation_in_another_tenant(self):
        made = self.start()
        shared = next(person for person in made.people(0) if person in list(made.people(1)))
        first = made.client(0).export(made.user_id(shared), idempotencyKey="k")
        second = made.client(1).export(made.user_id(shared), idempotencyKey="k")
        self.assertNotEqual(first["id"], second["id"])
        other = next(person for person in made.people(0) if person != shared)
        reply = made.client(0).ask("exportPersonalData", inboundSharedUserProfileId=made.user_id(other), idempotencyKey="k")
        self.assert_refused(reply, 409, "conflict", "idempotencyKeyReused")

    def test_every_caller_and_every_request(self):
        made = self.prepared()
        cells = 0
        user = made.user_id(next(iter(made.people(0))))
        owner = made.client(token=made.token(wids=[ROLE]))
        ended = owner.export(user, idempotencyKey="ended")["id"]
        self.assertEqual(owner.ask("cancelOperation", operationId=ended)["status"], 200)
        fields = {"eventsSince": {"sequence": 0}, "getProfile": {"userId": user}, "pauseDispatch": {"tenantId": str(uuid.uuid4())},
                  "resumeDispatch": {"tenantId": str(uuid.uuid4())},
                  "exportPersonalData": {"inboundSharedUserProfileId": user, "idempotencyKey": "ended"}}
        fields.update({kind: {"operationId": ended} for kind in (*BY_OPERATION, *DECISIONS)})
        fields["denyOperation"]["reason"] = "no"
        client = made.client()
        for caller in self.callers(made):
            for kind in REQUESTS:
                reply = client.ask(kind, token=caller["token"], **fields.get(kind, {}))
                self.assertEqual(code(reply), self.expected(kind, caller), (kind, caller))
                cells += 1
        print(f"{cells} cells")
        self.assertGreaterEqual(cells, 1440)

    def prepared(self):
        made = self.installation(tenants=2, profiles=8)
        made.configure("exportd", lambda settings: settings.update(permissions={
            "approver_scope": APPROVE, "required_roles": [ROLE],
            "operators": [{"tenant_id": made.tenant_id(0), "object_id": OPERATOR}]}))
        made.start_daemon()
        return made

    def callers(self, made):
        """Role, tenant and state of the token, each with each."""
        now = int(time.time())
        states = {"good": {}, "expired": {"exp": now - 60}, "early": {"nbf": now + 3600}, "issuer": {"iss": "https://x.example.net/"},
                  "audience": {"aud": "api://other"}, "no role": {"wids": None}}
        roles = {READ_ALL: {"scp": READ_ALL}, READ_WRITE_ALL: {"scp": READ_WRITE_ALL}, APPROVE: {"scp": APPROVE},
                 "none": {"scp": "User.Read"}, OPERATOR: {"scp": "User.Read", "oid": OPERATOR}, "application": {"scp": None},
                 "reader and approver": {"scp": f"{READ_ALL} {APPROVE}", "oid": str(uuid.uuid4())},
                 "another reader": {"scp": READ_ALL, "oid": str(uuid.uuid4())}}
        for tenant in (0, 1, harness.PERSONAL_TENANT):
            for role, claims in roles.items():
                for state, changes in states.items():
                    merged = {"wids": [ROLE], **claims, **changes}
                    yield {"tenant": tenant, "role": role, "state": state, "token": made.token(tenant, **merged)}
                yield {"tenant": tenant, "role": role, "state": "absent", "token": None}

    def expected(self, kind, caller):
        role, tenant, state = caller["role"], caller["tenant"], caller["state"]
        opened_by = REQUESTS[kind]
        if state in ("expired", "early", "issuer"):
            return {"expired": "tokenExpired", "early": "tokenNotYetValid", "issuer": "tokenIssuer"}[state]
        if state == "absent":
            return 200 if opened_by is None else "tokenMissing"
        if tenant == harness.PERSONAL_TENANT:
            return "personalAccount"
        if state == "audience":
            return "tokenAudience"
        if role == "application":
            return "applicationToken"
        if opened_by is None:
            return 200
        held = {"reader and approver": {READ_ALL, APPROVE}, "another reader": {READ_ALL}}.get(role, {role})
        if opened_by == FOR_OPERATORS and (role != OPERATOR or tenant != 0):
            return "operatorNeeded"
        if not held & opened_by:
            return "scopeMissing"
        if state == "no role":
            return "roleMissing"
        if tenant != 0 and (kind in (*BY_OPERATION, *DECISIONS) or kind in ("getProfile", "exportPersonalData")):
            return "notFound"
        if kind == "cancelOperation" and role == "another reader":
            return "notRequester"
        if kind in DECISIONS:
            return "operationNotAwaiting" if role == "reader and approver" else "ownRequest"
        return 202 if kind in ("exportPersonalData", "retryOperation") else 200

    def test_ids_are_drawn_at_random_and_never_again(self):
        made = self.start()
        client = made.client()
        user = made.user_id(next(iter(made.people(0))))
        count = 3000
        ids = []
        while len(ids) < count:
            for _ in range(PORTION):
                client.send("exportPersonalData", inboundSharedUserProfileId=user)
            ids += [uuid.UUID(client.receive()["operation"]["id"]) for _ in range(PORTION)]
        drawn = [((i.int >> 64 & 0xFFF) << 62) | (i.int & (1 << 62) - 1) for i in ids]  # The 74 bits that are no time or version.
        self.assertTrue(all(i.version == 7 and i.variant == uuid.RFC_4122 for i in ids))
        self.assertEqual(len(set(drawn)), count)
        for bit in range(74):
            ones = sum(value >> bit & 1 for value in drawn)
            self.assertLess(abs(ones - count / 2), 7 * (count / 4) ** 0.5, bit)
        for part in range(8):  # No part of one is found again in another place.
            self.assertEqual(len({value >> part & (1 << 60) - 1 for value in drawn}), count)


if __name__ == "__main__":
    harness.main()
