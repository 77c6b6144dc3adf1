// SPDX-License-Identifier: MIT
#include "clients/exportctl/settings.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/exportctl/output.h"

#define MAXIMUM_SEQUENCE 9007199254740991
#define MAXIMUM_WAIT_MS  86400000

/* What getopt_long returns for the first long option: no character, which is a short one. */
#define FIRST_LONG 256

#define MEMBER(name) offsetof(struct settings, name)

const struct option_row option_rows[OPTION_COUNT] = {
    [OPTION_JSON] = {"json", NULL, "Print JSON, one document a line.", OPTION_FLAG, MEMBER(is_json),
                     0, 0},
    [OPTION_SERVER] = {"server", "ENDPOINT",
                       "The requests socket; default EXPORTD_SERVER or tcp://127.0.0.1:5570.",
                       OPTION_TEXT, MEMBER(server), 0, 0},
    [OPTION_STATUS_SERVER] = {"status-server", "ENDPOINT",
                              "The status socket; default EXPORTD_STATUS or tcp://127.0.0.1:5573.",
                              OPTION_TEXT, MEMBER(status_server), 0, 0},
    [OPTION_TIMEOUT] = {"timeout", "SECONDS",
                        "How long to try before giving up on an answer; default 10.",
                        OPTION_SECONDS, MEMBER(timeout_ms), 1, MAXIMUM_WAIT_MS},
    [OPTION_TOKEN_FILE] = {"token-file", "FILE",
                           "File with the access token; default the token in EXPORTD_TOKEN.",
                           OPTION_TEXT, MEMBER(token_file), 0, 0},
    [OPTION_CERTIFICATE] = {"certificate", "FILE",
                            "Our secret CURVE certificate; default EXPORTD_CERTIFICATE, or none.",
                            OPTION_TEXT, MEMBER(certificate), 0, 0},
    [OPTION_SERVER_CERTIFICATE] = {"server-certificate", "FILE",
                                   "The service's; default EXPORTD_SERVER_CERTIFICATE, or none.",
                                   OPTION_TEXT, MEMBER(server_certificate), 0, 0},
    [OPTION_HELP] = {"help", NULL, "Print help and exit.", OPTION_FLAG, MEMBER(wants_help), 0, 0},
    [OPTION_VERSION] = {"version", NULL, "Print the version and exit.", OPTION_FLAG,
                        MEMBER(wants_version), 0, 0},
    [OPTION_WAIT] = {"wait", NULL, "Wait until the operation ends; print where its bundle is.",
                     OPTION_FLAG, MEMBER(waits), 0, 0},
    [OPTION_KEY] = {"key", "KEY",
                    "Idempotency key: the same key again is the same operation; default a new one.",
                    OPTION_TEXT, MEMBER(key), 0, 0},
    [OPTION_STATUS] = {"status", "STATUS",
                       "Only operations that are notStarted, running, complete or failed.",
                       OPTION_TEXT, MEMBER(status), 0, 0},
    [OPTION_USER] = {"user", "USER_ID", "Only operations about this user.", OPTION_TEXT,
                     MEMBER(user), 0, 0},
    [OPTION_TOP] = {"top", "N", "How many at the most; default 25.", OPTION_NUMBER, MEMBER(top), 1,
                    100},
    [OPTION_NEXT] = {"next", "VALUE", "The page that follows the one that gave this value.",
                     OPTION_TEXT, MEMBER(next), 0, 0},
    [OPTION_ALL] = {"all", NULL, "Every page.", OPTION_FLAG, MEMBER(wants_all), 0, 0},
    [OPTION_SINCE] = {"since", "N", "Events after this sequence; 0 for all.", OPTION_NUMBER,
                      MEMBER(since), 0, MAXIMUM_SEQUENCE},
    [OPTION_OPERATION] = {"operation", "ID", "Only events of this operation.", OPTION_TEXT,
                          MEMBER(operation), 0, 0},
    [OPTION_FOLLOW] = {"follow", NULL, "Go on with what happens next, until interrupted.",
                       OPTION_FLAG, MEMBER(follows), 0, 0},
    [OPTION_EVERYTHING] = {"everything", NULL, "The work of all tenants.", OPTION_FLAG,
                           MEMBER(wants_everything), 0, 0},
    [OPTION_ROLES] = {"roles", "LIST",
                      "What the identity may be, of client, vouches, worker, subscriber, operator.",
                      OPTION_TEXT, MEMBER(roles), 0, 0},
    [OPTION_TENANTS] = {"tenants", "LIST",
                        "UUIDs of the only tenants it may have to do with, not for a worker or an "
                        "operator; or any, without which nobody can vouch for all.",
                        OPTION_TEXT, MEMBER(tenants), 0, 0},
    [OPTION_RECEIPT] = {"receipt", "FILE",
                        "Append the receipt to this file, for audit verify, as a line of JSON.",
                        OPTION_TEXT, MEMBER(receipt), 0, 0},
    [OPTION_STORE] = {"store", "DIR", "The daemon's store.directory, or a copy of it.", OPTION_TEXT,
                      MEMBER(store), 0, 0},
    [OPTION_RECEIPTS] = {"receipts", "FILE",
                         "Receipts to compare with the log; may be given several times.",
                         OPTION_LIST, MEMBER(receipts), 0, 0},
    [OPTION_REASON] = {"reason", "TEXT",
                       "Why; kept with the operation and shown with it, and nowhere else.",
                       OPTION_TEXT, MEMBER(reason), 0, 0},
    [OPTION_REASON_FILE] = {"reason-file", "FILE",
                            "File with the reason, or - for standard input; others on this host "
                            "see arguments.",
                            OPTION_TEXT, MEMBER(reason_file), 0, 0},
    [OPTION_STAGE] = {"stage", "STAGE",
                      "Only operations in this stage, as awaitingApproval or retryWait.",
                      OPTION_TEXT, MEMBER(stage), 0, 0},
};

static bool read_number(const char *text, int64_t *number)
{
    char *end;

    errno = 0;
    *number = strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && isdigit((unsigned char)text[0]);
}

/* "3" or "0.5", in milliseconds. */
static bool read_seconds(const char *text, int64_t *ms)
{
    char *end;
    double seconds;

    errno = 0;
    seconds = strtod(text, &end);
    if (errno != 0 || end == text || *end != '\0' || !isdigit((unsigned char)text[0]) ||
        !(seconds <= (double)MAXIMUM_WAIT_MS)) {
        return false;
    }
    *ms = (int64_t)(seconds * 1000.0);
    return true;
}

static bool append(struct option_list *list, const struct option_row *row, const char *argument,
                   char *message)
{
    if (list->count == OPTION_LIST_MOST) {
        snprintf(message, SETTINGS_MESSAGE_BYTES, "--%s may be given %d times", row->name,
                 OPTION_LIST_MOST);
        return false;
    }
    list->items[list->count++] = argument;
    return true;
}

static bool store(struct settings *settings, const struct option_row *row, const char *argument,
                  char *message)
{
    void *member = (char *)settings + row->offset;
    int64_t number = 0;
    bool is_read;

    if (row->kind == OPTION_FLAG) {
        memcpy(member, &(bool){true}, sizeof(bool));
        return true;
    }
    if (row->kind == OPTION_TEXT) {
        memcpy(member, &argument, sizeof(argument));
        return true;
    }
    if (row->kind == OPTION_LIST) {
        return append(member, row, argument, message);
    }
    is_read = row->kind == OPTION_NUMBER ? read_number(argument, &number)
                                         : read_seconds(argument, &number);
    if (!is_read || number < row->minimum || number > row->maximum) {
        snprintf(message, SETTINGS_MESSAGE_BYTES, "--%s: a number from %lld to %lld is needed",
                 row->name, (long long)(row->kind == OPTION_SECONDS ? 0 : row->minimum),
                 (long long)(row->kind == OPTION_SECONDS ? row->maximum / 1000 : row->maximum));
        return false;
    }
    memcpy(member, &number, sizeof(number));
    return true;
}

static const char *environment(const char *name)
{
    const char *value = getenv(name);

    return value && value[0] != '\0' ? value : NULL;
}

static void read_environment(struct settings *settings)
{
    settings->server = settings->server ? settings->server : environment("EXPORTD_SERVER");
    settings->status_server =
        settings->status_server ? settings->status_server : environment("EXPORTD_STATUS");
    settings->certificate =
        settings->certificate ? settings->certificate : environment("EXPORTD_CERTIFICATE");
    settings->server_certificate = settings->server_certificate
                                       ? settings->server_certificate
                                       : environment("EXPORTD_SERVER_CERTIFICATE");
    settings->token = settings->token_file ? NULL : environment("EXPORTD_TOKEN");
}

/* The word of argv that getopt_long has just read an option from. */
static const char *option_word(char *const *argv)
{
    bool has_argument_apart = optarg && optarg == argv[optind - 1];

    return argv[optind - (has_argument_apart ? 2 : 1)];
}

/* getopt_long also takes beginnings of names, and "--token" must not become "--token-file". */
static bool is_whole_name(const char *name, const char *word)
{
    size_t length = strlen(name);

    return strncmp(word, "--", 2) == 0 && strncmp(word + 2, name, length) == 0 &&
           (word[length + 2] == '\0' || word[length + 2] == '=');
}

/* The option's name only: what follows it may be a secret in the wrong place. A short one may stand
 * in a word that is not read to its end, and the word before it be the value of another. */
static bool describe_fault(int option, const char *word, char *message)
{
    bool is_short = option == '?' && optopt != 0 && optopt < FIRST_LONG;
    char safe[SETTINGS_MESSAGE_BYTES - 64];
    char name[SETTINGS_MESSAGE_BYTES - 64];

    if (is_short) {
        snprintf(name, sizeof(name), "-%c", optopt);
    } else {
        snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, "="), word);
    }
    output_escape(name, safe, sizeof(safe));
    snprintf(message, SETTINGS_MESSAGE_BYTES, "%s: %s", safe,
             option == ':' ? "an argument is missing" : "there is no such option");
    return false;
}

bool settings_read(struct settings *settings, int argc, char **argv,
                   char message[SETTINGS_MESSAGE_BYTES])
{
    struct option options[OPTION_COUNT + 1] = {0};
    int option;

    *settings = (struct settings){.since = -1};
    for (int i = 0; i < OPTION_COUNT; i++) {
        options[i] = (struct option){option_rows[i].name, option_rows[i].argument != NULL, NULL,
                                     FIRST_LONG + i};
    }
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        int id = option == 'h' ? OPTION_HELP : option - FIRST_LONG;

        if (option == '?' || option == ':') {
            return describe_fault(option, argv[optind - 1], message);
        }
        if (option != 'h' && !is_whole_name(option_rows[id].name, option_word(argv))) {
            return describe_fault(0, option_word(argv), message);
        }
        settings->given |= OPTION_BIT(id);
        if (!store(settings, &option_rows[id], optarg, message)) {
            return false;
        }
    }
    settings->operands = argv + optind;
    settings->operand_count = argc - optind;
    read_environment(settings);
    return true;
}
