// SPDX-License-Identifier: MIT
/* watch and events. */
#include <stdio.h>
#include <string.h>

#include "clients/exportctl/follow.h"
#include "clients/exportctl/output.h"
#include "clients/exportctl/session.h"

enum { FOLLOW_MS = 1000, EVENTS_PAGE = 500 };

enum exit_code command_watch(const struct settings *settings)
{
    enum display_form form = settings->is_json ? DISPLAY_JSON : DISPLAY_BARS;
    const char *const *ids = (const char *const *)settings->operands + 1;
    size_t count = (size_t)settings->operand_count - 1;
    struct exportd_client *client = NULL;
    struct display display;
    enum exit_code code;

    code = command_check_ids(settings);
    if (code == EXIT_CODE_OK) {
        code = session_open(settings, &client);
    }
    if (code != EXIT_CODE_OK) {
        return code;
    }
    if (display_init(&display, stdout, form, ids, count) == 0) {
        follow_catch_signals();
        code = follow_operations(client, &display);
    } else {
        code = EXIT_CODE_LOCAL;
    }
    display_release(&display);
    exportd_close(&client);
    if (code == EXIT_CODE_INTERRUPTED) {
        fputs("\nThe operations go on; watch them again at any time.\n", stderr);
    }
    return code;
}

static void print_events(struct exportd_client *client, const struct exportd_event_page *page,
                         bool is_json)
{
    for (size_t i = 0; i < page->count; i++) {
        if (is_json) {
            puts(exportd_reply_item_json(client, i));
        } else {
            output_event(stdout, &page->items[i]);
        }
    }
    fflush(stdout);
}

/* A service that is away for a moment does not end --follow. */
static bool is_passing(const struct settings *settings, int result)
{
    return settings->follows &&
           (result == EXPORTD_ERROR_TIMEOUT || result == EXPORTD_ERROR_UNAVAILABLE ||
            result == EXPORTD_ERROR_LIMITED);
}

static enum exit_code run_events(struct exportd_client *client, const struct settings *settings)
{
    int64_t sequence = settings->since;
    bool goes_on = true;

    while (goes_on && !follow_is_interrupted() && !ferror(stdout)) {
        struct exportd_event_page page = {0};
        struct exportd_error error;
        int rc =
            exportd_events_since(client, sequence, settings->operation, EVENTS_PAGE, &page, &error);

        if (rc != EXPORTD_OK && !is_passing(settings, rc)) {
            return session_fail(&error, settings->operation);
        }
        if (rc == EXPORTD_OK) {
            print_events(client, &page, settings->is_json);
            sequence = page.sequence;
        }
        if (!page.more && settings->follows) {
            follow_pause(FOLLOW_MS);
        }
        goes_on = page.more || settings->follows;
        exportd_event_page_release(&page);
    }
    return EXIT_CODE_OK;
}

enum exit_code command_events(const struct settings *settings)
{
    struct exportd_client *client = NULL;
    enum exit_code code;

    if (settings->since < 0) {
        fputs("exportctl events: --since is missing; --since 0 prints all\n", stderr);
        return EXIT_CODE_USAGE;
    }
    code = session_open(settings, &client);
    if (code == EXIT_CODE_OK) {
        if (settings->follows) {
            follow_catch_signals();
        }
        code = run_events(client, settings);
    }
    exportd_close(&client);
    return code;
}
