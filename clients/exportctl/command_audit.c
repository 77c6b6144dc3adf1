// SPDX-License-Identifier: MIT
/* audit: needs the store, and no service. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clients/audit/audit.h"
#include "clients/exportctl/command.h"
#include "clients/exportctl/output.h"
#include "schemas/base/errors.h"

static enum exit_code fail(const char *message, int error)
{
    char safe[2 * AUDIT_MESSAGE_BYTES];

    fprintf(stderr, "exportctl audit: %s\n", output_escape(message, safe, sizeof(safe)));
    if (error == -ERROR_DAMAGED) {
        return EXIT_CODE_FAILED;
    }
    return error == -ERROR_NOT_FOUND ? EXIT_CODE_NOT_FOUND : EXIT_CODE_LOCAL;
}

static enum exit_code print_break(const struct audit_break *first, const struct settings *settings)
{
    char safe[2 * AUDIT_MESSAGE_BYTES];

    output_escape(first->what, safe, sizeof(safe));
    if (!settings->is_json) {
        printf("broken at event %" PRId64 ": %s\n", first->sequence, safe);
        return EXIT_CODE_FAILED;
    }
    for (char *at = safe; *at; at++) {
        if (*at == '"' || *at == '\\') {
            *at = '\'';
        }
    }
    printf("{\"isRight\":false,\"sequence\":%" PRId64 ",\"problem\":\"%s\"}\n", first->sequence,
           safe);
    return EXIT_CODE_FAILED;
}

static void print_right(const struct audit_summary *summary, const struct settings *settings)
{
    char head[CHAIN_TEXT_BUFFER];

    chain_format(summary->head, head);
    if (settings->is_json) {
        printf("{\"isRight\":true,\"events\":%" PRId64 ",\"receipts\":%" PRId64
               ",\"chainedFrom\":%" PRId64 ",\"head\":\"%s\"}\n",
               summary->events, summary->receipts, summary->chained_from, head);
        return;
    }
    printf("events %" PRId64 ", receipts %" PRId64 ", head %s\n", summary->events,
           summary->receipts, head);
    if (summary->chained_from > 1) {
        printf("events before %" PRId64 " were chained when the store was brought to format 3\n",
               summary->chained_from);
    }
}

static enum exit_code verify(struct audit *audit, const struct settings *settings)
{
    struct audit_summary summary;
    struct audit_break first;
    int rc =
        audit_verify(audit, settings->receipts.items, settings->receipts.count, &summary, &first);

    if (rc < 0) {
        return fail(audit_message(audit), rc);
    }
    if (rc > 0) {
        return print_break(&first, settings);
    }
    print_right(&summary, settings);
    return EXIT_CODE_OK;
}

/* The same line as a receipt's, with --json or without, for it is to be given to verify later. */
static enum exit_code head(struct audit *audit, const struct settings *settings)
{
    char text[CHAIN_TEXT_BUFFER];
    struct audit_summary summary;
    struct audit_break first;
    int rc = audit_head(audit, &summary, &first);

    if (rc < 0) {
        return fail(audit_message(audit), rc);
    }
    if (rc > 0) {
        return print_break(&first, settings);
    }
    printf("{\"sequence\":%" PRId64 ",\"head\":\"%s\"}\n", summary.events,
           chain_format(summary.head, text));
    return EXIT_CODE_OK;
}

static const struct {
    const char *name;
    bool takes_receipts;
    enum exit_code (*run)(struct audit *audit, const struct settings *settings);
} actions[] = {{"verify", true, verify}, {"head", false, head}};

enum exit_code command_audit(const struct settings *settings)
{
    const char *name = command_operand(settings, 0);
    char message[AUDIT_MESSAGE_BYTES];
    struct audit *audit = NULL;
    enum exit_code code;
    size_t action = 0;
    int rc;

    while (action < sizeof(actions) / sizeof(actions[0]) &&
           strcmp(actions[action].name, name) != 0) {
        action++;
    }
    if (action == sizeof(actions) / sizeof(actions[0]) || !settings->store ||
        (settings->receipts.count > 0 && !actions[action].takes_receipts)) {
        fputs("exportctl audit: what is needed is: verify --store DIR [--receipts FILE]..., or "
              "head --store DIR\n",
              stderr);
        return EXIT_CODE_USAGE;
    }
    rc = audit_open(&audit, settings->store, message);
    if (rc) {
        return fail(message, rc);
    }
    code = actions[action].run(audit, settings);
    audit_close(&audit);
    return code;
}
