#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""crash_rounds.py [--rounds N] [--seed S]: a daemon and three workers under a load that never
stops, killed, stopped and restarted N times at random moments. Then everything drains, and what
was acknowledged and shown is held against the log, the view and the bundles.

The last line is "rounds N, lost 0, duplicates 0, unverifiable 0, open 0"; the exit code is 1 when
one of these is not 0, when the log tells a story that cannot be, or when too few faults hit.
A seed draws the same faults again, but the machine decides what they meet.
"""
import argparse
import functools
import random
import subprocess
import sys
import time

import bundle
import faults
import harness
import history
import load

TENANTS = 3
PEOPLE = 24
WORKERS = 3
SLOTS = 4
CALLERS = 4
LEASE_MS = 500
OPEN_OPERATIONS = 80     # the load pauses above so many
ROUND_SECONDS = (0.02, 0.5)
SECOND_FAULT = 0.3       # how many rounds have another at the same moment
PING_SECONDS = 0.1
AFTER_ANSWER = 0.7       # how many kills of the daemon wait until it serves
AFTER_ANSWER_SECONDS = (0, 0.05)
LONG_PERSON = 8          # every so many people have a long export
LONG_ROWS = 40000
DRAIN_SECONDS = 3 * harness.TIMEOUT
WATCHED = 20
VERIFIED_AT_ONCE = 500
SHOWN_PROBLEMS = 20
# At least one of these in so many rounds, or the faults did not meet anything.
AT_LEAST = {"kills of a daemon that was answering": 10, "attempts lost": 5,
            "attempts superseded": 30, "requests repeated": 75}

LONG = ("SELECT a.id, b.id AS second, c.id AS third, :tenant_id AS tenant, :user_id AS user"
        " FROM messages a, messages b, messages c, messages d"
        " LIMIT CASE WHEN :user_id IN ({people}) THEN {rows} ELSE 0 END")


def short_times(settings):
    settings["dispatch"].update(offer_timeout_ms=200, lease_ms=LEASE_MS, maximum_attempts=100,
                                maximum_lost_attempts=100, retry_base_ms=20, retry_ceiling_ms=100)


def long_for(people):
    def change(settings):
        settings["worker"].update(heartbeat_interval_ms=100, repeat_interval_ms=100)
        settings["bundles"].update(sweep_interval_ms=1000)
        settings["sources"].append({
            "name": "long", "kind": "sqlite", "database": settings["sources"][0]["database"],
            "count": False,
            "statement": LONG.format(people=", ".join(f"'{p}'" for p in people), rows=LONG_ROWS)})
    return change


def install():
    made = harness.Installation(TENANTS, PEOPLE, WORKERS, SLOTS)
    people = sorted({p for t in range(TENANTS) for p in made.people(t)})[::LONG_PERSON]
    made.configure("exportd", short_times)
    for number in range(WORKERS):
        made.configure(f"worker-{number}", long_for([made.user_id(p) for p in people]))
    for tenant in range(TENANTS):
        (made.directory / f"token-{tenant}").write_text(made.token(tenant))
    made.rows = functools.lru_cache(None)(made.rows)
    made.files = functools.lru_cache(None)(made.files)
    return made


class Followers:
    """exportctl watch on some operations at a time: it must see each of them end."""

    def __init__(self, made):
        self.made = made
        self.running = []

    def follow(self, ledger, dashboard):
        open_now = [(i, t) for i, t, _ in list(ledger.accepted.values())[-200:]
                    if dashboard.known.get(i, (0, ""))[1] not in harness.TERMINAL]
        for tenant in range(TENANTS):
            names = [i for i, t in open_now if t == tenant][:WATCHED]
            if names:
                log = self.made.directory / f"follower-{len(self.running)}.txt"
                self.running.append((names, log, harness.Process(
                    [harness.PROGRAMS / "exportctl", "watch", "--json", "--token-file",
                     self.made.directory / f"token-{tenant}", "--server",
                     self.made.endpoint("requests"), "--status-server",
                     self.made.endpoint("status"), *names], log)))

    def problems(self):
        for names, log, process in self.running:
            try:
                code = process.wait(harness.TIMEOUT)
            except subprocess.TimeoutExpired:
                process.release()
                code = "no end"
            if code != 0:
                yield f"exportctl watch of {len(names)}: {code}, {log.read_text()[-900:]}"

    def close(self):
        for _, _, process in self.running:
            process.release()


class Pinger:
    """Finds out when a daemon that was started answers."""

    def __init__(self, made):
        self.client = made.client()
        self.starts, self.sent, self.names = 0, 0.0, set()

    def turn(self, daemon, now):
        if self.starts != daemon.starts:
            self.starts, self.sent, self.names = daemon.starts, 0.0, set()
        while self.client.socket.poll(0):
            daemon.has_answered |= self.client.receive(0)["requestId"] in self.names
        if not daemon.has_answered and now - self.sent > PING_SECONDS:
            self.sent = now
            self.names.add(self.client.send("ping"))


class Rounds:
    def __init__(self, made, seed):
        self.made = made
        self.count = 0
        self.random = random.Random(seed)
        self.ledger = load.Ledger()
        self.callers = [load.Caller(made, n % TENANTS, n, self.random, self.ledger)
                        for n in range(CALLERS)]
        self.dashboard = load.Dashboard(made, TENANTS, self.ledger)
        self.followers = Followers(made)
        self.machine = faults.Machine(made, WORKERS, self.random, LEASE_MS / 1000,
                                      time.monotonic())
        self.pinger = Pinger(made)
        made.closers += [*self.callers, self.dashboard, self.followers]

    def turn(self, is_open):
        now = time.monotonic()
        self.machine.turn(now)
        self.pinger.turn(self.machine.daemon, now)
        self.dashboard.hear()
        self.dashboard.repair(now)
        is_open = is_open and self.dashboard.open_count() < OPEN_OPERATIONS
        for caller in self.callers:
            caller.receive()
            caller.turn(now, is_open)
        self.callers[0].client.socket.poll(5)

    def go_on(self, seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.turn(True)

    def go_on_until_answered(self):
        """So that not every kill meets a daemon that is only just starting."""
        until = time.monotonic() + harness.TIMEOUT
        while not self.machine.daemon.has_answered and time.monotonic() < until:
            self.turn(True)
        self.go_on(self.random.uniform(*AFTER_ANSWER_SECONDS))

    def run(self, rounds):
        self.count = rounds
        for number in range(rounds):
            self.go_on(self.random.uniform(*ROUND_SECONDS))
            for _ in range(1 + (self.random.random() < SECOND_FAULT)):
                fault = self.machine.draw()
                if fault == "killed daemon" and self.random.random() < AFTER_ANSWER:
                    self.go_on_until_answered()
                self.machine.strike(fault)
            if number % 15 == 14:
                self.followers.follow(self.ledger, self.dashboard)

    def is_drained(self):
        return not any(c.waiting for c in self.callers) and all(
            self.dashboard.known.get(name, (0, ""))[1] in harness.TERMINAL
            for name, _, _ in self.ledger.accepted.values())

    def drain(self):
        self.machine.calm()
        deadline = time.monotonic() + DRAIN_SECONDS
        while not self.is_drained() and time.monotonic() < deadline:
            self.turn(False)

    def sweep(self, named):
        """Until the workers have removed all files but these; the files that are left."""
        deadline = time.monotonic() + harness.TIMEOUT
        while True:
            left = set((self.made.directory / "bundles").rglob("*.*")) - named
            if not left or time.monotonic() > deadline:
                return left
            self.turn(False)


class Verdict:
    """What the summary says."""

    def __init__(self, rounds):
        self.rounds, self.made, self.ledger = rounds, rounds.made, rounds.ledger
        self.problems = self.ledger.problems
        self.listed = self.list_operations()
        self.named = {bundle.path_of(o) for o in self.listed.values() if o["storageLocation"]}
        self.unnamed = self.rounds.sweep(self.named)
        self.problems += self.rounds.followers.problems()
        self.problems += self.rounds.machine.stop()
        self.history = history.History(
            *history.read_store(self.made.directory / "store" / "store.db"))
        for shown in self.ledger.shown.values():
            self.history.check_shown(shown)
        self.problems += self.history.problems
        self.accepted = {name: (t, p) for name, t, p in self.ledger.accepted.values()}
        self.lost = self.count_lost()
        self.open = self.count_open()
        self.duplicates = self.count_duplicates()
        self.unverifiable = self.verify()
        self.faults = self.count_faults()
        self.check_faults()

    def list_operations(self):
        """By the operators' list, while the daemon runs; unless it does not answer at all."""
        listed = {}
        for tenant in range(TENANTS):
            client = self.made.client(tenant)
            listed.update({o["id"]: o for o in client.pages("listOperations", top=100)})
        return listed

    def count_lost(self):
        lost = [n for n in self.accepted
                if n not in self.listed or n not in self.history.operations]
        self.problems += [f"lost {name}" for name in lost]
        return len(lost)

    def count_open(self):
        still = [n for n, events in self.history.operations.items()
                 if events[-1]["status"] not in harness.TERMINAL]
        known = self.rounds.dashboard.known
        behind = [n for n, o in self.listed.items()
                  if known.get(n) != (o["revision"], o["status"])]
        failed = [n for n, o in self.listed.items() if o["status"] == "failed"]
        self.problems += [f"open {n}: {self.history.last(n)['stage']}" for n in still]
        self.problems += [f"the watcher did not converge: {known.get(n)}, {self.listed[n]}"
                          for n in behind]
        self.problems += [f"failed {self.listed[n]}" for n in failed]
        return len(still)

    def count_duplicates(self):
        """A key with two operations, an operation that nobody holds the key of, or a file beside
        the one that an operation names."""
        self.problems += [f"a file that no operation names: {path}" for path in self.unnamed]
        unknown = set(self.history.operations) - set(self.accepted)
        self.problems += self.ledger.duplicates
        self.problems += [f"an operation that no caller knows: {name}" for name in unknown]
        return (len(self.ledger.duplicates) + len(unknown) + len(self.unnamed)
                + self.history.duplicate_keys())

    def verify(self):
        """How many bundles are not what they should be: by our own reader, and by exportctl."""
        wrong = sum(o["status"] == "complete" and name in self.accepted
                    and not self.is_good(o, *self.accepted[name])
                    for name, o in self.listed.items())
        files = sorted(self.named)
        for first in range(0, len(files), VERIFIED_AT_ONCE):
            code = subprocess.run([harness.PROGRAMS / "exportctl", "verify",
                                   *files[first:first + VERIFIED_AT_ONCE]],
                                  stdout=subprocess.DEVNULL, check=False).returncode
            if code != 0:
                self.problems.append(f"exportctl verify: {code}")
                wrong += 1
        return wrong

    def is_good(self, operation, tenant, person):
        try:
            bundle.check_person(self.made, operation, tenant, person)
            return True
        except Exception as error:  # Whatever is wrong with it, it is one bundle that is wrong.
            self.problems.append(f"{operation['id']}: {error!r:.500}")
            return False

    def count_faults(self):
        """What the faults met."""
        counts = self.rounds.machine.counts
        log = self.history
        return {
            **counts, "kills of a daemon that was answering": self.rounds.machine.hits,
            "attempts lost": log.count(failure="workerLost", status="notStarted"),
            "attempts handed back": log.count(failure="workerStopped", status="notStarted"),
            "attempts superseded": sum(m.process.text().count("event=superseded")
                                       for m in self.rounds.machine.workers),
            "requests repeated": sum(c.resent for c in self.rounds.callers),
            "operations": len(log.operations), "events": len(log.events),
            "status frames": self.rounds.dashboard.frames,
            "operations followed": sum(len(n) for n, _, _ in self.rounds.followers.running)}


    def check_faults(self):
        """A test that nothing befell has shown nothing."""
        for name, rounds in AT_LEAST.items():
            if self.faults[name] < self.rounds.count // rounds:
                self.problems.append(f"only {self.faults[name]} {name}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    began = time.monotonic()
    made = install()
    try:
        rounds = Rounds(made, arguments.seed)
        rounds.run(arguments.rounds)
        struck = time.monotonic()
        rounds.drain()
        drained = time.monotonic()
        verdict = Verdict(rounds)
    finally:
        made.close()
    return report(arguments, verdict, (struck - began, drained - struck,
                                       time.monotonic() - drained))


def report(arguments, verdict, seconds):
    for name, value in verdict.faults.items():
        print(f"{value:8} {name}")
    print("{:8.0f} seconds of rounds, {:.0f} to drain, {:.0f} to verify".format(*seconds))
    for problem in verdict.problems[:SHOWN_PROBLEMS]:
        print("violation:", problem)
    print(f"violations {len(verdict.problems)}, seed {arguments.seed}")
    print(f"rounds {arguments.rounds}, lost {verdict.lost}, duplicates {verdict.duplicates}, "
          f"unverifiable {verdict.unverifiable}, open {verdict.open}")
    return 1 if verdict.problems else 0


if __name__ == "__main__":
    sys.exit(main())
