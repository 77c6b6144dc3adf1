// SPDX-License-Identifier: MIT
/* The client object, and how its calls and watches make a request and get its answer. */
#ifndef CLIENTS_LIBRARY_CLIENT_H
#define CLIENTS_LIBRARY_CLIENT_H

#include "clients/library/channel.h"
#include "clients/library/token.h"
#include "clients/library/vouch.h"
#include "schemas/messages.h"

struct exportd_client {
    void *context; /* of ZeroMQ; its watches use it too */
    struct channel channel;
    struct token token;
    struct vouch vouch;
    struct credentials credentials;
    char *requests_endpoint;
    char *status_endpoint;
    int timeout_ms;
    int deadline_ms;
    int idle_ms;
    bool has_reply; /* channel.input.root is the answer of a call that succeeded */
    struct wire_output json;
};

/* A request struct, and its members that every request has. */
struct call {
    const struct schema *schema;
    const void *request;
    struct text *request_id;
    bool *has_token;
    struct text *token;
    bool *has_claims;
    struct vouched_claims *claims;
};

#define CALL(type, value)                                                                          \
    (&(const struct call){&type##_schema, &(value), &(value).request_id, &(value).has_token,       \
                          &(value).token, &(value).has_claims, &(value).claims})

/* Reads the token, or takes the claims, and encodes the request into a new exchange of the channel;
 * on failure the exchange is empty. */
int client_prepare(const struct exportd_client *client, struct channel *channel,
                   struct exchange *exchange, const struct call *call, struct exportd_error *error);

/* Sends the request and waits for its answer, which must be of the reply's schema: on success
 * *reply borrows from the client until its next call. */
int client_call(struct exportd_client *client, const struct call *call,
                const struct schema *reply_schema, void *reply, struct exportd_error *error);

/* What a time-out of this exchange is called. */
int client_timed_out(const struct exportd_client *client, struct channel *channel,
                     const struct exchange *exchange, struct exportd_error *error);

/* Where its channels connect to, and its feeds. */
struct channel_place client_requests_place(const struct exportd_client *client);
struct channel_place client_status_place(const struct exportd_client *client);

/* An argument that must be a UUID. */
int client_parse_id(const char *text, const char *argument, struct uuid *uuid,
                    struct exportd_error *error);

#endif
