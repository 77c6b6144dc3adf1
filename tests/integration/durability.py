#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""One store has one daemon, however they are started; a daemon that was killed or restarted again
and again answers at once; and an operation that takes its workers down ends without the others."""
import json
import random
import re
import shutil
import signal
import time
import unittest

import bundle
import harness
import history
import load
import noop

TIMES = harness.share(20, 4)
LOCKED = 3  # the exit code of exportd
LOST = 3    # attempts that may be lost with their worker
POISONS = harness.share(5)


class Loaded(harness.Case):
    """A daemon, a worker that gathers nothing, and callers that never stop."""

    def start(self):
        self.made = self.installation(tenants=1)
        self.made.configure("exportd", lambda s: s["dispatch"].update(
            lease_ms=60000, offer_timeout_ms=500))
        self.ledger = load.Ledger()
        self.made.start_daemon()
        self.worker = noop.NoopWorker(self.made)
        self.callers = [load.Caller(self.made, 0, n, random.Random(n), self.ledger)
                        for n in range(3)]
        self.dashboard = load.Dashboard(self.made, 1, self.ledger)
        self.made.closers += [self.worker, self.dashboard, *self.callers]

    def turn(self, is_open=True):
        self.worker.turn()
        self.dashboard.hear()
        self.dashboard.repair(time.monotonic())
        for caller in self.callers:
            caller.receive()
            caller.turn(time.monotonic(), is_open)
        time.sleep(0.001)

    def until(self, condition, is_open=True):
        deadline = time.monotonic() + harness.TIMEOUT
        while not condition():
            self.assertLess(time.monotonic(), deadline, self.made.logs())
            self.turn(is_open)

    def more(self, count=20):
        """Until so many more operations were acknowledged: the load is really there."""
        wanted = len(self.ledger.accepted) + count
        self.until(lambda: len(self.ledger.accepted) >= wanted)

    def drain_and_check(self):
        """Everything that was acknowledged ends, and the log tells a story that may happen."""
        def is_over():
            return not any(c.waiting for c in self.callers) and all(
                self.dashboard.known.get(name, (0, ""))[1] == "complete"
                for name, _, _ in self.ledger.accepted.values())
        self.until(is_over, False)
        self.assertEqual(self.made.daemon.stop(), 0, self.made.logs())
        log = history.History(*history.read_store(self.made.directory / "store" / "store.db"))
        for shown in self.ledger.shown.values():
            log.check_shown(shown)
        self.assertEqual(self.ledger.problems + self.ledger.duplicates + log.problems, [])
        self.assertEqual(set(log.operations), {n for n, _, _ in self.ledger.accepted.values()})
        return log

    def configure_another(self, name):
        """A second configuration of the same store, with sockets of its own."""
        shutil.copy(self.made.directory / "exportd.yaml", self.made.directory / f"{name}.yaml")
        self.made.configure(name, lambda s: s["sockets"].update(
            {n: f"ipc://{self.made.directory}/{name}-{n}.socket"
             for n in ("requests", "jobs", "reports", "status")}))

    def run_another(self, name):
        process = self.made.run("exportd", name)
        self.addCleanup(process.release)
        return process

    def assert_refused_to_start(self, process):
        self.assertEqual(process.wait(), LOCKED, process.text())
        self.assertRegex(process.text().splitlines()[-1], "(?i)store.*(another|held|in use)")


class OneStore(Loaded):
    def test_a_second_daemon_refuses_to_start_again_and_again_under_load(self):
        self.start()
        self.configure_another("second")
        for _ in range(TIMES):
            self.more(10)
            second = self.run_another("second")
            self.until(lambda: not second.is_running())
            self.assert_refused_to_start(second)
        self.assertTrue(self.made.daemon.is_running())
        self.drain_and_check()

    def test_a_daemon_that_is_stopped_for_a_while_keeps_its_store(self):
        self.start()
        self.configure_another("second")
        for _ in range(3):
            self.more()
            self.made.daemon.send_signal(signal.SIGSTOP)
            second = self.run_another("second")
            self.until(lambda: not second.is_running())
            self.made.daemon.send_signal(signal.SIGCONT)
            self.assert_refused_to_start(second)
        self.drain_and_check()

    def test_the_lock_of_a_killed_daemon_is_taken_over(self):
        self.start()
        for _ in range(TIMES):
            self.more(10)
            self.made.daemon.stop(signal.SIGKILL)
            self.made.start_daemon()
        self.more()
        self.drain_and_check()
        self.assertEqual(self.made.daemon.text().count(" event=ready "), TIMES + 1)

    def test_of_many_daemons_started_at_the_same_moment_one_has_the_store(self):
        made = self.made = self.installation()
        names = [f"rival-{n}" for n in range(4)]
        for name in names:
            self.configure_another(name)
        for turn in range(TIMES // 4):
            rivals = [self.run_another(name) for name in names]
            deadline = time.monotonic() + harness.TIMEOUT
            while sum(r.is_running() for r in rivals) > 1:
                self.assertLess(time.monotonic(), deadline, made.logs())
                time.sleep(0.01)
            made.daemon = [r for r in rivals if r.is_running()][0]
            for rival in rivals:
                if rival is not made.daemon:
                    self.assert_refused_to_start(rival)
            made.configure("exportd", lambda s: s.update(
                made.configuration(names[rivals.index(made.daemon)])))
            made.ready()
            made.client().export(made.user_id(turn % 4))
            made.daemon.stop(signal.SIGKILL)


class Restarts(Loaded):
    def test_restarted_again_and_again_under_load_it_answers_each_time(self):
        self.start()
        for turn in range(TIMES):
            self.more(25)
            number = signal.SIGKILL if turn % 2 else signal.SIGTERM
            self.assertEqual(self.made.daemon.stop(number), -9 if turn % 2 else 0)
            self.made.start_daemon()
            self.assertEqual(self.made.client().ask("getStatistics")["status"], 200)
        self.drain_and_check()
        starts = re.findall(r" event=ready .* start=(\d+) sequence=(\d+)", self.made.daemon.text())
        self.assertEqual([int(s) for s, _ in starts], list(range(1, TIMES + 2)))
        sequences = [int(s) for _, s in starts]
        self.assertEqual(sequences, sorted(set(sequences)))


class Poison(harness.Case):
    """Whoever starts on one person's export is killed while at it."""

    POISONED = 1

    def setUp(self):
        self.made = made = self.installation(tenants=1, workers=2, slots=2)
        user = made.user_id(self.POISONED)
        made.configure("exportd", lambda s: s["dispatch"].update(
            maximum_lost_attempts=LOST, maximum_attempts=LOST + 2, lease_ms=1000))
        for number in range(2):
            made.configure(f"worker-{number}", lambda s: s["sources"].append({
                "name": "poison", "kind": "sqlite", "count": False,
                "database": s["sources"][0]["database"],
                "statement": "SELECT a.id, :tenant_id AS tenant FROM messages a, messages b,"
                             " messages c, messages d, messages e, messages f LIMIT CASE WHEN"
                             f" :user_id = '{user}' THEN 100000000 ELSE 0 END"}))
        made.start(2)
        self.client = made.client()

    def killer_of(self, identifier, fence):
        """The worker that took this offer, by its log."""
        line = re.compile(rf" event=accepted operation={identifier} fence={fence} ")
        deadline = time.monotonic() + harness.TIMEOUT
        while True:
            for number, worker in self.made.workers.items():
                if line.search(worker.text()):
                    return number
            self.assertLess(time.monotonic(), deadline, self.made.logs())
            time.sleep(0.01)

    def fence_of_the_last_start(self, identifier):
        fences = re.findall(rf" event=started operation={identifier} .*fence=(\d+)",
                            self.made.daemon.text())
        return fences[-1]

    def kill_each_that_starts(self, identifier):
        """Kills and replaces each worker that starts on it, until it has ended; how many."""
        kills, others = 0, []
        while True:
            operation = self.made.wait_until(self.client, identifier, "running",
                                             *harness.TERMINAL)
            if operation["status"] in harness.TERMINAL:
                return operation, kills, others
            self.assertLess(kills, 2 * LOST, "it is not given up")
            number = self.killer_of(identifier, self.fence_of_the_last_start(identifier))
            others += [self.client.export(self.made.user_id(p))["id"]
                       for p in self.made.people(0) if p != self.POISONED]
            self.made.workers[number].stop(signal.SIGKILL)
            kills += 1
            self.made.start_worker(number, wait=False)
            self.wait_until_noticed(identifier, kills)

    def wait_until_noticed(self, identifier, attempt):
        """The loss of the worker, which takes a lease."""
        def is_noticed(operation):
            return (operation["status"] != "running" or operation["attempt"] > attempt)
        deadline = time.monotonic() + harness.TIMEOUT
        while not is_noticed(self.client.ask("getOperation", operationId=identifier)["operation"]):
            self.assertLess(time.monotonic(), deadline, self.made.logs())
            time.sleep(0.02)

    def test_it_fails_for_lost_workers_after_so_many_and_the_others_complete(self):
        for _ in range(POISONS):
            self.check_poison()

    def check_poison(self):
        identifier = self.client.export(self.made.user_id(self.POISONED))["id"]
        operation, kills, others = self.kill_each_that_starts(identifier)
        self.assertEqual((operation["status"], operation["failure"]["code"]),
                         ("failed", "workerLost"), json.dumps(operation))
        self.assertEqual((kills, operation["attempt"]), (LOST, LOST))
        self.assertGreater(len(others), LOST)
        for name in others:
            done = self.made.wait_until(self.client, name)
            self.assertEqual(done["status"], "complete", done)
            bundle.Bundle(done)
        self.assertIsNone(operation["storageLocation"])
        after = self.client.export(self.made.user_id(2))
        self.made.wait_until(self.client, after["id"], "complete")


class Crashed(harness.Case):
    """What a fault ends has a last line in its log, and ends as faults end. Sanitizers have handlers of their own."""

    def check(self, process, name):
        process.send_signal(signal.SIGSEGV)
        self.assertEqual(process.wait(), -signal.SIGSEGV)
        self.assertRegex(process.text().splitlines()[-1],
                         rf"^time=\S+ level=error program={name} event=crashed signal=11 module=\S+ offset=0x[0-9a-f]+ effect=\"")

    @unittest.skipIf(harness.is_sanitized(), "a sanitizer takes the signal")
    def test_the_last_line_of_a_daemon_and_of_a_worker_that_crash_says_where(self):
        made = self.installation()
        made.start(workers=1)
        self.check(made.workers[0], "export-worker")
        self.check(made.daemon, "exportd")
        made.start_daemon()  # and goes on from there


if __name__ == "__main__":
    harness.main()
