// SPDX-License-Identifier: MIT
#include "clients/exportctl/receipt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clients/exportctl/output.h"

enum { LINE_BYTES = 512, SAFE_BYTES = 4096 };

enum exit_code receipt_open(const struct settings *settings, int *fd)
{
    char safe[SAFE_BYTES];

    *fd = -1;
    if (!settings->receipt) {
        return EXIT_CODE_OK;
    }
    *fd = open(settings->receipt, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (*fd >= 0) {
        return EXIT_CODE_OK;
    }
    fprintf(stderr, "exportctl: --receipt: %s: %s; nothing was sent\n",
            output_escape(settings->receipt, safe, sizeof(safe)), strerror(errno));
    return EXIT_CODE_LOCAL;
}

/* One write, so that lines of several programs do not mix. */
enum exit_code receipt_append(int fd, struct exportd_client *client, const char *operation_id)
{
    const char *json = fd < 0 ? NULL : exportd_reply_json(client, "receipt");
    char line[LINE_BYTES];
    int length;

    if (fd < 0) {
        return EXIT_CODE_OK;
    }
    if (!json || json[0] != '{') {
        fprintf(stderr, "exportctl: the service gave no receipt for %s\n", operation_id);
        return EXIT_CODE_SERVICE;
    }
    length = snprintf(line, sizeof(line), "{\"operationId\":\"%s\",%s\n", operation_id, json + 1);
    if (length < (int)sizeof(line) && write(fd, line, (size_t)length) == length &&
        (fsync(fd) == 0 || errno == EINVAL)) {
        return EXIT_CODE_OK; /* what is no file cannot be synchronized */
    }
    fprintf(stderr,
            "exportctl: the receipt for %s could not be written: %s\n"
            "  The operation is there. The same request again gives a receipt of it.\n",
            operation_id, strerror(errno));
    return EXIT_CODE_LOCAL;
}

void receipt_close(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}
