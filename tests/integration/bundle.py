# SPDX-License-Identifier: MIT
"""Reads a bundle with Python's own zip, csv, json and hashing, and checks the bag in it (RFC 8493)
completely, and that it holds all of one person's data and nothing of anybody else's."""
import csv
import hashlib
import io
import json
import pathlib
import re
import urllib.parse
import zipfile

SAFE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*\Z")
MARKER = re.compile(rb"#t\d+p\d+#")


def path_of(operation):
    """The file that storageLocation names."""
    url = urllib.parse.urlsplit(operation["storageLocation"])
    assert url.scheme == "file", operation
    return pathlib.Path(url.path)


def manifest(text):
    entries = {}
    for line in text.splitlines():
        digest, name = re.fullmatch(r"([0-9a-f]{64})  (.+)", line).groups()
        assert name not in entries, name
        entries[name] = digest
    return entries


class Bundle:
    """The whole content, by path inside the bag."""

    def __init__(self, operation):
        path = path_of(operation)
        blob = path.read_bytes()
        assert operation["bundle"] == {"bytes": len(blob),
                                       "sha256": hashlib.sha256(blob).hexdigest()}
        assert path.stat().st_mode & 0o777 == 0o600, oct(path.stat().st_mode)
        with zipfile.ZipFile(io.BytesIO(blob)) as archive:
            assert archive.testzip() is None
            names = [entry.filename for entry in archive.infolist() if not entry.is_dir()]
            assert len(names) == len(set(name.lower() for name in names)), names
            roots = {name.split("/")[0] for name in names}
            assert len(roots) == 1, roots
            self.root = roots.pop()
            self.files = {name[len(self.root) + 1:]: archive.read(name) for name in names}
        for name in names:
            assert all(SAFE_NAME.match(part) for part in name.split("/")), name
        self.check_bag()

    def text(self, name):
        return self.files[name].decode()

    def check_bag(self):
        assert self.text("bagit.txt") == (
            "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"), self.text("bagit.txt")
        payload = {n: c for n, c in self.files.items() if n.startswith("data/")}
        self.check_manifest("manifest-sha256.txt", set(payload))
        tags = set(self.files) - set(payload) - {"tagmanifest-sha256.txt"}
        self.check_manifest("tagmanifest-sha256.txt", tags)
        oxum = re.search(r"^Payload-Oxum: (\d+)\.(\d+)$", self.text("bag-info.txt"), re.MULTILINE)
        assert oxum, self.text("bag-info.txt")
        assert oxum.groups() == (str(sum(map(len, payload.values()))), str(len(payload)))

    def check_manifest(self, name, expected):
        entries = manifest(self.text(name))
        assert set(entries) == expected, (name, set(entries) ^ expected)
        for entry, digest in entries.items():
            assert hashlib.sha256(self.files[entry]).hexdigest() == digest, entry

    def json(self, name):
        return json.loads(self.text(f"data/{name}"))

    def of_source(self, source):
        """Names and contents of a source's files, without the list of original names."""
        prefix = f"data/{source}/"
        return {n[len(prefix):]: c for n, c in self.files.items()
                if n.startswith(prefix) and n != prefix + "original-names.jsonl"}

    def json_rows(self, source):
        return [tuple(json.loads(line).values())
                for name, content in self.of_source(source).items() if name.endswith(".jsonl")
                for line in content.decode().split("\n") if line]

    def csv_rows(self, source):
        rows = []
        for name, content in self.of_source(source).items():
            if name.endswith(".csv"):
                rows += list(csv.reader(io.StringIO(content.decode(), newline="")))[1:]
        return [tuple(row) for row in rows]

    def markers(self):
        return {mark.decode() for c in self.files.values() for mark in MARKER.findall(c)}


def state_of(found):
    return "complete" if found else "empty"


def check_person(installation, operation, tenant, person):
    """Every row and file of this person is in the bundle, unchanged, and nobody else's is."""
    bundle = Bundle(operation)
    messages, sign_ins = installation.rows(tenant, person)
    contents = installation.files(tenant, person)
    assert bundle.json_rows("mailbox") == messages, (bundle.json_rows("mailbox"), messages)
    expected = [tuple("" if v is None else str(v) for v in row) for row in sign_ins]
    assert bundle.csv_rows("sign-ins") == expected, (bundle.csv_rows("sign-ins"), expected)
    assert sorted(bundle.of_source("files").values()) == sorted(contents)
    assert bundle.markers() == {f"#t{tenant}p{person}#"}, bundle.markers()

    information = bundle.json("RequestInfo.json")
    assert information["operationId"] == operation["id"], information
    assert information["tenantId"] == installation.tenant_id(tenant), information
    assert information["profile"]["userId"] == installation.user_id(person), information
    completeness = bundle.json("completeness.json")
    counts = {s["name"]: (s["state"], s["rows"], s["files"]) for s in completeness["sources"]}
    assert counts["mailbox"][:2] == (state_of(messages), len(messages)), counts
    assert counts["sign-ins"][:2] == (state_of(sign_ins), len(sign_ins)), counts
    assert counts["files"][0] == state_of(contents) and counts["files"][2] == len(contents), counts
    assert completeness["isComplete"] is True
    assert completeness["sources"] == operation["sources"]
    return bundle
