# SPDX-License-Identifier: MIT
"""exportd with one fault, on a small store; then without it, to see that nothing was lost."""
import shutil
import time

from played import Caller, PlayedWorker
from shim import PATIENCE, Control, Ended, Mute, Program, judge_end, harness

KEYS = ("one", "two", "three")
# Commits, each some pages, until the write-ahead log is long enough to be checkpointed at rest.
LONG = 660


class DaemonRig:
    """One installation, on which run after run is made."""
    SCENARIOS = ("fresh", "old", "work", "rest")
    IS_START = {"fresh": True, "old": True, "work": False, "rest": False}

    def __init__(self):
        self.made = harness.Installation(tenants=2, profiles=8)
        self.directory = self.made.directory
        self.token = self.made.token()
        self.endpoints = self.made.configuration()["sockets"]
        self.control = Control(self.directory / "control")
        self.templates = self.directory / "templates"
        self.templates.mkdir()
        self.template("old", 4)
        self.template("rest", LONG)

    def close(self):
        self.made.close()

    def template(self, name, count):
        """A store whose daemon was killed after so many operations, all but the last one done."""
        self.reset("fresh")
        program = Program("exportd", self.directory, "exportd")
        program.wait_line("event=ready")
        caller = Caller(self.endpoints["requests"], self.token, program)
        worker = PlayedWorker(self.endpoints, program)
        try:
            accepted = {self.accept(caller, f"{name}-{n}")["operation"]["id"]
                        for n in range(count)}
            worker.run(accepted, PATIENCE)
            self.accept(caller, f"{name}-last")
        finally:
            worker.close()
            caller.close()
            program.release()
        shutil.move(self.directory / "store", self.templates / name)

    def reset(self, scenario):
        shutil.rmtree(self.directory / "store", ignore_errors=True)
        name = {"work": "old"}.get(scenario, scenario)
        if name != "fresh":
            shutil.copytree(self.templates / name, self.directory / "store")

    def accept(self, caller, key, seconds=PATIENCE):
        return caller.request("exportPersonalData", seconds, idempotencyKey=key,
                              inboundSharedUserProfileId=self.made.user_id(0))

    # One run

    def run(self, fault=None, scenario=None):
        """(outcome, problems, counts of calls that were made before a fault could strike)."""
        scenario = scenario or fault.scenario
        self.reset(scenario)
        self.control.reset(self.IS_START[scenario])
        run = Run(self, Program("exportd", self.directory, "exportd", self.control,
                                fault and fault.plan), fault, True)
        try:
            run.go(scenario)
        finally:
            run.release()
        if not run.problems:
            self.check_restart(run)
        return run.outcome, run.problems, run.counts

    def check_restart(self, run):
        """Everything that was acknowledged is there, and a new operation works."""
        again = Run(self, Program("exportd", self.directory, "exportd"))
        try:
            again.program.wait_line("event=ready")
            again.connect()
            run.problems += again.find(run)
            code = again.program.terminate()
            if code != 0:
                run.problems.append(f"the next life ended with {code}")
        except (Ended, Mute) as why:
            run.problems.append(f"the next life: {why!r} {again.program.text()[-800:]}")
        finally:
            again.release()


class Run:
    def __init__(self, rig, program, fault=None, is_faulty=False):
        self.rig = rig
        self.program = program
        self.fault = fault
        self.is_faulty = is_faulty
        self.caller = self.worker = None
        self.accepted = {}  # by key
        self.outcome = "?"
        self.problems = []
        self.counts = {}
        self.worked = set()
        self.recorded = set()

    def connect(self):
        self.caller = Caller(self.rig.endpoints["requests"], self.rig.token, self.program)
        self.worker = PlayedWorker(self.rig.endpoints, self.program, fails=self.is_faulty)

    def release(self):
        if self.worker:
            self.worked, self.recorded = self.worker.done, self.worker.recorded
            self.worker.close()
            self.caller.close()
        self.program.release()

    @property
    def patience(self):
        """What fails for good may well silence it; then it need only stop when told to."""
        return 1 if self.fault and self.fault.is_sticky else PATIENCE

    def go(self, scenario):
        mute = None
        try:
            self.program.wait_line("event=ready")
            if self.rig.IS_START[scenario]:
                self.counts = self.rig.control.counts()
            self.rig.control.arm()
            self.connect()
            if scenario == "rest":
                self.rest()
            else:
                self.work()
        except Ended:
            pass
        except Mute as why:
            mute = str(why)
        code = self.program.terminate()
        self.counts = self.counts or self.rig.control.counts()
        self.outcome, problem = judge_end(code, self.program.text(),
                                          self.fault and self.fault.kind)
        if mute and code == 0:
            self.outcome = "mute until stopped"
            if not self.fault or not self.fault.is_sticky:
                problem = f"alive and mute: {mute}"
        if self.outcome == "went on" and self.fault and not self.rig.control.struck:
            self.outcome = "not reached"
        if problem:
            self.problems.append(f"{problem}\n{self.program.text()[-1200:]}")

    def accept_all(self, keys):
        for key in keys:
            reply = self.rig.accept(self.caller, key, self.patience)
            if reply["status"] == 202:
                self.accepted[key] = reply["operation"]["id"]
            elif reply["status"] < 500:
                self.problems.append(f"a good request was refused: {reply}")

    def work(self):
        """Accept, run, ask, stop."""
        self.accept_all(KEYS)
        self.accept_all(KEYS[:1])
        self.worker.run(set(self.accepted.values()), self.patience)
        for kind, fields in (("listOperations", {}), ("eventsSince", {"sequence": 0}),
                             ("getStatistics", {}), ("getProfile", {"userId": self.rig.made.user_id(0)}),
                             ("listProfiles", {})):
            self.caller.request(kind, self.patience, **fields)

    def rest(self):
        """One operation, and then the silence in which the log is checkpointed."""
        self.accept_all(KEYS[:1])
        before = self.rig.control.counts()["sync"]
        until = time.monotonic() + 1
        while time.monotonic() < until and not self.rig.control.struck and (
                self.rig.control.counts()["sync"] < before + 2):
            self.worker.step(0.01)
        self.caller.request("ping", self.patience)
        if self.rig.control.struck:
            self.accept_all(KEYS[1:])

    # The next life

    def find(self, earlier):
        problems = []
        for key in (*KEYS, "new"):
            ids = {self.rig.accept(self.caller, key)["operation"]["id"] for _ in range(2)}
            if len(ids) != 1 or not ids >= {earlier.accepted.get(key, *ids)}:
                problems.append(f"key {key}: {earlier.accepted.get(key)} became {ids}")
            self.accepted[key] = ids.pop()
        operations = {o["id"]: o for o in self.caller.pages("listOperations", top=100)}
        for identifier in set(earlier.accepted.values()) | earlier.recorded:
            if identifier not in operations:
                problems.append(f"lost: {identifier}")
            elif identifier in earlier.recorded and operations[identifier]["status"] != "complete":
                problems.append(f"recorded as done and now {operations[identifier]}")
        for key in earlier.accepted:
            operation = operations.get(earlier.accepted[key])
            if operation and operation["status"] == "complete" and (
                    operation["id"] not in earlier.worked):
                problems.append(f"complete without a bundle: {operation}")
        pending = {i for i, o in operations.items() if o["status"] not in harness.TERMINAL}
        self.worker.run(pending, PATIENCE)
        return problems + self.check_history()

    def check_history(self):
        events, _ = self.caller.events(top=500)
        sequences = [event["sequence"] for event in events]
        revisions = {}
        for event in events:
            revisions.setdefault(event["operationId"], []).append(event["revision"])
        if sequences != sorted(set(sequences)):
            return ["the events are out of order"]
        return [f"revisions of {i}: {r}" for i, r in revisions.items()
                if r != list(range(1, len(r) + 1))]
