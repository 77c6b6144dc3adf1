// SPDX-License-Identifier: MIT
#include "clients/exportctl/output.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "schemas/base/text.h"

#define ESCAPED_BYTES  8192
#define LABEL_COLUMNS  12
#define LONGEST_ESCAPE 12 /* \u{10ffff} and a NUL */

/* Characters that a terminal obeys instead of showing, beside the C0 and C1 controls. */
static const struct {
    uint32_t first;
    uint32_t last;
} invisible[] = {
    {0x00, 0x1f},     {0x7f, 0x9f},     {0x061c, 0x061c}, {0x200b, 0x200f},
    {0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff},
};

static bool is_invisible(uint32_t character)
{
    for (size_t i = 0; i < sizeof(invisible) / sizeof(invisible[0]); i++) {
        if (character >= invisible[i].first && character <= invisible[i].last) {
            return true;
        }
    }
    return false;
}

/* Bytes of the character at text, and the character; 0 when it is not UTF-8. */
static uint32_t read_character(const char *text, uint32_t *character)
{
    const unsigned char *bytes = (const unsigned char *)text;
    uint32_t count = bytes[0] < 0x80 ? 1 : bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
    uint32_t code_points;

    if (strnlen(text, count) < count ||
        text_code_points((struct text){text, count}, &code_points) != 0 || code_points != 1) {
        return 0;
    }
    *character = count == 1 ? bytes[0] : bytes[0] & (0x7fU >> count);
    for (uint32_t i = 1; i < count; i++) {
        *character = *character << 6 | (bytes[i] & 0x3fU);
    }
    return count;
}

char *output_escape(const char *text, char *buffer, size_t buffer_bytes)
{
    size_t used = 0;

    while (*text && used + LONGEST_ESCAPE < buffer_bytes) {
        uint32_t character = 0;
        uint32_t bytes = read_character(text, &character);

        if (bytes == 0) {
            used +=
                (size_t)snprintf(buffer + used, LONGEST_ESCAPE, "\\x%02x", (unsigned char)*text);
            bytes = 1;
        } else if (is_invisible(character)) {
            used += (size_t)snprintf(buffer + used, LONGEST_ESCAPE, "\\u{%" PRIx32 "}", character);
        } else {
            memcpy(buffer + used, text, bytes);
            used += bytes;
        }
        text += bytes;
    }
    buffer[used] = '\0';
    return buffer;
}

bool output_is_terminal(FILE *stream)
{
    const char *kind = getenv("TERM");

    return isatty(fileno(stream)) == 1 && kind && strcmp(kind, "dumb") != 0;
}

static bool has_colour(FILE *stream)
{
    const char *refused = getenv("NO_COLOR");

    return !(refused && refused[0] != '\0') && output_is_terminal(stream);
}

void output_colour_begin(FILE *stream, enum exportd_status status)
{
    static const char *const colours[] = {
        [EXPORTD_STATUS_ANY] = "",
        [EXPORTD_STATUS_NOT_STARTED] = "",
        [EXPORTD_STATUS_RUNNING] = "\033[36m",
        [EXPORTD_STATUS_COMPLETE] = "\033[32m",
        [EXPORTD_STATUS_FAILED] = "\033[31m",
    };

    if (has_colour(stream)) {
        fputs(colours[status], stream);
    }
}

void output_colour_end(FILE *stream)
{
    if (has_colour(stream)) {
        fputs("\033[0m", stream);
    }
}

void output_field(const char *label, const char *value)
{
    char safe[ESCAPED_BYTES];

    if (value[0] != '\0') {
        printf("%-*s %s\n", LABEL_COLUMNS, label, output_escape(value, safe, sizeof(safe)));
    }
}

void output_number(const char *label, int64_t value)
{
    printf("%-*s %" PRId64 "\n", LABEL_COLUMNS, label, value);
}

void output_column(const char *text, int width)
{
    char safe[ESCAPED_BYTES];
    uint32_t columns = 0;

    output_escape(text, safe, sizeof(safe));
    if (text_code_points(text_of(safe), &columns) != 0) {
        columns = (uint32_t)strlen(safe);
    }
    fputs(safe, stdout);
    for (int i = (int)columns; i < width; i++) {
        putchar(' ');
    }
}

static void print_status(const struct exportd_operation *operation)
{
    printf("%-*s ", LABEL_COLUMNS, "status");
    output_colour_begin(stdout, operation->status);
    fputs(exportd_status_name(operation->status), stdout);
    output_colour_end(stdout);
    printf(" (%s), %.0f %%", operation->stage, operation->progress);
    if (operation->attempt > 0) {
        printf(", attempt %" PRId64, operation->attempt);
    }
    if (operation->lost_attempts > 0) {
        printf(" (%" PRId64 " lost with their worker)", operation->lost_attempts);
    }
    putchar('\n');
}

static void print_due(const struct exportd_operation *operation)
{
    char whole[EXPORTD_DATE_TIME_BYTES + 16];

    snprintf(whole, sizeof(whole), "%s%s", operation->due_date_time,
             operation->overdue ? " (overdue)" : "");
    output_field("due", whole);
}

static void print_decision(const struct exportd_operation *operation)
{
    bool is_denied = strcmp(operation->failure_code, "denied") == 0;

    if (strcmp(operation->approval, "automatic") != 0) {
        output_field("approval", operation->approval);
    }
    if (operation->decided_by[0] != '\0') {
        output_field(is_denied ? "denied by" : "approved by", operation->decided_by);
        output_field("decided", operation->decided_date_time);
        output_field("reason", operation->decision_reason);
    }
}

static void print_sources(const struct exportd_operation *operation)
{
    for (size_t i = 0; i < operation->source_count; i++) {
        const struct exportd_source *source = &operation->sources[i];

        printf("%-*s %-20s %-10s %" PRId64 " rows, %" PRId64 " files, %" PRId64 " bytes",
               LABEL_COLUMNS, i == 0 ? "sources" : "", source->name, source->state, source->rows,
               source->files, source->bytes);
        if (strcmp(source->reason, "none") != 0) {
            printf(" (%s)", source->reason);
        }
        putchar('\n');
    }
}

void output_operation(const struct exportd_operation *operation)
{
    output_field("operation", operation->id);
    output_field("user", operation->user_id);
    print_status(operation);
    output_field("failure", operation->failure_code);
    output_field("", operation->failure_message);
    output_field("cancelled by", operation->cancelled_by);
    print_decision(operation);
    output_field("retry of", operation->retry_of);
    output_field("submitted", operation->submitted_date_time);
    output_field("completed", operation->completed_date_time);
    print_due(operation);
    output_field("kept until", operation->expiration_date_time);
    output_field("bundle", operation->storage_location);
    output_field("sha256", operation->bundle_sha256);
    if (operation->bundle_sha256[0] != '\0') {
        output_number("bytes", operation->bundle_bytes);
    }
    print_sources(operation);
}

void output_operation_heading(void)
{
    printf("%-36s  %-10s  %5s  %-24s  %-36s  %s\n", "OPERATION", "STATUS", "%", "SUBMITTED", "USER",
           "NOTE");
}

/* What needs a look, separated by commas; nothing for most operations. */
static void print_note(const struct exportd_operation *operation)
{
    bool is_awaiting = strcmp(operation->stage, "awaitingApproval") == 0;
    const char *const notes[] = {operation->overdue ? "overdue" : "",
                                 is_awaiting ? "awaits approval" : "", operation->failure_code,
                                 operation->retry_of[0] ? "retry" : ""};
    const char *before = "  ";

    for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
        if (notes[i][0] != '\0') {
            printf("%s%s", before, notes[i]);
            before = ", ";
        }
    }
}

void output_operation_row(const struct exportd_operation *operation)
{
    printf("%-36s  ", operation->id);
    output_colour_begin(stdout, operation->status);
    printf("%-10s", exportd_status_name(operation->status));
    output_colour_end(stdout);
    printf("  %5.1f  %-24s  %s", operation->progress, operation->submitted_date_time,
           operation->user_id);
    print_note(operation);
    putchar('\n');
}

void output_event(FILE *stream, const struct exportd_event *event)
{
    fprintf(stream, "%s  %s  %-9s  ", event->date_time, event->operation_id, event->kind);
    output_colour_begin(stream, event->status);
    fprintf(stream, "%-10s", exportd_status_name(event->status));
    output_colour_end(stream);
    fprintf(stream, "  %5.1f %%  attempt %" PRId64 "  sequence %" PRId64, event->progress,
            event->attempt, event->sequence);
    if (event->failure_code[0] != '\0') {
        fprintf(stream, "  %s", event->failure_code);
    }
    fputc('\n', stream);
}
