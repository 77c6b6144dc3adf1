#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A small file system of its own runs full under the store, and is emptied again. Skipped where no
file system may be mounted."""
import os
import shutil
import subprocess
import sys
import time

from shim import bundle, harness

SKIPPED = 77
INSIDE = "EXPORTD_TEST_MAY_MOUNT"
SIZE = "16m"
UNSAFE = 70


class FullDisk(harness.Case):
    def small_disk(self, minimum_free_bytes):
        made = self.installation(workers=1, slots=2)
        store = made.directory / "store"
        store.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0700", "tmpfs", store],
                       check=True)
        self.addCleanup(subprocess.run, ["umount", "--lazy", store], check=True)
        made.configure("exportd", lambda s: s["store"].update(
            minimum_free_bytes=minimum_free_bytes))
        self.ends = 0
        return made

    def fill(self, made):
        """Takes all the space that is left."""
        with open(made.directory / "store" / "filler", "ab", buffering=0) as filler:
            try:
                while filler.write(bytes(4096)) > 0:
                    pass
            except OSError as why:
                self.assertEqual(why.errno, 28)
        self.assertEqual(shutil.disk_usage(made.directory / "store").free, 0)

    def keep_running(self, made):
        """What a service manager does: starts it again, but only after an end with a reason."""
        if not made.daemon.is_running():
            self.ends += 1
            self.assertEqual(made.daemon.wait(), UNSAFE, made.logs())
            self.assertIn("database or disk is full", made.daemon.text())
            made.start_daemon()

    def export(self, made, key):
        """The reply, from this life of the daemon or the next."""
        for _ in range(4):
            client = made.client()
            client.send("exportPersonalData", idempotencyKey=key,
                        inboundSharedUserProfileId=made.user_id(1))
            while made.daemon.is_running():
                if client.socket.poll(50):
                    return client.receive()
            self.keep_running(made)
        raise harness.Lost("no reply in four lives")

    def complete(self, made, identifiers):
        deadline = time.monotonic() + harness.TIMEOUT
        left = set(identifiers)
        while left:
            self.assertLess(time.monotonic(), deadline, made.logs())
            self.keep_running(made)
            for identifier in list(left):
                try:
                    operation = made.client().ask("getOperation", 1, operationId=identifier)
                except harness.Lost:
                    break
                if operation["operation"]["status"] == "complete":
                    bundle.check_person(made, operation["operation"], 0, 1)
                    left.remove(identifier)
                made.workers[0].child.poll()

    def check(self, minimum_free_bytes):
        made = self.small_disk(minimum_free_bytes)
        made.start_daemon()
        accepted = [self.export(made, f"before-{n}")["operation"]["id"] for n in range(4)]
        self.fill(made)
        refused = [self.export(made, f"full-{n}") for n in range(3)]
        for reply in refused:
            self.assert_refused(reply, 507, "insufficientStorage", "diskFull")
        self.assertEqual(made.client().ask("getOperation", operationId=accepted[0])["status"], 200)

        made.start_worker(0, wait=False)
        self.complete(made, accepted)
        self.assert_refused(self.export(made, "full-0"), 507, "insufficientStorage", "diskFull")
        self.assertLessEqual(self.ends, 1, made.logs())

        (made.directory / "store" / "filler").unlink()
        deadline = time.monotonic() + harness.TIMEOUT
        while (reply := self.export(made, "after"))["status"] == 507:
            self.assertLess(time.monotonic(), deadline, "there is room and it refuses")
        self.assertEqual(reply["status"], 202, reply)
        again = [self.export(made, f"before-{n}")["operation"]["id"] for n in range(4)]
        self.assertEqual(again, accepted)
        self.complete(made, [reply["operation"]["id"]])
        self.assertEqual(made.daemon.stop(), 0, made.logs())

    def test_with_a_minimum_that_is_undercut_new_work_is_refused_and_old_is_done(self):
        self.check(1 << 20)

    def test_without_a_minimum_it_ends_at_most_once_and_goes_on_in_its_next_life(self):
        self.check(0)

    def test_it_starts_on_a_disk_that_was_full_when_it_was_killed(self):
        made = self.small_disk(1 << 20)
        made.start_daemon()
        accepted = [self.export(made, f"before-{n}")["operation"]["id"] for n in range(4)]
        self.fill(made)
        made.daemon.stop(9)
        for _ in range(5):
            made.start_daemon()
            self.assertEqual(made.daemon.stop(9), -9)
        made.start_daemon()
        made.start_worker(0, wait=False)
        self.complete(made, accepted)
        self.assertEqual(self.ends, 0)


def main():
    if INSIDE in os.environ:
        harness.main()
    flags = [] if os.getuid() == 0 else ["--user", "--map-root-user"]
    wrapper = ["unshare", *flags, "--mount"]
    try:
        subprocess.run([*wrapper, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], check=True,
                       stderr=subprocess.PIPE)
    except (OSError, subprocess.CalledProcessError) as why:
        print(f"skipped: no file system may be mounted here: {why}")
        sys.exit(SKIPPED)
    os.environ[INSIDE] = "1"
    os.execvp(wrapper[0], [*wrapper, sys.executable, "-B", *sys.argv])


if __name__ == "__main__":
    main()
