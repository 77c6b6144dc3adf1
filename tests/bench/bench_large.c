// SPDX-License-Identifier: MIT
/* bench_large [--mib N] [--level 0..9]: one profile of so many MiB, half rows and half files,
 * exported by a real worker. Prints its peak resident memory and the seconds, beside those of zip
 * for the same files, as a table of tab-separated fields. Needs about three times the size in
 * TMPDIR. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/large.h"
#include "tests/bench/measure.h"
#include "tests/bench/usage.h"
#include "tests/support/fixture.h"

#define MIB               1048576U
#define ZIP               "/usr/bin/zip"
#define EXPORT_TIMEOUT_NS 3600000000000U
#define ASK_MS            200

static const char large_sources[] =
    "  - name: rows\n"
    "    kind: sqlite\n"
    "    database: '%s/large.db'\n"
    "    statement: >-\n"
    "      SELECT id, sent_at, subject, body FROM rows\n"
    "      WHERE tenant_id = :tenant_id AND owner = :user_id ORDER BY id\n"
    "  - name: files\n"
    "    kind: files\n"
    "    root: '%s/large'\n"
    "    pattern: '{tenant_id}/{user_id}'\n";

static struct fixture fixture;

static void release(void)
{
    fixture_release(&fixture);
}

static void make(uint64_t bytes)
{
    const struct fixture_options options = {
        .people = {.tenant_count = 1, .profile_count = 1}, .worker_count = 1, .slots = 1};
    char tenant[PEOPLE_ID_BUFFER];
    char user[PEOPLE_ID_BUFFER];
    char *sources = NULL;
    if (fixture_make(&options, NULL, &fixture) ||
        asprintf(&sources, large_sources, fixture.directory, fixture.directory) < 0) {
        measure_fail("fixture");
    }
    fixture.options.sources = sources;
    if (fixture_configure(&fixture)) {
        measure_fail("fixture");
    }
    fixture.options.sources = NULL;
    free(sources);
    large_write(fixture.directory, people_tenant_id(0, tenant), people_user_id(0, user), bytes);
}

static void begin_request(struct raw_message *message, const char *type, const char *token,
                          const char *name, const char *value)
{
    raw_clear(message);
    raw_map(message, 4);
    raw_text_field(message, "type", type);
    raw_text_field(message, "requestId", "bench");
    raw_text_field(message, "token", token);
    raw_text_field(message, name, value);
}

static void ask(struct raw_socket *socket, const struct raw_message *request, int64_t wanted,
                struct raw_message *reply)
{
    int64_t status = 0;
    if (raw_ask(socket, request, FIXTURE_TIMEOUT_MS, reply) ||
        raw_get_integer(reply, "status", &status) || status != wanted) {
        measure_fail("request");
    }
}

/* Waits for the status to change, without asking all the time. */
static void wait_complete(struct raw_socket *requests, struct raw_socket *status,
                          const struct raw_message *request, struct raw_message *reply)
{
    char word[32] = "";
    uint64_t deadline = measure_now_ns() + EXPORT_TIMEOUT_NS;
    while (strcmp(word, "complete") != 0) {
        ask(requests, request, 200, reply);
        if (raw_get_text(reply, "operation.status", word, sizeof(word)) ||
            strcmp(word, "failed") == 0 || measure_now_ns() > deadline) {
            measure_fail("the export failed");
        }
        (void)raw_receive(status, ASK_MS, NULL, 0, reply);
    }
}

/* Exports the person and returns the seconds. */
static double export_person(int64_t *bundle_bytes)
{
    static struct raw_message request;
    static struct raw_message reply;
    char token[FIXTURE_TOKEN_BUFFER];
    char text[64];
    struct raw_socket *requests = NULL;
    struct raw_socket *status = NULL;
    if (fixture_token(&fixture, 0, token) || raw_open(RAW_REQUEST, fixture.requests, &requests) ||
        raw_open(RAW_SUBSCRIBER, fixture.status, &status)) {
        measure_fail("client");
    }
    uint64_t start = measure_now_ns();
    begin_request(&request, "exportPersonalData", token, "inboundSharedUserProfileId",
                  people_user_id(0, text));
    ask(requests, &request, 202, &reply);
    if (raw_get_text(&reply, "operation.id", text, sizeof(text)) || raw_subscribe(status, text)) {
        measure_fail("operation");
    }
    begin_request(&request, "getOperation", token, "operationId", text);
    wait_complete(requests, status, &request, &reply);
    double seconds = (double)(measure_now_ns() - start) / 1e9;
    ask(requests, &request, 200, &reply);
    if (raw_get_integer(&reply, "operation.bundle.bytes", bundle_bytes)) {
        measure_fail("bundle");
    }
    raw_close(&requests);
    raw_close(&status);
    return seconds;
}

/* Seconds that zip takes for the database and the files, or 0 where there is no zip. */
static double zip_seconds(const char *level)
{
    char archive[FIXTURE_PATH_BUFFER + 16];
    char database[FIXTURE_PATH_BUFFER + 16];
    char files[FIXTURE_PATH_BUFFER + 16];
    char option[8];
    if (access(ZIP, X_OK)) {
        return 0;
    }
    snprintf(archive, sizeof(archive), "%s/reference.zip", fixture.directory);
    snprintf(database, sizeof(database), "%s/large.db", fixture.directory);
    snprintf(files, sizeof(files), "%s/large", fixture.directory);
    snprintf(option, sizeof(option), "-qr%s", level);
    const char *const arguments[] = {ZIP, option, archive, database, files, NULL};
    struct process zip;
    uint64_t start = measure_now_ns();
    if (process_start(&(struct process_options){.arguments = arguments}, &zip) ||
        process_wait(&zip, -1) || process_exit_code(&zip)) {
        measure_fail(ZIP);
    }
    return (double)(measure_now_ns() - start) / 1e9;
}

static void set_level(const char *level)
{
    char path[FIXTURE_PATH_BUFFER + 16];
    char command[] = "bundles:\n";
    snprintf(path, sizeof(path), "%s/worker-0.yaml", fixture.directory);
    FILE *file = fopen(path, "r+e");
    static char text[65536];
    if (!file) {
        measure_fail(path);
    }
    size_t size = fread(text, 1, sizeof(text) - 1, file);
    text[size] = '\0';
    char *at = strstr(text, command);
    if (!at || fseek(file, 0, SEEK_SET)) {
        measure_fail(path);
    }
    at += strlen(command);
    if (fprintf(file, "%.*s  compression_level: %s\n%s", (int)(at - text), text, level, at) < 0 ||
        fclose(file)) {
        measure_fail(path);
    }
}

enum {
    FIGURE_SIZE,
    FIGURE_PEAK,
    FIGURE_SECONDS,
    FIGURE_RATE,
    FIGURE_ZIP,
    FIGURE_BUNDLE,
    FIGURE_COUNT
};

static struct figure figures[FIGURE_COUNT] = {
    [FIGURE_SIZE] = {.name = "large profile, size", .unit = "MiB"},
    [FIGURE_PEAK] = {.name = "large profile, peak memory of the worker", .unit = "MiB"},
    [FIGURE_SECONDS] = {.name = "large profile, request to bundle", .unit = "s"},
    [FIGURE_RATE] = {.name = "large profile, gathered and bundled",
                     .unit = "MiB/s",
                     .reference = "zip of the same data",
                     .goal = 0.7,
                     .goal_kind = GOAL_RATIO_AT_LEAST},
    [FIGURE_ZIP] = {.name = "zip of the same data", .unit = "MiB/s"},
    [FIGURE_BUNDLE] = {.name = "large profile, bundle", .unit = "MiB"},
};

static void put(unsigned figure, double value)
{
    figure_add(&figures[figure], (struct measurement){.value = value});
}

static void measure(unsigned mib, const char *level)
{
    int64_t bundle_bytes = 0;
    make((uint64_t)mib * MIB);
    set_level(level);
    if (fixture_start_daemon(&fixture) || fixture_start_worker(&fixture, 0)) {
        measure_fail("start");
    }
    double seconds = export_person(&bundle_bytes);
    put(FIGURE_SIZE, mib);
    put(FIGURE_PEAK, usage_memory_mib(fixture.workers[0].pid, "VmHWM:"));
    put(FIGURE_SECONDS, seconds);
    put(FIGURE_RATE, mib / seconds);
    put(FIGURE_BUNDLE, (double)bundle_bytes / MIB);
    (void)fixture_stop_worker(&fixture, 0, SIGTERM);
    (void)fixture_stop_daemon(&fixture, SIGTERM);
    double zip = zip_seconds(level);
    if (zip > 0) {
        put(FIGURE_ZIP, mib / zip);
    }
}

int main(int argc, char *argv[])
{
    unsigned mib = 2048;
    const char *level = "6";
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 < argc && strcmp(argv[i], "--mib") == 0) {
            mib = (unsigned)strtoul(argv[i + 1], NULL, 10);
        } else if (i + 1 < argc && strcmp(argv[i], "--level") == 0) {
            level = argv[i + 1];
        } else {
            mib = 0;
        }
    }
    if (!mib || strlen(level) != 1 || *level < '0' || *level > '9') {
        (void)fputs("usage: bench_large [--mib N] [--level 0..9]\n", stderr);
        return 2;
    }
    if (atexit(release)) {
        return EXIT_FAILURE;
    }
    measure(mib, level);
    figures_print(figures, FIGURE_COUNT);
    return EXIT_SUCCESS;
}
