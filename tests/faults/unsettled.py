#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The disk fails when the daemon was told to stop and has said everything: it cannot bring its view up to date, says
so, and the next life goes on from the log."""
from played import Caller
from shim import PATIENCE, Control, Program, harness

EXPORTS = 40
UNSAFE = 70
TRIES = 10  # A quiet tenth of a second, and the view is up to date already.


class Unsettled(harness.Case):
    def export(self, made, program, key):
        caller = Caller(made.configuration()["sockets"]["requests"], made.token(), program)
        try:
            return caller.request("exportPersonalData", PATIENCE, idempotencyKey=key,
                                  inboundSharedUserProfileId=made.user_id(1))["operation"]["id"]
        finally:
            caller.close()

    def stop_failing(self, made, control, number):
        """What was accepted in a life at whose end nothing can be written, and its log."""
        control.reset(False)
        program = Program("exportd", made.directory, "exportd", control, "write:1:EIO:sticky")
        try:
            program.wait_line("event=ready")
            accepted = {key: self.export(made, program, key)
                        for key in (f"{number}-{n}" for n in range(EXPORTS))}
            control.arm()
            code = program.terminate()
            return accepted, code, program.text()
        finally:
            program.release()

    def test_a_stop_that_cannot_settle_the_store_says_so_and_loses_nothing(self):
        made = self.installation(tenants=1)
        control = Control(made.directory / "control")
        for number in range(TRIES):
            accepted, code, text = self.stop_failing(made, control, number)
            if code != 0:
                break
        self.assertEqual(code, UNSAFE, text)
        self.assertRegex(text, r'event=unsettled reason="[^"]*disk I/O error')
        self.assertNotIn("event=unsafe", text)
        again = Program("exportd", made.directory, "exportd")
        self.addCleanup(again.release)
        again.wait_line("event=ready")
        self.assertEqual({key: self.export(made, again, key) for key in accepted}, accepted)
        self.assertEqual(again.terminate(), 0, again.text())


if __name__ == "__main__":
    harness.main()
