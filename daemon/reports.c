// SPDX-License-Identifier: MIT
/* What workers report. Each report is decoded, joined with the stored operation it is about, and
 * given to the engine. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/daemon.h"
#include "schemas/base/errors.h"
#include "schemas/base/log.h"

/* The stored operation that a report is about: *stored is record, or NULL when there is none. False
 * when that cannot be known: then nothing is answered, for a worker that is told that its fence
 * does not count throws its bundle away. */
static bool read_stored(struct daemon *daemon, const struct uuid *id, struct record *record,
                        const struct record **stored)
{
    int rc = store_get(daemon->store, id, record, NULL);

    if (rc && rc != -ERROR_NOT_FOUND) {
        log_line(LOG_ERROR, "store_unreadable", "code=%s reason=\"%s\"", error_row(rc)->inner_code,
                 store_message(daemon->store));
        return false;
    }
    *stored = rc ? NULL : record;
    return true;
}

/* Whether a location is that of the bundle of this attempt, whatever folder and host it is at: no
 * worker names the bundle of another operation. */
static bool is_own_bundle(struct text location, const struct record *record, int64_t fence)
{
    char tenant[UUID_TEXT_BUFFER];
    char operation[UUID_TEXT_BUFFER];
    char own[128];
    size_t bytes = (size_t)snprintf(own, sizeof own, "/%s/%s-%016" PRIx64 ".zip",
                                    uuid_format(&record->tenant_id, tenant),
                                    uuid_format(&record->id, operation), (uint64_t)fence);

    return location.size_bytes > bytes &&
           memcmp(location.data + location.size_bytes - bytes, own, bytes) == 0;
}

static int declined(struct daemon *daemon, const union any_report *report)
{
    return engine_declined(&daemon->engine, &report->declined);
}

static int started(struct daemon *daemon, const union any_report *report)
{
    const struct record *stored;
    struct record record;

    return read_stored(daemon, &report->started.operation_id, &record, &stored)
               ? engine_started(&daemon->engine, &report->started, stored, daemon->now,
                                &daemon->outcome)
               : 0;
}

static int progress(struct daemon *daemon, const union any_report *report)
{
    return engine_progress(&daemon->engine, &report->progress, daemon->now, &daemon->outcome);
}

static int found(struct daemon *daemon, const union any_report *report)
{
    const struct record *stored;
    struct record record;

    if (read_stored(daemon, &report->found.operation_id, &record, &stored)) {
        engine_found(&daemon->engine, &report->found, stored, &daemon->outcome);
    }
    return 0;
}

static int done(struct daemon *daemon, const union any_report *report)
{
    const struct done_report *done = &report->done;
    const struct record *stored;
    struct record record;

    daemon->result = (struct operation_result){
        .has_storage_location = true,
        .storage_location = done->storage_location,
        .has_bundle = true,
        .bundle = done->bundle,
        .sources = done->sources,
    };
    if (!read_stored(daemon, &done->operation_id, &record, &stored)) {
        return 0;
    }
    if (stored && !is_own_bundle(done->storage_location, stored, done->fence)) {
        outcome_notice(&daemon->outcome, done->worker, done->fence, VERDICT_SUPERSEDED);
        return -ERROR_BUNDLE_NOT_OWN;
    }
    return engine_done(&daemon->engine, done, &daemon->result, stored, daemon->now,
                       &daemon->outcome);
}

static int failed(struct daemon *daemon, const union any_report *report)
{
    const struct failed_report *failed = &report->failed;
    const struct record *stored;
    struct record record;

    daemon->result = (struct operation_result){.sources = failed->sources};
    return read_stored(daemon, &failed->operation_id, &record, &stored)
               ? engine_failed(&daemon->engine, failed, &daemon->result, stored, daemon->now,
                               &daemon->outcome)
               : 0;
}

/* Whether a line about it may be written. Without security anybody reports under any name. */
static bool is_told(struct daemon *daemon, int rc, struct text worker)
{
    return throttle_allows(daemon->throttle, THROTTLED_REPORT_REFUSED, rc,
                           daemon->security.identities ? worker : TEXT(""), daemon->now.mono);
}

/* The edge at which a report ends that is of the right form and changes nothing. Who is late is no
 * cause for alarm. */
static void log_refused(struct daemon *daemon, int rc, struct text worker,
                        const struct uuid *operation_id, int64_t fence)
{
    char operation[UUID_TEXT_BUFFER];

    if (!is_told(daemon, rc, worker)) {
        return;
    }
    log_line(rc == -ERROR_SUPERSEDED ? LOG_INFO : LOG_WARNING, "report_refused",
             "code=%s worker=%.*s operation=%s fence=%" PRId64, error_row(rc)->inner_code,
             TEXT_ARGUMENTS(worker), operation_id ? uuid_format(operation_id, operation) : "-",
             fence);
}

/* Of the fences that are refused one is logged, the worst: there may be hundreds in one report. */
static int heartbeat(struct daemon *daemon, const union any_report *report)
{
    const struct heartbeat_report *beat = &report->heartbeat;
    const struct attempt *attempt;
    int refusal = 0;
    int64_t refused = 0;
    int64_t fence;

    engine_hear(&daemon->engine, beat, daemon->now);
    for (uint32_t i = 0; i < beat->running.count; i++) {
        codec_item(&beat->running, i, &fence);
        int rc = engine_renew(&daemon->engine, beat, fence, daemon->now, &daemon->outcome);
        if (rc && (!refusal || (rc == -ERROR_NOT_HOLDER && refusal != rc))) {
            refusal = rc;
            refused = fence;
        }
    }
    if (refusal) {
        attempt = attempts_find(&daemon->engine.attempts, refused);
        log_refused(daemon, refusal, beat->worker, attempt ? &attempt->entry.id : NULL, refused);
    }
    return 0;
}

static int (*const handlers[REPORT_KIND_COUNT])(struct daemon *, const union any_report *) = {
    [REPORT_KIND_DECLINED] = declined,   [REPORT_KIND_DONE] = done,
    [REPORT_KIND_FAILED] = failed,       [REPORT_KIND_FOUND] = found,
    [REPORT_KIND_HEARTBEAT] = heartbeat, [REPORT_KIND_PROGRESS] = progress,
    [REPORT_KIND_STARTED] = started,
};

/* The members that every report has first; a heartbeat the worker's only. */
static const struct started_report *common(const union any_report *report)
{
    return &report->started;
}

/* A worker reports under the name that its key has, and under no other. */
static int check_identity(const struct incoming *incoming, const union any_report *report,
                          struct wire_error *error)
{
    if (incoming->refusal || !incoming->identity ||
        text_equal(common(report)->worker, text_of(identity_name(incoming->identity)))) {
        return incoming->refusal;
    }
    snprintf(error->field, sizeof error->field, "worker");
    return -ERROR_IDENTITY_ROLE;
}

static void log_malformed(struct daemon *daemon, int rc, const struct identity *identity,
                          const char *where)
{
    const char *name = identity ? identity_name(identity) : "-";
    char field[WIRE_FIELD_BYTES];

    if (is_told(daemon, rc, text_of(name))) {
        log_line(LOG_WARNING, "report_refused", "code=%s identity=%s field=%s",
                 error_row(rc)->inner_code, name,
                 log_value(text_of(wire_field_for_log(rc, where)), field, sizeof field));
    }
}

void reports_handle(struct daemon *daemon, const struct incoming *incoming)
{
    struct wire_error error = {0};
    union any_report report;
    int rc = incoming->payload_frames == 1 ? 0 : -ERROR_FRAMES;
    int kind = -1;

    if (!rc) {
        rc = wire_parse(&daemon->input, incoming->payload.data, incoming->payload.size_bytes,
                        &error);
    }
    if (!rc) {
        kind = codec_dispatch(report_schemas, &daemon->input.root, &error);
        rc = kind < 0 ? kind : 0;
    }
    if (!rc) {
        rc = codec_decode(report_schemas[kind], &daemon->input.root, &report, &error);
    }
    if (!rc) {
        rc = check_identity(incoming, &report, &error);
    }
    if (rc) {
        log_malformed(daemon, rc, incoming->identity, error.field);
        return;
    }
    rc = handlers[kind](daemon, &report);
    if (rc) {
        log_refused(daemon, rc, common(&report)->worker, &common(&report)->operation_id,
                    common(&report)->fence);
    }
    turn_apply(daemon);
}
