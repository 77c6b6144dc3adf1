# SPDX-License-Identifier: MIT
"""export-worker with one fault and a played daemon; then without the fault. What it says is done is
there, whole, and complete; what can be seen is whole, said or not."""
import hashlib
import shutil
import time

from played import PlayedDaemon, new_id
from shim import PATIENCE, Control, Ended, Mute, Program, judge_end, bundle, harness

PERSON = 3
OFFERS = 4
LEASE = 1
SUBMITTED = "2026-01-01T00:00:00.000Z"


class WorkerRig:
    SCENARIOS = ("start", "gather")
    IS_START = {"start": True, "gather": False}

    def __init__(self):
        self.made = harness.Installation(tenants=2, profiles=8)
        self.directory = self.made.directory
        self.made.configure("worker-0", settle)
        self.control = Control(self.directory / "control")
        self.daemon = PlayedDaemon(self.made.configuration()["sockets"])
        self.bundles = self.directory / "bundles"

    def close(self):
        self.daemon.close()
        self.made.close()

    def reset(self):
        shutil.rmtree(self.bundles)
        self.bundles.mkdir(mode=0o700)

    def start(self, control=None, plan=None):
        return Program("export-worker", self.directory, "worker-0", control, plan)

    def run(self, fault=None, scenario=None):
        """(outcome, problems, counts of calls that were made before a fault could strike)."""
        scenario = scenario or fault.scenario
        self.reset()
        self.control.reset(self.IS_START[scenario])
        run = Run(self, self.start(self.control, fault and fault.plan), fault)
        try:
            run.go(scenario)
        finally:
            run.program.release()
        if not run.problems:
            run.problems += self.check_seen()
        if not run.problems:
            self.check_restart(run)
        return run.outcome, run.problems, run.counts

    def check_seen(self):
        """Whatever has its final name is whole."""
        problems = []
        for path in self.bundles.rglob("*.zip"):
            try:
                bundle.Bundle(operation_of(path))
            except Exception as why:  # pylint: disable=broad-except  # whatever is wrong with it
                problems.append(f"a broken bundle can be seen: {why!r}")
        return problems

    def check_restart(self, run):
        again = Run(self, self.start(), None)
        try:
            again.go("start")
            run.problems += again.problems
            if again.done != 1:
                run.problems.append(f"the next life did {again.done} of 1 jobs: {again.outcome}")
            # The mark of a whole bundle stays until a daemon has said what is to become of it.
            left = [p.name for p in self.bundles.rglob("*") if p.is_file() and p.suffix != ".zip"
                    and not (p.suffix == ".unrecorded" and p.with_suffix("").exists())]
            if left:
                run.problems.append(f"left behind: {left}")
        finally:
            again.program.release()


def operation_of(path):
    """What an operation would say of a file that nobody spoke of."""
    blob = path.read_bytes()
    return {"storageLocation": path.as_uri(),
            "bundle": {"bytes": len(blob), "sha256": hashlib.sha256(blob).hexdigest()}}


def settle(settings):
    """A single slot, and an end that does not wait long for a daemon."""
    settings["worker"].update(slots=1, heartbeat_interval_ms=100, repeat_interval_ms=100)


class Run:
    def __init__(self, rig, program, fault):
        self.rig = rig
        self.program = program
        self.fault = fault
        self.outcome = "?"
        self.problems = []
        self.counts = {}
        self.done = 0
        self.failures = []
        self.job = {"type": "job", "operationId": new_id(), "attempt": 1,
                    "tenantId": rig.made.tenant_id(0), "userId": rig.made.user_id(PERSON),
                    "submittedDateTime": SUBMITTED}

    @property
    def patience(self):
        return 1.5 if self.fault and self.fault.is_sticky else PATIENCE

    def go(self, scenario):
        mute = None
        try:
            self.program.wait_line("event=started")
            if self.rig.IS_START[scenario]:
                self.counts = self.rig.control.counts()
            self.rig.control.arm()
            self.work()
        except Ended:
            pass
        except Mute as why:
            mute = str(why)
        code = self.program.terminate()
        self.counts = self.counts or self.rig.control.counts()
        self.outcome, problem = judge_end(code, self.program.text(),
                                          self.fault and self.fault.kind)
        self.judge(code, mute, problem)

    def judge(self, code, mute, problem):
        if code == 0 and mute:
            self.outcome = "mute until stopped"
            if not self.fault or not self.fault.is_sticky:
                problem = f"alive and mute: {mute}"
        elif code == 0 and self.failures:
            self.outcome = "failed with a reason, then " + ("done" if self.done else "given up")
        if self.outcome == "went on" and self.fault and not self.rig.control.struck:
            self.outcome = "not reached"
        if problem:
            self.problems.append(f"{problem}\n{self.program.text()[-1200:]}")

    def work(self):
        """Offers the job until it is done, or has failed for good or too often."""
        for attempt in range(1, OFFERS + 1):
            self.job["attempt"] = attempt
            self.offer()
            report = self.outcome_of_offer()
            if report["type"] == "done":
                self.check_done(report)
                self.done += 1
                return
            if report["type"] == "lost":
                self.failures.append("leaseLost")
            if report["type"] == "failed":
                self.failures.append(report["code"])
                if not report["retryable"]:
                    return

    def offer(self):
        for report in self.rig.daemon.reports_until(self.program, self.patience):
            if report["type"] == "heartbeat" and self.is_own(report) and (
                    self.rig.daemon.offer(self.job)):
                return
        raise Mute("no heartbeat")

    def is_own(self, report):
        """What a worker before this one said may still be on its way."""
        return f"instance={report['instance']}" in self.program.text()

    def outcome_of_offer(self):
        """The report; as exportd does, takes the lease for lost that is not renewed."""
        fence = self.rig.daemon.fence
        renewed = time.monotonic()
        for report in self.rig.daemon.reports_until(self.program, self.patience):
            if report["type"] in ("done", "failed", "declined") and report["fence"] == fence:
                if report["type"] != "declined":
                    self.rig.daemon.notice(recorded=[fence])
                return report
            if report["type"] == "heartbeat" and fence in report["running"]:
                renewed = time.monotonic()
            if time.monotonic() > renewed + LEASE:
                return {"type": "lost"}
        raise Mute("no result")

    def check_done(self, report):
        operation = {"id": report["operationId"], "storageLocation": report["storageLocation"],
                     "bundle": report["bundle"], "sources": report["sources"]}
        try:
            bundle.check_person(self.rig.made, operation, 0, PERSON)
        except Exception as why:  # pylint: disable=broad-except  # whatever is wrong with it
            self.problems.append(f"done without a good bundle: {why!r}")
