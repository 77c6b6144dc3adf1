# SPDX-License-Identifier: MIT
"""Reads what strace wrote about exportd: which events had reached the disk when which message left.

A traced thread stands still at the beginning and at the end of a call until strace has written it
down. So the order of the lines is the order of cause and effect, also between threads: a message
that was handed to libzmq's thread after a sync returned leaves in a line after the sync's.
"""
import codecs
import re
import sqlite3
import shutil
import subprocess
import uuid

import msgpack

CALLS = "openat,close,accept4,accept,pwrite64,fdatasync,fsync,sendto,sendmsg,writev,write"
LINE = re.compile(r"(\d+) +(.*)\n?\Z", re.DOTALL)
CALL = re.compile(r"(\w+)\((.*)\) += (-?\d+|\?)", re.DOTALL)
UNFINISHED = re.compile(r"(.*) <unfinished \.\.\.>", re.DOTALL)
RESUMED = re.compile(r"<\.\.\. \w+ resumed>(.*)", re.DOTALL)
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
GREETING_BYTES = 64
WAL_FRAME_HEADER_BYTES = 24
LEAF_OF_TABLE = 0x0d


def command(trace, *program):
    """The program under strace, which stays in the background: the process is the program's."""
    return ["strace", "-D", "-f", "-q", "-s", "65535", "-e", f"trace={CALLS}", "-e", "signal=none",
            "-o", trace, *program]


def can_trace():
    return shutil.which("strace") is not None and subprocess.run(
        ["strace", "-e", "trace=close", "true"], capture_output=True, check=False).returncode == 0


def bytes_of(arguments):
    """All quoted strings of a call's arguments."""
    return b"".join(codecs.escape_decode(text.encode("latin-1"))[0]
                    for text in QUOTED.findall(arguments))


def varint(page, at):
    value = 0
    for n in range(9):
        byte = page[at + n]
        if n == 8:
            return (value << 8) | byte, at + 9
        value = (value << 7) | (byte & 0x7f)
        if byte < 0x80:
            return value, at + n + 1
    raise AssertionError


def columns_of(store):
    """The names of the columns of the table events."""
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as database:
        return [row[1] for row in database.execute("PRAGMA table_info(events)")]


def size_of(serial_type):
    return (0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0)[serial_type] if serial_type < 12 else (
        (serial_type - 12) // 2)


def row_of(page, at):
    """The columns of the row at a place, as (serial type, bytes)."""
    header_bytes, types_at = varint(page, at)
    value_at, end, values = at + header_bytes, at + header_bytes, []
    while types_at < end:
        serial_type, types_at = varint(page, types_at)
        values.append((serial_type, page[value_at:value_at + size_of(serial_type)]))
        value_at += size_of(serial_type)
    return values


def events_in(page, columns):
    """The events in a leaf page of the table events, as (sequence, kind, operation id). The column
    sequence is the row's key and stored as NULL."""
    if page[0] != LEAF_OF_TABLE:
        return
    for cell in range(int.from_bytes(page[3:5], "big")):
        at = int.from_bytes(page[8 + 2 * cell:10 + 2 * cell], "big")
        _, at = varint(page, at)
        sequence, at = varint(page, at)
        row = dict(zip(columns, values)) if len(values := row_of(page, at)) == len(columns) else {}
        if row and row["sequence"][0] == 0 and len(row["id"][1]) == 16:
            yield sequence, row["kind"][1].decode(), str(uuid.UUID(bytes=row["id"][1]))


class Log:
    """The write-ahead log: what is in it, and what a sync has covered."""

    def __init__(self, columns):
        self.columns = columns
        self.events = {}  # sequence to (kind, operation id)
        self.written = self.durable = self.syncs = 0
        self.is_committed = False

    def write(self, data):
        if len(data) == WAL_FRAME_HEADER_BYTES:  # The last frame of a transaction has a size.
            self.is_committed = data[4:8] != b"\0\0\0\0"
        elif len(data) > WAL_FRAME_HEADER_BYTES * 2:
            for sequence, *event in events_in(data, self.columns):
                self.events[sequence] = tuple(event)
                self.written = max(self.written, sequence)

    def sync(self):
        self.syncs += 1
        if self.is_committed:
            self.durable = self.written


class Stream:
    """What went out on one connection: ZMTP 3 frames, put together to messages."""

    def __init__(self):
        self.buffer = b""
        self.greeting_left = GREETING_BYTES
        self.frames = []
        self.durable = None  # at the beginning of the message that is being put together

    def send(self, data, durable):
        """Messages that are complete now, each with what was durable when it began to leave."""
        skipped = min(self.greeting_left, len(data))
        self.greeting_left -= skipped
        if self.buffer == b"" and not self.frames:
            self.durable = durable
        self.buffer += data[skipped:]
        while frame := self.take_frame():
            flags, payload = frame
            began, self.durable = self.durable, (durable if not flags & 1 else self.durable)
            if flags & 4:
                continue
            self.frames.append(payload)
            if not flags & 1:
                yield self.frames, began
                self.frames = []

    def take_frame(self):
        head = 9 if self.buffer[:1] and self.buffer[0] & 2 else 2
        if len(self.buffer) < head:
            return None
        size = int.from_bytes(self.buffer[1:head], "big")
        if len(self.buffer) < head + size:
            return None
        frame = self.buffer[0], self.buffer[head:head + size]
        self.buffer = self.buffer[head + size:]
        return frame


class Trace:
    """messages: (frames, the last event that was durable when it began to leave)."""

    def __init__(self, path, store):
        self.log, self.log_fds = Log(columns_of(store)), set()
        self.streams, self.unfinished, self.messages = {}, {}, []
        with open(path, encoding="latin-1", newline="\n") as lines:
            for line in lines:
                self.read_line(*LINE.match(line).groups())

    def read_line(self, thread, text):
        durable = self.log.durable
        resumed, unfinished = RESUMED.match(text), UNFINISHED.match(text)
        if unfinished:
            self.unfinished[thread] = unfinished[1], durable
            return
        if resumed:
            begun, durable = self.unfinished.pop(thread, ("", durable))
            text = begun + resumed[1]
        call = CALL.match(text)
        if call and call[3] != "?" and int(call[3]) >= 0:
            self.read_call(call[1], call[2], int(call[3]), durable)

    def read_call(self, name, arguments, result, durable):
        first = arguments.split(",", 1)[0]
        fd = int(first) if first.isdigit() else None
        if name == "openat" and "-wal\"" in arguments:
            self.log_fds.add(result)
        elif name in ("accept", "accept4"):
            self.streams[result] = Stream()
        elif name == "close":
            self.streams.pop(fd, None)
            self.log_fds.discard(fd)
        elif name == "pwrite64" and fd in self.log_fds:
            self.log.write(bytes_of(arguments))
        elif name in ("fdatasync", "fsync") and fd in self.log_fds:
            self.log.sync()
        elif fd in self.streams:
            self.messages += self.streams[fd].send(bytes_of(arguments)[:result], durable)


def decode(frames):
    """What kind of message it is, and its content."""
    payload = msgpack.unpackb(frames[-1])
    if len(frames) == 1:
        return "offer", payload
    if frames[0] == b"":
        return "reply", payload
    return ("notice" if frames[0].startswith(b"worker/") else "status"), payload
