# SPDX-License-Identifier: MIT
"""A second opinion on requests: which bytes are one, by python3-msgpack, the limits of schemas/base/limits.h and the
schemas as YAML. Nothing is shared with the project's codec."""
import functools
import pathlib
import re
import uuid

import msgpack
import yaml

SCHEMAS = pathlib.Path(__file__).resolve().parents[2] / "schemas"
LIMITS = {name: int(value) for name, value in re.findall(
    r"#define LIMIT_(\w+)\s+(\d+)", (SCHEMAS / "base/limits.h").read_text(encoding="utf-8"))}
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}


class Refused(Exception):
    """The bytes are no request."""


@functools.cache
def load(name):
    return yaml.safe_load((SCHEMAS / name).read_text(encoding="utf-8"))


def requests():
    """Every request's schema by its type."""
    found = (load(path.name) for path in sorted(SCHEMAS.glob("*.request.yaml")))
    return {schema["properties"]["type"]["const"]: schema for schema in found}


class Pairs(list):
    """A map as it came, with keys that may come twice."""


def refuse_extension(*_):
    raise Refused("extension")


def unpack(data):
    if len(data) > LIMITS["MESSAGE_BYTES"]:
        raise Refused("size")
    try:
        return msgpack.unpackb(
            data, raw=False, use_list=True, strict_map_key=False, ext_hook=refuse_extension,
            object_pairs_hook=Pairs, timestamp=0)
    except Refused:
        raise
    except (ValueError, OverflowError, RecursionError, msgpack.UnpackException) as error:
        raise Refused("msgpack") from error


def bound(value, depth, counts):
    """The value with its maps as dict; counts[0] is how many values there are."""
    counts[0] += 1
    if counts[0] > LIMITS["ELEMENTS"]:
        raise Refused("elements")
    if isinstance(value, (str, bytes)):
        size = len(value.encode() if isinstance(value, str) else value)
        if size > LIMITS["STRING_BYTES"] or (isinstance(value, str) and "\0" in value):
            raise Refused("string")
        return value
    if isinstance(value, msgpack.Timestamp):
        raise Refused("extension")
    if isinstance(value, (Pairs, list)) and depth == LIMITS["DEPTH"]:
        raise Refused("depth")
    if isinstance(value, Pairs):
        return bound_map(value, depth, counts)
    if isinstance(value, list):
        return [bound(item, depth + 1, counts) for item in value]
    return value


def bound_map(pairs, depth, counts):
    found = {}
    if len(pairs) > LIMITS["MAP_KEYS"]:
        raise Refused("keys")
    for key, value in pairs:
        if not isinstance(key, str) or key in found or "\0" in key:
            raise Refused("key")
        if len(key.encode()) > LIMITS["STRING_BYTES"]:
            raise Refused("key")
        found[key] = bound(value, depth + 1, counts)
    return found


def check(value, schema):
    if "$ref" in schema:
        return check(value, load(schema["$ref"]))
    if "const" in schema:
        if value != schema["const"] or not isinstance(value, str):
            raise Refused("const")
        return None
    wanted = TYPES[schema["type"]]
    if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
        raise Refused("type")
    {"object": check_map, "array": check_list, "string": check_text,
     "integer": check_integer, "boolean": lambda *_: None}[schema["type"]](value, schema)
    return None


def check_map(value, schema):
    if set(schema.get("required", ())) - set(value) or set(value) - set(schema["properties"]):
        raise Refused("fields")
    for name, below in value.items():
        check(below, schema["properties"][name])


def check_list(value, schema):
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        raise Refused("items")
    for item in value:
        check(item, schema["items"])


def check_text(value, schema):
    if "enum" in schema and value not in schema["enum"]:
        raise Refused("enum")
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        raise Refused("length")
    if "pattern" in schema and not re.fullmatch(schema["pattern"].rstrip("$") + r"\Z", value):
        raise Refused("pattern")
    if schema.get("format") == "uuid" and not UUID.match(value):
        raise Refused("uuid")


def check_integer(value, schema):
    if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        raise Refused("range")


class Model:
    """Judges bytes."""

    def __init__(self):
        self.schemas = requests()

    def accepts(self, data):
        try:
            value = unpack(data)
            if not isinstance(value, Pairs):
                raise Refused("no map")
            value = bound(value, 0, [0])
            schema = self.schemas.get(value.get("type")) if isinstance(value.get("type"), str) else None
            if schema is None:
                raise Refused("kind")
            check_map(value, schema)
        except Refused:
            return False
        return True


def example(schema, source):
    """A value that the schema accepts, with optional fields now and then."""
    if "$ref" in schema:
        return example(load(schema["$ref"]), source)
    if "const" in schema:
        return schema["const"]
    kind = schema["type"]
    if kind == "object":
        required = schema.get("required", ())
        return {name: example(below, source) for name, below in schema["properties"].items()
                if name in required or source.random() < 0.5}
    if kind == "array":
        most = min(schema.get("maxItems", 4), 4)
        return [example(schema["items"], source) for _ in range(source.randint(schema.get("minItems", 0), most))]
    if kind == "integer":
        low = schema.get("minimum", -(1 << 53))
        high = schema.get("maximum", 1 << 53)
        return source.choice((low, high, source.randint(low, high), min(high, max(low, 1))))
    if kind == "boolean":
        return source.random() < 0.5
    if "enum" in schema:
        return source.choice(schema["enum"])
    if schema.get("format") == "uuid":
        return str(uuid.UUID(int=source.getrandbits(128)))
    size = source.randint(schema.get("minLength", 0), min(schema.get("maxLength", 8), 8))
    return "".join(source.choice("abcXYZ019-") for _ in range(size))
