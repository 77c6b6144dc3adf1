// SPDX-License-Identifier: MIT
#include "tests/bench/submit.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/load.h"
#include "tests/bench/zmtp.h"

#define WINDOW 256

struct submission {
    uint64_t replies;
    struct zmtp zmtp;
};

static void on_frame(void *context, const uint8_t *frame, size_t size, bool has_more)
{
    struct submission *submission = context;
    if (has_more) {
        return;
    }
    if (!request_is_accepted(frame, size)) {
        (void)fprintf(stderr, "refused: %.*s\n", (int)(size < 400 ? size : 400),
                      (const char *)frame);
        exit(EXIT_FAILURE);
    }
    submission->replies++;
}

void submit(const char *endpoint, const struct request *request, uint64_t count,
            uint64_t (*number_of)(const void *context, uint64_t i), const void *context)
{
    struct submission *submission = calloc(1, sizeof(*submission));
    uint8_t buffer[LOAD_REQUEST_BYTES];
    if (!submission || !zmtp_connect(&submission->zmtp, endpoint, "DEALER")) {
        measure_fail(endpoint);
    }
    struct pollfd item = {.fd = submission->zmtp.socket, .events = POLLIN};
    for (uint64_t sent = 0; submission->replies < count;) {
        for (; sent < count && sent - submission->replies < WINDOW; sent++) {
            size_t size = request_write(request, number_of(context, sent), buffer);
            zmtp_put(&submission->zmtp, "", 0, true);
            zmtp_put(&submission->zmtp, buffer, size, false);
        }
        zmtp_flush(&submission->zmtp);
        (void)poll(&item, 1, -1);
        zmtp_receive(&submission->zmtp, on_frame, submission);
    }
    zmtp_close(&submission->zmtp);
    free(submission);
}
