// SPDX-License-Identifier: MIT
/* Vectors of Project Wycheproof (testvectors_v1), from the directory in EXPORTD_WYCHEPROOF or from
 * ../shared/data/wycheproof. */
#ifndef TESTS_UNIT_DAEMON_AUTH_WYCHEPROOF_H
#define TESTS_UNIT_DAEMON_AUTH_WYCHEPROOF_H

#include "tests/unit/daemon/auth/fixture.h"

#define WYCHEPROOF_SKIPPED 77 /* the exit code of a test whose vectors are not there */

/* The document of a file, the caller's; NULL when it is not there. */
json_t *wycheproof_load(const char *name);

/* Whether the file is there; else says that its test is skipped. */
bool wycheproof_has(const char *name);

#endif
