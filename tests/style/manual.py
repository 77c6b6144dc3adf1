#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""manual.py PROGRAM PAGE: the manual page has every option that PROGRAM -h names, and COMMAND -h for each command that it
lists, and no other; man formats it without a warning."""
import os
import re
import subprocess
import sys

LONG = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
SHORT = re.compile(r"(?<![\w-])-[A-Za-z](?![\w-])")


def options(text):
    return set(LONG.findall(text)) | set(SHORT.findall(text))


def main(program, page):
    help_run = subprocess.run([program, "-h"], capture_output=True, text=True, check=False)
    if help_run.returncode != 0:
        print(f"{program} -h exits with {help_run.returncode}")
        return 1
    offered = options(help_run.stdout)
    listed = re.search(r"^Commands:\n((?:  .*\n)+)", help_run.stdout, re.M)
    for command in re.findall(r"^  (\w+)", listed.group(1), re.M) if listed else []:
        offered |= options(subprocess.run([program, command, "-h"], capture_output=True, text=True, check=True).stdout)
    with open(page, encoding="utf-8") as file:
        source = file.read()
    # Options as roff writes them: \-\-config, \-c.
    described = options(re.sub(r"\\f[BIRP]", " ", source.replace("\\-", "-")))
    formatted = subprocess.run(["man", "--warnings", "-l", "-E", "UTF-8", page], capture_output=True, text=True,
                               env=dict(os.environ, MANWIDTH="100", LC_ALL="C.UTF-8"), check=False)
    problems = [f"{option} is not in the page" for option in sorted(offered - described)]
    problems += [f"{option} is in the page, but not in -h" for option in sorted(described - offered)]
    problems += [line for line in formatted.stderr.splitlines() if "warning" in line]
    if not offered:
        problems.append("-h names no option")
    print("\n".join(problems) or f"{len(offered)} options")
    return 1 if problems else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
