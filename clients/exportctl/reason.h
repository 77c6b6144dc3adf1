// SPDX-License-Identifier: MIT
/* The reason of a decision from a file: the arguments of a command can be read by everybody on its
 * host, and a reason may name people. */
#ifndef CLIENTS_EXPORTCTL_REASON_H
#define CLIENTS_EXPORTCTL_REASON_H

#include "clients/exportctl/exit_code.h"
#include "clients/exportctl/settings.h"

#define REASON_BUFFER 2051 /* 512 characters of UTF-8 and a line end */

/* Makes settings->reason what --reason-file holds, without line ends at its end, in the buffer; "-"
 * is standard input. Settings without that option stay as they are. Told on standard error: both
 * options given, a file that cannot be read, is empty, too long, or no text. */
enum exit_code reason_take(struct settings *settings, char buffer[REASON_BUFFER]);

#endif
