// SPDX-License-Identifier: MIT
/* From the structs of schemas/ *.yaml, which borrow from a message, to the public ones, which hold
 * everything. */
#ifndef CLIENTS_LIBRARY_CONVERT_H
#define CLIENTS_LIBRARY_CONVERT_H

#include "clients/library/exportclient.h"
#include "schemas/messages.h"

/* Without a receipt: sequence 0 and an empty head. */
void convert_receipt(const struct receipt *from, bool is_there, struct exportd_accepted *to);

void convert_operation(const struct operation *from, struct exportd_operation *to);
void convert_profile(const struct profile *from, struct exportd_profile *to);
void convert_event(const struct event *from, struct exportd_event *to);
void convert_pauses(const struct pauses *from, struct exportd_pauses *to);
void convert_statistics(const struct statistics *from, struct exportd_statistics *to);

/* An operation that was read, as an event of the kind snapshot. */
void convert_snapshot(const struct exportd_operation *from, struct exportd_event *to);

/* Whether the event stands for a change; ticks and replays only show the state after one. */
bool convert_is_change(const struct exportd_event *event);

#define CONVERT_TEXT(array, text) failure_copy((array), sizeof(array), (text))

#endif
