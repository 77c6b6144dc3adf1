# SPDX-License-Identifier: MIT
"""ZMTP 3.1 by hand, over TCP (rfc.zeromq.org/spec/37), and an installation that listens there: what a peer that keeps no
rule can send. With CURVE as the mechanism everything up to the first command can be said without a key."""
import contextlib
import pathlib
import re
import socket
import struct
import time

import harness

ENDPOINTS = ("requests", "jobs", "reports", "status")
READY_LINE = re.compile(r"\bready\b.*")
PEERS = {"requests": b"DEALER", "jobs": b"PULL", "reports": b"PUSH", "status": b"SUB"}
MORE, LONG, COMMAND = 1, 2, 4
IS_SANITIZED = re.search(rb"__[at]san_init", (harness.PROGRAMS / "exportd").read_bytes()) is not None


class Installation(harness.Installation):
    """Listens on loopback ports that the kernel chose and that stay the same over restarts."""

    def __init__(self, **options):
        super().__init__(**options)
        self.configure("exportd", lambda s: s["sockets"].update(
            {name: "tcp://127.0.0.1:*" for name in ENDPOINTS}))

    def start_daemon(self):
        if "*" in super().endpoint("requests"):
            self.daemon = self.run("exportd", "exportd")
            self.learn_ports()
            self.ready()
        else:
            super().start_daemon()

    def learn_ports(self):
        """Takes over the ports from the line that says ready, and tells them to the workers."""
        deadline = time.monotonic() + harness.TIMEOUT
        while not (found := READY_LINE.search(self.daemon.text())):
            assert self.daemon.is_running() and time.monotonic() < deadline, self.daemon.text()
            time.sleep(0.01)
        chosen = dict(re.findall(r"(\w+)=\"?tcp://\S*:(\d+)", found.group()))
        ports = {name: f"tcp://127.0.0.1:{chosen[name]}" for name in ENDPOINTS}
        self.configure("exportd", lambda s: s["sockets"].update(ports))
        for path in self.directory.glob("worker-*.yaml"):
            self.configure(path.stem, lambda s: s["exportd"].update(
                {name: ports[name] for name in ("jobs", "reports", "status")}))

    def connect(self, name="requests", patience=harness.TIMEOUT, source=""):
        """A raw connection to one of the sockets, from an address of this machine."""
        host, port = self.endpoint(name)[len("tcp://"):].rsplit(":", 1)
        peer = socket.create_connection((host, int(port)), timeout=patience, source_address=(source, 0))
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return peer

    def resident_bytes(self):
        """Always 0 of a build with a sanitizer, which keeps what is freed."""
        return 0 if IS_SANITIZED else status_bytes(self.daemon.pid, "VmRSS")

    def descriptors(self):
        return len(list(pathlib.Path(f"/proc/{self.daemon.pid}/fd").iterdir()))


def status_bytes(pid, field):
    text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(re.search(rf"^{field}:\s+(\d+) kB", text, re.M).group(1)) * 1024


def greeting(mechanism=b"NULL"):
    return b"\xff" + bytes(8) + b"\x7f\x03\x00" + mechanism.ljust(20, b"\0") + bytes(32)


def frame(body, flags=0):
    if len(body) > 255 or flags & LONG:
        return bytes([flags | LONG]) + struct.pack(">Q", len(body)) + body
    return bytes([flags, len(body)]) + body


def command(name, body=b""):
    return frame(bytes([len(name)]) + name + body, COMMAND)


def ready(kind, identity=b""):
    body = b""
    for name, value in ((b"Socket-Type", kind), (b"Identity", identity)):
        body += bytes([len(name)]) + name + struct.pack(">I", len(value)) + value
    return command(b"READY", body)


def read(peer, count):
    """So many bytes, or fewer when the other side has closed."""
    found = b""
    while len(found) < count:
        try:
            part = peer.recv(count - len(found))
        except ConnectionResetError:
            break
        if not part:
            break
        found += part
    return found


def read_frame(peer):
    """(flags, body), or None when the other side has closed."""
    head = read(peer, 2)
    if len(head) < 2:
        return None
    size = head[1]
    if head[0] & LONG:
        size = struct.unpack(">Q", head[1:] + read(peer, 7))[0]
    return head[0], read(peer, size)


def shake_hands(peer, kind, identity=b""):
    """The whole handshake without security."""
    peer.sendall(greeting() + ready(kind, identity))
    assert len(read(peer, 64)) == 64
    flags, body = read_frame(peer)
    assert flags == COMMAND and body.startswith(b"\x05READY"), (flags, body)


OTHER_COMMANDS = {b"NULL": b"", b"GSSAPI": command(b"INITIATE", b"\0\0\0\1a"), b"PLAIN": command(b"HELLO", b"\7backend\6secret")}


def is_turned_away(peer, mechanism, kind, words):
    """Whether a greeting of this mechanism gets a greeting at the most, and the end, whatever follows it."""
    peer.sendall(greeting(mechanism))
    with contextlib.suppress(OSError):  # It may be cut already.
        peer.sendall(OTHER_COMMANDS[mechanism] + ready(kind) + words)
    return len(read(peer, 1000)) <= 64


def closed_after(peer, timeout=harness.TIMEOUT):
    """Seconds until the other side has closed, whatever it sends before; None when it does not."""
    start = time.monotonic()
    while time.monotonic() - start < timeout:
        peer.settimeout(max(0.001, timeout - (time.monotonic() - start)))
        try:
            if not peer.recv(65536):
                return time.monotonic() - start
        except TimeoutError:
            return None
        except OSError:
            return time.monotonic() - start
    return None
