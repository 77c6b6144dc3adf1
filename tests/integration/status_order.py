#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What the log, the status socket and the replies say of the same operations is one story in one
order; and a watcher that missed a part of it, came late or outlived the daemon ends up with the
truth."""
import json
import signal
import time

import harness
import history
import noop

OPERATIONS = harness.share(7000)
WINDOW = 256
TENANTS = 4
FIELDS = ("sequence", "operationId", "revision", "kind", "status", "stage", "attempt")


def told(event):
    return tuple(event[name] for name in FIELDS)


def stored(event):
    return told({**event, "operationId": history.identifier(event["id"])})


class Scene(harness.Case):
    """A daemon with a worker that gathers nothing."""

    def scene(self, tenants=1, **options):
        self.made = self.installation(tenants=tenants)
        self.made.configure("exportd", lambda s: s["sockets"].update(options))
        self.made.configure("exportd", lambda s: s["dispatch"].update(
            lease_ms=60000, offer_timeout_ms=60000))
        self.made.start_daemon()

    def worker(self, **options):
        worker = noop.NoopWorker(self.made, **options)
        self.made.closers.append(worker)
        return worker

    def until(self, condition, *workers):
        deadline = time.monotonic() + harness.TIMEOUT
        while not condition():
            self.assertLess(time.monotonic(), deadline, self.made.logs())
            for worker in workers:
                worker.turn()
            time.sleep(0.001)

    def stop_and_read(self):
        self.assertEqual(self.made.daemon.stop(signal.SIGTERM), 0, self.made.logs())
        log = history.History(*history.read_store(self.made.directory / "store" / "store.db"))
        self.assertEqual(log.problems, [])
        return log


class Order(Scene):
    def test_log_frames_and_replies_tell_the_same_events_in_the_same_order(self):
        self.scene(TENANTS, high_water_mark=100000)
        self.clients = [self.made.client(t) for t in range(TENANTS)]
        self.watcher = self.made.watcher("")
        self.seen = [[] for _ in range(TENANTS)]
        self.run_load(self.worker(ticks=2, seconds=0.01))
        frames = [e for e in self.watcher.events if e["kind"] not in ("progress", "snapshot")]
        since = [c.events(top=500)[0] for c in self.clients]
        log = self.stop_and_read()
        events = [stored(e) for e in log.events]
        self.assertGreaterEqual(len(events), 3 * OPERATIONS)
        self.assertEqual([told(e) for e in frames], events)
        self.assertEqual(sorted(told(e) for s in since for e in s), events)
        for tenant in since:
            self.assertEqual([e["sequence"] for e in tenant],
                             sorted(e["sequence"] for e in tenant))
        self.check_progress()
        self.check_replies(log)

    def run_load(self, worker):
        """A window of operations, and a look at a recent one with each of them."""
        sent, waiting, recent = 0, 0, [[] for _ in range(TENANTS)]
        ended = 0
        deadline = time.monotonic() + 4 * harness.TIMEOUT
        while not (sent == OPERATIONS and waiting == 0 and ended == OPERATIONS):
            self.assertLess(time.monotonic(), deadline, self.made.logs())
            while sent < OPERATIONS and waiting < WINDOW:
                tenant = sent % TENANTS
                person = self.made.people(tenant)[0]
                self.clients[tenant].send("exportPersonalData",
                                          inboundSharedUserProfileId=self.made.user_id(person))
                if recent[tenant]:
                    self.clients[tenant].send("getOperation", operationId=recent[tenant][-1])
                    waiting += 1
                sent, waiting = sent + 1, waiting + 1
            worker.turn()
            waiting -= self.take_replies(recent)
            while event := self.watcher.next(0):
                ended += event.get("kind") == "completed"

    def take_replies(self, recent):
        taken = 0
        for tenant, client in enumerate(self.clients):
            while client.socket.poll(0):
                reply = client.receive(0)
                self.assertIn(reply["status"], (200, 202), reply)
                recent[tenant].append(reply["operation"]["id"])
                self.seen[tenant].append(reply["operation"])
                taken += 1
        return taken

    def check_progress(self):
        """Within an attempt it never goes back, and every tick belongs to the newest change."""
        newest = {}
        for event in self.watcher.events:
            at = (event["revision"], event["attempt"], event["progress"], event["sequence"])
            self.assertGreaterEqual(at, newest.get(event["operationId"], at), event)
            newest[event["operationId"]] = at
        self.assertTrue(any(e["kind"] == "progress" for e in self.watcher.events))

    def check_replies(self, log):
        """On one connection an operation never goes back, and what it shows is what is stored."""
        looked = 0
        for replies in self.seen:
            newest = {}
            for shown in replies:
                at = (shown["revision"], shown["progress"])
                self.assertGreaterEqual(at, newest.get(shown["id"], at), shown)
                newest[shown["id"]] = at
                looked += shown["revision"] > 1
                log.check_shown(shown)
        self.assertEqual(log.problems, [])
        self.assertGreater(looked, 0)


class Watching(Scene):
    """exportctl watch, which is the client library's watch, on twenty operations at a time."""

    COUNT = 20
    TICKS = 99

    def begin(self, count=COUNT):
        client = self.made.client()
        return [client.export(self.made.user_id(self.made.people(0)[n % 4]))["id"]
                for n in range(count)]

    def follow(self, names):
        (self.made.directory / "token").write_text(self.made.token())
        self.logs = getattr(self, "logs", 0) + 1
        process = harness.Process(
            [harness.PROGRAMS / "exportctl", "watch", "--json", "--token-file",
             self.made.directory / "token", "--server", self.made.endpoint("requests"),
             "--status-server", self.made.endpoint("status"), *names],
            self.made.directory / f"watch-{self.logs}.txt")
        self.addCleanup(process.release)
        return process

    def shown(self, process):
        return [json.loads(line) for line in process.text().splitlines(True)
                if line[:1] == "{" and line[-1:] == "\n"]

    def check(self, process, names, status="complete"):
        """Every operation was seen to end as it did, each change once and in order."""
        self.assertEqual(process.wait(), 0 if status == "complete" else 1, process.text())
        history_of = {name: [] for name in names}
        for event in self.shown(process):
            history_of[event["operationId"]].append(event)
        client = self.made.client()
        for name, events in history_of.items():
            truth = client.ask("getOperation", operationId=name)["operation"]
            self.assertEqual((events[-1]["revision"], events[-1]["status"]),
                             (truth["revision"], status), events[-3:])
            steps = [(e["revision"], e["progress"]) for e in events]
            self.assertEqual(steps, sorted(set(steps)), name)
            ends = [e for e in events if e["status"] in harness.TERMINAL]
            self.assertEqual(len(ends), 1, events)
        return history_of

    def complete(self, names):
        """Whether all have ended, by asking."""
        client = self.client = getattr(self, "client", None) or self.made.client()
        return all(client.ask("getOperation", operationId=n)["operation"]["status"]
                   in harness.TERMINAL for n in names)

    def wait_shown(self, process, count, *workers):
        """Until it has shown something of so many operations: its subscriptions are made then."""
        self.until(lambda: len({e["operationId"] for e in self.shown(process)}) >= count, *workers)

    def test_frames_dropped_while_the_watcher_is_stopped(self):
        self.scene(high_water_mark=16)
        worker = self.worker(ticks=self.TICKS)
        worker.turn()
        for _ in range(3):
            names = self.begin()
            process = self.follow(names)
            self.wait_shown(process, self.COUNT)
            process.send_signal(signal.SIGSTOP)
            self.until(lambda: self.complete(names), worker)
            process.send_signal(signal.SIGCONT)
            shown = sum(map(len, self.check(process, names).values()))
            self.assertLess(shown, self.COUNT * self.TICKS, "nothing was dropped")

    def test_a_watcher_that_comes_late(self):
        self.scene()
        worker = self.worker()
        for share in (0, 0.5, 1):  # Of the operations that have ended before it comes.
            names = self.begin()
            early = names[:int(share * self.COUNT)]
            if early:
                self.until(lambda: self.complete(early), worker)
            process = self.follow(names)
            self.wait_shown(process, self.COUNT, worker)
            self.until(lambda: self.complete(names), worker)
            self.check(process, names)

    def test_a_daemon_killed_and_started_again_in_between(self):
        self.scene()
        worker = self.worker(ticks=3, hold=True)
        for stage in ("queued", "gathering", "done"):
            names = self.begin()
            process = self.follow(names)
            self.wait_shown(process, self.COUNT)
            if stage != "queued":
                self.until(lambda: len(worker.held) == self.COUNT, worker)
                self.until(lambda: all(self.is_running(n) for n in names), worker)
            if stage == "done":
                worker.release()
            self.restart()
            self.until(lambda: len(worker.held) == self.COUNT or self.complete(names), worker)
            worker.release()
            self.until(lambda: self.complete(names), worker)
            self.check(process, names)

    def is_running(self, name):
        reply = self.made.client().ask("getOperation", operationId=name)
        return reply["operation"]["status"] == "running"

    def restart(self):
        self.made.daemon.stop(signal.SIGKILL)
        self.made.start_daemon()
        self.client = None

    def test_a_watcher_that_slept_through_a_restart_and_the_end(self):
        self.scene(high_water_mark=16)
        worker = self.worker(ticks=3)
        for _ in range(3):
            names = self.begin()
            process = self.follow(names)
            self.wait_shown(process, self.COUNT)
            process.send_signal(signal.SIGSTOP)
            self.restart()
            self.until(lambda: self.complete(names), worker)
            process.send_signal(signal.SIGCONT)
            self.check(process, names)


if __name__ == "__main__":
    harness.main()
