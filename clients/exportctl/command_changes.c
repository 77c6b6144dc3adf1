// SPDX-License-Identifier: MIT
/* cancel, approve, deny, retry and why. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/exportctl/await.h"
#include "clients/exportctl/output.h"
#include "clients/exportctl/reason.h"
#include "clients/exportctl/receipt.h"
#include "clients/exportctl/session.h"

/* A receipt that cannot be written is told, and keeps nothing else from being done. */
static void keep_receipt(int receipts, struct exportd_client *client, const char *id,
                         enum exit_code *code)
{
    enum exit_code written = receipt_append(receipts, client, id);

    *code = *code == EXIT_CODE_OK ? written : *code;
}

/* What a command does with its operations, one after the other. */
typedef enum exit_code (*changing)(struct exportd_client *client, const struct settings *settings,
                                   int receipts);

/* Nothing is sent before every operand and the file for receipts are known to be right. */
static enum exit_code change(const struct settings *settings, changing run)
{
    struct exportd_client *client = NULL;
    enum exit_code code = command_check_ids(settings);
    int receipts = -1;

    if (code == EXIT_CODE_OK) {
        code = receipt_open(settings, &receipts);
    }
    if (code == EXIT_CODE_OK) {
        code = session_open(settings, &client);
    }
    if (code == EXIT_CODE_OK) {
        code = run(client, settings, receipts);
    }
    receipt_close(&receipts);
    exportd_close(&client);
    return code;
}

typedef int (*decision)(struct exportd_client *client, const char *operation_id, const char *reason,
                        struct exportd_operation *operation, struct exportd_error *error);

static enum exit_code decide_each(struct exportd_client *client, const struct settings *settings,
                                  int receipts, decision decide, const char *done)
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
            continue;
        }
        keep_receipt(receipts, client, operation.id, &code);
        if (settings->is_json) {
            puts(exportd_reply_json(client, "operation"));
        } else {
            printf("%s  %s\n", operation.id, done);
        }
    }
    return code;
}

static int cancel(struct exportd_client *client, const char *operation_id, const char *reason,
                  struct exportd_operation *operation, struct exportd_error *error)
{
    (void)reason; /* a cancellation has none */
    return exportd_cancel(client, operation_id, operation, error);
}

static enum exit_code run_cancel(struct exportd_client *client, const struct settings *settings,
                                 int receipts)
{
    return decide_each(client, settings, receipts, cancel, "cancelled");
}

enum exit_code command_cancel(const struct settings *settings)
{
    return change(settings, run_cancel);
}

static enum exit_code run_approve(struct exportd_client *client, const struct settings *settings,
                                  int receipts)
{
    return decide_each(client, settings, receipts, exportd_approve, "approved");
}

/* A decision with its reason, from wherever that comes. */
static enum exit_code decide(const struct settings *settings, bool needs_reason, changing run)
{
    struct settings with_reason = *settings;
    char buffer[REASON_BUFFER];
    enum exit_code code = reason_take(&with_reason, buffer);

    if (code == EXIT_CODE_OK && needs_reason &&
        (!with_reason.reason || with_reason.reason[0] == '\0')) {
        fputs("exportctl deny: --reason or --reason-file is required; nothing was sent\n", stderr);
        code = EXIT_CODE_USAGE;
    }
    return code == EXIT_CODE_OK ? change(&with_reason, run) : code;
}

enum exit_code command_approve(const struct settings *settings)
{
    return decide(settings, false, run_approve);
}

static enum exit_code run_deny(struct exportd_client *client, const struct settings *settings,
                               int receipts)
{
    return decide_each(client, settings, receipts, exportd_deny, "denied");
}

enum exit_code command_deny(const struct settings *settings)
{
    return decide(settings, true, run_deny);
}

/* The operations that were made, as an array of ids that the display and the waiting borrow. */
struct retried {
    char (*ids)[EXPORTD_ID_BYTES];
    const char **pointers;
    size_t count;
};

static bool retried_init(struct retried *retried, size_t most)
{
    *retried = (struct retried){.ids = calloc(most, sizeof(*retried->ids)),
                                .pointers = calloc(most, sizeof(*retried->pointers))};
    return retried->ids && retried->pointers;
}

static void retried_release(struct retried *retried)
{
    free(retried->ids);
    free(retried->pointers);
}

/* The same operation given twice is made once, and so is to be waited for once. */
static void retried_add(struct retried *retried, const char *id)
{
    for (size_t i = 0; i < retried->count; i++) {
        if (strcmp(retried->ids[i], id) == 0) {
            return;
        }
    }
    memcpy(retried->ids[retried->count], id, EXPORTD_ID_BYTES);
    retried->pointers[retried->count] = retried->ids[retried->count];
    retried->count++;
}

static enum exit_code retry_each(struct exportd_client *client, const struct settings *settings,
                                 struct retried *retried, int receipts)
{
    enum exit_code code = EXIT_CODE_OK;
    int count = settings->operand_count - 1;
    bool goes_on = true;

    for (int i = 0; i < count && goes_on; i++) {
        const char *id = command_operand(settings, i);
        struct exportd_accepted accepted;
        struct exportd_error error;

        if (exportd_retry(client, id, &accepted, &error) != EXPORTD_OK) {
            goes_on = session_survive(&error, id, count - i - 1, &code);
            continue;
        }
        retried_add(retried, accepted.operation.id);
        keep_receipt(receipts, client, accepted.operation.id, &code);
        if (settings->waits) {
            fprintf(stderr, "%s is retried as %s\n", id, accepted.operation.id);
        } else if (settings->is_json) {
            puts(exportd_reply_json(client, "operation"));
        } else {
            puts(accepted.operation.id);
        }
    }
    return code;
}

static enum exit_code run_retry(struct exportd_client *client, const struct settings *settings,
                                int receipts)
{
    struct retried retried;
    enum exit_code code;

    if (!retried_init(&retried, (size_t)settings->operand_count)) {
        fputs("exportctl retry: out of memory\n", stderr);
        code = EXIT_CODE_LOCAL;
        goto out;
    }
    code = retry_each(client, settings, &retried, receipts);
    if (settings->waits && retried.count > 0) {
        enum exit_code end = await_ends(client, retried.pointers, retried.count, settings);

        code = code == EXIT_CODE_OK ? end : code;
    }
out:
    retried_release(&retried);
    return code;
}

enum exit_code command_retry(const struct settings *settings)
{
    return change(settings, run_retry);
}

static void print_explanation(const struct exportd_explanation *explanation)
{
    for (size_t i = 0; i < explanation->sentence_count; i++) {
        char safe[EXPORTD_SENTENCE_BYTES * 4];

        puts(output_escape(explanation->sentences[i], safe, sizeof(safe)));
    }
}

enum exit_code command_why(const struct settings *settings)
{
    const char *operation_id = command_operand(settings, 0);
    struct exportd_client *client = NULL;
    struct exportd_explanation explanation;
    struct exportd_error error;
    enum exit_code code = session_open(settings, &client);

    if (code != EXIT_CODE_OK) {
        return code;
    }
    if (exportd_explain(client, operation_id, &explanation, &error) != EXPORTD_OK) {
        code = session_fail(&error, operation_id);
    } else if (settings->is_json) {
        puts(exportd_reply_json(client, NULL));
    } else {
        print_explanation(&explanation);
    }
    exportd_close(&client);
    return code;
}
