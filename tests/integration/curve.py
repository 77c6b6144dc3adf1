# SPDX-License-Identifier: MIT
"""An installation whose sockets are loopback ports that speak CURVE, the keys of everybody who may
connect, made with exportctl keygen, and peers whose handshakes are watched."""
import os
import shutil
import signal
import socket
import subprocess
import time

import zmq
import zmq.auth
from zmq.utils.monitor import recv_monitor_message

import harness
import peers

SOCKETS = ("requests", "jobs", "reports", "status")
SUCCEEDED = zmq.EVENT_HANDSHAKE_SUCCEEDED
FAILED = (zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL, zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL,
          zmq.EVENT_HANDSHAKE_FAILED_AUTH)
DENIED = zmq.EVENT_HANDSHAKE_FAILED_AUTH
CLOSED = zmq.EVENT_DISCONNECTED


def free_ports(count):
    """Ports that were free a moment ago, all different."""
    holders = [socket.socket() for _ in range(count)]
    try:
        for holder in holders:
            holder.bind(("127.0.0.1", 0))
        return [f"tcp://127.0.0.1:{holder.getsockname()[1]}" for holder in holders]
    finally:
        for holder in holders:
            holder.close()


class Keys:
    """The folder of identities and the secret keys beside it."""

    def __init__(self, made):
        self.made = made
        self.folder = made.directory / "identities"
        self.secrets = made.directory / "secrets"
        self.folder.mkdir(mode=0o755)
        self.secrets.mkdir(mode=0o700)
        self.make("exportd")

    def make(self, name, roles=None, tenants=None, file=None):
        """Makes secrets/FILE.key and secrets/FILE.key_secret, of an identity called FILE."""
        file = file or name
        command = [harness.PROGRAMS / "exportctl", "keygen", self.secrets / file]
        if roles:
            command += ["--roles", roles]
        if tenants:
            command += ["--tenants", ",".join(tenants)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=harness.TIMEOUT)
        return self.secrets / f"{file}.key"

    def admit(self, name, roles, tenants=None):
        shutil.copy(self.make(name, roles, tenants), self.folder)

    def remove(self, name):
        (self.folder / f"{name}.key").unlink()

    def renew(self, name, roles, tenants=None):
        """Another key of the same identity; the old one stays in secrets as NAME-old."""
        for suffix in (".key", ".key_secret"):
            os.replace(self.secrets / (name + suffix), self.secrets / (name + "-old" + suffix))
        self.admit(name, roles, tenants)

    def pair(self, name):
        return zmq.auth.load_certificate(self.secrets / f"{name}.key_secret")

    def server(self, name="exportd"):
        return zmq.auth.load_certificate(self.secrets / f"{name}.key")[0]

    def prepare(self, name, server="exportd"):
        """What makes a socket speak as this identity."""
        def change(made):
            made.curve_publickey, made.curve_secretkey = self.pair(name)
            made.curve_serverkey = self.server(server)
        return change

    def reload(self, tells="reloaded"):
        """SIGHUP, until the daemon has done it."""
        log = self.made.directory / "exportd.log"
        before = log.read_text().count(f"event={tells} identities=")
        self.made.daemon.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + harness.TIMEOUT
        while log.read_text().count(f"event={tells} identities=") == before:
            assert self.made.daemon.is_running(), self.made.daemon.text()
            assert time.monotonic() < deadline, self.made.daemon.text()
            time.sleep(0.01)


def secure(made, is_local=False):
    """Turns an installation whose daemon has not started yet to CURVE on loopback ports, or on the paths that it has."""
    keys = made.keys = Keys(made)
    keys.admit("backend", "client,subscriber,operator")
    ports = {name: made.endpoint(name) for name in SOCKETS} if is_local else dict(zip(SOCKETS, free_ports(len(SOCKETS))))

    def change_daemon(settings):
        settings["security"] = "curve"
        settings["curve"] = {"certificate": str(keys.secrets / "exportd.key_secret"),
                             "identities": str(keys.folder)}
        settings["sockets"].update(ports)

    made.configure("exportd", change_daemon)
    for path in sorted(made.directory.glob("worker-*.yaml")):
        name = path.stem
        keys.admit(name, "worker")

        def change_worker(settings, name=name):
            settings["security"] = "curve"
            settings["curve"] = {"certificate": str(keys.secrets / f"{name}.key_secret")}
            settings["exportd"].update({n: ports[n] for n in SOCKETS if n != "requests"},
                                       server_certificate=str(keys.secrets / "exportd.key"))

        made.configure(name, change_worker)
    made.prepare = keys.prepare("backend")
    return made


def add_feeds(made, *feeds, is_local=False):
    """feeds: (name, tenants, identities); their endpoints by name."""
    names = [name for name, _, _ in feeds]
    ports = dict(zip(names, [f"ipc://{made.directory}/{name}" for name in names] if is_local else free_ports(len(feeds))))
    made.configure("exportd", lambda s: s.update(feeds=[
        {"name": name, "endpoint": ports[name], "tenants": tenants, "identities": identities}
        for name, tenants, identities in feeds]))
    return ports


class Peer:
    """A socket that says how its handshakes end."""

    def __init__(self, kind, endpoint, prepare=None, topic=b""):
        self.socket = zmq.Context.instance().socket(kind)
        self.socket.linger = 0
        self.socket.sndtimeo = 0
        if prepare:
            prepare(self.socket)
        if kind == zmq.SUB:
            self.socket.subscribe(topic)
        self.monitor = self.socket.get_monitor_socket()
        self.socket.connect(endpoint)

    def close(self):
        if not self.socket.closed:
            self.socket.disable_monitor()
            self.monitor.close()
            self.socket.close()

    def wait(self, *events, timeout=None):
        """The first of these events; fails when none comes in time."""
        timeout = timeout or peers.TIMEOUT
        deadline = time.monotonic() + timeout
        while peers.poll(self.monitor, deadline - time.monotonic()):
            event = recv_monitor_message(self.monitor)["event"]
            if event in events:
                return event
        raise peers.Lost(f"none of the events {events} within {timeout} s")

    def is_admitted(self):
        return self.wait(SUCCEEDED, *FAILED) == SUCCEEDED

    def try_to_send(self, *frames):
        try:
            self.socket.send_multipart(frames)
        except zmq.Again:
            pass

    def heard(self):
        """Everything that has arrived."""
        found = []
        while peers.poll(self.socket, 0):
            found.append(self.socket.recv_multipart())
        return found
