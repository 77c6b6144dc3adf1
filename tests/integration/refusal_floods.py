#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A peer that is refused again and again does not fill the disk: of one reason and identity only so many lines are
written, the rest is counted, and nothing is lost from the count. Refusals of others keep their lines."""
import re
import time

import msgpack
import zmq

import curve
import harness
import peers

FLOOD = harness.share(30000, 3000)
PORTION = 500  # requests on their way at once
BURST, A_SECOND = 1000, 5
SUPPRESSED = re.compile(r"event=suppressed of=(\S+) code=(\S+) identity=(\S+) suppressed=(\d+)")


class Floods(harness.Case):
    def setUp(self):
        self.made = made = curve.secure(self.installation(tenants=2, workers=0))
        for name, roles in (("flooder", "client"), ("other", "client"), ("rogue", "worker")):
            made.keys.admit(name, roles)
        made.start_daemon()

    def peer(self, name, token=None):
        client = peers.Client(self.made.endpoint("requests"), token, prepare=self.made.keys.prepare(name))
        self.addCleanup(client.close)
        return client

    def lines(self, event, code, identity):
        return [line for line in self.made.daemon.text().splitlines()
                if {f"event={event}", f"code={code}", f"identity={identity}"} <= set(line.split())]

    def suppressed(self, event, code, identity):
        return sum(int(count) for of, why, who, count in SUPPRESSED.findall(self.made.daemon.text())
                   if (of, why, who) == (event, code, identity))

    def flood(self, client, count, **request):
        for _ in range(0, count, PORTION):
            for _ in range(PORTION):
                client.send("getStatistics", **request)
            for _ in range(PORTION):
                self.assertEqual(client.receive()["status"], 401)
        return -(-count // PORTION) * PORTION

    def test_a_flood_of_refused_requests_is_counted_and_hides_nobody(self):
        began = time.monotonic()
        flooder, other = self.peer("flooder"), self.peer("other")
        sent = self.flood(flooder, FLOOD)
        flooder.send("getStatistics", token="x", requestId="another-reason")
        self.assertEqual(flooder.receive()["status"], 401)
        other.send("getStatistics", requestId="another-identity")
        self.assertEqual(other.receive()["status"], 401)
        self.assertEqual(self.made.daemon.stop(), 0)
        written = self.lines("refused", "tokenMissing", "flooder")
        most = BURST + A_SECOND * (time.monotonic() - began)
        print(f"{sent} refusals, {len(written)} lines")
        self.assertGreaterEqual(len(written), BURST)
        self.assertLessEqual(len(written), most)
        self.assertEqual(len(written) + self.suppressed("refused", "tokenMissing", "flooder"), sent)
        log = self.made.daemon.text()
        self.assertEqual(log.count("request=another-reason"), 1)
        self.assertEqual(log.count("request=another-identity"), 1)
        self.assertLessEqual(len(SUPPRESSED.findall(log)), time.monotonic() - began + 2)

    def test_a_flood_of_refused_reports_is_counted_too(self):
        began = time.monotonic()
        reports = zmq.Context.instance().socket(zmq.PUSH)
        self.addCleanup(reports.close)
        reports.set_hwm(0)
        self.made.keys.prepare("rogue")(reports)
        reports.connect(self.made.endpoint("reports"))
        for _ in range(FLOOD):
            reports.send(msgpack.packb({"type": "heartbeat"}))
        deadline = time.monotonic() + peers.TIMEOUT
        while self.accounted() < FLOOD:
            self.assertLess(time.monotonic(), deadline, self.made.daemon.text()[-3000:])
            time.sleep(0.05)
        reports.send(msgpack.packb({"type": "nonsense"}))  # Another reason has its line.
        while not self.lines("report_refused", "unknownType", "rogue"):
            self.assertLess(time.monotonic(), deadline, self.made.daemon.text()[-3000:])
            time.sleep(0.05)
        self.assertEqual(self.made.daemon.stop(), 0)
        written = self.lines("report_refused", "fieldMissing", "rogue")
        self.assertGreaterEqual(len(written), BURST)
        self.assertLessEqual(len(written), BURST + A_SECOND * (time.monotonic() - began))
        self.assertEqual(self.accounted(), FLOOD)

    def accounted(self):
        """Reports of the flood that have a line, are counted in one, or were dropped unread and counted so."""
        surplus = sum(int(count) for count in re.findall(r"event=surplus messages=(\d+)", self.made.daemon.text()))
        return (len(self.lines("report_refused", "fieldMissing", "rogue"))
                + self.suppressed("report_refused", "fieldMissing", "rogue") + surplus)


if __name__ == "__main__":
    harness.main()
