// SPDX-License-Identifier: MIT
#include "clients/library/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/library/failure.h"
#include "schemas/base/endpoint.h"
#include "schemas/base/errors.h"

enum { TIMEOUT_MS = 2000, DEADLINE_MS = 10000, IDLE_MS = 5000 };

static const struct exportd_options no_options;

const char *exportd_version(void)
{
    return EXPORTD_VERSION;
}

/* The addresses that the service binds when its configuration names no others. */
static int copy_endpoints(struct exportd_client *client, const struct exportd_options *options,
                          struct exportd_error *error)
{
    const char *requests = options->requests_endpoint;
    const char *status = options->status_endpoint;

    client->requests_endpoint = strdup(requests ? requests : "tcp://127.0.0.1:5570");
    client->status_endpoint = strdup(status ? status : "tcp://127.0.0.1:5573");
    if (!client->requests_endpoint || !client->status_endpoint) {
        return failure(error, EXPORTD_ERROR_MEMORY, NULL, NULL);
    }
    return EXPORTD_OK;
}

static int check_plain(const char *argument, const char *endpoint, struct exportd_error *error)
{
    if (endpoint_is_local(text_of(endpoint))) {
        return EXPORTD_OK;
    }
    return failure(error, EXPORTD_ERROR_ARGUMENT, argument,
                   "Without certificates nothing is encrypted, so that only loopback addresses in "
                   "digits and ipc:// paths can be used.");
}

static int read_server_key(struct credentials *credentials, const struct exportd_options *options,
                           struct exportd_error *error)
{
    char why[CERTIFICATE_MESSAGE_BYTES];

    if (options->server_key) {
        struct text key = text_of(options->server_key);

        if (!certificate_is_key(key) ||
            text_copy(key, credentials->server_key, CERTIFICATE_KEY_BUFFER)) {
            return failure(error, EXPORTD_ERROR_CERTIFICATE, "server_key",
                           "A key is 40 characters of Z85.");
        }
        return EXPORTD_OK;
    }
    if (credentials_read_server(credentials, options->server_certificate, why)) {
        return failure(error, EXPORTD_ERROR_CERTIFICATE, "server_certificate", why);
    }
    return EXPORTD_OK;
}

static int read_certificates(struct exportd_client *client, const struct exportd_options *options,
                             struct exportd_error *error)
{
    char why[CERTIFICATE_MESSAGE_BYTES];
    bool has_server = options->server_certificate || options->server_key;
    int rc = EXPORTD_OK;

    if (!has_server && !options->certificate) {
        rc = check_plain("requests_endpoint", client->requests_endpoint, error);
        return rc == EXPORTD_OK ? check_plain("status_endpoint", client->status_endpoint, error)
                                : rc;
    }
    if (!has_server || !options->certificate) {
        return failure(error, EXPORTD_ERROR_ARGUMENT,
                       has_server ? "certificate" : "server_certificate",
                       "Our certificate and the service's key are needed both, or neither.");
    }
    rc = read_server_key(&client->credentials, options, error);
    if (rc == EXPORTD_OK && credentials_read_own(&client->credentials, options->certificate, why)) {
        rc = failure(error, EXPORTD_ERROR_CERTIFICATE, "certificate", why);
    }
    client->credentials.are_given = rc == EXPORTD_OK;
    return rc;
}

struct channel_place client_requests_place(const struct exportd_client *client)
{
    return (struct channel_place){client->context, client->requests_endpoint, &client->credentials};
}

struct channel_place client_status_place(const struct exportd_client *client)
{
    return (struct channel_place){client->context, client->status_endpoint, &client->credentials};
}

static int copy_times(struct exportd_client *client, const struct exportd_options *options,
                      struct exportd_error *error)
{
    if (options->timeout_ms < 0 || options->deadline_ms < 0 || options->idle_ms < 0) {
        return failure(error, EXPORTD_ERROR_ARGUMENT, "options", "A time is negative.");
    }
    client->timeout_ms = options->timeout_ms ? options->timeout_ms : TIMEOUT_MS;
    client->deadline_ms = options->deadline_ms ? options->deadline_ms : DEADLINE_MS;
    client->idle_ms = options->idle_ms ? options->idle_ms : IDLE_MS;
    return EXPORTD_OK;
}

static int open_context(struct exportd_client *client, struct exportd_error *error)
{
    struct channel_place place;

    client->context = zmq_ctx_new();
    if (!client->context) {
        return failure_of_system(error, EXPORTD_ERROR_SYSTEM, NULL, "No ZeroMQ context");
    }
    place = client_requests_place(client);
    return channel_init(&client->channel, &place, client->timeout_ms, client->deadline_ms, error);
}

int exportd_open(struct exportd_client **client, const struct exportd_options *options,
                 struct exportd_error *error)
{
    const struct exportd_options *given = options ? options : &no_options;
    struct exportd_client *made;
    int rc;

    failure_clear(error);
    if (!client) {
        return failure(error, EXPORTD_ERROR_ARGUMENT, "client", NULL);
    }
    made = calloc(1, sizeof(*made));
    if (!made) {
        return failure(error, EXPORTD_ERROR_MEMORY, NULL, NULL);
    }
    rc = copy_times(made, given, error);
    if (rc == EXPORTD_OK) {
        rc = copy_endpoints(made, given, error);
    }
    if (rc == EXPORTD_OK) {
        rc = token_init(&made->token, given->token, given->token_file, error);
    }
    if (rc == EXPORTD_OK) {
        rc = read_certificates(made, given, error);
    }
    if (rc == EXPORTD_OK) {
        rc = open_context(made, error);
    }
    if (rc != EXPORTD_OK) {
        exportd_close(&made);
        return rc;
    }
    *client = made;
    return EXPORTD_OK;
}

void exportd_close(struct exportd_client **client)
{
    struct exportd_client *closed;

    if (!client || !*client) {
        return;
    }
    closed = *client;
    *client = NULL;
    channel_release(&closed->channel);
    if (closed->context) {
        while (zmq_ctx_term(closed->context) != 0 && errno == EINTR) {
        }
    }
    token_release(&closed->token);
    vouch_release(&closed->vouch);
    credentials_forget(&closed->credentials);
    wire_output_release(&closed->json);
    free(closed->requests_endpoint);
    free(closed->status_endpoint);
    free(closed);
}

int client_prepare(const struct exportd_client *client, struct channel *channel,
                   struct exchange *exchange, const struct call *call, struct exportd_error *error)
{
    char buffer[TOKEN_BUFFER_BYTES];
    int rc = EXPORTD_OK;

    if (!client->vouch.is_given) {
        rc = token_read(&client->token, buffer, call->token, error);
    }
    if (rc != EXPORTD_OK) {
        return rc;
    }
    exchange_begin(exchange, channel);
    *call->request_id = text_of(exchange->request_id);
    *call->has_token = call->token->data != NULL;
    *call->has_claims = client->vouch.is_given;
    *call->claims = client->vouch.claims;
    codec_encode(call->schema, call->request, &exchange->request);
    explicit_bzero(buffer, sizeof(buffer));
    if (exchange->request.error != 0) {
        bool is_memory = exchange->request.error == -ERROR_MEMORY;

        exchange_end(exchange);
        return failure(error, is_memory ? EXPORTD_ERROR_MEMORY : EXPORTD_ERROR_ARGUMENT, NULL,
                       NULL);
    }
    return EXPORTD_OK;
}

static bool is_denied(const struct channel *channel)
{
    return channel->handshake.end == HANDSHAKE_DENIED ||
           channel->handshake.end == HANDSHAKE_MECHANISM;
}

int client_timed_out(const struct exportd_client *client, struct channel *channel,
                     const struct exchange *exchange, struct exportd_error *error)
{
    char message[512];
    const char *why;

    handshake_read(&channel->handshake);
    why = handshake_text(channel->handshake.end);
    if (exchange->sent_count > 0) {
        snprintf(
            message, sizeof(message),
            "%s took the request and did not answer in time%s%s; it may have been carried out.",
            client->requests_endpoint, is_denied(channel) ? ", and now " : "",
            is_denied(channel) ? why : "");
    } else {
        snprintf(message, sizeof(message), "There is no connection to %s%s%s; nothing was sent.",
                 client->requests_endpoint, why ? ": " : "", why ? why : "");
    }
    return failure(error,
                   is_denied(channel) && exchange->sent_count == 0 ? EXPORTD_ERROR_DENIED
                                                                   : EXPORTD_ERROR_TIMEOUT,
                   NULL, message);
}

static int wait_until(const struct channel *channel, const struct exchange *exchange,
                      struct mono now)
{
    zmq_pollitem_t items[] = {{.socket = channel->socket, .events = ZMQ_POLLIN},
                              {.socket = channel->handshake.monitor, .events = ZMQ_POLLIN}};
    int64_t wait_ms = exchange_next(exchange).ms - now.ms;

    if (exchange->is_blocked) {
        items[0].events |= ZMQ_POLLOUT;
    }
    return zmq_poll(items, 2, wait_ms > 0 ? (long)wait_ms : 0) < 0 ? errno : 0;
}

/* Until the answer is there or the deadline has passed. A signal does not end it: it is bounded. */
static int run(struct exportd_client *client, struct exchange *exchange,
               struct exportd_error *error)
{
    struct channel *channel = &client->channel;
    size_t index = 0;
    int status = 0;

    for (;;) {
        struct mono now = mono_now();
        int rc = channel_receive(channel, exchange, 1, now, &index, &status);

        if (rc == 1) {
            break;
        }
        if (rc == EXPORTD_ERROR_REPLY && index == 0) {
            return failure(error, EXPORTD_ERROR_REPLY, NULL, NULL);
        }
        /* A key that is denied would be denied again. */
        handshake_read(&channel->handshake);
        if (now.ms >= exchange->deadline.ms || is_denied(channel)) {
            return client_timed_out(client, channel, exchange, error);
        }
        channel_send_due(channel, exchange, 1, now);
        rc = rc == -EAGAIN ? wait_until(channel, exchange, now) : 0;
        if (rc != 0 && rc != EINTR) {
            errno = rc;
            return failure_of_system(error, EXPORTD_ERROR_SYSTEM, NULL, "Waiting failed");
        }
    }
    return status < 400 ? EXPORTD_OK : failure_of_reply(error, status, &channel->input.root);
}

int client_call(struct exportd_client *client, const struct call *call,
                const struct schema *reply_schema, void *reply, struct exportd_error *error)
{
    struct exchange exchange;
    struct wire_error wrong;
    int rc;

    client->has_reply = false;
    rc = client_prepare(client, &client->channel, &exchange, call, error);
    if (rc != EXPORTD_OK) {
        return rc;
    }
    exchange_start(&exchange, &client->channel, mono_now());
    rc = run(client, &exchange, error);
    if (rc == EXPORTD_OK &&
        codec_decode(reply_schema, &client->channel.input.root, reply, &wrong) != 0) {
        rc = failure(error, EXPORTD_ERROR_REPLY, wrong.field, NULL);
    }
    if (rc != EXPORTD_OK && error) {
        failure_copy(error->request_id, sizeof(error->request_id), text_of(exchange.request_id));
    }
    exchange_end(&exchange);
    client->has_reply = rc == EXPORTD_OK;
    return rc;
}

int client_parse_id(const char *text, const char *argument, struct uuid *uuid,
                    struct exportd_error *error)
{
    if (!text || strlen(text) != UUID_TEXT_BYTES || uuid_parse(text_of(text), uuid) != 0) {
        return failure(error, EXPORTD_ERROR_ARGUMENT, argument,
                       "This is not an id: 32 hexadecimal digits as 8-4-4-4-12.");
    }
    return EXPORTD_OK;
}
