// SPDX-License-Identifier: MIT
#include "clients/exportctl/reason.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clients/exportctl/output.h"

enum { SAFE_BYTES = 4096 };

static enum exit_code refuse(enum exit_code code, const char *path, const char *why)
{
    char safe[SAFE_BYTES];

    fprintf(stderr, "exportctl: --reason-file %s: %s; nothing was sent\n",
            output_escape(path, safe, sizeof safe), why);
    return code;
}

/* How many bytes were read, one more than fits for a longer file; -1 with errno. */
static long read_all(const char *path, char buffer[REASON_BUFFER])
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    size_t size;
    int failed;

    if (!file) {
        return -1;
    }
    errno = 0;
    size = fread(buffer, 1, REASON_BUFFER, file);
    failed = ferror(file) ? errno : 0;
    if (file != stdin) {
        fclose(file);
    }
    errno = failed;
    return failed ? -1 : (long)size;
}

enum exit_code reason_take(struct settings *settings, char buffer[REASON_BUFFER])
{
    const char *path = settings->reason_file;
    long size;

    if (!path) {
        return EXIT_CODE_OK;
    }
    if (settings->reason) {
        return refuse(EXIT_CODE_USAGE, path, "--reason is given as well");
    }
    size = read_all(path, buffer);
    if (size < 0) {
        return refuse(EXIT_CODE_LOCAL, path, strerror(errno));
    }
    while (size > 0 && size < REASON_BUFFER && strchr("\r\n", buffer[size - 1])) {
        size--;
    }
    if (size == REASON_BUFFER) {
        return refuse(EXIT_CODE_USAGE, path, "is longer than 512 characters");
    }
    if (size == 0 || memchr(buffer, '\0', (size_t)size)) {
        return refuse(EXIT_CODE_USAGE, path, size == 0 ? "is empty" : "is no text");
    }
    buffer[size] = '\0';
    settings->reason = buffer;
    return EXIT_CODE_OK;
}
