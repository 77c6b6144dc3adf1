// SPDX-License-Identifier: MIT
/* Follows operations to their end, through lost events, restarts of the service and ^C. */
#ifndef CLIENTS_EXPORTCTL_FOLLOW_H
#define CLIENTS_EXPORTCTL_FOLLOW_H

#include "clients/exportctl/display.h"
#include "clients/exportctl/exit_code.h"

/* From now on SIGINT and SIGTERM only end what follow_operations and follow_pause do. */
void follow_catch_signals(void);
bool follow_is_interrupted(void);

/* Waits, unless interrupted. */
void follow_pause(int ms);

/* Shows the operations of the display until each has ended. EXIT_CODE_OK when all are complete,
 * else EXIT_CODE_FAILED, or what ended it earlier, which has been told. While the service does not
 * answer it is told once and waited for. */
enum exit_code follow_operations(struct exportd_client *client, struct display *display);

#endif
