#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Keeps the commented example configurations in etc/ true to their schemas.

    example_configuration.py --check SCHEMA EXAMPLE    fails, with what differs
    example_configuration.py --write SCHEMA EXAMPLE    renews the comments in place

The comment above the first appearance of a key is its description, range and default from the schema; a setting
that is commented out ("#key: value", without the space of a sentence after the sign) stands at its default.
"""
import re
import sys
import textwrap

import yaml

WIDTH = 100
KEY = re.compile(r"^(?P<lead>#? *#?)(?P<dash>- )?(?P<key>[a-z_]+):(?P<value>( .*)?)$")


class Line:
    """A setting of the example, active or commented out."""

    def __init__(self, number, text, match):
        self.number = number
        self.text = text
        lead = match["lead"]
        self.is_commented = "#" in lead
        self.dash_width = len(match["dash"] or "")
        self.indent = len(lead) - self.is_commented + self.dash_width
        self.key = match["key"]
        self.value = match["value"].strip()
        self.path = None


def settings(lines):
    """Every setting in the text, with its path; lists are "name[]"."""
    found, stack, block_indent = [], [], None
    for number, text in enumerate(lines):
        plain = text.replace("#", "", 1) if text.lstrip().startswith("#") else text
        if block_indent is not None:
            if not plain.strip() or len(plain) - len(plain.lstrip()) > block_indent:
                continue
            block_indent = None
        match = KEY.match(text)
        if not match:
            continue
        line = Line(number, text, match)
        while stack and stack[-1][0] >= line.indent:
            stack.pop()
        if match["dash"] and stack and not stack[-1][1].endswith("[]"):
            stack[-1] = (stack[-1][0], stack[-1][1] + "[]")
        line.path = ".".join([name for _, name in stack] + [line.key])
        stack.append((line.indent, line.key))
        if line.value in ("|", ">", ">-", "|-"):
            block_indent = line.indent
        found.append(line)
    return found


def uncommented(text):
    """The example with every setting active."""
    lines = text.split("\n")
    for line in settings(lines):
        if line.is_commented:
            lines[line.number] = lines[line.number].replace("#", "", 1)
    return "\n".join(lines)


def properties(schema, prefix=""):
    """(path, schema, is required) of every key that the schema has."""
    for key, member in schema.get("properties", {}).items():
        path = prefix + key
        yield path, member, key in schema.get("required", [])
        if member.get("type") == "object":
            yield from properties(member, path + ".")
        elif member.get("type") == "array" and member["items"].get("type") == "object":
            yield from properties(member["items"], path + "[].")


def comment(member, is_required):
    """The words above a setting."""
    words = [member["description"]]
    if "enum" in member:
        words.append("One of " + ", ".join(str(name) for name in member["enum"]) + ".")
    if "minimum" in member:
        words.append(f"From {member['minimum']} to {member['maximum']}.")
    if member.get("type") == "string" and "pattern" in member and "maxLength" in member:
        words.append(f"At most {member['maxLength']} characters.")
    if "default" in member:
        default = member["default"]
        words.append(f"Default: {str(default).lower() if isinstance(default, bool) else default}.")
    if is_required:
        words.append("Required.")
    return " ".join(words)


def comment_lines(line, member, is_required):
    """The comment, so that taking away the first sign of a commented section leaves a commented section."""
    in_section = line.text.startswith("#") and line.indent > 0
    start = ("#" if in_section else "") + " " * (line.indent - line.dash_width) + "# "
    return textwrap.wrap(comment(member, is_required), WIDTH, initial_indent=start,
                         subsequent_indent=start, break_long_words=False, break_on_hyphens=False)


def above(lines, number):
    """Where the block of prose directly above a line begins."""
    start = number
    while start > 0 and re.match(r"^#? *# ", lines[start - 1]) and not KEY.match(lines[start - 1]):
        start -= 1
    return start


def problems(schema, lines):
    known = {path: (member, is_required) for path, member, is_required in properties(schema)}
    seen = set()
    for line in settings(lines):
        if line.path not in known:
            yield line, f"{line.path} is not a key of the schema", None
            continue
        member, is_required = known[line.path]
        is_scalar = member.get("type") not in ("object", "array")
        if line.is_commented and "default" in member and is_scalar:
            if yaml.safe_load(line.value) != member["default"]:
                yield line, f"{line.path} is {line.value}, its default is {member['default']}", None
        if line.path in seen:
            continue
        seen.add(line.path)
        wanted = comment_lines(line, member, is_required)
        if lines[above(lines, line.number):line.number] != wanted:
            yield line, f"the comment of {line.path} is not the schema's", wanted
    for path in known.keys() - seen:
        yield None, f"{path} is missing", None


def main(mode, schema_path, example_path):
    with open(schema_path, encoding="utf-8") as file:
        schema = yaml.safe_load(file)
    with open(example_path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    if mode == "--write":
        for line, _, wanted in sorted((p for p in problems(schema, lines) if p[2]),
                                      key=lambda p: -p[0].number):
            lines[above(lines, line.number):line.number] = wanted
        with open(example_path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))
    count = 0
    for line, text, _ in problems(schema, lines):
        where = f"{example_path}:{line.number + 1 if line else 0}"
        print(f"{where}: {text}", file=sys.stderr)
        count += 1
    return 1 if count else 0


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in ("--check", "--write"):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
