// SPDX-License-Identifier: MIT
/* A stub and a client of it, for the tests of calls. */
#ifndef TESTS_UNIT_CLIENTS_LIBRARY_CALLS_FIXTURE_H
#define TESTS_UNIT_CLIENTS_LIBRARY_CALLS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "clients/library/exportclient.h"
#include "tests/support/temporary.h"
#include "tests/unit/clients/library/stub.h"

enum { TRY_MS = 60, DEADLINE_MS = 8000, SHORT_MS = 400 };

struct calls {
    char directory[TEMPORARY_BUFFER];
    struct stub *stub;
    struct exportd_client *client;
    struct exportd_error error;
};

/* Replaces the client by one with this deadline of a call and this token, which the client
 * copies, or none: NULL. */
void calls_open(struct calls *fixture, int deadline_ms, const char *token);

/* cmocka's: state becomes a struct calls whose client has DEADLINE_MS and a token. */
int calls_set_up(void **state);
int calls_tear_down(void **state);

#endif
