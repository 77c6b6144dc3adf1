// SPDX-License-Identifier: MIT
/* The command line: one table of options, and what it was read into. */
#ifndef CLIENTS_EXPORTCTL_SETTINGS_H
#define CLIENTS_EXPORTCTL_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_id {
    OPTION_JSON,
    OPTION_SERVER,
    OPTION_STATUS_SERVER,
    OPTION_TIMEOUT,
    OPTION_TOKEN_FILE,
    OPTION_CERTIFICATE,
    OPTION_SERVER_CERTIFICATE,
    OPTION_HELP,
    OPTION_VERSION,
    OPTION_WAIT,
    OPTION_KEY,
    OPTION_STATUS,
    OPTION_USER,
    OPTION_TOP,
    OPTION_NEXT,
    OPTION_ALL,
    OPTION_SINCE,
    OPTION_OPERATION,
    OPTION_FOLLOW,
    OPTION_EVERYTHING,
    OPTION_ROLES,
    OPTION_TENANTS,
    OPTION_RECEIPT,
    OPTION_STORE,
    OPTION_RECEIPTS,
    OPTION_REASON,
    OPTION_REASON_FILE,
    OPTION_STAGE,
    OPTION_COUNT
};

#define OPTION_BIT(id) (1U << (id))

/* These belong to every command. */
#define OPTION_BITS_COMMON (OPTION_BIT(OPTION_WAIT) - 1U)

/* What an option that may be given several times was given. */
#define OPTION_LIST_MOST 64
struct option_list {
    const char *items[OPTION_LIST_MOST];
    size_t count;
};

/* Everything is borrowed from argv and the environment. Texts that were not given are NULL. */
struct settings {
    uint32_t given; /* OPTION_BITs */
    bool is_json;
    bool wants_help;
    bool wants_version;
    bool waits;
    bool wants_all;
    bool follows;
    bool wants_everything;
    const char *server;
    const char *status_server;
    const char *token_file;
    const char *certificate;
    const char *server_certificate;
    const char *token; /* from the environment only: argv can be read by everybody */
    const char *key;
    const char *status;
    const char *stage;
    const char *reason;
    const char *reason_file;
    const char *user;
    const char *next;
    const char *operation;
    const char *roles;
    const char *tenants;
    const char *receipt; /* file to append a receipt to */
    const char *store;
    struct option_list receipts; /* files with receipts to check */
    int64_t top;
    int64_t since;
    int64_t timeout_ms;
    char **operands; /* the command's name first */
    int operand_count;
};

enum option_kind { OPTION_FLAG, OPTION_TEXT, OPTION_LIST, OPTION_NUMBER, OPTION_SECONDS };

struct option_row {
    const char *name;     /* without the dashes */
    const char *argument; /* as help shows it, or NULL */
    const char *help;
    enum option_kind kind;
    size_t offset;   /* of the member of struct settings */
    int64_t minimum; /* of numbers; of seconds in milliseconds */
    int64_t maximum;
};

extern const struct option_row option_rows[OPTION_COUNT];

#define SETTINGS_MESSAGE_BYTES 256

/* Reads argv, which it reorders, and the environment. False with a message when it is wrong. To be
 * called once in a process. */
bool settings_read(struct settings *settings, int argc, char **argv,
                   char message[SETTINGS_MESSAGE_BYTES]);

#endif
