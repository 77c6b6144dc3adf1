#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A part of `run.sh all` that takes minutes: while the programs work, every call on a file fails in
turn; beside that an even sample of all other faults."""
import os
import signal
import unittest

from shim import Fault, harness, judge_end, sanitizer_of
from sweep import RIGS, kinds_for, plan, run, sample

WORKING = ("work", "gather")
FIRST = ("EIO", "ENOSPC", "ENOMEM", "ENOLCK")
OTHERS = harness.share(400)
MEMORY = harness.share(1000)
# Starting with a sanitizer takes several times as long.
SANITIZED = harness.share(250)


def choose(program, faults):
    memory = [fault for fault in faults if fault.kind == "memory"]
    others = [fault for fault in faults if fault.kind != "memory"]
    if sanitizer_of(harness.PROGRAMS / program) is not None:
        return sample(others, limit=SANITIZED)
    every = [fault for fault in others if fault.scenario in WORKING and fault.how in FIRST]
    rest = sorted(set(others) - set(every))
    return every + sample(rest, limit=OTHERS) + sample(memory, limit=MEMORY)


class EveryCallFails(unittest.TestCase):
    """Some libraries do not survive an allocation that fails; the table says which, and how often. What
    was acknowledged and what is visible is checked after that all the same. Our programs do."""
    maxDiff = None

    def check(self, program):
        faults = choose(program, plan(program, kinds_for(program)))
        # Most of a run is waiting.
        table = run(program, faults, jobs=3 * (os.cpu_count() or 1))
        print(table.text(), flush=True)
        self.assertEqual(sum(table.outcomes.values()), len(faults))
        self.assertEqual([table.report(*wrong) for wrong in table.wrong], [])
        outcomes = {outcome for _, _, outcome in table.outcomes}
        self.assertLessEqual({"went on", "stopped"}, outcomes)

    def test_exportd_loses_nothing_that_it_acknowledged_and_says_why_it_stops(self):
        self.check("exportd")

    def test_export_worker_shows_only_whole_bundles_and_says_why_it_stops(self):
        self.check("export-worker")


class TheDriver(unittest.TestCase):
    """It would see what it is for."""

    def rig(self, program):
        rig = RIGS[program]()
        self.addCleanup(rig.close)
        return rig

    def test_a_store_that_is_thrown_away_between_the_lives_is_a_lost_acknowledgement(self):
        rig = self.rig("exportd")
        check_restart = rig.check_restart

        def forget(life):
            rig.reset("fresh")
            check_restart(life)
        rig.check_restart = forget
        _, problems, _ = rig.run(Fault("work", "sync", 5, "EIO", True))
        self.assertIn("became", " ".join(problems))

    def test_a_bundle_that_is_cut_short_is_seen(self):
        rig = self.rig("export-worker")
        check_seen = rig.check_seen

        def cut():
            for path in rig.bundles.rglob("*.zip"):
                path.write_bytes(path.read_bytes()[:-1])
            return check_seen()
        rig.check_seen = cut
        _, problems, _ = rig.run(scenario="gather")
        self.assertIn("broken bundle", " ".join(problems))

    def test_a_fault_of_ours_is_told_from_one_of_a_library(self):
        for module in ("exportd", "export-worker", "libexportclient.so.1", "-", "libzmq.so.5", "libcrypto.so.3"):
            text = f"event=crashed signal=11 module=libc.so.6 offset=0x1\nevent=blamed module={module}\n"
            outcome, problem = judge_end(-signal.SIGSEGV, text, "memory")
            self.assertEqual((outcome, problem is None),
                             (f"ended in {module}", module in ("libzmq.so.5", "libcrypto.so.3")))
        for text in ("", "event=crashed signal=11 module=libzmq.so.5 offset=0x1\n"):
            self.assertIsNotNone(judge_end(-signal.SIGSEGV, text, "memory")[1])

    def test_the_calls_of_both_programs_are_counted(self):
        for program, scenario in (("exportd", "fresh"), ("export-worker", "gather")):
            _, _, counts = self.rig(program).run(scenario=scenario)
            for kind in ("open", "read", "write", "sync", "mkdir", "descriptor"):
                self.assertGreater(counts[kind], 0, (program, kind, counts))


if __name__ == "__main__":
    harness.main()
