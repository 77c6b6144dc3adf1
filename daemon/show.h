// SPDX-License-Identifier: MIT
/* Records as they are shown on the wire. */
#ifndef DAEMON_SHOW_H
#define DAEMON_SHOW_H

#include "daemon/core/attempt.h"
#include "schemas/record.h"

/* An operation. The stored result is decoded into input, from which the operation then borrows
 * until input is used again; attempt is what is in flight of it, or NULL. -ERROR_DAMAGED when the
 * result cannot be read. */
int show_operation(const struct record *record, struct text result, const struct attempt *attempt,
                   struct wire_input *input, struct operation *operation);

/* A status event. attempt as before. */
struct event show_event(enum event_kind kind, const struct record *record,
                        const struct attempt *attempt, struct wall now);

/* What is really going on, offers included, which the record does not know. */
enum operation_stage show_stage(const struct record *record, const struct attempt *attempt);

/* A failure code in a sentence. */
const char *show_failure(enum failure_code code);

#endif
