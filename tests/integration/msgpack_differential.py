#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""msgpack_differential.py [--messages N] [--seed N]: requests with mistakes in them, judged by the daemon's codec and by a model over
python3-msgpack: both accept the same, and nothing costs much memory or time. reliability: M03, M04."""
import argparse
import random
import re
import struct
import subprocess
import sys
import unittest

import msgpack

import harness
import msgpack_model

GROWTH_BYTES = 2 << 20
LONGEST_US = 50000  # Ten times the promise: the processor is shared.
arguments = argparse.Namespace(messages=harness.share(50000, 5000), seed=1)

VALUES = [None, True, False, 0, 1, -1, 100, 101, 500, 501, 127, 128, 255, 256, 65535, 65536, (1 << 31) - 1, 1 << 31,
          (1 << 53) - 1, 1 << 53, (1 << 63) - 1, 1 << 63, (1 << 64) - 1, -(1 << 31), -(1 << 63), 0.0, -0.0, 1.0,
          1.5, float("nan"), float("inf"), "", "a", "a\0b", "é", "\U0001f600", " ", "a b", "\n", "r-1\n", "x" * 64,
          "x" * 65, "x" * 128, "x" * 129, "é" * 64, "x" * 16384, "x" * 16385, b"", b"a", b"x" * 40, [], [1], {}, {"a": 1},
          "0badf00d-0000-4000-8000-000000000000", "0BADF00D-0000-4000-8000-000000000000",
          "0badf00d00004000800000000000000000", "{0badf00d-0000-4000-8000-000000000000}", "running", "complete",
          msgpack.ExtType(5, b"x"), msgpack.Timestamp(1, 0)]


def pack_integer(value, source):
    """An integer in a form that may be longer than it need be."""
    forms = [(b"\xcc", ">B", 0, 255), (b"\xcd", ">H", 0, 65535), (b"\xce", ">I", 0, (1 << 32) - 1),
             (b"\xcf", ">Q", 0, (1 << 64) - 1), (b"\xd0", ">b", -128, 127), (b"\xd1", ">h", -32768, 32767),
             (b"\xd2", ">i", -(1 << 31), (1 << 31) - 1), (b"\xd3", ">q", -(1 << 63), (1 << 63) - 1)]
    head, form, *_ = source.choice([f for f in forms if f[2] <= value <= f[3]])
    return head + struct.pack(form, value)


def pack_text(value, source):
    data = value.encode()
    forms = [(b"\xd9", ">B", 255), (b"\xda", ">H", 65535), (b"\xdb", ">I", 1 << 31)]
    head, form, _ = source.choice([f for f in forms if len(data) <= f[2]])
    return head + struct.pack(form, len(data)) + data


def pack(value, source):
    """As msgpack.packb, in any of the forms that mean the same."""
    if source.random() < 0.7:
        return msgpack.packb(value)
    if isinstance(value, dict):
        body = b"".join(pack(k, source) + pack(v, source) for k, v in value.items())
        return source.choice((b"\xde" + struct.pack(">H", len(value)), b"\xdf" + struct.pack(">I", len(value)))) + body
    if isinstance(value, list):
        return b"\xdd" + struct.pack(">I", len(value)) + b"".join(pack(v, source) for v in value)
    if isinstance(value, int) and not isinstance(value, bool):
        return pack_integer(value, source)
    if isinstance(value, str):
        return pack_text(value, source)
    return msgpack.packb(value)


def mutate_value(message, source):
    names = list(message)
    choice = source.randrange(6)
    if choice == 0:
        del message[source.choice(names)]
    elif choice == 1:
        message[source.choice(names)] = source.choice(VALUES)
    elif choice == 2:
        message[source.choice(("surprise", "token", "next", "top", "x" * 64, "", "é"))] = source.choice(VALUES)
    elif choice == 3:
        value = 1
        for _ in range(source.randrange(1, 11)):
            value = [value] if source.random() < 0.7 else {"k": value}
        message[source.choice(names)] = value
    elif choice == 4:
        message[source.choice(names)] = [0] * source.choice((10, 4080, 4090, 4096, 5000))
    else:
        message.update({f"k{n}": n for n in range(source.choice((1, 60, 64, 65)))})


def mutate_bytes(data, source):
    data = bytearray(data)
    for _ in range(source.randrange(1, 4)):
        at = source.randrange(len(data) + 1)
        choice = source.randrange(6)
        if choice == 0 and at < len(data):
            data[at] = source.randrange(256)
        elif choice == 1 and at < len(data):
            data[at] ^= 1 << source.randrange(8)
        elif choice == 2:
            del data[at:at + source.randrange(1, 4)]
        elif choice == 3:
            data[at:at] = source.randbytes(source.randrange(1, 4))
        elif choice == 4:
            del data[at:]
        else:
            data += data[at:at + 40]
        if not data:
            data = bytearray(b"\x80")
    return bytes(data)


def messages(count, seed):
    source = random.Random(seed)
    schemas = list(msgpack_model.requests().values())
    for _ in range(count):
        message = msgpack_model.example(source.choice(schemas), source)
        while source.random() < 0.4 and message:
            mutate_value(message, source)
        data = pack(message, source)
        yield mutate_bytes(data, source) if source.random() < 0.4 else data


def judge(all_messages):
    """The daemon's judgements, and what it says about time and memory."""
    run = subprocess.run([harness.PROGRAMS / "wire_judge"], check=True, capture_output=True,
                         input=b"".join(struct.pack("=I", len(m)) + m for m in all_messages))
    return run.stdout.decode().splitlines(), {k: int(v) for k, v in re.findall(r"(\w+)=(\d+)", run.stderr.decode())}


class Differential(unittest.TestCase):
    def test_the_codec_and_the_model_accept_the_same(self):
        model = msgpack_model.Model()
        made = list(messages(arguments.messages, arguments.seed))
        verdicts, costs = judge(made)
        self.assertEqual(len(verdicts), len(made))
        accepted = 0
        for data, verdict in zip(made, verdicts):
            accepted += verdict == "ok"
            self.assertEqual(model.accepts(data), verdict == "ok", (verdict, data[:300].hex(), len(data)))
        print(f"{len(made)} messages, {accepted} accepted, {costs}", file=sys.stderr)
        # Both kinds must be there, else nothing was compared.
        self.assertGreater(accepted, len(made) // 10)
        self.assertLess(accepted, len(made) * 9 // 10)
        if "sanitize" not in str(harness.PROGRAMS) and costs["growth_bytes"]:
            self.assertLess(costs["growth_bytes"], GROWTH_BYTES)
        self.assertLess(costs["longest_us"], LONGEST_US)

    def test_no_bytes_up_to_the_limit_cost_much(self):
        source = random.Random(arguments.seed)
        limit = msgpack_model.LIMITS["MESSAGE_BYTES"]
        made = [bytes([lead]) * size for lead in range(256) for size in (limit, limit - 1)]
        made += [source.randbytes(limit) for _ in range(200)]
        made += [b"\xdc\x0f\xff" + bytes([lead]) * (limit - 3) for lead in range(256)]
        made += [msgpack.packb({"type": ["x" * 16000] * 4}), msgpack.packb({"type": [{}] * 4000})]
        verdicts, costs = judge(made)
        self.assertNotIn("ok", verdicts)
        self.assertLess(costs["growth_bytes"], GROWTH_BYTES)
        self.assertLess(costs["longest_us"], LONGEST_US)
        print(f"{len(made)} messages of 64 KiB, {costs}", file=sys.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=arguments.messages)
    parser.add_argument("--seed", type=int, default=arguments.seed)
    arguments, rest = parser.parse_known_args()
    unittest.main(verbosity=2, argv=[sys.argv[0], *rest])
