// SPDX-License-Identifier: MIT
/* What --wait does: waits until operations end and prints where their bundles are. */
#ifndef CLIENTS_EXPORTCTL_AWAIT_H
#define CLIENTS_EXPORTCTL_AWAIT_H

#include "clients/exportctl/exit_code.h"
#include "clients/exportctl/settings.h"
#include "clients/library/exportclient.h"

/* Waits for all of them, then prints each one's end in the order of the ids: its storage location,
 * or with --json the operation, to standard output; why it failed to standard error. Progress goes
 * to standard error when that is a terminal. EXIT_CODE_OK when every one is complete, else
 * EXIT_CODE_FAILED, or what ended the waiting earlier, which has been told. */
enum exit_code await_ends(struct exportd_client *client, const char *const *ids, size_t count,
                          const struct settings *settings);

#endif
