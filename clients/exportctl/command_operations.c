// SPDX-License-Identifier: MIT
/* export, get, list and pending. */
#include <stdio.h>
#include <string.h>

#include "clients/exportctl/await.h"
#include "clients/exportctl/output.h"
#include "clients/exportctl/receipt.h"
#include "clients/exportctl/session.h"

static void print_accepted(const struct exportd_accepted *accepted)
{
    output_operation(&accepted->operation);
    output_field("key", accepted->idempotency_key);
    output_field("location", accepted->location);
    if (accepted->receipt_sequence > 0) {
        output_field("receipt", accepted->receipt_head);
        output_number("of event", accepted->receipt_sequence);
    }
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

static enum exit_code run_export(struct exportd_client *client, const struct settings *settings,
                                 int receipts)
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
    code = receipt_append(receipts, client, accepted.operation.id);
    if (settings->waits) {
        enum exit_code end =
            await_ends(client, (const char *const[]){accepted.operation.id}, 1, settings);

        return code == EXIT_CODE_OK ? end : code;
    }
    if (settings->is_json) {
        puts(exportd_reply_json(client, "operation"));
    } else {
        print_accepted(&accepted);
    }
    return code;
}

enum exit_code command_export(const struct settings *settings)
{
    struct exportd_client *client = NULL;
    int receipts = -1;
    enum exit_code code = receipt_open(settings, &receipts);

    if (code == EXIT_CODE_OK) {
        code = session_open(settings, &client);
    }
    if (code == EXIT_CODE_OK) {
        code = run_export(client, settings, receipts);
    }
    receipt_close(&receipts);
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
                                            .stage = settings->stage,
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

static void print_pending(struct exportd_client *client, const struct exportd_operation_page *page,
                          const struct settings *settings)
{
    for (size_t i = 0; i < page->count; i++) {
        const struct exportd_operation *operation = &page->items[i];

        if (settings->is_json) {
            puts(exportd_reply_item_json(client, i));
            continue;
        }
        printf("%-36s  %-24s  %-24s  %-36s  %s%s\n", operation->id, operation->submitted_date_time,
               operation->due_date_time, operation->user_id, operation->requested_by,
               operation->overdue ? "  overdue" : "");
    }
}

static enum exit_code list_pending(struct exportd_client *client, const struct settings *settings)
{
    struct exportd_operation_query query = {
        .stage = "awaitingApproval", .user_id = settings->user, .top = 100};
    char next[EXPORTD_NEXT_BYTES];
    struct exportd_error error;

    if (!settings->is_json) {
        printf("%-36s  %-24s  %-24s  %-36s  %s\n", "OPERATION", "SUBMITTED", "DUE", "USER",
               "REQUESTED BY");
    }
    do {
        struct exportd_operation_page page;

        if (exportd_list(client, &query, &page, &error) != EXPORTD_OK) {
            return session_fail(&error, NULL);
        }
        print_pending(client, &page, settings);
        memcpy(next, page.next, sizeof(next));
        query.next = next;
        exportd_operation_page_release(&page);
    } while (next[0] != '\0');
    return EXIT_CODE_OK;
}

enum exit_code command_pending(const struct settings *settings)
{
    struct exportd_client *client = NULL;
    enum exit_code code = session_open(settings, &client);

    if (code == EXIT_CODE_OK) {
        code = list_pending(client, settings);
    }
    exportd_close(&client);
    return code;
}
