# SPDX-License-Identifier: MIT
"""A program under libfault.so: what is to fail, the memory shared with it, how its end is judged."""
import errno
import mmap
import os
import pathlib
import re
import select
import signal
import struct
import subprocess
import sys
import time
import typing

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
# pylint: disable=wrong-import-position,unused-import
import bundle  # noqa: E402,F401
import harness  # noqa: E402
import peers  # noqa: E402,F401

KINDS = ("open", "read", "write", "sync", "rename", "unlink", "truncate", "mkdir", "lock", "record", "map",
         "descriptor", "memory")
LIBRARY = harness.PROGRAMS / "libfault.so"
# Nothing waits this long unless it hangs.
PATIENCE = float(os.environ.get("EXPORTD_FAULT_PATIENCE", "10"))


SANITIZERS = {}


class Ended(Exception):
    """The program under test ended."""


class Mute(Exception):
    """It lives and does not answer."""


class Fault(typing.NamedTuple):
    """One way to go wrong: the number-th call of a kind, once or from then on."""
    scenario: str
    kind: str
    number: int
    how: str
    is_sticky: bool

    @property
    def plan(self):
        return f"{self.kind}:{self.number}:{self.how}:{'sticky' if self.is_sticky else 'once'}"

    def __str__(self):
        return f"{self.scenario} {self.plan}"



def sanitizer_of(program):
    """The runtime of the sanitizer that a program is built with, to be loaded before anything else:
    a path, "" when it is inside the program, None without one."""
    if program not in SANITIZERS:
        text = subprocess.run(["ldd", program], stdout=subprocess.PIPE, check=True).stdout.decode()
        paths = re.findall(r"lib[at]san\.so\S* => (\S+)", text)
        is_inside = b"__asan_init" in pathlib.Path(program).read_bytes()
        SANITIZERS[program] = paths[0] if paths else "" if is_inside else None
    return SANITIZERS[program]


class Control:
    """The memory that libfault.so shares: armed or not, how many calls failed, calls of each kind."""
    SIZE = 8 * (2 + len(KINDS))

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.path.write_bytes(bytes(self.SIZE))
        with open(self.path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), self.SIZE)

    def reset(self, is_armed):
        self.memory[:] = struct.pack(f"={2 + len(KINDS)}q", int(is_armed), *[0] * (1 + len(KINDS)))

    def arm(self, is_armed=True):
        self.memory[:8] = struct.pack("=q", int(is_armed))

    @property
    def struck(self):
        return struct.unpack("=q", self.memory[8:16])[0]

    def counts(self):
        return dict(zip(KINDS, struct.unpack(f"={len(KINDS)}q", self.memory[16:])))


class Program:
    """A program, perhaps with a fault in it, and its log."""

    def __init__(self, name, directory, configuration, control=None, plan=None):
        self.log = directory / f"{configuration}.log"
        self.log.write_bytes(b"")
        program = harness.PROGRAMS / name
        environment = dict(os.environ)
        if control is not None:
            environment.update(EXPORTD_FAULT_UNDER=str(directory),
                               EXPORTD_FAULT_CONTROL=str(control.path),
                               LD_PRELOAD=f"{sanitizer_of(program) or ''} {LIBRARY}")
        if plan is not None:
            environment["EXPORTD_FAULT"] = plan
        with open(self.log, "ab") as output:
            self.child = subprocess.Popen(  # pylint: disable=consider-using-with
                [program, "-c", directory / f"{configuration}.yaml"], stdin=subprocess.DEVNULL,
                stdout=output, stderr=output, env=environment,
                preexec_fn=harness.end_with_parent)  # pylint: disable=subprocess-popen-preexec-fn
        self.pidfd = os.pidfd_open(self.child.pid)

    def text(self):
        return self.log.read_text(errors="replace")

    def wait_line(self, text):
        """Until its log has this text."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.text():
            if select.select([self.pidfd], [], [], 0.001)[0]:
                raise Ended
            if time.monotonic() > deadline:
                raise Mute(f"no line with {text}")

    def terminate(self):
        """Asks it to stop; its exit code, or None when it does not end."""
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
        return self.end()

    def end(self):
        try:
            return self.child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            return None

    def release(self):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        if self.pidfd >= 0:
            os.close(self.pidfd)
            self.pidfd = -1


# What libzmq, libstdc++, glibc and libarchive say when they cannot go on: stopping is theirs to decide.
FOREIGN = re.compile(r"FATAL ERROR: OUT OF MEMORY \(|terminate called|Unexpected error\.\n|Internal Error in libarchive|"
                     r"\(\.?/?src/[a-z_]+\.[ch]pp:\d+\)|Assertion `|"
                     r"Fatal: file [a-z_]+\.c: line \d+ \(pgm_")
BLAMED = re.compile(r"event=crashed signal=\d+ .*\nevent=blamed module=(\S+)")
# "-" is no module at all, as when a pointer to a function is wrong.
OUR_MODULES = ("exportd", "export-worker", "libexportclient", "-")
OURS = re.compile(r"\b(daemon|schemas|workers|clients)/\S+:\d+")
MESSAGE = re.compile(r"^exportd: \S.*: \S|^\S+\.yaml\S*: \S|^((exportd|export-worker): )?out of memory$|event=(unsafe|not_started|stopped|poll_failed) .*"
                     r"(reason|code|errno)=", re.MULTILINE)
WORDS = re.compile(
    "|".join(os.strerror(getattr(errno, name)) for name in (
        "EIO", "ENOSPC", "EDQUOT", "EFBIG", "EMFILE", "ENFILE", "ENOMEM", "ENOLCK", "EAGAIN",
        "EINTR")) +
    r"|disk I/O error|database or disk is full|unable to open|out of memory|locking protocol|"
    r"readonly database|database is locked|in use|memory|cannot be read|descriptor|random", re.IGNORECASE)


def judge_end(code, text, kind=None):
    """(outcome, problem or None) of a program that ended, by its exit code and log."""
    if harness.SANITIZER.search(text):
        return "sanitizer", f"a sanitizer spoke: {text[-1500:]}"
    if code is None:
        return "hang", "did not end"
    if code == 0:
        return "went on", None
    if OURS.search(text):
        return "assertion", "an assertion of ours"
    # Its own words tell more than who called: where a sanitizer is part of the program, that seems to be us always.
    if code == -signal.SIGABRT and FOREIGN.search(text):
        return "stopped by a library", None
    if code < 0 and (blamed := BLAMED.search(text)):
        is_ours = blamed[1].startswith(OUR_MODULES)
        return f"ended in {blamed[1]}", "a fault of ours" if is_ours else None
    # libarchive exits.
    if code == 1 and FOREIGN.search(text):
        return "stopped by a library", None
    if code < 0:
        return "signal", f"ended by signal {-code} without a line that says where"
    if not MESSAGE.search(text):
        return "silent", f"exit code {code} without a message"
    if not WORDS.search(text) and kind == "memory":
        return "stopped vaguely", None  # libraries often do not say why they found nothing
    if not WORDS.search(text):
        return "unclear", f"exit code {code} and a message that does not name what failed"
    return "stopped", None
