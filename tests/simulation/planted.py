#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""planted.py [--seeds N] [--jobs N] [NAME...]: plants each of these bugs in a copy of the tree, one at a time, builds the simulator
there and lets it run until it finds something, while the next one is built. With --check only what they change is looked for. A bug that N seeds (4000) do not find is a failure, and so is one that cannot be planted any more
because the line it changes is gone. The last line is "planted N, found F"; the exit code is 0 when F is N."""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("schemas", "daemon", "workers", "clients", "etc", "tests", "CMakeLists.txt", "CMakePresets.json")

# name, and then, once or more often: file, what is there, what is put in its place
BUGS = [
    ("a_stale_fence_counts", "daemon/core/engine_report.c",
     "attempts_find(&engine->attempts, sender->fence);",
     "attempts_find_operation(&engine->attempts, sender->operation_id);"),
    ("fences_repeat_after_a_restart", "daemon/core/engine.c",
     "return (engine->options.start_count << 32) | ++engine->fence_counter;",
     "return ((engine->options.start_count & 0) << 32) | ++engine->fence_counter;"),
    ("it_speaks_before_it_commits", "daemon/speak.c",
     "    if (!rc) {\n        rc = store_write(daemon->store); /* one fsync",
     "    effects_send(&daemon->effects, daemon->sockets, &daemon->engine, daemon->now);\n"
     "    effects_clear(&daemon->effects);\n"
     "    if (!rc) {\n        rc = store_write(daemon->store); /* one fsync"),
    ("it_speaks_of_what_is_written_later", "daemon/speak.c",
     "    effects_send(&daemon->written, daemon->sockets, &daemon->engine, daemon->now);\n",
     "    effects_send(&daemon->written, daemon->sockets, &daemon->engine, daemon->now);\n"
     "    effects_send(&daemon->effects, daemon->sockets, &daemon->engine, daemon->now);\n"
     "    effects_clear(&daemon->effects);\n"),
    ("it_speaks_before_the_sync_is_over", "daemon/speak.c",
     "    return !rc && syncer_is_over(daemon->syncer) ? speak(daemon) : rc;\n",
     "    effects_send(&daemon->written, daemon->sockets, &daemon->engine, daemon->now);\n"
     "    effects_clear(&daemon->written);\n"
     "    return !rc && syncer_is_over(daemon->syncer) ? speak(daemon) : rc;\n"),
    ("an_offer_that_holds_no_more_is_sent", "daemon/effects.c",
     "if (engine_is_offered(engine, effect->fence) && sockets_offer(", "if (sockets_offer("),
    ("it_takes_what_is_undecided_for_durable", "daemon/speak.c",
     "    daemon->durable_sequence = daemon->written_sequence;\n",
     "    daemon->durable_sequence = store_sequence(daemon->store);\n"),
    ("a_commit_does_not_synchronize", "daemon/store/commit.c",
     "    if (store->log->pMethods->xSync(store->log, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY) ==\n        SQLITE_OK) {\n",
     "    if (store->log) {\n"),
    ("leases_never_run_out", "daemon/core/engine.c",
     "attempts_extend(&engine->attempts, attempt, lease.ms < limit.ms ? lease : limit);",
     "attempts_extend(&engine->attempts, attempt, lease.ms < limit.ms ? limit : lease);"),
    ("a_key_in_the_overlay_is_not_seen", "daemon/store/query.c",
     "const struct overlay_entry *entry = overlay_find_key(&store->overlay, digest, NULL);",
     "const struct overlay_entry *entry = NULL;"),
    ("a_key_is_answered_for_another_profile", "daemon/requests_export.c",
     "        return -ERROR_KEY_REUSED;", "        return reply(call, &record, result);"),
    ("the_view_claims_more_than_it_has", "daemon/store/commit.c",
     "return store->overlay.oldest ? store->overlay.oldest->first_sequence - 1 : store->sequence;",
     "return store->sequence;"),
    ("a_failed_transaction_is_gone_on_with", "daemon/speak.c",
     "        rc = store_write(daemon->store); /* one fsync", "        (void)store_write(daemon->store); /* one fsync"),
    ("a_failed_sync_is_gone_on_with", "daemon/store/commit.c",
     "        store->is_doubtful = true;\n        snprintf", "        rc = 0;\n        snprintf"),
    ("the_overlay_keeps_an_old_state", "daemon/store/overlay.c",
     "    entry->sequence = record->sequence;\n",
     "    entry->sequence = entry->sequence ? entry->sequence : record->sequence;\n"),
    ("a_declined_offer_is_counted_for_ever", "daemon/core/attempt.c", "        attempts->offered--;\n    }\n    table_remove",
     "    }\n    table_remove"),
    ("a_tenant_keeps_its_turn", "daemon/core/queue.c",
     "queue->turn = tenant->deficit > 0 ? tenant : tenant->next;", "queue->turn = tenant;"),
    ("what_a_tenant_is_owed_is_lost", "daemon/core/queue.c",
     "            if (tenant->owed > 0) {\n                owed_append(queue, tenant);\n            }\n", ""),
    ("a_superseded_bundle_stays", "workers/runtime/verdicts.c",
     "        sweeper_remove(&worker->sweeper, &result->bundle);\n", "        sweeper_keep(&worker->sweeper, &result->bundle);\n"),
    ("a_found_bundle_is_never_judged", "daemon/core/engine_report.c",
     "    if (stored && !attempts_find(&engine->attempts, report->fence)) {", "    if (!stored) {"),
    ("a_late_heartbeat_condemns_a_complete_bundle", "daemon/core/engine.c",
     "if (!attempt && has_completed(engine, fence)) {", "if (!attempt && has_completed(engine, 0)) {"),
    ("a_revision_is_given_twice", "daemon/core/operation.c", "    record->revision++;\n",
     "    record->revision += kind != EVENT_KIND_REQUEUED;\n"),
    ("an_event_number_is_skipped", "daemon/core/engine.c",
     ".sequence = options->last_sequence,", ".sequence = options->last_sequence + (options->start_count > 2),"),
    ("a_hash_does_not_follow", "daemon/store/store.c", "    memcpy(store->head, hash, sizeof hash);\n", ""),
    ("a_receipt_is_of_another_event", "daemon/requests_export.c",
     "call_receipt(call, record->accepted_sequence, head", "call_receipt(call, record->sequence, head"),
    ("a_clock_set_back_stops_retries", "daemon/store/database.c",
     "(ready_ms <= ?1 OR ready_ms > ?2)", "(ready_ms <= ?1 OR ready_ms > ?2 + 1000000000000000)",
     "daemon/store/schedule.c", "record.ready.ms > retries->beyond.ms)", "record.ready.ms > retries->beyond.ms + 1000000000000000)"),
    ("another_tenants_operation_is_shown", "daemon/requests_read.c",
     "store_get_of(call->daemon->store, &call->claims->tenant_id, id,", "store_get(call->daemon->store, id,"),
    ("a_result_is_forgotten_when_it_was_sent", "workers/runtime/worker.c",
     "        bool is_sent = reporter_send(&worker->reporter, result->report, result->report_bytes);\n",
     "        bool is_sent = reporter_send(&worker->reporter, result->report, result->report_bytes);\n"
     "        if (is_sent) {\n            results_remove(&worker->results, result);\n            continue;\n        }\n"),
]

# Found by few seeds: where one was, so that the hunt need not begin far from it. It goes on from there when the simulator has changed.
RARE = {"a_clock_set_back_stops_retries": 1500, "a_late_heartbeat_condemns_a_complete_bundle": 350, "an_offer_that_holds_no_more_is_sent": 2200,
        "what_a_tenant_is_owed_is_lost": 2700}


def copy(folder):
    for name in FOLDERS:
        source = TOP / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "corpus"))
        elif source.exists():
            shutil.copy2(source, folder / name)
    (folder / "tests/fuzz/corpus").mkdir(exist_ok=True)


def run(arguments, **options):
    return subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **options)


def build(folder):
    result = run(["cmake", "--build", str(folder / "build"), "--target", "simulate"])
    if result.returncode:
        sys.exit(result.stdout)


def hunt(simulate, seeds, first=1):
    """What the simulator says, or None when it finds nothing."""
    result = run([str(simulate), "--first-seed", str(first), "--seeds", str(seeds), "--until-violation"])
    if result.returncode == 0:
        return None
    lines = [line for line in result.stdout.split("\n") if line.startswith("seed ") or "ssertion" in line]
    return re.sub(r"; replay: .*", "", lines[0]) if lines else f"exit code {result.returncode}"


def plant(folder, bug):
    """Builds the simulator with a bug, and takes the bug out again; the program, or None."""
    name, *edits = bug
    before = {}
    program = None
    for file, there, planted in zip(*[iter(edits)] * 3):
        path = folder / file
        text = path.read_text(encoding="utf-8")
        before.setdefault(path, text)
        if text.count(there) != 1:
            print(f"{name}: {file} has it {text.count(there)} times", flush=True)
            break
        path.write_text(text.replace(there, planted), encoding="utf-8")
    else:
        build(folder)
        program = folder / f"simulate-{name}"
        shutil.copy2(folder / "build/bin/simulate", program)
    for path, text in before.items():
        path.write_text(text, encoding="utf-8")
    return program


def find(name, program, seeds):
    """Whether the simulator finds this bug."""
    said = hunt(program, seeds, RARE.get(name, 1))
    program.unlink()
    print(f"{name}: {said or 'NOT FOUND'}", flush=True)
    return said is not None


def check(bugs):
    """How many bugs can be planted: everything that they change is there once."""
    found = 0
    for name, *edits in bugs:
        counts = [(file, (TOP / file).read_text(encoding="utf-8").count(there))
                  for file, there, _ in zip(*[iter(edits)] * 3)]
        for file, count in counts:
            if count != 1:
                print(f"{name}: {file} has it {count} times")
        found += all(count == 1 for _, count in counts)
    return found


def plant_all(folder, bugs, options):
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        hunts = [pool.submit(find, bug[0], program, options.seeds)
                 for bug in bugs if (program := plant(folder, bug))]
        return sum(each.result() for each in hunts)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=4000)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    bugs = [bug for bug in BUGS if not options.names or bug[0] in options.names]
    if options.check:
        found = check(bugs)
        print(f"planted {len(bugs)}, can be {found}")
        return found != len(bugs)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        copy(folder)
        # Assignments that a planted bug makes pointless are no errors here.
        result = run(["cmake", "-S", name, "-B", f"{name}/build", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release"])
        if result.returncode:
            sys.exit(result.stdout)
        build(folder)
        if hunt(folder / "build/bin/simulate", 50):
            sys.exit("the tree as it is breaks an invariant; nothing can be planted in it")
        found = plant_all(folder, bugs, options)
    print(f"planted {len(bugs)}, found {found}")
    return found != len(bugs)


if __name__ == "__main__":
    sys.exit(main())
