// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "schemas/base/errors.h"
#include "tests/unit/daemon/core/world.h"
#include "tests/unit/daemon/store/sample.h"

#define UNTIL_MS 25

static void same(const struct record *read, struct text result, const struct sample_event *event)
{
    const struct record *made = &event->record;

    assert_memory_equal(&read->id, &made->id, sizeof made->id);
    assert_memory_equal(&read->tenant_id, &made->tenant_id, sizeof made->tenant_id);
    assert_memory_equal(&read->user_id, &made->user_id, sizeof made->user_id);
    assert_memory_equal(&read->requested_by, &made->requested_by, sizeof made->requested_by);
    assert_int_equal(read->has_acted_by, made->has_acted_by);
    assert_memory_equal(&read->acted_by, &made->acted_by, sizeof made->acted_by);
    assert_int_equal(read->sequence, made->sequence);
    assert_int_equal(read->revision, made->revision);
    assert_int_equal(read->accepted_sequence, made->accepted_sequence);
    assert_int_equal(read->status, made->status);
    assert_int_equal(read->stage, made->stage);
    assert_int_equal(read->attempt, made->attempt);
    assert_int_equal(read->fence, made->fence);
    assert_string_equal(read->worker, made->worker);
    assert_int_equal(read->has_failure, made->has_failure);
    if (made->has_failure) {
        assert_int_equal(read->failure, made->failure);
        assert_int_equal(read->failure_is_retryable, made->failure_is_retryable);
    }
    assert_int_equal(read->submitted.ms, made->submitted.ms);
    assert_int_equal(read->completed.ms, made->completed.ms);
    assert_int_equal(read->due.ms, made->due.ms);
    assert_int_equal(read->expiration.ms, made->expiration.ms);
    assert_int_equal(read->ready.ms, made->ready.ms);
    assert_int_equal(read->changed.ms, made->changed.ms);
    assert_int_equal(read->failed_attempts, made->failed_attempts);
    assert_int_equal(read->lost_attempts, made->lost_attempts);
    assert_int_equal(read->overdue.ms, made->overdue.ms);
    assert_int_equal(read->has_retry_of, made->has_retry_of);
    assert_memory_equal(&read->retry_of, &made->retry_of, sizeof made->retry_of);
    assert_int_equal(read->has_cancelled_by, made->has_cancelled_by);
    assert_memory_equal(&read->cancelled_by, &made->cancelled_by, sizeof made->cancelled_by);
    assert_int_equal(read->approval, made->approval);
    assert_int_equal(read->has_decided_by, made->has_decided_by);
    assert_memory_equal(&read->decided_by, &made->decided_by, sizeof made->decided_by);
    assert_int_equal(read->decided.ms, made->decided.ms);
    assert_int_equal(read->has_key, made->has_key);
    if (made->has_key) {
        assert_memory_equal(read->key_digest, made->key_digest, sizeof made->key_digest);
    }
    assert_int_equal(result.size_bytes, strlen(event->result));
    assert_memory_equal(result.data ? result.data : "", event->result, result.size_bytes);
}

/* What a walk must see, in this order. */
struct walk {
    const struct sample_event *expected[SAMPLE_EVENTS];
    size_t count;
    size_t seen;
    bool is_event;
};

static int see(void *argument, enum event_kind kind, const struct record *record,
               struct text result)
{
    struct walk *walk = argument;

    assert_true(walk->seen < walk->count);
    assert_int_equal(kind, walk->is_event ? walk->expected[walk->seen]->kind : EVENT_KIND_SNAPSHOT);
    same(record, result, walk->expected[walk->seen]);
    walk->seen++;
    return 0;
}

/* It is there for its own tenant only, whether all of it is asked for or not. */
static void compare_owner(struct sample *sample, size_t index)
{
    const struct record *made = &sample->newest[index]->record;
    struct uuid other = sample_tenant(index + 1);
    struct record record;
    struct text result;

    assert_int_equal(store_get_of(sample->store, &made->tenant_id, &made->id, &record, &result), 0);
    same(&record, result, sample->newest[index]);
    assert_int_equal(store_get_of(sample->store, &made->tenant_id, &made->id, &record, NULL), 0);
    assert_int_equal(record.sequence, made->sequence);
    assert_int_equal(store_get_of(sample->store, &other, &made->id, &record, &result),
                     -ERROR_NOT_FOUND);
    assert_int_equal(store_get_of(sample->store, &other, &made->id, &record, NULL),
                     -ERROR_NOT_FOUND);
}

static void compare_get(struct sample *sample)
{
    struct uuid nobody = number_uuid(99999);
    struct record record;
    struct text result;

    for (size_t i = 0; i < sample->count; i++) {
        const struct record *made = &sample->newest[i]->record;
        assert_int_equal(store_get(sample->store, &made->id, &record, &result), 0);
        same(&record, result, sample->newest[i]);
        compare_owner(sample, i);
        if (made->has_key) {
            assert_int_equal(
                store_find_key(sample->store, &made->tenant_id, made->key_digest, &record, &result),
                0);
            same(&record, result, sample->newest[i]);
            assert_int_equal(
                store_find_key(sample->store, &nobody, made->key_digest, &record, &result),
                -ERROR_NOT_FOUND);
        }
    }
    assert_int_equal(store_get(sample->store, &nobody, &record, NULL), -ERROR_NOT_FOUND);
}

static bool is_listed(const struct store_query *query, const struct record *record)
{
    return uuid_equal(&record->tenant_id, &query->tenant_id) &&
           (!query->has_user_id || uuid_equal(&record->user_id, &query->user_id)) &&
           (!query->has_status || record->status == query->status) &&
           (!query->is_awaiting || record->stage == OPERATION_STAGE_AWAITING_APPROVAL);
}

static void compare_list(struct sample *sample, struct store_query query, size_t examined)
{
    static struct walk walk;
    bool has_more = true;

    walk = (struct walk){0};
    for (size_t i = sample->count; i-- > 0;) {
        if (is_listed(&query, &sample->newest[i]->record)) {
            walk.expected[walk.count++] = sample->newest[i];
        }
    }
    while (has_more) {
        assert_int_equal(
            store_list(sample->store, &query, examined, see, &walk, &query.before, &has_more), 0);
        query.has_before = true;
    }
    assert_int_equal(walk.seen, walk.count);
}

static void compare_lists(struct sample *sample)
{
    for (size_t tenant = 0; tenant < SAMPLE_TENANTS; tenant++) {
        struct store_query query = {.tenant_id = sample_tenant(tenant)};

        compare_list(sample, query, 1000000);
        compare_list(sample, query, 3);
        query.has_user_id = true;
        query.user_id = number_uuid(2);
        compare_list(sample, query, 1000000);
        query.has_status = true;
        query.status = OPERATION_STATUS_COMPLETE;
        compare_list(sample, query, 2);
        query.has_user_id = false;
        compare_list(sample, query, 5);
        query.has_status = false;
        query.is_awaiting = true;
        compare_list(sample, query, 2);
        query.has_user_id = true;
        compare_list(sample, query, 3);
    }
}

static void compare_events(struct sample *sample, size_t tenant, const struct uuid *id)
{
    static struct walk walk;
    struct uuid tenant_id = sample_tenant(tenant);
    int64_t examined = 0;
    int64_t after = -1;

    walk = (struct walk){.is_event = true};
    for (int64_t i = 0; i < sample->event_count; i++) {
        const struct record *record = &sample->events[i].record;
        assert_int_equal(record->sequence, i + 1);
        if (uuid_equal(&record->tenant_id, &tenant_id) && (!id || uuid_equal(&record->id, id))) {
            walk.expected[walk.count++] = &sample->events[i];
        }
    }
    while (examined != after) {
        after = examined;
        assert_int_equal(
            store_events(sample->store, after, &tenant_id, id, 37, see, &walk, &examined), 0);
        assert_true(examined <= after + 37);
    }
    assert_int_equal(examined, sample->event_count);
    assert_int_equal(walk.seen, walk.count);
}

static void compare_counts(struct sample *sample)
{
    for (size_t tenant = 0; tenant < SAMPLE_TENANTS; tenant++) {
        struct uuid tenant_id = sample_tenant(tenant);
        struct store_counts counted = store_counts(sample->store, &tenant_id);
        struct store_counts expected = {0};

        for (size_t i = tenant; i < sample->count; i += SAMPLE_TENANTS) {
            const struct record *record = &sample->newest[i]->record;

            expected.of[record->stage]++;
            expected.overdue += record->overdue.ms != 0 && !record_is_terminal(record);
        }
        assert_memory_equal(&counted, &expected, sizeof expected);
    }
}

static void compare_queues(struct sample *sample)
{
    static struct walk queued;
    static struct walk gathering;

    gathering = (struct walk){0};
    for (size_t tenant = 0; tenant < SAMPLE_TENANTS; tenant++) {
        struct uuid tenant_id = sample_tenant(tenant);

        queued = (struct walk){0};
        for (size_t i = tenant; i < sample->count && queued.count < 20; i += SAMPLE_TENANTS) {
            if (sample->newest[i]->record.stage == OPERATION_STAGE_QUEUED) {
                queued.expected[queued.count++] = sample->newest[i];
            }
        }
        assert_int_equal(store_queued(sample->store, &tenant_id, 20, see, &queued), 0);
        assert_int_equal(queued.seen, queued.count);
    }
    for (size_t i = 0; i < sample->count; i++) {
        const struct record *record = &sample->newest[i]->record;
        if (record->stage == OPERATION_STAGE_GATHERING) {
            gathering.expected[gathering.count++] = sample->newest[i];
        }
    }
    assert_int_equal(store_gathering(sample->store, see, &gathering), 0);
    assert_int_equal(gathering.seen, gathering.count);
}

static int count_due(void *argument, enum event_kind kind, const struct record *record,
                     struct text result)
{
    struct wall *number = argument;

    (void)kind;
    (void)result;
    assert_int_equal(record->stage, OPERATION_STAGE_RETRY_WAIT);
    assert_true(record->ready.ms <= UNTIL_MS);
    number->ms++;
    return 0;
}

static void compare_retries(struct sample *sample)
{
    struct wall number = {0};
    struct wall earliest;
    int64_t next = INT64_MAX;
    int64_t due = 0;

    for (size_t i = 0; i < sample->count; i++) {
        const struct record *record = &sample->newest[i]->record;
        if (record->stage == OPERATION_STAGE_RETRY_WAIT) {
            due += record->ready.ms <= UNTIL_MS;
            next = record->ready.ms > UNTIL_MS && record->ready.ms < next ? record->ready.ms : next;
        }
    }
    assert_int_equal(store_retries(sample->store, (struct wall){UNTIL_MS}, (struct wall){INT64_MAX},
                                   1000000, count_due, &number, &earliest),
                     0);
    assert_int_equal(number.ms, due);
    assert_in_range(earliest.ms, UNTIL_MS + 1, next);
}

struct due_walk {
    bool is_overdue;
    int64_t seen;
};

static int see_due(void *argument, enum event_kind kind, const struct record *record,
                   struct text result)
{
    struct due_walk *walk = argument;

    (void)kind;
    (void)result;
    assert_false(record_is_terminal(record));
    assert_int_equal(record->overdue.ms != 0, walk->is_overdue);
    assert_true((walk->is_overdue ? record->overdue.ms : record->due.ms) <= walk->seen >> 32);
    walk->seen++;
    return 0;
}

static void compare_due(struct sample *sample, bool is_overdue, int64_t until_ms)
{
    struct due_walk walk = {is_overdue, until_ms << 32};
    struct wall earliest;
    int64_t next = INT64_MAX;
    int64_t due = 0;

    for (size_t i = 0; i < sample->count; i++) {
        const struct record *record = &sample->newest[i]->record;
        int64_t time_ms = is_overdue ? record->overdue.ms : record->due.ms;

        if (!record_is_terminal(record) && (record->overdue.ms != 0) == is_overdue) {
            due += time_ms <= until_ms;
            next = time_ms > until_ms && time_ms < next ? time_ms : next;
        }
    }
    assert_int_equal(store_due(sample->store, is_overdue, (struct wall){until_ms}, 1000000, see_due,
                               &walk, &earliest),
                     0);
    assert_int_equal(walk.seen - (until_ms << 32), due);
    assert_in_range(earliest.ms, until_ms + 1, next);
}

static void compare_ahead(struct sample *sample)
{
    const struct record *record = sample->count ? &sample->newest[sample->count / 2]->record : NULL;
    int64_t expected = 0;
    int64_t number = -1;

    for (size_t i = 0; record && i < sample->count / 2; i++) {
        expected += sample->newest[i]->record.stage == OPERATION_STAGE_QUEUED &&
                    uuid_equal(&sample->newest[i]->record.tenant_id, &record->tenant_id);
    }
    if (record) {
        assert_int_equal(store_ahead(sample->store, &record->tenant_id, &record->id, 1000, &number),
                         0);
        assert_int_equal(number, expected);
        assert_int_equal(store_ahead(sample->store, &record->tenant_id, &record->id, 2, &number),
                         0);
        assert_int_equal(number, expected < 2 ? expected : 2);
    }
}

void sample_compare(struct sample *sample)
{
    assert_int_equal(store_sequence(sample->store), sample->event_count);
    compare_counts(sample);
    compare_get(sample); /* before anything brings the view up to date */
    for (size_t tenant = 0; tenant < SAMPLE_TENANTS; tenant++) {
        compare_events(sample, tenant, NULL);
    }
    if (sample->count > 0) {
        compare_events(sample, (sample->count - 1) % SAMPLE_TENANTS,
                       &sample->newest[sample->count - 1]->record.id);
    }
    compare_lists(sample);
    compare_queues(sample);
    compare_retries(sample);
    compare_due(sample, false, 1000 + sample->event_count / 2);
    compare_due(sample, true, 25);
    compare_ahead(sample);
    compare_get(sample); /* and from the view */
    compare_counts(sample);
}
