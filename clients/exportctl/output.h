// SPDX-License-Identifier: MIT
/* What people see: aligned, short, colour only on a terminal, and nothing that came from elsewhere
 * written raw. */
#ifndef CLIENTS_EXPORTCTL_OUTPUT_H
#define CLIENTS_EXPORTCTL_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "clients/library/exportclient.h"

/* Copies a text for a terminal: control characters, those that turn the direction of writing, and
 * bytes that are not UTF-8 become \xNN or \u{NNNN}. Cut to the buffer. Returns the buffer. */
char *output_escape(const char *text, char *buffer, size_t buffer_bytes);

/* Whether the stream is a terminal that may be written to with control sequences. */
bool output_is_terminal(FILE *stream);

/* Begins and ends the colour of a status, or writes nothing: without a terminal, and with NO_COLOR.
 */
void output_colour_begin(FILE *stream, enum exportd_status status);
void output_colour_end(FILE *stream);

/* A line "label      value", escaped; nothing when the value is empty. */
void output_field(const char *label, const char *value);
void output_number(const char *label, int64_t value);

/* Writes escaped text and fills up to width characters. */
void output_column(const char *text, int width);

/* An operation in full, and as a line of a table. */
void output_operation(const struct exportd_operation *operation);
void output_operation_heading(void);
void output_operation_row(const struct exportd_operation *operation);

/* An event as a line. */
void output_event(FILE *stream, const struct exportd_event *event);

#endif
