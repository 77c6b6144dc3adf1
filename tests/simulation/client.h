// SPDX-License-Identifier: MIT
/* What the files of the simulated clients share. */
#ifndef TESTS_SIMULATION_CLIENT_H
#define TESTS_SIMULATION_CLIENT_H

#include "tests/simulation/caller.h"
#include "tests/simulation/client_actor.h"

#define CLIENT_KEYS       32
#define CLIENT_KEY_BUFFER 48

/* An idempotency key that was used; it is the client's own. */
struct client_key {
    char text[CLIENT_KEY_BUFFER];
    struct uuid user_id; /* of its first use */
    bool is_disputed;    /* used for another profile before the first use was answered */
    bool is_answered;
    struct uuid operation_id;
};

struct client {
    struct caller caller; /* first: a link's owner is its caller */
    struct client_options options;
    unsigned exports;
    unsigned key_count;
    struct client_key keys[CLIENT_KEYS];

    /* What is asked now. */
    struct client_key *key; /* or NULL */
    struct uuid user_id;
    struct uuid operation_id;
    bool is_requester;        /* of that operation */
    bool was_failed;          /* the operation, when it was asked about */
    bool has_retried;         /* an operation, successfully */
    struct uuid retried;      /* which */
    struct uuid retried_made; /* and what came of it */
    bool is_own;              /* the operation is the tenant's */
    int64_t since;            /* eventsSince */
    bool has_operation;       /* and of one operation */
    int64_t top;
    int64_t known;    /* events in the log when a listing began */
    unsigned listed;  /* operations of a listing so far */
    char next[96];    /* page */
    struct uuid last; /* id of the page before */
};

/* Asks for something, by chance. */
void client_ask(struct client *client);

/* Judges the answer; a caller_heard. */
void client_heard(struct caller *caller, int64_t status, const msgpack_object *reply);

/* Asks for the next page of a listing. */
void client_ask_page(struct client *client);

#endif
