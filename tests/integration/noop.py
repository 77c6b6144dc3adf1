# SPDX-License-Identifier: MIT
"""A worker that gathers nothing: it starts what it is offered, tells of its progress if asked to,
and reports a bundle that is not there. For tests of what the daemon stores and says, at a rate that
a worker which writes bundles does not reach."""
import time
import uuid

import msgpack
import zmq

HEARTBEAT_SECONDS = 0.2
DIGEST = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def place(job):
    """The storageLocation of a job's bundle."""
    return (f"https://bundles.example.org/{job['tenantId']}/"
            f"{job['operationId']}-{job['fence']:016x}.zip")


class NoopWorker:
    """turn() takes what there is and never waits."""

    def __init__(self, made, name="noop", slots=256, ticks=0, hold=False, seconds=0.0,
                 prepare=None):
        context = zmq.Context.instance()
        self.jobs, self.reports = context.socket(zmq.PULL), context.socket(zmq.PUSH)
        self.status = context.socket(zmq.SUB)
        self.status.subscribe(f"worker/{name}")
        for socket, endpoint in ((self.jobs, "jobs"), (self.reports, "reports"),
                                 (self.status, "status")):
            socket.linger = 0
            socket.set_hwm(0)
            if prepare:
                prepare(socket)
            socket.connect(made.endpoint(endpoint))
        self.common = {"worker": name, "instance": str(uuid.uuid4())}
        self.slots, self.ticks = slots, ticks
        self.seconds = float("inf") if hold else seconds  # how long a job takes
        self.held = []     # jobs that were started and not yet done, with the time of it
        self.results = {}  # fence to report, until it is recorded
        self.beat = self.repeat = 0
        self.started = 0

    def close(self):
        for socket in (self.jobs, self.reports, self.status):
            socket.close()

    def report(self, kind, job=None, **fields):
        about = {"operationId": job["operationId"], "fence": job["fence"]} if job else {}
        report = msgpack.packb({"type": kind, **self.common, **about, **fields})
        self.reports.send(report)
        return report

    def heartbeat(self, now):
        if now - self.beat > HEARTBEAT_SECONDS:
            self.beat = now
            self.report("heartbeat", slots=self.slots,
                        running=[j["fence"] for j, _ in self.held])
        if now - self.repeat > 1:
            self.repeat = now
            for report in self.results.values():
                self.reports.send(report)

    def progress(self, job, percent):
        self.report("progress", job, progress=float(percent), rows=int(percent),
                    bytes=int(percent))

    def done(self, job):
        self.results[job["fence"]] = self.report(
            "done", job, storageLocation=place(job),
            bundle={"sha256": DIGEST, "bytes": 0}, sources=[])

    def release(self, before=float("inf")):
        """Ends what was started before; all of it, if nothing is said."""
        for job, began in self.held:
            if began <= before:
                self.done(job)
        self.held = [entry for entry in self.held if entry[1] > before]

    def start(self, job):
        self.started += 1
        self.report("started", job)
        self.held.append((job, time.monotonic()))
        for number in range(self.ticks):
            self.progress(job, (number + 1) * 100 / (self.ticks + 1))

    def turn(self):
        self.heartbeat(time.monotonic())
        self.release(time.monotonic() - self.seconds)
        while self.jobs.poll(0):
            job = msgpack.unpackb(self.jobs.recv())
            if len(self.held) < self.slots:
                self.start(job)
            else:
                self.report("declined", job)
        while self.status.poll(0):
            _, payload = self.status.recv_multipart()
            notice = msgpack.unpackb(payload)
            for fence in (*notice["recorded"], *notice["superseded"]):
                self.results.pop(fence, None)
