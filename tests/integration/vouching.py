#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Peers that vouch: claims instead of a token, believed from an identity with that role and of that tenant, and from nobody else."""
import signal
import subprocess
import time
import unittest
import uuid

import harness
import zmq
import zmq.auth
from harness import PROGRAMS
from peers import Client

ROLE = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"
APPROVE = "Exports.Approve"
OPERATOR = "0b1ec700-0000-4000-8000-00000000000a"


class CurveClient(Client):
    """A client with a key of its own."""

    def __init__(self, endpoint, server_key, pair, token=None):
        super().__init__("inproc://nobody", token)  # Nothing is sent before the keys are set.
        self.socket.close()
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.curve_publickey, self.socket.curve_secretkey = pair
        self.socket.curve_serverkey = server_key
        self.socket.connect(endpoint)


class Vouching(harness.Case):
    def start(self, **permissions):
        """Roles: one that vouches for all, one for the first tenant, one that does not vouch."""
        made = self.installation(tenants=2, profiles=8)
        self.made, self.pairs = made, {}
        folder = made.directory / "identities"
        folder.mkdir()
        first = made.tenant_id(0)
        for name, options in {"service": (), "gateway": ("--roles", "vouches", "--tenants", "any"),
                              "operator": ("--roles", "vouches, operator", "--tenants", "any"),
                              "first": ("--roles", "client, vouches", "--tenants", first), "client": ("--roles", "client")}.items():
            subprocess.run([PROGRAMS / "exportctl", "keygen", folder / name, *options], check=True, stdout=subprocess.DEVNULL)
            self.pairs[name] = zmq.auth.load_certificate(folder / f"{name}.key_secret")
        (folder / "service.key").unlink()
        (folder / "service.key_secret").rename(made.directory / "service.key_secret")
        revocations = made.directory / "revocations.json"
        revocations.write_text('{"tokens": ["revoked"], "persons": []}')

        def change(settings):
            settings.update(security="curve", permissions=permissions,
                            curve={"certificate": str(made.directory / "service.key_secret"), "identities": str(folder)})
            settings["tokens"]["revocations"] = str(revocations)

        made.configure("exportd", change)
        made.daemon = made.run("exportd", "exportd")
        self.assertEqual(self.peer("client").ask("ping")["status"], 200, made.daemon.text())
        return made

    def peer(self, name, token=None):
        client = CurveClient(self.made.endpoint("requests"), self.pairs["service"][0], self.pairs[name], token)
        self.addCleanup(client.close)
        return client

    def claims(self, tenant=0, **changes):
        claims = {"tid": tenant if isinstance(tenant, str) else self.made.tenant_id(tenant), "oid": harness.CALLER,
                  "scp": harness.SCOPE, "isDelegated": True, "exp": int(time.time()) + 600}
        claims.update(changes)
        return {name: value for name, value in claims.items() if value is not None}

    def test_claims_are_judged_as_those_of_a_token(self):
        made = self.start(approver_scope=APPROVE)
        gateway, client = self.peer("gateway"), self.peer("client", made.token())
        user = made.user_id(next(iter(made.people(0))))
        vouched = gateway.ask("exportPersonalData", claims=self.claims(), inboundSharedUserProfileId=user, idempotencyKey="k")
        direct = client.ask("exportPersonalData", inboundSharedUserProfileId=user, idempotencyKey="k")
        self.assertEqual((vouched["status"], vouched["operation"]["id"]), (202, direct["operation"]["id"]))
        self.assertEqual(vouched["operation"]["requestedBy"], harness.CALLER)
        ask = {"operationId": vouched["operation"]["id"]}
        for changes, expected in (
                ({}, None), ({"tenant": 1}, (404, "notFound", "notFound")), ({"scp": "User.Read"}, (403, "forbidden", "scopeMissing")),
                ({"scp": ""}, (403, "forbidden", "applicationToken")), ({"isDelegated": False}, (403, "forbidden", "applicationToken")),
                ({"tenant": harness.PERSONAL_TENANT}, (401, "unauthorized", "personalAccount")),
                ({"exp": int(time.time()) - 60}, (401, "unauthorized", "claimsExpired")),
                ({"uti": "revoked"}, (401, "unauthorized", "tokenRevoked")), ({"uti": "other", "azp": harness.CALLER}, None),
                ({"wids": [ROLE]}, None)):
            reply = gateway.ask("getOperation", claims=self.claims(**changes), **ask)
            if expected:
                self.assert_refused(reply, *expected, target="claims" if expected[0] == 401 else None)
            else:
                self.assertEqual(reply["status"], 200, (changes, reply))
        somebody = self.claims(oid=str(uuid.uuid4()))
        self.assert_refused(gateway.ask("cancelOperation", claims=somebody, **ask), 403, "forbidden", "notRequester")
        self.assertEqual(gateway.ask("cancelOperation", claims={**somebody, "scp": APPROVE}, **ask)["status"], 200)

    def test_only_a_peer_that_vouches_is_believed_and_only_about_its_tenants(self):
        made = self.start()
        for name in ("client",):
            self.assert_refused(self.peer(name).ask("getStatistics", claims=self.claims()), 401, "unauthorized", "claimsNotVouched",
                                "claims")
            self.assert_refused(self.peer(name).ask("ping", claims=self.claims()), 401, "unauthorized", "claimsNotVouched", "claims")
        first = self.peer("first")
        self.assertEqual(first.ask("getStatistics", claims=self.claims(0))["status"], 200)
        self.assert_refused(first.ask("getStatistics", claims=self.claims(1)), 401, "unauthorized", "claimsTenant", "claims")
        self.assertEqual(first.ask("getStatistics", token=made.token(0))["status"], 200)
        self.assert_refused(first.ask("getStatistics", token=made.token(1)), 403, "forbidden", "identityTenant")
        gateway = self.peer("gateway")
        for tenant in (0, 1):
            self.assertEqual(gateway.ask("getStatistics", claims=self.claims(tenant))["status"], 200)
        self.assert_refused(gateway.ask("getStatistics"), 401, "unauthorized", "tokenMissing", "token")
        log = made.daemon.text()
        self.assertIn("code=claimsNotVouched target=claims", log)

    def test_who_acts_for_the_person_is_one_pair_of_eyes_with_him_and_can_be_revoked(self):
        made = self.start(approver_scope=APPROVE)
        revoked = str(uuid.uuid4())
        (made.directory / "revocations.json").write_text(
            '{"tokens": [], "persons": [{"tid": "%s", "oid": "%s"}]}' % (made.tenant_id(0), revoked))
        made.daemon.send_signal(signal.SIGHUP)
        gateway, user = self.peer("gateway"), made.user_id(next(iter(made.people(0))))
        while gateway.ask("getStatistics", claims=self.claims(act=revoked))["status"] == 200:
            time.sleep(0.05)
        self.assert_refused(gateway.ask("getStatistics", claims=self.claims(act=revoked)), 401, "unauthorized", "personRevoked", "claims")
        requested = gateway.ask("exportPersonalData", claims=self.claims(act=OPERATOR), inboundSharedUserProfileId=user)
        self.assertEqual(requested["status"], 202)
        approver = self.claims(oid=str(uuid.uuid4()), scp=APPROVE, act=OPERATOR)
        decided = gateway.ask("approveOperation", claims=approver, operationId=requested["operation"]["id"])
        self.assert_refused(decided, 403, "forbidden", "actorNotAdmitted", "operationId")

    def test_that_all_may_be_vouched_for_is_never_meant_by_a_missing_line(self):
        made = self.start()
        folder = made.directory / "identities"
        for roles in ("vouches", "client, vouches", "operator, vouches"):
            refused = subprocess.run([PROGRAMS / "exportctl", "keygen", folder / "wide", "--roles", roles], check=False,
                                     capture_output=True, text=True)
            self.assertEqual(refused.returncode, 2, refused)
            self.assertIn("needs --tenants", refused.stderr)
            self.assertEqual(list(folder.glob("wide*")), [])
        gateway = folder / "gateway.key"
        before = gateway.read_text()
        lines = [line for line in before.splitlines() if "tenants" not in line]
        gateway.write_text("\n".join(lines) + "\n")
        place = f"{gateway}:{next(n for n, line in enumerate(lines, 1) if 'roles' in line)}: "
        expected = place + "metadata.tenants: found nothing beside the role vouches, expected the UUIDs of the tenants"
        made.daemon.send_signal(signal.SIGHUP)
        while "identities=kept" not in made.daemon.text():
            self.assertEqual(self.peer("client").ask("ping")["status"], 200)
        self.assertIn(expected, made.daemon.text())
        self.assertEqual(self.peer("gateway").ask("getStatistics", claims=self.claims(1))["status"], 200)  # As before.
        self.assertEqual(made.daemon.stop(), 0)
        checked = subprocess.run([PROGRAMS / "exportd", "-t", "-c", made.directory / "exportd.yaml"], check=False,
                                 capture_output=True, text=True)
        self.assertEqual(checked.returncode, 2, checked)
        self.assertIn(expected, checked.stderr)
        gateway.write_text(before.replace('"any"', f'"{made.tenant_id(0)}"'))
        made.daemon = made.run("exportd", "exportd")
        self.assertEqual(self.peer("gateway").ask("getStatistics", claims=self.claims(0))["status"], 200)
        self.assert_refused(self.peer("gateway").ask("getStatistics", claims=self.claims(1)), 401, "unauthorized",
                            "claimsTenant", "claims")

    def test_a_token_and_claims_together_are_refused_from_everybody(self):
        made = self.start()
        for name in ("gateway", "client", "first"):
            for token in (made.token(), "x"):
                reply = self.peer(name).ask("getStatistics", token=token, claims=self.claims())
                self.assert_refused(reply, 400, "badRequest", "tokenAndClaims", "claims")

    def test_claims_of_another_form_are_refused(self):
        self.start()
        gateway = self.peer("gateway")
        for changes, target in (({"tid": None}, "claims.tid"), ({"oid": None}, "claims.oid"), ({"scp": None}, "claims.scp"),
                                ({"exp": None}, "claims.exp"), ({"isDelegated": None}, "claims.isDelegated"),
                                ({"tid": "common"}, "claims.tid"), ({"oid": "x"}, "claims.oid"), ({"scp": [harness.SCOPE]}, "claims.scp"),
                                ({"scp": "x" * 4097}, "claims.scp"), ({"exp": 0}, "claims.exp"), ({"exp": 2 ** 53}, "claims.exp"),
                                ({"exp": "1"}, "claims.exp"), ({"isDelegated": 1}, "claims.isDelegated"), ({"uti": "a b"}, "claims.uti"),
                                ({"uti": ""}, "claims.uti"), ({"wids": ["x"]}, "claims.wids[0]"), ({"wids": [ROLE] * 65}, "claims.wids"),
                                ({"roles": []}, "claims.roles"), ({"act": {}}, "claims.act")):
            reply = gateway.ask("getStatistics", claims=self.claims(**changes))
            self.assertEqual((reply["status"], reply["error"]["target"]), (400, target), (changes, reply))
        for claims in ("x", [], 7):
            self.assertEqual(gateway.ask("getStatistics", claims=claims)["status"], 400)

    def test_roles_and_operators_of_claims(self):
        made = self.start(required_roles=[ROLE], operators=[{"tenant_id": self_tenant(0), "object_id": OPERATOR}])
        gateway, operator = self.peer("gateway"), self.peer("operator")
        self.assert_refused(gateway.ask("getStatistics", claims=self.claims()), 403, "forbidden", "roleMissing")
        self.assert_refused(gateway.ask("getStatistics", claims=self.claims(wids=[str(uuid.uuid4())])), 403, "forbidden", "roleMissing")
        self.assertEqual(gateway.ask("getStatistics", claims=self.claims(wids=[str(uuid.uuid4()), ROLE]))["status"], 200)
        as_operator = self.claims(wids=[ROLE], oid=OPERATOR)
        self.assertEqual(operator.ask("getPauses", claims=as_operator)["status"], 200)
        self.assert_refused(gateway.ask("getPauses", claims=as_operator), 403, "forbidden", "identityRole")
        self.assert_refused(operator.ask("getPauses", claims=self.claims(wids=[ROLE])), 403, "forbidden", "operatorNeeded")
        self.assertTrue(made.daemon.is_running())

    def test_without_security_nobody_is_believed(self):
        made = self.made = self.installation()
        made.start_daemon()
        client = made.client()
        for kind in ("getStatistics", "ping", "listOperations"):
            reply = client.ask(kind, token=None, claims=self.claims())
            self.assert_refused(reply, 401, "unauthorized", "claimsNotVouched", "claims")
        reply = client.ask("getStatistics", claims=self.claims())
        self.assert_refused(reply, 400, "badRequest", "tokenAndClaims", "claims")


def self_tenant(tenant):
    return harness.Installation.tenant_id(None, tenant)


if __name__ == "__main__":
    unittest.main(verbosity=2)
