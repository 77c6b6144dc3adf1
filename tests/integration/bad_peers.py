#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Peers that send junk do not stop the others, and programs that could not do their job refuse to
start, with a reason."""
import shutil
import socket
import subprocess

import msgpack
import zmq

import bundle
import harness
from bad_input import UNKNOWN_ID, Daemon


class Junk(Daemon):
    """After each of them an export still completes."""

    def tearDown(self):
        super().tearDown()
        operation = self.client.export(self.user)
        bundle.check_person(self.made, self.made.wait_until(
            self.client, operation["id"], "complete"), 0, 0)

    def peer(self, kind, name):
        peer = zmq.Context.instance().socket(kind)
        peer.linger = 1000
        peer.connect(self.made.endpoint(name))
        self.addCleanup(peer.close)
        return peer

    def junk(self):
        good = {"type": "heartbeat", "worker": "w", "instance": UNKNOWN_ID, "slots": 1,
                "running": []}
        return [[b""], [b"\xc1"], [b"x" * 1000], [msgpack.packb({})], [b"\xdf\xff\xff\xff\xff"],
                [b"\x91" * 60000], [b"", b"", b""], [msgpack.packb(good), b"more"],
                [msgpack.packb({**good, "slots": -1})], [msgpack.packb({**good, "slots": 257})],
                [msgpack.packb({**good, "running": [0]})],
                [msgpack.packb({**good, "worker": "a/b"})],
                [msgpack.packb({**good, "surprise": 1})], [msgpack.packb({"type": "job"})],
                [msgpack.packb({"type": "done"})]]

    def test_on_the_reports_socket(self):
        peer = self.peer(zmq.PUSH, "reports")
        for frames in self.junk():
            peer.send_multipart(frames)

    def test_reports_about_operations_and_fences_that_are_not_theirs(self):
        operation = self.client.export(self.user)
        done = self.made.wait_until(self.client, operation["id"], "complete")
        peer = self.peer(zmq.PUSH, "reports")
        common = {"worker": "rogue", "instance": UNKNOWN_ID}
        for identifier in (operation["id"], UNKNOWN_ID):
            for fence in (1, 2 ** 32 + 1, 2 ** 63 - 1):
                about = {**common, "operationId": identifier, "fence": fence}
                peer.send(msgpack.packb({"type": "started", **about}))
                peer.send(msgpack.packb({"type": "progress", **about, "progress": 1.0,
                                         "rows": 1, "bytes": 1}))
                peer.send(msgpack.packb({"type": "failed", **about, "code": "internalError",
                                         "retryable": False, "sources": []}))
        self.made.wait_until(self.client, self.client.export(self.user)["id"], "complete")
        again = self.client.ask("getOperation", operationId=operation["id"])["operation"]
        self.assertEqual(again, done)

    def test_on_the_jobs_socket(self):
        for kind in (zmq.DEALER, zmq.REQ, zmq.PUSH):
            peer = self.peer(kind, "jobs")
            peer.setsockopt(zmq.SNDTIMEO, 50)
            try:
                peer.send(b"junk")
            except zmq.Again:
                pass

    def test_on_the_status_socket(self):
        peer = self.peer(zmq.XSUB, "status")
        for message in (b"", b"\x01", b"\x00", b"\x02junk", b"\x01" + b"\xff" * 60000,
                        b"\x00" + b"\xff" * 60000, b"\x01" + b"\xfe" * 60000,
                        b"\x01worker/", b"x" * 60000):
            peer.send(message)
        for number in range(2000):
            peer.send(b"\x01" + f"topic-{number}".encode())

    def test_frames_that_are_too_long_for_every_socket(self):
        for kind, name in ((zmq.DEALER, "requests"), (zmq.PUSH, "reports"), (zmq.XSUB, "status")):
            self.peer(kind, name).send(b"\x02" * 200000)

    def test_a_request_without_a_delimiter(self):
        peer = self.peer(zmq.DEALER, "requests")
        peer.send(msgpack.packb(self.request()))
        peer.send_multipart([b"x"] * 20)
        peer.send(b"")

    def test_bytes_that_are_not_zmtp(self):
        for name in ("requests", "jobs", "reports", "status"):
            for blob in (b"GET / HTTP/1.0\r\n\r\n", b"\xff" * 64, b"\0" * 200, b"\xff"):
                path = self.made.endpoint(name)[len("ipc://"):]
                with socket.socket(socket.AF_UNIX) as peer:
                    peer.connect(path)
                    peer.sendall(blob)

    def test_clients_that_never_read_their_replies(self):
        peer = self.peer(zmq.DEALER, "requests")
        peer.set_hwm(0)
        for _ in range(5000):
            peer.send_multipart([b"", b"\xc1"])


class Refusals(harness.Case):
    """What refuses to start, with a reason."""

    def refuses(self, made, program, name, reason):
        process = made.run(program, name)
        self.addCleanup(process.release)
        self.assertGreater(process.wait(), 0, process.text())
        self.assertIn(reason, process.text())

    def test_a_worker_without_a_bundle_directory(self):
        made = self.installation()
        (made.directory / "bundles").rmdir()
        self.refuses(made, "export-worker", "worker-0", "bundles")

    def test_a_worker_whose_bundle_directory_is_a_file(self):
        made = self.installation()
        (made.directory / "bundles").rmdir()
        (made.directory / "bundles").write_text("")
        self.refuses(made, "export-worker", "worker-0", "bundles")

    def test_a_worker_whose_bundle_directory_cannot_be_written(self):
        made = self.installation()
        # Not even root makes files in there, which a mode would not keep it from.
        made.configure("worker-0", lambda s: s["bundles"].update(directory="/proc/self"))
        self.refuses(made, "export-worker", "worker-0", "/proc/self")

    def test_a_worker_with_a_statement_that_is_wrong(self):
        made = self.installation()
        made.configure("worker-0", lambda s: s["sources"][0].update(
            statement="SELECT gone FROM nowhere WHERE :tenant_id = :user_id"))
        self.refuses(made, "export-worker", "worker-0", "sources[0].statement")

    def test_a_worker_whose_root_of_files_is_missing(self):
        made = self.installation()
        shutil.rmtree(made.directory / "files")
        self.refuses(made, "export-worker", "worker-0", "sources[2].root")

    def test_a_daemon_with_an_unknown_key(self):
        made = self.installation()
        made.configure("exportd", lambda s: s["store"].update(surprise=1))
        self.refuses(made, "exportd", "exportd", "surprise")

    def test_a_daemon_that_would_listen_to_the_world(self):
        made = self.installation()
        made.configure("exportd", lambda s: s["sockets"].update(requests="tcp://0.0.0.0:5570"))
        self.refuses(made, "exportd", "exportd", "requests")

    def test_a_daemon_without_a_key_set(self):
        made = self.installation()
        (made.directory / "keys" / "keys.json").unlink()
        self.refuses(made, "exportd", "exportd", "keys.json")

    def test_a_configuration_is_checked_without_being_run(self):
        made = self.installation()
        check = [harness.PROGRAMS / "exportd", "-t", "-c", made.directory / "exportd.yaml"]
        good = subprocess.run(check, capture_output=True, check=False)
        self.assertEqual(good.returncode, 0, good)
        self.assertFalse((made.directory / "store").exists())
        made.configure("exportd", lambda s: s.pop("registry"))
        bad = subprocess.run(check, capture_output=True, check=False)
        self.assertNotEqual(bad.returncode, 0, bad)
        self.assertIn(b"registry", bad.stderr)


if __name__ == "__main__":
    harness.main()
