// SPDX-License-Identifier: MIT
#include "clients/exportctl/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clients/exportctl/output.h"
#include "clients/library/exportclient.h"
#include "schemas/base/uuid.h"

#define MANY 100000
#define PAGE (OPTION_BIT(OPTION_TOP) | OPTION_BIT(OPTION_NEXT) | OPTION_BIT(OPTION_ALL))
#define DECISION                                                                                   \
    (OPTION_BIT(OPTION_RECEIPT) | OPTION_BIT(OPTION_REASON) | OPTION_BIT(OPTION_REASON_FILE))

const struct command command_rows[] = {
    {"export", "USER_ID", "Ask for an export of all personal data of a person.",
     "USER_ID is the userId of an inbound shared user profile. With --wait, progress goes to\n"
     "standard error, and standard output gets the storage location of the bundle and nothing "
     "else.",
     OPTION_BIT(OPTION_WAIT) | OPTION_BIT(OPTION_KEY) | OPTION_BIT(OPTION_RECEIPT), 1, 1,
     command_export},
    {"get", "ID", "Show an operation.", NULL, 0, 1, 1, command_get},
    {"why", "ID", "Say what an operation is waiting for, or how it ended.",
     "The sentences are for people; --json adds the operation.", 0, 1, 1, command_why},
    {"cancel", "ID...", "End operations for good, whatever they are doing.",
     "For who requested them and for approvers of the tenant. A cancelled operation has failed "
     "with\n"
     "the code cancelled and leaves no file. Cancelling it again changes nothing.",
     OPTION_BIT(OPTION_RECEIPT), 1, MANY, command_cancel},
    {"pending", "", "List operations that await approval, newest first.",
     "With whom each was requested by, who cannot approve it himself.", OPTION_BIT(OPTION_USER), 0,
     0, command_pending},
    {"approve", "ID...", "Let operations that await approval go on.",
     "For approvers of the tenant, who hold the scope permissions.approver_scope of exportd.yaml;\n"
     "nobody approves what he requested. Approving again changes nothing.",
     DECISION, 1, MANY, command_approve},
    {"deny", "ID...", "End operations that await approval.",
     "For the same people. --reason or --reason-file is required. A denied operation has failed\n"
     "with the code denied.",
     DECISION, 1, MANY, command_deny},
    {"retry", "ID...", "Make new operations for failed ones; print the new ids.",
     "The failed operation stays as it is. Retrying it again prints the same new id, so repeating\n"
     "the command is safe; to try once more, retry the new one. With --wait, standard output gets\n"
     "the storage locations of the bundles and nothing else.",
     OPTION_BIT(OPTION_WAIT) | OPTION_BIT(OPTION_RECEIPT), 1, MANY, command_retry},
    {"list", "", "List operations, newest first.",
     "The last column tells what needs a look: overdue, that it awaits approval, why it failed,\n"
     "and that it is a retry.",
     PAGE | OPTION_BIT(OPTION_STATUS) | OPTION_BIT(OPTION_STAGE) | OPTION_BIT(OPTION_USER), 0, 0,
     command_list},
    {"watch", "ID...", "Watch operations until they end.",
     "On a terminal each operation has a progress bar; otherwise each event is a line. Ends with "
     "0\n"
     "when every operation is complete and with 1 when one failed or was cancelled.",
     0, 1, MANY, command_watch},
    {"events", "", "Print stored events, oldest first.", "--since is required.",
     OPTION_BIT(OPTION_SINCE) | OPTION_BIT(OPTION_OPERATION) | OPTION_BIT(OPTION_FOLLOW), 0, 0,
     command_events},
    {"profiles", "[ID]", "List inbound shared user profiles, or show one.", NULL, PAGE, 0, 1,
     command_profiles},
    {"stats", "", "Count operations by stage; show workers and the service's state.", NULL, 0, 0, 0,
     command_stats},
    {"pause", "[TENANT]", "Offer no more work of a tenant, or of everybody, to workers.",
     "For operators, whom permissions.operators in exportd.yaml names, with a key of the role\n"
     "operator. What is being gathered goes on, requests are accepted, and the pause outlives\n"
     "restarts. Prints what is paused after it.",
     OPTION_BIT(OPTION_EVERYTHING), 0, 1, command_pause},
    {"resume", "[TENANT]", "End a pause.",
     "For operators. Resuming everything leaves the pauses of single tenants as they are.",
     OPTION_BIT(OPTION_EVERYTHING), 0, 1, command_resume},
    {"pauses", "", "Show what is paused.", "For operators; stats tells others whether they are.", 0,
     0, 0, command_pauses},
    {"ping", "", "Ask whether the service answers; needs no token.", NULL, 0, 0, 0, command_ping},
    {"verify", "BUNDLE...", "Check bundles completely; needs no service.",
     "A BUNDLE is a ZIP file, or the folder that one was extracted to. Every problem is printed\n"
     "with the file it is about.",
     0, 1, MANY, command_verify},
    {"audit", "verify|head",
     "Check the event log of a store, and receipts of it; needs no service.",
     "Reads only; the daemon may be running, and the store may be a copy: of store.db together "
     "with\n"
     "store.db-wal. verify checks that every event follows from the one before it, that what the\n"
     "service answers with is what the log says, and that receipts are of events in the log. It\n"
     "names the first event that is broken. head prints the newest event's number and hash as a\n"
     "receipt, to be kept where who can change the store cannot: without one, nothing shows that "
     "the\n"
     "newest events were removed.",
     OPTION_BIT(OPTION_STORE) | OPTION_BIT(OPTION_RECEIPTS), 1, 1, command_audit},
    {"keygen", "NAME", "Make a CURVE key; needs no service.",
     "Writes NAME.key, the public certificate, and NAME.key_secret, which only you can read, in "
     "the\n"
     "format of czmq's tools; files that exist are never overwritten. The last part of NAME "
     "becomes\n"
     "the name of the identity. exportd admits it once NAME.key is in its folder curve.identities\n"
     "and it was sent SIGHUP. The key of exportd itself needs no roles.",
     OPTION_BIT(OPTION_ROLES) | OPTION_BIT(OPTION_TENANTS), 1, 1, command_keygen},
    {"permissions", "", "Show which scope opens which request; needs no service.",
     "This is the table that the service decides by. What its configuration adds is named beneath\n"
     "it.",
     0, 0, 0, command_permissions},
    {"schema", "[NAME]", "Print a message's schema as YAML, or list all.",
     "With --json the schema is printed as JSON.", 0, 0, 1, command_schema},
    {"help", "[COMMAND]", "Explain a command, or all of them.", NULL, 0, 0, 1, command_help},
    {NULL, NULL, NULL, NULL, 0, 0, 0, NULL},
};

const struct command *command_find(const char *name)
{
    for (const struct command *row = command_rows; row->name; row++) {
        if (strcmp(row->name, name) == 0) {
            return row;
        }
    }
    return NULL;
}

const char *command_operand(const struct settings *settings, int index)
{
    return index + 1 < settings->operand_count ? settings->operands[index + 1] : NULL;
}

enum exit_code command_check_ids(const struct settings *settings)
{
    for (int i = 1; i < settings->operand_count; i++) {
        struct text text = text_of(settings->operands[i]);
        struct uuid ignored;

        if (text.size_bytes != UUID_TEXT_BYTES || uuid_parse(text, &ignored) != 0) {
            char safe[SETTINGS_MESSAGE_BYTES];

            fprintf(stderr,
                    "exportctl %s: %s is not an operation's id, which has 36 characters; nothing "
                    "was sent\n",
                    settings->operands[0],
                    output_escape(settings->operands[i], safe, sizeof(safe)));
            return EXIT_CODE_USAGE;
        }
    }
    return EXIT_CODE_OK;
}

static enum exit_code usage_error(const char *command, const char *message)
{
    char safe[SETTINGS_MESSAGE_BYTES];

    output_escape(message, safe, sizeof(safe));
    fprintf(stderr, "exportctl%s%s: %s\nTry: exportctl help%s%s\n", command ? " " : "",
            command ? command : "", safe, command ? " " : "", command ? command : "");
    return EXIT_CODE_USAGE;
}

/* Whether the options and operands are ones that the command takes. */
static enum exit_code check(const struct command *command, const struct settings *settings)
{
    char message[SETTINGS_MESSAGE_BYTES];
    int operands = settings->operand_count - 1;

    for (int i = 0; i < OPTION_COUNT; i++) {
        if (settings->given & OPTION_BIT(i) & ~(command->options | OPTION_BITS_COMMON)) {
            snprintf(message, sizeof(message), "--%s does not belong to this command",
                     option_rows[i].name);
            return usage_error(command->name, message);
        }
    }
    if (operands < command->least || operands > command->most) {
        snprintf(message, sizeof(message), "%s %s",
                 operands < command->least ? "needs" : "takes only",
                 command->arguments[0] ? command->arguments : "options");
        return usage_error(command->name, message);
    }
    return EXIT_CODE_OK;
}

/* What was written must have arrived: a full disk is an error even when everything else went well.
 */
static enum exit_code finish(enum exit_code code)
{
    bool is_lost = ferror(stdout) != 0;

    errno = 0;
    if (fflush(stdout) != 0) {
        is_lost = true;
    }
    if (!is_lost) {
        return code;
    }
    fprintf(stderr, "exportctl: the output could not be written: %s\n", strerror(errno));
    return code == EXIT_CODE_OK ? EXIT_CODE_LOCAL : code;
}

enum exit_code command_main(int argc, char **argv)
{
    char message[SETTINGS_MESSAGE_BYTES];
    const struct command *command;
    struct settings settings;
    enum exit_code code;

    if (!settings_read(&settings, argc, argv, message)) {
        return usage_error(NULL, message);
    }
    if (settings.wants_version) {
        printf("exportctl %s\n", exportd_version());
        return finish(EXIT_CODE_OK);
    }
    if (settings.operand_count == 0 && !settings.wants_help) {
        return usage_error(NULL, "a command is missing");
    }
    command = command_find(settings.operand_count ? settings.operands[0] : "help");
    if (!command) {
        return usage_error(NULL, "there is no such command");
    }
    if (settings.wants_help) {
        return finish(command_help(&settings));
    }
    code = check(command, &settings);
    return code == EXIT_CODE_OK ? finish(command->run(&settings)) : code;
}
