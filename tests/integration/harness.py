# SPDX-License-Identifier: MIT
"""Real exportd and export-worker processes on a made-up installation, and a client that puts its
frames together itself: nothing here knows the project's own codec or client library.

The programs are looked for in the directory that EXPORTD_BIN names. Nothing sleeps to wait for
something: replies, events and the ends of processes are waited for, each within TIMEOUT seconds.
"""
import ctypes
import json
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest
import uuid

import joined_logs
import yaml

from peers import PERSONAL, TIMEOUT, Client, Lost, Watcher

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(os.environ.get("EXPORTD_BIN", ROOT / "build/dev/bin")).resolve()
SCOPE = "CrossTenantUserProfileSharing.Read.All"
CALLER = "0b1ec700-0000-4000-8000-000000000001"
PERSONAL_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"
# A library that ends a process in which a socket is used by two threads (tests/support/socket_owner.c).
SOCKET_OWNER = os.environ.get("EXPORTD_SOCKET_OWNER")
TERMINAL = ("complete", "failed")
CLEAN_END = 10
# Exit codes of an exportd that wrote its log to the end: stopped, bad configuration, locked store.
ENDED_BY_ITSELF = (0, 2, 3)
SANITIZER = re.compile(r"runtime error:|(Address|Leak|Thread|Memory)Sanitizer")
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


def share(count, least=1):
    """How many of so many a test does: EXPORTD_TEST_PERCENT of them. Less than 100 is for builds with
    a sanitizer, more for long campaigns."""
    return max(least, count * int(os.environ.get("EXPORTD_TEST_PERCENT", "100")) // 100)


def is_sanitized():
    """Whether the programs are built with AddressSanitizer or ThreadSanitizer."""
    program = (PROGRAMS / "exportd").read_bytes()
    return b"__asan_init" in program or b"__tsan_init" in program


def end_with_parent():
    """Runs in a child: the kernel kills it when this process ends, however it ends."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


# Some seconds of rows: long enough to be killed in, whatever the machine.
SLOW = ("SELECT a.id, b.id AS second, c.id AS third, :tenant_id AS tenant, :user_id AS user"
        " FROM messages a, messages b, messages c, messages d, messages e LIMIT {rows}")
ROWS = 400000


def slow(rows=ROWS):
    """A change of a worker's configuration that makes its first source slow."""
    def change(settings):
        settings["sources"][0].update(statement=SLOW.format(rows=rows), count=False)
        settings["bundles"]["compression_level"] = 9
    return change


class Process:
    """A child process, addressed by the id it was started with, with its output in a file."""

    def __init__(self, arguments, log):
        self.log = pathlib.Path(log)
        with open(self.log, "ab") as output:
            self.child = subprocess.Popen(
                [str(a) for a in arguments], stdin=subprocess.DEVNULL, stdout=output,
                stderr=output, preexec_fn=end_with_parent)

    @property
    def pid(self):
        return self.child.pid

    def is_running(self):
        return self.child.poll() is None

    def send_signal(self, number):
        self.child.send_signal(number)

    def wait(self, timeout=TIMEOUT):
        """Its exit code; negative is the signal that ended it."""
        return self.child.wait(timeout)

    def stop(self, number=signal.SIGTERM):
        self.send_signal(number)
        return self.wait()

    def release(self, patience=0):
        """Kills it, unless it ends by itself within these seconds."""
        try:
            self.child.wait(patience)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()

    def text(self):
        return self.log.read_text(errors="replace")


class Installation:
    """A directory with everything, and the processes run on it."""

    def __init__(self, tenants=2, profiles=8, workers=1, slots=2):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="exportd-", dir="/tmp"))
        self.tenant_count = tenants
        self.per_tenant = profiles // tenants
        self.daemon = None
        self.workers = {}
        self.lives = []  # every exportd that was run
        self.closers = []
        self.prepare = None  # called with the sockets of peers before they connect
        self.prefixes = {}  # of a process's name: what its command line begins with, as env(1)
        try:
            self.tool("make", self.directory, tenants, profiles, workers, slots)
        except BaseException:
            shutil.rmtree(self.directory, ignore_errors=True)
            raise

    def tool(self, *arguments):
        return subprocess.run([PROGRAMS / "fixture", *map(str, arguments)], check=True,
                              stdout=subprocess.PIPE, timeout=TIMEOUT).stdout.decode()

    def close(self):
        for closer in self.closers:
            closer.close()
        processes = [p for p in (*self.workers.values(), self.daemon) if p]
        for process in processes:
            if process.is_running():  # A clean end, so that a sanitizer can say what leaked.
                process.send_signal(signal.SIGTERM)
        for process in processes:
            process.release(CLEAN_END)
        reports = [line for process in processes for line in process.text().splitlines()
                   if SANITIZER.search(line)]
        leaks = self.leaks()
        unexplained = self.unexplained()
        shutil.rmtree(self.directory, ignore_errors=True)
        assert not reports, reports
        assert not leaks, leaks
        assert not unexplained, unexplained

    def leaks(self):
        """Whatever a test did: what is personal in the logs and in the store."""
        paths = [*self.directory.glob("*.log"), *self.directory.glob("store*/*")]
        return [(path.name, found.group()) for path in paths if path.is_file()
                if (found := PERSONAL.search(path.read_bytes()))]

    def unexplained(self):
        """Whatever a test did: what happened to operations although no line of the log decides it."""
        if not self.lives or any(life.child.poll() not in ENDED_BY_ITSELF for life in self.lives):
            return []  # Run by the test itself, or killed.
        log = self.directory / "exportd.log"
        return joined_logs.unexplained(self.directory / "store" / "store.db", log.read_text(errors="replace")) if log.exists() else []

    # Configuration

    def configuration(self, name="exportd"):
        return yaml.safe_load((self.directory / f"{name}.yaml").read_text())

    def configure(self, name, change):
        """Has change() alter the mapping of a configuration file in place."""
        settings = self.configuration(name)
        change(settings)
        (self.directory / f"{name}.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))

    def endpoint(self, name):
        return self.configuration()["sockets"][name]

    # People

    def tenant_id(self, tenant):
        return f"7e4a4700-0000-4000-8000-{tenant + 1:012}"

    def user_id(self, person):
        return f"05e20000-0000-4000-8000-{person:012}"

    def people(self, tenant):
        first = tenant * (self.per_tenant // 2)
        return range(first, first + self.per_tenant)

    # Tokens

    def claims(self, tenant=0, **changes):
        """The payload of a good token; a change to None removes a claim."""
        tenant_id = tenant if isinstance(tenant, str) else self.tenant_id(tenant)
        now = int(time.time())
        payload = {"iss": f"https://login.example.org/{tenant_id}/v2.0", "aud": "api://exportd",
                   "ver": "2.0", "tid": tenant_id, "oid": CALLER, "sub": "caller",
                   "scp": SCOPE, "azp": CALLER, "iat": now - 60, "nbf": now - 60,
                   "exp": now + 86400, "uti": uuid.uuid4().hex}
        payload.update(changes)
        return {name: value for name, value in payload.items() if value is not None}

    def token(self, tenant=0, key="es256", **changes):
        return self.tool("token", self.directory, key,
                         json.dumps(self.claims(tenant, **changes))).strip()

    # Peers

    def client(self, tenant=0, token=None, recorder=None):
        client = Client(self.endpoint("requests"), token or self.token(tenant), recorder,
                        self.prepare)
        self.closers.append(client)
        return client

    def watcher(self, *topics):
        watcher = Watcher(self.endpoint("status"), *topics, prepare=self.prepare)
        self.closers.append(watcher)
        return watcher

    # Processes

    def run(self, program, name, configuration=None):
        prefix = [str(word) for word in self.prefixes.get(name, ())]
        if SOCKET_OWNER and not any(word.startswith("LD_PRELOAD=") for word in prefix):
            prefix += ["env", f"LD_PRELOAD={SOCKET_OWNER}"]
        elif SOCKET_OWNER:
            prefix = [f"{word}:{SOCKET_OWNER}" if word.startswith("LD_PRELOAD=") else word for word in prefix]
        process = Process([*prefix, PROGRAMS / program, "-c",
                           self.directory / f"{configuration or name}.yaml"],
                          self.directory / f"{name}.log")
        if program == "exportd":
            self.lives.append(process)
        return process

    def start_daemon(self):
        """Returns once it answers a ping; fails with its log when it ends instead."""
        self.daemon = self.run("exportd", "exportd")
        self.ready()

    def ready(self):
        client = Client(self.endpoint("requests"), prepare=self.prepare)
        try:
            deadline = time.monotonic() + TIMEOUT
            while time.monotonic() < deadline:
                try:
                    assert client.ask("ping", timeout=0.2)["status"] == 200
                    return
                except Lost:
                    assert self.daemon.is_running(), self.daemon.text()
            raise Lost("exportd does not answer:\n" + self.daemon.text())
        finally:
            client.close()

    def start_worker(self, number=0, wait=True):
        log = self.directory / f"worker-{number}.log"
        before = log.stat().st_size if log.exists() else 0
        worker = self.workers[number] = self.run("export-worker", f"worker-{number}")
        if wait:
            # The daemon may count one of this name that has just ended.
            deadline = time.monotonic() + TIMEOUT
            while b"event=started" not in log.read_bytes()[before:]:
                assert worker.is_running() and time.monotonic() < deadline, worker.text()
                time.sleep(0.01)
            self.wait_workers(sum(w.is_running() for w in self.workers.values()))

    def wait_workers(self, count):
        client = self.client()
        deadline = time.monotonic() + TIMEOUT
        while client.ask("getStatistics")["statistics"]["workers"] < count:
            for worker in self.workers.values():
                assert worker.is_running(), worker.text()
            if time.monotonic() > deadline:
                raise Lost(f"fewer than {count} workers")
            client.socket.poll(20)

    def start(self, workers=1):
        self.start_daemon()
        for number in range(workers):
            self.start_worker(number, wait=False)
        self.wait_workers(workers)

    def wait_until(self, client, operation_id, *statuses, timeout=TIMEOUT):
        """The operation once it has one of these statuses (by default, once it has ended)."""
        statuses = statuses or TERMINAL
        watcher = Watcher(self.endpoint("status"), operation_id, prepare=self.prepare)
        deadline = time.monotonic() + timeout
        try:
            while True:
                reply = client.ask("getOperation", operationId=operation_id)
                assert reply["status"] == 200, reply
                operation = reply["operation"]
                if operation["status"] in statuses:
                    return operation
                assert operation["status"] not in TERMINAL, operation
                if time.monotonic() > deadline:
                    raise Lost(f"{operation}\n{self.logs()}")
                watcher.next(0.5)
        finally:
            watcher.close()

    def logs(self):
        """The ends of all logs, for the message of a failed test."""
        texts = [f"--- {p.name}\n{p.read_text(errors='replace')[-3000:]}"
                 for p in sorted(self.directory.glob("*.log"))]
        return "\n".join(texts)

    # What must be in a bundle, straight from the sources

    def rows(self, tenant, person):
        """The rows of the mailbox and of the sign-in log, as tuples."""
        with sqlite3.connect(self.directory / "mailbox.db") as mailbox:
            messages = mailbox.execute(
                "SELECT id, sent_at, subject, body, size_bytes, importance FROM messages"
                " WHERE tenant_id = ? AND owner = ? ORDER BY id",
                (self.tenant_id(tenant), f"person{person}@home{person % 7}.example.org"))
            messages = messages.fetchall()
        with sqlite3.connect(self.directory / "sign-ins.db") as log:
            sign_ins = log.execute(
                "SELECT id, address, application, attempts FROM sign_ins"
                " WHERE tenant_id = ? AND user_id = ? ORDER BY id",
                (self.tenant_id(tenant), self.user_id(person))).fetchall()
        return messages, sign_ins

    def files(self, tenant, person):
        """The contents of a person's files."""
        root = self.directory / "files" / self.tenant_id(tenant) / self.user_id(person)
        return [p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()]


class Case(unittest.TestCase):
    """A test with an installation of its own that is always cleaned up."""

    maxDiff = None

    def installation(self, **options):
        made = Installation(**options)
        self.addCleanup(made.close)
        if os.environ.get("EXPORTD_TEST_SECURITY") == "curve":
            import curve
            curve.secure(made)
        return made

    def assert_refused(self, reply, status, code, inner, target=None):
        error = reply.get("error", {})
        found = (reply.get("status"), error.get("code"), error.get("innerError", {}).get("code"))
        self.assertEqual(found, (status, code, inner), reply)
        if target is not None:
            self.assertEqual(error.get("target"), target, reply)


def main():
    unittest.main(verbosity=2)
