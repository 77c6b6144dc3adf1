// SPDX-License-Identifier: MIT
/* The connection of one run, and how its failures are told. */
#ifndef CLIENTS_EXPORTCTL_SESSION_H
#define CLIENTS_EXPORTCTL_SESSION_H

#include "clients/exportctl/command.h"
#include "clients/library/exportclient.h"

/* Connects as the settings say. On failure it has been told, and the exit code is not EXIT_CODE_OK.
 */
enum exit_code session_open(const struct settings *settings, struct exportd_client **client);

/* Says on standard error what happened, to what (NULL: nothing in particular), and what to do.
 * Returns the exit code. */
enum exit_code session_fail(const struct exportd_error *error, const char *subject);

/* The same, in a command with several operations, of which there are left after this one. Keeps the
 * first exit code that is not EXIT_CODE_OK, and says whether to go on with the others. */
bool session_survive(const struct exportd_error *error, const char *id, int left,
                     enum exit_code *code);

#endif
