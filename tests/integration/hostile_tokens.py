#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Tokens that somebody made to get in: each is refused by the check that it was made against, and all of them outside in the
same way. And the life of the key set and of revocations around a running daemon."""
import json
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import harness
from minting import Signer, encode, signed_with_hmac, write_key_set

ALGORITHMS = ("ES256", "EdDSA", "RS256", "PS256")
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256
L = 2 ** 252 + 27742317777372353535851937790883648493  # of Ed25519
ORIGIN = {"sub": "service"}


def nested(depth):
    actor = dict(ORIGIN)
    for _ in range(depth - 1):
        actor = {"sub": "service", "act": actor}
    return actor


class Attacks:
    """The rows (name, token, inner code), about one installation and its keys."""

    def __init__(self, made, signers):
        self.made = made
        self.signers = signers
        self.es, self.ed, self.rs, self.ps = (signers[name] for name in ALGORITHMS)
        self.good = self.claims()

    def claims(self, **changes):
        return self.made.claims(**changes)

    def all(self):
        for part in (self.unsigned, self.confused, self.keys, self.header, self.encoding, self.json, self.times, self.issuers,
                     self.callers, self.actors, self.signatures, self.sizes):
            yield from part()

    def unsigned(self):
        for name in ("none", "None", "NONE", "nOnE", "noNe", "nonE", "NoNe"):
            yield f"alg {name}", encode({"alg": name, "kid": self.es.kid}) + "." + encode(self.good) + ".", "tokenUnsigned"
            yield f"alg {name}, signed", self.es.token(self.good, alg=name), "tokenUnsigned"
        yield "alg none with a space", self.es.token(self.good, alg="none "), "tokenAlgorithm"
        for signer in self.signers.values():
            token = signer.token(self.good)
            yield f"{signer.algorithm} without signature", token[:token.rindex(".") + 1], "tokenSignatureLength"
            yield f"{signer.algorithm} with two parts", token[:token.rindex(".")], "tokenParts"
            yield f"{signer.algorithm} with four parts", token + ".AAAA", "tokenParts"

    def confused(self):
        for signer in self.signers.values():
            for name, secret in signer.secrets().items():
                yield (f"HMAC with the {name} of {signer.algorithm}",
                       signed_with_hmac(secret, self.good, "HS256", signer.kid), "tokenAlgorithm")
            yield (f"a MAC for {signer.algorithm}",
                   signed_with_hmac(signer.secrets()["pem"], self.good, signer.algorithm, signer.kid), "tokenSignatureLength")
        for name in ("HS384", "HS512", "ES384", "ES512", "RS384", "RS512", "PS512", "ES256K", "es256", "", "dir", "RSA-OAEP"):
            yield f"alg {name!r}", self.es.token(self.good, alg=name), "tokenAlgorithm"
        for one in ALGORITHMS:
            for other in ALGORITHMS:
                if one != other:
                    token = self.signers[one].token(self.good, kid=self.signers[other].kid)
                    yield f"{one} with the kid of {other}", token, "tokenKeyAlgorithm"
        for value in (None, 256, ["ES256"], {}, True):
            yield f"alg {value!r}", self.es.token(self.good, alg=value), "tokenHeader"

    def keys(self):
        for kid in ("", "../../../../dev/null", "/etc/passwd", "x' OR '1'='1", "'; DROP TABLE keys; --", self.es.kid + " ",
                    self.es.kid.upper(), "%2e%2e", "https://keys.example.net/", "stranger", "k" * 4000):
            yield f"kid {kid[:24]!r}", self.es.token(self.good, kid=kid), "tokenKeyUnknown"
        for kid in (None, 7, [self.es.kid], {}, True):
            yield f"kid {kid!r}", self.es.token(self.good, kid=kid), "tokenKeyMissing"
        header = json.dumps(self.es.header())
        yield "kid with a NUL", self.es.token(self.good, header.replace(self.es.kid, self.es.kid + "\\u0000")), "tokenHeader"
        stranger = Signer("ES256", self.es.kid)
        yield "another key under the kid", stranger.token(self.good), "tokenSignature"
        for member, value in (("jku", "https://keys.example.net/"), ("x5u", "https://keys.example.net/"),
                              ("jwk", stranger.jwk()), ("x5c", ["AAAA"]), ("jwk", {})):
            yield f"{member} in the header", stranger.token(self.good, **{member: value}), "tokenHeaderKey"

    def header(self):
        for value in (["exp"], ["unknown"], [], ["alg", "alg"], "exp", {}, ["b64"]):
            yield f"crit {value!r}", self.es.token(self.good, crit=value), "tokenCritical"
        yield "crit with its extension", self.es.token(self.good, crit=["b64"], b64=False), "tokenCritical"
        yield "b64 false", self.es.token(self.good, b64=False), "tokenUnencoded"
        yield "b64 true", self.es.token(self.good, b64=True), "tokenUnencoded"
        yield "zip", self.es.token(self.good, zip="DEF"), "tokenEncrypted"
        yield "enc", self.es.token(self.good, enc="A256GCM"), "tokenEncrypted"
        yield "JWE of five parts", self.es.token(self.good) + ".AAAA.AAAA", "tokenParts"
        yield "cty", self.es.token(self.good, cty="JWT"), "tokenNested"
        yield "a token in the payload", self.es.token(self.es.token(self.good)), "tokenPayload"
        for kind in ("id+jwt", "dpop+jwt", "logout+jwt", "secevent+jwt", "JWE", "", "JWT ", 7, ["JWT"]):
            yield f"typ {kind!r}", self.es.token(self.good, typ=kind), "tokenType"

    def encoding(self):
        token = self.es.token(self.good)
        head, payload, signature = token.split(".")
        for mark in (" ", "\n", "=", "+", "/", "%", "é"):
            for place in (5, len(head) + 5, len(token) - 5):
                yield f"{mark!r} at {place}", token[:place] + mark + token[place:], "tokenEncoding"
        yield "padding at the end", token + "=", "tokenEncoding"
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        yield "unused bits", token[:-1] + alphabet[alphabet.index(token[-1]) + 1], "tokenEncoding"
        yield "one character too many", f"{head}.{payload}.{signature}AAA", "tokenEncoding"
        for name, text in (("JSON", json.dumps({"payload": payload, "signatures": []})), ("a word", "x"), ("a dot", "."),
                           ("three dots", "...")):
            yield name, text, "tokenParts"
        yield "two dots", "..", "tokenHeader"

    def json(self):
        header, payload = json.dumps(self.es.header()), json.dumps(self.good)
        twice = {"alg": '"ES256"', "kid": f'"{self.es.kid}"', "\\u006bid": '"x"'}
        for name, value in twice.items():
            yield (f"{name} twice", self.es.token(self.good, header[:-1] + f',"{name}":{value}}}'), "tokenDuplicateMember")
        for name in ("tid", "exp", "oid", "t\\u0069d"):
            changed = payload[:-1] + f',"{name}":"{self.made.tenant_id(1)}"}}'
            yield f"{name} twice", self.es.token(changed), "tokenDuplicateMember"
        yield "a member twice inside", self.es.token(payload[:-1] + ',"more":{"a":1,"a":2}}'), "tokenDuplicateMember"
        for text in ("", "null", "[]", '"a"', "1", "{", "{}{}", "{'a':1}", '{"a":1,}'):
            yield f"header {text!r}", self.es.token(self.good, text), "tokenHeader"
            yield f"payload {text!r}", self.es.token(text), "tokenPayload"
        yield "a payload that is not UTF-8", self.es.token(b'{"a":"\xff"}'), "tokenPayload"
        yield "a header of depth 3,000", self.es.token(self.good, "[" * 3000), "tokenTooDeep"
        yield "a payload of depth 3,000", self.es.token('{"a":' + "[" * 3000), "tokenTooDeep"
        yield "a payload of depth 9", self.es.token(payload[:-1] + ',"a":' + "[" * 8 + "]" * 8 + "}"), "tokenTooDeep"
        for value in ("9223372036854775808", "1e999"):
            yield f"exp {value}", self.es.token(payload[:-1] + f',"more":{value}}}'), "tokenPayload"

    def times(self):
        now = int(time.time())
        yield "exp just past the skew", self.es.token(self.claims(exp=now - 61)), "tokenExpired"
        yield "exp 1", self.es.token(self.claims(exp=1)), "tokenExpired"
        for value in (None, str(now + 600), now + 600.5, True, [now + 600], 0, -1, -now, 2 ** 53 + 1, 2 ** 63 - 1):
            yield f"exp {value!r}", self.es.token(self.claims(exp=value)), "tokenExpiry"
        for member in ("nbf", "iat"):
            yield f"{member} to come", self.es.token(self.claims(**{member: now + 3600})), "tokenNotYetValid"
            yield f"{member} at 2^53", self.es.token(self.claims(**{member: 2 ** 53})), "tokenNotYetValid"
            for value in ("1", 1.5, -1, 2 ** 53 + 1, {}, True):
                yield f"{member} {value!r}", self.es.token(self.claims(**{member: value})), "tokenStart"

    def issuers(self):
        mine, other = self.made.tenant_id(0), self.made.tenant_id(1)
        base = "https://login.example.org"
        for name in (f"{base}/{other}/v2.0", f"{base}/{mine}/v2.0/", f"{base}/{mine}", f"{base}/{mine}/v1.0",
                     f"https://LOGIN.example.org/{mine}/v2.0", f"http://login.example.org/{mine}/v2.0",
                     f"{base}/{{tid}}/v2.0", f"{base}//v2.0", f"{base}.example.net/{mine}/v2.0",
                     f"https://example.net/?{base}/{mine}/v2.0", f"{base}/{mine}/v2.0#", None, 7, [f"{base}/{mine}/v2.0"]):
            yield f"iss {name!r}", self.es.token(self.claims(iss=name)), "tokenIssuer"
        bound = self.signers["bound"]
        yield "the key of another issuer", bound.token(self.good), "tokenKeyIssuer"
        for value in (None, "common", 7, "", [mine], mine[:-1], "{" + mine + "}", mine.replace("-", "")):
            yield f"tid {value!r}", self.es.token(self.claims(tid=value)), "tokenTenant"
        yield "a personal account", self.es.token(self.made.claims(harness.PERSONAL_TENANT)), "personalAccount"

    def callers(self):
        for value in (None, "somebody", 7, "", [harness.CALLER], harness.CALLER + " "):
            yield f"oid {value!r}", self.es.token(self.claims(oid=value)), "tokenPerson"
        for value in ("App", "device", "", 7, True, ["user"], "app "):
            yield f"idtyp {value!r}", self.es.token(self.claims(idtyp=value)), "tokenKind"
        for value in (7, [harness.SCOPE], {}, True):
            yield f"scp {value!r}", self.es.token(self.claims(scp=value)), "tokenScopes"

    def actors(self):
        for value in (7, "service", [], {}, [ORIGIN], True, {"name": "x"}, {"sub": 7}, nested(5), nested(7),
                      {"sub": "x", "act": {}}, {"sub": "x", "tid": self.made.tenant_id(1)}, {"oid": "x"},
                      {"sub": "x", "iss": "https://login.example.net/"}):
            yield f"act {json.dumps(value)[:40]}", self.es.token(self.claims(act=value)), "tokenActor"
        yield "may_act of another form", self.es.token(self.claims(may_act="x")), "tokenActor"

    def signatures(self):
        for signer in self.signers.values():
            head, payload, signature = signer.token(self.good).split(".")
            changed = signature[:20] + ("A" if signature[20] != "A" else "B") + signature[21:]
            other = signer.token(self.claims(uti="other"))
            raw = signer.sign(f"{head}.{payload}".encode())
            yield f"{signer.kid}: a changed signature", f"{head}.{payload}.{changed}", "tokenSignature"
            yield f"{signer.kid}: the signature of another", f"{head}.{payload}.{other.split('.')[2]}", "tokenSignature"
            yield f"{signer.kid}: short", f"{head}.{payload}.{encode(raw[:-1])}", "tokenSignatureLength"
            yield f"{signer.kid}: long", f"{head}.{payload}.AAAA{signature}", "tokenSignatureLength"
            yield f"{signer.kid}: zeros", f"{head}.{payload}.{'A' * len(signature)}", "tokenSignature"
        head, payload, signature = self.es.token(self.good).split(".")
        for r in (0, 1, ORDER - 1, ORDER, ORDER + 1, 2 ** 256 - 1):
            for s in (0, 1, ORDER, 2 ** 256 - 1):
                made = encode(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
                yield f"r {r % 1000}, s {s % 1000}", f"{head}.{payload}.{made}", "tokenSignature"
        head, payload, _ = self.ed.token(self.good).split(".")
        raw = self.ed.sign(f"{head}.{payload}".encode())
        large = raw[:32] + (int.from_bytes(raw[32:], "little") + L).to_bytes(32, "little")
        yield "S + L", f"{head}.{payload}.{encode(large)}", "tokenSignature"
        yield "a small-order R", f"{head}.{payload}.{encode(bytes([1]) + bytes(63))}", "tokenSignature"

    def sizes(self):
        yield "8 KiB and one character", "A" * 8193, "tokenTooLong"
        yield "a good token made too long", self.es.token(self.claims(pad="x" * 7000)), "tokenTooLong"
        yield "16 KiB", "A" * 16384, "tokenTooLong"
        yield "empty", "", "tokenMissing"


class Hostile(harness.Case):
    def signers(self, made):
        found = {name: Signer(name, f"key-{name}") for name in ALGORITHMS}
        found["bound"] = Signer("EdDSA", "key-bound")
        jwks = [signer.jwk() for name, signer in found.items() if name != "bound"]
        jwks.append(found["bound"].jwk(issuer="https://login.example.net/{tenantid}/"))
        write_key_set(made.directory / "keys" / "keys.json", jwks)
        return found

    def reload(self, made):
        """Has SIGHUP obeyed."""
        before = made.daemon.text().count("cause=signal")
        made.daemon.send_signal(harness.signal.SIGHUP)
        deadline = time.monotonic() + harness.TIMEOUT
        while made.daemon.text().count("cause=signal") == before:
            self.assertLess(time.monotonic(), deadline, "nothing is logged about the reload")
            made.client().ask("ping")

    def test_every_attack_is_refused_by_the_check_it_was_made_against(self):
        made = self.installation()
        signers = self.signers(made)
        made.start_daemon()
        client = made.client()
        attacks = list(Attacks(made, signers).all())
        shapes = set()
        for name, token, inner in attacks:
            with self.subTest(attack=name):
                reply = client.ask("getStatistics", token=token)
                self.assert_refused(reply, 401, "unauthorized", inner, "token")
                error = reply["error"]
                for value in (error.pop("message"), error["innerError"].pop("code")):
                    self.assertFalse(len(token) > 20 and token[:20] in value)
                del reply["requestId"], error["innerError"]["requestId"], error["innerError"]["date"]
                shapes.add(json.dumps(reply, sort_keys=True))
        print(f"{len(attacks)} attacks, {len({inner for _, _, inner in attacks})} reasons, {len(shapes)} shape of reply")
        self.assertGreaterEqual(len(attacks), 200)
        self.assertEqual(len(shapes), 1, shapes)
        for signer in (signers[name] for name in ALGORITHMS):  # What was attacked is still there.
            self.assertEqual(client.ask("getStatistics", token=signer.token(made.claims()))["status"], 200)
        text = made.daemon.text()
        self.assertFalse([name for name, token, _ in attacks if len(token) > 40 and token[5:40] in text])

    def test_one_code_has_one_message(self):
        made = self.installation()
        signers = self.signers(made)
        made.start_daemon()
        client = made.client()
        said = {}
        for _, token, inner in Attacks(made, signers).all():
            error = client.ask("getStatistics", token=token)["error"]
            said.setdefault(error["innerError"]["code"], set()).add(error["message"])
        self.assertEqual([inner for inner, messages in said.items() if len(messages) > 1], [])

    def test_what_is_good_but_strange_is_accepted(self):
        made = self.installation()
        signers = self.signers(made)
        made.start_daemon()
        client = made.client()
        signer = signers["ES256"]
        for changes in ({"aud": ["api://other", "api://exportd"]}, {"nbf": None, "iat": None}, {"act": ORIGIN}, {"act": nested(4)}, {"may_act": {"sub": "x"}}, {"uti": None},
                        {"exp": 2 ** 53}, {"azp": "portal"}, {"scp": f"User.Read  {harness.SCOPE} openid"}):
            reply = client.ask("getStatistics", token=signer.token(made.claims(**changes)))
            self.assertEqual(reply["status"], 200, changes)
        for header in ({"typ": None}, {"typ": "at+jwt"}, {"typ": "application/at+jwt"}, {"x5t": "AAAA"}):
            self.assertEqual(client.ask("getStatistics", token=signer.token(made.claims(), **header))["status"], 200, header)
        for scope in ("*", ".default", harness.SCOPE + "s", harness.SCOPE.lower(), "CrossTenantUserProfileSharing.*",
                      "CrossTenantUserProfileSharing.Read", "CrossTenantUserProfileSharing.ReadWrite.All", " "):
            reply = client.ask("getStatistics", token=signer.token(made.claims(scp=scope)))
            self.assert_refused(reply, 403, "forbidden", "scopeMissing")
        for audience in (None, "api://exportd/", "api://export", "API://EXPORTD", "api://exportd api://other",
                         ["api://other"], [], ["api://exportd", 7], [["api://exportd"]], "https://graph.example.org"):
            reply = client.ask("getStatistics", token=signer.token(made.claims(aud=audience)))
            self.assert_refused(reply, 403, "forbidden", "tokenAudience")

    def test_a_token_may_be_used_again_on_any_connection_but_for_nothing_new(self):
        made = self.installation()
        made.start_daemon()
        token = made.token()
        ids = set()
        for _ in range(20):
            client = made.client(token=token)
            operation = client.export(made.user_id(made.people(0)[0]), idempotencyKey="once")
            ids.add(operation["id"])
        self.assertEqual(len(ids), 1)
        self.assertEqual(client.ask("cancelOperation", operationId=operation["id"])["status"], 200)
        for _ in range(20):  # The same request after the cancel is answered with the cancelled operation.
            again = made.client(token=token).export(made.user_id(made.people(0)[0]), idempotencyKey="once")
            self.assertEqual((again["id"], again["status"]), (operation["id"], "failed"))

    def test_a_rotated_key_works_with_its_first_token(self):
        made = self.installation()
        signers = self.signers(made)
        made.start_daemon()
        client = made.client()
        path = made.directory / "keys" / "keys.json"
        fresh, later, old = Signer("ES256", "fresh"), Signer("EdDSA", "later"), signers["ES256"]

        def ask(signer):
            reply = client.ask("getStatistics", token=signer.token(made.claims()))
            return reply["error"]["innerError"]["code"] if "error" in reply else reply["status"]

        self.assertEqual((ask(old), ask(fresh)), (200, "tokenKeyUnknown"))
        write_key_set(path, [old.jwk(), fresh.jwk()])
        self.assertEqual((ask(fresh), ask(old)), (200, 200))
        write_key_set(path, [fresh.jwk(), later.jwk()])
        self.assertEqual((ask(later), ask(old)), ("tokenKeyUnknown", 200))  # Once in five minutes.
        for i in range(500):
            self.assertEqual(ask(Signer("EdDSA", f"made-up-{i}", later.key)), "tokenKeyUnknown")
        self.assertEqual(made.daemon.text().count("cause=unknown_key"), 1)
        self.reload(made)
        self.assertEqual((ask(later), ask(fresh), ask(old)), (200, 200, "tokenKeyUnknown"))

    def test_a_bad_key_set_leaves_the_last_good_one(self):
        made = self.installation()
        signer = self.signers(made)["ES256"]
        made.start_daemon()
        client = made.client()
        path = made.directory / "keys" / "keys.json"
        good = path.read_text()
        point = signer.jwk()
        rows = ["", "{", "[]", '{"keys":[]}', '{"keys":{}}', "x" * 70000,
                *(json.dumps({"keys": [jwk]}) for jwk in (
                    {**point, "kid": None}, {**point, "kid": ""}, {**point, "d": "AAAA"}, {**point, "x": point["y"]},
                    {**point, "crv": "P-384"}, {**point, "alg": "ES384"}, {**point, "alg": "none"}, {**point, "use": "enc"},
                    {**point, "kty": "oct", "k": "AAAA"}, {**point, "key_ops": ["sign"]}, {**point, "x": point["x"] + "="},
                    {"kid": "a", "kty": "oct", "k": "AAAA"}, {"kid": "a", "kty": "RSA", "n": "AQAB", "e": "AQAB"}, 7)),
                json.dumps({"keys": [point, point]}), good[:-4], good.replace('"keys"', '"keys":[],"keys"')]
        for content in rows:
            path.write_text(content)
            self.reload(made)
            last = [line for line in made.daemon.text().splitlines() if "cause=signal" in line][-1]
            self.assertIn("event=reload_failed", last, content[:60])
            self.assertEqual(client.ask("getStatistics", token=signer.token(made.claims()))["status"], 200, content[:60])
        path.unlink()
        self.reload(made)
        self.assertEqual(client.ask("getStatistics", token=signer.token(made.claims()))["status"], 200)

    def test_a_removed_key_ends_without_a_signal(self):
        made = self.installation()
        path = made.directory / "keys" / "keys.json"
        old, new = Signer("ES256", "old"), Signer("ES256", "new")
        write_key_set(path, [old.jwk()])
        made.start_daemon()
        client, token = made.client(), old.token(made.claims())
        self.assertEqual(client.ask("getStatistics", token=token)["status"], 200)
        write_key_set(path, [new.jwk()])
        deadline = time.monotonic() + harness.TIMEOUT
        while client.ask("getStatistics", token=token)["status"] == 200:
            self.assertLess(time.monotonic(), deadline, "the removed key is still in force")
            time.sleep(0.1)
        self.assert_refused(client.ask("getStatistics", token=token), 401, "unauthorized", "tokenKeyUnknown", "token")
        self.assertIn("event=reloaded keys=new cause=file_changed", made.daemon.text())

    def test_revocations_end_remembered_tokens(self):
        made = self.installation()
        path = made.directory / "revocations.json"
        path.write_text("{}")
        made.configure("exportd", lambda settings: settings["tokens"].update(revocations=str(path)))
        made.start_daemon()
        clients = {name: made.client(token=made.token(uti=name, **changes)) for name, changes in (
            ("a", {}), ("b", {}), ("c", {"oid": made.user_id(7)}), ("d", {"act": {"sub": "x", "oid": made.user_id(7)}}))}

        def answers():
            replies = {name: client.ask("getStatistics") for name, client in clients.items()}
            return [reply["error"]["innerError"]["code"] if "error" in reply else 200 for reply in replies.values()]

        def revoke(content):
            path.write_text(content if isinstance(content, str) else json.dumps(content))
            before = made.daemon.text().count("revocations=")
            made.daemon.send_signal(harness.signal.SIGHUP)
            while made.daemon.text().count("revocations=") == before:
                made.client().ask("ping")
            return answers()

        self.assertEqual(answers(), [200] * 4)
        self.assertEqual(revoke({"tokens": ["a"]}), ["tokenRevoked", 200, 200, 200])
        self.assertEqual(revoke({"tokens": ["a", "b c"]}), ["tokenRevoked", 200, 200, 200])  # A bad file keeps the last.
        self.assertEqual(revoke("{"), ["tokenRevoked", 200, 200, 200])
        person = {"tid": made.tenant_id(0), "oid": made.user_id(7)}
        self.assertEqual(revoke({"persons": [person]}), [200, 200, "personRevoked", "personRevoked"])
        self.assertEqual(revoke({"persons": [{**person, "tid": made.tenant_id(1)}]}), [200] * 4)
        path.unlink()
        self.assertEqual(made.daemon.stop(), 0)
        daemon = made.run("exportd", "exportd")
        self.addCleanup(daemon.release)
        self.assertEqual(daemon.wait(), 2)
        self.assertIn("revocations.json: No such file", daemon.text())


if __name__ == "__main__":
    unittest.main(verbosity=2)
