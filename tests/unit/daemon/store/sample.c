// SPDX-License-Identifier: MIT
#include "tests/unit/daemon/store/sample.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/core/operation.h"
#include "schemas/base/errors.h"
#include "tests/unit/daemon/core/world.h"

int sample_set_up(void **state)
{
    struct sample *sample = calloc(1, sizeof *sample);

    if (!sample || temporary_make(sample->root)) {
        free(sample);
        return -1;
    }
    snprintf(sample->directory, sizeof sample->directory, "%s/store", sample->root);
    sample->options =
        (struct store_options){.directory = sample->directory, .overlay_operations = 64};
    sample->seed = 42;
    sample_open(sample);
    *state = sample;
    return 0;
}

int sample_tear_down(void **state)
{
    struct sample *sample = *state;
    int rc = store_close(&sample->store);

    rc |= temporary_remove(sample->root);
    free(sample);
    return rc;
}

void sample_open(struct sample *sample)
{
    if (store_open(&sample->store, &sample->options, sample->message)) {
        fail_msg("%s", sample->message);
    }
}

void sample_close(struct sample *sample)
{
    assert_int_equal(store_close(&sample->store), 0);
    assert_null(sample->store);
}

struct uuid sample_tenant(size_t index)
{
    return number_uuid(7000 + index % SAMPLE_TENANTS);
}

static struct sample_event accepted(struct sample *sample, size_t index)
{
    bool is_acted = index % 3 == 0 && !sample->is_automatic;
    struct operation_request request = {.id = number_uuid(index + 1),
                                        .tenant_id = sample_tenant(index),
                                        .user_id = number_uuid(index % 7),
                                        .requested_by = number_uuid(8),
                                        .has_acted_by = is_acted,
                                        .acted_by = number_uuid(is_acted ? 11 : 0),
                                        .now = {1000 + sample->event_count},
                                        .due_ms = 5,
                                        .has_key = index % 4 != 0,
                                        .has_retry_of = index % 5 == 0,
                                        .retry_of = number_uuid(index % 5 == 0 ? index : 0),
                                        .approval = index % 6 == 0 && !sample->is_automatic
                                                        ? OPERATION_APPROVAL_MANUAL
                                                        : OPERATION_APPROVAL_AUTOMATIC};

    /* Operations of different tenants have the same keys. */
    memset(request.key_digest, (int)(index / SAMPLE_TENANTS % 251), sizeof request.key_digest);
    request.key_digest[0] = (uint8_t)(index / SAMPLE_TENANTS / 251);
    return (struct sample_event){
        .kind = EVENT_KIND_ACCEPTED,
        .record = operation_create(&request, sample->event_count + 1),
    };
}

/* A legal move of the operation; false when none was found. */
static bool move(struct sample *sample, size_t index, struct sample_event *event)
{
    enum event_kind kind = (enum event_kind)next_random(&sample->seed, EVENT_KIND_COUNT);

    *event = *sample->newest[index];
    event->result[0] = '\0';
    event->kind = kind;
    if (!operation_may_move(&event->record, kind)) {
        return false;
    }
    if (kind == EVENT_KIND_OVERDUE) {
        if (event->record.overdue.ms != 0) {
            return false;
        }
        event->record.overdue.ms = 1 + (int64_t)next_random(&sample->seed, 50);
    }
    if (kind == EVENT_KIND_FAILED && next_random(&sample->seed, 2)) {
        event->record.has_cancelled_by = true;
        event->record.cancelled_by = number_uuid(9);
    }
    if (event->record.stage == OPERATION_STAGE_AWAITING_APPROVAL && kind != EVENT_KIND_OVERDUE) {
        event->record.has_decided_by = true;
        event->record.decided_by = number_uuid(10);
        event->record.decided.ms = 1000 + sample->event_count;
    }
    if (kind == EVENT_KIND_STARTED) {
        event->record.fence = sample->event_count + 1;
        if (!sample->is_automatic) {
            snprintf(event->record.worker, sizeof event->record.worker, "worker-%d",
                     (int)next_random(&sample->seed, 3));
        }
    }
    if (kind == EVENT_KIND_RETRY_WAIT) {
        event->record.ready.ms = 1 + (int64_t)next_random(&sample->seed, 50);
    }
    if (kind == EVENT_KIND_RETRY_WAIT || kind == EVENT_KIND_FAILED) {
        event->record.has_failure = true;
        event->record.failure = FAILURE_CODE_SOURCE_UNAVAILABLE;
        event->record.failure_is_retryable = kind == EVENT_KIND_RETRY_WAIT;
        event->record.failed_attempts++;
        event->record.lost_attempts += 2;
    }
    if (kind == EVENT_KIND_COMPLETED || kind == EVENT_KIND_FAILED) {
        snprintf(event->result, sizeof event->result, "result of %lld",
                 (long long)sample->event_count + 1);
    }
    return operation_move(&event->record, kind, sample->event_count + 1,
                          (struct wall){1000 + sample->event_count}) == 0;
}

void sample_make(struct sample *sample)
{
    struct sample_event event;
    size_t index = sample->count;

    assert_true(sample->event_count < SAMPLE_EVENTS);
    for (int tries = 0;; tries++) {
        bool is_new = index == sample->count && sample->count < SAMPLE_OPERATIONS &&
                      (sample->count == 0 || tries > 100 || next_random(&sample->seed, 4) == 0);
        if (is_new) {
            event = accepted(sample, index);
            sample->count++;
            break;
        }
        index = (size_t)next_random(&sample->seed, sample->count);
        if (move(sample, index, &event)) {
            break;
        }
        index = sample->count;
        assert_true(tries < 100000);
    }
    sample->events[sample->event_count] = event;
    sample->newest[index] = &sample->events[sample->event_count++];
}

int sample_put_after(struct sample *sample, int64_t sequence)
{
    for (; sequence < sample->event_count; sequence++) {
        const struct sample_event *event = &sample->events[sequence];
        int rc = store_put(sample->store, event->kind, &event->record, text_of(event->result));
        if (rc) {
            return rc;
        }
    }
    return 0;
}

void sample_put(struct sample *sample, int events)
{
    int64_t before = sample->event_count;

    for (int i = 0; i < events; i++) {
        sample_make(sample);
    }
    assert_int_equal(sample_put_after(sample, before), 0);
}

void sample_truncate(struct sample *sample, int64_t sequence)
{
    assert_in_range(sequence, 0, sample->event_count);
    sample->event_count = sequence;
    sample->count = 0;
    for (int64_t i = 0; i < sequence; i++) {
        uint64_t number = (uint64_t)sample->events[i].record.id.bytes[15] |
                          (uint64_t)sample->events[i].record.id.bytes[14] << 8;
        sample->newest[number - 1] = &sample->events[i];
        sample->count = number > sample->count ? number : sample->count;
    }
}

void sample_sql(struct sample *sample, const char *sql)
{
    char path[sizeof sample->directory + 16];
    sqlite3 *database = NULL;
    char *error = NULL;

    snprintf(path, sizeof path, "%s/store.db", sample->directory);
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    if (sqlite3_exec(database, sql, NULL, NULL, &error) != SQLITE_OK) {
        fail_msg("%s: %s", sql, error);
    }
    sqlite3_close(database);
}
