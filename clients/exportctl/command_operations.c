// SPDX-License-Identifier: MIT
/* export, get and list. */
#include <stdio.h>
#include <string.h>

#include "clients/exportctl/follow.h"
#include "clients/exportctl/output.h"
#include "clients/exportctl/session.h"

/* After ^C, or when the waiting could not go on: what the caller needs to come back. */
static void tell_how_to_come_back(const char *operation_id)
{
    fprintf(stderr,
            "The operation goes on.\n"
            "  Watch it: exportctl watch %s\n"
            "  Look at it: exportctl get %s\n",
            operation_id, operation_id);
}

/* The end as the service has it: an event says that the operation ended, only a read says where its
 * bundle is. */
static enum exit_code print_end(struct exportd_client *client, const char *operation_id,
                                bool is_json)
{
    struct exportd_operation operation;
    struct exportd_error error;
    char location[EXPORTD_URL_BYTES];

    if (exportd_get(client, operation_id, &operation, &error) != EXPORTD_OK) {
        return session_fail(&error, operation_id);
    }
    if (is_json) {
        puts(exportd_reply_json(client, "operation"));
    }
    if (operation.status == EXPORTD_STATUS_COMPLETE) {
        if (!is_json) {
            puts(output_escape(operation.storage_location, location, sizeof(location)));
        }
        return EXIT_CODE_OK;
    }
    fprintf(stderr, "exportctl: %s: %s (%s)\n", operation.id, exportd_status_name(operation.status),
            operation.failure_code[0] ? operation.failure_code : operation.stage);
    return EXIT_CODE_FAILED;
}

static enum exit_code wait_for_end(struct exportd_client *client, const char *operation_id,
                                   const struct settings *settings)
{
    enum display_form form = output_is_terminal(stderr) ? DISPLAY_BARS : DISPLAY_NOTHING;
    struct display display;
    enum exit_code code;

    if (display_init(&display, stderr, form, &operation_id, 1) != 0) {
        return EXIT_CODE_LOCAL;
    }
    follow_catch_signals();
    code = follow_operations(client, &display);
    display_release(&display);
    if (code == EXIT_CODE_OK || code == EXIT_CODE_FAILED) {
        return print_end(client, operation_id, settings->is_json);
    }
    if (code == EXIT_CODE_INTERRUPTED) {
        fputc('\n', stderr);
    }
    tell_how_to_come_back(operation_id);
    return code;
}

static void print_accepted(const struct exportd_accepted *accepted)
{
    output_operation(&accepted->operation);
    output_field("key", accepted->idempotency_key);
    output_field("location", accepted->location);
    printf("\nWatch it: exportctl watch %s\n", accepted->operation.id);
}

/* Made here and not in the library, so that it can be told when no answer came. */
static enum exit_code choose_key(const struct settings *settings, char key[EXPORTD_KEY_BYTES])
{
    size_t length = settings->key ? strlen(settings->key) : 0;

    if (length >= EXPORTD_KEY_BYTES) {
        fputs("exportctl: --key: the key is too long\n", stderr);
        return EXIT_CODE_USAGE;
    }
    if (settings->key) {
        memcpy(key, settings->key, length + 1);
        return EXIT_CODE_OK;
    }
    return exit_code_of(exportd_make_key(key));
}

static enum exit_code run_export(struct exportd_client *client, const struct settings *settings)
{
    const char *user_id = command_operand(settings, 0);
    struct exportd_accepted accepted;
    struct exportd_error error;
    char key[EXPORTD_KEY_BYTES];
    enum exit_code code = choose_key(settings, key);

    if (code != EXIT_CODE_OK) {
        return code;
    }
    if (exportd_export(client, user_id, key, &accepted, &error) != EXPORTD_OK) {
        code = session_fail(&error, user_id);
        if (code == EXIT_CODE_NO_ANSWER || code == EXIT_CODE_SERVICE) {
            fprintf(stderr, "  To repeat it as the same operation: --key %s\n", key);
        }
        return code;
    }
    if (settings->waits) {
        return wait_for_end(client, accepted.operation.id, settings);
    }
    if (settings->is_json) {
        puts(exportd_reply_json(client, "operation"));
    } else {
        print_accepted(&accepted);
    }
    return EXIT_CODE_OK;
}

enum exit_code command_export(const struct settings *settings)
{
    struct exportd_client *client = NULL;
    enum exit_code code = session_open(settings, &client);

    if (code == EXIT_CODE_OK) {
        code = run_export(client, settings);
    }
    exportd_close(&client);
    return code;
}

enum exit_code command_get(const struct settings *settings)
{
    const char *operation_id = command_operand(settings, 0);
    struct exportd_client *client = NULL;
    struct exportd_operation operation;
    struct exportd_error error;
    enum exit_code code = session_open(settings, &client);

    if (code != EXIT_CODE_OK) {
        return code;
    }
    if (exportd_get(client, operation_id, &operation, &error) != EXPORTD_OK) {
        code = session_fail(&error, operation_id);
    } else if (settings->is_json) {
        puts(exportd_reply_json(client, "operation"));
    } else {
        output_operation(&operation);
    }
    exportd_close(&client);
    return code;
}

static void print_page(struct exportd_client *client, const struct exportd_operation_page *page,
                       const struct settings *settings)
{
    for (size_t i = 0; i < page->count; i++) {
        if (settings->is_json) {
            puts(exportd_reply_item_json(client, i));
        } else {
            output_operation_row(&page->items[i]);
        }
    }
    if (page->next[0] != '\0' && !settings->wants_all) {
        fprintf(stderr, "There are more: --all, or --next %s\n", page->next);
    }
}

static enum exit_code run_list(struct exportd_client *client, const struct settings *settings)
{
    struct exportd_operation_query query = {.status = exportd_status_of(settings->status),
                                            .user_id = settings->user,
                                            .top = (int)settings->top,
                                            .next = settings->next};
    char next[EXPORTD_NEXT_BYTES];
    struct exportd_error error;
    bool goes_on;

    do {
        struct exportd_operation_page page;

        if (exportd_list(client, &query, &page, &error) != EXPORTD_OK) {
            return session_fail(&error, NULL);
        }
        print_page(client, &page, settings);
        memcpy(next, page.next, sizeof(next));
        query.next = next;
        goes_on = settings->wants_all && next[0] != '\0';
        exportd_operation_page_release(&page);
    } while (goes_on);
    return EXIT_CODE_OK;
}

enum exit_code command_list(const struct settings *settings)
{
    struct exportd_client *client = NULL;
    enum exit_code code;

    if (settings->status && exportd_status_of(settings->status) == EXPORTD_STATUS_ANY) {
        fputs("exportctl list: --status is notStarted, running, complete or failed\n", stderr);
        return EXIT_CODE_USAGE;
    }
    code = session_open(settings, &client);
    if (code != EXIT_CODE_OK) {
        return code;
    }
    if (!settings->is_json) {
        output_operation_heading();
    }
    code = run_list(client, settings);
    exportd_close(&client);
    return code;
}
