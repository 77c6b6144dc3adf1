#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What exportd and export-worker tell the service manager that started them, read from a socket that stands in for its own:
ready when they serve, a sign of life only while turns go on, reloading and stopping when they do."""
import os
import pathlib
import signal
import socket
import time

import harness
from peers import Client

WATCHDOG_MS = 600
STOPPED_SECONDS = 2 * WATCHDOG_MS / 1000


def is_stopped(process):
    status = pathlib.Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8")
    return status.rsplit(")", 1)[1].split()[0] == "T"


class Manager:
    """The receiving end of a NOTIFY_SOCKET."""

    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))

    def close(self):
        self.socket.close()

    def environment(self, watchdog_ms=WATCHDOG_MS):
        """What a command line begins with to be supervised."""
        return ["env", f"NOTIFY_SOCKET={self.path}", f"WATCHDOG_USEC={watchdog_ms * 1000}"]

    def message(self, timeout=harness.TIMEOUT):
        """The next message as its lines, or None."""
        self.socket.settimeout(timeout)
        try:
            return self.socket.recv(4096).decode().split("\n")
        except (TimeoutError, BlockingIOError):
            return None

    def wait(self, wanted):
        """The first message with this line; only signs of life may come before."""
        while True:
            message = self.message()
            assert message is not None, f"no {wanted}"
            if wanted in message:
                return message
            assert message == ["WATCHDOG=1"], message

    def drain(self):
        while self.message(0):
            pass


class Supervised(harness.Case):
    def setUp(self):
        self.made = self.installation()
        self.manager = Manager(self.made.directory / "notify")
        self.addCleanup(self.manager.close)

    def supervise(self, name, watchdog_ms=WATCHDOG_MS):
        self.made.prefixes[name] = self.manager.environment(watchdog_ms)

    def start_daemon(self):
        """Started and not waited for: the message is what says that it is ready."""
        self.supervise("exportd")
        self.made.daemon = self.made.run("exportd", "exportd")

    def check_signs_of_life(self, process):
        """They come while it runs, end while it is stopped, and come again."""
        for _ in range(3):
            self.assertEqual(self.manager.message(), ["WATCHDOG=1"])
        process.send_signal(signal.SIGSTOP)
        while not is_stopped(process):
            time.sleep(0.01)
        self.manager.drain()
        self.assertIsNone(self.manager.message(STOPPED_SECONDS))
        process.send_signal(signal.SIGCONT)
        self.assertEqual(self.manager.message(), ["WATCHDOG=1"])

    def test_the_daemon_is_ready_when_its_sockets_answer(self):
        self.start_daemon()
        self.assertEqual(self.manager.message(), ["READY=1"])
        # One connection, made now, without another attempt: it must be there already.
        for name in ("requests", "jobs", "reports", "status"):
            with socket.socket(socket.AF_UNIX) as peer:
                peer.connect(self.made.endpoint(name)[len("ipc://"):])
        self.assertEqual(self.made.client().ask("ping")["status"], 200)

    def test_the_daemon_gives_signs_of_life_only_while_its_turns_go_on(self):
        self.start_daemon()
        self.manager.wait("READY=1")
        self.check_signs_of_life(self.made.daemon)

    def test_the_daemon_tells_of_a_reload_and_of_its_end(self):
        self.start_daemon()
        self.manager.wait("READY=1")
        self.made.daemon.send_signal(signal.SIGHUP)
        self.manager.wait("RELOADING=1")
        self.manager.wait("READY=1")
        self.made.daemon.send_signal(signal.SIGTERM)
        self.manager.wait("STOPPING=1")
        self.assertEqual(self.made.daemon.wait(), 0)
        self.assertIsNone(self.manager.message(0))

    def test_a_daemon_that_does_not_start_is_never_ready(self):
        self.made.configure("exportd", lambda s: s["sockets"].update(status=s["sockets"]["requests"]))
        self.start_daemon()
        self.assertEqual(self.made.daemon.wait(), 2, self.made.daemon.text())
        self.assertIsNone(self.manager.message(0))

    def test_a_worker_is_ready_gives_signs_of_life_and_asks_for_the_time_that_it_may_drain(self):
        self.made.configure("worker-0", lambda s: s.setdefault("limits", {}).update(drain_ms=43000))
        self.made.configure("worker-0", lambda s: s["worker"].update(heartbeat_interval_ms=5000))
        self.made.start_daemon()
        self.supervise("worker-0")
        self.made.start_worker(0, wait=False)
        self.manager.wait("READY=1")
        self.check_signs_of_life(self.made.workers[0])
        self.made.workers[0].send_signal(signal.SIGTERM)
        message = self.manager.wait("STOPPING=1")
        asked = int(message[1].removeprefix("EXTEND_TIMEOUT_USEC="))
        self.assertGreaterEqual(asked, 43_000_000)
        self.assertEqual(self.made.workers[0].wait(), 0)

    def test_a_sign_of_life_is_not_given_on_behalf_of_another_process(self):
        self.made.prefixes["exportd"] = [*self.manager.environment(), f"WATCHDOG_PID={os.getpid()}"]
        self.made.daemon = self.made.run("exportd", "exportd")
        self.manager.wait("READY=1")
        self.assertIsNone(self.manager.message(STOPPED_SECONDS))

    def test_nothing_is_told_and_nothing_fails_when_nobody_listens(self):
        self.made.prefixes["exportd"] = ["env", f"NOTIFY_SOCKET={self.made.directory}/nobody"]
        self.made.start_daemon()
        client = Client(self.made.endpoint("requests"))
        self.addCleanup(client.close)
        self.assertEqual(client.ask("ping")["status"], 200)


if __name__ == "__main__":
    harness.main()
