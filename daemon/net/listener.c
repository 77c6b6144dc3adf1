// SPDX-License-Identifier: MIT
#include "daemon/net/listener.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#include "schemas/base/errors.h"

/* Time given to replies and notices that are on their way when the daemon stops. */
#define LINGER_MS 200
#define BACKLOG   1024
/* zmq.h has it only beside the draft API, but the option belongs to the stable library; were it
 * missing, setting it would fail and the daemon would not start. */
#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93
#endif
/* How long an endpoint that was ours is waited for, and how often it is looked at. */
#define REOPEN_TRIES   2000
#define REOPEN_WAIT_NS 1000000

static const int types[SOCKET_COUNT] = {
    [SOCKET_REQUESTS] = ZMQ_ROUTER,
    [SOCKET_JOBS] = ZMQ_PUSH,
    [SOCKET_REPORTS] = ZMQ_PULL,
    [SOCKET_STATUS] = ZMQ_XPUB,
};

static bool set(void *socket, int option, int64_t value)
{
    int number = (int)value;

    return zmq_setsockopt(socket, option, &number, sizeof number) == 0;
}

/* Input is never stopped at a mark: libzmq 4.3.4 ends the process when a connection on which it has
 * stopped reading is cut and a heartbeat is due or lies unread on it (libzmq issue 4364). So
 * each turn takes out all that has come in, and what it cannot handle waits under our own bounds
 * (waiting.h). */
#define UNLIMITED 0

static bool set_options(void *socket, enum socket_kind kind, const struct sockets_options *options)
{
    int64_t maximum_bytes =
        kind == SOCKET_JOBS || kind == SOCKET_STATUS ? LIMIT_TOPIC_BYTES : LIMIT_MESSAGE_BYTES;
    bool is_set =
        zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &maximum_bytes, sizeof maximum_bytes) == 0 &&
        set(socket, ZMQ_SNDHWM, options->high_water_mark) && set(socket, ZMQ_RCVHWM, UNLIMITED) &&
        set(socket, ZMQ_HANDSHAKE_IVL, options->handshake_timeout_ms) &&
        set(socket, ZMQ_HEARTBEAT_IVL, options->heartbeat_interval_ms) &&
        set(socket, ZMQ_HEARTBEAT_TIMEOUT, options->heartbeat_timeout_ms) &&
        set(socket, ZMQ_HEARTBEAT_TTL, options->heartbeat_timeout_ms) &&
        set(socket, ZMQ_LINGER, LINGER_MS) && set(socket, ZMQ_BACKLOG, BACKLOG) &&
        set(socket, ZMQ_IPV6, 1);

    if (kind == SOCKET_REQUESTS) {
        /* A reply to a peer that is gone is an error that can be counted, and no peer takes over
         * another's name. */
        is_set =
            is_set && set(socket, ZMQ_ROUTER_MANDATORY, 1) && set(socket, ZMQ_ROUTER_HANDOVER, 0);
    }
    if (kind == SOCKET_STATUS) {
        /* Every subscription is passed up, also to a topic that has a subscriber: each is owed the
         * last value. */
        is_set = is_set && set(socket, ZMQ_XPUB_VERBOSE, 1);
    }
    return is_set;
}

/* Without an enforced domain, a CURVE server that cannot reach its ZAP handler lets everybody in.
 */
static bool set_security(const struct listener *listener, const struct sockets_options *options)
{
    char domain[ADMISSION_DOMAIN_BUFFER];

    if (!options->admission.identities) {
        return true;
    }
    admission_domain(listener->kind, listener->feed, domain);
    return set(listener->socket, ZMQ_CURVE_SERVER, 1) &&
           zmq_setsockopt(listener->socket, ZMQ_CURVE_SECRETKEY, options->secret_key,
                          CERTIFICATE_KEY_BUFFER) == 0 &&
           zmq_setsockopt(listener->socket, ZMQ_ZAP_DOMAIN, domain, strlen(domain)) == 0 &&
           set(listener->socket, ZMQ_ZAP_ENFORCE_DOMAIN, 1);
}

/* libzmq unlinks an ipc path before it binds, and so would take it away from a daemon that is
 * listening there. */
static bool is_taken(const char *endpoint)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = endpoint + strlen("ipc://");
    bool is_listening = false;
    int probe;

    if (strncmp(endpoint, "ipc://", strlen("ipc://")) != 0 || path[0] == '@' || path[0] == '*' ||
        strlen(path) >= sizeof address.sun_path) {
        return false;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (probe >= 0) {
        is_listening = connect(probe, (struct sockaddr *)&address, sizeof address) == 0;
        close(probe);
    }
    return is_listening;
}

static int fail(const char *endpoint, const char *reason, char *message)
{
    snprintf(message, SOCKETS_MESSAGE_BYTES, "cannot listen on %s: %s", endpoint, reason);
    return -ERROR_CONFIGURATION;
}

int listener_open(struct listener *listener, void *context, struct text endpoint,
                  const struct sockets_options *options, char message[SOCKETS_MESSAGE_BYTES])
{
    char wanted[SOCKETS_ENDPOINT_BYTES];
    size_t size_bytes = SOCKETS_ENDPOINT_BYTES;

    if (text_copy(endpoint, wanted, sizeof wanted)) {
        snprintf(message, SOCKETS_MESSAGE_BYTES, "an endpoint is too long");
        return -ERROR_CONFIGURATION;
    }
    if (is_taken(wanted)) {
        return fail(wanted, "another process does", message);
    }
    listener->socket = zmq_socket(context, types[listener->kind]);
    if (!listener->socket || !set_options(listener->socket, listener->kind, options) ||
        !set_security(listener, options) ||
        (listener->gate &&
         gate_watch(listener->gate, context, listener->socket, listener->number)) ||
        zmq_bind(listener->socket, wanted) ||
        zmq_getsockopt(listener->socket, ZMQ_LAST_ENDPOINT, listener->endpoint, &size_bytes)) {
        int saved = zmq_errno();

        listener_close(listener);
        errno = saved;
        return fail(wanted, zmq_strerror(saved), message);
    }
    return 0;
}

void listener_close(struct listener *listener)
{
    waiting_release(&listener->waiting);
    if (listener->socket) {
        if (listener->gate) {
            gate_unwatch(listener->gate, listener->socket, listener->number);
        }
        zmq_close(listener->socket);
        listener->socket = NULL;
    }
}

int listener_reopen(struct listener *listener, void *context, const struct sockets_options *options,
                    char message[SOCKETS_MESSAGE_BYTES])
{
    const struct timespec pause = {.tv_nsec = REOPEN_WAIT_NS};
    char endpoint[SOCKETS_ENDPOINT_BYTES];
    int rc = -ERROR_CONFIGURATION;

    memcpy(endpoint, listener->endpoint, sizeof endpoint);
    listener_close(listener);
    for (int i = 0; rc && i < REOPEN_TRIES; i++) {
        if (i > 0) {
            nanosleep(&pause, NULL);
        }
        rc = listener_open(listener, context, text_of(endpoint), options, message);
    }
    return rc;
}

/* Who a message counts for: an identity, or else a connection, of which only a ROUTER tells. */
static struct text sender_of(const struct listener *listener, const struct frames *frames)
{
    zmq_msg_t *first = (zmq_msg_t *)&frames->frames[0];
    zmq_msg_t *last = (zmq_msg_t *)&frames->frames[frames->kept - 1];
    const char *name = zmq_msg_gets(last, LISTENER_USER_ID);

    if (name) {
        return text_of(name);
    }
    return listener->kind == SOCKET_REQUESTS
               ? (struct text){zmq_msg_data(first), (uint32_t)zmq_msg_size(first)}
               : TEXT("");
}

bool listener_keep(struct listener *listener, struct frames *frames, size_t most_of_sender)
{
    struct text sender = sender_of(listener, frames);

    return waiting_put(&listener->waiting, frames, sender,
                       sender.size_bytes > 0 ? most_of_sender : SIZE_MAX);
}

static void tell_gate(const struct listener *listener, struct frames *frames)
{
    int descriptor = frames_descriptor(frames);
    const char *name;

    if (gate_heard(listener->gate, descriptor)) {
        name = zmq_msg_gets(&frames->frames[frames->kept - 1], LISTENER_USER_ID);
        gate_proved(listener->gate, descriptor, text_of(name ? name : ""));
    }
    if (listener->kind == SOCKET_STATUS) {
        gate_subscribed(listener->gate, descriptor, zmq_msg_size(&frames->frames[0]));
    }
}

bool listener_receive(const struct listener *listener, struct frames *frames)
{
    if (!frames_receive(frames, listener->socket)) {
        return false;
    }
    if (listener->gate) {
        tell_gate(listener, frames);
    }
    return true;
}
