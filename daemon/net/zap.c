// SPDX-License-Identifier: MIT
#include "daemon/net/zap.h"

#include <stdio.h>
#include <string.h>
#include <zmq.h>

#include "daemon/net/gate.h"
#include "schemas/base/errors.h"

#define ENDPOINT         "inproc://zeromq.zap.01"
#define VERSION          "1.0"
#define HIGH_WATER_MARK  4096
#define PUBLIC_KEY_BYTES 32
#define VALUE_BYTES      255 /* of any field, by the specification */

/* The frames of a question to a ROUTER: the way back, an empty one, and the fields in order. */
enum field {
    FIELD_ROUTE,
    FIELD_DELIMITER,
    FIELD_VERSION,
    FIELD_REQUEST_ID,
    FIELD_DOMAIN,
    FIELD_ADDRESS,
    FIELD_ROUTING_ID,
    FIELD_MECHANISM,
    FIELD_CREDENTIALS,
    FIELD_COUNT
};

struct question {
    char fields[FIELD_COUNT][VALUE_BYTES];
    uint32_t sizes[FIELD_COUNT];
    uint32_t count; /* of frames, also those that are not kept */
    bool is_too_long;
};

static struct text field(const struct question *question, enum field number)
{
    return (struct text){question->fields[number], question->sizes[number]};
}

void *zap_open(void *context)
{
    void *socket = zmq_socket(context, ZMQ_ROUTER);
    int mark = HIGH_WATER_MARK;
    int linger_ms = 0;

    if (socket && (zmq_setsockopt(socket, ZMQ_RCVHWM, &mark, sizeof mark) ||
                   zmq_setsockopt(socket, ZMQ_SNDHWM, &mark, sizeof mark) ||
                   zmq_setsockopt(socket, ZMQ_LINGER, &linger_ms, sizeof linger_ms) ||
                   zmq_bind(socket, ENDPOINT))) {
        zmq_close(socket);
        return NULL;
    }
    return socket;
}

static bool receive(void *socket, struct question *question)
{
    int more = 1;
    size_t size_bytes = sizeof more;
    char rest[VALUE_BYTES];

    question->count = 0;
    question->is_too_long = false;
    while (more) {
        bool is_kept = question->count < FIELD_COUNT;
        int got = zmq_recv(socket, is_kept ? question->fields[question->count] : rest, VALUE_BYTES,
                           ZMQ_DONTWAIT);

        if (got < 0 || zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size_bytes)) {
            return false;
        }
        if (got > VALUE_BYTES) {
            question->is_too_long = true;
            got = VALUE_BYTES;
        }
        if (is_kept) {
            question->sizes[question->count] = (uint32_t)got;
        }
        question->count++;
    }
    return true;
}

static int decide(const struct question *question, const struct admission *admission,
                  struct gate *gate, const struct identity **identity,
                  char key[CERTIFICATE_KEY_BUFFER])
{
    size_t number;
    int rc;

    key[0] = '\0';
    if (question->count != FIELD_COUNT || question->is_too_long ||
        !text_equal(field(question, FIELD_VERSION), TEXT(VERSION)) ||
        !text_equal(field(question, FIELD_MECHANISM), TEXT("CURVE")) ||
        question->sizes[FIELD_CREDENTIALS] != PUBLIC_KEY_BYTES ||
        !zmq_z85_encode(key, (const uint8_t *)question->fields[FIELD_CREDENTIALS],
                        PUBLIC_KEY_BYTES)) {
        return -ERROR_MALFORMED;
    }
    rc = admission_check(admission, field(question, FIELD_DOMAIN), text_of(key), identity, &number);
    return !rc && !gate_admits(gate, number, field(question, FIELD_ADDRESS), *identity, mono_now())
               ? -ERROR_BUSY
               : rc;
}

static void send_field(void *socket, struct text value, bool has_more)
{
    (void)zmq_send(socket, value.data ? value.data : "", value.size_bytes,
                   ZMQ_DONTWAIT | (has_more ? ZMQ_SNDMORE : 0));
}

/* Whoever asked may be gone meanwhile: then a ROUTER drops the whole answer. A libzmq peer that is
 * denied for good does not come again; after 300 it does. */
static void answer(void *socket, const struct question *question, int error,
                   const struct identity *identity)
{
    const char *status = !error ? "200" : error == -ERROR_BUSY ? "300" : "400";

    send_field(socket, field(question, FIELD_ROUTE), true);
    send_field(socket, TEXT(""), true);
    send_field(socket, TEXT(VERSION), true);
    send_field(socket, field(question, FIELD_REQUEST_ID), true);
    send_field(socket, text_of(status), true);
    send_field(socket, error ? TEXT("not admitted") : TEXT("OK"), true);
    send_field(socket, error ? TEXT("") : text_of(identity_name(identity)), true);
    send_field(socket, TEXT(""), false);
}

static void note_denial(struct denials *denials, const struct question *question, int error,
                        const char *key)
{
    denials->count++;
    denials->error = error;
    snprintf(denials->key, sizeof denials->key, "%s", key);
    snprintf(denials->domain, sizeof denials->domain, "%.*s",
             TEXT_ARGUMENTS(field(question, FIELD_DOMAIN)));
    snprintf(denials->address, sizeof denials->address, "%.*s",
             TEXT_ARGUMENTS(field(question, FIELD_ADDRESS)));
}

void zap_serve(void *socket, size_t budget, const struct admission *admission, struct gate *gate,
               struct denials *denials)
{
    struct question question = {0};
    char key[CERTIFICATE_KEY_BUFFER];

    for (size_t i = 0; i < budget && receive(socket, &question); i++) {
        const struct identity *identity = NULL;
        int rc = decide(&question, admission, gate, &identity, key);

        if (rc) {
            note_denial(denials, &question, rc, key);
        }
        if (question.count > FIELD_REQUEST_ID) {
            answer(socket, &question, rc, identity);
        }
    }
}
