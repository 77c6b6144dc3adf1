// SPDX-License-Identifier: MIT
/* wire_judge: judges messages as the daemon does, before any of them has an effect. Reads a length
 * of 32 bits in the order of this machine and so many bytes, again and again; writes a line for
 * each, "ok" or the inner code and the field. At the end it tells on standard error how long the
 * longest took and by how much the memory in use ever grew. */
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "schemas/base/errors.h"
#include "schemas/messages.h"

#define MESSAGE_BYTES (1U << 20)

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int judge(struct wire_input *input, const void *bytes, size_t count,
                 struct wire_error *error)
{
    union any_request request;
    int kind;
    int rc = wire_parse(input, bytes, count, error);

    if (rc) {
        return rc;
    }
    kind = codec_dispatch(request_schemas, &input->root, error);
    return kind < 0 ? kind : codec_decode(request_schemas[kind], &input->root, &request, error);
}

int main(void)
{
    struct wire_input input;
    unsigned char *bytes = malloc(MESSAGE_BYTES);
    size_t at_first;
    size_t most;
    int64_t longest_us = 0;
    uint32_t count;

    if (!bytes || wire_input_init(&input)) {
        return 1;
    }
    at_first = most = mallinfo2().uordblks + mallinfo2().hblkhd;
    while (fread(&count, sizeof count, 1, stdin) == 1) {
        struct wire_error error = {0};
        int64_t start_us;
        size_t used;
        int rc;

        if (count > MESSAGE_BYTES || fread(bytes, 1, count, stdin) != count) {
            return 1;
        }
        start_us = now_us();
        rc = judge(&input, bytes, count, &error);
        start_us = now_us() - start_us;
        longest_us = start_us > longest_us ? start_us : longest_us;
        used = mallinfo2().uordblks + mallinfo2().hblkhd;
        most = used > most ? used : most;
        if (rc) {
            printf("%s %s\n", error_row(rc)->inner_code, error.field);
        } else {
            puts("ok");
        }
    }
    fprintf(stderr, "longest_us=%" PRId64 " growth_bytes=%zu\n", longest_us, most - at_first);
    wire_input_release(&input);
    free(bytes);
    return fflush(stdout) ? 1 : 0;
}
