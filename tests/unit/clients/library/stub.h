// SPDX-License-Identifier: MIT
/* A small exportd for the tests of the clients: a real ROUTER and XPUB on ipc in a thread of its
 * own, operations in memory, and faults on purpose. It answers from the schemas, so what it says is
 * well-formed unless told otherwise. Every function may be called from the test's thread. */
#ifndef TESTS_UNIT_CLIENTS_LIBRARY_STUB_H
#define TESTS_UNIT_CLIENTS_LIBRARY_STUB_H

#include "schemas/base/errors.h"
#include "schemas/messages.h"

#define STUB_ENDPOINT_BYTES 128
#define STUB_TEXT_BYTES     512

/* A profile that does not exist; every other user id does. */
#define STUB_UNKNOWN_USER "99999999-9999-4999-8999-999999999999"
#define STUB_USER         "11111111-1111-4111-8111-111111111111"
#define STUB_OTHER_USER   "22222222-2222-4222-8222-222222222222"

/* Who cancels, and what explainOperation says: hostile, as it comes from elsewhere. */
#define STUB_PERSON "33333333-3333-4333-8333-333333333333"
/* The head of every receipt. */
#define STUB_HEAD     "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
#define STUB_SENTENCE "It waits for a \033[31mworker."

enum stub_garbage {
    STUB_GARBAGE_NONE,
    STUB_GARBAGE_BYTES,  /* not msgpack */
    STUB_GARBAGE_LONG,   /* more bytes than a message may have */
    STUB_GARBAGE_ARRAY,  /* msgpack, but no map */
    STUB_GARBAGE_FIELD,  /* a field too many */
    STUB_GARBAGE_STATUS, /* a status that is none */
    STUB_GARBAGE_EMPTY,  /* success without a result */
    STUB_GARBAGE_FRAMES, /* a frame too many */
    STUB_GARBAGE_BOMB,   /* declares four billion elements */
    STUB_GARBAGE_COUNT
};

/* What happens to the next answers; each number counts down by one an answer. */
struct stub_faults {
    int lost;    /* carried out, but not answered */
    int twice;   /* answered twice */
    int stale;   /* an answer to another request comes before */
    int busy;    /* 503, and not carried out */
    int waits;   /* 503 to an export, with the word to wait a second */
    int refused; /* answered with the error below, and not carried out */
    int error;   /* ERROR_x */
    int garbage_count;
    enum stub_garbage garbage;
    int delay_ms; /* of every answer, until set to 0 */
};

/* What happens to an event on its way. */
enum stub_publication { STUB_PUBLISH, STUB_LOSE, STUB_TWICE, STUB_HOLD };

struct stub_counts {
    int requests; /* everything that arrived */
    int exports;
    int cancels;
    int retries;
    int gets;
    int events_since;
    int operations;        /* made */
    int distinct_requests; /* by their bytes */
};

struct stub;

/* directory: an existing one with a short path. Returns 0, or ends the test program. */
void stub_start(struct stub **stub, const char *directory);
void stub_stop(struct stub **stub);

const char *stub_requests_endpoint(const struct stub *stub);
const char *stub_status_endpoint(const struct stub *stub);

void stub_set_faults(struct stub *stub, const struct stub_faults *faults);
struct stub_counts stub_counts(struct stub *stub);

/* The token and the idempotency key of the last request that had one. */
void stub_last_token(struct stub *stub, char text[STUB_TEXT_BYTES]);
void stub_last_key(struct stub *stub, char text[STUB_TEXT_BYTES]);

/* A new operation, as if somebody had exported. */
void stub_accept(struct stub *stub, char id[UUID_TEXT_BUFFER]);

/* The id of the newest operation, waiting for the first one; false after ten seconds. */
bool stub_newest(struct stub *stub, char id[UUID_TEXT_BUFFER]);

/* Moves an operation to a stage, which is a change with an event. */
void stub_move(struct stub *stub, const char *id, enum operation_stage stage,
               enum stub_publication publication);

/* Cancels an operation; marks one as overdue, which is a change but no move. */
void stub_cancel(struct stub *stub, const char *id, enum stub_publication publication);
void stub_overdue(struct stub *stub, const char *id, enum stub_publication publication);

/* The worker fell silent: back to the queue, with nothing published. */
void stub_lose_attempt(struct stub *stub, const char *id);

/* A progress tick: an event without a change. */
void stub_tick(struct stub *stub, const char *id, double progress,
               enum stub_publication publication);

/* Publishes what was held, the newest first. */
void stub_release(struct stub *stub);

/* Publishes any two frames. */
void stub_publish(struct stub *stub, const char *topic, const void *bytes, size_t size_bytes);

/* Waits until somebody has subscribed to an operation; false after ten seconds. */
bool stub_wait_subscribed(struct stub *stub, const char *id);

/* Waits until so many requests have arrived in all; false after ten seconds. */
bool stub_wait_requests(struct stub *stub, int count);

/* Takes the sockets away, as a daemon that died, and brings them back; state stays. */
void stub_go_away(struct stub *stub);
void stub_come_back(struct stub *stub);

#endif
