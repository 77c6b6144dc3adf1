#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Keeps schemas/README.md true to the schemas.

    wire_readme.py --check SOURCE_DIRECTORY    fails, with what is wrong
    wire_readme.py --write SOURCE_DIRECTORY    renews the generated parts in place

Between a mark and <!-- end --> stands what this program makes:

    <!-- fields NAME -->     the fields of schemas/NAME.yaml
    <!-- values NAME -->     the values of an enumeration
    <!-- errors -->          the table of schemas/base/errors.def
    <!-- limits -->          the bounds of schemas/base/limits.h that a peer meets
    <!-- bounds -->          the bounds on peers that exportd.yaml sets
    <!-- hex NAME -->        the JSON block right above it as msgpack, which must be valid for schemas/NAME.yaml

The JSON of an example is written by hand; everything else about it is made from it.
"""
import json
import pathlib
import re
import sys

import jsonschema
import msgpack
import yaml

MARK = re.compile(r"<!-- (fields|values|errors|limits|bounds|hex)(?: ([\w.-]+))? -->\n(.*?)<!-- end -->", re.S)
JSON_ABOVE = re.compile(r"```json\n((?:(?!```).)*)```\s*$", re.S)
ERROR_ROW = re.compile(r'^ERROR_ROW\(\w+, (\d+), "(\w+)", "(\w+)", "((?:[^"\\]|\\.)*)"\)', re.M)
LIMIT = re.compile(r"^#define (LIMIT_(?:MESSAGE_BYTES|DEPTH|ELEMENTS|MAP_KEYS|STRING_BYTES|TOKEN_BYTES|ENVELOPE_\w+|UNFINISHED_BYTES|TOPIC_BYTES))"
                   r"\s+(\d+)\s+/\*\s*(.*?)\s*\*/", re.M)
HEX_WIDTH = 96
LONG = 2 ** 53 - 1
STORED = {"operationResult"}  # in the daemon's store only


class Wire:
    """The schemas, and what the README says about them."""

    def __init__(self, top):
        self.folder = top / "schemas"
        self.schemas = {}
        for path in sorted(self.folder.glob("*.yaml")):
            if not path.name.endswith(".configuration.yaml") and path.name[:-5] not in STORED:
                self.schemas[path.name[:-5]] = yaml.safe_load(path.read_text(encoding="utf-8"))
        self.store = {schema["$id"]: schema for schema in self.schemas.values()}
        self.problems = []
        self.seen = set()

    def type_of(self, member):
        """The type of a field in words."""
        if "$ref" in member:
            name = member["$ref"][:-5]
            return f"[{name}](#{name.lower()})"
        if "const" in member:
            return f"`{member['const']}`"
        types = member["type"] if isinstance(member["type"], list) else [member["type"]]
        kind = types[0]
        words = {"object": "map", "array": "array", "boolean": "boolean"}.get(kind, "")
        if kind == "string":
            words = {"uuid": "UUID", "date-time": "date-time"}.get(member.get("format"), "text")
            if "enum" in member:
                words = " or ".join(f"`{value}`" for value in member["enum"])
            elif words == "text":
                words += f", {member.get('minLength', 0)} to {member['maxLength']} characters"
            if "pattern" in member:
                pattern = member["pattern"].replace("|", "\\|")
                words += f", `{pattern}`"
        elif kind in ("integer", "number"):
            maximum = {LONG: "2⁵³−1", 2 ** 63 - 1: "2⁶³−1"}.get(member["maximum"], member["maximum"])
            words = f"{kind}, {member['minimum']} to {maximum}"
        elif kind == "array":
            words = f"array of up to {member['maxItems']}: {self.type_of(member['items'])}"
        if "null" in types:
            words += ", or null"
        if "default" in member:
            words += f"; {member['default']} when left out"
        return words

    def rows(self, schema, prefix=""):
        for name, member in schema["properties"].items():
            needed = "yes" if name in schema.get("required", []) else "no"
            text = " ".join(member["description"].split()).replace("|", "\\|")
            yield f"| `{prefix}{name}` | {self.type_of(member)} | {needed} | {text} |"
            if member.get("type") == "object":
                yield from self.rows(member, prefix + name + ".")

    def fields(self, name):
        schema = self.schemas[name]
        lines = [" ".join(schema["description"].split()), "", "| field | type | always | meaning |", "| --- | --- | --- | --- |"]
        return "\n".join(lines + list(self.rows(schema))) + "\n"

    def values(self, name):
        schema = self.schemas[name]
        return " ".join(schema["description"].split()) + "\n\n" + ", ".join(f"`{v}`" for v in schema["enum"]) + ".\n"

    def errors(self, _):
        rows = ERROR_ROW.findall((self.folder / "base/errors.def").read_text(encoding="utf-8"))
        lines = ["| status | code | innerError.code | meaning |", "| --- | --- | --- | --- |"]
        return "\n".join(lines + [f"| {s} | `{o}` | `{i}` | {m} |" for s, o, i, m in rows]) + "\n"

    def limits(self, _):
        rows = LIMIT.findall((self.folder / "base/limits.h").read_text(encoding="utf-8"))
        return "\n".join(["| at most | of |", "| --- | --- |"] + [f"| {n} | {text} |" for _, n, text in rows]) + "\n"

    def bounds(self, _):
        configuration = yaml.safe_load((self.folder / "exportd.configuration.yaml").read_text(encoding="utf-8"))
        settings = configuration["properties"]["sockets"]["properties"]
        rows = [(s["default"], name, s["description"]) for name, s in settings.items() if s["type"] == "integer"]
        return "\n".join(["| default | setting in `sockets` | meaning |", "| ---: | --- | --- |"] +
                         [f"| {d} | `{name}` | {text} |" for d, name, text in rows]) + "\n"

    def hex(self, name, above, where):
        match = JSON_ABOVE.search(above)
        if not match:
            self.problems.append(f"{where}: no JSON above the hex of {name}")
            return ""
        try:
            value = json.loads(match.group(1))
            self.validate(name, value)
        except (ValueError, jsonschema.ValidationError) as error:
            self.problems.append(f"{where}: the example of {name}: {error}")
            return ""
        digits = msgpack.packb(value, use_bin_type=True).hex()
        lines = [digits[at:at + HEX_WIDTH] for at in range(0, len(digits), HEX_WIDTH)]
        return "```hex\n" + "\n".join(lines) + "\n```\n"

    def validate(self, name, value):
        schema = self.schemas[name]
        resolver = jsonschema.RefResolver(schema["$id"], schema, store=self.store)
        jsonschema.Draft202012Validator(schema, resolver=resolver,
                                        format_checker=jsonschema.draft202012_format_checker).validate(value)

    def renewed(self, text):
        """The README with its generated parts made anew."""
        def part(match):
            kind, name, _ = match.groups()
            where = f"line {text.count(chr(10), 0, match.start()) + 1}"
            if kind in ("fields", "values", "hex") and name not in self.schemas:
                self.problems.append(f"{where}: there is no schema {name}")
                return match.group()
            self.seen.add((kind, name))
            made = self.hex(name, text[:match.start()], where) if kind == "hex" else getattr(self, kind)(name)
            head = f"<!-- {kind} {name} -->" if name else f"<!-- {kind} -->"
            return f"{head}\n{made}<!-- end -->"
        return MARK.sub(part, text)

    def missing(self):
        """What the README leaves out."""
        for name, schema in self.schemas.items():
            kind = "fields" if schema["type"] == "object" else "values"
            if (kind, name) not in self.seen:
                yield f"{name} is not described"
            is_message = name.endswith((".request", ".reply", ".report")) or name in ("job", "notice", "event")
            if is_message and ("hex", name) not in self.seen:
                yield f"{name} has no example"
        for kind in ("errors", "limits", "bounds"):
            if (kind, None) not in self.seen:
                yield f"the {kind} are missing"

    @staticmethod
    def dead_links(text):
        headings = {re.sub(r"[^\w -]", "", h).strip().lower().replace(" ", "-")
                    for h in re.findall(r"^#+ (.*)$", text, re.M)}
        for link in sorted(set(re.findall(r"\]\(#([^)]*)\)", text)) - headings):
            yield f"the link #{link} leads nowhere"

    def misread(self, text):
        """Examples whose hex, as it is printed, does not say what the JSON beside it says."""
        for match in MARK.finditer(text):
            if match.group(1) != "hex":
                continue
            value = json.loads(JSON_ABOVE.search(text[:match.start()]).group(1))
            digits = "".join(re.findall(r"^[0-9a-f]+$", match.group(3), re.M))
            if msgpack.unpackb(bytes.fromhex(digits)) != value:
                yield f"the hex of {match.group(2)} is not its JSON"


def main(mode, source_directory):
    top = pathlib.Path(source_directory)
    path = top / "schemas/README.md"
    text = path.read_text(encoding="utf-8")
    wire = Wire(top)
    renewed = wire.renewed(text)
    if mode == "--write":
        path.write_text(renewed, encoding="utf-8")
        text = renewed
    elif renewed != text:
        wire.problems.append("it is not up to date; run tests/support/wire_readme.py --write .")
    problems = wire.problems + list(wire.missing())
    if not problems:
        problems = list(wire.misread(text)) + list(wire.dead_links(text))
    for problem in problems:
        print(f"schemas/README.md: {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("--check", "--write"):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
