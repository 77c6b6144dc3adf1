// SPDX-License-Identifier: MIT
/* How a watch reads operations: each at first, after a silence, and when events are missing. */
#include <errno.h>

#include "clients/library/convert.h"
#include "clients/library/failure.h"
#include "clients/library/watch.h"

static struct mono after_silence(const struct exportd_watch *watch, struct mono now)
{
    return (struct mono){now.ms + watch->client->idle_ms};
}

/* The operation could not be read now; it will be after the idle time. */
static void put_off(struct exportd_watch *watch, const struct uuid *operation_id, struct mono now,
                    struct exportd_error *error)
{
    struct roster_entry *entry = roster_find(&watch->roster, operation_id);

    if (entry) {
        entry->is_asked = false;
        entry->need = ROSTER_NEEDS_STATE;
        watch_schedule(watch, entry, after_silence(watch, now));
    }
    if (error) {
        uuid_format(operation_id, error->operation_id);
    }
}

static int prepare(struct exportd_watch *watch, size_t index, const struct roster_entry *entry,
                   struct exportd_error *error)
{
    struct exchange *exchange = &watch->exchanges[index];

    if (entry->need == ROSTER_NEEDS_EVENTS) {
        struct events_since_request request = {.sequence = entry->sequence,
                                               .has_operation_id = true,
                                               .operation_id = entry->id,
                                               .top = WATCH_EVENTS};

        return client_prepare(watch->client, &watch->channel, exchange,
                              CALL(events_since_request, request), error);
    }
    struct get_operation_request request = {.operation_id = entry->id};

    return client_prepare(watch->client, &watch->channel, exchange,
                          CALL(get_operation_request, request), error);
}

static int start(struct exportd_watch *watch, size_t index, struct roster_entry *entry,
                 struct mono now, struct exportd_error *error)
{
    int rc = prepare(watch, index, entry, error);

    if (rc != EXPORTD_OK) {
        put_off(watch, &entry->id, now, error);
        return rc;
    }
    watch->reads[index] = (struct watch_read){
        .operation_id = entry->id, .need = entry->need, .news_count = entry->news_count};
    entry->is_asked = true;
    exchange_start(&watch->exchanges[index], &watch->channel, now);
    return EXPORTD_OK;
}

static size_t free_exchange(const struct exportd_watch *watch)
{
    size_t index = 0;

    while (index < WATCH_READS && watch->exchanges[index].is_open) {
        index++;
    }
    return index;
}

/* Starts as many due reads as there are free exchanges. */
static int start_due(struct exportd_watch *watch, struct mono now, struct exportd_error *error)
{
    struct mono earliest = {INT64_MAX};
    size_t index = free_exchange(watch);

    if (now.ms < watch->earliest.ms || index == WATCH_READS) {
        return EXPORTD_OK;
    }
    for (size_t i = 0; i < watch->roster.count; i++) {
        struct roster_entry *entry = &watch->roster.entries[i];
        int rc;

        if (entry->is_asked) {
            continue;
        }
        if (entry->due.ms > now.ms || index == WATCH_READS) {
            earliest.ms = entry->due.ms < earliest.ms ? entry->due.ms : earliest.ms;
            continue;
        }
        rc = start(watch, index, entry, now, error);
        if (rc != EXPORTD_OK) {
            return rc; /* earliest stays, so the next turn looks at the others */
        }
        index = free_exchange(watch);
    }
    watch->earliest = earliest;
    return EXPORTD_OK;
}

static int show_state(struct exportd_watch *watch, struct roster_entry *entry,
                      const struct watch_read *read, struct mono now, struct exportd_error *error)
{
    struct get_operation_reply reply;
    struct exportd_operation operation;
    struct exportd_event event;
    struct wire_error wrong;
    bool is_behind;

    if (get_operation_reply_decode(&watch->channel.input.root, &reply, &wrong) != 0 ||
        !reply.has_operation || !uuid_equal(&reply.operation.id, &entry->id)) {
        return failure(error, EXPORTD_ERROR_REPLY, "operation", NULL);
    }
    if (watch_reserve(watch, 1, error) != EXPORTD_OK) {
        return EXPORTD_ERROR_MEMORY;
    }
    convert_operation(&reply.operation, &operation);
    convert_snapshot(&operation, &event);
    if (entry->news_count == read->news_count) {
        roster_correct(entry, event.revision);
    }
    is_behind = event.revision < entry->heard_revision;
    entry->need = is_behind ? ROSTER_NEEDS_EVENTS : ROSTER_NEEDS_STATE;
    watch_schedule(watch, entry, is_behind ? now : after_silence(watch, now));
    if (roster_learn(entry, &event) == ROSTER_SHOW) {
        watch_show(watch, entry, &event, now);
    }
    return EXPORTD_OK;
}

static int show_events(struct exportd_watch *watch, struct roster_entry *entry, struct mono now,
                       struct exportd_error *error)
{
    struct events_since_reply reply;
    struct wire_error wrong;
    bool is_up_to_date;

    if (events_since_reply_decode(&watch->channel.input.root, &reply, &wrong) != 0 ||
        !reply.has_value) {
        return failure(error, EXPORTD_ERROR_REPLY, "value", NULL);
    }
    if (watch_reserve(watch, reply.value.count, error) != EXPORTD_OK) {
        return EXPORTD_ERROR_MEMORY;
    }
    for (uint32_t i = 0; i < reply.value.count; i++) {
        struct event decoded;
        struct exportd_event event;

        codec_item(&reply.value, i, &decoded);
        convert_event(&decoded, &event);
        if (uuid_equal(&decoded.operation_id, &entry->id) &&
            roster_learn(entry, &event) == ROSTER_SHOW && !watch_show(watch, entry, &event, now)) {
            return EXPORTD_OK;
        }
    }
    /* A history that does not reach what was heard, or is too long: then the state must do. */
    is_up_to_date = entry->revision >= entry->heard_revision && !(reply.has_more && reply.more);
    entry->need = ROSTER_NEEDS_STATE;
    watch_schedule(watch, entry, is_up_to_date ? after_silence(watch, now) : now);
    return EXPORTD_OK;
}

/* The answer for one operation has come. */
static int take_answer(struct exportd_watch *watch, const struct watch_read *read, int status,
                       struct mono now, struct exportd_error *error)
{
    struct roster_entry *entry = roster_find(&watch->roster, &read->operation_id);
    int rc;

    if (!entry || !entry->is_asked) {
        return EXPORTD_OK; /* not watched any more, or watched anew */
    }
    entry->is_asked = false;
    if (status >= 400) {
        rc = failure_of_reply(error, status, &watch->channel.input.root);
    } else if (read->need == ROSTER_NEEDS_EVENTS) {
        rc = show_events(watch, entry, now, error);
    } else {
        rc = show_state(watch, entry, read, now, error);
    }
    if (rc == EXPORTD_ERROR_NOT_FOUND || rc == EXPORTD_ERROR_REFUSED) {
        watch_forget(watch, entry);
    }
    if (rc != EXPORTD_OK) {
        put_off(watch, &read->operation_id, now, error);
    }
    return rc;
}

static int receive(struct exportd_watch *watch, struct mono now, struct exportd_error *error)
{
    size_t index;
    int status = 0;
    int rc = channel_receive(&watch->channel, watch->exchanges, WATCH_READS, now, &index, &status);

    if (rc == -EAGAIN) {
        return 0;
    }
    if (rc == 0 || (rc == EXPORTD_ERROR_REPLY && index == WATCH_READS)) {
        return 1; /* nobody's: if it was somebody's after all, that one is asked again */
    }
    if (rc == EXPORTD_ERROR_REPLY) {
        rc = failure(error, rc, NULL, NULL);
        put_off(watch, &watch->reads[index].operation_id, now, error);
    } else {
        rc = take_answer(watch, &watch->reads[index], status, now, error);
    }
    if (rc != EXPORTD_OK && error) {
        failure_copy(error->request_id, sizeof(error->request_id),
                     text_of(watch->exchanges[index].request_id));
    }
    exchange_end(&watch->exchanges[index]);
    return rc == EXPORTD_OK ? 1 : rc;
}

/* Gives up on one read that took too long, and finds when the next one will have. */
static int expire(struct exportd_watch *watch, struct mono now, struct mono *next,
                  struct exportd_error *error)
{
    for (size_t i = 0; i < WATCH_READS; i++) {
        struct exchange *exchange = &watch->exchanges[i];
        int rc;

        if (exchange->is_open && exchange->deadline.ms <= now.ms) {
            rc = client_timed_out(watch->client, &watch->channel, exchange, error);
            put_off(watch, &watch->reads[i].operation_id, now, error);
            exchange_end(exchange);
            return rc;
        }
        if (exchange->is_open && exchange_next(exchange).ms < next->ms) {
            *next = exchange_next(exchange);
        }
    }
    return EXPORTD_OK;
}

int repair_turn(struct exportd_watch *watch, struct mono now, struct mono *next,
                struct exportd_error *error)
{
    int rc = receive(watch, now, error);

    if (rc != 0) {
        return rc;
    }
    rc = start_due(watch, now, error);
    if (rc != EXPORTD_OK) {
        return rc;
    }
    channel_send_due(&watch->channel, watch->exchanges, WATCH_READS, now);
    *next = free_exchange(watch) < WATCH_READS ? watch->earliest : (struct mono){INT64_MAX};
    return expire(watch, now, next, error);
}
