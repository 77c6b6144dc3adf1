// SPDX-License-Identifier: MIT
/* The file that --receipt names: a line of JSON a receipt, appended and synchronized before the
 * command goes on, as audit verify reads it (clients/audit/receipts.h). */
#ifndef CLIENTS_EXPORTCTL_RECEIPT_H
#define CLIENTS_EXPORTCTL_RECEIPT_H

#include "clients/exportctl/exit_code.h"
#include "clients/exportctl/settings.h"
#include "clients/library/exportclient.h"

/* Opens the file, if one was given, before anything is sent; *fd is -1 when none was. An error is
 * told. */
enum exit_code receipt_open(const struct settings *settings, int *fd);

/* Appends the receipt that the client's last reply has. An error is told, with what to repeat: the
 * operation is there all the same. Nothing with fd -1. */
enum exit_code receipt_append(int fd, struct exportd_client *client, const char *operation_id);

/* Safe with -1 and twice. */
void receipt_close(int *fd);

#endif
