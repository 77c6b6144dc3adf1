// SPDX-License-Identifier: MIT
/* The calls about profiles, events and the service itself. */
#include <stdlib.h>
#include <string.h>

#include "clients/library/client.h"
#include "clients/library/convert.h"
#include "clients/library/failure.h"
#include "clients/library/page.h"

static int check(const struct exportd_client *client, const void *result,
                 struct exportd_error *error)
{
    failure_clear(error);
    if (!client || !result) {
        return failure(error, EXPORTD_ERROR_ARGUMENT, client ? "result" : "client", NULL);
    }
    return EXPORTD_OK;
}

static int require(bool is_there, const char *member, struct exportd_error *error)
{
    return is_there ? EXPORTD_OK : failure(error, EXPORTD_ERROR_REPLY, member, NULL);
}

int exportd_get_profile(struct exportd_client *client, const char *user_id,
                        struct exportd_profile *profile, struct exportd_error *error)
{
    struct get_profile_request request = {0};
    struct get_profile_reply reply;
    int rc = check(client, profile, error);

    if (rc == EXPORTD_OK) {
        rc = client_parse_id(user_id, "user_id", &request.user_id, error);
    }
    if (rc == EXPORTD_OK) {
        rc = client_call(client, CALL(get_profile_request, request), &get_profile_reply_schema,
                         &reply, error);
    }
    if (rc == EXPORTD_OK) {
        rc = require(reply.has_profile, "profile", error);
    }
    if (rc == EXPORTD_OK) {
        convert_profile(&reply.profile, profile);
    }
    return rc;
}

static int take_profiles(const struct list_profiles_reply *reply, struct exportd_profile_page *page,
                         struct exportd_error *error)
{
    struct exportd_profile_page made = {0};
    int rc = page_items(&reply->value, sizeof(*made.items), (void **)&made.items, error);

    if (rc != EXPORTD_OK) {
        return rc;
    }
    for (; made.count < reply->value.count; made.count++) {
        struct profile profile;

        codec_item(&reply->value, (uint32_t)made.count, &profile);
        convert_profile(&profile, &made.items[made.count]);
    }
    if (reply->has_next) {
        CONVERT_TEXT(made.next, reply->next);
    }
    *page = made;
    return EXPORTD_OK;
}

int exportd_list_profiles(struct exportd_client *client, int top, const char *next,
                          struct exportd_profile_page *page, struct exportd_error *error)
{
    struct list_profiles_request request = {0};
    struct list_profiles_reply reply;
    int rc = check(client, page, error);

    if (rc == EXPORTD_OK) {
        rc = page_top(top, &list_profiles_request_schema, &request.top, error);
    }
    if (rc == EXPORTD_OK) {
        rc = page_next(next, &request.has_next, &request.next, error);
    }
    if (rc == EXPORTD_OK) {
        rc = client_call(client, CALL(list_profiles_request, request), &list_profiles_reply_schema,
                         &reply, error);
    }
    if (rc == EXPORTD_OK) {
        rc = require(reply.has_value, "value", error);
    }
    return rc == EXPORTD_OK ? take_profiles(&reply, page, error) : rc;
}

void exportd_profile_page_release(struct exportd_profile_page *page)
{
    if (page) {
        free(page->items);
        *page = (struct exportd_profile_page){0};
    }
}

static int take_events(const struct events_since_reply *reply, int64_t asked,
                       struct exportd_event_page *page, struct exportd_error *error)
{
    struct exportd_event_page made = {.sequence = reply->has_sequence ? reply->sequence : asked,
                                      .more = reply->has_more && reply->more};
    int rc = page_items(&reply->value, sizeof(*made.items), (void **)&made.items, error);

    if (rc != EXPORTD_OK) {
        return rc;
    }
    for (; made.count < reply->value.count; made.count++) {
        struct event event;

        codec_item(&reply->value, (uint32_t)made.count, &event);
        convert_event(&event, &made.items[made.count]);
    }
    *page = made;
    return EXPORTD_OK;
}

int exportd_events_since(struct exportd_client *client, int64_t sequence, const char *operation_id,
                         int top, struct exportd_event_page *page, struct exportd_error *error)
{
    struct events_since_request request = {.sequence = sequence,
                                           .has_operation_id = operation_id != NULL};
    struct events_since_reply reply;
    int rc = check(client, page, error);

    if (rc == EXPORTD_OK && sequence < 0) {
        rc = failure(error, EXPORTD_ERROR_ARGUMENT, "sequence", "A sequence is not negative.");
    }
    if (rc == EXPORTD_OK && operation_id) {
        rc = client_parse_id(operation_id, "operation_id", &request.operation_id, error);
    }
    if (rc == EXPORTD_OK) {
        rc = page_top(top, &events_since_request_schema, &request.top, error);
    }
    if (rc == EXPORTD_OK) {
        rc = client_call(client, CALL(events_since_request, request), &events_since_reply_schema,
                         &reply, error);
    }
    if (rc == EXPORTD_OK) {
        rc = require(reply.has_value, "value", error);
    }
    return rc == EXPORTD_OK ? take_events(&reply, sequence, page, error) : rc;
}

void exportd_event_page_release(struct exportd_event_page *page)
{
    if (page) {
        free(page->items);
        *page = (struct exportd_event_page){0};
    }
}

int exportd_get_statistics(struct exportd_client *client, struct exportd_statistics *statistics,
                           struct exportd_error *error)
{
    struct get_statistics_request request = {0};
    struct get_statistics_reply reply;
    int rc = check(client, statistics, error);

    if (rc == EXPORTD_OK) {
        rc = client_call(client, CALL(get_statistics_request, request),
                         &get_statistics_reply_schema, &reply, error);
    }
    if (rc == EXPORTD_OK) {
        rc = require(reply.has_statistics, "statistics", error);
    }
    if (rc == EXPORTD_OK) {
        convert_statistics(&reply.statistics, statistics);
    }
    return rc;
}

int exportd_ping(struct exportd_client *client, struct exportd_pong *pong,
                 struct exportd_error *error)
{
    struct ping_request request = {0};
    struct ping_reply reply;
    int rc = check(client, pong, error);

    if (rc == EXPORTD_OK) {
        rc = client_call(client, CALL(ping_request, request), &ping_reply_schema, &reply, error);
    }
    if (rc != EXPORTD_OK) {
        return rc;
    }
    *pong = (struct exportd_pong){0};
    if (reply.has_version) {
        CONVERT_TEXT(pong->version, reply.version);
    }
    if (reply.has_date_time) {
        date_time_format(reply.date_time, pong->date_time);
    }
    return EXPORTD_OK;
}
