#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Replies go to who asked, and to nobody else: whatever a peer calls itself, whatever it puts into its envelope, and
however often it goes and comes back. reliability: Z09, Z16."""
import subprocess
import threading

import msgpack
import zmq

import harness
import zmtp

TRIES = harness.share(200, 40)
STALE = harness.share(500, 60)
# What a client that took it for the reply to its request would end with.
REFUSAL = {"status": 401, "error": {"code": "unauthorized", "message": "No.", "innerError": {
    "code": "tokenExpired", "date": "2026-01-01T00:00:00.000Z"}}}


def ping(identifier):
    return msgpack.packb({"type": "ping", "requestId": identifier})


class Owners(harness.Case):
    @classmethod
    def setUpClass(cls):
        cls.made = zmtp.Installation()
        cls.addClassCleanup(cls.made.close)
        cls.made.start_daemon()

    def peer(self, identity=None):
        peer = zmq.Context.instance().socket(zmq.DEALER)
        peer.linger = 0
        if identity:
            peer.setsockopt(zmq.ROUTING_ID, identity)
        peer.connect(self.made.endpoint("requests"))
        self.addCleanup(peer.close)
        return peer

    def reply(self, peer, timeout=harness.TIMEOUT):
        """The requestId of the next reply, or None."""
        if not peer.poll(timeout * 1000):
            return None
        return msgpack.unpackb(peer.recv_multipart()[-1])["requestId"]

    def test_a_second_peer_of_the_same_name_gets_nothing_of_the_first(self):
        owner = self.peer(b"backend")
        owner.send_multipart([b"", ping("first")])
        self.assertEqual(self.reply(owner), "first")
        thieves = [self.peer(b"backend") for _ in range(4)]
        for number in range(TRIES):
            thieves[number % 4].send_multipart([b"", ping(f"stolen-{number}")])
            owner.send_multipart([b"", ping(f"own-{number}")])
            self.assertEqual(self.reply(owner), f"own-{number}")
        for thief in thieves:
            self.assertIsNone(self.reply(thief, 0))

    def test_a_name_in_the_envelope_does_not_lead_a_reply_to_whom_it_names(self):
        owner, other = self.peer(b"backend-2"), self.peer(b"other")
        for peer, identifier in ((owner, "a"), (other, "b")):
            peer.send_multipart([b"", ping(identifier)])
            self.assertEqual(self.reply(peer), identifier)
        for number in range(TRIES):
            other.send_multipart([b"backend-2", b"", ping(f"guess-{number}")])
            self.assertEqual(self.reply(other), f"guess-{number}")
        self.assertIsNone(self.reply(owner, 0.1))

    def test_names_that_libzmq_gives_to_others_cannot_be_taken(self):
        """They begin with a zero byte, which a peer may not choose: such a peer gets another name, or is cut off."""
        owner = self.peer()
        owner.send_multipart([b"", ping("first")])
        self.assertEqual(self.reply(owner), "first")
        for number in range(TRIES):
            with self.made.connect() as peer:
                peer.sendall(zmtp.greeting() + zmtp.ready(b"DEALER", b"\0" + number.to_bytes(4, "big")) +
                             zmtp.frame(b"", zmtp.MORE) + zmtp.frame(ping("guessed")))
                if number % 20 == 0:
                    owner.send_multipart([b"", ping(f"own-{number}")])
                    self.assertEqual(self.reply(owner), f"own-{number}")
        self.assertIsNone(self.reply(owner, 0.1))

    def test_a_reply_that_comes_after_a_new_connection_names_the_request_it_is_for(self):
        """The peer goes before it is answered and comes back under its name: what it then gets is told apart."""
        token = self.made.token()
        for number in range(STALE):
            with self.made.connect() as gone:
                zmtp.shake_hands(gone, b"DEALER", b"returning")
                gone.sendall(zmtp.frame(b"", zmtp.MORE) + zmtp.frame(msgpack.packb(
                    {"type": "getStatistics", "requestId": f"old-{number}", "token": token})))
            peer = self.peer(b"returning")
            peer.send_multipart([b"", ping(f"new-{number}")])
            while (found := self.reply(peer, 0.1)) != f"new-{number}":
                if found is None:  # The old connection was not yet gone, and this one refused.
                    peer.close()
                    peer = self.peer(b"returning")
                    peer.send_multipart([b"", ping(f"new-{number}")])
                else:
                    self.assertRegex(found, r"^(old|new)-\d+$")
            peer.close()
        self.assertTrue(self.made.daemon.is_running())


class StaleReplies(harness.Case):
    """The client library against a server that answers late, for others, and twice."""

    def serve(self, socket, stale, stop):
        while not stop.is_set():
            if not socket.poll(20):
                continue
            *envelope, payload = socket.recv_multipart()
            request = msgpack.unpackb(payload)
            for number in range(stale):
                socket.send_multipart([*envelope, msgpack.packb(
                    {**REFUSAL, "requestId": f"{request['requestId'][:40]}x{number}"})])
            good = msgpack.packb({"status": 200, "requestId": request["requestId"], "value": [], "sequence": 7})
            socket.send_multipart([*envelope, good])

    def test_a_late_reply_is_not_taken_for_another_requests(self):
        made = self.installation()
        token = made.directory / "token"
        token.write_text(made.token())
        token.chmod(0o600)
        server = zmq.Context.instance().socket(zmq.ROUTER)
        server.linger = 0
        self.addCleanup(server.close)
        port = server.bind_to_random_port("tcp://127.0.0.1")
        stop = threading.Event()
        thread = threading.Thread(target=self.serve, args=(server, STALE, stop))
        thread.start()
        try:
            run = subprocess.run(
                [harness.PROGRAMS / "exportctl", "list", "--json", "--token-file", token,
                 "--server", f"tcp://127.0.0.1:{port}"], capture_output=True, text=True, check=False)
        finally:
            stop.set()
            thread.join()
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)


if __name__ == "__main__":
    harness.main()
