#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Who may connect to what, on real processes that speak CURVE: keys, roles, tenants, feeds, and what
becomes of open sessions when a key is renewed or revoked."""
import os
import signal
import time
import uuid

import msgpack
import zmq

import curve
import harness
import peers

KINDS = {"requests": zmq.DEALER, "jobs": zmq.PULL, "reports": zmq.PUSH, "status": zmq.SUB,
         "a": zmq.SUB, "ab": zmq.SUB}
CUT_OFF = 5  # seconds within which an open session of a revoked key must end


def ping(number=1):
    return b"", msgpack.packb({"type": "ping", "requestId": f"r{number}"})


def heartbeat(worker):
    return msgpack.packb({"type": "heartbeat", "worker": worker, "instance": str(uuid.uuid4()),
                          "slots": 1, "running": []})


class Case(harness.Case):
    def secure(self, **options):
        made = curve.secure(self.installation(**options))
        return made

    def peer(self, *arguments, **options):
        made = curve.Peer(*arguments, **options)
        self.addCleanup(made.close)
        return made


class Start(Case):
    """Z01: nothing is served before it is known who may be served."""

    def refused(self, made, *words):
        process = made.run("exportd", "exportd")
        self.assertEqual(process.wait(), 2, process.text())
        text = process.text()
        self.assertIn("exportd.yaml:", text)
        for word in words:
            self.assertIn(word, text)
        self.assertNotIn("event=ready", text)
        (made.directory / "exportd.log").unlink()

    def test_without_identities_that_can_be_trusted_it_does_not_start(self):
        made = self.secure()
        folder, secret = made.keys.folder, made.keys.secrets / "exportd.key_secret"
        made.configure("exportd", lambda s: s["curve"].update(identities=str(folder) + "-not"))
        self.refused(made, "curve.identities", "identities-not")
        made.configure("exportd", lambda s: s["curve"].update(identities=str(secret)))
        self.refused(made, "curve.identities")
        made.configure("exportd", lambda s: s["curve"].update(identities=str(folder)))
        folder.chmod(0o777)
        self.refused(made, "curve.identities", "others than its owner")
        folder.chmod(0o755)
        (folder / "backend.key").chmod(0o666)
        self.refused(made, "backend.key", "others than its owner")
        (folder / "backend.key").chmod(0o644)
        secret.chmod(0o640)
        self.refused(made, "curve.certificate", "chmod 600")
        secret.chmod(0o600)
        if os.geteuid() == 0:
            os.chown(secret, 1, 1)
            self.refused(made, "curve.certificate", "must belong to")
            os.chown(secret, 0, 0)
        (folder / "twice.key").write_text((folder / "backend.key").read_text())
        self.refused(made, "metadata.name", "expected a name of its own")
        (folder / "twice.key").write_text((folder / "backend.key").read_text()
                                          .replace("backend", "other"))
        self.refused(made, "curve.public-key", "expected a key of its own")
        (folder / "twice.key").write_text("metadata\n    name = x\n    roles = king\n")
        self.refused(made, "twice.key:3: metadata.roles")
        (folder / "twice.key").write_text(secret.read_text())
        self.refused(made, "twice.key", "public certificate")
        (folder / "twice.key").unlink()
        made.configure("exportd", lambda s: s.pop("curve"))
        self.refused(made, "curve: found nothing", "security: none")
        made.configure("exportd", lambda s: (s.update(security="none"),
                                             s["sockets"].update(requests="tcp://0.0.0.0:5570")))
        self.refused(made, "sockets.requests", "nothing is encrypted")

    def test_a_daemon_that_does_not_answer_admits_nobody(self):
        made = self.secure()
        made.start_daemon()
        made.daemon.send_signal(19)
        late = self.peer(zmq.DEALER, made.endpoint("requests"), made.prepare)
        with self.assertRaises(peers.Lost):
            late.wait(curve.SUCCEEDED, timeout=0.5)
        made.daemon.send_signal(18)
        self.assertTrue(late.is_admitted() or late.is_admitted())
        late.socket.send_multipart(ping())
        self.assertTrue(peers.poll(late.socket, peers.TIMEOUT))


class Doors(Case):
    """Z02 and the roles: every socket, and every feed, to everybody who may not use it."""

    def setUp(self):
        self.made = made = self.secure(tenants=2, workers=1)
        self.tenants = [made.tenant_id(0), made.tenant_id(1)]
        keys = made.keys
        for role in ("client", "vouches", "worker", "subscriber", "operator"):
            keys.admit(role, role, ["any"] if role == "vouches" else [])
        keys.admit("only-a", "client,subscriber", [self.tenants[0]])
        keys.admit("dashboard-a", "subscriber", [self.tenants[0]])
        keys.admit("dashboard-ab", "subscriber", self.tenants)
        keys.make("stranger", "client,worker,subscriber")
        keys.make("other-exportd")
        self.feeds = curve.add_feeds(
            made, ("a", [self.tenants[0]], ["dashboard-a", "client", "nobody"]),
            ("ab", self.tenants, ["dashboard-ab", "only-a"]))
        made.start_daemon()
        self.endpoints = {**{name: made.endpoint(name) for name in curve.SOCKETS}, **self.feeds}

    def as_null(self, _):
        pass

    def as_plain(self, socket):
        socket.plain_username, socket.plain_password = b"backend", b"secret"

    def test_nobody_without_a_right_key_gets_or_gives_a_message(self):
        keys = self.made.keys
        intruders = []
        ways = {"unknown key": keys.prepare("stranger"),
                "wrong server key": keys.prepare("backend", "other-exportd"),
                "right key, wrong server key": keys.prepare("worker", "other-exportd"),
                "NULL": self.as_null, "PLAIN": self.as_plain}
        for name, endpoint in self.endpoints.items():
            for way, prepare in ways.items():
                for _ in range(2):  # 6 endpoints, 5 ways, 2 each: 60
                    intruders.append((name, way, self.peer(KINDS[name], endpoint, prepare)))
        self.assertEqual(len(intruders), 60)
        for name, way, peer in intruders:
            with self.subTest(endpoint=name, way=way):
                self.assertFalse(peer.is_admitted())
                if way == "unknown key":
                    continue
                if KINDS[name] == zmq.DEALER:
                    peer.try_to_send(*ping())
                elif KINDS[name] == zmq.PUSH:
                    peer.try_to_send(heartbeat("worker-0"))
        self.made.start_worker()
        client = self.made.client()
        operation = client.export(self.made.user_id(0))
        self.made.wait_until(client, operation["id"])
        for name, way, peer in intruders:
            with self.subTest(endpoint=name, way=way):
                self.assertEqual(peer.heard(), [])
        self.assertEqual(client.ask("getStatistics")["statistics"]["workers"], 1)
        self.assertRegex(self.made.daemon.text(), "event=denied .*last_code=identityUnknown")

    def test_every_role_opens_its_own_sockets_only(self):
        opens = {"client": {"requests"}, "vouches": {"requests"}, "operator": {"requests"},
                 "worker": {"jobs", "reports", "status"}, "subscriber": {"status"},
                 "only-a": {"requests"}, "dashboard-a": {"a"}, "dashboard-ab": {"ab"}}
        for name, allowed in opens.items():
            for endpoint, address in self.endpoints.items():
                with self.subTest(identity=name, endpoint=endpoint):
                    peer = self.peer(KINDS[endpoint], address, self.made.keys.prepare(name))
                    self.assertEqual(peer.is_admitted(), endpoint in allowed)
                    peer.close()

    def test_a_feed_that_names_somebody_who_is_not_there_is_told(self):
        self.assertIn("event=feed_identity feed=a identity=nobody reason=unknown",
                      self.made.daemon.text())
        self.assertIn("event=feed_identity feed=a identity=client reason=not_admitted",
                      self.made.daemon.text())

    def test_a_client_of_one_tenant_asks_for_that_one_only(self):
        made = self.made
        client = peers.Client(made.endpoint("requests"), prepare=made.keys.prepare("only-a"))
        self.addCleanup(client.close)
        tokens = [made.token(0), made.token(1)]
        self.assertEqual(client.ask("listOperations", token=tokens[0])["status"], 200)
        self.assert_refused(client.ask("listOperations", token=tokens[1]), 403, "forbidden",
                            "identityTenant")
        self.assert_refused(client.ask("listOperations", token="x.y.z", timeout=10), 401,
                            "unauthorized", client.ask("listOperations", token="x.y.z")
                            ["error"]["innerError"]["code"])
        self.assertEqual(client.ask("ping")["status"], 200)

    def test_a_worker_reports_under_its_own_name_only(self):
        made = self.made
        reports = self.peer(zmq.PUSH, made.endpoint("reports"), made.keys.prepare("worker"))
        self.assertTrue(reports.is_admitted())
        reports.socket.sndtimeo = -1
        client = made.client()
        for name in ("worker-0", "worke", "worker1", "Worker"):
            reports.socket.send(heartbeat(name))
        reports.socket.send(heartbeat("worker"))
        deadline = time.monotonic() + peers.TIMEOUT
        while client.ask("getStatistics")["statistics"]["workers"] < 1:
            self.assertLess(time.monotonic(), deadline)
        self.assertEqual(client.ask("getStatistics")["statistics"]["workers"], 1)
        self.assertEqual(made.daemon.text().count(
            "event=report_refused code=identityRole identity=worker "), 4)

    def test_the_name_arrives_with_each_of_a_thousand_messages(self):
        """Z10: half of them while the daemon waits, half of them while it is busy with others."""
        made = self.made
        client = peers.Client(made.endpoint("requests"), prepare=made.keys.prepare("only-a"))
        self.addCleanup(client.close)
        good, bad = made.token(0), made.token(1)
        for number in range(500):
            reply = client.ask("getStatistics", token=bad if number % 2 else good)
            self.assertEqual(reply["status"], 403 if number % 2 else 200, reply)
        expected = {client.send("getStatistics", token=bad if number % 2 else good):
                    403 if number % 2 else 200 for number in range(500)}
        found = {}
        while len(found) < len(expected):
            reply = client.receive()
            found[reply["requestId"]] = reply["status"]
        self.assertEqual(found, expected)


class Feeds(Case):
    def setUp(self):
        self.made = made = self.secure(tenants=2, profiles=8, workers=1)
        tenants = [made.tenant_id(0), made.tenant_id(1)]
        made.keys.admit("a", "subscriber", [tenants[0]])
        made.keys.admit("b", "subscriber", [tenants[1]])
        self.endpoints = curve.add_feeds(made, ("a", [tenants[0]], ["a"]),
                                         ("b", [tenants[1]], ["b"]))
        made.start(1)

    def subscribe(self, name, *topics):
        watcher = peers.Watcher(self.endpoints[name], *topics,
                                prepare=self.made.keys.prepare(name))
        self.addCleanup(watcher.close)
        return watcher

    def run_one(self, tenant):
        client = self.made.client(tenant)
        operation = client.export(self.made.user_id(self.made.people(tenant)[0]))
        return self.made.wait_until(client, operation["id"])["id"]

    def until(self, watcher, identifier, status="complete"):
        deadline = time.monotonic() + peers.TIMEOUT
        while not any(e["operationId"] == identifier and e["status"] == status
                      for e in watcher.events):
            self.assertIsNotNone(watcher.next(deadline - time.monotonic()), watcher.events)

    def test_a_feed_carries_the_events_of_its_tenants_and_of_nobody_else(self):
        everything = {name: self.subscribe(name, "") for name in "ab"}
        main = self.made.watcher("")
        theirs = {"a": set(), "b": set()}
        for number in range(3):
            for tenant, name in enumerate("ab"):
                theirs[name].add(self.run_one(tenant))
                if number == 0:  # a subscription takes a moment
                    while not everything[name].next(0.2):
                        theirs[name].add(self.run_one(tenant))
        for name, watcher in everything.items():
            last = self.run_one("ab".index(name))
            theirs[name].add(last)
            self.until(watcher, last)
            self.assertLessEqual({e["operationId"] for e in watcher.events}, theirs[name])
            self.until(main, last)

    def test_the_last_status_is_replayed_on_the_feed_of_its_tenant_only(self):
        mine, other = self.run_one(0), self.run_one(1)
        watcher = self.subscribe("a", other, mine)
        self.until(watcher, mine)
        another = self.run_one(0)
        watcher.subscribe(another)
        self.until(watcher, another)
        self.assertEqual({e["operationId"] for e in watcher.events}, {mine, another})

    def test_a_topic_is_a_prefix_and_reaches_no_neighbour_of_another_tenant(self):
        """Z14: topics that are all prefixes of three ids, that ids are prefixes of, and of workers. The three are
        under way meanwhile, so that each of their statuses meets all of these topics."""
        made, mine = self.made, self.run_one(0)
        theirs = made.client(1)
        made.workers[0].send_signal(signal.SIGSTOP)
        others = [theirs.export(made.user_id(person))["id"] for person in list(made.people(1))[:3]]
        topics = [other[:size] for other in others for size in range(1, len(other) + 1)]
        self.assertEqual(len(topics), 108)
        topics += [other + "0" for other in others] + ["worker/", "worker/worker-0", "w", "\0"]
        watcher = self.subscribe("a", *topics)
        watcher.subscribe(mine)
        self.until(watcher, mine)
        made.workers[0].send_signal(signal.SIGCONT)
        for other in others:
            made.wait_until(theirs, other)
        last = self.run_one(0)
        watcher.subscribe(last)
        self.until(watcher, last)
        ours = {o["id"] for o in made.client(0).pages("listOperations")}
        self.assertLessEqual({e["operationId"] for e in watcher.events}, ours)


class Sessions(Case):
    """Z18: keys are renewed and revoked under open sessions."""

    def test_a_renewed_key_cuts_the_old_one_off_and_nobody_else(self):
        made = self.secure(workers=1)
        keys = made.keys
        keys.admit("rotating", "client,subscriber")
        made.start(1)
        client = made.client()
        operations = []
        for number in range(10):
            session = self.peer(zmq.DEALER, made.endpoint("requests"), keys.prepare("rotating"))
            listening = self.peer(zmq.SUB, made.endpoint("status"), keys.prepare("rotating"))
            self.assertTrue(session.is_admitted() and listening.is_admitted())
            session.socket.send_multipart(ping())
            self.assertTrue(peers.poll(session.socket, peers.TIMEOUT))
            session.heard()
            operations.append(client.export(made.user_id(number % 4), idempotencyKey=f"k{number}"))
            begin = time.monotonic()
            keys.renew("rotating", "client,subscriber")
            keys.reload()
            for peer in (session, listening):
                peer.wait(curve.CLOSED, timeout=CUT_OFF)
                self.assertLess(time.monotonic() - begin, CUT_OFF)
                self.assertEqual(peer.wait(curve.SUCCEEDED, curve.DENIED), curve.DENIED)
            session.try_to_send(*ping())
            self.assertEqual(session.heard(), [])
            fresh = self.peer(zmq.DEALER, made.endpoint("requests"), keys.prepare("rotating"))
            self.assertTrue(fresh.is_admitted())
            for peer in (session, listening, fresh):
                peer.close()
            self.assertEqual(client.ask("ping")["status"], 200)
        for operation in operations:
            self.assertEqual(made.wait_until(client, operation["id"])["status"], "complete")

    def test_a_revoked_worker_is_cut_off_and_its_work_done_by_another(self):
        made = self.secure(workers=2)
        made.configure("worker-0", harness.slow())
        made.start_daemon()
        made.start_worker(0)
        client = made.client()
        operation = client.export(made.user_id(0))
        made.wait_until(client, operation["id"], "running")
        made.keys.remove("worker-0")
        made.keys.reload()
        made.start_worker(1, wait=False)
        self.assertEqual(made.wait_until(client, operation["id"])["status"], "complete")
        self.assertRegex(made.workers[0].text(), "event=denied .*does not admit this key")
        made.keys.admit("worker-2", "worker")  # a reload that changes nothing for others
        made.keys.reload()
        (made.keys.folder / "worker-0.key").write_text(
            (made.keys.secrets / "worker-0.key").read_text())
        made.keys.reload()
        made.wait_workers(2)  # it has connected again by itself

    def test_a_folder_that_cannot_be_used_leaves_everybody_as_he_is(self):
        made = self.secure()
        made.start_daemon()
        client = made.client()
        self.assertEqual(client.ask("ping")["status"], 200)
        (made.keys.folder / "broken.key").write_text("nonsense")
        made.keys.reload("reload_failed")
        self.assertIn("broken.key:1", made.daemon.text())
        self.assertEqual(client.ask("ping")["status"], 200)
        self.assertEqual(made.client().ask("ping")["status"], 200)

    def test_exportctl_says_that_its_key_is_denied(self):
        import subprocess
        made = self.secure()
        made.keys.make("stranger", "client")
        made.start_daemon()

        def run(name, server="exportd", *more):
            options = ["--server", made.endpoint("requests"), "--status-server",
                       made.endpoint("status"), "--timeout", "20", *more]
            if name:
                options += ["--certificate", made.keys.secrets / f"{name}.key_secret",
                            "--server-certificate", made.keys.secrets / f"{server}.key"]
            return subprocess.run([harness.PROGRAMS / "exportctl", "ping", *options],
                                  capture_output=True, text=True, timeout=harness.TIMEOUT,
                                  check=False)

        self.assertEqual(run("backend").returncode, 0)
        denied = run("stranger")
        self.assertEqual(denied.returncode, 3, denied)
        self.assertIn("does not admit this key", denied.stderr)
        wrong = run("backend", "stranger", "--timeout", "1")
        self.assertEqual(wrong.returncode, 5, wrong)
        self.assertIn("may be another's", wrong.stderr)
        plain = run(None)
        self.assertIn("CURVE", plain.stderr)
        self.assertNotEqual(plain.returncode, 0)


if __name__ == "__main__":
    harness.main()
