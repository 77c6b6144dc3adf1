#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""units.py FOLDER: the systemd units in FOLDER are sandboxed as promised, allow what the programs do, and give them the
time that their own limits need. No systemd runs for this: its analysis works on files."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

import yaml

import harness
import system_calls

UNITS = ("exportd.service", "export-worker@.service")
EXPOSURE = 1.5
# Of SQLite, when it runs as root: as anybody else it leaves the owner alone.
OF_ROOT = {"fchown"} if os.geteuid() == 0 else set()
SECONDS = {"ms": 0.001, "s": 1, "min": 60}
folder = None


def settings(unit):
    """The lines of [Service], key to the list of its values."""
    found = {}
    for line in (folder / unit).read_text().splitlines():
        if re.match(r"[A-Za-z]+=", line):
            key, value = line.split("=", 1)
            found.setdefault(key, []).append(value)
    return found


def seconds(text):
    number, unit = re.fullmatch(r"([0-9]+)(ms|s|min)", text).groups()
    return int(number) * SECONDS[unit]


def expand(name, seen):
    """The system calls of a set of systemd's, with those of the sets in it."""
    if not name.startswith("@"):
        return {name}
    if name not in seen:
        lines = subprocess.run(["systemd-analyze", "--no-pager", "syscall-filter", name], check=True,
                               capture_output=True, text=True).stdout.split("\n")[1:]
        seen[name] = set()
        for line in (line.strip() for line in lines):
            if line and not line.startswith("#"):
                seen[name] |= expand(line, seen)
    return seen[name]


def allowed(unit):
    seen, calls = {}, set()
    for line in settings(unit)["SystemCallFilter"]:
        names = set().union(*(expand(name, seen) for name in line.lstrip("~").split()))
        calls = calls - names if line.startswith("~") else calls | names
    return calls


class Units(harness.Case):
    def test_exposure_is_low(self):
        for unit in UNITS:
            with self.subTest(unit=unit):
                run = subprocess.run(
                    ["systemd-analyze", "security", "--no-pager", "--offline=yes",
                     f"--threshold={EXPOSURE * 10:.0f}", folder / unit],
                    capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"})
                self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
                score = re.search(r"Overall exposure level .*: ([0-9.]+)", run.stdout)
                self.assertLessEqual(float(score.group(1)), EXPOSURE)

    def test_memory_and_tasks_are_bounded_and_nothing_is_swapped_or_dumped(self):
        for unit in UNITS:
            found = settings(unit)
            for key in ("MemoryMax", "TasksMax", "LimitNOFILE"):
                self.assertRegex(found[key][0], r"^[0-9]+[KMG]?$")
            self.assertEqual((found["MemorySwapMax"], found["LimitCORE"]), (["0"], ["0"]))
            self.assertEqual((found["Type"], found["Restart"]), (["notify"], ["always"]))

    def test_a_killed_program_is_back_within_a_second_and_for_any_number_of_times(self):
        for unit in UNITS:
            self.assertLessEqual(seconds(settings(unit)["RestartSec"][0]), 1)
            self.assertEqual(settings(unit)["StartLimitIntervalSec"], ["0"])

    def test_the_stop_timeout_is_above_what_a_worker_waits_for(self):
        schema = yaml.safe_load((harness.ROOT / "schemas/export-worker.configuration.yaml").read_text())
        drain_ms = schema["properties"]["limits"]["properties"]["drain_ms"]["default"]
        self.assertGreater(seconds(settings(UNITS[1])["TimeoutStopSec"][0]) * 1000, 2 * drain_ms)

    def test_systemd_reads_them_without_a_complaint(self):
        made = self.installation()
        for unit in UNITS:
            text = re.sub(r"^(ExecStart=)\S+", r"\1/bin/true", (folder / unit).read_text(), flags=re.M)
            (made.directory / unit).write_text(text)
            run = subprocess.run(["systemd-analyze", "verify", "--man=no", made.directory / unit],
                                 capture_output=True, text=True, check=False)
            self.assertEqual((run.returncode, run.stderr), (0, ""), unit)

    @unittest.skipUnless(system_calls.can_trace(), "strace cannot trace here")
    def test_an_export_from_start_to_stop_uses_only_calls_that_the_filters_allow(self):
        os.environ["ASAN_OPTIONS"] = ":".join(  # It cannot look for leaks when traced.
            [os.environ.get("ASAN_OPTIONS", ""), "detect_leaks=0"])
        made = self.installation()
        names = {"exportd": UNITS[0], "worker-0": UNITS[1]}
        for name in names:
            made.prefixes[name] = ["strace", "-D", "-f", "-q", "-e", "signal=none", "-o",
                                   made.directory / f"{name}.trace"]
        made.start()
        client = made.client()
        made.wait_until(client, client.export(made.user_id(0))["id"], "complete")
        self.assertEqual(made.workers[0].stop(), 0)
        self.assertEqual(made.daemon.stop(), 0)
        for name, unit in names.items():
            trace = (made.directory / f"{name}.trace").read_text(errors="replace")
            used = set(re.findall(r"^\d+ +(\w+)\(", trace, re.M))
            self.assertIn("write", used)
            self.assertEqual(used - allowed(unit) - OF_ROOT, set(), unit)


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv.pop(1))
    if shutil.which("systemd-analyze") is None:
        print("systemd-analyze is not installed")
        sys.exit(77)
    harness.main()
