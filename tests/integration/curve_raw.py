# SPDX-License-Identifier: MIT
"""CurveZMQ by hand (rfc.zeromq.org/spec/26), over the libsodium that libzmq brings: a peer whose handshake is right and
whose messages need not end, which libzmq's own sockets would not send."""
import ctypes
import ctypes.util
import os
import struct

import zmq.utils.z85

import zmtp

SODIUM = ctypes.CDLL(ctypes.util.find_library("sodium") or "libsodium.so.23")
KEY_BYTES, MAC_BYTES = 32, 16


def box(message, nonce, public, secret):
    made = ctypes.create_string_buffer(len(message) + MAC_BYTES)
    assert SODIUM.crypto_box_easy(made, message, ctypes.c_ulonglong(len(message)), nonce, public, secret) == 0
    return made.raw


def unbox(sealed, nonce, public, secret):
    found = ctypes.create_string_buffer(len(sealed) - MAC_BYTES)
    assert SODIUM.crypto_box_open_easy(
        found, sealed, ctypes.c_ulonglong(len(sealed)), nonce, public, secret) == 0
    return found.raw


def key_pair():
    public, secret = (ctypes.create_string_buffer(KEY_BYTES) for _ in range(2))
    assert SODIUM.crypto_box_keypair(public, secret) == 0
    return public.raw, secret.raw


class Channel:
    """A connection on which the handshake is done when it is made. Keys are in Z85."""

    def __init__(self, peer, pair, server, kind=b"DEALER"):
        self.peer = peer
        self.count = 0
        public, secret = (zmq.utils.z85.decode(key) for key in pair)
        server = zmq.utils.z85.decode(server)
        own_public, self.secret = key_pair()
        peer.sendall(zmtp.greeting(b"CURVE"))
        assert len(zmtp.read(peer, 64)) == 64
        number = self.number()
        peer.sendall(zmtp.command(b"HELLO", b"\1\0" + bytes(72) + own_public + number +
                                  box(bytes(64), b"CurveZMQHELLO---" + number, server, self.secret)))
        body = self.command(b"WELCOME")
        welcome = unbox(body[16:], b"WELCOME-" + body[:16], server, self.secret)
        self.other, cookie = welcome[:KEY_BYTES], welcome[KEY_BYTES:]
        salt, number = os.urandom(16), self.number()
        vouch = box(own_public + server, b"VOUCH---" + salt, self.other, secret)
        metadata = b"\x0bSocket-Type" + struct.pack(">I", len(kind)) + kind + b"\x08Identity" + bytes(4)
        peer.sendall(zmtp.command(b"INITIATE", cookie + number + box(
            public + salt + vouch + metadata, b"CurveZMQINITIATE" + number, self.other, self.secret)))
        self.command(b"READY")

    def number(self):
        self.count += 1
        return struct.pack(">Q", self.count)

    def command(self, name):
        flags, body = zmtp.read_frame(self.peer)
        assert flags & zmtp.COMMAND and body[1:1 + len(name)] == name, (flags, body[:20])
        return body[1 + len(name):]

    def message(self, body, flags=0):
        """A sealed frame, to be sent."""
        number = self.number()
        sealed = box(bytes([flags]) + body, b"CurveZMQMESSAGEC" + number, self.other, self.secret)
        return zmtp.frame(b"\x07MESSAGE" + number + sealed)
