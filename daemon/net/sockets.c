// SPDX-License-Identifier: MIT
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "daemon/net/envelope.h"
#include "daemon/net/sockets_inside.h"
#include "schemas/base/clock.h"
#include "schemas/base/errors.h"

/* Questions about handshakes that are answered before the messages of a turn are taken. */
#define ZAP_BUDGET 256
/* Messages of a socket that are taken out of libzmq in one turn beyond those that are handled. */
#define REST_BUDGET 65536
/* How many of those that are refused are told so in one turn: an answer costs more than a message.
 */
#define REST_ANSWERS 1024
/* How long the messages of one socket are handled in one turn, for one may cost a thousand times
 * what another does. */
#define HANDLE_MS 50

/* libzmq's sockets are not for several threads, and a mistake there is seldom seen: it is ours. */
void *sockets_socket(const struct sockets *sockets, size_t number)
{
    assert(pthread_equal(sockets->owner, pthread_self()));
    return sockets->listeners[number].socket;
}

static bool is_secure(const struct sockets *sockets)
{
    return sockets->options.admission.identities != NULL;
}

static struct text endpoint_of(const struct sockets *sockets, size_t number)
{
    const struct sockets_options *options = &sockets->options;

    return number < SOCKET_COUNT ? options->endpoints[number]
                                 : options->admission.feeds[number - SOCKET_COUNT].endpoint;
}

static int open_listener(struct sockets *sockets, size_t number, char *message)
{
    struct listener *listener = &sockets->listeners[number];

    listener->gate = sockets->gate;
    listener->number = number;
    if (number < SOCKET_COUNT) {
        listener->kind = (enum socket_kind)number;
    } else {
        listener->kind = SOCKET_STATUS;
        listener->feed = &sockets->options.admission.feeds[number - SOCKET_COUNT];
    }
    return listener_open(listener, sockets->context, endpoint_of(sockets, number),
                         &sockets->options, message);
}

static int open_all(struct sockets *sockets, char *message)
{
    const struct sockets_options *options = &sockets->options;
    const struct gate_limits limits = {options->connections, options->subscriptions,
                                       options->subscriptions_per_connection,
                                       options->handshake_timeout_ms};
    char public_key[CERTIFICATE_KEY_BUFFER];
    int rc = gate_open(&sockets->gate, &limits, message);

    if (rc) {
        return rc;
    }
    gate_follow_identities(sockets->gate, options->admission.identities);
    if (is_secure(sockets) && (zmq_curve_public(public_key, sockets->options.secret_key) ||
                               strcmp(public_key, sockets->options.public_key) != 0)) {
        snprintf(message, SOCKETS_MESSAGE_BYTES,
                 "the public-key of our certificate does not belong to its secret-key");
        return -ERROR_CONFIGURATION;
    }
    if (is_secure(sockets) && !(sockets->zap = zap_open(sockets->context))) {
        snprintf(message, SOCKETS_MESSAGE_BYTES, "cannot start the ZAP handler: %s",
                 zmq_strerror(zmq_errno()));
        return -ERROR_CONFIGURATION;
    }
    for (size_t i = 0; !rc && i < sockets->count; i++) {
        rc = open_listener(sockets, i, message);
    }
    return rc;
}

int sockets_open(struct sockets **sockets, const struct sockets_options *options,
                 char message[SOCKETS_MESSAGE_BYTES])
{
    struct sockets *s = calloc(1, sizeof *s);
    int rc;

    if (!s || !(s->context = zmq_ctx_new())) {
        free(s);
        snprintf(message, SOCKETS_MESSAGE_BYTES, "out of memory");
        return -ERROR_MEMORY;
    }
    s->owner = pthread_self();
    s->options = *options;
    s->count = SOCKET_COUNT + options->admission.feed_count;
    rc = open_all(s, message);
    if (rc) {
        sockets_close(&s);
        return rc;
    }
    *sockets = s;
    return 0;
}

/* The ZAP handler last: a handshake that it does not answer ends by itself. */
void sockets_close(struct sockets **sockets)
{
    if (!*sockets) {
        return;
    }
    for (size_t i = 0; i < (*sockets)->count; i++) {
        listener_close(&(*sockets)->listeners[i]);
    }
    if ((*sockets)->zap) {
        zmq_close((*sockets)->zap);
    }
    gate_close(&(*sockets)->gate);
    zmq_ctx_term((*sockets)->context);
    free(*sockets);
    *sockets = NULL;
}

static void serve_zap(struct sockets *sockets)
{
    if (sockets->zap) {
        zap_serve(sockets->zap, ZAP_BUDGET, &sockets->options.admission, sockets->gate,
                  &sockets->denials);
    }
}

void sockets_denials(struct sockets *sockets, struct denials *denials)
{
    *denials = sockets->denials;
    sockets->denials = (struct denials){0};
}

void sockets_refusals(struct sockets *sockets, struct gate_refusals *refusals)
{
    gate_refusals(sockets->gate, refusals);
}

int sockets_admit(struct sockets *sockets, const struct identities *identities, size_t *reopened,
                  char message[SOCKETS_MESSAGE_BYTES])
{
    bool are_stale[SOCKET_COUNT + LIMIT_FEEDS] = {false};
    int rc = 0;

    for (size_t i = 0; i < sockets->count; i++) {
        are_stale[i] = admission_is_stale(sockets->listeners[i].kind, sockets->listeners[i].feed,
                                          sockets->options.admission.identities, identities);
    }
    /* Before anything is bound again, so that no handshake is decided by the old table. */
    sockets->options.admission.identities = identities;
    gate_follow_identities(sockets->gate, identities);
    *reopened = 0;
    for (size_t i = 0; !rc && i < sockets->count; i++) {
        if (are_stale[i]) {
            rc = listener_reopen(&sockets->listeners[i], sockets->context, &sockets->options,
                                 message);
            ++*reopened;
        }
    }
    return rc;
}

const char *sockets_endpoint(const struct sockets *sockets, enum socket_kind kind)
{
    return sockets->listeners[kind].endpoint;
}

static bool is_waiting(const struct sockets *sockets)
{
    for (size_t i = 0; i < sockets->count; i++) {
        if (sockets->listeners[i].waiting.count > 0) {
            return true;
        }
    }
    return false;
}

int sockets_wait(struct sockets *sockets, const int *descriptors, size_t number, int timeout_ms)
{
    zmq_pollitem_t items[SOCKET_COUNT + LIMIT_FEEDS + 2 + SOCKETS_DESCRIPTORS];
    int count = 0;

    for (size_t i = 0; i < number; i++) {
        items[count++] = (zmq_pollitem_t){.fd = descriptors[i], .events = ZMQ_POLLIN};
    }
    if (sockets->zap) {
        items[count++] = (zmq_pollitem_t){.socket = sockets->zap, .events = ZMQ_POLLIN};
    }
    /* The jobs socket too, from which nothing comes: libzmq tidies up after connections that ended
     * when it is asked, and else keeps a kilobyte of each. */
    for (size_t i = 0; i < sockets->count; i++) {
        items[count++] =
            (zmq_pollitem_t){.socket = sockets_socket(sockets, i), .events = ZMQ_POLLIN};
    }
    items[count++] = (zmq_pollitem_t){.fd = gate_descriptor(sockets->gate), .events = ZMQ_POLLIN};
    if (lookout_wait(&sockets->lookout, items, count, is_waiting(sockets) ? 0 : timeout_ms) < 0 &&
        zmq_errno() != EINTR) {
        return -ERROR_IO;
    }
    gate_look(sockets->gate, mono_now());
    serve_zap(sockets);
    return 0;
}

/* Who sent it, from the metadata of its payload: libzmq 4.3.4 loses those of the first frame that a
 * ROUTER hands out. A name that nobody has any more, or not for this socket, is refused. */
static void identify(const struct sockets *sockets, const struct listener *listener,
                     zmq_msg_t *payload, struct incoming *incoming)
{
    const char *name = payload ? zmq_msg_gets(payload, LISTENER_USER_ID) : NULL;
    const struct identity *identity =
        name ? identities_by_name(sockets->options.admission.identities, text_of(name)) : NULL;

    if (!identity) {
        incoming->refusal = -ERROR_IDENTITY_UNKNOWN;
    } else if (!admission_opens(listener->kind, listener->feed, identity)) {
        incoming->refusal = -ERROR_IDENTITY_ROLE;
    } else if (listener->kind == SOCKET_REQUESTS && envelope_is_chosen(incoming->envelope)) {
        incoming->refusal = -ERROR_ROUTING_ID;
    } else {
        incoming->identity = identity;
    }
}

static void handle(const struct sockets *sockets, size_t number, struct frames *frames, int refusal,
                   sockets_receiver receive, void *argument)
{
    const struct listener *listener = &sockets->listeners[number];
    struct envelope envelope;
    struct incoming incoming = {.socket = listener->kind, .envelope = &envelope};
    uint32_t payload = 0;

    if (listener->kind != SOCKET_REQUESTS || envelope_read(&envelope, frames, &payload)) {
        incoming.status_number = listener->feed ? (uint32_t)(number - SOCKET_COUNT + 1) : 0;
        incoming.payload_frames = frames->count - payload;
        if (payload < frames->kept) {
            incoming.payload.data = zmq_msg_data(&frames->frames[payload]);
            incoming.payload.size_bytes = (uint32_t)zmq_msg_size(&frames->frames[payload]);
        }
        if (is_secure(sockets)) {
            identify(sockets, listener, payload < frames->kept ? &frames->frames[payload] : NULL,
                     &incoming);
        }
        if (!incoming.refusal) {
            incoming.refusal = refusal;
        }
        receive(argument, &incoming);
    }
    frames_release(frames);
}

/* What a turn has no time for is taken out of libzmq all the same, whose queues know no bound here,
 * and waits under ours. A request beyond them is answered, as long as there are not too many to
 * answer; any other message is dropped, for its sender repeats it or can do without. False when
 * there may be more still. */
static bool keep_rest(struct sockets *sockets, size_t number, sockets_receiver receive,
                      void *argument)
{
    struct listener *listener = &sockets->listeners[number];
    size_t answers = listener->kind == SOCKET_REQUESTS ? REST_ANSWERS : 0;
    struct frames frames;

    for (size_t i = 0; i < REST_BUDGET; i++) {
        if (!listener_receive(listener, &frames)) {
            return true;
        }
        if (listener_keep(listener, &frames, (size_t)sockets->options.outstanding_messages)) {
            continue;
        }
        sockets->surplus++;
        if (answers > 0) {
            answers--;
            handle(sockets, number, &frames, -ERROR_BUSY, receive, argument);
        } else {
            frames_release(&frames);
        }
    }
    return false;
}

static bool next(struct listener *listener, struct frames *frames)
{
    return waiting_take(&listener->waiting, frames) || listener_receive(listener, frames);
}

static size_t receive_some(struct sockets *sockets, size_t number, size_t budget,
                           sockets_receiver receive, void *argument)
{
    struct listener *listener = &sockets->listeners[number];
    int64_t until_ms = mono_now().ms + HANDLE_MS;
    struct frames frames;
    size_t taken = 0;

    while (taken < budget && next(listener, &frames)) {
        handle(sockets, number, &frames, 0, receive, argument);
        taken++;
        if (mono_now().ms > until_ms) {
            budget = taken;
        }
    }
    if (taken < budget || keep_rest(sockets, number, receive, argument)) {
        gate_judge(sockets->gate, number, mono_now());
    }
    return taken;
}

size_t sockets_surplus(struct sockets *sockets)
{
    size_t surplus = sockets->surplus;

    sockets->surplus = 0;
    return surplus;
}

size_t sockets_receive(struct sockets *sockets, size_t budget, sockets_receiver receive,
                       void *argument)
{
    size_t taken;

    gate_weigh(sockets->gate, mono_now());
    gate_judge(sockets->gate, SOCKET_JOBS, mono_now()); /* from which nothing is ever taken */
    /* Reports first: they free slots and renew leases, whatever the callers ask for. */
    taken = receive_some(sockets, SOCKET_REPORTS, budget, receive, argument);

    taken += receive_some(sockets, SOCKET_REQUESTS, budget, receive, argument);
    for (size_t i = SOCKET_STATUS; i < sockets->count; i++) {
        taken += receive_some(sockets, i, budget, receive, argument);
    }
    return taken;
}
