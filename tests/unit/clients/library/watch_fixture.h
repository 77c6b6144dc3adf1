// SPDX-License-Identifier: MIT
/* A stub with one operation, and a client that watches it, for the tests of watches. */
#ifndef TESTS_UNIT_CLIENTS_LIBRARY_WATCH_FIXTURE_H
#define TESTS_UNIT_CLIENTS_LIBRARY_WATCH_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "clients/library/exportclient.h"
#include "tests/support/temporary.h"
#include "tests/unit/clients/library/stub.h"

enum {
    TRY_MS = 100,
    DEADLINE_MS = 1500,
    PATIENCE_MS = 10000,
    QUIET_MS = 200,
    IDLE_MS = 100,
    NEVER_IDLE_MS = 1000000,
};

struct watching {
    char directory[TEMPORARY_BUFFER];
    char id[UUID_TEXT_BUFFER];
    struct stub *stub;
    struct exportd_client *client;
    struct exportd_watch *watch;
    struct exportd_event event;
    struct exportd_error error;
};

/* cmocka's: state becomes a struct watching with an operation, but no client and no watch. */
int watch_set_up(void **state);
int watch_tear_down(void **state);

/* Opens both. idle_ms says whether silence is repaired, or only what events give away. */
void watch_open(struct watching *f, int idle_ms);

/* Opens both and watches the fixture's operation, past its first read. */
void watch_begin(struct watching *f, int idle_ms);

/* The next event must be this one of the fixture's operation; it stays in f->event. */
void watch_expect_event(struct watching *f, int64_t revision, const char *kind, double progress);

/* For QUIET_MS no event may come. */
void watch_expect_quiet(struct watching *f);

/* Watches until so many different requests have been sent in all, and no event may come; then for
 * QUIET_MS no further one may be sent. A request that is sent again is the same. */
void watch_expect_requests(struct watching *f, int count);

#endif
