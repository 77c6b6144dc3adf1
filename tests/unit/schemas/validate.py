#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""validate.py FOLDER COMPILER: every FOLDER/*.yaml is a JSON Schema of draft 2020-12 as a stock validator sees it, its $id is
its name, its examples and defaults hold, and the JSON that the compiler embeds says the same. Exit 77 without the modules."""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)


def subschemas(schema, where):
    """Every schema in a schema, with the place where it stands."""
    yield where, schema
    for name, below in schema.get("properties", {}).items():
        yield from subschemas(below, f"{where}.{name}")
    if "items" in schema:
        yield from subschemas(schema["items"], f"{where}[]")


def validator_of(schema, everything):
    resolver = jsonschema.RefResolver("", schema, store=everything)
    return jsonschema.Draft202012Validator(schema, resolver=resolver,
                                           format_checker=jsonschema.FormatChecker())


def check_values(name, schema, everything):
    for where, below in subschemas(schema, name):
        values = list(below.get("examples", []))
        if "default" in below:
            values.append(below["default"])
        alone = {key: value for key, value in below.items() if key != "$id"}
        for value in values:
            for error in validator_of(alone, everything).iter_errors(value):
                yield f"{where}: {value!r} does not hold: {error.message}"


def unescape(literal):
    return re.sub(rb"\\(n|[0-7]{3}|.)",
                  lambda m: b"\n" if m[1] == b"n" else bytes([int(m[1], 8)]) if len(m[1]) == 3 else m[1], literal)


def embedded(compiler, paths):
    """The JSON texts that the compiler puts into messages.c, in order of name."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([compiler, "--output-dir", folder, *map(str, paths)], check=True)
        source = pathlib.Path(folder, "messages.c").read_bytes()
    for match in re.finditer(rb"\.json =\s*((?:\"(?:\\.|[^\"\\])*\"\s*)+),", source):
        pieces = re.findall(rb"\"((?:\\.|[^\"\\])*)\"", match[1])
        yield json.loads(unescape(b"".join(pieces)))


def problems(folder, compiler):
    paths = sorted(folder.glob("*.yaml"))
    schemas = {path.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in paths}
    if not schemas:
        yield f"no schemas in {folder}"
    for name, schema in schemas.items():
        if schema.get("$id") != name:
            yield f"{name}: $id is {schema.get('$id')!r}"
        try:
            jsonschema.Draft202012Validator.check_schema(schema)
        except jsonschema.SchemaError as error:
            yield f"{name}: {error.message}"
        yield from check_values(name, schema, schemas)
    texts = {schema["$id"]: schema for schema in embedded(compiler, paths)}
    for name, schema in schemas.items():
        if texts.get(name) != schema:
            yield f"{name}: the embedded JSON differs"


def main():
    found = list(problems(pathlib.Path(sys.argv[1]), sys.argv[2]))
    for problem in found:
        print(problem)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
