#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""headers.py COMPILER SOURCE_DIRECTORY GENERATED_DIRECTORY: every header of ours compiles alone, so that no file has to know
what another header needs."""
import concurrent.futures
import os
import pathlib
import subprocess
import sys


def problem(compiler, top, generated, header):
    """What the compiler says about a file that includes nothing but the header, twice."""
    name = header.relative_to(top).as_posix()
    text = f'#include "{name}"\n#include "{name}"\n'
    result = subprocess.run(
        [compiler, "-std=c17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wstrict-prototypes", "-Werror", "-fsyntax-only",
         f"-I{top}", f"-I{generated}", "-x", "c", "-"],
        input=text, text=True, capture_output=True, check=False)
    return result.stderr if result.returncode else ""


def main(compiler, source_directory, generated):
    top = pathlib.Path(source_directory)
    headers = sorted(path for folder in ("schemas", "daemon", "workers", "clients", "tests")
                     for path in (top / folder).rglob("*.h"))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = [text for text in pool.map(lambda h: problem(compiler, top, generated, h), headers) if text]
    print("".join(problems) + f"{len(headers)} headers, {len(problems)} problems")
    return 1 if problems or not headers else 0


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
