#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""mutants.py [NAME...]: makes each of the mutants of edits.py in a copy of the tree, one at a time, and runs the test that should kill
it, then, if it lives, all the other tests of what decides about access. A mutant that outlives them is a failure: a check that no test
would miss. So is one that cannot be made any more because the line it changes is gone. The last line is "made N, killed K"; the exit
code is 0 when they are the same."""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

from edits import MUTANTS

TOP = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("schemas", "daemon", "workers", "clients", "etc", "tests", "CMakeLists.txt", "CMakePresets.json")
PROGRAMS = ("exportd", "exportctl", "export-worker", "fixture")
LONGEST = 120  # seconds; a mutant that hangs is dead as well


def copy(folder):
    for name in FOLDERS:
        source = TOP / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "corpus"))
        elif source.exists():
            shutil.copy2(source, folder / name)
    (folder / "tests/fuzz/corpus").mkdir(exist_ok=True)


def run(arguments, **options):
    return subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **options)


class Tree:
    """The copy, and the tests that can be run in it."""

    def __init__(self, folder):
        self.folder = folder
        copy(folder)
        # Mutants leave functions and variables that nothing uses, which are no errors here.
        result = run(["cmake", "-S", str(folder), "-B", str(folder / "build"), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug"])
        if result.returncode:
            sys.exit(result.stdout)
        listed = "".join((folder / f"tests/unit/daemon/{name}/CMakeLists.txt").read_text(encoding="utf-8") for name in ("auth", "net"))
        self.units = [name for name in re.findall(r"exportd_unit_test\((\w+)", listed) if "wycheproof" not in name]

    def build(self, *targets):
        """Nothing, or what the compiler said."""
        result = run(["cmake", "--build", str(self.folder / "build"), "--target", *targets])
        return result.stdout if result.returncode else None

    def passes(self, test):
        environment = {**os.environ, "EXPORTD_BIN": str(self.folder / "build/bin"), "EXPORTD_TEST_TIMEOUT": "5"}
        if "." in test:
            file, method = test.split(".")
            arguments = ["/usr/bin/python3", "-B", f"tests/integration/{file}.py", "-k", method]
        else:
            arguments = [str(self.folder / "build/bin" / test)]
        try:
            return run(arguments, cwd=self.folder, env=environment, timeout=LONGEST).returncode == 0
        except subprocess.TimeoutExpired:
            return False

    def killer(self, test):
        """The test that fails, or None."""
        failure = self.build(*(PROGRAMS if "." in test else (test,)))
        if failure:
            sys.exit(failure)
        if not self.passes(test):
            return test
        failure = self.build(*self.units)
        if failure:
            sys.exit(failure)
        return next((unit for unit in self.units if unit != test and not self.passes(unit)), None)


def make(tree, mutant):
    name, test, file, there, planted = mutant
    path = tree.folder / file
    before = path.read_text(encoding="utf-8")
    if before.count(there) != 1:
        print(f"{name}: {file} has it {before.count(there)} times", flush=True)
        return False
    since = time.monotonic()
    path.write_text(before.replace(there, planted), encoding="utf-8")
    killer = tree.killer(test)
    path.write_text(before, encoding="utf-8")
    print(f"{name}: {'killed by ' + killer if killer else 'LIVES'} ({time.monotonic() - since:.1f} s)", flush=True)
    return killer is not None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    mutants = [mutant for mutant in MUTANTS if not options.names or mutant[0] in options.names]
    with tempfile.TemporaryDirectory() as name:
        tree = Tree(pathlib.Path(name))
        failure = tree.build(*PROGRAMS, *tree.units)
        if failure:
            sys.exit(failure)
        for test in sorted({mutant[1] for mutant in mutants}):
            if not tree.passes(test):
                sys.exit(f"{test} fails in the tree as it is; nothing can be killed by it")
        killed = sum(make(tree, mutant) for mutant in mutants)
    print(f"made {len(mutants)}, killed {killed}")
    return killed != len(mutants)


if __name__ == "__main__":
    sys.exit(main())
