#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every call of every kind fails, one a run: plans, spreads over processes and counts the runs.

    sweep.py all|exportd|export-worker [--kinds K,K] [--scenarios S,S] [--every K] [--limit N]
             [--budget-seconds S] [--jobs N]
    sweep.py one exportd|export-worker SCENARIO KIND:N:HOW:once|sticky
"""
import argparse
import collections
import multiprocessing
import os
import random
import sys
import time
import traceback

from daemon_run import DaemonRig
from shim import KINDS, Fault, sanitizer_of, harness
from worker_run import WorkerRig

RIGS = {"exportd": DaemonRig, "export-worker": WorkerRig}
HOWS = {
    "open": ("EIO", "ENOSPC", "EMFILE"),
    "read": ("EIO", "EAGAIN", "EINTR", "short"),
    "write": ("EIO", "ENOSPC", "EDQUOT", "EFBIG", "EAGAIN", "EINTR", "short"),
    "sync": ("EIO", "ENOSPC", "EDQUOT"),
    "rename": ("EIO", "ENOSPC", "EDQUOT"),
    "unlink": ("EIO",),
    "truncate": ("EIO", "ENOSPC", "EFBIG"),
    "mkdir": ("EIO", "ENOSPC", "EDQUOT"),
    "lock": ("EIO", "ENOLCK", "EINTR"),
    "record": ("EIO", "ENOLCK"),
    "map": ("ENOMEM",),
    "descriptor": ("EMFILE", "ENFILE"),
    "memory": ("ENOMEM",),
}
# A call that is interrupted for ever is no fault that a kernel makes. Where no lock can be had, SQLite
# waits for seconds each time before it says so.
ONCE_ONLY = ("EINTR", "record")
FILES = tuple(kind for kind in KINDS if kind not in ("memory", "descriptor"))


def beginning(rig, scenario, kind):
    """The first number worth trying: the start of exportd is the same on both stores until the
    store is made."""
    if (scenario, kind) != ("fresh", "memory"):
        return 1
    _, _, counts = rig.run(Fault("fresh", "mkdir", 1, "EIO", False))
    return max(1, counts["memory"] - 20)


def faults_of(rig, scenario, kinds):
    counts = [rig.run(scenario=scenario) for _ in range(3)]
    for outcome, problems, _ in counts:
        assert outcome == "went on" and not problems, (scenario, outcome, problems)
    for kind in kinds:
        first = beginning(rig, scenario, kind)
        last = max(count[kind] for _, _, count in counts)
        for number in range(first, last + 1):
            for how in HOWS[kind]:
                yield Fault(scenario, kind, number, how, False)
                if how not in ONCE_ONLY and kind not in ONCE_ONLY:
                    yield Fault(scenario, kind, number, how, True)


def plan(program, kinds, scenarios=None):
    """All faults of a program."""
    rig = RIGS[program]()
    try:
        return [fault for scenario in rig.SCENARIOS
                if scenarios is None or scenario in scenarios
                for fault in faults_of(rig, scenario, kinds)]
    finally:
        rig.close()


def sample(faults, every=1, limit=None):
    """Every k-th and at most so many, evenly, in an order of which each beginning is even too."""
    chosen = faults[::every]
    random.Random(1).shuffle(chosen)
    return chosen[:limit]


def work(program, faults, following, results, end):
    """One process: takes the next fault until there is none or the time is over."""
    rig = RIGS[program]()
    try:
        while time.monotonic() < end:
            with following.get_lock():
                place = following.value
                following.value += 1
            if place >= len(faults):
                break
            try:
                outcome, problems, _ = rig.run(faults[place])
            except Exception:  # pylint: disable=broad-except  # a broken driver is a result too
                outcome, problems = "driver", [traceback.format_exc()]
            results.put((place, outcome, problems))
    finally:
        rig.close()
        results.put(None)


class Table:
    def __init__(self, program):
        self.program = program
        self.outcomes = collections.Counter()
        self.wrong = []

    def add(self, fault, outcome, problems):
        self.outcomes[fault.scenario, fault.kind, outcome] += 1
        if problems:
            self.wrong.append((fault, outcome, problems))

    def text(self):
        names = sorted({outcome for _, _, outcome in self.outcomes})
        lines = [f"{self.program}: {sum(self.outcomes.values())} runs, {len(self.wrong)} wrong",
                 " " * 20 + " ".join(f"{name:>26.26}" for name in names)]
        for row in sorted({key[:2] for key in self.outcomes}):
            numbers = [self.outcomes[(*row, name)] for name in names]
            lines.append(f"{' '.join(row):20}" + " ".join(f"{n or '-':>26}" for n in numbers))
        totals = [sum(n for key, n in self.outcomes.items() if key[2] == name) for name in names]
        lines.append(f"{'all':20}" + " ".join(f"{n:>26}" for n in totals))
        return "\n".join(lines)

    def report(self, fault, outcome, problems):
        return (f"WRONG {self.program} {fault} ({outcome})\n  again with: "
                f"tests/faults/run.sh one {self.program} {fault}\n  " + "\n  ".join(problems))


def run(program, faults, budget_seconds=None, jobs=None, show=lambda text: None):
    """Makes the runs; the table of what came of them."""
    context = multiprocessing.get_context("fork")
    following, results = context.Value("l", 0), context.Queue()
    end = time.monotonic() + (budget_seconds or 10 ** 9)
    children = [context.Process(target=work, args=(program, faults, following, results, end))
                for _ in range(jobs or os.cpu_count())]
    for child in children:
        child.start()
    table, left = Table(program), len(children)
    while left:
        result = results.get()
        if result is None:
            left -= 1
            continue
        place, outcome, problems = result
        table.add(faults[place], outcome, problems)
        if problems:
            show(table.report(faults[place], outcome, problems))
    for child in children:
        child.join()
    return table


def kinds_for(program, wanted=KINDS):
    """A sanitizer brings its own allocator."""
    is_plain = sanitizer_of(harness.PROGRAMS / program) is None
    return [kind for kind in wanted if kind != "memory" or is_plain]


def one(arguments):
    program, scenario, text = arguments
    kind, number, how, times = text.split(":")
    rig = RIGS[program]()
    try:
        outcome, problems, counts = rig.run(Fault(scenario, kind, int(number), how,
                                                  times == "sticky"))
        print(outcome, counts, *problems, sep="\n")
        print(rig.made.logs())
        return 1 if problems else 0
    finally:
        rig.close()


def arguments_of(arguments):
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", choices=("all", *RIGS))
    parser.add_argument("--kinds", type=lambda text: text.split(","), default=KINDS)
    parser.add_argument("--scenarios", type=lambda text: text.split(","))
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--budget-seconds", type=float)
    parser.add_argument("--jobs", type=int)
    return parser.parse_args(arguments)


def main():
    if sys.argv[1:2] == ["one"] and len(sys.argv) == 5:
        return one(sys.argv[2:])
    options = arguments_of(sys.argv[1:])
    wrong = 0
    for program in RIGS if options.program == "all" else [options.program]:
        begin = time.monotonic()
        faults = plan(program, kinds_for(program, options.kinds), options.scenarios)
        chosen = sample(faults, options.every, options.limit)
        print(f"{program}: {len(faults)} faults, {len(chosen)} chosen", flush=True)
        table = run(program, chosen, options.budget_seconds, options.jobs,
                    lambda text: print(text, flush=True))
        print(table.text(), f"{time.monotonic() - begin:.0f} s", sep="\n", flush=True)
        wrong += len(table.wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
