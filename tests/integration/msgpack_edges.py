#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The edges of what a request may be, case by case with the exact code and field, by the codec alone and by a daemon: bombs,
lengths, forms, types, ranges, characters. reliability: M01, M02."""
import itertools
import struct

import msgpack

import harness
import msgpack_differential

ID = "0badf00d-0000-4000-8000-000000000000"
GROWTH_BYTES = 1 << 20
PAIR = msgpack.packb("type") + msgpack.packb("ping")


def request(kind="ping", **fields):
    message = {"type": kind, "requestId": "e-1", **fields}
    return {name: value for name, value in message.items() if value is not ...}


def head(count):
    """The beginning of a map of a good ping and so many pairs more."""
    return bytes([0x82 + count]) + PAIR + msgpack.packb("requestId") + msgpack.packb("e-1")


def last(encoded, key="idempotencyKey"):
    """A good ping with a last pair, whose value is given as bytes."""
    return head(1) + msgpack.packb(key) + encoded


def bombs():
    """Little that declares or nests much: (bytes, code)."""
    for lead in (0xdd, 0xdf, 0xdb, 0xc6):
        for count in (0xffffffff, 0x7fffffff, 0x10000, 0xffff):
            yield bytes([lead]) + struct.pack(">I", count), "malformedMessage"
            yield last(bytes([lead]) + struct.pack(">I", count)), "malformedMessage"
    for lead, count in itertools.product((0xdc, 0xde, 0xda, 0xc5), (0xffff, 0x8000)):
        yield bytes([lead]) + struct.pack(">H", count), "malformedMessage"
    for lead in (0x91, 0x81):
        one = bytes([lead]) if lead == 0x91 else b"\x81\xa1k"
        yield one * 20000, "tooDeep"
        yield one * 9 + b"\xc0", "tooDeep"
    yield b"\xdc\xff\xff" + b"\xc0" * 65533, "malformedMessage"
    yield b"\xdc\xf0\x00" + b"\xc0" * 0xf000, "tooManyElements"
    yield b"\xdd\x00\x00\xf0\x00" + b"\x90" * 0xf000, "tooManyElements"
    yield b"\xde\x40\x00" + b"\xa0\xc0" * 0x4000, "tooManyElements"
    yield b"\x9f" + (b"\xdc\x01\x12" + b"\xc0" * 274) * 15, "tooManyElements"
    yield b"\x92\xdb\x00\x00\x40\x01" + b"x" * 0x4001 + b"\xc0", "tooLong"
    yield b"\x92\xc6\x00\x00\x40\x01" + b"x" * 0x4001 + b"\xc0", "tooLong"
    for lead, size in ((0xc7, 3), (0xc8, 4), (0xc9, 6), (0xd4, 2), (0xd8, 17)):
        yield bytes([lead]) + b"\xff" * size, "malformedMessage"


def shapes():
    """What is no map of strings, or not one."""
    bad = "malformedMessage"
    good = msgpack.packb(request())
    for encoded in (b"", b"\xc0", b"\xc2", b"\x00", b"\xff", b"\xa0", b"\xc4\x00", b"\x90", b"\xcb" + bytes(8)):
        yield encoded, bad if encoded == b"" else None, ""
    yield good + b"\xc0", bad, ""
    yield good + b"\xc1", bad, ""
    yield good + good, bad, ""
    for cut in range(1, len(good)):
        yield good[:cut], bad, None
    yield head(1) + b"\x01\x01", bad, ""
    yield head(1) + b"\xc0\x01", bad, ""
    yield head(1) + b"\xc4\x01a\x01", bad, ""
    yield head(1) + b"\x90\x01", bad, ""
    yield head(1) + b"\x80\x01", bad, ""
    yield head(1) + b"\xcb" + bytes(8) + b"\x01", bad, ""
    yield b"\x83" + PAIR + PAIR + PAIR, "fieldDuplicate", "type"
    yield head(1) + msgpack.packb("requestId") + msgpack.packb("e-1"), "fieldDuplicate", "requestId"
    yield head(1) + b"\xd9\x04type" + msgpack.packb("ping"), "fieldDuplicate", "type"
    yield head(1) + b"\xdb\x00\x00\x00\x04type" + msgpack.packb("ping"), "fieldDuplicate", "type"


def texts():
    """Strings that are not UTF-8, or hold what they may not."""
    for raw in (b"\xff", b"\x80", b"\xc0\x80", b"\xc1\xbf", b"\xe0\x80\x80", b"\xed\xa0\x80", b"\xed\xbf\xbf",
                b"\xf0\x80\x80\x80", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98",
                b"a\0", b"\0"):
        yield last(bytes([0xa0 + len(raw)]) + raw), "malformedMessage", "idempotencyKey"
    for raw in (b"\xff", b"a\0"):
        yield head(1) + bytes([0xa0 + len(raw)]) + raw + b"\xc0", "malformedMessage", None
    for value in ("", "a b", "a\n", "\n", "é", "r" * 65, "a/b", "a\u200b"):
        yield msgpack.packb(request(requestId=value)), "fieldValue", "requestId"
    for value in (1, None, True, 1.0, b"e-1", [], {}):
        yield msgpack.packb({**request(), "requestId": value}), "fieldType", "requestId"


def numbers():
    for value, code in ((0, "fieldValue"), (-1, "fieldValue"), (501, "fieldValue"), (1 << 63, "fieldValue"),
                        ((1 << 64) - 1, "fieldValue"), (-(1 << 63), "fieldValue"), (1.0, "fieldType"),
                        (1.5, "fieldType"), (-0.0, "fieldType"), (float("nan"), "fieldType"),
                        (float("inf"), "fieldType"), ("1", "fieldType"), (True, "fieldType"), (None, "fieldType"),
                        ([1], "fieldType")):
        yield msgpack.packb(request("eventsSince", sequence=1, top=value)), code, "top"
    for value in (-1, 1 << 53, (1 << 64) - 1):
        yield msgpack.packb(request("eventsSince", sequence=value)), "fieldValue", "sequence"
    # The same number in every form that holds it.
    for form in (b"\x07", b"\xcc\x07", b"\xcd\0\x07", b"\xce\0\0\0\x07", b"\xcf" + bytes(7) + b"\x07", b"\xd0\x07",
                 b"\xd1\0\x07", b"\xd2\0\0\0\x07", b"\xd3" + bytes(7) + b"\x07"):
        good = msgpack.packb(request("eventsSince", sequence=1, top=7))
        yield good[:-1] + form, None, ""
    for form in (b"\xca" + struct.pack(">f", 7), b"\xcb" + struct.pack(">d", 7)):
        yield good[:-1] + form, "fieldType", "top"


def fields():
    yield msgpack.packb({}), "fieldMissing", "type"
    yield msgpack.packb({"requestId": "e-1"}), "fieldMissing", "type"
    yield msgpack.packb({"type": "ping"}), "fieldMissing", "requestId"
    yield msgpack.packb(request("getOperation")), "fieldMissing", "operationId"
    for value in ("", "Ping", "ping ", "PING", "done", "x" * 300):
        yield msgpack.packb(request(value)), "unknownType", "type"
    for value in (None, 7, b"ping", ["ping"], True):
        yield msgpack.packb({**request(), "type": value}), "fieldType", "type"
    for key in ("surprise", "Type", "status", "__proto__"):
        yield msgpack.packb({**request(), key: 1}), "fieldUnknown", key
    for key in ("type ", "é", "", "a\n"):  # Not repeated: they could not be told from other text.
        yield msgpack.packb({**request(), key: 1}), "fieldUnknown", "?"
    for value in (ID[:-1], ID + "0", ID.replace("-", ""), "{" + ID + "}", "urn:uuid:" + ID, " " + ID, ID + "\n",
                  ID.replace("b", "g"), ID.replace("-", "_"), "../../etc/passwd"):
        yield msgpack.packb(request("getOperation", operationId=value)), "fieldValue", "operationId"
    for value in (None, 0, b"x" * 16, [ID]):
        yield msgpack.packb(request("getOperation", operationId=value)), "fieldType", "operationId"
    # The order of fields means nothing.
    for order in itertools.permutations((("type", "eventsSince"), ("requestId", "e-1"), ("sequence", 1))):
        yield msgpack.packb(dict(order)), None, ""


class Edges(harness.Case):
    @classmethod
    def setUpClass(cls):
        cls.made = harness.Installation()
        cls.addClassCleanup(cls.made.close)
        cls.made.start_daemon()
        cls.client = cls.made.client()

    def tearDown(self):
        self.assertEqual(self.client.ask("ping")["status"], 200)

    def check(self, cases):
        """The codec's judgement and the daemon's reply; the field is not looked at when it is None."""
        verdicts, _ = msgpack_differential.judge([data for data, _, _ in cases])
        for (data, code, field), verdict in zip(cases, verdicts):
            with self.subTest(data=data[:80].hex(), size=len(data)):
                found_code, _, found_field = verdict.partition(" ")
                if code is not None:
                    self.assertEqual(found_code, code, verdict)
                    self.refused(data, code, field if field is None else found_field)
                if field is not None and code is not None:
                    self.assertEqual(found_field, field)
                elif code is None and data[:1] > b"\x7f" and data[:1] < b"\x90":
                    self.assertEqual(found_code, "ok", verdict)
                elif code is None:
                    self.assertNotEqual(found_code, "ok", verdict)

    def refused(self, data, code, field):
        reply = msgpack.unpackb(self.client.raw(data))
        self.assert_refused(reply, 400, "badRequest", code)
        if field:
            self.assertEqual(reply["error"].get("target"), field)

    def test_bombs_are_refused_and_cost_nothing(self):
        cases = [(data, code, None) for data, code in bombs()]
        self.assertGreaterEqual(len(cases), 40)
        self.check(cases)
        _, costs = msgpack_differential.judge([data for data, _, _ in cases])
        self.assertLess(costs["growth_bytes"], GROWTH_BYTES)
        self.assertLess(costs["longest_us"], msgpack_differential.LONGEST_US)

    def test_shapes(self):
        self.check(list(shapes()))

    def test_texts(self):
        self.check(list(texts()))

    def test_numbers(self):
        self.check(list(numbers()))

    def test_fields(self):
        self.check(list(fields()))

    def test_there_are_as_many_cases_as_promised(self):
        self.assertGreaterEqual(sum(1 for part in (shapes, texts, numbers, fields) for _ in part()), 120)


if __name__ == "__main__":
    harness.main()
