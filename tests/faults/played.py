# SPDX-License-Identifier: MIT
"""The other end of the program under test, played with frames made by hand: a caller, a worker, a
daemon. Each notices at once when the program ends."""
import time
import uuid

import msgpack
import zmq

from shim import PATIENCE, Ended, Mute, peers

WORKER = "played"
AGAIN = 1
INSTANCE = "01920000-0000-7000-8000-000000000001"
QUICK = (("RECONNECT_IVL", 10), ("LINGER", 0))


def make(kind, connect=None, bind=None):
    socket = zmq.Context.instance().socket(kind)
    for name, value in QUICK:
        socket.setsockopt(getattr(zmq, name), value)
    if connect:
        socket.connect(connect)
    if bind:
        socket.bind(bind)
    return socket


def wait(program, sockets, seconds):
    """Those of the sockets that are readable; Ended when there are none and the program is gone."""
    poller = zmq.Poller()
    for socket in sockets:
        poller.register(socket, zmq.POLLIN)
    poller.register(program.pidfd, zmq.POLLIN)
    ready = [socket for socket, _ in poller.poll(max(0, int(seconds * 1000)))]
    if ready == [program.pidfd]:
        raise Ended
    return [socket for socket in ready if socket != program.pidfd]


class Caller(peers.Client):
    def __init__(self, endpoint, token, program):
        super().__init__(endpoint, token)
        self.program = program

    def request(self, kind, seconds, **fields):
        """The reply, whatever it says, asked for again each second; Ended or Mute when there is
        none."""
        deadline = time.monotonic() + seconds
        asked = {self.send(kind, **fields)}
        again = time.monotonic() + AGAIN
        while time.monotonic() < deadline:
            if wait(self.program, [self.socket], min(deadline, again) - time.monotonic()):
                payload = self.socket.recv_multipart()[-1]
                reply = msgpack.unpackb(payload) if payload else {}  # ended where memory was
                if reply.get("requestId") in asked:
                    return reply
            elif time.monotonic() >= again:
                asked.add(self.send(kind, **fields))
                again = time.monotonic() + AGAIN
        raise Mute(f"no reply to {kind}")


class PlayedWorker:
    """Says that it has run what it is offered; with fails, the first attempt at
    every third operation has failed."""

    def __init__(self, endpoints, program, fails=False):
        self.program = program
        self.fails = fails
        self.jobs = make(zmq.PULL, endpoints["jobs"])
        self.reports = make(zmq.PUSH, endpoints["reports"])
        self.status = make(zmq.SUB, endpoints["status"])
        self.status.setsockopt(zmq.SUBSCRIBE, f"worker/{WORKER}".encode())
        self.results = {}  # by fence, until recorded
        self.done = set()  # operations that it has said are done
        self.recorded = set()  # operations whose end the daemon has confirmed
        self.failures = 0
        self.operations = {}

    def close(self):
        for socket in (self.jobs, self.reports, self.status):
            socket.close()

    def report(self, kind, **fields):
        self.reports.send(msgpack.packb({"type": kind, "worker": WORKER, "instance": INSTANCE,
                                         **fields}), zmq.DONTWAIT)

    def beat(self):
        self.report("heartbeat", slots=64, running=[])

    def on_job(self, job):
        about = {"operationId": job["operationId"], "fence": job["fence"]}
        self.operations[job["fence"]] = job["operationId"]
        self.report("started", **about)
        self.report("progress", **about, progress=50.0, rows=1, bytes=1)
        if self.fails and job["attempt"] == 1 and len(self.operations) % 3 == 2:
            result = {"kind": "failed", "code": "sourceUnavailable", "retryable": True}
        else:
            self.done.add(job["operationId"])
            result = {"kind": "done", "storageLocation":
                      f"file:///{job['tenantId']}/{job['operationId']}-{job['fence']:016x}.zip",
                      "bundle": {"sha256": "0" * 64, "bytes": 1}}
        self.results[job["fence"]] = {**result, **about, "sources": []}
        self.report(**self.results[job["fence"]])

    def on_notice(self, notice):
        for fence in notice["recorded"] + notice["superseded"]:
            result = self.results.pop(fence, None)
            if result and result["kind"] == "done" and fence in notice["recorded"]:
                self.recorded.add(self.operations[fence])

    def step(self, seconds):
        for socket in wait(self.program, [self.jobs, self.status], seconds):
            frames = socket.recv_multipart()
            if socket is self.jobs:
                self.on_job(msgpack.unpackb(frames[0]))
            elif frames[-1]:
                self.on_notice(msgpack.unpackb(frames[1]))

    def run(self, operations, seconds):
        """Until all these have ended and the daemon has confirmed it."""
        deadline = time.monotonic() + seconds
        while not operations <= self.recorded:
            if time.monotonic() > deadline:
                raise Mute(f"not recorded: {operations - self.recorded}")
            self.beat()
            for result in self.results.values():
                self.report(**result)
            until = time.monotonic() + 0.05
            while time.monotonic() < until and not operations <= self.recorded:
                self.step(until - time.monotonic())


class PlayedDaemon:
    """Binds what exportd would. One for many workers, one after another."""

    def __init__(self, endpoints):
        self.jobs = make(zmq.PUSH, bind=endpoints["jobs"])
        self.reports = make(zmq.PULL, bind=endpoints["reports"])
        self.status = make(zmq.XPUB, bind=endpoints["status"])
        self.jobs.setsockopt(zmq.SNDTIMEO, 0)
        self.fence = 1 << 32
        self.name = "worker-0"

    def close(self):
        for socket in (self.jobs, self.reports, self.status):
            socket.close()

    def notice(self, recorded=(), superseded=()):
        self.status.send_multipart([f"worker/{self.name}".encode(), msgpack.packb(
            {"type": "notice", "recorded": list(recorded), "superseded": list(superseded),
             "cancelled": []})])

    def offer(self, job):
        """Whether a worker was there to take it."""
        self.fence += 1
        try:
            self.jobs.send(msgpack.packb({"type": "job", "fence": self.fence, **job}))
            return True
        except zmq.Again:
            return False

    def reports_until(self, program, seconds):
        """Reports as they come, for so long."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for socket in wait(program, [self.reports, self.status],
                               deadline - time.monotonic()):
                payload = socket.recv()
                if socket is self.reports:
                    yield msgpack.unpackb(payload)


def new_id():
    """A UUIDv7 of now."""
    number = (time.time_ns() // 1_000_000 << 80) | (uuid.uuid4().int & ((1 << 80) - 1))
    number = number & ~(0xf << 76) & ~(0x3 << 62) | (7 << 76) | (2 << 62)
    return str(uuid.UUID(int=number))


__all__ = ["Caller", "PATIENCE", "PlayedDaemon", "PlayedWorker", "new_id"]
