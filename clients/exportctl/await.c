// SPDX-License-Identifier: MIT
#include "clients/exportctl/await.h"

#include <stdio.h>

#include "clients/exportctl/follow.h"
#include "clients/exportctl/output.h"
#include "clients/exportctl/session.h"

/* After ^C, or when the waiting could not go on: what the caller needs to come back. */
static void tell_how_to_come_back(const char *const *ids, size_t count)
{
    fprintf(stderr, "The %s.\n", count == 1 ? "operation goes on" : "operations go on");
    for (size_t i = 0; i < count; i++) {
        fprintf(stderr,
                "  Watch it: exportctl watch %s\n"
                "  Look at it: exportctl get %s\n",
                ids[i], ids[i]);
    }
}

static void tell_failure(const struct exportd_operation *operation)
{
    char safe[EXPORTD_MESSAGE_BYTES * 2];

    fprintf(stderr, "exportctl: %s: %s (%s)", operation->id, exportd_status_name(operation->status),
            operation->failure_code[0] ? operation->failure_code : operation->stage);
    if (operation->failure_message[0] != '\0') {
        fprintf(stderr, ": %s", output_escape(operation->failure_message, safe, sizeof(safe)));
    }
    fputc('\n', stderr);
    if (operation->cancelled_by[0] != '\0') {
        fprintf(stderr, "  Cancelled by: %s\n", operation->cancelled_by);
    }
    fprintf(stderr, "  More about it: exportctl why %s\n", operation->id);
}

/* The end as the service has it: an event says that the operation ended, only a read says where its
 * bundle is. */
static enum exit_code print_end(struct exportd_client *client, const char *id, bool is_json)
{
    struct exportd_operation operation;
    struct exportd_error error;

    if (exportd_get(client, id, &operation, &error) != EXPORTD_OK) {
        return session_fail(&error, id);
    }
    if (is_json) {
        puts(exportd_reply_json(client, "operation"));
    }
    if (operation.status != EXPORTD_STATUS_COMPLETE) {
        tell_failure(&operation);
        return EXIT_CODE_FAILED;
    }
    if (!is_json) {
        char location[EXPORTD_URL_BYTES];

        puts(output_escape(operation.storage_location, location, sizeof(location)));
    }
    return EXIT_CODE_OK;
}

enum exit_code await_ends(struct exportd_client *client, const char *const *ids, size_t count,
                          const struct settings *settings)
{
    enum display_form form = output_is_terminal(stderr) ? DISPLAY_BARS : DISPLAY_NOTHING;
    struct display display;
    enum exit_code code;

    if (display_init(&display, stderr, form, ids, count) != 0) {
        return EXIT_CODE_LOCAL;
    }
    follow_catch_signals();
    code = follow_operations(client, &display);
    display_release(&display);
    if (code == EXIT_CODE_OK || code == EXIT_CODE_FAILED) {
        code = EXIT_CODE_OK;
        for (size_t i = 0; i < count; i++) {
            enum exit_code one = print_end(client, ids[i], settings->is_json);

            code = code == EXIT_CODE_OK ? one : code;
        }
        return code;
    }
    if (code == EXIT_CODE_INTERRUPTED) {
        fputc('\n', stderr);
    }
    tell_how_to_come_back(ids, count);
    return code;
}
