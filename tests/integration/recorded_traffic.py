#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Real traffic of every message type, recorded between real processes and validated against the
schemas with a stock JSON Schema validator.

A relay stands between the daemon and its workers and keeps what passes; requests and replies are
kept by the client, and the documents of a bundle are read from it."""
import datetime
import re
import signal
import threading
import time
import uuid

import jsonschema
import msgpack
import yaml
import zmq

import bundle
import harness

SCHEMAS = harness.ROOT / "schemas"
REQUESTS = ("exportPersonalData", "getOperation", "listOperations", "getProfile", "listProfiles",
            "eventsSince", "getStatistics", "ping", "cancelOperation", "retryOperation",
            "explainOperation", "pauseDispatch", "resumeDispatch", "getPauses", "approveOperation",
            "denyOperation")
REPORTS = ("heartbeat", "started", "declined", "progress", "done", "failed", "found")
TYPES = {*(f"{r}.request" for r in REQUESTS), *(f"{r}.reply" for r in REQUESTS), "error.reply",
         *(f"{r}.report" for r in REPORTS), "job", "notice", "event", "requestInfo",
         "completeness"}
# What messages are made of, what never leaves a process, and configuration.
PARTS = {"bundle", "error", "eventKind", "failure", "failureCode", "operation",
         "operationResult", "operationStage", "operationStatus", "pauses", "profile", "receipt", "sourceReason", "vouchedClaims",
         "sourceResult", "sourceState", "statistics", "export-worker.configuration",
         "exportd.configuration"}


APPROVE = "Exports.Approve"
APPROVER = "0b1ec700-0000-4000-8000-000000000011"


class Relay(threading.Thread):
    """Binds what a worker connects to, and passes everything on to and from the daemon. Jobs can
    also be sent a second time, which is how a busy worker is made to decline, and reports of
    results be lost, which is how a bundle is left that the daemon has not heard of."""

    def __init__(self, made, recorder):
        super().__init__(daemon=True)
        self.recorder = recorder
        self.jobs = []
        self.loses_results = False
        context = zmq.Context.instance()
        self.stopper = context.socket(zmq.PAIR)
        self.stopper.bind(f"inproc://stop-{id(self)}")
        self.control = context.socket(zmq.PAIR)
        self.control.connect(f"inproc://stop-{id(self)}")
        self.endpoints = {n: f"ipc://{made.directory}/relay-{n}.socket"
                          for n in ("jobs", "reports", "status")}
        self.job_in = self.connect(context, zmq.PULL, made.endpoint("jobs"))
        self.report_out = self.connect(context, zmq.PUSH, made.endpoint("reports"))
        self.status_in = self.connect(context, zmq.XSUB, made.endpoint("status"))
        self.job_out = self.bind(context, zmq.PUSH, "jobs")
        self.report_in = self.bind(context, zmq.PULL, "reports")
        self.status_out = self.bind(context, zmq.XPUB, "status")

    def connect(self, context, kind, endpoint):
        socket = context.socket(kind)
        socket.linger = 0
        socket.connect(endpoint)
        return socket

    def bind(self, context, kind, name):
        socket = context.socket(kind)
        socket.linger = 0
        socket.bind(self.endpoints[name])
        return socket

    def run(self):
        routes = {self.job_in: self.on_job, self.report_in: self.on_report,
                  self.status_in: self.on_status, self.status_out: self.on_subscription,
                  self.control: self.on_control}
        self.status_in.send(b"\x01")
        poller = zmq.Poller()
        for socket in routes:
            poller.register(socket, zmq.POLLIN)
        self.is_running = True
        while self.is_running:
            for socket, _ in poller.poll():
                routes[socket](socket.recv_multipart())
        for socket in (*routes, self.job_out, self.report_out):
            socket.close()

    def on_job(self, frames):
        job = msgpack.unpackb(frames[-1])
        self.recorder.append(("job", job))
        self.jobs.append(job)
        self.job_out.send_multipart(frames)

    def on_report(self, frames):
        report = msgpack.unpackb(frames[-1])
        self.recorder.append((f"{report['type']}.report", report))
        if not (self.loses_results and report["type"] == "done"):
            self.report_out.send_multipart(frames)

    def on_status(self, frames):
        kind = "notice" if frames[0].startswith(b"worker/") else "event"
        self.recorder.append((kind, msgpack.unpackb(frames[-1])))
        self.status_out.send_multipart(frames)

    def on_subscription(self, frames):
        self.status_in.send_multipart(frames)

    def on_control(self, frames):
        if frames == [b"stop"]:
            self.is_running = False
        else:
            self.job_out.send_multipart(frames)

    def send_job(self, job):
        self.stopper.send(msgpack.packb(job))

    def close(self):
        self.stopper.send(b"stop")
        self.join()
        self.stopper.close()


FORMATS = jsonschema.FormatChecker(formats=())


@FORMATS.checks("uuid", raises=ValueError)
def is_uuid(value):
    return not isinstance(value, str) or str(uuid.UUID(value)) == value


@FORMATS.checks("date-time", raises=ValueError)
def is_date_time(value):
    if isinstance(value, str):
        if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", value):
            return False
        datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
    return True


def validators():
    """One for each schema; references are file names."""
    schemas = {path.name: yaml.safe_load(path.read_text()) for path in SCHEMAS.glob("*.yaml")}
    made = {}
    for name, schema in schemas.items():
        jsonschema.Draft202012Validator.check_schema(schema)
        resolver = jsonschema.RefResolver(base_uri=name, referrer=schema, store=schemas)
        made[name[:-len(".yaml")]] = jsonschema.Draft202012Validator(
            schema, resolver=resolver, format_checker=FORMATS)
    return made


class RecordedTraffic(harness.Case):
    @classmethod
    def setUpClass(cls):
        cls.recorded = []
        cls.validators = validators()
        cls.made = made = harness.Installation(slots=1)
        cls.addClassCleanup(made.close)
        made.configure("exportd", cls.with_operators)
        made.start_daemon()
        cls.relay = Relay(made, cls.recorded)
        cls.addClassCleanup(cls.relay.close)
        made.configure("worker-0", cls.through_the_relay)
        cls.relay.start()
        made.start_worker(0)
        cls.client = made.client(recorder=cls.recorded)
        cls.record_the_usual()
        cls.record_refusals()
        cls.record_pauses()
        cls.record_changes()
        cls.record_decisions()
        cls.record_what_is_slow()
        cls.record_a_cancellation()
        cls.record_a_failure()
        cls.record_what_is_found()
        cls.record_what_is_superseded()

    @classmethod
    def with_operators(cls, settings):
        settings["permissions"] = {"approver_scope": APPROVE,
                                   "operators": [{"tenant_id": cls.made.tenant_id(0),
                                                  "object_id": harness.CALLER}]}
        settings["operations"]["tenants"] = [{"tenant_id": cls.made.tenant_id(1),
                                              "approval": "manual"}]

    @classmethod
    def through_the_relay(cls, settings):
        settings["exportd"] = cls.relay.endpoints
        settings["sources"][1].update(required=False)
        settings["bundles"]["sweep_interval_ms"] = 100

    @classmethod
    def wait_for(cls, kind, matches=lambda message: True):
        deadline = time.monotonic() + harness.TIMEOUT
        while not any(k == kind and matches(m) for k, m in list(cls.recorded)):
            assert time.monotonic() < deadline, (kind, cls.made.logs())
            cls.client.socket.poll(20)

    @classmethod
    def record_the_usual(cls):
        client, made = cls.client, cls.made
        operation = client.export(made.user_id(0), idempotencyKey="usual")
        complete = made.wait_until(client, operation["id"], "complete")
        found = bundle.Bundle(complete)
        cls.recorded.append(("requestInfo", found.json("RequestInfo.json")))
        cls.recorded.append(("completeness", found.json("completeness.json")))
        client.ask("ping")
        client.ask("ping", token=None)
        client.ask("getProfile", userId=made.user_id(0))
        list(client.pages("listProfiles", top=3))
        list(client.pages("listOperations", top=1, status="complete"))
        client.ask("getStatistics")
        client.events()
        made.watcher(operation["id"]).next(harness.TIMEOUT)

    @classmethod
    def record_refusals(cls):
        client, unknown = cls.client, str(uuid.uuid4())
        client.ask("exportPersonalData", inboundSharedUserProfileId=unknown)
        client.ask("getOperation", operationId=unknown)
        client.ask("getProfile", userId=unknown)
        for kind in ("listOperations", "listProfiles", "getStatistics"):
            client.ask(kind, token="x")
        client.ask("eventsSince", sequence=0, token="x")
        for payload in (b"\xc1", b"\x80", msgpack.packb({"type": "nothing", "requestId": "r"})):
            cls.recorded.append(("error.reply", msgpack.unpackb(client.raw(payload))))

    @classmethod
    def record_pauses(cls):
        client, made = cls.client, cls.made
        anybody = made.token(0, oid=str(uuid.uuid4()))
        for kind in ("pauseDispatch", "resumeDispatch"):
            client.ask(kind, tenantId=made.tenant_id(1))
            client.ask(kind)
            client.ask("getPauses")
            client.ask(kind, token=anybody)
        client.ask("getPauses", token=anybody)

    @classmethod
    def record_changes(cls):
        """Of an operation that a pause keeps in the queue, and of the one that retries it."""
        client, made, unknown = cls.client, cls.made, str(uuid.uuid4())
        client.ask("pauseDispatch")
        operation = client.export(made.user_id(3))["id"]
        client.ask("explainOperation", operationId=operation)
        client.ask("cancelOperation", operationId=operation, token=made.token(0, oid=unknown))
        for _ in range(2):
            client.ask("cancelOperation", operationId=operation)
        client.ask("explainOperation", operationId=operation)
        for _ in range(2):
            retried = client.ask("retryOperation", operationId=operation)["operation"]
        client.ask("resumeDispatch")
        made.wait_until(client, retried["id"], "complete")
        client.ask("getOperation", operationId=operation)
        for kind in ("cancelOperation", "retryOperation", "explainOperation"):
            client.ask(kind, operationId=retried["id"])
            client.ask(kind, operationId=unknown)

    @classmethod
    def record_decisions(cls):
        """In a tenant whose operations need approval."""
        made = cls.made
        client = made.client(1)
        approver = made.client(token=made.token(1, oid=APPROVER, scp=f"{harness.SCOPE} {APPROVE}"))
        own = client.token
        for kind, person in (("approveOperation", 0), ("denyOperation", 1)):
            operation = client.export(made.user_id(list(made.people(1))[person]))["id"]
            for token in (own, approver.token, approver.token):
                cls.client.ask(kind, operationId=operation, reason="because", token=token)
            cls.client.ask("getOperation", operationId=operation, token=own)

    @classmethod
    def restart_worker(cls, change):
        cls.made.workers[0].stop(signal.SIGTERM)
        cls.made.configure("worker-0", change)
        cls.made.start_worker(0)

    @classmethod
    def record_what_is_slow(cls):
        """Progress; and the same job again under another fence, which a busy worker declines."""
        cls.fast = cls.made.configuration("worker-0")["sources"]
        cls.restart_worker(harness.slow())
        operation = cls.client.export(cls.made.user_id(1))
        cls.made.wait_until(cls.client, operation["id"], "running")
        cls.relay.send_job({**cls.relay.jobs[-1], "operationId": str(uuid.uuid4()),
                            "fence": cls.relay.jobs[-1]["fence"] + 2 ** 40})
        cls.wait_for("declined.report")
        cls.wait_for("progress.report")
        cls.made.wait_until(cls.client, operation["id"], "complete")

    @classmethod
    def record_a_cancellation(cls):
        """Of what the slow worker gathers, which it is told."""
        cls.restart_worker(harness.slow(10 ** 8))
        operation = cls.client.export(cls.made.user_id(0))
        cls.made.wait_until(cls.client, operation["id"], "running")
        cls.client.ask("explainOperation", operationId=operation["id"])
        cls.client.ask("cancelOperation", operationId=operation["id"])
        cls.wait_for("notice", lambda m: m["cancelled"])
        cls.made.wait_until(cls.client, operation["id"], "failed")

    @classmethod
    def record_a_failure(cls):
        """A source that fails while it is optional, then one that is required."""
        cls.restart_worker(lambda s: s.update(sources=cls.fast))
        (cls.made.directory / "sign-ins.db").rename(cls.made.directory / "away.db")
        operation = cls.client.export(cls.made.user_id(1))
        found = bundle.Bundle(cls.made.wait_until(cls.client, operation["id"], "complete"))
        cls.recorded.append(("completeness", found.json("completeness.json")))
        (cls.made.directory / "mailbox.db").rename(cls.made.directory / "gone.db")
        operation = cls.client.export(cls.made.user_id(2))
        cls.made.wait_until(cls.client, operation["id"], "failed")
        list(cls.client.pages("listOperations", status="failed"))
        cls.client.events()
        (cls.made.directory / "gone.db").rename(cls.made.directory / "mailbox.db")
        (cls.made.directory / "away.db").rename(cls.made.directory / "sign-ins.db")

    @classmethod
    def record_what_is_found(cls):
        """A worker that is killed with its result unheard, and finds the bundle when it is back."""
        cls.relay.loses_results = True
        operation = cls.client.export(cls.made.user_id(0))
        cls.wait_for("done.report", lambda m: m["operationId"] == operation["id"])
        cls.made.workers[0].send_signal(signal.SIGKILL)
        cls.made.workers[0].wait()
        cls.relay.loses_results = False
        cls.made.start_worker(0)
        cls.wait_for("found.report", lambda m: m["operationId"] == operation["id"])
        cls.made.wait_until(cls.client, operation["id"], "complete")

    @classmethod
    def record_what_is_superseded(cls):
        """A job of a fence that was never given, which the daemon tells the worker to stop."""
        cls.restart_worker(harness.slow(10 ** 8))
        job = {**cls.relay.jobs[-1], "operationId": str(uuid.uuid4()), "fence": 1}
        cls.relay.send_job(job)
        cls.wait_for("notice", lambda m: 1 in m["superseded"])

    def test_the_list_of_types_covers_every_schema(self):
        self.assertEqual(set(self.validators), TYPES | PARTS)

    def test_every_type_was_recorded(self):
        self.assertEqual({kind for kind, _ in self.recorded}, TYPES)

    def test_every_message_is_valid(self):
        for kind, message in list(self.recorded):
            with self.subTest(kind=kind):
                errors = [f"{'/'.join(map(str, e.absolute_path))}: {e.message}"
                          for e in self.validators[kind].iter_errors(message)]
                self.assertEqual(errors, [], message)

    def test_the_validator_refuses_what_is_wrong(self):
        for kind, message in list(self.recorded):
            validator = self.validators[kind]
            self.assertFalse(validator.is_valid({**message, "surprise": 1}), kind)
            for name in validator.schema["required"]:
                without = {k: v for k, v in message.items() if k != name}
                self.assertFalse(validator.is_valid(without), (kind, name))

    def test_replies_of_success_and_of_refusal_were_recorded(self):
        seen = {(kind, "error" in message) for kind, message in list(self.recorded)
                if kind.endswith(".reply")}
        for kind in TYPES:
            if kind.endswith(".reply") and kind not in ("error.reply", "ping.reply"):
                self.assertLessEqual({(kind, True), (kind, False)}, seen)

    def test_every_outcome_of_a_change_was_recorded(self):
        outcomes = {"cancelOperation": {200, 403, 404, 409}, "retryOperation": {202, 404, 409},
                    "explainOperation": {200, 404}, "pauseDispatch": {200, 403},
                    "resumeDispatch": {200, 403}, "getPauses": {200, 403}}
        for kind, statuses in outcomes.items():
            self.assertEqual({m["status"] for k, m in list(self.recorded)
                              if k == f"{kind}.reply"}, statuses, kind)
        operations = [m["operation"] for _, m in list(self.recorded) if "operation" in m]
        self.assertTrue([o for o in operations if o.get("cancelledBy") == harness.CALLER])
        self.assertTrue([o for o in operations if "retryOf" in o])

    def test_jobs_and_events_carry_ids_states_and_counts_only(self):
        names = re.compile(r"@|example\.org|Person|#t\d+p\d+#")
        for kind, message in list(self.recorded):
            if kind in ("job", "event", "notice") or kind.endswith(".report"):
                without_place = {k: v for k, v in message.items() if k != "storageLocation"}
                self.assertIsNone(names.search(repr(without_place)), (kind, message))


if __name__ == "__main__":
    harness.main()
