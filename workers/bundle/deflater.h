// SPDX-License-Identifier: MIT
/* Raw deflate (RFC 1951) of one long run of bytes after another, on several processors. The bytes
 * are cut into blocks of a fixed size; each is compressed by itself with the end of the one before
 * as its dictionary, so that blocks of one run are compressed at the same time and their outputs,
 * put together, are one stream. The output depends on the input and the level only, not on how many
 * threads there are or how fast.
 *
 * What fits into one block is compressed by the caller's thread; others are started with the first
 * run that does not, at most four, and take no signals. Memory is constant: some blocks on the way
 * and a compressor for each thread. The sink is called in the caller's thread, in order, from
 * within the functions here. One caller's thread. */
#ifndef WORKERS_BUNDLE_DEFLATER_H
#define WORKERS_BUNDLE_DEFLATER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEFLATER_BLOCK_BYTES 131072

/* A block of a run, compressed. Borrowed until the sink returns. */
struct deflated {
    const uint8_t *data;
    size_t size_bytes;
    size_t input_bytes;
    uint32_t crc; /* CRC-32 of the input of this block */
    bool is_first;
    bool is_last;
};

/* Anything but 0 ends the run and is returned by every call until deflater_destroy. */
typedef int (*deflater_sink)(void *context, const struct deflated *block);

struct deflater;

/* level is 0 (only wraps) to 9. -ERROR_MEMORY. */
int deflater_new(struct deflater **deflater, int level, deflater_sink sink, void *context);
void deflater_destroy(struct deflater **deflater); /* safe twice */

/* Adds to the run; the first call after deflater_end, or ever, begins one. -ERROR_MEMORY. */
int deflater_write(struct deflater *deflater, const void *data, size_t size_bytes);

/* Ends the run, which may be empty: the sink has had all of it when this returns. */
int deflater_end(struct deflater *deflater);

#endif
