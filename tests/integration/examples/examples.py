#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""examples.py EXPORTD EXPORT_WORKER EXPORTCTL SOURCE_DIRECTORY: the programs accept the example configurations, as they stand and with
every setting uncommented, when their paths point into a scratch folder; and refuse them with a key that there is not."""
import pathlib
import sqlite3
import stat
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
TENANT = "6d1e2f30-5a4b-4c3d-8e9f-000000000001"


def prepared(scratch, source_directory, exportctl):
    """The databases, folders, keys and key set that the examples name, beneath the scratch folder."""
    for folder in ("var/lib/exportd/bundles", "etc/exportd/identities", "srv/mail", "srv/files"):
        (scratch / folder).mkdir(parents=True)
    for name, roles in (("exportd", []), ("worker-1", ["--roles", "worker"]),
                        ("identities/backend", ["--roles", "client"])):
        subprocess.run([exportctl, "keygen", scratch / "etc/exportd" / name, *roles], check=True,
                       stdout=subprocess.DEVNULL)
    assert stat.S_IMODE((scratch / "etc/exportd/exportd.key_secret").stat().st_mode) == 0o600
    subprocess.run([source_directory / "etc/demo/token.sh", scratch / "etc/exportd", TENANT], check=True)
    (scratch / "etc/exportd/revocations.json").write_text('{"tokens": [], "persons": []}', encoding="utf-8")
    with sqlite3.connect(scratch / "var/lib/exportd/directory.db") as database:
        database.execute("CREATE TABLE inbound_shared_user_profiles (tenant_id TEXT, user_id TEXT,"
                         " user_principal_name TEXT, display_name TEXT, home_tenant_id TEXT,"
                         " PRIMARY KEY (tenant_id, user_id))")
    with sqlite3.connect(scratch / "srv/mail/mailbox.db") as database:
        database.execute("CREATE TABLE messages (message_id INTEGER PRIMARY KEY, tenant_id TEXT, mailbox TEXT,"
                         " sent TEXT, sender TEXT, recipient TEXT, subject TEXT, body TEXT)")


def main(exportd, worker, exportctl, source_directory):
    source_directory = pathlib.Path(source_directory)
    sys.path.insert(0, str(source_directory / "tests/support"))
    import example_configuration

    wrong = 0
    with tempfile.TemporaryDirectory(prefix="exportd-examples-") as name:
        scratch = pathlib.Path(name)
        prepared(scratch, source_directory, exportctl)
        for program, example in ((exportd, "exportd.yaml"), (worker, "export-worker.yaml")):
            text = (source_directory / "etc" / example).read_text(encoding="utf-8")
            for folder in ("/var/lib/exportd", "/etc/exportd", "/srv"):
                text = text.replace(" " + folder, f" {scratch}{folder}")
            variants = {
                "as it stands": (text, True),
                "with every setting": (example_configuration.uncommented(text), True),
                "with an unknown key": (text + "\nunheard_of: 1\n", False),
            }
            for variant, (content, is_good) in variants.items():
                path = scratch / example
                path.write_text(content, encoding="utf-8")
                run = subprocess.run([program, "-t", "-c", path], capture_output=True, text=True, check=False)
                said = run.stdout + run.stderr
                if (run.returncode == 0) != is_good or (not is_good and "unheard_of" not in said):
                    wrong += 1
                    print(f"{example} {variant}: exit code {run.returncode}\n{said}")
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
