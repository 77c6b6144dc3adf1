#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What a request costs exportd in instructions, as callgrind counts them: they stay the same however busy the
machine is. A kind of request that costs a tenth more than cost.json says fails. Counted are handling, writing and
sending, for which two runs of different length are compared, so that start and stop do not count.
cost.py --record writes cost.json anew, after a change that is worth what it costs. Needs an optimized build."""
import json
import pathlib
import re
import shutil
import signal
import sys

import harness

FIGURES = pathlib.Path(__file__).with_name("cost.json")
COUNTED = ("requests_handle", "speak_when_durable")
FEW, MANY = 100, 600
MARGIN = 1.10
SKIPPED = 77


def export(client, user_id, **fields):
    return client.ask("exportPersonalData", inboundSharedUserProfileId=user_id, **fields)["status"]


def accept(client, made, _):
    return export(client, made.user_id(0)) == 202


def accept_with_key(client, made, number):
    return export(client, made.user_id(0), idempotencyKey=f"key-{number}") == 202


def refuse(client, _made, _):
    return export(client, "00000000-0000-4000-8000-000000000000") == 404


def ping(client, _made, _):
    return client.ask("ping")["status"] == 200


KINDS = {"accept": accept, "acceptWithKey": accept_with_key, "refuseUnknownProfile": refuse, "ping": ping}


class Cost(harness.Case):
    def instructions(self, kind, requests):
        made = self.installation(tenants=1, profiles=4)
        counts = made.directory / "counts"
        made.prefixes["exportd"] = ("valgrind", "--tool=callgrind", f"--callgrind-out-file={counts}",
                                    *(f"--toggle-collect={name}" for name in COUNTED))
        made.start_daemon()
        client = made.client()
        for number in range(requests):
            self.assertTrue(KINDS[kind](client, made, number))
        self.assertEqual(made.daemon.stop(signal.SIGTERM), 0, made.daemon.text())
        return int(re.search(r"^(?:totals|summary): (\d+)", counts.read_text(), re.M).group(1))

    def cost(self, kind):
        return (self.instructions(kind, MANY) - self.instructions(kind, FEW)) // (MANY - FEW)

    def test_no_request_costs_a_tenth_more_than_recorded(self):
        recorded = json.loads(FIGURES.read_text())
        for kind in KINDS:
            found = self.cost(kind)
            print(f"{kind}: {found} instructions, {recorded[kind]} recorded", flush=True)
            with self.subTest(kind):
                self.assertLessEqual(found, recorded[kind] * MARGIN)


def record():
    case = Cost()
    figures = {kind: case.cost(kind) for kind in KINDS}
    case.doCleanups()
    FIGURES.write_text(json.dumps(figures, indent=2) + "\n")
    print(figures)


if __name__ == "__main__":
    if not shutil.which("valgrind"):
        print("valgrind is missing")
        sys.exit(SKIPPED)
    if "--record" in sys.argv:
        record()
    else:
        harness.main()
