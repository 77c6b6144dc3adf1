# SPDX-License-Identifier: MIT
"""Hosts that can be cut off from each other: network namespaces, each on one wire to a switch that
is a thread of this process. What the switch does not pass on is gone without a trace, as in a
network that fails: no reset, no unreachable, no lost carrier. So established TCP connections are
really cut. Delay and loss are made here too, for the kernel's own (netem) is not everywhere.

exportd listens on 127.0.0.1 only. Here that is the address of the daemon's host on the wire (its
loopback device has none, and route_localnet lets such addresses travel), so that nothing stands
between the processes that are tested.

Needs ip(8), and the right to make namespaces: as root, or as a user who may make a user namespace.
"""
import ctypes
import heapq
import os
import random
import selectors
import shutil
import socket
import subprocess
import threading
import time

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
SOL_PACKET = 263
PACKET_VNET_HDR = 15        # checksums and segments that the sender left to the device stay so
PACKET_IGNORE_OUTGOING = 23
ETH_P_IP = 0x0800
VNET_HEADER_BYTES = 10
FRAME_BYTES = 70000


class Unavailable(Exception):
    """Namespaces cannot be made here; the text says what is missing."""


def call(function, *arguments):
    if function(*arguments):
        number = ctypes.get_errno()
        raise Unavailable(f"{function.__name__}: {os.strerror(number)}")


def become_root():
    """In a user namespace, unless this is root already. Only while there is one thread."""
    if os.geteuid() == 0:
        return
    user, group = os.geteuid(), os.getegid()
    call(LIBC.unshare, CLONE_NEWUSER)
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"),
                       ("gid_map", f"0 {group} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


class Space:
    """A network namespace, kept by a descriptor."""

    def __init__(self):
        call(LIBC.unshare, CLONE_NEWNET)
        self.fd = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)

    @property
    def path(self):
        return f"/proc/{os.getpid()}/fd/{self.fd}"

    def enter(self):
        """The calling thread, its future threads and children are in it from now on."""
        call(LIBC.setns, self.fd, CLONE_NEWNET)

    def ip(self, *lines):
        """Commands of ip(8), run inside."""
        done = subprocess.run(["nsenter", f"--net={self.path}", "ip", "-batch", "-"],
                              input="\n".join(lines).encode(), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=60)
        if done.returncode:
            raise Unavailable(done.stdout.decode().strip())


class Host(Space):
    """127.0.0.NUMBER on its wire, which ends as the device port-NUMBER in the switch's space."""

    def __init__(self, number, switch, count):
        super().__init__()
        self.address = f"127.0.0.{number}"
        self.mac = bytes((2, 0, 0, 0, 0, number))
        self.port = f"port-{number}"
        switch.ip(f"link add {self.port} type veth peer name wire address {self.mac.hex(':')}"
                  f" netns {self.path}", f"link set {self.port} up")
        self.enter()
        for name in ("all", "wire"):
            with open(f"/proc/sys/net/ipv4/conf/{name}/route_localnet", "w") as setting:
                setting.write("1")
        others = [f"neigh add 127.0.0.{n} lladdr {bytes((2, 0, 0, 0, 0, n)).hex(':')} dev wire"
                  for n in range(1, count + 1) if n != number]
        self.ip("link set lo up", "addr flush dev lo", f"addr add {self.address}/24 dev wire",
                "link set wire up", *others)


class Link:
    """What happens to the frames from one host to another."""

    def __init__(self):
        self.is_cut = False
        self.loss = 0.0
        self.delay = 0.0


class Network:
    """Hosts by name, and the switch between them. The calling thread ends up in the host named
    last, so it is best called first thing in a process: see the module's text."""

    def __init__(self, *names, seed=1):
        if not shutil.which("ip"):
            raise Unavailable("ip(8) of the package iproute2 is not installed")
        try:
            become_root()
            self.space = Space()
            self.hosts = {n: Host(i + 1, self.space, len(names)) for i, n in enumerate(names)}
            self.space.enter()
            self.sockets = {name: self.open_port(host) for name, host in self.hosts.items()}
            self.hosts[names[-1]].enter()
        except OSError as error:
            raise Unavailable(str(error)) from error
        self.receivers = {host.mac: name for name, host in self.hosts.items()}
        self.links = {(a, b): Link() for a in names for b in names if a != b}
        self.random = random.Random(seed)
        self.late = []
        self.passed = self.dropped = 0
        self.is_closing = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    @staticmethod
    def open_port(host):
        port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_IP))
        port.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
        port.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        port.bind((host.port, ETH_P_IP))
        port.setblocking(False)
        return port

    def close(self):
        self.is_closing = True
        self.thread.join()
        for port in self.sockets.values():
            port.close()
        for space in (self.space, *self.hosts.values()):
            os.close(space.fd)

    # The switch

    def run(self):
        selector = selectors.DefaultSelector()
        for name, port in self.sockets.items():
            selector.register(port, selectors.EVENT_READ, name)
        while not self.is_closing:
            wait = min(self.late[0][0] - time.monotonic(), 0.1) if self.late else 0.1
            for key, _ in selector.select(max(wait, 0)):
                self.receive(key.data)
            while self.late and self.late[0][0] <= time.monotonic():
                self.deliver(*heapq.heappop(self.late)[2:])
        selector.close()

    def receive(self, sender):
        for _ in range(64):
            try:
                frame = self.sockets[sender].recv(FRAME_BYTES)
            except BlockingIOError:
                return
            mac = frame[VNET_HEADER_BYTES:VNET_HEADER_BYTES + 6]
            link = self.links.get((sender, self.receivers.get(mac)))
            if link is None or link.is_cut or self.random.random() < link.loss:
                self.dropped += 1
            elif link.delay:
                heapq.heappush(self.late, (time.monotonic() + link.delay, self.passed,
                                           self.receivers[mac], frame))
                self.passed += 1
            else:
                self.deliver(self.receivers[mac], frame)
                self.passed += 1

    def deliver(self, receiver, frame):
        try:
            self.sockets[receiver].send(frame)
        except OSError:
            self.dropped += 1  # A full queue drops, as a switch does.

    # What is wrong with it

    def cut(self, *pairs):
        """Nothing goes from the first to the second of each pair any more."""
        for pair in pairs:
            self.links[pair].is_cut = True

    def worsen(self, loss=0.0, delay=0.0):
        for link in self.links.values():
            link.loss, link.delay = loss, delay

    def heal(self):
        for link in self.links.values():
            link.is_cut = False
        self.worsen()
