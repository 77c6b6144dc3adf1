// SPDX-License-Identifier: MIT
/* approve, deny and pending. */
#include <stdio.h>
#include <string.h>

#include "clients/exportctl/output.h"
#include "clients/exportctl/session.h"

typedef int (*decision)(struct exportd_client *client, const char *operation_id, const char *reason,
                        struct exportd_operation *operation, struct exportd_error *error);

static enum exit_code decide_each(struct exportd_client *client, const struct settings *settings,
                                  decision decide, const char *done)
{
    enum exit_code code = EXIT_CODE_OK;
    int count = settings->operand_count - 1;
    bool goes_on = true;

    for (int i = 0; i < count && goes_on; i++) {
        const char *id = command_operand(settings, i);
        struct exportd_operation operation;
        struct exportd_error error;

        if (decide(client, id, settings->reason, &operation, &error) != EXPORTD_OK) {
            goes_on = session_survive(&error, id, count - i - 1, &code);
        } else if (settings->is_json) {
            puts(exportd_reply_json(client, "operation"));
        } else {
            printf("%s  %s\n", operation.id, done);
        }
    }
    return code;
}

static enum exit_code run(const struct settings *settings, decision decide, const char *done)
{
    struct exportd_client *client = NULL;
    enum exit_code code = command_check_ids(settings);

    if (code == EXIT_CODE_OK) {
        code = session_open(settings, &client);
    }
    if (code == EXIT_CODE_OK) {
        code = decide_each(client, settings, decide, done);
    }
    exportd_close(&client);
    return code;
}

enum exit_code command_approve(const struct settings *settings)
{
    return run(settings, exportd_approve, "approved");
}

enum exit_code command_deny(const struct settings *settings)
{
    if (!settings->reason || settings->reason[0] == '\0') {
        fputs("exportctl deny: --reason is required; nothing was sent\n", stderr);
        return EXIT_CODE_USAGE;
    }
    return run(settings, exportd_deny, "denied");
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
