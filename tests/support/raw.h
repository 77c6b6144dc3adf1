// SPDX-License-Identifier: MIT
/* The wire by hand: msgpack bytes put together one by one and plain ZeroMQ sockets, so that a
 * black-box test does not share a mistake with the codec it tests. Writing never fails halfway: a
 * message that grew too long is refused when it is sent. Values are read with msgpack-c by a path
 * as "error.innerError.code" or "value.0.id". One thread a socket. Functions return 0 or a
 * negative ERROR_x. */
#ifndef TESTS_SUPPORT_RAW_H
#define TESTS_SUPPORT_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More than any peer accepts, so that "too long" can be sent. */
#define RAW_BYTES 131072

struct raw_message {
    size_t size;
    bool is_too_long;
    uint8_t bytes[RAW_BYTES];
};

void raw_clear(struct raw_message *message);
void raw_bytes(struct raw_message *message, const void *bytes, size_t size);
void raw_map(struct raw_message *message, uint32_t count);
void raw_array(struct raw_message *message, uint32_t count);
void raw_text(struct raw_message *message, const char *text);
void raw_integer(struct raw_message *message, int64_t value);
void raw_real(struct raw_message *message, double value);
void raw_boolean(struct raw_message *message, bool value);

/* A key and its value, inside a map. */
void raw_text_field(struct raw_message *message, const char *key, const char *value);
void raw_integer_field(struct raw_message *message, const char *key, int64_t value);

/* Reads a text at a path into a buffer; -ERROR_FIELD_MISSING when there is none. */
int raw_get_text(const struct raw_message *message, const char *path, char *buffer, size_t bytes);
int raw_get_integer(const struct raw_message *message, const char *path, int64_t *value);

struct raw_socket; /* a ZeroMQ socket with a context of its own */

enum raw_kind { RAW_REQUEST, RAW_DEALER, RAW_SUBSCRIBER, RAW_PUSH, RAW_PULL };

/* Connects. A subscriber hears nothing until raw_subscribe names a topic. The caller owns it. */
int raw_open(enum raw_kind kind, const char *endpoint, struct raw_socket **socket);
void raw_close(struct raw_socket **socket);
int raw_subscribe(struct raw_socket *socket, const char *topic);

/* One message of one frame; a dealer puts the empty delimiter before it. */
int raw_send(struct raw_socket *socket, const struct raw_message *message, int timeout_ms);

/* One message; the payload is its last frame, the topic of a subscriber its first, when asked for.
 */
int raw_receive(struct raw_socket *socket, int timeout_ms, char *topic, size_t topic_bytes,
                struct raw_message *message);

/* Sends and waits for the reply on a socket of kind RAW_REQUEST. */
int raw_ask(struct raw_socket *socket, const struct raw_message *request, int timeout_ms,
            struct raw_message *reply);

#endif
