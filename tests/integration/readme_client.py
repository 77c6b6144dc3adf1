#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs the Python client of README.md as it is printed there: the ```python block after the line
<!-- client -->. It exports one user and watches until the end.
EXPORTD_README names another file."""
import os
import pathlib
import re
import signal
import subprocess
import sys

import bundle
import harness

README = pathlib.Path(os.environ.get("EXPORTD_README", harness.ROOT / "README.md"))
SKIPPED = 77


def client_text():
    text = README.read_text() if README.exists() else ""
    found = re.search(r"<!-- client -->\s*```python\n(.*?)```", text, re.DOTALL)
    return found and found.group(1)


class ReadmeClient(harness.Case):
    def setUp(self):
        self.made = self.installation()
        self.program = self.made.directory / "client.py"
        self.program.write_text(client_text())
        (self.made.directory / "token").write_text(self.made.token() + "\n")

    def start(self, user_id):
        environment = {**os.environ, "EXPORTD_REQUESTS": self.made.endpoint("requests"),
                       "EXPORTD_STATUS": self.made.endpoint("status"),
                       "EXPORTD_TOKEN": self.made.token(), "PYTHONUNBUFFERED": "1"}
        if self.made.prepare:
            secrets = self.made.keys.secrets
            environment.update(EXPORTD_CERTIFICATE=str(secrets / "backend.key_secret"),
                               EXPORTD_SERVER_CERTIFICATE=str(secrets / "exportd.key"))
        child = subprocess.Popen([sys.executable, self.program, user_id], env=environment,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                 preexec_fn=harness.end_with_parent)
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.stderr.close)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        return child

    def finish(self, child):
        output, errors = child.communicate(timeout=harness.TIMEOUT)
        return child.returncode, output, errors

    def test_it_exports_and_watches_until_the_bundle_is_there(self):
        self.made.start()
        code, output, errors = self.finish(self.start(self.made.user_id(3)))
        self.assertEqual((code, errors), (0, ""), output)
        (operation,) = self.made.client().pages("listOperations")
        self.assertIn(operation["storageLocation"], output)
        bundle.check_person(self.made, operation, 0, 3)

    def test_it_says_what_is_wrong_and_fails(self):
        self.made.start()
        code, output, errors = self.finish(self.start("0badf00d-0000-4000-8000-000000000000"))
        self.assertNotEqual(code, 0)
        self.assertIn("notFound", output + errors)

    def test_it_outlives_a_restart_of_the_daemon_and_asks_for_one_export_only(self):
        self.made.start_daemon()
        child = self.start(self.made.user_id(3))
        self.assertIn("notStarted", child.stdout.readline())
        self.made.daemon.stop(signal.SIGKILL)
        self.made.start_daemon()
        self.made.start_worker(0)
        code, _, errors = self.finish(child)
        self.assertEqual((code, errors), (0, ""))
        self.assertEqual(len(list(self.made.client().pages("listOperations"))), 1)

    def test_it_waits_for_a_daemon_that_is_not_there_yet(self):
        child = self.start(self.made.user_id(3))
        self.made.start()
        code, _, errors = self.finish(child)
        self.assertEqual((code, errors), (0, ""))
        self.assertEqual(len(list(self.made.client().pages("listOperations"))), 1)


if __name__ == "__main__":
    if not client_text():
        print("README.md has no client: no ```python block after <!-- client -->")
        sys.exit(SKIPPED)
    harness.main()
