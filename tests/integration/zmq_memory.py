#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A peer that has finished its handshake sends one message that never ends, over a local socket, of whose connections the
kernel does not say what came over them (over TCP it is cut off: zmq_unfinished.py). No option of libzmq bounds that: the
daemon dies at its memory cap, is started again within a second, and has lost nothing that it accepted. A thread that kills
what is larger stands in for MemoryMax of the unit, and starts it again for Restart=always. reliability: Z04."""
import signal
import socket
import threading
import time

import curve
import curve_raw
import harness
import zmtp

CAP_BYTES = 128 << 20
PART_BYTES = 60000
ROUNDS = 2
BACK_SECONDS = 1.0
SLACK_SECONDS = 4.0  # of a busy machine


def resident_bytes(daemon):
    """0 for a process that has just ended."""
    try:
        return zmtp.status_bytes(daemon.pid, "VmRSS")
    except (OSError, AttributeError):
        return 0


class Keeper(threading.Thread):
    """Kills the daemon when it is too large, and starts it again when it has ended, until told to stop."""

    def __init__(self, made):
        super().__init__()
        self.made = made
        self.is_stopping = False
        self.ends = []

    def run(self):
        while not self.is_stopping:
            daemon = self.made.daemon
            if daemon.is_running():
                if resident_bytes(daemon) > CAP_BYTES:
                    daemon.send_signal(signal.SIGKILL)
                    daemon.wait()
                time.sleep(0.005)
            elif not self.is_stopping:
                self.ends.append((time.monotonic(), daemon.wait()))
                time.sleep(0.2)  # RestartSec of the unit.
                self.made.daemon = self.made.run("exportd", "exportd")


class EndlessMessage(harness.Case):
    def installation(self, **options):
        made = zmtp.Installation(**options)
        self.addCleanup(made.close)
        # The raw peer answers no heartbeat; one that does is not cut off by it.
        made.configure("exportd", lambda s: s["sockets"].update(
            heartbeat_interval_ms=60000, heartbeat_timeout_ms=300000))
        return made

    def use_local_requests(self, made):
        made.configure("exportd", lambda s: s["sockets"].update(requests=f"ipc://{made.directory}/requests.sock"))

    def connect(self, made):
        peer = socket.socket(socket.AF_UNIX)
        peer.settimeout(harness.TIMEOUT)
        peer.connect(made.endpoint("requests")[len("ipc://"):])
        return peer

    def keep(self, made):
        keeper = Keeper(made)

        def stop():
            keeper.is_stopping = True
            keeper.join()

        keeper.start()
        self.addCleanup(stop)
        return keeper

    def accept(self, made, client, count):
        """Operations that were accepted, whatever happens to the daemon."""
        return [client.export(made.user_id(person % 4))["id"] for person in range(count)]

    def check(self, made, shake):
        """shake(): a connection whose handshake is done, and what makes a frame that another follows."""
        made.start_daemon()
        accepted = self.accept(made, made.client(), 20)
        keeper = self.keep(made)
        for number in range(ROUNDS):
            peer, part = shake()
            try:
                while len(keeper.ends) == number:
                    peer.sendall(part(bytes(PART_BYTES)))
            except OSError:
                pass
            finally:
                peer.close()
            deadline = time.monotonic() + harness.TIMEOUT
            while len(keeper.ends) == number:
                self.assertLess(time.monotonic(), deadline, "it did not end")
                time.sleep(0.01)
            client = made.client()
            self.assertEqual(client.ask("ping")["status"], 200)
            took = time.monotonic() - keeper.ends[number][0]
            self.assertLess(took, BACK_SECONDS + SLACK_SECONDS)
            self.assertNotEqual(keeper.ends[number][1], 0)
            for operation in accepted:
                self.assertEqual(client.ask("getOperation", operationId=operation)["status"], 200)
            accepted += self.accept(made, client, 5)
        self.assertEqual(len(keeper.ends), ROUNDS)

    def test_of_a_stranger_where_there_is_no_security(self):
        made = self.installation()
        made.start_daemon()  # Once, so that the others have ports of their own.
        made.daemon.stop()
        self.use_local_requests(made)

        def shake():
            peer = self.connect(made)
            zmtp.shake_hands(peer, b"DEALER")
            return peer, lambda body: zmtp.frame(body, zmtp.MORE)

        self.check(made, shake)

    def test_of_a_known_peer_under_curve(self):
        made = curve.secure(self.installation())
        self.use_local_requests(made)

        def shake():
            channel = curve_raw.Channel(self.connect(made), made.keys.pair("backend"), made.keys.server())
            return channel.peer, lambda body: channel.message(body, zmtp.MORE)

        self.check(made, shake)


if __name__ == "__main__":
    harness.main()
