#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The process may open no more descriptors, which the start rules out and an operator can still bring about: whoever is
connected is served, nothing that was acknowledged is lost, and others get in as soon as there are descriptors again.
(libzmq's own thread asks in vain for the next connection all that time, and takes a processor for it.) reliability: D16."""
import resource
import time

import harness
import zmtp

ROUNDS = harness.share(110, 30)
BEYOND = 3  # connections more than there are descriptors for
SPREAD = 40  # Rounds after which the numbers come again.


class Descriptors(harness.Case):
    def setUp(self):
        self.made = zmtp.Installation(profiles=8)
        self.addCleanup(self.made.close)
        self.made.start()
        self.client = self.made.client()
        self.client.ask("ping")
        self.before = resource.prlimit(self.made.daemon.pid, resource.RLIMIT_NOFILE)

    def limit(self, soft):
        resource.prlimit(self.made.daemon.pid, resource.RLIMIT_NOFILE, (soft, self.before[1]))

    def settles(self, descriptors):
        deadline = time.monotonic() + harness.TIMEOUT
        while self.made.descriptors() > descriptors:
            self.assertLess(time.monotonic(), deadline, self.made.logs())
            time.sleep(0.01)

    def export(self, client, key):
        return client.ask("exportPersonalData", idempotencyKey=key,
                          inboundSharedUserProfileId=self.made.user_id(1))

    def round(self, number):
        """Descriptors end with the number-th that is opened from now on; the operation that was accepted meanwhile."""
        left = number % SPREAD
        self.limit(self.made.descriptors() + left)
        peers = [self.made.connect() for _ in range(left + BEYOND)]
        try:
            self.assertEqual(self.client.ask("ping")["status"], 200)
            accepted = self.export(self.client, f"round-{number}")
            self.assertEqual(accepted["status"], 202, accepted)
            self.assertEqual(self.client.ask("listOperations")["status"], 200)
            self.limit(self.before[0])
            newcomer = self.made.client()
            self.assertEqual(self.export(newcomer, f"round-{number}")["operation"]["id"], accepted["operation"]["id"])
            newcomer.close()
        finally:
            for peer in peers:
                peer.close()
        return accepted["operation"]["id"]

    def test_who_is_connected_is_served_and_others_are_once_there_are_descriptors_again(self):
        descriptors = self.made.descriptors()
        accepted = set()
        for number in range(ROUNDS):
            accepted.add(self.round(number))
            self.settles(descriptors + BEYOND)
        self.assertEqual(len(accepted), ROUNDS)
        for identifier in accepted:
            self.assertEqual(self.made.wait_until(self.client, identifier)["status"], "complete")
        self.made.daemon.stop()
        self.assertEqual(self.made.daemon.wait(), 0, self.made.logs())
        self.made.start_daemon()
        kept = {self.export(self.made.client(), f"round-{number}")["operation"]["id"] for number in range(ROUNDS)}
        self.assertEqual(kept, accepted)


if __name__ == "__main__":
    harness.main()
