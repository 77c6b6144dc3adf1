// SPDX-License-Identifier: MIT
/* The parts of a running exportd, and what its turn (turn.c) is made of. One thread. */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include "daemon/auth/authorizer.h"
#include "daemon/auth/permission.h"
#include "daemon/config/configuration.h"
#include "daemon/core/engine.h"
#include "daemon/core/throttle.h"
#include "daemon/effects.h"
#include "daemon/limits.h"
#include "daemon/net/sockets.h"
#include "daemon/policy.h"
#include "daemon/security.h"
#include "daemon/store/registry.h"
#include "daemon/store/store.h"
#include "daemon/syncer.h"
#include "schemas/base/sha256.h"

#define DAEMON_RANDOM_BYTES 640

struct daemon {
    struct settings settings;
    struct policies policies;
    struct limits limits;
    struct store *store;
    struct registry *registry;
    struct authorizer *authorizer;
    struct security security;
    struct sockets *sockets;
    struct engine engine;
    struct outcome outcome;
    struct syncer *syncer;
    struct effects effects;         /* of what is decided and not written yet */
    struct effects written;         /* of what is written and will be said once it is durable */
    struct wire_input input;        /* of the message being handled */
    struct wire_input result_input; /* of a stored result being shown */
    struct operation_result result; /* of the report being handled; changes refer to it */
    struct wire_output scratch;     /* of lists being encoded */
    struct sha256 sha256;           /* of idempotency keys */
    uint8_t random[DAEMON_RANDOM_BYTES]; /* drawn ahead, for ids */
    size_t random_left;
    int64_t written_sequence; /* of the last event that was written, */
    int64_t durable_sequence; /* and synchronized */
    size_t received;          /* messages since the last write */
    size_t received_before;   /* and between it and the one before */
    struct now now;           /* of this turn */
    struct mono started;      /* the process */
    struct mono heard;        /* the last message that came in */
    bool revocations_are_new; /* and were not applied to what is under way */
    bool is_watched; /* somebody has subscribed to operations in the life of this process */
    struct mono denials_told;    /* the last line about denied handshakes */
    struct throttle *throttle;   /* of lines about refusals */
    size_t surplus;              /* messages dropped unread, of which nobody was told yet */
    struct mono suppressed_told; /* the last time that what was left out was told */
    struct mono refusals_told;   /* the last line about closed connections */
    int failure; /* negative: the turn must not be spoken of, and the process ends */
};

/* Makes everything from the configuration file; the message is ready for the log. */
int daemon_open(struct daemon *daemon, const char *configuration_path,
                char message[CONFIGURATION_ERROR_BYTES]);

/* Finishes what is durable already, and closes. 0, or the error that makes the store doubtful. */
int daemon_close(struct daemon *daemon);

/* Only checks: reads the configuration and opens what it names, but for sockets and store. */
int daemon_check(const char *configuration_path, char message[CONFIGURATION_ERROR_BYTES]);

/* One turn: receive, decide, write and have it made durable; and speak, of what an earlier turn or
 * this one decided, once it is. An error means that the process must end without another word. */
int turn_run(struct daemon *daemon);

/* Writes what was decided and has it made durable; says it when it is. Not while a sync is under
 * way. The errors of both are turn_run's. */
int speak_when_durable(struct daemon *daemon);

/* Says what has become durable since, and goes on with what was decided meanwhile. */
int speak_if_durable(struct daemon *daemon);

/* Waits until all that was decided is durable, and has said it: before the daemon stops or takes up
 * a new configuration. Errors as above. */
int turn_settle(struct daemon *daemon);

/* How long the next turn may be waited for. */
int turn_timeout_ms(const struct daemon *daemon);

/* Stores the changes of the outcome and puts the status frames that they and its ticks mean into
 * the effects. Notices and offers stay for the end of the turn. */
void turn_apply(struct daemon *daemon);

/* Takes up the pauses that the store keeps; at start. */
int pauses_restore(struct daemon *daemon);

/* What a message of each socket means. */
void requests_handle(struct daemon *daemon, const struct incoming *incoming);
void reports_handle(struct daemon *daemon, const struct incoming *incoming);
void subscriptions_handle(struct daemon *daemon, const struct incoming *incoming);

#endif
