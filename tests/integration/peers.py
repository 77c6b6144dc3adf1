# SPDX-License-Identifier: MIT
"""Clients that put their frames together themselves: a DEALER that speaks as a REQ would, and a
SUB. Nothing is shared with the project's own codec or client library."""
import os
import re
import time

import msgpack
import zmq

TIMEOUT = float(os.environ.get("EXPORTD_TEST_TIMEOUT", "60"))
# What the made-up organisation and the tokens hold, and nothing may that is sent or written, but bundles and profiles:
# names, markers of rows and files, and the beginning of a JWT.
PERSONAL = re.compile(rb"person\d+@home\d|#t\d+p\d+#|eyJ[\w-]{12,}\.eyJ")
SHOWN_PROFILES = ("getProfile", "listProfiles")


def expect_nothing_personal(payload):
    """A05: of every message that a test gets, whatever it is about."""
    found = PERSONAL.search(payload)
    assert not found, f"personal: {found.group()}"


class Lost(AssertionError):
    """No reply or event came in time."""


def poll(socket, seconds):
    return bool(socket.poll(max(0, int(seconds * 1000))))


class Client:
    """A DEALER that speaks as a REQ would. Replies are matched by requestId, late ones dropped."""

    def __init__(self, endpoint, token=None, recorder=None, prepare=None):
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.set_hwm(0)
        self.socket.reconnect_ivl = 20
        if prepare:
            prepare(self.socket)
        self.socket.connect(endpoint)
        self.token = token
        self.recorder = recorder
        self.count = 0
        self.profiles = set()  # the requestIds whose replies may show one

    def close(self):
        self.socket.close()

    def send(self, kind, **fields):
        """Sends without waiting; returns the requestId. A field of None is left out."""
        self.count += 1
        request = {"type": kind, "requestId": f"r-{self.count}", "token": self.token}
        request.update(fields)
        request = {key: value for key, value in request.items() if value is not None}
        if kind in SHOWN_PROFILES:
            self.profiles.add(request["requestId"])
        self.socket.send_multipart([b"", msgpack.packb(request)])
        if self.recorder is not None:
            self.recorder.append((f"{kind}.request", request))
        return request["requestId"]

    def receive(self, timeout=TIMEOUT):
        """One reply, whichever it is."""
        if not poll(self.socket, timeout):
            raise Lost("no reply")
        delimiter, payload = self.socket.recv_multipart()
        assert delimiter == b"", delimiter
        reply = msgpack.unpackb(payload)
        if reply["status"] != 200 or reply.get("requestId") not in self.profiles:
            expect_nothing_personal(payload)
        return reply

    def ask(self, kind, timeout=TIMEOUT, **fields):
        identifier = self.send(kind, **fields)
        deadline = time.monotonic() + timeout
        while True:
            reply = self.receive(deadline - time.monotonic())
            if reply.get("requestId") == identifier:
                if self.recorder is not None:
                    self.recorder.append((f"{kind}.reply", reply))
                return reply

    def raw(self, *frames, timeout=TIMEOUT):
        """Sends these frames after the delimiter and returns the payload of the next reply."""
        self.socket.send_multipart([b"", *frames])
        if not poll(self.socket, timeout):
            raise Lost("no reply")
        reply = self.socket.recv_multipart()
        assert reply[0] == b"" and len(reply) == 2, reply
        if not any(kind.encode() in frame for kind in SHOWN_PROFILES for frame in frames):
            expect_nothing_personal(reply[1])
        return reply[1]

    def export(self, user_id, **fields):
        reply = self.ask("exportPersonalData", inboundSharedUserProfileId=user_id, **fields)
        assert reply["status"] == 202, reply
        return reply["operation"]

    def pages(self, kind, **fields):
        """All values of a list, page after page."""
        following = None
        while True:
            reply = self.ask(kind, next=following, **fields)
            assert reply["status"] == 200, reply
            yield from reply["value"]
            following = reply.get("next")
            if following is None:
                return

    def events(self, sequence=0, **fields):
        """All stored events after a sequence, and the sequence to ask with next."""
        found = []
        while True:
            reply = self.ask("eventsSince", sequence=sequence, **fields)
            assert reply["status"] == 200, reply
            found += reply["value"]
            sequence = reply["sequence"]
            if not reply["more"]:
                return found, sequence


class Watcher:
    """A SUB socket; keeps every event it has seen."""

    def __init__(self, endpoint, *topics, prepare=None):
        self.socket = zmq.Context.instance().socket(zmq.SUB)
        self.socket.linger = 0
        self.socket.set_hwm(0)
        if prepare:
            prepare(self.socket)
        for topic in topics:
            self.subscribe(topic)
        self.socket.connect(endpoint)
        self.events = []

    def subscribe(self, topic):
        self.socket.setsockopt(zmq.SUBSCRIBE, topic.encode())

    def close(self):
        self.socket.close()

    def settle(self, installation, tenant):
        """Until events arrive, for a subscription takes a moment: exports somebody of a tenant
        that the test does not look at, again and again."""
        client = installation.client(tenant)
        while not self.next(0.2):
            client.export(installation.user_id(installation.people(tenant)[0]))

    def turn(self):
        """Takes what there is."""
        while self.next(0):
            pass

    def next(self, timeout):
        """The next event, or None."""
        if not poll(self.socket, timeout):
            return None
        topic, payload = self.socket.recv_multipart()
        expect_nothing_personal(topic + payload)
        event = msgpack.unpackb(payload)
        if topic.startswith(b"worker/"):
            return event
        assert topic.decode() == event["operationId"], (topic, event)
        self.events.append(event)
        return event
