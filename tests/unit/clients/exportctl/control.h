// SPDX-License-Identifier: MIT
/* exportctl as a process, against the stub. */
#ifndef TESTS_UNIT_CLIENTS_EXPORTCTL_CONTROL_H
#define TESTS_UNIT_CLIENTS_EXPORTCTL_CONTROL_H

#include <jansson.h>

#include "tests/support/process.h"
#include "tests/support/temporary.h"
#include "tests/unit/clients/library/stub.h"

#define CONTROL_TEXT_BYTES  ((size_t)1024 * 1024)
#define CONTROL_PATH_BYTES  (TEMPORARY_BUFFER + 32)
#define CONTROL_ARGUMENTS   16
#define CONTROL_PATIENCE_MS 60000

struct control {
    char directory[TEMPORARY_BUFFER];
    char output_path[CONTROL_PATH_BYTES];
    char error_path[CONTROL_PATH_BYTES];
    struct stub *stub;
    struct process process;
    const char *environment[CONTROL_ARGUMENTS]; /* added to the child's */
    char server[STUB_ENDPOINT_BYTES + 32];
    char status_server[STUB_ENDPOINT_BYTES + 32];
    const char *redirect; /* where standard output goes instead; or NULL */
    char *out;            /* of the last run; NUL-terminated */
    char *err;
};

/* For cmocka: *state becomes a struct control. */
int control_set_up(void **state);
int control_tear_down(void **state);

/* Starts exportctl with these arguments, NULL last; and waits for it: the exit code, with out and
 * err. */
void control_start(struct control *control, const char *const *arguments);
int control_wait(struct control *control);

/* Both in one. */
#define CONTROL_RUN(control, ...)                                                                  \
    (control_start((control), (const char *const[]){__VA_ARGS__, NULL}), control_wait(control))

/* Line number index of the output as JSON; a failure of the test when it is not. The caller
 * decrefs. */
json_t *control_json_line(const struct control *control, int index);
int control_line_count(const struct control *control);

#endif
