// SPDX-License-Identifier: MIT
#include "tests/unit/workers/runtime/played.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

const struct played_options played_usual = {
    .slots = 2,
    .attempt_seconds = 3600,
    .bundle_files = 1000,
    .busy_timeout_ms = 600000,
    .bundle_directory = "bundles",
    .sweep_interval_ms = 60000,
    .drain_ms = 7000,
    .statement = "SELECT body FROM mail WHERE tenant = :tenant_id AND user = :user_id",
};

static const char schema_sql[] =
    "CREATE TABLE profiles(tenant, user, upn, name, home);"
    "INSERT INTO profiles VALUES"
    " ('" PLAYED_TENANT "','" PLAYED_ADA "','ada@example.org','Ada Example','" PLAYED_TENANT "'),"
    " ('" PLAYED_TENANT "','" PLAYED_LINKED "','bo@example.org','Bo Example','" PLAYED_TENANT "'),"
    " ('" PLAYED_TENANT "','" PLAYED_BROKEN "','cy@example.org','Cy Example','no tenant');";

static const char mail_sql[] = "CREATE TABLE mail(tenant, user, body);"
                               "INSERT INTO mail VALUES"
                               " ('" PLAYED_TENANT "','" PLAYED_ADA "','one'),"
                               " ('" PLAYED_TENANT "','" PLAYED_ADA "','two');";

static const char configuration[] =
    "worker:\n"
    "  name: played\n"
    "  slots: %d\n"
    "  heartbeat_interval_ms: 100\n"
    "  repeat_interval_ms: 100\n"
    "exportd:\n"
    "  jobs: ipc://%s/jobs\n"
    "  reports: ipc://%s/reports\n"
    "  status: ipc://%s/status\n"
    "registry:\n"
    "  database: %s/registry.db\n"
    "  profile_statement: SELECT user, upn, name, home FROM profiles WHERE tenant = :tenant_id AND"
    " user = :user_id\n"
    "bundles:\n"
    "  directory: %s/%s\n"
    "  base_url: https://export.example.org/bundles/\n"
    "  sweep_interval_ms: %d\n"
    "limits:\n"
    "  attempt_seconds: %d\n"
    "  bundle_files: %d\n"
    "  drain_ms: %d\n"
    "sources:\n"
    "  - name: mailbox\n"
    "    kind: sqlite\n"
    "    database: %s/mail.db\n"
    "    statement: %s\n"
    "    busy_timeout_ms: %d\n"
    "    count: %s\n"
    "  - name: drive\n"
    "    kind: files\n"
    "    required: false\n"
    "    root: %s/drive\n"
    "    pattern: '{tenant_id}/{user_id}'\n"
    "security: none\n";

static void execute(const char *directory, const char *name, const char *sql)
{
    char path[256];
    sqlite3 *handle;

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(handle);
}

static void write_configuration(const struct played *played, const struct played_options *options)
{
    const char *d = played->directory;
    char text[4096];
    int size =
        snprintf(text, sizeof(text), configuration, options->slots, d, d, d, d, d,
                 options->bundle_directory, options->sweep_interval_ms, options->attempt_seconds,
                 options->bundle_files, options->drain_ms, d, options->statement,
                 options->busy_timeout_ms, options->is_not_counted ? "false" : "true", d);

    assert_true(size > 0 && size < (int)sizeof(text));
    assert_int_equal(temporary_write(d, "worker.yaml", text, (size_t)size), 0);
}

static void *bind_socket(struct played *played, int type, const char *name)
{
    char endpoint[128];
    const int linger_ms = 0;
    void *socket = zmq_socket(played->context, type);

    assert_non_null(socket);
    zmq_setsockopt(socket, ZMQ_LINGER, &linger_ms, sizeof(linger_ms));
    snprintf(endpoint, sizeof(endpoint), "ipc://%s/%s", played->directory, name);
    assert_int_equal(zmq_bind(socket, endpoint), 0);
    return socket;
}

void played_open(struct played *played, const struct played_options *options)
{
    char path[256];

    *played = (struct played){0};
    assert_int_equal(temporary_make(played->directory), 0);
    snprintf(played->log, sizeof(played->log), "%s/log", played->directory);
    execute(played->directory, "registry.db", schema_sql);
    execute(played->directory, "mail.db", mail_sql);
    snprintf(path, sizeof(path), "%s/drive/" PLAYED_TENANT "/" PLAYED_ADA, played->directory);
    assert_int_equal(temporary_directories(path), 0);
    assert_int_equal(temporary_write(path, "file", "content", 7), 0);
    snprintf(path, sizeof(path), "%s/drive/" PLAYED_TENANT "/" PLAYED_LINKED, played->directory);
    assert_int_equal(symlink("/", path), 0);
    snprintf(path, sizeof(path), "%s/%s", played->directory, options->bundle_directory);
    if (!options->is_without_directory)
        assert_int_equal(temporary_directories(path), 0);
    write_configuration(played, options);
    assert_int_equal(wire_input_init(&played->input), 0);
    played->context = zmq_ctx_new();
    played->jobs = bind_socket(played, ZMQ_PUSH, "jobs");
    played->reports = bind_socket(played, ZMQ_PULL, "reports");
    played->status = bind_socket(played, ZMQ_XPUB, "status");
}

void played_close(struct played *played)
{
    process_release(&played->worker);
    sqlite3_close(played->lock);
    if (played->context) {
        zmq_close(played->jobs);
        zmq_close(played->reports);
        zmq_close(played->status);
        zmq_ctx_term(played->context);
        wire_input_release(&played->input);
    }
    temporary_remove(played->directory);
}

void played_start(struct played *played, bool only_checks)
{
    char path[256];
    const char *const arguments[] = {EXPORT_WORKER_PROGRAM, "-c", path, only_checks ? "-t" : NULL,
                                     NULL};
    const struct process_options options = {.arguments = arguments, .error_path = played->log};

    snprintf(path, sizeof(path), "%s/worker.yaml", played->directory);
    assert_int_equal(process_start(&options, &played->worker), 0);
}

static bool wait_readable(void *socket, int64_t timeout_ms)
{
    zmq_pollitem_t item = {.socket = socket, .events = ZMQ_POLLIN};

    return zmq_poll(&item, 1, (long)timeout_ms) == 1;
}

void played_serve(struct played *played, const struct played_options *options)
{
    char subscription[64];

    played_open(played, options);
    played_start(played, false);
    assert_true(wait_readable(played->status, PLAYED_WAIT_MS));
    int size = zmq_recv(played->status, subscription, sizeof(subscription), 0);
    assert_int_equal(size, 1 + (int)strlen("worker/played"));
    assert_memory_equal(subscription, "\1worker/played", (size_t)size);
    played_expect_heartbeat(played, options->slots, 0);
}

void played_lock(struct played *played)
{
    char path[256];

    snprintf(path, sizeof(path), "%s/mail.db", played->directory);
    assert_int_equal(sqlite3_open(path, &played->lock), SQLITE_OK);
    assert_int_equal(sqlite3_exec(played->lock, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
}

void played_unlock(struct played *played)
{
    sqlite3_close(played->lock);
    played->lock = NULL;
}

void played_offer_bytes(struct played *played, const void *bytes, size_t size_bytes)
{
    assert_int_equal(zmq_send(played->jobs, bytes, size_bytes, 0), (int)size_bytes);
}

void played_offer(struct played *played, const char *user, int64_t fence)
{
    struct wire_output output = WIRE_OUTPUT_INIT;
    struct job job = {.attempt = 1, .fence = fence, .submitted_date_time = {1790000000000}};

    assert_int_equal(uuid_parse(TEXT(PLAYED_OPERATION), &job.operation_id), 0);
    assert_int_equal(uuid_parse(TEXT(PLAYED_TENANT), &job.tenant_id), 0);
    assert_int_equal(uuid_parse(text_of(user), &job.user_id), 0);
    job_encode(&job, &output);
    assert_int_equal(output.error, 0);
    played_offer_bytes(played, output.data, output.size_bytes);
    wire_output_release(&output);
}

static void publish(struct played *played, const char *topic, const void *bytes, size_t size_bytes)
{
    zmq_send(played->status, topic, strlen(topic), ZMQ_SNDMORE);
    assert_int_equal(zmq_send(played->status, bytes, size_bytes, 0), (int)size_bytes);
}

void played_notice_bytes(struct played *played, const void *bytes, size_t size_bytes)
{
    publish(played, "worker/played", bytes, size_bytes);
}

struct fences {
    int64_t first;
    int64_t last; /* before first: none */
};

static struct wire_list list_of(struct wire_output *items, struct fences fences)
{
    uint32_t count = 0;

    for (int64_t fence = fences.first; fence <= fences.last; fence++, count++)
        wire_integer(items, fence);
    return (struct wire_list){
        .encoded = items->data, .encoded_bytes = items->size_bytes, .count = count};
}

static void notify(struct played *played, const char *topic, const struct fences lists[3])
{
    struct wire_output output = WIRE_OUTPUT_INIT;
    struct wire_output items[3] = {WIRE_OUTPUT_INIT, WIRE_OUTPUT_INIT, WIRE_OUTPUT_INIT};
    const struct notice notice = {.recorded = list_of(&items[0], lists[0]),
                                  .superseded = list_of(&items[1], lists[1]),
                                  .cancelled = list_of(&items[2], lists[2])};

    notice_encode(&notice, &output);
    assert_int_equal(output.error, 0);
    publish(played, topic, output.data, output.size_bytes);
    wire_output_release(&output);
    for (int i = 0; i < 3; i++)
        wire_output_release(&items[i]);
}

static const struct fences nothing = {1, 0};

void played_notice(struct played *played, const char *topic, int64_t recorded, int64_t superseded)
{
    const struct fences one = {recorded, recorded};
    const struct fences other = {superseded, superseded};

    notify(played, topic,
           (struct fences[]){recorded ? one : nothing, superseded ? other : nothing, nothing});
}

void played_supersede(struct played *played, int64_t first, int64_t last)
{
    notify(played, "worker/played", (struct fences[]){nothing, {first, last}, nothing});
}

void played_cancel(struct played *played, int64_t fence)
{
    notify(played, "worker/played", (struct fences[]){nothing, nothing, {fence, fence}});
}

/* Shows what the worker said, for a failure. */
static void show_log(const struct played *played)
{
    FILE *file = fopen(played->log, "r");
    char line[1024];

    while (file && fgets(line, sizeof(line), file))
        fputs(line, stderr);
    if (file)
        fclose(file);
}

/* The next report, decoded; -1 when none comes in time. Every report must be one. */
static int next_report(struct played *played, int64_t timeout_ms)
{
    struct wire_error error = {0};

    if (timeout_ms < 0 || !wait_readable(played->reports, timeout_ms))
        return -1;
    int size = zmq_recv(played->reports, played->bytes, sizeof(played->bytes), 0);
    assert_in_range(size, 1, sizeof(played->bytes));
    assert_int_equal(wire_parse(&played->input, played->bytes, (size_t)size, &error), 0);
    int kind = codec_dispatch(report_schemas, &played->input.root, &error);
    assert_in_range(kind, 0, REPORT_KIND_COUNT - 1);
    if (codec_decode(report_schemas[kind], &played->input.root, &played->report, &error))
        fail_msg("%s: %s", error.field, error.expected);
    return kind;
}

static int64_t fence_of(const struct played *played, int kind)
{
    switch (kind) {
    case REPORT_KIND_DECLINED:
        return played->report.declined.fence;
    case REPORT_KIND_DONE:
        return played->report.done.fence;
    case REPORT_KIND_FAILED:
        return played->report.failed.fence;
    case REPORT_KIND_FOUND:
        return played->report.found.fence;
    case REPORT_KIND_PROGRESS:
        return played->report.progress.fence;
    case REPORT_KIND_STARTED:
        return played->report.started.fence;
    default:
        return 0;
    }
}

void played_expect(struct played *played, enum report_kind kind, int64_t fence)
{
    struct mono end = {mono_now().ms + PLAYED_WAIT_MS};

    for (;;) {
        int got = next_report(played, end.ms - mono_now().ms);

        if (got < 0)
            show_log(played);
        if (got < 0)
            fail_msg("no report of kind %d about %" PRId64, (int)kind, fence);
        if (got == (int)kind && (fence == 0 || fence_of(played, got) == fence))
            return;
    }
}

void played_expect_heartbeat(struct played *played, int slots, uint32_t running)
{
    struct mono end = {mono_now().ms + PLAYED_WAIT_MS};

    for (;;) {
        int got = next_report(played, end.ms - mono_now().ms);

        if (got < 0)
            fail_msg("no heartbeat with %d slots and %u running", slots, running);
        if (got == REPORT_KIND_HEARTBEAT && played->report.heartbeat.slots == slots &&
            played->report.heartbeat.running.count == running)
            return;
    }
}

int played_count(struct played *played, enum report_kind kind, int64_t for_ms)
{
    struct mono end = {mono_now().ms + for_ms};
    int count = 0;

    for (int got = 0; got >= 0;) {
        got = next_report(played, end.ms - mono_now().ms);
        count += got == (int)kind;
    }
    return count;
}

int played_results(struct played *played, int64_t fence, int64_t for_ms)
{
    struct mono end = {mono_now().ms + for_ms};
    int count = 0;

    for (int got = 0; got >= 0;) {
        got = next_report(played, end.ms - mono_now().ms);
        if (got >= 0 && fence_of(played, got) == fence)
            count += got == REPORT_KIND_DONE || got == REPORT_KIND_FAILED;
    }
    return count;
}
