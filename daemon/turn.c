// SPDX-License-Identifier: MIT
/* One turn of the daemon: receive a bounded batch, decide, and have it written (speak.c). Nobody
 * ever hears of something that a power cut could take back. */
#include <stdlib.h>

#include "daemon/caller.h"
#include "daemon/daemon.h"
#include "daemon/revoked.h"
#include "daemon/show.h"
#include "schemas/base/errors.h"
#include "schemas/base/log.h"

/* Messages taken from each socket in one turn: one fsync serves them all, and nobody waits long for
 * his. */
#define TURN_BUDGET 512
/* How often that is done in one turn. */
#define TURN_ROUNDS 3
/* Offers made at once. */
#define TURN_OFFERS 512
/* Retries put back into the queue in one turn. */
#define TURN_RETRIES 256
/* Silence after which the view is brought up to date, and in what portions. */
#define IDLE_MS      100
#define IDLE_PORTION 512
/* The longest wait, so that times that only the wall clock knows are looked at. */
#define LONGEST_WAIT_MS 1000

static void on_message(void *argument, const struct incoming *incoming)
{
    struct daemon *daemon = argument;

    if (daemon->failure) {
        return;
    }
    daemon->heard = daemon->now.mono;
    daemon->received++;
    switch (incoming->socket) {
    case SOCKET_REQUESTS:
        requests_handle(daemon, incoming);
        break;
    case SOCKET_REPORTS:
        reports_handle(daemon, incoming);
        break;
    case SOCKET_STATUS:
        subscriptions_handle(daemon, incoming);
        break;
    case SOCKET_JOBS:
    case SOCKET_COUNT:
        break;
    }
}

static void publish(struct daemon *daemon, enum event_kind kind, const struct record *record,
                    const struct attempt *attempt)
{
    struct event event;
    char topic[UUID_TEXT_BUFFER];

    /* That nobody watches any more is not looked for: a peer may end subscriptions that it never
     * had, and would silence those of others. */
    if (!daemon->is_watched) {
        return;
    }
    event = show_event(kind, record, attempt, daemon->now.wall);
    uuid_format(&record->id, topic);
    effects_publish(&daemon->effects, security_audience(&daemon->security, &record->tenant_id),
                    (struct text){topic, UUID_TEXT_BYTES}, &event_schema, &event);
}

static void store_change(struct daemon *daemon, const struct change *change)
{
    struct text result = {0};
    char id[UUID_TEXT_BUFFER];
    int rc = 0;

    if (change->result) {
        wire_output_clear(&daemon->scratch);
        operation_result_encode(change->result, &daemon->scratch);
        result = (struct text){daemon->scratch.data, (uint32_t)daemon->scratch.size_bytes};
        rc = daemon->scratch.error;
    }
    if (!rc) {
        rc = store_put(daemon->store, change->kind, &change->record, result);
    }
    if (rc) {
        daemon->failure = rc;
        return;
    }
    publish(daemon, change->kind, &change->record, NULL);
    if (change->kind != EVENT_KIND_ACCEPTED) {
        log_line(change->kind == EVENT_KIND_OVERDUE ? LOG_WARNING : LOG_INFO,
                 event_kind_name(change->kind),
                 "operation=%s attempt=%lld fence=%lld sequence=%lld failure=%s",
                 uuid_format(&change->record.id, id), (long long)change->record.attempt,
                 (long long)change->record.fence, (long long)change->record.sequence,
                 change->record.has_failure ? failure_code_name(change->record.failure) : "-");
    }
}

void turn_apply(struct daemon *daemon)
{
    struct outcome *outcome = &daemon->outcome;
    const struct attempt *attempt;

    for (size_t i = 0; i < outcome->change_count && !daemon->failure; i++) {
        store_change(daemon, &outcome->changes[i]);
    }
    for (size_t i = 0; i < outcome->tick_count; i++) {
        attempt = engine_attempt(&daemon->engine, &outcome->ticks[i].operation_id);
        if (attempt && attempt->is_running && attempt->fence == outcome->ticks[i].fence) {
            publish(daemon, EVENT_KIND_PROGRESS, &attempt->record, attempt);
        }
    }
    outcome->change_count = 0;
    outcome->tick_count = 0;
    if (outcome->error && !daemon->failure) {
        daemon->failure = outcome->error;
    }
}

/* Records collected from a walk of the store, which must be over before the store is changed. */
struct records {
    struct record *items;
    size_t count;
    size_t room;
};

static int collect(void *argument, enum event_kind kind, const struct record *record,
                   struct text result)
{
    struct records *records = argument;

    (void)kind;
    (void)result;
    if (records->count == records->room) {
        return 1;
    }
    records->items[records->count++] = *record;
    return 0;
}

static int retries(struct daemon *daemon)
{
    struct record items[TURN_RETRIES];
    struct records records = {.items = items, .room = TURN_RETRIES};
    struct wall beyond = {daemon->now.wall.ms + daemon->engine.options.retry_ceiling_ms};
    struct wall earliest;
    int rc;

    if (!engine_retry_is_due(&daemon->engine, daemon->now)) {
        return 0;
    }
    rc = store_retries(daemon->store, daemon->now.wall, beyond, TURN_RETRIES, collect, &records,
                       &earliest);
    if (rc) {
        return rc;
    }
    for (size_t i = 0; i < records.count; i++) {
        engine_retry(&daemon->engine, &items[i], daemon->now, &daemon->outcome);
    }
    turn_apply(daemon);
    engine_retry_next(&daemon->engine, records.count == TURN_RETRIES ? daemon->now.wall : earliest);
    return daemon->failure;
}

/* Reports what became overdue, or ends what has been it for too long; *next is when the next of
 * these must be looked at. */
static int overdue(struct daemon *daemon, bool is_overdue, struct wall until, struct wall *next)
{
    struct record items[TURN_RETRIES];
    struct records records = {.items = items, .room = TURN_RETRIES};
    int rc = store_due(daemon->store, is_overdue, until, TURN_RETRIES, collect, &records, next);

    if (rc) {
        return rc;
    }
    for (size_t i = 0; i < records.count; i++) {
        engine_overdue(&daemon->engine, &items[i], daemon->now, &daemon->outcome);
    }
    turn_apply(daemon);
    if (records.count == TURN_RETRIES) {
        *next = until;
    }
    return daemon->failure;
}

static int due(struct daemon *daemon)
{
    int64_t overdue_ms = daemon->engine.options.overdue_ms;
    struct wall becomes;
    struct wall fails;
    int rc;

    if (!engine_due_is_due(&daemon->engine, daemon->now)) {
        return 0;
    }
    rc = overdue(daemon, false, daemon->now.wall, &becomes);
    if (!rc) {
        rc = overdue(daemon, true, (struct wall){daemon->now.wall.ms - overdue_ms}, &fails);
    }
    if (!rc && fails.ms != INT64_MAX) {
        fails.ms += overdue_ms;
    }
    if (!rc) {
        engine_due_next(&daemon->engine, becomes.ms < fails.ms ? becomes : fails);
    }
    return rc;
}

/* Reads pages of the backlog for the tenants that have free slots to fill and nothing at hand. */
static int fill_pages(struct daemon *daemon)
{
    size_t most = QUEUE_PAGE + daemon->engine.attempts.offered + daemon->engine.attempts.running;
    struct records records = {0};
    struct uuid tenant_id;
    int rc = 0;

    while (!rc && engine_needs_page(&daemon->engine, daemon->now, &tenant_id)) {
        if (!records.items && !(records.items = calloc(most, sizeof *records.items))) {
            return -ERROR_MEMORY;
        }
        records.count = 0;
        records.room = engine_page_room(&daemon->engine, &tenant_id);
        rc = store_queued(daemon->store, &tenant_id, records.room, collect, &records);
        if (!rc) {
            rc = engine_fill(&daemon->engine, &tenant_id, records.items, records.count,
                             records.count == records.room);
        }
    }
    free(records.items);
    return rc;
}

/* An offer may go ahead of the commit when the operation is queued in the store already: it brings
 * no change, and a declined one that waited for each turn's fsync would find its free worker late.
 */
static int offer(struct daemon *daemon, const struct offer *offer)
{
    bool is_ended;
    int rc = revoked_end_offer(daemon, offer, &is_ended);

    if (rc || is_ended) {
        return rc;
    }
    if (offer->sequence <= daemon->durable_sequence) {
        effects_offer_now(&daemon->effects, &offer->job, daemon->sockets, &daemon->engine,
                          daemon->now);
    } else {
        effects_offer(&daemon->effects, &offer->job);
    }
    return 0;
}

static int dispatch(struct daemon *daemon)
{
    struct outcome *outcome = &daemon->outcome;
    int rc = fill_pages(daemon);

    if (rc) {
        return rc;
    }
    engine_dispatch(&daemon->engine, daemon->now, TURN_OFFERS, outcome);
    rc = outcome->error;
    for (size_t i = 0; i < outcome->offer_count && !rc; i++) {
        rc = offer(daemon, &outcome->offers[i]);
    }
    outcome->offer_count = 0;
    return rc ? rc : daemon->effects.error;
}

static int decide(struct daemon *daemon)
{
    int rc;

    engine_tick(&daemon->engine, daemon->now, &daemon->outcome);
    turn_apply(daemon);
    rc = daemon->failure;
    if (!rc) {
        rc = retries(daemon);
    }
    if (!rc) {
        rc = due(daemon);
    }
    return rc ? rc : dispatch(daemon);
}

static bool is_idle(const struct daemon *daemon)
{
    return daemon->now.mono.ms - daemon->heard.ms >= IDLE_MS;
}

/* Takes what is there and decides, and again while more comes in meanwhile: a worker that ends jobs
 * faster than the disk synchronizes is given others before the turn is over. */
static int receive_and_decide(struct daemon *daemon)
{
    int rc = 0;

    for (int round = 0; !rc && round < TURN_ROUNDS; round++) {
        size_t received = sockets_receive(daemon->sockets, TURN_BUDGET, on_message, daemon);

        if (received == 0 && round > 0) {
            break;
        }
        rc = daemon->failure ? daemon->failure : decide(daemon);
    }
    return rc;
}

int turn_run(struct daemon *daemon)
{
    int rc;

    daemon->now = (struct now){.mono = mono_now(), .wall = wall_now()};
    outcome_clear(&daemon->outcome);
    caller_follow(daemon);

    rc = speak_if_durable(daemon);
    if (!rc) {
        rc = revoked_end_attempts(daemon);
    }
    if (!rc) {
        rc = receive_and_decide(daemon);
    }
    if (!rc) {
        effects_notices(&daemon->effects, daemon->outcome.notices, daemon->outcome.notice_count);
        rc = daemon->effects.error;
    }
    daemon->surplus += sockets_surplus(daemon->sockets);
    /* Before the fsync, so that others may write the registry meanwhile. */
    registry_rest(daemon->registry);
    if (rc || syncer_is_under_way(daemon->syncer)) {
        return rc;
    }
    if (is_idle(daemon)) {
        rc = store_catch_up(daemon->store, IDLE_PORTION);
    }
    if (!rc) {
        rc = speak_when_durable(daemon);
    }
    return !rc && is_idle(daemon) && !syncer_is_under_way(daemon->syncer)
               ? store_rest(daemon->store)
               : rc;
}

int turn_timeout_ms(const struct daemon *daemon)
{
    struct now now = {.mono = mono_now(), .wall = wall_now()};
    int64_t wait_ms = engine_deadline(&daemon->engine, now).ms;

    wait_ms = wait_ms <= now.mono.ms ? 0 : wait_ms - now.mono.ms;
    if (store_waiting(daemon->store) > 0 && !syncer_is_under_way(daemon->syncer)) {
        int64_t idle_ms = daemon->heard.ms + IDLE_MS - now.mono.ms;

        idle_ms = idle_ms > 0 ? idle_ms : 0;
        wait_ms = idle_ms < wait_ms ? idle_ms : wait_ms;
    }
    return wait_ms > LONGEST_WAIT_MS ? LONGEST_WAIT_MS : (int)wait_ms;
}
