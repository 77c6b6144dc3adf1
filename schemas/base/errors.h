// SPDX-License-Identifier: MIT
/* Every error there is, once: the negative number that functions return, and what a caller on the
 * wire is told about it (graph error shape: HTTP status, outer code, inner code, message). The rows
 * are in errors.def. */
#ifndef SCHEMAS_BASE_ERRORS_H
#define SCHEMAS_BASE_ERRORS_H

enum error_code {
    ERROR_NONE = 0,
#define ERROR_ROW(name, status, code, inner_code, message) ERROR_##name,
#include "schemas/base/errors.def"
#undef ERROR_ROW
    ERROR_COUNT
};

struct error_row {
    const char *name;
    int status;             /* the HTTP number of a reply */
    const char *code;       /* outer code: the HTTP reason phrase in camelCase */
    const char *inner_code; /* the precise reason; clients may branch on it */
    const char *message;    /* for developers; never to branch on */
};

/* The row of an error given with either sign; the row of INTERNAL for a number that is none. */
const struct error_row *error_row(int error);

#endif
