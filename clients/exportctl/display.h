// SPDX-License-Identifier: MIT
/* Shows operations while they are watched: as bars that are redrawn in place, as a line an event,
 * or as JSON. */
#ifndef CLIENTS_EXPORTCTL_DISPLAY_H
#define CLIENTS_EXPORTCTL_DISPLAY_H

#include <stdio.h>

#include "clients/library/exportclient.h"

enum display_form { DISPLAY_BARS, DISPLAY_LINES, DISPLAY_JSON, DISPLAY_NOTHING };

struct display {
    FILE *stream;
    enum display_form form;
    size_t count;
    size_t drawn; /* lines on the screen */
    int columns;  /* of the terminal */
    struct exportd_event
        *shown; /* the newest event of each operation; sequence 0 before the first */
};

/* Makes a display of the operations, which keep their order. A form of bars becomes lines when the
 * stream is no terminal or has too few rows. -1 when memory ran out. */
int display_init(struct display *display, FILE *stream, enum display_form form,
                 const char *const *ids, size_t count);
void display_release(struct display *display);

void display_event(struct display *display, const struct exportd_event *event);

/* Writes a line of text that stays, between the bars and what comes next. */
void display_note(struct display *display, const char *text);

/* How many have been seen to end with this status. */
size_t display_ended(const struct display *display, enum exportd_status status);

#endif
