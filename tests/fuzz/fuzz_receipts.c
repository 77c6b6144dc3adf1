// SPDX-License-Identifier: MIT
/* Bytes as a file of receipts: what is read of a line is written and read again, the same. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "clients/audit/receipts.h"
#include "schemas/base/errors.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/memory_file.h"

#define LINE_BYTES 256

static int read_first(const void *bytes, size_t size_bytes, struct audit_receipt *receipt)
{
    struct memory_file file;
    FILE *stream;
    int rc;

    memory_file_open(&file, bytes, size_bytes);
    stream = fopen(file.path, "re");
    if (!stream)
        abort();
    rc = receipts_next(stream, receipt);
    (void)fclose(stream);
    memory_file_close(&file);
    return rc;
}

static void check_again(const struct audit_receipt *first)
{
    char head[CHAIN_TEXT_BUFFER];
    char id[UUID_TEXT_BUFFER] = "";
    char line[LINE_BYTES];
    struct audit_receipt second;
    int size;

    if (first->has_operation_id)
        uuid_format(&first->operation_id, id);
    size = snprintf(line, sizeof line, "{\"sequence\": %" PRId64 ", \"head\": \"%s\"%s%s%s}\n",
                    first->sequence, chain_format(first->head, head),
                    id[0] ? ", \"operationId\": \"" : "", id, id[0] ? "\"" : "");
    if (first->sequence < 0 || size >= (int)sizeof line ||
        read_first(line, (size_t)size, &second) != 1 || second.sequence != first->sequence ||
        memcmp(second.head, first->head, sizeof first->head) != 0 ||
        second.has_operation_id != first->has_operation_id ||
        (first->has_operation_id && !uuid_equal(&second.operation_id, &first->operation_id)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    struct audit_receipt receipt;
    struct memory_file file;
    FILE *stream;
    int rc;

    memory_file_open(&file, data, size_bytes);
    stream = fopen(file.path, "re");
    if (!stream)
        abort();
    while ((rc = receipts_next(stream, &receipt)) == 1)
        check_again(&receipt);
    /* The end is the end of the bytes. */
    if (rc != -ERROR_MALFORMED && (rc != 0 || ftell(stream) != (long)size_bytes))
        abort();
    (void)fclose(stream);
    memory_file_close(&file);
    return 0;
}
