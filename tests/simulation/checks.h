// SPDX-License-Identifier: MIT
/* The invariants of DESIGN.md section 11, each as small checks: a number, a sentence and a function
 * that holds or not. They are grouped by the moment at which they are looked at. The first that
 * does not hold is kept; the seed ends with it. One thread. */
#ifndef TESTS_SIMULATION_CHECKS_H
#define TESTS_SIMULATION_CHECKS_H

#include <msgpack.h>

#include "tests/simulation/model.h"

struct daemon;
struct link;

/* What the checks of a moment look at; the rest is NULL. */
struct evidence {
    const struct daemon *daemon;
    const struct model_event *event;      /* a row of the log */
    const struct model_event *known;      /* what was read at its place before */
    const struct model_operation *before; /* the event's operation before it; NULL when it is new */
    struct text topic;                    /* of a status frame */
    struct text payload;                  /* what is said */
    const msgpack_object *root;           /* the same, unpacked */
    bool is_offer;
    const struct uuid *tenant_id; /* of who is answered */
};

enum moment {
    MOMENT_EVENT,   /* a row of the log is seen for the first time */
    MOMENT_RESTART, /* a row of the log is seen again after a restart */
    MOMENT_SAID,    /* anything leaves the daemon */
    MOMENT_REPLY,
    MOMENT_STATUS,
    MOMENT_OFFER,
    MOMENT_DECIDED, /* a turn is over, */
    MOMENT_TURN,    /* and nothing that was decided waits for the disk */
    MOMENT_VIEW,    /* the view is up to date */
    MOMENT_END,     /* faults stopped long ago */
    MOMENT_COUNT
};

struct check {
    int number; /* of the invariant */
    const char *sentence;
    bool (*holds)(const struct evidence *evidence);
};

struct checks {
    const struct check *rows;
    size_t count;
};

/* One a moment; each is a file's. */
extern const struct checks checks_event, checks_restart, checks_speech, checks_reply, checks_status,
    checks_offer, checks_decided, checks_turn, checks_view, checks_end;

struct violation {
    int number;
    const char *sentence;
    char detail[240];
};

void checks_reset(void);
const struct violation *checks_violation(void); /* NULL while all hold */

/* Looks at the checks of a moment, until one does not hold. */
void checks_run(enum moment moment, const struct evidence *evidence);

/* For a check that does not hold: more about it, ids and numbers only. Returns false. */
bool checks_detail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* For what is seen to be wrong at once. */
void checks_fail(int number, const char *sentence, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What no log line, status, job, notice or byte of the store may contain; NULL-terminated. */
extern const char *const checks_canaries[];
bool checks_has_canary(struct text text);

/* The product logged, heard and said something. Sockets are those of daemon/net/sockets.h. */
void checks_logged(const char *line);
void checks_heard(int socket, struct text payload);
void checks_said(int socket, struct text topic, struct text payload, const struct link *link);

/* Takes over the rows that the log has and the model lacks; after a restart compares them all. */
void checks_catch_up(const struct daemon *daemon);
void checks_after_restart(const struct daemon *daemon);

#endif
