#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""zmq_mutations.py [--connections N] [--seed N]: greetings, commands and frames with mistakes in them, on so many
connections without security and as many under CURVE: no crash, no growth, and the others are served.
reliability: Z05."""
import argparse
import subprocess
import sys
import unittest

import curve
import harness
import zmtp

GROWTH_BYTES = 5 << 20
AT_ONCE = 1000
arguments = argparse.Namespace(connections=harness.share(250000, 3000), seed=1)


class Mutations(harness.Case):
    mechanism = "NULL"

    def make(self):
        made = zmtp.Installation()
        self.addCleanup(made.close)
        return made

    def say(self, made, name, connections, seed):
        port = made.endpoint(name).rsplit(":", 1)[1]
        run = subprocess.run([harness.PROGRAMS / "zmtp_mutate", port, str(connections), str(seed),
                              self.mechanism], capture_output=True, text=True, check=False)
        self.assertTrue(made.daemon.is_running(), made.daemon.text()[-2000:])
        self.assertEqual((run.returncode, run.stdout), (0, f"{connections}\n"), run.stderr)

    def say_all(self, made, name, connections, seed, client):
        """In portions, so that what the daemon has still to hear of the last ones is not taken for growth."""
        for number, begin in enumerate(range(0, connections, AT_ONCE)):
            self.say(made, name, min(AT_ONCE, connections - begin), seed + number)
            self.assertEqual(client.ask("ping")["status"], 200)

    def test_mutated_speech_on_every_socket(self):
        made = self.make()
        made.start_daemon()
        client = made.client()
        share = arguments.connections // len(zmtp.ENDPOINTS)
        for name in zmtp.ENDPOINTS:
            self.say_all(made, name, 2 * AT_ONCE, arguments.seed, client)
        before, descriptors = made.resident_bytes(), made.descriptors()
        for number, name in enumerate(zmtp.ENDPOINTS):
            with self.subTest(name=name):
                self.say_all(made, name, share, arguments.seed + 1 + number * share, client)
                self.assertEqual(made.client().ask("ping")["status"], 200)
        growth = made.resident_bytes() - before
        print(f"{4 * share} connections, {growth / 1024:.0f} KiB more resident, descriptors "
              f"{descriptors} -> {made.descriptors()}", file=sys.stderr)
        self.assertLessEqual(growth, GROWTH_BYTES)


class MutationsUnderCurve(Mutations):
    mechanism = "CURVE"

    def make(self):
        return curve.secure(super().make())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=arguments.connections)
    parser.add_argument("--seed", type=int, default=arguments.seed)
    arguments, rest = parser.parse_known_args()
    unittest.main(verbosity=2, argv=[sys.argv[0], *rest])
