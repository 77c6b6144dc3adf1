#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""check.py RULE SOURCE_DIRECTORY: one rule of STYLE.md or DESIGN.md section 10, over every file that is ours.

    arrows    which folder may include which, and the pure core
    sizes     no file over 400 lines, no C function over 60
    words     the SPDX line, no notes for later, no absolute paths of a machine
    itself    that each of these finds what it is for
"""
import pathlib
import re
import sys

FOLDERS = ("schemas", "daemon", "workers", "clients", "etc", "tests")
SUFFIXES = (".c", ".h", ".py", ".sh", ".cmake", ".def", ".sql")
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.M)

# What a folder may include beside itself; the longest prefix of a file decides. Generated headers are part of
# schemas/. Tests may include everything.
ARROWS = {
    "schemas/": ["schemas/"],
    "daemon/": ["schemas/", "daemon/"],
    "daemon/config/": ["schemas/"],
    "daemon/core/": ["schemas/"],
    "daemon/auth/": ["schemas/"],
    "daemon/store/": ["schemas/"],
    "daemon/net/": ["schemas/"],
    "workers/": ["schemas/", "workers/"],
    "workers/sources/": ["schemas/"],
    "workers/bundle/": ["schemas/"],
    "workers/runtime/": ["schemas/", "workers/sources/", "workers/bundle/"],
    "clients/": ["schemas/", "clients/"],
    "clients/library/": ["schemas/"],
}

# The core decides and does nothing: no header through which it could reach a clock, a file or a socket.
PURE = "daemon/core/"
PURE_SYSTEM = {"assert.h", "ctype.h", "errno.h", "inttypes.h", "limits.h", "math.h", "stdalign.h", "stdbool.h",
               "stddef.h", "stdint.h", "stdlib.h", "string.h"}
IMPURE_CALLS = re.compile(r"\b(log_\w+|mono_now|wall_now|clock_\w+now|uuid_new\w*|uuid_make\w*|time|rand|random|"
                          r"getrandom|printf|fprintf|open|read|write|system|getenv|abort|exit)\s*\(")

LINES_OF_FILE = 400
LINES_OF_FUNCTION = 60
LATER = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
MACHINE_PATH = re.compile(r'(^|[\s"\'=(:])/(home|root|work|farm|Users|mnt)/')


def ours(top):
    """(name relative to the top, text) of every file of ours."""
    for folder in FOLDERS:
        for path in sorted((top / folder).rglob("*")):
            is_code = path.suffix in SUFFIXES or path.name == "CMakeLists.txt"
            name = path.relative_to(top).as_posix()
            if path.is_file() and is_code and "/corpus/" not in name and "__pycache__" not in name:
                yield name, path.read_text(encoding="utf-8")


def without_comments(text):
    """C text with comments and string contents blanked, lines kept."""
    def blank(match):
        kept = match.group()
        return re.sub(r"[^\n]", " ", kept) if kept[0] == "/" else kept[0] + " " * (len(kept) - 2) + kept[-1]
    return re.sub(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def arrows(name, text):
    if not name.endswith((".c", ".h", ".def")) or name.startswith("tests/"):
        return
    room = max((prefix for prefix in ARROWS if name.startswith(prefix)), key=len)
    allowed = [room] + ARROWS[room]
    for match in INCLUDE.finditer(text):
        kind, header = match.groups()
        where = line_of(text, match.start(2))
        if kind == '"' and "/" not in header:
            yield where, f'"{header}" is not relative to the root'
        elif kind == '"' and not any(header.startswith(prefix) for prefix in allowed):
            yield where, f"{room} must not include {header}"
        elif kind == '"' and room == PURE and header == "schemas/base/log.h":
            yield where, "the core does not log"
        elif kind == "<" and room == PURE and header not in PURE_SYSTEM:
            yield where, f"the core must not include <{header}>"
    if room == PURE:
        for match in IMPURE_CALLS.finditer(without_comments(text)):
            yield line_of(text, match.start()), f"the core must not call {match.group(1)}()"


def sizes(name, text):
    count = text.count("\n")
    if count > LINES_OF_FILE:
        yield count, f"{count} lines; {LINES_OF_FILE} are allowed"
    if not name.endswith(".c"):
        return
    # With the house's braces a function begins at a "{" and ends at a "}" in the first column.
    begin = None
    for number, line in enumerate(without_comments(text).split("\n"), 1):
        if line.startswith("{"):
            begin = number
        elif line.startswith("}") and begin:
            if number - begin + 1 > LINES_OF_FUNCTION + 2:
                yield begin, f"a function of {number - begin + 1} lines; {LINES_OF_FUNCTION} are allowed"
            begin = None


def words(name, text):
    head = "\n".join(text.split("\n")[:2])
    wanted = "SPDX-License-Identifier: MIT"
    if name.endswith((".c", ".h")) and not re.match(r"(// |/\* )" + wanted + r"( \*/)?\n", text):
        yield 1, "the first line is not " + wanted
    elif name.endswith((".py", ".sh", ".sql")) and wanted not in head:
        yield 1, "no " + wanted + " in the first two lines"
    for number, line in enumerate(text.split("\n"), 1):
        if LATER.search(line):
            yield number, "a note for later"
        if MACHINE_PATH.search(line):
            yield number, "an absolute path of one machine"
        if line != line.rstrip():
            yield number, "blanks at the end of the line"
        if "\t" in line and not name.endswith((".c", ".h")):
            yield number, "a tab"


RULES = {"arrows": arrows, "sizes": sizes, "words": words}

# (rule, file, text, how many problems)
OFFENCES = [
    (arrows, "daemon/core/a.c", '#include "daemon/store/store.h"\n', 1),
    (arrows, "daemon/core/a.c", "#include <stdio.h>\n", 1),
    (arrows, "daemon/core/a.c", "int a(void)\n{\n    return mono_now();\n}\n", 1),
    (arrows, "daemon/core/a.c", '#include "schemas/base/text.h"\n/* printf() */\n', 0),
    (arrows, "daemon/turn.c", '#include "daemon/store/store.h"\n', 0),
    (arrows, "workers/sources/a.c", '#include "workers/bundle/bag.h"\n', 1),
    (arrows, "workers/bundle/a.c", '#include "workers/runtime/slot.h"\n', 1),
    (arrows, "workers/runtime/a.c", '#include "workers/bundle/bag.h"\n', 0),
    (arrows, "clients/library/a.c", '#include "daemon/turn.h"\n', 1),
    (arrows, "schemas/codec/a.c", '#include "clients/library/exportclient.h"\n', 1),
    (arrows, "daemon/net/a.c", '#include "a.h"\n', 1),
    (sizes, "daemon/a.c", "\n" * 401, 1),
    (sizes, "daemon/a.c", "void f(void)\n{\n" + "    g();\n" * 61 + "}\n", 1),
    (sizes, "daemon/a.c", "void f(void)\n{\n" + "    g();\n" * 60 + "}\n", 0),
    (words, "daemon/a.c", "int a;\n", 1),
    (words, "daemon/a.c", "// SPDX-License-Identifier: MIT\n/* TO" "DO */\n", 1),
    (words, "etc/a.sh", "#!/bin/sh\n# SPDX-License-Identifier: MIT\ncd /ho" "me/someone\n", 1),
]


def itself():
    """The number of offences that a rule judged wrongly."""
    wrong = 0
    for rule, name, text, expected in OFFENCES:
        found = list(rule(name, text))
        if len(found) != expected:
            wrong += 1
            print(f"{rule.__name__}: {name}: {text[:60]!r}: {expected} expected, found {found}")
    return wrong


def main():
    if sys.argv[1:2] == ["itself"]:
        return 1 if itself() else 0
    if len(sys.argv) != 3 or sys.argv[1] not in RULES:
        sys.exit(__doc__)
    rule, top = RULES[sys.argv[1]], pathlib.Path(sys.argv[2])
    files = problems = 0
    for name, text in ours(top):
        files += 1
        for line, problem in rule(name, text):
            problems += 1
            print(f"{name}:{line}: {problem}")
    print(f"{files} files, {problems} problems")
    return 1 if problems or not files else 0


if __name__ == "__main__":
    sys.exit(main())
