#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What bad input gets, case by case: the exact status, outer code, inner code and target. After
each case the daemon still answers everybody."""
import re
import time

import msgpack

import harness

REQUEST_ID = "bad-1"
UNKNOWN_ID = "0badf00d-0000-4000-8000-000000000000"
DATE = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


class Daemon(harness.Case):
    """One daemon with one worker for all cases of a class."""

    @classmethod
    def setUpClass(cls):
        cls.made = harness.Installation()
        cls.addClassCleanup(cls.made.close)
        cls.made.start()
        cls.client = cls.made.client()
        cls.user = cls.made.user_id(0)

    def tearDown(self):
        self.assertTrue(self.made.daemon.is_running(), self.made.logs())
        for client in (self.client, self.made.client()):
            self.assertEqual(client.ask("ping")["status"], 200)

    def refused(self, payload, status, code, inner, target=None):
        """Sends these bytes, or this value, and checks the error that comes back."""
        if not isinstance(payload, bytes):
            payload = msgpack.packb(payload)
        reply = msgpack.unpackb(self.client.raw(payload))
        self.assert_refused(reply, status, code, inner, target)
        self.assertEqual(set(reply) - {"requestId"}, {"status", "error"})
        self.assertRegex(reply["error"]["innerError"]["date"].encode(), DATE)
        return reply

    def malformed(self, payload, inner, target=None):
        return self.refused(payload, 400, "badRequest", inner, target)

    def request(self, **changes):
        """A good request for an export; a change to None leaves a field out."""
        request = {"type": "exportPersonalData", "requestId": REQUEST_ID,
                   "token": self.client.token, "inboundSharedUserProfileId": self.user}
        request.update(changes)
        return {name: value for name, value in request.items() if value is not None}


def nested(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value


class Malformed(Daemon):
    def test_bytes_that_are_not_msgpack(self):
        self.malformed(b"\xc1", "malformedMessage")

    def test_text_that_is_not_msgpack(self):
        self.malformed(b'{"type": "ping"}', "malformedMessage")

    def test_an_empty_payload(self):
        self.malformed(b"", "malformedMessage")

    def test_a_map_that_is_cut_off(self):
        self.malformed(msgpack.packb(self.request())[:-1], "malformedMessage")

    def test_bytes_after_the_map(self):
        self.malformed(msgpack.packb(self.request()) + b"\xc0", "malformedMessage")

    def test_two_maps_in_one_frame(self):
        self.malformed(msgpack.packb(self.request()) * 2, "malformedMessage")

    def test_an_array_instead_of_a_map(self):
        self.malformed(list(self.request().items()), "malformedMessage")

    def test_a_string_that_is_not_utf8(self):
        bad = msgpack.packb(self.request(idempotencyKey="X")).replace(b"\xa1X", b"\xa1\xff")
        self.malformed(bad, "malformedMessage", "idempotencyKey")

    def test_a_string_with_a_zero_byte(self):
        self.malformed(self.request(idempotencyKey="a\0b"), "malformedMessage", "idempotencyKey")

    def test_an_extension_type(self):
        self.malformed(self.request(idempotencyKey=msgpack.ExtType(5, b"x")), "malformedMessage",
                       "idempotencyKey")

    def test_a_key_that_is_a_number(self):
        self.malformed({**self.request(), 7: "x"}, "malformedMessage")

    def test_a_map_that_declares_four_thousand_million_pairs(self):
        self.malformed(b"\xdf\xff\xff\xff\xff", "malformedMessage")

    def test_an_array_that_declares_more_than_there_is(self):
        head = msgpack.packb(self.request())
        self.malformed(bytes([head[0] + 1]) + head[1:] + b"\xa5value\xdd\xff\xff\xff\xff",
                       "malformedMessage")

    def test_nesting_that_is_too_deep(self):
        reply = self.malformed(self.request(idempotencyKey=nested(9)), "tooDeep")
        self.assertTrue(reply["error"].get("target", "").startswith("idempotencyKey"), reply)

    def test_nesting_that_is_very_deep(self):
        self.malformed(b"\x91" * 60000 + b"\xc0", "tooDeep")

    def test_too_many_elements(self):
        reply = self.malformed(self.request(idempotencyKey=[0] * 5000), "tooManyElements")
        self.assertTrue(reply["error"].get("target", "").startswith("idempotencyKey"), reply)

    def test_a_string_that_is_too_long_for_any(self):
        self.malformed(self.request(idempotencyKey="x" * 16385), "tooLong", "idempotencyKey")

    def test_two_payload_frames(self):
        payload = msgpack.packb(self.request())
        reply = msgpack.unpackb(self.client.raw(payload, payload))
        self.assert_refused(reply, 400, "badRequest", "wrongFrameCount")

    def test_many_payload_frames(self):
        reply = msgpack.unpackb(self.client.raw(*[b"x"] * 50))
        self.assert_refused(reply, 400, "badRequest", "wrongFrameCount")

    def test_no_type(self):
        self.malformed(self.request(type=None), "fieldMissing", "type")

    def test_a_type_that_is_a_number(self):
        self.malformed(self.request(type=7), "fieldType", "type")

    def test_an_unknown_type(self):
        self.malformed(self.request(type="deletePersonalData"), "unknownType", "type")

    def test_the_type_of_a_report(self):
        self.malformed(self.request(type="done"), "unknownType", "type")

    def test_an_extra_key(self):
        reply = self.malformed(self.request(tenantId=self.made.tenant_id(1)), "fieldUnknown",
                               "tenantId")
        self.assertEqual(reply["requestId"], REQUEST_ID)

    def test_a_body_beyond_the_two_fields(self):
        self.malformed(self.request(storageLocation="https://example.org/"), "fieldUnknown",
                       "storageLocation")

    def test_a_key_that_comes_twice(self):
        head = msgpack.packb(self.request())
        bad = bytes([head[0] + 1]) + head[1:] + msgpack.packb("token") + msgpack.packb("x")
        self.malformed(bad, "fieldDuplicate", "token")

    def test_no_request_id(self):
        self.malformed(self.request(requestId=None), "fieldMissing", "requestId")

    def test_a_request_id_that_is_a_number(self):
        self.malformed(self.request(requestId=1), "fieldType", "requestId")

    def test_a_request_id_that_is_empty(self):
        self.malformed(self.request(requestId=""), "fieldValue", "requestId")

    def test_a_request_id_of_other_characters(self):
        self.malformed(self.request(requestId="a b\n"), "fieldValue", "requestId")

    def test_a_request_id_that_is_too_long(self):
        self.malformed(self.request(requestId="r" * 65), "fieldValue", "requestId")

    def test_no_profile(self):
        reply = self.malformed(self.request(inboundSharedUserProfileId=None), "fieldMissing",
                               "inboundSharedUserProfileId")
        self.assertEqual(reply["requestId"], REQUEST_ID)
        self.assertEqual(reply["error"]["innerError"]["requestId"], REQUEST_ID)

    def test_a_profile_that_is_no_id(self):
        self.malformed(self.request(inboundSharedUserProfileId="../../etc/passwd"), "fieldValue",
                       "inboundSharedUserProfileId")

    def test_a_profile_that_is_null(self):
        payload = {**self.request(), "inboundSharedUserProfileId": None}
        self.malformed(payload, "fieldType", "inboundSharedUserProfileId")

    def test_a_profile_that_is_a_map(self):
        self.malformed(self.request(inboundSharedUserProfileId={"id": self.user}), "fieldType",
                       "inboundSharedUserProfileId")

    def test_a_token_that_is_bytes(self):
        self.malformed(self.request(token=b"abc"), "fieldType", "token")

    def test_an_idempotency_key_that_is_too_long(self):
        self.malformed(self.request(idempotencyKey="k" * 129), "fieldValue", "idempotencyKey")

    def test_an_idempotency_key_that_is_empty(self):
        self.malformed(self.request(idempotencyKey=""), "fieldValue", "idempotencyKey")

    def test_an_idempotency_key_with_spaces(self):
        self.malformed(self.request(idempotencyKey="a b"), "fieldValue", "idempotencyKey")

    def test_a_page_of_nothing(self):
        self.malformed({"type": "listOperations", "requestId": REQUEST_ID, "top": 0,
                        "token": self.client.token}, "fieldValue", "top")

    def test_a_page_that_is_too_large(self):
        self.malformed({"type": "listOperations", "requestId": REQUEST_ID, "top": 101,
                        "token": self.client.token}, "fieldValue", "top")

    def test_a_page_size_that_is_a_fraction(self):
        self.malformed({"type": "listOperations", "requestId": REQUEST_ID, "top": 1.5,
                        "token": self.client.token}, "fieldType", "top")

    def test_a_status_that_is_none(self):
        self.malformed({"type": "listOperations", "requestId": REQUEST_ID, "status": "unknown",
                        "token": self.client.token}, "fieldValue", "status")

    def test_a_next_value_that_was_never_given(self):
        for kind in ("listOperations", "listProfiles"):
            with self.subTest(kind=kind):
                self.malformed({"type": kind, "requestId": REQUEST_ID, "next": "AAAA",
                                "token": self.client.token}, "nextValueInvalid", "next")

    def test_a_sequence_below_zero(self):
        self.malformed({"type": "eventsSince", "requestId": REQUEST_ID, "sequence": -1,
                        "token": self.client.token}, "fieldValue", "sequence")

    def test_malformed_comes_before_the_missing_token(self):
        self.malformed(self.request(token=None, surprise=1), "fieldUnknown", "surprise")


class Tokens(Daemon):
    def answered(self, token, status, code, inner):
        self.refused(self.request(token=token), status, code, inner)

    def unauthorized(self, token, inner):
        self.answered(token, 401, "unauthorized", inner)

    def forbidden(self, token, inner):
        self.answered(token, 403, "forbidden", inner)

    def test_no_token(self):
        self.unauthorized(None, "tokenMissing")

    def test_an_empty_token(self):
        self.unauthorized("", "tokenMissing")

    def test_a_token_that_cannot_be_read(self):
        for token, inner in (("x", "tokenParts"), ("a.b.c", "tokenEncoding"), ("..", "tokenHeader"),
                             ("é.é.é", "tokenEncoding"), (self.client.token + ".x", "tokenParts")):
            with self.subTest(token=token[:8]):
                self.unauthorized(token, inner)

    def test_a_token_beyond_the_limit(self):
        self.unauthorized("a" * 8193, "tokenTooLong")

    def test_a_wrong_signature(self):
        head, payload, signature = self.client.token.split(".")
        changed = signature[:20] + ("A" if signature[20] != "A" else "B") + signature[21:]
        self.unauthorized(".".join([head, payload, changed]), "tokenSignature")

    def test_the_payload_of_another_token(self):
        head, _, signature = self.client.token.split(".")
        payload = self.made.token(1).split(".")[1]
        self.unauthorized(".".join([head, payload, signature]), "tokenSignature")

    def test_a_key_that_is_not_in_the_set(self):
        self.made.tool("key", self.made.directory, "stranger")
        self.unauthorized(self.made.token(key="stranger"), "tokenKeyUnknown")

    def test_an_expired_token(self):
        self.unauthorized(self.made.token(exp=int(time.time()) - 60), "tokenExpired")

    def test_a_token_that_is_not_yet_valid(self):
        self.unauthorized(self.made.token(nbf=int(time.time()) + 3600), "tokenNotYetValid")

    def test_a_token_without_an_end(self):
        self.unauthorized(self.made.token(exp=None), "tokenExpiry")

    def test_a_wrong_issuer(self):
        self.unauthorized(self.made.token(iss="https://login.example.net/x/v2.0"), "tokenIssuer")

    def test_the_issuer_of_another_tenant(self):
        other = f"https://login.example.org/{self.made.tenant_id(1)}/v2.0"
        self.unauthorized(self.made.token(iss=other), "tokenIssuer")

    def test_a_tenant_that_is_no_id(self):
        self.unauthorized(self.made.token(tid="common"), "tokenTenant")

    def test_a_personal_account(self):
        self.unauthorized(self.made.token(harness.PERSONAL_TENANT), "personalAccount")

    def test_an_application_by_its_kind(self):
        self.forbidden(self.made.token(idtyp="app"), "applicationToken")

    def test_an_application_by_its_lack_of_scopes(self):
        self.forbidden(self.made.token(scp=None, roles=[harness.SCOPE]), "applicationToken")

    def test_a_missing_scope(self):
        self.forbidden(self.made.token(scp="User.Read openid"), "scopeMissing")

    def test_a_scope_that_only_begins_alike(self):
        self.forbidden(self.made.token(scp=harness.SCOPE + "s"), "scopeMissing")

    def test_the_larger_scope_is_not_admitted_unless_configured(self):
        self.forbidden(self.made.token(scp="CrossTenantUserProfileSharing.ReadWrite.All"),
                       "scopeMissing")

    def test_a_wrong_audience(self):
        self.forbidden(self.made.token(aud="https://graph.example.com"), "tokenAudience")

    def test_every_request_but_ping_needs_a_token(self):
        for kind, fields in {"getOperation": {"operationId": UNKNOWN_ID}, "listOperations": {},
                             "getProfile": {"userId": self.user}, "listProfiles": {},
                             "eventsSince": {"sequence": 0}, "getStatistics": {}}.items():
            with self.subTest(kind=kind):
                self.refused({"type": kind, "requestId": REQUEST_ID, **fields}, 401,
                             "unauthorized", "tokenMissing")

    def test_nobody_without_permission_learns_what_exists(self):
        token = self.made.token(scp="openid")
        for user in (self.user, UNKNOWN_ID):
            self.refused(self.request(token=token, inboundSharedUserProfileId=user), 403,
                         "forbidden", "scopeMissing")


class NotFound(Daemon):
    def bytes_of(self, **request):
        payload = self.client.raw(msgpack.packb({"requestId": REQUEST_ID,
                                                 "token": self.client.token, **request}))
        self.assert_refused(msgpack.unpackb(payload), 404, "notFound", "notFound")
        return DATE.sub(b"date", payload)

    def test_an_unknown_profile_and_a_foreign_one_are_the_same(self):
        foreign = self.made.user_id(self.made.people(1)[-1])
        self.assertNotIn(self.made.people(1)[-1], self.made.people(0))
        for kind, field in (("exportPersonalData", "inboundSharedUserProfileId"),
                            ("getProfile", "userId")):
            with self.subTest(kind=kind):
                self.assertEqual(self.bytes_of(type=kind, **{field: UNKNOWN_ID}),
                                 self.bytes_of(type=kind, **{field: foreign}))

    def test_an_unknown_operation_and_a_foreign_one_are_the_same(self):
        foreign = self.made.client(1).export(self.made.user_id(self.made.people(1)[0]))["id"]
        self.assertEqual(self.bytes_of(type="getOperation", operationId=UNKNOWN_ID),
                         self.bytes_of(type="getOperation", operationId=foreign))

    def test_events_of_a_foreign_operation_are_as_empty_as_of_an_unknown_one(self):
        foreign = self.made.client(1).export(self.made.user_id(self.made.people(1)[0]))["id"]
        for operation in (foreign, UNKNOWN_ID):
            self.assertEqual(self.client.events(operationId=operation)[0], [])

    def test_nothing_is_accepted_for_an_unknown_profile(self):
        before = self.client.ask("listOperations")["value"]
        self.bytes_of(type="exportPersonalData", inboundSharedUserProfileId=UNKNOWN_ID)
        self.assertEqual(self.client.ask("listOperations")["value"], before)

    def test_an_id_in_upper_case_is_the_same_id(self):
        made = self.client.export(self.user.upper())
        self.assertEqual(made["userId"], self.user)

    def test_an_idempotency_key_with_another_profile(self):
        self.client.export(self.user, idempotencyKey="once")
        reply = self.client.ask("exportPersonalData", idempotencyKey="once",
                                inboundSharedUserProfileId=self.made.user_id(1))
        self.assert_refused(reply, 409, "conflict", "idempotencyKeyReused")

    def test_an_idempotency_key_of_another_tenant_is_another_key(self):
        mine = self.client.export(self.user, idempotencyKey="shared")
        other = self.made.client(1).export(self.made.user_id(self.made.people(1)[-1]),
                                           idempotencyKey="shared")
        self.assertNotEqual(mine["id"], other["id"])


if __name__ == "__main__":
    harness.main()
