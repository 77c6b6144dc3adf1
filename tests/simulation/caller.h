// SPDX-License-Identifier: MIT
/* Somebody with a token and a request socket: one question at a time, sent again when no answer
 * comes, with the same bytes. Part of clients and watchers. One thread. */
#ifndef TESTS_SIMULATION_CALLER_H
#define TESTS_SIMULATION_CALLER_H

#include "schemas/codec/codec.h"
#include "schemas/messages.h"
#include "tests/simulation/network.h"

#define CALLER_ID_BUFFER 32

struct caller;

/* A reply to what was asked last. The object is borrowed. */
typedef void (*caller_heard)(struct caller *caller, int64_t status, const msgpack_object *reply);

struct caller {
    struct uuid tenant_id;
    unsigned tenant;
    unsigned person;
    char name[16];
    struct link *link;
    caller_heard heard;
    void (*answered)(void); /* or NULL: an answer to what was asked last is let out */
    uint64_t asked;         /* questions so far; names the request */
    uint64_t repeated;      /* times that one was sent again */
    bool is_waiting;
    int64_t patience_ms;
    enum request_kind kind;
    struct wire_output request; /* its bytes */
    struct wire_input input;
};

void caller_init(struct caller *caller, const char *name, unsigned tenant, unsigned person,
                 caller_heard heard);
void caller_release(struct caller *caller);

/* Asks; the request's id and token are filled in. */
void caller_ask(struct caller *caller, enum request_kind kind, union any_request *request);

/* The daemon lets an answer out, whether it arrives or not. */
void caller_answered(struct caller *caller, const msgpack_object *reply);

/* Forgets what it asked: whatever comes now is too late. */
void caller_give_up(struct caller *caller);

#endif
