#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""tokens.py [--count N] [--seed N]: our verifier of tokens against another implementation (PyJWT) on tokens that differ a little from
good ones. Some are changed after signing, most before, so that a right signature leads both to what comes after it.

We accept nothing that the other refuses. Where we refuse what it accepts, STRICTER must say why for exactly that token. Whatever it
does not explain is printed, and the exit code is 1."""
import argparse
import collections
import json
import os
import pathlib
import random
import re
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
try:
    import jwt
    from minting import Signer, encode, write_key_set
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

TENANT = "7c0a2f4e-1b3d-4c5e-8f90-a1b2c3d4e5f6"
OTHER = "1d2e3f40-5a6b-4c7d-8e9f-0a1b2c3d4e5f"
PERSONAL = "9188040d-6c67-4c5b-b112-36a304b66dad"
PERSON = "0f9e8d7c-6b5a-4938-8271-60514233a4b5"
AUDIENCE = "api://exportd"
ISSUER = "https://login.example.org/{}/v2.0"
GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
PROGRAMS = pathlib.Path(os.environ.get("EXPORTD_BIN", pathlib.Path(__file__).resolve().parents[2] / "build/dev/bin"))
FAR = 100000  # seconds; both look at the same times, but not in the same second
NAMES = ("alg", "kid", "typ", "crit", "b64", "zip", "enc", "cty", "jku", "jwk", "x5u", "x5c", "iss", "aud", "tid", "oid", "scp",
         "idtyp", "act", "may_act", "exp", "nbf", "iat", "uti", "wids", "sub", "azp", "jti")


class Seen:
    """What a token holds, decoded as leniently as its parts allow, for the reasons below."""

    def __init__(self, token):
        self.token = token
        parts = token.split(b".")
        self.header, self.header_text = self.part(parts, 0)
        self.payload, self.payload_text = self.part(parts, 1)
        self.flaws = set()
        for text in (self.header_text, self.payload_text):
            self.look(text)

    @staticmethod
    def part(parts, index):
        try:
            text = jwt.utils.base64url_decode(parts[index])
            value = json.loads(text)
            return (value if isinstance(value, dict) else {}), text
        except (IndexError, ValueError, RecursionError):
            return {}, b""

    def look(self, text):
        """What Python's JSON takes and RFC 8259, or a parser with 64-bit numbers, does not."""
        def pairs(found):
            names = [name for name, _ in found]
            if len(set(names)) < len(names):
                self.flaws.add("twice")
            return dict(found)

        def integer(digits):
            if not -2 ** 63 <= int(digits) < 2 ** 63:
                self.flaws.add("number")
            return int(digits)

        def real(digits):
            if float(digits) in (float("inf"), float("-inf")):
                self.flaws.add("number")
            return float(digits)

        try:
            json.loads(text, object_pairs_hook=pairs, parse_int=integer, parse_float=real,
                       parse_constant=lambda _: self.flaws.add("number"))
        except (ValueError, RecursionError):
            pass
        if text[:3] == b"\xef\xbb\xbf" or text[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in text:
            self.flaws.add("encoding")
        try:
            text.decode()
        except UnicodeDecodeError:
            self.flaws.add("encoding")
        if re.search(rb"\\u0000|\\u[dD][89a-fA-F]", text):
            self.flaws.add("character")

    def depth(self):
        deepest = 0
        for text in (self.header_text, self.payload_text):
            level = 0
            for mark in re.sub(rb'"(\\.|[^"\\])*"', b"", text):
                level += (mark in b"[{") - (mark in b"]}")
                deepest = max(deepest, level)
        return deepest


def is_integer(value, least):
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= 2 ** 53


def is_actor(seen, actor, depth=1):
    if not isinstance(actor, dict) or depth > 4:
        return False
    if not any(isinstance(actor.get(name), str) and actor[name] for name in ("sub", "oid", "azp", "appid", "client_id")):
        return False
    if any(name in actor and actor[name] != seen.payload.get(name) for name in ("tid", "iss")):
        return False
    if depth == 1 and "oid" in actor and not (isinstance(actor["oid"], str) and GUID.match(actor["oid"])):
        return False
    return "act" not in actor or is_actor(seen, actor["act"], depth + 1)


def has(*names):
    return lambda seen: any(name in seen.header for name in names)


def is_guid(name):
    return lambda seen: isinstance(seen.payload.get(name), str) and bool(GUID.match(seen.payload[name]))


# Our code, why we refuse what the other takes, and whether that is so for this token.
STRICTER = {
    "tokenTooLong": ("8 KiB are enough", lambda seen: len(seen.token) > 8192),
    "tokenParts": ("never more than three parts", lambda seen: seen.token.count(b".") != 2),
    "tokenEncoding": ("one value has one spelling in base64url", lambda seen: any(
        encode(jwt.utils.base64url_decode(part)).encode() != part for part in seen.token.split(b"."))),
    "tokenDuplicateMember": ("parsers disagree about members given twice", lambda seen: "twice" in seen.flaws),
    "tokenTooDeep": ("nesting is bounded", lambda seen: seen.depth() > 8),
    "tokenHeader": ("JSON as in RFC 8259, in UTF-8", lambda seen: seen.flaws & {"number", "encoding", "character"}),
    "tokenPayload": ("JSON as in RFC 8259, in UTF-8", lambda seen: seen.flaws & {"number", "encoding", "character"}),
    "tokenCritical": ("extensions that must be understood are not", has("crit")),
    "tokenHeaderKey": ("keys come from the key set only", has("jku", "jwk", "x5u", "x5c")),
    "tokenEncrypted": ("no JWE", has("zip", "enc")),
    "tokenUnencoded": ("RFC 7797 is not supported", has("b64")),
    "tokenNested": ("no token in a token", has("cty")),
    "tokenType": ("another kind of token", lambda seen: "typ" in seen.header and (
        not isinstance(seen.header["typ"], str) or seen.header["typ"].lower() not in ("jwt", "at+jwt", "application/at+jwt"))),
    "tokenExpiry": ("exp is an integer to 2^53", lambda seen: not is_integer(seen.payload.get("exp"), 1)),
    "tokenStart": ("nbf and iat are integers", lambda seen: any(
        name in seen.payload and not is_integer(seen.payload[name], 0) for name in ("nbf", "iat"))),
    "tokenTenant": ("tid is a GUID", lambda seen: not is_guid("tid")(seen)),
    "personalAccount": ("no personal accounts", lambda seen: seen.payload["tid"].lower() == PERSONAL),
    "tokenKind": ("idtyp is user or app", lambda seen: seen.payload.get("idtyp", "user") not in ("user", "app")),
    "tokenScopes": ("scp is one text", lambda seen: "scp" in seen.payload and not isinstance(seen.payload["scp"], str)),
    "tokenPerson": ("oid is a GUID", lambda seen: not is_guid("oid")(seen)),
    "tokenActor": ("actors are bounded and of the same tenant", lambda seen: (
        "act" in seen.payload and not is_actor(seen, seen.payload["act"])) or (
        "may_act" in seen.payload and not isinstance(seen.payload["may_act"], dict))),
    "applicationToken": ("persons only", lambda seen: seen.payload.get("idtyp") == "app" or not seen.payload.get("scp")),
}


class Theirs:
    """PyJWT, told what we are told."""

    def __init__(self, signers):
        self.keys = {signer.kid: (signer.key.public_key(), signer.algorithm) for signer in signers}

    def verdict(self, token):
        """None when it accepts the token, or how it refuses it."""
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            if not isinstance(kid, str) or kid not in self.keys:
                return "UnknownKey"
            key, algorithm = self.keys[kid]
            claims = jwt.decode(token, key, algorithms=[algorithm], audience=AUDIENCE, options={"require": ["exp"]})
            return None if claims.get("iss") == ISSUER.format(claims.get("tid")) else "InvalidIssuer"
        except Exception as error:  # It also lets exceptions of its helpers out.
            return type(error).__name__


class Generator:
    """Tokens that differ a little from good ones."""

    def __init__(self, signers, seed, now):
        self.random = random.Random(seed)
        self.signers = signers
        self.now = now
        self.values = [
            None, True, False, 0, 1, -1, now - FAR, now + FAR, str(now + FAR), now + FAR + 0.5, 2 ** 53, 2 ** 53 + 1, 2 ** 63, 1e300, "",
            " ", "app", "user", "App", [], {}, [[]], TENANT, OTHER, PERSONAL, TENANT.upper(), PERSON, AUDIENCE, [AUDIENCE],
            [AUDIENCE, "x"], ["x"], [AUDIENCE, 7], AUDIENCE + "/", ISSUER.format(TENANT), ISSUER.format(OTHER), "JWT", "at+jwt", "jwt",
            "none", "HS256", "ES256", "EdDSA", "RS256", "PS256", ["exp"], {"sub": "a"}, {"sub": "a", "act": {"sub": "b"}},
            {"sub": "a", "tid": OTHER}, {"oid": PERSON}, "CrossTenantUserProfileSharing.Read.All", "a\0b", "\u00e4\u20ac",
            *(signer.kid for signer in signers)]

    def claims(self):
        return {"iss": ISSUER.format(TENANT), "aud": AUDIENCE, "tid": TENANT, "oid": PERSON, "sub": "x", "uti": "u1",
                "scp": "CrossTenantUserProfileSharing.Read.All", "iat": self.now - FAR, "nbf": self.now - FAR, "exp": self.now + FAR}

    def members(self, mapping):
        """One to three members set, removed or renamed."""
        for _ in range(self.random.randint(1, 3)):
            name = self.random.choice(NAMES)
            if self.random.random() < 0.2 and mapping:
                mapping.pop(self.random.choice(list(mapping)))
            else:
                mapping[name] = self.random.choice(self.values)
        return mapping

    def text(self, mapping):
        """As JSON, now and then written otherwise than usual."""
        text = json.dumps(mapping, ensure_ascii=self.random.random() < 0.5, separators=self.random.choice(((",", ":"), (", ", ": "))))
        if self.random.random() < 0.05 and mapping:
            name = self.random.choice(list(mapping))
            text = f'{text[:-1]},{json.dumps(name)}:{json.dumps(self.random.choice(self.values))}}}'
        if self.random.random() < 0.03:
            depth = self.random.randint(5, 12)
            text = text[:-1] + ',"deep":' + "[" * depth + "]" * depth + "}"
        return text.encode()

    def bytes(self, data):
        """A bit, a byte, a cut, a repeat."""
        data = bytearray(data)
        place = self.random.randrange(len(data))
        kind = self.random.randrange(5)
        if kind == 0:
            data[place] ^= 1 << self.random.randrange(8)
        elif kind == 1:
            data[place] = self.random.randrange(256)
        elif kind == 2:
            del data[place:place + self.random.randint(1, 8)]
        elif kind == 3:
            data[place:place] = data[place:place + self.random.randint(1, 8)]
        else:
            data[place:place] = self.random.choice((b" ", b"\n", b"=", b"0", b"\\u0000", b"\\ud800", b"NaN", b"1e999", b"\xff", b'"'))
        return bytes(data)

    def token(self):
        signer = self.random.choice(self.signers)
        kind = self.random.random()
        header, claims = signer.header(), self.claims()
        if kind < 0.3:
            claims = self.members(claims)
        elif kind < 0.5:
            header = self.members(header)
        header, claims = self.text(header), self.text(claims)
        if 0.5 <= kind < 0.65:
            claims = self.bytes(claims)
        elif 0.65 <= kind < 0.75:
            header = self.bytes(header)
        token = signer.token(claims, header).encode()
        return self.bytes(token) if kind >= 0.75 else token


def ours(tokens, key_set, now):
    data = b"".join(struct.pack("<I", len(token)) + token for token in tokens)
    run = subprocess.run([PROGRAMS / "token_verdict", key_set, str(now)], input=data, stdout=subprocess.PIPE, check=True)
    return run.stdout.decode().split("\n")[:-1]


def explained(token, code):
    """Whether a disagreement is on the list."""
    row = STRICTER.get(code)
    return row is not None and bool(row[1](Seen(token)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=50000)
    parser.add_argument("--seed", type=int, default=20261125)
    options = parser.parse_args()
    now = int(time.time())
    signers = [Signer(name, f"key-{name}") for name in ("ES256", "EdDSA", "RS256", "PS256")]
    generator = Generator(signers, options.seed, now)
    tokens = [generator.token() for _ in range(options.count)]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "keys.json"
        write_key_set(path, [signer.jwk() for signer in signers])
        codes = ours(tokens, path, now)
    assert len(codes) == len(tokens), f"{len(codes)} verdicts about {len(tokens)} tokens"
    other = Theirs(signers)
    counts, stricter, wrong = collections.Counter(), collections.Counter(), 0
    for token, code in zip(tokens, codes):
        theirs = other.verdict(token)
        counts[code == "ok", theirs is None] += 1
        if (code == "ok") == (theirs is None):
            continue
        stricter[code] += 1
        if not explained(token, code):
            wrong += 1
            if wrong <= 20:
                print(f"we: {code}; the other: {theirs or 'accepts'}: {token!r}")
    print(f"{options.count} tokens: both accept {counts[True, True]}, both refuse {counts[False, False]}, "
          f"only we refuse {counts[False, True]}, only we accept {counts[True, False]}; unexplained {wrong}")
    for code, count in sorted(stricter.items()):
        print(f"  {count:6} {code}: {STRICTER[code][0] if code in STRICTER else '?'}")
    assert counts[True, True] > options.count / 20, "too few good tokens to compare anything"
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
