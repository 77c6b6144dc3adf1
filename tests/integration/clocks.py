#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Clocks that jump, in real processes: a library that is preloaded shifts them while they run, and
time namespaces move the time since boot. A lease knows nothing of the wall clock, a retry comes in
time whatever it says, and what was acknowledged ends once."""
import mmap
import os
import random
import signal
import struct
import subprocess
import time

import harness
import promises

LIBRARY = harness.PROGRAMS.parent / "tests" / "support" / "libclock_shift.so"
HOUR = 3600
YEARS = 10 * 365 * 86400
JUMPS = {"an hour ahead": HOUR, "an hour back": -HOUR,
         "ten years ahead": YEARS, "ten years back": -YEARS}
EVER = {"iat": 1_000_000_000, "nbf": 1_000_000_000, "exp": 4_000_000_000}  # years 2001 to 2096
LEASE_MS = 1000
MANY_JUMPS = harness.share(200, 50)


class Shift:
    """The clocks of the processes that have this file."""

    def __init__(self, path):
        path.write_bytes(bytes(16))
        with open(path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), 16)
        options = os.environ.get("ASAN_OPTIONS", "")
        self.prefix = ("env", f"CLOCK_SHIFT_FILE={path}", f"LD_PRELOAD={LIBRARY}",
                       f"ASAN_OPTIONS={options}:verify_asan_link_order=0")

    def set(self, wall=0, boot=0):
        """Seconds that they differ from the machine's from now on."""
        self.memory[:] = struct.pack("qq", wall * 1000, boot * 1000)


class Clocks(harness.Case):
    def shifted(self, processes=("exportd",), **options):
        """An installation, and a shift for each of these processes."""
        made = self.installation(**options)
        made.configure("exportd", lambda s: s["dispatch"].update(
            lease_ms=LEASE_MS, maximum_attempts=100, maximum_lost_attempts=100))
        for number in range(options.get("workers", 1)):
            made.configure(f"worker-{number}",
                           lambda s: s["worker"].update(heartbeat_interval_ms=100))
        shifts = []
        for name in processes:
            shifts.append(Shift(made.directory / f"{name}.shift"))
            made.prefixes[name] = shifts[-1].prefix
        return made, *shifts

    @staticmethod
    def client_for_ever(made):
        return made.client(token=made.token(**EVER))

    def restart(self, made):
        made.daemon.stop()
        made.start_daemon()

    def events(self, client, identifier, kind):
        return [e for e in client.events(operationId=identifier)[0] if e["kind"] == kind]

    def wait_event(self, client, identifier, kind, count=1):
        deadline = time.monotonic() + harness.TIMEOUT
        while len(self.events(client, identifier, kind)) < count:
            self.assertLess(time.monotonic(), deadline, kind)
            time.sleep(0.02)

    def assert_ended_well(self, made, client, may_be_overdue=False):
        operations = list(client.pages("listOperations", top=100))
        for operation in operations:
            reason = (operation.get("failure") or {}).get("code")
            self.assertTrue(operation["status"] == "complete" or
                            may_be_overdue and reason == "overdue", operation)
        promises.check_bundles(made, operations)
        promises.check_log(made)


class WallClock(Clocks):
    def test_no_jump_ends_a_lease_and_none_keeps_a_lost_one(self):
        made, daemon, worker = self.shifted(("exportd", "worker-0"), workers=2)
        made.configure("worker-0", harness.slow(10 ** 8))
        made.start()
        client = self.client_for_ever(made)
        identifier = client.export(made.user_id(0))["id"]
        made.wait_until(client, identifier, "running")
        for jumping in (daemon, worker):
            for name, seconds in JUMPS.items():
                jumping.set(seconds)
                end = time.monotonic() + 1.5 * LEASE_MS / 1000
                while time.monotonic() < end:
                    found = client.ask("getOperation", operationId=identifier)["operation"]
                    self.assertEqual((found["status"], found["attempt"]), ("running", 1), name)
                    time.sleep(0.05)
        made.workers[0].stop(signal.SIGKILL)
        daemon.set(-YEARS)
        made.start_worker(1, wait=False)
        self.assertEqual(made.wait_until(client, identifier)["attempt"], 2)

    def check_retries(self, between):
        made, daemon = self.shifted()
        made.configure("exportd", lambda s: s["dispatch"].update(retry_base_ms=2000,
                                                                 retry_ceiling_ms=2000))
        made.start()
        client = self.client_for_ever(made)
        mailbox, away = made.directory / "mailbox.db", made.directory / "away.db"
        for name, seconds in JUMPS.items():
            with self.subTest(name):
                mailbox.rename(away)
                identifier = client.export(made.user_id(1))["id"]
                self.wait_event(client, identifier, "retryWait")
                daemon.set(seconds)
                between(made)
                away.rename(mailbox)
                operation = made.wait_until(client, identifier)
                daemon.set(0)
                reason = (operation.get("failure") or {}).get("code")
                if operation["status"] != "complete":  # Years ahead, it is long overdue.
                    self.assertEqual((seconds, reason), (YEARS, "overdue"), operation)
        self.assert_ended_well(made, client, may_be_overdue=True)

    def test_a_retry_comes_in_time_whatever_the_clock_says(self):
        self.check_retries(lambda made: None)

    def test_a_retry_comes_in_time_over_a_restart_with_another_clock(self):
        self.check_retries(self.restart)

    def test_two_hundred_jumps_with_restarts_under_load(self):
        made, daemon, *workers = self.shifted(("exportd", "worker-0", "worker-1"), workers=2)
        made.configure("worker-0", harness.slow(60000))
        made.start(2)
        client = self.client_for_ever(made)
        choice = random.Random(18)
        far = [*JUMPS.values(), 0]
        for number in range(MANY_JUMPS):
            choice.choice((daemon, daemon, *workers)).set(choice.choice(far))
            client.export(made.user_id(choice.choice(made.people(0))), idempotencyKey=f"k{number}")
            if number % 25 == 24:
                self.restart(made)
        for shift in (daemon, *workers):
            shift.set(0)
        operations = list(client.pages("listOperations", top=100))
        self.assertEqual(len(operations), MANY_JUMPS)
        for operation in operations:
            made.wait_until(client, operation["id"])
        self.assert_ended_well(made, client, may_be_overdue=True)


class TimeSinceBoot(Clocks):
    def test_a_machine_that_slept_for_an_hour_does_its_work_again_and_once(self):
        made, shift = self.shifted()
        made.prefixes["worker-0"] = made.prefixes["exportd"]
        made.configure("worker-0", harness.slow(150000))
        made.start()
        client = made.client()
        for number in range(3):
            identifier = client.export(made.user_id(number))["id"]
            made.wait_until(client, identifier, "running")
            shift.set(boot=HOUR * (number + 1))
            operation = made.wait_until(client, identifier, "complete")
            self.assertGreaterEqual(operation["attempt"], 1)
        self.assert_ended_well(made, client)

    def test_a_daemon_that_comes_back_after_another_boot_goes_on(self):
        if subprocess.run(["unshare", "-T", "true"], stderr=subprocess.DEVNULL).returncode:
            self.skipTest("no time namespaces here")
        made, = self.shifted(())
        made.configure("worker-0", harness.slow(150000))
        made.start()
        client = made.client()
        for number, offset in enumerate((86400 * 1000, 0, 86400, 60)):
            identifier = client.export(made.user_id(number))["id"]
            made.wait_until(client, identifier, "running")
            made.prefixes["exportd"] = ("unshare", "-T", "--boottime", str(offset),
                                        "--monotonic", str(offset))
            made.daemon.stop((signal.SIGKILL, signal.SIGTERM)[number % 2])
            made.start_daemon()
            made.wait_until(client, identifier, "complete")
        self.assert_ended_well(made, client)


if __name__ == "__main__":
    harness.main()
