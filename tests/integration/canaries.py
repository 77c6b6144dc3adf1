#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Canaries: unique texts in every name, row, file and token, and in what callers send, on the good paths and on the bad ones.
Nothing that leaves the daemon but the answer to who may know it, and nothing that is written down but the bundle of that
person, has one. Two tenants' canaries are apart. reliability: A05, P10, P11."""
import re
import sqlite3
import uuid
import zipfile

import msgpack

import curve
import harness

UNKNOWN_ID = "0badf00d-0000-4000-8000-000000000000"


class Canaries:
    """Texts that occur nowhere else, by what they stand for."""

    def __init__(self):
        self.texts = {}

    def make(self, what):
        self.texts[what] = f"canary{uuid.uuid4().hex}"
        return self.texts[what]

    def found_in(self, data):
        if isinstance(data, str):
            data = data.encode()
        return sorted(what for what, text in self.texts.items() if text.encode() in data)


class Leaks(harness.Case):
    def plant(self, made, canaries):
        """In the registry and in every source, by tenant."""
        with sqlite3.connect(made.directory / "registry.db") as registry:
            for number in range(made.tenant_count):
                registry.execute("UPDATE profiles SET display_name = ? WHERE tenant_id = ?",
                                 (canaries.make(f"name {number}"), made.tenant_id(number)))
        with sqlite3.connect(made.directory / "mailbox.db") as mailbox:
            for number in range(made.tenant_count):
                mailbox.execute("UPDATE messages SET subject = ?, body = ? WHERE tenant_id = ?",
                                (canaries.make(f"subject {number}"), canaries.make(f"body {number}"),
                                 made.tenant_id(number)))
        with sqlite3.connect(made.directory / "sign-ins.db") as log:
            for number in range(made.tenant_count):
                log.execute("UPDATE sign_ins SET application = ? WHERE tenant_id = ?",
                            (canaries.make(f"application {number}"), made.tenant_id(number)))
        for number in range(made.tenant_count):
            text = canaries.make(f"file {number}")
            for path in (made.directory / "files" / made.tenant_id(number)).rglob("*"):
                if path.is_file():
                    path.write_text(text)

    def token(self, made, canaries, tenant, **changes):
        """With a canary in every claim that may hold one, and as a canary itself."""
        token = made.token(tenant, name=canaries.make("claim name"), uti=canaries.make("claim uti"),
                           preferred_username=canaries.make("claim username"),
                           email=canaries.make("claim email"), **changes)
        for part, text in zip(("header", "payload", "signature"), token.split(".")):
            canaries.texts[f"token {part}"] = text[-40:]
        return token

    def bad_requests(self, made, canaries, tokens):
        """What is refused for every kind of reason, with canaries where something is wrong."""
        user = made.user_id(made.people(0)[0])
        export = {"type": "exportPersonalData", "inboundSharedUserProfileId": user, "token": tokens[0]}
        head, payload, signature = tokens[0].split(".")
        yield {**export, "inboundSharedUserProfileId": canaries.make("bad profile")}
        yield {**export, "idempotencyKey": canaries.make("bad key") + " "}
        yield {**export, "idempotencyKey": canaries.make("long key") * 10}
        yield {**export, canaries.make("field"): canaries.make("value")}
        yield {**export, canaries.make("deep field"): [[[[[[[[[1]]]]]]]]]}
        yield {**export, canaries.make("field of a bad text"): "a\0" + canaries.make("bad text")}
        yield {**export, "type": canaries.make("type")}
        yield {**export, "requestId": canaries.make("request id") + "\n"}
        yield {**export, "token": canaries.make("no token")}
        yield {**export, "token": f"{head}.{payload}.{signature[:-8]}AAAAAAAA"}
        yield {**export, "token": f"{head}.{canaries.make('token payload made up')}.{signature}"}
        yield {**export, "token": self.token(made, canaries, 0, exp=1)}
        yield {**export, "token": self.token(made, canaries, 0, scp="openid " + canaries.make("scope"))}
        yield {**export, "token": self.token(made, canaries, 0, aud=canaries.make("audience"))}
        yield {**export, "token": self.token(made, canaries, 0, iss=canaries.make("issuer"))}
        yield {**export, "token": self.token(made, canaries, canaries.make("tenant"))}
        yield {**export, "inboundSharedUserProfileId": UNKNOWN_ID}
        yield {"type": "getOperation", "token": tokens[0], "operationId": canaries.make("operation")}
        yield {"type": "listOperations", "token": tokens[0], "next": canaries.make("next")}
        yield {"type": "listOperations", "token": tokens[0], "status": canaries.make("status")}

    def outputs(self, made):
        """Everything that the processes wrote but the bundles: (name, bytes)."""
        for path in sorted(made.directory.glob("*.log")) + sorted((made.directory / "store").iterdir()):
            if path.is_file():
                yield path.name, path.read_bytes()

    def check_secure(self, made):
        canaries = Canaries()
        self.plant(made, canaries)
        made.configure("exportd", lambda s: s.setdefault("log", {}).update(level="debug"))
        made.configure("worker-0", lambda s: s.setdefault("log", {}).update(level="debug"))
        made.start()
        tokens = [self.token(made, canaries, tenant) for tenant in (0, 1)]
        watcher = made.watcher("")
        watcher.settle(made, 1)
        said = []  # What anybody is told who must not hear a canary: (where, bytes).
        clients = [made.client(tenant, tokens[tenant]) for tenant in (0, 1)]
        bundles = []
        for tenant, client in enumerate(clients):
            user = made.user_id(made.people(tenant)[1])
            key = canaries.make(f"idempotency key {tenant}")
            operation = client.export(user, idempotencyKey=key)
            done = made.wait_until(client, operation["id"], "complete")
            said += [("operation", msgpack.packb(done)),
                     ("events", msgpack.packb(client.events()[0])),
                     ("statistics", msgpack.packb(client.ask("getStatistics"))),
                     ("why", msgpack.packb(client.ask("explainOperation", operationId=operation["id"]))),
                     ("list", msgpack.packb(client.ask("listOperations")))]
            bundles.append(next((made.directory / "bundles").rglob(f"{operation['id']}*.zip")))
            conflict = client.ask("exportPersonalData", idempotencyKey=key,
                                  inboundSharedUserProfileId=made.user_id(made.people(tenant)[0]))
            self.assertEqual(conflict["status"], 409)
            said.append(("conflict", msgpack.packb(conflict)))
        for number, request in enumerate(self.bad_requests(made, canaries, tokens)):
            reply = msgpack.unpackb(clients[0].raw(msgpack.packb({"requestId": f"bad-{number}", **request})))
            self.assertGreaterEqual(reply["status"], 400, request)
            reply["error"].pop("target", None)  # The name of a field is told to who made it up.
            said.append((f"refusal {number}", msgpack.packb(reply)))
        watcher.turn()
        said += [("event", msgpack.packb(event)) for event in watcher.events]
        self.check_profiles(made, canaries, clients)
        self.check_bundles(canaries, bundles)
        for process in (made.workers[0], made.daemon):
            process.stop()
        written = list(self.outputs(made))
        self.assertGreater(len(written), 3)
        self.assertGreater(len(said), 30)
        for where, data in said + written:
            self.assertEqual(canaries.found_in(data), [], where)

    def check_profiles(self, made, canaries, clients):
        """A name is told to its own tenant only, of people whom both tenants know too."""
        for tenant, client in enumerate(clients):
            reply = msgpack.packb([client.ask("listProfiles"),
                                   client.ask("getProfile", userId=made.user_id(made.people(tenant)[1]))])
            self.assertEqual(canaries.found_in(reply), [f"name {tenant}"])

    def check_bundles(self, canaries, bundles):
        """Each holds its own tenant's canaries, so that what is looked for can be found, and none of the other's."""
        for tenant, path in enumerate(bundles):
            with zipfile.ZipFile(path) as bundle:
                found = canaries.found_in(b"\n".join(bundle.read(name) for name in bundle.namelist()) +
                                          "\n".join(bundle.namelist()).encode())
            self.assertIn(f"application {tenant}", found)
            self.assertEqual([what for what in found if not re.fullmatch(rf"\w+ {tenant}", what)], [])

    def test_nothing_leaks(self):
        self.check_secure(self.installation())

    def test_nothing_leaks_under_curve(self):
        self.check_secure(curve.secure(self.installation()))


if __name__ == "__main__":
    harness.main()
