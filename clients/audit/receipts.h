// SPDX-License-Identifier: MIT
/* Files of receipts: a JSON object a line with "sequence" and "head" and, where it is known,
 * "operationId", as exportctl export --receipt and exportctl audit head write them. Other members
 * are ignored. Lines are shorter than RECEIPT_LINE_BYTES. */
#ifndef CLIENTS_AUDIT_RECEIPTS_H
#define CLIENTS_AUDIT_RECEIPTS_H

#include <stdio.h>

#include "schemas/chain.h"

#define RECEIPT_LINE_BYTES 4096

struct audit_receipt {
    int64_t sequence;
    uint8_t head[CHAIN_HASH_BYTES];
    bool has_operation_id;
    struct uuid operation_id;
};

/* Reads the next line: 1; 0 at the end; -ERROR_MALFORMED when the line is no receipt, -ERROR_IO,
 * -ERROR_MEMORY. */
int receipts_next(FILE *file, struct audit_receipt *receipt);

#endif
