// SPDX-License-Identifier: MIT
#include "clients/library/channel.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "clients/library/failure.h"
#include "schemas/base/limits.h"

enum {
    RECONNECT_MS = 100,
    RECONNECT_MAXIMUM_MS = 2000,
    HANDSHAKE_MS = 2000,
    HEARTBEAT_MS = 2000,
    HEARTBEAT_TIMEOUT_MS = 6000,
    BUSY_WAIT_MS = 100,
    BUSY_WAIT_DOUBLINGS = 5,
};

static const struct {
    int option;
    int value;
} socket_options[] = {
    {ZMQ_LINGER, 0},
    /* Input is never stopped: libzmq 4.3.4 ends the caller's process when a connection on which it
     * has stopped reading is cut and a heartbeat is due or lies unread on it (libzmq issue 4364).
     * Only what was asked for comes in. */
    {ZMQ_RCVHWM, 0},
    {ZMQ_IPV6, 1},
    {ZMQ_RECONNECT_IVL, RECONNECT_MS},
    {ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAXIMUM_MS},
    {ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS},
    {ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS},
    {ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT_MS},
};

bool channel_socket_options(void *socket, const struct credentials *credentials)
{
    int64_t maximum = LIMIT_MESSAGE_BYTES;

    for (size_t i = 0; i < sizeof(socket_options) / sizeof(socket_options[0]); i++) {
        if (zmq_setsockopt(socket, socket_options[i].option, &socket_options[i].value,
                           sizeof(int)) != 0) {
            return false;
        }
    }
    return zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &maximum, sizeof(maximum)) == 0 &&
           credentials_apply(credentials, socket);
}

static int channel_connect(struct channel *channel, const struct channel_place *place,
                           struct exportd_error *error)
{
    const int only_connected = 1;

    channel->socket = zmq_socket(place->context, ZMQ_DEALER);
    if (!channel->socket || !channel_socket_options(channel->socket, place->credentials) ||
        zmq_setsockopt(channel->socket, ZMQ_IMMEDIATE, &only_connected, sizeof(int)) != 0) {
        return failure_of_system(error, EXPORTD_ERROR_SYSTEM, NULL, "No socket can be made");
    }
    if (!handshake_connect(&channel->handshake, place->context, channel->socket, place->endpoint)) {
        return failure_of_system(error, EXPORTD_ERROR_ARGUMENT, place->endpoint,
                                 "The requests endpoint cannot be used");
    }
    return EXPORTD_OK;
}

int channel_init(struct channel *channel, const struct channel_place *place, int timeout_ms,
                 int deadline_ms, struct exportd_error *error)
{
    *channel = (struct channel){.timeout_ms = timeout_ms, .deadline_ms = deadline_ms};
    if (getrandom(&channel->prefix, sizeof(channel->prefix), 0) != sizeof(channel->prefix)) {
        return failure_of_system(error, EXPORTD_ERROR_SYSTEM, NULL, "No random number");
    }
    if (wire_input_init(&channel->input) != 0) {
        return failure(error, EXPORTD_ERROR_MEMORY, NULL, NULL);
    }
    return channel_connect(channel, place, error);
}

static void forget_reply(struct channel *channel)
{
    if (channel->has_reply) {
        zmq_msg_close(&channel->message);
        channel->has_reply = false;
    }
}

void channel_release(struct channel *channel)
{
    handshake_close(&channel->handshake);
    if (channel->socket) {
        zmq_close(channel->socket);
    }
    forget_reply(channel);
    wire_input_release(&channel->input);
    *channel = (struct channel){0};
}

void exchange_begin(struct exchange *exchange, struct channel *channel)
{
    handshake_read(&channel->handshake);
    handshake_retry(&channel->handshake);
    *exchange = (struct exchange){.request = WIRE_OUTPUT_INIT};
    snprintf(exchange->request_id, sizeof(exchange->request_id), "%016" PRIx64 "-%" PRIx64,
             channel->prefix, ++channel->counter);
}

void exchange_start(struct exchange *exchange, const struct channel *channel, struct mono now)
{
    exchange->is_open = true;
    exchange->due = now;
    exchange->deadline = (struct mono){now.ms + channel->deadline_ms};
}

void exchange_end(struct exchange *exchange)
{
    if (exchange->request.data) {
        explicit_bzero(exchange->request.data, exchange->request.capacity_bytes);
    }
    wire_output_release(&exchange->request);
    exchange->is_open = false;
    exchange->is_blocked = false;
}

struct mono exchange_next(const struct exchange *exchange)
{
    bool waits = !exchange->is_blocked && exchange->due.ms < exchange->deadline.ms;

    return waits ? exchange->due : exchange->deadline;
}

/* Both frames or none: a DEALER takes a message only when it has room for it. */
static bool send_request(struct channel *channel, const struct exchange *exchange)
{
    const struct wire_output *request = &exchange->request;

    if (zmq_send(channel->socket, "", 0, ZMQ_DONTWAIT | ZMQ_SNDMORE) != 0) {
        return false;
    }
    return zmq_send(channel->socket, request->data, request->size_bytes, ZMQ_DONTWAIT) >= 0;
}

void channel_send_due(struct channel *channel, struct exchange *exchanges, size_t count,
                      struct mono now)
{
    for (size_t i = 0; i < count; i++) {
        struct exchange *exchange = &exchanges[i];

        if (!exchange->is_open || exchange->due.ms > now.ms) {
            continue;
        }
        exchange->is_blocked = !send_request(channel, exchange);
        if (!exchange->is_blocked) {
            exchange->sent_count++;
            exchange->due.ms = now.ms + channel->timeout_ms;
        }
    }
}

static bool has_more(zmq_msg_t *message)
{
    return zmq_msg_more(message) != 0;
}

/* Reads one message to its end and keeps its payload: 1 when it was [empty][payload], 0 when it was
 * not, -EAGAIN when there is none. */
static int receive_payload(struct channel *channel)
{
    zmq_msg_t frame;
    int position = 0;
    bool is_well_formed = true;
    bool more = true;

    forget_reply(channel);
    for (; more; position++) {
        zmq_msg_init(&frame);
        if (zmq_msg_recv(&frame, channel->socket, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(&frame);
            return position == 0 ? -EAGAIN : 0;
        }
        more = has_more(&frame);
        if (position == 0 && (zmq_msg_size(&frame) != 0 || !more)) {
            is_well_formed = false;
        }
        if (position == 1 && is_well_formed && !more) {
            zmq_msg_init(&channel->message);
            zmq_msg_move(&channel->message, &frame);
            channel->has_reply = true;
        }
        zmq_msg_close(&frame);
    }
    return channel->has_reply ? 1 : 0;
}

/* The only open exchange, or count. */
static size_t only_open(const struct exchange *exchanges, size_t count)
{
    size_t found = count;

    for (size_t i = 0; i < count; i++) {
        if (exchanges[i].is_open && found < count) {
            return count;
        }
        if (exchanges[i].is_open) {
            found = i;
        }
    }
    return found;
}

static size_t exchange_of(const struct exchange *exchanges, size_t count,
                          const msgpack_object *request_id)
{
    struct text id = {request_id->via.str.ptr, request_id->via.str.size};

    for (size_t i = 0; i < count; i++) {
        if (exchanges[i].is_open && text_equal(text_of(exchanges[i].request_id), id)) {
            return i;
        }
    }
    return count;
}

static int64_t integer_or(const msgpack_object *object, int64_t otherwise)
{
    bool is_small =
        object && object->type == MSGPACK_OBJECT_POSITIVE_INTEGER && object->via.u64 <= INT32_MAX;

    return is_small ? (int64_t)object->via.u64 : otherwise;
}

/* How long the service wants us to wait before we ask again; -1 when asking again is no use.
 * Doubles from answer to answer where it does not say, with a random part so that clients do not
 * come back together. */
static int64_t busy_wait_ms(const struct channel *channel, const struct exchange *exchange,
                            int64_t status)
{
    int64_t seconds = integer_or(wire_find(&channel->input.root, "retryAfter"), -1);
    uint32_t doublings = exchange->busy_count;
    int64_t wait;

    if ((status != 503 && status != 429) || (status == 429 && seconds < 0)) {
        return -1;
    }
    if (seconds >= 0) {
        return seconds * 1000 + BUSY_WAIT_MS;
    }
    wait = (int64_t)BUSY_WAIT_MS << (doublings < BUSY_WAIT_DOUBLINGS ? doublings
                                                                     : BUSY_WAIT_DOUBLINGS);
    return wait + (int64_t)((channel->prefix >> (doublings % 32)) % (uint64_t)wait);
}

/* The rest of channel_receive for a message that could be read. */
static int match(struct channel *channel, struct exchange *exchanges, size_t count, struct mono now,
                 size_t *index, int *status)
{
    const msgpack_object *request_id = wire_find(&channel->input.root, "requestId");
    int64_t number = integer_or(wire_find(&channel->input.root, "status"), 0);
    int64_t wait_ms;

    if (request_id && request_id->type == MSGPACK_OBJECT_STR) {
        *index = exchange_of(exchanges, count, request_id);
        if (*index == count) {
            return 0;
        }
    } else if (request_id || number < 400) {
        return EXPORTD_ERROR_REPLY; /* only a refusal may come without its request's id */
    }
    if (*index == count || number < 100 || number > 599) {
        return EXPORTD_ERROR_REPLY;
    }
    wait_ms = busy_wait_ms(channel, &exchanges[*index], number);
    if (wait_ms >= 0 && now.ms + wait_ms < exchanges[*index].deadline.ms) {
        exchanges[*index].busy_count++;
        exchanges[*index].due.ms = now.ms + wait_ms;
        return 0;
    }
    *status = (int)number;
    return 1;
}

int channel_receive(struct channel *channel, struct exchange *exchanges, size_t count,
                    struct mono now, size_t *index, int *status)
{
    struct wire_error wrong;
    int rc = receive_payload(channel);

    if (rc == -EAGAIN) {
        return -EAGAIN;
    }
    *index = only_open(exchanges, count);
    if (rc == 0 ||
        wire_parse(&channel->input, zmq_msg_data(&channel->message),
                   zmq_msg_size(&channel->message), &wrong) != 0 ||
        channel->input.root.type != MSGPACK_OBJECT_MAP) {
        return EXPORTD_ERROR_REPLY;
    }
    return match(channel, exchanges, count, now, index, status);
}
