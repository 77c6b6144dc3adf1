// SPDX-License-Identifier: MIT
/* What exportctl ends with. Help and man page print the same table. */
#ifndef CLIENTS_EXPORTCTL_EXIT_CODE_H
#define CLIENTS_EXPORTCTL_EXIT_CODE_H

enum exit_code {
    EXIT_CODE_OK = 0,
    EXIT_CODE_FAILED = 1,
    EXIT_CODE_USAGE = 2,
    EXIT_CODE_REFUSED = 3,
    EXIT_CODE_NOT_FOUND = 4,
    EXIT_CODE_NO_ANSWER = 5,
    EXIT_CODE_LOCAL = 6,
    EXIT_CODE_SERVICE = 7,
    EXIT_CODE_INTERRUPTED = 130,
};

struct exit_code_row {
    enum exit_code code;
    const char *text;
};

/* Ends with a row whose text is NULL. */
extern const struct exit_code_row exit_code_rows[];

/* Of a result of libexportclient. */
enum exit_code exit_code_of(int result);

#endif
