#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A worker with a key of its own that goes for the attempts of another (A07), and that lies about the attempts it was
given (A08). Each lie is refused with its code and a line in the log, moves nothing, and the honest worker completes
what it has begun."""
import itertools
import time
import uuid

import msgpack
import zmq

import curve
import harness
import noop
import peers

TRESPASSES = harness.share(100, 30)
LIES = harness.share(60, 20)


class Liar:
    """Reports whatever it is told to, under the name of its key unless told otherwise."""

    def __init__(self, made, name="rogue"):
        self.common = {"worker": name, "instance": str(uuid.uuid4())}
        context = zmq.Context.instance()
        self.reports, self.status = context.socket(zmq.PUSH), context.socket(zmq.SUB)
        self.status.subscribe(f"worker/{name}")
        for socket, endpoint in ((self.reports, "reports"), (self.status, "status")):
            socket.linger = 0
            made.keys.prepare(name)(socket)
            socket.connect(made.endpoint(endpoint))
        self.told = {"recorded": set(), "superseded": set(), "cancelled": set()}

    def close(self):
        self.reports.close()
        self.status.close()

    def report(self, kind, job=None, **fields):
        about = {"operationId": job["operationId"], "fence": job["fence"]} if job else {}
        self.reports.send(msgpack.packb({"type": kind, **self.common, **about, **fields}))

    def listen(self):
        while self.status.poll(0):
            notice = msgpack.unpackb(self.status.recv_multipart()[1])
            for name, fences in self.told.items():
                fences.update(notice[name])

    def beat(self, *fences):
        self.report("heartbeat", slots=0, running=list(fences))

    def done(self, job, **changes):
        self.report("done", job, **{"storageLocation": noop.place(job), "sources": [],
                                    "bundle": {"sha256": "ab" * 32, "bytes": 1}, **changes})

    def failed(self, job):
        self.report("failed", job, code="internalError", retryable=False, sources=[])

    def progress(self, job):
        self.report("progress", job, progress=99.0, rows=1, bytes=1)


class Rogue(harness.Case):
    lease_ms = 60000

    def setUp(self):
        self.made = made = curve.secure(self.installation(tenants=2, workers=0))
        made.configure("exportd", lambda s: s["dispatch"].update(lease_ms=self.lease_ms))
        for name in ("honest", "rogue"):
            made.keys.admit(name, "worker")
        made.start_daemon()
        self.client = made.client(0)
        self.honest = noop.NoopWorker(made, "honest", slots=1, hold=True,
                                      prepare=made.keys.prepare("honest"))
        self.addCleanup(self.honest.close)
        self.rogue = Liar(made)
        self.addCleanup(self.rogue.close)
        self.wait(lambda: self.client.ask("getStatistics")["statistics"]["workers"] == 1)

    def wait(self, condition):
        """While the honest worker goes on; until the condition holds."""
        deadline = time.monotonic() + peers.TIMEOUT
        while not (found := condition()):
            self.honest.turn()
            self.rogue.listen()
            self.assertLess(time.monotonic(), deadline, self.made.daemon.text()[-3000:])
            self.honest.jobs.poll(2)
        return found

    def get(self, job):
        return self.client.ask("getOperation", operationId=job["operationId"])["operation"]

    def export(self, person=0):
        """An operation that the honest worker is gathering, as its job."""
        before = {job["fence"] for job, _ in self.honest.held}
        identifier = self.client.export(self.made.user_id(person))["id"]
        job = self.wait(lambda: next((j for j, _ in self.honest.held if j["fence"] not in before),
                                     None))
        self.assertEqual(job["operationId"], identifier)
        self.wait(lambda: self.get(job)["status"] == "running")
        return job

    def queue(self):
        """An operation that waits for a slot."""
        operation = self.client.export(self.made.user_id(1))
        return {"operationId": operation["id"], "tenantId": self.made.tenant_id(0)}

    def complete(self, *jobs):
        """All of these are completed by the honest worker, and hold what it reported."""
        for job in jobs:
            self.wait(lambda: self.honest.release() or self.get(job)["status"] in harness.TERMINAL)
            operation = self.get(job)
            self.assertEqual(operation["status"], "complete", operation)
            self.assertEqual(operation["bundle"]["sha256"], noop.DIGEST)
            self.assertEqual(operation["attempt"], 1)
            self.assertIn(f"/{self.made.tenant_id(0)}/{job['operationId']}-",
                          operation["storageLocation"])

    def refused(self, code, *words):
        """How many lines say that a report was refused with this code."""
        return sum(f"event=report_refused code={code} " in line and all(w in line for w in words)
                   for line in self.made.daemon.text().splitlines())

    def state(self):
        return [self.client.events()[0], list(self.client.pages("listOperations"))]

    def expect(self, code, lie, *words):
        """The lie is refused with this code, and nothing has moved."""
        before, count = self.state(), self.refused(code, *words)
        lie()
        self.wait(lambda: self.refused(code, *words) == count + 1)
        self.assertEqual(self.state(), before)


class Trespass(Rogue):
    """A07: what is another worker's, or nobody's."""

    def trespasses(self, running, queued, complete):
        """Endless: a code, what is in the line of the log, and what the rogue does."""
        rogue, guess = self.rogue, itertools.count(1)
        says = [lambda job: rogue.report("started", job), rogue.progress, rogue.failed, rogue.done,
                lambda job: rogue.report("declined", job)]
        for say in itertools.cycle(says):
            ahead = running["fence"] + next(guess)
            stranger = {**running, "operationId": str(uuid.uuid4())}
            lies = [running, {**queued, "fence": running["fence"]}, {**queued, "fence": ahead},
                    {**running, "fence": ahead}, stranger, {**stranger, "fence": ahead}]
            if say in (rogue.failed, rogue.done):
                lies.append(complete)
            for job in lies:
                operation = f"operation={job['operationId']} fence={job['fence']}"
                code = "notHolder"
                yield code, operation, lambda job=job: say(job)
            yield ("notHolder", f"operation={running['operationId']} fence={running['fence']}",
                   lambda: rogue.beat(running["fence"]))
            yield ("notHolder", "operation=- fence=",
                   lambda: rogue.beat(*range(ahead, ahead + 512)))

    def test_what_is_not_leased_to_a_worker_stays_as_it_is(self):
        complete = self.export(2)
        self.complete(complete)
        running, queued = self.export(), self.queue()
        made = 0
        for code, operation, lie in self.trespasses(running, queued, complete):
            with self.subTest(operation=operation, number=made):
                self.expect(code, lie, "worker=rogue ", operation)
            made += 1
            if made >= TRESPASSES:
                break
        self.assertGreaterEqual(made, TRESPASSES)
        self.wait(lambda: running["fence"] in self.rogue.told["superseded"])
        self.assertEqual(self.rogue.told["recorded"], set())
        self.complete(running, queued)

    def test_a_worker_cannot_report_under_the_name_of_another(self):
        running = self.export()
        self.rogue.common["worker"] = "honest"
        for lie in (self.rogue.done, self.rogue.failed,
                    lambda job: self.rogue.beat(job["fence"])):
            self.expect("identityRole", lambda: lie(running), "identity=rogue field=worker")
        self.complete(running)

    def test_an_attempt_is_its_workers_after_a_restart_of_the_daemon_too(self):
        running = self.export()
        for number in (9, 15):
            self.made.daemon.stop(number)
            self.made.start_daemon()
            for lie in (lambda: self.rogue.beat(running["fence"]), lambda: self.rogue.done(running),
                        lambda: self.rogue.failed(running), lambda: self.rogue.progress(running)):
                self.expect("notHolder", lie, "worker=rogue ", f"fence={running['fence']}")
        self.complete(running)

    def test_offers_that_are_guessed_in_heartbeats_go_to_whom_they_were_pushed(self):
        first = self.export()
        for number in range(10):
            self.rogue.beat(*range(first["fence"], first["fence"] + 512))
        self.complete(first)
        for number in range(10):
            self.rogue.beat(*range(first["fence"], first["fence"] + 512))
            job = self.export(number % 4)
            self.rogue.beat(*range(first["fence"], first["fence"] + 512))
            self.complete(job)


class Given(Rogue):
    """The rogue is offered operations too."""

    def setUp(self):
        super().setUp()
        self.rogue.jobs = noop.NoopWorker(self.made, "rogue", slots=1, hold=True,
                                          prepare=self.made.keys.prepare("rogue"))
        self.addCleanup(self.rogue.jobs.close)
        self.rogue.common = self.rogue.jobs.common

    def take(self, tenant=0):
        """An operation that the rogue was offered and has started; the honest worker is full."""
        taken = self.rogue.jobs
        before = {job["fence"] for job, _ in taken.held}
        self.honest.slots = 0
        self.client.export(self.made.user_id(self.made.people(tenant)[0]))
        job = self.wait(lambda: taken.turn() or next(
            (j for j, _ in taken.held if j["fence"] not in before), None))
        self.wait(lambda: self.get(job)["status"] == "running")
        return job


class Lies(Given):
    """A08: about attempts that the rogue itself was given."""

    def test_lies_about_a_bundle_are_refused(self):
        taken = self.take()
        other = {**taken, "tenantId": self.made.tenant_id(1)}
        neighbour = {**taken, "operationId": str(uuid.uuid4())}
        honest, digest = noop.place(taken), "ab" * 32
        source = {"name": "s", "state": "complete", "rows": 1, "files": 1, "bytes": 1,
                  "reason": "none"}
        places = [noop.place(other), noop.place(neighbour), "/etc/shadow", "file:///etc/shadow",
                  noop.place({**taken, "fence": taken["fence"] + 1}), honest + "/../x.zip",
                  honest + "x", honest.removeprefix("https://bundles.example.org/"),
                  honest.upper(), honest.replace("/" + taken["tenantId"], "/../" + other["tenantId"])]
        hidden = [noop.place(other) + "?" + honest, noop.place(other) + "#" + honest]
        lies = [("bundleNotOwn", {"storageLocation": place}) for place in places]
        lies += [("fieldValue", {"storageLocation": place}) for place in (*hidden, "a b", "")]
        lies += [("fieldValue", {"bundle": {"sha256": text, "bytes": 1}})
                 for text in (digest[:-1], digest.upper(), digest + "a", "g" * 64)]
        lies += [("fieldValue", {"bundle": {"sha256": digest, "bytes": -1}}),
                 ("fieldValue", {"storageLocation": "h" * 600 + honest}),
                 ("fieldValue", {"sources": [source] * 33})]
        counted = zip(range(LIES), itertools.cycle(lies))
        for number, (code, changes) in counted:
            with self.subTest(code=code, number=number):
                self.expect(code, lambda: self.rogue.done(taken, **changes))
        self.assertGreaterEqual(LIES, len(lies) - 1)
        self.rogue.done(taken)  # the truth, for all that can be seen from here
        self.wait(lambda: self.get(taken)["status"] == "complete")

    def test_what_is_larger_than_a_report_may_be_costs_the_liar_its_connection(self):
        taken = self.take()
        before = self.state()
        for size in (65536, 1 << 20, 8 << 20):
            liar = curve.Peer(zmq.PUSH, self.made.endpoint("reports"),
                              self.made.keys.prepare("rogue"))
            self.addCleanup(liar.close)
            self.assertTrue(liar.is_admitted())
            liar.socket.sndtimeo = -1
            liar.socket.send(msgpack.packb({"type": "done", **self.rogue.common,
                                            "storageLocation": "x" * size}))
            liar.wait(curve.CLOSED)
            self.assertEqual(self.state(), before)
        self.rogue.done(taken)
        self.wait(lambda: self.get(taken)["status"] == "complete")

    def test_a_recorded_result_is_not_replaced_by_another(self):
        taken = self.take()
        self.rogue.done(taken, bundle={"sha256": "cd" * 32, "bytes": 5})
        self.wait(lambda: taken["fence"] in self.rogue.told["recorded"])
        before = self.state()
        for _ in range(5):
            self.rogue.told["recorded"].clear()
            self.rogue.done(taken, bundle={"sha256": "ef" * 32, "bytes": 6})
            self.wait(lambda: taken["fence"] in self.rogue.told["recorded"])
            self.assertEqual(self.state(), before)
        self.assertEqual(self.get(taken)["bundle"], {"sha256": "cd" * 32, "bytes": 5})
        for lie in (self.rogue.failed, self.rogue.progress):
            before = self.state()
            lie(taken)
            self.rogue.told["recorded"].clear()
            self.rogue.done(taken)
            self.wait(lambda: taken["fence"] in self.rogue.told["recorded"])
            self.assertEqual(self.state(), before)

    def test_what_comes_after_a_cancellation_is_late(self):
        taken = self.take()
        self.assertEqual(self.client.ask("cancelOperation",
                                         operationId=taken["operationId"])["status"], 200)
        for lie in (self.rogue.done, self.rogue.failed, self.rogue.progress,
                    lambda job: self.rogue.report("started", job),
                    lambda job: self.rogue.beat(job["fence"])):
            self.expect("attemptSuperseded", lambda: lie(taken), "worker=rogue ",
                        f"fence={taken['fence']}")
        self.assertEqual(self.get(taken)["failure"]["code"], "cancelled")
        self.wait(lambda: taken["fence"] in self.rogue.told["cancelled"])


class Late(Given):
    """Leases that end at once."""

    lease_ms = 1000

    def test_what_comes_after_the_lease_is_late_and_another_worker_does_it(self):
        taken = self.take()
        self.honest.slots = 1
        self.wait(lambda: any(j["operationId"] == taken["operationId"]
                              for j, _ in self.honest.held))
        self.wait(lambda: self.get(taken)["status"] == "running")
        for lie in (self.rogue.done, self.rogue.failed, self.rogue.progress,
                    lambda job: self.rogue.report("started", job),
                    lambda job: self.rogue.beat(job["fence"])):
            self.expect("attemptSuperseded", lambda: lie(taken), f"fence={taken['fence']}")
        self.honest.release()
        self.wait(lambda: self.get(taken)["status"] == "complete")
        self.assertEqual(self.get(taken)["bundle"]["sha256"], noop.DIGEST)


if __name__ == "__main__":
    harness.main()
