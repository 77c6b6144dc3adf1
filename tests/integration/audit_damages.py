#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""audit_damages.py [--damages N] [--seed N]: a real store, of a daemon that was stopped and of one that was killed, is damaged in
2,000 ways, a copy each: events and rows of the view altered, deleted, inserted and moved, the end cut off, and hashes computed
anew by somebody who knows how. exportctl audit verify must find each and say where. Then single bits of the file are flipped."""
import hashlib
import json
import pathlib
import random
import re
import shutil
import signal
import sqlite3
import sys
import tempfile
import unittest

import audit
import harness

DAMAGES = harness.share(2000, 40)
FLIPS = harness.share(300, 60)
SEED = 1
SAID = re.compile(r"broken at event (-?\d+): (.*)")
KNOWN = {"kind": "failed", "status": "running", "stage": "done", "failure": "workerLost", "approval": "manual",
         "worker": "another"}


class Template:
    """A store to copy, and what is in it."""

    def __init__(self, path):
        self.path = path
        database = sqlite3.connect(path / "store.db")
        database.row_factory = sqlite3.Row
        self.events = [dict(row) for row in database.execute("SELECT * FROM events ORDER BY sequence")]
        self.view = [dict(row) for row in database.execute("SELECT * FROM operations ORDER BY sequence")]
        self.columns = sorted(set(self.events[0]) - {"sequence"})
        database.close()
        (path / "store.db-shm").unlink(missing_ok=True)


class Damage:
    """One damage to one copy; each kind returns where it is to be found: the first and the last event that may be named, and a part
    of what is to be said."""

    def __init__(self, template, path, chance, receipts):
        self.template = template
        self.chance = chance
        self.receipts = receipts  # sequences, in order
        self.last = len(template.events)
        shutil.copytree(template.path, path)
        self.database = sqlite3.connect(path / "store.db", isolation_level=None)
        self.database.execute("PRAGMA synchronous = OFF")
        self.database.execute("BEGIN")

    def close(self):
        self.database.execute("COMMIT")
        self.database.close()

    def any(self, last=None):
        return self.chance.randint(1, last or self.last)

    def sql(self, text, *values):
        return self.database.execute(text, values)

    def other(self, value, column):
        """Another value of the same type."""
        if isinstance(value, int):
            return value ^ (1 << self.chance.randint(0, 40))
        if isinstance(value, bytes) and value:
            at = self.chance.randrange(len(value))
            return value[:at] + bytes([value[at] ^ (1 << self.chance.randint(0, 7))]) + value[at + 1:]
        if isinstance(value, str):
            return value[:-1] if self.chance.random() < 0.5 else KNOWN[column] if value != KNOWN[column] else value + "x"
        return KNOWN.get(column, bytes(range(16)))

    def alter(self, table, row, column):
        value = row[column] if column != "hash" or self.chance.random() < 0.7 else None
        changed = self.other(value, column) if column != "hash" or value else None
        self.sql(f"UPDATE {table} SET {column} = ? WHERE sequence = ?", changed, row["sequence"])

    def alter_event(self):
        row = self.chance.choice(self.template.events)
        self.alter("events", row, self.chance.choice(self.template.columns))
        return row["sequence"], row["sequence"], "was changed"

    def number_differently(self):
        sequence = self.any()
        self.sql("UPDATE events SET sequence = sequence + 1000 WHERE sequence = ?", sequence)
        return sequence, sequence, "missing"

    def delete_events(self):
        first = self.any(self.last - 1)
        self.sql("DELETE FROM events WHERE sequence BETWEEN ? AND ?", first, self.chance.randint(first, self.last - 1))
        return first, first, "missing"

    def insert(self, source, sequence):
        row = dict(self.template.events[source - 1], sequence=sequence)
        self.sql(f"INSERT INTO events({','.join(row)}) VALUES({','.join('?' * len(row))})", *row.values())

    def insert_event(self):
        sequence = self.any(self.last + 1)
        self.sql("UPDATE events SET sequence = -sequence - 1 WHERE sequence >= ?", sequence)
        self.sql("UPDATE events SET sequence = -sequence WHERE sequence < 0")
        self.insert(self.chance.choice([n for n in range(1, self.last + 1) if n != sequence]), sequence)
        return sequence, sequence, "was changed"

    def insert_below(self):
        sequence = -self.chance.randint(0, 5)
        self.insert(self.any(), sequence)
        return sequence, sequence, "below 1"

    def swap_events(self):
        first = self.any(self.last - 1)
        second = self.chance.randint(first + 1, self.last)
        for before, after in ((first, 0), (second, first), (0, second)):
            self.sql("UPDATE events SET sequence = ? WHERE sequence = ?", after, before)
        return first, first, "was changed"

    def cut_log(self):
        left = self.any() - 1
        self.sql("DELETE FROM events WHERE sequence > ?", left)
        return left + 1, left + 1, "ends before it"

    def cut_everything(self):
        """As if the rest had never been: only a receipt tells."""
        found = self.cut_log()
        self.sql("DELETE FROM operations")
        self.sql("DELETE FROM counts")
        self.sql("UPDATE meta SET value = 0 WHERE name = 'view_sequence'")
        return found

    def forge(self):
        """All hashes fit; the event lies between the receipt before it and the next one."""
        sequence = self.any()
        self.sql("UPDATE events SET due_ms = due_ms + 1 WHERE sequence = ?", sequence)
        head = self.template.events[sequence - 2]["hash"] if sequence > 1 else bytes(32)
        for row in self.template.events[sequence - 1:]:
            row = dict(row, due_ms=row["due_ms"] + (row["sequence"] == sequence))
            head = hashlib.sha256(head + audit.canonical(row)).digest()
            self.sql("UPDATE events SET hash = ? WHERE sequence = ?", head, row["sequence"])
        return max([0] + [r for r in self.receipts if r < sequence]) + 1, sequence, ""

    def alter_view(self):
        row = self.chance.choice(self.template.view)
        self.alter("operations", row, self.chance.choice(sorted(set(row) - {"id", "sequence"})))
        return row["sequence"], row["sequence"], "in the view"

    def delete_from_view(self):
        row = self.chance.choice(self.template.view)
        self.sql("DELETE FROM operations WHERE id = ?", row["id"])
        return row["accepted_sequence"], row["accepted_sequence"], "missing in the view"

    def insert_into_view(self):
        row = dict(self.chance.choice(self.template.view), id=self.chance.randbytes(16), key_digest=None)
        self.sql(f"INSERT INTO operations({','.join(row)}) VALUES({','.join('?' * len(row))})", *row.values())
        return row["sequence"], row["sequence"], "not at an event of its own"

    def miscount(self):
        stage = self.sql("SELECT stage FROM counts ORDER BY random() LIMIT 1").fetchone()[0]
        self.sql("UPDATE counts SET number = number + 1 WHERE stage = ?", stage)
        return self.last, self.last, "another number"


KINDS = (Damage.alter_event, Damage.alter_event, Damage.alter_event, Damage.number_differently, Damage.delete_events,
         Damage.insert_event, Damage.insert_below, Damage.swap_events, Damage.cut_log, Damage.cut_everything, Damage.forge)
KINDS_OF_VIEW = (Damage.alter_view, Damage.delete_from_view, Damage.insert_into_view, Damage.miscount)


class Damages(audit.Audit):
    @classmethod
    def setUpClass(cls):
        cls.made = harness.Installation()
        cls.addClassCleanup(cls.made.close)
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="exportd-", dir="/tmp"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.fill()
        cls.chance = random.Random(SEED)

    @classmethod
    def fill(cls):
        """Operations that ended in each way, with receipts of some of their events."""
        made, case = cls.made, cls()
        made.start()
        client = made.client()
        replies = case.exports(made, client, 10)
        for reply in replies:
            made.wait_until(client, reply["operation"]["id"], "complete")
        made.workers[0].stop()
        replies += case.exports(made, client, 30)[10:]
        for reply in replies[10:18]:
            identifier = reply["operation"]["id"]
            replies.append(client.ask("cancelOperation", operationId=identifier))
            replies.append(client.ask("retryOperation", operationId=identifier))
        made.daemon.stop(signal.SIGKILL)
        killed = case.copy(made)
        made.start_daemon()
        made.daemon.stop()
        cls.templates = [Template(killed), Template(case.copy(made))]
        kept = replies[::3]
        cls.receipts = case.save(made, kept)
        last = cls.templates[1].events[-1]
        with cls.receipts.open("a") as file:
            file.write(json.dumps({"sequence": last["sequence"], "head": last["hash"].hex()}) + "\n")
        cls.known = sorted([r["receipt"]["sequence"] for r in kept] + [last["sequence"]])

    def runTest(self):
        pass

    def damage(self, number):
        kind = (KINDS + KINDS_OF_VIEW)[number % len(KINDS + KINDS_OF_VIEW)]
        # A daemon that is killed may not have written anything to its view yet.
        template = self.templates[1] if kind in KINDS_OF_VIEW else self.chance.choice(self.templates)
        store = self.folder / f"store-{number}"
        damage = Damage(template, store, self.chance, self.known)
        first, last, part = kind(damage)
        damage.close()
        result = self.verify(store, self.receipts)
        said = SAID.match(result.stdout)
        what = (number, kind.__name__, template.path.name, first, last, part, result)
        self.assertEqual(result.returncode, 1, what)
        self.assertTrue(said and first <= int(said[1]) <= last and part in said[2], what)
        shutil.rmtree(store)

    def test_every_damage_is_found_where_it_is(self):
        for template in self.templates:
            self.assert_right(template.path, self.receipts)
        for number in range(DAMAGES):
            self.damage(number)

    def test_only_a_receipt_shows_that_the_newest_events_are_gone(self):
        store = self.folder / "cut"
        damage = Damage(self.templates[1], store, self.chance, self.known)
        damage.cut_everything()
        damage.close()
        self.assert_right(store)
        self.assert_broken(store, "ends before it", self.receipts)

    def dump(self, store):
        database = sqlite3.connect(f"file:{store}/store.db?mode=ro", uri=True)
        try:
            return [list(database.execute(f"SELECT * FROM {name} ORDER BY 1, 2"))
                    for name in ("events NOT INDEXED", "operations NOT INDEXED", "counts")]
        finally:
            database.close()

    def test_a_flipped_bit_changes_nothing_or_is_found(self):
        store = self.folder / "flipped"
        shutil.copytree(self.templates[1].path, store)
        good = (store / "store.db").read_bytes()
        before = self.dump(store)
        found = 0
        for _ in range(FLIPS):
            at = self.chance.randrange(len(good))
            (store / "store.db").write_bytes(good[:at] + bytes([good[at] ^ 1 << self.chance.randint(0, 7)]) + good[at + 1:])
            result = self.verify(store, self.receipts)
            found += result.returncode != 0
            if result.returncode == 0:
                self.assertEqual(self.dump(store), before, at)
        self.assertGreater(found, FLIPS // 10)


if __name__ == "__main__":
    for option, name in (("--damages", "DAMAGES"), ("--seed", "SEED")):
        if option in sys.argv:
            where = sys.argv.index(option)
            globals()[name] = int(sys.argv[where + 1])
            del sys.argv[where:where + 2]
    harness.main()
