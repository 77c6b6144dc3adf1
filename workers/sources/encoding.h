// SPDX-License-Identifier: MIT
/* Values as JSON and CSV text, buffered on their way to a sink. The first error stays and the rest
 * does nothing. A set stop flag is noticed at every full buffer, so that one huge value cannot hold
 * a gathering. One thread. */
#ifndef WORKERS_SOURCES_ENCODING_H
#define WORKERS_SOURCES_ENCODING_H

#include "workers/sources/driver.h"

#define ENCODING_BUFFER_BYTES 65536

struct encoding {
    const struct gathering
        *gathering; /* borrowed; its outcome counts the bytes that were handed on */
    size_t used;
    int error;
    char buffer[ENCODING_BUFFER_BYTES];
};

void encoding_init(struct encoding *encoding, const struct gathering *gathering);
void encoding_append(struct encoding *encoding, const void *bytes, size_t size_bytes);
int encoding_flush(struct encoding *encoding); /* returns the first error */

/* A JSON string, quoted. What is not UTF-8 becomes U+FFFD, byte by byte. */
void encoding_json_text(struct encoding *encoding, struct text t);

/* A quoted CSV field (RFC 4180). Text that a spreadsheet would take for a formula, as it begins
 * with = + - @ TAB or CR, gets an apostrophe in front. What is not UTF-8, and NUL, becomes U+FFFD.
 */
void encoding_csv_text(struct encoding *encoding, struct text t);

/* RFC 4648 base64, padded, without quotes. */
void encoding_base64(struct encoding *encoding, const void *bytes, size_t size_bytes);

void encoding_integer(struct encoding *encoding, int64_t value);

/* The shortest decimal number that reads back as the same value; infinity as 9e999, which is a
 * number in JSON too. The value is not NaN. */
void encoding_real(struct encoding *encoding, double value);

#endif
