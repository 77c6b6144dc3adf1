// SPDX-License-Identifier: MIT
#include "clients/exportctl/display.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clients/exportctl/output.h"

enum { BAR_CELLS = 24, LINE_COLUMNS = 96, DEFAULT_COLUMNS = 80 };

/* Bars are redrawn by going up, which only works within the screen. */
static enum display_form fitting(struct display *display, enum display_form form)
{
    struct winsize size = {0};

    if (form != DISPLAY_BARS) {
        return form;
    }
    if (!output_is_terminal(display->stream)) {
        return DISPLAY_LINES;
    }
    if (ioctl(fileno(display->stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
        size = (struct winsize){.ws_row = 24, .ws_col = DEFAULT_COLUMNS};
    }
    display->columns = size.ws_col;
    return display->count < size.ws_row ? DISPLAY_BARS : DISPLAY_LINES;
}

int display_init(struct display *display, FILE *stream, enum display_form form,
                 const char *const *ids, size_t count)
{
    *display = (struct display){.stream = stream, .count = count};
    display->shown = calloc(count ? count : 1, sizeof(*display->shown));
    if (!display->shown) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        snprintf(display->shown[i].operation_id, sizeof(display->shown[i].operation_id), "%s",
                 ids[i]);
    }
    display->form = fitting(display, form);
    return 0;
}

void display_release(struct display *display)
{
    free(display->shown);
    *display = (struct display){0};
}

static void draw_bar(const struct display *display, const struct exportd_event *event)
{
    char line[LINE_COLUMNS + 128];
    char bar[BAR_CELLS + 1];
    int full = (int)(event->progress * BAR_CELLS / 100.0);

    for (int i = 0; i < BAR_CELLS; i++) {
        bar[i] = i < full ? '#' : '.';
    }
    bar[BAR_CELLS] = '\0';
    snprintf(line, sizeof(line), "%s [%s] %3.0f %% %-10s %s%s%s", event->operation_id, bar,
             event->progress, exportd_status_name(event->status),
             event->sequence ? event->stage : "waiting", event->failure_code[0] ? ": " : "",
             event->failure_code);
    fputs("\r\033[K", display->stream);
    output_colour_begin(display->stream, event->status);
    fprintf(display->stream, "%.*s", display->columns - 1, line);
    output_colour_end(display->stream);
    fputc('\n', display->stream);
}

static void redraw(struct display *display)
{
    if (display->drawn > 0) {
        fprintf(display->stream, "\033[%zuA", display->drawn);
    }
    for (size_t i = 0; i < display->count; i++) {
        draw_bar(display, &display->shown[i]);
    }
    display->drawn = display->count;
}

static void remember(struct display *display, const struct exportd_event *event)
{
    for (size_t i = 0; i < display->count; i++) {
        if (strcasecmp(display->shown[i].operation_id, event->operation_id) == 0) {
            display->shown[i] = *event;
        }
    }
}

static void print_json(const struct display *display, const struct exportd_event *event)
{
    char buffer[EXPORTD_EVENT_JSON_BYTES];

    fprintf(display->stream, "%s\n", exportd_event_json(event, buffer));
}

void display_event(struct display *display, const struct exportd_event *event)
{
    remember(display, event);
    switch (display->form) {
    case DISPLAY_BARS:
        redraw(display);
        break;
    case DISPLAY_LINES:
        output_event(display->stream, event);
        break;
    case DISPLAY_JSON:
        print_json(display, event);
        break;
    case DISPLAY_NOTHING:
        break;
    }
    fflush(display->stream);
}

void display_note(struct display *display, const char *text)
{
    char safe[1024];

    fflush(display->stream);
    fprintf(stderr, "exportctl: %s\n", output_escape(text, safe, sizeof(safe)));
    display->drawn = 0;
}

size_t display_ended(const struct display *display, enum exportd_status status)
{
    size_t count = 0;

    for (size_t i = 0; i < display->count; i++) {
        if (display->shown[i].sequence != 0 && display->shown[i].status == status) {
            count++;
        }
    }
    return count;
}
